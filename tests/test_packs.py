from datetime import date
from pathlib import Path

import pytest

from skilleval import packs
from skilleval.conditions import editions, load_conditions, read_conditions
from skilleval.domain.errors import RuleBroken

OWN = """
schema = "rule-pack/1"
[[parameter]]
id = "notice.working_days"
value = 7
clause = "本市要求公示7个工作日"
source = "市局通知"
confidence = "high"
status = "in_force"
from = 2026-03-01
overrides_because = "本市另有规定"
"""


def own(tmp_path: Path, text: str) -> Path:
    (tmp_path / "rulepacks").mkdir()
    (tmp_path / "rulepacks" / "city.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_every_parameter_has_a_source_and_a_clause() -> None:
    for parameter in packs.load().parameters:
        assert parameter.source and parameter.clause, parameter.id


def test_a_firms_own_pack_overrides_from_its_day_on(tmp_path: Path) -> None:
    loaded = packs.load(own(tmp_path, OWN))

    assert loaded.parameter("notice.working_days", date(2026, 2, 28)).value == 5
    assert loaded.parameter("notice.working_days", date(2026, 3, 1)).value == 7


def test_what_nobody_has_established_is_refused_not_guessed() -> None:
    with pytest.raises(RuleBroken, match="没有可靠依据"):
        packs.load().parameter("registration.months", date(2026, 1, 1))


def test_a_day_before_the_first_version_has_no_answer() -> None:
    with pytest.raises(RuleBroken, match="没有有效版本"):
        packs.load().parameter("results.working_days", date(2022, 8, 30))
    with pytest.raises(RuleBroken, match="没有参数"):
        packs.load().parameter("no.such", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rule-pack/1", "rule-pack/9", "schema"),
        ('source = "市局通知"', "", "缺少 source"),
        ('overrides_because = "本市另有规定"', "", "overrides_because"),
        ("from = 2026-03-01", 'from = "March"', "应为日期"),
        ('status = "in_force"', 'status = "maybe"', "status"),
        ("value = 7", "valeu = 7", "valeu"),
        ("[[parameter]]", "[[parameter]", "无法读取"),
    ],
)
def test_a_malformed_pack_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(RuleBroken) as refusal:
        packs.load(own(tmp_path, OWN.replace(old, new)))

    assert "city.toml" in refusal.value.message
    assert words in " ".join([refusal.value.message, *refusal.value.reasons])


CONDITIONS = """
schema = "entry-conditions/1"
edition = "x"
title = "x"
source = "x"
confidence = "high"
status = "draft"
[[condition]]
id = "x/junior/1"
grade = "junior"
clause = "x"
[[condition.requires]]
work_years = 1
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('grade = "junior"', 'grade = "master"', "不是国家标准的等级"),
        ("work_years = 1", "work_yeers = 1", "work_yeers"),
        ("work_years = 1", "work_years = true", "类型不对"),
        ("work_years = 1", "work_years = 1\nage = 16", "有且只有一项"),
        ("work_years = 1", "work_years = 1\nstudents = true", "不能与 work_years 同用"),
        ("work_years = 1", 'diplomas = ["phd"]', "不是学历类别"),
        ("work_years = 1", 'work_years = 1\nafter_title = "x"', "不是职称级别"),
        ('source = "x"', "", "缺少 source"),
        ('clause = "x"', "", "缺少 clause"),
        ("[[condition]]", "[condition", "无法读取"),
    ],
)
def test_malformed_conditions_are_refused_by_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    file = tmp_path / f"{abs(hash(new))}.toml"
    file.write_text(CONDITIONS.replace(old, new), encoding="utf-8")

    with pytest.raises(RuleBroken) as refusal:
        read_conditions(file)

    assert words in " ".join([refusal.value.message, *refusal.value.reasons])


def test_both_generations_are_shipped_and_an_unknown_one_is_refused() -> None:
    assert editions() == ["2018", "2023"]
    assert (len(load_conditions("2018")), len(load_conditions("2023"))) == (14, 19)
    with pytest.raises(RuleBroken, match="2018、2023"):
        load_conditions("1999")
