"""One-time codes (动态口令, TOTP) of an account: set up, used once each, removed. Source: RFC 6238; security.md.

The secret lies sealed in the account. pyotp alone would take a code twice: here the step of the last used one is kept.
"""

from datetime import datetime

import pyotp
import sqlalchemy as sa
from sqlmodel import Session, col

from skilleval.db.secrets import Vault
from skilleval.db.tables import Account
from skilleval.domain.errors import RuleBroken
from skilleval.services.account_events import tell, themselves
from skilleval.services.account_roles import must_administer
from skilleval.services.journal import Actor
from skilleval.services.passwords import code_step
from skilleval.services.web_sessions import close_all_sessions

_ISSUER = "skilleval"


def start_totp(session: Session, account: Account, *, vault: Vault) -> str:
    """A new secret; it counts only once ``confirm_totp`` has seen a code.

    Refused: one-time codes that are set up already.
    """
    if account.totp_on:
        raise RuleBroken("动态口令已经启用；换手机请先由系统管理员取消")
    secret = pyotp.random_base32()
    account.totp_sealed, account.totp_step = vault.seal_secret(account.public_id, secret), None
    session.add(account)
    session.flush()
    return secret


def address_of(login: str, secret: str) -> str:
    """The otpauth address of a secret, for the phone to read."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER)


def confirm_totp(session: Session, account: Account, code: str, *, vault: Vault, now: datetime) -> None:
    """Codes are demanded from now on. All sessions end: the caller opens a new one. Refused: nothing started, a wrong code."""
    if account.totp_sealed is None or account.totp_on:
        raise RuleBroken("请先开始设置动态口令")
    if not use_code(session, account, code, vault=vault, now=now):
        raise RuleBroken("动态口令不对，请核对手机时间后输入当前显示的6位数字")
    account.totp_on = True
    tell(session, themselves(account), account, "accounts.totp_on", now)
    close_all_sessions(session, account)


def remove_totp(session: Session, actor: Actor, account: Account, *, now: datetime) -> None:
    """Codes are no longer demanded, such as after a lost phone. All sessions end. Refused: none is set up."""
    must_administer(session, actor)
    if not account.totp_on:
        raise RuleBroken(f"{account.login} 没有启用动态口令")
    account.totp_on, account.totp_sealed, account.totp_step = False, None, None
    tell(session, actor, account, "accounts.totp_off", now)
    close_all_sessions(session, account)


def use_code(session: Session, account: Account, code: str, *, vault: Vault, now: datetime) -> bool:
    """Whether this is a code of the account that was never used; it is used now."""
    assert account.totp_sealed is not None
    step = code_step(vault.open_secret(account.public_id, account.totp_sealed), code, now)
    if step is None:
        return False
    # In one statement, so that of two browsers with the same code only one comes in.
    used = sa.update(Account).where(
        col(Account.id) == account.id, sa.or_(col(Account.totp_step).is_(None), col(Account.totp_step) < step)
    )
    return session.exec(used.values(totp_step=step)).rowcount == 1
