"""``skilleval items card-…``: task cards of practical items, recorded, held against a batch's venues, printed."""

from pathlib import Path
from typing import Any

import click

from skilleval.cli.institutions import read_toml
from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.domain.equipment import overall
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Answer
from skilleval.services import items as register
from skilleval.services import task_cards as service
from skilleval.services.tenancy import batch_of, institution_of

institution_option = click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
specification_option = click.option("--specification", required=True, help=_("评价规范编号，如 DG（最新一版）或 DG@1"))


@click.command(name="card-add", help=_("按文件（TOML）登记操作任务书；样例见 templates/cards.example.toml。改动的任务书为新一次登记。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def add_card(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Record task cards."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        institution = institution_of(session, str(content.get("institution", "")))
        cards = service.add_cards(session, workplace.actor, institution, content)
        session.commit()
        codes = {item.id: item.code for item, _one in register.items_of(session, institution)}
        answer = [{"item": codes[card.item_id], "revision": card.revision} for card in cards]
    lines = [_("{item}：任务书第 {revision} 次登记").format(**one) for one in answer]
    emit(answer, as_json, lines or [_("与已登记的任务书完全相同，未作任何改动。")])


@click.command(name="card-check", help=_("一个批次的实操场地有没有任务书所列的设备：有、没有，或没有录入而无法判断。"))
@click.argument("code")
@institution_option
@specification_option
@click.option("--batch", "number", required=True, help=_("批次编号"))
@json_option
@pass_workplace
def check_card(
    workplace: Workplace, code: str, credit_code: str, specification: str, number: str, as_json: bool
) -> None:
    """Hold a card's equipment against the venues of a batch."""
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        item = register.find_item(session, register.find_specification(session, institution, specification), code)
        found = service.readiness(session, item, service.card_of(session, item), batch_of(session, number))
    verdict = overall(found)
    rows: list[dict[str, Any]] = [
        {"equipment": one.need.name, "model": one.need.model or None, "wanted": one.wanted, "sound": one.sound,
         "answer": one.answer.value, "fact": one.fact}
        for one in found
    ]  # fmt: skip
    lines = [
        _("  [{answer}] {need} 需 {wanted} 台（件）：{fact}").format(
            answer=one.answer.name_zh, need=one.need.told, wanted=one.wanted, fact=one.fact
        )
        for one in found
    ]
    head = _("{code} 的设备，批次 {batch}：{answer}").format(code=code, batch=number, answer=verdict.name_zh)
    note = _("材料和工具没有库存数据，请在现场核对。")
    emit({"item": code, "batch": number, "answer": verdict.value, "equipment": rows}, as_json, [head, *lines, note])
    if verdict is not Answer.MET:
        click.get_current_context().exit(1)


@click.command(name="card-print", help=_("生成操作任务书 PDF；--batch 为该批次每名考生各生成一份，印有姓名和准考证号。"))
@click.argument("code")
@institution_option
@specification_option
@click.option("--out", type=click.Path(path_type=Path), required=True, help=_("写入此文件夹；只有一份时也可写文件名（.pdf）"))
@click.option("--batch", "number", help=_("批次编号；不填则只生成一份，姓名和准考证号留空"))
@json_option
@pass_workplace
def print_card(
    workplace: Workplace, code: str, credit_code: str, specification: str, out: Path, number: str | None, as_json: bool
) -> None:
    """Write the card as PDF."""
    from skilleval.reports.files import write_whole
    from skilleval.reports.fonts import load_fonts
    from skilleval.reports.task_card import CardContent, render_card
    from skilleval.services.card_prints import contents_of

    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        one = register.find_specification(session, institution, specification)
        item = register.find_item(session, one, code)
        if number is None:
            contents = [CardContent(institution.name, one, item, service.card_of(session, item))]
        else:
            contents = contents_of(session, item, service.sitting(session, item, batch_of(session, number)))
    fonts, demo = load_fonts(workplace.settings.fonts), workplace.settings.certificate.demo
    paths = _paths(out, ["_".join(filter(None, (one.item.code, one.admission))) for one in contents])
    files = [
        write_whole(path, render_card(content, fonts, demo=demo)) for path, content in zip(paths, contents, strict=True)
    ]
    emit({"files": files}, as_json, [_("任务书 {count} 份").format(count=len(files)), *map(str, files[:1])])


def _paths(out: Path, names: list[str]) -> list[Path]:
    """Where each card goes: into the folder, or the only one into the file. Refused: a file that is to hold several."""
    if out.suffix.lower() != ".pdf" or out.is_dir():
        if out.exists() and not out.is_dir():
            raise RuleBroken(_("{out} 是文件，不是文件夹；请写文件夹名，或以 .pdf 结尾的文件名").format(out=out))
        return [out / f"任务书_{name}.pdf" for name in names]
    if len(names) != 1:
        raise RuleBroken(_("共有 {count} 份任务书，不能写入一个文件 {out}；--out 请写文件夹名").format(count=len(names), out=out))
    return [out]
