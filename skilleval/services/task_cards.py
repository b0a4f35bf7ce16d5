"""Task cards (实操任务卡 / 操作技能考核任务书) of practical items: recorded from a file, and held against a batch's venues.

Practice documents: guangdong-rules 7.2 T5 has the venue's equipment and M10 the operation tasks of a registration file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, Institution, Item, TaskCard, Venue
from skilleval.domain.equipment import Found, Need, Place, equip, overall
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.services import journal
from skilleval.services.batches import candidates_of
from skilleval.services.items import find_item, find_specification
from skilleval.services.journal import Actor
from skilleval.services.toml_form import form_problems, table_problems

_HEAD: Mapping[str, type] = {"institution": str, "specification": str, "card": list}
_CARD: Mapping[str, type] = {
    "item": str, "minutes": int, "stations": int, "place": str, "criteria_reference": str,
    **dict.fromkeys(("equipment", "materials", "tools", "steps", "criteria", "safety"), list),
}  # fmt: skip
_REQUIRED = ("item", "minutes", "place", "steps", "safety")
_LINES = ("steps", "criteria", "safety")
_DEVICE: Mapping[str, type] = {"name": str, "model": str, "count": int}
_THING: Mapping[str, type] = {"name": str, "model": str, "amount": str}
#: a cell that is longer than a page can't be printed
_LONGEST_LINE, _LONGEST_CELL = 1000, 200
_TABLES = {"equipment": (_DEVICE, ("name", "count")), "materials": (_THING, ("name",)), "tools": (_THING, ("name",))}


@dataclass(frozen=True, slots=True)
class BatchCard:
    """A practical item that a batch may ask for: its newest card and what its venues have; without a card neither."""

    item: Item
    card: TaskCard | None
    found: Sequence[Found]

    @property
    def answer(self) -> Answer | None:
        """All of its equipment together; None without a card."""
        return None if self.card is None else overall(self.found)


def add_cards(session: Session, actor: Actor, institution: Institution, content: Mapping[str, Any]) -> list[TaskCard]:
    """Record the cards of a parsed file as new revisions; a card that says what stands already is not written again.

    Refused with every reason: keys and types, an item that there is not, that is retired or has no practical part.
    """
    problems = form_problems(content, _HEAD, tuple(_HEAD)) or table_problems(content, "card", _CARD, _REQUIRED)
    if problems:
        raise RuleBroken("任务书文件有错误，未作任何改动", problems)
    specification = find_specification(session, institution, content["specification"])
    cards: list[TaskCard] = []
    items: set[str] = set()
    for place, entry in enumerate(content["card"], start=1):
        where = f"card[{place}]"
        problems += _card_problems(entry, where)
        try:
            item = find_item(session, specification, entry["item"])
        except RuleBroken as refusal:
            problems.append(f"{where} item：{refusal.message}")
            continue
        problems += [f"{where} item：{why}" for why in _unfit(item)]
        if item.code in items:
            problems.append(f"{where} item {item.code} 写了两次")
        items.add(item.code)
        if not problems and (card := _next_revision(session, actor, item, entry)) is not None:
            cards.append(card)
    if problems:
        raise RuleBroken("任务书文件有错误，未作任何改动", problems)
    if cards:
        session.add_all(cards)
        journal.record(session, actor, specification.institution_id, "items.card", objects=cards)
    return cards


def latest_card(session: Session, item: Item) -> TaskCard | None:
    """The newest revision of an item's card, or None."""
    query = select(TaskCard).where(
        col(TaskCard.institution_id) == item.institution_id, col(TaskCard.item_id) == item.id
    )
    return session.exec(query.order_by(col(TaskCard.revision).desc())).first()


def card_of(session: Session, item: Item) -> TaskCard:
    """The newest revision of an item's card. Refused: it has none."""
    card = latest_card(session, item)
    if card is None:
        raise RuleBroken(f"考核项目 {item.code} 还没有任务书，请先用 skilleval items card-add 登记")
    return card


def sitting(session: Session, item: Item, batch: Batch) -> Sequence[Candidate]:
    """The admitted candidates of a batch who take an item. Refused: an item not in use or not of the batch, nobody there."""
    check_batch(item, batch)
    if item.state != "in_use":
        raise RuleBroken(f"考核项目 {item.code} 没有启用，不能发给考生")
    found = [
        one for one in candidates_of(session, batch)
        if one.grade == item.grade and one.state == "eligible" and one.admission_number
    ]  # fmt: skip
    if not found:
        raise RuleBroken(f"批次 {batch.number} 没有已编排的{Grade(item.grade).printed}考生（准考证号在“考务编排完成”时生成）")
    return found


