"""The record of a case as minutes: each sentence is made from rows, and names them. Questions only."""

from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    CaseDecision,
    Evidence,
    Institution,
    Panel,
    PanelMember,
    Person,
    Personnel,
    RecognitionCase,
    id_of,
)
from skilleval.domain.backgrounds import EVIDENCE_LEVELS
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.recognition import EVIDENCE_KINDS, EVIDENCE_STATES, STATES, VOTES
from skilleval.domain.scoring import show
from skilleval.reports.minutes import Minutes, Section, Sentence
from skilleval.services import journal
from skilleval.services.case_decisions import standing_decision
from skilleval.services.recognitions import batch_of_case, candidate_of, matrix_of, panel_of, votes_of


def minutes_of(session: Session, case: RecognitionCase) -> Minutes:
    """The minutes of a decided case. Refused: a case without a decision."""
    decision = standing_decision(session, case)
    if decision is None:
        raise RuleBroken(f"案卷 {case.number} 尚未决定，还不能生成评审纪要")
    batch = batch_of_case(session, case)
    institution = session.get(Institution, case.institution_id)
    assert institution is not None
    panel = panel_of(session, batch)
    sections = (
        Section("一、认定对象与依据", tuple(_subject(session, case))),
        Section("二、综合评价表", tuple(_sheet(session, case, decision))),
        Section("三、评审组与表决", tuple(_panel(session, case, panel))),
        Section("四、认定决定", tuple(_decision(case, decision))),
    )
    there = [(member, one) for member, one in panel if member.absent_reason is None]
    signers = tuple(f"{_role(member)} {one.name}" for member, one in there)
    head = journal.head_hash(session, case.institution_id)
    return Minutes(f"直接认定评审纪要（{case.number}）", sections, institution.name, head, signers)


def _subject(session: Session, case: RecognitionCase) -> Iterator[Sentence]:
    batch, candidate = batch_of_case(session, case), candidate_of(session, case)
    person, employer = session.get(Person, candidate.person_id), session.get(Institution, candidate.employer_id)
    assert person is not None and employer is not None
    own = ("recognition_case", id_of(case))
    occupation = batch.occupation_name + (f"（{batch.trade}）" if batch.trade else "")
    yield Sentence(f"批次 {batch.number}“{batch.name}”，评价日期 {batch.starts_on} 至 {batch.ends_on}。", (("batch", id_of(batch)),))
    yield Sentence(
        f"{person.name}（准考证号 {candidate.admission_number or '未编号'}，{employer.name}）申报{occupation}"
        f"{Grade(candidate.grade).printed}。",
        (("candidate", id_of(candidate)), ("person", id_of(person)), ("batch", id_of(batch))),
    )
    yield Sentence(f"依据条款：{'；'.join(case.clauses)}。", (own,))
    if batch.authority_reason:
        yield Sentence(f"条款不一致仍认定的书面理由：{batch.authority_reason}。", (("batch", id_of(batch)),))
    for limit in case.limits:
        lead = "打破的限制：" if limit["applied"] else "条款取消的限制中，"
        yield Sentence(f"{lead}{limit['name']}（{limit['fact']}）。", (own,))
    used = "、".join(f"{METHODS[key].name_zh} {show(mark)}" for key, mark in case.methods.items())
    yield Sentence(f"采用的认定方式及成绩：{used or '无'}。", (own,))


def _sheet(session: Session, case: RecognitionCase, decision: CaseDecision) -> Iterator[Sentence]:
    for line, found in matrix_of(session, case):
        told = "；".join(_evidence_told(one) for one in found) or "无"
        yield Sentence(
            f"{line.category}：第 {line.serial} 项“{line.text}”{'（必备）' if line.must else ''}，满分 {show(line.maximum)}，"
            f"得分 {show(line.score)}；佐证材料：{told}。",
            (("case_line", id_of(line)), *(("evidence", id_of(one)) for one in found)),
        )
    yield Sentence(f"综合得分 {show(decision.composite)}（百分制）。", (("case_decision", id_of(decision)),))


def _evidence_told(one: Evidence) -> str:
    period = f"{one.started_on}" + (f"至{one.ended_on}" if one.ended_on else "")
    level = f"，{EVIDENCE_LEVELS[one.level]}" if one.level else ""
    verifier = f"，核验人 {one.verifier}" if one.verifier else ""
    return f"{one.code} {EVIDENCE_KINDS[one.kind]}“{one.title}”（{period}，{one.issuer}{level}，{EVIDENCE_STATES[one.state]}{verifier}）"


def _panel(
    session: Session, case: RecognitionCase, panel: Sequence[tuple[PanelMember, Personnel]]
) -> Iterator[Sentence]:
    votes = {one.member_id: one for one in votes_of(session, case)}
    panels = session.exec(select(Panel).where(col(Panel.id).in_({member.panel_id for member, _one in panel}))).all()
    for one in panels:
        yield Sentence(f"{one.name}，组成理由：{one.reason}。", (("panel", id_of(one)),))
    for member, personnel in panel:
        source: tuple[tuple[str, int], ...] = (("panel_member", id_of(member)),)
        given = votes.get(id_of(member))
        if member.absent_reason is not None:
            yield Sentence(f"{_role(member)} {personnel.name}缺席：{member.absent_reason}。", source)
        elif given is None:
            yield Sentence(f"{_role(member)} {personnel.name}到会，没有表决。", source)
        else:
            comment = f"，意见：{given.comment.rstrip('。')}" if given.comment else ""
            told = f"{_role(member)} {personnel.name}表决“{VOTES[given.vote]}”{comment}。"
            yield Sentence(told, (*source, ("case_vote", id_of(given))))


def _decision(case: RecognitionCase, decision: CaseDecision) -> Iterator[Sentence]:
    source = (("case_decision", id_of(decision)),)
    for warning in decision.warnings:
        yield Sentence(f"决定时的提醒：{warning}。", source)
    yield Sentence(
        f"{decision.decided_on}由{decision.decided_by}决定（第 {decision.revision} 次）：{STATES[decision.decision]}。"
        f"理由：{decision.reason.rstrip('。')}。",
        source,
    )


def _role(member: PanelMember) -> str:
    return "评审组长" if member.role == "chair" else "评审组成员"
