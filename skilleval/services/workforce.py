"""Who of a whole workforce may sit, at once: the entry conditions as numpy masks, equal to ``judge`` one by one.

An answer is a small number, so that *all* is the least and *any* the greatest: 0 not met, 1 unknown, 2 met. Days are
ordinals, and 0 is a day that nobody entered. "N years are full on the day" is a comparison with one day, the latest that
N years ago may have been, so nothing is added to 100,000 dates.
"""

import calendar
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import chain
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from skilleval.domain.dates import add_years
from skilleval.domain.eligibility import (
    DIPLOMA_KINDS,
    TITLE_LEVELS,
    Background,
    Condition,
    Requirement,
    judge,
)
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer

Days = NDArray[np.int32]
Mask = NDArray[np.bool_]
Answers = NDArray[np.int8]

NOT_MET: Final = np.int8(0)
UNKNOWN: Final = np.int8(1)
MET: Final = np.int8(2)
ANSWERS: Final = (Answer.NOT_MET, Answer.UNKNOWN, Answer.MET)

Kind = TypeVar("Kind")

_NEVER: Final = np.int32(date.max.toordinal())
_LEVELS: Final = {level: place for place, level in enumerate(TITLE_LEVELS)}
_KINDS: Final = {kind: place for place, kind in enumerate(DIPLOMA_KINDS)}


@dataclass(frozen=True, slots=True)
class _Held:
    """What people hold, a row each: whose, its rank or kind, its occupation or a yes or no (-1 unknown), its day."""

    known: Mask
    person: NDArray[np.int32]
    rank: NDArray[np.int8]
    fits: NDArray[np.int32]
    day: Days
    assessed: NDArray[np.int8]


class Workforce:
    """The backgrounds of many people as columns."""

    def __init__(self, backgrounds: Sequence[Background]) -> None:
        self.backgrounds = backgrounds
        self.size = len(backgrounds)
        self._codes: dict[str, int] = {}
        self.birth = _days(one.birth_date for one in backgrounds)
        work = [one.work for one in backgrounds]
        #: several periods, or one that ended: these people are judged one by one
        self.several = [
            index for index, one in enumerate(work) if one and (len(one) > 1 or one[0].ended_on is not None)
        ]
        self.work_known = np.array([one is not None for one in work], dtype=np.bool_)
        first = [one[0] if one else None for one in work]
        # No period at all fits no occupation, as an occupation of nobody's.
        self.work_code = np.array([-2 if one is None else self._code(one.occupation_code) for one in first], dtype=np.int32)
        self.work_since = _days(one.started_on if one else None for one in first)
        self.certificates = self._hold(
            [one.certificates for one in backgrounds],
            lambda one: (one.grade.rank, self._code(one.occupation_code), one.obtained_on, None),
        )
        self.titles = self._hold(
            [one.titles for one in backgrounds],
            lambda one: (_LEVELS[one.level], _yes_no(one.matching), one.obtained_on, None),
        )
        self.diplomas = self._hold(
            [one.diplomas for one in backgrounds],
            lambda one: (_KINDS[one.kind], _yes_no(one.matching), one.graduated_on, one.assessed),
        )

    def codes(self, occupations: Iterable[str]) -> NDArray[np.int32]:
        """The numbers by which these occupations go here."""
        return np.array([self._codes[code] for code in occupations if code in self._codes], dtype=np.int32)

    def _code(self, code: str | None) -> int:
        return -1 if code is None else self._codes.setdefault(code, len(self._codes))

    def _hold(
        self,
        held: Sequence[tuple[Kind, ...] | None],
        read: Callable[[Kind], tuple[int, int, date | None, bool | None]],
    ) -> _Held:
        rows = [read(one) for one in chain.from_iterable(each or () for each in held)]
        counts = [len(each or ()) for each in held]
        return _Held(
            known=np.array([each is not None for each in held], dtype=np.bool_),
            person=np.repeat(np.arange(len(held), dtype=np.int32), counts),
            rank=np.array([row[0] for row in rows], dtype=np.int8),
            fits=np.array([row[1] for row in rows], dtype=np.int32),
            day=_days(row[2] for row in rows),
            assessed=np.array([_yes_no(row[3]) for row in rows], dtype=np.int8),
        )


