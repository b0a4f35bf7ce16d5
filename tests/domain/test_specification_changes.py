from copy import deepcopy
from typing import Any

import pytest

from skilleval.domain.specification_changes import specification_changes

PART = {"weight": 40, "maximum": 10000, "pass_mark": 6000, "assessors": 1, "agreement": {"rule": "mean"}}
OLD: dict[str, Any] = {
    "code": "ZP", "version": 1, "title": "装配电工评价规范", "occupation_code": "6-31-01-03", "conditions": "2018",
    "part": [
        {**PART, "grades": ["intermediate", "senior"], "method": "theory"},
        {**PART, "grades": ["intermediate", "senior"], "method": "skill", "weight": 60, "assessors": 3},
    ],
}  # fmt: skip


def told(**changes: Any) -> list[str]:
    return [one.text for one in specification_changes(OLD, {**deepcopy(OLD), **changes})]


def test_a_text_does_not_differ_from_itself_however_its_grades_are_grouped() -> None:
    apart = [{**part, "grades": [grade]} for grade in ("senior", "intermediate") for part in OLD["part"]]

    assert told() == [] and told(part=apart) == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"conditions": "2023"}, "改变  申报条件版本：2018 → 2023"),
        ({"standard": "X@2018"}, "改变  所依据的国家职业标准：（无） → X@2018"),
        ({"related_occupations": ["6-31-01-01", "6-31-01-02"]}, "改变  相关职业：（无） → 6-31-01-01、6-31-01-02"),
        ({"version": 2}, "改变  版本：1 → 2"),
    ],
)
def test_a_changed_item_is_told_with_old_and_new(changes: dict[str, Any], line: str) -> None:
    assert told(**changes) == [line]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"weight": 50}, "权重：40% → 50%"),
        ({"pass_mark": 7000}, "合格线：60.00 → 70.00"),
        ({"maximum": 12000}, "满分：100.00 → 120.00"),
        ({"assessors": 2}, "考评员人数：1 名 → 2 名"),
        ({"agreement": {"rule": "median"}}, "评分合成：平均分 → 中位数"),
        ({"agreement": {"rule": "mean", "tolerance": 1500}}, "评分合成：平均分 → 平均分，最多相差 15.00 分"),
    ],
)
def test_a_changed_part_is_told_for_each_of_its_grades(changes: dict[str, Any], line: str) -> None:
    theory, skill = OLD["part"]

    assert told(part=[{**theory, **changes}, skill]) == [
        f"改变  四级/中级工 理论知识考试 {line}", f"改变  三级/高级工 理论知识考试 {line}",
    ]  # fmt: skip


def test_a_part_that_came_or_went_is_told_whole() -> None:
    theory, skill = OLD["part"]
    lines = told(part=[theory, {**skill, "grades": ["senior"]}, {**PART, "grades": ["senior"], "method": "review"}])

    assert [line.split("：")[0] for line in lines] == ["删去  四级/中级工 技能操作考核", "新增  三级/高级工 综合评审"]
    assert "权重 60%，满分 100.00，合格线 60.00，考评员人数 3 名，评分合成 平均分" in lines[0]
