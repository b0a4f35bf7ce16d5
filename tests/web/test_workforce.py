"""The workforce in the browser: every number opens the list that makes it."""

import re
from datetime import date

import pytest

from skilleval.db.tables import Confirmation, Credential, Person, Post
from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.factories import Firm, make_firm, make_person
from tests.statements import statements
from tests.web.conftest import Browser, SignedIn

#: name → (department, grade words held)
PEOPLE = {
    "陈高": ("一车间", ["junior", "senior"]), "李中": ("一车间", ["intermediate"]), "王技": ("二车间", ["technician"]),
    "赵无": ("二车间", ["none"]), "孙未填": (None, []),
}  # fmt: skip


@pytest.fixture
def firm(installation: Installation) -> Firm:
    with installation.database.writing() as session:
        firm = make_firm(session)
        for serial, (name, (department, held)) in enumerate(PEOPLE.items(), start=1):
            person = make_person(session, installation.vault, firm, name, serial, department=department)
            session.flush()
            session.add_all(
                Credential(institution_id=firm.id, person_id=person.id or 0, kind="certificate", level=level,
                           obtained_on=None if level == "none" else date(2024, 5, 1), occupation_code="6-31-01-03")
                for level in held
            )  # fmt: skip
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        foreign = make_person(session, installation.vault, other, "外厂", 9, department="外车间")
        session.flush()
        session.add(Credential(institution_id=other.id, person_id=foreign.id or 0, kind="certificate", level="senior",
                               obtained_on=date(2024, 5, 1)))  # fmt: skip
        session.commit()
    return firm


def _total(browser: Browser, address: str) -> int:
    found = re.search(r"共 (\d+) 行", browser.get(address).get_data(as_text=True))
    return int(found[1]) if found else 0


def test_every_number_opens_a_list_of_as_many(signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("approver")
    page = browser.get("/workforce").get_data(as_text=True)

    cells = re.findall(r'<td class="number"><a href="(/people[^"]*)">(\d+)</a></td>', page)

    assert len(cells) >= 15
    assert {address: _total(browser, address.replace("&amp;", "&")) for address, _number in cells} == {
        address: int(number) for address, number in cells
    }
    assert re.search(r'<strong>2</strong><span>高技能人才</span>', page) and "50.0%" in page
    assert "外车间" not in page and "尚未设目标线" in page


@pytest.mark.parametrize("address", ["/workforce", "/"])
def test_a_year_of_the_line_opens_those_who_were_skilled_at_its_end(signed_in: SignedIn, firm: Firm, address: str) -> None:
    browser = signed_in("approver")

    page = browser.get(address).get_data(as_text=True)

    years = dict(re.findall(r'<a href="(/people\?skilled=\d{4})" aria-label="(.+?)"', page))
    assert years == {"/people?skilled=2024": "2024：50.0%", "/people?skilled=2025": "2025：50.0%", "/people?skilled=2023": "2023：0.0%"}
    assert {one: _total(browser, one) for one in years} == {
        "/people?skilled=2023": 0, "/people?skilled=2024": 2, "/people?skilled=2025": 2,
    }  # fmt: skip
    chosen = browser.get("/people?skilled=2025").get_data(as_text=True)
    assert "高技能人才：2025 年末" in chosen and '<input type="hidden" name="skilled" value="2025">' in chosen


def test_the_home_page_tells_management_the_same_numbers_and_no_others(signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("approver")
    page = browser.get("/").get_data(as_text=True)

    cells = re.findall(r'<td class="number"><a href="(/[^"]*)">(\d+)</a></td>', page)
    totals = re.findall(r'<a class="figure" href="(/people[^"]*)"><strong>(\d+)</strong>', page)

    assert len(cells) >= 6 and totals == [("/people?all=1", "5"), (totals[1][0], "2")]
    for address, number in [*cells, *totals]:
        assert _total(browser, address.replace("&amp;", "&")) == int(number)
    assert "外车间" not in page and 'id="workforce"' not in signed_in("issuer").get("/").get_data(as_text=True)


def test_what_changes_is_counted_anew_and_what_does_not_is_not(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser = signed_in("approver")
    with statements() as first:
        browser.get("/workforce")
    with statements() as second:
        browser.get("/workforce")
    with installation.database.writing() as session:
        make_person(session, installation.vault, firm, "新来", 20)
        session.commit()

    page = browser.get("/workforce").get_data(as_text=True)

    assert len(second) < len(first) <= 12
    assert "<strong>6</strong><span>在册人数</span>" in page


def test_apprentices_stand_where_they_have_come_to(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    with installation.database.writing() as session:
        post = Post(institution_id=firm.id, name="装配工", occupation_code="6-31-01-03")
        session.add(post)
        session.flush()
        for person_id, result in ((1, "passed"), (4, "passed"), (5, "failed")):
            session.add(
                Confirmation(institution_id=firm.id, person_id=person_id, post_id=post.id or 0, mentor_id=2, agreement="师徒-1",
                             probation_to=date(2025, 1, 1), mentoring_to=date(2025, 1, 1), rule_name="办法", rule_version="1",
                             rule_document="文件", result=result, confirmed_on=date(2025, 3, 1), decided_by="张", proof={})
            )  # fmt: skip
        session.commit()
    browser = signed_in("hr")

    page = browser.get("/workforce/apprentices").get_data(as_text=True)

    assert {stage: _total(browser, f"/workforce/apprentices?stage={stage}") for stage in ("failed", "confirmed", "advanced")} == {
        "failed": 1, "confirmed": 1, "advanced": 1,
    }  # fmt: skip
    assert "陈高" in page and "李中" not in page


def test_who_will_be_eligible_is_listed_with_the_first_day(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    with installation.database.writing() as session:
        person = session.get(Person, 2)
        assert person is not None
        credential = Credential(institution_id=firm.id, person_id=2, kind="certificate", level="intermediate",
                                obtained_on=date(2021, 7, 1), occupation_code="6-31-01-03")  # fmt: skip
        session.add(credential)
        session.commit()
    browser = signed_in("hr")

    listed = browser.get("/workforce/coming?occupation=6-31-01-03&grade=senior&by=2026-12-31").get_data(as_text=True)
    none = browser.get("/workforce/coming?occupation=6-31-01-03&grade=senior&by=2026-06-30").get_data(as_text=True)

    assert "<td>2026-07-01</td>" in listed and "李中" in listed
    assert "李中" not in none and "没有新的人" in none


@pytest.mark.parametrize("words", ["grade=senior&by=2026-06-01", "grade=senior&by=2027-06-03", "grade=none&by=2026-07-01", "grade=senior&by=x"])
def test_a_day_or_grade_that_is_none_is_refused_in_words(signed_in: SignedIn, firm: Firm, words: str) -> None:
    answer = signed_in("hr").get(f"/workforce/coming?occupation=6-31-01-03&{words}")

    assert answer.status_code == 422
    assert 'role="alert"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("page", ["/workforce", "/workforce/apprentices", "/workforce/coming"])
def test_assessors_and_administrators_see_no_personal_data(signed_in: SignedIn, firm: Firm, page: str) -> None:
    assert signed_in("assessor").get(page).status_code == 403
    assert signed_in("administrator", at=None).get(page).status_code == 403
