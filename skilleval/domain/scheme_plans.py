"""A scheme (评分办法) as it is stored, as the domain's value; and the mark of a filled sheet computed again from its lines."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Any, Protocol

from skilleval.domain import marking, observations, performance
from skilleval.domain.criteria import Criterion, CriterionSheet, Group, Veto
from skilleval.domain.errors import RuleBroken
from skilleval.domain.marking import Entered
from skilleval.domain.observations import Observation, Observing, Occasion
from skilleval.domain.performance import Band, Indicator, Period, Review
from skilleval.domain.schemes import Scored, ScoredLine

Plan = CriterionSheet | Review | Observing
_POINTS = re.compile(r"\d{1,6}\.\d\d")
_TIMES = re.compile(r"\d{1,4}")


class FilledLine(Protocol):
    """A line of a sheet as it is kept, whoever keeps it."""

    @property
    def item(self) -> str:
        """The code of the item; empty where a cap, a floor or a veto speaks."""

    @property
    def period(self) -> str:
        """The period of an indicator."""

    @property
    def day(self) -> date | None:
        """The day of an observation."""

    @property
    def observer(self) -> str:
        """Who observed."""

    @property
    def entered(self) -> str:
        """What was entered, as written."""

    @property
    def points(self) -> int:
        """What it gave, in hundredths."""

    @property
    def text(self) -> str:
        """How, in Chinese."""


def plan_of(kind: str, content: Mapping[str, Any]) -> Plan:
    """A stored scheme as the domain's value."""
    return _PLANS[kind](content)


def problems_of(plan: Plan, maximum: int) -> list[str]:
    """Everything that makes a plan none for a part of that maximum."""
    return plan.problems() if isinstance(plan, Observing) else plan.problems(maximum)


def rescore(plan: Plan, lines: Sequence[FilledLine], window: tuple[date, date], maximum: int) -> Scored:
    """The mark again from what the lines say was entered; what they say that it gave is not looked at.

    ``window`` are the first and last day of the assessment, between which observations lie. Refused with every reason:
    lines that are no filled sheet of the plan, among them one that lacks.
    """
    if isinstance(plan, CriterionSheet):
        scored = marking.scored(entered_in(plan, lines), maximum, plan)
    elif isinstance(plan, Review):
        scored = performance.review(plan, _values(plan, lines))
    else:
        scored = observations.assess(plan, [_observation(line) for line in lines], window, maximum)
    if scored.missing:
        raise RuleBroken("评分记录不齐", [f"缺{one}" for one in scored.missing])
    return scored


def entered_in(plan: CriterionSheet, lines: Sequence[FilledLine]) -> Entered:
    """What was entered on a criterion sheet. Refused: an item twice, one that the sheet has not, what can't be read."""
    kinds = {one.code: one.kind for one in plan.criteria} | {one.code: "veto" for one in plan.vetoes}
    items: dict[str, int] = {}
    vetoes: list[str] = []
    for line in (one for one in lines if one.item):
        kind = kinds.get(line.item)
        if kind is None:
            raise RuleBroken(f"评分表中没有 {line.item}")
        if line.item in items or line.item in vetoes:
            raise RuleBroken(f"评分项 {line.item} 写了两次")
        if kind == "veto":
            vetoes.append(line.item)
        else:
            items[line.item] = _hundredths(line) if kind == "add" else _times(line)
    return Entered(items=items, vetoes=tuple(vetoes))


def first_difference(stored: Sequence[FilledLine], computed: Sequence[ScoredLine]) -> int | None:
    """The place of the first line, from 0, that is not as it is computed, or that there is only once; None if all are."""
    for place, (one, other) in enumerate(zip_longest(stored, computed)):
        if one is None or other is None or _says(one) != _says(other):
            return place
    return None


def _says(line: FilledLine) -> tuple[object, ...]:
    return line.item, line.period, line.day, line.observer, line.entered, line.points, line.text


def _values(plan: Review, lines: Sequence[FilledLine]) -> dict[tuple[str, str], Decimal | None]:
    known = {one.code: one for one in plan.indicators}
    periods = {one.name for one in plan.periods}
    values: dict[tuple[str, str], Decimal | None] = {}
    for line in lines:
        key = (line.period, line.item)
        if line.item not in known or line.period not in periods:
            raise RuleBroken(f"业绩指标中没有{line.period}的 {line.item}")
        if key in values:
            raise RuleBroken(f"{line.period}的 {line.item} 写了两次")
        values[key] = value = _number(line)
        if fault := known[line.item].fault(value):
            raise RuleBroken(fault)
    return values


def _observation(line: FilledLine) -> Observation:
    if line.day is None:
        raise RuleBroken(f"{line.item} 的一次观察没有日期")
    return Observation(line.day, line.item, line.observer, _hundredths(line))


def _number(line: FilledLine) -> Decimal:
    try:
        value = Decimal(line.entered)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise RuleBroken(f"{line.period}的 {line.item} 填的“{line.entered}”不是数值")
    return value


def _hundredths(line: FilledLine) -> int:
    if not _POINTS.fullmatch(line.entered):
        raise RuleBroken(f"{line.item} 填的“{line.entered}”不是分数")
    return int(line.entered.replace(".", ""))


def _times(line: FilledLine) -> int:
    if not _TIMES.fullmatch(line.entered):
        raise RuleBroken(f"{line.item} 填的“{line.entered}”不是次数")
    return int(line.entered)


def _criteria(content: Mapping[str, Any]) -> CriterionSheet:
    criteria = tuple(Criterion(**{"cap": one["maximum"], **one}) if one["kind"] == "deduct" else Criterion(**one)
                     for one in content["criterion"])  # fmt: skip
    return CriterionSheet(
        tuple(
            Group(one["name"], one.get("maximum", sum(each.maximum for each in criteria if each.group == one["name"])),
                  one.get("cap"))
            for one in content["group"]
        ),
        criteria,
        tuple(Veto(**one) for one in content.get("veto", [])),
    )  # fmt: skip


def _review(content: Mapping[str, Any]) -> Review:
    def limit(one: Mapping[str, Any], key: str) -> Decimal | None:
        return Decimal(one[key]) if key in one else None

    return Review(
        tuple(
            Indicator(
                one["code"], one["name"], one["unit"], one["weight"], one["better"],
                tuple(Band(Decimal(band["at"]), band["points"]) for band in one["bands"]), one["otherwise"],
                one.get("target", ""), limit(one, "lowest"), limit(one, "highest"),
            )
            for one in content["indicator"]
        ),
        tuple(Period(**one) for one in content["period"]),
    )  # fmt: skip


def _observing(content: Mapping[str, Any]) -> Observing:
    return Observing(tuple(Occasion(**one) for one in content["occasion"]), content["at_least"], content["observers"])


_PLANS: Mapping[str, Callable[[Mapping[str, Any]], Plan]] = {
    "criteria": _criteria, "review": _review, "observing": _observing,
}  # fmt: skip
