"""Scoring candidate by candidate: sheets of assessors, drafts that count nowhere, locking, and unlocking by somebody else.

A candidate's sheet is locked (锁定) once its assessor has a mark; it opens again by a ``MarkUnlock`` and locks with the next
revision. Nobody sees another's marks of a part before all its assessors have locked it for every candidate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Assignment,
    Batch,
    Candidate,
    Mark,
    MarkDraft,
    MarkUnlock,
    Panel,
    PanelMember,
    Person,
    Personnel,
    Scheme,
    ScoreLine,
    ScoreSheet,
    SpecificationPart,
    id_of,
)
from skilleval.db.tables.base import now
from skilleval.domain import lifecycle, marking
from skilleval.domain.criteria import CriterionSheet
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.marking import Entered
from skilleval.domain.methods import METHODS
from skilleval.domain.scheme_plans import entered_in, plan_of
from skilleval.domain.schemes import KINDS, Scored
from skilleval.services import journal
from skilleval.services.batches import parts_of_batch
from skilleval.services.conflicts import Duty
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.scheme_sheets import Entry, write_entry
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


class Lockable(Protocol):
    """A candidate of whom a mark is written: the mark that stands, and by what it was opened again."""

    @property
    def candidate(self) -> Candidate:
        """Whose mark it is."""

    @property
    def mark(self) -> Mark | None:
        """The mark that stands."""

    @property
    def unlock(self) -> MarkUnlock | None:
        """The unlocking of that mark."""


@dataclass(frozen=True, slots=True)
class Line:
    """One candidate on a sheet: what is entered, how far it is, and where it stands."""

    candidate: Candidate
    name: str
    entered: Entered
    version: int
    saved_at: datetime | None
    mark: Mark | None
    unlock: MarkUnlock | None
    missing: tuple[str, ...]
    total: int | None

    @property
    def state(self) -> str:
        """``locked``, ``draft`` (also one that was opened again), or ``open`` where nothing is entered."""
        if self.mark is not None and self.unlock is None:
            return "locked"
        return "open" if self.entered.is_empty else "draft"

    @property
    def is_whole(self) -> bool:
        """Whether everything is filled in and it may be locked."""
        return self.state == "draft" and not self.missing


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


def lines_of(
    session: Session, scene: Scene, part: SpecificationPart, assessor: Personnel, typist: str = ""
) -> list[Line]:
    """The candidates of an assessor's sheet of a part, with what they entered, or what a typist of the paper sheet did."""
    plan, drafts = scene.plan(part), drafts_of(session, scene.batch, part, assessor, typist)
    locked = {} if typist else entered_behind(session, scene, part, assessor)
    lines = []
    for candidate, name in scene.sitting(part):
        seat, draft = seat_of(candidate, part, assessor), drafts.get(id_of(candidate))
        shows_draft = draft is not None and (typist != "" or not scene.is_locked(seat))
        entered = _content(draft) if draft is not None and shows_draft else locked.get(seat[0], Entered())
        lines.append(
            Line(
                candidate, name, entered, draft.version if draft is not None else 0, draft.saved_at if draft is not None else None,
                scene.marks.get(seat), scene.unlocked(seat), tuple(marking.missing(entered, plan)),
                marking.running(entered, plan),
            )
        )  # fmt: skip
    return lines


