"""Headcount by the highest skill grade held, by occupation and department, with the cut of 高技能人才.

A certificate whose day nobody entered may be from after the day asked about, and people of whom nobody entered anything may
hold any: both are 未填, never 无. A share is one of the people whose grade is known, and there is none where nobody's is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session, col

from skilleval.db.tables import Candidate, Certificate, Credential, Institution, Person
from skilleval.domain.ladder import Grade
from skilleval.packs import Library, Packs
from skilleval.services.holdings import ended_by, issued_here
from skilleval.services.rules import packs_of

if TYPE_CHECKING:
    import pandas as pd

#: columns behind the eight grades
NONE, UNKNOWN = "none", "unknown"
COLUMNS = (*(grade.value for grade in Grade), NONE, UNKNOWN)
PARAMETER = "statistics.highly_skilled_from"
#: the year that the founding plan names, and the share of 高技能人才 in percent that a firm's own pack sets for it
TARGET_YEAR, TARGET = 2028, "statistics.target_2028"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the statistics: heads by highest grade held; ``name`` is empty for the whole firm."""

    name: str
    heads: dict[str, int]
    highly_skilled: int

    @property
    def total(self) -> int:
        """All heads, also those of whom the grade is not known."""
        return sum(self.heads.values())

    @property
    def share(self) -> float | None:
        """高技能人才 among those whose grade is known; None where nobody's is."""
        known = self.total - self.heads[UNKNOWN]
        return self.highly_skilled / known if known else None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The whole firm, each occupation and each department."""

    on: date
    highly_skilled_from: Grade
    basis: str
    whole: Line
    by_occupation: tuple[Line, ...]
    by_department: tuple[Line, ...]
    #: why the grade of those under 未填 is not known: nothing entered, or the day of a certificate
    nothing_entered: int
    day_not_entered: int


def statistics(session: Session, library: Library, institution: Institution, *, on: date) -> Statistics:
    """The firm's people by the highest grade that they held on the day, certificates issued here counted with the roster's.

    Refused: rule packs without the grade from which 高技能人才 begins, on that day.
    """
    import pandas as pd

    assert institution.id is not None
    rule = packs_of(session, institution.id, library, on).parameter(PARAMETER, on)
    line = Grade(rule.value)
    query = (
        sa.select(col(Person.id), col(Person.occupation_code), col(Person.department))
        .where(col(Person.institution_id) == institution.id)
        .order_by(col(Person.id))
    )
    people = pd.DataFrame(session.connection().execute(query).all(), columns=["person", "occupation", "department"])
    held = _held(session, institution.id, on)
    standings = [_standing(held.get(int(person), []), on) for person in people["person"]]
    people["grade"] = pd.Categorical([grade for grade, _why in standings], categories=COLUMNS)
    return Statistics(
        on, line, f"{rule.clause.text}（{rule.clause.reference}）",
        _lines(people.assign(whole=""), "whole", line)[0] if len(people) else _line("", dict.fromkeys(COLUMNS, 0), line),
        _lines(people, "occupation", line), _lines(people, "department", line),
        sum(why == "nothing" for _grade, why in standings), sum(why == "day" for _grade, why in standings),
    )  # fmt: skip


def heads_in(session: Session, institution_id: int, occupation_code: str, *, on: date) -> dict[str, int]:
    """Column → how many of the firm's people who work in the occupation stand in it: by highest grade held, 无 and 未填."""
    query = sa.select(col(Person.id)).where(
        col(Person.institution_id) == institution_id, col(Person.occupation_code) == occupation_code
    )
    held = _held(session, institution_id, on)
    heads = dict.fromkeys(COLUMNS, 0)
    for person_id in session.connection().execute(query).scalars():
        heads[_standing(held.get(person_id or 0, []), on)[0]] += 1
    return heads


@dataclass(frozen=True, slots=True)
class Target:
    """What is aimed at by the end of ``TARGET_YEAR``: a share of 高技能人才, None where nobody has set one, and the clause."""

    share: float | None
    clause: str


def target(packs: Packs, on: date) -> Target | None:
    """The aim for 2028; None where no pack of the firm speaks of it on that day."""
    rule = packs.find(TARGET, on)
    if rule is None:
        return None
    return Target(None if rule.value is None else float(rule.value) / 100, f"{rule.clause.text}（{rule.clause.reference}）")


def lines_on(session: Session, institution: Institution, highly_skilled_from: Grade, days: Sequence[date]) -> list[Line]:
    """The whole firm on each of these days, of the people who are on the roster now; in one statement."""
    assert institution.id is not None
    counts = sa.union_all(*(_headcount(institution.id, day, place) for place, day in enumerate(days)))
    heads = [dict.fromkeys(COLUMNS, 0) for _day in days]
    for place, column, number in session.execute(counts):
        heads[place][column] = number
    return [_line("", found, highly_skilled_from) for found in heads]


