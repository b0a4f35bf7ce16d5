"""Cases of direct recognition: decided, settled into results, and decided again for replay.

A decision keeps what it was made from and stands until a later one supersedes it with its reason.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Account,
    AccountRole,
    Assignment,
    Batch,
    Candidate,
    CaseDecision,
    CaseLine,
    Evidence,
    PanelMember,
    Person,
    Personnel,
    RecognitionCase,
    Result,
    Table,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.authority import resolve
from skilleval.domain.candidacy import Application
from skilleval.domain.errors import RuleBroken
from skilleval.domain.questions import permission
from skilleval.domain.recognition import (
    PANEL_RULES,
    STATES,
    CaseFacts,
    Line,
    Shown,
    Voter,
    decided_apart,
    judge_recognition,
    missing_in,
    score_of,
    settlement_of,
)
from skilleval.domain.recognition_inputs import Asked, CaseInputs, inputs_as_plain, inputs_from_plain
from skilleval.domain.rules import Answer, Proof
from skilleval.domain.scoring import Settlement
from skilleval.packs import Library, Packs
from skilleval.services import authority, journal, rules
from skilleval.services.conflicts import known_of
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.recognitions import (
    batch_of_case,
    candidate_of,
    cases_of,
    matrix_of,
    panel_of,
    votes_of,
)
from skilleval.services.recusals import standing_conflicts
from skilleval.services.recused_results import votes_anew
from skilleval.services.shared_evidence import warnings_about

#: the lines of a case with their evidence, and the seats of its panel
Matrix = Sequence[tuple[CaseLine, Sequence[Evidence]]]
Seats = Sequence[tuple[PanelMember, Personnel]]

DECIDING = ("marking", "settled", "noticed")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What stands against recognising a case as it is, the proof, and what must be looked into."""

    proof: Proof
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    inputs: CaseInputs
    #: the packs that answered
    packs: tuple[Packs, ...]


def outlook(session: Session, case: RecognitionCase, library: Library, *, actor: Actor, on: date) -> Outlook:
    """Whether the actor could recognise the case on a day, with every reason. Changes nothing."""
    batch, candidate = batch_of_case(session, case), candidate_of(session, case)
    matrix, seats = matrix_of(session, case), panel_of(session, batch)
    facts = _facts(session, case, batch, on, matrix, seats, _acts(session, batch, candidate, actor, seats))
    held = _held(candidate)
    records = authority.records_for(session, batch, [candidate])
    asked, packs = [], []
    for day in sorted({batch.starts_on, batch.ends_on, on}):
        ground = records.ground(library, day)
        packs.append(ground.packs)
        question = authority.question_for(ground, batch, candidate, held=held)
        asked.append(Asked(question, ground.packs.versions(), ground.switches))
    planned = rules.packs_of_batch(session, batch)
    switches = dict(planned.chosen_switches)
    inputs = CaseInputs(facts, tuple(asked), batch.authority_reason, planned.versions(), switches)
    proof = _judge(inputs, packs, planned)
    warnings = warnings_about(session, candidate, [one for _line, pieces in matrix for one in pieces])
    return Outlook(proof, tuple(missing_in(proof)), tuple(warnings), inputs, (*packs, planned))


def decide_case(
    session: Session,
    actor: Actor,
    case: RecognitionCase,
    library: Library,
    *,
    recognise: bool,
    reason: str,
    on: date,
) -> CaseDecision:
    """Decide a case; after the results are settled, and before the notice is closed, the result is corrected with it.

    Refused with every reason: no reason, a batch that is not at this point, somebody deciding who assessed; for a
    recognition everything that ``judge_recognition`` finds missing, what is beyond the institution's authority included.
    """
    batch = batch_of_case(session, case)
    take_duty(session, actor, batch, "case_decisions.decide_case")
    if batch.state not in DECIDING:
        raise RuleBroken(f"批次现在是“{lifecycle.label('batch', batch.state)}”，只有“评分”阶段至公示结束前可以作出认定决定")
    if not reason.strip():
        raise RuleBroken("认定决定须写明理由")
    candidate = candidate_of(session, case)
    if candidate.state != "eligible":
        raise RuleBroken(f"考生现在是“{lifecycle.label('candidate', candidate.state)}”，不能作出认定决定")
    found = outlook(session, case, library, actor=actor, on=on)
    apart = decided_apart(found.inputs.facts)
    told = list(found.missing) if recognise else [apart.fact] * (apart.answer is not Answer.MET)
    if told:
        raise RuleBroken(f"案卷 {case.number} 不能{'予以认定' if recognise else '作出决定'}", told)
    earlier = decisions_of(session, case)
    same = bool(earlier) and (earlier[-1].decision == "recognised") is recognise
    if same and batch.state != "marking" and not votes_anew(session, batch, candidate):
        raise RuleBroken(f"案卷 {case.number} 的决定与现有决定相同")
    for packs in found.packs:
        rules.pin_packs(session, packs)
    word = "recognised" if recognise else "not_recognised"
    decision = CaseDecision(
        institution_id=case.institution_id, case_id=id_of(case), revision=len(earlier) + 1, decision=word,
        reason=reason.strip(), decided_by=actor.name, decided_on=on, composite=score_of(found.inputs.facts.lines).composite,
        inputs=inputs_as_plain(found.inputs), proof=found.proof.as_dict(), warnings=list(found.warnings),
    )  # fmt: skip
    case.state = word
    written: list[Table] = [decision, case]
    if batch.state != "marking":
        written.append(_corrected(session, case, decision, found.inputs))
    session.add_all(written)
    journal.record(session, actor, case.institution_id, "recognition.decide", objects=written, reason=reason.strip())
    return decision


