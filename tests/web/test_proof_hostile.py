"""Hostile text in every form, in every address and in every stored text: nothing fails, nothing is run."""

from pathlib import Path

import pytest

from tests.marked import LEAD
from tests.web import hostile
from tests.web.conftest import EveryPage
from tests.web.marked_site import ADMINISTRATOR, ANONYMOUS, STAFF_OF, copied, open_site
from tests.web.survey import survey

pytestmark = pytest.mark.slow

PERSONAS = (STAFF_OF[LEAD], STAFF_OF["甲"], ADMINISTRATOR, ANONYMOUS)


def test_hostile_text_in_the_database_is_shown_as_text(marked_files: Path, tmp_path: Path) -> None:
    site = open_site(copied(marked_files, tmp_path), kept=True)
    hostile.poison(site.installation.database)

    visits = survey(site, PERSONAS, owners=LEAD)

    assert hostile.poison_faults(visits) == []
    # The poison arrived.
    shown = {one.endpoint for one in visits if "&lt;script&gt;alert(1)" in one.text}
    assert {"people.index", "people.show", "batches.index", "batches.show", "candidates.show_", "accounts.index"} <= shown


def test_hostile_text_in_forms_and_addresses_is_taken_as_text(
    read: EveryPage, marked_files: Path, tmp_path: Path
) -> None:
    site = open_site(copied(marked_files, tmp_path), kept=True)
    visits = [one for one in read.visits if one.persona in PERSONAS and one.owner in (None, LEAD)]

    assert hostile.question_faults(site, STAFF_OF[LEAD], visits) == []
    assert hostile.question_faults(site, ADMINISTRATOR, visits) == []
    assert len(hostile.forms_in(visits)) >= 20
    assert hostile.submission_faults(site, visits) == []
    site.forget()
    # What was saved of it comes out as text, too.
    assert hostile.poison_faults(survey(site, PERSONAS[:3], owners=LEAD, links=False)) == []
