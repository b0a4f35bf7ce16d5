"""Results in which a mark or vote counts of somebody whose conflict of interest (回避) was confirmed since.

A confirmation changes no result by itself: what it touches is told, and the batch is neither published nor certified nor
filed until somebody else has judged, so that a person decides and the record shows who.
Source: national-rules 2.4 (回避).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Adjudication,
    Batch,
    Candidate,
    CaseDecision,
    Certificate,
    CertificateEvent,
    Conflict,
    Mark,
    Personnel,
    RecognitionCase,
    SpecificationPart,
    id_of,
)
from skilleval.db.together import Queries, together
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.recognition_inputs import inputs_from_plain
from skilleval.services import conflicts
from skilleval.services.recusals import Recusal, recusals_between
from skilleval.services.rules import packs_of_batch

_CERTIFIED = ("certified", "filed", "archived")
_MARKS_WAYS = {
    "marking": "核定前由其他人裁定（skilleval marks adjudicate）",
    "settled": "由其他人重评（skilleval marks remark）",
    "noticed": "有异议的先处理异议（skilleval notices decide），再由其他人重评（skilleval marks remark）",
    "cleared": "先撤回公示（skilleval notices withdraw），由其他人重评（skilleval marks remark）后重新公示",
}
_VOTE_WAY = (
    "登记其回避（skilleval panels absent），人数不足的增补成员（skilleval panels substitute），"
    "重新表决（skilleval recognitions vote）后重新决定（skilleval recognitions decide）"
)
_VOTES_WAYS = {
    "marking": _VOTE_WAY, "settled": _VOTE_WAY, "noticed": _VOTE_WAY,
    "cleared": f"先撤回公示（skilleval notices withdraw），{_VOTE_WAY}，再重新公示",
}  # fmt: skip
_CERTIFIED_WAY = "证书须撤销（skilleval certificates revoke），另行组织评价"


@dataclass(frozen=True, slots=True)
class Counted:
    """A mark, decision or vote that counts for a candidate although whoever gave it has to be recused."""

    recusal: Recusal
    candidate: Candidate
    #: what was given: 技能操作考核的评分
    what: str
    #: what the batch's state leaves to be done
    way: str
    #: the part of the specification; None for a vote
    part_id: int | None = None

    @property
    def told(self) -> str:
        """Candidate, who has to be recused and why, and the way out."""
        number = self.candidate.admission_number or "（未编号）"
        return f"{number} 的{self.what}仍计入结果：{self.recusal.conflict.told}（{self.recusal.clause}）；{self.way}"


@dataclass(frozen=True, slots=True)
class _Given:
    """What counts for a candidate, and the codes or the name of those who gave it."""

    what: str
    by: frozenset[str]
    part_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Marked:
    """Somebody's mark for a part of a candidate, and how the part is assessed."""

    id: int
    revision: int
    candidate_id: int
    part_id: int
    personnel_id: int
    code: str
    method: str


@dataclass(frozen=True, slots=True)
class _Adjudicated:
    """Somebody decided over marks of a candidate, or marked a part anew (重评) after the result was settled."""

    id: int
    revision: int
    candidate_id: int
    part_id: int
    mark_ids: Sequence[int]
    decided_by: str
    anew: bool


@dataclass(frozen=True, slots=True)
class _Decided:
    """A decision over the case of a candidate."""

    revision: int
    candidate_id: int
    case: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Certified:
    """A candidate who holds a certificate that is valid."""

    candidate_id: int


