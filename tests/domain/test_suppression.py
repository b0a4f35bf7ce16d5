"""Brute force against the shown tables: every reading that fits what is shown is tried, and no hidden number is the same in all."""

import itertools
import random
from collections.abc import Iterator

import pytest

from skilleval.domain.suppression import Count, suppress

SMALLEST = 3


def readings(lines: int, sums: tuple[int, int, int]) -> Iterator[tuple[tuple[int, int, int], ...]]:
    """All ways in which so many lines, each with a candidate, add up to these sums."""
    n, p, c = sums
    for candidates in _parts(n, lines, 1):
        for passed in _parts(p, lines, 0):
            if all(one <= other for one, other in zip(passed, candidates, strict=True)):
                for certified in _parts(c, lines, 0):
                    if all(one <= other for one, other in zip(certified, passed, strict=True)):
                        yield tuple(zip(candidates, passed, certified, strict=True))


def _parts(total: int, places: int, least: int) -> Iterator[tuple[int, ...]]:
    if places == 1:
        if total >= least:
            yield (total,)
        return
    for first in range(least, total - least * (places - 1) + 1):
        for rest in _parts(total - first, places - 1, least):
            yield (first, *rest)


def given_away(table: dict[str, Count], smallest: int) -> list[str]:
    """The hidden numbers that follow from the shown ones, those left out that are nothing in the whole table."""
    shown = suppress({"table": table}, smallest)
    hidden = [key for key, count in shown.tables["table"].items() if count is None]
    if shown.total is None or not hidden:
        return []
    rest = [count for count in shown.tables["table"].values() if count is not None]
    total = shown.total
    sums = (
        total.candidates - sum(one.candidates for one in rest),
        total.passed - sum(one.passed for one in rest),
        total.certificates - sum(one.certificates for one in rest),
    )
    whole = (total.candidates, total.passed, total.certificates)
    asked = [(place, measure) for place in range(len(hidden)) for measure in range(3) if whole[measure]]
    values: dict[tuple[int, int], set[int]] = {one: set() for one in asked}
    for reading in readings(len(hidden), sums):
        for place, measure in asked:
            values[place, measure].add(reading[place][measure])
        if all(len(found) > 1 for found in values.values()):
            return []
    return [f"{hidden[place]}.{measure}" for (place, measure), found in values.items() if len(found) < 2]


def test_no_difference_of_shown_numbers_gives_a_hidden_one_away() -> None:
    chosen, hid = random.Random(4), 0
    for _round in range(400):
        table = {}
        for place in range(chosen.randint(1, 4)):
            candidates = chosen.randint(1, 6)
            passed = chosen.randint(0, candidates)
            table[str(place)] = Count(candidates, passed, chosen.choice((0, passed)))
        assert given_away(table, SMALLEST) == [], table
        hid += None in suppress({"table": table}, SMALLEST).tables["table"].values()
    assert hid > 100


def test_the_attack_finds_what_hiding_the_small_lines_alone_gives_away() -> None:
    possible = list(readings(1, (2, 2, 2)))

    assert possible == [((2, 2, 2),)]


@pytest.mark.parametrize(
    ("numbers", "hidden"),
    [
        ((10, 10), ""),
        ((5, 10), ""),  # the threshold itself is shown
        ((4, 10, 20), "abc"),  # whoever is the 10 would know the 4
        ((2, 3, 10, 20), "abc"),  # together 5, and yet whoever is one of the two would know the other
        ((1, 1, 1, 1, 1, 20), "abcdef"),
    ],
)
def test_lines_are_hidden(numbers: tuple[int, ...], hidden: str) -> None:
    table = {key: Count(number, number, number) for key, number in zip("abcdef", numbers, strict=False)}

    shown = suppress({"table": table}, 5).tables["table"]

    assert "".join(key for key, count in shown.items() if count is None) == hidden


@pytest.mark.parametrize(
    ("count", "large"),
    [(Count(5, 5, 5), True), (Count(4, 4, 4), False), (Count(10, 6, 6), False), (Count(10, 5, 5), True), (Count(10, 0, 0), True)],
)
def test_a_line_whose_numbers_differ_by_a_few_is_small(count: Count, large: bool) -> None:
    assert count.is_large(5) is large


def test_what_cannot_be_hidden_beside_the_total_takes_the_total_along() -> None:
    shown = suppress({"member": {"a": Count(4), "b": Count(4)}, "grade": {"x": Count(8)}}, 5)

    assert shown.total is None
    assert set(itertools.chain(*(one.values() for one in shown.tables.values()))) == {None}
