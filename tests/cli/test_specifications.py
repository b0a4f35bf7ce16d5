"""Drafts of specifications on the command line: from the shipped sample files to the approved specification."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from skilleval import paths
from skilleval.cli import main
from skilleval.db.engine import Database, sqlite_url
from tests.chained import MEMBERS, add_member, make_scene
from tests.conftest import Cli
from tests.factories import CREDIT_CODE
from tests.reports.reading import text_of

TEMPLATES = paths.shipped("templates")
NUMBER = "GF-2026-01"
HELD = date(2026, 4, 10)


@pytest.fixture(autouse=True)
def chain(instance: Path) -> None:
    database = Database(sqlite_url(instance / "skilleval.db"))
    with database.writing() as session:
        scene = make_scene(session)
        add_member(session, scene.chain, scene.lead, MEMBERS[1], "配套企业乙")
        session.commit()
    database.close()


@pytest.fixture
def drafted(cli: Cli) -> Cli:
    """The shipped sample files, read as they are."""
    assert cli("specifications", "draft", TEMPLATES / "draft.example.toml").exit_code == 0
    answer = cli("specifications", "revise", NUMBER, TEMPLATES / "revision.example.toml", "--reason", "首稿", "--json", on=date(2026, 3, 10))
    assert answer.json()["revision"] == 1
    return cli


def test_the_samples_walk_the_whole_road(drafted: Cli, tmp_path: Path) -> None:
    cli = drafted
    assert "示例专家甲（示例职业技术学院）" in cli("specifications", "review", TEMPLATES / "review.example.toml", on=HELD).output
    assert "采纳" in cli("specifications", "answer", NUMBER, 1, "--adopt", "--reason", "同意", on=HELD).output
    assert "修改后再审" in cli("specifications", "conclude", NUMBER, "--revise", "--reason", "按意见改", on=HELD).output
    second = tmp_path / "second.toml"
    text = (TEMPLATES / "revision.example.toml").read_text(encoding="utf-8")
    second.write_text(text.replace("weight = 60", "weight = 70").replace("weight = 40", "weight = 30"), encoding="utf-8")
    revised = cli("specifications", "revise", NUMBER, second, "--reason", "按意见1", on=HELD)
    assert "三级/高级工 技能操作考核 权重：60% → 70%" in revised.output
    assert cli("specifications", "diff", NUMBER).output.splitlines()[1:] == revised.output.splitlines()[1:]
    again = tmp_path / "again.toml"
    again.write_text((TEMPLATES / "review.example.toml").read_text(encoding="utf-8").split("[[opinion]]")[0], encoding="utf-8")
    assert cli("specifications", "review", again, on=HELD).exit_code == 0
    passed = cli("specifications", "conclude", NUMBER, "--pass", "--reason", "一致同意", "--unknown-reason", "按3人执行", on=HELD)
    assert passed.exit_code == 0

    approved = cli("specifications", "approve", NUMBER, "--reason", "4号文", "--json", on=HELD)

    assert approved.json() == {"number": NUMBER, "code": "SKZP", "version": 1, "title": "数控装配电工评价规范"}
    assert "已批准：评价规范 SKZP 第 1 版" in cli("specifications", "list").output
    assert f"由起草项目 {NUMBER} 评审批准" in cli("institutions", "show", CREDIT_CODE).output
    assert cli("specifications", "record", NUMBER, "--out", tmp_path / "r.pdf").exit_code == 0
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert cli("verify", "--all").exit_code == 0


@pytest.mark.slow
def test_the_record_says_who_reviewed_and_what_became_of_each_opinion(drafted: Cli, tmp_path: Path) -> None:
    drafted("specifications", "review", TEMPLATES / "review.example.toml", on=HELD)
    drafted("specifications", "answer", NUMBER, 1, "--reject", "--reason", "现场条件所限", on=HELD)
    drafted("specifications", "conclude", NUMBER, "--pass", "--reason", "一致同意", "--unknown-reason", "按3人执行", on=HELD)

    drafted("specifications", "record", NUMBER, "--out", tmp_path / "r.pdf")

    text = "".join(text_of(tmp_path / "r.pdf").split())
    for told in ("评价规范评审记录", "示例专家甲", "处理：不采纳，现场条件所限", "评审结论：通过", "仍予通过的理由：按3人执行"):
        assert told in text


def test_a_pass_is_refused_with_every_reason(drafted: Cli) -> None:
    drafted("specifications", "review", TEMPLATES / "review.example.toml", on=HELD)

    refused = drafted("specifications", "conclude", NUMBER, "--pass", "--reason", "同意", "--json", on=HELD)

    assert refused.exit_code == 1
    first, second = refused.json()["reasons"]
    assert "第 1 条意见还没有处理" in first and "specification_review.quorum" in second
    assert drafted("specifications", "conclude", NUMBER, "--reason", "同意", on=HELD).exit_code == 2


def test_a_member_sees_what_it_drafts_and_another_is_told_that_it_is_not_there(drafted: Cli, instance: Path) -> None:
    def ask(code: str, *command: str) -> str:
        return CliRunner().invoke(
            main, ["--instance", str(instance), "--on", "2026-04-10", "--acting", code, "--actor", "链员", "specifications", *command]
        ).output

    assert "起草人丙" in ask(MEMBERS[0], "show", NUMBER)
    assert "链员（配套企业甲）" in ask(MEMBERS[0], "opine", NUMBER, "--part", "权重", "--text", "宜再议")
    assert "由牵头单位办理" in ask(MEMBERS[0], "approve", NUMBER, "--reason", "试")
    assert ask(MEMBERS[1], "show", NUMBER) == ask(MEMBERS[1], "show", "ZZZ").replace("ZZZ", NUMBER)
    assert "还没有起草项目" in ask(MEMBERS[1], "list")


def test_one_revision_alone_is_compared_with_nothing(drafted: Cli) -> None:
    refused = drafted("specifications", "diff", NUMBER)

    assert refused.exit_code == 1 and "只有一稿" in refused.stderr


def test_drafters_come_and_leave(drafted: Cli) -> None:
    added = drafted("specifications", "drafter-add", NUMBER, "--credit-code", MEMBERS[1], "--person", "某", "--joined", "2026-04-01")
    left = drafted("specifications", "drafter-leave", NUMBER, "--credit-code", MEMBERS[1], "--left", "2026-04-30", "--reason", "退出")

    assert "配套企业乙，2026-04-01 起" in added.output and "参编至 2026-04-30" in left.output
    ended = drafted("specifications", "abandon", NUMBER, "--reason", "不再需要")
    assert "已终止" in ended.output
