from datetime import date
from pathlib import Path

import pytest

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from tests.conftest import Cli
from tests.factories import make_batch, make_candidate, make_firm, make_person

BATCH = "2026-DG-01"


@pytest.fixture
def batch_in(instance: Path) -> Database:
    return Database(sqlite_url(instance / "skilleval.db"))


def put(database: Database, instance: Path, state: str) -> None:
    with database.writing() as session:
        firm = make_firm(session)
        batch = make_batch(session, firm, BATCH, state)
        batch.venues = []
        make_candidate(session, batch, make_person(session, load_vault(instance / "keys"), firm))
        session.commit()


def test_a_batch_shows_its_next_step_as_a_tree_with_clauses(cli: Cli, batch_in: Database, instance: Path) -> None:
    put(batch_in, instance, "reviewed")

    shown, answer = cli("batches", "show", BATCH), cli("batches", "show", BATCH, "--json").json()

    assert "[不符合] 至少指定 1 处考核场地（尚未指定考核场地；来源：批次的指派）  ——venue.minimum：" in shown.output
    assert "[符合] 三级/高级工技能操作考核的考评员人数" in shown.output and "skill.assessors_minimum" in shown.output
    assert answer["next"]["scheduled"] == ["尚未指定考核场地"] and answer["deadline"] is None
    assert answer["readiness"]["scheduled"]["answer"] == "not_met"
    assert [leaf["clause"]["id"] for leaf in answer["readiness"]["scheduled"]["children"]][-1] == "duties.assessor_supervises"


def test_a_batch_tells_the_step_ahead_from_those_back_and_off(cli: Cli, batch_in: Database, instance: Path) -> None:
    put(batch_in, instance, "reviewed")

    steps = [line.strip() for line in cli("batches", "show", BATCH).output.splitlines() if "skilleval batches advance" in line]

    assert steps == [
        f"下一步：考务编排完成（skilleval batches advance {BATCH} scheduled）",
        f"退回：报名（skilleval batches advance {BATCH} enrolling）",
        f"取消批次：已取消（skilleval batches advance {BATCH} cancelled）",
    ]


def test_a_batch_that_ended_shows_its_deadline_with_the_days_left(cli: Cli, batch_in: Database, instance: Path) -> None:
    put(batch_in, instance, "marking")

    during, after, late, unknown = (
        cli("batches", "show", BATCH, "--json", on=on).json()["deadline"]
        for on in (date(2026, 6, 12), date(2026, 6, 15), date(2026, 6, 30), date(2026, 6, 29))
    )

    assert during is None
    assert (after["last_day"], after["left"], after["proof"]["answer"]) == ("2026-06-29", 9, "met")
    assert (late["left"], late["proof"]["answer"]) == (-1, "not_met")
    assert unknown["left"] == 0
    assert "还剩 9 个工作日" in cli("batches", "show", BATCH, on=date(2026, 6, 15)).output


def test_enrolment_is_extended_with_a_reason_by_its_own_institution_alone(
    cli: Cli, batch_in: Database, instance: Path
) -> None:
    put(batch_in, instance, "enrolling")
    ask = ("batches", "extend", BATCH, "--until", "2026-05-25", "--reason", "停电一天")

    foreign = cli("--acting", "91440999MA0000099X", *ask)
    done, again = cli(*ask, "--json"), cli(*ask)

    assert foreign.exit_code and done.json()["enrol_until"] == "2026-05-25"
    assert again.exit_code == 1 and "应在原截止日期 2026-05-25 之后" in again.output
