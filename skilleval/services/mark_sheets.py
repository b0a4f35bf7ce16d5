"""The marks workbook: one sheet a part, with a column for each assigned assessor and one for 缺考.

A mark that stands is never overwritten: without a reason another value is an error, with one it is the next revision.
Whatever stands in a workbook is either taken or refused: no column and no sheet of marks is left out in silence.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import Session

from skilleval.db.tables import Batch, Candidate, ImportReceipt, Mark, Personnel, SpecificationPart, id_of
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import show
from skilleval.services import journal
from skilleval.services.batches import assessors_for, candidates_of, parts_of_batch
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.marks import latest_marks, names_of
from skilleval.services.schemes import latest_schemes
from skilleval.sheets.columns import Column, Report
from skilleval.sheets.intake import Source
from skilleval.sheets.reading import RawSheet, Table, file_hash, read_sheets, type_sheet
from skilleval.sheets.writing import INSTRUCTIONS_SHEET, FormSheet, write_form

TEMPLATE_ID = "marks/1"
_LEAD = (
    Column("admission_number", "准考证号", required=True, width=22),
    Column("name", "姓名", width=12),
    Column("grade", "等级", width=16),
)
_ABSENT = Column("absent", "缺考", "yes_no", width=8, note="缺考填“是”，并且不填评分")

INSTRUCTIONS = (
    "每个评价部分一张工作表，每名考评员一列，填百分制分数，最多两位小数。",
    "缺考的考生在“缺考”列填“是”，不填评分。没有评完的可以留空，下次再导入；空白表示“未完成”，不是零分。",
    "准考证号请勿改动；姓名、等级只供核对。考评员列名以编号开头，请勿改动。",
)


@dataclass(frozen=True, slots=True)
class Correction:
    """The mark that stands, and the value of its next revision (None for absent)."""

    standing: Mark
    value: int | None


@dataclass(slots=True)
class Staged:
    """A marks workbook that was checked and not yet written."""

    batch: Batch
    file: Source
    sha256: str
    report: Report
    #: parts whose marks come from their scheme, and not as one number: only 缺考 is taken here
    schemed: frozenset[int] = frozenset()
    #: (candidate id, part id, assessor id, value or None for absent)
    new: list[tuple[int, int, int, int | None]] = field(default_factory=list)
    corrected: list[Correction] = field(default_factory=list)
    #: why marks that stand are corrected; none without it
    reason: str = ""
    #: the ids of the marks that may be corrected; None: any
    opened: Collection[int] | None = None


def marks_workbook(
    session: Session, batch: Batch, out: Path, marks: Mapping[tuple[str, str, str], int | None] | None = None
) -> int:
    """Write the marks workbook of a batch and return how many candidates it has.

    What was entered already is filled in. ``marks`` fills in more: (admission number, method, assessor code) → hundredths,
    None for absent. Refused: a batch without scheduled candidates.
    """
    candidates = [one for one in candidates_of(session, batch) if one.state == "eligible" and one.admission_number]
    if not candidates:
        raise RuleBroken(f"批次 {batch.number} 还没有编排考生：请先用 skilleval batches advance 推进到“考务编排完成”（scheduled），准考证号那时生成")
    names = names_of(session, candidates)
    entered = latest_marks(session, batch)
    sheets = []
    for method, parts in _parts_by_method(session, batch).items():
        assessors = _assessors(session, batch, parts)
        rows = []
        for candidate in (one for one in candidates if one.grade in parts):
            part = parts[candidate.grade]
            values = {
                assessor.code: entered.get((id_of(candidate), id_of(part), id_of(assessor)))
                for assessor in assessors
            }
            row: dict[str, Any] = {
                "admission_number": candidate.admission_number,
                "name": names[candidate.person_id],
                "grade": Grade(candidate.grade).printed,
            }
            given = {code: (mark.value, mark.absent) for code, mark in values.items() if mark is not None}
            for assessor in assessors:
                key = (candidate.admission_number or "", method, assessor.code)
                if marks is not None and key in marks:
                    given[assessor.code] = (marks[key], marks[key] is None)
            row |= {code: value for code, (value, _absent) in given.items()}
            row["absent"] = True if given and all(absent for _value, absent in given.values()) else None
            rows.append(row)
        sheets.append(FormSheet(METHODS[method].name_zh, _columns(assessors), rows, example=False))
    write_form(out, sheets, f"{TEMPLATE_ID} {batch.number}", [f"批次 {batch.number} {batch.name}", *INSTRUCTIONS])
    return len(candidates)


def stage_marks(
    session: Session, batch: Batch, file: Source, *, reason: str = "", opened: Collection[int] | None = None
) -> Staged:
    """Read and check a marks workbook. Nothing is written; wrong cells stand in the report.

    A mark that stands already in the same value is unchanged; one in another value is an error without a ``reason``, and with
    one it is corrected. ``opened`` has the ids of the marks that somebody else has unlocked, where only those may be. Refused:
    a batch that is not being marked, a file that has none of its sheets.
    """
    if batch.state != "marking":
        raise RuleBroken(f"批次 {batch.number} 现在是“{lifecycle.label('batch', batch.state)}”，只有“评分”阶段可以录入成绩")
    parts_by_method = _parts_by_method(session, batch)
    sheets = _sheets_of_parts(file, batch, parts_by_method)
    schemed = latest_schemes(session, batch, [part for own in parts_by_method.values() for part in own.values()])
    staged = Staged(batch, file, file_hash(file), Report(), frozenset(schemed), reason=reason.strip(), opened=opened)
    candidates = {one.admission_number: one for one in candidates_of(session, batch) if one.state == "eligible"}
    names, entered = names_of(session, list(candidates.values())), latest_marks(session, batch)
    for method, parts in parts_by_method.items():
        if method not in sheets:
            staged.report.notes.append(f"文件中没有工作表“{METHODS[method].name_zh}”，这一部分没有导入")
            continue
        assessors = _assessors(session, batch, parts)
        table = type_sheet(file.name, sheets[method], _columns(assessors))
        if table.ignored:
            own = "、".join(f"{one.code} {one.name}" for one in assessors)
            raise RuleBroken(
                f"{file.name} 的工作表“{table.sheet}”中有不认识的列，未导入任何数据",
                [f"{column}：不是本批次这一部分的考评员（{own}），请改正表头或删除该列" for column in table.ignored],
            )
        staged.report.notes += [
            f"工作表“{table.sheet}”没有考评员 {one.code} {one.name} 的列，其评分没有导入"
            for one in assessors
            if one.code not in table.positions
        ]
        _stage_sheet(staged, table, parts, assessors, candidates, names, entered)
    return staged


def _sheets_of_parts(file: Source, batch: Batch, methods: Iterable[str]) -> dict[str, RawSheet]:
    """The sheets of a marks workbook by the part they are of. Refused: none of them, and any other that holds something."""
    wanted = {METHODS[method].name_zh: method for method in methods}
    sheets, strange = {}, []
    for sheet in read_sheets(file, template_id=f"{TEMPLATE_ID} {batch.number}"):
        name = sheet.name.strip()
        if name in wanted:
            sheets[wanted[name]] = sheet
        elif name != INSTRUCTIONS_SHEET and any(cell not in (None, "") for row in sheet.rows for cell in row):
            strange.append(f"工作表“{sheet.name}”不是评价部分，请改回原名或删除")
    listed = "、".join(wanted)
    if strange:
        raise RuleBroken(f"{file.name} 中有不认识的工作表，未导入任何数据；成绩工作表应为：{listed}", strange)
    if not sheets:
        raise RuleBroken(f"{file.name} 中没有成绩工作表，应有：{listed}；请使用系统生成的成绩表（skilleval marks template）")
    return sheets


def write_marks(session: Session, actor: Actor, staged: Staged) -> Report:
    """Write what was staged, with one journal entry and one receipt."""
    take_duty(session, actor, staged.batch, "mark_sheets.write_marks")
    firm = staged.batch.institution_id
    marks = [
        Mark(
            institution_id=firm, candidate_id=candidate, part_id=part, personnel_id=assessor, value=value,
            absent=value is None,
        )
        for candidate, part, assessor, value in staged.new
    ]  # fmt: skip
    marks += [
        Mark(
            institution_id=firm, candidate_id=one.standing.candidate_id, part_id=one.standing.part_id,
            personnel_id=one.standing.personnel_id, revision=one.standing.revision + 1, value=one.value,
            absent=one.value is None, reason=staged.reason,
        )
        for one in staged.corrected
    ]  # fmt: skip
    if marks:
        receipt = ImportReceipt(
            institution_id=firm, kind="marks", scope=staged.batch.number, file_name=staged.file.name,
            sha256=staged.sha256, counts=staged.report.counts(), actor=actor.name,
        )  # fmt: skip
        session.add_all([*marks, receipt])
        told = staged.reason if staged.corrected else None
        journal.record(session, actor, firm, "marks.import", objects=[*marks, receipt], reason=told)
    return staged.report


def _stage_sheet(
    staged: Staged,
    table: Table,
    parts: Mapping[str, SpecificationPart],
    assessors: Sequence[Personnel],
    candidates: Mapping[str | None, Candidate],
    names: Mapping[int, str],
    entered: Mapping[tuple[int, int, int], Mark],
) -> None:
    seen: dict[str, int] = {}
    new_rows = changed_rows = unchanged_rows = blank_rows = 0
    for row, values in table.every_row:
        if values["admission_number"] is None:
            continue
        candidate = candidates.get(values["admission_number"])
        part = parts.get(candidate.grade) if candidate else None
        if candidate is None or part is None:
            table.fail(row, "admission_number", values["admission_number"], "candidate_unknown", "本批次的这一部分没有这个准考证号")
        elif seen.setdefault(values["admission_number"], row) != row:
            table.fail(row, "admission_number", values["admission_number"], "candidate_twice", f"与第{seen[values['admission_number']]}行重复")
        elif values.get("name") and values["name"] != names[candidate.person_id]:
            table.fail(row, "name", values["name"], "name_differs", f"准考证号对应的姓名是“{names[candidate.person_id]}”")
        else:
            new, corrected = _row_marks(staged, table, row, values, candidate, part, assessors, entered)
            _refuse_numbers(table, row, staged.schemed, part, [*(one[3] for one in new), *(one.value for one in corrected)])
            if row not in table.failed:
                staged.new += new
                staged.corrected += corrected
                blank = not values.get("absent") and all(values.get(one.code) is None for one in assessors)
                changed_rows, new_rows = changed_rows + bool(corrected), new_rows + (bool(new) and not corrected)
                blank_rows, unchanged_rows = blank_rows + blank, unchanged_rows + (not (new or corrected or blank))
    report = staged.report
    report.read += table.read
    report.skipped += table.skipped
    report.failed += len(table.failed)
    report.new += new_rows
    report.changed += changed_rows
    report.unchanged += unchanged_rows
    report.blank += blank_rows
    report.errors += sorted(table.errors, key=lambda error: (error.row, error.column))


def _refuse_numbers(
    table: Table, row: int, schemed: frozenset[int], part: SpecificationPart, values: Sequence[int | None]
) -> None:
    """Fail a row that brings a number for a part whose mark comes from its scheme."""
    if part.id in schemed and any(value is not None for value in values):
        table.fail(row, "admission_number", "", "scheme_defined",
                   "这一部分按评分办法计分，请用 skilleval schemes import 导入；这里只能填缺考")  # fmt: skip


def _row_marks(
    staged: Staged,
    table: Table,
    row: int,
    values: Mapping[str, Any],
    candidate: Candidate,
    part: SpecificationPart,
    assessors: Sequence[Personnel],
    entered: Mapping[tuple[int, int, int], Mark],
) -> tuple[list[tuple[int, int, int, int | None]], list[Correction]]:
    absent = bool(values.get("absent"))
    new: list[tuple[int, int, int, int | None]] = []
    corrected: list[Correction] = []
    for assessor in assessors:
        value = values.get(assessor.code)
        if absent and value is not None:
            table.fail(row, assessor.code, show(value), "absent_and_marked", "已标缺考，不能再有评分")
            continue
        if value is None and not absent:
            continue
        if value is not None and not 0 <= value <= part.maximum:
            table.fail(row, assessor.code, value / 100, "mark_range", f"应在 0 至 {show(part.maximum)} 之间")
            continue
        standing = entered.get((id_of(candidate), id_of(part), id_of(assessor)))
        if standing is None:
            new.append((id_of(candidate), id_of(part), id_of(assessor), value))
        elif standing.value == value:
            continue
        elif told := refused_correction(standing, staged.reason, staged.opened):
            table.fail(row, assessor.code, shown(value), *told)
        else:
            corrected.append(Correction(standing, value))
    return new, corrected


def refused_correction(standing: Mark, reason: str, opened: Collection[int] | None) -> tuple[str, str] | None:
    """Why a workbook may not correct a mark that stands, as code and message; None where it may."""
    if not reason:
        return "mark_stands", f"已录入 {shown(standing.value)}，不能覆盖；确需更正须写明更正的理由，重新导入"
    if opened is not None and standing.id not in opened:
        return "mark_locked", f"已录入 {shown(standing.value)} 并锁定，须先由审核员解锁并写明理由，再导入更正"
    return None


def shown(value: int | None) -> str:
    """A mark in words; None is 缺考."""
    return "缺考" if value is None else show(value)


def _columns(assessors: Sequence[Personnel]) -> tuple[Column, ...]:
    own = tuple(
        Column(one.code, f"{one.code} {one.name}", "mark", width=16, synonyms=(one.code,)) for one in assessors
    )
    return (*_LEAD, *own, _ABSENT)


def _parts_by_method(session: Session, batch: Batch) -> dict[str, dict[str, SpecificationPart]]:
    """method → grade → part, in the order of METHODS. Refused: direct recognition, which is scored in its cases."""
    if batch.route == "direct":
        raise RuleBroken("直接认定不用成绩表，评分登记在案卷中（skilleval recognitions score）")
    parts = parts_of_batch(session, batch)
    return {
        method: {part.grade: part for part in parts if part.method == method}
        for method in METHODS
        if any(part.method == method for part in parts)
    }


def _assessors(session: Session, batch: Batch, parts: Mapping[str, SpecificationPart]) -> list[Personnel]:
    found = {one.code: one for part in parts.values() for one in assessors_for(session, batch, part)}
    return [found[code] for code in sorted(found)]
