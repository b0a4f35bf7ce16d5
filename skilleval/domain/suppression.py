"""Small numbers in statistics: hidden, and so that no sum or difference of what is shown gives them away.

Several tables break one total down, each along one line of division. What is hidden of a table is known as a group, by
subtraction from the total; so the group must itself be large enough, and stay so for whoever knows one of its lines.
Tables along single divisions give each other nothing but the total: any such tables with one total fit together.
Source: a proposal (parameter ``statistics.smallest_cell``); no Guangdong text seen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """Candidates, those of them who passed, and those of them who hold a certificate."""

    candidates: int = 0
    passed: int = 0
    certificates: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.candidates + other.candidates, self.passed + other.passed, self.certificates + other.certificates
        )

    def is_large(self, smallest: int) -> bool:
        """Whether no number of people in it, nor the difference of two, is from 1 to below ``smallest``."""
        numbers = (
            self.candidates, self.passed, self.certificates,
            self.candidates - self.passed, self.passed - self.certificates,
        )  # fmt: skip
        return all(number == 0 or number >= smallest for number in numbers)


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown: None in the place of what is hidden. Without a total nothing is shown at all."""

    total: Count | None
    tables: Mapping[str, Mapping[str, Count | None]]


def suppress(tables: Mapping[str, Mapping[str, Count]], smallest: int) -> Shown:
    """The tables with small lines hidden, and as many others as it takes; all of them where that is not enough.

    Each table breaks the same candidates down; every line has at least one candidate.
    """
    total = _sum(next(iter(tables.values()), {}).values())
    hidden = {name: _hidden(lines, smallest) for name, lines in tables.items()}
    if not total.is_large(smallest) or any(one is None for one in hidden.values()):
        return Shown(None, {name: dict.fromkeys(lines) for name, lines in tables.items()})
    return Shown(
        total,
        {
            name: {key: None if key in (hidden[name] or ()) else count for key, count in lines.items()}
            for name, lines in tables.items()
        },
    )


def _hidden(lines: Mapping[str, Count], smallest: int) -> set[str] | None:
    """The lines to hide beside a shown total, None where even all of them would give something away."""
    total = _sum(lines.values())
    order = sorted(lines, key=lambda key: (lines[key].candidates, key))
    hidden = [key for key in order if not lines[key].is_large(smallest)]
    while hidden:
        if _is_safe([lines[key] for key in hidden], total, smallest):
            return set(hidden)
        rest = [key for key in order if key not in hidden]
        if not rest:
            return None
        hidden.append(rest[0])
    return set()


def _is_safe(group: Sequence[Count], total: Count, smallest: int) -> bool:
    """Whether the sum of a hidden group, which everybody can compute, tells nothing of any line of it."""
    told = _sum(group)
    return (
        len(group) > 1
        and told.is_large(smallest)
        # Every line has a candidate: where the sum is the number of lines, each has exactly one.
        and told.candidates > len(group)
        # A sum of nothing says that every line has nothing; unless that is said of all lines anyway.
        and (told.passed > 0 or total.passed == 0)
        and (told.certificates > 0 or total.certificates == 0)
        # One of the firms knows its own line, and must not learn the rest by that.
        and told.candidates - max(one.candidates for one in group) >= smallest
    )


def _sum(counts: Iterable[Count]) -> Count:
    return sum(counts, Count())
