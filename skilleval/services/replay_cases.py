"""Decisions of direct recognition made again from what they kept, and compared with what was said then."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from skilleval.db.tables import Candidate, CaseDecision, RecognitionCase, Result
from skilleval.domain.errors import RuleBroken
from skilleval.domain.recognition import STATES, missing_in, score_of
from skilleval.domain.recognition_inputs import inputs_from_plain
from skilleval.domain.scoring import Outcome, show
from skilleval.services import case_decisions


def differences(session: Session, candidate: Candidate, results: Sequence[Result]) -> tuple[list[str], list[str]]:
    """What differs between the decisions, and between results and decisions, when both are made again."""
    query = select(RecognitionCase).where(
        col(RecognitionCase.institution_id) == candidate.institution_id, col(RecognitionCase.candidate_id) == candidate.id
    )
    case = session.exec(query).first()
    decisions = [] if case is None else case_decisions.decisions_of(session, case)
    if case is None or not decisions:
        return ["没有案卷的决定"], []
    told: list[str] = []
    outcomes: list[str] = []
    for decision in decisions:
        try:
            told += _decision_differences(session, decision)
        except RuleBroken as refusal:
            told.append(f"第 {decision.revision} 次决定不能复算：{refusal.message}")
    # Decisions made again before settlement left no result: the last results belong to the last decisions.
    for result, decision in zip(reversed(results), reversed(decisions), strict=False):
        try:
            outcomes += _result_differences(case, decision, result)
        except RuleBroken as refusal:
            outcomes.append(f"第 {decision.revision} 次决定的结果不能复算：{refusal.message}")
    if len(results) > len(decisions):
        outcomes.append("核定结果多于决定")
    return told, outcomes


def _decision_differences(session: Session, decision: CaseDecision) -> list[str]:
    inputs = inputs_from_plain(decision.inputs)
    proof, place = case_decisions.judge_again(session, inputs), f"第 {decision.revision} 次决定"
    told = []
    if decision.proof != proof.as_dict():
        told.append(f"{place}：保存的证明与复算的证明不同")
    if decision.decision == "recognised" and (missing := missing_in(proof)):
        told.append(f"{place}为“{STATES['recognised']}”，复算缺少：{'；'.join(missing)}")
    composite = score_of(inputs.facts.lines).composite
    if decision.composite != composite:
        told.append(f"{place}的综合得分为 {show(decision.composite)}，复算为 {show(composite)}")
    if decision.decided_on != inputs.facts.decided_on:
        told.append(f"{place}的日期与判断时的不同")
    return told


def _result_differences(case: RecognitionCase, decision: CaseDecision, result: Result) -> list[str]:
    settled, place = case_decisions.settle_again(case, decision), f"第 {result.revision} 版"
    told = []
    if result.outcome != settled.outcome.value:
        told.append(f"{place}为“{Outcome(result.outcome).name_zh}”，复算为“{settled.outcome.name_zh}”")
    if (result.parts, result.total) != (dict(settled.parts), settled.total):
        told.append(f"{place}的成绩为 {show(result.total)}，复算为 {show(settled.total)}，或所用方式的成绩不同")
    if list(result.proof) != list(settled.reasons):
        told.append(f"{place}的理由与复算不一致")
    return told
