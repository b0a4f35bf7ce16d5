"""``skilleval people``: the roster's template, its import, lists, who may sit, statistics."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlmodel import col, select

from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.progress import progress_bar
from skilleval.cli.workforce import eligible, statistics
from skilleval.db.tables import Person
from skilleval.domain.identifiers import ID_TYPES, mask_number
from skilleval.services import advice
from skilleval.services import people as service
from skilleval.services.roster import INSTRUCTIONS, ROSTER, TEMPLATE_ID
from skilleval.services.tenancy import institution_of
from skilleval.sheets.columns import Report
from skilleval.sheets.writing import FormSheet, write_errors, write_form

MAX_SHOWN = 200


@click.group(help=_("人员：花名册模板、导入、列表、可申报的人、统计。"))
def people() -> None:
    """The commands of people."""


people.add_command(eligible)
people.add_command(statistics)


@people.command(help=_("生成花名册模板。"))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def template(workplace: Workplace, out: Path, as_json: bool) -> None:
    """Write the roster's template."""
    write_form(out, [FormSheet("花名册", ROSTER)], TEMPLATE_ID, INSTRUCTIONS)
    emit({"file": out}, as_json, [_("模板已生成：{out}").format(out=out)])


@people.command(name="import", help=_("导入花名册（.xlsx 或 .csv）：默认全部正确才写入。"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@click.option("--check", "check_only", is_flag=True, help=_("只检查，不写入"))
@click.option("--good-rows", is_flag=True, help=_("写入正确的行，错误的行除外"))
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help=_("有错误时，把原表加“错误原因”列写到这里"))
@json_option
@pass_workplace
def import_(
    workplace: Workplace,
    file: Path,
    credit_code: str,
    check_only: bool,
    good_rows: bool,
    errors: Path | None,
    as_json: bool,
) -> None:
    """Import a roster, all or nothing unless the good rows are asked for."""
    with workplace.database.writing() as session, progress_bar(_("读取"), unit=_("行")) as progress:
        institution = institution_of(session, credit_code)
        staged = service.stage_people(
            session, institution, file, vault=workplace.vault, on=workplace.on, progress=progress
        )
        refused = bool(staged.report.failed) and not good_rows
        if not check_only and not refused:
            service.write_people(session, workplace.actor, staged, vault=workplace.vault)
            session.commit()
    written = not check_only and not refused
    report_import(staged.report, file, errors, as_json, written=written)


def report_import(report: Report, file: Path, errors: Path | None, as_json: bool, *, written: bool) -> None:
    """Say what an import did or would do; exit code 1 where rows failed."""
    marked = write_errors(errors, file, report.errors) if errors and report.errors else None
    counts = _("读取 {read} 行：新增 {new}，变更 {changed}，未变 {unchanged}，错误 {failed}，跳过 {skipped}").format(
        **report.counts()
    )
    if report.blank:
        counts += _("，空白（未导入）{blank}").format(blank=report.blank)
    lines = [counts, *(error.line() for error in report.errors[:MAX_SHOWN])]
    if len(report.errors) > MAX_SHOWN:
        lines.append(_("……共 {count} 处错误，其余见 --errors 输出的工作簿").format(count=len(report.errors)))
    lines += [_("注意：{note}").format(note=note) for note in report.notes]
    if marked:
        lines.append(_("已标出错误：{file}").format(file=marked))
    if not written:
        lines.append(_("没有写入任何数据。"))
    elif report.read == report.skipped:
        lines.append(_("文件中没有要导入的数据（示例行、合计行不导入），未作任何改动。"))
    elif report.read == report.skipped + report.blank:
        lines.append(_("文件中的各行都还没有填（空白，未导入），未作任何改动。"))
    elif not report.new and not report.changed and not report.unchanged:
        lines.append(_("没有正确的行，未作任何改动。"))
    elif not report.new and not report.changed and report.failed:
        lines.append(_("正确的行与已有数据完全相同，未作任何改动。"))
    elif not report.new and not report.changed:
        lines.append(_("与已有数据完全相同，未作任何改动。"))
    emit({**report.as_dict(), "written": written, "errors_file": marked}, as_json, lines)
    if report.failed:
        click.get_current_context().exit(1)


@people.command(name="list", help=_("列出人员（证件号码掩码）。"))
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@click.option("--search", default="", help=_("姓名或工号含有这些字"))
@json_option
@pass_workplace
def list_(workplace: Workplace, credit_code: str, search: str, as_json: bool) -> None:
    """List the people of an institution."""
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        query = select(Person).where(col(Person.institution_id) == institution.id)
        if search:
            query = query.where(col(Person.name).contains(search) | col(Person.employee_no).contains(search))
        rows = [_row(workplace, person) for person in session.exec(query.order_by(col(Person.id)))]
    lines = [
        f"{row['employee_no'] or '-'}  {row['name']}  {row['id_number']}  {row['department'] or ''}  {row['post'] or ''}"
        for row in rows
    ]
    emit(rows, as_json, [*lines, _("共 {count} 人").format(count=len(rows))])



@people.command(name="next", help=_("一个人的下一等级：还差什么、最早何时符合。"))
@click.argument("person")
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@click.option("--occupation", help=_("职业编码；不填为花名册中现从事的职业"))
@click.option("--conditions", "edition", help=_("申报条件版本，如 2023；不填为最新批准的评价规范所采用的"))
@click.option("--on", "day", type=DATE, help=_("以哪一天判断；不填为今天"))
@json_option
@pass_workplace
def next_(
    workplace: Workplace,
    person: str,
    credit_code: str,
    occupation: str | None,
    edition: str | None,
    day: date | None,
    as_json: bool,
) -> None:
    """Say what a person lacks for the next grade and when it is reached."""
    on = day or workplace.on
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        assert institution.id is not None
        found = service.find_person(session, institution.id, person, vault=workplace.vault)
        answer = advice.next_grade(
            session, institution, found, workplace.library, on=on, occupation_code=occupation, edition=edition
        )
        name = found.name
    emit(_next_dict(answer, name, on), as_json, _next_lines(answer, name, on))


def _next_dict(answer: advice.NextGrade, name: str, on: date) -> dict[str, Any]:
    return {
        "name": name,
        "on": on,
        "occupation_code": answer.occupation_code,
        "conditions": answer.edition,
        "holds": answer.holds.printed if answer.holds else None,
        "grade": answer.grade.printed,
        "verdict": answer.verdict.answer.value,
        "met_by": answer.verdict.met_by,
        "ways": [way.as_dict() for way in answer.ways],
        "also_met": [grade.printed for grade in answer.also],
        "proof": answer.verdict.proof.as_dict(),
    }


def _next_lines(answer: advice.NextGrade, name: str, on: date) -> Iterator[str]:
    held = answer.holds.printed if answer.holds else _("无") if answer.certificates_entered else _("未填，按没有计")
    yield _("{name}  职业 {code}（{edition} 版申报条件）  现持等级：{held}").format(
        name=name, code=answer.occupation_code, edition=answer.edition, held=held
    )
    yield _("下一等级 {grade}，截至 {on}：{verdict}").format(
        grade=answer.grade.printed, on=on, verdict=answer.verdict.answer.name_zh
    )
    yield from (f"  {line}" for line in answer.verdict.proof.lines())
    yield from (way.line for way in answer.ways)
    if answer.also:
        yield _("更高等级中也已符合：{grades}").format(grades="、".join(grade.printed for grade in answer.also))


def _row(workplace: Workplace, person: Person) -> dict[str, Any]:
    number = workplace.vault.open(person.institution_id, person.id_sealed)
    return {
        "employee_no": person.employee_no,
        "name": person.name,
        "id_type": ID_TYPES[person.id_type],
        "id_number": mask_number(number),
        "sex": person.sex,
        "birth_date": person.birth_date,
        "department": person.department,
        "post": person.post,
        "occupation_code": person.occupation_code,
        "occupation_since": person.occupation_since,
    }
