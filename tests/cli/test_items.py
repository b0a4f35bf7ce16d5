"""The commands of items and task cards: once done, once refused, once not yours."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from skilleval import paths
from skilleval.cli import main
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from tests.conftest import Cli
from tests.factories import CREDIT_CODE, make_batch, make_candidate, make_firm, make_person
from tests.reports.reading import fonts_not_embedded, text_of

FIRM = ("--institution", CREDIT_CODE)
OF = (*FIRM, "--specification", "DG")
TEMPLATES = paths.shipped("templates")


@pytest.fixture(autouse=True)
def staffed(instance: Path) -> None:
    database, vault = Database(sqlite_url(instance / "skilleval.db")), load_vault(instance / "keys")
    with database.writing() as session:
        firm = make_firm(session)
        firm.specification.standard = "6-31-01-03@2018"
        for assessor in firm.assessors:
            assessor.code = assessor.code.replace("K", "K0")
        firm.venue.equipment = [{"name": "电工实训台", "count": 10, "sound": True}]
        batch = make_batch(session, firm, state="scheduled")
        for serial, name in enumerate(("陈大文", "郑䶮"), start=1):
            make_candidate(session, batch, make_person(session, vault, firm, name, serial))
        make_firm(session, "91440999MA00000231", "Y000044000124", name="另一制造有限公司")
        session.commit()
    database.close()


def acting(instance: Path, code: str, *command: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["--instance", str(instance), "--on", "2026-06-01", "--acting", code, *command])
    return result.exit_code, result.output


def test_items_are_registered_listed_covered_and_retired(cli: Cli, tmp_path: Path) -> None:
    assert "新增 5" in cli("items", "add", TEMPLATES / "items.example.toml").output
    assert "共 5 个考核项目" in cli("items", "list", *FIRM, "--out", tmp_path / "reg.xlsx").output
    assert "完全相同" in cli("items", "import", tmp_path / "reg.xlsx", *FIRM).output
    retired = cli("items", "retire", "SK-302", *OF, "--reason", "题目泄露", "--json").json()

    assert (retired["state"], retired["reason"], retired["retired_on"]) == ("retired", "题目泄露", "2026-06-01")
    assert {row["code"]: row["state"] for row in cli("items", "list", *OF, "--json").json()}["SK-302"] == "retired"


def test_the_coverage_workbook_says_what_the_screen_says(cli: Cli, tmp_path: Path) -> None:
    cli("items", "add", TEMPLATES / "items.example.toml")

    shown = cli("items", "coverage", *OF, "--out", tmp_path / "cover.xlsx")
    answer = cli("items", "coverage", *OF, "--tolerance", 60, "--json").json()

    assert "[偏重] 电气设备装调维修  1项  45.00分  计划 30%  实际 75.0%" in shown.output
    assert "[未覆盖] 自动控制电路装调维修" in shown.output
    book = openpyxl.load_workbook(tmp_path / "cover.xlsx")
    assert book.sheetnames == ["说明", "覆盖矩阵", "明细", "未考到的工作内容"]
    matrix = {tuple(row[:2]): row[2:] for row in book["覆盖矩阵"].iter_rows(values_only=True)}
    assert matrix["评价部分", "要求（职业功能）"] == ("五级/初级工", "四级/中级工", "三级/高级工")
    assert matrix["技能操作考核", "电气设备装调维修"] == ("—", "未覆盖（计划 25%）", "1项 45.00分 30%→75.0% 偏重")
    assert matrix["理论知识考试", "职业道德"][2] == "1项 10.00分 未知→100.0% 权重未知"
    listed = {tuple(row[:3]): row[3:] for row in book["明细"].iter_rows(values_only=True)}
    assert listed["三级/高级工", "技能操作考核", "电气设备装调维修"] == ("是", 1, 45, "30%", "75.0%", "偏重")
    covers = {cell["function"]: cell["cover"] for cell in answer["cells"] if cell["grade"] == "senior" and cell["method"] == "skill"}
    assert covers["电气设备装调维修"] == "as_planned"


def test_a_workbook_with_errors_is_refused_whole_and_marked(cli: Cli, tmp_path: Path) -> None:
    cli("items", "add", TEMPLATES / "items.example.toml")
    cli("items", "list", *FIRM, "--out", tmp_path / "reg.xlsx")
    book = openpyxl.load_workbook(tmp_path / "reg.xlsx")
    heading = [str(cell.value).rstrip("*") for cell in book["考核项目"][1]]
    book["考核项目"].cell(3, heading.index("分值") + 1).value = 99
    book["考核项目"].cell(5, heading.index("命题人编号") + 1).value = "K99"
    book.save(tmp_path / "wrong.xlsx")

    refused = cli("items", "import", tmp_path / "wrong.xlsx", *FIRM, "--errors", tmp_path / "marked.xlsx")

    assert refused.exit_code == 1 and "没有写入任何数据" in refused.output
    assert "第3行" in refused.output and "第5行" in refused.output
    marked = openpyxl.load_workbook(tmp_path / "marked.xlsx")["考核项目"]
    reasons = [row[-1] for row in marked.iter_rows(values_only=True)]
    assert reasons[0] == "错误原因" and "内容不能改动" in str(reasons[2]) and "没有这一编号的评价人员" in str(reasons[4])


@pytest.mark.slow
def test_a_card_is_recorded_checked_and_printed_for_each_candidate(cli: Cli, tmp_path: Path) -> None:
    cli("items", "add", TEMPLATES / "items.example.toml")
    assert "第 1 次登记" in cli("items", "card-add", TEMPLATES / "cards.example.toml").output
    assert "未作任何改动" in cli("items", "card-add", TEMPLATES / "cards.example.toml").output

    checked = cli("items", "card-check", "SK-301", *OF, "--batch", "2026-DG-01", "--json")
    blank = cli("items", "card-print", "SK-301", *OF, "--out", tmp_path / "blank", "--json").json()
    named = cli("items", "card-print", "SK-301", *OF, "--out", tmp_path / "named", "--batch", "2026-DG-01", "--json").json()

    own = cli("items", "card-print", "SK-301", *OF, "--out", tmp_path / "card.pdf", "--json").json()
    many = cli("items", "card-print", "SK-301", *OF, "--out", tmp_path / "cards.pdf", "--batch", "2026-DG-01")

    assert own["files"] == [str(tmp_path / "card.pdf")] and (tmp_path / "card.pdf").is_file()
    assert many.exit_code == 1 and "共有 2 份任务书，不能写入一个文件" in many.output and not (tmp_path / "cards.pdf").exists()
    assert checked.exit_code == 0 and checked.json()["answer"] == "met"
    assert [Path(file).name for file in blank["files"]] == ["任务书_SK-301.pdf"]
    assert len(named["files"]) == 2
    text = text_of(Path(named["files"][1]))
    assert "郑䶮" in text and "陈大文" not in text and "第 1 页，共 2 页" in text
    assert text.count("2026-DG-01-0002 郑䶮") == 2
    assert "郑䶮" not in text_of(Path(blank["files"][0])) and fonts_not_embedded(Path(blank["files"][0])) == []


def test_what_is_not_there_is_refused(cli: Cli, tmp_path: Path) -> None:
    cli("items", "add", TEMPLATES / "items.example.toml")

    for command, told in (
        (("items", "retire", "XX", *OF, "--reason", "试"), "没有编号为 XX 的考核项目"),
        (("items", "card-print", "SK-301", *OF, "--out", tmp_path), "还没有任务书"),
        (("items", "coverage", *FIRM, "--specification", "DG@9"), "没有评价规范 DG@9"),
        (("items", "add", TEMPLATES / "contest.example.toml"), "没有 [[item]]"),
    ):
        refused = cli(*command, on=date(2026, 6, 1))
        assert refused.exit_code == 1 and told in refused.output, command
    assert list(tmp_path.glob("*.pdf")) == []


def test_another_firm_can_neither_list_nor_write(cli: Cli, instance: Path) -> None:
    cli("items", "add", TEMPLATES / "items.example.toml")
    nobody = "91440999MA0000186J"

    for command in (("list",), ("coverage", "--specification", "DG"), ("retire", "SK-301", "--specification", "DG", "--reason", "试")):
        foreign = acting(instance, "91440999MA00000231", "items", *command, *FIRM)
        absent = acting(instance, "91440999MA00000231", "items", *command, "--institution", nobody)
        assert foreign[0] == 1 and foreign[1].replace(CREDIT_CODE, "…") == absent[1].replace(nobody, "…")
    assert acting(instance, "91440999MA00000231", "items", "add", str(TEMPLATES / "items.example.toml"))[0] == 1
    assert "SK-301" in acting(instance, CREDIT_CODE, "items", "list", *FIRM)[1]
