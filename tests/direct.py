"""A direct-recognition batch brought from enrolment to decided cases by the services alone."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    Credential,
    Panel,
    PanelMember,
    Person,
    Personnel,
    Post,
    RecognitionCase,
    SpecificationPart,
)
from skilleval.services import (
    batch_steps,
    candidate_sheets,
    candidates,
    case_decisions,
    evidence,
    journal,
    recognitions,
)
from skilleval.services.journal import Actor
from skilleval.sheets.columns import Report
from skilleval.sheets.writing import FormSheet, write_form
from tests.factories import ACTOR, LIBRARY, Firm, id_number, make_batch, make_firm, make_person
from tests.services.test_authority import make_complete

ENROLLED, HELD, DECIDED = date(2026, 5, 18), date(2026, 6, 8), date(2026, 6, 10)
DIRECTOR = Actor("认定主任", "hr")
LINES: tuple[dict[str, Any], ...] = (
    {"group": "岗位职责", "text": "独立承担检修", "maximum": 30, "score": 27, "must": True},
    {"group": "工作表现", "text": "安全与纪律", "maximum": 30, "score": 26.5},
    {"group": "工作业绩", "text": "技术革新", "maximum": 40, "score": 36},
)


@dataclass
class Direct:
    """A direct batch with its firm."""

    session: Session
    vault: Vault
    firm: Firm
    batch: Batch
    folder: Path

    def apply(self, *people: tuple[str, str, str | None]) -> Report:
        """Import people (name, grade applied for, grade held or ``none`` or nothing said) as candidates; good rows only."""
        rows = []
        for serial, (name, grade, held) in enumerate(people, start=1):
            person = make_person(self.session, self.vault, self.firm, name, serial, education="高中")
            rows.append({"name": name, "id_number": id_number(serial), "grade": grade})
            if held is not None:
                self.hold(person, held)
        sheet = FormSheet("报名表", candidate_sheets.COLUMNS, rows, example=False)
        file = write_form(self.folder / "direct.xlsx", [sheet], candidate_sheets.TEMPLATE_ID, [])
        staged = candidate_sheets.stage_candidates(self.session, self.batch, file, vault=self.vault, library=LIBRARY, on=ENROLLED)
        return candidate_sheets.write_candidates(self.session, ACTOR, staged, LIBRARY, vault=self.vault, on=ENROLLED)

    def hold(self, person: Person, grade: str) -> None:
        held = Credential(
            institution_id=self.firm.id, person_id=person.id or 0, kind="certificate", occupation_code="6-31-01-03",
            level=grade, obtained_on=date(2015, 6, 8),
        )  # fmt: skip
        self.session.add(held)
        journal.record(self.session, ACTOR, self.firm.id, "people.hold", objects=[held])

    def named(self, name: str) -> Candidate:
        person = select(Person.id).where(col(Person.name) == name).scalar_subquery()
        return self.session.exec(select(Candidate).where(col(Candidate.person_id) == person)).one()

    def start(self) -> None:
        """Accept everybody and take the batch to marking, with a panel of three."""
        self.prepare()
        self.panel(3)
        self.advance("marking", HELD)

    def prepare(self) -> None:
        """Accept everybody and take the batch to its examination."""
        everybody = self.session.exec(select(Candidate)).all()
        candidates.accept_candidates(self.session, ACTOR, self.batch, everybody, LIBRARY)
        self.advance("reviewed", ENROLLED)
        self.advance("scheduled", ENROLLED)

    def advance(self, state: str, on: date) -> None:
        batch_steps.advance_batch(self.session, ACTOR, self.batch, state, library=LIBRARY, on=on)

    def panel(self, size: int) -> list[PanelMember]:
        """A panel of experts P1 (chair), P2 …"""
        experts = [
            Personnel(institution_id=self.firm.id, code=f"P{serial}", name=f"专家{serial}", kind="expert")
            for serial in range(1, size + 1)
        ]
        panel = Panel(institution_id=self.firm.id, batch_id=self.batch.id or 0, name="直接认定评审组", reason="按专业组成")
        self.session.add_all([*experts, panel])
        self.session.flush()
        members = [
            PanelMember(institution_id=self.firm.id, panel_id=panel.id or 0, personnel_id=one.id or 0,
                        role="chair" if one.code == "P1" else "member")
            for one in experts
        ]  # fmt: skip
        self.session.add_all(members)
        journal.record(self.session, ACTOR, self.firm.id, "panel.add", objects=[*experts, panel, *members])
        return members

    def lay(
        self, name: str, code: str = "ZM-1", *, accept: bool = True, file: bytes | None = None, **told: Any
    ) -> RecognitionCase:
        """A case with one piece of evidence for its must-line."""
        person = self.session.exec(select(Person).where(col(Person.name) == name)).one()
        entry: dict[str, Any] = {
            "code": code, "person": person.employee_no, "kind": "关键岗位实践", "title": "配电室检修",
            "started_on": date(2023, 1, 1), "ended_on": date(2025, 12, 31), "issuer": "设备动力部", "level": "企业级", **told,
        }  # fmt: skip
        if file is not None:
            (self.folder / f"{code}.pdf").write_bytes(file)
            entry["file"] = f"{code}.pdf"
        rows = evidence.add_evidence(
            self.session, ACTOR, self.firm.institution, [entry], folder=self.folder, vault=self.vault, on=HELD
        )
        if accept:
            evidence.accept_evidence(self.session, ACTOR, rows, on=HELD)
        lines = [{**line, **({"evidence": [code]} if line.get("must") else {})} for line in LINES]
        content = [{"candidate": name, "methods": {"performance": 88.5}, "lines": lines}]
        return recognitions.add_cases(self.session, ACTOR, self.batch, content, vault=self.vault)[0]

    def vote(self, case: RecognitionCase, *words: str) -> None:
        """Votes of P1 (with a conclusion), P2 …"""
        for serial, word in enumerate(words, start=1):
            comment = "符合认定要求" if serial == 1 else ""
            recognitions.vote(self.session, ACTOR, case, member_code=f"P{serial}", word=word, comment=comment)

    def decide(self, case: RecognitionCase, *, recognise: bool = True, **changed: Any) -> Any:
        asked = {"actor": DIRECTOR, "on": DECIDED, "reason": "评审组一致同意", **changed}
        return case_decisions.decide_case(
            self.session, asked["actor"], case, LIBRARY, recognise=recognise, reason=asked["reason"], on=asked["on"]
        )


def make_direct(session: Session, vault: Vault, folder: Path, *, wide: bool = True) -> Direct:
    """A direct batch for 三级 (wide power only) to 一级 that is enrolling, of a large firm (wide power) or a medium one (narrow)."""
    firm = make_firm(session)
    firm.specification.standard = "6-31-01-03@2018"
    firm.institution.size, firm.institution.listed = ("大" if wide else "中"), False
    graded = make_complete(session, firm)
    parts = session.exec(select(SpecificationPart).where(col(SpecificationPart.grade).like("%technician"))).all()
    changed = [firm.institution, firm.scope, firm.specification, *parts, *graded, *session.exec(select(Post))]
    journal.record(session, ACTOR, firm.id, "institution.change", objects=changed)
    batch = make_batch(session, firm, "2026-ZJ-01", state="enrolling")
    batch.route, batch.grades = "direct", ["senior"] * wide + ["technician", "senior_technician"]
    journal.record(session, ACTOR, firm.id, "batch.change", objects=[batch])
    return Direct(session, vault, firm, batch, folder)
