"""A batch of 高级工 by filled sheets: a criterion sheet of three assessors, a performance review, a process assessment."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from skilleval import paths
from skilleval.db.secrets import Vault
from skilleval.db.tables import Assignment, Batch, Candidate, Person, Specification, SpecificationPart
from skilleval.domain.schemes import ScoredLine
from skilleval.domain.scoring import show
from skilleval.services import (
    certificates,
    journal,
    mark_sheets,
    marks,
    notice_closing,
    notices,
    scheme_sheets,
    schemes,
)
from skilleval.services.results import correct_result, settle_results
from tests.certified import CALENDAR
from tests.factories import ACTOR, LIBRARY, Firm, make_batch, make_candidate, make_firm, make_person

NOTICED, CLOSED = date(2026, 6, 15), date(2026, 6, 23)
PARTS = (("skill", 60, 3), ("performance", 20, 1), ("process", 20, 1))
NAMES = ("陈合格", "李否决", "王裁定", "周缺席", "吴更正", "郑改分")
Lines = list[ScoredLine]


def criteria(*values: float, veto: str = "") -> Lines:
    """A filled sheet of the shipped scheme: four that give points, two deductions by occurrence."""
    kinds = ("add", "add", "add", "add", "deduct", "deduct")
    lines = [
        ScoredLine(str(code), show(round(value * 100)) if kind == "add" else str(int(value)), 0, "")
        for code, (value, kind) in enumerate(zip(values, kinds, strict=False), start=1)
    ]
    return [*lines, ScoredLine(veto, "是", 0, "")] if veto else lines


#: 93.00, 90.50 by one violation more, and just below and above the pass mark
GOOD, LESS = criteria(18, 22.5, 20, 24, 1, 0), criteria(18, 22.5, 20, 24, 1, 1)
LOW, HIGH = criteria(10, 10, 10, 19.5, 0, 0), criteria(10, 10, 12, 20, 0, 0)
#: 82.00 by bands; 82.50 by weights
REVIEW = [
    ScoredLine(item, entered, 0, "", period)
    for period, values in (("评价前第二个半年", ("98", "0")), ("评价前半年", ("94.9", "2.5")))
    for item, entered in zip("AB", values, strict=True)
]
OBSERVED = [
    ScoredLine(item, "", points, "", day=date(2026, 6, day), observer=code)
    for item, points, day, code in (("RC", 7000, 8, "K1"), ("RC", 8000, 9, "K2"), ("JD", 9000, 12, "K1"))
]
SKILL: dict[str, tuple[Lines, Lines, Lines]] = {
    "陈合格": (GOOD, GOOD, LESS),
    "李否决": tuple(criteria(10, veto="F1") for _assessor in range(3)),  # type: ignore[dict-item] # three of them
    "王裁定": (LOW, HIGH, HIGH),
    "吴更正": (LOW, LOW, LOW),
    "郑改分": (LESS, GOOD, GOOD),
}


def scheme_file(name: str) -> dict[str, Any]:
    """A shipped sample, for the specification of the batch."""
    text = (paths.shipped("templates") / f"scheme-{name}.example.toml").read_text(encoding="utf-8")
    return {**tomllib.loads(text), "specification": "DG-YJ"}


def make_assessed_batch(session: Session, vault: Vault, folder: Path) -> Batch:
    """The batch with its certificates: passed, vetoed, adjudicated, absent, corrected, one sheet corrected."""
    firm = make_firm(session)
    _specify(session, firm)
    batch = make_batch(session, firm, state="marking")
    batch.grades = ["senior"]
    journal.record(session, ACTOR, firm.id, "batch.change", objects=[batch])
    _staff(session, firm, batch)
    for serial, name in enumerate(NAMES, start=1):
        person = make_person(session, vault, firm, name, serial, birth=date(1990, 1, serial), education="高中")
        make_candidate(session, batch, person)
    session.flush()
    _mark(session, batch, folder)
    settle_results(session, ACTOR, batch, LIBRARY)
    correct_result(session, ACTOR, batch, named(session, "吴更正"), parts={"skill": 6100}, reason="登分错误")
    notice = notices.publish_notice(
        session, ACTOR, batch, LIBRARY, vault=vault, first_day=NOTICED, working_days=5, calendar=CALENDAR, on=NOTICED
    )
    notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=CLOSED)
    certificates.issue_certificates(
        session, ACTOR, batch, LIBRARY, vault=vault, on=CLOSED, missing_glyphs=lambda _text: ()
    )
    return batch


def named(session: Session, name: str) -> Candidate:
    """The candidate with this name."""
    query = select(Candidate).join(Person, col(Person.id) == col(Candidate.person_id)).where(col(Person.name) == name)
    return session.exec(query).one()


def bring(session: Session, batch: Batch, method: str, given: dict[tuple[str, str], Lines], file: Path, **how: str) -> None:
    """Fill in the workbook of a part and import it."""
    part, scheme = schemes.scheme_for(session, batch, method, "senior")
    scheme_sheets.scores_workbook(session, batch, part, scheme, file, how.get("assessor"), given)
    staged = scheme_sheets.stage_scores(
        session, batch, part, scheme, file, reason=how.get("reason", ""), assessor=how.get("assessor")
    )
    assert not staged.report.failed, staged.report.errors
    scheme_sheets.write_scores(session, ACTOR, staged)


def _specify(session: Session, firm: Firm) -> None:
    specification = Specification(institution_id=firm.id, code="DG-YJ", title="电工业绩规范", occupation_code="6-31-01-03",
                                  standard="6-31-01-03", conditions="2018", approved_on=date(2025, 1, 1))  # fmt: skip
    session.add(specification)
    session.flush()
    parts = [
        SpecificationPart(institution_id=firm.id, specification_id=specification.id or 0, grade="senior", method=method,
                          serial=serial, weight=weight, assessors=assessors, agreement={"rule": "mean", "tolerance": 1000})
        for serial, (method, weight, assessors) in enumerate(PARTS, start=1)
    ]  # fmt: skip
    session.add_all(parts)
    journal.record(session, ACTOR, firm.id, "institution.change", objects=[specification, *parts])
    firm.specification = specification
    for method, _weight, _assessors in PARTS:
        schemes.define_scheme(session, ACTOR, firm.institution, scheme_file(method))


def _staff(session: Session, firm: Firm, batch: Batch) -> None:
    assigned = [
        Assignment(institution_id=firm.id, batch_id=batch.id or 0, personnel_id=one.id or 0, role="assessor", method=method)
        for method, people in (("performance", firm.assessors[:1]), ("process", firm.assessors[:2]))
        for one in people
    ]
    session.add_all(assigned)
    journal.record(session, ACTOR, firm.id, "batch.staff", objects=assigned)


def _mark(session: Session, batch: Batch, folder: Path) -> None:
    numbers = {name: named(session, name).admission_number or "" for name in NAMES}
    skill = {
        (numbers[name], f"K{place}"): lines
        for name, sheets in SKILL.items()
        for place, lines in enumerate(sheets, start=1)
    }
    bring(session, batch, "skill", skill, folder / "skill.xlsx")
    bring(session, batch, "skill", {(numbers["郑改分"], "K1"): GOOD}, folder / "again.xlsx", reason="录入有误")
    present = [numbers[name] for name in SKILL]
    bring(session, batch, "performance", {(one, "K1"): REVIEW for one in present}, folder / "performance.xlsx")
    bring(session, batch, "process", {(one, "K1"): OBSERVED for one in present}, folder / "process.xlsx", assessor="K1")
    absent: dict[tuple[str, str, str], int | None] = {
        (numbers["周缺席"], method, code): None
        for method, _weight, assessors in PARTS
        for code in ("K1", "K2", "K3")[: 2 if method == "process" else assessors]
    }
    mark_sheets.marks_workbook(session, batch, folder / "absent.xlsx", absent)
    mark_sheets.write_marks(session, ACTOR, mark_sheets.stage_marks(session, batch, folder / "absent.xlsx"))
    disputed = named(session, "王裁定")
    marks.adjudicate(session, ACTOR, batch, disputed, method="skill", value=6100, reason="复核工件")
