"""How an answer changes as time passes: from which day a person meets a condition by waiting alone.

The answer of a comparison changes on a few days only, such as the one on which the years are full. It is proved on those
days and not on the others, so that "who becomes eligible by then" asks nobody day by day. Work that is going on counts
on; a period that ended does not grow. The rules are taken as they stand on the first day.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

from skilleval.domain.backgrounds import Background
from skilleval.domain.dates import add_months, add_years
from skilleval.domain.eligibility import Condition, Requirement, full_on, prove_requirement
from skilleval.domain.facts import FACTS, relative_amount
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Case, Cited, Clause, Compare, Expression, Group, group_answer, prove

#: answers, each from its day on; the first day is the one that was asked for
Steps = tuple[tuple[date, Answer], ...]

_NO_CLAUSE = Clause("", "", "", "high")
#: a month is shorter than another by at most three days, so what was counted back from a day may be that much off
_MONTH_ENDS = range(-4, 5)


class Timeline:
    """One person before a set of occupations, from a day on until another."""

    def __init__(self, background: Background, occupations: Iterable[str], on: date, until: date) -> None:
        self.background, self.occupations = background, frozenset(occupations)
        self.on, self.until = on, until

    def steps(self, expression: Expression) -> Steps:
        """The answers of an expression and the days from which each stands."""
        if isinstance(expression, Group):
            parts = [self.steps(part) for part in expression.parts]
            return _merge(parts, lambda answers: group_answer(expression.kind, answers, expression.least))
        if isinstance(expression, Cited):
            return self.steps(expression.expression)
        days = sorted({day for day in self._turns(expression) if self.on < day <= self.until})
        return _plain((day, self._prove(expression, day)) for day in (self.on, *days))

    def first_met(self, conditions: Sequence[Condition]) -> date | None:
        """The first day on which one of the conditions is met; None where none is by the last day."""
        firsts = [_first(self.steps(Group("all", one.requirements)), Answer.MET) for one in conditions]
        return min((day for day in firsts if day is not None), default=None)

    def _prove(self, leaf: Expression, day: date) -> Answer:
        if isinstance(leaf, Requirement):
            return prove_requirement(
                leaf, _NO_CLAUSE, background=self.background, occupations=self.occupations, on=day
            ).answer
        return prove(leaf, _NO_CLAUSE, Case(day, self.background.facts)).answer

    def _turns(self, leaf: Expression) -> Iterator[date]:
        """The days on which the answer of a comparison can change, and perhaps a few more."""
        if isinstance(leaf, Requirement):
            yield from self._requirement_turns(leaf)
        elif isinstance(leaf, Compare) and leaf.fact in FACTS and FACTS[leaf.fact].kind == "date":
            yield from _date_turns(leaf, self.background.facts.get(leaf.fact))

    def _requirement_turns(self, asked: Requirement) -> Iterator[date]:
        person = self.background
        if asked.age is not None:
            yield from (add_years(day, asked.age) for day in (person.birth_date,) if day)
        elif asked.work_years is not None:
            yield from self._work_turns(asked, asked.work_years)
        elif asked.certificate is not None:
            yield from _held_turns(self._certificate_days(asked.certificate), asked.held_years)
        elif asked.title is not None:
            yield from _held_turns(self._title_days(), asked.held_years)
        elif asked.evidence:
            yield from (one.obtained_on for one in person.evidence or () if one.obtained_on)
        else:
            for graduated in (one.graduated_on for one in person.diplomas or () if one.graduated_on):
                yield graduated
                if asked.students:
                    yield from _around(add_years(graduated, -1))

    def _work_turns(self, asked: Requirement, years: int) -> Iterator[date]:
        starts: list[date | None] = [None]
        if asked.after_certificate is not None:
            starts = [*self._certificate_days(asked.after_certificate)]
        elif asked.after_title is not None:
            starts = [*self._title_days()]
        work = [one for one in self.background.work or () if one.started_on and one.occupation_code in self.occupations]
        for since in starts:
            if since is not None:
                yield since
                yield add_years(since, years)
            full = full_on(work, years, since, self.until)
            if full is not None:
                yield full

    def _certificate_days(self, grade: Grade) -> Iterator[date]:
        for one in (*(self.background.certificates or ()), *self.background.issued):
            if one.grade >= grade and one.obtained_on and one.occupation_code in self.occupations:
                yield one.obtained_on

    def _title_days(self) -> Iterator[date]:
        yield from (one.obtained_on for one in self.background.titles or () if one.obtained_on)


def first_day(
    background: Background,
    occupation_code: str,
    grade: Grade,
    conditions: Sequence[Condition],
    on: date,
    until: date,
    *,
    related: Iterable[str] = (),
) -> date | None:
    """The first day from ``on`` to ``until`` on which the person is met by waiting alone; None where there is none."""
    line = Timeline(background, (occupation_code, *related), on, until)
    return line.first_met([one for one in conditions if one.grade is grade])


def _first(steps: Steps, answer: Answer) -> date | None:
    return next((day for day, found in steps if found is answer), None)


def _plain(steps: Iterable[tuple[date, Answer]]) -> Steps:
    """The steps without those that change nothing."""
    kept: list[tuple[date, Answer]] = []
    for day, answer in steps:
        if not kept or kept[-1][1] is not answer:
            kept.append((day, answer))
    return tuple(kept)


def _merge(parts: Sequence[Steps], combine: Callable[[list[Answer]], Answer]) -> Steps:
    if all(len(part) == 1 for part in parts):
        return ((parts[0][0][0], combine([part[0][1] for part in parts])),)
    days = sorted({day for part in parts for day, _answer in part})
    places = [0] * len(parts)
    found = []
    for day in days:
        for index, part in enumerate(parts):
            while places[index] + 1 < len(part) and part[places[index] + 1][0] <= day:
                places[index] += 1
        found.append((day, combine([part[place][1] for part, place in zip(parts, places, strict=True)])))
    return _plain(found)


def _held_turns(days: Iterable[date], years: int) -> Iterator[date]:
    for day in days:
        yield day
        yield add_years(day, years)


def _around(day: date) -> Iterator[date]:
    yield from (day + timedelta(days=off) for off in _MONTH_ENDS)


def _date_turns(leaf: Compare, held: date | None) -> Iterator[date]:
    if held is None:
        return
    if leaf.operator == "full_years":
        yield add_years(held, leaf.value)
    elif isinstance(leaf.value, str):
        amount, unit = relative_amount(leaf.value)
        if unit == "d":
            yield from _around(held - timedelta(days=amount))
        else:
            yield from _around(add_months(held, -amount * (12 if unit == "y" else 1)))
