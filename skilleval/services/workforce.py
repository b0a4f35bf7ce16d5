"""Who of a whole workforce may sit, at once: the entry conditions as numpy masks, equal to ``judge`` one by one.

An answer is a small number, so that *all* is the least and *any* the greatest: 0 not met, 1 unknown, 2 met. "N years are
full on the day" is a comparison with one day, the latest that N years ago may have been, so nothing is added to 100,000
dates.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from skilleval.domain.dates import add_years, latest_start
from skilleval.domain.eligibility import Condition, Requirement, judge
from skilleval.domain.facts import FACTS, compare, day_of
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Cited, Compare, Expression, Group, Refer
from skilleval.services.workforce_columns import DIPLOMAS, EVIDENCE, GIVERS, TITLES, Days, Held, Mask, Workforce

Answers = NDArray[np.int8]

NOT_MET: Final = np.int8(0)
UNKNOWN: Final = np.int8(1)
MET: Final = np.int8(2)
ANSWERS: Final = (Answer.NOT_MET, Answer.UNKNOWN, Answer.MET)

_NEVER: Final = np.int32(date.max.toordinal())


def judge_all(
    workforce: Workforce,
    occupation_code: str,
    grades: Sequence[Grade],
    conditions: Sequence[Condition],
    on: date,
    *,
    related: Iterable[str] = (),
    switches: Mapping[str, bool] | None = None,
) -> dict[Grade, Answers]:
    """For each grade the answer for everybody (0 not met, 1 unknown, 2 met), the same as ``judge`` gives one by one."""
    related = tuple(related)
    sight = _Sight(workforce, (occupation_code, *related), on, switches or {})
    answers = {}
    for grade in grades:
        found = [sight.group("all", one.requirements) for one in conditions if one.grade is grade]
        # Silence is no permission: no condition, no answer.
        whole = reduce(np.maximum, found) if found else sight.everybody(UNKNOWN)
        if workforce.several:
            whole = whole.copy()
            for index in workforce.several:
                verdict = judge(
                    workforce.backgrounds[index], occupation_code, grade, conditions, on, related=related, switches=switches
                )
                whole[index] = ANSWERS.index(verdict.answer)
        answers[grade] = whole
    return answers


class _Sight:
    """The workforce as one set of occupations sees it on one day; what several requirements need is found once."""

    def __init__(
        self, workforce: Workforce, occupations: Sequence[str], on: date, switches: Mapping[str, bool]
    ) -> None:
        self.workforce, self.on, self.switches = workforce, on, switches
        self.today = np.int32(on.toordinal())
        self.codes = workforce.codes(occupations)
        self._since: dict[Grade | str, tuple[Answers, Days]] = {}
        self._found: dict[Expression, Answers] = {}
        fits = np.isin(workforce.work_code, self.codes)
        self.work_since = np.where(fits & (workforce.work_since > 0), workforce.work_since, _NEVER)
        vague = ~workforce.work_known | (workforce.work_code == -1) | (fits & (workforce.work_since == 0))
        #: the answer for those whose work does not suffice
        self.without_work = np.where(vague, UNKNOWN, NOT_MET)

    def answer(self, expression: Expression) -> Answers:
        """The answer to an expression for everybody."""
        if expression not in self._found:
            self._found[expression] = self._answer(expression)
        return self._found[expression]

    def everybody(self, answer: np.int8) -> Answers:
        """The same answer for all."""
        return np.full(self.workforce.size, answer, dtype=np.int8)

    def group(self, kind: str, parts: Sequence[Expression], least: int = 0) -> Answers:
        """The answer of a group from those of its parts, as ``rules.group_answer`` has it."""
        found = [self.answer(part) for part in parts]
        if kind == "all":
            return reduce(np.minimum, found, self.everybody(MET)) if len(found) != 1 else found[0]
        if kind == "least":
            return self._least(found, least)
        highest = reduce(np.maximum, found, self.everybody(NOT_MET))
        return highest if kind == "any" else MET - highest

    def _least(self, found: Sequence[Answers], least: int) -> Answers:
        met, possible = (
            sum((answers >= line for answers in found), np.zeros(self.workforce.size, dtype=np.int32))
            for line in (MET, UNKNOWN)
        )
        return np.where(met >= least, MET, np.where(possible >= least, UNKNOWN, NOT_MET))

    def _answer(self, expression: Expression) -> Answers:
        if isinstance(expression, Compare):
            return self._compare(expression)
        if isinstance(expression, Group):
            return self.group(expression.kind, expression.parts, expression.least)
        if isinstance(expression, Cited):
            return self.answer(expression.expression)
        if isinstance(expression, Refer):
            # The loader leaves the name where no version is in force.
            return self.everybody(UNKNOWN)
        assert isinstance(expression, Requirement), f"nothing judges {expression!r}"
        return self._requirement(expression)

    def _compare(self, leaf: Compare) -> Answers:
        if leaf.fact.startswith("switch:"):
            reading = self.switches.get(leaf.fact.removeprefix("switch:"))
            return self.everybody(UNKNOWN if reading is None else MET if reading == leaf.value else NOT_MET)
        kind = FACTS[leaf.fact]
        if kind.kind == "date":
            days = self.workforce.days(leaf.fact)
            if leaf.operator == "full_years":
                held, known = days <= self._bound(leaf.value), days > 0
            else:
                bound = day_of(leaf.value, self.on).toordinal()
                held, known = days <= bound if leaf.operator == "on_or_before" else days >= bound, days > 0
        else:
            numbers, values = self.workforce.words(leaf.fact)
            # Few values, so each is compared once; the last entry is what -1 points at.
            held = np.array([compare(kind, leaf.operator, one, leaf.value, self.on) for one in values] + [False])[numbers]
            known = numbers >= 0
        return np.where(known, np.where(held, MET, NOT_MET), UNKNOWN)

    def _requirement(self, requirement: Requirement) -> Answers:
        if requirement.age is not None:
            birth = self.workforce.birth
            return np.where(birth == 0, UNKNOWN, np.where(birth <= self._bound(requirement.age), MET, NOT_MET))
        if requirement.work_years is not None:
            return self._work(requirement, requirement.work_years)
        if requirement.certificate is not None:
            return self._long_enough(self._certificate_since(requirement.certificate), requirement.held_years)
        if requirement.title is not None:
            return self._long_enough(self._title_since(requirement.title), requirement.held_years)
        if requirement.evidence:
            return self._evidence(requirement)
        return self._diploma(requirement)

    def _long_enough(self, held: tuple[Answers, Days], years: int) -> Answers:
        answer, since = held
        return np.where((answer == MET) & (since > self._bound(years)), NOT_MET, answer)

    def _bound(self, years: int) -> np.int32:
        return np.int32(latest_start(self.on, years).toordinal() if years < self.on.year else 0)

    def _work(self, requirement: Requirement, years: int) -> Answers:
        bound = self._bound(years)
        enough = np.where(self.work_since <= bound, MET, self.without_work)
        if requirement.after_certificate is not None:
            answer, since = self._certificate_since(requirement.after_certificate)
        elif requirement.after_title is not None:
            answer, since = self._title_since(requirement.after_title)
        else:
            return enough
        # Whatever work nobody has entered, it can't have begun to count before the certificate.
        return np.where(answer == MET, np.where(since > bound, NOT_MET, enough), answer)

    def _certificate_since(self, grade: Grade) -> tuple[Answers, Days]:
        if grade not in self._since:
            held = self.workforce.certificates
            fitting = held.rank >= grade.rank
            sure = fitting & np.isin(held.fits, self.codes) & (held.day > 0)
            vague = fitting & ((held.fits == -1) | ((held.day == 0) & np.isin(held.fits, self.codes)))
            self._since[grade] = self._first(held, sure, vague)
        return self._since[grade]

    def _title_since(self, level: str) -> tuple[Answers, Days]:
        if level not in self._since:
            held = self.workforce.titles
            fitting = (held.rank >= TITLES[level]) & (held.fits != 0)
            unsure = (held.fits == -1) | (held.day == 0)
            self._since[level] = self._first(held, fitting & ~unsure, fitting & unsure)
        return self._since[level]

    def _first(self, held: Held, sure: Mask, vague: Mask) -> tuple[Answers, Days]:
        """Whether each person holds such a thing, and the first day on which they did."""
        since = np.full(self.workforce.size, _NEVER, dtype=np.int32)
        rows = sure & (held.day <= self.today)
        np.minimum.at(since, held.person[rows], held.day[rows])
        otherwise = np.where(held.known, NOT_MET, UNKNOWN)
        otherwise[held.person[vague]] = UNKNOWN
        return np.where(since < _NEVER, MET, otherwise), since

    def _diploma(self, requirement: Requirement) -> Answers:
        held = self.workforce.diplomas
        kinds = np.array([DIPLOMAS[kind] for kind in requirement.diplomas], dtype=np.int8)
        last = add_years(self.on, 1) if requirement.students else self.on
        late = held.day > last.toordinal()
        unfit = (held.fits == 0) | late
        unsure = (held.day == 0) | (held.fits == -1)
        if requirement.assessed:
            unfit |= held.assessed == 0
            unsure |= held.assessed == -1
        return self._best(held, np.isin(held.rank, kinds), unfit, unsure)

    def _evidence(self, requirement: Requirement) -> Answers:
        held = self.workforce.evidence
        kinds = np.array([EVIDENCE[kind] for kind in requirement.evidence], dtype=np.int8)
        low = (held.fits != -1) & (held.fits < GIVERS[requirement.level])
        unsure = (held.fits == -1) | (held.day == 0)
        return self._best(held, np.isin(held.rank, kinds), low | (held.day > self.today), unsure)

    def _best(self, held: Held, rows: Mask, unfit: Mask, unsure: Mask) -> Answers:
        """For each person the best answer that one of these things gives; none of them is not met."""
        answers = np.where(unfit, NOT_MET, np.where(unsure, UNKNOWN, MET))
        whole = np.where(held.known, NOT_MET, UNKNOWN)
        np.maximum.at(whole, held.person[rows], answers[rows])
        return whole
