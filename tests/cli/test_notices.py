from datetime import date
from pathlib import Path

import pytest

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from skilleval.db.tables import Result
from tests.conftest import Cli
from tests.factories import make_batch, make_candidate, make_firm, make_person

BATCH = "2026-DG-01"
FIRST_DAY = date(2026, 6, 15)
AFTER = date(2026, 6, 30)


@pytest.fixture
def settled(instance: Path) -> Path:
    """A batch with one settled result, in the installation that the commands act on."""
    database, vault = Database(sqlite_url(instance / "skilleval.db")), load_vault(instance / "keys")
    with database.writing() as session:
        firm = make_firm(session)
        candidate = make_candidate(session, make_batch(session, firm, BATCH, "settled"), make_person(session, vault, firm))
        parts = {"theory": 7000, "skill": 7000}
        session.add(Result(institution_id=firm.id, candidate_id=candidate.id or 0, outcome="passed", parts=parts, total=7000))
        session.commit()
    database.close()
    return instance


@pytest.mark.usefixtures("settled")
def test_a_notice_is_published_objected_to_decided_and_closed(cli: Cli, tmp_path: Path) -> None:
    published = cli("notices", "publish", "--batch", BATCH, "--out", tmp_path, "--json", on=FIRST_DAY).json()
    cli("notices", "object", "--batch", BATCH, "--by", "王某", "--text", "成绩有误", on=FIRST_DAY)
    waiting = cli("notices", "show", "--batch", BATCH, "--json", on=AFTER).json()["waiting_for"]
    decide = ("notices", "decide", "--batch", BATCH, "--serial", 1, "--reject", "--reason", "查无实据")
    own, other = cli(*decide, on=FIRST_DAY), cli(*decide, on=FIRST_DAY, actor="督导员丁")
    closed = cli("notices", "close", "--batch", BATCH, "--json", on=AFTER)

    assert Path(published["file"]).read_bytes().startswith(b"%PDF")
    assert len(published["entries"]) == 1
    assert len(waiting) == 1 and "异议" in waiting[0]
    assert (own.exit_code, other.exit_code) == (1, 0)
    assert closed.json()["state"] == "closed"


@pytest.mark.usefixtures("settled")
def test_closing_too_early_is_refused_and_says_until_when(cli: Cli) -> None:
    published = cli("notices", "publish", "--batch", BATCH, "--json", on=FIRST_DAY).json()

    answer = cli("notices", "close", "--batch", BATCH, on=FIRST_DAY)

    assert answer.exit_code == 1
    assert published["last_day"] in answer.output


@pytest.mark.usefixtures("settled")
def test_a_notice_on_screen_shows_masked_numbers_only(cli: Cli) -> None:
    answer = cli("notices", "publish", "--batch", BATCH, on=FIRST_DAY)

    assert "440999********" in answer.output
    assert "44099919900101" not in answer.output
