"""Accounts to test with: cheap hashes, a clock that stands still, and codes of a phone."""

from datetime import UTC, datetime

import pyotp
from argon2 import PasswordHasher
from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.db.tables import Account
from skilleval.services import accounts, second_factor, sign_in
from skilleval.services.journal import Actor
from skilleval.services.sign_in import SignedIn

#: as cheap as argon2 lets it be
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
OPERATOR = Actor("管理者", "hr")
PASSWORD = "大海 电池 订书钉 马匹"
ADDRESS = "192.0.2.1"


def make_account(session: Session, login: str = "wang", *roles: tuple[str | None, str], password: str = PASSWORD) -> Account:
    """An account with these roles, that has changed its one-time password to ``PASSWORD``."""
    account, once = accounts.add_account(
        session, OPERATOR, login=login, name=f"姓名{login}", roles=roles, now=NOW, hasher=HASHER
    )
    accounts.change_password(session, account, once, password, now=NOW, hasher=HASHER)
    return account


def actor_with(session: Session, login: str, *roles: tuple[str | None, str]) -> Actor:
    """Somebody with an account of these roles, as the one who acts."""
    account = make_account(session, login, *roles)
    return Actor(account.name, "+".join(role for _code, role in roles), account.public_id)


def enter(session: Session, vault: Vault, *, now: datetime = NOW, **entry: object) -> SignedIn:
    """Sign in as wang with the right password, unless ``entry`` says otherwise."""
    told: dict[str, object] = {"login": "wang", "password": PASSWORD, "code": "", "address": ADDRESS, "hasher": HASHER, **entry}
    return sign_in.sign_in(session, now=now, vault=vault, **told)  # type: ignore[arg-type] # each test names what it changes


def phone(session: Session, vault: Vault, account: Account, *, now: datetime = NOW) -> pyotp.TOTP:
    """One-time codes set up for the account: what shows its codes."""
    secret = second_factor.start_totp(session, account, vault=vault)
    codes = pyotp.TOTP(secret)
    second_factor.confirm_totp(session, account, codes.at(now), vault=vault, now=now)
    return codes
