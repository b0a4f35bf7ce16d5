"""Reading the journal: entries as values, the batch that each tells of, and a quick look at the chain."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    Filing,
    JournalDetail,
    JournalEntry,
    JournalHead,
    JournalObject,
    Notice,
)
from skilleval.services.journal import GENESIS
from skilleval.services.verification import Finding, entry_findings


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: when, who in which roles, the act (its key), how many rows, why, and old and new where they are kept."""

    seq: int
    at: datetime
    actor: str
    roles: tuple[str, ...]
    action: str
    rows: int
    reason: str | None
    #: what the values were before and are now, by name; empty where the journal keeps none
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of an institution's entries: how many, its head, and what is not in order."""

    entries: int
    head: str
    findings: tuple[Finding, ...]


def entry_of(body: str, content: str | None = None) -> Entry:
    """An entry from its canonical body and its readable values; one that somebody altered says so, and hides no other."""
    try:
        told = json.loads(body)
        return Entry(
            told["seq"], datetime.fromisoformat(told["at"]), told["actor"], tuple(told["role"].split("+")), told["action"],
            told["rows"], told["reason"], _changed(json.loads(content)) if content else {},
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return Entry(0, datetime.fromtimestamp(0, UTC), "", (), "", 0, "这条日志已被改动，无法读取；请用“校验日志”查明")


def _changed(values: Any, before: str = "") -> dict[str, tuple[Any, Any]]:
    """Pairs of old and new, wherever they lie in the values kept."""
    found: dict[str, tuple[Any, Any]] = {}
    for key, value in values.items() if isinstance(values, dict) else ():
        name = f"{before}{key}"
        if isinstance(value, dict):
            found |= _changed(value, f"{name}.")
        elif isinstance(value, list) and len(value) == 2 and not any(isinstance(one, list | dict) for one in value):
            found[name] = (value[0], value[1])
    return found


def with_details(institution_id: int) -> sa.Select[Any]:
    """(id, body, content) of the entries of an institution: ``id`` is the number in its chain, ``content`` may be None."""
    query: Any = sa.select(
        col(JournalEntry.seq).label("id"), col(JournalEntry.body), col(JournalDetail.content)
    ).select_from(JournalEntry)
    both = sa.and_(
        col(JournalDetail.institution_id) == col(JournalEntry.institution_id),
        col(JournalDetail.seq) == col(JournalEntry.seq),
    )
    query = query.outerjoin(JournalDetail, both).where(col(JournalEntry.institution_id) == institution_id)
    return query  # type: ignore[no-any-return] # SQLModel's columns are untyped here


def batches_of_entries(session: Session, institution_id: int, seqs: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Entry → id and 编号 of the batch that it wrote, or whose candidates, notices or filings it did; one of several."""
    wrote: dict[str, Any] = {"batch": Batch, "candidate": Candidate, "notice": Notice, "filing": Filing}
    parts = []
    for name, table in wrote.items():
        in_batch = col(Batch.id) == (col(Batch.id) if table is Batch else table.batch_id)
        parts.append(
            sa.select(col(JournalObject.seq), col(Batch.id), col(Batch.number)).where(
                col(JournalObject.institution_id) == institution_id, col(JournalObject.seq).in_(seqs),
                col(JournalObject.table_name) == name, col(table.id) == col(JournalObject.object_id), in_batch,
                col(Batch.institution_id) == institution_id,
            )
        )  # fmt: skip
    rows = session.execute(sa.union(*parts)).all()
    return {seq: (batch_id, number) for seq, batch_id, number in rows}


def quick_look(session: Session, institution_id: int) -> Chain:
    """Whether every entry is as it was written and follows the one before, up to the head; two statements.

    The rows of the business are not compared with it: that is ``verification.verify_journal``.
    """
    query = select(JournalEntry).where(col(JournalEntry.institution_id) == institution_id)
    entries = session.exec(query.order_by(col(JournalEntry.seq))).all()
    head = session.get(JournalHead, institution_id)
    findings, last = entry_findings(entries)
    if (head.hash, head.seq) != last if head else last[0] != GENESIS:
        findings.append(Finding("head_differs", "日志链尾", "链尾与最后一条日志不符：末尾的日志被删除或改写"))
    return Chain(len(entries), head.hash if head else GENESIS, tuple(findings))