def judge_all(
    workforce: Workforce,
    occupation_code: str,
    grades: Sequence[Grade],
    conditions: Sequence[Condition],
    on: date,
    *,
    related: Iterable[str] = (),
) -> dict[Grade, Answers]:
    """For each grade the answer for everybody (0 not met, 1 unknown, 2 met), the same as ``judge`` gives one by one."""
    related = tuple(related)
    sight = _Sight(workforce, (occupation_code, *related), on)
    answers = {}
    for grade in grades:
        of_grade = [condition for condition in conditions if condition.grade is grade]
        found = [reduce(np.minimum, map(sight.answer, condition.requirements)) for condition in of_grade]
        whole = reduce(np.maximum, found) if found else np.full(workforce.size, UNKNOWN, dtype=np.int8)
        if workforce.several:
            whole = whole.copy()
            for index in workforce.several:
                verdict = judge(workforce.backgrounds[index], occupation_code, grade, conditions, on, related=related)
                whole[index] = ANSWERS.index(verdict.answer)
        answers[grade] = whole
    return answers


def latest_start(on: date, years: int) -> date:
    """The last day from which ``years`` are full by ``on``: ``add_years(day, years) <= on`` just for days up to it."""
    year = on.year - years
    # On the last day of February, 29 February is full too where the year has none.
    if on.day == calendar.monthrange(on.year, on.month)[1]:
        return date(year, on.month, calendar.monthrange(year, on.month)[1])
    return on.replace(year=year)


class _Sight:
    """The workforce as one set of occupations sees it on one day; what several requirements need is found once."""

    def __init__(self, workforce: Workforce, occupations: Sequence[str], on: date) -> None:
        self.workforce, self.on = workforce, on
        self.today = np.int32(on.toordinal())
        self.codes = workforce.codes(occupations)
        self._since: dict[Grade | str, tuple[Answers, Days]] = {}
        self._found: dict[Requirement, Answers] = {}
        fits = np.isin(workforce.work_code, self.codes)
        self.work_since = np.where(fits & (workforce.work_since > 0), workforce.work_since, _NEVER)
        vague = ~workforce.work_known | (workforce.work_code == -1) | (fits & (workforce.work_since == 0))
        #: the answer for those whose work does not suffice
        self.without_work = np.where(vague, UNKNOWN, NOT_MET)

    def answer(self, requirement: Any) -> Answers:
        if requirement not in self._found:
            self._found[requirement] = self._answer(requirement)
        return self._found[requirement]

    def _answer(self, requirement: Requirement) -> Answers:
        if requirement.age is not None:
            birth = self.workforce.birth
            return np.where(birth == 0, UNKNOWN, np.where(birth <= self._bound(requirement.age), MET, NOT_MET))
        if requirement.work_years is not None:
            return self._work(requirement, requirement.work_years)
        if requirement.certificate is not None:
            answer, since = self._certificate_since(requirement.certificate)
            late = (answer == MET) & (since > self._bound(requirement.held_years))
            return np.where(late, NOT_MET, answer)
        return self._diploma(requirement)

    def _bound(self, years: int) -> np.int32:
        return np.int32(latest_start(self.on, years).toordinal())

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
            fitting = (held.rank >= _LEVELS[level]) & (held.fits != 0)
            unsure = (held.fits == -1) | (held.day == 0)
            self._since[level] = self._first(held, fitting & ~unsure, fitting & unsure)
        return self._since[level]

    def _first(self, held: _Held, sure: Mask, vague: Mask) -> tuple[Answers, Days]:
        """Whether each person holds such a thing, and the first day on which they did."""
        since = np.full(self.workforce.size, _NEVER, dtype=np.int32)
        rows = sure & (held.day <= self.today)
        np.minimum.at(since, held.person[rows], held.day[rows])
        otherwise = np.where(held.known, NOT_MET, UNKNOWN)
        otherwise[held.person[vague]] = UNKNOWN
        return np.where(since < _NEVER, MET, otherwise), since

    def _diploma(self, requirement: Requirement) -> Answers:
        held = self.workforce.diplomas
        kinds = np.array([_KINDS[kind] for kind in requirement.diplomas], dtype=np.int8)
        last = add_years(self.on, 1) if requirement.students else self.on
        late = held.day > last.toordinal()
        unfit = (held.fits == 0) | late
        unsure = (held.day == 0) | (held.fits == -1)
        if requirement.assessed:
            unfit |= held.assessed == 0
            unsure |= held.assessed == -1
        answers = np.where(unfit, NOT_MET, np.where(unsure, UNKNOWN, MET))
        whole = np.where(held.known, NOT_MET, UNKNOWN)
        rows = np.isin(held.rank, kinds)
        np.maximum.at(whole, held.person[rows], answers[rows])
        return whole


def _days(days: Iterable[date | None]) -> Days:
    return np.array([day.toordinal() if day else 0 for day in days], dtype=np.int32)


def _yes_no(value: bool | None) -> int:
    return -1 if value is None else int(value)
