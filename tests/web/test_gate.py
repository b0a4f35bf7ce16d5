"""The gate: who gets in, what stays hidden, and what every answer carries."""

import re

import pytest
from flask import Flask
from sqlmodel import select

from skilleval.db.tables import Account, Person
from skilleval.installation import Installation
from skilleval.web import application, policy
from tests.accounts import phone
from tests.chained import MEMBERS
from tests.factories import make_firm, make_person
from tests.web.conftest import Browser, SignedIn


def test_a_route_without_a_line_stops_the_start(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = {key: value for key, value in policy.POLICY.items() if key != "people.index"}
    monkeypatch.setattr(policy, "POLICY", lines)

    with pytest.raises(policy.PolicyGap, match=r"people\.index GET: no line"):
        application.create_app(installation)


def test_a_line_without_a_route_stops_the_start(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "POLICY", {**policy.POLICY, "people.gone": {"GET": policy.SIGNED_IN}})

    with pytest.raises(policy.PolicyGap, match=r"people\.gone GET: no such route"):
        application.create_app(installation)


def test_who_is_not_signed_in_is_asked_to_and_led_back(anonymous: Browser) -> None:
    answer = anonymous.get("/people?q=1")

    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/people?q%3D1")


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/a\nb"]
)
def test_signing_in_leads_nowhere_else(anonymous: Browser, signed_in: SignedIn, wanted: str) -> None:
    signed_in("administrator")  # without one the page leads to the first run
    page = anonymous.get("/sign-in", query_string={"next": wanted})

    assert page.status_code == 200
    assert "evil.example" not in page.get_data(as_text=True)


def test_a_forged_host_is_refused(anonymous: Browser) -> None:
    answer = anonymous.get("/sign-in", headers={"Host": "evil.example"})

    assert answer.status_code == 400


def test_a_role_that_may_not_is_told_who_may(signed_in: SignedIn, installation: Installation) -> None:
    _firm(installation)
    answer = signed_in("hr").get("/accounts")

    assert answer.status_code == 403
    assert "系统管理员" in answer.get_data(as_text=True)


def test_what_is_foreign_looks_like_what_is_not_there(
    app: Flask, signed_in: SignedIn, installation: Installation
) -> None:
    with installation.database.writing() as session:
        mine, other = make_firm(session), make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        make_person(session, installation.vault, mine, serial=1)
        make_person(session, installation.vault, other, serial=2)
        session.commit()
        keys = {one.institution_id: one.id for one in session.exec(select(Person))}
    hide = app.extensions["skilleval.ids"].hide
    browser = signed_in("hr")

    own = browser.get(f"/people/{hide('person', keys[mine.id])}")
    foreign = browser.get(f"/people/{hide('person', keys[other.id])}")
    missing = browser.get(f"/people/{hide('person', 999_999)}")
    made_up = browser.get(f"/people/{'0' * 32}")

    assert own.status_code == 200
    assert [one.status_code for one in (foreign, missing, made_up)] == [404, 404, 404]
    assert _without_token(foreign) == _without_token(missing) == _without_token(made_up)


def test_an_account_without_a_role_reads_nothing(signed_in: SignedIn, installation: Installation) -> None:
    _firm(installation)
    browser = signed_in()
    pages = [browser.get(address).status_code for address in ("/", "/account", "/people", "/batches", "/accounts")]

    assert pages == [200, 200, 403, 403, 403]


def test_the_codes_of_a_lost_phone_are_taken_away_and_its_sessions_end(signed_in: SignedIn, installation: Installation) -> None:
    _firm(installation)
    admin, browser = signed_in("administrator", at=None), signed_in("hr")
    with installation.database.writing() as session:
        account = session.exec(select(Account).where(Account.login == "person2")).one()
        phone(session, installation.vault, account)
        session.commit()
        page = f"/accounts/{account.public_id}"

    refused = browser.post(f"{page}/remove-codes")
    offered = f"{page}/remove-codes" in admin.get(page).get_data(as_text=True)
    removed, again = (admin.post(f"{page}/remove-codes") for _time in range(2))

    assert offered and f"{page}/remove-codes" not in admin.get(page).get_data(as_text=True)
    assert [refused.status_code, removed.status_code, again.status_code] == [303, 303, 422]
    assert browser.get("/account").status_code == 303
    with installation.database.reading() as session:
        assert session.exec(select(Account.totp_on).where(Account.login == "person2")).one() is False


def test_a_form_without_its_token_changes_nothing(signed_in: SignedIn, installation: Installation) -> None:
    _firm(installation)
    browser = signed_in("hr")

    answer = browser.client.post("/sign-out", data={})

    assert answer.status_code == 400
    assert browser.get("/account").status_code == 200


def test_every_answer_carries_the_headers(anonymous: Browser, signed_in: SignedIn, installation: Installation) -> None:
    _firm(installation)
    browser = signed_in("hr")
    answers = [
        anonymous.get("/sign-in"),
        anonymous.get("/nothing"),
        browser.get("/"),
        browser.get("/accounts"),
        browser.get("/static/skilleval.css"),
    ]

    for answer in answers:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert [one.headers["Cache-Control"] for one in answers[:4]] == ["no-store"] * 4


def _firm(installation: Installation) -> None:
    with installation.database.writing() as session:
        make_firm(session)
        session.commit()


def _without_token(answer: object) -> str:
    return re.sub(r'value="[^"]{40,}"', "", answer.get_data(as_text=True))  # type: ignore[attr-defined] # a test response


def test_a_browser_that_asks_for_an_icon_beside_a_text_gets_one(anonymous: Browser) -> None:
    answer = anonymous.get("/favicon.ico")

    assert answer.status_code == 200
    assert answer.data.startswith(b"<svg")
