"""Evidence that serves two people: the same entry, or another one with the same file. Told at the decision; never a stop."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from skilleval.db.tables import Candidate, CaseEvidence, CaseLine, Evidence, Person, RecognitionCase
from skilleval.db.together import together
from skilleval.domain.recognition import shared_evidence
from skilleval.services.recognitions import candidate_of, matrix_of


@dataclass(frozen=True, slots=True)
class _Use:
    """A piece of evidence that serves a person: it is theirs, or a case of theirs rests on it."""

    evidence_id: int
    code: str
    sha256: str | None
    employer_id: int
    person_id: int
    name: str


def warnings_of(session: Session, case: RecognitionCase) -> list[str]:
    """Evidence of the case that serves another person too: the same entry, or another one with the same file."""
    pieces = [one for _line, evidence in matrix_of(session, case) for one in evidence]
    return warnings_about(session, candidate_of(session, case), pieces)


def warnings_about(session: Session, candidate: Candidate, evidence: Sequence[Evidence]) -> list[str]:
    """The same of a candidate's evidence that is at hand."""
    own = (candidate.employer_id, candidate.person_id)
    pieces = {one.code: one for one in evidence}.values()
    uses: list[tuple[str, str, str]] = []
    for use in together(session, {_Use: _uses(candidate.institution_id, evidence)})[_Use]:
        for piece in pieces:
            same = use.evidence_id == piece.id or (piece.sha256 is not None and use.sha256 == piece.sha256)
            if same and (use.employer_id, use.person_id) != own:
                # A member firm is told that another firm's evidence is the same, and neither whose nor which.
                told = (use.code, use.name) if use.employer_id == own[0] else ("（另一单位）", "另一单位人员")
                uses.append((piece.code, *told))
    return shared_evidence(uses)


def _uses(firm: int, pieces: Sequence[Evidence]) -> sa.SelectBase:
    """The query for whose the pieces are and in whose cases they are used, and so for every other one of the institution with
    the file of one of them."""
    hashes = [one.sha256 for one in pieces if one.sha256 is not None]
    alike = (
        col(Evidence.institution_id) == firm,
        sa.or_(col(Evidence.id).in_([one.id for one in pieces]), col(Evidence.sha256).in_(hashes)),
    )
    evidence = (col(Evidence.id), col(Evidence.code), col(Evidence.sha256))
    held = sa.select(*evidence, col(Evidence.employer_id), col(Evidence.person_id), col(Person.name)).where(
        *alike, col(Person.id) == col(Evidence.person_id)
    )
    used = (
        sa.select(*evidence, col(Candidate.employer_id), col(Candidate.person_id), col(Person.name))
        .join(CaseEvidence, col(CaseEvidence.evidence_id) == col(Evidence.id))
        .join(CaseLine, col(CaseLine.id) == col(CaseEvidence.line_id))
        .join(RecognitionCase, col(RecognitionCase.id) == col(CaseLine.case_id))
        .join(Candidate, col(Candidate.id) == col(RecognitionCase.candidate_id))
        .join(Person, col(Person.id) == col(Candidate.person_id))
        .where(*alike)
    )
    return sa.union(held, used)
