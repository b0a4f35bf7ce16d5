"""What happens around every request: who asks, whether they may, on which session, and with which headers.

Sources of the decisions: ``policy`` (deny by default), a session row in the database behind a random cookie, a
reading session for GET that the database itself keeps from writing, and a content policy without inline script.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask import session as form_cookie
from sqlalchemy.exc import OperationalError
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from skilleval.domain.accounts import ROLES
from skilleval.installation import Installation
from skilleval.services import web_sessions
from skilleval.services.journal import Actor, head_hash
from skilleval.services.tenancy import acting_for
from skilleval.settings import Settings
from skilleval.web import policy
from skilleval.web.kept import KeptAnswers

Kept = TypeVar("Kept")

#: days are Chinese days, wherever the server stands
CHINA = ZoneInfo("Asia/Shanghai")

#: bytes of a form that somebody without an account may send
SHORT_FORM = 64 * 1024

_CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Site:
    """The installation that the application serves, and the day it takes for today."""

    installation: Installation
    fixed_today: date | None
    static_version: str
    kept: KeptAnswers = field(default_factory=KeptAnswers)


def site() -> Site:
    """The site of the running application."""
    found: Site = current_app.extensions["skilleval"]
    return found


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Today in China, or the day that the application was started for."""
    return site().fixed_today or datetime.now(CHINA).date()


def who() -> web_sessions.Who:
    """The account that asks. Only for pages that the policy keeps to accounts."""
    found = asking()
    if found is None:
        abort(404)
    return found


def asking() -> web_sessions.Who | None:
    """The account that asks, None without one."""
    found: web_sessions.Who | None = g.get("who")
    return found


def actor() -> Actor:
    """The account that asks, as the journal names it."""
    return web_sessions.actor_of(who())


def reading() -> Session:
    """The request's session for reading, on behalf of the institution that the account acts for."""
    if "reading" not in g:
        g.reading_context = site().installation.database.reading()
        g.reading = g.reading_context.__enter__()
        # Also after an act that was refused, when this is a session of its own: one without an institution sees all.
        _act_for(g.reading)
    session: Session = g.reading
    return session


@contextmanager
def writing() -> Iterator[Session]:
    """A session for one act, on behalf of the institution that the account acts for. The view commits."""
    _close_reading()
    with site().installation.database.writing() as session:
        _act_for(session)
        yield session


def kept(session: Session, key: Hashable, find: Callable[[], Kept]) -> Kept:
    """What ``find`` gives, kept by ``key`` until the journal of the institution that asks moves on.

    For what is found by reading many rows and holds until one of them changes: no row changes without an entry. Whoever
    acts for no institution gets it found anew.
    """
    acting = who().institution_id
    return find() if acting is None else site().kept.get(acting, _head(session, acting), key, find)


def _head(session: Session, acting: int) -> str:
    """The head of the journal; asked once for all that a page reads, anew for an act, which may move it on."""
    if session is not g.get("reading"):
        return head_hash(session, acting)
    if "head" not in g:
        g.head = head_hash(session, acting)
    head: str = g.head
    return head


def row_number(kind: str, address: str) -> int | None:
    """The row number behind a hidden one that a form or address sent; None for anything else."""
    found: int | None = current_app.extensions["skilleval.ids"].find(kind, address)
    return found


def hidden_row(kind: str, row: int) -> str:
    """The hidden number of a row, as forms send it."""
    hidden: str = current_app.extensions["skilleval.ids"].hide(kind, row)
    return hidden


def asked(word: str) -> str:
    """A word of the address, empty where it does not stand there."""
    return request.args.get(word, "")


def may(endpoint: str, method: str = "GET") -> bool:
    """Whether whoever asks may open this page (or, with POST, do this act). For links and buttons."""
    allowed = policy.POLICY.get(endpoint, {}).get(method)
    found = asking()
    return allowed is not None and policy.allows(allowed, None if found is None else found.roles)


def is_public(endpoint: str, method: str) -> bool:
    """Whether this page or act needs no account."""
    return isinstance(policy.POLICY.get(endpoint, {}).get(method), policy.Anyone)


def roles_for(endpoint: str, method: str) -> list[str]:
    """The Chinese names of the roles that may do this, for the page that refuses it."""
    allowed = policy.POLICY.get(endpoint, {}).get(method)
    return [ROLES[key].name_zh for key in ROLES if isinstance(allowed, policy.Roles) and key in allowed.any_of]


def cookie_name(settings: Settings, name: str) -> str:
    """The name of a cookie: bound to the host where the connection is encrypted, for browsers ask that of ``__Host-``."""
    return f"__Host-{name}" if settings.web.https else name


def give_cookie(response: BaseResponse, value: str) -> BaseResponse:
    """Hand the session's cookie to the browser."""
    settings = site().installation.settings
    response.set_cookie(
        cookie_name(settings, "skilleval"), value, httponly=True, samesite="Lax", secure=settings.web.https, path="/"
    )
    return response


