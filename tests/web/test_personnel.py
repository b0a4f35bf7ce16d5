"""Assessors and venues in the browser, and which of the personnel an account is."""

import re
from datetime import date

import pytest
from flask import Flask
from sqlmodel import select

from skilleval.db.tables import Account, AccountRole, Personnel, Venue
from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.factories import Firm, id_number, make_firm
from tests.web.conftest import SignedIn

OWN_LEAD = """
schema = "rule-pack/2"
name = "本机构"
layer = "firm"
status = "in_force"
from = 2026-01-01
source = "本机构的办法"
confidence = "high"

[[parameter]]
id = "expiry.lead_days"
value = 91
operator = "at_most"
clause = "证卡到期前 91 天起提示"
overrides = "national"
overrides_because = "本机构提前更早"
"""


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm whose three assessors have a card that is valid, due, and over; and a firm besides."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        for one, last_day in zip(firm.assessors, (date(2026, 8, 31), date(2026, 8, 30), date(2026, 5, 31)), strict=True):
            one.card_valid_to = last_day
            session.add(one)
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    return firm


def test_a_card_is_valid_due_or_over_in_words_and_may_be_filtered(signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("supervisor")

    listed = browser.get("/personnel").get_data(as_text=True)
    due = browser.get("/personnel?term=due").get_data(as_text=True)

    assert [word in listed for word in (">有效<", "即将到期，还有 90 天", "已过期 1 天", "未填有效期")] == [True] * 4
    assert re.findall(r"考评员.(?=</td>)", due) == ["考评员乙"]


def test_a_firms_own_pack_says_how_many_days_ahead_a_card_is_due(
    signed_in: SignedIn, installation: Installation, firm: Firm
) -> None:
    (installation.folder / "rulepacks").mkdir()
    (installation.folder / "rulepacks" / "own.toml").write_text(OWN_LEAD, encoding="utf-8")
    browser = signed_in("supervisor")

    due = browser.get("/personnel?term=due").get_data(as_text=True)
    valid = browser.get("/personnel?term=valid").get_data(as_text=True)

    assert "91 天内到期" in due and re.findall(r"考评员.(?=</td>)", due) == ["考评员甲", "考评员乙"]
    assert re.findall(r"考评员.(?=</td>)", valid) == []


def test_a_document_number_is_kept_sealed_and_shown_masked(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser, number = signed_in("hr"), id_number(7)

    answer = browser.post("/personnel/new", {**_person(), "id_number": number})
    page = browser.get(answer.location).get_data(as_text=True)

    assert answer.status_code == 303
    assert number not in page
    assert number[-2:] in page
    with installation.database.reading() as session:
        one = session.exec(select(Personnel).where(Personnel.code == "K9")).one()
    assert (one.occupations, one.grades, one.card_valid_to) == (["6-31-01-03"], ["senior"], date(2027, 1, 1))


def test_what_the_check_refuses_stands_at_its_field(signed_in: SignedIn, firm: Firm) -> None:
    answer = signed_in("hr").post("/personnel/new", {**_person(), "id_number": "440999199001010000"})

    assert answer.status_code == 422
    assert 'id="id_number-wrong"' in answer.get_data(as_text=True)


def test_a_code_in_use_adds_nobody(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    answer = signed_in("hr").post("/personnel/new", {**_person(), "code": "K1"})

    assert answer.status_code == 422
    assert "编号 K1 已是另一人的" in answer.get_data(as_text=True)
    with installation.database.reading() as session:
        assert session.exec(select(Personnel.name).where(Personnel.code == "K1")).first() == "考评员甲"


def test_an_assessors_number_stays_when_the_field_is_left_empty(signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask) -> None:
    browser = signed_in("hr")
    browser.post("/personnel/new", {**_person(), "id_number": id_number(7)})
    with installation.database.reading() as session:
        before = session.exec(select(Personnel).where(Personnel.code == "K9")).one()

    answer = browser.post(f"/personnel/{_hidden(app, 'personnel', before.id)}/edit", {**_person(), "name": "考评员新", "id_type": "resident_id"})

    assert answer.status_code == 303
    with installation.database.reading() as session:
        after = session.exec(select(Personnel).where(Personnel.code == "K9")).one()
    assert (after.name, after.id_index, after.id_sealed) == ("考评员新", before.id_index, before.id_sealed)


def test_a_venue_is_kept_with_its_equipment(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser = signed_in("hr")

    wrong = browser.post("/venues/new", {**_venue(), "equipment": "实训台|DG-2|二十|是"})
    right = browser.post("/venues/new", {**_venue(), "equipment": "实训台|DG-2|20|是\n\n电脑"})

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert "设备第 1 行" in wrong.get_data(as_text=True)
    with installation.database.reading() as session:
        one = session.exec(select(Venue).where(Venue.name == "二号机房")).one()
    assert one.equipment == [{"name": "实训台", "model": "DG-2", "count": 20, "sound": True}, {"name": "电脑", "model": ""}]
    assert "DG-2" in browser.get(right.location).get_data(as_text=True)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unseen(
    app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm
) -> None:
    browser = signed_in("hr")
    address = f"/venues/{_hidden(app, 'venue', firm.venue.id)}/edit"
    opened = re.findall(r'name="seen"[^>]* value="(\w+)"', browser.get(address).get_data(as_text=True))
    first = browser.post(address, {**_venue(), "address": "东区1号", "seen": opened[0]})

    blind = browser.post(address, {**_venue(), "address": "西区2号", "seen": opened[0]})
    again = browser.get(address).get_data(as_text=True)

    assert (first.status_code, blind.status_code) == (303, 422)
    assert "有人改动了这条记录" in blind.get_data(as_text=True) and "东区1号" in again and opened[0] not in again


def test_a_venue_is_changed_and_its_name_stays(signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask) -> None:
    address = f"/venues/{_hidden(app, 'venue', firm.venue.id)}/edit"

    answer = signed_in("hr").post(address, {**_venue(), "name": "别名", "seats": "33"})

    assert answer.status_code == 303
    with installation.database.reading() as session:
        one = session.get(Venue, firm.venue.id)
    assert one is not None
    assert (one.name, one.seats) == ("一号实训车间", 33)


def test_another_firms_people_and_venues_are_not_there(signed_in: SignedIn, firm: Firm, app: Flask) -> None:
    stranger = signed_in("hr", at=MEMBERS[0])
    person, venue = _hidden(app, "personnel", firm.assessors[0].id), _hidden(app, "venue", firm.venue.id)

    addresses = [f"/personnel/{person}", f"/personnel/{person}/edit", f"/venues/{venue}", f"/venues/{venue}/edit"]

    assert [stranger.get(one).status_code for one in addresses] == [404] * 4
    assert [stranger.post(addresses[1]).status_code, stranger.post(addresses[3]).status_code] == [404, 404]


def test_an_assessor_sees_the_list_and_no_personal_page(signed_in: SignedIn, firm: Firm, app: Flask) -> None:
    browser = signed_in("assessor")

    assert browser.get("/personnel").status_code == 200
    assert browser.get(f"/personnel/{_hidden(app, 'personnel', firm.assessors[0].id)}").status_code == 403
    assert browser.post("/personnel/new", _person()).status_code == 403


def test_the_administrator_says_who_an_account_is(signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask) -> None:
    signed_in("assessor")
    account = _account(installation, "person1")
    browser = signed_in("administrator")

    page = browser.get(f"/accounts/{account}").get_data(as_text=True)
    answer = browser.post(
        f"/accounts/{account}/personnel",
        {"institution": firm.institution.credit_code, "personnel": _hidden(app, "personnel", firm.assessors[0].id)},
    )

    assert "K1　考评员甲" in page
    assert answer.status_code == 303
    with installation.database.reading() as session:
        assert session.exec(select(AccountRole.personnel_id).where(AccountRole.role == "assessor")).first() == firm.assessors[0].id


def test_nobody_is_linked_to_another_firms_people(signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask) -> None:
    signed_in("assessor", at=MEMBERS[0])
    account = _account(installation, "person1")
    link = {"institution": MEMBERS[0], "personnel": _hidden(app, "personnel", firm.assessors[0].id)}

    refused = signed_in("administrator").post(f"/accounts/{account}/personnel", link)
    made_up = signed_in("administrator").post(f"/accounts/{account}/personnel", link | {"personnel": "0" * 32})
    not_allowed = signed_in("hr").post(f"/accounts/{account}/personnel", link)

    assert (refused.status_code, made_up.status_code, not_allowed.status_code) == (422, 404, 403)


def _person() -> dict[str, object]:
    return {
        "code": "K9", "name": "考评员己", "kind": "assessor", "occupations": "6-31-01-03", "grades": ["senior"],
        "card_valid_to": "2027-01-01",
    }  # fmt: skip


def _venue() -> dict[str, object]:
    return {"name": "二号机房", "address": "厂区二号楼", "kind": "computer", "seats": "20"}


def _account(installation: Installation, login: str) -> str:
    with installation.database.reading() as session:
        return session.exec(select(Account.public_id).where(Account.login == login)).one()


def _hidden(app: Flask, kind: str, row: int | None) -> str:
    return str(app.extensions["skilleval.ids"].hide(kind, row or 0))


def test_what_a_field_itself_refuses_is_told_in_the_language_of_the_page(signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("hr")
    words = {"name": "二号车间", "address": "厂区二号楼", "kind": "practical", "seats": "-5"}

    chinese = browser.post("/venues/new", words).get_data(as_text=True)
    browser.post("/language", {"language": "en"})
    english = browser.post("/venues/new", words).get_data(as_text=True)

    assert "Number must be" not in chinese and "必须介于 1 到 10000 之间" in chinese
    assert "Number must be between 1 and 10000." in english


def test_a_stale_form_leads_back_to_its_page_with_what_was_typed(signed_in: SignedIn, firm: Firm) -> None:
    answer = signed_in("hr").post(
        "/venues/new", {**_venue(), "csrf_token": "stale"}, headers={"Referer": "http://localhost/venues/new"}
    )

    assert (answer.status_code, 'href="/venues/new?restored=1"' in answer.get_data(as_text=True)) == (400, True)
