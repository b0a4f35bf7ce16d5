"""Objections (异议) to a public notice: recorded, and upheld or rejected by another person.

One that is rejected leaves the result as it is; one that is upheld asks for a correction, which is an act of its own.
"""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, JournalObject, Notice, Objection, Person, Result, id_of
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.notices import batch_of_notice


def raise_objection(
    session: Session,
    actor: Actor,
    notice: Notice,
    *,
    raised_by: str,
    text: str,
    on: date,
    candidate: Candidate | None = None,
    contact_sealed: bytes | None = None,
) -> Objection:
    """Record an objection against a notice, or against one candidate on it.

    ``contact_sealed``: how to reach who objects, for those who handle it. Refused: a notice that is no longer
    published, a day outside its period, a candidate of another batch, no text.
    """
    take_duty(session, actor, batch_of_notice(session, notice), "objections.raise_objection")
    if notice.state != "published":
        raise RuleBroken("该公示已结束或已撤回，不能再登记异议")
    if not notice.first_day <= on <= notice.last_day:
        raise RuleBroken(f"异议应在公示期 {notice.first_day} 至 {notice.last_day} 内提出，现为 {on}")
    if not text.strip() or not raised_by.strip():
        raise RuleBroken("登记异议须写明异议人和异议内容")
    if candidate is not None and candidate.batch_id != notice.batch_id:
        raise RuleBroken("该考生不在所公示的批次中")
    objection = Objection(
        institution_id=notice.institution_id,
        notice_id=id_of(notice),
        candidate_id=candidate.id if candidate else None,
        serial=len(objections_of(session, notice)) + 1,
        raised_on=on,
        raised_by=raised_by.strip(),
        text=text.strip(),
        recorded_by=actor.name,
        contact_sealed=contact_sealed,
    )
    session.add(objection)
    journal.record(session, actor, notice.institution_id, "objection.raise", objects=[objection])
    return objection


def uphold_objection(session: Session, actor: Actor, objection: Objection, *, reason: str, on: date) -> Objection:
    """Uphold an objection. The result is not touched here: it is corrected by an entry of its own."""
    take_duty(session, actor, _batch_of_objection(session, objection), "objections.uphold_objection")
    return _decide(session, actor, objection, "upheld", reason, on)


def reject_objection(session: Session, actor: Actor, objection: Objection, *, reason: str, on: date) -> Objection:
    """Reject an objection: the result stays as it is."""
    take_duty(session, actor, _batch_of_objection(session, objection), "objections.reject_objection")
    return _decide(session, actor, objection, "rejected", reason, on)


def objections_of(session: Session, notice: Notice) -> Sequence[Objection]:
    """All objections against a notice and those whose place it took, in the order they were recorded.

    An objection outlives its notice: withdrawing the notice neither answers it nor takes it off the record.
    """
    query = select(Objection).where(_against(notice))
    return session.exec(query.order_by(col(Objection.serial), col(Objection.id))).all()


def _against(notice: Notice) -> sa.ColumnElement[bool]:
    """Objections against a notice and against those whose place it took."""
    standing = select(Notice.id).where(
        col(Notice.institution_id) == notice.institution_id, col(Notice.batch_id) == notice.batch_id,
        col(Notice.serial) <= notice.serial,
    )  # fmt: skip
    return sa.and_(col(Objection.institution_id) == notice.institution_id, col(Objection.notice_id).in_(standing))


def _batch_of_objection(session: Session, objection: Objection) -> Batch:
    notice = session.get(Notice, objection.notice_id)
    assert notice is not None
    return batch_of_notice(session, notice)


def _decide(session: Session, actor: Actor, objection: Objection, state: str, reason: str, on: date) -> Objection:
    lifecycle.step("objection", objection.state, state)
    if actor.name in (objection.recorded_by, objection.raised_by):
        raise RuleBroken(f"异议须由登记人、异议人以外的人处理，{actor.name} 不能处理自己登记或提出的异议；请由另一人处理，命令行以 --actor 写明其姓名")
    if actor.name == _name_of(session, objection):
        raise RuleBroken(f"异议针对 {actor.name} 本人的成绩，须由另一人处理")
    if not reason.strip():
        raise RuleBroken("处理异议须写明理由")
    objection.state, objection.decided_on = state, on
    objection.decided_by, objection.decision = actor.name, reason.strip()
    session.add(objection)
    journal.record(session, actor, objection.institution_id, f"objection.{state}", objects=[objection])
    return objection


def corrected_since(session: Session, objection: Objection) -> bool:
    """Whether the result objected to was corrected after the objection; one against the whole notice names no result."""
    notice = session.get(Notice, objection.notice_id)
    assert notice is not None
    return objection.state != "upheld" or objection.id not in uncorrected_objections(session, notice)


def _name_of(session: Session, objection: Objection) -> str | None:
    """The name of the candidate whose result is objected to."""
    query = select(Person.name).join(Candidate, col(Candidate.person_id) == col(Person.id))
    return session.exec(query.where(col(Candidate.id) == objection.candidate_id)).first()


def uncorrected_objections(session: Session, notice: Notice) -> set[int | None]:
    """The ids of upheld objections whose result was not corrected since; one against the whole notice names no result."""
    return set(session.exec(select(Objection.id).where(_against(notice), is_uncorrected())))


def is_uncorrected() -> sa.ColumnElement[bool]:
    """Whether an objection was upheld and the result that it names was not corrected since.

    The journal tells what came first: days may be given by hand, and two acts may fall on one day.
    """
    raised = (
        select(sa.func.min(JournalObject.seq))
        .where(
            col(JournalObject.institution_id) == col(Objection.institution_id),
            col(JournalObject.table_name) == "objection",
            col(JournalObject.object_id) == col(Objection.id),
        )
        .correlate(Objection)
        .scalar_subquery()
    )
    corrected = (
        sa.select(col(Result.id))
        .join(
            JournalObject,
            sa.and_(
                col(JournalObject.institution_id) == col(Result.institution_id),
                col(JournalObject.table_name) == "result",
                col(JournalObject.object_id) == col(Result.id),
            ),
        )
        .where(
            col(Result.institution_id) == col(Objection.institution_id),
            col(Result.candidate_id) == col(Objection.candidate_id),
            col(Result.revision) > 1,
            col(JournalObject.seq) > raised,
        )
        .correlate(Objection)
    )
    return sa.and_(col(Objection.state) == "upheld", col(Objection.candidate_id).is_not(None), ~corrected.exists())
