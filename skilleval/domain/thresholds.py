"""The numbers in a rule's condition (years of work, years held, age), so that one of them may be tried as another."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from skilleval.domain.eligibility import Requirement
from skilleval.domain.rules import Expression, Group, Rule

#: what a requirement counts, as one reads it
#: what a number counts → its Chinese name
NAMES = {"age": "年龄（周岁）", "work_years": "工作年限", "held_years": "持证年限"}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number of a condition: the road to its requirement, what it counts, and its value."""

    road: tuple[int, ...]
    counts: str
    value: int

    @property
    def name_zh(self) -> str:
        """What the number counts, in Chinese."""
        return NAMES[self.counts]


def thresholds(rule: Rule) -> list[Threshold]:
    """Every number of the rule's condition, in the order in which it is written; none where the rule has no condition."""
    return list(_found(rule.when, ())) if rule.when is not None else []


def with_threshold(rule: Rule, threshold: Threshold, value: int) -> Rule:
    """The rule with another number in this place. Its clause says that it is on trial: no document says so."""
    told = f"{rule.clause.text}（试算：{threshold.name_zh}由 {threshold.value} 改为 {value}）"
    return replace(rule, when=_changed(rule.when, threshold, threshold.road, value), clause=replace(rule.clause, text=told))


def _found(expression: Expression, road: tuple[int, ...]) -> Iterator[Threshold]:
    if isinstance(expression, Group):
        for place, part in enumerate(expression.parts):
            yield from _found(part, (*road, place))
    elif isinstance(expression, Requirement):
        for counts in NAMES:
            if value := getattr(expression, counts):
                yield Threshold(road, counts, value)


def _changed(expression: Expression, threshold: Threshold, road: tuple[int, ...], value: int) -> Expression:
    if not road:
        return replace(expression, **{threshold.counts: value})
    first, *rest = road
    assert isinstance(expression, Group), "a road leads through groups"
    parts = list(expression.parts)
    parts[first] = _changed(parts[first], threshold, tuple(rest), value)
    return replace(expression, parts=tuple(parts))
