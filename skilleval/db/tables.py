"""The tables: what one row is, its keys, and what must hold even if code is wrong. No rules.

Every table of a tenant carries ``institution_id``, and a foreign key between two of them is composite
(``institution_id, x_id``), so that a row of one firm can't be bound to a row of another even by a bug.
Marks and their maxima are whole hundredths (6000 is 60.00): a Decimal is a float on SQLite.
"""

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, MetaData, SQLModel

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


def _now() -> datetime:
    return datetime.now(UTC)


def _one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _of_tenant(*columns: str, of: str, to: tuple[str, ...] = ("id",), own: str = "institution_id") -> sa.ForeignKeyConstraint:
    """A composite foreign key that keeps both ends within one institution."""
    return sa.ForeignKeyConstraint([own, *columns], [f"{of}.institution_id", *(f"{of}.{column}" for column in to)])



def _tenant_key() -> sa.UniqueConstraint:
    return sa.UniqueConstraint("institution_id", "id")


# --- the firm -------------------------------------------------------------------------------------


class Institution(Table, table=True):
    """An evaluation institution (评价机构): a firm that evaluates, or one whose people are evaluated (T1)."""

    __tablename__ = "institution"
    __table_args__ = (_one_of("kind", ("employer", "chain_evaluator")),)

    id: int | None = Field(default=None, primary_key=True)
    credit_code: str = Field(max_length=18, unique=True)
    name: str
    kind: str = "employer"
    ownership: str | None = None
    industry: str | None = None
    cluster: str | None = None
    size: str | None = None
    manufacturing: bool = True
    listed: bool | None = None
    above_scale: bool | None = None
    chain_lead: bool | None = None
    flagship: bool | None = None
    legal_representative: str | None = None
    address: str | None = None
    province: str = "44"
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
        _tenant_key(),
        sa.UniqueConstraint("institution_id", "number", "valid_from"),
        _one_of("state", ("draft", "submitted", "registered", "suspended", "removed")),
        _one_of("authority_level", ("province", "city", "district")),
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
        _tenant_key(),
        _of_tenant("registration_id", of="registration"),
        sa.UniqueConstraint("institution_id", "registration_id", "occupation_code", "trade"),
        _one_of("basis", ("standard", "specification", "direct_sheet")),
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
    __table_args__ = (_tenant_key(), sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]))

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
        _tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "code", "version"),
        _one_of("state", ("draft", "approved", "superseded")),
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


class SpecificationPart(Table, table=True):
    """One assessed part of a specification at one grade: method, weight, pass mark, assessors, agreement rule."""

    __tablename__ = "specification_part"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("specification_id", of="specification"),
        sa.UniqueConstraint("institution_id", "specification_id", "grade", "method"),
        _one_of("grade", GRADES),
        _one_of("method", METHODS),
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
        _tenant_key(),
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
        _tenant_key(),
        _of_tenant("post_id", of="post"),
        sa.UniqueConstraint("institution_id", "post_id", "name"),
        _one_of("grade", GRADES),
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
        _tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "code"),
        _one_of("kind", ("assessor", "senior_assessor", "supervisor", "expert", "staff")),
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
        _tenant_key(),
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


# --- the chain ------------------------------------------------------------------------------------


