"""What becomes of a certificate once it is issued: reissued (补发), voided (作废), revoked (撤销); the number is kept."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    Certificate,
    CertificateEvent,
    id_of,
)
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.recused_results import must_not_count

KINDS = {"issued": "颁发", "reissued": "补发", "voided": "作废", "revoked": "撤销"}


def void_certificate(session: Session, actor: Actor, certificate: Certificate, *, reason: str, on: date) -> CertificateEvent:
    """Void a certificate (作废), for a slip in what was printed. The number is kept and never used again."""
    take_duty(session, actor, candidate_and_batch(session, certificate)[1], "certificate_events.void_certificate")
    return _end(session, actor, certificate, "voided", reason, on)


def revoke_certificate(session: Session, actor: Actor, certificate: Certificate, *, reason: str, on: date) -> CertificateEvent:
    """Revoke a certificate (撤销): the grade was not rightly recognised. The number is kept and never used again."""
    take_duty(session, actor, candidate_and_batch(session, certificate)[1], "certificate_events.revoke_certificate")
    return _end(session, actor, certificate, "revoked", reason, on)


def reissue_certificate(session: Session, actor: Actor, certificate: Certificate, *, reason: str, on: date) -> CertificateEvent:
    """Reissue a lost or damaged certificate (补发): the same number and content, printed once more.

    Refused with every reason: a mark or vote that counts of somebody who has to be recused.
    """
    candidate, batch = candidate_and_batch(session, certificate)
    take_duty(session, actor, batch, "certificate_events.reissue_certificate")
    _must_stand(session, certificate)
    must_not_count(session, batch, "补发证书", [candidate])
    return _event(session, actor, certificate, "reissued", reason, on)


def events_of(session: Session, certificate: Certificate) -> Sequence[CertificateEvent]:
    """What happened to a certificate, in order."""
    query = select(CertificateEvent).where(
        col(CertificateEvent.institution_id) == certificate.institution_id,
        col(CertificateEvent.certificate_id) == certificate.id,
    )
    return session.exec(query.order_by(col(CertificateEvent.serial))).all()


def chain_of(session: Session, certificate: Certificate) -> tuple[Certificate | None, Certificate | None]:
    """The certificate that this one replaces, and the one that replaces it."""
    before = session.get(Certificate, certificate.replaces_id) if certificate.replaces_id is not None else None
    query = select(Certificate).where(
        col(Certificate.institution_id) == certificate.institution_id, col(Certificate.replaces_id) == certificate.id
    )
    return before, session.exec(query).first()


def status_of(session: Session, certificate: Certificate) -> str:
    """``issued`` while it stands (reissued or not), else ``voided`` or ``revoked``."""
    kinds = {event.kind for event in events_of(session, certificate)}
    return next((kind for kind in ("revoked", "voided") if kind in kinds), "issued")


def _must_stand(session: Session, certificate: Certificate) -> None:
    status = status_of(session, certificate)
    if status != "issued":
        raise RuleBroken(f"证书 {certificate.number} 已{KINDS[status]}")


def _end(session: Session, actor: Actor, certificate: Certificate, kind: str, reason: str, on: date) -> CertificateEvent:
    _must_stand(session, certificate)
    return _event(session, actor, certificate, kind, reason, on)


def _event(session: Session, actor: Actor, certificate: Certificate, kind: str, reason: str, on: date) -> CertificateEvent:
    if not reason.strip():
        raise RuleBroken(f"{KINDS[kind]}证书须写明理由")
    if on < certificate.issued_on:
        raise RuleBroken(f"{KINDS[kind]}日期 {on} 早于发证日期 {certificate.issued_on}")
    event = CertificateEvent(
        institution_id=certificate.institution_id, certificate_id=id_of(certificate),
        serial=len(events_of(session, certificate)) + 1, kind=kind, on_day=on, reason=reason.strip(), by=actor.name,
    )  # fmt: skip
    session.add(event)
    journal.record(session, actor, certificate.institution_id, f"certificates.{kind}", objects=[event], reason=reason.strip())
    return event


def candidate_and_batch(session: Session, certificate: Certificate) -> tuple[Candidate, Batch]:
    """Whose certificate it is, and the batch that it comes from."""
    candidate = session.get(Candidate, certificate.candidate_id)
    assert candidate is not None
    batch = session.get(Batch, candidate.batch_id)
    assert batch is not None
    return candidate, batch
