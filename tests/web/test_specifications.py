"""Specifications in the browser: parts by grade, versions, what differs, a new version by form."""

import pytest
from flask import Flask
from sqlmodel import select

from skilleval.db.tables import Specification, SpecificationPart
from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.factories import GRADES, Firm, make_firm
from tests.web.conftest import SignedIn
from tests.web.counted import MOST, statements


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm whose specification names a standard, and a firm besides."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        firm.specification.standard = "6-31-01-03@2018"
        session.add(firm.specification)
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    return firm


def test_parts_standard_and_trust_stand_on_the_page(signed_in: SignedIn, firm: Firm, app: Flask) -> None:
    browser = signed_in("supervisor")

    with statements() as seen:
        page = browser.get(_address(app, firm)).get_data(as_text=True)

    assert page.count("技能操作考核") == 3
    assert "平均分，最多相差 10 分" in page
    assert "未与原标准核对" in page
    assert "另立新版" not in page
    assert len(seen) <= MOST


def test_a_new_version_keeps_the_old_one_and_shows_what_differs(
    signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask
) -> None:
    browser = signed_in("hr")

    answer = browser.post(f"{_address(app, firm)}/next", _form(theory=30, skill=70))
    page = browser.get(answer.location).get_data(as_text=True)

    assert answer.status_code == 303
    assert "五级/初级工 理论知识考试 权重</td><td><del>40%</del></td><td><ins>30%</ins>" in page
    with installation.database.reading() as session:
        versions = session.exec(select(Specification).where(Specification.institution_id == firm.id).order_by(Specification.version)).all()  # type: ignore[arg-type] # a column
        weights = session.exec(select(SpecificationPart.weight).where(SpecificationPart.specification_id == versions[0].id)).all()
    assert [(one.version, one.state) for one in versions] == [(1, "superseded"), (2, "approved")]
    assert sorted(weights) == [40, 40, 40, 60, 60, 60]


def test_sending_it_twice_makes_one_version(signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask) -> None:
    browser = signed_in("hr")
    browser.post(f"{_address(app, firm)}/next", _form(theory=30, skill=70))

    again = browser.post(f"{_address(app, firm)}/next", _form(theory=30, skill=70))

    assert again.status_code == 422
    assert "没有不同，不必另立新版" in again.get_data(as_text=True)
    assert _count(installation, firm) == 2


def test_weights_that_are_not_a_hundred_are_refused_and_the_form_kept(
    signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask
) -> None:
    answer = signed_in("hr").post(f"{_address(app, firm)}/next", _form(theory=30, skill=60))
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert "三级/高级工各部分权重合计为 90，应为 100" in page
    assert 'class="total wrong" data-sum="senior"' in page
    assert _count(installation, firm) == 1


def test_a_half_filled_row_names_what_it_lacks(signed_in: SignedIn, firm: Firm, app: Flask) -> None:
    form = _form(theory=40, skill=60) | {"parts-0-weight": ""}

    answer = signed_in("hr").post(f"{_address(app, firm)}/next", form)

    assert answer.status_code == 422
    told = answer.get_data(as_text=True)
    assert "第 1 行缺少：权重" in told and "权重由本企业自定" in told


def test_a_first_version_begins_from_a_standard_and_its_code_is_new(
    signed_in: SignedIn, installation: Installation, firm: Firm
) -> None:
    browser = signed_in("hr")
    first = {"code": "DG2", "occupation_code": "6-31-01-03", "standard": "6-31-01-03@2018"}

    begun = browser.get("/specifications/new?standard=6-31-01-03@2018").get_data(as_text=True)
    taken = browser.post("/specifications/new", _form(theory=40, skill=60) | first | {"code": "DG"})
    unknown = browser.post("/specifications/new", _form(theory=40, skill=60) | first | {"standard": "6-31-01-03@1999"})
    made = browser.post("/specifications/new", _form(theory=40, skill=60) | first)

    assert begun.count('<option selected value="review">') == 2
    assert [one.status_code for one in (taken, unknown, made)] == [422, 422, 303]
    assert 'id="standard-wrong"' in unknown.get_data(as_text=True)
    assert _count(installation, firm) == 2


def test_another_firms_specification_is_not_there_and_only_hr_writes(signed_in: SignedIn, firm: Firm, app: Flask) -> None:
    stranger = signed_in("hr", at=MEMBERS[0])

    assert [stranger.get(f"{_address(app, firm)}{rest}").status_code for rest in ("", "/next")] == [404, 404]
    assert stranger.post(f"{_address(app, firm)}/next", _form(theory=30, skill=70)).status_code == 404
    assert signed_in("approver").post("/specifications/new").status_code == 403


def _form(theory: int, skill: int) -> dict[str, object]:
    rows = [(grade, method, weight) for grade in GRADES for method, weight in (("theory", theory), ("skill", skill))]
    form: dict[str, object] = {"title": "电工评价规范", "conditions": "2018", "approved_on": "2026-06-01"}
    for number, (grade, method, weight) in enumerate(rows):
        own = {"grade": grade, "method": method, "weight": str(weight), "assessors": "3", "rule": "mean", "tolerance": "10"}
        form |= {f"parts-{number}-{key}": value for key, value in own.items()}
    return form


def _address(app: Flask, firm: Firm) -> str:
    return f"/specifications/{app.extensions['skilleval.ids'].hide('specification', firm.specification.id)}"


def _count(installation: Installation, firm: Firm) -> int:
    with installation.database.reading() as session:
        return len(session.exec(select(Specification).where(Specification.institution_id == firm.id)).all())
