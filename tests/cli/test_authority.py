"""``skilleval authority``, and every command that creates something official: refused without authority, done with it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from skilleval import paths
from skilleval.cli.demo import do_command
from skilleval.demo import firms, road, rosters
from skilleval.demo.story import Story
from skilleval.services.number_list import NUMBER_COLUMNS
from skilleval.sheets.writing import FormSheet, write_form
from tests.conftest import Cli
from tests.factories import REGISTRATION_NUMBER

FIRM = ("--institution", "91440999MA0000015E", "--occupation", "6-31-01-03")
ASSESSMENT = (*FIRM, "--grade", "三级/高级工", "--route", "考核")
TECHNICIAN = (*FIRM, "--grade", "技师", "--route", "直接认定")
DAY = date(2026, 6, 8)


@pytest.fixture
def firm_file(cli: Cli, tmp_path: Path) -> Path:
    """The example firm, registered for assessment and direct recognition."""
    text = (paths.shipped("templates") / "institution.example.toml").read_text(encoding="utf-8")
    file = tmp_path / "firm.toml"
    file.write_text(text.replace('routes = ["assessment"]', 'routes = ["assessment", "direct"]'), encoding="utf-8")
    assert cli("institutions", "add", file).exit_code == 0
    return file


def test_the_answer_in_json_has_just_its_five_keys(cli: Cli, firm_file: Path) -> None:
    answer = cli("authority", *ASSESSMENT, "--json", on=DAY)

    assert answer.exit_code == 0
    assert set(answer.json()) == {"verdict", "proof", "clauses", "lifted", "needs"}
    assert (answer.json()["verdict"], answer.json()["clauses"]) == ("yes", ["assessment.by_standard"])
    assert answer.json()["proof"]["children"][0]["clause"]["id"] == "authority.registered"


@pytest.mark.parametrize("grade", ["高级工", "三级", "三级/高级工"])
def test_a_grade_is_taken_as_people_write_it(cli: Cli, firm_file: Path, grade: str) -> None:
    answer = cli("authority", *FIRM, "--grade", grade, "--route", "考核", on=DAY)

    assert answer.exit_code == 0 and "认定三级/高级工：可以" in answer.output


@pytest.mark.parametrize(
    ("more", "verdict", "words"),
    [
        # The example firm has no post specifications, so its grade set is not complete.
        ((), "clauses_disagree", "条款不一致"),
        (("--holds", "高级工"), "clauses_disagree", "没有岗位规范的"),
        (("--holds", "中级工"), "no", "direct.step_by_step"),
        (("--holds", "无"), "no", "现持无等级，申报二级/技师"),
        (("--on", "2025-01-01"), "no", "2025-01-01 不在有效期内"),
    ],
)
def test_any_answer_is_an_answer_and_not_a_refusal(
    cli: Cli, firm_file: Path, more: tuple[str, ...], verdict: str, words: str
) -> None:
    as_json = cli("authority", *TECHNICIAN, *more, "--json", on=DAY)
    told = cli("authority", *TECHNICIAN, *more, on=DAY)

    assert (as_json.exit_code, told.exit_code) == (0, 0)
    assert as_json.json()["verdict"] == verdict
    assert words in told.output + "".join(as_json.json()["needs"])


def test_an_occupation_is_named_by_its_code_or_its_name(cli: Cli, firm_file: Path) -> None:
    asked = [word if word != "6-31-01-03" else "电工" for word in ASSESSMENT]

    by_code, by_name = (cli("authority", *question, on=DAY).output for question in (ASSESSMENT, asked))
    strange = cli("authority", *FIRM[:2], "--occupation", "炼金术师", "--grade", "高级工", "--route", "考核", on=DAY)

    assert by_name == by_code and "6-31-01-03 电工" in by_name
    assert strange.exit_code == 1 and "职业编码或名称“炼金术师”" in strange.output


def test_nobody_said_what_is_held_and_it_would_matter(cli: Cli, firm_file: Path) -> None:
    assert "须逐级：未说明现持等级，按不跨级判断" in cli("authority", *TECHNICIAN, on=DAY).output


def test_before_the_first_version_the_answer_is_unknown(cli: Cli, firm_file: Path) -> None:
    text = firm_file.read_text(encoding="utf-8").replace("valid_from = 2025-01-02", "valid_from = 2023-01-02")
    firm_file.write_text(text, encoding="utf-8")
    assert cli("institutions", "add", firm_file).exit_code == 0

    told = cli("authority", *TECHNICIAN, "--on", "2024-03-24")

    assert told.exit_code == 0 and "无法判断" in told.output and "没有有效版本" in told.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*FIRM, "--grade", "九级", "--route", "考核"), "无法识别的职业技能等级"),
        ((*FIRM, "--grade", "三级", "--route", "抽签"), "无法识别的认定方式"),
        ((*FIRM[:3], "9-99-99-99", "--grade", "三级", "--route", "考核"), "不在职业分类大典"),
        (("--institution", "X", *FIRM[2:], "--grade", "三级", "--route", "考核"), "没有统一社会信用代码"),
        ((*ASSESSMENT, "--member", "X"), "没有统一社会信用代码"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(
    cli: Cli, firm_file: Path, arguments: tuple[str, ...], words: str
) -> None:
    answer = cli("authority", *arguments, on=DAY)

    assert answer.exit_code == 1 and words in answer.output


def test_a_written_reason_is_shown_with_the_batch(cli: Cli, firm_file: Path, tmp_path: Path) -> None:
    example = (paths.shipped("templates") / "batch.example.toml").read_text(encoding="utf-8")
    plan = tmp_path / "batch.toml"
    plan.write_text('authority_reason = "市里已书面答复"\n' + example, encoding="utf-8")
    assert cli("batches", "add", plan).exit_code == 0

    assert cli("batches", "show", road.BATCH, "--json").json()["authority_reason"] == "市里已书面答复"
    assert "市里已书面答复" in cli("batches", "show", road.BATCH).output


# --- no command creates anything official without authority ----------------------------------------

GUARDED = (
    "batches add", "batches advance enrolling", "batches advance marking", "candidates import", "candidates accept",
    "marks settle", "notices publish", "certificates issue", "certificates import-numbers", "certificates replace",
)  # fmt: skip
#: how a firm loses its authority, as it would change its file
LOSSES = {
    "suspended": ('state = "registered"', 'state = "suspended"', "状态不是“已备案”"),
    "grades removed": (
        'grades = ["初级工", "中级工", "高级工", "技师", "高级技师", "特级技师", "首席技师"]', 'grades = ["初级工"]',
        "authority.grade_in_scope",
    ),
}  # fmt: skip


@dataclass
class Watched(Story):
    """The demo's main job, in which every guarded command is first typed by a firm that has lost its authority."""

    refused: dict[tuple[str, str], Any] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def run(self, *arguments: object, on: date, actor: str = "演示人事", expect: int = 0) -> Any:
        typed = [str(argument) for argument in arguments]
        words = typed[:2] + (typed[3:4] if typed[1:2] == ["advance"] else [])
        name = " ".join(words)
        if name in GUARDED:
            for loss, (before, after, _words) in LOSSES.items():
                self._change_firm(before, after, on)
                self.refused[name, loss] = super().run(*arguments, on=on, actor=actor, expect=1)
                self._change_firm(after, before, on)
        answer = super().run(*arguments, on=on, actor=actor, expect=expect)
        self.done.add(name)
        return answer

    def _change_firm(self, before: str, after: str, on: date) -> None:
        file = self.out / "文件" / f"{firms.LEAD.file}.toml"
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after), encoding="utf-8")
        super().run("institutions", "add", file, on=on)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    told = Watched(tmp_path_factory.mktemp("watched").resolve(), 20, 7, do_command, lambda _command: None)
    for happen in (firms.register, rosters.import_rosters, road.enrol, road.mark, road.publish):
        happen(told)
    issued = told.run("certificates", "issue", "--batch", road.BATCH, on=road.CLOSED)["certificates"]
    for one in issued[:2]:
        told.run("certificates", "void", one["number"], "--reason", "印错", on=road.CLOSED)
    told.run("certificates", "replace", issued[0]["number"], on=road.CLOSED)
    allotted = issued[1]["number"][:16] + "900001"
    assert allotted.startswith(REGISTRATION_NUMBER)
    employee = next(one for one in told.rosters[firms.LEAD.credit_code] if one.name == issued[1]["name"])
    row = {"id_number": employee.id_number, "name": employee.name, "number": allotted}
    write_form(told.out / "n.xlsx", [FormSheet("编号", NUMBER_COLUMNS, [row], example=False)], "numbers/1", [])
    told.run("certificates", "import-numbers", told.out / "n.xlsx", "--batch", road.BATCH, on=road.CLOSED)
    yield told


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("command", GUARDED)
def test_no_command_creates_anything_official_without_authority(watched: Watched, command: str, loss: str) -> None:
    refusal = watched.refused[command, loss]

    assert LOSSES[loss][2] in " ".join([refusal["error"], *refusal["reasons"]])
    # The same command passed as soon as the firm had its authority back, or the story would have ended there.
    assert command in watched.done


@pytest.mark.slow
def test_the_installation_verifies_after_all_the_refusals(watched: Watched) -> None:
    assert watched.run("verify", "--all", on=road.CLOSED) is not None


def test_a_batch_takes_a_written_reason_after_it_was_planned(cli: Cli, firm_file: Path) -> None:
    assert cli("batches", "add", paths.shipped("templates") / "batch.example.toml").exit_code == 0

    recorded = cli("batches", "reason", road.BATCH, "--authority-reason", "市里已书面答复")

    assert recorded.exit_code == 0 and "条款不一致仍认定的理由：市里已书面答复" in recorded.output
    assert cli("batches", "reason", road.BATCH, "--authority-reason", " ").exit_code == 1
    assert cli("batches", "reason", road.BATCH).exit_code == 2
