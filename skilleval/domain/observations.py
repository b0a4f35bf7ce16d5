"""Process assessment (过程考核): dated observations of several kinds by observers; the mark is their weighted mean.

How many there must be, and by how many observers, is the firm's own rule. Too few are unfinished, never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from skilleval.domain.errors import RuleBroken
from skilleval.domain.schemes import Scored, ScoredLine
from skilleval.domain.scoring import round_hundredths, show


@dataclass(frozen=True, slots=True)
class Occasion:
    """A kind of observation: the weight of each one, and how many of them there must be."""

    code: str
    name: str
    weight: int
    at_least: int = 0

    @property
    def label(self) -> str:
        """As it is named to people."""
        return f"{self.code} {self.name}"


@dataclass(frozen=True, slots=True)
class Observing:
    """What is observed, and how many observations and observers there must be in all."""

    occasions: tuple[Occasion, ...]
    at_least: int
    observers: int = 1

    def problems(self) -> list[str]:
        """Everything that makes this no plan."""
        codes = [one.code for one in self.occasions]
        told = [f"occasion 的 code “{code}”写了 {codes.count(code)} 次" for code in sorted(set(codes)) if codes.count(code) > 1]
        told += [f"occasion {one.label} 的 weight 应大于 0" for one in self.occasions if one.weight < 1]
        if self.at_least < 1 or self.observers < 1:
            told.append("at_least、observers 应至少为 1")
        elif self.observers > self.at_least:
            told.append(f"observers {self.observers} 大于 at_least {self.at_least}，按最少次数不可能做到")
        return told


@dataclass(frozen=True, slots=True)
class Observation:
    """One observation: the day, what was observed, the observer's code, and the score in hundredths."""

    day: date
    occasion: str
    observer: str
    score: int


def fault_of(one: Observation, window: tuple[date, date], maximum: int) -> tuple[str, str] | None:
    """The field (day or score) that can't be, and why; None if all can be."""
    first, last = window
    if not first <= one.day <= last:
        return "day", f"{one.day} 不在批次的评价期间 {first} 至 {last} 内"
    if not 0 <= one.score <= maximum:
        return "score", f"应在 0 至 {show(maximum)} 之间"
    return None


def assess(plan: Observing, observed: Sequence[Observation], window: tuple[date, date], maximum: int) -> Scored:
    """The weighted mean of what was observed, halves of a hundredth up; None with what is lacking named.

    Refused with every reason: a day outside the window, a score out of range, an unknown kind, the same kind twice on one
    day by one observer.
    """
    known = {one.code: one for one in plan.occasions}
    problems = [fault[1] for one in observed if (fault := fault_of(one, window, maximum))]
    problems += [f"没有编号为 {one.occasion} 的考核项目" for one in observed if one.occasion not in known]
    keys = [(one.day, one.occasion, one.observer) for one in observed]
    problems += [f"{key[0]} {key[2]} 的 {key[1]} 记了两次" for key in sorted(set(keys)) if keys.count(key) > 1]
    if problems:
        raise RuleBroken("过程考核记录有错误", problems)
    ordered = sorted(observed, key=lambda one: (one.day, one.occasion, one.observer))
    lines = tuple(
        ScoredLine(
            one.occasion, show(one.score), one.score,
            f"{one.day} {known[one.occasion].label}：{show(one.score)}（{one.observer}，权重 {known[one.occasion].weight}）",
            day=one.day, observer=one.observer,
        )
        for one in ordered
    )  # fmt: skip
    missing = _missing(plan, observed)
    if missing:
        return Scored(None, lines, missing)
    weights = sum(known[one.occasion].weight for one in observed)
    total = sum(one.score * known[one.occasion].weight for one in observed)
    return Scored(round_hundredths(Fraction(total, weights)), lines)


def _missing(plan: Observing, observed: Sequence[Observation]) -> tuple[str, ...]:
    told = []
    for one in plan.occasions:
        count = sum(each.occasion == one.code for each in observed)
        if count < one.at_least:
            told.append(f"{one.label}至少 {one.at_least} 次，现有 {count} 次")
    if len(observed) < plan.at_least:
        told.append(f"至少 {plan.at_least} 次观察，现有 {len(observed)} 次")
    if (count := len({one.observer for one in observed})) < plan.observers:
        told.append(f"至少 {plan.observers} 名观察人，现有 {count} 名")
    return tuple(told)
