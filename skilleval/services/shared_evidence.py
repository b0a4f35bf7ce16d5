"""Evidence that serves two people: the same entry, or another one with the same file. Told at the decision; never a stop."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import Candidate, CaseEvidence, CaseLine, Evidence, Person, RecognitionCase
from skilleval.domain.recognition import shared_evidence
from skilleval.services.recognitions import candidate_of, evidence_of


def warnings_of(session: Session, case: RecognitionCase) -> list[str]:
    """Evidence of the case that serves another person too: the same entry, or another one with the same file."""
    candidate = candidate_of(session, case)
    own = (candidate.employer_id, candidate.person_id)
    pieces = list({one.code: one for _link, one in evidence_of(session, case)}.values())
    same = _same(session, case.institution_id, pieces)
    owners = {(one.id, one.employer_id, one.person_id) for one in same} | _users(session, [one.id for one in same])
    names = _names(session, {person for _evidence, _employer, person in owners})
    uses: list[tuple[str, str, str]] = []
    for piece in pieces:
        for other in same:
            if other.id == piece.id or (piece.sha256 is not None and other.sha256 == piece.sha256):
                for key, employer, person in owners:
                    if key == other.id and (employer, person) != own:
                        # A member firm is told that another firm's evidence is the same, and neither whose nor which.
                        told = (other.code, names[person]) if employer == own[0] else ("（另一单位）", "另一单位人员")
                        uses.append((piece.code, *told))
    return shared_evidence(uses)


def _same(session: Session, firm: int, pieces: Sequence[Evidence]) -> Sequence[Evidence]:
    """The pieces, and every other one of the institution with the file of one of them."""
    hashes = [one.sha256 for one in pieces if one.sha256 is not None]
    alike = sa.or_(col(Evidence.id).in_([one.id for one in pieces]), col(Evidence.sha256).in_(hashes))
    return session.exec(select(Evidence).where(col(Evidence.institution_id) == firm, alike)).all()


def _users(session: Session, keys: Collection[int | None]) -> set[tuple[int | None, int, int]]:
    """In whose cases each of them is used: (evidence, employer, person)."""
    query = (
        select(CaseEvidence.evidence_id, Candidate.employer_id, Candidate.person_id)
        .join(CaseLine, col(CaseLine.id) == col(CaseEvidence.line_id))
        .join(RecognitionCase, col(RecognitionCase.id) == col(CaseLine.case_id))
        .join(Candidate, col(Candidate.id) == col(RecognitionCase.candidate_id))
        .where(col(CaseEvidence.evidence_id).in_(keys))
    )
    return {(evidence, employer, person) for evidence, employer, person in session.exec(query)}


def _names(session: Session, keys: Collection[int]) -> dict[int | None, str]:
    query = select(Person.id, Person.name).where(col(Person.id).in_(keys))
    return dict(session.exec(query).all())
