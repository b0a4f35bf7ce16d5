"""What waits for whoever asks, by their roles: how many, in which batch, by which day.

Deadlines count working days by the holiday tables. After the evaluation the day is that of ``results.working_days``
(guangdong pack); before it the plan's own days are the limit.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm
from sqlmodel import Session, col

from skilleval.db.tables import (
    Assignment,
    Batch,
    Candidate,
    Certificate,
    Filing,
    FilingAnswer,
    Mark,
    MarkUnlock,
    Notice,
    Objection,
    Panel,
    PanelMember,
    RecognitionCase,
    Result,
    SpecificationPart,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.workdays import Calendar, working_days_between
from skilleval.packs import Packs
from skilleval.services import deadlines, rules
from skilleval.services.marking_progress import Progress, progress_of
from skilleval.services.tenancy import viewer_of

#: states in which a batch needs nobody any more
OVER = ("filed", "archived", "cancelled")


@dataclass(frozen=True, slots=True)
class Due:
    """The day by which something must be done, why then, and the working days left (negative: over); None: not known."""

    day: date | None
    why: str
    left: int | None

    @property
    def is_overdue(self) -> bool:
        """Whether the day is over."""
        return self.left is not None and self.left < 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the inbox: a key of ``TASKS``, the batch, and how many candidates, parts, cases or objections wait."""

    task: str
    batch: Batch
    count: int
    due: Due


