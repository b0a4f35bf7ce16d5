"""Separation of duties: one account has one duty in a batch (报名、评分、审核、审批、发证), taken on by its first act.

Every service that writes for a batch calls ``take_duty`` before anything else. An actor without an account is the operator
at the command line, one person for everything: nothing is asked or recorded of them here (the journal still names them).
Source: security.md, "Accounts and sessions".
"""

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, select

from skilleval.db.tables import Account, AccountRole, Batch, BatchDuty
from skilleval.domain.accounts import ROLES
from skilleval.domain.duties import DUTIES, Merged, clashes
from skilleval.domain.errors import RuleBroken
from skilleval.installation import MERGED_DUTIES
from skilleval.services import journal
from skilleval.services.journal import Actor

#: Every act that writes for a batch, and the duty that it is part of. None: an act of no duty, open to whoever writes.
ACTS: dict[str, str | None] = {
    # planning, staff, candidates in and out
    "batch_plans.add_batch": "register",
    "batch_steps.advance_batch": "register",
    "batches.record_authority_reason": "register",
    "staffing.restaff_batch": "register",
    "panels.assign_panel": "register",
    "attendance.record_absence": "register",
    "attendance.cancel_absence": "register",
    "attendance.substitute_member": "register",
    "enrolment.extend_enrolment": "register",
    "candidate_sheets.write_candidates": "register",
    "candidates.withdraw_candidates": "register",
    "recognitions.add_cases": "register",
    "promotions.promote": "register",
    # what assessors say
    "mark_sheets.write_marks": "score",
    "scheme_sheets.write_scores": "score",
    "marks.correct_mark": "score",
    "marking.lock_sheet": "score",
    "records.lock_records": "score",
    "double_entry.type_sheet": "score",
    "double_entry.write_agreed": "score",
    "recognitions.score_case": "score",
    "recognitions.vote": "score",
    # whether it is in order
    "candidates.accept_candidates": "review",
    "candidates.accept_met": "review",
    "candidates.refuse_candidates": "review",
    "conflicts.decide_conflict": "review",
    "marks.adjudicate": "review",
    "marking.unlock_mark": "review",
    "results.settle_results": "review",
    "results.correct_result": "review",
    "reopening.remark": "review",
    "promotions.disallow": "review",
    # what the institution declares
    "case_decisions.decide_case": "approve",
    "notices.publish_notice": "approve",
    "reopening.correct_notice": "approve",
    "objections.uphold_objection": "approve",
    "objections.reject_objection": "approve",
    "notice_closing.close_notice": "approve",
    "notices.withdraw_notice": "approve",
    # certificates and what becomes of them
    "certificates.issue_certificates": "issue",
    "allotted_numbers.write_numbers": "issue",
    "certificate_events.void_certificate": "issue",
    "certificate_events.revoke_certificate": "issue",
    "certificate_events.reissue_certificate": "issue",
    "certificates.replace_certificate": "issue",
    # decides nothing about anybody
    "candidates.check_eligibility": None,
    "objections.raise_objection": None,
    "filings.export_filing": None,
    "filing_answers.record_answer": None,
}


def take_duty(session: Session, actor: Actor, batch: Batch, act: str) -> None:
    """Take on the duty of an act (a key of ``ACTS``) in a batch; the first time it is recorded and journaled.

    Refused: an account without a role at the batch's institution that may write, such as 督导员; one that has another duty
    in the batch, which is named.
    """
    if not actor.account:
        return
    account = _locked(session, actor)
    if told := _problem(session, account, batch, act):
        raise RuleBroken(told)
    duty = ACTS[act]
    if duty is None or duty in {one.duty for one in _held(session, account, batch)}:
        return
    assert batch.id is not None and account.id is not None
    taken = BatchDuty(institution_id=batch.institution_id, batch_id=batch.id, account_id=account.id, duty=duty)
    session.add(taken)
    journal.record(session, actor, batch.institution_id, "duties.take", objects=[taken])


def duty_problem(session: Session, actor: Actor, batch: Batch, act: str) -> str | None:
    """Why the actor can't do this act in the batch, in words; None where nothing is in the way. Changes nothing."""
    if not actor.account:
        return None
    account = session.exec(select(Account).where(col(Account.public_id) == actor.account)).one()
    return _problem(session, account, batch, act)


def duties_of(session: Session, batch: Batch) -> Sequence[tuple[BatchDuty, Account]]:
    """Who has which duty in the batch, first taken first."""
    query = select(BatchDuty, Account).where(
        col(BatchDuty.institution_id) == batch.institution_id, col(BatchDuty.batch_id) == batch.id,
        col(Account.id) == col(BatchDuty.account_id),
    )  # fmt: skip
    return session.exec(query.order_by(col(BatchDuty.id))).all()


def _problem(session: Session, account: Account, batch: Batch, act: str) -> str | None:
    duty, roles = ACTS[act], _roles_at(session, account, batch.institution_id)
    if not any(ROLES[role].writes for role in roles):
        named = "、".join(ROLES[role].name_zh for role in ROLES if role in roles)
        return f"{named}只能查看，不能办理批次 {batch.number} 的业务" if named else f"您没有办理批次 {batch.number} 业务的角色"
    if duty is None:
        return None
    held = {one.duty: one for one in _held(session, account, batch)}
    merged: Merged = session.info.get(MERGED_DUTIES, ())
    against = clashes(held, duty, merged)
    if not against:
        return None
    told = "、".join(f"“{DUTIES[one]}”（{held[one].taken_at:%Y-%m-%d}起）" for one in against)
    return f"您在批次 {batch.number} 已承担{told}，同一批次不能再承担“{DUTIES[duty]}”，请由另一人办理"


def _roles_at(session: Session, account: Account, institution_id: int) -> Collection[str]:
    query = select(AccountRole.role).where(
        col(AccountRole.account_id) == account.id, col(AccountRole.institution_id) == institution_id,
        col(AccountRole.revoked_at).is_(None),
    )  # fmt: skip
    return set(session.exec(query))


def _held(session: Session, account: Account, batch: Batch) -> Sequence[BatchDuty]:
    query = select(BatchDuty).where(
        col(BatchDuty.institution_id) == batch.institution_id, col(BatchDuty.batch_id) == batch.id,
        col(BatchDuty.account_id) == account.id,
    )  # fmt: skip
    return session.exec(query.order_by(col(BatchDuty.id))).all()


def _locked(session: Session, actor: Actor) -> Account:
    """The actor's account, locked until the transaction ends, so that two browsers can't take two duties at once."""
    query = select(Account).where(col(Account.public_id) == actor.account).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()
