"""G10 and G12: eligibility of a whole workforce, three occupations and eight grades, and the proof for one person."""

from datetime import date
from functools import cache, reduce
from pathlib import Path
from typing import Any

import numpy as np

from skilleval.demo.people import Employee, make_people
from skilleval.domain.backgrounds import Background, HeldCertificate, Title, Work
from skilleval.domain.eligibility import judge
from skilleval.domain.ladder import NATIONAL_GRADES, Grade
from skilleval.services.workforce import judge_all
from skilleval.services.workforce_columns import Workforce
from tests.factories import entry_conditions
from tests.harness.measure import Goal, Limit

ON = date(2026, 6, 8)
OCCUPATIONS = ("6-31-01-03", "6-20-01-01", "6-18-01-01")
GRADES = tuple(Grade)
#: the object loop runs on this many people and is scaled up
CAP = 2_000


@cache
def _backgrounds(rows: int) -> list[Background]:
    return [_background(person) for person in make_people(rows, 1, ON)]


def _background(person: Employee) -> Background:
    held = tuple(
        HeldCertificate(Grade(one.level), one.occupation.code if one.occupation else None, one.obtained_on)
        for one in person.holdings
        if one.kind == "certificate" and one.level != "none"
    )
    titles = tuple(
        Title(one.level, True, one.obtained_on) for one in person.holdings if one.kind == "title" and one.level != "none"
    )
    work = (Work(person.occupation.code, person.occupation_since),)
    return Background(person.birth_date, work, held, titles, ())


@cache
def _workforce(rows: int) -> Workforce:
    return Workforce(_backgrounds(rows))


def _warm(rows: int) -> None:
    for count in {min(rows, 10), min(rows, CAP), rows}:
        _workforce(count)


def masks(_folder: Path, rows: int) -> int:
    """Ours: the conditions as data, three-valued."""
    conditions = entry_conditions("2023")
    met = 0
    for occupation in OCCUPATIONS:
        answers = judge_all(_workforce(rows), occupation, GRADES, conditions, ON)
        met += sum(int((answers[grade] == 2).sum()) for grade in GRADES)
    return met


def objects(_folder: Path, rows: int) -> int:
    """A loop over people, occupations, grades and conditions."""
    conditions = entry_conditions("2023")
    return sum(
        judge(background, occupation, grade, conditions, ON).answer.value == "met"
        for background in _backgrounds(rows)
        for occupation in OCCUPATIONS
        for grade in GRADES
    )


def by_hand(_folder: Path, rows: int) -> int:
    """The conditions of 2023 written out as numpy, three-valued too; each line computed once an occupation."""
    people = _workforce(rows)
    return sum(_one_occupation(people, occupation) for occupation in OCCUPATIONS)


def _one_occupation(people: Workforce, occupation: str) -> int:
    code = people.codes([occupation])
    ago = [np.int32(ON.replace(year=ON.year - years).toordinal()) for years in range(17)]
    no, unknown, yes = np.int8(0), np.int8(1), np.int8(2)
    never = np.int32(date.max.toordinal())
    fits = people.work_code == (code[0] if len(code) else -9)
    since = np.where(fits & (people.work_since > 0), people.work_since, never)
    idle = np.where(~people.work_known | (people.work_code == -1) | (fits & (people.work_since == 0)), unknown, no)
    worked = {years: np.where(since <= ago[years], yes, idle) for years in (1, 2, 3, 4, 5, 10)}

    def first(held: Any, sure: Any, vague: Any) -> tuple[Any, Any]:
        day = np.full(people.size, never, dtype=np.int32)
        rows = sure & (held.day <= ago[0])
        np.minimum.at(day, held.person[rows], held.day[rows])
        otherwise = np.where(held.known, no, unknown)
        otherwise[held.person[vague]] = unknown
        return np.where(day < never, yes, otherwise), day

    held, titles, diplomas = people.certificates, people.titles, people.diplomas
    own = np.isin(held.fits, code)
    certified = {
        grade: first(held, (held.rank >= grade.rank) & own & (held.day > 0),
                     (held.rank >= grade.rank) & ((held.fits == -1) | ((held.day == 0) & own)))
        for grade in NATIONAL_GRADES
    }  # fmt: skip
    vague = (titles.fits == -1) | (titles.day == 0)
    titled = {}
    for level in range(3):
        fitting = (titles.rank >= level) & (titles.fits != 0)
        titled[level] = first(titles, fitting & ~vague, fitting & vague)

    def after(found: tuple[Any, Any], years: int) -> Any:
        return np.where(found[0] == yes, np.where(found[1] > ago[years], no, worked[years]), found[0])

    def schooled(kinds: tuple[int, ...], students: bool = True, assessed: bool = False) -> Any:
        last = ON.replace(year=ON.year + 1).toordinal() if students else ago[0]
        unfit = (diplomas.fits == 0) | (diplomas.day > last)
        unsure = (diplomas.day == 0) | (diplomas.fits == -1)
        if assessed:
            unfit, unsure = unfit | (diplomas.assessed == 0), unsure | (diplomas.assessed == -1)
        whole = np.where(diplomas.known, no, unknown)
        rows = np.isin(diplomas.rank, kinds)
        np.maximum.at(whole, diplomas.person[rows], np.where(unfit, no, np.where(unsure, unknown, yes))[rows])
        return whole

    junior, intermediate, senior, technician = (certified[grade] for grade in NATIONAL_GRADES[:4])
    aged = np.where(people.birth == 0, unknown, np.where(people.birth <= ago[16], yes, no))
    two_years = np.where((senior[0] == yes) & (senior[1] > ago[2]), no, senior[0])
    lines = {
        "junior": [aged],
        "intermediate": [worked[5], after(junior, 3), schooled((0, 1, 2, 3, 4, 5))],
        "senior": [worked[10], after(intermediate, 4), after(titled[0], 1), schooled((1, 2)),
                   np.minimum(intermediate[0], schooled((4, 5))), schooled((4, 5), assessed=True)],
        "technician": [after(senior, 5), np.minimum(after(titled[0], 5), after(senior, 1)), after(titled[1], 1),
                       reduce(np.minimum, [senior[0], schooled((1, 2), students=False), worked[2]]),
                       np.minimum(two_years, schooled((2,)))],
        "senior_technician": [after(technician, 5), np.minimum(after(titled[1], 5), after(technician, 1)), after(titled[2], 1)],
    }  # fmt: skip
    return sum(int((reduce(np.maximum, of_grade) == yes).sum()) for of_grade in lines.values())


def prove(_folder: Path, rows: int) -> None:
    """One proof with all its reasons a person, over the grades in turn."""
    conditions = entry_conditions("2023")
    for turn, background in enumerate(_backgrounds(rows)):
        judge(background, OCCUPATIONS[0], NATIONAL_GRADES[turn % len(NATIONAL_GRADES)], conditions, ON)


GOALS = (
    Goal(
        "G10",
        "eligibility of everybody, 3 occupations × 8 grades",
        {"ours": masks, "numpy by hand": by_hand, "object loop": objects},
        (Limit("numpy by hand", "at most", 2), Limit("object loop", "at least", 25)),
        warm=_warm,
        cap={"object loop": CAP},
    ),
    Goal("G12", "one person's proof of eligibility", {"ours": prove}, (Limit("", "ms at most", 1),), warm=_backgrounds),
)
