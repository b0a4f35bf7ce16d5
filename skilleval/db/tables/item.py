"""The register of assessment items (试题 / 考核项目) of a specification, and the task cards (任务书) of practical ones."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import GRADES, METHODS, Table, now, of_tenant, one_of, tenant_key


class Item(Table, table=True):
    """One item of one specification version: a group of theory questions or a practical task, and the requirement it tests.

    Its content stays with whoever keeps the bank; ``sha256`` may name the file. Retired ones stay.
    """

    __tablename__ = "item"
    __table_args__ = (
        tenant_key(),
        of_tenant("specification_id", of="specification"),
        of_tenant(
            "specification_id", "grade", "method", of="specification_part", to=("specification_id", "grade", "method")
        ),
        of_tenant("author_id", of="personnel"),
        of_tenant("reviewer_id", of="personnel"),
        sa.UniqueConstraint("institution_id", "specification_id", "code"),
        one_of("grade", GRADES),
        one_of("method", METHODS),
        one_of("state", ("draft", "in_use", "retired")),
        sa.CheckConstraint("points > 0", name="points_positive"),
        sa.CheckConstraint("reviewer_id <> author_id", name="reviewed_by_another"),
        sa.CheckConstraint("state <> 'in_use' OR reviewer_id IS NOT NULL", name="reviewed_before_use"),
        sa.CheckConstraint(
            "(state = 'retired') = (reason IS NOT NULL) AND (state = 'retired') = (retired_on IS NOT NULL)",
            name="retired_with_reason",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    specification_id: int
    #: the firm's own short code, by which workbooks and commands name it
    code: str
    title: str
    grade: str
    method: str
    #: 职业功能, or 职业道德 / 基础知识 of a theory item
    function: str
    #: 工作内容, where it is narrower than the function
    task: str | None = None
    #: the entry of 技能要求 or 相关知识, by its number or in the firm's own words
    requirement: str | None = None
    #: hundredths
    points: int
    state: str = "draft"
    author_id: int
    reviewer_id: int | None = None
    sha256: str | None = Field(default=None, max_length=64)
    reason: str | None = None
    retired_on: date | None = None


class TaskCard(Table, table=True):
    """One edition of the task card of an item. Append-only: a changed card is the next revision."""

    __tablename__ = "task_card"
    __table_args__ = (
        tenant_key(),
        of_tenant("item_id", of="item"),
        sa.UniqueConstraint("institution_id", "item_id", "revision"),
        sa.CheckConstraint("minutes >= 1", name="takes_time"),
        sa.CheckConstraint("stations >= 1", name="has_a_station"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    item_id: int
    revision: int = 1
    minutes: int
    #: how many candidates work at the same time
    stations: int = 1
    place: str
    #: lists of {name, model, count} for each station
    equipment: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
    #: lists of {name, model, amount} for each candidate
    materials: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
    tools: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
    steps: list[str] = Field(sa_type=sa.JSON)
    #: where the criteria of marking stand
    criteria_reference: str | None = None
    criteria: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    safety: list[str] = Field(sa_type=sa.JSON)
    recorded_by: str
    recorded_at: datetime = Field(default_factory=now)
