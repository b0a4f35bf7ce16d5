"""Everything of one batch that its filing package is made from, read in a dozen queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from skilleval.db.tables import (
    Assignment,
    Batch,
    Candidate,
    Certificate,
    CertificateEvent,
    Credential,
    Institution,
    Person,
    Personnel,
    RecognitionCase,
    Registration,
    Result,
    SpecificationPart,
    WorkPeriod,
    id_of,
)
from skilleval.reports.direct_case import DirectCase
from skilleval.reports.scores import PartScores
from skilleval.services.filing_cases import tell_cases
from skilleval.services.filing_scores import tell_scores
from skilleval.services.recognitions import cases_of

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class BatchOutline:
    """Who sat, with what result and certificate: enough to say what a package would still lack."""

    batch: Batch
    candidates: Sequence[Candidate]
    people: Mapping[int, Person]
    results: Mapping[int, Result]
    certificates: Mapping[int, Certificate]
    #: candidate id → why the last certificate of a candidate is not valid
    ended: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class BatchRecord(BatchOutline):
    """Everything of one batch that a package is made from."""

    institution: Institution
    registration: Registration
    parts: Sequence[SpecificationPart]
    employers: Mapping[int, Institution]
    credentials: Mapping[int, Sequence[Credential]]
    periods: Mapping[int, Sequence[WorkPeriod]]
    staff: Sequence[tuple[Assignment, Personnel]]
    #: candidate id → the case of a direct recognition
    cases: Mapping[int, RecognitionCase]
    #: candidate id → that case as the package tells it
    told_cases: Mapping[int, DirectCase]
    #: the sheets behind marks that came of schemes
    scores: Sequence[PartScores]


def read_outline(session: Session, batch: Batch) -> BatchOutline:
    """The outline of ``batch`` in three queries."""
    sat = session.exec(
        select(Candidate, Person)
        .join(Person, col(Person.id) == col(Candidate.person_id))
        .where(col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .where(col(Candidate.state) == "eligible")
        .order_by(col(Candidate.admission_number), col(Candidate.id))
    ).all()
    certificates, ended = _certificates(session, batch)
    return BatchOutline(
        batch=batch, candidates=[one for one, _person in sat], people={id_of(person): person for _one, person in sat},
        results=_latest_results(session, batch), certificates=certificates, ended=ended,
    )  # fmt: skip


def _people_of(batch: Batch) -> SelectOfScalar[int]:
    return select(Candidate.person_id).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id
    )


def read_batch(session: Session, batch: Batch) -> BatchRecord:
    """The record of ``batch`` in a dozen queries, however many candidates it has."""
    firm, mine, outline = batch.institution_id, _people_of(batch), read_outline(session, batch)
    employers = session.exec(
        select(Institution).where(
            col(Institution.id).in_({person.institution_id for person in outline.people.values()})
        )
    ).all()
    credentials = session.exec(
        select(Credential).where(col(Credential.person_id).in_(mine)).order_by(col(Credential.id))
    ).all()
    periods = session.exec(
        select(WorkPeriod).where(col(WorkPeriod.person_id).in_(mine)).order_by(col(WorkPeriod.started_on))
    ).all()
    parts = _parts(session, batch)
    institution, registration = session.get(Institution, firm), session.get(Registration, batch.registration_id)
    assert institution is not None and registration is not None
    return BatchRecord(
        batch=batch,
        institution=institution,
        registration=registration,
        parts=parts,
        candidates=outline.candidates,
        people=outline.people,
        employers={id_of(employer): employer for employer in employers},
        results=outline.results,
        certificates=outline.certificates,
        ended=outline.ended,
        credentials=_grouped((entry.person_id, entry) for entry in credentials),
        periods=_grouped((entry.person_id, entry) for entry in periods),
        staff=_staff(session, batch),
        told_cases=tell_cases(session, batch, outline.candidates),
        scores=tell_scores(session, batch, parts, outline.candidates, outline.people, outline.results),
        cases={case.candidate_id: case for case in cases_of(session, batch)},
    )


def _grouped(pairs: Iterable[tuple[int, Entry]]) -> dict[int, list[Entry]]:
    grouped: dict[int, list[Entry]] = {}
    for key, entry in pairs:
        grouped.setdefault(key, []).append(entry)
    return grouped


def _parts(session: Session, batch: Batch) -> Sequence[SpecificationPart]:
    query = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == batch.institution_id,
        col(SpecificationPart.specification_id) == batch.specification_id,
        col(SpecificationPart.grade).in_(batch.grades),
    )
    return session.exec(query.order_by(col(SpecificationPart.grade), col(SpecificationPart.serial))).all()


def _latest_results(session: Session, batch: Batch) -> dict[int, Result]:
    query = (
        select(Result)
        .join(Candidate, col(Candidate.id) == col(Result.candidate_id))
        .where(col(Result.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .order_by(col(Result.revision))
    )
    return {result.candidate_id: result for result in session.exec(query)}


def _certificates(session: Session, batch: Batch) -> tuple[dict[int, Certificate], dict[int, str]]:
    """The valid certificate of each candidate, and why those without one have lost it."""
    query = (
        select(Certificate, CertificateEvent)
        .join(Candidate, col(Candidate.id) == col(Certificate.candidate_id))
        .join(CertificateEvent, col(CertificateEvent.certificate_id) == col(Certificate.id))
        .where(col(Certificate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .order_by(col(Certificate.id), col(CertificateEvent.serial))
    )
    last: dict[int, tuple[Certificate, CertificateEvent]] = {}
    for certificate, event in session.exec(query):
        last[id_of(certificate)] = (certificate, event)
    valid: dict[int, Certificate] = {}
    ended: dict[int, str] = {}
    for certificate, event in last.values():
        if event.kind in ("voided", "revoked"):
            told = "作废" if event.kind == "voided" else "撤销"
            ended[certificate.candidate_id] = f"证书 {certificate.number} 已{told}：{event.reason}"
        else:
            valid[certificate.candidate_id] = certificate
    return valid, {key: why for key, why in ended.items() if key not in valid}


def _staff(session: Session, batch: Batch) -> Sequence[tuple[Assignment, Personnel]]:
    query = (
        select(Assignment, Personnel)
        .join(Personnel, col(Personnel.id) == col(Assignment.personnel_id))
        .where(col(Assignment.institution_id) == batch.institution_id, col(Assignment.batch_id) == batch.id)
        .order_by(col(Personnel.code), col(Assignment.id))
    )
    return session.exec(query).all()
