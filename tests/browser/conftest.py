"""A real browser on a live server with the demo's data; skipped with the reason where the machine lacks one."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import waitress
from flask import Flask
from sqlmodel import select

from skilleval.db.tables import Institution
from skilleval.domain.accounts import ROLES
from skilleval.installation import Installation
from skilleval.services import web_sessions
from skilleval.services.accounts import find_account
from skilleval.web import gate
from skilleval.web.application import create_app
from tests.accounts import make_account
from tests.conftest import REQUIRE_TOOLS, skip_without
from tests.demonstrated import Demonstrated

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

CHROMIUM = "chromium"
#: a working account's roles; the administrator and the auditor hold theirs alone
WORKING = tuple(role for role in ROLES if role not in ("auditor", "administrator"))
#: nothing that is not the site itself
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@dataclass
class Live:
    """A server that runs, and what it serves."""

    base: str
    app: Flask
    installation: Installation
    #: what the pages said in the console: errors, warnings, refusals of the content policy
    said: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def live(demo: Demonstrated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The demo's installation, served by waitress from a thread."""
    folder = demo.copy(tmp_path_factory.mktemp("live"))
    installation = Installation(folder)
    with installation.database.writing() as session:
        firm = session.exec(select(Institution).order_by(Institution.id)).first()  # type: ignore[arg-type] # a column
        assert firm is not None
        make_account(session, "staff", *((firm.credit_code, role) for role in WORKING))
        make_account(session, "boss", (None, "administrator"))
        session.commit()
    app = create_app(installation)
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=2, ident="")
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield Live(f"http://127.0.0.1:{server.effective_port}", app, installation)
    server.close()
    thread.join(timeout=5)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium of the system, driven by Playwright."""
    skip_without(CHROMIUM)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        if REQUIRE_TOOLS:
            raise
        pytest.skip("playwright is not installed")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which(CHROMIUM), args=OPTIONS)
        yield browser
        browser.close()


Enter = Callable[..., "Page"]


@pytest.fixture
def enter(chromium: Any, live: Live) -> Iterator[Enter]:
    """Pages of separate browsers: ``enter("boss")`` signed in, ``enter()`` not."""
    contexts: list[BrowserContext] = []

    def begin(login: str | None = None) -> "Page":
        context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        contexts.append(context)
        if login is not None:
            context.add_cookies([{"name": "skilleval", "value": _cookie(live, login), "url": live.base}])
        page = context.new_page()
        page.on("console", lambda one: live.said.append(f"{page.url}: {one.text}") if one.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: live.said.append(f"{page.url}: {error}"))
        return page  # type: ignore[no-any-return] # of a library without types

    yield begin
    for context in contexts:
        context.close()


def _cookie(live: Live, login: str) -> str:
    with live.installation.database.writing() as session:
        cookie = web_sessions.open_session(session, find_account(session, login), now=gate.now())
        session.commit()
    return cookie
