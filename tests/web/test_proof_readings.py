"""Every page as everybody reads it: nothing is written, nobody's marks but one's own, few statements, whole headers."""

from pathlib import Path

import pytest

from skilleval.db.engine import Database, sqlite_url
from tests.marked import FIRMS, LEAD
from tests.web import foreign_ids, many, readings
from tests.web.addresses import WITHOUT_ROWS, Book, routes
from tests.web.marked_site import (
    ADMINISTRATOR,
    ANONYMOUS,
    AUDITOR_OF,
    SINGLE_AT_MEMBER,
    STAFF_OF,
    MarkedSite,
    copied,
    open_site,
)
from tests.web.survey import Visit, survey

#: whoever may read anything: each firm's people with all roles; a member's auditor, and its people with one role each
READERS = (*STAFF_OF.values(), AUDITOR_OF["甲"], *SINGLE_AT_MEMBER, ADMINISTRATOR, ANONYMOUS)


@pytest.fixture(scope="module")
def read(marked_files: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Visit], list[str]]:
    """All visits, and the tables that have changed meanwhile."""
    site = open_site(copied(marked_files, tmp_path_factory.mktemp("read")))
    for persona in READERS:
        site.visitor(persona)
    before = readings.content_of(site.installation.database)
    visits = survey(site, READERS)
    return visits, readings.changed(before, readings.content_of(site.installation.database))


# One worker reads all pages; what is asked of them afterwards costs nothing.
@pytest.mark.xdist_group("readings")
class TestEveryPageRead:
    def test_reading_writes_nothing(self, read: tuple[list[Visit], list[str]]) -> None:
        visits, changes = read

        assert readings.writing_faults(visits) == []
        assert changes == []

    def test_no_firm_reads_anothers_marks(self, read: tuple[list[Visit], list[str]]) -> None:
        visits, _changes = read

        assert readings.mark_faults(visits) == []
        # The canary sings: what is the firm's own does come out.
        for letter in FIRMS:
            told = "".join(one.text for one in visits if one.persona.firm == letter)
            assert all(f"金{letter}{kind}" in told for kind in "名姓人密"), letter

    def test_no_document_number_stands_in_full(self, read: tuple[list[Visit], list[str]]) -> None:
        assert readings.number_faults(read[0]) == []

    def test_every_answer_is_whole(self, read: tuple[list[Visit], list[str]]) -> None:
        assert readings.answer_faults(read[0]) == []

    def test_every_link_leads_to_a_page(self, read: tuple[list[Visit], list[str]]) -> None:
        assert readings.dead_links(read[0]) == []

    def test_every_page_was_seen(self, read: tuple[list[Visit], list[str]], marked_site: MarkedSite) -> None:
        pages = {route.endpoint for route in routes(marked_site) if route.method == "GET"}

        assert readings.unvisited(read[0], pages - set(WITHOUT_ROWS)) == []

    @pytest.mark.parametrize(("letter", "foreign"), [("甲", "乙丁"), (LEAD, "乙丙")])
    def test_no_form_takes_a_record_of_another_firm(
        self, read: tuple[list[Visit], list[str]], marked_site: MarkedSite, letter: str, foreign: str
    ) -> None:
        found = foreign_ids.sweep(marked_site, STAFF_OF[letter], read[0], foreign)

        assert found.faults == []
        assert len(found.tried) >= 6
        # Each of them does something with an own record: what is refused is refused for whose it is.
        assert found.tried - found.effective == set()


def test_no_page_needs_more_statements_with_more_rows(marked_files: Path, tmp_path: Path) -> None:
    site = open_site(copied(marked_files, tmp_path))
    personas = (STAFF_OF[LEAD], ADMINISTRATOR)
    few = survey(site, personas, owners=LEAD)
    lead = next(number for number, letter in Book(site)._letters.items() if letter == LEAD)

    counts = many.multiply(Database(sqlite_url(site.file)), lead)
    more = survey(site, personas, owners=LEAD)

    assert min(counts.values()) > 150 and counts["person"] > 300 and counts["batch"] > 300
    assert readings.statement_faults([*few, *more]) == []
