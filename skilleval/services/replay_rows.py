"""The records that a case rests on, held against the journal: which of them were changed, deleted or slipped in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Adjudication,
    Batch,
    Candidate,
    Certificate,
    Mark,
    Personnel,
    Registration,
    Result,
    SpecificationPart,
    id_of,
)
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.services import batches, case_rows, scheme_rows
from skilleval.services.verification import row_faults, verify_chain

_Row = TypeVar("_Row", Mark, Adjudication, Result, Certificate)
_WORDS = {"row_changed": "被改动", "row_unknown": "不是经本软件写入的", "row_missing": "被删除"}
_GONE = {
    "mark": "成绩：一名考评员的评分（mark 第 {key} 行）被删除",
    "adjudication": "裁定：一项裁定（adjudication 第 {key} 行）被删除",
    "result": "成绩：一项核定成绩（result 第 {key} 行）被删除",
    "certificate": "证书：一份证书（certificate 第 {key} 行）被删除",
    "contest_result": "竞赛：一项竞赛成绩（contest_result 第 {key} 行）被删除",
    "candidate": "资格：一名考生（candidate 第 {key} 行）被删除",
    "specification_part": "评价规范：一个部分的规定（specification_part 第 {key} 行）被删除",
    "registration": "备案：一项备案（registration 第 {key} 行）被删除",
    **case_rows.GONE,
    **scheme_rows.GONE,
}
#: tables all of whose rows may be gone: what was written together with the rows that are there tells of them
_NEVER_EMPTY = ("mark", "adjudication", "result", "certificate", "score_sheet", "score_line")


@dataclass(frozen=True, slots=True)
class Tampered:
    """Records that are not as the journal last saw them, by name: of one candidate, and of the batch as a whole."""

    of_batch: tuple[str, ...]
    of_candidates: Mapping[int, tuple[str, ...]]

    def of(self, candidate_id: int) -> tuple[str, ...]:
        """The ones that bear on this candidate: its own records and those that all share."""
        return (*self.of_batch, *self.of_candidates.get(candidate_id, ()))

    @property
    def all_named(self) -> tuple[str, ...]:
        """Every one, once."""
        return (*self.of_batch, *(one for named in self.of_candidates.values() for one in named))


def results_of(session: Session, batch: Batch) -> dict[int, list[Result]]:
    """All results by candidate, first revision first."""
    found: dict[int, list[Result]] = {}
    query = (
        select(Result)
        .join(Candidate, col(Candidate.id) == col(Result.candidate_id))
        .where(col(Result.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
    )
    for one in session.exec(query.order_by(col(Result.revision), col(Result.id))):
        found.setdefault(one.candidate_id, []).append(one)
    return found


def tampered_rows(session: Session, batch: Batch, candidates: Sequence[Candidate], who: Mapping[int, str]) -> Tampered:
    """Which of the records behind these candidates are not as the journal last saw them, by name.

    A journal whose chain is broken is told first: what it says of rows is then no proof.
    """
    shared = _shared(session, batch) | case_rows.panel_rows(session, batch) | scheme_rows.scheme_rows(session, batch)
    own = _own(session, batch, candidates, who) | case_rows.rows_of(session, batch, candidates, who)
    own |= scheme_rows.sheet_rows(session, batch, candidates, who)
    rows: dict[str, list[int]] = {name: [] for name in _NEVER_EMPTY}
    for table, key in (*shared, *own):
        rows.setdefault(table, []).append(key)
    of_batch = [f"操作日志：{one.where}：{one.message}" for one in verify_chain(session, batch.institution_id)]
    of_candidates: dict[int, list[str]] = {}
    for (table, key), code in row_faults(session, batch.institution_id, rows).items():
        if (table, key) in own:
            candidate, text = own[table, key]
            of_candidates.setdefault(candidate, []).append(text + _WORDS[code])
        elif (table, key) in shared:
            of_batch.append(shared[table, key] + _WORDS[code])
        elif table in _GONE:
            of_batch.append(_GONE[table].format(key=key))
    return Tampered(tuple(of_batch), {key: tuple(named) for key, named in of_candidates.items()})


def _shared(session: Session, batch: Batch) -> dict[tuple[str, int], str]:
    named = {("batch", id_of(batch)): f"批次：批次 {batch.number} 的记录"}
    registrations = select(Registration).where(col(Registration.institution_id) == batch.institution_id)
    for registration in session.exec(registrations.order_by(col(Registration.id))):
        named["registration", id_of(registration)] = f"备案：备案号 {registration.number} 的记录"
    for part in batches.parts_of_batch(session, batch):
        name = f"{Grade(part.grade).printed}{METHODS[part.method].name_zh}"
        named["specification_part", id_of(part)] = f"评价规范：{name}的规定（权重、满分、合格线、考评员数、取值办法）"
    return named


def _own(
    session: Session, batch: Batch, candidates: Sequence[Candidate], who: Mapping[int, str]
) -> dict[tuple[str, int], tuple[int, str]]:
    """The records of the candidates themselves: (table, id) → (candidate, what it is called)."""
    parts = {id_of(part): part for part in session.exec(select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == batch.institution_id))}  # fmt: skip
    assessors = {id_of(one): one for one in session.exec(select(Personnel).where(
        col(Personnel.institution_id) == batch.institution_id))}  # fmt: skip
    named: dict[tuple[str, int], tuple[int, str]] = {}
    chosen = {id_of(one): f"考生 {who[id_of(one)]}" for one in candidates}

    def tell(table: str, key: int, candidate_id: int, text: str) -> None:
        named[table, key] = (candidate_id, text)

    for key, own in chosen.items():
        tell("candidate", key, key, f"资格：{own} 的申报与资格审核记录（判断依据、结论、证明）")
    for candidate in candidates:
        # What was stored may have been changed into anything.
        reached = candidate.inputs.get("contest_result") if isinstance(candidate.inputs, dict) else None
        if isinstance(reached, int):
            tell("contest_result", reached, id_of(candidate), f"竞赛：{chosen[id_of(candidate)]} 的竞赛成绩")
    for mark in _rows(session, batch, Mark, chosen):
        where = f"{chosen[mark.candidate_id]}、{METHODS[parts[mark.part_id].method].name_zh}"
        time = "" if mark.revision == 1 else f"第 {mark.revision} 次"
        tell("mark", id_of(mark), mark.candidate_id, f"成绩：{where}、考评员 {assessors[mark.personnel_id].code} 的{time}评分")
    for one in _rows(session, batch, Adjudication, chosen):
        where = f"{chosen[one.candidate_id]}、{METHODS[parts[one.part_id].method].name_zh}"
        tell("adjudication", id_of(one), one.candidate_id, f"裁定：{where}的裁定")
    for result in _rows(session, batch, Result, chosen):
        text = f"成绩：{chosen[result.candidate_id]} 的第 {result.revision} 版核定成绩"
        tell("result", id_of(result), result.candidate_id, text)
    for certificate in _rows(session, batch, Certificate, chosen):
        text = f"证书：{chosen[certificate.candidate_id]} 的证书 {certificate.number} "
        tell("certificate", id_of(certificate), certificate.candidate_id, text)
    return named


def _rows(session: Session, batch: Batch, table: type[_Row], chosen: Mapping[int, str]) -> list[_Row]:
    """The rows of a table that belong to the chosen candidates of a batch, in the order in which they came."""
    of_batch = select(Candidate.id).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id
    )
    rows = session.exec(select(table).where(col(table.candidate_id).in_(of_batch)).order_by(col(table.id)))
    return [row for row in rows if row.candidate_id in chosen]
