"""What may be entered on a sheet, what is missing, and what it comes to."""

import pytest

from skilleval.domain import marking
from skilleval.domain.criteria import Criterion, CriterionSheet, Group, Veto
from skilleval.domain.errors import RuleBroken
from skilleval.domain.marking import Entered

SHEET = CriterionSheet(
    (Group("接线", 6000), Group("安全", 4000, 300)),
    (
        Criterion("1", "安装", "接线", "add", 4000), Criterion("2", "接线", "接线", "add", 3000),
        Criterion("3", "工具", "安全", "deduct", 4000, 200, 4000),
    ),
    (Veto("F1", "带电"),),
)  # fmt: skip
WHOLE = {"1": 3950, "2": 1000, "3": 1}


@pytest.mark.parametrize(
    ("entered", "wrong"),
    [
        (Entered(value=0), 0),
        (Entered(value=10000), 0),
        (Entered(value=10001), 1),
        (Entered(value=-1), 1),
        (Entered(absent=True), 0),
        (Entered(absent=True, value=0), 1),
        (Entered(items={"1": 1}), 1),
        (Entered(vetoes=("F1",)), 1),
    ],
)
def test_a_number_lies_between_nothing_and_the_maximum(entered: Entered, wrong: int) -> None:
    assert len(marking.problems(entered, 10000, None)) == wrong


@pytest.mark.parametrize(
    ("entered", "wrong"),
    [
        (Entered(items={"1": 4000}), 0),
        (Entered(items={"1": 4001}), 1),
        (Entered(items={"1": -1}), 1),
        (Entered(items={"3": 99}), 0),
        (Entered(items={"3": 100}), 1),
        (Entered(items={"9": 1}), 1),
        (Entered(vetoes=("F1",)), 0),
        (Entered(vetoes=("F9",)), 1),
        (Entered(value=5000), 1),
        (Entered(absent=True, items={"1": 4001}), 2),
    ],
)
def test_each_criterion_has_its_own_range(entered: Entered, wrong: int) -> None:
    assert len(marking.problems(entered, 10000, SHEET)) == wrong


@pytest.mark.parametrize(
    ("entered", "missing", "total"),
    [
        (Entered(), ["1 安装", "2 接线", "3 工具"], None),
        (Entered(items={"1": 3950}), ["2 接线", "3 工具"], 3950),
        (Entered(items={"3": 2}), ["1 安装", "2 接线"], 3900 - 200 + 0),
        (Entered(items=WHOLE), [], 3950 + 1000 + 3800),
        (Entered(items={"1": 4000, "2": 3000, "3": 0}), [], 6000 + 4000),
        (Entered(items={"1": 4000}, vetoes=("F1",)), [], 0),
        (Entered(absent=True), [], None),
    ],
)
def test_a_sheet_says_what_is_missing_and_what_it_comes_to(entered: Entered, missing: list[str], total: int | None) -> None:
    assert marking.missing(entered, SHEET) == missing
    assert marking.running(entered, SHEET) == total


def test_a_whole_sheet_comes_to_the_mark_that_it_will_give() -> None:
    entered = Entered(items=WHOLE)

    assert marking.scored(entered, 10000, SHEET).value == marking.running(entered, SHEET)


def test_a_sheet_that_is_not_whole_gives_no_mark() -> None:
    with pytest.raises(RuleBroken):
        marking.scored(Entered(items={"1": 100}), 10000, SHEET)
    assert marking.scored(Entered(), 10000, None).value is None
    assert marking.scored(Entered(absent=True), 10000, SHEET).value is None


def test_two_typings_differ_cell_by_cell() -> None:
    first = Entered(items={"1": 3950, "2": 1000, "3": 1}, vetoes=("F1",))
    second = Entered(items={"1": 3959, "3": 1})

    told = [(one.label, one.first, one.second) for one in marking.differences(first, second, SHEET)]

    assert told == [("1 安装", "39.50", "39.59"), ("2 接线", "10.00", ""), ("F1 带电（安全否决）", "是", "")]
    assert marking.differences(first, first, SHEET) == []
    assert [one.label for one in marking.differences(Entered(value=0), Entered(absent=True), None)] == ["分数", "缺考"]
