"""Who examined whom in earlier batches, by the marks entered and the panels that sat."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col

from skilleval.db.tables import Batch, Candidate, Mark, Panel, PanelMember, SpecificationPart


@dataclass(frozen=True, slots=True)
class Examined:
    """Somebody of the personnel examined a person in a batch before."""

    personnel_id: int
    person_id: int
    number: str


def examined_before(batch: Batch) -> sa.CompoundSelect[tuple[int, int, str]]:
    """The query for who examined whom in batches before this one, as ``Examined``.

    Only people who are in this batch. A mark tells for a part; a seat tells for those whom the panel was to assess.
    """
    here = sa.select(col(Candidate.person_id)).where(col(Candidate.batch_id) == batch.id)
    before = (
        col(Candidate.institution_id) == batch.institution_id,
        col(Candidate.batch_id) == col(Batch.id),
        col(Candidate.person_id).in_(here),
        col(Batch.id) != batch.id,
        col(Batch.starts_on) < batch.starts_on,
        col(Batch.state) != "cancelled",
    )
    columns = (col(Candidate.person_id), col(Batch.number))
    marked = sa.select(col(Mark.personnel_id), *columns).where(col(Mark.candidate_id) == col(Candidate.id), *before)
    taken = sa.exists().where(
        col(SpecificationPart.specification_id) == col(Batch.specification_id),
        col(SpecificationPart.grade) == col(Candidate.grade),
        col(SpecificationPart.method) == col(Panel.method),
    )
    direct = sa.or_(col(Candidate.route) == "direct", col(Batch.route) == "direct")
    seated = sa.select(col(PanelMember.personnel_id), *columns).where(
        col(PanelMember.panel_id) == col(Panel.id),
        col(PanelMember.absent_reason).is_(None),
        col(Panel.batch_id) == col(Batch.id),
        col(Candidate.state) == "eligible",
        sa.or_(sa.and_(col(Panel.method) == "", direct), taken),
        *before,
    )
    return sa.union(marked, seated)


def earlier_batches(examined: Iterable[Examined]) -> dict[tuple[int, int], list[str]]:
    """(personnel id, person id) → the numbers of the batches in which the one examined the other."""
    found: dict[tuple[int, int], set[str]] = {}
    for one in examined:
        found.setdefault((one.personnel_id, one.person_id), set()).add(one.number)
    return {pair: sorted(numbers) for pair, numbers in found.items()}