def highly_skilled_on(highly_skilled_from: Grade, firm_id: int, on: date) -> sa.ColumnElement[bool]:
    """The condition on ``Person`` that somebody of the firm counts as 高技能人才 on the day, as ``lines_on`` counts."""
    known = known_standings(firm_id, on)
    words = [grade.value for grade in Grade if grade >= highly_skilled_from]
    return col(Person.id).in_(sa.select(known.c.person_id).where(known.c.standing.in_(words)))


def standing_as(column: str, firm_id: int, on: date) -> sa.ColumnElement[bool]:
    """The condition on ``Person`` that somebody of the firm counts under this column on the day, as ``statistics`` counts."""
    known = known_standings(firm_id, on)
    people = sa.select(known.c.person_id)
    if column == UNKNOWN:
        return col(Person.id).not_in(people)
    return col(Person.id).in_(people.where(known.c.standing == column))


def _headcount(firm_id: int, on: date, place: int) -> sa.Select[Any]:
    known = known_standings(firm_id, on)
    # A literal and no parameter: PostgreSQL takes two parameters for two different groups.
    standing = sa.func.coalesce(known.c.standing, sa.literal_column(f"'{UNKNOWN}'"))
    counted: Any = sa.select(sa.literal(place), standing, sa.func.count()).select_from(Person)
    counted = counted.outerjoin(known, known.c.person_id == col(Person.id)).where(col(Person.institution_id) == firm_id)
    return counted.group_by(standing)  # type: ignore[no-any-return] # SQLModel's columns are untyped here


def known_standings(firm_id: int, on: date) -> sa.Subquery:
    """(person_id, standing) of everybody of the firm whose standing on the day is known: a grade word, or none."""
    told: Any = sa.select(col(Credential.person_id), col(Credential.level), col(Credential.obtained_on)).where(
        col(Credential.institution_id) == firm_id, col(Credential.kind) == "certificate"
    )
    issued: Any = sa.select(col(Candidate.person_id), col(Certificate.grade), col(Certificate.issued_on)).where(
        col(Certificate.candidate_id) == col(Candidate.id), col(Candidate.employer_id) == firm_id,
        col(Certificate.issued_on) <= on, col(Certificate.id).not_in(ended_by(on)),
    )  # fmt: skip
    held = sa.union_all(told, issued).subquery()
    person_id, level, day = held.c
    rank = sa.case({grade.value: grade.rank for grade in Grade}, value=level, else_=None)
    dated = sa.func.max(sa.case((day <= on, rank)))
    undated = sa.func.max(sa.case((day.is_(None), rank)))
    says_none = sa.func.count(sa.case((level == NONE, 1)))
    # The grade decides that is dated and not below one without a day; the roster's 无 only where there is no certificate.
    word = sa.case(
        (sa.and_(dated.is_not(None), undated > dated), None),
        (dated.is_not(None), sa.case({grade.rank: grade.value for grade in Grade}, value=dated)),
        (sa.and_(undated.is_(None), says_none > 0), NONE),
    )
    each = sa.select(person_id, word.label("standing")).group_by(person_id).subquery()
    return sa.select(each).where(each.c.standing.is_not(None)).subquery()


def _lines(people: "pd.DataFrame", by: str, line: Grade) -> tuple[Line, ...]:
    counted = people.groupby([people[by].fillna(""), "grade"], observed=False).size().unstack(fill_value=0)
    return tuple(
        _line(str(name), {column: int(heads) for column, heads in row.items()}, line) for name, row in counted.iterrows()
    )


def _line(name: str, heads: dict[str, int], line: Grade) -> Line:
    return Line(name, heads, sum(heads[grade.value] for grade in Grade if grade >= line))


def _standing(held: Iterable[tuple[str, date | None]], on: date) -> tuple[str, str]:
    """The column of one person, and for 未填 why: ``nothing`` entered, or the ``day`` of a certificate that decides."""
    entered = list(held)
    certificates = [(Grade(level), day) for level, day in entered if level != NONE]
    dated = [grade for grade, day in certificates if day is not None and day <= on]
    undated = [grade for grade, day in certificates if day is None]
    if undated and (not dated or max(undated) > max(dated)):
        return UNKNOWN, "day"
    if dated:
        return max(dated).value, ""
    # A certificate of a later day says nothing of what was held before it; the roster's 无 does.
    return (NONE, "") if len(entered) > len(certificates) else (UNKNOWN, "nothing")


def _held(session: Session, firm_id: int, on: date) -> dict[int, list[tuple[str, date | None]]]:
    """Person → (grade word or none, day) of what the roster says and of what was issued here and stood on the day."""
    query = (
        sa.select(col(Credential.person_id), col(Credential.level), col(Credential.obtained_on))
        .where(col(Credential.institution_id) == firm_id, col(Credential.kind) == "certificate")
        .order_by(col(Credential.id))
    )
    held: dict[int, list[tuple[str, date | None]]] = {}
    for person_id, level, day in session.connection().execute(query):
        held.setdefault(person_id, []).append((level, day))
    for person_id, certificates in issued_here(session, firm_id, on).items():
        held.setdefault(person_id, []).extend((one.grade.value, one.obtained_on) for one in certificates)
    return held
