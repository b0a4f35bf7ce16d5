"""``skilleval contests``: add, template, import, promote, disallow, list, show."""

from pathlib import Path
from typing import Any

import click
from sqlmodel import Session, col, select

from skilleval.cli.institutions import read_toml
from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.people import report_import
from skilleval.db.tables import Contest, Person
from skilleval.domain.contests import CLASSES
from skilleval.domain.ladder import Grade
from skilleval.services import contests as service
from skilleval.services import promotions
from skilleval.services.candidates import find_candidate
from skilleval.services.tenancy import batch_of, institution_of
from skilleval.sheets.writing import FormSheet, write_form

institution_option = click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))


@click.group(help=_("职业技能竞赛：赛事、晋级规定、成绩、竞赛晋级。"))
def contests() -> None:
    """The commands of contests."""


@contests.command(help=_("按竞赛文件（TOML）登记赛事与晋级规定；样例见 templates/contest.example.toml。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def add(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Record a contest."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        institution = institution_of(session, str(content.get("institution", "")))
        contest = service.add_contest(session, workplace.actor, institution, content, workplace.library)
        session.commit()
        answer = _answer(session, contest)
    emit(answer, as_json, [_("竞赛已登记。"), _line(answer)])


@contests.command(help=_("生成竞赛成绩表。"))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def template(workplace: Workplace, out: Path, as_json: bool) -> None:
    """Write the workbook of results."""
    notes = [_("一行一人；名次与奖项至少填一项，没有获奖请在“奖项”填“无”。本表含完整证件号码，请妥善保管。")]
    write_form(out, [FormSheet("竞赛成绩", service.COLUMNS)], service.TEMPLATE_ID, notes)
    emit({"file": out}, as_json, [_("竞赛成绩表已生成：{out}").format(out=out)])


@contests.command(name="import", help=_("导入竞赛成绩：全部正确才写入。"))
@click.argument("code")
@click.argument("file", type=click.Path(path_type=Path))
@institution_option
@click.option("--check", "check_only", is_flag=True, help=_("只检查，不写入"))
@click.option("--good-rows", is_flag=True, help=_("写入正确的行，错误的行除外"))
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help=_("有错误时，把原表加“错误原因”列写到这里"))
@json_option
@pass_workplace
def import_(
    workplace: Workplace,
    code: str,
    file: Path,
    credit_code: str,
    check_only: bool,
    good_rows: bool,
    errors: Path | None,
    as_json: bool,
) -> None:
    """Import the results of a contest."""
    with workplace.database.writing() as session:
        contest = service.find_contest(session, institution_of(session, credit_code), code)
        staged = service.stage_results(session, contest, file, vault=workplace.vault)
        written = not check_only and (good_rows or not staged.report.failed)
        if written:
            service.write_results(session, workplace.actor, staged)
            session.commit()
    report_import(staged.report, file, errors, as_json, written=written)


@contests.command(help=_("按竞赛成绩建立竞赛晋级批次并核定结果；其后与其他批次一样公示、发证、上报。"))
@click.argument("code")
@click.option("--batch", "file", type=click.Path(dir_okay=False, path_type=Path), required=True, help=_("批次文件（TOML）"))
@json_option
@pass_workplace
def promote(workplace: Workplace, code: str, file: Path, as_json: bool) -> None:
    """Promote those whose results earn it."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        institution = institution_of(session, str(content.get("institution", "")))
        contest = service.find_contest(session, institution, code)
        done = promotions.promote(
            session, workplace.actor, institution, contest, content, workplace.library, on=workplace.on
        )
        session.commit()
        names = _names(session, [one.person_id for one in done.candidates])
        answer = {
            "batch": done.batch.number,
            "state": done.batch.state,
            "promoted": [{"name": names[one.person_id], "grade": one.grade} for one in done.candidates],
            "refused": [{"name": name, "reasons": list(reasons)} for name, reasons in done.refused],
        }
    lines = [_("批次 {batch}：竞赛晋级 {count} 人，结果已核定").format(batch=answer["batch"], count=len(done.candidates))]
    lines += [f"  {names[one.person_id]}  {Grade(one.grade).printed}" for one in done.candidates]
    lines += [_("  未晋级 {name}：{why}").format(name=name, why="；".join(why)) for name, why in done.refused]
    emit(answer, as_json, lines)


@contests.command(help=_("取消一人的竞赛晋级（发证前），写明理由；原结果保留。"))
@click.argument("person")
@click.option("--batch", "number", required=True, help=_("批次编号"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def disallow(workplace: Workplace, person: str, number: str, reason: str, as_json: bool) -> None:
    """Take a promotion back."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        candidate, found = find_candidate(session, batch, person, vault=workplace.vault)
        result = promotions.disallow(session, workplace.actor, batch, candidate, reason=reason)
        session.commit()
        answer = {"name": found.name, "outcome": result.outcome, "revision": result.revision, "reason": result.reason}
    emit(answer, as_json, [_("{name} 的竞赛晋级已取消：{reason}").format(**answer)])


@contests.command(name="list", help=_("列出一个机构登记的竞赛。"))
@institution_option
@json_option
@pass_workplace
def list_(workplace: Workplace, credit_code: str, as_json: bool) -> None:
    """List a firm's contests."""
    with workplace.database.reading() as session:
        rows = [_answer(session, one) for one in service.contests_of(session, institution_of(session, credit_code))]
    emit(rows, as_json, [_line(row) for row in rows] or [_("还没有登记竞赛")])


@contests.command(help=_("显示一项竞赛的晋级规定与成绩。"))
@click.argument("code")
@institution_option
@json_option
@pass_workplace
def show(workplace: Workplace, code: str, credit_code: str, as_json: bool) -> None:
    """Show a contest with its rows and results."""
    with workplace.database.reading() as session:
        contest = service.find_contest(session, institution_of(session, credit_code), code)
        found = service.results_of(session, contest)
        names = _names(session, [one.person_id for one in found])
        rows = [row.text for row in service.rows_of(session, contest)]
        results = [
            {"name": names[one.person_id], "group": one.group_name, "rank": one.rank,
             "participants": one.participants, "award": one.award}
            for one in found
        ]  # fmt: skip
        answer = {**_answer(session, contest), "rules": rows, "result_list": results}
    told = _("  {name}  {group}  名次 {rank}  参赛 {participants}  奖项 {award}")
    shown = [told.format(**{key: "—" if value is None else value for key, value in one.items()}) for one in results]
    emit(answer, as_json, [_line(answer), *(f"  · {row}" for row in rows), *shown])


def _names(session: Session, keys: list[int]) -> dict[int, str]:
    found = session.exec(select(Person).where(col(Person.id).in_(keys)))
    return {one.id: one.name for one in found if one.id is not None}


def _answer(session: Session, contest: Contest) -> dict[str, Any]:
    return {
        "code": contest.code,
        "name": contest.name,
        "kind": contest.kind,
        "organiser": contest.organiser,
        "document": contest.document,
        "occupation_code": contest.occupation_code,
        "trade": contest.trade,
        "held_from": contest.held_from,
        "held_to": contest.held_to,
        "results": len(service.results_of(session, contest)),
    }


def _line(answer: dict[str, Any]) -> str:
    told = {**answer, "kind": CLASSES[answer["kind"]]}
    return _("{code}  {name}  {kind}  {occupation_code}  {held_from}—{held_to}  {document}  成绩 {results} 人").format(**told)
