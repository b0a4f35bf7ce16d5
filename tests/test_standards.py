from datetime import date
from pathlib import Path

import pytest

from skilleval import standards
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from tests.conftest import Cli

GOOD = """
schema = "occupational-standard/1"
title = "电工"
code = "6-31-01-03"
edition = "2022"
printed_code = "6-31-01-03"
trade = ""
issued = 2018-12-26
document = "人社厅发〔2018〕145号"
sources = ["S8"]
weights_status = "full"
verified_against_original = false
grades = ["junior", "intermediate", "senior"]

[conditions]
edition = "2018"

[[function]]
name = "甲"
skill_weights = { junior = 60, intermediate = 50, senior = 40 }

[[function]]
name = "乙"
skill_weights = { junior = 40, intermediate = 50, senior = 60 }
"""


def check(tmp_path: Path, text: str) -> list[standards.FileFinding]:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    return standards.check_files([file])


def test_the_index_holds_all_occupations() -> None:
    assert len(standards.occupations()) == 803
    assert standards.occupation("6-31-01-03").name == "电工"


def test_the_shipped_standards_are_the_usable_drafts_and_none_blocks() -> None:
    loaded = standards.load_standards()

    assert len(loaded) == 189
    assert not any(one.verified_against_original for one in loaded.values())
    assert {one.weights_status for one in loaded.values()} == {"full", "full-inferred"}
    assert [one for one in standards.check_files(standards.standard_files()) if one.blocking] == []


def test_the_weights_of_an_electrician_are_as_published() -> None:
    electrician = standards.find_standards("6-31-01-03")[0]

    assert electrician.key == "6-31-01-03@2018"
    assert electrician.weights(Grade.SENIOR_TECHNICIAN) == {
        "电气设备装调维修": 45,
        "电气自动控制系统调试维修": 40,
        "培训与技术管理": 15,
    }


@pytest.mark.parametrize("code", ["6-18-01-01", "6-18-01-05", "6-18-02-02", "6-28-01-11"])
def test_tables_that_are_not_trusted_are_not_shipped(code: str) -> None:
    assert standards.find_standards(code) == []


def test_a_good_file_has_no_finding(tmp_path: Path) -> None:
    assert check(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("junior = 60", "junior = 61", "weights_sum", "skill_weights.junior"),
        ("junior = 60", "junior = 0", "weight_range", "function[1].skill_weights.junior"),
        ("junior = 60", "junior = 60.0", "weight_range", "function[1].skill_weights.junior"),
        ("junior = 60", "technician = 60", "grade_unknown", "function[1].skill_weights.technician"),
        ('["junior", "intermediate", "senior"]', '["junior", "intermediate", "senior", "master"]', "grade_unknown", "grades"),
        ('sources = ["S8"]', "sources = []", "source_missing", "sources"),
        ('sources = ["S8"]', "", "key_missing", "sources"),
        ('trade = ""', "trade = 3", "type", "trade"),
        ('trade = ""', 'colour = "red"', "key_unknown", "colour"),
        ('code = "6-31-01-03"\nedition', 'code = "6-99-01-03"\nedition', "occupation_unknown", "code"),
        ('[conditions]\nedition = "2018"', '[conditions]\nedition = "1999"', "conditions_unknown", "conditions.edition"),
        ('weights_status = "full"', 'weights_status = "column-suspect"', "weights_status", "weights_status"),
        ('name = "甲"', 'name = " "', "function_name", "function[1]"),
        ('name = "甲"', 'name = "甲"\nelective = true', "elective_rule", "elective_rule"),
        ('name = "甲"', 'name = "甲"\nweight = 3', "key_unknown", "function[1].weight"),
        ("senior = 40", "senior = 60", "weights_sum", "skill_weights.senior"),
    ],
)
def test_a_planted_fault_is_named_by_key(tmp_path: Path, old: str, new: str, code: str, key: str) -> None:
    assert old in GOOD

    findings = check(tmp_path, GOOD.replace(old, new, 1))

    assert (code, key) in {(one.code, one.key) for one in findings}
    assert all(one.blocking for one in findings)


def table(rows: dict[str, dict[str, int]], grades: list[str], top: str = GOOD) -> str:
    head = top.partition("[[function]]")[0].replace('["junior", "intermediate", "senior"]', repr(grades).replace("'", '"'))
    return head + "".join(
        f'[[function]]\nname = "{name}"\nskill_weights = {{ {", ".join(f"{g} = {w}" for g, w in weights.items())} }}\n'
        for name, weights in rows.items()
    )


