"""Several lists in one statement come apart again as they were."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import Registration, ScopeLine, Venue
from skilleval.db.together import together
from tests.factories import make_firm
from tests.statements import statements


@dataclass(frozen=True, slots=True)
class Registered:
    number: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Line:
    """As narrow as ``Registered``, with a list and an empty column."""

    grades: list[str]
    ceiling: str | None


@dataclass(frozen=True, slots=True)
class Nothing:
    name: str


def test_lists_of_several_tables_come_in_one_statement_each_under_its_own_type(session: Session) -> None:
    make_firm(session)
    registration, line = session.exec(select(Registration)).one(), session.exec(select(ScopeLine)).first()
    assert line is not None

    with statements() as asked:
        found = together(session, {
            Registered: sa.select(col(Registration.number), col(Registration.valid_from)),
            Line: sa.select(col(ScopeLine.grades), col(ScopeLine.ceiling)).where(col(ScopeLine.id) == line.id),
            Nothing: sa.select(col(Venue.name)).where(col(Venue.name) == "没有的场地"),
        })  # fmt: skip

    assert found == {
        Registered: [Registered(registration.number, registration.valid_from)],
        Line: [Line(line.grades, line.ceiling)],
        Nothing: [],
    }
    assert len(asked) == 1


def test_a_single_list_and_rows_not_yet_flushed_are_found(session: Session) -> None:
    firm = make_firm(session)
    session.add(Venue(institution_id=firm.id, name="新场地", address="厂内", kind="fixed", seats=3))

    found = together(session, {Nothing: sa.select(col(Venue.name)).where(col(Venue.name) == "新场地")})

    assert found[Nothing] == [Nothing("新场地")]
