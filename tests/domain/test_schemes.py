"""How a mark comes to be: truth tables of criterion sheet, performance review and process assessment."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from skilleval.domain.criteria import MOST_TIMES, Criterion, CriterionSheet, Group, Veto, score
from skilleval.domain.errors import RuleBroken
from skilleval.domain.observations import Observation, Observing, Occasion, assess, fault_of
from skilleval.domain.performance import Band, Indicator, Period, Review, review

SHEET = CriterionSheet(
    groups=(Group("操作", 6000), Group("排故", 3000), Group("安全", 1000, cap=800)),
    criteria=(
        Criterion("1", "安装", "操作", "add", 2500),
        Criterion("2", "接线", "操作", "add", 3500),
        Criterion("3", "判断", "排故", "add", 2000),
        Criterion("4", "排除", "排故", "add", 2000),
        Criterion("5", "工具", "安全", "deduct", 500, each=150, cap=500),
        Criterion("6", "清理", "安全", "deduct", 500, each=250, cap=500),
    ),
    vetoes=(Veto("F1", "带电作业"), Veto("F2", "未戴手套")),
)
FULL = {"1": 2500, "2": 3500, "3": 1000, "4": 2000, "5": 0, "6": 0}


@pytest.mark.parametrize(
    ("entered", "mark"),
    [
        ({}, 10000),
        ({"1": 0}, 7500),
        ({"1": 1}, 7501),
        ({"3": 0, "4": 0}, 7000),
        # The group 排故 is capped at 30: one below, exactly, one above.
        ({"3": 999}, 9999),
        ({"3": 1000}, 10000),
        ({"3": 1001}, 10000),
        ({"3": 2000}, 10000),
        # 1.50 a time, at most 5: three times are 4.50, the fourth reaches the cap.
        ({"5": 1}, 9850),
        ({"5": 3}, 9550),
        ({"5": 4}, 9500),
        ({"5": MOST_TIMES}, 9500),
        # 2.50 a time: twice is the cap exactly, once more changes nothing.
        ({"6": 2}, 9500),
        ({"6": 3}, 9500),
        # Together at most 8: 3.00 + 5.00 is that exactly, 4.50 + 5.00 is over.
        ({"5": 2, "6": 2}, 9200),
        ({"5": 3, "6": 2}, 9200),
        ({"5": 9, "6": 9}, 9200),
        ({"1": 0, "2": 0, "3": 0, "4": 0, "5": 9, "6": 9}, 200),
    ],
)
def test_a_filled_sheet_gives_one_mark_and_its_lines_add_up_to_it(entered: dict[str, int], mark: int) -> None:
    scored = score(SHEET, FULL | entered)

    assert scored.value == mark == sum(line.points for line in scored.lines)
    assert {line.item for line in scored.lines} - {""} == set(FULL)


@pytest.mark.parametrize(
    ("entered", "vetoed", "names", "whole"),
    [
        ({}, ["F1"], "F1 带电作业", "；未否决时为 100.00"),
        ({"1": 0}, ["F2"], "F2 未戴手套", "；未否决时为 75.00"),
        ({}, ["F2", "F1"], "F1 带电作业、F2 未戴手套", "；未否决时为 100.00"),
        # The test ended there: what was not reached is open, and nothing is said of what it would have been.
        ({"4": None, "5": None, "6": None}, ["F1"], "F1 带电作业", ""),
    ],
)
def test_a_safety_veto_makes_the_mark_0_and_says_which(
    entered: dict[str, int | None], vetoed: list[str], names: str, whole: str
) -> None:
    scored = score(SHEET, {**FULL, **entered}, vetoed)

    assert (scored.value, scored.veto) == (0, names)
    assert sum(line.points for line in scored.lines) == 0
    assert scored.lines[-1].text == f"有安全否决项（{names}），该部分为 0.00{whole}"


def test_lines_say_how_points_came_to_be() -> None:
    told = [line.text for line in score(SHEET, FULL | {"3": 2000, "5": 4, "6": 2}).lines]

    assert told == [
        "1 安装：25.00 / 25.00",
        "2 接线：35.00 / 35.00",
        "3 判断：20.00 / 20.00",
        "4 排除：20.00 / 20.00",
        "排故：合计 40.00，封顶 30.00",
        "5 工具：扣 4 次 × 1.50 = 6.00，最多扣 5.00，计 0.00",
        "6 清理：扣 2 次 × 2.50 = 5.00，计 0.00",
        "安全：共扣 10.00，最多扣 8.00",
    ]


def test_a_deduction_that_is_worth_nothing_is_lost_from_the_whole_and_never_below_0() -> None:
    sheet = CriterionSheet(
        (Group("操作", 1000), Group("违规", 0)),
        (Criterion("1", "安装", "操作", "add", 1000), Criterion("9", "违规", "违规", "deduct", 0, each=400, cap=1200)),
    )
    table = {(1000, 0): 1000, (1000, 1): 600, (1000, 2): 200, (1000, 3): 0, (800, 2): 0, (799, 2): 0, (0, 1): 0}

    assert sheet.problems(1000) == []
    for (points, times), mark in table.items():
        scored = score(sheet, {"1": points, "9": times})
        assert scored.value == mark == sum(line.points for line in scored.lines), (points, times)
    assert "扣分多于得分" in score(sheet, {"1": 799, "9": 2}).lines[-1].text
    assert "扣分多于得分" not in score(sheet, {"1": 800, "9": 2}).lines[-1].text


def test_what_is_missing_or_out_of_range_is_named_with_its_maximum() -> None:
    entered = FULL | {"1": 2501, "2": -1, "5": MOST_TIMES + 1, "6": -1, "8": 3}
    del entered["3"]

    with pytest.raises(RuleBroken) as refusal:
        score(SHEET, entered, ["F9"])

    assert refusal.value.reasons == (
        "“3 判断”没有填",
        "“1 安装”应在 0 至 25.00 分之间",
        "“2 接线”应在 0 至 35.00 分之间",
        "“5 工具”应为扣分次数，0 至 99 次（每次扣 1.50 分，最多扣 5.00 分）",
        "“6 清理”应为扣分次数，0 至 99 次（每次扣 2.50 分，最多扣 5.00 分）",
        "评分表中没有 8",
        "评分表中没有 F9",
    )


def test_a_veto_forgives_what_is_open_and_not_what_is_wrong() -> None:
    with pytest.raises(RuleBroken) as refusal:
        score(SHEET, {"1": 2501}, ["F1"])

    assert refusal.value.reasons == ("“1 安装”应在 0 至 25.00 分之间",)


@pytest.mark.parametrize(
    ("sheet", "problem"),
    [
        (SHEET, "评分表满分为 100.00，应与评价规范这一部分的满分 100.01 相同"),
        (replace(SHEET, criteria=SHEET.criteria[:4]), "group 安全 没有评分项"),
        (replace(SHEET, groups=(Group("操作", 6001), *SHEET.groups[1:])), "group 操作 的 maximum 60.01 大于各项之和 60.00"),
        (replace(SHEET, groups=SHEET.groups[1:]), "criterion 1 安装 的 group “操作”没有定义"),
        (replace(SHEET, groups=(*SHEET.groups, SHEET.groups[0])), "group 的 name 重复"),
        (replace(SHEET, vetoes=(Veto("1", "带电"),)), "编号 1 写了 2 次"),
        (replace(SHEET, criteria=(replace(SHEET.criteria[0], maximum=0), *SHEET.criteria[1:])), "maximum 应大于 0"),
        (replace(SHEET, criteria=(replace(SHEET.criteria[0], each=100), *SHEET.criteria[1:])), "不能写 each、cap"),
        (replace(SHEET, criteria=(*SHEET.criteria[:5], replace(SHEET.criteria[5], each=0))), "each 应大于 0"),
        (replace(SHEET, criteria=(*SHEET.criteria[:5], replace(SHEET.criteria[5], cap=249))), "cap 不小于 each"),
        (replace(SHEET, criteria=(*SHEET.criteria[:5], replace(SHEET.criteria[5], cap=501))), "cap 5.01 大于该项 maximum 5.00"),
        (replace(SHEET, criteria=(*SHEET.criteria[:5], replace(SHEET.criteria[5], kind="minus"))), "kind 应为：add、deduct"),
    ],
)
def test_a_sheet_that_cannot_be_is_refused(sheet: CriterionSheet, problem: str) -> None:
    maximum = 10001 if sheet is SHEET else 10000

    assert any(problem in told for told in sheet.problems(maximum)), sheet.problems(maximum)
    assert SHEET.problems(10000) == []


GOOD = Indicator("A", "完好率", "%", 60, "higher", (Band(Decimal(98), 10000), Band(Decimal("95.5"), 8000)), 3000,
                 lowest=Decimal(0), highest=Decimal(100))  # fmt: skip
STOPS = Indicator("B", "停机", "小时", 40, "lower", (Band(Decimal(0), 10000), Band(Decimal("2.5"), 6000)), 0, lowest=Decimal(0))
PLAN = Review((GOOD, STOPS), (Period("上半年", 40), Period("下半年", 60)))


@pytest.mark.parametrize(
    ("indicator", "value", "points"),
    [
        (GOOD, "98", 10000),
        (GOOD, "100", 10000),
        (GOOD, "97.9999", 8000),
        (GOOD, "95.5", 8000),
        (GOOD, "95.4999", 3000),
        (STOPS, "0", 10000),
        (STOPS, "0.0001", 6000),
        (STOPS, "2.5", 6000),
        (STOPS, "2.5001", 0),
    ],
)
def test_a_value_reaches_the_best_band_whose_edge_it_touches(indicator: Indicator, value: str, points: int) -> None:
    assert indicator.points(Decimal(value)) == points


@pytest.mark.parametrize(
    ("indicator", "value", "fault"),
    [
        (GOOD, "0", ""),
        (GOOD, "100", ""),
        (GOOD, "-0.0001", "“A 完好率”应在 0 至 100 %之间"),
        (GOOD, "100.0001", "“A 完好率”应在 0 至 100 %之间"),
        (STOPS, "99999", ""),
        (STOPS, "-1", "“B 停机”应在 0 至 不限 小时之间"),
    ],
)
def test_a_value_that_cannot_be_is_told(indicator: Indicator, value: str, fault: str) -> None:
    assert indicator.fault(Decimal(value)) == fault


def values(*told: str | None) -> dict[tuple[str, str], Decimal | None]:
    keys = [(period.name, one.code) for period in PLAN.periods for one in PLAN.indicators]
    return {key: None if value is None else Decimal(value) for key, value in zip(keys, told, strict=True)}


@pytest.mark.parametrize(
    ("told", "mark"),
    [
        (("98", "0", "98", "0"), 10000),
        # 40 % of (60 % of 80 + 40 % of 60) and 60 % of 100
        (("95.5", "2.5", "98", "0"), 2880 + 6000),
        # 40 % of 100 and 60 % of (60 % of 30 + 40 % of 0)
        (("98", "0", "0", "3"), 4000 + 1080),
        (("0", "3", "0", "3"), 1800),
    ],
)
def test_a_review_is_the_mean_by_the_weights_of_indicators_and_periods(told: tuple[str, ...], mark: int) -> None:
    scored = review(PLAN, values(*told))

    assert scored.value == mark and len(scored.lines) == 4 and scored.missing == ()


def test_a_missing_period_is_unknown_and_never_0() -> None:
    whole, partly, none = (review(PLAN, told) for told in (
        values("0", "3", "0", "3"), values("98", "0", "98", None), {}))  # fmt: skip

    assert whole.value == 1800
    assert (partly.value, partly.missing, len(partly.lines)) == (None, ("下半年的停机",), 3)
    assert none.value is None and none.missing == ("上半年的完好率", "上半年的停机", "下半年的完好率", "下半年的停机")


@pytest.mark.parametrize(
    ("points", "mark"),
    [((5999, 6000), 6000), ((5999, 5999), 5999), ((5998, 6001), 6000), ((5998, 5999), 5999), ((0, 1), 1)],
)
def test_half_a_hundredth_goes_up_in_both_ways(points: tuple[int, int], mark: int) -> None:
    indicators = tuple(
        Indicator(str(place), "项", "", 50, "higher", (Band(Decimal(100), 10000),), one) for place, one in enumerate(points)
    )
    reviewed = review(Review(indicators, (Period("年", 100),)), {("年", "0"): Decimal(1), ("年", "1"): Decimal(1)})
    plan = Observing((Occasion("R", "日常", 1),), 2)
    watched = assess(plan, [Observation(DAY, "R", f"K{place}", one) for place, one in enumerate(points)], WINDOW, 10000)

    # 59.995 is 60.00, the pass mark; 59.99 and 59.99 are not.
    assert reviewed.value == watched.value == mark


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        (replace(PLAN, periods=(Period("上半年", 40),)), "period 的 weight 合计为 40，应为 100"),
        (replace(PLAN, periods=(Period("年", 100), Period("季", 0))), "且每项至少为 1"),
        (replace(PLAN, indicators=(GOOD,)), "indicator 的 weight 合计为 60，应为 100"),
        (replace(PLAN, indicators=(GOOD, replace(STOPS, code="A"))), "indicator 的 code “A”写了 2 次"),
        (replace(PLAN, periods=(Period("年", 50), Period("年", 50))), "period 的 name “年”写了 2 次"),
        (replace(PLAN, indicators=(GOOD, replace(STOPS, better="more"))), "better 应为：higher、lower"),
        (replace(PLAN, indicators=(GOOD, replace(STOPS, better="higher"))), "应从最好一档写到最差一档"),
        (replace(PLAN, indicators=(GOOD, replace(STOPS, otherwise=6000))), "各档 points 应逐档降低"),
        (replace(PLAN, indicators=(GOOD, replace(STOPS, bands=STOPS.bands[1:]))), "最好一档为 60.00，应与评价规范这一部分的满分"),
    ],
)
def test_a_review_that_cannot_be_is_refused(plan: Review, problem: str) -> None:
    assert any(problem in told for told in plan.problems(10000)), plan.problems(10000)
    assert PLAN.problems(10000) == []


DAY = date(2026, 6, 10)
WINDOW = (date(2026, 6, 8), date(2026, 6, 12))
OBSERVING = Observing((Occasion("R", "日常", 1, at_least=2), Occasion("J", "阶段", 2, at_least=1)), at_least=4, observers=2)


def seen(*told: tuple[str, str, int]) -> list[Observation]:
    return [Observation(date(2026, 6, 8 + place), occasion, observer, one) for place, (occasion, observer, one) in enumerate(told)]


def test_a_process_is_the_mean_by_the_weight_of_each_observation() -> None:
    scored = assess(OBSERVING, seen(("R", "K1", 7000), ("J", "K2", 8500), ("R", "K1", 6000), ("R", "K2", 8000)), WINDOW, 10000)

    # (70 + 2 × 85 + 60 + 80) / 5
    assert scored.value == 7600
    assert scored.lines[1].text == "2026-06-09 J 阶段：85.00（K2，权重 2）"


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        ([("R", "K1"), ("R", "K2"), ("J", "K1"), ("R", "K1")], ()),
        ([("R", "K1"), ("R", "K2"), ("J", "K1")], ("至少 4 次观察，现有 3 次",)),
        ([("R", "K1"), ("J", "K2"), ("J", "K1"), ("J", "K1")], ("R 日常至少 2 次，现有 1 次",)),
        ([("R", "K1"), ("R", "K1"), ("J", "K1"), ("R", "K1")], ("至少 2 名观察人，现有 1 名",)),
        ([], ("R 日常至少 2 次，现有 0 次", "J 阶段至少 1 次，现有 0 次", "至少 4 次观察，现有 0 次", "至少 2 名观察人，现有 0 名")),
    ],
)
def test_too_few_observations_are_unfinished(told: list[tuple[str, str]], missing: tuple[str, ...]) -> None:
    scored = assess(OBSERVING, seen(*((occasion, observer, 0) for occasion, observer in told)), WINDOW, 10000)

    assert scored.missing == missing
    assert scored.value == (None if missing else 0)


@pytest.mark.parametrize(
    ("day", "points", "fault"),
    [
        (date(2026, 6, 7), 0, ("day", "2026-06-07 不在批次的评价期间 2026-06-08 至 2026-06-12 内")),
        (date(2026, 6, 8), 0, None),
        (date(2026, 6, 12), 10000, None),
        (date(2026, 6, 13), 0, ("day", "2026-06-13 不在批次的评价期间 2026-06-08 至 2026-06-12 内")),
        (DAY, -1, ("score", "应在 0 至 100.00 之间")),
        (DAY, 10001, ("score", "应在 0 至 100.00 之间")),
    ],
)
def test_an_observation_lies_within_the_window_and_the_maximum(
    day: date, points: int, fault: tuple[str, str] | None
) -> None:
    assert fault_of(Observation(day, "R", "K1", points), WINDOW, 10000) == fault


def test_a_process_is_refused_with_every_reason() -> None:
    wrong = [
        Observation(date(2026, 6, 13), "R", "K1", 0), Observation(DAY, "X", "K1", 10001), Observation(DAY, "J", "K1", 1),
        Observation(DAY, "J", "K1", 2),
    ]  # fmt: skip

    with pytest.raises(RuleBroken) as refusal:
        assess(OBSERVING, wrong, WINDOW, 10000)

    assert len(refusal.value.reasons) == 4 and refusal.value.reasons[-1] == "2026-06-10 K1 的 J 记了两次"


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        (replace(OBSERVING, at_least=0), "at_least、observers 应至少为 1"),
        (replace(OBSERVING, observers=0), "at_least、observers 应至少为 1"),
        (replace(OBSERVING, observers=5), "observers 5 大于 at_least 4"),
        (replace(OBSERVING, occasions=(Occasion("R", "日常", 0),)), "weight 应大于 0"),
        (replace(OBSERVING, occasions=(Occasion("R", "甲", 1), Occasion("R", "乙", 1))), "occasion 的 code “R”写了 2 次"),
    ],
)
def test_a_process_that_cannot_be_is_refused(plan: Observing, problem: str) -> None:
    assert any(problem in told for told in plan.problems())
    assert OBSERVING.problems() == [] and replace(OBSERVING, observers=4).problems() == []
