from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from skilleval import paths
from skilleval.cli import main
from tests.conftest import Cli


def test_init_makes_database_configuration_and_keys(instance: Path) -> None:
    assert {path.name for path in instance.iterdir()} >= {"skilleval.db", "config.toml", "keys", "rulepacks", "standards"}
    assert "# " in (instance / "config.toml").read_text(encoding="utf-8")


def test_init_never_touches_an_installation(cli: Cli, instance: Path) -> None:
    before = (instance / "skilleval.db").read_bytes()

    answer = cli("init")

    assert answer.exit_code == 1
    assert "已经是一个安装" in answer.stderr
    assert (instance / "skilleval.db").read_bytes() == before


def test_a_refusal_is_json_where_json_was_asked_for(cli: Cli) -> None:
    answer = cli("journal", "show", "--institution", "91440999MA0000015E", "--json")

    assert answer.exit_code == 1
    assert "91440999MA0000015E" in answer.json()["error"]


def test_a_wrong_call_is_exit_code_two(cli: Cli) -> None:
    assert cli("journal", "show").exit_code == 2
    assert cli("no-such-noun").exit_code == 2
    assert CliRunner().invoke(main, ["--on", "2026-02-30", "verify", "--all"]).exit_code == 2


def test_an_empty_installation_verifies(cli: Cli) -> None:
    answer = cli("verify", "--all", "--json", on=date(2026, 1, 1))

    assert answer.exit_code == 0
    assert answer.json() == {"ok": True, "findings": []}


def test_a_folder_without_an_installation_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--instance", str(tmp_path / "none"), "verify", "--all"])

    assert result.exit_code == 1
    assert "skilleval init" in result.output


def test_an_anchor_copied_only_in_part_is_a_wrong_call_and_no_suspicion(cli: Cli) -> None:
    answer = cli("journal", "verify", "--institution", "91440999MA0000015E", "--anchor", "89a4 E221")

    assert answer.exit_code == 2
    assert "应为完整的64位" in answer.stderr


def test_an_anchor_typed_in_groups_and_capitals_is_understood(cli: Cli) -> None:
    cli("institutions", "add", paths.shipped("templates") / "institution.example.toml")
    anchor = "0000 " * 16

    assert cli("journal", "verify", "--institution", "91440999MA0000015E", "--anchor", anchor).exit_code == 0
    wrong = cli("journal", "verify", "--institution", "91440999MA0000015E", "--anchor", "ABCD" * 16)
    assert wrong.exit_code == 1
    assert "请先核对" in wrong.stdout


@pytest.mark.slow
def test_the_password_of_the_database_is_not_printed(postgres_cluster: str, tmp_path: Path) -> None:
    address = postgres_cluster.format(name="postgres").replace("skilleval@", "skilleval:secret-word@")

    result = CliRunner().invoke(main, ["--instance", str(tmp_path / "own"), "init", "--database-url", address])

    assert result.exit_code == 0, result.output
    assert "secret-word" not in result.output
    assert "secret-word" in (tmp_path / "own" / "config.toml").read_text(encoding="utf-8")
