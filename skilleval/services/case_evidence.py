"""What the lines of a case rest on: evidence tied to a line after the case was laid, and how far the must-lines are covered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from skilleval.db.tables import CaseEvidence, CaseLine, Evidence, RecognitionCase, id_of
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.case_decisions import standing_decision
from skilleval.services.journal import Actor
from skilleval.services.recognitions import candidate_of, evidence_of, lines_of, matrix_of, must_be_open


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the composite sheet with the evidence that it rests on, by code."""

    line: CaseLine
    evidence: Mapping[str, Evidence]

    @property
    def covered(self) -> bool:
        """Whether one piece of evidence for it was accepted."""
        return any(one.state == "accepted" for one in self.evidence.values())


@dataclass(frozen=True, slots=True)
class Coverage:
    """The matrix of a case: its criteria in order, and every piece of evidence that one of them rests on, by code."""

    criteria: Sequence[Criterion]
    evidence: Sequence[Evidence]

    @property
    def musts(self) -> list[Criterion]:
        """The criteria without whose accepted evidence nobody is recognised."""
        return [one for one in self.criteria if one.line.must]


def coverage_of(session: Session, case: RecognitionCase) -> Coverage:
    """The matrix of criterion × evidence of a case. One query."""
    criteria = [Criterion(line, {one.code: one for one in evidence}) for line, evidence in matrix_of(session, case)]
    pieces = {code: one for row in criteria for code, one in row.evidence.items()}
    return Coverage(criteria, [pieces[code] for code in sorted(pieces)])


def rest_on(
    session: Session, actor: Actor, case: RecognitionCase, evidence: Evidence, serials: Sequence[int]
) -> list[CaseEvidence]:
    """Tie evidence to lines of a case, by serial; what is tied already stays.

    Refused with every reason: a case that is closed, no line or one that the case has not, evidence of another firm's person
    or, for a case that is decided, from after the decision.
    """
    must_be_open(session, case)
    lines = {one.serial: one for one in lines_of(session, case)}
    problems = [f"案卷没有第 {serial} 项" for serial in serials if serial not in lines]
    if not serials:
        problems.append("须选择佐证材料所证明的项")
    same = (evidence.institution_id, evidence.employer_id) == (case.institution_id, candidate_of(session, case).employer_id)
    if not same:
        problems.append(f"没有编号为 {evidence.code} 的佐证材料，或它属于另一单位的人员")
    problems += _later_than_decided(session, case, evidence)
    if problems:
        raise RuleBroken("佐证材料没有归入案卷，未作任何改动", problems)
    tied = {(link.line_id, link.evidence_id) for link, _evidence in evidence_of(session, case)}
    new = [
        CaseEvidence(institution_id=case.institution_id, line_id=id_of(lines[serial]), evidence_id=id_of(evidence))
        for serial in dict.fromkeys(serials)
        if (lines[serial].id, evidence.id) not in tied
    ]
    if new:
        session.add_all(new)
        journal.record(session, actor, case.institution_id, "recognition.evidence", objects=new)
    return new


def _later_than_decided(session: Session, case: RecognitionCase, evidence: Evidence) -> list[str]:
    """What a decision was not made on is not put under it; a review that starts anew makes the case open to it."""
    decision = standing_decision(session, case)
    day = evidence.ended_on or evidence.started_on
    if case.state not in ("recognised", "not_recognised") or decision is None or day <= decision.decided_on:
        return []
    return [
        f"佐证材料 {evidence.code} 的日期 {day} 晚于决定日期 {decision.decided_on}，不能归入已作决定的案卷；"
        "须先重新评审（skilleval recognitions score 或 skilleval recognitions vote）"
    ]
