"""One column of the roster set for many people at once: what would change first, then the change."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from skilleval.db.tables import Person
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.journal import Actor
from skilleval.services.roster import EMPLOYMENT, ROSTER

#: columns that are set for many at once, with their headings
CHANGEABLE = {column.key: column.header for column in ROSTER if column.key in ("department", "post", "employment")}
#: more at once is a matter for the import
MOST = 20_000
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Proposed:
    """A change that was not made yet: the column, its new value as stored, and whose value differs from it."""

    key: str
    value: str | None
    people: Sequence[Person]
    unchanged: int


def propose(people: Sequence[Person], key: str, written: str) -> Proposed:
    """What setting a column to a value, as a person writes it, would change. A blank value empties the column.

    Refused: another column, an employment (用工形式) that is none, a value that is too long, nobody, too many.
    """
    if key not in CHANGEABLE:
        raise RuleBroken(f"只能批量修改：{'、'.join(CHANGEABLE.values())}")
    if not people:
        raise RuleBroken("没有选中任何人，未作改动")
    if len(people) > MOST:
        raise RuleBroken(f"一次最多修改 {MOST} 人，现为 {len(people)} 人；请先筛选，或用花名册导入")
    value = _value(key, written.strip())
    different = [one for one in people if getattr(one, key) != value]
    return Proposed(key, value, different, len(people) - len(different))


def change_people(session: Session, actor: Actor, institution_id: int, proposed: Proposed) -> None:
    """Make a proposed change, with one journal entry. Refused: a change that changes nobody."""
    if not proposed.people:
        raise RuleBroken("这些人的该项已经是这个值，未作改动")
    for person in proposed.people:
        setattr(person, proposed.key, proposed.value)
        session.add(person)
    detail = {str(one.id): {proposed.key: [proposed.value]} for one in proposed.people}
    journal.record(session, actor, institution_id, "people.change", objects=list(proposed.people), detail=detail)


def _value(key: str, written: str) -> str | None:
    if len(written) > _LONGEST or not written.isprintable():
        raise RuleBroken(f"“{CHANGEABLE[key]}”最多 {_LONGEST} 个字，且不能含控制字符")
    if key != "employment" or not written:
        return written or None
    if written not in EMPLOYMENT:
        raise RuleBroken(f"用工形式应为：{'、'.join(EMPLOYMENT)}")
    return EMPLOYMENT[written]
