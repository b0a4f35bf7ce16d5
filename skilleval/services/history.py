"""What happened to a record, from the journal: newest first, with who, when, why, and what it was changed to."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from skilleval.db.tables import JournalDetail, JournalEntry, JournalObject

#: the detail of a bulk import lists everybody it changed; beyond this it is left out
_LONGEST_DETAIL = 100_000


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the journal that wrote a record: ``changes`` are the new values by column, as far as they are kept."""

    at: datetime
    actor: str
    action: str
    reason: str | None
    changes: Mapping[str, Any]


def history_of(
    session: Session, institution_id: int, rows: Mapping[str, Collection[int]], *, about: str, shown_by: str, most: int = 50
) -> list[Event]:
    """The last entries of the institution's journal that wrote one of these rows, by table name and ids, or showed the record.

    ``about`` is the key under which the details of an entry tell of this record, ``shown_by`` the act that shows it and
    writes no row.
    """
    wrote = [
        sa.and_(col(JournalObject.table_name) == table, col(JournalObject.object_id).in_(ids))
        for table, ids in rows.items()
        if ids
    ]
    written = sa.select(col(JournalObject.seq)).where(col(JournalObject.institution_id) == institution_id, sa.or_(*wrote))
    short = sa.case((sa.func.length(col(JournalDetail.content)) <= _LONGEST_DETAIL, col(JournalDetail.content)))
    query = (
        sa.select(col(JournalEntry.body), short)
        .outerjoin(
            JournalDetail,
            sa.and_(
                col(JournalDetail.institution_id) == col(JournalEntry.institution_id),
                col(JournalDetail.seq) == col(JournalEntry.seq),
            ),
        )
        .where(col(JournalEntry.institution_id) == institution_id)
        .where(sa.or_(col(JournalEntry.seq).in_(written), _showed(shown_by, about)))
        .order_by(col(JournalEntry.seq).desc())
        .limit(most)
    )
    return [_event(json.loads(body), detail, about) for body, detail in session.execute(query)]


def _showed(act: str, about: str) -> sa.ColumnElement[bool]:
    named = col(JournalEntry.body).contains(f'"action":"{act}"', autoescape=True)
    return sa.and_(named, col(JournalDetail.content).contains(f'"{about}":', autoescape=True))


def _event(body: Mapping[str, Any], detail: str | None, about: str) -> Event:
    told = (json.loads(detail) if detail else {}).get(about, {})
    changes = {key: value[-1] if isinstance(value, list) and value else value for key, value in told.items()}
    return Event(datetime.fromisoformat(body["at"]), body["actor"], body["action"], body["reason"], changes)
