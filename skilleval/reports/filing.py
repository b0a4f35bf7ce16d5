"""What a filing package says, as one frozen value: the lines of each document, before any file is made.

A template names the fields of these lines as its column keys; :func:`filing_templates` holds that.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.reports.direct_case import DirectCase
from skilleval.reports.templates import Template, load_template

#: The documents of a package, in the order in which they are written and listed.
DOCUMENTS = ("plan", "candidates", "results", "certificates", "confirmation", "notice", "letter")


@dataclass(frozen=True, slots=True)
class Filer:
    """The institution that files, and its registration."""

    name: str
    credit_code: str
    registration_number: str
    authority: str
    authority_level: str
    valid_from: date
    valid_to: date
    responsible: str = ""
    data_manager: str = ""
    contact: str = ""
    phone: str = ""
    city: str = ""
    district: str = ""


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
class NoticeFacts:
    """When the list was published, and what came of it."""

    serial: int
    first_day: date
    last_day: date
    working_days: int
    content_hash: str
    journal_head: str
    objections: int
    contact: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class PartRule:
    """How one part of one grade counted: what a reader needs to compute the results again. Hundredths, percent."""

    grade: Grade
    method: str
    weight: int
    maximum: int
    pass_mark: int

    def as_json(self) -> dict[str, Any]:
        """As the manifest writes it."""
        return {
            "grade": self.grade.value,
            "method": self.method,
            "weight": self.weight,
            "maximum": self.maximum,
            "pass_mark": self.pass_mark,
        }


@dataclass(frozen=True, slots=True)
class Withheld:
    """A candidate who passed or stood on the notice, but has no valid certificate in this package, and why."""

    admission_number: str
    why: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which versions decided and wrote the package."""

    software: str
    #: the national standard that the specification rests on; empty for the firm's own
    standard: Mapping[str, Any]
    #: each file of rule data with its hash
    rule_data: Sequence[Mapping[str, Any]]
    journal_head: str
    #: the firm's own specification (评价规范) and its version
    specification: Mapping[str, Any] = field(default_factory=dict)
    #: versions noted when the batch was made
    batch_versions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FilingContent:
    """Everything that a filing package of one batch says."""

    filer: Filer
    plan: tuple[PlanLine, ...]
    candidates: tuple[CandidateLine, ...]
    results: tuple[ResultLine, ...]
    certificates: tuple[CertificateLine, ...]
    notice_lines: tuple[NoticeLine, ...]
    notice: NoticeFacts
    provenance: Provenance
    addressed_to: str
    version: int
    exported_on: date
    supersedes: str | None = None
    parts: tuple[PartRule, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    notes: tuple[str, ...] = ()
    #: the cases of a batch of direct recognition
    cases: tuple[DirectCase, ...] = ()
    #: whether every document says that it is a demonstration
    demo: bool = False

    @property
    def confirmation(self) -> tuple[ConfirmationLine, ...]:
        """Certificates counted by occupation, trade and grade, the highest grade first."""
        counted = Counter((line.occupation_name, line.trade, line.grade) for line in self.certificates)
        ordered = sorted(counted.items(), key=lambda item: (item[0][0], item[0][1], -item[0][2].rank))
        return tuple(ConfirmationLine(*key, count) for key, count in ordered)

    @property
    def passed(self) -> int:
        """How many candidates passed."""
        return sum(1 for line in self.results if line.outcome == "passed")

    def lines(self, document: str) -> Sequence[object]:
        """The lines of a document, in the order of its rows."""
        found: Mapping[str, Sequence[object]] = {
            "plan": self.plan,
            "candidates": self.candidates,
            "results": self.results,
            "certificates": self.certificates,
            "confirmation": self.confirmation,
            "notice": self.notice_lines,
        }
        return found.get(document, ())

    def titled(self, text: str) -> str:
        """``text`` of a template with the batch's names and counts filled in."""
        return text.format(
            institution=self.filer.name,
            batch=self.plan[0].batch_number,
            batch_name=self.plan[0].batch_name,
            count=len(self.certificates),
            first_day=self.notice.first_day.isoformat(),
            last_day=self.notice.last_day.isoformat(),
        )


LINES: Mapping[str, type] = {
    "plan": PlanLine,
    "candidates": CandidateLine,
    "results": ResultLine,
    "certificates": CertificateLine,
    "confirmation": ConfirmationLine,
    "notice": NoticeLine,
}


def filing_templates() -> dict[str, Template]:
    """All templates of a package, by document. Refused: one with a column that its lines don't have."""
    templates = {name: load_template(name) for name in DOCUMENTS}
    for name, line in LINES.items():
        known = {one.name for one in fields(line)}
        for column in templates[name].columns:
            if column.key not in known:
                raise RuleBroken(f"上报模板 {name} 的列“{column.heading}”：不认识的 key “{column.key}”")
    return templates
