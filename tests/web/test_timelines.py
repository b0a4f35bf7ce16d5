"""Every record tells its own story: who did what to it, when and why; nobody else's, and nothing that is still hidden."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from skilleval.db import tables
from skilleval.db.tables import Table
from skilleval.installation import Installation
from skilleval.services import journal
from skilleval.services.journal import Actor
from skilleval.services.timelines import PARTS
from tests.factories import Firm
from tests.marked import FIRMS, LEAD
from tests.web.addresses import routes
from tests.web.conftest import Browser, SignedIn
from tests.web.marked_site import STAFF_OF, MarkedSite, copied, open_site
from tests.web.readings import MOST_STATEMENTS
from tests.web.scored import FILLED, Hidden, hand_in, make_marked
from tests.web.survey import Visit, survey

#: the pages of one record each, and the table of the record
RECORDS: dict[str, type[Table]] = {
    "appointments.show": tables.Nomination, "batches.show": tables.Batch, "candidates.show_": tables.Candidate,
    "cases.show": tables.RecognitionCase, "chains.show": tables.Chain, "confirmations.show": tables.Confirmation,
    "contests.show": tables.Contest, "drafts.show": tables.SpecificationDraft, "evidence.show": tables.Evidence,
    "institutions.show": tables.Institution, "issued.show_": tables.Certificate, "items.show": tables.Item,
    "notices.index": tables.Notice, "people.show": tables.Person, "personnel.show": tables.Personnel,
    "posts.edit": tables.Post, "specifications.show": tables.Specification, "venues.show": tables.Venue,
}  # fmt: skip
#: pages without a timeline that are no record's, or that tell line by line who did what to it, when and why
OTHERS = {
    "accounts.show", "corner.show", "home.show", "imports.show", "jobs.show", "marks.show_", "membership_corrections.show", "rehearsals.show",
    "rule_trials.show", "rules.show", "schemes.show", "standards.show",
}  # fmt: skip
#: what is somebody's own until everybody has locked, or is told where it is decided
HIDDEN = {
    tables.Mark, tables.MarkDraft, tables.MarkUnlock, tables.Adjudication, tables.ScoreSheet, tables.ScoreLine, tables.Relation,
    tables.Conflict,
}  # fmt: skip


def _story(page: str) -> str:
    """The words under 经过, without the addresses that they lead to."""
    found = re.search(r"<h2>经过</h2>(.*?)</section>", page, re.DOTALL)
    return re.sub("<[^>]*>", " ", found[1]) if found else ""


def _own(session: Session, table: Any, firm: int) -> Table | None:
    """The first row of a firm's."""
    column = table.id if table is tables.Institution else table.institution_id
    found: Table | None = session.exec(select(table).where(col(column) == firm).order_by(col(table.id))).first()
    return found


def _write(session: Session, firm: int, rows: dict[str, Table]) -> None:
    """An entry for each of these rows, whose reason is its word."""
    for word, row in rows.items():
        journal.record(session, Actor(f"{word}经手人", "hr"), firm, "institution.change", objects=[row], reason=f"【{word}】")


@pytest.fixture(scope="module")
def told(marked_files: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[MarkedSite, list[str], list[str]]:
    """A copy of the marked world in which one act was done to each kind of record of the lead, and to each kind of part; what
    was written for which endpoint and for which table."""
    folder = copied(marked_files, tmp_path_factory.mktemp("told"))
    site = open_site(folder, kept=True)
    with site.installation.database.writing() as session:
        lead = session.exec(select(tables.Institution.id).where(tables.Institution.credit_code == FIRMS[LEAD])).one() or 0
        records = {endpoint: row for endpoint, table in RECORDS.items() if (row := _own(session, table, lead)) is not None}
        parts = {
            column.class_.__name__: row
            for columns in PARTS.values() for column in columns if (row := _own(session, column.class_, lead)) is not None
        }  # fmt: skip
        _write(session, lead, records)
        _write(session, lead, {name: row for name, row in parts.items() if type(row) not in RECORDS.values()})
        session.commit()
    return site, list(records), [name for name, row in parts.items() if type(row) not in RECORDS.values()]


def _visits(site: MarkedSite, letter: str) -> list[Visit]:
    return survey(site, [STAFF_OF[letter]], endpoints=RECORDS, links=False)


def test_every_page_of_one_record_tells_its_story_or_is_named_here(marked_site: MarkedSite) -> None:
    shown = {one.endpoint for one in routes(marked_site) if re.fullmatch(r"\w+\.show_?", one.endpoint) and one.method == "GET"}

    # The package has its story in test_filings.py: the marked world has none.
    assert shown - set(RECORDS) - OTHERS == {"filings.show"}


def test_a_record_tells_who_did_what_to_it_and_why_and_nothing_of_another(told: tuple[MarkedSite, list[str], list[str]]) -> None:
    site, endpoints, parts = told
    visits = [one for one in _visits(site, LEAD) if one.status == 200]

    stories = {endpoint: [_story(one.text) for one in visits if one.endpoint == endpoint] for endpoint in RECORDS}

    assert set(endpoints) == set(RECORDS)
    for endpoint in endpoints:
        mine = [story for story in stories[endpoint] if f"【{endpoint}】" in story]
        assert mine, endpoint
        assert all(f"{endpoint}经手人" in story and "更改机构档案" in story for story in mine)
    assert not [endpoint for endpoint, each in stories.items() if any("【venues.show】" in one for one in each) and endpoint != "venues.show"]
    everything = "".join(story for each in stories.values() for story in each)
    assert len(parts) > 8 and [one for one in parts if f"【{one}】" not in everything] == []
    assert {one.endpoint: len(one.statements) for one in visits if len(one.statements) > MOST_STATEMENTS} == {}


def test_a_firm_that_sees_the_record_of_another_is_told_nothing_of_what_was_done_to_it(
    told: tuple[MarkedSite, list[str], list[str]],
) -> None:
    site, _endpoints, _parts = told

    visits = [one for letter in FIRMS if letter != LEAD for one in _visits(site, letter) if one.status == 200]

    assert {"batches.show", "candidates.show_", "chains.show", "drafts.show", "evidence.show"} <= {one.endpoint for one in visits}
    assert [one.endpoint for one in visits if "经手人" in one.text or "【" in _story(one.text)] == []


def test_marks_are_part_of_no_record() -> None:
    parts = {column.class_ for columns in PARTS.values() for column in columns}

    assert parts.isdisjoint(HIDDEN) and HIDDEN.isdisjoint(PARTS)


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm whose batch is being marked."""
    with installation.database.writing() as session:
        firm = make_marked(session, installation.vault)
        session.commit()
    return firm


def test_that_one_of_three_has_locked_stands_in_the_journal_and_in_no_story(
    hide: Hidden, firm: Firm, assessors: list[Browser], signed_in: SignedIn
) -> None:
    hand_in(assessors[0], hide, firm, "skill", FILLED, FILLED)
    browser, batch = signed_in("hr"), f"/batches/{hide('batch', 1)}"

    pages = [browser.get(path).get_data(as_text=True) for path in (batch, f"{batch}/candidates/{hide('candidate', 1)}")]

    assert "提交并锁定评分" in browser.get("/journal").get_data(as_text=True)
    assert not [page for page in pages if "锁定评分" in page or "93" in _story(page)]
