"""A batch that is being marked, read once: its parts with assessors and schemes, its candidates, and what is locked.

A candidate's sheet is locked (锁定) once its assessor has a mark; it opens again by a ``MarkUnlock`` and locks with the next
revision. Nobody sees another's marks of a part before all its assessors have locked it for every candidate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Assignment,
    Batch,
    Candidate,
    Mark,
    MarkUnlock,
    Panel,
    PanelMember,
    Person,
    Personnel,
    Scheme,
    SpecificationPart,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.criteria import CriterionSheet
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scheme_plans import plan_of
from skilleval.domain.schemes import KINDS
from skilleval.services.batches import parts_of_batch
from skilleval.services.conflicts import Duty
from skilleval.services.schemes import latest_schemes

#: candidate id, part id, personnel id
Seat = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Scene:
    """A batch that is being marked: its parts with their assessors and schemes, its candidates, and what is locked."""

    batch: Batch
    parts: Sequence[SpecificationPart]
    assessors: Mapping[int, Sequence[Personnel]]
    schemes: Mapping[int, Scheme]
    candidates: Sequence[tuple[Candidate, str]]
    marks: Mapping[Seat, Mark]
    unlocks: Mapping[int, MarkUnlock]

    def sitting(self, part: SpecificationPart) -> list[tuple[Candidate, str]]:
        """The candidates of a part with their names."""
        return [(one, name) for one, name in self.candidates if one.grade == part.grade]

    def unlocked(self, seat: Seat) -> MarkUnlock | None:
        """The unlocking that is open for a mark."""
        mark = self.marks.get(seat)
        return None if mark is None else self.unlocks.get(id_of(mark))

    def is_locked(self, seat: Seat) -> bool:
        """Whether the assessor's mark of a candidate stands and is not opened again."""
        return seat in self.marks and self.unlocked(seat) is None

    def locked_by(self, part: SpecificationPart, assessor: Personnel) -> int:
        """For how many candidates of a part an assessor has locked."""
        return sum(self.is_locked(seat_of(one, part, assessor)) for one, _name in self.sitting(part))

    def is_open_to_all(self, part: SpecificationPart) -> bool:
        """Whether marks of a part may be shown: all its assessors have locked all its candidates, or one, of a computed part."""
        own = self.assessors.get(id_of(part), ())
        if self.is_computed(part):
            # One of them answers for the mark; the others have observed.
            return all(
                any(self.is_locked(seat_of(candidate, part, one)) for one in own) for candidate, _name in self.sitting(part)
            )
        return bool(own) and all(self.locked_by(part, one) == len(self.sitting(part)) for one in own)

    def plan(self, part: SpecificationPart) -> CriterionSheet | None:
        """The criterion sheet of a part, None where one number is given. Refused: a part that is computed from records."""
        scheme = self.schemes.get(id_of(part))
        if scheme is None:
            return None
        plan = plan_of(scheme.kind, scheme.content)
        if not isinstance(plan, CriterionSheet):
            raise RuleBroken(f"{title(part)}按“{KINDS[scheme.kind]}”由记录计算，不逐项评分；请录入记录或导入记录工作簿")
        return plan

    def is_computed(self, part: SpecificationPart) -> bool:
        """Whether a part's marks come from records of indicators or observations, and not from a sheet filled in here."""
        scheme = self.schemes.get(id_of(part))
        return scheme is not None and scheme.kind != "criteria"

    def must_assess(self, part: SpecificationPart, personnel_id: int) -> Personnel:
        """The assessor of a part. Refused: somebody who is not assigned to it."""
        found = next((one for one in self.assessors.get(id_of(part), ()) if one.id == personnel_id), None)
        if found is None:
            raise RuleBroken(f"没有指派您评{title(part)}")
        return found


def scene_of(session: Session, batch: Batch) -> Scene:
    """What marking a batch needs to know, read once: five queries whatever the number of candidates."""
    parts = [] if batch.route == "direct" else parts_of_batch(session, batch)
    marks, unlocks = marks_of(session, batch)
    return Scene(
        batch, parts, _assessors(session, batch, parts), latest_schemes(session, batch, parts), _sitting(session, batch),
        marks, unlocks,
    )  # fmt: skip


