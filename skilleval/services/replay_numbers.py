"""The certificate numbers of a batch, made again: prefix of the registration, year, grade, and place in the series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, Certificate, Registration
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import CertificateNumber, grade_code
from skilleval.domain.ladder import Grade


@dataclass(frozen=True, slots=True)
class Ledger:
    """What numbers are made from: the registrations, and the certificates issued with local numbers, in their order."""

    batch: Batch
    registrations: Sequence[Registration]
    certificates: Mapping[int, list[Certificate]]
    #: certificate id → its place in its series, from 1
    places: Mapping[int, int]

    @classmethod
    def of(cls, session: Session, batch: Batch) -> "Ledger":
        """The ledger of the batch's institution. A serial is dense: the nth certificate of a series has the serial n."""
        registrations = session.exec(
            select(Registration)
            .where(col(Registration.institution_id) == batch.institution_id)
            .order_by(col(Registration.valid_from).desc())
        ).all()
        own: dict[int, list[Certificate]] = {}
        places: dict[int, int] = {}
        counted: dict[tuple[str, int, str], int] = {}
        issued = (
            select(Certificate, Candidate.batch_id)
            .join(Candidate, col(Candidate.id) == col(Certificate.candidate_id))
            .where(col(Certificate.institution_id) == batch.institution_id)
        )
        for certificate, batch_id in session.exec(issued.order_by(col(Certificate.id))):
            assert certificate.id is not None
            if batch_id == batch.id:
                own.setdefault(certificate.candidate_id, []).append(certificate)
            if certificate.origin == "local":
                prefix = _prefix(registrations, certificate)
                series = (prefix or certificate.number[:13], certificate.issued_on.year, certificate.grade)
                counted[series] = places[certificate.id] = counted.get(series, 0) + 1
        return cls(batch, registrations, own, places)

    def differences(self, certificate: Certificate, candidate: Candidate) -> list[str]:
        """In what a certificate's number, grade and occupation are not what the case gives. Empty when in nothing.

        The serial of a number that the province gave out can't be counted here; its other parts are compared.
        """
        told = []
        if certificate.grade != candidate.grade:
            told.append(f"证书等级为{Grade(certificate.grade).printed}，认定等级为{Grade(candidate.grade).printed}")
        printed = (certificate.occupation_code, certificate.occupation_name, certificate.trade)
        if printed != (self.batch.occupation_code, self.batch.occupation_name, self.batch.trade):
            told.append("证书的职业或工种与批次不同")
        prefix = _prefix(self.registrations, certificate)
        if prefix is None:
            return [*told, f"发证日 {certificate.issued_on} 没有有效期内的备案，编号前13位无从得出"]
        try:
            if certificate.origin != "local":
                number = CertificateNumber.parse(certificate.number)
                return told + number.problems(
                    registration_number=prefix, issued_on=certificate.issued_on, grade=Grade(candidate.grade)
                )
            assert certificate.id is not None
            expected = str(CertificateNumber(
                prefix, f"{certificate.issued_on:%y}", grade_code(Grade(candidate.grade)), self.places[certificate.id]
            ))  # fmt: skip
        except RuleBroken as refusal:
            return [*told, refusal.message]
        return told if certificate.number == expected else [*told, f"证书编号为 {certificate.number}，复算为 {expected}"]


def _prefix(registrations: Sequence[Registration], certificate: Certificate) -> str | None:
    """The registration number on the day of issue. A state that changed since does not count: it was checked then."""
    covering = [one.number for one in registrations if one.valid_from <= certificate.issued_on <= one.valid_to]
    printed = certificate.number[:13]
    return printed if printed in covering else next(iter(covering), None)
