"""Results in which a mark or vote counts of somebody whose conflict of interest (回避) was confirmed since.

A confirmation changes no result by itself: what it touches is told, and the batch is neither published nor certified nor
filed until somebody else has judged, so that a person decides and the record shows who.
Source: national-rules 2.4 (回避).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

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
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.recognition_inputs import inputs_from_plain
from skilleval.services.recusals import Recusal, recusals_between

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


def counted_recusals(session: Session, batch: Batch, candidates: Collection[Candidate] | None = None) -> list[Counted]:
    """What counts although it may not, of these candidates; else of all for whom something can still be done: everybody
    before certificates are issued, and then whoever holds one that is valid. By candidate. One query where there is nothing.
    """
    pairs = _confirmed(session, batch)
    if candidates is not None:
        chosen = {one.id for one in candidates}
    elif pairs and batch.state in _CERTIFIED:
        chosen = set(_with_certificate(session, batch))
    else:
        chosen = {one.id for _key, one in pairs}
    pairs = [pair for pair in pairs if pair[1].id in chosen]
    if not pairs:
        return []
    recusals = recusals_between(session, batch, pairs)
    affected = {_key(one.id) for _personnel, one in pairs}
    given = _votes(session, batch, affected) if batch.route == "direct" else _marks(session, batch, affected)
    ways = _VOTES_WAYS if batch.route == "direct" else _MARKS_WAYS
    return [
        Counted(recusal, candidate, one.what, ways.get(batch.state, _CERTIFIED_WAY), one.part_id)
        for personnel, candidate in pairs
        for recusal in recusals.get((_key(personnel.id), _key(candidate.id)), [])
        if recusal.conflict.state == "confirmed"
        for one in given.get(_key(candidate.id), [])
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


def _with_certificate(session: Session, batch: Batch) -> Sequence[int]:
    ended = select(CertificateEvent.certificate_id).where(
        col(CertificateEvent.institution_id) == batch.institution_id, col(CertificateEvent.kind).in_(("voided", "revoked"))
    )
    query = (
        select(Certificate.candidate_id)
        .join(Candidate, col(Candidate.id) == col(Certificate.candidate_id))
        .where(col(Certificate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
    )
    return session.exec(query.where(col(Certificate.id).not_in(ended))).all()


def _marks(session: Session, batch: Batch, candidates: Collection[int]) -> dict[int, list[_Given]]:
    """By candidate and part: the standing marks, or whoever decided over all of them or marked the part anew since."""
    of_firm = col(Mark.institution_id) == batch.institution_id, col(Mark.candidate_id).in_(candidates)
    marks = select(Mark, Personnel.code).where(*of_firm, col(Personnel.id) == col(Mark.personnel_id))
    standing: dict[tuple[int, int], dict[int, tuple[int, str]]] = {}
    for mark, code in session.exec(marks.order_by(col(Mark.revision), col(Mark.id))):
        standing.setdefault((mark.candidate_id, mark.part_id), {})[mark.personnel_id] = (_key(mark.id), code)
    deciders = _deciders(session, batch, candidates, {own: sorted(key for key, _code in by.values()) for own, by in standing.items()})
    parts = dict(session.exec(select(SpecificationPart.id, SpecificationPart.method).where(
        col(SpecificationPart.id).in_({part for _candidate, part in standing}))).all())  # fmt: skip
    given: dict[int, list[_Given]] = {}
    for (candidate, part), by in standing.items():
        decider, name = deciders.get((candidate, part)), METHODS[parts[part]].name_zh
        what = f"{name}的评分" if decider is None else f"{name}的裁定或重评"
        codes = frozenset(code for _key, code in by.values()) if decider is None else frozenset({decider})
        given.setdefault(candidate, []).append(_Given(what, codes, part))
    return given


def _deciders(
    session: Session, batch: Batch, candidates: Collection[int], standing: Mapping[tuple[int, int], list[int]]
) -> dict[tuple[int, int], str]:
    """By candidate and part: who decided over the marks as they stand, the last one where several did."""
    query = select(Adjudication).where(
        col(Adjudication.institution_id) == batch.institution_id, col(Adjudication.candidate_id).in_(candidates)
    )
    return {
        own: one.decided_by
        for one in session.exec(query.order_by(col(Adjudication.revision), col(Adjudication.id)))
        if (own := (one.candidate_id, one.part_id)) in standing and (one.marks_anew or one.mark_ids == standing[own])
    }


def _votes(session: Session, batch: Batch, candidates: Collection[int]) -> dict[int, list[_Given]]:
    """By candidate: who was there and voted when the standing decision was made, by the inputs that it kept."""
    query = (
        select(RecognitionCase, CaseDecision)
        .join(CaseDecision, col(CaseDecision.case_id) == col(RecognitionCase.id))
        .where(col(RecognitionCase.institution_id) == batch.institution_id, col(RecognitionCase.batch_id) == batch.id)
        .where(col(RecognitionCase.candidate_id).in_(candidates))
        .order_by(col(CaseDecision.revision))
    )
    given: dict[int, list[_Given]] = {}
    for case, decision in session.exec(query):
        voters = inputs_from_plain(decision.inputs).facts.panel
        codes = frozenset(one.code for one in voters if one.present and one.vote is not None)
        given[case.candidate_id] = [_Given(f"案卷 {case.number} 的表决", codes)]
    return given


def _key(value: int | None) -> int:
    assert value is not None
    return value
