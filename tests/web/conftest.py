"""Browsers on a real application: an installation in a folder, its database, and people who have signed in."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select
from werkzeug.test import TestResponse

from skilleval.db.engine import Database
from skilleval.db.secrets import KEY_NAME, Vault
from skilleval.db.tables import Personnel
from skilleval.installation import Installation
from skilleval.services import account_roles, passwords, web_sessions
from skilleval.settings import CONFIG_NAME, CONFIG_TEMPLATE
from skilleval.web import gate
from skilleval.web.application import create_app
from tests.accounts import HASHER, OPERATOR, make_account
from tests.factories import CREDIT_CODE
from tests.web import checks, readings
from tests.web.marked_site import (
    ADMINISTRATOR,
    ANONYMOUS,
    AUDITOR_OF,
    SINGLE_AT_MEMBER,
    STAFF_OF,
    MarkedSite,
    copied,
    open_site,
    shared_files,
)
from tests.web.survey import Visit, survey

TODAY = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages hash as the installation does, which is meant to take long; tests/services/test_accounts.py and the cycle of
    tests/browser ask the real one."""
    monkeypatch.setattr(passwords.HASHER, "_parameters", HASHER._parameters)


@dataclass
class Browser:
    """One browser: it keeps its cookies, fills in the token of the form, and follows no redirect by itself."""

    client: FlaskClient
    answers: list[TestResponse] = field(default_factory=list)

    def get(self, address: str, **options: object) -> TestResponse:
        """Open a page."""
        return self._keep(self.client.get(address, buffered=True, **options))  # type: ignore[arg-type] # of the test client

    def post(self, address: str, form: dict[str, object] | None = None, **options: object) -> TestResponse:
        """Send a form as a page of this application would, with its token."""
        words = {"csrf_token": self.token(), **(form or {})}
        return self._keep(self.client.post(address, data=words, buffered=True, **options))  # type: ignore[arg-type] # of the test client

    def token(self) -> str:
        """The token that the pages of this browser carry in their forms."""
        page = self.client.get("/account").get_data(as_text=True)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page) or re.search(
            r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get("/check").get_data(as_text=True)
        )
        return found[1] if found else ""

    def _keep(self, answer: TestResponse) -> TestResponse:
        assert checks.faults_of(answer) == []
        self.answers.append(answer)
        return answer


def without_token(answer: TestResponse) -> str:
    """A page without the tokens of its forms, which differ from second to second."""
    return re.sub(r'(name="csrf_token"[^>]*value=")[^"]+', r"\1", answer.get_data(as_text=True))


@pytest.fixture
def installation(sqlite_database: Database, vault: Vault, tmp_path: Path) -> Installation:
    """An installation on the test's own SQLite file."""
    folder = tmp_path / "instance"
    (folder / "keys").mkdir(parents=True)
    (folder / CONFIG_NAME).write_text(CONFIG_TEMPLATE, encoding="utf-8")
    (folder / "keys" / KEY_NAME).write_text(bytes(range(32)).hex())
    found = Installation(folder)
    found.database = sqlite_database
    found.vault = vault
    return found


#: the applications of this run by the settings of the web and the key that they were started with
STARTED: dict[tuple[object, bytes], Flask] = {}


def application_on(installation: Installation, today: date) -> Flask:
    """The application on an installation and a day. To build its routes and compile its templates takes longer than most
    tests, so that the one which was started with the same settings and key moves over; it serves one at a time."""
    kind = (installation.settings.web, installation.vault.web_key("cookie"))
    application = STARTED.get(kind)
    if application is None:
        STARTED[kind] = application = create_app(installation, today=today)
        application.testing = False
    application.extensions["skilleval"] = gate.Site(installation, today, static_version="0")
    return application


@pytest.fixture
def app(installation: Installation) -> Flask:
    """The application on it."""
    return application_on(installation, TODAY)


@pytest.fixture
def anonymous(app: Flask) -> Browser:
    """A browser in which nobody has signed in."""
    return Browser(app.test_client())


SignedIn = Callable[..., Browser]


@pytest.fixture
def signed_in(app: Flask, installation: Installation) -> Iterator[SignedIn]:
    """Browsers by role: ``signed_in("hr")``, ``signed_in("hr", at=CODE)``; each call is another account.

    ``personnel`` is who the account is among the firm's personnel, such as an assessor.
    """
    made = 0

    def enter(*roles: str, at: str | None = CREDIT_CODE, personnel: int | None = None) -> Browser:
        nonlocal made
        made += 1
        with installation.database.writing() as session:
            places = [(None if role == "administrator" else at, role) for role in roles]
            account = make_account(session, f"person{made}", *places)
            if personnel is not None and at is not None:
                account_roles.link_personnel(session, OPERATOR, account, at, personnel, now=gate.now())
            cookie = web_sessions.open_session(session, account, now=gate.now())
            session.commit()
        client = app.test_client()
        client.set_cookie("skilleval", cookie, domain="localhost")
        return Browser(client)

    yield enter


@pytest.fixture
def hide(app: Flask) -> Callable[[str, int], str]:
    """The number of a row as addresses and forms carry it."""
    return lambda kind, row: str(app.extensions["skilleval.ids"].hide(kind, row))


@pytest.fixture
def assessors(signed_in: SignedIn, installation: Installation, firm: object) -> list[Browser]:
    """The assessors of the test's firm in the order of their codes, each in their own browser."""
    query = select(Personnel.id).where(col(Personnel.kind) == "assessor").order_by(col(Personnel.code))
    with installation.database.reading() as session:
        found = session.exec(query).all()
    return [signed_in("assessor", personnel=one) for one in found]


@pytest.fixture(scope="session")
def marked_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the marked world, made once a run; read only."""
    own = tmp_path_factory.getbasetemp()
    # A worker's own folder lies in the one of the whole run.
    return shared_files(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(scope="session")
def marked_site(marked_files: Path, tmp_path_factory: pytest.TempPathFactory) -> MarkedSite:
    """The application on the marked world; what is done to it is taken back."""
    return open_site(copied(marked_files, tmp_path_factory.mktemp("marked")))


#: whoever may read anything: each firm's people with all roles; a member's auditor, and its people with one role each
READERS = (*STAFF_OF.values(), AUDITOR_OF["甲"], *SINGLE_AT_MEMBER, ADMINISTRATOR, ANONYMOUS)


@dataclass(frozen=True)
class EveryPage:
    """Every page as everybody reads it, and the tables that have changed meanwhile."""

    visits: list[Visit]
    changed: list[str]


@pytest.fixture(scope="session")
def read(marked_files: Path, tmp_path_factory: pytest.TempPathFactory) -> EveryPage:
    """The pages of the marked world, read once a run; what is asked of them afterwards costs nothing."""
    site = open_site(copied(marked_files, tmp_path_factory.mktemp("read")))
    for persona in READERS:
        site.visitor(persona)
    before = readings.content_of(site.installation.database)
    visits = survey(site, READERS)
    return EveryPage(visits, readings.changed(before, readings.content_of(site.installation.database)))
