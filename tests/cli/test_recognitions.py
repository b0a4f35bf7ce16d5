"""Direct recognition on the command line: from evidence and case file to decision and minutes."""

from pathlib import Path

import pytest
from sqlmodel import select

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from skilleval.db.tables import CaseDecision, Registration
from skilleval.settings import load_settings
from tests.conftest import Cli
from tests.direct import DECIDED, make_direct

ROOT = Path(__file__).resolve().parents[2]
CASE = "2026-ZJ-01-A001"


@pytest.fixture
def firm(instance: Path, tmp_path: Path) -> Database:
    """An installation whose direct batch is being marked, with one candidate and a panel of three."""
    settings = load_settings(instance)
    database = Database(sqlite_url(settings.database_file))
    with database.writing() as session:
        direct = make_direct(session, load_vault(settings.keys_folder), tmp_path)
        direct.apply(("陈大文", "technician", "intermediate"))
        direct.start()
        session.commit()
    return database


@pytest.fixture
def laid(cli: Cli, firm: Database) -> Cli:
    """The shipped sample files, read as they are."""
    assert cli("evidence", "add", ROOT / "templates" / "evidence.example.toml").exit_code == 0
    answer = cli("recognitions", "add", ROOT / "templates" / "cases.example.toml", "--json")
    assert [row["number"] for row in answer.json()] == [CASE]
    return cli


def voted(cli: Cli) -> Cli:
    cli("evidence", "accept", "ZM-001", "ZM-002", actor="核验员")
    for code in ("P1", "P2", "P3"):
        answer = cli("recognitions", "vote", CASE, "--member", code, "--agree", "--comment", "符合认定要求")
        assert answer.exit_code == 0, answer.output
    return cli


def test_a_case_is_shown_with_everything_it_lacks(laid: Cli) -> None:
    shown = laid("recognitions", "show", CASE, "--json", on=DECIDED).json()
    read = laid("recognitions", "show", CASE, on=DECIDED).stdout

    assert shown["composite"] == "89.50" and shown["lines"][0]["evidence"] == {"ZM-001": "submitted"}
    assert "必备项第 3 项“技术革新”没有已采信的佐证材料" in shown["missing"] and shown["warnings"] == []
    assert "评审组至少需 3 人表决，现有 0 人" in read and "限制 逐级：现持四级/中级工，申报二级/技师" in read


def test_the_candidates_verdict_is_explained_by_the_clause(laid: Cli) -> None:
    answer = laid("candidates", "explain", "--batch", "2026-ZJ-01", "陈大文", "--letter")

    assert answer.exit_code == 0 and "打破的限制" in answer.stdout and "direct.wide" in answer.stdout


def test_a_decision_is_refused_with_all_reasons_and_exit_code_1(laid: Cli) -> None:
    refused = laid("recognitions", "decide", CASE, "--recognise", "--reason", "同意", "--json", on=DECIDED)

    assert refused.exit_code == 1 and len(refused.json()["reasons"]) == 9


def test_a_decision_outside_authority_is_refused(laid: Cli, firm: Database) -> None:
    voted(laid)
    with firm.writing() as session:
        session.exec(select(Registration)).one().state = "suspended"
        session.commit()

    refused = laid("recognitions", "decide", CASE, "--recognise", "--reason", "同意", on=DECIDED, actor="认定主任")

    assert refused.exit_code == 1 and "状态不是“已备案”" in refused.stderr
    with firm.reading() as session:
        assert session.exec(select(CaseDecision)).all() == []


def test_a_case_is_scored_voted_decided_settled_and_written_up(laid: Cli, tmp_path: Path) -> None:
    cli = voted(laid)
    assert cli("recognitions", "score", CASE, "--line", "1=28", "--method", "performance=90").exit_code == 0

    decided = cli("recognitions", "decide", CASE, "--recognise", "--reason", "同意", "--json", on=DECIDED, actor="认定主任")
    settled = cli("marks", "settle", "--batch", "2026-ZJ-01", "--json")
    written = cli("recognitions", "minutes", CASE, "--out", tmp_path / "m.pdf", "--json")

    assert decided.exit_code == 0 and decided.json()["composite"] == "90.50"
    assert settled.json()["passed"] == 1
    assert (tmp_path / "m.pdf").read_bytes().startswith(b"%PDF-")
    assert all(one["sources"] for one in written.json()["sentences"])
    assert [row["state"] for row in cli("recognitions", "list", "--batch", "2026-ZJ-01", "--json").json()] == ["recognised"]
    assert "予以认定" in cli("recognitions", "list", "--batch", "2026-ZJ-01").stdout
    assert cli("replay", "2026-ZJ-01").exit_code == 0
    assert cli("verify", "--all").exit_code == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("recognitions", "show", "X"), 1),
        (("recognitions", "vote", CASE, "--member", "P9", "--agree"), 1),
        (("recognitions", "vote", CASE, "--member", "P1"), 2),
        (("recognitions", "score", CASE, "--line", "1=30.01"), 1),
        (("recognitions", "score", CASE, "--line", "x=3"), 2),
        (("recognitions", "decide", CASE, "--reason", "x"), 2),
        (("recognitions", "minutes", CASE, "--out", "x.pdf"), 1),
        (("evidence", "reject", "ZM-001", "--reason", " "), 1),
        (("evidence", "accept", "ZM-9"), 1),
    ],
)
def test_what_is_wrong_is_refused_in_words(laid: Cli, command: tuple[str, ...], code: int) -> None:
    answer = laid(*command)

    assert (answer.exit_code, bool(answer.stderr)) == (code, True)


def test_evidence_is_listed_with_who_verified_it(laid: Cli) -> None:
    laid("evidence", "accept", "ZM-001", actor="核验员")
    laid("evidence", "reject", "ZM-002", "--reason", "与本人无关", actor="核验员")

    rows = laid("evidence", "list", "--institution", "91440999MA0000015E", "--json").json()

    assert [(row["state"], row["verifier"], row["person"]) for row in rows] == [
        ("accepted", "核验员", "陈大文"), ("rejected", "核验员", "陈大文"),
    ]  # fmt: skip
    assert "与本人无关" in laid("evidence", "list").stdout
