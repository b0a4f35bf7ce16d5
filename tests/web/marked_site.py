"""The marked world (``tests/marked.py``) served, with browsers of everybody: what the proofs of the web application ask.

Mandates of the lead: 甲's is live, 乙's has expired, 丙's was revoked. What a form asks for is done and taken back, unless a
test wants it kept, so that one site serves all proofs.
"""

import io
import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlmodel import Session, col, select
from werkzeug.test import TestResponse

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import KEY_NAME
from skilleval.db.tables import Account, AccountRole, Institution, Mandate, Personnel
from skilleval.domain.accounts import ROLES
from skilleval.installation import Installation
from skilleval.services import jobs, web_sessions
from skilleval.services.roster import ROSTER, TEMPLATE_ID
from skilleval.services.tenancy import acting_for
from skilleval.settings import CONFIG_NAME, CONFIG_TEMPLATE
from skilleval.sheets.writing import FormSheet, write_form
from skilleval.web import gate
from skilleval.web.application import create_app
from tests.accounts import make_account
from tests.factories import id_number
from tests.marked import FIRMS, LEAD, make_world

TODAY = date(2026, 6, 25)
#: what one person may hold together: reads at least as much as each of its roles alone
WORKING = tuple(role for role in ROLES if role not in ("auditor", "administrator"))
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Persona:
    """Somebody who asks: the firm's letter and the roles. Without a firm an administrator or nobody."""

    name: str
    firm: str | None = None
    roles: tuple[str, ...] = ()
    disabled: bool = False


ANONYMOUS = Persona("anonymous")
ADMINISTRATOR = Persona("administrator", None, ("administrator",))
#: the columns of the policy matrix
MATRIX = (
    ANONYMOUS,
    Persona("no_role", LEAD),
    *(Persona(role, LEAD, (role,)) for role in ROLES if role != "administrator"),
    ADMINISTRATOR,
    Persona("disabled", LEAD, WORKING, disabled=True),
)
STAFF_OF = {letter: Persona(f"staff_{letter}", letter, WORKING) for letter in FIRMS}
AUDITOR_OF = {letter: Persona(f"auditor_{letter}", letter, ("auditor",)) for letter in FIRMS}
SINGLE_AT_MEMBER = tuple(Persona(f"{role}_甲", "甲", (role,)) for role in ("hr", "member_hr", "assessor"))
EVERYBODY = (*MATRIX, *STAFF_OF.values(), *AUDITOR_OF.values(), *SINGLE_AT_MEMBER)


class CompiledTemplates(BytecodeCache):
    """The templates that an earlier site of this run has compiled: to compile them all takes seconds."""

    def __init__(self) -> None:
        self._code: dict[str, object] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get(bucket.key)  # type: ignore[assignment] # code or none

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.code


TEMPLATES = CompiledTemplates()


class Rehearsal(Database):
    """A database in which every act is done and taken back."""

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose commit only tells the database everything; it is rolled back at the end."""
        with super().writing() as session:
            session.commit = session.flush  # type: ignore[method-assign] # that is the rehearsal
            yield session


@dataclass
class Visitor:
    """A browser of one persona; its cookie and the token of its forms are kept."""

    persona: Persona
    client: FlaskClient
    token: str = ""

    def get(self, address: str) -> TestResponse:
        return self.client.get(address, buffered=True)

    def post(self, address: str, form: dict[str, object] | None = None, *, token: str | None = None) -> TestResponse:
        """Send a form. The browser's cookies stay as they are, for the act may be taken back."""
        words = {"csrf_token": self.token if token is None else token, **(form or {})}
        kept = dict(self.client._cookies or {})
        answer = self.client.post(address, data=words, buffered=True)
        self.client._cookies = kept
        return answer


@dataclass
class MarkedSite:
    """The application on the marked world."""

    installation: Installation
    app: Flask
    _visitors: dict[str, Visitor] = field(default_factory=dict)

    def visitor(self, persona: Persona) -> Visitor:
        """The browser of this persona, signed in (anew, if its session has ended)."""
        known = self._visitors.get(persona.name)
        if known is None:
            known = self._visitors[persona.name] = _enter(self, persona)
        return known

    def forget(self) -> None:
        """Let everybody sign in anew."""
        self._visitors.clear()

    def hide(self, kind: str, row: int) -> str:
        """The address of a row."""
        return str(self.app.extensions["skilleval.ids"].hide(kind, row))

    @property
    def file(self) -> Path:
        return self.installation.folder / "skilleval.db"


def make_files(folder: Path) -> None:
    """An installation's folder with the marked world and an account of each persona."""
    (folder / "keys").mkdir(parents=True)
    (folder / CONFIG_NAME).write_text(CONFIG_TEMPLATE, encoding="utf-8")
    (folder / "keys" / KEY_NAME).write_text(bytes(range(32)).hex())
    installation = Installation(folder)
    installation.database.create()
    with installation.database.writing() as session:
        make_world(session, installation.vault)
        _end_mandates(session)
        for persona in EVERYBODY:
            if persona is not ANONYMOUS:
                _account(session, persona)
        session.commit()
    installation.database.close()
    site = open_site(folder, kept=True)
    for letter in FIRMS:
        _upload(site, letter)
        _ask_for_work(site, letter)
    site.installation.database.close()


