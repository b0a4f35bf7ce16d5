"""Drafts of marks: what an assessor, or a typist of a paper sheet, has entered so far; they count nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    Mark,
    MarkDraft,
    MarkUnlock,
    Personnel,
    ScoreLine,
    ScoreSheet,
    SpecificationPart,
    id_of,
)
from skilleval.db.tables.base import now
from skilleval.domain import marking
from skilleval.domain.errors import RuleBroken
from skilleval.domain.marking import Entered
from skilleval.domain.scheme_plans import entered_in
from skilleval.services.marking_scene import Scene, must_be_marking, seat_of


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


def drafts_of(
    session: Session, batch: Batch, part: SpecificationPart, assessor: Personnel, typist: str = ""
) -> dict[int, MarkDraft]:
    """The drafts of a sheet by candidate: the assessor's own, or those of a typist."""
    return {one.candidate_id: one for one in drafts_on(session, batch, part, assessor) if one.typist == typist}


def typists_of(session: Session, batch: Batch, part: SpecificationPart, assessor: Personnel) -> list[str]:
    """Who types in the paper sheet of an assessor: public ids of accounts, in the order in which they began."""
    return list(dict.fromkeys(one.typist for one in drafts_on(session, batch, part, assessor) if one.typist))


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


def _stored(entered: Entered) -> dict[str, Any]:
    return {
        "absent": entered.absent, "value": entered.value, "items": dict(entered.items), "vetoes": list(entered.vetoes)
    }  # fmt: skip


def _content(draft: MarkDraft) -> Entered:
    kept = draft.content
    return Entered(kept["absent"], kept["value"], kept["items"], tuple(kept["vetoes"]))


def drafts_on(session: Session, batch: Batch, part: SpecificationPart, assessor: Personnel) -> Sequence[MarkDraft]:
    """The drafts of a sheet, the assessor's own and those of typists, in the order in which they were begun."""
    query = select(MarkDraft).where(
        col(MarkDraft.institution_id) == batch.institution_id, col(MarkDraft.batch_id) == batch.id,
        col(MarkDraft.part_id) == part.id, col(MarkDraft.personnel_id) == assessor.id,
    )  # fmt: skip
    return session.exec(query.order_by(col(MarkDraft.id))).all()
