"""A new institution: named by the administrator, so that it can have accounts; the rest is its HR's."""

import re

import pytest
from sqlmodel import col, select

from skilleval.db.tables import Institution, JournalEntry
from skilleval.installation import Installation
from tests.factories import CREDIT_CODE, make_firm
from tests.web.conftest import Browser, SignedIn

NEW = {"credit_code": CREDIT_CODE, "name": "岭南精工制造有限公司", "kind": "employer", "manufacturing": "false", "province": "32"}
ADDRESS = "/accounts/institutions/new"


def test_a_new_institution_is_named_and_leads_to_the_account_of_its_hr(signed_in: SignedIn, installation: Installation) -> None:
    admin = signed_in("administrator", at=None)

    answer = admin.post(ADDRESS, NEW)
    form = admin.get(answer.location).get_data(as_text=True)

    assert answer.status_code == 303
    assert f'<option selected value="{CREDIT_CODE}">' in form and '<option selected value="hr">' in form
    with installation.database.reading() as session:
        made = session.exec(select(Institution)).one()
        assert (made.name, made.manufacturing, made.province) == (NEW["name"], False, "32")
        assert ["institution.add" in body for body in session.exec(select(JournalEntry.body))] == [True]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("credit_code", "91440999MA0000015X"), ("credit_code", ""), ("name", ""), ("kind", "bank"), ("kind", ""),
        ("manufacturing", ""), ("province", ""), ("province", "粤"), ("province", "440"),
    ],
)  # fmt: skip
def test_a_wrong_code_name_or_kind_is_refused_at_its_field(
    signed_in: SignedIn, installation: Installation, field: str, typed: str
) -> None:
    answer = signed_in("administrator", at=None).post(ADDRESS, NEW | {field: typed})

    assert answer.status_code == 422 and f'id="{field}-wrong"' in answer.get_data(as_text=True)
    with installation.database.reading() as session:
        assert session.exec(select(Institution)).all() == []


def test_the_form_guesses_nothing(signed_in: SignedIn) -> None:
    page = signed_in("administrator", at=None).get(ADDRESS).get_data(as_text=True)

    assert page.count('<option value="">请选择</option>') == 2 and "selected" not in page
    assert re.search(r'<input[^>]*id="province"[^>]*value=""', page)


def test_an_institution_that_is_there_is_not_changed_by_the_administrator(signed_in: SignedIn, installation: Installation) -> None:
    _firm(installation)

    answer = signed_in("administrator", at=None).post(ADDRESS, NEW | {"name": "另一家"})

    assert answer.status_code == 422 and "已经建立" in answer.get_data(as_text=True)
    with installation.database.reading() as session:
        assert session.exec(select(Institution.name).where(col(Institution.credit_code) == CREDIT_CODE)).one() == NEW["name"]


def test_nobody_but_the_administrator_names_institutions(signed_in: SignedIn, installation: Installation) -> None:
    _firm(installation)

    assert signed_in("hr").post(ADDRESS, NEW).status_code == 403


def test_who_opens_an_empty_installation_is_led_to_its_first_administrator(anonymous: Browser, signed_in: SignedIn) -> None:
    before = anonymous.get("/sign-in")
    signed_in("administrator", at=None)

    assert (before.status_code, before.location) == (303, "/first-run")
    assert anonymous.get("/sign-in").status_code == 200


def test_an_empty_installation_tells_the_administrator_and_hr_what_comes_first(signed_in: SignedIn, installation: Installation) -> None:
    admin = signed_in("administrator", at=None)
    empty = admin.get("/").get_data(as_text=True)
    admin.post(ADDRESS, NEW)

    hr, reviewer = signed_in("hr").get("/").get_data(as_text=True), signed_in("reviewer").get("/").get_data(as_text=True)

    assert "还没有机构" in empty and "还没有机构" not in admin.get("/").get_data(as_text=True)
    assert "还没有备案记录" in hr and "还没有备案记录" not in reviewer


def test_a_registered_firm_is_not_told_to_register(signed_in: SignedIn, installation: Installation) -> None:
    _firm(installation)

    assert "还没有备案记录" not in signed_in("hr").get("/").get_data(as_text=True)


def _firm(installation: Installation) -> None:
    with installation.database.writing() as session:
        make_firm(session)
        session.commit()
