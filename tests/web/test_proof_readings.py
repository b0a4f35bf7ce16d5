"""Every page as everybody reads it: nothing is written, nobody's marks but one's own, few statements, whole headers."""

from pathlib import Path

import pytest

from skilleval.db.engine import Database, sqlite_url
from tests.marked import FIRMS, LEAD
from tests.web import foreign_ids, many, readings
from tests.web.addresses import WITHOUT_ROWS, Book, routes
from tests.web.conftest import EveryPage
from tests.web.marked_site import ADMINISTRATOR, STAFF_OF, MarkedSite, copied, open_site
from tests.web.survey import survey

pytestmark = pytest.mark.slow


class TestEveryPageRead:
    def test_reading_writes_nothing(self, read: EveryPage) -> None:
        assert readings.writing_faults(read.visits) == []
        assert read.changed == []

    def test_no_firm_reads_anothers_marks(self, read: EveryPage) -> None:
        assert readings.mark_faults(read.visits) == []
        # The canary sings: what is the firm's own does come out.
        for letter in FIRMS:
            told = "".join(one.text for one in read.visits if one.persona.firm == letter)
            assert all(f"金{letter}{kind}" in told for kind in "名姓人密"), letter

    def test_no_document_number_stands_in_full(self, read: EveryPage) -> None:
        assert readings.number_faults(read.visits) == []

    def test_every_answer_is_whole(self, read: EveryPage) -> None:
        assert readings.answer_faults(read.visits) == []

    def test_every_link_leads_to_a_page(self, read: EveryPage) -> None:
        assert readings.dead_links(read.visits) == []

    def test_every_page_was_seen(self, read: EveryPage, marked_site: MarkedSite) -> None:
        pages = {route.endpoint for route in routes(marked_site) if route.method == "GET"}

        assert readings.unvisited(read.visits, pages - set(WITHOUT_ROWS)) == []

    @pytest.mark.parametrize(("letter", "foreign"), [("甲", "乙丁"), (LEAD, "乙丙")])
    def test_no_form_takes_a_record_of_another_firm(
        self, read: EveryPage, marked_site: MarkedSite, letter: str, foreign: str
    ) -> None:
        found = foreign_ids.sweep(marked_site, STAFF_OF[letter], read.visits, foreign)

        assert found.faults == []
        assert len(found.tried) >= 6
        # Each of them does something with an own record: what is refused is refused for whose it is.
        assert found.tried - found.effective == set()


def test_no_page_needs_more_statements_with_more_rows(read: EveryPage, marked_files: Path, tmp_path: Path) -> None:
    site = open_site(copied(marked_files, tmp_path))
    personas = (STAFF_OF[LEAD], ADMINISTRATOR)
    few = [one for one in read.visits if one.persona in personas and one.owner in (None, LEAD)]
    lead = next(number for number, letter in Book(site)._letters.items() if letter == LEAD)

    counts = many.multiply(Database(sqlite_url(site.file)), lead)
    more = survey(site, personas, owners=LEAD)

    assert min(counts.values()) > 150 and counts["person"] > 300 and counts["batch"] > 300
    assert few and readings.statement_faults([*few, *more]) == []
