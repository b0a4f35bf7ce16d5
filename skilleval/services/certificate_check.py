"""The public check of a certificate: everything printed on it and whether it still holds.

Asked by number and name, or by the address in the QR code of the printed sheet. A number that does not exist and one of
somebody else get the same answer. The document number is told masked: who holds the paper can compare it, and nobody
else learns it.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Certificate
from skilleval.domain.identifiers import ID_TYPES, mask_number
from skilleval.domain.ladder import Grade
from skilleval.services.certificate_events import chain_of, events_of
from skilleval.services.public_ids import public_ids_of
from skilleval.settings import Settings

#: the kind of the addresses in QR codes; no other page takes them
KIND = "certificate_check"
#: checks from one network within the window of ``counters``: enough for a personnel office, too few to try names
LIMIT = 30
_DOTS = str.maketrans(dict.fromkeys("•‧・･∙⋅．.", "·"))


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything printed on a certificate, with its state: issued, reissued, voided, revoked or replaced, and since when."""

    name: str
    id_type: str
    masked_number: str
    occupation: str
    trade: str
    grade: Grade
    number: str
    issuer: str
    issued_on: date
    state: str
    since: date

    @property
    def holds(self) -> bool:
        """Whether the certificate is valid today."""
        return self.state in ("issued", "reissued")


def check_by_number(session: Session, number: str, name: str, *, vault: Vault) -> Checked | None:
    """The certificate with this number if it bears this name; None for an unknown number and for another name alike."""
    found = session.exec(select(Certificate).where(col(Certificate.number) == _compact(number).upper())).first()
    if found is None or _compact(found.name) != _compact(name):
        return None
    return _checked(session, found, vault)


def check_by_row(session: Session, certificate_id: int, *, vault: Vault) -> Checked | None:
    """The certificate behind the address of a QR code."""
    found = session.get(Certificate, certificate_id)
    return None if found is None else _checked(session, found, vault)


def check_address(vault: Vault, settings: Settings, certificate: Certificate) -> str:
    """What the QR code leads to at this installation; empty where no public address is set."""
    public = settings.web.public_url
    return f"{public}/check/{public_ids_of(vault).hide(KIND, certificate.id or 0)}" if public else ""


def _checked(session: Session, certificate: Certificate, vault: Vault) -> Checked:
    state, since = "issued", certificate.issued_on
    for event in events_of(session, certificate):
        state, since = event.kind, event.on_day
    _before, later = chain_of(session, certificate)
    if later is not None:
        state, since = "replaced", later.issued_on
    return Checked(
        name=certificate.name, id_type=ID_TYPES[certificate.id_type],
        masked_number=mask_number(vault.open(certificate.institution_id, certificate.id_sealed)),
        occupation=certificate.occupation_name, trade=certificate.trade, grade=Grade(certificate.grade),
        number=certificate.number, issuer=certificate.issuer, issued_on=certificate.issued_on, state=state, since=since,
    )  # fmt: skip


def _compact(typed: str) -> str:
    """What was typed without blanks, and with the one dot that names of minorities are written with."""
    return "".join(unicodedata.normalize("NFKC", typed).split()).translate(_DOTS)
