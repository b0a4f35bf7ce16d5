"""The backgrounds of many people as numpy columns: what the masks of ``workforce`` compare.

Days are ordinals, and 0 is a day that nobody entered; -1 is a word, a level, a yes or no that nobody entered.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from skilleval.domain.backgrounds import DIPLOMA_KINDS, EVIDENCE_KINDS, EVIDENCE_LEVELS, TITLE_LEVELS, Background

Days = NDArray[np.int32]
Mask = NDArray[np.bool_]

Kind = TypeVar("Kind")

#: the numbers by which levels and kinds go in the columns
TITLES: Final = {level: place for place, level in enumerate(TITLE_LEVELS)}
DIPLOMAS: Final = {kind: place for place, kind in enumerate(DIPLOMA_KINDS)}
EVIDENCE: Final = {kind: place for place, kind in enumerate(EVIDENCE_KINDS)}
GIVERS: Final = {level: place for place, level in enumerate(EVIDENCE_LEVELS)}


@dataclass(frozen=True, slots=True)
class Held:
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
            [(*(one.certificates or ()), *one.issued) for one in backgrounds],
            lambda one: (one.grade.rank, self._code(one.occupation_code), one.obtained_on, None),
            known=[one.certificates is not None for one in backgrounds],
        )
        self.titles = self._hold(
            [one.titles for one in backgrounds],
            lambda one: (TITLES[one.level], _yes_no(one.matching), one.obtained_on, None),
        )
        self.diplomas = self._hold(
            [one.diplomas for one in backgrounds],
            lambda one: (DIPLOMAS[one.kind], _yes_no(one.matching), one.graduated_on, one.assessed),
        )
        self.evidence = self._hold(
            [one.evidence for one in backgrounds],
            lambda one: (EVIDENCE[one.kind], -1 if one.level is None else GIVERS[one.level], one.obtained_on, None),
        )
        self._days: dict[str, Days] = {}
        self._words: dict[str, tuple[NDArray[np.int32], list[Any]]] = {}

    def codes(self, occupations: Iterable[str]) -> NDArray[np.int32]:
        """The numbers by which these occupations go here."""
        return np.array([self._codes[code] for code in occupations if code in self._codes], dtype=np.int32)

    def days(self, fact: str) -> Days:
        """The column of a fact that is a day."""
        if fact not in self._days:
            self._days[fact] = _days(one.facts.get(fact) for one in self.backgrounds)
        return self._days[fact]

    def words(self, fact: str) -> tuple[NDArray[np.int32], list[Any]]:
        """Any other fact: a number for everybody, -1 where it is not known, and the values that the numbers stand for."""
        if fact not in self._words:
            numbers: dict[Any, int] = {}
            held = [one.facts.get(fact) for one in self.backgrounds]
            column = [-1 if value is None else numbers.setdefault(value, len(numbers)) for value in held]
            self._words[fact] = np.array(column, dtype=np.int32), list(numbers)
        return self._words[fact]

    def _code(self, code: str | None) -> int:
        return -1 if code is None else self._codes.setdefault(code, len(self._codes))

    def _hold(
        self,
        held: Sequence[tuple[Kind, ...] | None],
        read: Callable[[Kind], tuple[int, int, date | None, bool | None]],
        known: Sequence[bool] | None = None,
    ) -> Held:
        rows = [read(one) for one in chain.from_iterable(each or () for each in held)]
        counts = [len(each or ()) for each in held]
        return Held(
            known=np.array([each is not None for each in held] if known is None else known, dtype=np.bool_),
            person=np.repeat(np.arange(len(held), dtype=np.int32), counts),
            rank=np.array([row[0] for row in rows], dtype=np.int8),
            fits=np.array([row[1] for row in rows], dtype=np.int32),
            day=_days(row[2] for row in rows),
            assessed=np.array([_yes_no(row[3]) for row in rows], dtype=np.int8),
        )


def _days(days: Iterable[date | None]) -> Days:
    return np.array([day.toordinal() if day else 0 for day in days], dtype=np.int32)


def _yes_no(value: bool | None) -> int:
    return -1 if value is None else int(value)