def open_site(folder: Path, *, kept: bool = False) -> MarkedSite:
    """The application on the files of ``make_files``; with ``kept`` what is done stays done."""
    installation = Installation(folder)
    installation.database = (Database if kept else Rehearsal)(sqlite_url(folder / "skilleval.db"))
    app = create_app(installation, today=TODAY)
    app.testing = False
    app.jinja_env.bytecode_cache = TEMPLATES
    return MarkedSite(installation, app)


def shared_files(shared: Path) -> Path:
    """The files, made once a run: the first worker makes them, the others wait."""
    folder, done = shared / "marked" / "instance", shared / "marked.done"
    try:
        (shared / "marked").mkdir()
    except FileExistsError:
        _wait_for(done)
    else:
        try:
            make_files(folder)
        finally:
            done.write_text(json.dumps("made"), encoding="utf-8")
    return folder


def copied(folder: Path, to: Path) -> Path:
    """A copy of the files, which a proof may spoil."""
    return Path(shutil.copytree(folder, to / "instance"))


def _wait_for(done: Path, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not done.exists():
        if time.monotonic() > end:
            pytest.fail(f"another worker did not finish the marked world within {seconds:.0f} s")
        time.sleep(0.1)


def _end_mandates(session: Session) -> None:
    employers = {FIRMS[letter]: letter for letter in "乙丙"}
    query = select(Mandate, Institution).where(col(Institution.id) == col(Mandate.employer_id))
    for mandate, employer in session.exec(query).all():
        match employers.get(employer.credit_code):
            case "乙":
                mandate.valid_to = date(2026, 6, 1)
            case "丙":
                mandate.revoked_on, mandate.revoked_reason = date(2026, 6, 1), "金丙约撤销"
        session.add(mandate)
    session.flush()


def _upload(site: MarkedSite, letter: str) -> None:
    """A roster that waits to be corrected: with a number that is wrong, and the numbers of other firms' people."""
    mark = f"金{letter}密"
    rows: list[dict[str, object]] = [{"employee_no": "E9", "name": f"{mark}新人", "id_number": f"{id_number(99)[:-1]}A"}]
    rows += [{"employee_no": f"E{one}", "name": f"{mark}人", "id_number": id_number(one), "hired_on": "昨天"} for one in (1, 11, 21, 31)]
    file = write_form(site.installation.folder / "花名册.xlsx", [FormSheet("花名册", ROSTER, rows, example=False)], TEMPLATE_ID, [])
    content = io.BytesIO(file.read_bytes())
    answer = site.visitor(STAFF_OF[letter]).post("/imports/new/people", {"file": (content, f"{mark}花名册.xlsx")})
    assert answer.status_code == 303, answer.get_data(as_text=True)


def _ask_for_work(site: MarkedSite, letter: str) -> None:
    """A large roster that waits to be checked by a worker."""
    with site.installation.database.writing() as session:
        account = session.exec(select(Account).where(col(Account.login) == _login(STAFF_OF[letter]))).one()
        session.info.update(acting_for(FIRMS[letter]))
        words = {"file_name": f"金{letter}密大花名册.xlsx", "sha256": "0" * 64}
        asked = jobs.Asked("imports.check", f"people/0/0/{'0' * 64}", "people", words=words)
        jobs.enqueue(session, asked, account.id or 0, vault=site.installation.vault, on=TODAY, now=gate.now())
        session.commit()


def _account(session: Session, persona: Persona) -> Account:
    code = None if persona.firm is None else FIRMS[persona.firm]
    account = make_account(session, _login(persona), *((code, role) for role in persona.roles))
    account.name = f"金{persona.firm}密账号" if persona.firm else "账号"
    if persona.firm is not None and "assessor" in persona.roles:
        _link_assessor(session, account)
    return account


def _link_assessor(session: Session, account: Account) -> None:
    """An assessor's account says who of the personnel it is."""
    role = session.exec(
        select(AccountRole).where(col(AccountRole.account_id) == account.id, col(AccountRole.role) == "assessor")
    ).one()
    known = select(Personnel).where(col(Personnel.institution_id) == role.institution_id, col(Personnel.code) == "K1")
    role.personnel_id = session.exec(known).one().id
    session.add(role)


def _login(persona: Persona) -> str:
    return f"p.{persona.name}"


def _enter(site: MarkedSite, persona: Persona) -> Visitor:
    client = site.app.test_client()
    if persona is not ANONYMOUS:
        # Signing in is kept, whatever becomes of the acts afterwards.
        database = Database(site.installation.database.url.render_as_string(hide_password=False))
        with database.writing() as session:
            account = session.exec(select(Account).where(col(Account.login) == _login(persona))).one()
            cookie = web_sessions.open_session(session, account, now=gate.now())
            account.state = "disabled" if persona.disabled else "active"
            session.commit()
        database.close()
        client.set_cookie("skilleval", cookie, domain="localhost")
    page = client.get("/account").get_data(as_text=True)
    found = TOKEN.search(page) or TOKEN.search(client.get("/sign-in").get_data(as_text=True))
    return Visitor(persona, client, found[1] if found else "")
