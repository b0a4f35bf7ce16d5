"""The roster in the browser: sorted by 拼音, found by what a desk has at hand, filtered, one statement after another few."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa

from skilleval.db.tables import Credential
from skilleval.installation import Installation
from tests.factories import Firm, id_number, make_firm, make_person
from tests.web.conftest import Browser, SignedIn


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """Four people: 赵, 曾 (read Zeng), 单 (read Shan), and 陈 who holds 中级工."""
    with installation.database.writing() as session:
        made = make_firm(session)
        fields = [
            ("赵小明", {"department": "一车间"}), ("曾大山", {"department": "二车间"}),
            ("单雄飞", {"employment": "dispatched", "occupation_code": "6-18-01-01"}), ("陈大文", {"department": "一车间"}),
        ]  # fmt: skip
        people = [
            make_person(session, installation.vault, made, name, serial, date(1980 + serial, 3, 10 + serial), **own)
            for serial, (name, own) in enumerate(fields, start=1)
        ]
        session.flush()
        session.add(
            Credential(institution_id=made.id, person_id=people[3].id or 0, kind="certificate", level="intermediate",
                       occupation_code="6-31-01-03")
        )  # fmt: skip
        session.commit()
    return made


def shown(browser: Browser, address: str) -> list[str]:
    """The names that the list shows, in its order."""
    page = browser.get(address).get_data(as_text=True)
    return re.findall(r'<td class="link"><a href="/people/[0-9a-f]{32}">(.+?)</a>', page)


def test_people_stand_in_the_order_of_their_pinyin(firm: Firm, signed_in: SignedIn) -> None:
    assert shown(signed_in("hr"), "/people") == ["陈大文", "单雄飞", "曾大山", "赵小明"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("大", ["陈大文", "曾大山"]),
        ("zds", ["曾大山"]),
        ("ZX", ["赵小明"]),
        ("shan", ["单雄飞"]),
        ("dan", []),
        ("E0004", ["陈大文"]),
        (id_number(2, date(1982, 3, 12))[-6:], ["曾大山"]),
        (id_number(2, date(1982, 3, 12))[-4:], []),
        ("zz", []),
    ],
)
def test_people_are_found_by_what_a_desk_has_at_hand(
    firm: Firm, signed_in: SignedIn, typed: str, found: list[str]
) -> None:
    assert shown(signed_in("hr"), f"/people?q={typed}") == found


def test_a_whole_number_does_not_stay_in_the_address(firm: Firm, signed_in: SignedIn) -> None:
    number = id_number(2, date(1982, 3, 12))
    browser = signed_in("hr")

    answer = browser.get(f"/people?q={number}")

    assert (answer.status_code, answer.location) == (303, f"/people?q={number[-6:]}")
    assert shown(browser, answer.location) == ["曾大山"]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/people?department=一车间", ["陈大文", "赵小明"]),
        ("/people?occupation=6-18-01-01", ["单雄飞"]),
        ("/people?grade=intermediate", ["陈大文"]),
        ("/people?grade=senior", []),
        ("/people?employment=dispatched", ["单雄飞"]),
        ("/people?department=二车间&grade=intermediate", []),
    ],
)
def test_people_are_filtered(firm: Firm, signed_in: SignedIn, address: str, found: list[str]) -> None:
    assert shown(signed_in("hr"), address) == found


def test_the_highest_grade_is_drawn_and_exported(firm: Firm, signed_in: SignedIn) -> None:
    browser = signed_in("hr")

    page = browser.get("/people").get_data(as_text=True)

    cells = re.findall(r'<td class="climb">(.*?)</td>', page, re.S)
    assert [cell.count("rung held") for cell in cells] == [3, 0, 0, 0]
    assert "四级/中级工" in cells[0] and cells[1].strip() == "—"
    assert browser.get("/people?format=xlsx").data[:2] == b"PK"


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that is sent to any database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("address", ["/people", "/people?q=da&department=一车间&grade=intermediate"])
def test_the_list_asks_few_statements(firm: Firm, signed_in: SignedIn, address: str) -> None:
    browser = signed_in("hr")

    with statements() as sent:
        browser.get(address)

    assert 5 <= len(sent) <= 12
