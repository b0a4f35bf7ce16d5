"""Long work that a worker process does while whoever asked for it goes on."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, now, of_tenant, one_of, tenant_key

#: the keys of ``services.jobs.KINDS`` and of ``services.import_kinds.IMPORTS``
KINDS = (
    "imports.check", "imports.correct", "imports.write", "prints.room", "prints.cards", "certificates.print", "filings.export",
)  # fmt: skip
IMPORT_KINDS = ("", "people", "items", "candidates", "marks", "scores", "numbers", "contest")
STATES = ("waiting", "running", "done", "failed", "cancelled")
STAGES = ("", "reading", "checking", "drawing", "writing")
_UNDER_WAY = sa.text("state IN ('waiting', 'running')")


class Job(Table, table=True):
    """One piece of long work: who asked for it, what about, how far it is, and what has become of it.

    What it is about are references and sealed words, never personal data in clear. Its file, one that was sent or one that
    it made, lies sealed in the installation under ``public_id``. The act that it stands for commits together with the
    step to ``done``, or not at all.
    """

    __tablename__ = "job"
    __table_args__ = (
        tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        of_tenant("batch_id", of="batch"),
        of_tenant("contest_id", of="contest"),
        of_tenant("import_id", of="staged_import"),
        of_tenant("filing_id", of="filing"),
        one_of("kind", KINDS),
        one_of("import_kind", IMPORT_KINDS),
        one_of("state", STATES),
        one_of("stage", STAGES),
        sa.CheckConstraint("(state IN ('waiting', 'running')) = (ended_at IS NULL)", name="ended_when_over"),
        sa.CheckConstraint("state <> 'running' OR (worker IS NOT NULL AND heartbeat_at IS NOT NULL)", name="running_has_a_worker"),
        sa.CheckConstraint("done >= 0 AND (total IS NULL OR total >= 0)", name="progress_not_negative"),
        sa.Index("uq_job_under_way", "institution_id", "target", unique=True, sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),
        sa.Index("ix_job_state_id", "state", "id"),
        sa.Index("ix_job_institution_account", "institution_id", "account_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(max_length=32, unique=True)
    institution_id: int
    account_id: int = Field(foreign_key="account.id", index=True)
    #: a key of ``services.jobs.KINDS``
    kind: str
    #: the kind of import that it is about, blank for other work
    import_kind: str = ""
    #: what it is about in one word; two jobs about the same are never under way at once
    target: str = Field(max_length=200)
    batch_id: int | None = None
    contest_id: int | None = None
    import_id: int | None = None
    filing_id: int | None = None
    #: further words of whoever asked, sealed: names of files, corrected cells
    words_sealed: bytes
    #: the day that counts as today
    on_day: date
    asked_at: datetime = Field(default_factory=now)
    state: str = "waiting"
    stage: str = ""
    #: rows or sheets done, and of how many where that is known
    done: int = 0
    total: int | None = None
    #: how often it was begun; who has it now, by a random word of each claim, and when that was last heard of
    attempts: int = 0
    worker: str | None = Field(default=None, max_length=16)
    heartbeat_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    #: who wants it stopped
    cancelled_by: str | None = None
    #: why it was refused or what came of it, in Chinese; blank where the state says all
    message: str = ""
    reasons: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    #: what a fault of ours is called in the log
    error_id: str = Field(default="", max_length=16)
    #: the name of the file that it made
    file_name: str = ""
    #: when somebody looked at what became of it
    taken_at: datetime | None = None
