"""How far the marking of several batches is, in three statements however many batches and candidates there are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from skilleval.db.tables import Adjudication, Batch, Candidate, Mark, SpecificationPart
from skilleval.domain.scoring import PartMark, agree
from skilleval.services.marks import domain_part

#: candidate id, part id
_Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """The parts that candidates sit, those of them that have their mark, and those whose marks are in dispute."""

    parts: int
    agreed: int
    disputed: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing but settling is left."""
        return 0 < self.parts == self.agreed


def progress_of(session: Session, batches: Sequence[Batch]) -> dict[int, Progress]:
    """The progress of each batch by its id. Of direct recognition, which has cases and no marks, there is none."""
    ids = [one.id for one in batches if one.route != "direct"]
    if not ids:
        return {}
    marks = _standing(session, ids)
    decided = _decided(session, ids)
    found: dict[int, list[PartMark]] = {}
    for batch_id, candidate_id, part in _sitting(session, ids):
        cell = (candidate_id, part.id or 0)
        entered = marks.get(cell, [])
        mark_ids, value = decided.get(cell, ([], None))
        adjudicated = value if mark_ids == sorted(one.id or 0 for one in entered) else None
        values = [one.value for one in entered if one.value is not None]
        told = agree(domain_part(part), values, absent=sum(one.absent for one in entered), adjudicated=adjudicated)
        found.setdefault(batch_id, []).append(told)
    return {batch_id: _counted(told) for batch_id, told in found.items()}


def _counted(told: Sequence[PartMark]) -> Progress:
    return Progress(
        len(told), sum(one.value is not None or one.absent for one in told), sum(bool(one.dispute) for one in told)
    )


def _sitting(session: Session, ids: Sequence[int | None]) -> list[tuple[int, int, SpecificationPart]]:
    """Every part that an eligible candidate of the batches sits."""
    query = select(Candidate.batch_id, Candidate.id, SpecificationPart).where(
        col(Batch.id).in_(ids), col(Candidate.institution_id) == col(Batch.institution_id),
        col(Candidate.batch_id) == col(Batch.id), col(Candidate.state) == "eligible",
        col(SpecificationPart.institution_id) == col(Batch.institution_id),
        col(SpecificationPart.specification_id) == col(Batch.specification_id),
        col(SpecificationPart.grade) == col(Candidate.grade),
    )  # fmt: skip
    rows = session.exec(query.order_by(col(Candidate.id), col(SpecificationPart.id))).all()
    return [(batch_id, candidate_id or 0, part) for batch_id, candidate_id, part in rows]


def _standing(session: Session, ids: Sequence[int | None]) -> dict[_Cell, list[Mark]]:
    """The standing marks of every part of every candidate."""
    query = select(Mark).where(col(Candidate.id) == col(Mark.candidate_id), col(Candidate.batch_id).in_(ids))
    latest: dict[tuple[int, int, int], Mark] = {}
    for one in session.exec(query.order_by(col(Mark.revision), col(Mark.id))):
        latest[one.candidate_id, one.part_id, one.personnel_id] = one
    by_cell: dict[_Cell, list[Mark]] = {}
    for (candidate_id, part_id, _assessor), one in latest.items():
        by_cell.setdefault((candidate_id, part_id), []).append(one)
    return by_cell


def _decided(session: Session, ids: Sequence[int | None]) -> dict[_Cell, tuple[list[int], int]]:
    """The latest adjudication of a part: the marks that it decided over, and the mark that it set."""
    query = select(Adjudication).where(
        col(Candidate.id) == col(Adjudication.candidate_id), col(Candidate.batch_id).in_(ids)
    )
    rows = session.exec(query.order_by(col(Adjudication.revision)))
    return {(one.candidate_id, one.part_id): (one.mark_ids, one.value) for one in rows}
