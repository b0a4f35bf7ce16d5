"""Whose people sit in a batch: the institution's own, and for a chain evaluator those of the firms that it serves.

Sources: T7 of guangdong-rules 7.2 (用工企业); S69 (employees of the firms in the chain); 3.5 (judged on the batch's days).
"""

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Institution, Person, id_of
from skilleval.domain.ladder import Grade
from skilleval.services import chains
from skilleval.services.served import obstacles
from skilleval.sheets.columns import Column
from skilleval.sheets.reading import Table

EMPLOYER_COLUMNS = (
    Column("employer", "用工企业名称", width=24, synonyms=("所在单位", "用工单位"), note="本单位员工可不填"),
    Column("employer_code", "用工企业统一社会信用代码", "digits", width=24, synonyms=("用工单位统一社会信用代码",),
           note="链上其他企业的员工必填；不填为本单位"),
)  # fmt: skip
#: the same for a firm that is not recorded here at all, so that nobody learns who else uses this installation
_UNSERVED = "没有本机构对该企业的服务关系，请先登记（skilleval chains mandate-add）"


@dataclass(slots=True)
class Employers:
    """Finds the person of each row of a candidate workbook in the roster of the firm that the row names."""

    session: Session
    batch: Batch
    vault: Vault
    _own: Institution = field(init=False)
    _found: dict[tuple[str, str], Institution | str] = field(default_factory=dict)
    _enrolled: set[tuple[int, str]] | None = None

    def __post_init__(self) -> None:
        own = self.session.get(Institution, self.batch.institution_id)
        assert own is not None
        self._own = own

    def person(self, table: Table, row: int, values: dict[str, Any]) -> Person | None:
        """The person of a row. A firm that is not served, and nobody of that number there, are errors of the row."""
        employer = self._employer(table, row, values)
        if employer is None:
            return None
        number = values["id_number"]
        query = select(Person).where(
            col(Person.institution_id) == employer.id, col(Person.id_index) == self.vault.index(id_of(employer), number)
        )
        found = self.session.exec(query).first()
        if found is None:
            told = "花名册中没有此人" if employer.id == self._own.id else f"{employer.name}的花名册中没有此人"
            table.fail(row, "id_number", number, "person_unknown", f"{told}，请先导入花名册（skilleval people import）")
        elif values["name"] is not None and found.name != values["name"]:
            # A document number is no key to another firm's roster: whose it is, is told of one's own people only.
            there = f"姓名“{found.name}”" if employer.id == self._own.id else "姓名"
            table.fail(row, "name", values["name"], "name_differs", f"与花名册中的{there}不一致")
        elif self._sits_for_another(found, number):
            table.fail(row, "id_number", number, "person_twice", "此人已由另一家企业申报本批次，一批只能申报一次")
        return found

    def _employer(self, table: Table, row: int, values: dict[str, Any]) -> Institution | None:
        code, name = (values.get("employer_code") or "").upper(), values.get("employer")
        if not code and name and name != self._own.name:
            table.fail(row, "employer_code", "", "required", "其他企业的员工须填写用工企业统一社会信用代码")
            return None
        if not code or code == self._own.credit_code:
            employer = self._own
        else:
            if values["grade"] is None:  # told already: nobody can say whether a mandate includes it
                return None
            answer = self._served(code, Grade(values["grade"]))
            if isinstance(answer, str):
                table.fail(row, "employer_code", code, "employer_not_served", answer)
                return None
            employer = answer
        if name and name != employer.name:
            table.fail(row, "employer", name, "employer_differs", f"与登记的单位名称“{employer.name}”不一致")
            return None
        return employer

    def _served(self, code: str, grade: Grade) -> Institution | str:
        """The firm of this code if the institution may assess its people on the batch's days; else the reason."""
        key = (code, grade.value)
        if key not in self._found:
            self._found[key] = self._ask(code, grade)
        return self._found[key]

    def _ask(self, code: str, grade: Grade) -> Institution | str:
        if self._own.kind != "chain_evaluator":
            return "本机构不是技能生态链评价机构，只能认定本单位员工"
        firm = self.session.exec(select(Institution).where(col(Institution.credit_code) == code)).first()
        if firm is None or not chains.knows(self.session, self._own, firm):
            return _UNSERVED
        days = sorted({self.batch.starts_on, self.batch.ends_on})
        told = obstacles(self.session, self._own, firm, self.batch.occupation_code, grade, days)
        return f"不能为{firm.name}的员工认定：{'；'.join(told)}" if told else firm

    def _sits_for_another(self, person: Person, number: str) -> bool:
        """Whether somebody with this document number sits in the batch already, as the employee of another firm."""
        if self._enrolled is None:
            query = select(Person.institution_id, Person.id_index).where(
                col(Candidate.institution_id) == self.batch.institution_id, col(Candidate.batch_id) == self.batch.id,
                col(Candidate.state) != "withdrawn", col(Person.id) == col(Candidate.person_id),
            )  # fmt: skip
            self._enrolled = {(firm, index) for firm, index in self.session.exec(query)}
        others = {firm for firm, _index in self._enrolled} - {person.institution_id}
        return any((firm, self.vault.index(firm, number)) in self._enrolled for firm in others)
