from datetime import date
from pathlib import Path

import pytest

from skilleval import paths
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from skilleval.db.tables import Post
from tests.conftest import Cli
from tests.factories import CREDIT_CODE, make_firm, make_person

FIRM = ("--institution", CREDIT_CODE)


@pytest.fixture(autouse=True)
def staffed(instance: Path) -> None:
    database, vault = Database(sqlite_url(instance / "skilleval.db")), load_vault(instance / "keys")
    with database.writing() as session:
        firm = make_firm(session)
        session.add(Post(institution_id=firm.id, name="维修电工", occupation_code="6-31-01-03"))
        for serial, name in enumerate(("学徒甲", "师傅乙"), start=1):
            make_person(session, vault, firm, name, serial)
        session.commit()
    database.close()


def test_the_example_is_recorded_listed_and_shown(cli: Cli) -> None:
    added = cli("confirmations", "add", paths.shipped("templates") / "confirmation.example.toml", "--json")
    number = added.json()["number"]

    assert added.json() | {"name": "学徒甲", "grade": "apprentice", "result": "passed"} == added.json()
    assert "学徒甲  维修电工  学徒工  合格  2026-06-01" in cli("confirmations", "list", *FIRM).output
    shown = cli("confirmations", "show", number, *FIRM).output
    assert "confirmation.probation_over" in shown and "岭精工〔2025〕8号" in shown


def test_a_period_that_is_not_over_is_refused(cli: Cli, tmp_path: Path) -> None:
    text = (paths.shipped("templates") / "confirmation.example.toml").read_text(encoding="utf-8")
    file = tmp_path / "c.toml"
    file.write_text(text.replace("probation_to = 2026-05-31", "probation_to = 2026-06-01"), encoding="utf-8")

    answer = cli("confirmations", "add", file, on=date(2026, 6, 1))

    assert answer.exit_code == 1 and "自2026-06-02起届满" in answer.stderr
    assert "还没有转正定级记录" in cli("confirmations", "list", *FIRM).output
    assert cli("confirmations", "show", 1, *FIRM).exit_code == 1
