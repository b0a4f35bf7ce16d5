"""What is kept between pages: found once an entry of the journal, and never a page longer."""

from datetime import date

import pytest

from skilleval.installation import Installation
from skilleval.web import kept
from tests.factories import CREDIT_CODE, Firm, make_firm, make_person
from tests.web.conftest import SignedIn
from tests.web.counted import statements

OTHER = "91440999MA0000023X"


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm with one person of 一车间."""
    with installation.database.writing() as session:
        made = make_firm(session)
        make_person(session, installation.vault, made, "陈大文", 1, department="一车间")
        session.commit()
    return made


def test_an_answer_is_found_again_only_when_the_journal_moves_on() -> None:
    answers, found = kept.KeptAnswers(), iter(range(10))
    assert answers.get(1, "a", "count", lambda: next(found)) == 0
    assert answers.get(1, "a", "count", lambda: next(found)) == 0
    assert answers.get(1, "b", "count", lambda: next(found)) == 1
    # Who still reads what was before gets what was before, not what is kept for others.
    assert answers.get(1, "a", "count", lambda: next(found)) == 2


def test_answers_of_institutions_and_questions_are_kept_apart() -> None:
    answers, found = kept.KeptAnswers(), iter(range(10))
    asked = [(1, "count"), (2, "count"), (1, "choices"), (1, "count"), (2, "count")]
    assert [answers.get(place, "a", key, lambda: next(found)) for place, key in asked] == [0, 1, 2, 0, 1]


def test_no_more_answers_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 2)
    answers, found = kept.KeptAnswers(), iter(range(10))
    assert [answers.get(1, "a", key, lambda: next(found)) for key in (1, 2, 1)] == [0, 1, 2]


def test_the_roster_counts_its_rows_once_an_entry_and_tells_a_new_person_at_once(
    firm: Firm, installation: Installation, signed_in: SignedIn
) -> None:
    browser = signed_in("hr")
    assert "共 1 行" in browser.get("/people").get_data(as_text=True)
    with statements() as asked:
        assert "共 1 行" in browser.get("/people").get_data(as_text=True)
    assert not [one for one in asked if "count(" in one or "DISTINCT" in one]
    with installation.database.writing() as session:
        make_person(session, installation.vault, firm, "曾大山", 2, date(1991, 2, 3), department="二车间")
        session.commit()
    page = browser.get("/people").get_data(as_text=True)
    assert "共 2 行" in page and '<option value="二车间">' in page


def test_each_filter_and_each_institution_has_its_own_number(
    firm: Firm, installation: Installation, signed_in: SignedIn
) -> None:
    with installation.database.writing() as session:
        other = make_firm(session, OTHER, "Y000044000999")
        for serial in (2, 3):
            make_person(session, installation.vault, other, "单雄飞", serial, date(1991, 2, serial))
        session.commit()
    own, foreign = signed_in("hr", at=CREDIT_CODE), signed_in("hr", at=OTHER)
    for browser, address, told in (
        (own, "/people", "共 1 行"),
        (foreign, "/people", "共 2 行"),
        (own, "/people?q=陈", "共 1 行"),
        (foreign, "/people?q=陈", "没有符合这些筛选的内容"),
    ):
        assert told in browser.get(address).get_data(as_text=True)


def test_what_stands_in_a_cell_is_text(firm: Firm, installation: Installation, signed_in: SignedIn) -> None:
    with installation.database.writing() as session:
        make_person(session, installation.vault, firm, "<b>甲</b>", 2, date(1991, 2, 3), department='"><i>二</i>')
        session.commit()
    page = signed_in("hr").get("/people").get_data(as_text=True)
    assert "<b>甲" not in page and "<i>二" not in page and "&lt;b&gt;甲&lt;/b&gt;" in page
