"""Performance review (工作业绩评审): indicators of several periods, each value by its bands (档) to points, the weighted mean.

What is not there is unknown: the mark waits, and what is missing is named. Indicators, bands and weights are the firm's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from skilleval.domain.schemes import Scored, ScoredLine
from skilleval.domain.scoring import round_hundredths, show

DIRECTIONS = {"higher": "越高越好", "lower": "越低越好"}


@dataclass(frozen=True, slots=True)
class Band:
    """From this value on (inclusive, in the indicator's direction), so many hundredths of points."""

    at: Decimal
    points: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """One measure: unit, weight in percent, bands from best to worst, and the points of what reaches none of them."""

    code: str
    name: str
    unit: str
    weight: int
    better: str
    bands: tuple[Band, ...]
    otherwise: int
    #: what is worth aiming at, as the firm words it
    target: str = ""
    lowest: Decimal | None = None
    highest: Decimal | None = None

    @property
    def label(self) -> str:
        """As it is named to people."""
        return f"{self.code} {self.name}"

    def points(self, value: Decimal) -> int:
        """The points of a value: those of the best band that it reaches."""
        for band in self.bands:
            if value >= band.at if self.better == "higher" else value <= band.at:
                return band.points
        return self.otherwise

    def fault(self, value: Decimal) -> str:
        """Why this can't be a value of the indicator; nothing if it can."""
        too_low = self.lowest is not None and value < self.lowest
        if too_low or (self.highest is not None and value > self.highest):
            low = "不限" if self.lowest is None else f"{self.lowest}"
            high = "不限" if self.highest is None else f"{self.highest}"
            return f"“{self.label}”应在 {low} 至 {high} {self.unit}之间"
        return ""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time that is looked at, by the firm's name for it, and its weight in percent."""

    name: str
    weight: int


@dataclass(frozen=True, slots=True)
class Review:
    """What is looked at: every indicator in every period."""

    indicators: tuple[Indicator, ...]
    periods: tuple[Period, ...]

    def problems(self, maximum: int) -> list[str]:
        """Everything that makes this no review for a part of that maximum."""
        told = _twice("indicator 的 code", [one.code for one in self.indicators])
        told += _twice("period 的 name", [one.name for one in self.periods])
        for what, weights in (
            ("indicator", [one.weight for one in self.indicators]), ("period", [one.weight for one in self.periods])
        ):  # fmt: skip
            if sum(weights) != 100 or min(weights) < 1:
                told.append(f"{what} 的 weight 合计为 {sum(weights)}，应为 100，且每项至少为 1")
        for one in self.indicators:
            told += _indicator_problems(one, maximum)
        return told


def _twice(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what} “{name}”写了 {names.count(name)} 次" for name in sorted(set(names)) if names.count(name) > 1]


def _indicator_problems(one: Indicator, maximum: int) -> list[str]:
    where = f"indicator {one.label}"
    if one.better not in DIRECTIONS:
        return [f"{where} 的 better 应为：{'、'.join(DIRECTIONS)}"]
    told = []
    ladder = [band.at if one.better == "higher" else -band.at for band in one.bands]
    if any(better <= worse for better, worse in pairwise(ladder)):
        told.append(f"{where} 的 bands 应从最好一档写到最差一档（{DIRECTIONS[one.better]}）")
    steps = [*(band.points for band in one.bands), one.otherwise]
    if any(better <= worse for better, worse in pairwise(steps)) or steps[-1] < 0:
        told.append(f"{where} 各档 points 应逐档降低，otherwise 最低且不小于 0")
    if steps[0] != maximum:
        told.append(f"{where} 最好一档为 {show(steps[0])}，应与评价规范这一部分的满分 {show(maximum)} 相同")
    return told


def review(plan: Review, values: Mapping[tuple[str, str], Decimal | None]) -> Scored:
    """The mark from values by (period, indicator code), halves of a hundredth up; None with what is missing named."""
    missing = tuple(
        f"{period.name}的{one.name}"
        for period in plan.periods
        for one in plan.indicators
        if values.get((period.name, one.code)) is None
    )
    lines, total = [], Fraction(0)
    for period in plan.periods:
        for one in plan.indicators:
            value = values.get((period.name, one.code))
            if value is None:
                continue
            points = one.points(value)
            total += Fraction(points * one.weight * period.weight, 10000)
            text = (
                f"{period.name} {one.label}：{value}{one.unit}，得 {show(points)}"
                f"（指标权重 {one.weight}%，时段权重 {period.weight}%）"
            )
            lines.append(ScoredLine(one.code, str(value), points, text, period=period.name))
    return Scored(None if missing else round_hundredths(total), tuple(lines), missing)
