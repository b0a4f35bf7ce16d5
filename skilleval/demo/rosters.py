"""Everybody who works for the four firms, and the import of their rosters (花名册)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from skilleval.demo.firms import LEAD, MACHINING, MOTORS, MOULDS, PLANNED, Firm
from skilleval.demo.people import (
    ELECTRICIAN,
    FITTER,
    MACHINIST,
    MOULD_MAKER,
    ROBOT_OPERATOR,
    Employee,
    Occupation,
    make_people,
    make_person,
)
from skilleval.demo.roster import FAULTS, write_faulty_roster, write_roster
from skilleval.demo.story import Story
from skilleval.domain.ladder import Grade

#: the day as of which the facts of generated people are built
HELD = date(2026, 6, 8)
#: of what the lead's people are; the rest are electricians
_SHARES = ((FITTER, 0.2), (MACHINIST, 0.1), (ROBOT_OPERATOR, 0.2))
#: employee numbers of people with a part of their own begin here, apart from those of the crowd
FIRST_OF_CAST = 9001
_START, _LATER = date(2012, 3, 1), date(2019, 7, 1)

Part = tuple[Occupation, date, Grade | None, date, Grade]

#: occupation, since, certificate held, since, the grade aimed at
CAST: dict[str, tuple[Part, ...]] = {
    "直接认定": (
        (MOULD_MAKER, _START, Grade.SENIOR, date(2019, 5, 20), Grade.TECHNICIAN),
        (MOULD_MAKER, _START, Grade.TECHNICIAN, date(2020, 9, 10), Grade.SENIOR_TECHNICIAN),
        (MOULD_MAKER, _LATER, Grade.INTERMEDIATE, date(2021, 6, 18), Grade.TECHNICIAN),
        (MOULD_MAKER, _LATER, None, _LATER, Grade.SENIOR),
    ),
    "竞赛": (
        (MACHINIST, _START, Grade.INTERMEDIATE, date(2018, 4, 11), Grade.SENIOR),
        (MACHINIST, _START, Grade.SENIOR, date(2020, 10, 22), Grade.TECHNICIAN),
        (MACHINIST, _LATER, None, _LATER, Grade.INTERMEDIATE),
        (MACHINIST, _LATER, None, _LATER, Grade.INTERMEDIATE),
        (MACHINIST, _LATER, Grade.INTERMEDIATE, date(2022, 3, 9), Grade.SENIOR),
    ),
    "评聘": (
        (ELECTRICIAN, date(2003, 8, 4), Grade.SENIOR_TECHNICIAN, date(2021, 12, 6), Grade.SPECIAL_TECHNICIAN),
        (ELECTRICIAN, date(2005, 2, 21), Grade.SENIOR_TECHNICIAN, date(2023, 4, 17), Grade.SPECIAL_TECHNICIAN),
        (ELECTRICIAN, date(1999, 9, 1), Grade.SENIOR_TECHNICIAN, date(2017, 11, 13), Grade.CHIEF_TECHNICIAN),
        (ELECTRICIAN, date(2006, 5, 8), Grade.SENIOR_TECHNICIAN, date(2024, 6, 25), Grade.SPECIAL_TECHNICIAN),
    ),
    "学徒": tuple((ELECTRICIAN, date(2025, month, 1), None, date(2025, month, 1), Grade.JUNIOR) for month in (3, 6, 6, 11)),
    # Five years after their certificate, which are over between the end of the demo and the end of the year.
    "将满": tuple(
        (ROBOT_OPERATOR, _LATER, Grade.INTERMEDIATE, date(2021, month, 15), Grade.SENIOR) for month in (8, 9, 11)
    ),
}
#: the same at the mould maker's
MOULDS_CAST: tuple[Part, ...] = (
    (MOULD_MAKER, _START, Grade.SENIOR, date(2018, 8, 30), Grade.TECHNICIAN),
    (MOULD_MAKER, _START, Grade.TECHNICIAN, date(2021, 1, 14), Grade.SENIOR_TECHNICIAN),
    (MOULD_MAKER, _START, Grade.SENIOR, date(2020, 2, 26), Grade.TECHNICIAN),
)
#: who works for the suppliers besides
_CROWDS: dict[Firm, tuple[tuple[Occupation, int], ...]] = {
    MOULDS: ((MOULD_MAKER, 23),),
    MACHINING: ((MACHINIST, 24), (FITTER, 8)),
    MOTORS: ((ELECTRICIAN, 10), (FITTER, 12)),
}


def import_rosters(story: Story) -> dict[str, Any]:
    """Import the lead's roster with planted faults, mended and once more, then those of the suppliers."""
    employees = (*_crowd_of_lead(story), *_cast(story, [part for parts in CAST.values() for part in parts]))
    folder = story.out / "花名册"
    folder.mkdir()
    faulty, good = folder / "花名册_有错.xlsx", folder / "花名册.xlsx"
    faults = write_faulty_roster(faulty, employees, LEAD.name, story.seed, min(len(FAULTS), story.people - 1))
    write_roster(good, employees, LEAD.name, story.seed)
    firm = ("--institution", LEAD.credit_code)
    refused = story.run(
        "people", "import", faulty, *firm, "--errors", folder / "花名册_错误原因.xlsx", on=PLANNED, expect=1
    )
    mended = story.run("people", "import", good, *firm, on=PLANNED)
    again = story.run("people", "import", good, *firm, on=PLANNED)
    story.rosters[LEAD.credit_code] = employees
    suppliers = {firm.name: _import_supplier(story, firm) for firm in _CROWDS}
    return {"faults": len(faults), "refused": refused, "new": mended["new"], "again": again["unchanged"], "suppliers": suppliers}


