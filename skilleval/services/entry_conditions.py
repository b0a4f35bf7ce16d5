"""By which entry conditions (申报条件) a firm's people are judged in one occupation, on any day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.tables import Specification
from skilleval.domain.eligibility import Condition
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import NATIONAL_GRADES
from skilleval.packs import Packs


@dataclass(frozen=True, slots=True)
class Basis:
    """The edition of the conditions and the related occupations (相关职业)."""

    edition: str
    related: tuple[str, ...]


def basis_of(session: Session, institution_id: int, occupation_code: str, edition: str | None = None) -> Basis:
    """What the firm's newest approved specification for the occupation says; ``edition`` in place of its edition.

    Refused: no such specification, or one that names no edition, where ``edition`` isn't given.
    """
    query = select(Specification).where(
        col(Specification.institution_id) == institution_id,
        col(Specification.occupation_code) == occupation_code,
        col(Specification.state) == "approved",
    )
    # Newest by approval; one without a day comes last.
    found = sorted(session.exec(query), key=lambda one: (one.approved_on or date.min, one.version, one.id or 0))
    newest = found[-1] if found else None
    wanted = edition or (newest.conditions if newest else None)
    if wanted is None:
        raise RuleBroken(
            f"评价规范 {newest.code} 没有写明申报条件采用哪一版，请指明（--conditions）"
            if newest
            else f"本机构没有职业 {occupation_code} 的已批准评价规范，请指明申报条件采用哪一版（--conditions）"
        )
    return Basis(wanted, tuple(newest.related_occupations) if newest else ())


def conditions_on(packs: Packs, edition: str, on: date) -> tuple[Condition, ...]:
    """The conditions of an edition that hold on a day, and those of other editions for the grades that national ones lack.

    特级技师 and 首席技师 stand in an edition of the province, whatever edition the specification names for the others. None
    where no version holds, or the packs have no such edition.
    """
    editions = packs.editions()
    own = packs.conditions(edition, on) if edition in editions else ()
    named = {condition.grade for condition in own} | set(NATIONAL_GRADES)
    others: Sequence[Condition] = [
        condition
        for other in editions
        if other != edition
        for condition in packs.conditions(other, on)
        if condition.grade not in named
    ]
    return (*own, *others)
