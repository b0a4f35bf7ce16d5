"""``skilleval accounts``: setup-token, add, list, show, grant, revoke, link, disable, enable, reset-password, remove-totp."""

from datetime import UTC, datetime
from typing import Any

import click
from sqlmodel import Session

from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Account, Institution, Personnel
from skilleval.domain.accounts import ROLES
from skilleval.services import account_events, account_roles, second_factor
from skilleval.services import accounts as service
from skilleval.services.institutions import personnel_of_code
from skilleval.services.tenancy import institution_of

_STATES = {"active": "正常", "disabled": "停用"}
_role_argument = click.argument("role", type=click.Choice(list(ROLES)))
_institution_option = click.option("--institution", "credit_code", help=_("角色所在机构的统一社会信用代码（系统管理员不填）"))
_reason_option = click.option("--reason", required=True, help=_("原因，写入记录"))


@click.group(help=_("网页账号：谁可以登录，在哪个机构有什么角色。"))
def accounts() -> None:
    """The commands of accounts."""


@accounts.command(name="setup-token", help=_("生成首次设置口令：24小时内凭它在网页上建立第一个系统管理员，只用一次。"))
@json_option
@pass_workplace
def setup_token(workplace: Workplace, as_json: bool) -> None:
    """Print a first-run token. Refused once there is an administrator."""
    now = _now()
    with workplace.database.writing() as session:
        token = service.new_setup_token(session, now=now)
        session.commit()
    until = now + service.TOKEN_LIFE
    emit({"token": token, "valid_until": until}, as_json, [
        _("设置口令（只显示这一次，{until:%Y-%m-%d %H:%M}前有效）：").format(until=until.astimezone()), f"  {token}",
    ])  # fmt: skip


@accounts.command(help=_("添加账号，并显示一次性密码；首次登录时须修改。"))
@click.argument("login")
@click.option("--name", required=True, help=_("姓名"))
@click.option("--role", "roles", multiple=True, type=click.Choice(list(ROLES)), help=_("角色，可写多次"))
@_institution_option
@json_option
@pass_workplace
def add(
    workplace: Workplace, login: str, name: str, roles: tuple[str, ...], credit_code: str | None, as_json: bool
) -> None:
    """Add an account."""
    places = [(None if role == "administrator" else credit_code, role) for role in roles]
    with workplace.database.writing() as session:
        account, password = service.add_account(
            session, workplace.actor, login=login, name=name, roles=places, now=_now()
        )
        session.commit()
        answer = {**_answer(session, account), "one_time_password": password}
    emit(answer, as_json, [_("账号已添加：{line}").format(line=_line(answer)), _once(password)])


@accounts.command(name="list", help=_("列出所有账号和角色。"))
@json_option
@pass_workplace
def list_(workplace: Workplace, as_json: bool) -> None:
    """List all accounts."""
    with workplace.database.reading() as session:
        rows = [_answer(session, one) for one in service.all_accounts(session)]
    emit(rows, as_json, [_line(row) for row in rows] or [_("还没有账号，可用 skilleval accounts setup-token 建立第一个系统管理员")])


@accounts.command(help=_("显示一个账号的角色和记录。"))
@click.argument("login")
@json_option
@pass_workplace
def show(workplace: Workplace, login: str, as_json: bool) -> None:
    """Show an account and what was done to it."""
    with workplace.database.reading() as session:
        account = service.find_account(session, login)
        events: list[dict[str, Any]] = [
            {"at": one.at, "action": one.action, "by": one.actor, "note": one.note}
            for one in account_events.events_of(session, account)
        ]
        answer = {**_answer(session, account), "events": events}
    told = [f"  {one['at'].astimezone():%Y-%m-%d %H:%M}  {one['action']}  {one['by']}  {one['note']}".rstrip() for one in events]
    emit(answer, as_json, [_line(answer), *told])


@accounts.command(help=_("授予一个角色；该账号须重新登录。"))
@click.argument("login")
@_role_argument
@_institution_option
@json_option
@pass_workplace
def grant(workplace: Workplace, login: str, role: str, credit_code: str | None, as_json: bool) -> None:
    """Grant a role."""
    with workplace.database.writing() as session:
        account = service.find_account(session, login)
        account_roles.grant_role(session, workplace.actor, account, credit_code, role, now=_now())
        _done(session, account, as_json)