def cast_of(story: Story, role: str) -> tuple[Employee, ...]:
    """The lead's people who have this part."""
    before = 0
    for name, parts in CAST.items():
        if name == role:
            cast = [one for one in story.rosters[LEAD.credit_code] if _serial(one) >= FIRST_OF_CAST]
            return tuple(cast[before : before + len(parts)])
        before += len(parts)
    raise KeyError(role)


def crowd_of(story: Story, firm: Firm, occupation: Occupation) -> tuple[Employee, ...]:
    """Who works in an occupation at a firm and has no part of their own."""
    return tuple(
        one for one in story.rosters[firm.credit_code] if one.occupation == occupation and _serial(one) < FIRST_OF_CAST
    )


def moulds_cast(story: Story) -> tuple[Employee, ...]:
    """The mould maker's people who have a part of their own."""
    return tuple(one for one in story.rosters[MOULDS.credit_code] if _serial(one) >= FIRST_OF_CAST)


def _crowd_of_lead(story: Story) -> list[Employee]:
    counts = {occupation: round(story.people * share) for occupation, share in _SHARES}
    groups = {ELECTRICIAN: story.people - sum(counts.values()), **counts}
    return _crowd(story, groups.items())


def _crowd(story: Story, groups: Any) -> list[Employee]:
    people: list[Employee] = []
    for occupation, count in groups:
        first = len(people) + 1
        people += make_people(count, story.seed + first, HELD, occupation=occupation, first=first, taken=story.taken)
    return people


def _cast(story: Story, parts: Sequence[Part]) -> list[Employee]:
    return [
        make_person(
            index, story.seed + len(story.taken), occupation, since=since, held=held, held_on=held_on, aim=aim,
            taken=story.taken,
        )
        for index, (occupation, since, held, held_on, aim) in enumerate(parts, start=FIRST_OF_CAST)
    ]  # fmt: skip


def _import_supplier(story: Story, firm: Firm) -> int:
    employees = (*_crowd(story, _CROWDS[firm]), *_cast(story, MOULDS_CAST if firm is MOULDS else ()))
    file = story.out / "花名册" / f"花名册_{firm.name}.xlsx"
    write_roster(file, employees, firm.name, story.seed)
    story.rosters[firm.credit_code] = employees
    new: int = story.run("people", "import", file, "--institution", firm.credit_code, on=PLANNED)["new"]
    return new


def _serial(person: Employee) -> int:
    return int(person.employee_no[1:])
