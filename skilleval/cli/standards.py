"""``skilleval standards``: list, show and check the occupations and standards; what a new edition touches."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from skilleval import standards as library
from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.domain.errors import RuleBroken
from skilleval.domain.impact import KINDS, RECORDS, SUBJECTS, Change, compare_occupations, compare_standards
from skilleval.domain.occupations import Standard
from skilleval.services import impact as service
from skilleval.services.tenancy import own_or_all


@click.group(help=_("职业与国家职业标准：查询、查看权重、检查。"))
def standards() -> None:
    """The commands of occupations and standards."""


@standards.command(name="list", help=_("列出职业及其可用标准。"))
@click.option("--search", default="", help=_("按名称或编码筛选"))
@click.option("--with-standard", is_flag=True, help=_("只列有标准草稿的职业"))
@json_option
@pass_workplace
def list_(workplace: Workplace, search: str, with_standard: bool, as_json: bool) -> None:
    """List occupations, each with the keys of its standards."""
    held: dict[str, list[Standard]] = {}
    for standard in library.load_standards(_own(workplace)).values():
        held.setdefault(standard.code, []).append(standard)
    rows = [
        {
            "code": one.code,
            "edition": one.edition,
            "name": one.name,
            "path": f"{one.middle_name}/{one.small_name}",
            "green": one.green,
            "digital": one.digital,
            "standards": [standard.key for standard in held.get(one.code, [])],
        }
        for one in library.occupations().values()
        if search in one.name or one.code.startswith(search or one.code)
    ]
    rows = [row for row in rows if row["standards"] or not with_standard]
    lines = [
        f"{row['code']}  {row['name']}"
        + ("（绿色）" if row["green"] else "")
        + ("（数字）" if row["digital"] else "")
        + (f"  标准：{'、'.join(map(str, row['standards']))}" if row["standards"] else "")  # type: ignore[call-overload]
        for row in rows
    ]
    emit(rows, as_json, [*lines, _("共 {count} 个职业").format(count=len(rows))])


@standards.command(help=_("显示一个职业的标准：等级、职业功能、技能权重、来源。"))
@click.argument("code")
@json_option
@pass_workplace
def show(workplace: Workplace, code: str, as_json: bool) -> None:
    """Show an occupation, by code or name, with all its standards."""
    named = [one.code for one in library.occupations().values() if one.name == code]
    occupation = library.occupation(named[0] if named else code)
    found = [one for one in library.load_standards(_own(workplace)).values() if one.code == occupation.code]
    if not found:
        raise RuleBroken(
            f"{occupation.code} {occupation.name} 没有可用的标准草稿；"
            "请按原标准在 instance/standards/ 中自建，或由企业制定评价规范"
        )
    emit([_answer(standard) for standard in found], as_json, [line for one in found for line in _lines(one)])


@standards.command(help=_("检查标准文件（默认检查随软件提供的和自有的全部文件）。"))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@json_option
@pass_workplace
def check(workplace: Workplace, files: tuple[Path, ...], as_json: bool) -> None:
    """Check standard files, naming file and key. Exit code 1 when something blocks the use of a file."""
    chosen = list(files) or library.standard_files(_own(workplace))
    findings = library.check_files(chosen)
    blocking = [one for one in findings if one.blocking]
    answer = {
        "files": len(chosen),
        "blocking": len(blocking),
        "findings": [
            {"file": one.file.name, "key": one.key, "code": one.code, "message": one.message, "blocking": one.blocking}
            for one in findings
        ],
    }
    lines = [
        f"{one.file.name}：{one.key}：{one.message}" + ("" if one.blocking else _("（提醒）")) for one in findings
    ]
    lines.append(
        _("检查了 {files} 个文件：{blocking} 处错误，{warnings} 处提醒").format(
            files=len(chosen), blocking=len(blocking), warnings=len(findings) - len(blocking)
        )
    )
    emit(answer, as_json, lines)
    if blocking:
        click.get_current_context().exit(1)


@standards.command(help=_("预览换用新版的影响：什么新增、改变、取消，哪些人员、批次、评价规范、岗位、备案范围受影响。不作任何改动。"))
@click.argument("old", metavar="旧版")
@click.argument("new", metavar="新版")
@click.option("--institution", "credit_code", help=_("统一社会信用代码（默认全部机构）"))
@json_option
@pass_workplace
def impact(workplace: Workplace, old: str, new: str, credit_code: str | None, as_json: bool) -> None:
    """What a new edition touches. OLD and NEW: keys of standards, standard files, or two occupation indexes (.csv)."""
    if old.endswith(".csv") != new.endswith(".csv"):
        raise RuleBroken("旧版与新版应同为标准（键或 TOML 文件），或同为职业目录（CSV 文件）")
    replaced = None
    if old.endswith(".csv"):
        changes = compare_occupations(library.read_index(Path(old)), library.read_index(Path(new)))
    else:
        replaced = library.find_standard(old, _own(workplace))
        changes = compare_standards(replaced, library.find_standard(new, _own(workplace)))
    with workplace.database.reading() as session:
        firm = own_or_all(session, credit_code)
        touched = service.touched_records(session, changes, on=workplace.on, institution=firm, old=replaced)
    steps = service.migration(touched)
    emit(_impact_answer(old, new, changes, touched, steps), as_json, _impact_lines(changes, touched, steps))


def _impact_answer(
    old: str, new: str, changes: Sequence[Change], touched: Sequence[service.Touched], steps: Sequence[str]
) -> dict[str, Any]:
    return {
        "old": old,
        "new": new,
        "changes": [
            {
                "kind": one.kind, "subject": one.subject, "code": one.code, "moved_to": one.moved_to or None,
                "grades": [grade.printed for grade in one.grades], "trade": one.trade, "text": one.text,
            }
            for one in changes
        ],
        "counts": {record: sum(one.record == record for one in touched) for record in RECORDS},
        "touched": [
            {"record": one.record, "institution": one.institution, "name": one.name, "why": one.why} for one in touched
        ],
        "migration": steps,
    }  # fmt: skip


def _impact_lines(
    changes: Sequence[Change], touched: Sequence[service.Touched], steps: Sequence[str]
) -> Iterator[str]:
    yield _("一、新旧版的不同：{count} 处").format(count=len(changes))
    yield from (f"  [{KINDS[one.kind]}] {SUBJECTS[one.subject]}：{one.text}" for one in changes)
    yield _("二、受影响的记录：{count} 项（预览，没有作任何改动）").format(count=len(touched))
    for record, name in RECORDS.items():
        own = [one for one in touched if one.record == record]
        if own:
            yield _("  {name} {count} 项").format(name=name, count=len(own))
        yield from (f"    {one.name}：{'；'.join(one.why)}" for one in own)
    yield _("三、迁移清单：{count} 条").format(count=len(steps))
    yield from (f"  {number}. {step}" for number, step in enumerate(steps, start=1))


def _own(workplace: Workplace) -> Path:
    return workplace.folder / "standards"


def _answer(standard: Standard) -> dict[str, Any]:
    return {
        "key": standard.key,
        "title": standard.title,
        "code": standard.code,
        "edition": standard.edition,
        "printed_code": standard.printed_code,
        "trade": standard.trade,
        "issued": standard.issued,
        "document": standard.document,
        "sources": standard.sources,
        "weights_status": standard.weights_status,
        "verified_against_original": standard.verified_against_original,
        "conditions": standard.conditions,
        "grades": [grade.printed for grade in standard.grades],
        "skill_weights": {grade.printed: standard.weights(grade) for grade in standard.grades},
        "theory_weights": None,
        "note": standard.note,
    }


def _lines(standard: Standard) -> Iterator[str]:
    yield f"{standard.title}（{standard.key}）  印发 {standard.issued or '未取得'}  {standard.document or '文号未取得'}"
    if standard.printed_code != standard.code:
        yield f"  原文印为 {standard.printed_code}，现编码 {standard.code}"
    yield f"  来源：{'、'.join(standard.sources)}；申报条件：{standard.conditions or '未确定'}（{standard.conditions_note}）"
    if not standard.verified_against_original:
        yield f"  ※ {library.TRUST_NOTE}"
    yield "  技能要求权重（%）  " + "  ".join(grade.printed for grade in standard.grades)
    for function in standard.functions:
        cells = [str(function.skill_weights.get(grade, "—")) for grade in standard.grades]
        yield f"    {function.name}：" + "  ".join(cells)
    yield "  理论知识权重：未取得来源，留空"
    if standard.note:
        yield f"  说明：{standard.note}"
