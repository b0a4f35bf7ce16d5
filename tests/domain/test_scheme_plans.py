"""A filled sheet computed again from what was entered: what it must be, and what is refused."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from skilleval.domain.errors import RuleBroken
from skilleval.domain.scheme_plans import Plan, entered_in, first_difference, plan_of, problems_of, rescore
from skilleval.domain.schemes import ScoredLine

WINDOW = (date(2026, 6, 8), date(2026, 6, 12))
SHEET: dict[str, Any] = {
    "group": [{"name": "操作"}, {"name": "安全", "cap": 300}],
    "criterion": [
        {"code": "1", "name": "接线", "group": "操作", "kind": "add", "maximum": 9000},
        {"code": "2", "name": "违规", "group": "安全", "kind": "deduct", "maximum": 1000, "each": 200},
    ],
    "veto": [{"code": "F1", "name": "带电"}],
}  # fmt: skip
REVIEW: dict[str, Any] = {
    "period": [{"name": "上半年", "weight": 100}],
    "indicator": [
        {"code": "A", "name": "合格率", "unit": "%", "weight": 100, "better": "higher", "otherwise": 0, "lowest": "0",
         "highest": "100", "bands": [{"at": "98", "points": 10000}, {"at": "95", "points": 8000}]},
    ],
}  # fmt: skip
OBSERVING: dict[str, Any] = {"at_least": 2, "observers": 2, "occasion": [{"code": "RC", "name": "日常", "weight": 1}]}


def line(item: str, entered: str, period: str = "", day: int | None = None, observer: str = "") -> ScoredLine:
    return ScoredLine(item, entered, 0, "", period, date(2026, 6, day) if day else None, observer)


def again(kind: str, content: dict[str, Any], *lines: ScoredLine) -> int | None:
    return rescore(plan(kind, content), lines, WINDOW, 10000).value


def plan(kind: str, content: dict[str, Any]) -> Plan:
    return plan_of(kind, content)


@pytest.mark.parametrize(
    ("lines", "mark"),
    [
        ((line("1", "90.00"), line("2", "0")), 10000),
        ((line("1", "80.50"), line("2", "1")), 8050 + 800),
        # twice 2.00 is more than the group's cap of 3.00
        ((line("1", "80.50"), line("2", "2")), 8050 + 1000 - 300),
        ((line("1", "80.50"), line("2", "0"), line("F1", "是")), 0),
        ((line("F1", "是"),), 0),
    ],
)
def test_a_criterion_sheet_gives_its_mark_again(lines: tuple[ScoredLine, ...], mark: int) -> None:
    assert again("criteria", SHEET, *lines) == mark


@pytest.mark.parametrize(("value", "mark"), [("98", 10000), ("97.99", 8000), ("95", 8000), ("94.99", 0)])
def test_a_review_gives_its_mark_again(value: str, mark: int) -> None:
    assert again("review", REVIEW, line("A", value, "上半年")) == mark


def test_observations_give_their_mark_again() -> None:
    seen = (line("RC", "80.00", day=8, observer="K1"), line("RC", "80.01", day=12, observer="K2"))

    assert again("observing", OBSERVING, *seen) == 8001  # 80.005


@pytest.mark.parametrize(
    ("kind", "content", "lines", "reason"),
    [
        ("criteria", SHEET, [line("1", "90.00")], "“2 违规”没有填"),
        ("criteria", SHEET, [line("1", "90.01"), line("2", "0")], "“1 接线”应在 0 至 90.00 分之间"),
        ("criteria", SHEET, [line("1", "90.00"), line("1", "90.00"), line("2", "0")], "评分项 1 写了两次"),
        ("criteria", SHEET, [line("1", "90.00"), line("2", "0"), line("3", "1")], "评分表中没有 3"),
        ("criteria", SHEET, [line("1", "90"), line("2", "0")], "1 填的“90”不是分数"),
        ("criteria", SHEET, [line("1", "90.00"), line("2", "-1")], "2 填的“-1”不是次数"),
        ("review", REVIEW, [], "缺上半年的合格率"),
        ("review", REVIEW, [line("A", "98", "下半年")], "业绩指标中没有下半年的 A"),
        ("review", REVIEW, [line("A", "98", "上半年")] * 2, "上半年的 A 写了两次"),
        ("review", REVIEW, [line("A", "100.01", "上半年")], "“A 合格率”应在 0 至 100 %之间"),
        ("review", REVIEW, [line("A", "NaN", "上半年")], "上半年的 A 填的“NaN”不是数值"),
        ("observing", OBSERVING, [line("RC", "80.00", day=8, observer="K1")], "缺至少 2 次观察，现有 1 次"),
        ("observing", OBSERVING, [line("RC", "80.00", observer="K1")], "RC 的一次观察没有日期"),
        ("observing", OBSERVING, [line("RC", "80.00", day=7, observer="K1")], "2026-06-07 不在批次的评价期间 2026-06-08 至 2026-06-12 内"),
        ("observing", OBSERVING, [line("RC", "100.01", day=8, observer="K1")], "应在 0 至 100.00 之间"),
    ],
)
def test_lines_that_are_no_filled_sheet_give_no_mark(
    kind: str, content: dict[str, Any], lines: list[ScoredLine], reason: str
) -> None:
    with pytest.raises(RuleBroken) as refusal:
        again(kind, content, *lines)

    assert reason in (refusal.value.message, *refusal.value.reasons)


def test_what_was_entered_is_read_back_without_the_lines_of_caps() -> None:
    sheet = plan("criteria", SHEET)
    scored = rescore(sheet, [line("1", "80.50"), line("2", "2")], WINDOW, 10000)

    found = entered_in(sheet, scored.lines)  # type: ignore[arg-type] # it is one

    assert (found.items, found.vetoes) == ({"1": 8050, "2": 2}, ())
    assert [one.item for one in scored.lines] == ["1", "2", ""]


def test_the_first_line_that_differs_lacks_or_is_too_much_is_found() -> None:
    lines = rescore(plan("criteria", SHEET), [line("1", "80.50"), line("2", "2")], WINDOW, 10000).lines

    assert first_difference(lines, lines) is None
    assert first_difference([lines[0], replace(lines[1], points=0), lines[2]], lines) == 1
    assert first_difference(lines[:2], lines) == 2 and first_difference([*lines, lines[0]], lines) == 3


def test_a_plan_is_held_against_the_maximum_of_its_part() -> None:
    assert problems_of(plan("criteria", SHEET), 10000) == []
    assert problems_of(plan("criteria", SHEET), 9900) == ["评分表满分为 100.00，应与评价规范这一部分的满分 99.00 相同"]
    assert problems_of(plan("observing", OBSERVING), 1) == []