def readiness(session: Session, item: Item, card: TaskCard, batch: Batch) -> list[Found]:
    """For each piece of equipment on the card, whether the practical venues of a batch have it. Refused as ``sitting``."""
    check_batch(item, batch)
    return _equipped(card, _places(session, batch))


def cards_of_batch(session: Session, batch: Batch) -> list[BatchCard]:
    """Every practical item in use of the specification and grades of a batch, by grade and code."""
    newer, firm = aliased(TaskCard), batch.institution_id
    newest = sa.select(sa.func.max(newer.revision)).where(
        col(newer.institution_id) == firm, col(newer.item_id) == col(Item.id)
    )
    own = sa.and_(
        col(TaskCard.institution_id) == firm, col(TaskCard.item_id) == col(Item.id),
        col(TaskCard.revision) == newest.scalar_subquery(),
    )  # fmt: skip
    query = select(Item, TaskCard).outerjoin(TaskCard, own).where(
        col(Item.institution_id) == firm, col(Item.specification_id) == batch.specification_id, col(Item.state) == "in_use",
        col(Item.method) != "theory", col(Item.grade).in_(batch.grades),
    )  # fmt: skip
    rows = session.exec(query.order_by(col(Item.code))).all()
    places = _places(session, batch)
    found = [BatchCard(item, card, _equipped(card, places) if card else ()) for item, card in rows]
    return sorted(found, key=lambda one: Grade(one.item.grade).rank)


def _places(session: Session, batch: Batch) -> list[Place]:
    """The practical venues of a batch."""
    query = select(Venue).where(
        col(Venue.institution_id) == batch.institution_id, col(Venue.name).in_(batch.venues), col(Venue.kind) == "practical"
    )
    return [Place(one.name, one.equipment) for one in session.exec(query.order_by(col(Venue.id)))]


def _equipped(card: TaskCard, places: Sequence[Place]) -> list[Found]:
    needs = [Need(one["name"], one["count"], one.get("model", "")) for one in card.equipment]
    return equip(needs, card.stations, places)


def check_batch(item: Item, batch: Batch) -> None:
    """Refuse an item that the batch does not assess: another specification, or a grade that it does not have."""
    if (item.institution_id, item.specification_id) != (batch.institution_id, batch.specification_id):
        raise RuleBroken(f"考核项目 {item.code} 不属于批次 {batch.number} 所用的评价规范版本")
    if item.grade not in batch.grades:
        raise RuleBroken(f"批次 {batch.number} 没有{Grade(item.grade).printed}，考核项目 {item.code} 不适用")


def _unfit(item: Item) -> list[str]:
    if item.method == "theory":
        return [f"{item.code} 是理论知识考试项目，没有操作任务书"]
    return [f"{item.code} 已停用，不能再改任务书"] if item.state == "retired" else []


def _card_problems(entry: Mapping[str, Any], where: str) -> list[str]:
    problems = [
        f"{where} {key} 应至少为 1" for key in ("minutes", "stations") if key in entry and entry[key] < 1
    ]
    for key in _LINES:
        if not all(isinstance(line, str) and line.strip() and len(line) <= _LONGEST_LINE for line in entry.get(key, [])):
            problems.append(f"{where} {key} 的每一项应为文字，不为空，最多 {_LONGEST_LINE} 个字符")
    for key in ("place", "criteria_reference"):
        if len(entry.get(key, "")) > _LONGEST_CELL:
            problems.append(f"{where} {key} 最多 {_LONGEST_CELL} 个字符")
    for key, (keys, required) in _TABLES.items():
        found = table_problems(entry, key, keys, required)
        problems += [f"{where} {problem}" for problem in found]
        if not found and any(one.get("count") == 0 for one in entry.get(key, [])):
            problems.append(f"{where} {key} 的 count 应至少为 1")
        if not found and any(len(str(value)) > _LONGEST_CELL for one in entry.get(key, []) for value in one.values()):
            problems.append(f"{where} {key} 的每一项最多 {_LONGEST_CELL} 个字符")
    return problems


def _next_revision(session: Session, actor: Actor, item: Item, entry: Mapping[str, Any]) -> TaskCard | None:
    """The card of an entry as the next revision, or None where the newest one says the same."""
    before = latest_card(session, item)
    card = TaskCard(
        institution_id=item.institution_id, item_id=item.id or 0, revision=before.revision + 1 if before else 1,
        recorded_by=actor.name, **{"stations": 1, **{key: value for key, value in entry.items() if key != "item"}},
    )  # fmt: skip
    apart = {"id", "revision", "recorded_by", "recorded_at"}
    if before is not None and before.model_dump(exclude=apart) == card.model_dump(exclude=apart):
        return None
    return card
