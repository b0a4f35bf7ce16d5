"""The workbook of a scheme (评分表、业绩数据、过程考核记录): out for a part of a batch, and back as marks with their lines.

A mark that came from a sheet is a mark like any other. What stands is never overwritten: another sheet for it is refused
without a reason, and with one it is a new revision.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    ImportReceipt,
    Mark,
    Person,
    Personnel,
    Scheme,
    ScoreLine,
    ScoreSheet,
    SpecificationPart,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.scheme_plans import plan_of
from skilleval.domain.schemes import Scored, ScoredLine
from skilleval.services import journal
from skilleval.services.batches import assessors_for
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.mark_sheets import refused_correction
from skilleval.services.marks import latest_marks
from skilleval.services.scheme_forms import LEAD, Form, Row, form_of, is_blank
from skilleval.services.schemes import scheme_for
from skilleval.sheets.columns import Report
from skilleval.sheets.intake import Source, incoming
from skilleval.sheets.reading import RawSheet, Table, file_hash, read_sheets, template_of, type_sheet
from skilleval.sheets.writing import INSTRUCTIONS_SHEET, FormSheet, write_form

TEMPLATE_ID = "scores/1"
#: in the place of a code: every assessor has a sheet of the workbook
_EVERYBODY = "*"
_PAGES = {"review": "业绩数据", "observing": "过程考核"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One mark to write: whose it is, who gave it, its revision, how it came to be, and the mark that it corrects."""

    candidate: Candidate
    assessor: Personnel
    revision: int
    scored: Scored
    before: Mark | None = None


@dataclass(slots=True)
class Staged:
    """A workbook that was checked and not yet written."""

    batch: Batch
    part: SpecificationPart
    scheme: Scheme
    file_name: str
    sha256: str
    reason: str
    report: Report = field(default_factory=Report)
    new: list[Entry] = field(default_factory=list)
    #: the ids of the marks that may be corrected; None: any
    opened: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class _Standing:
    """What was entered so far for the part: marks and the lines behind them by (candidate id, assessor id), and names."""

    candidates: Mapping[str | None, Candidate]
    names: Mapping[int, str]
    marks: Mapping[tuple[int, int], Mark]
    lines: Mapping[tuple[int, int], Sequence[ScoreLine]]


def scores_workbook(
    session: Session, batch: Batch, part: SpecificationPart, scheme: Scheme, out: Path, assessor: str | None = None,
    entered: Mapping[tuple[str, str], Sequence[ScoredLine]] | None = None,
) -> int:  # fmt: skip
    """Write the workbook of a part's scheme and return how many candidates it has; what stands is filled in.

    ``assessor`` is the code of who answers for a computed mark, where several are assigned. ``entered`` has lines to fill
    in instead, by admission number and assessor. Refused: nobody to assess, no scheduled candidate, an assessor who is not
    assigned.
    """
    given = entered or {}
    standing = _standing(session, batch, part)
    if not standing.candidates:
        raise RuleBroken(f"批次 {batch.number} 在这一等级还没有编排考生：请先用 skilleval batches advance 推进到“考务编排完成”（scheduled），准考证号那时生成")
    form, pages = _form(session, batch, part, scheme, assessor)
    sheets = []
    for name, person in pages.items():
        rows = [
            {"admission_number": number, "name": standing.names[one.person_id], **row}
            for number, one in standing.candidates.items()
            for row in form.rows(
                given.get((number or "", person.code), standing.lines.get((id_of(one), id_of(person)), []))
            )
        ]
        sheets.append(FormSheet(name, (*LEAD, *form.columns()), rows, example=False))
    head = f"批次 {batch.number} {batch.name}　{scheme.title}（第 {scheme.version} 版）"
    write_form(out, sheets, _template_id(batch, part, scheme, pages), [head, *form.instructions])
    return len(standing.candidates)


