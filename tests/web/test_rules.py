"""Rules in the browser: what applies, what was chosen, and what a change would do."""

import re
from datetime import date

import pytest
from flask import Flask
from sqlmodel import select

from skilleval.db.tables import Credential, PackChoice
from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.factories import Firm, make_firm, make_person
from tests.web.conftest import SignedIn
from tests.web.counted import MOST, statements


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


def _number(page: str, rule_id: str) -> str:
    found = re.search(rf'<option value="({re.escape(rule_id)}#\d)"', page)
    assert found is not None
    return found[1]
