"""The decided cases of a batch as its filing package tells them (guangdong-rules 7.2, T9). Questions only."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    CaseEvidence,
    CaseLine,
    CaseVote,
    Evidence,
    PanelMember,
    Personnel,
    RecognitionCase,
    id_of,
)
from skilleval.domain.recognition import EVIDENCE_KINDS
from skilleval.reports import direct_case
from skilleval.reports.direct_case import DirectCase
from skilleval.services.recognitions import cases_of, panel_of

Panel = Sequence[tuple[PanelMember, Personnel]]


def tell_cases(session: Session, batch: Batch, candidates: Sequence[Candidate]) -> dict[int, DirectCase]:
    """The case of each of these candidates by candidate id, in a handful of queries; empty for the other routes."""
    if batch.route != "direct":
        return {}
    panel = [(member, one) for member, one in panel_of(session, batch) if member.absent_reason is None]
    numbers = {id_of(one): one.admission_number or "" for one in candidates}
    cases = [case for case in cases_of(session, batch) if case.candidate_id in numbers]
    keys = [id_of(case) for case in cases]
    lines, shown, votes = _lines(session, batch, keys), _accepted(session, batch, keys), _votes(session, batch, keys)
    return {case.candidate_id: _told(case, numbers[case.candidate_id], lines, shown, votes, panel) for case in cases}


def _told(
    case: RecognitionCase,
    admission_number: str,
    lines: Sequence[CaseLine],
    shown: Sequence[tuple[CaseEvidence, Evidence]],
    votes: Sequence[CaseVote],
    panel: Panel,
) -> DirectCase:
    own = [line for line in lines if line.case_id == case.id]
    used = {id_of(line): [one for link, one in shown if link.line_id == line.id] for line in own}
    evidence = {one.code: one for found in used.values() for one in found}
    last = {vote.member_id: vote for vote in votes if vote.case_id == case.id}
    counted = [last[id_of(member)] for member, _one in panel if id_of(member) in last]
    chair = next(((member, one) for member, one in panel if member.role == "chair"), None)
    said = last.get(id_of(chair[0])) if chair else None
    return DirectCase(
        admission_number, case.number,
        tuple(
            direct_case.CaseLine(line.category, line.text, line.maximum, line.score, tuple(one.code for one in used[id_of(line)]))
            for line in own
        ),
        tuple(
            direct_case.CaseEvidence(one.code, EVIDENCE_KINDS[one.kind], one.title, one.issuer, one.sha256 or "")
            for one in evidence.values()
        ),
        _counts(counted), chair[1].name if chair else "", said.comment if said else "",
    )  # fmt: skip


def _counts(votes: Sequence[CaseVote]) -> Mapping[str, int]:
    return dict(sorted(Counter(vote.vote for vote in votes).items()))


def _lines(session: Session, batch: Batch, cases: Sequence[int]) -> Sequence[CaseLine]:
    query = select(CaseLine).where(col(CaseLine.institution_id) == batch.institution_id, col(CaseLine.case_id).in_(cases))
    return session.exec(query.order_by(col(CaseLine.case_id), col(CaseLine.serial))).all()


def _accepted(session: Session, batch: Batch, cases: Sequence[int]) -> Sequence[tuple[CaseEvidence, Evidence]]:
    query = (
        select(CaseEvidence, Evidence)
        .join(CaseLine, col(CaseLine.id) == col(CaseEvidence.line_id))
        .join(Evidence, col(Evidence.id) == col(CaseEvidence.evidence_id))
        .where(col(CaseLine.institution_id) == batch.institution_id, col(CaseLine.case_id).in_(cases))
        .where(col(Evidence.state) == "accepted")
    )
    return session.exec(query.order_by(col(CaseLine.case_id), col(CaseLine.serial), col(Evidence.code))).all()


def _votes(session: Session, batch: Batch, cases: Sequence[int]) -> Sequence[CaseVote]:
    query = select(CaseVote).where(col(CaseVote.institution_id) == batch.institution_id, col(CaseVote.case_id).in_(cases))
    return session.exec(query.order_by(col(CaseVote.case_id), col(CaseVote.member_id), col(CaseVote.revision))).all()
