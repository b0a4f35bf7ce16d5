"""``skilleval people eligible`` and ``people statistics``: a whole workforce at once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from skilleval import standards
from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.progress import progress_bar
from skilleval.db.tables import Institution, Person
from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.services import eligible as service
from skilleval.services import statistics as statistics_service
from skilleval.services.eligible import Coming, Eligible
from skilleval.services.statistics import NONE, UNKNOWN, Line, Statistics
from skilleval.services.tenancy import institution_of
from skilleval.sheets.flat import FlatColumn, FlatSheet, write_tables

MAX_SHOWN, MAX_REASONS = 200, 8
_PEOPLE = (
    FlatColumn("工号", 12), FlatColumn("姓名", 12), FlatColumn("证件号码（掩码）", 22), FlatColumn("部门", 16),
    FlatColumn("岗位", 16), FlatColumn("从事职业编码", 14),
)  # fmt: skip
_LABELS = {**{grade.value: grade.name_zh for grade in Grade}, NONE: "无", UNKNOWN: "未填"}


@click.command(help=_("谁可以申报某职业某等级：名单、人数、理由；--by 另列到某日将符合的人及其首日。"))
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@click.option("--occupation", required=True, help=_("职业编码或名称"))
@click.option("--grade", "grade_named", required=True, help=_("等级，如 三级/高级工"))
@click.option("--conditions", "edition", help=_("申报条件的版次，如 2018、2023（默认按最新批准的评价规范）"))
@click.option("--on", "day", type=DATE, help=_("按哪一天判断（默认今天）"))
@click.option("--by", type=DATE, help=_("另列从次日到这一天将变为符合的人"))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=_("另写到工作簿（.xlsx）"))
@json_option
@pass_workplace
def eligible(
    workplace: Workplace,
    credit_code: str,
    occupation: str,
    grade_named: str,
    edition: str | None,
    day: date | None,
    by: date | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """List who may sit for a grade, and who will by a later day."""
    grade, code, on = Grade.parse(grade_named), standards.occupation_named(occupation).code, day or workplace.on
    coming: list[Coming] | None = None
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        with progress_bar(_("判断")) as progress:
            found = service.eligible_people(
                session, workplace.library, institution, occupation=code, grade=grade, on=on, edition=edition,
                progress=progress,
            )  # fmt: skip
        if by is not None:
            with progress_bar(_("逐日判断"), total=(by - on).days, unit=_("天")) as progress:
                coming = service.coming_people(
                    session, workplace.library, institution, found, by=by, edition=edition, progress=progress
                )
        answer = _eligible_answer(workplace, found, coming)
        if out is not None:
            _write_eligible(workplace, out, institution, found, coming, by)
            answer["file"] = out
    emit(answer, as_json, _eligible_lines(answer, found, out))


def _eligible_answer(workplace: Workplace, found: Eligible, coming: list[Coming] | None) -> dict[str, Any]:
    own = sum(one.person.occupation_code == found.occupation for one in found.standings)
    answer: dict[str, Any] = {
        "occupation": found.occupation,
        "grade": found.grade.printed,
        "conditions": found.edition,
        "on": found.on,
        "people": len(found.standings),
        "of_occupation": own,
        "counts": {one.value: len(found.of(one)) for one in Answer},
        "hold_already": sum(one.holds_already for one in found.of(Answer.MET)),
        "reasons": {one.value: dict(found.reasons(one)) for one in Answer},
        "met": [
            {**_person_row(workplace, one.person), "met_by": one.reasons, "holds_already": one.holds_already}
            for one in found.of(Answer.MET)
        ],
    }
    if coming is not None:
        answer["coming"] = [{**_person_row(workplace, one.person), "first_day": one.first_day} for one in coming]
    return answer


def _eligible_lines(answer: dict[str, Any], found: Eligible, out: Path | None) -> Iterator[str]:
    for row in answer["met"][:MAX_SHOWN]:
        held = _("  （已持同等级或更高等级证书）") if row["holds_already"] else ""
        yield f"{_person_line(row)}  {'、'.join(row['met_by'])}{held}"
    if len(answer["met"]) > MAX_SHOWN:
        yield _("……共 {count} 人，其余用 --out 或 --json 查看").format(count=len(answer["met"]))
    yield _("{day}，{code} {grade}，申报条件 {edition} 版：共 {people} 人（从事本职业 {own} 人）").format(
        day=found.on, code=found.occupation, grade=found.grade.printed, edition=found.edition,
        people=answer["people"], own=answer["of_occupation"],
    )  # fmt: skip
    for one in Answer:
        reasons = Counter(answer["reasons"][one.value])
        yield _("{answer} {count} 人").format(answer=one.name_zh, count=answer["counts"][one.value])
        yield from (f"    {reason} ×{count}" for reason, count in reasons.most_common(MAX_REASONS))
    if answer["hold_already"]:
        yield _("符合的人中，{count} 人已持本职业同等级或更高等级证书").format(count=answer["hold_already"])
    for row in answer.get("coming", [])[:MAX_SHOWN]:
        yield _("{day} 起符合  {person}").format(day=row["first_day"], person=_person_line(row))
    if "coming" in answer:
        yield _("到期前将变为符合的 {count} 人").format(count=len(answer["coming"]))
    if out is not None:
        yield _("已写到 {out}").format(out=out)


def _write_eligible(
    workplace: Workplace, out: Path, institution: Institution, found: Eligible, coming: list[Coming] | None, by: date | None
) -> None:
    met, others = found.of(Answer.MET), [one for one in found.standings if one.answer is not Answer.MET]
    notes = [
        *_notes(workplace, institution, found.on),
        ("职业", f"{found.occupation} {standards.occupation(found.occupation).name}"),
        ("等级", found.grade.printed),
        ("申报条件", f"{found.edition} 版"),
        ("人数", "，".join(f"{one.name_zh} {len(found.of(one))}" for one in Answer)),
        ("行数", f"符合 {len(met)} 行，其他人员 {len(others)} 行" + (f"，将符合 {len(coming)} 行" if coming is not None else "")),
    ]
    sheets = [
        FlatSheet("符合", (*_PEOPLE, FlatColumn("符合的申报条件", 30), FlatColumn("已持同等或更高等级", 14)),
                  [[*_cells(workplace, one.person), "、".join(one.reasons), "是" if one.holds_already else ""] for one in met]),
        FlatSheet("其他人员", (*_PEOPLE, FlatColumn("结论", 10), FlatColumn("理由", 90)),
                  [[*_cells(workplace, one.person), one.answer.name_zh, "；".join(one.reasons)] for one in others]),
        FlatSheet("理由统计", (FlatColumn("结论", 10), FlatColumn("理由", 90), FlatColumn("人数", 10, "integer")),
                  [[one.name_zh, reason, count] for one in Answer for reason, count in found.reasons(one).items()]),
    ]  # fmt: skip
    if coming is not None:
        notes.append(("到期日", f"{by}：此前将变为符合的另列一表，假定现状不变"))
        rows = [[*_cells(workplace, one.person), one.first_day.isoformat()] for one in coming]
        sheets.insert(1, FlatSheet("将符合", (*_PEOPLE, FlatColumn("首日", 12)), rows))
    write_tables(out, notes, sheets)


@click.command(help=_("按现持最高等级统计人数：全体、各职业、各部门，及高级工以上的人数与占比。"))
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@click.option("--on", "day", type=DATE, help=_("截至哪一天（默认今天）"))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=_("另写到工作簿（.xlsx）"))
@json_option
@pass_workplace
def statistics(workplace: Workplace, credit_code: str, day: date | None, out: Path | None, as_json: bool) -> None:
    """Count the people by the highest grade held."""
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        found = statistics_service.statistics(session, workplace.library, institution, on=day or workplace.on)
        if out is not None:
            _write_statistics(workplace, out, institution, found)
    answer = {
        "on": found.on,
        "highly_skilled_from": found.highly_skilled_from.printed,
        "basis": found.basis,
        "whole": _line_row(found.whole),
        "by_occupation": [_line_row(one) for one in found.by_occupation],
        "by_department": [_line_row(one) for one in found.by_department],
        "unknown": {"nothing_entered": found.nothing_entered, "day_not_entered": found.day_not_entered},
        "file": out,
    }
    emit(answer, as_json, _statistics_lines(found, out))


def _line_row(line: Line) -> dict[str, Any]:
    return {"name": line.name, **line.heads, "total": line.total, "highly_skilled": line.highly_skilled, "share": line.share}


def _statistics_lines(found: Statistics, out: Path | None) -> Iterator[str]:
    yield _("截至 {day}，按现持最高等级").format(day=found.on)
    for title, lines in _tables(found):
        yield f"{title}"
        yield from (f"  {name}：{_line_text(line, found)}" for name, line in lines)
    yield _("未填：没有填现持证书 {nothing} 人，证书的发证日期未填 {day} 人；占比以等级已知的人数为分母").format(
        nothing=found.nothing_entered, day=found.day_not_entered
    )
    yield _("依据：{basis}").format(basis=found.basis)
    if out is not None:
        yield _("已写到 {out}").format(out=out)


def _line_text(line: Line, found: Statistics) -> str:
    heads = "  ".join(f"{_LABELS[key]} {count}" for key, count in line.heads.items() if count)
    cut = _("{grade}及以上 {count} 人，占 {share}").format(
        grade=found.highly_skilled_from.name_zh, count=line.highly_skilled, share=_share(line)
    )
    return _("共 {total} 人  {heads}  {cut}").format(total=line.total, heads=heads, cut=cut)


def _share(line: Line) -> str:
    return "—" if line.share is None else f"{line.share:.1%}"


def _tables(found: Statistics) -> Iterator[tuple[str, list[tuple[str, Line]]]]:
    names = {one.code: one.name for one in standards.occupations().values()}
    yield _("全体"), [(_("全体"), found.whole)]
    yield _("按职业"), [(f"{one.name} {names.get(one.name, '')}".strip() or _("（未填职业）"), one) for one in found.by_occupation]
    yield _("按部门"), [(one.name or _("（未填部门）"), one) for one in found.by_department]


def _write_statistics(workplace: Workplace, out: Path, institution: Institution, found: Statistics) -> None:
    columns = (
        FlatColumn("名称", 26), *(FlatColumn(label, 10, "integer") for label in _LABELS.values()),
        FlatColumn("合计", 10, "integer"), FlatColumn(f"{found.highly_skilled_from.name_zh}及以上", 12, "integer"),
        FlatColumn("占比", 10, "share"),
    )  # fmt: skip
    sheets = [
        FlatSheet(title, columns, [
            [name, *line.heads.values(), line.total, line.highly_skilled,
             "—" if line.share is None else Decimal(line.share).quantize(Decimal("0.0001"))]
            for name, line in lines
        ])
        for title, lines in _tables(found)
    ]  # fmt: skip
    notes = [
        *_notes(workplace, institution, found.on),
        ("行数", "，".join(f"{sheet.name} {len(list(sheet.rows))} 行" for sheet in sheets)),
        ("未填", f"没有填现持证书 {found.nothing_entered} 人，证书的发证日期未填 {found.day_not_entered} 人"),
        ("占比", "以等级已知的人数为分母；没有这样的人时写“—”"),
        ("依据", found.basis),
    ]
    write_tables(out, notes, sheets)


def _notes(workplace: Workplace, institution: Institution, on: date) -> list[tuple[str, str]]:
    return [
        ("机构", f"{institution.name}（{institution.credit_code}）"),
        ("判断日期", on.isoformat()),
        ("生成日期", workplace.on.isoformat()),
        ("经办人", workplace.actor_name),
    ]


def _person_row(workplace: Workplace, person: Person) -> dict[str, Any]:
    return {
        "employee_no": person.employee_no,
        "name": person.name,
        "id_number": mask_number(workplace.vault.open(person.institution_id, person.id_sealed)),
        "department": person.department,
        "post": person.post,
        "occupation_code": person.occupation_code,
    }


def _person_line(row: dict[str, Any]) -> str:
    return f"{row['employee_no'] or '-'}  {row['name']}  {row['id_number']}  {row['department'] or ''}  {row['post'] or ''}"


def _cells(workplace: Workplace, person: Person) -> Sequence[str | None]:
    return list(_person_row(workplace, person).values())
