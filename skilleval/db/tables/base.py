"""What all tables share: one metadata, the words of their CHECKs, and the keys that keep a tenant's rows together."""

from datetime import UTC, datetime
from typing import Protocol

import sqlalchemy as sa
from sqlmodel import MetaData, SQLModel

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

GRADES = (
    "apprentice",
    "junior",
    "intermediate",
    "senior",
    "technician",
    "senior_technician",
    "special_technician",
    "chief_technician",
)
METHODS = ("theory", "skill", "review", "performance", "process")
MEMBER_KINDS = (
    "firm",
    "technician_school",
    "vocational_school",
    "university",
    "training_body",
    "evaluation_body",
    "employment_service",
    "association",
)
ROUTES = ("assessment", "direct", "contest", "appointment", "confirmation")


class Table(SQLModel):
    """Base of all tables: one metadata whose constraints have predictable names."""

    metadata = MetaData(naming_convention=_NAMES)


class Numbered(Protocol):
    """A row that the database numbers when it is flushed."""

    id: int | None


def id_of(row: Numbered) -> int:
    """The id of a row that the database has numbered already."""
    assert row.id is not None
    return row.id


def now() -> datetime:
    """The moment at which a row is made, in UTC."""
    return datetime.now(UTC)


def one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    """A CHECK that a column holds one of the words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def of_tenant(*columns: str, of: str, to: tuple[str, ...] = ("id",), own: str = "institution_id") -> sa.ForeignKeyConstraint:
    """A composite foreign key that keeps both ends within one institution."""
    return sa.ForeignKeyConstraint([own, *columns], [f"{of}.institution_id", *(f"{of}.{column}" for column in to)])


def tenant_key() -> sa.UniqueConstraint:
    """What composite foreign keys of the same tenant point at."""
    return sa.UniqueConstraint("institution_id", "id")