@dataclass(frozen=True, slots=True)
class Standing:
    """A batch and the numbers by which its tasks are told."""

    packs: Packs
    progress: Progress | None
    batch: Batch
    applied: int
    unchecked: int
    eligible: int
    unscored: int
    open_cases: int
    decided_cases: int
    uncertified: int
    open_objections: int
    returned: int
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done in a batch: whose role it is, and how many wait (0: nothing)."""

    role: str
    waiting: Callable[[Standing, date], int]


def _in(state: str, number: Callable[[Standing], int]) -> Callable[[Standing, date], int]:
    return lambda one, _on: number(one) if one.batch.state == state else 0


def _to_settle(one: Standing) -> int:
    if one.batch.route == "direct":
        return one.eligible if one.decided_cases == one.eligible else 0
    return one.eligible if one.progress is not None and one.progress.is_complete else 0


def _to_advance(one: Standing, on: date) -> int:
    """Batches whose next step is for 人力资源 to take: planned, all applications decided, or the first day has come."""
    state = one.batch.state
    ready = (
        state in ("draft", "reviewed")
        or (state == "enrolling" and one.eligible > 0 and not one.applied)
        or (state == "scheduled" and on >= one.batch.starts_on)
    )
    return int(ready)


def _to_close(one: Standing, on: date) -> int:
    over = one.last_day is not None and on > one.last_day
    return int(one.batch.state == "noticed" and over and not one.open_objections)


TASKS: dict[str, Task] = {
    "check": Task("hr", _in("enrolling", lambda one: one.unchecked)),
    "review": Task("reviewer", _in("enrolling", lambda one: one.applied)),
    "advance": Task("hr", _to_advance),
    "score": Task("assessor", _in("marking", lambda one: one.unscored)),
    "adjudicate": Task("reviewer", _in("marking", lambda one: one.progress.disputed if one.progress else 0)),
    "decide": Task("approver", _in("marking", lambda one: one.open_cases)),
    "settle": Task("reviewer", _in("marking", _to_settle)),
    "publish": Task("approver", _in("settled", lambda one: one.uncertified)),
    "objections": Task("approver", _in("noticed", lambda one: one.open_objections)),
    "close": Task("approver", _to_close),
    "issue": Task("issuer", _in("cleared", lambda one: one.uncertified)),
    "file": Task("hr", _in("certified", lambda _one: 1)),
    "refile": Task("hr", _in("filed", lambda one: one.returned)),
}


def waiting_for(
    session: Session, roles: Collection[str], *, personnel_id: int | None, calendar: Calendar, on: date
) -> list[Waiting]:
    """What waits for somebody with these roles at the viewer's institution, the most urgent first.

    ``personnel_id`` is who they are among its assessors. The operator and system administrators act for no institution:
    for them nothing is asked of the business at all.
    """
    tasks = {key: task for key, task in TASKS.items() if task.role in roles}
    firm = viewer_of(session).key if tasks else None
    if firm is None:
        return []
    found = []
    for one in _standings(session, firm, personnel_id, marked=any(key in tasks for key in ("adjudicate", "settle"))):
        counts = {key: task.waiting(one, on) for key, task in tasks.items()}
        if any(counts.values()):
            due = {key: _due(key, one, calendar, on) for key, count in counts.items() if count}
            found += [Waiting(key, one.batch, counts[key], due[key]) for key in due]
    return sorted(found, key=lambda one: (one.due.day or date.max, one.batch.number, list(TASKS).index(one.task)))


def _standings(session: Session, firm: int, personnel_id: int | None, *, marked: bool) -> Iterator[Standing]:
    query = (
        sa.select(Batch, *_numbers(personnel_id))
        .where(col(Batch.institution_id) == firm, sa.or_(col(Batch.state).not_in(OVER), _returned() > 0))
        .order_by(col(Batch.starts_on), col(Batch.id))
    )
    rows = session.execute(query).all()
    batches = [row[0] for row in rows]
    packs = rules.packs_of_batches(session, batches)
    marking = [one for one in batches if one.state == "marking"] if marked else []
    progress = progress_of(session, marking)
    for row in rows:
        yield Standing(packs[row[0].id], progress.get(row[0].id), *row)


def _numbers(personnel_id: int | None) -> list[sa.Label[Any]]:
    """What is counted of each batch, as parts of one statement, in the order of ``Standing``."""
    of_batch = (col(Candidate.institution_id) == col(Batch.institution_id), col(Candidate.batch_id) == col(Batch.id))
    applied = (*of_batch, col(Candidate.state) == "applied")
    eligible = (*of_batch, col(Candidate.state) == "eligible")
    case = (
        col(RecognitionCase.institution_id) == col(Batch.institution_id), col(RecognitionCase.batch_id) == col(Batch.id)
    )  # fmt: skip
    decided = col(RecognitionCase.state).in_(("recognised", "not_recognised"))
    notice = (
        col(Notice.institution_id) == col(Batch.institution_id), col(Notice.batch_id) == col(Batch.id),
        col(Notice.state) == "published",
    )  # fmt: skip
    counts: dict[str, sa.ScalarSelect[Any]] = {
        "applied": _count(Candidate.id, *applied),
        "unchecked": _count(Candidate.id, *applied, col(Candidate.verdict).is_(None)),
        "eligible": _count(Candidate.id, *eligible),
        "unscored": _unscored(eligible, personnel_id),
        "open_cases": _count(RecognitionCase.id, *case, ~decided),
        "decided_cases": _count(RecognitionCase.id, *case, decided),
        "uncertified": _uncertified(eligible),
        "open_objections": _count(
            Objection.id, *notice, col(Objection.notice_id) == col(Notice.id), col(Objection.state) == "open"
        ),
        "returned": _returned(),
        "last_day": sa.select(sa.func.max(col(Notice.last_day))).where(*notice).correlate(Batch).scalar_subquery(),
    }
    return [number.label(name) for name, number in counts.items()]


def _count(column: Any, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count(col(column))).where(*where).correlate(Batch).scalar_subquery()


def _returned() -> sa.ScalarSelect[int]:
    """Whether the last package of the batch was returned by the desk and no new version answers it: 1 or 0."""
    later, answered = sa.orm.aliased(Filing), sa.orm.aliased(FilingAnswer)
    superseded = sa.exists().where(
        col(later.institution_id) == col(Filing.institution_id), col(later.batch_id) == col(Filing.batch_id),
        col(later.version) > col(Filing.version),
    )  # fmt: skip
    followed = sa.exists().where(
        col(answered.filing_id) == col(FilingAnswer.filing_id), col(answered.serial) > col(FilingAnswer.serial)
    )
    return _count(
        Filing.id, col(Filing.institution_id) == col(Batch.institution_id), col(Filing.batch_id) == col(Batch.id),
        col(FilingAnswer.filing_id) == col(Filing.id), col(FilingAnswer.kind) == "returned",
        col(Batch.state) == "filed", ~followed, ~superseded,
    )  # fmt: skip


def _unscored(eligible: Sequence[sa.ColumnElement[bool]], personnel_id: int | None) -> sa.ScalarSelect[int]:
    """Parts of candidates that this assessor is assigned to and has given no mark for, or one that was opened again."""
    later = sa.orm.aliased(Mark)
    superseded = sa.exists().where(
        col(later.candidate_id) == col(Mark.candidate_id), col(later.part_id) == col(Mark.part_id),
        col(later.personnel_id) == col(Mark.personnel_id), col(later.revision) > col(Mark.revision),
    )  # fmt: skip
    opened = sa.exists().where(col(MarkUnlock.mark_id) == col(Mark.id))
    marked = sa.exists().where(
        col(Mark.candidate_id) == col(Candidate.id), col(Mark.part_id) == col(SpecificationPart.id),
        col(Mark.personnel_id) == col(Assignment.personnel_id), ~superseded, ~opened,
    )  # fmt: skip
    absent = sa.exists().where(
        col(Panel.institution_id) == col(Batch.institution_id), col(Panel.batch_id) == col(Batch.id),
        col(Panel.method) == col(Assignment.method), col(PanelMember.panel_id) == col(Panel.id),
        col(PanelMember.personnel_id) == col(Assignment.personnel_id), col(PanelMember.absent_reason).is_not(None),
    )  # fmt: skip
    return _count(
        Candidate.id, *eligible, col(Assignment.institution_id) == col(Batch.institution_id),
        col(Assignment.batch_id) == col(Batch.id), col(Assignment.personnel_id) == personnel_id,
        col(Assignment.role) == "assessor", col(Assignment.grade).in_(["", col(Candidate.grade)]),
        col(SpecificationPart.institution_id) == col(Batch.institution_id),
        col(SpecificationPart.specification_id) == col(Batch.specification_id),
        col(SpecificationPart.grade) == col(Candidate.grade), col(SpecificationPart.method) == col(Assignment.method),
        ~marked, ~absent,
    )  # fmt: skip


def _uncertified(eligible: Sequence[sa.ColumnElement[bool]]) -> sa.ScalarSelect[int]:
    """Candidates whose standing result is a pass and who have no certificate yet."""
    later = sa.orm.aliased(Result)
    superseded = sa.exists().where(
        col(later.candidate_id) == col(Candidate.id), col(later.revision) > col(Result.revision)
    )
    certified = sa.exists().where(col(Certificate.candidate_id) == col(Candidate.id))
    return _count(
        Candidate.id, *eligible, col(Result.candidate_id) == col(Candidate.id), col(Result.outcome) == "passed",
        ~superseded, ~certified,
    )  # fmt: skip


def _due(task: str, one: Standing, calendar: Calendar, on: date) -> Due:
    batch = one.batch
    if task == "objections":
        return _planned(one.last_day, "公示截止", calendar, on)
    if task == "refile":
        return Due(None, "补正期限以窗口通知为准", None)
    if batch.state in ("draft", "enrolling", "reviewed", "scheduled"):
        return _planned(batch.starts_on, "评价开始", calendar, on)
    if on <= batch.ends_on:
        return _planned(batch.ends_on, "评价结束", calendar, on)
    deadline = deadlines.unfiled_deadline(one.packs, batch, calendar, on)
    return Due(deadline.last_day, "成绩、公示、上报期限", deadline.left)


def _planned(day: date | None, why: str, calendar: Calendar, on: date) -> Due:
    """A day of the plan; the working days are unknown where the holiday table lacks the year."""
    if day is None:
        return Due(None, why, None)
    try:
        left = working_days_between(calendar, on, day) if on <= day else -max(working_days_between(calendar, day, on), 1)
    except RuleBroken:
        left = None
    return Due(day, why, left)
