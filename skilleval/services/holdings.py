"""Certificates that were issued here, as things that a person holds on a day."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col

from skilleval.db.tables import Candidate, Certificate, CertificateEvent
from skilleval.domain.eligibility import HeldCertificate
from skilleval.domain.ladder import Grade


def issued_here(session: Session, firm_id: int, on: date) -> dict[int, list[HeldCertificate]]:
    """Person of the firm → certificates issued to them by the day and neither voided nor revoked by then."""
    ended = sa.select(col(CertificateEvent.certificate_id)).where(
        col(CertificateEvent.kind).in_(("voided", "revoked")), col(CertificateEvent.on_day) <= on
    )
    query = (
        sa.select(
            col(Candidate.person_id), col(Certificate.grade), col(Certificate.occupation_code), col(Certificate.issued_on)
        )
        .where(
            col(Certificate.candidate_id) == col(Candidate.id),
            col(Candidate.employer_id) == firm_id,
            col(Certificate.issued_on) <= on,
            col(Certificate.id).not_in(ended),
        )
        .order_by(col(Certificate.id))
    )
    held: dict[int, list[HeldCertificate]] = {}
    for person_id, grade, occupation, day in session.connection().execute(query):
        held.setdefault(person_id, []).append(HeldCertificate(Grade(grade), occupation, day))
    return held
