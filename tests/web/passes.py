"""Proofs of signing in: rotation, what ends a session, the limit on guessing, where one is led. On a site that keeps acts.

Each enters by the browser as a person does and gives the faults that it found.
"""

import re
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select
from werkzeug.test import TestResponse

from skilleval.db.tables import Account, WebSession
from skilleval.installation import Installation
from skilleval.services import sign_in as rules
from tests.accounts import PASSWORD, make_account
from tests.chained import MEMBERS
from tests.factories import CREDIT_CODE, make_firm
from tests.web.marked_site import TOKEN

NEW_PASSWORD = "另一句 很长 的 口令 2026"
OUTSIDE = ("//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: a=b", "evil.example")


class Entered:
    """A browser, entered by the sign-in page."""

    def __init__(self, app: Flask, login: str = "wang", password: str = PASSWORD, wanted: str = "") -> None:
        self.client: FlaskClient = app.test_client()
        self.answer = self.try_to_enter(login, password, wanted)

    def try_to_enter(self, login: str, password: str, wanted: str = "") -> TestResponse:
        """Fill in the sign-in page."""
        return self.post("/sign-in", {"login": login, "password": password}, query_string={"next": wanted} if wanted else None)

    def post(self, address: str, form: dict[str, object], **options: object) -> TestResponse:
        """Send a form with the token that the pages carry now."""
        page = self.client.get("/account").get_data(as_text=True)
        found = TOKEN.search(page) or TOKEN.search(self.client.get("/sign-in").get_data(as_text=True))
        return self.client.post(address, data={"csrf_token": found[1] if found else "", **form}, **options)  # type: ignore[arg-type] # of the test client

    @property
    def cookie(self) -> str:
        found = self.client.get_cookie("skilleval", domain="localhost")
        return "" if found is None else found.value

    @property
    def is_in(self) -> bool:
        return self.client.get("/account").status_code == 200


def people(installation: Installation) -> None:
    """Two firms, an administrator, and wang who works for both."""
    with installation.database.writing() as session:
        make_firm(session)
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        make_account(session, "boss", (None, "administrator"))
        make_account(session, "wang", (CREDIT_CODE, "hr"), (MEMBERS[0], "hr"))
        session.commit()


def rotation_faults(app: Flask) -> list[str]:
    """A session keeps its id although its rights have changed, or a browser's earlier id stays good."""
    faults = []
    browser = Entered(app)
    before = browser.cookie
    steps = (
        ("signing in again", lambda: browser.try_to_enter("wang", PASSWORD)),
        ("acting for another firm", lambda: browser.post("/acting", {"institution": MEMBERS[0]})),
        ("a new password", lambda: browser.post(
            "/account/password", {"old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD})),
    )  # fmt: skip
    for name, step in steps:
        step()
        if browser.cookie == before:
            faults.append(f"{name} keeps the session's id")
        elif _opens(app, before):
            faults.append(f"{name} leaves the earlier id good")
        if not browser.is_in:
            faults.append(f"{name} ends the session")
        before = browser.cookie
    return faults


def revocation_faults(app: Flask, installation: Installation) -> list[str]:
    """Sessions that live on after what must end them: signing out, disabling, a new password, other roles, time."""
    boss = Entered(app, "boss")
    with installation.database.reading() as session:
        public_id = _wang(session).public_id
    about = f"/accounts/{public_id}"

    def change_password() -> None:
        Entered(app).post("/account/password", {"old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD})

    cases = {
        "taking a role back": lambda _one: boss.post(f"{about}/revoke", {"institution": MEMBERS[0], "role": "hr"}),
        "giving a role": lambda _one: boss.post(f"{about}/grant", {"institution": MEMBERS[0], "role": "hr"}),
        "30 minutes without a page": lambda _one: _age(installation, seen=timedelta(minutes=30, seconds=1)),
        "12 hours": lambda _one: _age(installation, expires=timedelta(hours=12, seconds=1)),
        "signing out": lambda one: one.post("/sign-out", {}),
        "disabling": lambda _one: (boss.post(f"{about}/disable", {"reason": "离职"}), _enable_quietly(installation)),
        "a new password": lambda _one: change_password(),
    }
    faults = []
    for name, end in cases.items():
        one = Entered(app)
        if not one.is_in:
            faults.append(f"before {name}: could not sign in")
            continue
        stolen = one.cookie
        end(one)
        if _opens(app, stolen):
            faults.append(f"{name} does not end the session")
    return faults


def limit_faults(app: Flask) -> list[str]:
    """Passwords that may be guessed without end, of one name or from one address."""
    faults = []
    guesser = Entered(app, "nobody", "")
    for _try in range(6):
        answer = guesser.try_to_enter("wang", "falsch falsch falsch")
    if "失败次数过多" not in answer.get_data(as_text=True) or Entered(app).is_in:
        faults.append("the sixth guess at one name is taken")
    for place in range(31):
        answer = guesser.try_to_enter(f"name{place}", "falsch falsch falsch")
    if "失败次数过多" not in answer.get_data(as_text=True):
        faults.append("the thirty-first guess from one address is taken")
    return faults


def telling_faults(app: Flask) -> list[str]:
    """Answers to signing in that tell whether there is such an account."""
    wrong, nobody = (
        re.sub(r'value="[^"]*"', "", Entered(app, login, "falsch falsch falsch").answer.get_data(as_text=True))
        for login in ("wang", "nobody")
    )
    return [] if wrong == nobody and rules.WRONG in wrong else ["a wrong password and an unknown name differ"]


def leading_faults(app: Flask) -> list[str]:
    """Where signing in, or choosing a language, leads that is not of this site."""
    faults = []
    for wanted in OUTSIDE:
        location = Entered(app, wanted=wanted).answer.location
        if location != "/" and not str(location).startswith("/?"):
            faults.append(f"signing in leads to {location}")
        referer = f"http://evil.example/{wanted.partition(chr(13))[0]}"
        answer = Entered(app).post("/language", {"language": "en"}, headers={"Referer": referer})
        if answer.location != "/":
            faults.append(f"choosing a language leads to {answer.location}")
    return faults


def _opens(app: Flask, cookie: str) -> bool:
    client = app.test_client()
    client.set_cookie("skilleval", cookie, domain="localhost")
    return client.get("/account").status_code == 200


def _wang(session: Session) -> Account:
    return session.exec(select(Account).where(col(Account.login) == "wang")).one()


def _age(installation: Installation, *, seen: timedelta = timedelta(), expires: timedelta = timedelta()) -> None:
    """Let the sessions of wang grow old."""
    with installation.database.writing() as session:
        for one in session.exec(select(WebSession).where(col(WebSession.account_id) == _wang(session).id)):
            one.seen_at, one.expires_at = one.seen_at - seen, one.expires_at - expires
            session.add(one)
        session.commit()


def _enable_quietly(installation: Installation) -> None:
    """Let the account in again: a session that was not ended comes back to life with it."""
    with installation.database.writing() as session:
        account = _wang(session)
        account.state = "active"
        session.add(account)
        session.commit()


