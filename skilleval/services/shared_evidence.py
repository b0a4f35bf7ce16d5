"""Evidence that serves two people: the same entry, or another one with the same file. Told at the decision; never a stop."""

from sqlmodel import Session, col, select

from skilleval.db.tables import Candidate, CaseEvidence, CaseLine, Evidence, Person, RecognitionCase
from skilleval.domain.recognition import shared_evidence
from skilleval.services.recognitions import candidate_of, evidence_of


def warnings_of(session: Session, case: RecognitionCase) -> list[str]:
    """Evidence of the case that serves another person too: the same entry, or another one with the same file."""
    candidate = candidate_of(session, case)
    own = (candidate.employer_id, candidate.person_id)
    uses: list[tuple[str, str, str]] = []
    for _link, evidence in evidence_of(session, case):
        for other, employer, person in _uses(session, evidence):
            if (employer, person) != own:
                uses.append((evidence.code, *_named(session, other, employer, person, own[0])))
    return shared_evidence(uses)


def _uses(session: Session, evidence: Evidence) -> list[tuple[Evidence, int, int]]:
    """Whose the evidence is, or evidence with the same file, and in whose cases it is used."""
    same = col(Evidence.id) == evidence.id
    if evidence.sha256 is not None:
        same |= col(Evidence.sha256) == evidence.sha256
    rows = session.exec(select(Evidence).where(col(Evidence.institution_id) == evidence.institution_id, same)).all()
    found = [(one, one.employer_id, one.person_id) for one in rows]
    for one in rows:
        query = (
            select(Candidate)
            .join(RecognitionCase, col(RecognitionCase.candidate_id) == col(Candidate.id))
            .join(CaseLine, col(CaseLine.case_id) == col(RecognitionCase.id))
            .join(CaseEvidence, col(CaseEvidence.line_id) == col(CaseLine.id))
            .where(col(CaseEvidence.evidence_id) == one.id)
        )
        found += [(one, user.employer_id, user.person_id) for user in session.exec(query)]
    return found


def _named(session: Session, other: Evidence, employer: int, person: int, own: int) -> tuple[str, str]:
    # A member firm is told that another firm's evidence is the same, and neither whose nor which.
    if employer != own:
        return "（另一单位）", "另一单位人员"
    found = session.get(Person, person)
    assert found is not None
    return other.code, found.name
