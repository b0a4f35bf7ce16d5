"""Views of lists in the browser: saved, opened, default, removed; columns left out on the page and in the workbook."""

import html
import io
import re

import pytest
from openpyxl import load_workbook

from skilleval.installation import Installation
from skilleval.services import journal, saved_views, web_sessions
from skilleval.web import gate
from tests.accounts import OPERATOR
from tests.factories import Firm, make_firm, make_person
from tests.statements import statements
from tests.web.conftest import Browser, SignedIn

WORKSHOP = "/people?department=一车间&sort=-employee_no"


@pytest.fixture(autouse=True)
def firm(installation: Installation) -> Firm:
    with installation.database.writing() as session:
        made = make_firm(session)
        for serial, (name, department) in enumerate((("赵小明", "一车间"), ("曾大山", "二车间"), ("陈大文", "一车间")), start=1):
            make_person(session, installation.vault, made, name, serial, department=department)
        session.commit()
    return made


def shown(browser: Browser, address: str) -> list[str]:
    answer = browser.get(address)
    if answer.status_code == 303:
        answer = browser.get(answer.location)
    return re.findall(r'<td class="link"><a href="/people/[0-9a-f]{32}">(.+?)</a>', answer.get_data(as_text=True))


def offer(browser: Browser, address: str) -> str:
    found = re.search(r'name="offer" value="([^"]+)"', browser.get(address).get_data(as_text=True))
    assert found is not None
    return found[1]


def save(browser: Browser, address: str, name: str, **more: str) -> str:
    answer = browser.post("/views/save", {"offer": offer(browser, address), "name": name, **more})
    assert answer.status_code == 303
    return answer.location


def test_a_saved_view_is_a_chip_that_opens_its_filters_and_sorting(signed_in: SignedIn) -> None:
    browser = signed_in("hr")

    led = save(browser, WORKSHOP, "一车间倒序")

    page = html.unescape(browser.get("/people").get_data(as_text=True))
    chip = re.search(r'<a class="chip view" href="([^"]+)" >一车间倒序', page)
    assert chip is not None and shown(browser, chip[1]) == shown(browser, led) == ["陈大文", "赵小明"]
    assert 'aria-current="true">一车间倒序' in browser.get(chip[1]).get_data(as_text=True)
    assert "一车间倒序" not in signed_in("hr").get("/people").get_data(as_text=True)


def test_what_was_typed_to_search_and_foreign_words_are_no_part_of_a_view(
    signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")

    save(browser, f"{WORKSHOP}&q=陈大文&before=x&colour=red&grade=nonsense", "一车间")

    with installation.database.reading() as session:
        cookie = browser.client.get_cookie("skilleval")
        who = web_sessions.find_session(session, cookie.value if cookie else "", now=gate.now())
        assert who is not None
        kept = saved_views.layout_of(session, who, "people").views
    assert [one.query for one in kept] == ["department=%E4%B8%80%E8%BD%A6%E9%97%B4&sort=-employee_no"]


def test_the_default_opens_the_list_and_the_whole_list_stays_within_reach(signed_in: SignedIn) -> None:
    browser = signed_in("hr")
    save(browser, "/people?department=二车间", "二车间", default="1")

    opened = browser.get("/people")
    page = html.unescape(browser.get(opened.location).get_data(as_text=True))
    without = re.search(r'<a class="chip" href="([^"]+)"', page)

    assert opened.status_code == 303 and shown(browser, "/people") == ["曾大山"]
    assert without is not None and len(shown(browser, without[1])) == 3
    browser.post("/views/default", {"offer": offer(browser, "/people?all=1")})
    assert len(shown(browser, "/people")) == 3


def test_a_filter_whose_value_is_gone_is_left_out_and_told(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser = signed_in("hr")
    with installation.database.writing() as session:
        person = make_person(session, installation.vault, firm, "李四", 8, department="旧车间")
        session.commit()
    save(browser, "/people?department=旧车间", "旧的", default="1")
    with installation.database.writing() as session:
        moved = session.merge(person)
        moved.department = "一车间"
        journal.record(session, OPERATOR, firm.id, "people.change", objects=[moved])
        session.commit()
    opened = browser.get("/people")

    assert opened.location in (None, "/people?all=1") and len(shown(browser, "/people")) == 4
    assert "部分筛选已失效" in browser.get("/people?all=1").get_data(as_text=True)


def test_a_removed_view_is_gone_and_one_that_is_not_there_is_refused(signed_in: SignedIn) -> None:
    browser = signed_in("hr")
    save(browser, WORKSHOP, "一车间")
    sealed = offer(browser, "/people")

    removed = browser.post("/views/remove", {"offer": sealed, "name": "一车间"})
    again = browser.post("/views/remove", {"offer": sealed, "name": "一车间"})

    assert removed.status_code == 303 and again.status_code == 422
    assert 'class="chip view"' not in browser.get("/people").get_data(as_text=True)


@pytest.mark.parametrize("act", ["save", "default", "remove", "columns"])
def test_what_no_page_offered_is_not_kept(signed_in: SignedIn, act: str) -> None:
    browser = signed_in("hr")
    forged = offer(browser, WORKSHOP)[:-3] + "abc"

    assert browser.post(f"/views/{act}", {"offer": forged, "name": "甲"}).status_code == 400
    assert browser.post(f"/views/{act}", {"name": "甲"}).status_code == 400


def test_a_view_without_a_name_is_refused(signed_in: SignedIn) -> None:
    browser = signed_in("hr")

    assert browser.post("/views/save", {"offer": offer(browser, WORKSHOP), "name": " "}).status_code == 422


def test_columns_left_out_stay_away_from_page_and_workbook_and_the_name_stays(signed_in: SignedIn) -> None:
    browser = signed_in("hr")

    browser.post("/views/columns", {"offer": offer(browser, "/people"), "column": ["employee_no", "department"]})

    sheet = load_workbook(io.BytesIO(browser.get("/people?format=xlsx").data))["花名册"]
    titles = ["姓名", "工号", "部门"]
    assert heads(browser) == [cell.value for cell in sheet[1]] == titles and sheet.max_row == 4
    assert len(heads(signed_in("hr"))) == 8


def heads(browser: Browser) -> list[str]:
    """The titles of the columns that the roster shows."""
    page = browser.get("/people").get_data(as_text=True)
    return re.findall(r'<th scope="col"[^>]*>\s*(?:<a[^>]*>)?([^<]+?)(?:</a>)?\s*</th>', page)


def test_a_supervisor_keeps_views_of_their_own(signed_in: SignedIn) -> None:
    browser = signed_in("supervisor")

    assert shown(browser, save(browser, "/people?department=二车间", "二车间")) == ["曾大山"]


def test_a_list_asks_one_statement_for_all_that_is_kept(signed_in: SignedIn) -> None:
    browser = signed_in("hr")
    save(browser, WORKSHOP, "一车间")

    with statements() as sent:
        browser.get(WORKSHOP)

    assert len([one for one in sent if "list_layout" in one]) == 1 and len(sent) <= 12
