"""Certificate numbers of the local series: counted up in the transaction that issues them.

Never a sequence, AUTOINCREMENT or max + 1: those leave gaps, or give one number twice. Whether the serial restarts each
year and grade is general practice (national-rules 3.1, confidence medium).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from skilleval.db.tables import Certificate, NumberCounter, Registration
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import LAST_SERIAL, CertificateNumber, grade_code
from skilleval.domain.ladder import Grade

_USED = (
    "证书编号 {} 已按省里下发的编号使用，自编系列不能继续；"
    "请向省里申请编号，再用 skilleval certificates import-numbers 导入"
)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a series has come in a year: under the number of a registration, for the code of a grade."""

    prefix: str
    grade_code: str
    last: int


def counters_query(institution_id: int, on: date) -> sa.Select[str, str, int]:
    """The query for all series of an institution in the year of a day, as ``Reached``."""
    own = sa.select(col(Registration.number)).where(col(Registration.institution_id) == institution_id)
    return sa.select(col(NumberCounter.prefix), col(NumberCounter.grade_code), col(NumberCounter.last)).where(
        col(NumberCounter.prefix).in_(own), col(NumberCounter.year) == f"{on:%y}"
    )


def preview_numbers(
    session: Session, registration_number: str, grades: Collection[Grade], on: date, reached: Iterable[Reached]
) -> dict[Grade, str]:
    """The number that would be issued next for each grade, or why there is none: a code not confirmed, a full series.

    ``reached`` is what ``counters_query`` found.
    """
    last = {one.grade_code: one.last for one in reached if one.prefix == registration_number}
    shown: dict[Grade, str] = {}
    planned: dict[Grade, CertificateNumber] = {}
    for grade in grades:
        try:
            code = grade_code(grade)
            planned[grade] = _within_series(registration_number, f"{on:%y}", code, last.get(code, 0) + 1)
        except RuleBroken as refusal:
            shown[grade] = refusal.message
    texts = [str(number) for number in planned.values()]
    used = set(session.exec(select(Certificate.number).where(col(Certificate.number).in_(texts))))
    return shown | {grade: _USED.format(number) if str(number) in used else str(number) for grade, number in planned.items()}


def next_number(session: Session, registration_number: str, grade: Grade, on: date) -> CertificateNumber:
    """The next number, counted up; it is given out when the transaction commits and not otherwise."""
    code, year = grade_code(grade), f"{on:%y}"
    counter = _locked_counter(session, registration_number, year, code)
    number = _number(session, registration_number, year, code, counter.last + 1)
    counter.last += 1
    session.add(counter)
    session.flush()
    return number


def _locked_counter(session: Session, prefix: str, year: str, code: str) -> NumberCounter:
    """The counter of a series. The lock makes a second issuer on PostgreSQL wait; on SQLite writers are alone anyway."""
    query = (
        select(NumberCounter)
        .where(
            col(NumberCounter.prefix) == prefix,
            col(NumberCounter.year) == year,
            col(NumberCounter.grade_code) == code,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    counter = session.exec(query).first()
    if counter is not None:
        return counter
    try:
        with session.begin_nested():
            counter = NumberCounter(prefix=prefix, year=year, grade_code=code, last=0)
            session.add(counter)
        return counter
    except IntegrityError:  # another issuer began the series between the two statements
        return session.exec(query).one()


def _number(session: Session, prefix: str, year: str, code: str, serial: int) -> CertificateNumber:
    """Refused: a series that is full, or that has run into a number which the province gave out."""
    number = _within_series(prefix, year, code, serial)
    if session.exec(select(Certificate.id).where(col(Certificate.number) == str(number))).first() is not None:
        raise RuleBroken(_USED.format(number))
    return number


def _within_series(prefix: str, year: str, code: str, serial: int) -> CertificateNumber:
    if serial > LAST_SERIAL:
        raise RuleBroken(f"证书编号系列 {prefix}{year}{code} 已用完（{LAST_SERIAL}）")
    return CertificateNumber(prefix, year, code, serial)
