"""G10, as far as one person goes: the proof of eligibility, with every reason and clause."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from skilleval.conditions import load_conditions
from skilleval.demo.people import Employee, make_people
from skilleval.domain.eligibility import Background, HeldCertificate, Work, judge
from skilleval.domain.ladder import NATIONAL_GRADES, Grade
from tests.harness.measure import Goal, Limit

ON = date(2026, 6, 1)


@cache
def _backgrounds(rows: int) -> list[Background]:
    return [_background(person) for person in make_people(rows, 1, ON)]


def _background(person: Employee) -> Background:
    held = tuple(
        HeldCertificate(Grade(one.level), one.occupation.code if one.occupation else None, one.obtained_on)
        for one in person.holdings
        if one.kind == "certificate"
    )
    work = (Work(person.occupation.code, person.occupation_since),)
    return Background(person.birth_date, work, held, titles=(), diplomas=())


def prove_one_by_one(_folder: Path, rows: int) -> Any:
    """One proof a person, over the grades in turn."""
    conditions = load_conditions("2023")
    for turn, background in enumerate(_backgrounds(rows)):
        judge(background, "6-31-01-03", NATIONAL_GRADES[turn % len(NATIONAL_GRADES)], conditions, ON)


GOALS = (
    Goal(
        "G10",
        "one person's proof of eligibility",
        {"ours": prove_one_by_one},
        (Limit("", "ms at most", 1),),
        warm=_backgrounds,
    ),
)
