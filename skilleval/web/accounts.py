"""Accounts: the first run, signing in and out, one's own password and second factor, and their administration."""

import segno
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from skilleval.db.tables import Account, AccountRole, Institution
from skilleval.domain.accounts import ROLES
from skilleval.domain.errors import RuleBroken
from skilleval.services import account_events, account_roles, accounts, web_sessions
from skilleval.services import second_factor as codes
from skilleval.services.sign_in import sign_in as check
from skilleval.web import account_personnel, acts, gate, once
from skilleval.web.forms import Form, Required, page
from skilleval.web.language import _, lazy
from skilleval.web.show import label

pages = Blueprint("accounts", __name__)


class SignInForm(Form):
    """Name, password, and a one-time code where the account has one."""

    login = StringField(
        lazy("登录名"), [Required(), Length(max=64)], render_kw={"autocomplete": "username", "autofocus": True}
    )
    password = PasswordField(
        lazy("密码"), [Required(), Length(max=256)], render_kw={"autocomplete": "current-password"}
    )
    code = StringField(
        lazy("动态口令"),
        [Optional(), Length(max=12)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )


class FirstRunForm(Form):
    """The first administrator, by the token that the installer has."""

    token = StringField(
        lazy("设置口令"), [Required()], description=lazy("运行 skilleval accounts setup-token 得到，24 小时内有效")
    )
    login = StringField(lazy("登录名"), [Required(), Length(max=64)], render_kw={"autocomplete": "username"})
    name = StringField(lazy("姓名"), [Required(), Length(max=60)])
    password = PasswordField(
        lazy("密码"),
        [Required(), Length(max=256)],
        render_kw={"autocomplete": "new-password"},
        description=lazy("至少 12 个字符"),
    )


class PasswordForm(Form):
    """One's own new password."""

    old = PasswordField(lazy("现在的密码"), [Required()], render_kw={"autocomplete": "current-password"})
    new = PasswordField(
        lazy("新密码"),
        [Required(), Length(max=256)],
        render_kw={"autocomplete": "new-password"},
        description=lazy("至少 12 个字符"),
    )
    again = PasswordField(lazy("再输一次"), [Required()], render_kw={"autocomplete": "new-password"})


class CodeForm(Form):
    """The first code of a new second factor."""

    code = StringField(
        lazy("动态口令"),
        [Required(), Length(max=12)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )


class NewAccountForm(Form):
    """A new account and its first role."""

    login = StringField(lazy("登录名"), [Required(), Length(max=64)], description=lazy("3–64 个字母、数字或 . _ - @"))
    name = StringField(lazy("姓名"), [Required(), Length(max=60)])
    institution = SelectField(lazy("机构"), [Optional()])
    role = SelectField(lazy("角色"), [Required()])


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | str:
    """Sign in. The same answer for an unknown name, a disabled account and a wrong password."""
    wanted = gate.inside(request.args.get("next")) or url_for("home.show")
    if gate.asking() is not None and request.method == "GET":
        return redirect(wanted, 303)
    if request.method == "GET" and not _has_administrator(gate.reading()):
        return redirect(url_for("accounts.first_run"), 303)
    form = SignInForm()
    if not form.validate_on_submit():
        return page("accounts/sign_in.html", form, wanted=wanted, code_wanted=False)
    installation = gate.site().installation
    with gate.writing() as session:
        answer = check(
            session, login=form.login.data or "", password=form.password.data or "", code=form.code.data or "",
            address=request.remote_addr or "", now=gate.now(), vault=installation.vault,
            totp_roles=installation.settings.web.totp_roles,
        )  # fmt: skip
        cookie = None
        if answer.account is not None:
            cookie = web_sessions.open_session(session, answer.account, now=gate.now())
            if (before := gate.asking()) is not None:
                web_sessions.close_session(session, before)
        session.commit()
    if cookie is None:
        if answer.refusal:
            form.form_errors.append(answer.refusal)
        refused = page("accounts/sign_in.html", form, wanted=wanted, code_wanted=answer.code_wanted)
        if answer.code_wanted:
            # Nothing was wrong yet: the code is asked for now.
            refused.status_code = 200
        return refused
    gate.forget_form_session()
    return gate.give_cookie(redirect(gate.restoring(wanted) if request.args.get("next") else wanted, 303), cookie)


@pages.route("/first-run", methods=["GET", "POST"])
def first_run() -> Response | str:
    """Make the first administrator, with the token; once there is one this page is not there."""
    if _has_administrator(gate.reading()):
        abort(404)
    form = FirstRunForm()
    if form.validate_on_submit():
        try:
            with gate.writing() as session:
                accounts.create_first_administrator(
                    session, form.token.data or "", login=form.login.data or "", name=form.name.data or "",
                    password=form.password.data or "", now=gate.now(),
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("系统管理员已建立，请登录。"))
            return redirect(url_for("accounts.sign_in"), 303)
    return page("accounts/first_run.html", form)


@pages.post("/sign-out")
def sign_out() -> Response:
    """End this browser's session."""
    with gate.writing() as session:
        web_sessions.close_session(session, gate.who())
        session.commit()
    gate.forget_form_session()
    return gate.take_cookie(redirect(url_for("accounts.sign_in"), 303))


@pages.post("/acting")
def switch() -> Response:
    """Act for another institution of the account."""
    with gate.writing() as session:
        cookie = web_sessions.switch_institution(
            session, gate.who(), request.form.get("institution", ""), now=gate.now()
        )
        session.commit()
    return gate.give_cookie(redirect(url_for("home.show"), 303), cookie)


@pages.get("/account")
def own() -> str:
    """One's own account: roles, password, second factor."""
    return render_template("accounts/own.html", roles=ROLES)


@pages.route("/account/password", methods=["GET", "POST"])
def password() -> Response | str:
    """Choose a new password; every session of the account ends, and a new one begins here."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            if form.new.data != form.again.data:
                raise RuleBroken(_("两次输入的新密码不同"))
            with gate.writing() as session:
                account = _own_account(session)
                accounts.change_password(session, account, form.old.data or "", form.new.data or "", now=gate.now())
                cookie = web_sessions.open_session(session, account, now=gate.now())
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            gate.forget_form_session()
            flash(_("密码已更改，其他浏览器上的登录已结束。"))
            return gate.give_cookie(redirect(url_for("home.show"), 303), cookie)
    return page("accounts/password.html", form)


@pages.get("/account/second-factor")
def second_factor() -> str:
    """Whether one-time codes are set up, and the way to set them up."""
    return render_template("accounts/second_factor.html")


@pages.post("/account/second-factor/start")
def start_second_factor() -> Response:
    """A new secret, shown once; it counts when the first code of it was right."""
    with gate.writing() as session:
        secret = codes.start_totp(session, _own_account(session), vault=gate.site().installation.vault)
        session.commit()
    mine = gate.who().public_id
    once.hand_on(_new_secret(mine), secret)
    return redirect(url_for("accounts.secret_once", public_id=mine), 303)


@pages.get("/account/second-factor/<string(length=32):public_id>")
def secret_once(public_id: str) -> str:
    """The secret that was just made with its QR code, the first time that this page is opened, and room for its first code."""
    who = gate.who()
    if public_id != who.public_id:
        abort(404)
    secret = once.take(_new_secret(public_id))
    picture = secret and segno.make(codes.address_of(who.login, secret), error="m").svg_data_uri(scale=5, border=2)
    return render_template("accounts/secret_once.html", form=CodeForm(), secret=secret, picture=picture)


@pages.post("/account/second-factor/confirm")
def confirm_second_factor() -> Response:
    """Set the one-time codes up with their first code; a new session begins."""
    typed, vault = request.form.get("code", ""), gate.site().installation.vault
    with gate.writing() as session:
        account = _own_account(session)
        codes.confirm_totp(session, account, typed, vault=vault, now=gate.now())
        cookie = web_sessions.open_session(session, account, now=gate.now())
        session.commit()
    flash(_("动态口令已启用。"))
    return gate.give_cookie(redirect(url_for("accounts.own"), 303), cookie)


@pages.get("/accounts")
def index() -> str:
    """Every account of the installation."""
    session = gate.reading()
    held = account_events.every_live_role(session)
    rows = [(one, held.get(one.id or 0, [])) for one in accounts.all_accounts(session)]
    return render_template("accounts/index.html", rows=rows, roles=ROLES, firms=_firms(session))


@pages.route("/accounts/new", methods=["GET", "POST"])
def new() -> Response | str:
    """Make an account with its first role; its one-time password is shown once."""
    # A link may begin the form: for which institution, in which role.
    form = NewAccountForm(data=request.args.to_dict())
    _offer(form)
    if form.validate_on_submit():
        try:
            with gate.writing() as session:
                role = (form.institution.data or None, form.role.data)
                account, secret = accounts.add_account(
                    session,
                    gate.actor(),
                    login=form.login.data or "",
                    name=form.name.data or "",
                    roles=[role],
                    now=gate.now(),
                )
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            once.hand_on(account.public_id, secret)
            return redirect(url_for("accounts.once_", public_id=account.public_id), 303)
    return page("accounts/new.html", form)


@pages.get("/accounts/<public_id>")
def show(public_id: str) -> str:
    """One account: its roles, what was done to it, and the acts."""
    session = gate.reading()
    account = _account(session, public_id)
    form = NewAccountForm()
    _offer(form)
    return render_template(
        "accounts/show.html", account=account, held=account_events.live_roles(session, account), roles=ROLES, form=form,
        firms=_firms(session), events=account_events.events_of(session, account),
        personnel=account_personnel.choices_of(session, account), told=acts.told,
    )  # fmt: skip


@pages.post("/accounts/<public_id>/grant")
def grant(public_id: str) -> Response:
    """Give a role."""
    code, role = request.form.get("institution") or None, request.form.get("role", "")
    with gate.writing() as session:
        account_roles.grant_role(session, gate.actor(), _account(session, public_id), code, role, now=gate.now())
        session.commit()
    return _back(public_id, _("角色已授予，该账号须重新登录。"))


@pages.post("/accounts/<public_id>/revoke")
def revoke(public_id: str) -> Response:
    """Take a role back."""
    code, role = request.form.get("institution") or None, request.form.get("role", "")
    with gate.writing() as session:
        account_roles.revoke_role(session, gate.actor(), _account(session, public_id), code, role, now=gate.now())
        session.commit()
    return _back(public_id, _("角色已收回，该账号的登录已结束。"))


@pages.post("/accounts/<public_id>/disable")
def disable(public_id: str) -> Response:
    """Nobody signs in with it any more."""
    with gate.writing() as session:
        reason = request.form.get("reason", "")
        accounts.disable_account(session, gate.actor(), _account(session, public_id), reason=reason, now=gate.now())
        session.commit()
    return _back(public_id, _("账号已停用，登录已结束。"))


@pages.post("/accounts/<public_id>/enable")
def enable(public_id: str) -> Response:
    """It may sign in again."""
    with gate.writing() as session:
        reason = request.form.get("reason", "")
        accounts.enable_account(session, gate.actor(), _account(session, public_id), reason=reason, now=gate.now())
        session.commit()
    return _back(public_id, _("账号已恢复。"))


@pages.post("/accounts/<public_id>/reset")
def reset(public_id: str) -> Response:
    """A new one-time password, shown once."""
    with gate.writing() as session:
        secret = accounts.reset_password(session, gate.actor(), _account(session, public_id), now=gate.now())
        session.commit()
    once.hand_on(public_id, secret)
    return redirect(url_for("accounts.once_", public_id=public_id), 303)


@pages.get("/accounts/<public_id>/once")
def once_(public_id: str) -> str:
    """The one-time password that was just made, the first time that this page is opened; afterwards that it is gone."""
    account = _account(gate.reading(), public_id)
    return render_template("accounts/password_once.html", account=account, once=once.take(public_id))


@pages.post("/accounts/<public_id>/remove-codes")
def remove_codes(public_id: str) -> Response:
    """Its one-time codes are no longer asked for, such as after a lost phone."""
    with gate.writing() as session:
        codes.remove_totp(session, gate.actor(), _account(session, public_id), now=gate.now())
        session.commit()
    return _back(public_id, _("动态口令已停用，登录已结束。"))


def _has_administrator(session: Session) -> bool:
    return session.exec(select(AccountRole.id).where(col(AccountRole.role) == "administrator")).first() is not None


def _new_secret(public_id: str) -> str:
    """What the new secret of an account is handed on as, so that no page takes it for a password."""
    return f"second-factor/{public_id}"


def _own_account(session: Session) -> Account:
    return session.get(Account, gate.who().account_id) or abort(404)


def _account(session: Session, public_id: str) -> Account:
    try:
        return accounts.account_of(session, public_id)
    except RuleBroken:
        abort(404)


def _firms(session: Session) -> dict[int | None, Institution]:
    return {one.id: one for one in session.exec(select(Institution))}


def _offer(form: NewAccountForm) -> None:
    firms = sorted(_firms(gate.reading()).values(), key=lambda one: one.credit_code)
    nobody = SelectChoice("", _("（仅系统管理员不选机构）"))
    form.institution.choices = [nobody, *(SelectChoice(one.credit_code, one.name) for one in firms)]
    form.role.choices = [SelectChoice(role.key, f"{label(role.name_zh)}：{label(role.may)}") for role in ROLES.values()]


def _back(public_id: str, told: str) -> Response:
    flash(told)
    return redirect(url_for("accounts.show", public_id=public_id), 303)