def stage_scores(
    session: Session,
    batch: Batch,
    part: SpecificationPart,
    scheme: Scheme,
    file: Source,
    *,
    reason: str = "",
    assessor: str | None = None,
    opened: Collection[int] | None = None,
) -> Staged:
    """Read and check a workbook of a part's scheme. Nothing is written; wrong cells stand in the report.

    Rows that give no mark yet are noted. With a ``reason``, what differs from a sheet that stands corrects it; ``opened`` has
    the ids of the marks that somebody else has unlocked, where only those may be. Refused: a batch that is not being marked,
    another scheme's workbook, sheets and columns that nobody knows.
    """
    if batch.state != "marking":
        raise RuleBroken(f"批次 {batch.number} 现在是“{lifecycle.label('batch', batch.state)}”，只有“评分”阶段可以录入成绩")
    form, pages = _form(session, batch, part, scheme, assessor)
    name_of_file = incoming(file).name
    staged = Staged(batch, part, scheme, name_of_file, file_hash(file), reason.strip(), opened=opened)
    standing = _standing(session, batch, part)
    sheets = _known_sheets(file, _template_id(batch, part, scheme, pages), pages)
    staged.report.notes += [f"文件中没有工作表“{name}”，其评分没有导入" for name in pages if name not in sheets]
    for name, sheet in sheets.items():
        # A column left out is a criterion not filled, and would be told in every row.
        columns = (*LEAD, *form.columns())
        table = type_sheet(name_of_file, sheet, columns)
        lacking = [one.header for one in columns if one.key not in table.positions and one.key != "name"]
        if table.ignored or lacking:
            raise RuleBroken(
                f"{name_of_file} 的工作表“{name}”的表头与评分办法不符，未导入任何数据",
                [*(f"{one}：不是评分办法中的列，请删除或改正" for one in table.ignored), *(f"缺少“{one}”" for one in lacking)],
            )
        _stage_sheet(staged, table, form, pages[name], standing)
    return staged


def made_for(session: Session, batch: Batch, file: Source) -> tuple[SpecificationPart, Scheme, str | None]:
    """The part and the scheme that a workbook was made for, and the code of who answers for computed marks.

    Refused: a workbook that is of no scheme, of another batch, of a part without one.
    """
    found = template_of(file)
    lead = f"{TEMPLATE_ID} {batch.number} "
    if not found.startswith(lead):
        raise RuleBroken(f"{incoming(file).name} 不是批次 {batch.number} 的评分工作簿，请先下载本批次的工作簿再填写（skilleval schemes template）")
    method, grade, _version, whose = found.removeprefix(lead).split(" ", 3)
    part, scheme = scheme_for(session, batch, method, grade)
    return part, scheme, None if whose == _EVERYBODY else whose


def write_scores(session: Session, actor: Actor, staged: Staged) -> Report:
    """Write what was staged, marks with their lines, with one journal entry and one receipt."""
    take_duty(session, actor, staged.batch, "scheme_sheets.write_scores")
    if not staged.new:
        return staged.report
    firm = staged.batch.institution_id
    rows: list[Mark | ScoreSheet | ScoreLine | ImportReceipt] = [
        ImportReceipt(
            institution_id=firm, kind="scores", scope=staged.batch.number, file_name=staged.file_name,
            sha256=staged.sha256, counts=staged.report.counts(), actor=actor.name,
        )
    ]  # fmt: skip
    session.add_all(rows)
    for entry in staged.new:
        rows += write_entry(session, staged.batch, staged.part, staged.scheme, entry, staged.reason)
    journal.record(session, actor, firm, "schemes.import", objects=rows, reason=staged.reason or None)
    return staged.report


def write_entry(
    session: Session, batch: Batch, part: SpecificationPart, scheme: Scheme, entry: Entry, reason: str
) -> list[Mark | ScoreSheet | ScoreLine]:
    """Write the mark, the sheet behind it, and its lines; the caller journals them. The reason is of a later revision."""
    firm, candidate, scored = batch.institution_id, id_of(entry.candidate), entry.scored
    told = reason if entry.revision > 1 else None
    mark = Mark(
        institution_id=firm, candidate_id=candidate, part_id=id_of(part), personnel_id=id_of(entry.assessor),
        revision=entry.revision, value=scored.value, reason=told,
    )  # fmt: skip
    session.add(mark)
    session.flush()
    assert scored.value is not None
    sheet = ScoreSheet(
        institution_id=firm, candidate_id=candidate, mark_id=id_of(mark), scheme_id=id_of(scheme),
        value=scored.value, veto=scored.veto, reason=told,
    )  # fmt: skip
    session.add(sheet)
    session.flush()
    lines = [
        ScoreLine(
            institution_id=firm, sheet_id=id_of(sheet), serial=serial, item=one.item, period=one.period, day=one.day,
            observer=one.observer, entered=one.entered, points=one.points, text=one.text,
        )
        for serial, one in enumerate(scored.lines, start=1)
    ]  # fmt: skip
    session.add_all(lines)
    return [mark, sheet, *lines]


