"""Certificate numbers that a province allots (下发的证书编号): its list checked, then certificates issued with them."""

from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    Certificate,
    ImportReceipt,
    Table,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.packs import Library
from skilleval.services import authority, institutions, journal
from skilleval.services.certificate_events import status_of
from skilleval.services.certificates import (
    MissingGlyphs,
    candidates_and_people,
    last_certificates,
    must_be_as_published,
    must_be_printable,
    new_certificate,
    waiting_of,
)
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.number_list import NUMBER_COLUMNS, Roll, RowProblem, number_problem
from skilleval.services.recused_results import must_not_count
from skilleval.sheets.columns import Report
from skilleval.sheets.intake import Source
from skilleval.sheets.reading import file_hash, read_table


@dataclass(slots=True)
class StagedNumbers:
    """Numbers from the province's list that were checked and not yet written."""

    batch: Batch
    file: Source
    sha256: str
    report: Report
    new: list[tuple[Candidate, str]] = field(default_factory=list)


def stage_numbers(session: Session, batch: Batch, file: Source, *, vault: Vault, on: date) -> StagedNumbers:
    """Read and check the province's list of allotted numbers. Nothing is written; wrong rows stand in the report.

    Refused with ``RuleBroken``: a batch whose notice is not closed, a file that is none, wrong headings.
    """
    session.refresh(batch, with_for_update=True)
    if batch.state not in ("cleared", "certified"):
        raise RuleBroken(f"批次现在是“{lifecycle.label('batch', batch.state)}”，公示结束后才能导入证书编号")
    table = read_table(file, NUMBER_COLUMNS)
    staged = StagedNumbers(batch, file, file_hash(file), table.report())
    registration = institutions.active_registration(session, batch.institution_id, on)
    roll = Roll.of(candidates_and_people(session, batch), vault)
    waiting = {candidate.id for candidate, _person in waiting_of(session, batch)}
    standing = last_certificates(session, batch)
    rows_of: dict[object, int] = {}
    for row, values in table.rows:
        found = roll.find(values)
        if isinstance(found, Candidate):
            held = standing.get(id_of(found))
            if held is not None and held.number == values["number"]:
                staged.report.unchanged += 1
                continue
            fault = _allotted_fault(session, found, values["number"], held, waiting, rows_of, row)
            if fault is None and (
                reason := number_problem(values["number"], registration.number, on, Grade(found.grade))
            ):
                fault = RowProblem("number", "number_wrong", reason)
            if fault is None:
                staged.new.append((found, values["number"]))
                staged.report.new += 1
                continue
            found = fault
        table.errors.append(
            table.error(row, found.column, values.get(found.column) or "", found.code, found.message)
        )
        table.failed.add(row)
    staged.report.failed = len(table.failed)
    staged.report.errors = sorted(table.errors, key=lambda error: (error.row, error.column))
    return staged


def _allotted_fault(
    session: Session,
    candidate: Candidate,
    number: str,
    held: Certificate | None,
    waiting: set[int | None],
    rows_of: dict[object, int],
    row: int,
) -> RowProblem | None:
    """Why this candidate can't have this number: a fault of the person, of the row, or a number that is taken."""
    if held is not None and status_of(session, held) != "voided":
        return RowProblem("number", "already_certified", f"该考生已有证书 {held.number}")
    if held is None and candidate.id not in waiting:
        return RowProblem("name", "candidate_unknown", "该考生没有合格，或不在公示名单中")
    if (earlier := rows_of.setdefault(candidate.id, row)) != row:
        return RowProblem("name", "candidate_twice", f"与第{earlier}行是同一名考生")
    if (earlier := rows_of.setdefault(number, row)) != row:
        return RowProblem("number", "number_twice", f"证书编号与第{earlier}行相同")
    if session.exec(select(Certificate.id).where(col(Certificate.number) == number)).first() is not None:
        return RowProblem("number", "number_used", "证书编号已被使用")
    return None


def write_numbers(
    session: Session,
    actor: Actor,
    staged: StagedNumbers,
    library: Library,
    *,
    vault: Vault,
    on: date,
    missing_glyphs: MissingGlyphs,
) -> Report:
    """Issue certificates with the numbers that were staged; the batch is 已发证 when nobody waits any more.

    Refused as for local numbers: a name or number that is not the published one any more (a replacement may bear a corrected
    one), a character that no font can draw, a mark or vote that counts of somebody who has to be
    recused, what is beyond the institution's authority.
    """
    take_duty(session, actor, staged.batch, "allotted_numbers.write_numbers")
    batch = staged.batch
    people = {id_of(candidate): person for candidate, person in candidates_and_people(session, batch)}
    standing = last_certificates(session, batch)
    numbered = [candidate for candidate, _number in staged.new]
    must_not_count(session, batch, "发证", numbered)
    authority.require(session, batch, library, candidates=numbered, also_on=on)
    first = [(one, people[id_of(one)]) for one in numbered if id_of(one) not in standing]
    must_be_as_published(session, batch, first, vault)
    must_be_printable(session, batch, [(one, people[id_of(one)]) for one in numbered], vault, missing_glyphs)
    issued: list[Table] = []
    for candidate, number in staged.new:
        person, replaced = people[id_of(candidate)], standing.get(id_of(candidate))
        issued += new_certificate(
            session, actor, batch, candidate, person, number, "imported", vault, on, replaced.id if replaced else None
        )
    if issued:
        if not waiting_of(session, batch) and batch.state == "cleared":
            batch.state = "certified"
            session.add(batch)
            issued.append(batch)
        receipt = ImportReceipt(
            institution_id=batch.institution_id, kind="numbers", scope=batch.number, file_name=staged.file.name,
            sha256=staged.sha256, counts=staged.report.counts(), actor=actor.name,
        )  # fmt: skip
        session.add(receipt)
        issued.append(receipt)
        journal.record(session, actor, batch.institution_id, "certificates.import", objects=issued)
    return staged.report
