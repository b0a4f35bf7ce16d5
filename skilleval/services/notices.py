"""The public notice (公示) of a batch: published, withdrawn, found.

What was published is frozen with its hash; a correction that adds or changes a name asks for a new notice.
Sources: guangdong-rules 4.3 (length and columns are practice, so the length is a parameter of the rule packs).
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Institution, Notice, id_of
from skilleval.domain import lifecycle, workdays
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Answer, Rule, prove_value
from skilleval.domain.workdays import Calendar
from skilleval.packs import Library, Packs
from skilleval.services import authority, journal, rules
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.notice_list import passed_candidates, passed_entries
from skilleval.services.recused_results import counted_recusals, must_not_count

_LENGTH = "notice.working_days"


def publish_notice(
    session: Session,
    actor: Actor,
    batch: Batch,
    library: Library,
    *,
    vault: Vault,
    first_day: date,
    working_days: int,
    calendar: Calendar,
    on: date,
    correction: dict[str, Any] | None = None,
) -> Notice:
    """Publish everybody who passed, for ``working_days`` from ``first_day`` on, both ends included.

    ``correction`` is what a corrected notice says of the one whose place it takes (``reopening.correct_notice``).

    Refused: a batch whose results are not settled, one in which nobody passed, a first day that is over already or lies
    before the end of the evaluation, fewer days than the batch's rule packs ask for, and, with every reason, results in
    which a mark or vote of somebody counts who has to be recused (回避), and what is beyond the institution's authority.
    """
    take_duty(session, actor, batch, "notices.publish_notice")
    lifecycle.step("batch", batch.state, "noticed")
    _check_length(session, batch, first_day, working_days)
    _check_first_day(batch, first_day, on)
    entries = passed_entries(session, batch, vault)
    if not entries:
        raise RuleBroken(f"批次 {batch.number} 没有合格人员，无需公示")
    must_not_count(session, batch, "公示")
    authority.require(session, batch, library, candidates=passed_candidates(session, batch))
    last_day = last_day_of(calendar, first_day, working_days)
    content = _content(_institution(session, batch), batch, first_day, last_day, working_days) | {"entries": entries}
    if correction:
        content["correction"] = correction
    notice = Notice(
        institution_id=batch.institution_id, batch_id=id_of(batch), serial=len(notices_of(session, batch)) + 1,
        first_day=first_day, last_day=last_day, working_days=working_days, content=content,
        content_hash=content_hash(content), journal_head=journal.head_hash(session, batch.institution_id),
    )  # fmt: skip
    session.add(notice)
    batch.state = "noticed"
    session.add(batch)
    journal.record(session, actor, batch.institution_id, "notice.publish", objects=[notice, batch])
    return notice


def notice_length(session: Session, batch: Batch, first_day: date) -> Rule:
    """How many working days a notice lasts, by the packs that the batch was planned by. Refused: no pack says."""
    return length_in(rules.packs_of_batch(session, batch), first_day)


def length_in(packs: Packs, first_day: date) -> Rule:
    """``notice_length`` by packs that were read already."""
    return packs.parameter(_LENGTH, first_day)


def withdraw_notice(session: Session, actor: Actor, notice: Notice, *, reason: str) -> Notice:
    """Take a notice back, so that the batch can be published anew. What it said stays on record.

    Refused: no reason, a notice that is over, unless no certificate may be issued by it because a mark or vote of somebody
    counts whose conflict of interest was confirmed since.
    """
    batch = batch_of_notice(session, notice)
    take_duty(session, actor, batch, "notices.withdraw_notice")
    if notice.state != "published" and not is_void(session, notice, batch):
        raise RuleBroken("只能撤回公示中的公示；已结束的，只有发证前认定回避、须重评时可以撤回")
    if not reason.strip():
        raise RuleBroken("撤回公示须写明原因")
    return take_back(session, actor, notice, batch, reason=reason)


def take_back(session: Session, actor: Actor, notice: Notice, batch: Batch, *, reason: str) -> Notice:
    """Mark a notice as withdrawn and its batch as settled; the caller has found that it may be."""
    notice.state, batch.state = "withdrawn", "settled"
    session.add_all([notice, batch])
    journal.record(
        session, actor, notice.institution_id, "notice.withdraw", objects=[notice, batch], reason=reason.strip()
    )
    return notice


def is_void(session: Session, notice: Notice, batch: Batch) -> bool:
    """Whether no certificate may be issued by a closed notice, since somebody's mark or vote counts who has to be recused."""
    return (notice.state, batch.state) == ("closed", "cleared") and bool(counted_recusals(session, batch))


