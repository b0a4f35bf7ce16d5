"""Batches (认定批次): their staff, candidates and parts, as whatever asks for a batch reads them.

How one is planned stands in ``batch_plans``, how it advances in ``batch_steps``.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Assignment,
    Batch,
    Candidate,
    Panel,
    PanelMember,
    Personnel,
    SpecificationPart,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor


def record_authority_reason(session: Session, actor: Actor, batch: Batch, written: str) -> Batch:
    """Record why a batch goes on although the clauses about the institution's authority disagree.

    What was written before stays; the new reason follows it. Refused: no text, a cancelled batch.
    """
    take_duty(session, actor, batch, "batches.record_authority_reason")
    if batch.state == "cancelled":
        raise RuleBroken(f"批次 {batch.number} 已取消，不能再写明理由")
    if not (reason := written.strip()):
        raise RuleBroken("须写明条款不一致而仍要认定的理由")
    earlier = (batch.authority_reason or "").strip()
    batch.authority_reason = f"{earlier}；{reason}" if earlier else reason
    session.add(batch)
    journal.record(session, actor, batch.institution_id, "batch.authority_reason", objects=[batch], reason=reason)
    return batch


def staff_of(session: Session, batch: Batch) -> Sequence[tuple[Assignment, Personnel]]:
    """Who is assigned to what in a batch, in the order of assignment."""
    query = select(Assignment, Personnel).where(
        col(Assignment.institution_id) == batch.institution_id,
        col(Assignment.batch_id) == batch.id,
        col(Personnel.id) == col(Assignment.personnel_id),
    )
    return session.exec(query.order_by(col(Assignment.id))).all()


def candidates_of(session: Session, batch: Batch) -> Sequence[Candidate]:
    """All candidates of a batch, in the order of their admission numbers."""
    query = select(Candidate).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id
    )
    return session.exec(query.order_by(col(Candidate.admission_number), col(Candidate.id))).all()


def parts_of_batch(session: Session, batch: Batch) -> Sequence[SpecificationPart]:
    """The parts of the batch's specification at its grades, lowest grade first."""
    query = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == batch.institution_id,
        col(SpecificationPart.specification_id) == batch.specification_id,
        col(SpecificationPart.grade).in_(batch.grades),
    )
    parts = session.exec(query.order_by(col(SpecificationPart.serial), col(SpecificationPart.id))).all()
    return sorted(parts, key=lambda part: (Grade(part.grade).rank, part.serial))


def assessors_for(session: Session, batch: Batch, part: SpecificationPart) -> Sequence[Personnel]:
    """The assessors assigned to a part of a batch, by their short code, without those absent from its panel."""
    assigned = select(Assignment.personnel_id).where(
        col(Assignment.institution_id) == batch.institution_id,
        col(Assignment.batch_id) == batch.id,
        col(Assignment.role) == "assessor",
        col(Assignment.method) == part.method,
        col(Assignment.grade).in_(["", part.grade]),
    )
    absent = select(PanelMember.personnel_id).where(
        col(PanelMember.institution_id) == batch.institution_id,
        col(PanelMember.panel_id) == col(Panel.id),
        col(Panel.batch_id) == batch.id,
        col(Panel.method) == part.method,
        col(PanelMember.absent_reason).is_not(None),
    )
    # A subquery and not a join with DISTINCT: PostgreSQL can't compare the JSON columns of two rows.
    query = select(Personnel).where(col(Personnel.id).in_(assigned), col(Personnel.id).not_in(absent))
    return session.exec(query.order_by(col(Personnel.code))).all()
