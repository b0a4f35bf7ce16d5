from datetime import date
from pathlib import Path

import pytest

from skilleval import paths
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from skilleval.db.tables import Credential
from skilleval.services.contests import COLUMNS, TEMPLATE_ID
from skilleval.sheets.writing import FormSheet, write_form
from tests.conftest import Cli
from tests.factories import CREDIT_CODE, id_number, make_firm, make_person

FIRM = ("--institution", CREDIT_CODE)
CODE, ON = "SZ-DG-2026", date(2026, 6, 8)
BATCH = f"""institution = "{CREDIT_CODE}"
number = "2026-JS-01"
name = "竞赛晋级"
route = "竞赛晋级"
occupation_code = "6-31-01-03"
grades = ["中级工", "高级工"]
specification = "DG"
starts_on = 2026-06-08
ends_on = 2026-06-12
"""


@pytest.fixture(autouse=True)
def staffed(instance: Path) -> None:
    database, vault = Database(sqlite_url(instance / "skilleval.db")), load_vault(instance / "keys")
    with database.writing() as session:
        firm = make_firm(session)
        firm.scope.routes = ["assessment", "contest"]
        for serial, name in enumerate(("陈大文", "李芳"), start=1):
            person = make_person(session, vault, firm, name, serial)
            session.add(Credential(institution_id=firm.id, person_id=person.id or 0, kind="certificate", level="none"))
        session.commit()
    database.close()


def results(folder: Path, *ranks: int) -> Path:
    rows = [
        {"name": name, "id_number": id_number(serial), "group": "职工组", "rank": rank, "participants": 50}
        for serial, (name, rank) in enumerate(zip(("陈大文", "李芳"), ranks, strict=True), start=1)
    ]
    return write_form(folder / "r.xlsx", [FormSheet("竞赛成绩", COLUMNS, rows, example=False)], TEMPLATE_ID, [])


def test_a_contest_is_added_imported_promoted_and_taken_back(cli: Cli, tmp_path: Path) -> None:
    plan = tmp_path / "b.toml"
    plan.write_text(BATCH, encoding="utf-8")
    assert cli("contests", "add", paths.shipped("templates") / "contest.example.toml").exit_code == 0
    assert cli("contests", "template", tmp_path / "t.xlsx").exit_code == 0
    assert cli("contests", "import", CODE, results(tmp_path, 1, 40), *FIRM).exit_code == 0

    promoted = cli("contests", "promote", CODE, "--batch", plan, on=ON)

    assert "竞赛晋级 1 人" in promoted.output and "未晋级 李芳" in promoted.output, promoted.output
    assert "成绩 2 人" in cli("contests", "list", *FIRM).output
    shown = cli("contests", "show", CODE, *FIRM).output
    assert "职工组第1至3名，晋升三级/高级工，已持有的晋升上一等级" in shown and id_number(1) not in shown
    assert cli("replay", "2026-JS-01", on=ON).exit_code == 0
    assert "已取消" in cli("contests", "disallow", "陈大文", "--batch", "2026-JS-01", "--reason", "成绩有误", on=ON).output


def test_what_is_not_there_or_earns_nothing_is_refused(cli: Cli, tmp_path: Path) -> None:
    plan = tmp_path / "b.toml"
    plan.write_text(BATCH, encoding="utf-8")
    absent = cli("contests", "promote", CODE, "--batch", plan, on=ON)
    cli("contests", "add", paths.shipped("templates") / "contest.example.toml")
    cli("contests", "import", CODE, results(tmp_path, 30, 40), *FIRM)
    nobody = cli("contests", "promote", CODE, "--batch", plan, on=ON)

    assert absent.exit_code == 1 and "没有编号为" in absent.stderr
    assert nobody.exit_code == 1 and "陈大文" in nobody.stderr
    assert "2026-JS-01" not in cli("batches", "list").output
