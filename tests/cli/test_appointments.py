from datetime import date
from pathlib import Path

import openpyxl
import pytest

from skilleval import paths
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from skilleval.db.tables import Credential, PostGrade
from tests.conftest import Cli
from tests.factories import CREDIT_CODE, make_firm, make_person
from tests.services.test_authority import FIVE, make_complete

FIRM = ("--institution", CREDIT_CODE)
EXAMPLE = paths.shipped("templates") / "nomination.example.toml"
TERM = ("--from", "2026-01-01", "--to", "2028-12-31", "--on", "2025-12-20")


@pytest.fixture(autouse=True)
def staffed(instance: Path) -> None:
    database, vault = Database(sqlite_url(instance / "skilleval.db")), load_vault(instance / "keys")
    with database.writing() as session:
        firm = make_firm(session, above_scale=True)
        firm.specification.standard = "6-31-01-03@2018"
        graded = make_complete(session, firm)
        firm.scope.grades, firm.scope.ceiling = [*FIVE, "special_technician"], "special_technician"
        session.add(
            PostGrade(institution_id=firm.id, post_id=graded[0].post_id, name="6档", serial=6, grade="special_technician",
                      post_specification="电工岗位规范6")
        )  # fmt: skip
        person = make_person(session, vault, firm, "陈大文", 1)
        session.add(
            Credential(institution_id=firm.id, person_id=person.id or 0, kind="certificate", level="senior_technician",
                       occupation_code="6-31-01-03", obtained_on=date(2024, 1, 10))
        )  # fmt: skip
        session.commit()
    database.close()


def test_the_example_is_nominated_appointed_listed_and_shown(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "推荐表.xlsx"
    nominated = cli("appointments", "nominate", EXAMPLE, "--out", out, "--json").json()

    appointed = cli("appointments", "appoint", nominated["nomination"], *FIRM, "--list-number", "粤人社函〔2025〕9号", *TERM)

    assert appointed.exit_code == 0, appointed.output
    assert "已聘任（粤人社函〔2025〕9号）" in cli("appointments", "list", *FIRM).output
    assert openpyxl.load_workbook(out).sheetnames == ["说明", "推荐表"]
    assert "appointment.windows" in cli("appointments", "show", nominated["nomination"], *FIRM).output


def test_outside_the_window_and_with_an_unknown_letter_it_is_refused(cli: Cli, tmp_path: Path) -> None:
    late = tmp_path / "late.toml"
    late.write_text(EXAMPLE.read_text(encoding="utf-8").replace("nominated_on = 2025-08-18", "nominated_on = 2025-10-31"),
                    encoding="utf-8")  # fmt: skip
    refused = cli("appointments", "nominate", late)
    nominated = cli("appointments", "nominate", EXAMPLE, "--json").json()
    number = ("--list-number", "9号", "--number", "Y00004400012325T000001", *TERM)
    numbered = cli("appointments", "appoint", nominated["nomination"], *FIRM, *number)

    assert refused.exit_code == 1 and "时段为2025-04-01至2025-07-10" in refused.stderr
    assert numbered.exit_code == 1 and "没有可靠依据" in numbered.stderr