def save_draft(
    session: Session, scene: Scene, part: SpecificationPart, candidate: Candidate, assessor: Personnel, entered: Entered,
    *, version: int, typist: str = "",
) -> MarkDraft:  # fmt: skip
    """Keep what was entered of one candidate. ``version`` is the one that the page showed, 0 for none.

    Refused with every reason: a batch that is not being marked, a locked sheet, what is out of range, a draft that was
    saved elsewhere meanwhile.
    """
    must_be_marking(scene.batch)
    if candidate.grade != part.grade or candidate.state != "eligible":
        raise RuleBroken("这一部分没有这名考生")
    if scene.is_locked(seat_of(candidate, part, assessor)):
        raise RuleBroken("这名考生的评分已提交并锁定，不能再改；确需更改请审核员解锁并写明理由")
    if told := marking.problems(entered, part.maximum, scene.plan(part)):
        raise RuleBroken("没有保存：" + "；".join(told), told)
    draft = drafts_of(session, scene.batch, part, assessor, typist).get(id_of(candidate))
    if version != (draft.version if draft is not None else 0):
        raise RuleBroken("这名考生的草稿已在另一个窗口或设备上改过。请刷新本页，核对后再填")
    if draft is None:
        draft = MarkDraft(
            institution_id=scene.batch.institution_id, batch_id=id_of(scene.batch), candidate_id=id_of(candidate),
            part_id=id_of(part), personnel_id=id_of(assessor), typist=typist, version=0, content={},
        )  # fmt: skip
    draft.content, draft.version, draft.saved_at = _stored(entered), version + 1, now()
    session.add(draft)
    session.flush()
    return draft


def lock_sheet(
    session: Session, actor: Actor, scene: Scene, part: SpecificationPart, assessor: Personnel
) -> list[Mark]:
    """Make marks of an assessor's drafts that are whole, in one act; what is not whole stays a draft.

    A mark that was opened again gets its next revision, with the reason of the unlocking. Refused: a batch that is not
    being marked, nothing that is whole.
    """
    take_duty(session, actor, scene.batch, "marking.lock_sheet")
    must_be_marking(scene.batch)
    whole = [line for line in lines_of(session, scene, part, assessor) if line.is_whole and line.version]
    if not whole:
        raise RuleBroken("没有评完的考生可以提交；未评完的草稿不计入成绩")
    return write_lines(session, actor, scene, part, assessor, whole)


def write_lines(
    session: Session, actor: Actor, scene: Scene, part: SpecificationPart, assessor: Personnel, lines: Sequence[Line]
) -> list[Mark]:
    """Write the marks of whole lines, with their sheets, as one act; their drafts are done with."""
    plan = scene.plan(part)
    scored = [(line, marking.scored(line.entered, part.maximum, plan)) for line in lines]
    return write_scored(session, actor, scene, part, assessor, scored)


def write_scored(
    session: Session, actor: Actor, scene: Scene, part: SpecificationPart, assessor: Personnel,
    lines: Sequence[tuple[Lockable, Scored]],
) -> list[Mark]:  # fmt: skip
    """Write marks with the sheets behind them as one act, none of a value as 缺考; their drafts are done with."""
    rows: list[Any] = []
    for line, scored in lines:
        rows += _write(session, scene, part, assessor, line, scored)
    reasons = list(dict.fromkeys(line.unlock.reason for line, _scored in lines if line.unlock is not None))
    journal.record(
        session, actor, scene.batch.institution_id, "marks.lock", objects=rows, reason="；".join(reasons) or None
    )
    done = {id_of(line.candidate) for line, _scored in lines}
    for draft in _drafts(session, scene.batch, part, assessor):
        if draft.candidate_id in done:
            session.delete(draft)
    session.flush()
    return [row for row in rows if isinstance(row, Mark)]


def unlock_mark(
    session: Session, actor: Actor, scene: Scene, mark: Mark, *, reason: str, by: int | None, typist: str = ""
) -> MarkUnlock:
    """Open a locked mark for its assessor to enter again; the mark stays on record and in force until then.

    ``by`` is who the actor is among the personnel. Refused: no reason, a batch that is not being marked, a mark that does
    not stand or is open already, one's own mark.
    """
    take_duty(session, actor, scene.batch, "marking.unlock_mark")
    must_be_marking(scene.batch)
    if not reason.strip():
        raise RuleBroken("解锁须写明理由")
    if scene.marks.get((mark.candidate_id, mark.part_id, mark.personnel_id)) is not mark:
        raise RuleBroken("这不是现行的评分：已有新的评分，请刷新后再看")
    if id_of(mark) in scene.unlocks:
        raise RuleBroken("这项评分已经解锁，等考评员重新提交")
    assessor = session.get_one(Personnel, mark.personnel_id)
    if by == mark.personnel_id or actor.name.strip() in (assessor.name, assessor.code):
        raise RuleBroken("不能解锁本人的评分，须由他人解锁")
    row = MarkUnlock(
        institution_id=scene.batch.institution_id, mark_id=id_of(mark), reason=reason.strip(), unlocked_by=actor.name
    )
    session.add(row)
    journal.record(session, actor, scene.batch.institution_id, "marks.unlock", objects=[row], reason=reason.strip())
    return row