@accounts.command(help=_("收回一个角色；该账号须重新登录。"))
@click.argument("login")
@_role_argument
@_institution_option
@json_option
@pass_workplace
def revoke(workplace: Workplace, login: str, role: str, credit_code: str | None, as_json: bool) -> None:
    """Revoke a role."""
    with workplace.database.writing() as session:
        account = service.find_account(session, login)
        account_roles.revoke_role(session, workplace.actor, account, credit_code, role, now=_now())
        _done(session, account, as_json)


@accounts.command(help=_("指明账号是机构的哪一名考评人员（考评员评分前必须指明）；不写 --personnel 则取消。"))
@click.argument("login")
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@click.option("--personnel", "code", help=_("考评人员的编号"))
@json_option
@pass_workplace
def link(workplace: Workplace, login: str, credit_code: str, code: str | None, as_json: bool) -> None:
    """Tie an account to one of an institution's personnel."""
    with workplace.database.writing() as session:
        account = service.find_account(session, login)
        institution = institution_of(session, credit_code)
        key = personnel_of_code(session, institution, code).id if code else None
        account_roles.link_personnel(session, workplace.actor, account, credit_code, key, now=_now())
        _done(session, account, as_json)


@accounts.command(help=_("停用账号：立即退出，不能再登录。"))
@click.argument("login")
@_reason_option
@json_option
@pass_workplace
def disable(workplace: Workplace, login: str, reason: str, as_json: bool) -> None:
    """Disable an account."""
    with workplace.database.writing() as session:
        account = service.find_account(session, login)
        service.disable_account(session, workplace.actor, account, reason=reason, now=_now())
        _done(session, account, as_json)


@accounts.command(help=_("恢复停用的账号。"))
@click.argument("login")
@_reason_option
@json_option
@pass_workplace
def enable(workplace: Workplace, login: str, reason: str, as_json: bool) -> None:
    """Enable an account."""
    with workplace.database.writing() as session:
        account = service.find_account(session, login)
        service.enable_account(session, workplace.actor, account, reason=reason, now=_now())
        _done(session, account, as_json)


@accounts.command(name="reset-password", help=_("重置密码：显示新的一次性密码，登录后须修改。"))
@click.argument("login")
@json_option
@pass_workplace
def reset_password(workplace: Workplace, login: str, as_json: bool) -> None:
    """Give an account a new one-time password."""
    with workplace.database.writing() as session:
        account = service.find_account(session, login)
        password = service.reset_password(session, workplace.actor, account, now=_now())
        session.commit()
        answer = {**_answer(session, account), "one_time_password": password}
    emit(answer, as_json, [_line(answer), _once(password)])


@accounts.command(name="remove-totp", help=_("取消动态口令，例如手机丢失后；该账号须重新登录。"))
@click.argument("login")
@json_option
@pass_workplace
def remove_totp(workplace: Workplace, login: str, as_json: bool) -> None:
    """Take an account's one-time codes away."""
    with workplace.database.writing() as session:
        account = service.find_account(session, login)
        second_factor.remove_totp(session, workplace.actor, account, now=_now())
        _done(session, account, as_json)


def _done(session: Session, account: Account, as_json: bool) -> None:
    session.commit()
    answer = _answer(session, account)
    emit(answer, as_json, [_line(answer)])


def _now() -> datetime:
    return datetime.now(UTC)


def _once(password: str) -> str:
    return _("一次性密码（只显示这一次，首次登录时须修改）：{password}").format(password=password)


def _answer(session: Session, account: Account) -> dict[str, Any]:
    roles = []
    for one in account_events.live_roles(session, account):
        institution = session.get(Institution, one.institution_id) if one.institution_id is not None else None
        person = session.get(Personnel, one.personnel_id) if one.personnel_id is not None else None
        roles.append({
            "role": one.role,
            "credit_code": institution.credit_code if institution else None,
            "institution": institution.name if institution else None,
            "personnel": person.code if person else None,
        })  # fmt: skip
    return {
        "login": account.login,
        "name": account.name,
        "state": account.state,
        "totp": account.totp_on,
        "must_change_password": account.must_change_password,
        "roles": roles,
    }


def _line(answer: dict[str, Any]) -> str:
    places: dict[str, list[str]] = {}
    for one in answer["roles"]:
        told = ROLES[one["role"]].name_zh + (f"（{one['personnel']}）" if one["personnel"] else "")
        places.setdefault(one["institution"] or _("本安装"), []).append(told)
    roles = "；".join(f"{place}：{'、'.join(names)}" for place, names in places.items()) or _("没有角色")
    return f"{answer['login']}  {answer['name']}  {_STATES[answer['state']]}  {roles}"
