"""Contests (职业技能竞赛): the event, the rows of its notice, and who of the firm reached what."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import GRADES, Table, of_tenant, one_of, tenant_key

CONTEST_CLASSES = (
    "national_games", "nation_1", "nation_2", "province_1", "province_2", "city", "chain", "firm",
)  # fmt: skip


class Contest(Table, table=True):
    """One event in one occupation, with the document that sets what its ranks give. Append-only."""

    __tablename__ = "contest"
    __table_args__ = (
        tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "code"),
        one_of("kind", CONTEST_CLASSES),
        sa.CheckConstraint("held_to >= held_from", name="dates_in_order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    #: the firm's own short code, by which commands name it
    code: str
    name: str
    kind: str
    organiser: str
    document: str
    occupation_code: str = Field(max_length=10)
    trade: str = ""
    held_from: date
    held_to: date


class ContestRule(Table, table=True):
    """One row of an event's notice (``domain.contests.RankRow``). Append-only."""

    __tablename__ = "contest_rule"
    __table_args__ = (
        tenant_key(),
        of_tenant("contest_id", of="contest"),
        sa.UniqueConstraint("institution_id", "contest_id", "serial"),
        one_of("by", ("rank", "percent", "award")),
        one_of("grade", GRADES),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    contest_id: int
    serial: int
    group_name: str
    by: str
    grade: str
    one_up: bool = False
    lower: int = 0
    upper: int = 0
    awards: list[Any] = Field(default_factory=list, sa_type=sa.JSON)


class ContestResult(Table, table=True):
    """What one person of the firm reached in a contest. Append-only."""

    __tablename__ = "contest_result"
    __table_args__ = (
        tenant_key(),
        of_tenant("contest_id", of="contest"),
        of_tenant("person_id", of="person"),
        sa.UniqueConstraint("institution_id", "contest_id", "person_id"),
        sa.CheckConstraint("rank IS NULL OR rank >= 1", name="rank_counts_from_one"),
        sa.CheckConstraint("participants IS NULL OR rank IS NULL OR rank <= participants", name="rank_within"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    contest_id: int
    person_id: int
    group_name: str
    rank: int | None = None
    participants: int | None = None
    award: str | None = None
