"""What is said officially: notices, objections, numbers, certificates, filings, receipts of imports."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import GRADES, Table, now, of_tenant, one_of, tenant_key


class Notice(Table, table=True):
    """A public notice (公示) of a batch: frozen content with its hash, and its first and last day."""

    __tablename__ = "notice"
    __table_args__ = (
        tenant_key(),
        of_tenant("batch_id", of="batch"),
        sa.UniqueConstraint("institution_id", "batch_id", "serial"),
        sa.CheckConstraint("last_day >= first_day", name="dates_in_order"),
        one_of("state", ("published", "closed", "withdrawn")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    batch_id: int
    serial: int = 1
    first_day: date
    last_day: date
    working_days: int
    content: dict[str, Any] = Field(sa_type=sa.JSON)
    content_hash: str = Field(max_length=64)
    journal_head: str = Field(max_length=64)
    state: str = "published"
    closed_on: date | None = None


class Objection(Table, table=True):
    """An objection (异议) against a notice, or against one candidate on it."""

    __tablename__ = "objection"
    __table_args__ = (
        tenant_key(),
        of_tenant("notice_id", of="notice"),
        of_tenant("candidate_id", of="candidate"),
        sa.UniqueConstraint("institution_id", "notice_id", "serial"),
        one_of("state", ("open", "upheld", "rejected")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    notice_id: int
    candidate_id: int | None = None
    serial: int
    raised_on: date
    raised_by: str
    text: str
    recorded_by: str
    #: how to reach who objects, sealed; told to nobody but those who handle it
    contact_sealed: bytes | None = None
    state: str = "open"
    decided_on: date | None = None
    decided_by: str | None = None
    decision: str | None = None


class NumberCounter(Table, table=True):
    """The last serial issued for a number prefix, year and grade. Dense: counted up in the issuing transaction."""

    __tablename__ = "number_counter"
    __table_args__ = (sa.PrimaryKeyConstraint("prefix", "year", "grade_code"),)

    prefix: str = Field(max_length=13)
    year: str = Field(max_length=2)
    grade_code: str = Field(max_length=1)
    last: int = 0


class Certificate(Table, table=True):
    """A certificate number and everything printed with it, as issued. Append-only: see CertificateEvent."""

    __tablename__ = "certificate"
    __table_args__ = (
        tenant_key(),
        of_tenant("candidate_id", of="candidate"),
        of_tenant("replaces_id", of="certificate"),
        sa.UniqueConstraint("number"),
        one_of("grade", GRADES),
        one_of("origin", ("local", "imported")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    candidate_id: int
    number: str = Field(max_length=22)
    origin: str = "local"
    name: str
    id_type: str
    id_sealed: bytes
    occupation_code: str = Field(max_length=10)
    occupation_name: str
    trade: str = ""
    grade: str
    issuer: str
    issued_on: date
    replaces_id: int | None = None


class CertificateEvent(Table, table=True):
    """What happened to a certificate: issued, reissued (补发), voided (作废), revoked (撤销). Append-only."""

    __tablename__ = "certificate_event"
    __table_args__ = (
        tenant_key(),
        of_tenant("certificate_id", of="certificate"),
        sa.UniqueConstraint("institution_id", "certificate_id", "serial"),
        one_of("kind", ("issued", "reissued", "voided", "revoked")),
        sa.CheckConstraint("kind = 'issued' OR reason IS NOT NULL", name="reason_given"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    certificate_id: int
    serial: int
    kind: str
    on_day: date
    reason: str | None = None
    by: str


class Filing(Table, table=True):
    """One exported filing package (上报材料) of a batch: its version, file and hash."""

    __tablename__ = "filing"
    __table_args__ = (
        tenant_key(),
        of_tenant("batch_id", of="batch"),
        sa.UniqueConstraint("institution_id", "batch_id", "version"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    batch_id: int
    version: int
    addressed_to: str
    file_name: str
    sha256: str = Field(max_length=64)
    manifest: dict[str, Any] = Field(sa_type=sa.JSON)
    exported_on: date


class FilingAnswer(Table, table=True):
    """What the desk (受理窗口) said of one exported package: received, returned with reasons, accepted. Append-only."""

    __tablename__ = "filing_answer"
    __table_args__ = (
        tenant_key(),
        of_tenant("filing_id", of="filing"),
        sa.UniqueConstraint("institution_id", "filing_id", "serial"),
        one_of("kind", ("received", "returned", "accepted")),
        sa.CheckConstraint("kind <> 'returned' OR reason IS NOT NULL", name="reason_given"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    filing_id: int
    serial: int
    kind: str
    on_day: date
    #: the desk's own number of the case, where it gave one
    reference: str = ""
    reason: str | None = None
    recorded_by: str


class ImportReceipt(Table, table=True):
    """What one import did: the file's hash, who, when, and counts that add up."""

    __tablename__ = "import_receipt"
    __table_args__ = (
        tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.Index("ix_import_receipt_institution_kind", "institution_id", "kind", "sha256"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    #: people, candidates, marks or numbers
    kind: str
    #: the batch number where the import belongs to a batch
    scope: str = ""
    file_name: str
    sha256: str = Field(max_length=64)
    counts: dict[str, Any] = Field(sa_type=sa.JSON)
    actor: str
    imported_at: datetime = Field(default_factory=now)
