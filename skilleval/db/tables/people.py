"""People of an institution, and what they hold and have done."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, of_tenant, one_of, tenant_key


class Person(Table, table=True):
    """One employee of an institution, as the roster (花名册) says. The document number is sealed."""

    __tablename__ = "person"
    __table_args__ = (
        tenant_key(),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "id_index"),
        sa.Index("ix_person_institution_name", "institution_id", "name"),
        # The initials ride along, so that they are searched in the index alone; so do the choices of both filters.
        sa.Index("ix_person_institution_pinyin", "institution_id", "pinyin", "initials"),
        sa.Index("ix_person_institution_tail", "institution_id", "tail_index"),
        sa.Index("ix_person_institution_department", "institution_id", "department", "occupation_code"),
        sa.Index("ix_person_institution_employee_no", "institution_id", "employee_no"),
        one_of("sex", ("male", "female")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    name: str
    id_type: str
    id_sealed: bytes
    id_index: str = Field(max_length=64)
    #: the keyed index of the last six characters of the number, by which people are looked up at a desk
    tail_index: str = Field(default="", max_length=64)
    #: the name as typed without tones, to sort and to find by, and the initials of that
    pinyin: str = ""
    initials: str = ""
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
        tenant_key(),
        of_tenant("person_id", of="person"),
        sa.Index("ix_credential_institution_person", "institution_id", "person_id"),
        one_of("kind", ("certificate", "title", "diploma")),
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
        tenant_key(),
        of_tenant("person_id", of="person"),
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
