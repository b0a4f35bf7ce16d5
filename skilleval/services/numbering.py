"""Certificate numbers of the local series: counted up in the transaction that issues them.

Never a sequence, AUTOINCREMENT or max + 1: those leave gaps, or give one number twice. Whether the serial restarts each
year and grade is general practice (national-rules 3.1, confidence medium).
"""

from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.tables import NumberCounter
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import LAST_SERIAL, CertificateNumber, grade_code
from skilleval.domain.ladder import Grade


def preview_number(session: Session, registration_number: str, grade: Grade, on: date) -> CertificateNumber:
    """The number that would be issued next. Refused: a grade whose code is not confirmed, a full series."""
    code = grade_code(grade)
    counter = session.get(NumberCounter, (registration_number, f"{on:%y}", code))
    return _number(registration_number, f"{on:%y}", code, (counter.last if counter else 0) + 1)


def next_number(session: Session, registration_number: str, grade: Grade, on: date) -> CertificateNumber:
    """The next number, counted up; it is given out when the transaction commits and not otherwise."""
    code, year = grade_code(grade), f"{on:%y}"
    query = select(NumberCounter).where(
        col(NumberCounter.prefix) == registration_number,
        col(NumberCounter.year) == year,
        col(NumberCounter.grade_code) == code,
    )
    # The lock makes a second issuer on PostgreSQL wait; on SQLite writers are alone anyway.
    counter = session.exec(query.with_for_update().execution_options(populate_existing=True)).first()
    if counter is None:
        counter = NumberCounter(prefix=registration_number, year=year, grade_code=code, last=0)
    number = _number(registration_number, year, code, counter.last + 1)
    counter.last += 1
    session.add(counter)
    session.flush()
    return number


def _number(prefix: str, year: str, code: str, serial: int) -> CertificateNumber:
    if serial > LAST_SERIAL:
        raise RuleBroken(f"证书编号系列 {prefix}{year}{code} 已用完（{LAST_SERIAL}）")
    return CertificateNumber(prefix, year, code, serial)
