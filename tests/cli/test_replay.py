from datetime import date
from pathlib import Path

import pytest

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from tests.closed import make_closed_batch
from tests.conftest import Cli

BATCH = "2026-DG-01"


@pytest.fixture
def closed(instance: Path, tmp_path: Path) -> Database:
    """The installation that the commands act on, with one certified batch."""
    database = Database(sqlite_url(instance / "skilleval.db"))
    with database.writing() as session:
        make_closed_batch(session, load_vault(instance / "keys"), tmp_path)
        session.commit()
    return database


def test_a_closed_batch_replays_equal_until_somebody_changes_a_mark(closed: Database, cli: Cli) -> None:
    before, one = cli("replay", BATCH), cli("replay", "陈大文", "--batch", BATCH, "--as-of", "2020-06-07")
    with closed.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER mark_no_update")
        connection.exec_driver_sql("UPDATE mark SET value = 7600 WHERE value = 7001")
        session.commit()
    after, told = cli("replay", BATCH), cli("replay", BATCH, "--json", on=date(2030, 1, 1)).json()

    assert before.exit_code == 0 and "复算 6 人：一致 6，不一致 0，不能复算 0" in before.output
    assert one.exit_code == 0 and "2018/senior/1：当时符合，该日不符合" in one.output
    assert after.exit_code == 1 and "陈大文、技能操作考核、考评员 K3 的评分被改动" in after.output
    assert told["counts"] == {"equal": 5, "differs": 1, "cannot": 0}
    assert told["cases"][0]["steps"]["eligibility"] == {"state": "equal", "reasons": []}


def test_one_candidate_is_replayed_by_the_admission_number_alone(cli: Cli, closed: Database) -> None:
    with closed.reading() as session:
        number = session.connection().exec_driver_sql("SELECT min(admission_number) FROM candidate").scalar_one()

    answer = cli("replay", number, "--json")

    assert answer.exit_code == 0 and answer.json()["batch"] == BATCH
    assert [case["candidate"].split()[0] for case in answer.json()["cases"]] == [number]


def test_a_batch_that_is_not_there_is_refused(cli: Cli) -> None:
    answer = cli("replay", "2020-XX")

    assert answer.exit_code == 1 and "没有编号为 2020-XX 的批次" in answer.output
