"""A batch brought as far as its certificates, ready to be filed."""

from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Certificate, CertificateEvent, Person, Result
from skilleval.domain.workdays import Calendar
from skilleval.services import notice_closing, notices
from tests.factories import ACTOR, LIBRARY, REGISTRATION_NUMBER, Firm, make_batch, make_candidate, make_person

FIRST_DAY, CLOSED_ON, ISSUED_ON = date(2026, 6, 15), date(2026, 6, 20), date(2026, 6, 22)
CALENDAR = Calendar(years=frozenset({2026}), holidays=frozenset(), worked=frozenset())
NAMES = ("陈大文", "郑䶮", "𠮷明远", "买买提·艾合买提江", "=1+1", "李芳")


def make_certified_batch(session: Session, vault: Vault, firm: Firm) -> Batch:
    """A certified batch of six, the last of whom failed."""
    batch = make_batch(session, firm, state="settled")
    for serial, name in enumerate(NAMES, start=1):
        person = make_person(session, vault, firm, name, serial, birth=date(1990, 1, serial), education="高中")
        candidate = make_candidate(session, batch, person)
        settle(session, candidate, 8000 if serial < 6 else 5000)
    publish(session, batch, vault)
    batch.state = "certified"
    for serial, candidate in enumerate(candidates_of(session, batch), start=1):
        if serial < 6:
            certify(session, candidate, f"{REGISTRATION_NUMBER}263{serial:06d}", vault)
    return batch


def candidates_of(session: Session, batch: Batch) -> list[Candidate]:
    return list(session.exec(select(Candidate).where(col(Candidate.batch_id) == batch.id).order_by(col(Candidate.id))))


def settle(session: Session, candidate: Candidate, skill: int) -> None:
    """A settled result with 70.50 in theory and ``skill`` in the skill test."""
    session.add(
        Result(
            institution_id=candidate.institution_id,
            candidate_id=candidate.id or 0,
            outcome="passed" if skill >= 6000 else "failed",
            parts={"theory": 7050, "skill": skill},
            total=(7050 * 40 + skill * 60) // 100,
        )
    )
    session.flush()


def publish(session: Session, batch: Batch, vault: Vault) -> None:
    """A notice published and closed without an objection."""
    notice = notices.publish_notice(
        session, ACTOR, batch, LIBRARY, vault=vault, first_day=FIRST_DAY, working_days=5, calendar=CALENDAR, on=FIRST_DAY
    )
    notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=CLOSED_ON)


def certify(session: Session, candidate: Candidate, number: str, vault: Vault, **fields: Any) -> Certificate:
    """A certificate of ``candidate``, issued."""
    person = session.get(Person, candidate.person_id)
    assert person is not None
    values: dict[str, Any] = {
        "institution_id": candidate.institution_id, "candidate_id": candidate.id, "number": number, "name": person.name,
        "id_type": person.id_type, "id_sealed": person.id_sealed, "occupation_code": "6-31-01-03",
        "occupation_name": "电工", "grade": candidate.grade, "issuer": "岭南精工制造有限公司", "issued_on": ISSUED_ON,
        **fields,
    }  # fmt: skip
    certificate = Certificate(**values)
    session.add(certificate)
    session.flush()
    event(session, certificate, 1, "issued", None)
    return certificate


def event(session: Session, certificate: Certificate, serial: int, kind: str, reason: str | None) -> None:
    """What happened to a certificate."""
    session.add(
        CertificateEvent(
            institution_id=certificate.institution_id,
            certificate_id=certificate.id or 0,
            serial=serial,
            kind=kind,
            on_day=ISSUED_ON,
            reason=reason,
            by="测试经办",
        )
    )
    session.flush()
