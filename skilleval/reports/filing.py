"""What a filing package says, as one frozen value, before any file is made.

A template names the fields of a document's lines (``filing_lines``) as its column keys; :func:`filing_templates` holds that.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.reports.direct_case import DirectCase
from skilleval.reports.filing_lines import (
    CandidateLine,
    CertificateLine,
    ConfirmationLine,
    NoticeLine,
    PlanLine,
    ResultLine,
    ScoreLine,
)
from skilleval.reports.scores import PartDecision, PartScheme
from skilleval.reports.templates import Template, load_template

#: The documents of a package, in the order in which they are written and listed.
DOCUMENTS = ("plan", "candidates", "results", "certificates", "confirmation", "notice", "letter", "scores")


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
    #: the schemes by which marks of the batch came to be, and their lines; both empty where there is none
    schemes: tuple[PartScheme, ...] = ()
    scores: tuple[ScoreLine, ...] = ()
    #: what people decided of marks in the lines, and code and name of everybody who marked or observed in them
    decisions: tuple[PartDecision, ...] = ()
    assessors: tuple[tuple[str, str], ...] = ()
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
            "scores": self.scores,
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
    "scores": ScoreLine,
}


def documents_of(schemes: Sequence[object]) -> tuple[str, ...]:
    """The documents of a package with these schemes: without one there is no 评分明细."""
    return tuple(name for name in DOCUMENTS if schemes or name != "scores")


def filing_templates() -> dict[str, Template]:
    """All templates of a package, by document. Refused: one with a column that its lines don't have."""
    templates = {name: load_template(name) for name in DOCUMENTS}
    for name, line in LINES.items():
        known = {one.name for one in fields(line)}
        for column in templates[name].columns:
            if column.key not in known:
                raise RuleBroken(f"上报模板 {name} 的列“{column.heading}”：不认识的 key “{column.key}”")
    return templates
