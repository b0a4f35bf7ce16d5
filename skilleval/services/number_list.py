"""The list of certificate numbers that a province allots: whom a row names, and what is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from skilleval.db.secrets import Vault
from skilleval.db.tables import Candidate, Person
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import CertificateNumber
from skilleval.domain.ladder import Grade
from skilleval.sheets.columns import Column

NUMBER_COLUMNS: Final = (
    Column("admission_number", "准考证号", width=22),
    Column("id_number", "证件号码", "digits", width=22, personal=True, synonyms=("身份证号", "身份证号码")),
    Column("name", "姓名", required=True),
    Column("number", "证书编号", "digits", required=True, width=26),
)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row: the column it shows in, a code and the Chinese message."""

    column: str
    code: str
    message: str


@dataclass(slots=True)
class Roll:
    """The candidates of a batch as a list may name them: by admission number, by document number, or by both."""

    vault: Vault
    by_admission: dict[str, tuple[Candidate, Person]] = field(default_factory=dict)
    by_document: dict[tuple[int, str], tuple[Candidate, Person]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[Candidate, Person]], vault: Vault) -> "Roll":
        """The roll of these candidates."""
        roll = cls(vault)
        for candidate, person in pairs:
            if candidate.admission_number:
                roll.by_admission[candidate.admission_number] = candidate, person
            roll.by_document[person.institution_id, person.id_index] = candidate, person
        return roll

    def find(self, values: Mapping[str, str | None]) -> Candidate | RowProblem:
        """The candidate that a row names. All that the row tells must name the same person."""
        found = {}
        if admission := values.get("admission_number"):
            found["admission_number"] = self.by_admission.get(admission)
        if document := values.get("id_number"):
            found["id_number"] = self._by_document(document)
        if not found:
            return RowProblem("admission_number", "required", "准考证号与证件号码须至少填写一项")
        for column, pair in found.items():
            if pair is None:
                return RowProblem(column, "candidate_unknown", "批次中没有这名考生，请核对")
        pairs = [pair for pair in found.values() if pair is not None]
        if len({candidate.id for candidate, _person in pairs}) > 1:
            return RowProblem("id_number", "candidate_differs", "准考证号与证件号码不是同一名考生，请核对")
        candidate, person = pairs[0]
        if values["name"] != person.name:
            return RowProblem("name", "candidate_unknown", "姓名与该考生不一致，请核对")
        return candidate

    def _by_document(self, number: str) -> tuple[Candidate, Person] | None:
        # The index of a number differs between firms, and the people of a chain's batch come from several.
        for firm in {firm for firm, _index in self.by_document}:
            if pair := self.by_document.get((firm, self.vault.index(firm, number))):
                return pair
        return None


def number_problem(number: str, registration_number: str, on: date, grade: Grade) -> str | None:
    """In what the number disagrees with the certificate it is meant for, in Chinese, or None."""
    try:
        parts = CertificateNumber.parse(number)
    except RuleBroken as refusal:
        return refusal.message
    return "；".join(parts.problems(registration_number=registration_number, issued_on=on, grade=grade)) or None