def settle_cases(session: Session, actor: Actor, batch: Batch, library: Library) -> list[Result]:
    """The results of a direct batch from its decided cases; the batch is 成绩已核定 then.

    Refused with every reason: a candidate whose case is missing, undecided, or no longer holds what it was recognised
    for; what is beyond the institution's authority.
    """
    lifecycle.step("batch", batch.state, "settled")
    candidates = _eligible(session, batch)
    cases, decisions = {case.candidate_id: case for case in cases_of(session, batch)}, standing_decisions(session, batch)
    problems, results = [], []
    for candidate in candidates:
        who = candidate.admission_number or "（未编号）"
        case = cases.get(id_of(candidate))
        decision = None if case is None else decisions.get(id_of(case))
        if case is None or decision is None or case.state not in ("recognised", "not_recognised"):
            problems.append(f"{who} 没有案卷" if case is None else f"{who} 案卷 {case.number} 尚未决定")
            continue
        if decision.decision == "recognised":
            problems += [f"{who} 案卷 {case.number}：{told}" for told in _lapsed(session, case, decision)]
        results.append(_result(case, decision, inputs_from_plain(decision.inputs).facts))
    if problems:
        raise RuleBroken(f"还不能核定结果：{len(problems)} 处未完成", problems)
    authority.require(session, batch, library, candidates=candidates)
    batch.state = "settled"
    session.add_all([*results, batch])
    journal.record(session, actor, batch.institution_id, "results.settle", objects=[*results, batch])
    return results


def settle_again(case: RecognitionCase, decision: CaseDecision) -> Settlement:
    """The result that a decision gives, from the inputs that it kept. Refused: inputs that can't be read."""
    facts = inputs_from_plain(decision.inputs).facts
    return settlement_of(case.number, decision.decision == "recognised", facts, decision.reason)


def judge_again(session: Session, inputs: CaseInputs) -> Proof:
    """The proof of a decision from its inputs and pinned rule texts alone. Refused: texts that were not kept."""
    asked = [rules.pinned_packs(session, one.packs, one.switches) for one in inputs.asked]
    return _judge(inputs, asked, rules.pinned_packs(session, inputs.packs, inputs.switches))


def _judge(inputs: CaseInputs, asked: Sequence[Packs], planned: Packs) -> Proof:
    answers = []
    for one, packs in zip(inputs.asked, asked, strict=True):
        answer = resolve(one.question, packs.authority(one.question.on), packs.every_rule())
        answers.append(permission(answer, one.question, inputs.written_reason))
    found = {key: planned.find(key, inputs.facts.decided_on) for key in PANEL_RULES}
    panel = {key: rule for key, rule in found.items() if rule is not None}
    return judge_recognition(replace(inputs.facts, authority=tuple(answers)), panel)


def decisions_of(session: Session, case: RecognitionCase) -> Sequence[CaseDecision]:
    """All decisions over a case, first to last."""
    query = select(CaseDecision).where(
        col(CaseDecision.institution_id) == case.institution_id, col(CaseDecision.case_id) == case.id
    )
    return session.exec(query.order_by(col(CaseDecision.revision))).all()


def must_be_latest(session: Session, case: RecognitionCase, count: int) -> None:
    """Refuse to decide a case over which somebody decided since the page was opened; says who, what and why."""
    found = decisions_of(session, case)
    if len(found) > count:
        last = found[-1]
        told = f"{last.decided_by} 已决定“{STATES[last.decision]}”（理由：{last.reason}）"
        raise RuleBroken(f"没有保存：您打开本页之后，{told}。请刷新后再看")


def standing_decision(session: Session, case: RecognitionCase) -> CaseDecision | None:
    """The last decision over a case."""
    found = decisions_of(session, case)
    return found[-1] if found else None


def standing_decisions(session: Session, batch: Batch) -> dict[int, CaseDecision]:
    """By case the last decision over it, of every case of a batch that has one."""
    query = (
        select(CaseDecision)
        .join(RecognitionCase, col(RecognitionCase.id) == col(CaseDecision.case_id))
        .where(col(RecognitionCase.institution_id) == batch.institution_id, col(RecognitionCase.batch_id) == batch.id)
    )
    return {one.case_id: one for one in session.exec(query.order_by(col(CaseDecision.revision)))}


