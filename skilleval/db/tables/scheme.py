"""How marks come to be: the schemes (评分办法) of a specification's parts, and the filled sheets behind the marks."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, now, of_tenant, one_of, tenant_key


class Scheme(Table, table=True):
    """One version of the scheme of a part: criterion sheet, performance indicators or process assessment. Append-only."""

    __tablename__ = "scheme"
    __table_args__ = (
        tenant_key(),
        of_tenant("part_id", of="specification_part"),
        sa.UniqueConstraint("institution_id", "part_id", "version"),
        one_of("kind", ("criteria", "review", "observing")),
        sa.CheckConstraint("version >= 1", name="version_counts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    part_id: int
    version: int = 1
    kind: str
    title: str
    #: groups, criteria and vetoes; indicators and periods; or occasions; points in hundredths, values as text
    content: dict[str, Any] = Field(sa_type=sa.JSON)
    defined_by: str
    recorded_at: datetime = Field(default_factory=now)


class ScoreSheet(Table, table=True):
    """A filled sheet and the mark that it gave. Append-only: a correction is another sheet with a reason and a new mark."""

    __tablename__ = "score_sheet"
    __table_args__ = (
        tenant_key(),
        of_tenant("candidate_id", of="candidate"),
        of_tenant("mark_id", of="mark"),
        of_tenant("scheme_id", of="scheme"),
        sa.UniqueConstraint("institution_id", "mark_id"),
        sa.CheckConstraint("value >= 0", name="value_not_negative"),
        sa.CheckConstraint("veto = '' OR value = 0", name="veto_is_nothing"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    candidate_id: int
    mark_id: int
    scheme_id: int
    #: the mark in hundredths, as the lines give it
    value: int
    #: the safety veto items (安全否决项) that made it 0
    veto: str = ""
    reason: str | None = None
    recorded_at: datetime = Field(default_factory=now)


class ScoreLine(Table, table=True):
    """One line of a filled sheet. Append-only."""

    __tablename__ = "score_line"
    __table_args__ = (
        tenant_key(),
        of_tenant("sheet_id", of="score_sheet"),
        sa.UniqueConstraint("institution_id", "sheet_id", "serial"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    sheet_id: int
    serial: int
    #: code of the criterion, veto, indicator or occasion; empty where a cap or a floor speaks
    item: str = ""
    period: str = ""
    day: date | None = None
    #: short code of the observer
    observer: str = ""
    #: as it was entered: points, occurrences, 是, or a value
    entered: str = ""
    #: what it gives in hundredths; below 0 where a cap or a veto takes points away
    points: int
    text: str