def take_cookie(response: BaseResponse) -> BaseResponse:
    """Take the session's cookie from the browser."""
    settings = site().installation.settings
    response.delete_cookie(
        cookie_name(settings, "skilleval"), httponly=True, samesite="Lax", secure=settings.web.https, path="/"
    )
    return response


def forget_form_session() -> None:
    """Forget what the browser's form cookie holds, the token of its forms among it: with a new session come new ones."""
    language = form_cookie.get("language")
    form_cookie.clear()
    if language:
        form_cookie["language"] = language


def inside(address: str | None) -> str | None:
    """``address`` if it is a path of this site, else None: nobody is sent elsewhere by a link of ours."""
    if (
        not address
        or not address.startswith("/")
        or address.startswith(("//", "/\\"))
        or "\n" in address
        or "\r" in address
    ):
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc else address


def install(app: Flask) -> None:
    """Put the gate before every request, and the headers behind."""
    app.before_request(_enter)
    app.after_request(_seal)
    app.teardown_request(_leave)
    app.jinja_env.globals.update(may=may, asking=asking, today=today, site=site)


def _enter() -> BaseResponse | None:
    """Find who asks, and let them pass or not."""
    endpoint = request.endpoint
    if endpoint is None:
        # The router found no page; its own 404 or 405 follows, the same for everybody.
        _find_who()
        return None
    if endpoint == "static":
        return None
    # HEAD is GET without a body, OPTIONS is answered by the framework.
    method = {"HEAD": "GET"}.get(request.method, request.method)
    allowed = policy.POLICY[endpoint].get(method)
    _find_who()
    if allowed is None:
        return None if method == "OPTIONS" else abort(405)
    found = asking()
    if found is None and method == "POST":
        # Whoever has no account sends short forms only; more is refused before it is read.
        request.max_content_length = SHORT_FORM
    if not policy.allows(allowed, None if found is None else found.roles):
        return ask_to_sign_in() if found is None else abort(403)
    return None if found is None else _first_things_first(found, endpoint)


def _find_who() -> None:
    value = request.cookies.get(cookie_name(site().installation.settings, "skilleval"))
    g.who = None if not value else _session_of(value)
    if g.who is not None:
        _act_for(reading())


def _session_of(cookie: str) -> web_sessions.Who | None:
    """The account behind the cookie; that it was seen is written once a minute, apart from the request's own work."""
    installation = site().installation
    found = web_sessions.find_session(reading(), cookie, now=now(), totp_roles=installation.settings.web.totp_roles)
    if found is not None and web_sessions.needs_touch(found, now=now()):
        _close_reading()
        # While somebody writes for long (a very large import) it is marked at a later page.
        with suppress(OperationalError), installation.database.writing() as session:
            web_sessions.touch(session, found, now=now())
            session.commit()
    return found


def _act_for(session: Session) -> None:
    """Ask on behalf of the account's institution; one that has none any more asks for nobody, and never as the operator."""
    found = asking()
    if found is not None and (found.credit_code is not None or "administrator" not in found.roles):
        session.info.update(acting_for(found.credit_code or ""))


def ask_to_sign_in() -> BaseResponse:
    """Send the browser to sign in, and back to where it wanted to be."""
    wanted = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else page_of_form()
    # A form's draft is kept by the browser and put back on the page that held it.
    return redirect(url_for("accounts.sign_in", next=wanted), 303)


def page_of_form() -> str:
    """The page of this site that held the form just sent, the home page where the browser does not say."""
    parts = urlsplit(request.headers.get("Referer", ""))
    same_site = parts.netloc == request.host
    return (inside(f"{parts.path}?{parts.query}" if parts.query else parts.path) if same_site else None) or "/"


def restoring(page: str) -> str:
    """The address of a page, told that what was typed into one of its forms may be put back."""
    return f"{page}{'&' if '?' in page else '?'}restored=1"


#: where an account may go before it has chosen its own password, or set up its second factor
_ALWAYS_OPEN = (
    "accounts.password", "accounts.sign_out", "accounts.second_factor", "accounts.start_second_factor",
    "accounts.secret_once", "accounts.confirm_second_factor", "language.choose", "home.health",
    "home.icon",
)  # fmt: skip


def _first_things_first(found: web_sessions.Who, endpoint: str) -> BaseResponse | None:
    if endpoint in _ALWAYS_OPEN:
        return None
    if found.must_change_password:
        return redirect(url_for("accounts.password"), 303)
    if found.totp_missing:
        return redirect(url_for("accounts.second_factor"), 303)
    return None


def _seal(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif "Cache-Control" not in response.headers or asking() is not None:
        response.headers["Cache-Control"] = "no-store"
    return response


def _close_reading() -> None:
    context = g.pop("reading_context", None)
    g.pop("reading", None)
    g.pop("head", None)
    if context is not None:
        context.__exit__(None, None, None)


def _leave(_error: BaseException | None) -> None:
    _close_reading()
