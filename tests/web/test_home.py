"""The home page: what waits for whoever asks, the board of batches, and nothing of the business for administrators."""

import pytest
from flask import Flask

from skilleval.installation import Installation
from skilleval.services import inbox
from skilleval.web import home
from skilleval.web.show import PIPELINE
from tests.chained import MEMBERS
from tests.factories import make_batch, make_candidate, make_firm, make_person
from tests.statements import statements
from tests.web.conftest import SignedIn


@pytest.fixture(autouse=True)
def batches(installation: Installation) -> None:
    """A firm that has an application to decide and a batch to file, and another firm with a batch of its own."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        batch = make_batch(session, firm, state="enrolling")
        make_candidate(session, batch, make_person(session, installation.vault, firm, "陈大文", 1), verdict="met", state="applied")
        make_batch(session, firm, number="2026-DG-09", state="certified")
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        make_batch(session, other, number="2026-X-01", state="enrolling")
        session.commit()


def test_the_reviewer_finds_the_applications_with_their_day_and_a_link(app: Flask, signed_in: SignedIn) -> None:
    page = signed_in("reviewer").get("/").get_data(as_text=True)

    hidden = app.extensions["skilleval.ids"].hide("batch", 1)
    assert f'<a href="/batches/{hidden}/candidates?state=applied">审核资格</a>' in page
    assert "<strong>1</strong> 人待审核" in page
    assert "2026-06-08" in page and "5 个工作日" in page


def test_each_role_is_told_of_its_own_tasks_only(signed_in: SignedIn) -> None:
    hr, approver = (signed_in(role).get("/").get_data(as_text=True) for role in ("hr", "approver"))

    assert "上报材料" in hr and "审核资格" not in hr
    assert "现在没有等您办理的事项" in approver


def test_the_board_shows_the_firms_batches_by_phase_and_no_others(signed_in: SignedIn) -> None:
    page = signed_in("supervisor").get("/").get_data(as_text=True)

    assert page.index("报名与编排") < page.index("2026-DG-01") < page.index("发证与上报") < page.index("2026-DG-09")
    assert "2026-X-01" not in page


def test_a_system_administrator_sees_accounts_and_no_business_is_asked(signed_in: SignedIn) -> None:
    browser = signed_in("administrator", at=None)

    with statements() as asked:
        page = browser.get("/").get_data(as_text=True)

    assert "管理账号" in page and "2026-DG-01" not in page and "等我办理" not in page
    assert not [one for one in asked if any(table in one for table in ("batch", "candidate", "person ", "certificate"))]


def test_an_assessor_without_a_record_is_told_what_is_missing(signed_in: SignedIn) -> None:
    assert "还没有对应到考评员档案" in signed_in("assessor").get("/").get_data(as_text=True)


def test_the_page_asks_at_most_twelve_statements(signed_in: SignedIn) -> None:
    browser = signed_in("hr", "reviewer", "approver", "issuer", "assessor")

    with statements() as asked:
        browser.get("/")

    # The strip of the workforce among them: the two people of the firm were never counted before.
    assert 8 < len(asked) <= 12


def test_every_task_has_its_words_and_every_state_its_column() -> None:
    assert home.TASKS.keys() == inbox.TASKS.keys()
    assert {state for _phase, states in home.PHASES for state in states} == set(PIPELINE) - {"archived"}
