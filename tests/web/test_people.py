"""The roster in the browser: sorted by 拼音, found by what a desk has at hand, filtered, one statement after another few."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import col, select

from skilleval.db.tables import Credential, Person, WorkPeriod
from skilleval.installation import Installation
from skilleval.services import journal
from skilleval.services.verification import verify_all
from skilleval.web import gate
from tests.certified import make_certified_batch
from tests.chained import MEMBERS
from tests.factories import ACTOR, Firm, id_number, make_firm, make_person
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


@dataclass(frozen=True)
class Known:
    """Somebody of a certified batch: their page and number."""

    page: str
    number: str


@pytest.fixture
def known(app: Flask, installation: Installation) -> Known:
    hide = app.extensions["skilleval.ids"].hide
    with installation.database.writing() as session:
        made = make_firm(session)
        make_certified_batch(session, installation.vault, made)
        person = session.exec(select(Person).where(col(Person.name) == "陈大文")).one()
        assert person.id is not None
        session.add(
            WorkPeriod(institution_id=made.id, person_id=person.id, occupation_code="6-18-01-01",
                       started_on=date(2005, 1, 1), ended_on=date(2009, 12, 31), employer="前一家厂")
        )  # fmt: skip
        session.commit()
        return Known(f"/people/{hide('person', person.id)}", installation.vault.open(made.id, person.id_sealed))


def test_one_persons_page_tells_what_they_hold_did_and_need(known: Known, signed_in: SignedIn) -> None:
    page = signed_in("hr").get(known.page).get_data(as_text=True)

    assert known.number not in page and f"{known.number[:6]}********{known.number[-4:]}" in page
    assert "2026-DG-01" in page and "有效" in page and "前一家厂" in page
    assert "五级/初级工" in page and "逐条依据" in page
    assert "测试经办 登记人员" in page and "须由证书管理员打印" in page


def test_a_whole_number_is_shown_for_a_reason_which_stands_in_the_timeline(
    known: Known, signed_in: SignedIn, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, other = signed_in("hr"), signed_in("hr")

    refused = browser.post(f"{known.page}/number", {"reason": " "})
    hidden = known.number in browser.get(known.page).get_data(as_text=True)
    browser.post(f"{known.page}/number", {"reason": "核对身份证原件"})
    shown = browser.get(known.page).get_data(as_text=True)
    elsewhere = other.get(known.page).get_data(as_text=True)
    later = gate.now() + timedelta(minutes=6)
    monkeypatch.setattr(gate, "now", lambda: later)
    over = browser.get(known.page).get_data(as_text=True)

    assert refused.status_code == 422 and not hidden
    assert known.number in shown and "姓名person1 查看完整证件号码" in shown and "核对身份证原件" in shown
    assert known.number not in elsewhere and known.number not in over
    with installation.database.reading() as session:
        assert [one for one in verify_all(session) if "person" in one.where] == []


def test_a_reason_opens_one_number_and_not_the_next(known: Known, signed_in: SignedIn) -> None:
    browser = signed_in("hr")
    names = re.findall(r'<td class="link"><a href="(/people/[0-9a-f]{32})">', browser.get("/people").get_data(as_text=True))

    browser.post(f"{known.page}/number", {"reason": "核对身份证原件"})

    pages = {address: browser.get(address).get_data(as_text=True) for address in names}
    assert [address for address, page in pages.items() if "显示至" in page] == [known.page]


def test_showing_a_number_hides_no_change_made_behind_the_journals_back(
    known: Known, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    with installation.database.writing() as session:
        journal.record(session, ACTOR, 1, "people.add", objects=session.exec(select(Person)).all())
        session.execute(sa.update(Person).values(department="改过的车间"))
        session.commit()

    browser.post(f"{known.page}/number", {"reason": "核对身份证原件"})

    assert "核对身份证原件" in browser.get(known.page).get_data(as_text=True)
    with installation.database.reading() as session:
        assert "row_changed" in {finding.code for finding in verify_all(session)}


def test_the_certificate_is_printed_from_the_page_by_the_issuer(known: Known, signed_in: SignedIn) -> None:
    issuer = signed_in("issuer")

    [printer] = re.findall(r'action="(/certificates/[0-9a-f]{32}/print)"', issuer.get(known.page).get_data(as_text=True))
    printed = issuer.post(printer)

    assert printed.status_code == 200 and printed.data[:5] == b"%PDF-"


def test_another_firms_person_is_not_there_for_any_act(
    known: Known, signed_in: SignedIn, installation: Installation
) -> None:
    with installation.database.writing() as session:
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    foreign = signed_in("hr", "issuer", at=MEMBERS[0])

    answers = [foreign.get(known.page), foreign.post(f"{known.page}/number", {"reason": "好奇看看"})]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_one_persons_page_asks_few_statements(known: Known, signed_in: SignedIn) -> None:
    browser = signed_in("hr")

    with statements() as sent:
        browser.get(known.page)

    assert 5 <= len(sent) <= 12, "\n".join(sent)


def test_a_supervisor_reads_and_reveals_nothing(known: Known, signed_in: SignedIn) -> None:
    supervisor = signed_in("supervisor")

    assert supervisor.get(known.page).status_code == 200
    assert supervisor.post(f"{known.page}/number", {"reason": "督导抽查"}).status_code == 403
    assert signed_in("assessor").get(known.page).status_code == 403


def people_in(installation: Installation, department: str) -> list[str]:
    """Who stands in a department."""
    with installation.database.reading() as session:
        query = select(Person.name).where(col(Person.department) == department)
        return list(session.exec(query.order_by(col(Person.pinyin))))


def ticked(browser: Browser, *names: str) -> list[str]:
    """The boxes of these people in the list."""
    page = browser.get("/people").get_data(as_text=True)
    rows = re.findall(r'name="row" value="([0-9a-f]{32})".*?<a href="[^"]+">(.+?)</a>', page, re.S)
    return [number for number, name in rows if name in names]


def test_a_column_is_changed_for_those_who_were_ticked_after_old_and_new_were_shown(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    words = {"key": "department", "value": "三车间", "which": "rows", "row": ticked(browser, "赵小明", "单雄飞")}

    preview = browser.post("/people/change", words).get_data(as_text=True)
    before = people_in(installation, "三车间")
    done = browser.post("/people/change/apply", {**words, "counted": "2"})

    assert "<del>一车间</del> → <ins>三车间</ins>" in preview and "修改 2 人" in preview
    assert before == [] and done.location == "/people"
    assert people_in(installation, "三车间") == ["单雄飞", "赵小明"]
    assert "批量更改花名册" in browser.get(f"/people/{words['row'][0]}").get_data(as_text=True)
    with installation.database.reading() as session:
        assert [one for one in verify_all(session) if one.where.startswith("person ")] == []


def test_all_that_match_are_changed_whatever_the_page(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    words = {"key": "department", "value": "总装", "which": "all", "list": "department=一车间&sort=-name"}

    done = browser.post("/people/change/apply", {**words, "counted": "2"})

    assert done.location == "/people?sort=-name&department=%E4%B8%80%E8%BD%A6%E9%97%B4"
    assert people_in(installation, "总装") == ["陈大文", "赵小明"]


def test_a_change_is_shown_again_if_the_roster_moved_or_it_was_pressed_twice(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    words = {"key": "employment", "value": "外包", "which": "all", "list": ""}

    moved = browser.post("/people/change/apply", {**words, "counted": "3"})
    once = browser.post("/people/change/apply", {**words, "counted": "4"})
    twice = browser.post("/people/change/apply", {**words, "counted": "4"})

    assert moved.status_code == 422 and "没有修改" in moved.get_data(as_text=True)
    assert (once.status_code, twice.status_code) == (303, 422)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"key": "id_number", "value": "1", "which": "all"}, "只能批量修改"),
        ({"key": "employment", "value": "临时", "which": "all"}, "用工形式应为"),
        ({"key": "department", "value": "长" * 61, "which": "all"}, "最多 60 个字"),
        ({"key": "department", "value": "三车间", "which": "rows"}, "请先在列表中选中"),
        ({"key": "department", "value": "三车间", "which": "all", "list": "q=没有这个人"}, "没有选中任何人"),
    ],
)
def test_a_wrong_change_is_refused(firm: Firm, signed_in: SignedIn, words: dict[str, object], told: str) -> None:
    answer = signed_in("hr").post("/people/change", words)

    assert answer.status_code == 422 and told in answer.get_data(as_text=True)


def test_another_firms_people_are_not_changed(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    with installation.database.writing() as session:
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    own, foreign = signed_in("hr"), signed_in("hr", at=MEMBERS[0])
    words = {"key": "department", "value": "三车间", "which": "rows", "row": ticked(own, "赵小明"), "counted": "1"}

    answers = [foreign.post("/people/change", words), foreign.post("/people/change/apply", words)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert signed_in("reviewer").post("/people/change", words).status_code == 403
    assert people_in(installation, "三车间") == []
