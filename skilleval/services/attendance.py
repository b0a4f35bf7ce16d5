"""Who of a panel (评审组) did not come, and why: an absent member neither marks nor votes, and counts in no quorum.

While a batch is being marked a panel is not put together anew, but somebody may be called in for an absent member (增补):
the absent one keeps the seat on record, and the substitute's says for whom.

Source: quorum and odd number of those who vote are parameters of the rule packs (``panel.quorum``, ``panel.odd``).
"""

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Assignment,
    Batch,
    Candidate,
    Mark,
    PanelMember,
    Personnel,
    SpecificationPart,
    Table,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.lifecycle import missing_in
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.panels import DIRECT, check_person, panels_of
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


def substitute_member(
    session: Session, actor: Actor, batch: Batch, method: str, *, absent_code: str, substitute_code: str, reason: str
) -> PanelMember:
    """Call somebody in for an absent member while the batch is being marked; whoever stands in for the chair is chair.

    Refused with every reason: no reason, a batch that is at another point, nobody of that code on a panel for the method, one
    who is not absent or is stood in for already, somebody who sits there or may not: not fit, or with a conflict in the way.
    """
    take_duty(session, actor, batch, "attendance.substitute_member")
    if not reason.strip():
        raise RuleBroken("增补评审组成员须写明理由")
    if batch.state != "marking" and not (method == "" and votes_anew(session, batch)):
        label = lifecycle.label("batch", batch.state)
        raise RuleBroken(f"批次现在是“{label}”，只有“评分”阶段可以增补；评分开始之前用 skilleval panels assign 调整评审组")
    absent = _seat(session, batch, method, absent_code)
    if absent.absent_reason is None:
        raise RuleBroken(f"成员 {absent_code} 没有登记缺席，先用 skilleval panels absent 登记（写明缺席或回避）")
    found = check_person(session, batch, substitute_code)
    against = missing_in(found.proofs[method or DIRECT]) + _seated(session, absent, found.personnel)
    if against:
        raise RuleBroken(f"{found.personnel.name}（{substitute_code}）不能增补为评审组成员", against)
    seat = PanelMember(
        institution_id=batch.institution_id, panel_id=absent.panel_id, personnel_id=id_of(found.personnel),
        role=absent.role, replaces_id=absent.id,
    )  # fmt: skip
    rows: list[Table] = [seat, *_part(session, batch, method, seat.personnel_id)]
    session.add_all(rows)
    journal.record(session, actor, batch.institution_id, "panels.substitute", objects=rows, reason=reason.strip())
    return seat


def cancel_absence(
    session: Session, actor: Actor, batch: Batch, method: str, *, member_code: str, reason: str
) -> PanelMember:
    """Take back that a member of a panel was absent, with the reason; the journal keeps both.

    Refused: no reason, a batch that is not scheduled or being marked, nobody of that code, somebody who is not absent or whom
    a substitute stands in for.
    """
    take_duty(session, actor, batch, "attendance.cancel_absence")
    if not reason.strip():
        raise RuleBroken("取消缺席登记须写明理由")
    seat = _seat(session, batch, method, member_code)
    if seat.absent_reason is None:
        raise RuleBroken(f"成员 {member_code} 没有登记缺席")
    if (substitute := _stand_in(session, seat)) is not None and substitute.absent_reason is None:
        raise RuleBroken(f"成员 {member_code} 已有增补的成员，不能取消缺席登记；增补有误的先登记增补者缺席")
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


def _stand_in(session: Session, seat: PanelMember) -> PanelMember | None:
    query = select(PanelMember).where(
        col(PanelMember.institution_id) == seat.institution_id, col(PanelMember.replaces_id) == seat.id
    )
    return session.exec(query).first()


def _seated(session: Session, absent: PanelMember, personnel: Personnel) -> list[str]:
    """Why the seats as they are don't let somebody stand in for an absent member."""
    query = select(PanelMember.id).where(
        col(PanelMember.institution_id) == absent.institution_id, col(PanelMember.panel_id) == absent.panel_id,
        col(PanelMember.personnel_id) == personnel.id,
    )  # fmt: skip
    told = ["已在评审组中"] if session.exec(query).first() is not None else []
    return told + (["缺席的成员已有增补；增补的成员缺席的，为其增补"] if _stand_in(session, absent) is not None else [])


def _part(session: Session, batch: Batch, method: str, personnel_id: int) -> list[Assignment]:
    """The assignment to the part that a substitute needs to enter marks; nothing for direct recognition."""
    query = select(Assignment.id).where(
        col(Assignment.institution_id) == batch.institution_id, col(Assignment.batch_id) == batch.id,
        col(Assignment.role) == "assessor", col(Assignment.method) == method, col(Assignment.grade) == "",
        col(Assignment.personnel_id) == personnel_id,
    )  # fmt: skip
    if not method or session.exec(query).first() is not None:
        return []
    return [
        Assignment(institution_id=batch.institution_id, batch_id=id_of(batch), personnel_id=personnel_id, role="assessor", method=method)
    ]


def _has_marked(session: Session, batch: Batch, method: str, personnel_id: int) -> bool:
    query = select(Mark.id).where(
        col(Mark.institution_id) == batch.institution_id, col(Mark.personnel_id) == personnel_id,
        col(Candidate.id) == col(Mark.candidate_id), col(Candidate.batch_id) == batch.id,
        col(SpecificationPart.id) == col(Mark.part_id), col(SpecificationPart.method) == method,
    )  # fmt: skip
    return session.exec(query).first() is not None
