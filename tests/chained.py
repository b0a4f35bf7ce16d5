"""A chain evaluator with a member firm that it serves, and a batch in which people of both may sit."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Chain, Institution, Mandate
from skilleval.domain.ladder import Grade
from skilleval.services import candidate_sheets, chains
from skilleval.sheets.columns import Report
from skilleval.sheets.writing import FormSheet, write_form
from tests.factories import ACTOR, LIBRARY, Firm, id_number, make_batch, make_firm

MEMBERS = ("91440999MA00001620", "91440999MA0000170T", "91440999MA0000178K")
ENROLLED_ON = date(2026, 5, 18)


@dataclass
class Scene:
    """The evaluator, its batch and chain, and a member firm with a mandate."""

    lead: Firm
    batch: Batch
    chain: Chain
    member: Firm
    mandate: Mandate


def make_scene(session: Session, state: str = "enrolling") -> Scene:
    """The lead is the evaluator; the member joined in 2025 and is served until the end of 2026."""
    lead = make_firm(session, chain_lead=True, kind="chain_evaluator")
    chain = chains.add_chain(session, ACTOR, lead.institution, name="精工链")
    member, mandate = add_member(session, chain, lead, MEMBERS[0], "配套企业甲")
    return Scene(lead, make_batch(session, lead, state=state), chain, member, mandate)


def add_member(
    session: Session, chain: Chain, lead: Firm, credit_code: str, name: str, grades: tuple[Grade, ...] = ()
) -> tuple[Firm, Mandate]:
    """A firm of the chain, with a mandate of the lead for its people."""
    place = MEMBERS.index(credit_code) + 1
    firm = make_firm(session, credit_code, f"Y00004400099{place}", name=name)
    join(session, chain, firm.institution)
    mandate = chains.add_mandate(
        session, ACTOR, chain, evaluator=lead.institution, employer=firm.institution, document=f"XY-{place}",
        valid_from=date(2025, 1, 1), valid_to=date(2026, 12, 31), grades=grades,
    )  # fmt: skip
    return firm, mandate


def join(session: Session, chain: Chain, firm: Institution, joined_on: date = date(2025, 1, 1)) -> None:
    """Take a firm into a chain."""
    chains.add_member(
        session, ACTOR, chain, credit_code=firm.credit_code, name=firm.name, kind="firm", joined_on=joined_on
    )


def row(name: str = "陈大文", serial: int = 1, employer: str | None = None, **fields: object) -> dict[str, object]:
    """A row of the candidate workbook."""
    return {"name": name, "id_number": id_number(serial), "grade": "senior", "employer_code": employer, **fields}


def enrol(session: Session, vault: Vault, batch: Batch, path: Path, *rows: dict[str, object], write: bool = True) -> Report:
    """Enrol by workbook."""
    file = write_form(path, [FormSheet("报名表", candidate_sheets.COLUMNS, rows, example=False)], candidate_sheets.TEMPLATE_ID, [])
    staged = candidate_sheets.stage_candidates(session, batch, file, vault=vault, library=LIBRARY, on=ENROLLED_ON)
    if write:
        candidate_sheets.write_candidates(session, ACTOR, staged, LIBRARY, vault=vault, on=ENROLLED_ON)
    return staged.report
