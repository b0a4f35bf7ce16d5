"""Roles of accounts: granted at an institution, taken back, tied to its personnel. Only a system administrator, or the
operator at the command line, may do this. A changed role ends all sessions of the account.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from skilleval.db.tables import Account, AccountRole, Institution, Personnel
from skilleval.domain.accounts import ROLES, check_role, role_conflict
from skilleval.domain.errors import RuleBroken
from skilleval.services.account_events import live_roles, tell
from skilleval.services.journal import Actor
from skilleval.services.tenancy import institution_of, viewer_of
from skilleval.services.web_sessions import close_all_sessions


def grant_role(
    session: Session, actor: Actor, account: Account, credit_code: str | None, role: str, *, now: datetime
) -> AccountRole:
    """Give a role at an institution (None: the system administrator's). The account's sessions end.

    Refused: a role that it has, one that its others exclude, an unknown role or institution.
    """
    must_administer(session, actor)
    granted = give_role(session, actor, account, credit_code, role, now)
    close_all_sessions(session, account)
    return granted


def revoke_role(
    session: Session, actor: Actor, account: Account, credit_code: str | None, role: str, *, now: datetime
) -> AccountRole:
    """Take a role back. The account's sessions end. Refused: a role that it has not, the last administrator's."""
    must_administer(session, actor)
    institution = _institution(session, credit_code, check_role(role).key)
    found = next((one for one in live_roles(session, account) if (one.institution_id, one.role) == (institution, role)), None)
    if found is None:
        raise RuleBroken(f"{account.login} 没有{_place(session, institution)}的角色“{ROLES[role].name_zh}”")
    keep_one_administrator(session, account, role)
    found.revoked_at, found.revoked_by = now, actor.name
    session.add(found)
    tell(session, actor, account, "accounts.revoke", now, note=role, at=[institution], objects=[found])
    close_all_sessions(session, account)
    return found


def link_personnel(
    session: Session, actor: Actor, account: Account, credit_code: str, personnel_id: int | None, *, now: datetime
) -> None:
    """Say who of the institution's personnel the account is (None: nobody). Its sessions end.

    Refused: an account without a role there, a person of another institution, one who is tied to another account.
    """
    must_administer(session, actor)
    institution = institution_of(session, credit_code)
    held = [one for one in live_roles(session, account) if one.institution_id == institution.id]
    if not held:
        raise RuleBroken(f"{account.login} 在{institution.name}没有角色，请先授予角色")
    if personnel_id is not None:
        _refuse_stranger(session, account, institution, personnel_id)
    for one in held:
        one.personnel_id = personnel_id
        session.add(one)
    tell(session, actor, account, "accounts.link", now, at=[institution.id], objects=held)
    close_all_sessions(session, account)


def must_not_act(session: Session) -> None:
    """Refuse an institution that acts: accounts belong to the installation, and are not for one firm to see or change."""
    if viewer_of(session).institution is not None:
        raise RuleBroken("账号由安装的管理者管理，不能以某个机构的身份查看或改动")


def must_administer(session: Session, actor: Actor) -> None:
    """Refuse an account that is not a system administrator's; the operator at the command line has none and may."""
    must_not_act(session)
    if not actor.account:
        return
    held = (
        select(AccountRole.id)
        .join(Account, col(Account.id) == col(AccountRole.account_id))
        .where(*_ACTIVE_ADMINISTRATOR, col(Account.public_id) == actor.account)
    )
    if session.exec(held).first() is None:
        raise RuleBroken("只有系统管理员可以管理账号")


def give_role(
    session: Session, actor: Actor, account: Account, credit_code: str | None, role: str, now: datetime
) -> AccountRole:
    """``grant_role`` to an account that is being made, by whoever may make it."""
    institution, held = _institution(session, credit_code, check_role(role).key), live_roles(session, account)
    if (institution, role) in {(one.institution_id, one.role) for one in held}:
        raise RuleBroken(f"{account.login} 已有{_place(session, institution)}的角色“{ROLES[role].name_zh}”")
    conflict = role_conflict({role, *(one.role for one in held)})
    if conflict is not None:
        raise RuleBroken(conflict)
    assert account.id is not None
    granted = AccountRole(
        account_id=account.id, institution_id=institution, role=role, granted_by=actor.name, granted_at=now,
        personnel_id=next((one.personnel_id for one in held if one.institution_id == institution), None),
    )  # fmt: skip
    session.add(granted)
    tell(session, actor, account, "accounts.grant", now, note=role, at=[institution], objects=[granted])
    return granted


def _institution(session: Session, credit_code: str | None, role: str) -> int | None:
    if (credit_code is None) != (role == "administrator"):
        needed = "不属于任何机构，请勿填写机构" if role == "administrator" else "属于一个机构，请填写统一社会信用代码"
        raise RuleBroken(f"角色“{ROLES[role].name_zh}”{needed}")
    return None if credit_code is None else institution_of(session, credit_code).id


def _place(session: Session, institution_id: int | None) -> str:
    institution = session.get(Institution, institution_id) if institution_id is not None else None
    return institution.name if institution is not None else "本安装"


def keep_one_administrator(session: Session, account: Account, role: str) -> None:
    """Refuse to take the administrator's rights from the only account that has them."""
    if role != "administrator":
        return
    others = (
        select(Account.id)
        .join(AccountRole, col(AccountRole.account_id) == col(Account.id))
        .where(*_ACTIVE_ADMINISTRATOR, col(Account.id) != account.id)
    )
    is_one = any(one.role == "administrator" for one in live_roles(session, account))
    if is_one and session.exec(others).first() is None:
        raise RuleBroken("这是唯一的系统管理员，请先另设一个系统管理员")


_ACTIVE_ADMINISTRATOR = (
    col(AccountRole.role) == "administrator", col(AccountRole.revoked_at).is_(None), col(Account.state) == "active",
)  # fmt: skip


def _refuse_stranger(session: Session, account: Account, institution: Institution, personnel_id: int) -> None:
    person = session.get(Personnel, personnel_id)
    if person is None or person.institution_id != institution.id:
        raise RuleBroken(f"{institution.name} 没有这名考评人员")
    taken = select(AccountRole.id).where(
        col(AccountRole.institution_id) == institution.id, col(AccountRole.personnel_id) == personnel_id,
        col(AccountRole.revoked_at).is_(None), col(AccountRole.account_id) != account.id,
    )  # fmt: skip
    if session.exec(taken).first() is not None:
        raise RuleBroken(f"{person.name} 已对应另一个账号")
