"""Sessions of the web application: one row a signed-in browser, so that ending it is deleting a row.

The cookie is 32 random bytes; the database keeps its SHA-256 only. A session ends 30 minutes after it was last seen and 12
hours after it was opened, whichever comes first (OWASP ASVS 5.0, 7.3.1 and 7.3.2, asks for both and leaves the numbers to
the risk). It gets a new id whenever it gains or changes rights. Source: security.md, "Accounts and sessions".
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import Account, AccountRole, Institution, WebSession
from skilleval.domain.accounts import ROLES
from skilleval.domain.errors import RuleBroken
from skilleval.services.journal import Actor

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
#: a session is marked as seen at most this often, so that most page views write nothing
TOUCH_EVERY = timedelta(minutes=1)
#: how long full document numbers are shown after a reason was given
REVEAL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Membership:
    """An institution for which an account may act, and its roles there."""

    credit_code: str
    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: the account behind a session, for which institution it acts, and its roles there.

    A system administrator acts for none: ``institution_id``, ``institution_name`` and ``credit_code`` are None.
    """

    account_id: int
    public_id: str
    login: str
    name: str
    institution_id: int | None
    institution_name: str | None
    credit_code: str | None
    roles: frozenset[str]
    #: every institution between which the account may switch
    memberships: tuple[Membership, ...]
    must_change_password: bool
    #: a role of the account demands one-time codes and they are not set up
    totp_missing: bool
    totp_on: bool
    session_id_hash: str
    #: who the account is among the personnel of the institution, such as an assessor
    personnel_id: int | None
    seen_at: datetime
    revealed_until: datetime | None


def open_session(session: Session, account: Account, *, now: datetime) -> str:
    """A new session of the account: the value of its cookie. It acts for the account's first institution.

    Whoever signs in always gets a new id (a browser's earlier one is closed by the caller). Sessions that are over go.
    """
    assert account.id is not None
    session.exec(sa.delete(WebSession).where(col(WebSession.expires_at) <= now))
    roles = select(AccountRole.institution_id).where(
        col(AccountRole.account_id) == account.id, col(AccountRole.revoked_at).is_(None)
    )
    cookie = secrets.token_urlsafe(32)
    opened = WebSession(
        id_hash=id_hash(cookie), account_id=account.id, created_at=now, seen_at=now, expires_at=now + ABSOLUTE,
        institution_id=session.exec(roles.order_by(col(AccountRole.id))).first(),
    )  # fmt: skip
    session.add(opened)
    session.flush()
    return cookie


def find_session(session: Session, cookie: str, *, now: datetime, totp_roles: Collection[str] = ()) -> Who | None:
    """Who asks with this cookie; None: nobody, or a session that is over. One query, and nothing is written.

    The caller decides when to ``touch``: if ``needs_touch`` says so, in a small transaction of its own.
    """
    rows = session.connection().execute(_SESSION, {"id_hash": id_hash(cookie)}).mappings().all()
    found = rows[0] if rows else None
    if found is None or found["state"] != "active" or now >= found["expires_at"] or now >= found["seen_at"] + IDLE:
        return None
    return _who(found, [row for row in rows if row["role"] is not None], totp_roles)


def needs_touch(who: Who, *, now: datetime) -> bool:
    """Whether the session was last marked as seen a minute or more ago."""
    return now >= who.seen_at + TOUCH_EVERY


def touch(session: Session, who: Who, *, now: datetime) -> None:
    """Mark the session as seen: it lives for another 30 minutes. A session that is gone stays gone."""
    session.exec(_this(sa.update(WebSession), who).values(seen_at=now))


def switch_institution(session: Session, who: Who, credit_code: str, *, now: datetime) -> str:
    """Act for another institution from now on: the new cookie. Refused: one where the account has no role."""
    code = credit_code.strip().upper()
    if code not in {one.credit_code for one in who.memberships}:
        raise RuleBroken("您在该机构没有角色")
    chosen = sa.select(col(Institution.id)).where(col(Institution.credit_code) == code).scalar_subquery()
    return _rotate(session, who, institution_id=chosen, seen_at=now, revealed_until=None)


