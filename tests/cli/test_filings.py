"""``skilleval filings`` as a person runs it."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from tests.certified import make_certified_batch
from tests.conftest import Cli
from tests.factories import make_firm

BATCH, ON = "2026-DG-01", date(2026, 6, 24)


@pytest.fixture
def certified(instance: Path) -> None:
    database = Database(sqlite_url(instance / "skilleval.db"))
    with database.writing() as session:
        make_certified_batch(session, load_vault(instance / "keys"), make_firm(session))
        session.commit()
    database.close()


def test_a_package_is_exported_verified_and_listed(cli: Cli, certified: None, tmp_path: Path) -> None:
    exported = cli("filings", "export", "--batch", BATCH, "--out", tmp_path / "out", "--json", on=ON)
    verified = cli("filings", "verify", exported.json()["file"], "--json")
    listed = cli("filings", "list", "--json")

    assert exported.exit_code == verified.exit_code == 0
    assert verified.json()["ok"] is True
    assert verified.json()["sha256"] == exported.json()["sha256"]
    assert verified.json()["counts"] == {"candidates": 6, "passed": 5, "certificates": 5}
    assert [(entry["version"], entry["current"]) for entry in listed.json()] == [(1, True)]


def test_a_second_export_supersedes_the_first(cli: Cli, certified: None, tmp_path: Path) -> None:
    for level in ("city", "province"):
        assert cli("filings", "export", "--batch", BATCH, "--out", tmp_path, "--to", level, on=ON).exit_code == 0

    lines = cli("filings", "list").stdout.splitlines()

    assert "第 1 版" in lines[0] and "已被新版取代" in lines[0]
    assert "第 2 版" in lines[1] and "有效" in lines[1]


def test_a_package_with_one_byte_changed_exits_1_and_says_so(cli: Cli, certified: None, tmp_path: Path) -> None:
    file = Path(cli("filings", "export", "--batch", BATCH, "--out", tmp_path, "--json", on=ON).json()["file"])
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 1
    file.write_bytes(changed)

    answer = cli("filings", "verify", file)

    assert answer.exit_code == 1
    assert "核对未通过" in answer.stdout and "核对通过" not in answer.stdout


def test_verify_needs_no_installation(cli: Cli, certified: None, instance: Path, tmp_path: Path) -> None:
    file = cli("filings", "export", "--batch", BATCH, "--out", tmp_path, "--json", on=ON).json()["file"]
    shutil.rmtree(instance)

    answer = cli("filings", "verify", file)

    assert answer.exit_code == 0
    assert "核对通过：未发现问题" in answer.stdout


def test_an_unknown_batch_is_refused(cli: Cli, tmp_path: Path) -> None:
    answer = cli("filings", "export", "--batch", "没有", "--out", tmp_path, "--json")

    assert answer.exit_code == 1
    assert "没有编号为" in answer.json()["error"]


def test_a_missing_package_is_a_usage_error(cli: Cli, tmp_path: Path) -> None:
    assert cli("filings", "verify", tmp_path / "none.zip").exit_code == 2


def test_nothing_exported_yet_is_said(cli: Cli) -> None:
    assert "还没有导出过" in cli("filings", "list").stdout


def test_the_account_of_an_export_names_files_and_empty_columns(cli: Cli, certified: None, tmp_path: Path) -> None:
    answer = cli("filings", "export", "--batch", BATCH, "--out", tmp_path, on=ON)

    assert "04_证书数据上报表.xlsx  5 行" in answer.stdout
    assert "留空：02_考生花名册.xlsx“照片”6 行，照片不写入表格" in answer.stdout
