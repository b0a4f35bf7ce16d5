"""The journal: entries of a hash chain, the rows they wrote, and their erasable details."""


import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table


class JournalHead(Table, table=True):
    """The end of an institution's journal; locked while an entry is added."""

    __tablename__ = "journal_head"

    institution_id: int = Field(primary_key=True, foreign_key="institution.id")
    seq: int = 0
    hash: str = Field(default="0" * 64, max_length=64)


class JournalEntry(Table, table=True):
    """One entry of an institution's hash chain, as canonical JSON. It holds no personal data. Append-only."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        sa.PrimaryKeyConstraint("institution_id", "seq"),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
    )

    institution_id: int
    seq: int
    body: str
    hash: str = Field(max_length=64)


class JournalObject(Table, table=True):
    """One row that an entry wrote, with the hash of that row afterwards (None: the row is gone). Append-only."""

    __tablename__ = "journal_object"
    __table_args__ = (
        sa.PrimaryKeyConstraint("institution_id", "seq", "position"),
        sa.ForeignKeyConstraint(
            ["institution_id", "seq"], ["journal_entry.institution_id", "journal_entry.seq"]
        ),
        # What happened to one row is asked on its page.
        sa.Index("ix_journal_object_row", "institution_id", "table_name", "object_id"),
    )

    institution_id: int
    seq: int
    position: int
    table_name: str
    object_id: int
    after_hash: str | None = Field(default=None, max_length=64)


class JournalDetail(Table, table=True):
    """The readable values of an entry (old and new). Erasable: the entry holds only its salted commitment."""

    __tablename__ = "journal_detail"
    __table_args__ = (
        sa.PrimaryKeyConstraint("institution_id", "seq"),
        sa.ForeignKeyConstraint(
            ["institution_id", "seq"], ["journal_entry.institution_id", "journal_entry.seq"]
        ),
    )

    institution_id: int
    seq: int
    salt: str
    content: str
