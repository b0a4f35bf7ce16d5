"""Files that were uploaded to be imported, from the first check to the receipt."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, now, of_tenant, one_of, tenant_key


class StagedImport(Table, table=True):
    """One uploaded file: checked, corrected, checked again, and in the end written once, discarded, or expired.

    The file itself lies sealed in the installation's uploads folder under ``public_id``, until one of the three.
    """

    __tablename__ = "staged_import"
    __table_args__ = (
        tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        of_tenant("batch_id", of="batch"),
        of_tenant("contest_id", of="contest"),
        one_of("state", ("open", "written", "discarded", "expired")),
        sa.Index("ix_staged_import_institution_state", "institution_id", "state"),
        sa.Index("ix_staged_import_institution_sha256", "institution_id", "sha256"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(max_length=32, unique=True)
    institution_id: int
    account_id: int = Field(foreign_key="account.id", index=True)
    #: people, items, candidates, marks, scores, numbers or contest, as receipts call it
    kind: str
    #: the batch or the contest whose file it is
    batch_id: int | None = None
    contest_id: int | None = None
    #: the batch's number or the contest's code, as receipts call it; blank for the roster and the items
    scope: str = ""
    file_name: str
    size: int
    sha256: str = Field(max_length=64)
    #: why it corrects what stands, where it was sent for that
    reason: str = Field(default="", max_length=500)
    created_at: datetime = Field(default_factory=now)
    state: str = "open"
    #: cells that were corrected on the page; sealed, for they may be document numbers
    corrections_sealed: bytes | None = None
    corrected: int = 0
    #: the random id of the last check, its counts, and what it found: notes, errors, differences (nothing after the end)
    check_id: str = Field(max_length=16)
    counts: dict[str, Any] = Field(sa_type=sa.JSON)
    found: dict[str, Any] = Field(sa_type=sa.JSON)
    checked_at: datetime
    #: who wrote, discarded or cleared it away, and when; ``good_rows``: the wrong rows were left out on purpose
    ended_by: str | None = None
    ended_at: datetime | None = None
    good_rows: bool = False
