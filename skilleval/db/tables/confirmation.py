"""Confirmations (转正定级): who was confirmed as 学徒工 in which post, by which rule of the firm. No certificate."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, of_tenant, one_of, tenant_key

_ONCE = sa.text("result = 'passed'")


class Confirmation(Table, table=True):
    """One decision on a 学徒工 in a post, after probation and mentoring. Append-only; passed once for a person and post."""

    __tablename__ = "confirmation"
    __table_args__ = (
        tenant_key(),
        of_tenant("person_id", of="person"),
        of_tenant("mentor_id", of="person"),
        of_tenant("post_id", of="post"),
        one_of("result", ("passed", "failed")),
        sa.CheckConstraint("confirmed_on > probation_to AND confirmed_on > mentoring_to", name="periods_over"),
        sa.CheckConstraint("person_id <> mentor_id", name="not_own_mentor"),
        sa.Index(
            "uq_confirmation_passed_once", "institution_id", "person_id", "post_id", unique=True,
            sqlite_where=_ONCE, postgresql_where=_ONCE,
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    person_id: int
    post_id: int
    mentor_id: int
    #: number of the mentoring agreement (师徒协议)
    agreement: str
    #: the last day of each period
    probation_to: date
    mentoring_to: date
    rule_name: str
    rule_version: str
    rule_document: str
    result: str
    confirmed_on: date
    #: who decided in the firm
    decided_by: str
    #: the proof of the periods and the answer of authority, as they stood; the packs behind them and what was asked of them
    proof: dict[str, Any] = Field(sa_type=sa.JSON)
    versions: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
