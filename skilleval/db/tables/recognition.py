"""Direct recognition (直接认定): what people can show, and the case of each candidate from its lines to its decision."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, now, of_tenant, one_of, tenant_key


class Evidence(Table, table=True):
    """Something that a person can show (佐证材料): handed in, then accepted or rejected by a verifier.

    The person belongs to ``employer_id``, which may be a member firm. A file that was named stays where it is and its hash
    is kept; one that was handed in through a browser lies in the installation's evidence folder as ``stored_as``.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        tenant_key(),
        of_tenant("person_id", of="person", own="employer_id"),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"]),
        sa.UniqueConstraint("institution_id", "code"),
        sa.UniqueConstraint("stored_as"),
        sa.CheckConstraint("stored_as IS NULL OR sha256 IS NOT NULL", name="stored_with_hash"),
        sa.Index("ix_evidence_institution_sha256", "institution_id", "sha256"),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="dates_in_order"),
        sa.CheckConstraint("state = 'submitted' OR (verifier IS NOT NULL AND verified_on IS NOT NULL)", name="verified_by"),
        sa.CheckConstraint("state <> 'rejected' OR reason IS NOT NULL", name="rejected_with_reason"),
        one_of("state", ("submitted", "accepted", "rejected")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    #: the institution's own short code, by which files and commands name it
    code: str
    employer_id: int
    person_id: int
    #: a key of ``domain.recognition.EVIDENCE_KINDS``
    kind: str
    title: str
    started_on: date
    ended_on: date | None = None
    issuer: str
    level: str | None = None
    file_name: str | None = None
    sha256: str | None = Field(default=None, max_length=64)
    #: our own random name of the kept file, with what it is: 32 hex digits and .pdf, .png or .jpg
    stored_as: str | None = Field(default=None, max_length=36)
    #: the account that handed it in, by its public id; empty for the operator at the command line
    submitted_by: str = ""
    state: str = "submitted"
    verifier: str | None = None
    verified_on: date | None = None
    reason: str | None = None


class RecognitionCase(Table, table=True):
    """The case (案卷) of one candidate: methods with their marks, limits set aside, and how far it has come."""

    __tablename__ = "recognition_case"
    __table_args__ = (
        tenant_key(),
        of_tenant("batch_id", of="batch"),
        of_tenant("candidate_id", of="candidate"),
        sa.UniqueConstraint("institution_id", "number"),
        sa.UniqueConstraint("institution_id", "candidate_id"),
        one_of("state", ("draft", "reviewing", "recognised", "not_recognised")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    batch_id: int
    candidate_id: int
    number: str
    #: method used → its mark in hundredths of 100 points, None while there is none: {"performance": 8850}
    methods: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    #: the ids of the clauses that permit it, and each limit lifted: name, applied, fact
    clauses: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    limits: list[Any] = Field(default_factory=list, sa_type=sa.JSON)
    state: str = "draft"


class CaseLine(Table, table=True):
    """One line of the composite sheet (综合评价表). Maximum and score are hundredths."""

    __tablename__ = "case_line"
    __table_args__ = (
        tenant_key(),
        of_tenant("case_id", of="recognition_case"),
        sa.UniqueConstraint("institution_id", "case_id", "serial"),
        sa.CheckConstraint("maximum > 0", name="maximum_positive"),
        sa.CheckConstraint("score IS NULL OR (score >= 0 AND score <= maximum)", name="score_in_range"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    case_id: int
    serial: int
    #: 岗位职责, 工作表现, 工作业绩, or one of the firm's own (``group`` is a word of SQL)
    category: str
    text: str
    maximum: int
    must: bool = False
    score: int | None = None


class CaseEvidence(Table, table=True):
    """A piece of evidence that a line rests on."""

    __tablename__ = "case_evidence"
    __table_args__ = (
        tenant_key(),
        of_tenant("line_id", of="case_line"),
        of_tenant("evidence_id", of="evidence"),
        sa.UniqueConstraint("institution_id", "line_id", "evidence_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    line_id: int
    evidence_id: int


class CaseVote(Table, table=True):
    """The vote of one panel member; the chair's comment is the conclusion. Append-only: the last revision counts."""

    __tablename__ = "case_vote"
    __table_args__ = (
        tenant_key(),
        of_tenant("case_id", of="recognition_case"),
        of_tenant("member_id", of="panel_member"),
        sa.UniqueConstraint("institution_id", "case_id", "member_id", "revision"),
        one_of("vote", ("agree", "against", "abstain")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    case_id: int
    member_id: int
    revision: int = 1
    vote: str
    comment: str = ""
    recorded_at: datetime = Field(default_factory=now)


class CaseDecision(Table, table=True):
    """A decision (认定决定) over a case. Append-only: a later one supersedes it, with its reason."""

    __tablename__ = "case_decision"
    __table_args__ = (
        tenant_key(),
        of_tenant("case_id", of="recognition_case"),
        sa.UniqueConstraint("institution_id", "case_id", "revision"),
        one_of("decision", ("recognised", "not_recognised")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    case_id: int
    revision: int = 1
    decision: str
    reason: str
    decided_by: str
    decided_on: date
    #: composite percent and group percents in hundredths; None while a line has no score
    composite: int | None = None
    #: what the decision was made from (domain.recognition.CaseFacts and the pinned packs), for replay; it names nobody
    inputs: dict[str, Any] = Field(sa_type=sa.JSON)
    proof: dict[str, Any] = Field(sa_type=sa.JSON)
    warnings: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    recorded_at: datetime = Field(default_factory=now)
