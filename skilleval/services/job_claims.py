"""What a worker tells of the job that it has: how far it is, that it is over, and whose jobs have lost their worker.

Each is one UPDATE that names the claim, so that a worker which was taken for dead and goes on after all changes nothing.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import Account, AccountRole, Job
from skilleval.domain.accounts import ROLES
from skilleval.domain.errors import RuleBroken
from skilleval.services.jobs import LOST, roles_for
from skilleval.services.journal import Actor

#: a job whose worker died is begun once more; whoever kills two workers would kill a third
MOST_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """A job as the worker has it: which, and the word of the claim."""

    job_id: int
    worker: str


class JobLost(Exception):
    """The job is no longer this worker's: it was taken for dead. Whatever it did is rolled back."""


class JobCancelled(Exception):
    """Somebody asked to cancel. Whatever was done is rolled back."""


@dataclass(frozen=True, slots=True)
class Due:
    """Whether jobs wait, and whether some have lost their worker."""

    waiting: bool
    lost: bool


def due(session: Session, *, now: datetime) -> Due:
    """Whether a worker has something to do: asked in a reading session, so that looking holds up nobody."""
    waiting = sa.exists().where(col(Job.state) == "waiting")
    lost = sa.exists().where(col(Job.state) == "running", col(Job.heartbeat_at) < now - LOST)
    return Due(*session.execute(sa.select(waiting, lost)).one())


def claim(session: Session, *, now: datetime) -> Claim | None:
    """Take the job that has waited longest. None: nothing waits, or another worker was quicker."""
    first = sa.select(col(Job.id)).where(col(Job.state) == "waiting").order_by(col(Job.id)).limit(1).scalar_subquery()
    word = secrets.token_hex(8)
    taken = session.execute(
        _update().where(col(Job.id) == first, col(Job.state) == "waiting")
        .values(state="running", stage="", done=0, total=None, worker=word, heartbeat_at=now, started_at=now,
                attempts=col(Job.attempts) + 1)
        .returning(col(Job.id))
    ).scalar()  # fmt: skip
    return None if taken is None else Claim(taken, word)


def beat(session: Session, claim: Claim, *, now: datetime) -> None:
    """Tell that the worker lives. Nothing, where the job is over or another's."""
    session.execute(_claimed(claim).values(heartbeat_at=now))


def report(session: Session, claim: Claim, stage: str, done: int, total: int | None, *, now: datetime) -> None:
    """Tell how far the job is. Refused with ``JobCancelled`` and ``JobLost``: the worker must stop.

    From the stage ``writing`` on nobody can cancel any more.
    """
    told = _claimed(claim).where(col(Job.cancelled_by).is_(None))
    if session.execute(told.values(stage=stage, done=done, total=total, heartbeat_at=now)).rowcount != 1:  # type: ignore[attr-defined] # of an UPDATE
        raise _stopped(session, claim)


def finish(
    session: Session, claim: Claim, *, now: datetime, message: str = "", file_name: str = "",
    import_id: int | None = None, filing_id: int | None = None,
) -> None:  # fmt: skip
    """Say, in the transaction of the act, that the job is done. Refused with ``JobLost``: it is another's now."""
    told: dict[str, Any] = {"state": "done", "ended_at": now, "message": message, "file_name": file_name}
    told |= {name: number for name, number in (("import_id", import_id), ("filing_id", filing_id)) if number is not None}
    if session.execute(_claimed(claim).values(**told)).rowcount != 1:  # type: ignore[attr-defined] # of an UPDATE
        raise JobLost


def fail(
    session: Session, claim: Claim, *, message: str = "", reasons: Sequence[str] = (), error_id: str = "", now: datetime
) -> None:
    """Say why the job has no result: a refusal, or the id of a fault in the log. Nothing, where it is another's now."""
    told = {"message": message, "reasons": list(reasons), "error_id": error_id}
    session.execute(_claimed(claim).values(state="failed", ended_at=now, **told))


def end_cancelled(session: Session, claim: Claim, *, now: datetime) -> None:
    """Say that the worker has stopped as it was asked to."""
    session.execute(_claimed(claim).values(state="cancelled", ended_at=now))


def release(session: Session, claim: Claim) -> None:
    """Give a job back that was begun by a worker which is being stopped: the next one begins it anew."""
    back = {"state": "waiting", "stage": "", "done": 0, "total": None, "worker": None, "heartbeat_at": None}
    session.execute(_claimed(claim).values(**back, attempts=col(Job.attempts) - 1))


def recover(session: Session, *, now: datetime) -> Sequence[str]:
    """Take up the jobs of workers that died: they wait again, or have failed when this was not the first time.

    Gives the public ids of those that are over now, whose files may go.
    """
    lost = sa.and_(col(Job.state) == "running", col(Job.heartbeat_at) < now - LOST)
    asked_off = sa.and_(lost, col(Job.cancelled_by).is_not(None))
    cancelled = session.execute(
        _update().where(asked_off).values(state="cancelled", ended_at=now).returning(col(Job.public_id))
    ).scalars().all()  # fmt: skip
    told = f"后台处理程序两次在这项任务中意外退出，没有再试。请把时间（{now:%Y-%m-%d %H:%M} UTC）告诉系统管理员，查看程序的日志"
    failed = session.execute(
        _update().where(lost, col(Job.attempts) >= MOST_ATTEMPTS)
        .values(state="failed", ended_at=now, message=told).returning(col(Job.public_id))
    ).scalars().all()  # fmt: skip
    session.execute(
        _update().where(lost).values(state="waiting", stage="", done=0, total=None, worker=None, heartbeat_at=None)
    )
    return [*cancelled, *failed]


def actor_of(session: Session, job: Job) -> Actor:
    """Whoever asked, as the one who acts now. Refused: the account was disabled or has lost the role since."""
    account = session.get_one(Account, job.account_id)
    query = select(AccountRole.role).where(
        col(AccountRole.account_id) == account.id, col(AccountRole.institution_id) == job.institution_id,
        col(AccountRole.revoked_at).is_(None),
    )  # fmt: skip
    roles = set(session.exec(query))
    if account.state != "active" or roles_for(job).isdisjoint(roles):
        raise RuleBroken("提出这项任务的账号已停用，或已没有办理它的角色，没有办理")
    return Actor(account.name, "+".join(role for role in ROLES if role in roles), account.public_id)


def _update() -> sa.Update:
    # Rows only: no object of a session stands for what is changed here.
    return sa.update(Job).execution_options(synchronize_session=False)


def _claimed(claim: Claim) -> sa.Update:
    return _update().where(col(Job.id) == claim.job_id, col(Job.state) == "running", col(Job.worker) == claim.worker)


def _stopped(session: Session, claim: Claim) -> Exception:
    """Why a report reached nothing."""
    query = select(Job.id).where(col(Job.id) == claim.job_id, col(Job.state) == "running", col(Job.worker) == claim.worker)
    return JobLost() if session.exec(query).first() is None else JobCancelled()
