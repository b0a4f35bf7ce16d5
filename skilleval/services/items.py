"""The register of assessment items (试题 / 考核项目): what stands in it, and retiring one. Filled by ``item_sheets``."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlmodel import Session, col, select

from skilleval import standards
from skilleval.db.tables import Institution, Item, Personnel, Specification
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.occupations import Standard
from skilleval.services import journal
from skilleval.services.journal import Actor


def find_specification(session: Session, institution: Institution, named: str) -> Specification:
    """The institution's specification named DG (its newest version) or DG@1. Refused: it has none of that name."""
    code, _at, version = named.strip().partition("@")
    query = select(Specification).where(
        col(Specification.institution_id) == institution.id, col(Specification.code) == code
    )
    for one in session.exec(query.order_by(col(Specification.version).desc())):
        if version in ("", str(one.version)):
            return one
    raise RuleBroken(f"{institution.name} 没有评价规范 {named}（写作 DG 或 DG@1），可用 skilleval institutions show 查看")


def items_of(
    session: Session, institution: Institution, specification: Specification | None = None
) -> Sequence[tuple[Item, Specification]]:
    """The items of a specification, or of all of them, with the specification of each, in the order of their codes."""
    query = select(Item, Specification).where(
        col(Item.institution_id) == institution.id,
        col(Specification.institution_id) == institution.id,
        col(Specification.id) == col(Item.specification_id),
    )
    if specification is not None:
        query = query.where(col(Item.specification_id) == specification.id)
    return session.exec(query.order_by(col(Specification.code), col(Specification.version), col(Item.code))).all()


def find_item(session: Session, specification: Specification, code: str) -> Item:
    """The item of this code in a specification. Refused: it has none."""
    query = select(Item).where(
        col(Item.institution_id) == specification.institution_id,
        col(Item.specification_id) == specification.id,
        col(Item.code) == code.strip(),
    )
    found = session.exec(query).first()
    if found is None:
        named = f"评价规范 {specification.code} 第 {specification.version} 版"
        raise RuleBroken(f"{named}没有编号为 {code} 的考核项目，可用 skilleval items list 查看")
    return found


def retire_item(session: Session, actor: Actor, item: Item, *, reason: str, on: date) -> Item:
    """Take an item out of use from a day on; it stays in the register. Refused: no reason, an item retired already."""
    if not reason.strip():
        raise RuleBroken("停用考核项目须写明理由")
    if "retired" not in lifecycle.next_states("item", item.state):
        raise RuleBroken(f"考核项目 {item.code} 已于 {item.retired_on} 停用：{item.reason}")
    item.state, item.reason, item.retired_on = "retired", reason.strip(), on
    session.add(item)
    journal.record(session, actor, item.institution_id, "items.retire", objects=[item], reason=item.reason)
    return item


def people_of(session: Session, institution_id: int) -> dict[int, Personnel]:
    """The firm's personnel by id: authors and reviewers are among them."""
    query = select(Personnel).where(col(Personnel.institution_id) == institution_id)
    return {one.id: one for one in session.exec(query.order_by(col(Personnel.id))) if one.id is not None}


def standard_of(specification: Specification, own_standards: Path | None) -> Standard | None:
    """The standard that a specification names; None where it names none, or one that there is no file of."""
    held = standards.find_standards(specification.occupation_code, specification.trade, own_standards)
    return next((one for one in held if one.key == specification.standard), None)