def _stage_sheet(staged: Staged, table: Table, form: Form, assessor: Personnel, standing: _Standing) -> None:
    """Every row of a sheet, candidate by candidate; the counts of the report add up in rows."""
    by_candidate: dict[str, list[Row]] = {}
    told = [(row, values) for row, values in table.every_row if values["admission_number"] is not None]
    for row, values in told:
        number = values["admission_number"]
        candidate = standing.candidates.get(number)
        if candidate is None:
            table.fail(row, "admission_number", number, "candidate_unknown", "本批次的这一部分没有这个准考证号")
        elif values.get("name") and values["name"] != standing.names[candidate.person_id]:
            name = standing.names[candidate.person_id]
            table.fail(row, "name", values["name"], "name_differs", f"准考证号对应的姓名是“{name}”")
        elif not is_blank(values) or row in table.failed:
            by_candidate.setdefault(number, []).append((row, values))
        else:
            staged.report.blank += 1
    for number, rows in by_candidate.items():
        _stage_candidate(staged, table, form, rows, standing.candidates[number], assessor, standing)
    report = staged.report
    report.read, report.skipped = report.read + table.read, report.skipped + table.skipped
    report.failed += len(table.failed)
    report.errors += sorted(table.errors, key=lambda error: (error.row, error.column))


def _stage_candidate(
    staged: Staged, table: Table, form: Form, rows: Sequence[Row], candidate: Candidate, assessor: Personnel,
    standing: _Standing,
) -> None:  # fmt: skip
    scored = form.score(table, rows)
    if scored is None:
        # One wrong row takes the candidate's others with it: half of what is entered makes no mark.
        others = {row for row, _values in rows} - table.failed
        table.failed |= others
        if others:
            staged.report.notes.append(
                f"{candidate.admission_number} {standing.names[candidate.person_id]}：有错误，这名考生的另外 {len(others)} 行一并没有导入"
            )
        return
    if scored.value is None:
        staged.report.notes.append(
            f"{candidate.admission_number} {standing.names[candidate.person_id]}：缺{'、'.join(scored.missing)}，暂不计分（不是 0 分）"
        )
        staged.report.unchanged += len(rows)
        return
    key = (id_of(candidate), id_of(assessor))
    mark = standing.marks.get(key)
    other = next((one for (own, person), one in standing.marks.items() if own == key[0] and person != key[1]), None)
    if mark is not None and _says(standing.lines.get(key, [])) == _says(scored.lines):
        staged.report.unchanged += len(rows)
    elif other is not None and staged.scheme.kind != "criteria":
        _refuse(table, rows, "mark_elsewhere", "已由另一名考评员名下计分，请指明原来的考评员（--assessor）")
    elif mark is not None and (told := refused_correction(mark, staged.reason, staged.opened)):
        _refuse(table, rows, *told)
    else:
        staged.new.append(Entry(candidate, assessor, 1 if mark is None else mark.revision + 1, scored, mark))
        staged.report.new += len(rows) if mark is None else 0
        staged.report.changed += 0 if mark is None else len(rows)


def _refuse(table: Table, rows: Sequence[Row], code: str, message: str) -> None:
    """Fail all rows of a candidate, and say why at the first."""
    number, values = rows[0]
    table.fail(number, "admission_number", values["admission_number"], code, message)
    table.failed.update(row for row, _values in rows)


