"""A batch: its staff, candidates, marks and results."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import GRADES, ROUTES, Table, now, of_tenant, one_of, tenant_key


class Batch(Table, table=True):
    """One batch (认定批次, T6): one institution, one occupation and trade, some grades, one window of dates."""

    __tablename__ = "batch"
    __table_args__ = (
        tenant_key(),
        of_tenant("specification_id", of="specification"),
        of_tenant("registration_id", of="registration"),
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
        tenant_key(),
        of_tenant("batch_id", of="batch"),
        of_tenant("personnel_id", of="personnel"),
        sa.UniqueConstraint("institution_id", "batch_id", "personnel_id", "role", "method", "grade"),
        one_of("role", ("assessor", "supervisor")),
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
        tenant_key(),
        of_tenant("batch_id", of="batch"),
        of_tenant("person_id", of="person", own="employer_id"),
        sa.UniqueConstraint("institution_id", "batch_id", "employer_id", "person_id"),
        sa.UniqueConstraint("institution_id", "batch_id", "admission_number"),
        # What somebody was a candidate for is asked by their firm, in whoever's batch.
        sa.Index("ix_candidate_employer_person", "employer_id", "person_id"),
        one_of("grade", GRADES),
        one_of("route", ROUTES),
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
        tenant_key(),
        of_tenant("candidate_id", of="candidate"),
        of_tenant("part_id", of="specification_part"),
        of_tenant("personnel_id", of="personnel"),
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
    recorded_at: datetime = Field(default_factory=now)


class Adjudication(Table, table=True):
    """The mark of a part set by a person where the assessors' marks may not be agreed by machine. Append-only.

    It decides over the marks that it names (``mark_ids``) and lapses when one of them is revised or another comes in. One
    that answers an upheld objection or a conflict of interest confirmed since (重评) comes after the settled result and
    makes a new version of it.
    """

    __tablename__ = "adjudication"
    __table_args__ = (
        tenant_key(),
        of_tenant("candidate_id", of="candidate"),
        of_tenant("part_id", of="specification_part"),
        of_tenant("objection_id", of="objection"),
        of_tenant("conflict_id", of="conflict"),
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
    #: the upheld objection that it answers
    objection_id: int | None = None
    #: the confirmed conflict of interest that it answers
    conflict_id: int | None = None
    recorded_at: datetime = Field(default_factory=now)


class Result(Table, table=True):
    """The settled result of a candidate. Append-only: a correction is a new revision with a reason."""

    __tablename__ = "result"
    __table_args__ = (
        tenant_key(),
        of_tenant("candidate_id", of="candidate"),
        sa.UniqueConstraint("institution_id", "candidate_id", "revision"),
        one_of("outcome", ("passed", "failed", "absent", "unfinished")),
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
    settled_at: datetime = Field(default_factory=now)
