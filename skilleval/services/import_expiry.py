"""Uploads with which nobody went on: after a while they go, for a file that waits is full of document numbers.

Personal data is kept no longer than its purpose needs; the purpose of an upload ends when nobody writes it. How long that
may take is the installation's to say (``[imports] keep_days``). Source: 个人信息保护法 art. 19 and 47 (no number of days there).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import Job, StagedImport
from skilleval.services import imports, jobs
from skilleval.services.imports import Store
from skilleval.services.journal import Actor

#: who clears away: nobody's account
CLEANER = Actor("定期清理", "system")
#: files are kept before their rows are committed: one so young may belong to an upload that is going on
_YOUNG = timedelta(hours=1)


def expiry_of(staged: StagedImport, keep: timedelta) -> datetime:
    """From when on an import that waits goes. Every check, also of corrected cells, begins the time anew."""
    return staged.checked_at + keep


def expire_imports(session: Session, actor: Actor, *, keep: timedelta, now: datetime) -> Sequence[StagedImport]:
    """End all imports that were checked last ``keep`` ago or longer and on which no job is under way.

    What was found and corrected goes with this transaction; the files go afterwards, by ``forget_files``.
    """
    busy = sa.exists().where(col(Job.import_id) == col(StagedImport.id), col(Job.state).in_(jobs.UNDER_WAY))
    due = select(StagedImport).where(col(StagedImport.state) == "open", col(StagedImport.checked_at) <= now - keep, ~busy)
    ended = session.exec(due.order_by(col(StagedImport.id)).with_for_update()).all()
    for staged in ended:
        imports.expire(session, actor, staged, now=now)
    return ended


def forget_files(session: Session, store: Store, *, now: datetime) -> None:
    """Take away every file that no import and no job waits for: of those that expired, and of a process that died between
    writing and taking away."""
    waiting = sa.union(
        sa.select(col(StagedImport.public_id)).where(col(StagedImport.state) == "open"),
        sa.select(col(Job.public_id)).where(col(Job.state).in_(jobs.UNDER_WAY)),
    )
    store.files.forget_others(set(session.execute(waiting).scalars()), before=now - _YOUNG)
