"""Records (业绩数据、过程考核记录) entered on screen: drafts that count nowhere, and locking, which computes the marks.

As with criterion sheets (``marking``) a candidate is locked once there is a mark. One assessor answers for a computed mark:
while one of them has it, the others can't give another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Candidate,
    Mark,
    MarkDraft,
    MarkUnlock,
    Personnel,
    ScoreLine,
    ScoreSheet,
    SpecificationPart,
)
from skilleval.db.tables.base import now
from skilleval.domain import records
from skilleval.domain.criteria import CriterionSheet
from skilleval.domain.errors import RuleBroken
from skilleval.domain.observations import Observation
from skilleval.domain.performance import Review
from skilleval.domain.records import Frame, Recorded, RecordPlan, SoFar
from skilleval.domain.scheme_plans import plan_of
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.mark_drafts import drafts_of
from skilleval.services.marking import write_scored
from skilleval.services.marking_scene import Scene, must_be_marking, seat_of, title


@dataclass(frozen=True, slots=True)
class RecordSheet:
    """A computed part before the assessor who answers for it."""

    scene: Scene
    part: SpecificationPart
    assessor: Personnel
    plan: RecordPlan

    @property
    def observers(self) -> Sequence[Personnel]:
        """Who may have observed: all who are assigned to the part."""
        return self.scene.assessors.get(self.part.id or 0, ())

    @property
    def frame(self) -> Frame:
        """What holds for every record of the part."""
        batch = self.scene.batch
        return Frame(self.part.maximum, (batch.starts_on, batch.ends_on), frozenset(one.code for one in self.observers))


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One candidate of a computed part: what is entered, what it comes to, and where it stands.

    ``elsewhere`` is another assessor under whose name the mark stands.
    """

    candidate: Candidate
    name: str
    recorded: Recorded
    version: int
    saved_at: datetime | None
    mark: Mark | None
    unlock: MarkUnlock | None
    so_far: SoFar
    elsewhere: Personnel | None

    @property
    def state(self) -> str:
        """``locked``, ``draft`` (also one that was opened again), or ``open`` where nothing is entered."""
        if self.elsewhere is not None or (self.mark is not None and self.unlock is None):
            return "locked"
        return "open" if self.recorded.is_empty else "draft"

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing and it may be locked."""
        return self.state == "draft" and (self.recorded.absent or not self.so_far.missing)


def record_sheet(scene: Scene, part: SpecificationPart, assessor: Personnel) -> RecordSheet:
    """The sheet of a computed part. Refused: a part that is scored by number or criterion."""
    scheme = scene.schemes.get(part.id or 0)
    plan = plan_of(scheme.kind, scheme.content) if scheme is not None else None
    if plan is None or isinstance(plan, CriterionSheet):
        raise RuleBroken(f"{title(part)}不由记录计算")
    return RecordSheet(scene, part, assessor, plan)


def lines_of(session: Session, sheet: RecordSheet) -> list[RecordLine]:
    """The candidates of the part, with what was entered of each."""
    scene, part, assessor = sheet.scene, sheet.part, sheet.assessor
    drafts, locked = drafts_of(session, scene.batch, part, assessor), _recorded_behind(session, sheet)
    lines = []
    for candidate, name in scene.sitting(part):
        seat, draft = seat_of(candidate, part, assessor), drafts.get(candidate.id or 0)
        shown = draft is not None and not scene.is_locked(seat)
        recorded = records.fitting(_content(draft), sheet.plan) if draft is not None and shown else locked.get(seat[0], Recorded())
        lines.append(
            RecordLine(
                candidate, name, recorded, draft.version if draft is not None else 0, draft.saved_at if draft is not None else None,
                scene.marks.get(seat), scene.unlocked(seat), records.so_far(recorded, sheet.plan, sheet.frame),
                _elsewhere(sheet, candidate),
            )
        )  # fmt: skip
    return lines


def save_record(session: Session, sheet: RecordSheet, candidate: Candidate, recorded: Recorded, *, version: int) -> MarkDraft:
    """Keep what was entered of one candidate. ``version`` is the one that the page showed, 0 for none.

    Refused with every reason: a batch that is not being marked, a mark that stands, what is out of range, a draft that was
    saved elsewhere meanwhile.
    """
    scene, part, assessor = sheet.scene, sheet.part, sheet.assessor
    must_be_marking(scene.batch)
    if candidate.grade != part.grade or candidate.state != "eligible":
        raise RuleBroken("这一部分没有这名考生")
    if (other := _elsewhere(sheet, candidate)) is not None:
        raise RuleBroken(f"这名考生已由 {other.code} {other.name} 名下计分，不能再由另一名考评员计分")
    if scene.is_locked(seat_of(candidate, part, assessor)):
        raise RuleBroken("这名考生的评分已提交并锁定，不能再改；确需更改请审核员解锁并写明理由")
    if told := records.problems(recorded, sheet.plan, sheet.frame):
        raise RuleBroken("没有保存：" + "；".join(told), told)
    draft = drafts_of(session, scene.batch, part, assessor).get(candidate.id or 0)
    if version != (draft.version if draft is not None else 0):
        raise RuleBroken("这名考生的草稿已在另一个窗口或设备上改过。请刷新本页，核对后再填")
    if draft is None:
        draft = MarkDraft(
            institution_id=scene.batch.institution_id, batch_id=scene.batch.id or 0, candidate_id=candidate.id or 0,
            part_id=part.id or 0, personnel_id=assessor.id or 0, version=0, content={},
        )  # fmt: skip
    draft.content, draft.version, draft.saved_at = _stored(recorded), version + 1, now()
    session.add(draft)
    session.flush()
    return draft


def lock_records(session: Session, actor: Actor, sheet: RecordSheet) -> list[Mark]:
    """Compute the marks of the candidates of whom nothing is missing, in one act; the others stay drafts.

    Refused: a batch that is not being marked, nobody of whom nothing is missing.
    """
    take_duty(session, actor, sheet.scene.batch, "records.lock_records")
    must_be_marking(sheet.scene.batch)
    whole = [line for line in lines_of(session, sheet) if line.is_whole and line.version]
    if not whole:
        raise RuleBroken("没有记录齐全的考生可以提交；不齐的不计分，也不作 0 分")
    lines = [(line, records.scored(line.recorded, sheet.plan, sheet.frame)) for line in whole]
    return write_scored(session, actor, sheet.scene, sheet.part, sheet.assessor, lines)


def _elsewhere(sheet: RecordSheet, candidate: Candidate) -> Personnel | None:
    """Another assessor of the part who has a mark of the candidate."""
    return next(
        (one for one in sheet.observers if one.id != sheet.assessor.id and seat_of(candidate, sheet.part, one) in sheet.scene.marks),
        None,
    )


def _recorded_behind(session: Session, sheet: RecordSheet) -> dict[int, Recorded]:
    """What was entered for the marks that stand, by candidate."""
    own = {seat[0]: mark for seat, mark in sheet.scene.marks.items() if seat[1:] == (sheet.part.id, sheet.assessor.id)}
    query = select(ScoreSheet.mark_id, ScoreLine).where(
        col(ScoreLine.institution_id) == sheet.scene.batch.institution_id, col(ScoreLine.sheet_id) == col(ScoreSheet.id),
        col(ScoreSheet.mark_id).in_(
            select(Mark.id).where(
                col(Mark.institution_id) == sheet.scene.batch.institution_id, col(Mark.part_id) == sheet.part.id,
                col(Mark.personnel_id) == sheet.assessor.id,
            )
        ),
    )  # fmt: skip
    lines: dict[int, list[ScoreLine]] = {}
    for mark_id, line in session.exec(query.order_by(col(ScoreLine.sheet_id), col(ScoreLine.serial))):
        lines.setdefault(mark_id, []).append(line)
    return {
        key: Recorded(absent=True) if mark.absent else _read_lines(sheet.plan, lines.get(mark.id or 0, []))
        for key, mark in own.items()
    }


def _read_lines(plan: RecordPlan, lines: Sequence[ScoreLine]) -> Recorded:
    if isinstance(plan, Review):
        return Recorded(values={(line.period, line.item): Decimal(line.entered) for line in lines})
    return Recorded(
        observations=tuple(Observation(line.day, line.item, line.observer, line.points) for line in lines if line.day is not None)
    )


def _stored(recorded: Recorded) -> dict[str, Any]:
    return {
        "absent": recorded.absent,
        "values": [[period, code, str(value)] for (period, code), value in recorded.values.items()],
        "observations": [[one.day.isoformat(), one.occasion, one.observer, one.score] for one in recorded.observations],
    }


def _content(draft: MarkDraft) -> Recorded:
    kept = draft.content
    return Recorded(
        kept["absent"],
        {(period, code): Decimal(value) for period, code, value in kept["values"]},
        tuple(Observation(date.fromisoformat(day), *rest) for day, *rest in kept["observations"]),
    )
