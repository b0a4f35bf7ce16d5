import re
from pathlib import Path

import pytest

from skilleval.db.engine import Database, sqlite_url
from tests.conftest import Cli
from tests.factories import CREDIT_CODE, make_firm

FIRM = ("--institution", CREDIT_CODE)


@pytest.fixture(autouse=True)
def a_firm(instance: Path) -> None:
    database = Database(sqlite_url(instance / "skilleval.db"))
    with database.writing() as session:
        make_firm(session)
        session.commit()
    database.close()


def test_an_account_is_added_with_a_password_that_is_told_once(cli: Cli, instance: Path) -> None:
    added = cli("accounts", "add", "Wang", "--name", "王某", "--role", "assessor", "--role", "reviewer", *FIRM)

    assert "wang  王某  正常  岭南精工制造有限公司：考评员、审核员" in added.output
    password = re.search(r"(\w{4}-){3}\w{4}", added.output)
    assert password is not None
    shown = cli("accounts", "show", "wang", "--json")
    assert shown.json() | {"login": "wang", "state": "active", "totp": False, "must_change_password": True} == shown.json()
    assert [one["action"] for one in shown.json()["events"]] == ["accounts.grant", "accounts.grant", "accounts.add"]
    assert password.group() not in shown.output + cli("accounts", "list").output
    assert not [file for file in instance.glob("skilleval.db*") if password.group().encode() in file.read_bytes()]


def test_roles_are_given_taken_back_and_tied_to_an_assessor(cli: Cli) -> None:
    cli("accounts", "add", "wang", "--name", "王某")

    assert "没有角色" in cli("accounts", "list").output
    assert "人力资源" in cli("accounts", "grant", "wang", "hr", *FIRM).output
    assert "（K2）" in cli("accounts", "link", "wang", *FIRM, "--personnel", "K2").output
    answer = cli("accounts", "revoke", "wang", "hr", *FIRM, "--json").json()

    assert answer["roles"] == []
    assert cli("accounts", "revoke", "wang", "hr", *FIRM).exit_code == 1


def test_an_account_is_disabled_enabled_and_given_a_new_password(cli: Cli) -> None:
    first = cli("accounts", "add", "wang", "--name", "王某", "--json").json()

    assert "停用" in cli("accounts", "disable", "wang", "--reason", "离职").output
    assert cli("accounts", "disable", "wang", "--reason", "离职").exit_code == 1
    assert "正常" in cli("accounts", "enable", "wang", "--reason", "回来").output
    second = cli("accounts", "reset-password", "wang", "--json").json()
    assert second["one_time_password"] != first["one_time_password"]
    assert "没有启用动态口令" in cli("accounts", "remove-totp", "wang").stderr


def test_the_token_is_given_until_there_is_an_administrator(cli: Cli) -> None:
    assert len(cli("accounts", "setup-token", "--json").json()["token"]) == 43
    assert "只显示这一次" in cli("accounts", "setup-token").output

    assert "系统管理员" in cli("accounts", "add", "root", "--name", "管理员", "--role", "administrator").output
    refused = cli("accounts", "setup-token")

    assert refused.exit_code == 1 and "已有系统管理员" in refused.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("show", "nobody"), "没有登录名为 nobody"),
        (("add", "wang", "--name", "王某", "--role", "hr"), "请填写统一社会信用代码"),
        (("add", "wang", "--name", "王某", "--role", "hr", "--role", "administrator", *FIRM), "不能兼任"),
        (("link", "root", *FIRM, "--personnel", "K9"), "没有编号为 K9"),
    ],
)
def test_what_is_refused(cli: Cli, command: tuple[str, ...], words: str) -> None:
    cli("accounts", "add", "root", "--name", "管理员", "--role", "administrator")

    answer = cli("accounts", *command)

    assert answer.exit_code == 1 and words in answer.stderr
    assert "wang" not in cli("accounts", "list").output


def test_an_institution_that_acts_neither_sees_nor_changes_accounts(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("accounts", "add", "wang", "--name", "王某")
    before = cli("accounts", "list", "--json").json()
    monkeypatch.setenv("SKILLEVAL_ACTING", CREDIT_CODE)

    for command in (("list",), ("show", "wang"), ("setup-token",), ("grant", "wang", "hr", *FIRM), ("reset-password", "wang"),
                    ("disable", "wang", "--reason", "试"), ("add", "li", "--name", "李某")):  # fmt: skip
        answer = cli("accounts", *command)
        assert answer.exit_code == 1 and "由安装的管理者管理" in answer.stderr, command

    monkeypatch.delenv("SKILLEVAL_ACTING")
    assert cli("accounts", "list", "--json").json() == before
