"""Confirmations of standards: who held a weight table of ours against the original, and against which file."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, tenant_key


class StandardConfirmation(Table, table=True):
    """One comparison of a standard's table with its original (原标准), by an institution for itself. Append-only."""

    __tablename__ = "standard_confirmation"
    __table_args__ = (
        tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "standard", "text_sha256", "sha256"),
        sa.CheckConstraint("length(sha256) = 64 AND length(text_sha256) = 64", name="hashes_whole"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    #: key of the standard (standards.py)
    standard: str
    #: SHA-256 of our file of the standard as it was compared: a file that changed since is confirmed no more
    text_sha256: str = Field(max_length=64)
    #: SHA-256 of the original that it was held against; the original itself isn't kept
    sha256: str = Field(max_length=64)
    on_day: date
    by: str
    note: str = ""
