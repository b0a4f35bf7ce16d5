"""A one-time password, or the secret of a second factor, is shown once, to who made it, and lies in no address, no answer of the act and no table."""

import re
from datetime import timedelta

import pyotp
import pytest
from sqlmodel import Session, col, select

from skilleval.db.tables import Account
from skilleval.installation import Installation
from skilleval.services.passwords import HASHER
from skilleval.web import gate
from tests.factories import CREDIT_CODE, make_firm
from tests.web.conftest import Browser, SignedIn
from tests.web.readings import content_of

NEW = {"login": "wang.hr", "name": "王人事", "institution": CREDIT_CODE, "role": "hr"}


@pytest.fixture(autouse=True)
def firm(installation: Installation) -> None:
    with installation.database.writing() as session:
        make_firm(session)
        session.commit()


def shown(browser: Browser, address: str | None) -> str | None:
    found = re.search(r'<code class="once">(.+?)</code>', browser.get(address or "").get_data(as_text=True))
    return found[1] if found else None


def account_of(session: Session) -> Account:
    return session.exec(select(Account).where(col(Account.login) == NEW["login"])).one()


def test_a_new_accounts_password_is_shown_once_and_no_more(signed_in: SignedIn, installation: Installation) -> None:
    admin = signed_in("administrator", at=None)

    made = admin.post("/accounts/new", NEW)
    before = content_of(installation.database)
    first, again = shown(admin, made.location), shown(admin, made.location)

    assert made.status_code == 303 and first is not None and again is None
    assert "不再显示" in admin.get(made.location).get_data(as_text=True)
    assert first not in made.location and first not in made.get_data(as_text=True) and first not in str(made.headers)
    assert content_of(installation.database) == before
    with installation.database.reading() as session:
        assert HASHER.verify(account_of(session).password_hash, first)


def test_sending_the_form_twice_makes_one_account(signed_in: SignedIn, installation: Installation) -> None:
    admin = signed_in("administrator", at=None)

    answers = [admin.post("/accounts/new", NEW).status_code for _ in range(2)]

    assert answers == [303, 422]


def test_a_password_that_was_reset_is_shown_once_on_the_page_of_its_account_only(
    signed_in: SignedIn, installation: Installation
) -> None:
    admin = signed_in("administrator", at=None)
    admin.get(admin.post("/accounts/new", NEW).location)
    with installation.database.reading() as session:
        public_id, other = account_of(session).public_id, session.exec(select(Account.public_id).order_by(col(Account.id))).first()

    reset = admin.post(f"/accounts/{public_id}/reset")
    copied = admin.client.get_cookie("skilleval_form")
    assert copied is not None
    elsewhere = shown(admin, f"/accounts/{other}/once")
    admin.client.set_cookie("skilleval_form", copied.value, domain="localhost")
    here = shown(admin, reset.location)

    assert (reset.status_code, reset.location) == (303, f"/accounts/{public_id}/once")
    assert elsewhere is None and here is not None
    stranger = signed_in("administrator", at=None)
    stranger.client.set_cookie("skilleval_form", copied.value, domain="localhost")
    assert shown(stranger, reset.location) is None


@pytest.mark.parametrize(("after", "is_shown"), [(timedelta(minutes=4, seconds=58), True), (timedelta(minutes=5, seconds=1), False)])
def test_after_five_minutes_it_is_not_shown_any_more(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, after: timedelta, is_shown: bool
) -> None:
    admin = signed_in("administrator", at=None)
    made = admin.post("/accounts/new", NEW)
    later = gate.now() + after
    monkeypatch.setattr(gate, "now", lambda: later)

    assert (shown(admin, made.location) is not None) is is_shown


def test_only_an_administrator_opens_the_page_and_of_accounts_that_are_there(signed_in: SignedIn) -> None:
    admin = signed_in("administrator", at=None)
    made = admin.post("/accounts/new", NEW)

    assert signed_in("hr").get(made.location).status_code == 403
    assert admin.get(f"/accounts/{'0' * 32}/once").status_code == 404


START = "/account/second-factor/start"


def test_a_new_secret_is_shown_once_on_a_page_of_its_own_and_not_by_reloading_or_going_back(
    signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")

    started = browser.post(START)
    before = content_of(installation.database)
    first, reloaded, back = (browser.get(started.location or "") for _ in range(3))
    secret = re.search(r'<code class="once">(.+?)</code>', first.get_data(as_text=True))

    assert started.status_code == 303 and secret is not None and "data:image/svg+xml" in first.get_data(as_text=True)
    assert first.headers["Cache-Control"] == "no-store" and content_of(installation.database) == before
    for answer in (started, reloaded, back):
        assert secret[1] not in answer.get_data(as_text=True) and secret[1] not in str(answer.headers)
    # Whoever had it on the phone before reloading goes on; who had not begins anew, and gets another.
    page = reloaded.get_data(as_text=True)
    assert "不再显示" in page and 'name="code"' in page and f'action="{START}"' in page
    again = shown(browser, browser.post(START).location)
    assert again is not None and again != secret[1]
    confirmed = browser.post("/account/second-factor/confirm", {"code": pyotp.TOTP(again).at(gate.now())})
    assert confirmed.location == "/account" and shown(browser, started.location) is None
    assert "动态口令已启用" in browser.get(started.location or "").get_data(as_text=True)


def test_a_wrong_code_leads_back_to_the_page_where_the_right_one_still_counts(signed_in: SignedIn) -> None:
    browser = signed_in("hr")
    page = browser.post(START).location or ""
    secret = shown(browser, page) or ""

    wrong = browser.post("/account/second-factor/confirm", {"code": "000"}, headers={"Referer": f"http://localhost{page}"})
    right = browser.post("/account/second-factor/confirm", {"code": pyotp.TOTP(secret).at(gate.now())})

    assert wrong.status_code == 422 and f'href="{page}?restored=1"' in wrong.get_data(as_text=True)
    assert right.status_code == 303


def test_a_secret_is_nobody_elses_and_no_password(signed_in: SignedIn, installation: Installation) -> None:
    owner, stranger, admin = signed_in("hr"), signed_in("hr"), signed_in("administrator", at=None)
    page = owner.post(START).location or ""
    copied = owner.client.get_cookie("skilleval_form")
    assert copied is not None

    stranger.client.set_cookie("skilleval_form", copied.value, domain="localhost")
    foreign, missing = stranger.get(page), stranger.get(f"/account/second-factor/{'0' * 32}")
    assert [foreign.status_code, admin.get(page).status_code] == [404, 404] and foreign.data == missing.data

    with installation.database.reading() as session:
        mine = session.exec(select(Account.public_id).where(col(Account.login) == "person3")).one()
    admin.post(START)
    assert shown(admin, f"/accounts/{mine}/once") is None


@pytest.mark.parametrize(
    ("address", "form"),
    [("/accounts/new", NEW | {"login": ""}), ("/accounts/new", NEW | {"role": "administrator"}), ("/account/password", {"old": "x"})],
)
def test_a_refused_form_answers_422(signed_in: SignedIn, address: str, form: dict[str, object]) -> None:
    assert signed_in("administrator", at=None).post(address, form).status_code == 422


def test_the_first_run_with_a_wrong_token_answers_422(anonymous: Browser) -> None:
    words = {"token": "kein", "login": "admin", "name": "管理员", "password": "correct horse battery"}

    assert anonymous.post("/first-run", words).status_code == 422
    assert anonymous.post("/first-run", words | {"login": ""}).status_code == 422
