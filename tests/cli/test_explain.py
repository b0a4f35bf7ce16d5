"""``candidates explain`` and ``people next``: the proof, the ways, the letter; a refusal; nobody else's people."""

from datetime import date
from pathlib import Path

import pytest
from sqlmodel import select

from skilleval import packs
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from skilleval.db.tables import Credential
from skilleval.services import candidates
from tests.conftest import Cli
from tests.factories import ACTOR, CREDIT_CODE, make_batch, make_candidate, make_firm, make_person

BATCH, ON = "2026-DG-01", date(2026, 6, 8)
OTHER_FIRM = "91440300MA5F0000XB"


@pytest.fixture
def waiting(instance: Path) -> Path:
    """A candidate for 高级工 who holds 中级工 since 2022, and one who was not judged yet."""
    database, vault = Database(sqlite_url(instance / "skilleval.db")), load_vault(instance / "keys")
    with database.writing() as session:
        firm = make_firm(session)
        batch = make_batch(session, firm, BATCH, "enrolling")
        person = make_person(session, vault, firm, education="高中")
        session.flush()
        session.add(
            Credential(institution_id=firm.id, person_id=person.id or 0, kind="certificate", level="intermediate",
                       occupation_code="6-31-01-03", obtained_on=date(2022, 3, 1))
        )  # fmt: skip
        make_candidate(session, batch, person, state="applied", claimed=None)
        candidates.check_eligibility(session, ACTOR, batch, packs.library(), on=ON)
        make_candidate(session, batch, make_person(session, vault, firm, "李小文", 2), state="applied")
        session.commit()
    database.close()
    return instance


@pytest.mark.usefixtures("waiting")
def test_explain_shows_the_tree_with_clauses_and_origins_then_the_way_to_yes(cli: Cli) -> None:
    shown = cli("candidates", "explain", "--batch", BATCH, "陈大文", on=ON).stdout

    assert "2022-03-01取得证书，最早2027-03-01满5年；来源：花名册）  ——2018/senior/1：" in shown
    assert "最早 2027-03-01 符合（依据 2018/senior/1）" in shown
    assert "同志" not in shown


@pytest.mark.usefixtures("waiting")
def test_explain_writes_a_letter_when_asked(cli: Cli) -> None:
    shown = cli("candidates", "explain", "--batch", BATCH, "陈大文", "--letter", on=ON).stdout
    answer = cli("candidates", "explain", "--batch", BATCH, "陈大文", "--json", on=ON).json()

    assert shown.rstrip().splitlines()[-1] == answer["letter"]
    assert answer["letter"].startswith("陈大文同志：您好！")
    assert answer["ways"][0]["ready_on"] == "2027-03-01" and answer["proof"]["children"]


def test_a_verdict_that_would_come_out_otherwise_today_says_so(waiting: Path, cli: Cli) -> None:
    explain = ("candidates", "explain", "--batch", BATCH, "陈大文")
    before = cli(*explain, on=ON).stdout
    database = Database(sqlite_url(waiting / "skilleval.db"))
    with database.writing() as session:
        session.exec(select(Credential)).one().obtained_on = date(2021, 6, 8)
        session.commit()
    database.close()

    after = cli(*explain, on=ON).stdout

    assert "注意：" not in before and "请运行 skilleval candidates check 重新判断" in after


@pytest.mark.usefixtures("waiting")
def test_who_was_not_judged_yet_has_no_explanation(cli: Cli) -> None:
    answer = cli("candidates", "explain", "--batch", BATCH, "李小文", on=ON)

    assert answer.exit_code == 1 and "尚未判断" in answer.output


@pytest.mark.usefixtures("waiting")
def test_the_next_grade_says_what_is_missing_and_from_when(cli: Cli) -> None:
    next_ = ("people", "next", "陈大文", "--institution", CREDIT_CODE)

    shown = cli(*next_, on=ON).stdout
    answer = cli(*next_, "--json", "--on", "2027-03-01").json()

    assert "现持等级：四级/中级工" in shown and "下一等级 三级/高级工，截至 2026-06-08：不符合" in shown
    assert "只需等时间届满；最早 2027-03-01 符合（依据 2018/senior/1）" in shown
    assert (answer["verdict"], answer["met_by"], answer["ways"]) == ("met", ["2018/senior/1"], [])


@pytest.mark.usefixtures("waiting")
def test_a_wrong_edition_and_another_firms_person_are_refused(cli: Cli) -> None:
    edition = cli("people", "next", "陈大文", "--institution", CREDIT_CODE, "--conditions", "2099")
    stranger = cli("people", "next", "陈大文", "--institution", OTHER_FIRM)

    assert edition.exit_code == 1 and "没有“2099”这一版申报条件" in edition.output
    assert stranger.exit_code == 1 and "没有统一社会信用代码" in stranger.output
