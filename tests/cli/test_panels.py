from datetime import date
from pathlib import Path

import pytest

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from tests.conftest import Cli
from tests.factories import CREDIT_CODE, id_number, make_batch, make_candidate, make_firm, make_person

BATCH = "2026-DG-01"
ON = date(2026, 6, 8)
PEOPLE = ("--chair", "K1", "--member", "K2", "--member", "K3")


@pytest.fixture(autouse=True)
def filled(instance: Path) -> None:
    vault = load_vault(instance / "keys")
    with Database(sqlite_url(instance / "skilleval.db")).writing() as session:
        firm = make_firm(session)
        batch = make_batch(session, firm, BATCH, "scheduled")
        make_candidate(session, batch, make_person(session, vault, firm, "陈大文", 1))
        make_candidate(session, batch, make_person(session, vault, firm, "李小红", 2))
        session.commit()


def declare(cli: Cli, code: str = "K1") -> None:
    answer = cli("conflicts", "declare", "--institution", CREDIT_CODE, "--kind", "mentor", "--assessor", code, "--with", "陈大文",
                 "--source", "师带徒协议", on=ON)  # fmt: skip
    assert answer.exit_code == 0 and "已声明：师徒关系（师带徒协议）" in answer.output


def test_a_panel_is_proposed_assigned_and_shown(cli: Cli) -> None:
    proposal = cli("panels", "propose", "--batch", BATCH, "--method", "skill", "--json").json()
    told = cli("panels", "propose", "--batch", BATCH, "--method", "skill")
    before = cli("panels", "show", "--batch", BATCH)
    assigned = cli("panels", "assign", "--batch", BATCH, "--method", "skill", *PEOPLE, "--reason", "按方案")
    shown = cli("panels", "show", "--batch", BATCH, "--json").json()

    assert (proposal["feasible"], proposal["chair"], proposal["members"]) == (True, "K1", ["K1", "K2", "K3"])
    assert all(one["reasons"] and one["consequences"] for one in proposal["people"])
    assert told.exit_code == 0 and "建议 3 人评审组，组长 K1，成员 K1、K2、K3" in told.output
    assert "还没有评审组" in before.output
    assert assigned.exit_code == 0 and "组长  K1 考评员甲" in assigned.output
    assert [(one["code"], one["role"]) for one in shown[0]["members"]] == [("K1", "chair"), ("K2", "member"), ("K3", "member")]


def test_a_panel_that_may_not_be_is_refused_with_reasons(cli: Cli) -> None:
    declare(cli)

    refused = cli("panels", "assign", "--batch", BATCH, "--method", "skill", *PEOPLE[:4], "--reason", "按方案", "--json")
    proposal = cli("panels", "propose", "--batch", BATCH, "--method", "skill")
    missing = cli("panels", "assign", "--batch", BATCH, *PEOPLE, "--reason", "按方案")

    assert refused.exit_code == proposal.exit_code == missing.exit_code == 1
    assert refused.json()["reasons"] == [
        "至少需 3 人，现有 2 人",
        "人数须为单数，现有 2 人",
        "考评员甲（K1）与考生陈大文：师徒关系，待认定（师带徒协议）",
    ]
    assert "组不成 3 人的评审组" in proposal.output and "考生陈大文与考评人员有须回避的情形" in proposal.output
    assert "没有综合评审" in missing.output


def test_a_person_is_checked_against_every_candidate(cli: Cli) -> None:
    declare(cli)

    told = cli("panels", "check", "--batch", BATCH, "--person", "K1")
    answer = cli("panels", "check", "--batch", BATCH, "--person", "K1", "--json").json()
    unknown = cli("panels", "check", "--batch", BATCH, "--person", "K9")

    assert "师徒关系，待认定（师带徒协议）" in told.output and "李小红 三级/高级工  没有回避情形" in told.output
    assert answer["methods"]["skill"]["may"] is False
    assert [[one["kind"] for one in row["conflicts"]] for row in answer["candidates"]] == [["mentor"], []]
    assert unknown.exit_code == 1 and "没有编号为 K9" in unknown.output


def test_conflicts_are_listed_confirmed_and_dismissed(cli: Cli) -> None:
    assert "没有回避情形" in cli("conflicts", "list", "--batch", BATCH).output
    declare(cli)
    found = cli("conflicts", "list", "--batch", BATCH, "--json").json()
    named = found[0]["id"]
    stopped = cli("batches", "advance", BATCH, "marking", on=ON)

    confirmed = cli("conflicts", "confirm", named, "--reason", "协议在案", on=ON)
    dismissed = cli("conflicts", "dismiss", named, "--reason", "协议早已终止", "--json", on=ON)
    again = cli("conflicts", "dismiss", named, "--reason", "协议早已终止", on=ON)

    assert [(one["person"], one["candidate"], one["kind"], one["state"]) for one in found] == [("K1", "陈大文", "mentor", "suspected")]
    assert stopped.exit_code == 1 and "待认定（师带徒协议）" in stopped.output
    assert confirmed.exit_code == 0 and "师徒关系：已认定（师带徒协议）" in confirmed.output
    assert dismissed.json()["state"] == "dismissed" and dismissed.json()["decided_by"] == "hr"
    assert again.exit_code == 1 and "已是“已排除”" in again.output
    assert cli("batches", "advance", BATCH, "marking", on=ON).exit_code == 0
    assert cli("verify", "--all").exit_code == 0


def test_wrong_words_are_refused(cli: Cli) -> None:
    wrong = cli("conflicts", "dismiss", "K1", "--reason", "x")
    nobody = cli("conflicts", "declare", "--institution", CREDIT_CODE, "--kind", "kin", "--with", "陈大文", "--source", "x")

    assert wrong.exit_code == 1 and "不是回避情形的编号" in wrong.output
    assert nobody.exit_code == 1 and "须写明其一" in nobody.output


def test_no_answer_shows_a_document_number(cli: Cli) -> None:
    declare(cli)
    outputs = [
        cli("conflicts", "list", "--batch", BATCH, "--json"),
        cli("panels", "check", "--batch", BATCH, "--person", "K1", "--json"),
        cli("panels", "propose", "--batch", BATCH, "--method", "skill", "--json"),
    ]

    assert all(id_number(serial) not in answer.output for answer in outputs for serial in (1, 2))
