"""What the canary's world holds besides assessed batches: evidence and cases of direct recognition, contests, nominations
with appointments, confirmations. Their rows can't be changed afterwards, so that each text is marked as it is written.

What is about a candidate is of class 人, as everywhere; what only the firm itself has to do with is 密.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlmodel import Session

from skilleval.db.tables import (
    Appointment,
    Batch,
    CaseDecision,
    CaseEvidence,
    CaseLine,
    CaseVote,
    Confirmation,
    Contest,
    ContestResult,
    ContestRule,
    Evidence,
    Honour,
    Nomination,
    Panel,
    PanelMember,
    Person,
    Personnel,
    Post,
    RecognitionCase,
    Result,
)
from skilleval.domain.backgrounds import Background
from skilleval.domain.candidacy import Application
from skilleval.domain.ladder import Grade
from skilleval.domain.recognition import FIXED_GROUPS
from skilleval.domain.recognition_inputs import inputs_as_plain
from skilleval.domain.rules import Answer, Clause, Proof
from skilleval.services import case_decisions
from tests.factories import ACTOR, LIBRARY, Firm, make_batch, make_candidate

DECIDED = date(2026, 6, 10)
#: the same file in every firm: what one firm is told of a file that serves two people must not name another firm's
SAME_FILE = "5" * 64


@dataclass
class Acts:
    """The numbers by which commands name these records."""

    evidence: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    contests: list[str] = field(default_factory=list)
    nominations: list[int] = field(default_factory=list)
    confirmations: list[int] = field(default_factory=list)


def make_direct(session: Session, acts: Acts, letter: str, firm: Firm, people: Sequence[Person], state: str) -> Batch:
    """A batch of direct recognition with a decided case of each of ``people``; one that is open while it is being marked."""
    kind = "名" if state == "settled" and letter == "丁" else "密"
    batch = make_batch(session, firm, f"{letter}-直-{len(acts.batches)}", state)
    batch.route, batch.name = "direct", f"金{letter}{kind}直接认定"
    members = _panel(session, letter, firm, batch)
    for person in people:
        mark = f"金{person.name[1]}{'人' if '姓' in person.name else '密'}"
        case = _case(session, acts, mark, batch, person, members)
        if state == "settled":
            _decide(session, mark, case)
    acts.batches.append(batch.number)
    return batch


def _panel(session: Session, letter: str, firm: Firm, batch: Batch) -> list[PanelMember]:
    mark = f"金{letter}密"
    experts = [
        Personnel(institution_id=firm.id, code=f"{batch.number}{role}", name=f"{mark}专家", kind="expert")
        for role in ("chair", "member")
    ]
    panel = Panel(institution_id=firm.id, batch_id=batch.id or 0, name=f"{mark}评审组", reason=f"{mark}理由")
    session.add_all([*experts, panel])
    session.flush()
    members = [
        PanelMember(institution_id=firm.id, panel_id=panel.id or 0, personnel_id=one.id or 0, role=role)
        for one, role in zip(experts, ("chair", "member"), strict=True)
    ]
    session.add_all(members)
    session.flush()
    return members


def _case(
    session: Session, acts: Acts, mark: str, batch: Batch, person: Person, members: list[PanelMember]
) -> RecognitionCase:
    firm = batch.institution_id
    application = Application(Background(None), "6-31-01-03", Grade.SENIOR, batch.starts_on, "2018")
    candidate = make_candidate(
        session, batch, person, route="direct", claimed=None, verdict="met", decision_reason=f"{mark}决定",
        inputs=application.as_plain(), proof=marked_proof(mark),
    )  # fmt: skip
    session.flush()
    case = RecognitionCase(
        institution_id=firm, batch_id=batch.id or 0, candidate_id=candidate.id or 0, number=f"案{len(acts.cases)}",
        methods={"performance": 8800}, clauses=["direct.wide"],
        limits=[{"name": f"{mark}限制", "applied": True, "fact": f"{mark}事实"}],
    )  # fmt: skip
    evidence = Evidence(
        institution_id=firm, code=f"材{len(acts.evidence)}", employer_id=person.institution_id, person_id=person.id or 0,
        kind="key_post", title=f"{mark}材料", started_on=date(2024, 1, 1), issuer=f"{mark}出具单位",
        file_name=f"{mark}.pdf", sha256=SAME_FILE, verifier=f"{mark}核验人", verified_on=DECIDED, state="accepted",
    )  # fmt: skip
    session.add_all([case, evidence])
    session.flush()
    lines = [
        CaseLine(institution_id=firm, case_id=case.id or 0, serial=serial, category=category, text=f"{mark}项", maximum=10000,
                 must=serial == 1, score=9000)
        for serial, category in enumerate((*FIXED_GROUPS, f"{mark}类"), start=1)
    ]  # fmt: skip
    session.add_all(lines)
    session.flush()
    session.add_all(
        CaseEvidence(institution_id=firm, line_id=line.id or 0, evidence_id=evidence.id or 0) for line in lines
    )
    session.add_all(
        CaseVote(institution_id=firm, case_id=case.id or 0, member_id=one.id or 0, vote="agree", comment=f"{mark}结论")
        for one in members
    )
    session.flush()
    acts.evidence.append(evidence.code)
    acts.cases.append(case.number)
    return case


def _decide(session: Session, mark: str, case: RecognitionCase) -> None:
    found = case_decisions.outlook(session, case, LIBRARY, actor=ACTOR, on=DECIDED)
    decision = CaseDecision(
        institution_id=case.institution_id, case_id=case.id or 0, decision="recognised", reason=f"{mark}理由",
        decided_by=f"{mark}决定人", decided_on=DECIDED, composite=9000, inputs=inputs_as_plain(found.inputs),
        proof=found.proof.as_dict(), warnings=[f"{mark}提醒"],
    )  # fmt: skip
    case.state = "recognised"
    settled = case_decisions.settle_again(case, decision)
    session.add_all([
        decision,
        Result(institution_id=case.institution_id, candidate_id=case.candidate_id, outcome=settled.outcome.value,
               parts=dict(settled.parts), total=settled.total, proof=list(settled.reasons)),
    ])  # fmt: skip
    session.flush()


def marked_proof(mark: str) -> dict[str, Any]:
    """A proof with one marked fact."""
    clause = Clause("2018/senior/1", "条件", "来源", "high")
    return Proof(Answer.MET, "可否申报", clause, "", (Proof(Answer.MET, "条件", clause, f"{mark}事实"),)).as_dict()


def make_records(session: Session, acts: Acts, letter: str, firm: Firm, people: Sequence[Person], post: Post) -> None:
    """A contest with a result, a nomination with honour and appointment, and a confirmation, of the firm's second person."""
    mark, (other, person) = f"金{letter}密", people
    proof = marked_proof(mark)
    own: dict[str, Any] = {"institution_id": firm.id, "person_id": person.id or 0}
    contest = Contest(
        institution_id=firm.id, code=f"赛{letter}", name=f"{mark}赛", kind="city", organiser=f"{mark}主办", document=f"{mark}文号",
        occupation_code="6-31-01-03", trade=f"{mark}工种", held_from=date(2026, 5, 10), held_to=date(2026, 5, 12),
    )  # fmt: skip
    nomination = Nomination(
        **own, registration_id=firm.registration.id or 0, year=2025, period=2, grade="special_technician",
        occupation_code="6-31-01-03", occupation_name=f"{mark}职业", trade=f"{mark}工种", route="A",
        achievements=f"{mark}业绩", votes_for=7, votes_cast=7, notice_from=date(2025, 8, 4), notice_to=date(2025, 8, 8),
        post=f"{mark}岗位", term_from=date(2026, 1, 1), term_to=date(2028, 12, 31), pay=f"{mark}待遇",
        nominated_on=date(2025, 8, 18), authority_reason=f"{mark}理由", proof={"window": proof, "entry": proof}, inputs={},
    )  # fmt: skip
    confirmation = Confirmation(
        **own, post_id=post.id or 0, mentor_id=other.id or 0, agreement=f"{mark}协议", probation_to=date(2026, 5, 31),
        mentoring_to=date(2026, 5, 31), rule_name=f"{mark}办法", rule_version=f"{mark}版", rule_document=f"{mark}文号",
        result="passed", confirmed_on=date(2026, 6, 1), decided_by=f"{mark}委员会",
        proof={"confirmation": proof, "authority": {"proof": proof}},
    )  # fmt: skip
    session.add_all([contest, nomination, confirmation])
    session.flush()
    session.add_all([
        ContestRule(institution_id=firm.id, contest_id=contest.id or 0, serial=1, group_name=f"{mark}组", by="award",
                    grade="senior", awards=[f"{mark}奖"]),
        ContestResult(**own, contest_id=contest.id or 0, group_name=f"{mark}组", rank=1, participants=9, award=f"{mark}奖"),
        Honour(**own, kind="honour", name=f"{mark}荣誉", issuer=f"{mark}授予单位", level="city", document=f"{mark}文号"),
        Appointment(institution_id=firm.id, nomination_id=nomination.id or 0, list_number=f"{mark}名单",
                    appointed_on=date(2025, 12, 20), term_from=date(2026, 1, 1), term_to=date(2028, 12, 31)),
    ])  # fmt: skip
    session.flush()
    acts.contests.append(contest.code)
    acts.nominations.append(nomination.id or 0)
    acts.confirmations.append(confirmation.id or 0)