def must_be_marking(batch: Batch) -> None:
    """Refuse a batch that is not being marked."""
    if batch.state != "marking":
        raise RuleBroken(f"批次现在是“{lifecycle.label('batch', batch.state)}”，只有“评分”阶段可以评分")


def title(part: SpecificationPart) -> str:
    """A part as people call it: 三级/高级工 技能操作考核."""
    return f"{Grade(part.grade).printed} {METHODS[part.method].name_zh}"


def seat_of(candidate: Candidate, part: SpecificationPart, assessor: Personnel) -> Seat:
    """The key of an assessor's mark of a candidate's part."""
    return id_of(candidate), id_of(part), id_of(assessor)


def _sitting(session: Session, batch: Batch) -> list[tuple[Candidate, str]]:
    query = select(Candidate, Person.name).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id,
        col(Candidate.state) == "eligible", col(Person.id) == col(Candidate.person_id),
    )  # fmt: skip
    found = session.exec(query.order_by(col(Candidate.admission_number), col(Candidate.id))).all()
    return [(candidate, name) for candidate, name in found]


def marks_of(session: Session, batch: Batch) -> tuple[dict[Seat, Mark], dict[int, MarkUnlock]]:
    """The standing mark of each seat, and the unlockings by the mark that they open."""
    query = (
        select(Mark, MarkUnlock)
        .join(Candidate, col(Candidate.id) == col(Mark.candidate_id))
        .outerjoin(MarkUnlock, col(MarkUnlock.mark_id) == col(Mark.id))
        .where(col(Mark.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
    )
    marks: dict[Seat, Mark] = {}
    unlocks: dict[int, MarkUnlock] = {}
    for mark, unlock in session.exec(query.order_by(col(Mark.revision), col(Mark.id))):
        marks[mark.candidate_id, mark.part_id, mark.personnel_id] = mark
        if unlock is not None:
            unlocks[mark.id or 0] = unlock
    return marks, unlocks


def _assessors(session: Session, batch: Batch, parts: Sequence[SpecificationPart]) -> dict[int, list[Personnel]]:
    """The assessors of each part, as ``batches.assessors_for`` has them, in one query: without those who did not come."""
    absent = sa.exists().where(
        col(PanelMember.institution_id) == batch.institution_id, col(PanelMember.personnel_id) == col(Personnel.id),
        col(PanelMember.absent_reason).is_not(None), col(PanelMember.panel_id) == col(Panel.id),
        col(Panel.batch_id) == batch.id, col(Panel.method) == col(Assignment.method),
    )  # fmt: skip
    query = select(Assignment.method, Assignment.grade, Personnel).where(
        col(Assignment.institution_id) == batch.institution_id, col(Assignment.batch_id) == batch.id,
        col(Assignment.role) == "assessor", col(Personnel.id) == col(Assignment.personnel_id), ~absent,
    )  # fmt: skip
    staff = session.exec(query.order_by(col(Personnel.code))).all()
    found: dict[int, list[Personnel]] = {}
    for part in parts:
        own = {one.code: one for method, grade, one in staff if method == part.method and grade in ("", part.grade)}
        found[id_of(part)] = list(own.values())
    return found


def assessors_in(parts: Sequence[SpecificationPart], duties: Iterable[Duty]) -> dict[int, list[Personnel]]:
    """``Scene.assessors`` of these parts from everybody's duties."""
    known = sorted(duties, key=lambda one: one.personnel.code)
    absent = {(one.personnel.id, one.method) for one in known if one.absent}
    return {
        id_of(part): list({
            one.personnel.code: one.personnel for one in known
            if not one.seated and one.role == "assessor" and one.method == part.method and one.grade in ("", part.grade)
            and (one.personnel.id, one.method) not in absent
        }.values())
        for part in parts
    }  # fmt: skip