def rotate(session: Session, who: Who, *, now: datetime) -> str:
    """A new id for the same session: the new cookie. Refused: a session that has ended meanwhile."""
    return _rotate(session, who, seen_at=now)


def reveal_numbers(session: Session, who: Who, *, now: datetime) -> None:
    """Show full document numbers in this session for a while. The caller asks for the reason and has it journaled."""
    session.exec(_this(sa.update(WebSession), who).values(revealed_until=now + REVEAL))


def close_session(session: Session, who: Who) -> None:
    """End this session: signing out."""
    session.exec(sa.delete(WebSession).where(col(WebSession.id_hash) == who.session_id_hash))


def close_all_sessions(session: Session, account: Account) -> None:
    """End every session of the account, in whatever browser."""
    session.exec(sa.delete(WebSession).where(col(WebSession.account_id) == account.id))


def actor_of(who: Who) -> Actor:
    """The person as the one who acts in services: name, roles at the institution in their order, account."""
    return Actor(who.name, "+".join(role for role in ROLES if role in who.roles), who.public_id)


def id_hash(cookie: str) -> str:
    """What the database keeps of a cookie."""
    return hashlib.sha256(cookie.encode()).hexdigest()


#: the session and its account, once for each standing role; once without one where the account has none
_SESSION = (
    sa.select(
        *(col(one) for one in (
            WebSession.id_hash, WebSession.institution_id, WebSession.seen_at, WebSession.expires_at,
            WebSession.revealed_until, WebSession.account_id, Account.public_id, Account.login, Account.name,
            Account.state, Account.must_change_password, Account.totp_on, AccountRole.role, AccountRole.personnel_id,
        )),
        col(AccountRole.institution_id).label("role_at"), col(Institution.credit_code),
        col(Institution.name).label("institution_name"),
    )
    .join(Account, col(Account.id) == col(WebSession.account_id))
    .outerjoin(
        AccountRole, sa.and_(col(AccountRole.account_id) == col(Account.id), col(AccountRole.revoked_at).is_(None))
    )
    .outerjoin(Institution, col(Institution.id) == col(AccountRole.institution_id))
    .where(col(WebSession.id_hash) == sa.bindparam("id_hash"))
    .order_by(col(Institution.credit_code), col(AccountRole.id))
)  # fmt: skip


def _who(found: Any, rows: Any, totp_roles: Collection[str]) -> Who:
    here = [row for row in rows if row["role_at"] == found["institution_id"]]
    places = {row["credit_code"]: row["institution_name"] for row in rows if row["credit_code"] is not None}
    memberships = tuple(
        Membership(code, name, frozenset(row["role"] for row in rows if row["credit_code"] == code))
        for code, name in places.items()
    )
    demanded = any(row["role"] in totp_roles for row in rows)
    return Who(
        account_id=found["account_id"], public_id=found["public_id"], login=found["login"], name=found["name"],
        institution_id=found["institution_id"] if here else None,
        institution_name=here[0]["institution_name"] if here else None,
        credit_code=here[0]["credit_code"] if here else None,
        roles=frozenset(row["role"] for row in here),
        memberships=memberships,
        must_change_password=found["must_change_password"],
        totp_missing=demanded and not found["totp_on"],
        totp_on=found["totp_on"],
        session_id_hash=found["id_hash"],
        personnel_id=next((row["personnel_id"] for row in here if row["personnel_id"] is not None), None),
        seen_at=found["seen_at"], revealed_until=found["revealed_until"],
    )  # fmt: skip


def _rotate(session: Session, who: Who, **values: Any) -> str:
    cookie = secrets.token_urlsafe(32)
    changed = session.exec(_this(sa.update(WebSession), who).values(id_hash=id_hash(cookie), **values))
    if changed.rowcount != 1:
        raise RuleBroken("会话已结束，请重新登录")
    return cookie


def _this(statement: sa.Update, who: Who) -> sa.Update:
    return statement.where(col(WebSession.id_hash) == who.session_id_hash)