def counted_recusals(session: Session, batch: Batch, candidates: Collection[Candidate] | None = None) -> list[Counted]:
    """What counts although it may not, of these candidates; else of all for whom something can still be done: everybody
    before certificates are issued, and then whoever holds one that is valid. By candidate. One statement where there is
    nothing, else three.
    """
    asked = None if candidates is None else {one.id for one in candidates}
    pairs = [pair for pair in _confirmed(session, batch) if asked is None or pair[1].id in asked]
    if not pairs:
        return []
    found = together(session, {
        **conflicts.recorded_about(batch), **_queries(batch, {id_of(one) for _personnel, one in pairs}),
    })  # fmt: skip
    if asked is None and batch.state in _CERTIFIED:
        holders = {one.candidate_id for one in found[_Certified]}
        pairs = [pair for pair in pairs if pair[1].id in holders]
    recusals = recusals_between(batch, packs_of_batch(session, batch), conflicts.known_by(batch, found), pairs)
    given = _votes(found[_Decided]) if batch.route == "direct" else _marks(found[_Marked], found[_Adjudicated])
    ways = _VOTES_WAYS if batch.route == "direct" else _MARKS_WAYS
    return [
        Counted(recusal, candidate, one.what, ways.get(batch.state, _CERTIFIED_WAY), one.part_id)
        for personnel, candidate in pairs
        for recusal in recusals.get((id_of(personnel), id_of(candidate)), [])
        if recusal.conflict.state == "confirmed"
        for one in given.get(id_of(candidate), [])
        if any(recusal.is_about(word) for word in one.by)
    ]


def must_not_count(session: Session, batch: Batch, act: str, candidates: Collection[Candidate] | None = None) -> None:
    """Refused, with every case: an act on results in which somebody's mark or vote counts who has to be recused."""
    if told := [one.told for one in counted_recusals(session, batch, candidates)]:
        raise RuleBroken(f"批次 {batch.number} 还不能{act}：须回避的人的评分或表决仍计入结果", told)


def votes_anew(session: Session, batch: Batch, candidate: Candidate | None = None) -> bool:
    """Whether a settled direct batch, or the case of one candidate in it, is voted on again: somebody's vote counts who has to
    be recused, and nothing is certified by it yet.
    """
    asked = None if candidate is None else [candidate]
    return batch.route == "direct" and batch.state in ("settled", "noticed") and bool(counted_recusals(session, batch, asked))


def touched_by(session: Session, conflict: Conflict) -> list[tuple[Batch, Counted]]:
    """What a confirmed conflict touches in every batch of the institution in which something counts, by batch."""
    query = (
        select(Batch, Candidate)
        .join(Candidate, col(Candidate.batch_id) == col(Batch.id))
        .where(col(Batch.institution_id) == conflict.institution_id, col(Candidate.person_id) == conflict.person_id)
        .where(col(Candidate.employer_id) == conflict.employer_id, col(Batch.state) != "cancelled")
    )
    return [
        (batch, one)
        for batch, candidate in session.exec(query.order_by(col(Batch.number))).all()
        for one in counted_recusals(session, batch)
        if one.candidate.id == candidate.id
        and (one.recusal.conflict.examiner.key, one.recusal.conflict.kind) == (conflict.personnel_id, conflict.kind)
    ]


