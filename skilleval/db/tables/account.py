"""Accounts of persons, their roles, and what signing in to the web application needs.

An account belongs to no institution; each of its roles does, but the system administrator's.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, of_tenant, one_of, tenant_key
from skilleval.domain.accounts import ROLES

_LIVE = sa.text("revoked_at IS NULL")


class Account(Table, table=True):
    """One person who may sign in. ``public_id`` is the only id that leaves the database."""

    __tablename__ = "account"
    __table_args__ = (
        one_of("state", ("active", "disabled")),
        sa.CheckConstraint("totp_on = false OR totp_sealed IS NOT NULL", name="totp_has_a_secret"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(max_length=32, unique=True)
    #: case-folded
    login: str = Field(max_length=64, unique=True)
    name: str
    password_hash: str
    state: str = "active"
    must_change_password: bool = False
    #: the secret of one-time codes, sealed; there before ``totp_on`` while it waits for the first code
    totp_sealed: bytes | None = None
    totp_on: bool = False
    #: the 30-second step of the last code that was used: each works once
    totp_step: int | None = None
    created_on: datetime


class AccountRole(Table, table=True):
    """One role of an account at an institution, from grant to revocation; the system administrator's has none."""

    __tablename__ = "account_role"
    __table_args__ = (
        tenant_key(),
        of_tenant("personnel_id", of="personnel"),
        one_of("role", tuple(ROLES)),
        sa.CheckConstraint("(role = 'administrator') = (institution_id IS NULL)", name="only_administrator_everywhere"),
        sa.Index(
            "uq_account_role_live", "account_id", "institution_id", "role",
            unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE,
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    institution_id: int | None = Field(default=None, foreign_key="institution.id")
    role: str
    #: who the account is among the institution's personnel, such as an assessor
    personnel_id: int | None = None
    granted_by: str
    granted_at: datetime
    revoked_by: str | None = None
    revoked_at: datetime | None = None


class AccountEvent(Table, table=True):
    """One thing done to or by an account, whatever the institution. Append-only."""

    __tablename__ = "account_event"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    account_id: int = Field(foreign_key="account.id", index=True)
    action: str
    actor: str
    actor_role: str
    #: public id of the account that did it; empty for the operator at the command line
    actor_account: str = ""
    note: str = ""


class WebSession(Table, table=True):
    """One signed-in browser. The key is the SHA-256 of its cookie; a row that is gone is a session that has ended."""

    __tablename__ = "web_session"

    id_hash: str = Field(max_length=64, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    #: the institution for which the person acts; none for the system administrator
    institution_id: int | None = Field(default=None, foreign_key="institution.id")
    created_at: datetime
    seen_at: datetime
    expires_at: datetime = Field(index=True)
    #: until when full document numbers are shown to this browser, after a reason was given
    revealed_until: datetime | None = None


class LoginCounter(Table, table=True):
    """How often something was tried since a moment: wrong sign-ins with a name or from an address, checks, objections."""

    __tablename__ = "login_counter"
    __table_args__ = (sa.CheckConstraint("count >= 0", name="count_not_negative"),)

    #: SHA-256 of the kind and the login name or network
    key: str = Field(max_length=64, primary_key=True)
    window_start: datetime = Field(index=True)
    count: int = 0


class SetupToken(Table, table=True):
    """One first-run token, by its SHA-256: who has it makes the first system administrator, once."""

    __tablename__ = "setup_token"

    sha256: str = Field(max_length=64, primary_key=True)
    expires_at: datetime
    used_at: datetime | None = None
