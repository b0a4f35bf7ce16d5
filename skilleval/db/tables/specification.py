"""How a specification comes about in a chain: draft, co-drafters, revisions, review rounds, opinions and their answers.

All rows belong to the lead, also those that a co-drafter hands in.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, now, of_tenant, one_of, tenant_key


class SpecificationDraft(Table, table=True):
    """One draft (起草项目) of an evaluation specification that the lead of a chain organises."""

    __tablename__ = "specification_draft"
    __table_args__ = (
        tenant_key(),
        of_tenant("chain_id", of="chain"),
        of_tenant("specification_id", of="specification"),
        sa.UniqueConstraint("institution_id", "number"),
        one_of("state", ("drafting", "reviewing", "revising", "revised", "passed", "failed", "approved", "abandoned")),
        sa.CheckConstraint("(state = 'approved') = (specification_id IS NOT NULL)", name="approved_is_a_specification"),
        sa.CheckConstraint("(state IN ('approved', 'abandoned')) = (closed_reason IS NOT NULL)", name="closed_with_reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    chain_id: int
    #: the lead's own number of it (起草编号)
    number: str
    title: str
    occupation_code: str = Field(max_length=10)
    occupation_edition: str = "2022"
    trade: str = ""
    grades: list[str] = Field(sa_type=sa.JSON)
    opened_on: date
    state: str = "drafting"
    #: the specification that it became
    specification_id: int | None = None
    closed_on: date | None = None
    closed_reason: str | None = None


class SpecificationDrafter(Table, table=True):
    """One firm or school that drafts (起草单位), from a day to a day, with those who draft for it; the lead has a row too."""

    __tablename__ = "specification_drafter"
    __table_args__ = (
        tenant_key(),
        of_tenant("draft_id", of="specification_draft"),
        sa.UniqueConstraint("institution_id", "draft_id", "credit_code", "joined_on"),
        sa.CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="dates_in_order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    draft_id: int
    credit_code: str = Field(max_length=18)
    name: str
    role: str
    #: names of those who draft (起草人)
    people: list[str] = Field(sa_type=sa.JSON)
    joined_on: date
    #: the last day on which it takes part
    left_on: date | None = None


class DraftRevision(Table, table=True):
    """One revision (稿) of a draft: its whole text, by whom and why. Append-only."""

    __tablename__ = "draft_revision"
    __table_args__ = (
        tenant_key(),
        of_tenant("draft_id", of="specification_draft"),
        sa.UniqueConstraint("institution_id", "draft_id", "serial"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    draft_id: int
    serial: int
    #: the TOML text of the specification, and the SHA-256 of its UTF-8 bytes
    content: str
    sha256: str = Field(max_length=64)
    reason: str
    #: the drafting firm that handed it in, and the person who did
    credit_code: str = Field(max_length=18)
    by: str
    handed_on: date
    recorded_at: datetime = Field(default_factory=now)


class ReviewRound(Table, table=True):
    """One review (评审) of one revision by experts, and its conclusion."""

    __tablename__ = "review_round"
    __table_args__ = (
        tenant_key(),
        of_tenant("draft_id", of="specification_draft"),
        of_tenant("revision_id", of="draft_revision"),
        sa.UniqueConstraint("institution_id", "draft_id", "serial"),
        one_of("state", ("open", "pass", "revise", "fail")),
        sa.CheckConstraint("(state = 'open') = (concluded_on IS NULL)", name="concluded_on_a_day"),
        sa.CheckConstraint("(state = 'open') = (reason IS NULL)", name="concluded_with_reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    draft_id: int
    revision_id: int
    serial: int
    held_on: date
    state: str = "open"
    reason: str | None = None
    #: why it was passed although a rule that nobody has established leaves it open
    unknown_reason: str | None = None
    concluded_by: str | None = None
    concluded_on: date | None = None
    #: the proof of who reviewed, as it stood, and the packs behind it
    proof: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    versions: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)


class Reviewer(Table, table=True):
    """One expert (评审专家) who was there in one round. Append-only."""

    __tablename__ = "reviewer"
    __table_args__ = (
        tenant_key(),
        of_tenant("round_id", of="review_round"),
        sa.UniqueConstraint("institution_id", "round_id", "name", "firm"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    round_id: int
    name: str
    firm: str
    #: title, grade or card by which the person may review; empty where nobody entered it
    qualification: str = ""


class DraftOpinion(Table, table=True):
    """One opinion (意见) on one revision: of an expert in a round, or of a co-drafter. Append-only."""

    __tablename__ = "draft_opinion"
    __table_args__ = (
        tenant_key(),
        of_tenant("draft_id", of="specification_draft"),
        of_tenant("revision_id", of="draft_revision"),
        of_tenant("round_id", of="review_round"),
        of_tenant("reviewer_id", of="reviewer"),
        sa.UniqueConstraint("institution_id", "draft_id", "serial"),
        sa.CheckConstraint("(round_id IS NULL) = (reviewer_id IS NULL)", name="an_expert_of_a_round"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    draft_id: int
    revision_id: int
    serial: int
    round_id: int | None = None
    reviewer_id: int | None = None
    by: str
    firm: str
    #: the clause or part that it is about
    part: str
    text: str
    given_on: date


class OpinionAnswer(Table, table=True):
    """What became of an opinion (意见处理): adopted, partly, or rejected, and why. Append-only, one for each opinion."""

    __tablename__ = "opinion_answer"
    __table_args__ = (
        tenant_key(),
        of_tenant("opinion_id", of="draft_opinion"),
        sa.UniqueConstraint("institution_id", "opinion_id"),
        one_of("verdict", ("adopt", "partly", "reject")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    opinion_id: int
    verdict: str
    reason: str
    answered_by: str
    answered_on: date
