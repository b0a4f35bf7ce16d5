"""Who of a panel (评审组) did not come, and why: an absent member neither marks nor votes, and counts in no quorum.

Source: quorum and odd number of those who vote are parameters of the rule packs (``panel.quorum``, ``panel.odd``).
"""

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, Mark, PanelMember, SpecificationPart
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.panels import panels_of
from skilleval.services.recused_results import votes_anew

#: states of a batch in which somebody may yet come, or not
_HELD = ("scheduled", "marking")


def record_absence(
    session: Session, actor: Actor, batch: Batch, method: str, *, member_code: str, reason: str
) -> PanelMember:
    """Enter a member of a panel as absent, with the reason; a later reason takes the place of an earlier one.

    A vote that was given counts no more. Refused: no reason, a batch that is not scheduled or being marked (nor voted on
    again), nobody of that code on a panel for the method, somebody who has entered marks.
    """
    take_duty(session, actor, batch, "attendance.record_absence")
    if not reason.strip():
        raise RuleBroken("登记缺席须写明原因")
    seat = _seat(session, batch, method, member_code)
    if method and _has_marked(session, batch, method, seat.personnel_id):
        raise RuleBroken(f"成员 {member_code} 已有评分，不能登记缺席；评分有误的用 skilleval marks revise 更正，须回避的由他人裁定")
    if seat.absent_reason == reason.strip():
        raise RuleBroken(f"成员 {member_code} 已登记缺席（{seat.absent_reason}）")
    return _write(session, actor, batch, seat, "panels.absent", reason.strip(), reason)


def cancel_absence(
    session: Session, actor: Actor, batch: Batch, method: str, *, member_code: str, reason: str
) -> PanelMember:
    """Take back that a member of a panel was absent, with the reason; the journal keeps both.

    Refused: no reason, a batch that is not scheduled or being marked, nobody of that code, somebody who is not absent.
    """
    take_duty(session, actor, batch, "attendance.cancel_absence")
    if not reason.strip():
        raise RuleBroken("取消缺席登记须写明理由")
    seat = _seat(session, batch, method, member_code)
    if seat.absent_reason is None:
        raise RuleBroken(f"成员 {member_code} 没有登记缺席")
    return _write(session, actor, batch, seat, "panels.attend", None, reason)


def _write(
    session: Session, actor: Actor, batch: Batch, seat: PanelMember, action: str, absent: str | None, reason: str
) -> PanelMember:
    seat.absent_reason = absent
    session.add(seat)
    journal.record(session, actor, batch.institution_id, action, objects=[seat], reason=reason.strip())
    return seat


def _seat(session: Session, batch: Batch, method: str, member_code: str) -> PanelMember:
    if batch.state not in _HELD and not (method == "" and votes_anew(session, batch)):
        label = lifecycle.label("batch", batch.state)
        raise RuleBroken(f"批次现在是“{label}”，只有排定之后、核定结果之前可以登记评审组成员缺席")
    seats = {
        person.code: seat for panel, own in panels_of(session, batch) if panel.method == method for seat, person in own
    }
    if member_code not in seats:
        raise RuleBroken(f"评审组中没有编号为 {member_code} 的成员，现有：{'、'.join(seats) or '无'}")
    return seats[member_code]


def _has_marked(session: Session, batch: Batch, method: str, personnel_id: int) -> bool:
    query = select(Mark.id).where(
        col(Mark.institution_id) == batch.institution_id, col(Mark.personnel_id) == personnel_id,
        col(Candidate.id) == col(Mark.candidate_id), col(Candidate.batch_id) == batch.id,
        col(SpecificationPart.id) == col(Mark.part_id), col(SpecificationPart.method) == method,
    )  # fmt: skip
    return session.exec(query).first() is not None
