"""The lines of the documents of a filing package: one frozen value a row, whose fields are the column keys of a template."""

from dataclasses import dataclass
from datetime import date

from skilleval.domain.ladder import Grade


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One grade of the batch (T6)."""

    serial: int
    batch_number: str
    batch_name: str
    occupation_code: str
    occupation_name: str
    trade: str
    grade: Grade
    methods: str
    route: str
    planned: int | None
    candidates: int
    enrol_until: date | None
    starts_on: date
    ends_on: date
    venues: str
    assessors: str
    supervisors: str
    versions: str


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """One candidate (T7)."""

    serial: int
    admission_number: str
    name: str
    sex: str
    id_type: str
    id_number: str
    employer: str
    employer_credit_code: str
    occupation_code: str
    occupation_name: str
    trade: str
    grade: Grade
    route: str
    skips_grade: bool = False
    condition: str = ""
    #: for direct recognition: the clause that permits it, and the limits set aside (打破的限制), each with its fact
    basis: str = ""
    set_aside: str = ""
    birth_date: date | None = None
    education: str = ""
    phone: str = ""
    employment: str = ""
    post: str = ""
    work_years: int | None = None
    held_occupation: str = ""
    held_grade: Grade | None = None
    held_number: str = ""
    held_on: date | None = None
    study: str = ""
    work: str = ""
    photo: str = ""

    def __repr__(self) -> str:
        """Without the document number."""
        return f"CandidateLine({self.admission_number})"


@dataclass(frozen=True, slots=True)
class ResultLine:
    """The settled result of one candidate, and the certificate if there is one (T8). Marks are hundredths."""

    serial: int
    admission_number: str
    name: str
    id_type: str
    id_number: str
    sex: str
    education: str
    occupation_name: str
    trade: str
    grade: Grade
    outcome: str
    institution: str
    registration_number: str
    batch_number: str
    theory: int | None = None
    skill: int | None = None
    review: int | None = None
    performance: int | None = None
    process: int | None = None
    total: int | None = None
    certificate_number: str = ""
    issued_on: date | None = None
    route: str = "assessment"
    basis: str = ""
    set_aside: str = ""
    #: for direct recognition: percent of each group in hundredths, and what the case says (``direct_case``)
    duties_score: int | None = None
    conduct_score: int | None = None
    achievement_score: int | None = None
    achievements: str | None = None
    evidence: str | None = None
    chair: str | None = None
    conclusion: str | None = None

    def __repr__(self) -> str:
        """Without the document number."""
        return f"ResultLine({self.admission_number})"


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """One certificate of the upload sheet: the 11 columns."""

    name: str
    id_type: str
    id_number: str
    employer: str
    occupation_name: str
    trade: str
    grade: Grade
    number: str
    issued_on: date
    institution: str
    issuer: str

    def __repr__(self) -> str:
        """Without the document number."""
        return f"CertificateLine({self.number})"


@dataclass(frozen=True, slots=True)
class ConfirmationLine:
    """How many certificates of one occupation, trade and grade (表5)."""

    occupation_name: str
    trade: str
    grade: Grade
    count: int


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One person on the published list, the document number masked."""

    serial: int
    name: str
    masked_id_number: str
    employer: str
    occupation_name: str
    trade: str
    grade: Grade
    route: str


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One row of the scores (评分明细): a line of a filled sheet, an assessor's mark, or the mark of a part.

    ``kind`` is ``add``, ``deduct``, ``veto``, ``limit``, ``indicator`` or ``observation`` for a line of the sheet, ``mark``
    for what it comes to, ``part`` for the mark of the part; points in hundredths, below 0 where a cap takes them away.
    """

    serial: int
    admission_number: str
    name: str
    grade: Grade
    method: str
    assessor_code: str
    assessor: str
    scheme: str
    kind: str
    item: str = ""
    item_name: str = ""
    group: str = ""
    maximum: int | None = None
    each: int | None = None
    cap: int | None = None
    period: str = ""
    period_weight: int | None = None
    day: date | None = None
    observer: str = ""
    weight: int | None = None
    band: str = ""
    entered: str = ""
    points: int | None = None
    #: how the marks of several assessors became that of the part; only of a ``part``
    how: str = ""
    text: str = ""
