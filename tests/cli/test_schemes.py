"""Schemes on the command line: defined, filled in, refused with every error, corrected, and shown line by line."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from sqlmodel import Session

from skilleval import paths
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from skilleval.settings import load_settings
from tests.conftest import Cli
from tests.factories import CREDIT_CODE, make_batch, make_candidate, make_firm, make_person

EXAMPLE = paths.shipped("templates") / "scheme-skill.example.toml"
OTHER = "91440999MA00001620"
AT = ("--batch", "2026-DG-01", "--method", "skill")


@pytest.fixture
def marking(cli: Cli, instance: Path) -> Cli:
    """An installation with a batch that is being marked, the shipped criterion sheet, and a second firm."""
    settings = load_settings(instance)
    database = Database(sqlite_url(settings.database_file))
    with database.writing() as session:
        _make(session, settings.keys_folder)
        session.commit()
    assert cli("schemes", "define", EXAMPLE).exit_code == 0
    return cli


def _make(session: Session, keys: Path) -> None:
    vault = load_vault(keys)
    firm = make_firm(session)
    make_firm(session, OTHER, "Y000044000124", name="别家制造有限公司")
    make_candidate(session, make_batch(session, firm, state="marking"), make_person(session, vault, firm))


def filled(cli: Cli, file: Path, *told: object) -> Path:
    """The template with what K1 fills in for the only candidate."""
    assert cli("schemes", "template", file, *AT).exit_code == 0
    book = openpyxl.load_workbook(file)
    for column, value in enumerate(told, start=3):
        book["评分 K1"].cell(2, column, value)
    book.save(file)
    return file


def test_a_sheet_is_filled_in_imported_corrected_and_shown(marking: Cli, tmp_path: Path) -> None:
    entered = marking("schemes", "import", filled(marking, tmp_path / "a.xlsx", 18, 22.5, 20, 24, 1, 0), *AT, "--json")
    corrected = marking("schemes", "import", filled(marking, tmp_path / "b.xlsx", 18, 22.5, 20, 24, 1, 0, "是"), *AT,
                        "--reason", "监控复核")  # fmt: skip
    shown = marking("schemes", "show", "陈大文", "--batch", "2026-DG-01")
    told = marking("schemes", "show", "陈大文", "--batch", "2026-DG-01", "--json").json()

    assert entered.exit_code == corrected.exit_code == 0 and entered.json()["new"] == 1
    assert [(row["mark"], row["revision"], row["reason"], row["veto"]) for row in told] == [
        ("93.00", 1, None, None), ("0.00", 2, "监控复核", "F1 带电作业"),
    ]  # fmt: skip
    assert "技能操作考核  K1  93.00\n    1 元件安装：18.00 / 20.00\n" in shown.stdout
    assert "有安全否决项（F1 带电作业），该部分为 0.00；未否决时为 93.00" in shown.stdout
    listed = marking("schemes", "list", "--institution", CREDIT_CODE)
    assert "DG v1  三级/高级工  技能操作考核  评分表“电工高级工技能操作评分表”第 1 版" in listed.stdout


def test_limits_stand_in_the_template(marking: Cli, tmp_path: Path) -> None:
    page = openpyxl.load_workbook(filled(marking, tmp_path / "a.xlsx"))["评分 K1"]

    checks = {str(one.sqref).partition(":")[0]: (one.type, one.formula1, one.formula2) for one in page.data_validations.dataValidation}
    assert checks["C2"] == ("decimal", "0", "20.0") and checks["G2"] == ("whole", "0", "99")
    assert checks["I2"][:2] == ("list", '"是,否"')


def test_wrong_cells_are_refused_together_and_marked(marking: Cli, tmp_path: Path) -> None:
    file = filled(marking, tmp_path / "a.xlsx", 21, None, 20, 24, 1, 100)
    refused = marking("schemes", "import", file, *AT, "--errors", tmp_path / "wrong.xlsx")

    assert refused.exit_code == 1 and "没有写入任何数据" in refused.stdout
    for message in ("“1 元件安装”应在 0 至 20.00 分之间", "没有填：“2 布线接线”应在 0 至 25.00 分之间", "“6 现场未清理”应为扣分次数"):
        assert message in refused.stdout
    page = openpyxl.load_workbook(tmp_path / "wrong.xlsx")["评分 K1"]
    assert [cell.coordinate for cell in page[2] if cell.comment] == ["C2", "D2", "H2"]


def test_another_firms_scheme_is_not_there(marking: Cli, tmp_path: Path) -> None:
    def told(*command: object) -> str:
        answer = marking("--acting", OTHER, *command)
        assert answer.exit_code == 1
        return answer.stderr

    assert f"没有统一社会信用代码为 {CREDIT_CODE} 的评价机构" in told("schemes", "define", EXAMPLE)
    assert f"没有统一社会信用代码为 {CREDIT_CODE} 的评价机构" in told("schemes", "list", "--institution", CREDIT_CODE)
    for command in (
        ("schemes", "template", tmp_path / "x.xlsx", *AT), ("schemes", "import", tmp_path / "x.xlsx", *AT),
        ("schemes", "show", "陈大文", "--batch", "2026-DG-01"),
    ):  # fmt: skip
        assert told(*command) == "没有编号为 2026-DG-01 的批次，可用 skilleval batches list 查看\n"
    assert not (tmp_path / "x.xlsx").exists()


def test_a_specification_with_a_scheme_is_changed_by_a_new_version_only(cli: Cli, tmp_path: Path) -> None:
    example = (paths.shipped("templates") / "institution.example.toml").read_text(encoding="utf-8")
    for name, text in (("one", example), ("two", example.replace("assessors = 3", "assessors = 2"))):
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    assert cli("institutions", "add", tmp_path / "one.toml").exit_code == 0
    assert cli("schemes", "define", EXAMPLE).exit_code == 0

    refused = cli("institutions", "add", tmp_path / "two.toml")

    assert cli("institutions", "add", tmp_path / "one.toml").exit_code == 0
    assert refused.exit_code == 1 and "评价规范 DG 第 1 版已登记评分办法，不能改动；请把 version 加一作为新版本" in refused.stderr


def test_the_samples_fit_each_other_in_the_order_of_the_readme(cli: Cli) -> None:
    samples = paths.shipped("templates")
    for command, name in (
        (("institutions", "add"), "institution"), (("items", "add"), "items"), (("items", "card-add"), "cards"),
        (("schemes", "define"), "scheme-skill"), (("schemes", "define"), "scheme-performance"),
        (("schemes", "define"), "scheme-process"), (("batches", "add"), "batch"),
    ):  # fmt: skip
        done = cli(*command, samples / f"{name}.example.toml", on=date(2026, 5, 6))
        assert done.exit_code == 0, (name, done.output)