def notices_of(session: Session, batch: Batch) -> Sequence[Notice]:
    """All notices of a batch, first to last."""
    query = select(Notice).where(
        col(Notice.institution_id) == batch.institution_id, col(Notice.batch_id) == batch.id
    )
    return session.exec(query.order_by(col(Notice.serial))).all()


def current_notice(session: Session, batch: Batch) -> Notice:
    """The last notice of the batch that was not withdrawn. Refused: there is none."""
    return last_standing(batch, notices_of(session, batch))


def last_standing(batch: Batch, found: Iterable[Notice]) -> Notice:
    """``current_notice`` of the notices of a batch, first to last."""
    standing = [notice for notice in found if notice.state != "withdrawn"]
    if not standing:
        raise RuleBroken(f"批次 {batch.number} 还没有公示")
    return standing[-1]


def batch_of_notice(session: Session, notice: Notice) -> Batch:
    """The batch that the notice publishes."""
    batch = session.get(Batch, notice.batch_id)
    assert batch is not None
    return batch


def content_hash(content: dict[str, Any]) -> str:
    """SHA-256 of a notice's content in its one spelling."""
    return hashlib.sha256(journal.canonical(content).encode()).hexdigest()


def _content(
    institution: Institution, batch: Batch, first_day: date, last_day: date, working_days: int
) -> dict[str, Any]:
    """What a notice says besides its list: who publishes, of which batch, and from when to when."""
    return {
        "institution": institution.name,
        "credit_code": institution.credit_code,
        "contact": institution.contact or institution.responsible or "",
        "phone": institution.phone or "",
        "batch": batch.number,
        "batch_name": batch.name,
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "working_days": working_days,
    }


def _check_first_day(batch: Batch, first_day: date, on: date) -> None:
    """Refused: a first day that is over already or lies before the end of the evaluation."""
    if first_day < on:
        raise RuleBroken(f"公示第一天 {first_day} 早于今天 {on}，公示不能倒填日期")
    if first_day < batch.ends_on:
        raise RuleBroken(f"公示第一天 {first_day} 早于评价结束日 {batch.ends_on}")


def _check_length(session: Session, batch: Batch, first_day: date, working_days: int) -> None:
    """Refused: a notice shorter than the packs say. Where they say nothing, nothing is refused."""
    rule = rules.packs_of_batch(session, batch).find(_LENGTH, first_day)
    if rule is None or rule.severity != "block":
        return
    proof = prove_value(rule, working_days, "公示期的工作日数", f"{working_days} 个工作日")
    if proof.answer is Answer.NOT_MET:
        raise RuleBroken(
            f"公示期 {working_days} 个工作日不合规定的 {rule.value} 个工作日：“{rule.clause.text}”"
            f"（{rule.clause.id}，{rule.clause.reference}）"
        )


def last_day_of(calendar: Calendar, first_day: date, working_days: int) -> date:
    """The last of ``working_days`` working days, of which ``first_day`` is the first if it is one."""
    return workdays.last_of_working_days(calendar, first_day, working_days)


def _institution(session: Session, batch: Batch) -> Institution:
    institution = session.get(Institution, batch.institution_id)
    assert institution is not None
    return institution
