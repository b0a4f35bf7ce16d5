"""Records (业绩数据、过程考核记录) of one candidate as they are entered: what may not be, what is missing, what they come to so far.

Nothing here is a mark before everything is there: a value that is not entered is unknown and never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from skilleval.domain import observations, performance
from skilleval.domain.observations import Observation, Observing
from skilleval.domain.performance import Review
from skilleval.domain.schemes import Scored
from skilleval.domain.scoring import round_hundredths

RecordPlan = Review | Observing


@dataclass(frozen=True, slots=True)
class Frame:
    """What holds for every record of a part: its maximum, the days that count, and who may have observed, by code."""

    maximum: int
    window: tuple[date, date]
    observers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is entered of one candidate: values by (period, indicator code), or observations; or absent."""

    absent: bool = False
    values: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    observations: tuple[Observation, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing is entered."""
        return not (self.absent or self.values or self.observations)


@dataclass(frozen=True, slots=True)
class SoFar:
    """What the records come to up to now; it is no mark while ``missing`` names something.

    ``points`` in hundredths: of indicators the weighted points of those that are known, of observations their weighted mean;
    None where nothing is. ``weight``: the percent of the whole weight that the known indicators have.
    """

    points: int | None
    weight: Fraction | None
    missing: tuple[str, ...]


def fitting(recorded: Recorded, plan: RecordPlan) -> Recorded:
    """What of a draft the plan still asks for: it may have been changed since, while nobody has a mark."""
    if isinstance(plan, Review):
        asked = {(period.name, one.code) for period in plan.periods for one in plan.indicators}
        return Recorded(recorded.absent, {key: value for key, value in recorded.values.items() if key in asked})
    codes = {one.code for one in plan.occasions}
    return Recorded(recorded.absent, {}, tuple(one for one in recorded.observations if one.occasion in codes))


def problems(recorded: Recorded, plan: RecordPlan, frame: Frame) -> list[str]:
    """Everything that may not be entered, with what may: nothing out of range is ever kept."""
    told = []
    if recorded.absent and (recorded.values or recorded.observations):
        told.append("已标缺考，不能再有记录")
    if isinstance(plan, Review):
        return told + _value_problems(recorded, plan)
    return told + _observation_problems(recorded, plan, frame)


def scored(recorded: Recorded, plan: RecordPlan, frame: Frame) -> Scored:
    """The mark with its lines; its value is None for an absent candidate, and while something is missing."""
    if recorded.absent:
        return Scored(None)
    if isinstance(plan, Review):
        return performance.review(plan, recorded.values)
    return observations.assess(plan, recorded.observations, frame.window, frame.maximum)


def so_far(recorded: Recorded, plan: RecordPlan, frame: Frame) -> SoFar:
    """What the records come to up to now. Refused: what ``problems`` tells."""
    found = scored(recorded, plan, frame)
    if recorded.is_empty or recorded.absent:
        return SoFar(None, None, found.missing)
    if isinstance(plan, Review):
        return SoFar(*_gathered(recorded, plan), found.missing)
    weights = {one.code: one.weight for one in plan.occasions}
    whole = sum(weights[one.occasion] for one in recorded.observations)
    total = sum(one.score * weights[one.occasion] for one in recorded.observations)
    return SoFar(round_hundredths(Fraction(total, whole)), None, found.missing)


def _gathered(recorded: Recorded, plan: Review) -> tuple[int, Fraction]:
    points, weight = Fraction(0), Fraction(0)
    for period in plan.periods:
        for one in plan.indicators:
            value = recorded.values.get((period.name, one.code))
            if value is not None:
                points += Fraction(one.points(value) * one.weight * period.weight, 10000)
                weight += Fraction(one.weight * period.weight, 100)
    return round_hundredths(points), weight


def _value_problems(recorded: Recorded, plan: Review) -> list[str]:
    known = {one.code: one for one in plan.indicators}
    periods = {one.name for one in plan.periods}
    told = [f"业绩指标中没有 {period}的 {code}" for period, code in recorded.values if period not in periods or code not in known]
    told += [
        f"{period}：{fault}" for (period, code), value in recorded.values.items()
        if code in known and (fault := known[code].fault(value))
    ]  # fmt: skip
    return told if not recorded.observations else [*told, "这一部分按业绩指标计分，没有观察记录"]


def _observation_problems(recorded: Recorded, plan: Observing, frame: Frame) -> list[str]:
    codes = {one.code for one in plan.occasions}
    told = []
    for one in recorded.observations:
        if one.occasion not in codes:
            told.append(f"没有编号为 {one.occasion} 的考核项目")
        if one.observer not in frame.observers:
            told.append(f"观察人 {one.observer} 没有指派评这一部分")
        if fault := observations.fault_of(one, frame.window, frame.maximum):
            told.append(fault[1])
    keys = [(one.day, one.occasion, one.observer) for one in recorded.observations]
    told += [f"{day} {observer} 的 {occasion} 记了两次" for day, occasion, observer in sorted({key for key in keys if keys.count(key) > 1})]
    return told if not recorded.values else [*told, "这一部分按过程考核计分，没有业绩数据"]