def _confirmed(session: Session, batch: Batch) -> list[tuple[Personnel, Candidate]]:
    """Personnel and candidates between whom a conflict was confirmed, by admission number."""
    query = (
        select(Personnel, Candidate)
        .join(Conflict, col(Conflict.personnel_id) == col(Personnel.id))
        .join(Candidate, col(Candidate.person_id) == col(Conflict.person_id))
        .where(col(Conflict.institution_id) == batch.institution_id, col(Conflict.state) == "confirmed")
        .where(col(Candidate.employer_id) == col(Conflict.employer_id))
        .where(col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .where(col(Candidate.state) == "eligible")
        .order_by(col(Candidate.admission_number), col(Candidate.id), col(Conflict.personnel_id))
    )
    found = {(personnel.id, candidate.id): (personnel, candidate) for personnel, candidate in session.exec(query)}
    return list(found.values())


def _queries(batch: Batch, candidates: Collection[int]) -> Queries:
    """What was given for these candidates, and who of them holds a certificate."""
    firm = batch.institution_id
    ended = sa.select(col(CertificateEvent.certificate_id)).where(
        col(CertificateEvent.institution_id) == firm, col(CertificateEvent.kind).in_(("voided", "revoked"))
    )
    certified = sa.select(col(Certificate.candidate_id)).where(
        col(Certificate.institution_id) == firm, col(Certificate.candidate_id).in_(candidates), col(Certificate.id).not_in(ended)
    )
    decided = (
        sa.select(col(CaseDecision.revision), col(RecognitionCase.candidate_id), col(RecognitionCase.number), col(CaseDecision.inputs))
        .join(RecognitionCase, col(RecognitionCase.id) == col(CaseDecision.case_id))
        .where(col(RecognitionCase.institution_id) == firm, col(RecognitionCase.batch_id) == batch.id)
        .where(col(RecognitionCase.candidate_id).in_(candidates))
    )
    return {_Certified: certified, **({_Decided: decided} if batch.route == "direct" else _marks_queries(firm, candidates))}


def _marks_queries(firm: int, candidates: Collection[int]) -> Queries:
    marked = (
        sa.select(
            *(col(one) for one in (Mark.id, Mark.revision, Mark.candidate_id, Mark.part_id, Mark.personnel_id)),
            col(Personnel.code), col(SpecificationPart.method),
        )
        .join(Personnel, col(Personnel.id) == col(Mark.personnel_id))
        .join(SpecificationPart, col(SpecificationPart.id) == col(Mark.part_id))
        .where(col(Mark.institution_id) == firm, col(Mark.candidate_id).in_(candidates))
    )  # fmt: skip
    adjudicated = sa.select(
        *(col(one) for one in (
            Adjudication.id, Adjudication.revision, Adjudication.candidate_id, Adjudication.part_id, Adjudication.mark_ids,
            Adjudication.decided_by,
        )),
        sa.or_(col(Adjudication.objection_id).is_not(None), col(Adjudication.conflict_id).is_not(None)).label("anew"),
    ).where(col(Adjudication.institution_id) == firm, col(Adjudication.candidate_id).in_(candidates))  # fmt: skip
    return {_Marked: marked, _Adjudicated: adjudicated}


def _marks(marked: Iterable[_Marked], adjudicated: Iterable[_Adjudicated]) -> dict[int, list[_Given]]:
    """By candidate and part: the standing marks, or whoever decided over all of them or marked the part anew since."""
    standing: dict[tuple[int, int], dict[int, _Marked]] = {}
    for mark in sorted(marked, key=lambda one: (one.revision, one.id)):
        standing.setdefault((mark.candidate_id, mark.part_id), {})[mark.personnel_id] = mark
    deciders = _deciders(adjudicated, {own: sorted(one.id for one in by.values()) for own, by in standing.items()})
    given: dict[int, list[_Given]] = {}
    for (candidate, part), by in standing.items():
        decider, name = deciders.get((candidate, part)), METHODS[next(iter(by.values())).method].name_zh
        what = f"{name}的评分" if decider is None else f"{name}的裁定或重评"
        codes = frozenset(one.code for one in by.values()) if decider is None else frozenset({decider})
        given.setdefault(candidate, []).append(_Given(what, codes, part))
    return given


def _deciders(
    adjudicated: Iterable[_Adjudicated], standing: Mapping[tuple[int, int], Sequence[int]]
) -> dict[tuple[int, int], str]:
    """By candidate and part: who decided over the marks as they stand, the last one where several did."""
    return {
        own: one.decided_by
        for one in sorted(adjudicated, key=lambda one: (one.revision, one.id))
        if (own := (one.candidate_id, one.part_id)) in standing and (one.anew or one.mark_ids == standing[own])
    }


def _votes(decided: Iterable[_Decided]) -> dict[int, list[_Given]]:
    """By candidate: who was there and voted when the standing decision was made, by the inputs that it kept."""
    given: dict[int, list[_Given]] = {}
    for one in sorted(decided, key=lambda one: one.revision):
        voters = inputs_from_plain(one.inputs).facts.panel
        codes = frozenset(each.code for each in voters if each.present and each.vote is not None)
        given[one.candidate_id] = [_Given(f"案卷 {one.case} 的表决", codes)]
    return given
