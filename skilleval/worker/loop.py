"""Takes one job after the other and does it, until it is told to stop. Several may run beside each other."""

import logging
import secrets
import threading
import time
from datetime import timedelta

import sqlalchemy as sa

from skilleval.domain.errors import RuleBroken
from skilleval.installation import Installation
from skilleval.services import import_expiry, imports, job_claims, jobs
from skilleval.services.job_claims import Claim, JobCancelled, JobLost
from skilleval.worker.kinds import RUNS
from skilleval.worker.work import Work, WorkStopped, heartbeat, now, writing

log = logging.getLogger("skilleval.worker")

#: seconds between two looks for work, after a fault of the database, and between two looks for old files
POLL, FAULT, SWEEP = 1.0, 5.0, 3600.0


def run(installation: Installation, stopping: threading.Event) -> None:
    """Do what is asked for until ``stopping`` is set."""
    swept = -SWEEP
    while not stopping.is_set():
        try:
            if time.monotonic() - swept >= SWEEP:
                _sweep_or_tell(installation)
                swept = time.monotonic()
            if not run_next(installation, stopping):
                stopping.wait(POLL)
        except sa.exc.OperationalError:
            log.exception("the database does not answer")
            stopping.wait(FAULT)


def _sweep_or_tell(installation: Installation) -> None:
    """Take old things away. A fault in it is told and tried again next time: work goes on."""
    try:
        sweep(installation)
    except sa.exc.OperationalError:
        raise
    except Exception:
        log.exception("what was kept long enough could not be taken away")


def sweep(installation: Installation) -> None:
    """Take away what was kept long enough: files that jobs made, and uploads with which nobody went on."""
    jobs.results_of(installation).forget_before(now() - jobs.KEPT)
    store, keep = imports.store_of(installation), timedelta(days=installation.settings.imports.keep_days)
    with writing(installation) as session:
        ended = [one.public_id for one in import_expiry.expire_imports(session, import_expiry.CLEANER, keep=keep, now=now())]
        session.commit()
    for public_id in ended:
        store.forget(public_id)
    with installation.database.reading() as session:
        import_expiry.forget_files(session, store, now=now())


def run_next(installation: Installation, stopping: threading.Event) -> bool:
    """Do the job that has waited longest. False: nothing waits."""
    with installation.database.reading() as session:
        due = job_claims.due(session, now=now())
    if due.lost:
        _recover(installation)
    claim = _claim(installation) if due.waiting else None
    if claim is None:
        return False
    with heartbeat(installation, claim):
        _do(installation, claim, stopping)
    return True


def _claim(installation: Installation) -> Claim | None:
    with writing(installation) as session:
        claim = job_claims.claim(session, now=now())
        session.commit()
    return claim


def _recover(installation: Installation) -> None:
    with writing(installation) as session:
        over = job_claims.recover(session, now=now())
        session.commit()
    for public_id in over:
        _forget(installation, public_id)


def _do(installation: Installation, claim: Claim, stopping: threading.Event) -> None:
    """Do one job and say what has become of it. No fault of one job ends the worker."""
    work = Work(installation, claim, stopping)
    try:
        RUNS[work.job.kind](work)
    except JobLost:
        # Another worker has it, and its file.
        log.warning("job %s was taken for lost", work.job.public_id)
    except WorkStopped:
        with writing(installation) as session:
            job_claims.release(session, claim)
            session.commit()
    except JobCancelled:
        with writing(installation) as session:
            job_claims.end_cancelled(session, claim, now=now())
            session.commit()
        _forget(installation, work.job.public_id)
    except RuleBroken as refusal:
        _fail(work, message=refusal.message, reasons=refusal.reasons)
    except Exception:
        number = secrets.token_hex(4)
        log.exception("error %s in %s", number, work.job.kind)
        _fail(work, error_id=number)


def _fail(work: Work, message: str = "", reasons: tuple[str, ...] = (), error_id: str = "") -> None:
    with writing(work.installation) as session:
        job_claims.fail(session, work.claim, message=message, reasons=reasons, error_id=error_id, now=now())
        session.commit()
    _forget(work.installation, work.job.public_id)


def _forget(installation: Installation, public_id: str) -> None:
    """Take away what lies under the id of a job without a result: the file that was sent with it, the one it made."""
    for files in (imports.store_of(installation).files, jobs.results_of(installation)):
        files.forget(public_id)
