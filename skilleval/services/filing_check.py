"""The check of a package that is kept here, with the record that each finding is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, Certificate
from skilleval.domain.errors import RuleBroken
from skilleval.reports import archive
from skilleval.reports.findings import Finding, Findings
from skilleval.reports.package import verify_package
from skilleval.sheets.reading import read_sheets


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding, and the candidate whose row it stands in; None where it is about no row."""

    finding: Finding
    candidate_id: int | None


def check_package(session: Session, batch: Batch, packed: bytes, name: str) -> tuple[Findings, list[Placed]]:
    """Everything that is wrong with the package of a batch, each finding with the record that it is about."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "package.zip"
        path.write_bytes(packed)
        verdict = verify_package(path)
    return verdict, place(session, batch, packed, verdict.findings)


def place(session: Session, batch: Batch, packed: bytes, findings: Sequence[Finding]) -> list[Placed]:
    """The findings, each with the candidate whose number stands in its row."""
    files = {one.file for one in findings if one.row is not None}
    rows = {file: _rows(packed, file) for file in files}
    numbers = _numbers(session, batch) if files else {}
    return [Placed(one, _named_in(rows, numbers, one)) for one in findings]


def _named_in(rows: Mapping[str, list[list[str]]], numbers: Mapping[str, int], finding: Finding) -> int | None:
    lines = rows.get(finding.file, [])
    if finding.row is None or finding.row > len(lines):
        return None
    return next((numbers[cell] for cell in lines[finding.row - 1] if cell in numbers), None)


def _rows(packed: bytes, file: str) -> list[list[str]]:
    """The cells of a workbook of the package as text; nothing where it can't be read, which is a finding itself."""
    try:
        content = archive.unpack(packed).get(file, b"")
    except archive.NotAPackage:
        return []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.xlsx"
        path.write_bytes(content)
        try:
            sheets = read_sheets(path)
        except RuleBroken:
            return []
    return [["" if cell is None else str(cell) for cell in row] for row in sheets[0].rows] if sheets else []


def _numbers(session: Session, batch: Batch) -> dict[str, int]:
    """Candidates of the batch by what names them in a package: admission number, or certificate number."""
    query = (
        select(Candidate.id, Candidate.admission_number, Certificate.number)
        .outerjoin(Certificate, col(Certificate.candidate_id) == col(Candidate.id))
        .where(col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
    )
    found: dict[str, int] = {}
    for key, admission, number in session.exec(query):
        found |= {text: key or 0 for text in (admission, number) if text}
    return found
