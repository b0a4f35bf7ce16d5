"""Records as they are entered: what is unknown stays unknown, what is out of range is told, the sums on the way to a mark."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from skilleval.domain.observations import Observation, Observing, Occasion
from skilleval.domain.performance import Band, Indicator, Period, Review
from skilleval.domain.records import Frame, Recorded, fitting, problems, scored, so_far

REVIEW = Review(
    (
        Indicator("A", "完好率", "%", 60, "higher", (Band(Decimal(98), 10000), Band(Decimal(90), 6000)), 0, "", Decimal(0), Decimal(100)),
        Indicator("B", "停机", "小时", 40, "lower", (Band(Decimal(0), 10000), Band(Decimal(8), 5000)), 3000, "", Decimal(0)),
    ),
    (Period("上", 40), Period("下", 60)),
)
OBSERVING = Observing((Occasion("RC", "日常", 1, 2), Occasion("JD", "阶段", 2)), 3, 2)
FRAME = Frame(10000, (date(2026, 6, 8), date(2026, 6, 12)), frozenset({"K1", "K2"}))
DAY = date(2026, 6, 8)
WHOLE = {("上", "A"): Decimal(98), ("上", "B"): Decimal(0), ("下", "A"): Decimal(90), ("下", "B"): Decimal(9)}


def observed(*own: tuple[int, str, str, int]) -> Recorded:
    return Recorded(observations=tuple(Observation(date(2026, 6, day), *rest) for day, *rest in own))  # type: ignore[arg-type] # of the tuple


@pytest.mark.parametrize(
    ("values", "points", "weight", "missing"),
    [
        ({}, None, None, 4),
        ({("上", "A"): Decimal(98)}, 2400, 24, 3),
        # a known 0 counts as 0 and is not unknown
        ({("上", "B"): Decimal(0), ("下", "A"): Decimal(0)}, 1600, 52, 2),
        (WHOLE, 4000 + 2160 + 720, 100, 0),
    ],
)
def test_what_is_known_of_the_indicators_adds_up_and_the_rest_is_named(
    values: dict[tuple[str, str], Decimal], points: int | None, weight: int | None, missing: int
) -> None:
    found = so_far(Recorded(values=values), REVIEW, FRAME)

    assert (found.points, found.weight, len(found.missing)) == (points, None if weight is None else Fraction(weight), missing)
    assert scored(Recorded(values=values), REVIEW, FRAME).value == (None if missing else points)


@pytest.mark.parametrize(
    ("recorded", "points", "missing"),
    [
        (observed(), None, 3),
        (observed((8, "RC", "K1", 8000)), 8000, 3),
        (observed((8, "RC", "K1", 8000), (9, "RC", "K1", 9000), (10, "JD", "K1", 7000)), 7750, 1),
        (observed((8, "RC", "K1", 8000), (9, "RC", "K2", 9000)), 8500, 1),
        (observed((8, "RC", "K1", 8000), (9, "RC", "K2", 9000), (10, "JD", "K1", 0)), 4250, 0),
    ],
)
def test_observations_have_a_mean_on_the_way_and_a_mark_when_there_are_enough(
    recorded: Recorded, points: int | None, missing: int
) -> None:
    found = so_far(recorded, OBSERVING, FRAME)

    assert (found.points, len(found.missing)) == (points, missing)
    assert scored(recorded, OBSERVING, FRAME).value == (None if missing else points)


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        (Recorded(values={("上", "A"): Decimal(100)}), ""),
        (Recorded(values={("上", "A"): Decimal("100.01")}), "应在 0 至 100"),
        (Recorded(values={("上", "B"): Decimal("-0.1")}), "应在 0 至 不限"),
        (Recorded(values={("前", "A"): Decimal(1)}), "没有 前的 A"),
        (Recorded(absent=True, values={("上", "A"): Decimal(1)}), "已标缺考"),
        (Recorded(absent=True), ""),
        (observed((8, "RC", "K1", 1)), "没有观察记录"),
    ],
)
def test_what_may_not_be_a_value_is_told(recorded: Recorded, told: str) -> None:
    found = problems(recorded, REVIEW, FRAME)

    assert (told in "；".join(found)) and bool(found) == bool(told)


@pytest.mark.parametrize(
    ("one", "told"),
    [
        ((8, "RC", "K1", 10000), ""),
        ((12, "RC", "K1", 0), ""),
        ((7, "RC", "K1", 5000), "不在批次的评价期间"),
        ((13, "RC", "K1", 5000), "不在批次的评价期间"),
        ((8, "RC", "K1", 10001), "应在 0 至 100"),
        ((8, "XX", "K1", 5000), "没有编号为 XX"),
        ((8, "RC", "K3", 5000), "没有指派评这一部分"),
    ],
)
def test_what_may_not_be_an_observation_is_told(one: tuple[int, str, str, int], told: str) -> None:
    found = problems(observed(one), OBSERVING, FRAME)

    assert (told in "；".join(found)) and bool(found) == bool(told)


def test_the_same_observation_twice_is_told() -> None:
    assert "记了两次" in "".join(problems(observed((8, "RC", "K1", 1), (8, "RC", "K1", 2)), OBSERVING, FRAME))


def test_an_absent_candidate_lacks_no_mark_and_has_none() -> None:
    assert scored(Recorded(absent=True), REVIEW, FRAME).value is None
    assert so_far(Recorded(absent=True), OBSERVING, FRAME).points is None


def test_a_draft_keeps_only_what_a_changed_plan_still_asks_for() -> None:
    kept = fitting(Recorded(values={("上", "A"): Decimal(1), ("旧", "A"): Decimal(2)}), REVIEW)
    seen = fitting(observed((8, "RC", "K1", 1), (8, "XX", "K1", 1)), OBSERVING)

    assert list(kept.values) == [("上", "A")]
    assert [one.occasion for one in seen.observations] == ["RC"]
