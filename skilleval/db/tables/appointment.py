"""Posts of 特级技师 and 首席技师: honours, nominations, and appointments. Separate from certificates, and append-only."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, of_tenant, one_of, tenant_key

TOP_GRADES = ("special_technician", "chief_technician")
HONOUR_KINDS = ("honour", "contribution_award", "grand_skill_award", "science_award")
HONOUR_LEVELS = ("firm", "city", "province", "nation")


class Honour(Table, table=True):
    """An honour or award of a person, with who gave it and how high that is. It opens entry conditions."""

    __tablename__ = "honour"
    __table_args__ = (
        tenant_key(),
        of_tenant("person_id", of="person"),
        sa.UniqueConstraint("institution_id", "person_id", "kind", "name", "issuer"),
        one_of("kind", HONOUR_KINDS),
        one_of("level", HONOUR_LEVELS),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    person_id: int
    kind: str
    name: str
    issuer: str
    level: str | None = None
    obtained_on: date | None = None
    document: str | None = None


class Nomination(Table, table=True):
    """One nomination (推荐, T10) of a person for a post: year and period, route, what the firm found and how it voted."""

    __tablename__ = "nomination"
    __table_args__ = (
        tenant_key(),
        of_tenant("person_id", of="person"),
        of_tenant("registration_id", of="registration"),
        sa.UniqueConstraint("institution_id", "year", "period", "person_id"),
        one_of("grade", TOP_GRADES),
        one_of("route", ("A", "B", "C", "D")),
        sa.CheckConstraint("notice_to >= notice_from AND nominated_on > notice_to", name="notice_over"),
        sa.CheckConstraint("term_to >= term_from", name="term_in_order"),
        sa.CheckConstraint("votes_for >= 0 AND votes_for <= votes_cast", name="votes_in_order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    registration_id: int
    #: the batch of the province: 年度 and 期次
    year: int
    period: int
    person_id: int
    grade: str
    occupation_code: str = Field(max_length=10)
    occupation_name: str
    trade: str = ""
    route: str
    #: the highest grade held on the day and since when; None: no certificate
    current_grade: str | None = None
    current_on: date | None = None
    achievements: str
    votes_for: int
    votes_cast: int
    notice_from: date
    notice_to: date
    post: str
    term_from: date
    term_to: date
    pay: str
    nominated_on: date
    authority_reason: str | None = None
    #: the proofs of window and route, as they stood
    proof: dict[str, Any] = Field(sa_type=sa.JSON)
    #: what they were made from: the person's background, without a name, and the packs
    inputs: dict[str, Any] = Field(sa_type=sa.JSON)


class Appointment(Table, table=True):
    """An appointment (聘任) to the post of a nomination, after the province listed it, for a term."""

    __tablename__ = "appointment"
    __table_args__ = (
        tenant_key(),
        of_tenant("nomination_id", of="nomination"),
        sa.UniqueConstraint("institution_id", "nomination_id"),
        sa.UniqueConstraint("number"),
        sa.CheckConstraint("term_to >= term_from", name="term_in_order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    nomination_id: int
    #: number of the list that the province published (结果文件)
    list_number: str
    appointed_on: date
    term_from: date
    term_to: date
    #: number that came with the list, where a pack knows its letter; never made here
    number: str | None = Field(default=None, max_length=22)
