"""A batch whose 高级工 is assessed by performance (业绩) and process (过程), both with the shipped schemes."""

import tomllib
from datetime import date
from typing import Any

from sqlmodel import Session

from skilleval import paths
from skilleval.db.secrets import Vault
from skilleval.db.tables import Assignment, Batch, Specification, SpecificationPart
from skilleval.services import journal, schemes
from tests.factories import ACTOR, Firm, make_batch, make_candidate, make_person


def example(name: str) -> dict[str, Any]:
    """A shipped sample of a scheme."""
    return tomllib.loads((paths.shipped("templates") / f"scheme-{name}.example.toml").read_text(encoding="utf-8"))


def make_marked(session: Session, vault: Vault, firm: Firm) -> Batch:
    """A batch of the firm that is being marked, with two candidates."""
    batch = make_batch(session, firm, state="marking")
    for serial in (1, 2):
        make_candidate(session, batch, make_person(session, vault, firm, f"员工{serial}", serial))
    session.flush()
    return batch


def make_worked(session: Session, vault: Vault, firm: Firm) -> Batch:
    """The batch: K1 answers for performance, K1 and K2 observe. The firm's specification and parts are the new ones."""
    specification = make_specification(session, firm)
    firm.specification = specification
    for name in ("performance", "process"):
        schemes.define_scheme(session, ACTOR, firm.institution, example(name))
    batch = make_marked(session, vault, firm)
    assigned = [
        Assignment(institution_id=firm.id, batch_id=batch.id or 0, personnel_id=one.id or 0, role="assessor", method=method)
        for method, people in (("performance", firm.assessors[:1]), ("process", firm.assessors[:2]))
        for one in people
    ]
    session.add_all(assigned)
    journal.record(session, ACTOR, firm.id, "batch.staff", objects=assigned)
    return batch


def make_specification(session: Session, firm: Firm) -> Specification:
    """A specification with a performance and a process part for 高级工, without schemes."""
    specification = Specification(institution_id=firm.id, code="DG-YJ", title="业绩规范", occupation_code="6-31-01-03",
                                  standard="6-31-01-03", conditions="2018", approved_on=date(2025, 1, 1))  # fmt: skip
    session.add(specification)
    session.flush()
    parts = [
        SpecificationPart(institution_id=firm.id, specification_id=specification.id or 0, grade="senior", method=method,
                          serial=serial, weight=50, agreement={"rule": "mean"})
        for serial, method in enumerate(("performance", "process"), start=1)
    ]  # fmt: skip
    session.add_all(parts)
    journal.record(session, ACTOR, firm.id, "institution.change", objects=[specification, *parts])
    session.flush()
    firm.parts = [*firm.parts, *parts]
    return specification