class Chain(Table, table=True):
    """A skills ecosystem chain (产教评技能生态链). It belongs to its lead: ``institution_id`` is the lead's."""

    __tablename__ = "chain"
    __table_args__ = (
        _tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("name"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    name: str
    #: one of the twenty strategic clusters, as the lead's own record says
    cluster: str | None = None
    city: str | None = None


class ChainMember(Table, table=True):
    """One membership of a chain (链员, T11), from a day to a day; somebody who comes back has a second row."""

    __tablename__ = "chain_member"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("chain_id", of="chain"),
        sa.UniqueConstraint("institution_id", "chain_id", "credit_code", "joined_on"),
        _one_of("kind", MEMBER_KINDS),
        sa.CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="dates_in_order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    chain_id: int
    #: schools and bodies that have no record of their own here are members too
    credit_code: str = Field(max_length=18)
    name: str
    kind: str = "firm"
    relation: str | None = None
    joined_on: date
    #: the last day of membership
    left_on: date | None = None
    posts: int | None = None
    agreement: str | None = None


class Mandate(Table, table=True):
    """Who may assess whose people (委托): an evaluator, an employer of the chain, occupations and grades, dates.

    It belongs to the evaluator. Append-only but for the revocation.
    """

    __tablename__ = "mandate"
    __table_args__ = (
        _tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.ForeignKeyConstraint(["chain_id"], ["chain.id"]),
        sa.ForeignKeyConstraint(["employer_id"], ["institution.id"]),
        sa.CheckConstraint("valid_to >= valid_from", name="dates_in_order"),
        sa.CheckConstraint("(revoked_on IS NULL) = (revoked_reason IS NULL)", name="revoked_with_reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    chain_id: int
    employer_id: int
    #: codes and grade words; an empty list is all that the evaluator is registered for
    occupations: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    grades: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    document: str
    valid_from: date
    valid_to: date
    #: the first day on which it does not hold any more
    revoked_on: date | None = None
    revoked_reason: str | None = None


# --- people ---------------------------------------------------------------------------------------


class Person(Table, table=True):
    """One employee of an institution, as the roster (花名册) says. The document number is sealed."""

    __tablename__ = "person"
    __table_args__ = (
        _tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "id_index"),
        sa.Index("ix_person_institution_name", "institution_id", "name"),
        sa.Index("ix_person_institution_employee_no", "institution_id", "employee_no"),
        _one_of("sex", ("male", "female")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    name: str
    id_type: str
    id_sealed: bytes
    id_index: str = Field(max_length=64)
    sex: str
    birth_date: date
    employee_no: str | None = None
    education: str | None = None
    phone: str | None = None
    department: str | None = None
    post: str | None = None
    #: 用工形式: contract, dispatched, outsourced, intern
    employment: str | None = None
    hired_on: date | None = None
    #: the occupation the person works in now, and since when (counts as work of that occupation)
    occupation_code: str | None = Field(default=None, max_length=10)
    occupation_since: date | None = None
    note: str | None = None


class Credential(Table, table=True):
    """Something a person holds that entry conditions ask about: a certificate, a title (职称) or a diploma."""

    __tablename__ = "credential"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("person_id", of="person"),
        sa.Index("ix_credential_institution_person", "institution_id", "person_id"),
        _one_of("kind", ("certificate", "title", "diploma")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    person_id: int
    kind: str
    #: a grade word for a certificate; junior, intermediate, senior for a title; the diploma kind for a diploma
    level: str
    occupation_code: str | None = Field(default=None, max_length=10)
    number: str | None = None
    #: day of issue, of the title, or of graduation; None is unknown
    obtained_on: date | None = None
    issuer: str | None = None
    major: str | None = None
    #: whether the title or the major matches the occupation (本专业或相关专业); None is unknown
    matching: bool | None = None
    #: whether the diploma passed the evaluation-and-proof step (经评估论证); None is unknown
    assessed: bool | None = None


class WorkPeriod(Table, table=True):
    """A time of work in an occupation besides the present one on the person's own row (工作经历)."""

    __tablename__ = "work_period"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("person_id", of="person"),
        sa.Index("ix_work_period_institution_person", "institution_id", "person_id"),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="dates_in_order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    person_id: int
    occupation_code: str = Field(max_length=10)
    started_on: date
    ended_on: date | None = None
    employer: str | None = None
    witness: str | None = None


# --- a batch and its candidates --------------------------------------------------------------------


class Batch(Table, table=True):
    """One batch (认定批次, T6): one institution, one occupation and trade, some grades, one window of dates."""

    __tablename__ = "batch"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("specification_id", of="specification"),
        _of_tenant("registration_id", of="registration"),
        sa.UniqueConstraint("institution_id", "number"),
        sa.CheckConstraint("ends_on >= starts_on", name="dates_in_order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    number: str
    name: str
    occupation_code: str = Field(max_length=10)
    occupation_edition: str = "2022"
    occupation_name: str
    trade: str = ""
    grades: list[str] = Field(sa_type=sa.JSON)
    route: str = "assessment"
    specification_id: int
    registration_id: int
    planned: int | None = None
    enrol_until: date | None = None
    starts_on: date
    ends_on: date
    venues: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    #: versions of software, standard, conditions and rule packs that decide this batch
    versions: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    #: the written reason for going on where the clauses about the institution's authority disagree
    authority_reason: str | None = None
    state: str = "draft"


class Assignment(Table, table=True):
    """Somebody assigned to a batch: an assessor to one part (and grade, or all), or a supervisor to the whole."""

    __tablename__ = "assignment"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("batch_id", of="batch"),
        _of_tenant("personnel_id", of="personnel"),
        sa.UniqueConstraint("institution_id", "batch_id", "personnel_id", "role", "method", "grade"),
        _one_of("role", ("assessor", "supervisor")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    batch_id: int
    personnel_id: int
    role: str
    #: the part assessed, empty for a supervisor
    method: str = ""
    #: the grade assessed, empty for all grades of the batch
    grade: str = ""


class Candidate(Table, table=True):
    """A person in a batch for one grade. ``employer_id`` is the firm that the person belongs to."""

    __tablename__ = "candidate"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("batch_id", of="batch"),
        _of_tenant("person_id", of="person", own="employer_id"),
        sa.UniqueConstraint("institution_id", "batch_id", "employer_id", "person_id"),
        sa.UniqueConstraint("institution_id", "batch_id", "admission_number"),
        _one_of("grade", GRADES),
        _one_of("route", ROUTES),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    batch_id: int
    employer_id: int = Field(foreign_key="institution.id")
    person_id: int
    grade: str
    route: str = "assessment"
    #: id of the entry condition claimed (申报条件), such as 2023/senior/2
    claimed: str | None = None
    admission_number: str | None = None
    skips_grade: bool = False
    #: met, not_met or unknown, and the proof tree behind it as it stood when it was last checked
    verdict: str | None = None
    proof: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    #: what the verdict was made from (candidacy.Application and the pinned packs), for replay; it names nobody
    inputs: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    checked_on: date | None = None
    decision_reason: str | None = None
    state: str = "applied"


class Mark(Table, table=True):
    """One assessor's mark for one part of one candidate. Append-only: a new revision supersedes, with a reason."""

    __tablename__ = "mark"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("candidate_id", of="candidate"),
        _of_tenant("part_id", of="specification_part"),
        _of_tenant("personnel_id", of="personnel"),
        sa.UniqueConstraint("institution_id", "candidate_id", "part_id", "personnel_id", "revision"),
        sa.CheckConstraint("absent = (value IS NULL)", name="absent_or_valued"),
        sa.CheckConstraint("value IS NULL OR value >= 0", name="value_not_negative"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    candidate_id: int
    part_id: int
    personnel_id: int
    revision: int = 1
    value: int | None = None
    absent: bool = False
    reason: str | None = None
    recorded_at: datetime = Field(default_factory=_now)


class Adjudication(Table, table=True):
    """The mark of a part set by a person where the assessors' marks may not be agreed by machine. Append-only.

    It decides over the marks that it names (``mark_ids``) and lapses when one of them is revised or another comes in.
    """

    __tablename__ = "adjudication"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("candidate_id", of="candidate"),
        _of_tenant("part_id", of="specification_part"),
        sa.UniqueConstraint("institution_id", "candidate_id", "part_id", "revision"),
        sa.CheckConstraint("value >= 0", name="value_not_negative"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    candidate_id: int
    part_id: int
    revision: int = 1
    mark_ids: list[int] = Field(sa_type=sa.JSON)
    value: int
    reason: str
    decided_by: str
    recorded_at: datetime = Field(default_factory=_now)


class Result(Table, table=True):
    """The settled result of a candidate. Append-only: a correction is a new revision with a reason."""

    __tablename__ = "result"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("candidate_id", of="candidate"),
        sa.UniqueConstraint("institution_id", "candidate_id", "revision"),
        _one_of("outcome", ("passed", "failed", "absent", "unfinished")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    candidate_id: int
    revision: int = 1
    outcome: str
    #: settled mark of each part in hundredths, None where none exists: {"theory": 8150, "skill": null}
    parts: dict[str, Any] = Field(sa_type=sa.JSON)
    #: weighted total in hundredths; None unless every part has a mark
    total: int | None = None
    #: the reasons, each with its clause
    proof: list[Any] = Field(default_factory=list, sa_type=sa.JSON)
    reason: str | None = None
    settled_at: datetime = Field(default_factory=_now)


# --- what is said officially -----------------------------------------------------------------------


class Notice(Table, table=True):
    """A public notice (公示) of a batch: frozen content with its hash, and its first and last day."""

    __tablename__ = "notice"
    __table_args__ = (
        _tenant_key(),
        _of_tenant("batch_id", of="batch"),
        sa.UniqueConstraint("institution_id", "batch_id", "serial"),
        sa.CheckConstraint("last_day >= first_day", name="dates_in_order"),
        _one_of("state", ("published", "closed", "withdrawn")),
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
        _tenant_key(),
        _of_tenant("notice_id", of="notice"),
        _of_tenant("candidate_id", of="candidate"),
        sa.UniqueConstraint("institution_id", "notice_id", "serial"),
        _one_of("state", ("open", "upheld", "rejected")),
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
        _tenant_key(),
        _of_tenant("candidate_id", of="candidate"),
        _of_tenant("replaces_id", of="certificate"),
        sa.UniqueConstraint("number"),
        _one_of("grade", GRADES),
        _one_of("origin", ("local", "imported")),
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
        _tenant_key(),
        _of_tenant("certificate_id", of="certificate"),
        sa.UniqueConstraint("institution_id", "certificate_id", "serial"),
        _one_of("kind", ("issued", "reissued", "voided", "revoked")),
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
        _tenant_key(),
        _of_tenant("batch_id", of="batch"),
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


class ImportReceipt(Table, table=True):
    """What one import did: the file's hash, who, when, and counts that add up."""

    __tablename__ = "import_receipt"
    __table_args__ = (
        _tenant_key(),
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
    imported_at: datetime = Field(default_factory=_now)


# --- the journal -----------------------------------------------------------------------------------


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