FIVE = ["junior", "intermediate", "senior", "technician", "senior_technician"]


def test_trade_columns_taken_for_grades_are_suspected(tmp_path: Path) -> None:
    alternating = {"甲": dict(zip(FIVE, (30, 40, 30, 40, 30), strict=True)), "乙": dict(zip(FIVE, (70, 60, 70, 60, 70), strict=True))}

    assert "grades_identical" in {one.code for one in check(tmp_path, table(alternating, FIVE))}


def test_a_table_that_stays_the_same_all_the_way_is_ordinary(tmp_path: Path) -> None:
    same = {"甲": dict.fromkeys(FIVE, 100)}

    assert "grades_identical" not in {one.code for one in check(tmp_path, table(same, FIVE))}


def test_a_function_that_vanishes_and_returns_is_suspected(tmp_path: Path) -> None:
    rows = {"甲": {"junior": 50, "intermediate": 100, "senior": 50}, "乙": {"junior": 50, "senior": 50}}

    assert "function_returns" in {one.code for one in check(tmp_path, table(rows, FIVE[:3]))}


def test_a_missing_grade_in_the_middle_is_found(tmp_path: Path) -> None:
    rows = {"甲": {"junior": 100, "senior": 100}}

    assert "grades_gap" in {one.code for one in check(tmp_path, table(rows, ["junior", "senior"]))}


def test_a_top_grade_without_leadership_is_a_reminder_where_there_are_several_trades(tmp_path: Path) -> None:
    rows = {"甲": dict.fromkeys(FIVE, 100)}
    findings = check(tmp_path, table(rows, FIVE))

    assert {(one.code, one.blocking) for one in findings} == {("no_leadership", False)}


def test_a_printed_code_that_now_means_something_else_is_told(tmp_path: Path) -> None:
    text = GOOD.replace('title = "电工"', 'title = "工业机器人系统运维员"').replace(
        'code = "6-31-01-03"\nedition', 'code = "6-31-07-01"\nedition'
    ).replace('printed_code = "6-31-01-03"', 'printed_code = "6-31-01-10"')

    findings = check(tmp_path, text)

    assert [(one.code, one.blocking) for one in findings] == [("code_moved", False)]
    assert "机电设备维修工" in findings[0].message


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        ("6-31-01-03", "电工", None),
        ("6-31-01-03", "机械设备检修工", "对应“电工”"),
        ("6-31-01-10", "工业机器人系统运维员", "请改用 6-31-07-01"),
        ("6-31-01-99", "电工", "不在职业分类大典"),
        ("6310103", "电工", "格式不对"),
        ("6-31-07-01", "电工", "“电工”的编码是 6-31-01-03"),
    ],
)
def test_a_code_and_a_name_are_judged_together(code: str, name: str, words: str | None) -> None:
    error = standards.pair_error(code, name)

    assert (error is None) == (words is None)
    assert words is None or words in (error or "")


def test_an_unknown_code_is_refused_and_a_moved_one_told(tmp_path: Path) -> None:
    with pytest.raises(RuleBroken, match="6-31-07-03"):
        standards.occupation("6-30-99-00")
    with pytest.raises(RuleBroken, match="standards list"):
        standards.occupation("6-99-99-99")


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    assert [one.code for one in check(tmp_path, "[")] == ["unreadable"]
    with pytest.raises(RuleBroken, match=r"own\.toml"):
        standards.load_standard(tmp_path / "own.toml")


def test_a_firms_own_standard_is_found_beside_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(GOOD.replace("2018-12-26", "2026-01-01"), encoding="utf-8")

    assert [one.issued for one in standards.find_standards("6-31-01-03", own_folder=tmp_path)] == [
        date(2026, 1, 1),
        date(2018, 12, 26),
    ]


def test_the_commands_list_show_and_check(cli: Cli, tmp_path: Path) -> None:
    assert [row["name"] for row in cli("standards", "list", "--search", "电工", "--json").json()][:1] != []
    shown = cli("standards", "show", "电工").output
    assert standards.TRUST_NOTE in shown and "理论知识权重：未取得来源" in shown
    assert cli("standards", "check").exit_code == 0

    (tmp_path / "bad.toml").write_text(GOOD.replace("junior = 60", "junior = 61"), encoding="utf-8")
    answer = cli("standards", "check", tmp_path / "bad.toml", "--json")

    assert answer.exit_code == 1
    assert answer.json()["findings"][0]["file"] == "bad.toml"
    assert answer.json()["findings"][0]["key"] == "skill_weights.junior"
    assert cli("standards", "show", "6-18-02-04").exit_code == 1
