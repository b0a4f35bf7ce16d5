"""``skilleval people eligible`` and ``people statistics`` as a person runs them."""

import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from skilleval.db.tables import Credential
from tests.conftest import Cli, skip_without
from tests.factories import CREDIT_CODE, id_number, make_firm, make_person

ON = date(2026, 6, 8)
ELIGIBLE = ("people", "eligible", "--institution", CREDIT_CODE, "--occupation", "电工", "--grade", "三级/高级工")


@pytest.fixture(autouse=True)
def staffed(instance: Path) -> None:
    """Five years after 中级工: today, tomorrow, and for one whose start of work nobody entered."""
    database, vault = Database(sqlite_url(instance / "skilleval.db")), load_vault(instance / "keys")
    with database.writing() as session:
        firm = make_firm(session)
        for serial, (name, day) in enumerate((("=1+1", date(2021, 6, 8)), ("王明", date(2021, 6, 9)), ("李空", date(2015, 1, 1))), 1):
            blank = {"occupation_code": None, "occupation_since": None} if name == "李空" else {}
            person = make_person(session, vault, firm, name, serial, department="一车间", **blank)
            session.flush()
            for kind, level in (("certificate", "intermediate"), ("title", "none"), ("diploma", "none")):
                session.add(
                    Credential(institution_id=firm.id, person_id=person.id or 0, kind=kind, level=level,
                               occupation_code="6-31-01-03" if kind == "certificate" else None,
                               obtained_on=day if kind == "certificate" else None)
                )  # fmt: skip
        session.commit()
    database.close()


def cells(page: Any) -> list[list[Any]]:
    return [list(row) for row in page.iter_rows(values_only=True)]


def test_the_list_the_counts_and_the_reasons_are_told(cli: Cli) -> None:
    answer = cli(*ELIGIBLE, on=ON)

    assert answer.exit_code == 0
    assert "E0001  =1+1" in answer.stdout and "2018/senior/1" in answer.stdout
    assert "未填从事本职业的起始日期 ×1" in answer.stdout
    assert id_number(1) not in answer.output
    assert answer.stderr == "", "no progress bar in a pipe"


def test_json_has_counts_that_add_up_and_who_is_coming(cli: Cli) -> None:
    told = cli(*ELIGIBLE, "--on", "2026-06-08", "--by", "2026-06-30", "--json")
    answer = told.json()

    assert answer["counts"] == {"met": 1, "not_met": 1, "unknown": 1}
    assert sum(answer["counts"].values()) == answer["people"] == 3
    assert [(one["name"], one["first_day"]) for one in answer["coming"]] == [("王明", "2026-06-09")]
    assert not any(id_number(serial) in told.stdout for serial in (1, 2, 3))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--grade", "八级"), "无法识别"),
        (("--conditions", "1999"), "1999"),
        (("--by", "2026-06-08"), "晚于"),
        (("--occupation", "6-20-01-01"), "--conditions"),
        (("--occupation", "没有的职业"), "没有的职业"),
    ],
)
def test_what_cannot_be_answered_is_refused(cli: Cli, arguments: tuple[str, str], words: str) -> None:
    answer = cli(*ELIGIBLE, *arguments, on=ON)

    assert answer.exit_code == 1
    assert words in answer.stderr


def test_the_workbook_notes_what_was_asked_and_holds_text(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "名单.xlsx"
    cli(*ELIGIBLE, "--by", "2026-06-30", "--out", out, on=ON, actor="王经办")

    book = openpyxl.load_workbook(out)
    notes = dict(cells(book["说明"])[1:])
    assert book.sheetnames == ["说明", "符合", "将符合", "其他人员", "理由统计"]
    assert (notes["判断日期"], notes["经办人"], notes["申报条件"]) == ("2026-06-08", "王经办", "2018 版")
    assert notes["行数"] == "符合 1 行，其他人员 2 行，将符合 1 行"
    first = book["符合"]["B2"]
    assert (first.value, first.data_type, first.number_format) == ("=1+1", "s", "@")
    assert "*" in cells(book["符合"])[1][2]
    assert [row[1] for row in cells(book["其他人员"])[1:]] == ["王明", "李空"]
    assert cells(book["将符合"])[1][1::5] == ["王明", "2026-06-09"]


@pytest.mark.slow
def test_the_workbook_opens_in_another_program(cli: Cli, tmp_path: Path) -> None:
    skip_without("soffice")
    cli(*ELIGIBLE, "--out", tmp_path / "list.xlsx", on=ON)

    subprocess.run(
        [shutil.which("soffice") or "", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to",
         "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2", "--outdir", str(tmp_path),
         str(tmp_path / "list.xlsx")], check=True, capture_output=True, timeout=120,
    )  # fmt: skip

    [written] = tmp_path.glob("list*.csv")
    assert "=1+1" in written.read_text(encoding="utf-8")


def test_statistics_add_up_and_no_data_is_a_dash(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "统计.xlsx"
    told = cli("people", "statistics", "--institution", CREDIT_CODE, "--out", out, on=ON)
    answer = cli("people", "statistics", "--institution", CREDIT_CODE, "--json", on=ON).json()

    assert "中级工 3  高级工及以上 0 人，占 0.0%" in told.stdout
    assert (answer["whole"]["total"], answer["whole"]["share"]) == (3, 0.0)
    assert {one["name"]: one["total"] for one in answer["by_department"]} == {"一车间": 3}
    assert cells(openpyxl.load_workbook(out)["全体"])[1][-3:] == [3, 0, 0]


def test_a_firm_with_nobody_prints_a_dash(cli: Cli, instance: Path, tmp_path: Path) -> None:
    database = Database(sqlite_url(instance / "skilleval.db"))
    with database.writing() as session:
        make_firm(session, "91440999MA0000016C", "Y000044000124")
        session.commit()
    database.close()

    answer = cli("people", "statistics", "--institution", "91440999MA0000016C", "--out", tmp_path / "x.xlsx", on=ON)

    assert "共 0 人" in answer.stdout and "占 —" in answer.stdout
    assert cells(openpyxl.load_workbook(tmp_path / "x.xlsx")["全体"])[1][-1] == "—"
