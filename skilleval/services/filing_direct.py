"""What a filing package tells of direct recognition: methods, clause, limits set aside (guangdong-rules 7.2, T9)."""

from skilleval.db.tables import Candidate, id_of
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.set_aside import Limit, limits_told
from skilleval.services.filing_record import BatchRecord


def methods_of(record: BatchRecord, grade: Grade) -> list[str]:
    """How a grade was assessed: the parts of its specification, or the methods that its direct cases used."""
    if record.batch.route != "direct":
        return [part.method for part in record.parts if part.grade == grade.value]
    graded = {id_of(one) for one in record.candidates if one.grade == grade.value}
    own = [case for key, case in record.cases.items() if key in graded] or record.cases.values()
    used = {method for case in own for method in case.methods}
    return [method for method in METHODS if method in used]


def basis_told(record: BatchRecord, candidate: Candidate) -> str:
    """The clauses that permit a direct recognition; empty for the other routes."""
    case = record.cases.get(id_of(candidate))
    return "；".join(case.clauses) if case else ""


def set_aside_told(record: BatchRecord, candidate: Candidate) -> str:
    """The limits set aside, each with its fact; empty where none was, and for the other routes."""
    case = record.cases.get(id_of(candidate))
    return limits_told(Limit(**one) for one in case.limits) if case else ""
