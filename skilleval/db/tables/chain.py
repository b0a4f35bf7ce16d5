"""The chain: its lead, its members with dates, and who may assess whose people."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import MEMBER_KINDS, Table, now, of_tenant, one_of, tenant_key


class Chain(Table, table=True):
    """A skills ecosystem chain (产教评技能生态链). It belongs to its lead: ``institution_id`` is the lead's."""

    __tablename__ = "chain"
    __table_args__ = (
        tenant_key(),
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
        tenant_key(),
        of_tenant("chain_id", of="chain"),
        sa.UniqueConstraint("institution_id", "chain_id", "credit_code", "joined_on"),
        one_of("kind", MEMBER_KINDS),
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


class MembershipCorrection(Table, table=True):
    """A correction of the last day of a membership (退出日期更正): what stood there before, and who was judged meanwhile.
    Append-only."""

    __tablename__ = "membership_correction"
    __table_args__ = (tenant_key(), of_tenant("member_id", of="chain_member"))

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    member_id: int
    left_before: date | None
    #: None: the member had not left
    left_after: date | None = None
    #: candidates who were judged for a day that is seen otherwise since, in Chinese
    touched: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    reason: str
    corrected_by: str
    recorded_at: datetime = Field(default_factory=now)


class Mandate(Table, table=True):
    """Who may assess whose people (委托): an evaluator, an employer of the chain, occupations and grades, dates.

    It belongs to the evaluator. Append-only but for the revocation.
    """

    __tablename__ = "mandate"
    __table_args__ = (
        tenant_key(),
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
