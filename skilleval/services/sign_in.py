"""Signing in: name and password, a one-time code where there is one, and a limit on wrong tries.

A name that does not exist, a disabled account and a wrong password get the same answer after the same work. Wrong tries
are counted in the database, so that all processes count together; a refusal is an answer and no exception, and **the
caller commits in every case**, else a wrong try isn't counted.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Account, LoginCounter
from skilleval.domain.accounts import fold_login, plain_password
from skilleval.services.account_events import live_roles, tell, themselves
from skilleval.services.counters import WINDOW, counter_of, minutes_until, network
from skilleval.services.passwords import HASHER, matches, nobodys_hash
from skilleval.services.second_factor import use_code

#: wrong tries within the window, after which no more are taken until it is over. NIST SP 800-63B-4, 3.2.2 allows at most
#: 100 in a row for one account and leaves the rest open; these are ours: a person's slips, and a whole office behind one
#: address
LIMITS = {"login": 5, "address": 30}

WRONG = "登录名或密码不对，或账号已停用"
WRONG_CODE = "动态口令不对或已用过，请等下一个口令再试"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The answer to a sign-in: the account, or why not in ``refusal``.

    ``code_wanted``: the password is right and a one-time code is needed; ask for it and sign in again with both.
    ``totp_missing``: a role demands one-time codes and they are not set up; let the person do that and nothing else.
    ``must_change_password``: let the person do that first. ``again_at``: when the next try is taken.
    """

    account: Account | None = None
    refusal: str = ""
    code_wanted: bool = False
    totp_missing: bool = False
    must_change_password: bool = False
    again_at: datetime | None = None


def sign_in(
    session: Session,
    *,
    login: str,
    password: str,
    code: str,
    address: str,
    now: datetime,
    vault: Vault,
    totp_roles: Collection[str] = (),
    hasher: PasswordHasher = HASHER,
) -> SignedIn:
    """Check who signs in from an address. Never raises for a wrong entry; commit whatever the answer.

    A session is opened by the caller (``open_session``) when there is an account and no code is wanted.
    """
    folded = fold_login(login)
    counters = [counter_of(session, "login", folded, now), counter_of(session, "address", network(address), now)]
    closed = [one.window_start + WINDOW for one, limit in zip(counters, LIMITS.values(), strict=True) if one.count >= limit]
    if closed:
        return SignedIn(refusal=_come_back(max(closed), now), again_at=max(closed))
    account = session.exec(select(Account).where(col(Account.login) == folded)).first()
    nobody = nobodys_hash(hasher)
    right = matches(account.password_hash if account else nobody, password, hasher)
    if account is None or not right or account.state != "active":
        return _refuse(session, counters, WRONG)
    if account.totp_on:
        if not code.strip():
            return SignedIn(code_wanted=True)
        if not use_code(session, account, code, vault=vault, now=now):
            return _refuse(session, counters, WRONG_CODE)
    _welcome(session, account, counters[0], password, hasher)
    tell(session, themselves(account), account, "accounts.sign_in", now)
    demanded = not account.totp_on and any(one.role in totp_roles for one in live_roles(session, account))
    return SignedIn(account, totp_missing=demanded, must_change_password=account.must_change_password)


def _welcome(session: Session, account: Account, by_login: LoginCounter, password: str, hasher: PasswordHasher) -> None:
    """The name's own slips are forgotten; the address keeps its own, or one account would unlock guessing at the others."""
    by_login.count = 0
    session.add(by_login)
    if hasher.check_needs_rehash(account.password_hash):
        account.password_hash = hasher.hash(plain_password(password))
        session.add(account)


def _refuse(session: Session, counters: list[LoginCounter], refusal: str) -> SignedIn:
    for counter in counters:
        counter.count += 1
        session.add(counter)
    session.flush()
    return SignedIn(refusal=refusal)


def _come_back(at: datetime, now: datetime) -> str:
    return f"登录失败次数过多，请{minutes_until(at, now)}分钟后再试；忘记密码请找系统管理员重置"