def drafts_of(
    session: Session, batch: Batch, part: SpecificationPart, assessor: Personnel, typist: str = ""
) -> dict[int, MarkDraft]:
    """The drafts of a sheet by candidate: the assessor's own, or those of a typist."""
    return {one.candidate_id: one for one in _drafts(session, batch, part, assessor) if one.typist == typist}


def typists_of(session: Session, batch: Batch, part: SpecificationPart, assessor: Personnel) -> list[str]:
    """Who types in the paper sheet of an assessor: public ids of accounts, in the order in which they began."""
    return list(dict.fromkeys(one.typist for one in _drafts(session, batch, part, assessor) if one.typist))


def entered_behind(
    session: Session, scene: Scene, part: SpecificationPart, assessor: Personnel
) -> dict[int, Entered]:
    """What was entered for the marks of an assessor that stand, by candidate: a sheet's lines, a number, or 缺考."""
    own = {seat[0]: mark for seat, mark in scene.marks.items() if seat[1:] == (part.id, assessor.id)}
    plan = scene.plan(part)
    if plan is None:
        return {key: Entered(absent=mark.absent, value=mark.value) for key, mark in own.items()}
    query = select(ScoreSheet.mark_id, ScoreLine).where(
        col(ScoreLine.institution_id) == scene.batch.institution_id, col(ScoreLine.sheet_id) == col(ScoreSheet.id),
        col(ScoreSheet.mark_id).in_(
            select(Mark.id).where(
                col(Mark.institution_id) == scene.batch.institution_id, col(Mark.part_id) == part.id,
                col(Mark.personnel_id) == assessor.id,
            )
        ),
    )  # fmt: skip
    lines: dict[int, list[ScoreLine]] = {}
    for mark_id, line in session.exec(query.order_by(col(ScoreLine.id))):
        lines.setdefault(mark_id, []).append(line)
    return {
        key: Entered(absent=True) if mark.absent else entered_in(plan, lines.get(id_of(mark), []))
        for key, mark in own.items()
    }


def _write(
    session: Session, scene: Scene, part: SpecificationPart, assessor: Personnel, line: Lockable, scored: Scored
) -> list[Any]:
    revision = 1 if line.mark is None else line.mark.revision + 1
    reason = line.unlock.reason if line.unlock is not None else ""
    scheme = scene.schemes.get(id_of(part))
    if scheme is not None and scored.value is not None:
        entry = Entry(line.candidate, assessor, revision, scored)
        return list(write_entry(session, scene.batch, part, scheme, entry, reason))
    mark = Mark(
        institution_id=scene.batch.institution_id, candidate_id=id_of(line.candidate), part_id=id_of(part),
        personnel_id=id_of(assessor), revision=revision, value=scored.value, absent=scored.value is None,
        reason=reason or None,
    )  # fmt: skip
    session.add(mark)
    return [mark]


def _stored(entered: Entered) -> dict[str, Any]:
    return {
        "absent": entered.absent, "value": entered.value, "items": dict(entered.items), "vetoes": list(entered.vetoes)
    }  # fmt: skip


def _content(draft: MarkDraft) -> Entered:
    kept = draft.content
    return Entered(kept["absent"], kept["value"], kept["items"], tuple(kept["vetoes"]))


def _drafts(session: Session, batch: Batch, part: SpecificationPart, assessor: Personnel) -> Sequence[MarkDraft]:
    query = select(MarkDraft).where(
        col(MarkDraft.institution_id) == batch.institution_id, col(MarkDraft.batch_id) == batch.id,
        col(MarkDraft.part_id) == part.id, col(MarkDraft.personnel_id) == assessor.id,
    )  # fmt: skip
    return session.exec(query.order_by(col(MarkDraft.id))).all()


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
