"""Batches and their candidates in the browser."""

from datetime import date

import pytest
from flask import Flask
from sqlmodel import Session, select

from skilleval.db.tables import Batch, Candidate, Specification
from skilleval.domain.lifecycle import OWN_COMMAND
from skilleval.installation import Installation
from skilleval.web.batches import OWN_PAGE
from tests.chained import MEMBERS
from tests.factories import Firm, make_batch, make_candidate, make_firm, make_person
from tests.web.conftest import SignedIn


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm with a batch that enrols, in which one person of two has been found eligible."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        batch = make_batch(session, firm, state="enrolling")
        for serial, (name, verdict) in enumerate((("陈大文", "met"), ("李小明", "not_met")), start=1):
            person = make_person(session, installation.vault, firm, name, serial)
            make_candidate(session, batch, person, verdict=verdict, state="applied")
        session.commit()
    return firm


def test_the_list_links_to_the_workspace_with_its_pipeline(app: Flask, signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("hr")

    listed = browser.get("/batches").get_data(as_text=True)
    page = browser.get(f"/batches/{_hidden(app, 'batch')}").get_data(as_text=True)

    assert f"/batches/{_hidden(app, 'batch')}" in listed
    assert '<li class="" aria-current="step">报名</li>' in page
    assert "2 名考生的资格尚未审定" in page


def test_a_step_that_is_not_ready_is_refused_with_its_reasons(app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    answer = signed_in("hr").post(f"/batches/{_hidden(app, 'batch')}/advance", {"to": "reviewed"})

    assert answer.status_code == 422
    assert "2 名考生的资格尚未审定" in answer.get_data(as_text=True)
    assert _states(installation) == ["applied", "applied"]


def test_a_step_back_is_called_so_and_is_no_primary_act(app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    _stand(installation, "reviewed")

    page = signed_in("hr").get(f"/batches/{_hidden(app, 'batch')}").get_data(as_text=True)

    assert '<summary class="button ">退回“报名”</summary>' in page and "进入“报名”" not in page


def test_a_step_that_lists_its_conditions_elsewhere_is_not_called_met(app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    _stand(installation, "marking")

    page = signed_in("hr").get(f"/batches/{_hidden(app, 'batch')}").get_data(as_text=True)

    assert "进入“成绩已核定”的条件" not in page and "还缺什么，在办理的页面上列出" in page


def test_the_reviewer_accepts_whom_they_ticked(app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser = signed_in("reviewer")
    chosen = _hidden(app, "candidate", 1)

    answer = browser.post(f"/batches/{_hidden(app, 'batch')}/candidates/decide", {"act": "accept", "row": chosen})

    assert answer.status_code == 303
    assert _states(installation) == ["eligible", "applied"]


def test_who_is_not_met_is_not_accepted_and_nothing_is_half_done(app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    both = [_hidden(app, "candidate", 1), _hidden(app, "candidate", 2)]

    answer = signed_in("reviewer").post(f"/batches/{_hidden(app, 'batch')}/candidates/decide", {"act": "accept", "row": both})

    assert answer.status_code == 422
    assert "李小明：不符合" in answer.get_data(as_text=True)
    assert _states(installation) == ["applied", "applied"]


def test_accepting_all_leaves_whom_the_institution_may_not_recognise_and_tells_it(
    app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm
) -> None:
    with installation.database.writing() as session:
        batch = session.get_one(Batch, 1)
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        make_candidate(session, batch, make_person(session, installation.vault, other, "甲企员工", 9), state="applied", verdict="met")
        session.commit()
    browser = signed_in("reviewer")
    address = f"/batches/{_hidden(app, 'batch')}/candidates"

    answer = browser.post(f"{address}/decide", {"act": "accept_all_met"})
    page = browser.get(address).get_data(as_text=True)
    again = browser.post(f"{address}/decide", {"act": "accept_all_met"})

    assert answer.status_code == 303 and _states(installation) == ["eligible", "applied", "applied"]
    assert "审核通过 1 人" in page and "另有 1 人" in page and "甲企员工" in page and "批次“考生”页的“审核不通过”" in page
    assert again.status_code == 422 and _states(installation) == ["eligible", "applied", "applied"]


def test_refusing_needs_a_reason(app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    address = f"/batches/{_hidden(app, 'batch')}/candidates/decide"
    browser = signed_in("reviewer")

    without = browser.post(address, {"act": "refuse", "row": _hidden(app, "candidate", 2), "reason": " "})
    given = browser.post(address, {"act": "refuse", "row": _hidden(app, "candidate", 2), "reason": "工作年限不足"})

    assert (without.status_code, given.status_code) == (422, 303)
    assert _states(installation) == ["applied", "refused"]


def test_hr_does_not_decide_and_is_told_who_does(app: Flask, signed_in: SignedIn, firm: Firm) -> None:
    answer = signed_in("hr").post(f"/batches/{_hidden(app, 'batch')}/candidates/decide", {"act": "accept"})

    assert answer.status_code == 403
    assert "审核员" in answer.get_data(as_text=True)


def test_another_firm_finds_no_batch_and_ticks_no_candidate(app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    with installation.database.writing() as session:
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        theirs = make_batch(session, other, number="2026-X-01", state="enrolling")
        session.commit()
    browser = signed_in("reviewer", at=MEMBERS[0])
    foreign = _hidden(app, "candidate", 1)

    pages = [browser.get(f"/batches/{_hidden(app, 'batch', 1)}{rest}") for rest in ("", "/candidates", f"/candidates/{foreign}")]
    extended = signed_in("hr", at=MEMBERS[0]).post(f"/batches/{_hidden(app, 'batch', 1)}/extend", {"until": "2026-05-31", "reason": "x"})
    ticked = browser.post(f"/batches/{_hidden(app, 'batch', theirs.id or 0)}/candidates/decide", {"act": "accept", "row": foreign})

    assert [page.status_code for page in pages] == [404, 404, 404]
    assert (ticked.status_code, extended.status_code) == (404, 404)
    assert _states(installation) == ["applied", "applied"]


def test_a_batch_is_planned_by_its_form(signed_in: SignedIn, app: Flask, installation: Installation, firm: Firm) -> None:
    form = _plan(app, firm)

    answer = signed_in("hr").post("/batches/new", form)

    assert answer.status_code == 303
    with installation.database.reading() as session:
        batch = session.exec(select(Batch).where(Batch.number == "2026-DG-02")).one()
    assert (batch.starts_on, batch.grades, batch.venues) == (date(2026, 6, 15), ["senior"], [firm.venue.name])


def test_without_a_specification_the_form_leads_to_where_one_is_made(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    with installation.database.writing() as session:
        session.get_one(Specification, firm.specification.id).state = "draft"
        session.commit()

    page = signed_in("hr").get("/batches/new").get_data(as_text=True)

    assert 'href="/specifications">先录入评价规范' in page


@pytest.mark.parametrize(("state", "told"), [("draft", "就可以导入报名表"), ("enrolling", ">导入报名表</a>"), ("reviewed", "")])
def test_a_batch_without_candidates_says_how_they_come_in(
    app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm, state: str, told: str
) -> None:
    with installation.database.writing() as session:
        batch = make_batch(session, firm, number="2026-DG-09")
        batch.state = state
        session.commit()
        address = f"/batches/{_hidden(app, 'batch', batch.id or 0)}/candidates"

    pages = {role: signed_in(role).get(address).get_data(as_text=True) for role in ("hr", "reviewer")}

    assert told in pages["hr"] and ("导入报名表" in pages["hr"]) == bool(told)
    assert "导入报名表" not in pages["reviewer"]


def test_a_plan_that_breaks_a_rule_comes_back_filled_in(
    signed_in: SignedIn, app: Flask, installation: Installation, firm: Firm
) -> None:
    answer = signed_in("hr").post("/batches/new", {**_plan(app, firm), "number": "2026-DG-01", "ends_on": "2026-06-14"})
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert "批次编号 2026-DG-01 已存在" in page
    assert 'value="2026-DG-01"' in page


def test_a_specification_of_another_firm_is_no_choice(
    signed_in: SignedIn, app: Flask, installation: Installation, firm: Firm
) -> None:
    with installation.database.writing() as session:
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()

    answer = signed_in("hr").post("/batches/new", {**_plan(app, firm), "specification": _hidden(app, "specification", other.specification.id or 0)})

    assert answer.status_code == 422


def test_enrolment_is_extended_with_a_day_and_a_reason(app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser, page = signed_in("hr"), f"/batches/{_hidden(app, 'batch')}"

    offered = browser.get(page).get_data(as_text=True)
    answer = browser.post(f"{page}/extend", {"until": "2026-05-31", "reason": "车间停电一天"})
    again = browser.post(f"{page}/extend", {"until": "2026-05-31", "reason": "车间停电一天"})

    assert "现在截止到 2026-05-20" in offered
    assert (answer.status_code, again.status_code) == (303, 422)
    with installation.database.reading() as session:
        assert session.exec(select(Batch.enrol_until)).one() == date(2026, 5, 31)


@pytest.mark.parametrize("typed", ["2026/5/31", "２０２６－０５－３１", "2026年5月31日", "20260531"])
def test_a_day_is_read_as_people_write_it(
    app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm, typed: str
) -> None:
    answer = signed_in("hr").post(f"/batches/{_hidden(app, 'batch')}/extend", {"until": typed, "reason": "停电"})

    assert answer.status_code == 303
    with installation.database.reading() as session:
        assert session.exec(select(Batch.enrol_until)).one() == date(2026, 5, 31)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"until": "2026-05-20", "reason": "停电"}, "应在原截止日期 2026-05-20 之后"),
        ({"until": "2026-06-09", "reason": "停电"}, "不晚于评价开始日 2026-06-08"),
        ({"until": "2026-05-31", "reason": " "}, "请填写“理由”"),
        ({"until": "明天", "reason": "停电"}, "不是日期"),
    ],
)
def test_enrolment_is_not_extended_beyond_what_may_be(
    app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm, form: dict[str, object], told: str
) -> None:
    answer = signed_in("hr").post(f"/batches/{_hidden(app, 'batch')}/extend", form)

    assert (answer.status_code, told in answer.get_data(as_text=True)) == (422, True)
    with installation.database.reading() as session:
        assert session.exec(select(Batch.enrol_until)).one() == date(2026, 5, 20)


@pytest.mark.parametrize(("state", "offered"), [("draft", True), ("enrolling", True), ("reviewed", False), ("settled", False)])
def test_enrolment_is_extended_only_before_the_review(
    app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm, state: str, offered: bool
) -> None:
    _stand(installation, state)

    assert ("/extend" in signed_in("hr").get(f"/batches/{_hidden(app, 'batch')}").get_data(as_text=True)) is offered


def _plan(app: Flask, firm: Firm) -> dict[str, object]:
    staff = [f"{one.code}:{method}" for one in firm.assessors for method in ("theory", "skill")]
    return {
        "specification": _hidden(app, "specification", firm.specification.id or 0), "route": "assessment", "grades": ["senior"], "number": "2026-DG-02",
        "name": "第二批", "starts_on": "20260615", "ends_on": "2026-06-19", "venues": [firm.venue.name],
        "supervisors": [firm.supervisor.code], "staff": staff,
    }  # fmt: skip


def _stand(installation: Installation, state: str) -> None:
    with installation.database.writing() as session:
        session.exec(select(Batch)).one().state = state
        session.commit()


def _hidden(app: Flask, kind: str, row: int = 1) -> str:
    return str(app.extensions["skilleval.ids"].hide(kind, row))


def _states(installation: Installation) -> list[str]:
    with installation.database.reading() as session:
        return _by_id(session)


def _by_id(session: Session) -> list[str]:
    return [one.state for one in sorted(session.exec(select(Candidate)), key=lambda one: one.id or 0)]


def test_every_step_with_an_act_of_its_own_has_a_page_for_it(app: Flask) -> None:
    assert OWN_PAGE.keys() == OWN_COMMAND.keys()
    assert set(OWN_PAGE.values()) <= app.view_functions.keys()
