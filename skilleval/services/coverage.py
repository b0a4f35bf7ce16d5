"""Coverage of a specification by its items in use, against the standard that it names."""

from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, select

from skilleval import standards
from skilleval.db.tables import Item, Specification, SpecificationPart
from skilleval.domain.coverage import ItemPoints, Matrix, matrix
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.occupations import Standard
from skilleval.services.items import standard_of


@dataclass(frozen=True, slots=True)
class Coverage:
    """The matrix of one specification, the standard's key or None, and what to know before relying on it."""

    specification: Specification
    standard: str | None
    tolerance: int
    matrix: Matrix
    notes: tuple[str, ...]


def coverage_of(
    session: Session, specification: Specification, *, tolerance: int, own_standards: Path | None = None
) -> Coverage:
    """The coverage of a specification. ``tolerance`` is in percentage points: no rule names one."""
    standard = standard_of(specification, own_standards)
    found = matrix(standard, _parts(session, specification), _tested(session, specification), tolerance)
    return Coverage(specification, standard.key if standard else None, tolerance, found, _notes(specification, standard))


def _parts(session: Session, specification: Specification) -> list[tuple[Grade, str]]:
    """Grade and method of each part, lowest grade first."""
    query = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == specification.institution_id,
        col(SpecificationPart.specification_id) == specification.id,
    )
    order = list(METHODS)
    parts = [(Grade(one.grade), one.method) for one in session.exec(query.order_by(col(SpecificationPart.id)))]
    return sorted(parts, key=lambda part: (part[0].rank, order.index(part[1])))


def _tested(session: Session, specification: Specification) -> list[ItemPoints]:
    query = select(Item).where(
        col(Item.institution_id) == specification.institution_id,
        col(Item.specification_id) == specification.id,
        col(Item.state) == "in_use",
    )
    return [
        ItemPoints(Grade(one.grade), one.method, one.function, one.task or "", one.points)
        for one in session.exec(query.order_by(col(Item.code)))
    ]


def _notes(specification: Specification, standard: Standard | None) -> tuple[str, ...]:
    notes = ["只计已启用的项目；实际权重为各要求的分值之和占该部分分值之和的比例", "理论知识权重表未取得来源，理论各项的计划权重未知"]
    if standard is not None:
        return (*notes, *(() if standard.verified_against_original else (standards.TRUST_NOTE,)))
    unknown = "应考的要求和计划权重未知，只列出已登记项目所考的"
    if specification.standard:
        return (*notes, f"评价规范依据 {specification.standard}，但没有这份标准文件：{unknown}")
    return (*notes, f"评价规范没有写明依据的国家职业标准：{unknown}")