def _held(candidate: Candidate) -> authority.Holds:
    """The grade held, as the candidate's verdict has it."""
    application = Application.from_plain(candidate.inputs or {})
    held = max((one.grade for one in application.held), default=None)
    return authority.UNSAID if held is None and application.background.certificates is None else held


def _facts(
    session: Session, case: RecognitionCase, batch: Batch, on: date, matrix: Matrix, seats: Seats, acts: tuple[str, ...]
) -> CaseFacts:
    lines = tuple(
        Line(
            line.serial, line.category, line.text, line.maximum, line.must, line.score,
            tuple(Shown(one.code, one.ended_on or one.started_on, one.state) for one in evidence),
        )
        for line, evidence in matrix
    )  # fmt: skip
    votes = {one.member_id: one for one in votes_of(session, case)}
    candidate = candidate_of(session, case)
    standing = standing_conflicts(known_of(session, batch), [(personnel, candidate) for _member, personnel in seats])
    panel = tuple(
        Voter(
            personnel.code, member.role == "chair", member.absent_reason is None, given.vote if given else None,
            bool(given and given.comment),
            tuple((one.kind, one.state) for one in standing.get((member.personnel_id, case.candidate_id), [])),
        )
        for member, personnel in seats
        for given in (votes.get(id_of(member)),)
    )  # fmt: skip
    return CaseFacts(on, dict(case.methods), lines, panel, acts)


def _acts(session: Session, batch: Batch, candidate: Candidate, actor: Actor, seats: Seats) -> tuple[str, ...]:
    """As what the actor takes part in the assessment, the one who is assessed included: known by the account, by name or by
    the firm's own code."""
    person = session.get(Person, candidate.person_id)
    assert person is not None
    accounts = (
        sa.exists()
        .where(col(AccountRole.personnel_id) == col(Personnel.id), col(Account.id) == col(AccountRole.account_id))
        .where(col(Account.public_id) == actor.account, col(AccountRole.institution_id) == batch.institution_id)
        .where(col(AccountRole.revoked_at).is_(None))
    )
    assesses = sa.exists().where(
        col(Assignment.personnel_id) == col(Personnel.id), col(Assignment.institution_id) == batch.institution_id,
        col(Assignment.batch_id) == batch.id, col(Assignment.role) == "assessor",
    )  # fmt: skip
    query = sa.select(Personnel, accounts, assesses).where(
        sa.or_(assesses, col(Personnel.id).in_([one.id for _member, one in seats]))
    )
    people = session.execute(query.order_by(col(Personnel.code))).all()
    own = {one.id for one, is_account, _assesses in people if is_account}
    acts = [f"评审组成员 {one.code}" for _member, one in seats if _is(one, actor, own)]
    acts += ["申报人本人"] if actor.name in (person.name, person.employee_no) else []
    acts += [f"考评员 {one.code}" for one, _is_account, assesses in people if assesses and _is(one, actor, own)]
    return tuple(dict.fromkeys(acts))


def _is(one: Personnel, actor: Actor, own: Collection[int | None]) -> bool:
    return one.id in own or actor.name in (one.name, one.code)


def _lapsed(session: Session, case: RecognitionCase, decision: CaseDecision) -> list[str]:
    """What a recognised case lacks now, such as a panel member who was entered as absent since."""
    kept = inputs_from_plain(decision.inputs)
    batch = batch_of_case(session, case)
    matrix, seats = matrix_of(session, case), panel_of(session, batch)
    now = _facts(session, case, batch, decision.decided_on, matrix, seats, kept.facts.decider_acts)
    return missing_in(judge_again(session, replace(kept, facts=now)))


def _result(case: RecognitionCase, decision: CaseDecision, facts: CaseFacts, revision: int = 1) -> Result:
    settled = settlement_of(case.number, decision.decision == "recognised", facts, decision.reason)
    return Result(
        institution_id=case.institution_id, candidate_id=case.candidate_id, revision=revision,
        outcome=settled.outcome.value, parts=dict(settled.parts), total=settled.total, proof=list(settled.reasons),
        reason=decision.reason if revision > 1 else None,
    )  # fmt: skip


def _corrected(session: Session, case: RecognitionCase, decision: CaseDecision, inputs: CaseInputs) -> Result:
    query = select(Result).where(
        col(Result.institution_id) == case.institution_id, col(Result.candidate_id) == case.candidate_id
    )
    return _result(case, decision, inputs.facts, len(session.exec(query).all()) + 1)


def _eligible(session: Session, batch: Batch) -> Sequence[Candidate]:
    query = select(Candidate).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id,
        col(Candidate.state) == "eligible",
    )  # fmt: skip
    return session.exec(query.order_by(col(Candidate.admission_number), col(Candidate.id))).all()
