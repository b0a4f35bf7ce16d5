"""Certificates as things that people hold on a day: those issued here, and those that the roster tells of."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Candidate,
    Certificate,
    CertificateEvent,
    Credential,
    Person,
)
from skilleval.domain.backgrounds import HeldCertificate
from skilleval.domain.ladder import Grade


def issued_here(
    session: Session, firm_id: int, on: date, people: Collection[int] | None = None
) -> dict[int, list[HeldCertificate]]:
    """Person of the firm → certificates issued to them by the day and neither voided nor revoked by then.

    With ``people`` only theirs, so that a question about one person doesn't read a whole firm's.
    """
    query = (
        sa.select(
            col(Candidate.person_id), col(Certificate.grade), col(Certificate.occupation_code), col(Certificate.issued_on)
        )
        .where(
            col(Certificate.candidate_id) == col(Candidate.id),
            col(Candidate.employer_id) == firm_id,
            sa.true() if people is None else col(Candidate.person_id).in_(people),
            col(Certificate.issued_on) <= on,
            col(Certificate.id).not_in(ended_by(on)),
        )
        .order_by(col(Certificate.id))
    )
    held: dict[int, list[HeldCertificate]] = {}
    for person_id, grade, occupation, day in session.connection().execute(query):
        held.setdefault(person_id, []).append(HeldCertificate(Grade(grade), occupation, day))
    return held


def held_certificates(session: Session, person_ids: Sequence[int]) -> dict[int, list[HeldCertificate]]:
    """Certificates that people brought with them, and those issued here that stand."""
    held: dict[int, list[HeldCertificate]] = {}
    own = select(Credential).where(col(Credential.person_id).in_(person_ids), col(Credential.kind) == "certificate")
    for one in session.exec(own):
        if one.level != "none":
            held.setdefault(one.person_id, []).append(HeldCertificate(Grade(one.level), one.occupation_code, one.obtained_on))
    issued = (
        select(Candidate.person_id, Certificate)
        .where(col(Certificate.candidate_id) == col(Candidate.id), col(Candidate.person_id).in_(person_ids))
        .where(col(Certificate.id).not_in(_ended()))
    )
    for person_id, certificate in session.exec(issued):
        held.setdefault(person_id, []).append(
            HeldCertificate(Grade(certificate.grade), certificate.occupation_code, certificate.issued_on)
        )
    return held


def highest_held(session: Session, people: Collection[int] | sa.Select[Any], on: date) -> dict[int, Grade]:
    """Person → the highest grade held on the day in whatever occupation; who holds none, or is not told of, is not there."""
    if isinstance(people, sa.Select):
        found = session.connection().execute(_held(on, people))
    else:
        found = session.connection().execute(_held_of_people(), {"day": on, "people": list(people)})
    highest: dict[int, Grade] = {}
    for person_id, level in found.all():
        grade = Grade(level)
        highest[person_id] = max(grade, highest.get(person_id, grade))
    return highest


def holders(grade: Grade, on: date) -> sa.Select[Any]:
    """The ids of those who hold a certificate of this grade on the day, to narrow a query by."""
    held = _held(on).subquery()
    return sa.select(held.c.person_id).where(held.c.level == grade.value)


@cache
def _held_of_people() -> sa.CompoundSelect[Any]:
    """``_held`` of a day and some people told when it is asked: putting it together costs more than asking."""
    return _held(sa.bindparam("day", type_=sa.Date), sa.bindparam("people", expanding=True))


def _held(on: Any, people: Any = None) -> sa.CompoundSelect[Any]:
    """(person_id, level) of certificates on record and of certificates issued here, of these people or of all."""
    told: Any = sa.select(col(Credential.person_id).label("person_id"), col(Credential.level).label("level"))
    told = told.where(
        col(Credential.kind) == "certificate", col(Credential.level) != "none",
        sa.or_(col(Credential.obtained_on).is_(None), col(Credential.obtained_on) <= on),
    )  # fmt: skip
    issued: Any = sa.select(col(Candidate.person_id), col(Certificate.grade))
    issued = issued.where(
        col(Certificate.candidate_id) == col(Candidate.id), col(Certificate.issued_on) <= on,
        col(Certificate.id).not_in(ended_by(on)),
    )  # fmt: skip
    if people is not None:
        # By way of the person's firm, since both indexes begin with it; by the person alone every row would be read.
        told = told.where(col(Credential.institution_id) == col(Person.institution_id), col(Credential.person_id) == col(Person.id))
        issued = issued.where(col(Candidate.employer_id) == col(Person.institution_id), col(Candidate.person_id) == col(Person.id))
        told, issued = told.where(col(Person.id).in_(people)), issued.where(col(Person.id).in_(people))
    return sa.union_all(told, issued)


def ended_by(on: date) -> sa.Select[Any]:
    """The ids of certificates that were voided or revoked by the day."""
    return _ended().where(col(CertificateEvent.on_day) <= on)


def _ended() -> sa.Select[Any]:
    return sa.select(col(CertificateEvent.certificate_id)).where(col(CertificateEvent.kind).in_(("voided", "revoked")))
