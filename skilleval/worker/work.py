"""One job in the hands of the worker: what it is about, how far it is, and the one transaction in which it ends."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.sealed_files import SealedFiles
from skilleval.db.tables import Batch, Institution, Job
from skilleval.installation import Installation
from skilleval.services import job_claims, jobs
from skilleval.services.job_claims import Claim
from skilleval.services.journal import Actor
from skilleval.services.tenancy import acting_for, viewer_of

#: seconds between two reports of progress: often enough to look at, seldom enough to cost nothing
SELDOM = 0.5


class WorkStopped(Exception):
    """The worker itself is being stopped: the job goes back to those that wait."""


@dataclass(slots=True)
class Act:
    """The act of a job on its way to the commit: the session, who acts, and what is to be told of the result."""

    session: Session
    actor: Actor
    message: str = ""
    file_name: str = ""
    import_id: int | None = None
    filing_id: int | None = None


class Work:
    """A job that was claimed, for the function that does it."""

    def __init__(self, installation: Installation, claim: Claim, stopping: threading.Event) -> None:
        self.installation = installation
        self.claim = claim
        self._stopping = stopping
        with installation.database.reading() as session:
            self.job: Job = session.get_one(Job, claim.job_id)
            self._credit_code = session.get_one(Institution, self.job.institution_id).credit_code
        self.words: dict[str, Any] = jobs.words_of(self.job, installation.vault)

    @property
    def results(self) -> SealedFiles:
        """Where files that jobs made lie, each under its job's public id."""
        return jobs.results_of(self.installation)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reading on behalf of the institution that asked."""
        with self.installation.database.reading() as session:
            session.info.update(acting_for(self._credit_code))
            yield session

    def batch(self, session: Session) -> Batch:
        """The batch that the job is about."""
        own = viewer_of(session).own(col(Batch.institution_id))
        return session.exec(select(Batch).where(col(Batch.id) == self.job.batch_id, own)).one()

    def tell(self, stage: str, done: int = 0, total: int | None = None) -> None:
        """Tell how far the job is. Refused: it was cancelled, is another's now, or the worker is being stopped."""
        if self._stopping.is_set():
            raise WorkStopped
        with writing(self.installation) as session:
            job_claims.report(session, self.claim, stage, done, total, now=now())
            session.commit()

    def progress(self, stage: str, total: int | None = None) -> Callable[[int], None]:
        """What long work calls with the number that is done; not every call is told. Refused as by ``tell``."""
        self.tell(stage, 0, total)
        told = time.monotonic()

        def step(done: int) -> None:
            nonlocal told
            if time.monotonic() - told >= SELDOM:
                self.tell(stage, done, total)
                told = time.monotonic()

        return step

    @contextmanager
    def finishing(self, done: int = 0) -> Iterator[Act]:
        """The act, in one transaction with the end of the job. From here on nobody can cancel.

        Refused, with nothing of it left: whatever the act refuses, an account that may not any more, a job that was taken
        for lost meanwhile.
        """
        self.tell("writing", done, done or None)
        with writing(self.installation) as session:
            session.info.update(acting_for(self._credit_code))
            act = Act(session, job_claims.actor_of(session, self.job))
            yield act
            job_claims.finish(
                session, self.claim, now=now(), message=act.message, file_name=act.file_name, import_id=act.import_id,
                filing_id=act.filing_id,
            )  # fmt: skip
            session.commit()


@contextmanager
def writing(installation: Installation) -> Iterator[Session]:
    """A session that may write. On SQLite it waits for as long as somebody else writes: a job has the time."""
    with installation.database.writing() as session:
        while True:
            try:
                session.connection()
                break
            except sa.exc.OperationalError as fault:
                if "locked" not in str(fault.orig):
                    raise
                session.rollback()
        yield session


@contextmanager
def heartbeat(installation: Installation, claim: Claim) -> Iterator[None]:
    """Tell every few seconds that the worker lives, also while it tells nothing else."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(jobs.BEAT.total_seconds()):
            try:
                with installation.database.writing() as session:
                    job_claims.beat(session, claim, now=now())
                    session.commit()
            except sa.exc.OperationalError:
                # Somebody else writes for long: then nobody can take this worker for dead meanwhile either.
                continue

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
