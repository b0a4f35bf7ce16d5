"""What a row of an enrolment workbook is refused for before it is written: what lies beyond the institution's authority.

Source: guangdong-rules 2.1 (DR-1: the narrow power goes step by step).
"""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from skilleval.db.tables import Batch
from skilleval.domain.candidacy import skips_grade
from skilleval.domain.eligibility import Background, HeldCertificate
from skilleval.domain.ladder import Grade
from skilleval.packs import Library
from skilleval.services import authority
from skilleval.services.authority import Sitter


def sitter_of(
    grade: Grade, employer_id: int, background: Background, held: Sequence[HeldCertificate]
) -> Sitter:
    """The kind of person who applies; whether a grade is skipped stays unsaid where nobody entered certificates."""
    unsaid = not held and background.certificates is None
    return Sitter(grade, employer_id, None if unsaid else skips_grade(held, grade))


def beyond_authority(
    session: Session, batch: Batch, library: Library, sitters: Sequence[Sitter]
) -> Mapping[Sitter, Sequence[str]]:
    """Why the institution may not recognise these kinds of people, each reason with its clause.

    What stands against the batch itself is left out: that is no fault of a row, and refuses the whole file when written.
    """
    against_batch = set(authority.reasons_against(session, batch, library))
    return {
        one: [told for told in authority.sitter_reasons(session, batch, library, [one]) if told not in against_batch]
        for one in dict.fromkeys(sitters)
    }
