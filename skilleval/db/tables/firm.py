"""The firm: institution, registration and scope, specifications, posts, staff, venues, chosen rule packs."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import GRADES, METHODS, Table, of_tenant, one_of, tenant_key


class Institution(Table, table=True):
    """An evaluation institution (评价机构): a firm that evaluates, or one whose people are evaluated (T1)."""

    __tablename__ = "institution"
    __table_args__ = (one_of("kind", ("employer", "chain_evaluator")),)

    id: int | None = Field(default=None, primary_key=True)
    credit_code: str = Field(max_length=18, unique=True)
    name: str
    kind: str = "employer"
    ownership: str | None = None
    industry: str | None = None
    cluster: str | None = None
    size: str | None = None
    #: like the province without a default: rules ask for it, and nobody is taken for what nobody stated
    manufacturing: bool
    listed: bool | None = None
    above_scale: bool | None = None
    chain_lead: bool | None = None
    flagship: bool | None = None
    legal_representative: str | None = None
    address: str | None = None
    province: str
    city: str | None = None
    district: str | None = None
    insured_place: str | None = None
    employees: int | None = None
    skilled_posts: int | None = None
    senior_skilled: int | None = None
    insured_employees: int | None = None
    full_time_staff: int | None = None
    responsible: str | None = None
    contact: str | None = None
    phone: str | None = None
    email: str | None = None


class Registration(Table, table=True):
    """One registration (备案) of an institution with its authority, and its time of validity."""

    __tablename__ = "registration"
    __table_args__ = (
        tenant_key(),
        sa.UniqueConstraint("institution_id", "number", "valid_from"),
        one_of("state", ("draft", "submitted", "registered", "suspended", "removed")),
        one_of("authority_level", ("province", "city", "district")),
        sa.CheckConstraint("valid_to >= valid_from", name="dates_in_order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id")
    number: str = Field(max_length=13)
    authority: str
    authority_level: str
    registered_on: date | None = None
    valid_from: date
    valid_to: date
    state: str = "registered"


class ScopeLine(Table, table=True):
    """One line of the registered scope (备案范围, T2): an occupation and trade with its grades."""

    __tablename__ = "scope_line"
    __table_args__ = (
        tenant_key(),
        of_tenant("registration_id", of="registration"),
        sa.UniqueConstraint("institution_id", "registration_id", "occupation_code", "trade"),
        one_of("basis", ("standard", "specification", "direct_sheet")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    registration_id: int
    serial: int
    occupation_code: str = Field(max_length=10)
    occupation_edition: str = "2022"
    occupation_name: str
    trade: str = ""
    grades: list[str] = Field(sa_type=sa.JSON)
    basis: str
    basis_name: str
    basis_year: str | None = None
    routes: list[str] = Field(sa_type=sa.JSON)
    complete_grade_set: bool | None = None
    ceiling: str | None = None
    workers: int | None = None
    note: str | None = None


class PackChoice(Table, table=True):
    """Which rule packs and readings an institution chose, from which day on. Append-only: the latest one counts."""

    __tablename__ = "pack_choice"
    __table_args__ = (tenant_key(), sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]))

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    valid_from: date
    packs: list[str] = Field(sa_type=sa.JSON)
    switches: dict[str, bool] = Field(default_factory=dict, sa_type=sa.JSON)
    reason: str
    by: str


class PinnedText(Table, table=True):
    """The text of a rule pack or standard that decided something, by its hash, so that the decision can be replayed.

    It belongs to no institution: it is public rule text, and the hash proves it.
    """

    __tablename__ = "pinned_text"

    sha256: str = Field(max_length=64, primary_key=True)
    name: str
    content: str


class Specification(Table, table=True):
    """One version of an evaluation specification (评价规范): how the firm assesses one occupation and trade."""

    __tablename__ = "specification"
    __table_args__ = (
        tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "code", "version"),
        one_of("state", ("draft", "approved", "superseded")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    code: str
    version: int = 1
    title: str
    occupation_code: str = Field(max_length=10)
    occupation_edition: str = "2022"
    trade: str = ""
    #: key of the national standard it rests on (standards.py), or empty for the firm's own
    standard: str | None = None
    #: which generation of entry conditions applies ("2018", "2023")
    conditions: str | None = None
    #: codes of related occupations (相关职业) whose work and certificates count too
    related_occupations: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    state: str = "approved"
    approved_on: date | None = None
    #: the first day on which a newer version holds in its place; None while it is the newest, or where that day is not known
    superseded_on: date | None = None
    #: number of the reviewed draft (起草编号) that it was approved from; None where the firm wrote it by itself
    draft_number: str | None = None


class SpecificationPart(Table, table=True):
    """One assessed part of a specification at one grade: method, weight, pass mark, assessors, agreement rule."""

    __tablename__ = "specification_part"
    __table_args__ = (
        tenant_key(),
        of_tenant("specification_id", of="specification"),
        sa.UniqueConstraint("institution_id", "specification_id", "grade", "method"),
        one_of("grade", GRADES),
        one_of("method", METHODS),
        sa.CheckConstraint("weight BETWEEN 1 AND 100", name="weight_is_percent"),
        sa.CheckConstraint("maximum > 0 AND pass_mark > 0 AND pass_mark <= maximum", name="marks_in_order"),
        sa.CheckConstraint("assessors >= 1", name="someone_assesses"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    specification_id: int
    grade: str
    method: str
    serial: int
    weight: int
    maximum: int = 10000
    pass_mark: int = 6000
    assessors: int = 1
    #: {"rule": "mean" | "trimmed_mean" | "median", "tolerance": hundredths or null}
    agreement: dict[str, Any] = Field(sa_type=sa.JSON)


class Post(Table, table=True):
    """A post (岗位) of the firm, tied to an occupation and trade."""

    __tablename__ = "post"
    __table_args__ = (
        tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "name", "occupation_code", "trade"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    name: str
    occupation_code: str = Field(max_length=10)
    trade: str = ""


class PostGrade(Table, table=True):
    """One of the firm's own grades of a post (岗位等级), mapped onto the ladder (T3)."""

    __tablename__ = "post_grade"
    __table_args__ = (
        tenant_key(),
        of_tenant("post_id", of="post"),
        sa.UniqueConstraint("institution_id", "post_id", "name"),
        one_of("grade", GRADES),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    post_id: int
    name: str
    serial: int
    grade: str
    post_specification: str | None = None
    #: skill pay in whole 分 a month, if the firm states it
    skill_pay: int | None = None
    valid_from: date | None = None


class Personnel(Table, table=True):
    """Somebody who may act in an evaluation (T4): assessor, senior assessor, supervisor, expert, exam staff."""

    __tablename__ = "personnel"
    __table_args__ = (
        tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "code"),
        one_of("kind", ("assessor", "senior_assessor", "supervisor", "expert", "staff")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    #: the firm's own short code, by which workbooks and commands name the person
    code: str
    name: str
    kind: str
    sex: str | None = None
    id_type: str | None = None
    id_sealed: bytes | None = None
    id_index: str | None = Field(default=None, max_length=64)
    employer: str | None = None
    title: str | None = None
    grade: str | None = None
    card_number: str | None = None
    card_valid_to: date | None = None
    occupations: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    grades: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    phone: str | None = None


class Venue(Table, table=True):
    """A place of assessment (场地, T5) and its equipment, a list of {name, model, count, sound}."""

    __tablename__ = "venue"
    __table_args__ = (
        tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "name"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    name: str
    address: str
    kind: str
    ownership: str | None = None
    lease_to: date | None = None
    seats: int
    monitored: bool | None = None
    occupations: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    equipment: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
