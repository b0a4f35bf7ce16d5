"""Rules in the browser: what applies, what was chosen, and what a change would do."""

import html
import io
import re
from datetime import date

import pytest
from flask import Flask
from sqlmodel import select

from skilleval import packs
from skilleval.db.tables import Credential, JournalEntry, PackChoice
from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.factories import Firm, make_firm, make_person
from tests.web.conftest import SignedIn
from tests.web.counted import MOST, statements

#: a rule of 2018 by which 中级工 may sit sooner
SOONER = ("work_years = 6", "work_years = 3")


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm with somebody who has worked for three years, and a firm besides with somebody too."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        for number, (whose, name) in enumerate(((firm, "陈大文"), (other, "别家人")), start=1):
            person = make_person(
                session, installation.vault, whose, name, number, occupation_code="6-31-01-03", occupation_since=date(2023, 6, 1)
            )
            session.flush()
            session.add(Credential(institution_id=whose.id, person_id=person.id or 0, kind="certificate", level="none"))
        session.commit()
    return firm


def test_each_rule_stands_with_its_clause_source_and_dates(signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("auditor")

    with statements() as seen:
        page = browser.get("/rules?on=2026-06-01&kind=condition&q=2018/intermediate").get_data(as_text=True)
    rule = browser.get("/rules/of/2018/intermediate/2").get_data(as_text=True)

    assert "累计从事本职业或相关职业工作6年（含）以上" in page
    assert "2018/senior/1" not in page
    assert "选用规则包和读法" not in page
    assert "今天适用" in rule
    assert browser.get("/rules/of/no.such").status_code == 404
    assert len(seen) <= MOST


def test_a_choice_needs_a_reason_and_shows_in_the_history(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser = signed_in("hr")
    form = {"packs": ["guangdong"], "valid_from": "2026-06-01"}

    without = browser.post("/rules/choose", form | {"reason": " "})
    given = browser.post("/rules/choose", form | {"reason": "只用省的规则"})
    page = browser.get("/rules?on=2026-06-01").get_data(as_text=True)
    day_before = browser.get("/rules?on=2026-05-31").get_data(as_text=True)

    assert (without.status_code, given.status_code) == (422, 303)
    assert "只用省的规则" in page
    assert ("按默认采用" in page, "按默认采用" in day_before) == (False, True)
    with installation.database.reading() as session:
        assert [one.institution_id for one in session.exec(select(PackChoice))] == [firm.id]


def test_only_hr_chooses_and_an_assessor_tries_nothing(signed_in: SignedIn, firm: Firm) -> None:
    assert signed_in("supervisor").post("/rules/choose").status_code == 403
    assert signed_in("assessor").get("/rules/whatif").status_code == 403


def test_a_lower_number_tells_who_gains_with_both_proofs(signed_in: SignedIn, firm: Firm, app: Flask) -> None:
    browser = signed_in("hr")
    number = _number(browser.get("/rules/whatif").get_data(as_text=True), "2018/intermediate/2")

    boundary = browser.get("/rules/whatif", query_string={"number": number, "value": "4"}).get_data(as_text=True)
    person = app.extensions["skilleval.ids"].hide("person", 1)
    page = browser.get("/rules/whatif", query_string={"number": number, "value": "3", "person": person}).get_data(as_text=True)

    assert "没有人的结果会变" in boundary
    assert f'<a href="/people/{person}">陈大文</a>' in page
    assert "变为符合" in page
    assert "别家人" not in page
    assert "试算：工作年限由 6 改为 3" in page
    assert page.count('class="proof') >= 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"number": "no#0", "value": "3"}, "没有这个数值可试"),
        ({"number": "2018/intermediate/2#0", "value": "0"}, "1 至 60 的整数"),
        ({"number": "2018/intermediate/2#0", "value": "61"}, "1 至 60 的整数"),
        ({"number": "2018/intermediate/2#0", "value": "三"}, "1 至 60 的整数"),
        ({"pack": "national"}, "没有可试用的规则包"),
    ],
)
def test_what_cannot_be_tried_is_said(signed_in: SignedIn, firm: Firm, asked: dict[str, str], told: str) -> None:
    assert told in signed_in("hr").get("/rules/whatif", query_string=asked).get_data(as_text=True)


