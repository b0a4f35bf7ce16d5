"""The journal: one hash chain an institution, written in the same transaction as the change it tells of.

Tamper-evident, not tamper-proof: a cut tail is found only against a head that stands elsewhere, on a 公示 sheet or
in a filing package. An entry holds no personal data; readable values lie in an erasable side table, and the entry
keeps their salted commitment. Source of the design: capability M5; the traps are listed there.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import repeat
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.bulk import insert_columns
from skilleval.db.tables import JournalDetail, JournalEntry, JournalHead, JournalObject, Table

GENESIS = "0" * 64
#: rows that are inserted in one statement
_BLOCK = 5_000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a name and the role in which they act.

    ``account`` is the public id of a person's account; without one it is the operator at the command line.
    """

    name: str
    role: str
    account: str = ""


def canonical(value: object) -> str:
    """JSON with one spelling: sorted keys, no blanks, no floats."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def row_hash(table: sa.Table, values: Mapping[str, Any]) -> str:
    """SHA-256 over all columns of a row, each value in its one spelling."""
    parts = [table.name]
    for column in table.columns:
        parts.append(_spell(values.get(column.name)))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def row_hashes(table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """The ``row_hash`` of each of many rows given column by column; a column left out is None in all of them."""
    spelled = [_spell_all(columns[one.name]) if one.name in columns else repeat(_NULL) for one in table.columns]
    rows = zip(repeat(table.name), *spelled)
    return [hashlib.sha256("\x1f".join(row).encode()).hexdigest() for row in rows]


def _spell_all(values: Sequence[Any]) -> Iterable[str]:
    """A column in the spelling of ``_spell``; most columns hold one type, which needs no look at each value."""
    match sorted(kind.__name__ for kind in set(map(type, values))):
        case ["str"]:
            return values
        case ["NoneType", "str"]:
            return [_NULL if value is None else value for value in values]
        case ["int"]:
            return map(str, values)
        case ["bytes"]:
            return map(bytes.hex, values)
        case ["date"] | ["NoneType", "date"]:  # days are few, so each is spelled once
            spelled = {value: _spell(value) for value in set(values)}
            return map(spelled.__getitem__, values)
    return map(_spell, values)


_NULL = "\x00"


def _spell(value: Any) -> str:
    if value is None:
        return _NULL
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return canonical(value)


def record(
    session: Session,
    actor: Actor,
    institution_id: int,
    action: str,
    *,
    objects: Sequence[Table] = (),
    deleted: Sequence[Table] = (),
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> JournalEntry:
    """Write the entry of one change. ``objects`` are the rows as they now stand; they are flushed first."""
    session.flush()
    written: list[tuple[str, int, str | None]] = [written_row(row) for row in objects]
    for row in deleted:
        table = sa.inspect(type(row)).local_table
        assert isinstance(table, sa.Table)
        written.append((table.name, getattr(row, "id"), None))  # noqa: B009 - Table itself has no id
    return record_bulk(session, actor, institution_id, action, written=written, reason=reason, detail=detail)


def written_row(row: Table) -> tuple[str, int, str]:
    """A flushed row as an entry lists it: table name, id, row hash."""
    table = sa.inspect(type(row)).local_table
    assert isinstance(table, sa.Table)
    values = {column.name: getattr(row, column.name) for column in table.columns}
    return table.name, values["id"], row_hash(table, values)


def record_bulk(
    session: Session,
    actor: Actor,
    institution_id: int,
    action: str,
    *,
    written: Sequence[tuple[str, int, str | None]],
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> JournalEntry:
    """Write the entry of a bulk change whose rows are given as (table name, id, row hash)."""
    head = _locked_head(session, institution_id)
    seq = head.seq + 1
    salt = secrets.token_hex(16)
    content = canonical(dict(detail)) if detail else None
    body = canonical(
        {
            "seq": seq,
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "actor": actor.name,
            "role": actor.role,
            **({"account": actor.account} if actor.account else {}),
            "action": action,
            "reason": reason,
            "rows": len(written),
            "objects": objects_hash(written),
            "detail": hashlib.sha256((salt + content).encode()).hexdigest() if content else None,
            "prev": head.hash,
        }
    )
    entry = JournalEntry(
        institution_id=institution_id, seq=seq, body=body, hash=hashlib.sha256(body.encode()).hexdigest()
    )
    session.add(entry)
    session.flush()
    for start in range(0, len(written), _BLOCK):
        tables, ids, hashes = zip(*written[start : start + _BLOCK], strict=True)
        columns = {
            "institution_id": [institution_id] * len(ids),
            "seq": [seq] * len(ids),
            "position": range(start, start + len(ids)),
            "table_name": tables,
            "object_id": ids,
            "after_hash": hashes,
        }
        insert_columns(session, JournalObject.__table__, columns)  # type: ignore[attr-defined]
    if content:
        session.add(JournalDetail(institution_id=institution_id, seq=seq, salt=salt, content=content))
    head.seq, head.hash = seq, entry.hash
    session.add(head)
    session.flush()
    return entry


def objects_hash(written: Iterable[tuple[str, int, str | None]]) -> str:
    """The commitment of an entry to the rows that it wrote, in their order."""
    digest = hashlib.sha256()
    for table, object_id, after in written:
        digest.update(f"{table}\x1f{object_id}\x1f{after or '-'}\n".encode())
    return digest.hexdigest()


def head_hash(session: Session, institution_id: int) -> str:
    """The head of the institution's chain, as printed on notices and packages."""
    head = session.get(JournalHead, institution_id)
    return head.hash if head else GENESIS


def _locked_head(session: Session, institution_id: int) -> JournalHead:
    """The head, locked until the transaction ends, so that two writers can't fork the chain."""
    query = select(JournalHead).where(col(JournalHead.institution_id) == institution_id).with_for_update()
    head = session.exec(query.execution_options(populate_existing=True)).first()
    if head is None:
        head = JournalHead(institution_id=institution_id, seq=0, hash=GENESIS)
        session.add(head)
        session.flush()
    return head
