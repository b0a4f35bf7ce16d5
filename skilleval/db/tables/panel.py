"""Panels (评审组) of a batch, and the conflicts of interest (回避) of those who act in it."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, of_tenant, one_of, tenant_key

CONFLICT_KINDS = ("self", "team", "supervisor", "mentor", "trainer", "kin", "past_panel", "declared")


class Panel(Table, table=True):
    """One panel of a batch, for one method of assessment or, with an empty method, for direct recognition as a whole."""

    __tablename__ = "panel"
    __table_args__ = (
        tenant_key(),
        of_tenant("batch_id", of="batch"),
        sa.UniqueConstraint("institution_id", "batch_id", "name"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    batch_id: int
    name: str
    method: str = ""
    reason: str


class PanelMember(Table, table=True):
    """Somebody on a panel: chair or member; ``absent_reason`` is set for one who did not come, and ``replaces_id`` for one who
    was called in for an absent member (增补)."""

    __tablename__ = "panel_member"
    __table_args__ = (
        tenant_key(),
        of_tenant("panel_id", of="panel"),
        of_tenant("personnel_id", of="personnel"),
        of_tenant("replaces_id", of="panel_member"),
        sa.UniqueConstraint("institution_id", "panel_id", "personnel_id"),
        sa.UniqueConstraint("institution_id", "replaces_id"),
        one_of("role", ("chair", "member")),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    panel_id: int
    personnel_id: int
    role: str = "member"
    absent_reason: str | None = None
    #: the seat of the absent member in whose place this one sits
    replaces_id: int | None = None


class Conflict(Table, table=True):
    """A conflict of interest between somebody who acts and a person who is assessed.

    Suspected by detection or declaration, then confirmed, or dismissed with a reason and an author until facts change.
    ``person_id`` belongs to ``employer_id``, which may be a member firm.
    """

    __tablename__ = "conflict"
    __table_args__ = (
        tenant_key(),
        of_tenant("personnel_id", of="personnel"),
        of_tenant("person_id", of="person", own="employer_id"),
        sa.UniqueConstraint("institution_id", "personnel_id", "employer_id", "person_id", "kind"),
        one_of("kind", CONFLICT_KINDS),
        one_of("state", ("suspected", "confirmed", "dismissed")),
        sa.CheckConstraint("state = 'suspected' OR (reason IS NOT NULL AND decided_by IS NOT NULL)", name="decided_with_reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    personnel_id: int
    employer_id: int
    person_id: int
    kind: str
    state: str = "suspected"
    #: what it was found from, in Chinese: 同一班组“装配一班”
    fact: str
    found_on: date
    reason: str | None = None
    decided_by: str | None = None
    decided_on: date | None = None