def test_a_pack_that_is_not_in_use_may_be_tried(signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("hr")
    offered = re.search(r'<select id="pack".*?<option value="([^"]+)"', browser.get("/rules/whatif").get_data(as_text=True), re.DOTALL)
    assert offered is not None

    page = browser.get("/rules/whatif", query_string={"pack": offered[1]}).get_data(as_text=True)

    assert "判断了 1 人" in page


def test_a_changed_pack_is_tried_from_its_file_and_kept_nowhere(
    signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask
) -> None:
    browser = signed_in("reviewer")
    text = browser.get("/rules/packs/conditions-2018.toml").get_data(as_text=True)
    before = _entries(installation)

    file = (io.BytesIO(text.replace(*SOONER).encode()), "conditions-2018.toml")
    page = browser.post("/rules/whatif?on=2026-06-01", {"file": file}).get_data(as_text=True)
    carried = re.search(r'name="text" value="([^"]*)"', page)
    assert carried is not None
    again = {"stem": "conditions-2018", "text": html.unescape(carried[1]), "csrf_token": browser.token()}
    person = app.extensions["skilleval.ids"].hide("person", 1)
    asked = ({"list": "gains/intermediate"}, {"list": "unchanged"}, {"person": person})
    with statements() as seen:
        lists = [browser.client.post("/rules/whatif", data=again | one).get_data(as_text=True) for one in asked]

    assert "2018/intermediate/2" in page and "别家人" not in page
    assert "陈大文" in lists[0] and "两份理由" in lists[0]
    assert "不受影响的人" in lists[1] and "陈大文" not in lists[1]
    assert lists[2].count('class="proof') >= 2
    assert len(seen) <= 3 * MOST
    assert _entries(installation) == before
    assert installation.library == packs.library(installation.folder)
    assert not list(installation.folder.rglob("*.toml.*")) and not (installation.folder / "rulepacks").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "请选择规则包文件"),
        ("schema = ", "规则包 x.toml 无法读取"),
        ('schema = "rule-pack/2"\nname = "试"\nlayer = "firm"\n[[parameter]]\nid = "a.b"\n', "a.b："),
        ('schema = "rule-pack/2"\nname = "试"\nlayer = "village"\n', "layer 应为"),
        ("#" * 210_000, "文件超过 200 KB"),
        (b"\xff\xfe", "不是 UTF-8"),
        ("a = " + "[" * 3000, "层数太多"),
    ],
)
def test_a_pack_that_is_wrong_is_refused_with_its_place(signed_in: SignedIn, firm: Firm, text: str | bytes, told: str) -> None:
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())

    answer = signed_in("hr").post("/rules/whatif", {"file": (file, "folder/x.toml")})

    assert (answer.status_code, told in answer.get_data(as_text=True)) == (422, True)


def test_who_only_reads_tries_no_file(signed_in: SignedIn, firm: Firm) -> None:
    assert [signed_in(role).post("/rules/whatif", {}).status_code for role in ("auditor", "supervisor", "issuer")] == [403] * 3
    assert signed_in("hr").get("/rules/packs/nothing.toml").status_code == 404


def test_the_standard_tells_whom_another_edition_of_its_conditions_touches(
    signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask
) -> None:
    with installation.database.writing() as session:
        person = make_person(session, installation.vault, firm, "学徒工", 3, occupation_code="6-31-01-03", occupation_since=date(2021, 1, 1))
        session.flush()
        session.add(Credential(institution_id=firm.id, person_id=person.id or 0, kind="certificate", level="none"))
        session.commit()
    browser, address = signed_in("hr"), "/rules/whatif/conditions/6-31-01-03@2018"

    asked = browser.get(address).get_data(as_text=True)
    with statements() as seen:
        page = browser.get(address, query_string={"edition": "2023"}).get_data(as_text=True)
    same = browser.get(address, query_string={"edition": "2018"}).get_data(as_text=True)
    gained = browser.get(address, query_string={"edition": "2023", "list": "gains/intermediate"}).get_data(as_text=True)
    hidden = app.extensions["skilleval.ids"].hide("person", person.id or 0)
    proofs = browser.get(address, query_string={"edition": "2023", "person": hidden}).get_data(as_text=True)

    assert address in browser.get("/standards/of/6-31-01-03@2018").get_data(as_text=True)
    assert "<option >2023</option>" in asked and "判断了" not in asked
    assert "判断了 2 人" in page and "结果：2018 → 2023" in page and "别家人" not in page
    assert "没有人的结果会变" in same
    assert "学徒工" in gained
    assert proofs.count('class="proof') >= 2
    assert len(seen) <= MOST
    assert "没有“1999”这一版申报条件" in browser.get(address, query_string={"edition": "1999"}).get_data(as_text=True)
    assert browser.get("/rules/whatif/conditions/9-99@2018").status_code == 404
    assert signed_in("assessor").get(address).status_code == 403


def _entries(installation: Installation) -> int:
    with installation.database.reading() as session:
        return len(session.exec(select(JournalEntry)).all())


def _number(page: str, rule_id: str) -> str:
    found = re.search(rf'<option value="({re.escape(rule_id)}#\d)"', page)
    assert found is not None
    return found[1]
