"""Accounts: made, disabled, and their passwords. Only a system administrator, or the operator at the command
line, may do this to others.

There is no built-in account: a first-run token makes the first administrator. Disabling, a changed password and a changed
role end all sessions of the account. Every act is an ``AccountEvent``; what concerns an institution also stands in its
journal. Source: security.md, "Accounts and sessions".
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlmodel import Session, col, select

from skilleval.db.tables import Account, AccountRole, SetupToken
from skilleval.domain.accounts import check_login, check_password, fold_login
from skilleval.domain.errors import RuleBroken
from skilleval.services.account_events import tell, tell_everywhere, themselves
from skilleval.services.account_roles import give_role, keep_one_administrator, must_administer, must_not_act
from skilleval.services.journal import Actor
from skilleval.services.passwords import HASHER, matches, one_time_password
from skilleval.services.web_sessions import close_all_sessions

TOKEN_LIFE = timedelta(hours=24)
_FIRST = Actor("首次设置", "administrator")


def new_setup_token(session: Session, *, now: datetime) -> str:
    """A token with which the first system administrator is made within 24 hours; earlier ones no longer work.

    Refused once there is an administrator, and to an institution that acts.
    """
    must_not_act(session)
    _refuse_second_first(session)
    session.exec(sa.delete(SetupToken).where(col(SetupToken.used_at).is_(None)))
    token = secrets.token_urlsafe(32)
    session.add(SetupToken(sha256=_sha256(token), expires_at=now + TOKEN_LIFE))
    session.flush()
    return token


def create_first_administrator(
    session: Session, token: str, *, login: str, name: str, password: str, now: datetime, hasher: PasswordHasher = HASHER
) -> Account:
    """The first system administrator. Refused: a token that is wrong, used or too old; once there is an administrator."""
    _refuse_second_first(session)
    used = sa.update(SetupToken).where(
        col(SetupToken.sha256) == _sha256(token.strip()),
        col(SetupToken.used_at).is_(None),
        col(SetupToken.expires_at) > now,
    )
    if session.exec(used.values(used_at=now)).rowcount != 1:
        raise RuleBroken("设置口令无效：输错、已用过，或已超过24小时；请运行 skilleval accounts setup-token 重新生成")
    account = _new_account(session, login, name, hasher.hash(check_password(password, login)), now)
    tell(session, _FIRST, account, "accounts.first", now)
    give_role(session, _FIRST, account, None, "administrator", now)
    return account


def add_account(
    session: Session,
    actor: Actor,
    *,
    login: str,
    name: str,
    roles: Iterable[tuple[str | None, str]] = (),
    now: datetime,
    hasher: PasswordHasher = HASHER,
) -> tuple[Account, str]:
    """A new account with its roles (credit code, role), and a one-time password that must be changed at first sign-in.

    Refused: a login name that is taken or malformed, an unknown role or institution, roles that exclude each other.
    """
    must_administer(session, actor)
    password = one_time_password()
    account = _new_account(session, login, name, hasher.hash(password), now)
    account.must_change_password = True
    tell(session, actor, account, "accounts.add", now)
    for credit_code, role in roles:
        give_role(session, actor, account, credit_code, role, now)
    return account, password


def disable_account(session: Session, actor: Actor, account: Account, *, reason: str, now: datetime) -> None:
    """Nobody signs in with it any more, and its sessions end. Refused: without a reason, twice, the last administrator."""
    must_administer(session, actor)
    if not reason.strip():
        raise RuleBroken("请写明停用的原因")
    if account.state == "disabled":
        raise RuleBroken(f"{account.login} 已经停用")
    keep_one_administrator(session, account, "administrator")
    account.state = "disabled"
    tell_everywhere(session, actor, account, "accounts.disable", now, reason.strip())
    close_all_sessions(session, account)


def enable_account(session: Session, actor: Actor, account: Account, *, reason: str, now: datetime) -> None:
    """It may sign in again. Refused: without a reason, an account that is not disabled."""
    must_administer(session, actor)
    if not reason.strip():
        raise RuleBroken("请写明恢复的原因")
    if account.state == "active":
        raise RuleBroken(f"{account.login} 没有停用")
    account.state = "active"
    tell_everywhere(session, actor, account, "accounts.enable", now, reason.strip())


def reset_password(
    session: Session, actor: Actor, account: Account, *, now: datetime, hasher: PasswordHasher = HASHER
) -> str:
    """A new one-time password, which must be changed at the next sign-in. The account's sessions end."""
    must_administer(session, actor)
    password = one_time_password()
    account.password_hash, account.must_change_password = hasher.hash(password), True
    tell_everywhere(session, actor, account, "accounts.reset_password", now)
    close_all_sessions(session, account)
    return password


def change_password(
    session: Session, account: Account, old: str, new: str, *, now: datetime, hasher: PasswordHasher = HASHER
) -> None:
    """The person changes their own password. All sessions end, this one too: the caller opens a new one.

    Refused: a wrong old password, the same again, what ``password_problems`` names.
    """
    if not matches(account.password_hash, old, hasher):
        raise RuleBroken("原密码不对")
    plain = check_password(new, account.login)
    if matches(account.password_hash, new, hasher):
        raise RuleBroken("新密码不能与原密码相同")
    account.password_hash, account.must_change_password = hasher.hash(plain), False
    tell(session, themselves(account), account, "accounts.change_password", now)
    close_all_sessions(session, account)


def find_account(session: Session, login: str) -> Account:
    """The account of this login name, for whoever manages accounts. Refused: there is none; an institution that acts."""
    must_not_act(session)
    found = session.exec(select(Account).where(col(Account.login) == fold_login(login))).first()
    if found is None:
        raise RuleBroken(f"没有登录名为 {login} 的账号，可用 skilleval accounts list 查看")
    return found


def account_of(session: Session, public_id: str) -> Account:
    """The account of this public id. Refused: there is none."""
    found = session.exec(select(Account).where(col(Account.public_id) == public_id)).first()
    if found is None:
        raise RuleBroken("没有这个账号")
    return found


def all_accounts(session: Session) -> Sequence[Account]:
    """Every account of the installation, by login name. Refused: an institution that acts."""
    must_not_act(session)
    return session.exec(select(Account).order_by(col(Account.login))).all()


def _new_account(session: Session, login: str, name: str, password_hash: str, now: datetime) -> Account:
    folded = check_login(login)
    if not name.strip():
        raise RuleBroken("请填写姓名")
    if session.exec(select(Account.id).where(col(Account.login) == folded)).first() is not None:
        raise RuleBroken(f"登录名 {folded} 已有人使用，请换一个")
    account = Account(
        public_id=secrets.token_hex(16), login=folded, name=name.strip(), password_hash=password_hash, created_on=now
    )
    session.add(account)
    session.flush()
    return account


def _refuse_second_first(session: Session) -> None:
    query = select(AccountRole.id).where(col(AccountRole.role) == "administrator")
    if session.exec(query).first() is not None:
        raise RuleBroken("已有系统管理员，不能再用设置口令；请由系统管理员或 skilleval accounts add 添加账号")


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