def _says(lines: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What was entered and what it gives, of lines that stand or that are new."""
    return [(one.item, one.period, one.day, one.observer, one.entered, one.points) for one in lines]


def _form(
    session: Session, batch: Batch, part: SpecificationPart, scheme: Scheme, code: str | None
) -> tuple[Form, dict[str, Personnel]]:
    """The form, and its sheets by name with whose marks they are. Refused: nobody, or nobody in particular, to assess."""
    assessors = assessors_for(session, batch, part)
    if not assessors:
        raise RuleBroken(f"{METHODS[part.method].name_zh}还没有指派考评员（skilleval batches staff 或 skilleval panels assign）")
    form = form_of(plan_of(scheme.kind, scheme.content), batch, part, assessors)
    if scheme.kind == "criteria":
        return form, {_page_name(f"评分 {one.code}"): one for one in assessors}
    chosen = [one for one in assessors if code in (None, one.code)]
    if len(chosen) != 1:
        listed = "、".join(f"{one.code} {one.name}" for one in assessors)
        raise RuleBroken(f"请指明由谁名下计分（--assessor），可为：{listed}")
    return form, {_PAGES[scheme.kind]: chosen[0]}


def _page_name(name: str) -> str:
    """A name that a sheet may have."""
    return re.sub(r"[\[\]:*?/\\']", "_", name)[:31].strip()


def _template_id(batch: Batch, part: SpecificationPart, scheme: Scheme, pages: Mapping[str, Personnel]) -> str:
    """What the workbook is for, and whose marks it gives where they are computed."""
    whose = _EVERYBODY if scheme.kind == "criteria" else next(iter(pages.values())).code
    return f"{TEMPLATE_ID} {batch.number} {part.method} {part.grade} {scheme.version} {whose}"


def _known_sheets(file: Source, template_id: str, pages: Mapping[str, Personnel]) -> dict[str, RawSheet]:
    """The sheets by name. Refused: none of them, and any other that holds something."""
    sheets, strange = {}, []
    for sheet in read_sheets(file, template_id=template_id):
        name = sheet.name.strip()
        if name in pages:
            sheets[name] = sheet
        elif name != INSTRUCTIONS_SHEET and any(cell not in (None, "") for row in sheet.rows for cell in row):
            strange.append(f"工作表“{sheet.name}”没有指派的考评员与它对应，请改回原名或删除")
    if strange or not sheets:
        raise RuleBroken(f"{incoming(file).name} 未导入任何数据；应有工作表：{'、'.join(pages)}（skilleval schemes template 生成）", strange)
    return sheets


def _standing(session: Session, batch: Batch, part: SpecificationPart) -> _Standing:
    scheduled = (
        select(Candidate, Person.name)
        .join(Person, col(Person.id) == col(Candidate.person_id))
        .where(col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .where(col(Candidate.state) == "eligible", col(Candidate.grade) == part.grade)
        .where(col(Candidate.admission_number).is_not(None))
        .order_by(col(Candidate.admission_number), col(Candidate.id))
    )
    found = session.exec(scheduled).all()
    marks = {
        (candidate, assessor): mark
        for (candidate, own, assessor), mark in latest_marks(session, batch).items()
        if own == part.id
    }
    behind = _lines_behind(session, batch, part)
    lines = {key: behind[id_of(mark)] for key, mark in marks.items() if id_of(mark) in behind}
    return _Standing({one.admission_number: one for one, _name in found}, {one.person_id: name for one, name in found}, marks, lines)


def _lines_behind(session: Session, batch: Batch, part: SpecificationPart) -> dict[int, list[ScoreLine]]:
    """The lines of the filled sheets of a part by the id of the mark that came of them."""
    query = (
        select(ScoreSheet.mark_id, ScoreLine)
        .join(ScoreLine, col(ScoreLine.sheet_id) == col(ScoreSheet.id))
        .join(Mark, col(Mark.id) == col(ScoreSheet.mark_id))
        .join(Candidate, col(Candidate.id) == col(Mark.candidate_id))
        .where(col(ScoreSheet.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .where(col(Mark.part_id) == part.id)
        .order_by(col(ScoreLine.sheet_id), col(ScoreLine.serial))
    )
    lines: dict[int, list[ScoreLine]] = {}
    for mark, line in session.exec(query):
        lines.setdefault(mark, []).append(line)
    return lines
