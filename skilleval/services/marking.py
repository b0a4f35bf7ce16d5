"""Scoring candidate by candidate: an assessor's sheet locked (锁定) with the marks that it makes, and unlocked by somebody else."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlmodel import Session

from skilleval.db.tables import (
    Candidate,
    Mark,
    MarkUnlock,
    Personnel,
    SpecificationPart,
    id_of,
)
from skilleval.domain import marking
from skilleval.domain.errors import RuleBroken
from skilleval.domain.schemes import Scored
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.mark_drafts import Line, drafts_on, lines_of
from skilleval.services.marking_scene import Scene, must_be_marking
from skilleval.services.scheme_sheets import Entry, write_entry


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
    for draft in drafts_on(session, scene.batch, part, assessor):
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
