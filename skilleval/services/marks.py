"""Marks and results: entered by workbook, agreed, settled, corrected by a new entry and never edited.

A workbook has one sheet a part, with a column for each assigned assessor and one for 缺考.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Adjudication,
    Batch,
    Candidate,
    ImportReceipt,
    Mark,
    Person,
    Personnel,
    Result,
    SpecificationPart,
)
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import Part, PartMark, Settlement, agree, check_mark, settle, show
from skilleval.services import journal
from skilleval.services.batches import assessors_for, candidates_of, parts_of_batch
from skilleval.services.journal import Actor
from skilleval.sheets.columns import Column, Report
from skilleval.sheets.reading import Table, file_hash, read_sheets, type_sheet
from skilleval.sheets.writing import FormSheet, write_form

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


@dataclass(slots=True)
class Staged:
    """A marks workbook that was checked and not yet written."""

    batch: Batch
    file: Path
    sha256: str
    report: Report
    #: (candidate id, part id, assessor id, value or None for absent)
    new: list[tuple[int, int, int, int | None]] = field(default_factory=list)


def marks_workbook(
    session: Session, batch: Batch, out: Path, marks: Mapping[tuple[str, str, str], int | None] | None = None
) -> int:
    """Write the marks workbook of a batch and return how many candidates it has.

    What was entered already is filled in. ``marks`` fills in more: (admission number, method, assessor code) → hundredths,
    None for absent. Refused: a batch without scheduled candidates.
    """
    candidates = [one for one in candidates_of(session, batch) if one.state == "eligible" and one.admission_number]
    if not candidates:
        raise RuleBroken(f"批次 {batch.number} 还没有编排考生（准考证号在“考务编排完成”时生成）")
    names = _names(session, candidates)
    entered = _latest_marks(session, batch)
    sheets = []
    for method, parts in _parts_by_method(session, batch).items():
        assessors = _assessors(session, batch, parts)
        rows = []
        for candidate in (one for one in candidates if one.grade in parts):
            part = parts[candidate.grade]
            values = {
                assessor.code: entered.get((_key(candidate.id), _key(part.id), _key(assessor.id)))
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


def stage_marks(session: Session, batch: Batch, file: Path) -> Staged:
    """Read and check a marks workbook. Nothing is written; wrong cells stand in the report.

    A mark that stands already in the same value is unchanged; one in another value is an error: a mark is corrected by
    ``correct_mark`` with a reason. Refused: a batch that is not being marked, a file that has none of its sheets.
    """
    if batch.state != "marking":
        raise RuleBroken(f"批次 {batch.number} 现在是“{lifecycle.label('batch', batch.state)}”，只有“评分”阶段可以录入成绩")
    sheets = {sheet.name.strip(): sheet for sheet in read_sheets(file)}
    parts_by_method = _parts_by_method(session, batch)
    wanted = {METHODS[method].name_zh: method for method in parts_by_method}
    found = [name for name in wanted if name in sheets]
    if not found:
        raise RuleBroken(f"{file.name} 中没有成绩工作表，应有：{'、'.join(wanted)}；请使用 skilleval marks template 生成的模板")
    staged = Staged(batch, file, file_hash(file), Report())
    candidates = {one.admission_number: one for one in candidates_of(session, batch) if one.state == "eligible"}
    names, entered = _names(session, list(candidates.values())), _latest_marks(session, batch)
    for name in found:
        method = wanted[name]
        parts = parts_by_method[method]
        assessors = _assessors(session, batch, parts)
        table = type_sheet(file.name, sheets[name], _columns(assessors))
        _stage_sheet(staged, table, parts, assessors, candidates, names, entered)
    return staged


def write_marks(session: Session, actor: Actor, staged: Staged) -> Report:
    """Write what was staged, with one journal entry and one receipt."""
    firm = staged.batch.institution_id
    marks = [
        Mark(
            institution_id=firm, candidate_id=candidate, part_id=part, personnel_id=assessor, value=value,
            absent=value is None,
        )
        for candidate, part, assessor, value in staged.new
    ]  # fmt: skip
    if marks:
        session.add_all(marks)
        session.add(
            ImportReceipt(
                institution_id=firm, kind="marks", scope=staged.batch.number, file_name=staged.file.name,
                sha256=staged.sha256, counts=staged.report.counts(), actor=actor.name,
            )
        )  # fmt: skip
        journal.record(session, actor, firm, "marks.import", objects=marks)
    return staged.report


def correct_mark(
    session: Session,
    actor: Actor,
    batch: Batch,
    candidate: Candidate,
    *,
    method: str,
    assessor_code: str,
    value: int | None,
    reason: str,
) -> Mark:
    """Enter a new revision of one assessor's mark, with a reason; the old one stays on record.

    Refused: no reason, a batch whose results are settled (correct the result then), a mark out of range, no such mark.
    """
    if batch.state != "marking":
        raise RuleBroken("成绩已核定，不能再改评分；请用 skilleval marks correct 更正核定成绩")
    if not reason.strip():
        raise RuleBroken("更正评分须写明理由")
    part = _part(session, batch, candidate, method)
    assessor = next((one for one in assessors_for(session, batch, part) if one.code == assessor_code), None)
    if assessor is None:
        raise RuleBroken(f"{METHODS[method].name_zh}没有指派编号为 {assessor_code} 的考评员")
    if value is not None:
        check_mark(value, part.maximum)
    standing = _latest_marks(session, batch).get((_key(candidate.id), _key(part.id), _key(assessor.id)))
    if standing is None:
        raise RuleBroken("还没有这名考评员的评分，请用成绩表录入")
    mark = Mark(
        institution_id=batch.institution_id, candidate_id=_key(candidate.id), part_id=_key(part.id),
        personnel_id=_key(assessor.id), revision=standing.revision + 1, value=value, absent=value is None,
        reason=reason.strip(),
    )  # fmt: skip
    session.add(mark)
    journal.record(session, actor, batch.institution_id, "marks.correct", objects=[mark], reason=reason.strip())
    return mark


def adjudicate(
    session: Session, actor: Actor, batch: Batch, candidate: Candidate, *, method: str, value: int, reason: str
) -> Adjudication:
    """Set the mark of a part that assessors' marks may not decide by machine.

    Refused: a part that is not in dispute, a mark out of range, no reason, a batch that is not being marked.
    """
    if batch.state != "marking":
        raise RuleBroken("只有“评分”阶段可以裁定")
    if not reason.strip():
        raise RuleBroken("裁定须写明理由")
    part = _part(session, batch, candidate, method)
    check_mark(value, part.maximum)
    if not part_marks(session, batch)[_key(candidate.id)][method].dispute:
        raise RuleBroken(f"{METHODS[method].name_zh}的评分没有分歧，不需要裁定")
    row = Adjudication(
        institution_id=batch.institution_id, candidate_id=_key(candidate.id), part_id=_key(part.id), value=value,
        reason=reason.strip(), decided_by=actor.name,
    )  # fmt: skip
    session.add(row)
    journal.record(session, actor, batch.institution_id, "marks.adjudicate", objects=[row], reason=reason.strip())
    return row


def part_marks(session: Session, batch: Batch) -> dict[int, dict[str, PartMark]]:
    """The agreed mark, or what stands against one, of every part of every candidate."""
    entered: dict[tuple[int, int], list[Mark]] = {}
    for mark in _latest_marks(session, batch).values():
        entered.setdefault((mark.candidate_id, mark.part_id), []).append(mark)
    decided = {(one.candidate_id, one.part_id): one.value for one in _adjudications(session, batch)}
    by_grade: dict[str, list[SpecificationPart]] = {}
    for part in parts_of_batch(session, batch):
        by_grade.setdefault(part.grade, []).append(part)
    agreed: dict[int, dict[str, PartMark]] = {}
    for candidate in candidates_of(session, batch):
        if candidate.state != "eligible":
            continue
        agreed[_key(candidate.id)] = {
            part.method: _agree(part, entered.get((_key(candidate.id), _key(part.id)), []), decided.get((_key(candidate.id), _key(part.id))))
            for part in by_grade.get(candidate.grade, [])
        }
    return agreed


def settle_results(session: Session, actor: Actor, batch: Batch) -> list[Result]:
    """Settle the results of all candidates and take the batch to 成绩已核定.

    Refused with every reason: a batch that is not being marked, marks in dispute, marks that are missing.
    """
    lifecycle.step("batch", batch.state, "settled")
    agreed = part_marks(session, batch)
    candidates = [one for one in candidates_of(session, batch) if one.state == "eligible"]
    names = _names(session, candidates)
    problems = []
    settled: list[tuple[Candidate, Settlement]] = []
    for candidate in candidates:
        marks = agreed[_key(candidate.id)]
        who = f"{candidate.admission_number} {names[candidate.person_id]}"
        disputes = [mark.dispute for mark in marks.values() if mark.dispute]
        problems += [f"{who} {dispute}" for dispute in disputes]
        if disputes:
            continue
        settlement = settle(_domain_parts(session, batch, candidate.grade), marks)
        if settlement.outcome.value == "unfinished":
            problems += [f"{who} {mark.text}" for mark in marks.values() if mark.value is None and not mark.absent]
        settled.append((candidate, settlement))
    if problems:
        raise RuleBroken(f"还不能核定成绩：{len(problems)} 处未完成或须裁定（未完成不是不合格）", problems)
    results = [_result(candidate, settlement) for candidate, settlement in settled]
    batch.state = "settled"
    session.add_all([*results, batch])
    journal.record(session, actor, batch.institution_id, "results.settle", objects=[*results, batch])
    return results


def correct_result(
    session: Session, actor: Actor, batch: Batch, candidate: Candidate, *, parts: Mapping[str, int | None], reason: str
) -> Result:
    """Enter a corrected result as a new revision with a reason; what was settled before stays on record.

    ``parts`` gives the new marks of the parts that change, in hundredths; None is absent. Refused: no reason, a batch
    that is not settled or already certified, a mark out of range, nothing that changes.
    """
    if batch.state not in ("settled", "noticed"):
        raise RuleBroken(f"批次现在是“{lifecycle.label('batch', batch.state)}”，只有核定后、公示结束前可以更正成绩")
    if not reason.strip():
        raise RuleBroken("更正成绩须写明理由")
    standing = latest_results(session, batch).get(_key(candidate.id))
    if standing is None:
        raise RuleBroken("该考生没有核定成绩")
    defined = _domain_parts(session, batch, candidate.grade)
    unknown = sorted(parts.keys() - defined.keys())
    if unknown:
        raise RuleBroken(f"{Grade(candidate.grade).printed}没有这些部分：{'、'.join(unknown)}")
    for method, value in parts.items():
        if value is not None:
            check_mark(value, defined[method].maximum)
    values = {method: standing.parts.get(method) for method in defined} | dict(parts)
    if values == standing.parts:
        raise RuleBroken("更正后的成绩与核定成绩相同")
    marks = {
        method: PartMark(value, absent=value is None, text=f"{METHODS[method].name_zh}：{show(value) if value is not None else '缺考'}"
                         + ("（更正）" if method in parts else ""))
        for method, value in values.items()
    }  # fmt: skip
    result = _result(candidate, settle(defined, marks), standing.revision + 1, reason.strip())
    session.add(result)
    journal.record(session, actor, batch.institution_id, "results.correct", objects=[result], reason=reason.strip())
    return result


def latest_results(session: Session, batch: Batch) -> dict[int, Result]:
    """The standing result of each candidate of a batch."""
    query = (
        select(Result)
        .join(Candidate, col(Candidate.id) == col(Result.candidate_id))
        .where(col(Result.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .order_by(col(Result.revision))
    )
    return {result.candidate_id: result for result in session.exec(query)}


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
    changed_rows = unchanged_rows = 0
    for row, values in table.rows:
        candidate = candidates.get(values["admission_number"])
        part = parts.get(candidate.grade) if candidate else None
        if candidate is None or part is None:
            _fail(table, row, "admission_number", values["admission_number"], "candidate_unknown", "本批次的这一部分没有这个准考证号")
        elif seen.setdefault(values["admission_number"], row) != row:
            _fail(table, row, "admission_number", values["admission_number"], "candidate_twice", f"与第{seen[values['admission_number']]}行重复")
        elif values.get("name") and values["name"] != names[candidate.person_id]:
            _fail(table, row, "name", values["name"], "name_differs", f"准考证号对应的姓名是“{names[candidate.person_id]}”")
        else:
            new = _row_marks(table, row, values, candidate, part, assessors, entered)
            if row not in table.failed:
                staged.new += new
                changed_rows, unchanged_rows = changed_rows + bool(new), unchanged_rows + (not new)
    report = staged.report
    report.read += table.read
    report.skipped += table.skipped
    report.failed += len(table.failed)
    report.new += changed_rows
    report.unchanged += unchanged_rows
    report.errors += sorted(table.errors, key=lambda error: (error.row, error.column))


def _row_marks(
    table: Table,
    row: int,
    values: Mapping[str, Any],
    candidate: Candidate,
    part: SpecificationPart,
    assessors: Sequence[Personnel],
    entered: Mapping[tuple[int, int, int], Mark],
) -> list[tuple[int, int, int, int | None]]:
    absent = bool(values.get("absent"))
    new = []
    for assessor in assessors:
        value = values.get(assessor.code)
        if absent and value is not None:
            _fail(table, row, assessor.code, show(value), "absent_and_marked", "已标缺考，不能再有评分")
            continue
        if value is None and not absent:
            continue
        if value is not None and not 0 <= value <= part.maximum:
            _fail(table, row, assessor.code, value / 100, "mark_range", f"应在 0 至 {show(part.maximum)} 之间")
            continue
        standing = entered.get((_key(candidate.id), _key(part.id), _key(assessor.id)))
        if standing is None:
            new.append((_key(candidate.id), _key(part.id), _key(assessor.id), value))
        elif standing.value != value:
            old = show(standing.value) if standing.value is not None else "缺考"
            _fail(table, row, assessor.code, show(value) if value is not None else "缺考", "mark_stands",
                  f"已录入 {old}，不能覆盖；确需更正请用 skilleval marks revise 并写明理由")  # fmt: skip
    return new


def _fail(table: Table, row: int, key: str, value: object, code: str, message: str) -> None:
    table.errors.append(table.error(row, key, value, code, message))
    table.failed.add(row)


def _columns(assessors: Sequence[Personnel]) -> tuple[Column, ...]:
    own = tuple(
        Column(one.code, f"{one.code} {one.name}", "mark", width=16, synonyms=(one.code,)) for one in assessors
    )
    return (*_LEAD, *own, _ABSENT)


def _parts_by_method(session: Session, batch: Batch) -> dict[str, dict[str, SpecificationPart]]:
    """method → grade → part, in the order of METHODS."""
    parts = parts_of_batch(session, batch)
    return {
        method: {part.grade: part for part in parts if part.method == method}
        for method in METHODS
        if any(part.method == method for part in parts)
    }


def _assessors(session: Session, batch: Batch, parts: Mapping[str, SpecificationPart]) -> list[Personnel]:
    found = {one.code: one for part in parts.values() for one in assessors_for(session, batch, part)}
    return [found[code] for code in sorted(found)]


def _latest_marks(session: Session, batch: Batch) -> dict[tuple[int, int, int], Mark]:
    query = (
        select(Mark)
        .join(Candidate, col(Candidate.id) == col(Mark.candidate_id))
        .where(col(Mark.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .order_by(col(Mark.revision), col(Mark.id))
    )
    return {(mark.candidate_id, mark.part_id, mark.personnel_id): mark for mark in session.exec(query)}


def _adjudications(session: Session, batch: Batch) -> Sequence[Adjudication]:
    query = (
        select(Adjudication)
        .join(Candidate, col(Candidate.id) == col(Adjudication.candidate_id))
        .where(col(Adjudication.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .order_by(col(Adjudication.revision))
    )
    return session.exec(query).all()


def _agree(part: SpecificationPart, marks: Sequence[Mark], decided: int | None) -> PartMark:
    values = [mark.value for mark in marks if mark.value is not None]
    return agree(_domain_part(part), values, absent=sum(mark.absent for mark in marks), adjudicated=decided)


def _domain_part(part: SpecificationPart) -> Part:
    return Part(
        method=part.method, weight=part.weight, maximum=part.maximum, pass_mark=part.pass_mark,
        assessors=part.assessors, rule=part.agreement["rule"], tolerance=part.agreement.get("tolerance"),
    )  # fmt: skip


def _domain_parts(session: Session, batch: Batch, grade: str) -> dict[str, Part]:
    return {part.method: _domain_part(part) for part in parts_of_batch(session, batch) if part.grade == grade}


def _part(session: Session, batch: Batch, candidate: Candidate, method: str) -> SpecificationPart:
    for part in parts_of_batch(session, batch):
        if part.grade == candidate.grade and part.method == method:
            return part
    raise RuleBroken(f"{Grade(candidate.grade).printed}没有“{METHODS[method].name_zh if method in METHODS else method}”这一部分")


def _result(candidate: Candidate, settlement: Settlement, revision: int = 1, reason: str | None = None) -> Result:
    return Result(
        institution_id=candidate.institution_id, candidate_id=_key(candidate.id), revision=revision,
        outcome=settlement.outcome.value, parts=dict(settlement.parts), total=settlement.total,
        proof=list(settlement.reasons), reason=reason,
    )  # fmt: skip


def _names(session: Session, candidates: Sequence[Candidate]) -> dict[int, str]:
    keys = [one.person_id for one in candidates]
    return {_key(one.id): one.name for one in session.exec(select(Person).where(col(Person.id).in_(keys)))}


def _key(value: int | None) -> int:
    assert value is not None
    return value
