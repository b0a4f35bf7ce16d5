"""Checks over a whole installation: is the journal whole, and is every row still as the journal last saw it?

A product feature, and the oracle of every fault test.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Certificate,
    Institution,
    JournalDetail,
    JournalEntry,
    JournalHead,
    JournalObject,
    NumberCounter,
    PinnedText,
    Table,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import CertificateNumber
from skilleval.services.journal import GENESIS, objects_hash, row_hash

#: Tables whose rows need no entry of their own: the journal itself, counters that the numbers prove, and what belongs to
#: no institution (accounts are told of in account_event; sessions come and go), files that wait to be imported, long work
#: that was asked for (what it does to records is journaled by itself), and drafts, which count nowhere.
_UNJOURNALED = {
    "account",
    "account_event",
    "job",
    "list_layout",
    "login_counter",
    "saved_view",
    "setup_token",
    "staged_import",
    "web_session",
    "journal_head",
    "journal_entry",
    "journal_object",
    "journal_detail",
    "number_counter",
    "pinned_text",
    "mark_draft",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be, in Chinese, and where."""

    code: str
    where: str
    message: str


def verify_journal(session: Session, institution_id: int, anchor: str | None = None) -> list[Finding]:
    """Every finding on one institution's journal; empty when the chain is whole and all rows agree with it.

    ``anchor`` is a head read off a notice or a package: it must be found in the chain, else the tail was cut or
    rewritten after it was printed.
    """
    findings, hashes = _check_chain(session, institution_id)
    findings += _check_details(session, institution_id)
    if anchor is not None and anchor not in hashes:
        findings.append(
            Finding("anchor_missing", "操作日志", f"日志链中找不到链头 {anchor[:16]}…：请先核对录入的确是“操作日志链头”；如无误，则印出之后日志曾被截断或改写")
        )
    findings += _check_rows(session, institution_id)
    return findings


def verify_chain(session: Session, institution_id: int) -> list[Finding]:
    """Every finding on the chain alone: entries that are missing or changed, a head that differs."""
    return _check_chain(session, institution_id)[0]


def row_faults(session: Session, institution_id: int, rows: Mapping[str, Collection[int]]) -> dict[tuple[str, int], str]:
    """Which of these rows (ids by table) are not as the journal last saw them: the finding's code by table and id.

    Rows of the same tables that were written together with them and are gone are told too (``row_missing``).
    """
    latest: dict[tuple[str, int], str | None] = {}
    entries: set[int] = set()
    for table_name, ids in rows.items():
        for part in _chunks(ids):
            for object_id, after, seq in _last_written(session, institution_id, table_name, col(JournalObject.object_id).in_(part)):
                latest[table_name, object_id] = after
                entries.add(seq)
    for table_name in rows:
        for part in _chunks(entries):
            together = {
                object_id
                for object_id, _after, _seq in _last_written(
                    session, institution_id, table_name, col(JournalObject.seq).in_(part)
                )
            } - {object_id for name, object_id in latest if name == table_name}
            for ids in _chunks(together):
                for object_id, after, _seq in _last_written(
                    session, institution_id, table_name, col(JournalObject.object_id).in_(ids)
                ):
                    latest[table_name, object_id] = after
    return dict(_faults(session, rows, latest))


def _faults(
    session: Session, rows: Mapping[str, Collection[int]], latest: Mapping[tuple[str, int], str | None]
) -> Iterator[tuple[tuple[str, int], str]]:
    for table_name, wanted in rows.items():
        table = Table.metadata.tables[table_name]
        found: dict[int, str] = {}
        for part in _chunks({*wanted, *(key for name, key in latest if name == table_name)}):
            found |= dict(_hashes_of(session, table, table.c.id.in_(part)))
        for object_id in sorted(wanted):
            if (table_name, object_id) not in latest:
                yield (table_name, object_id), "row_unknown"
            elif object_id in found and latest[table_name, object_id] != found[object_id]:
                yield (table_name, object_id), "row_changed"
        gone = [key for name, key in latest if name == table_name and key not in found and latest[name, key] is not None]
        yield from (((table_name, key), "row_missing") for key in sorted(gone))


def _last_written(
    session: Session, institution_id: int, table_name: str, which: sa.ColumnElement[bool]
) -> Iterator[tuple[int, str | None, int]]:
    """(id, hash, entry) of every time that the journal tells of such rows, first to last."""
    query = select(JournalObject.object_id, JournalObject.after_hash, JournalObject.seq).where(
        col(JournalObject.institution_id) == institution_id, col(JournalObject.table_name) == table_name, which
    )
    yield from session.exec(query.order_by(col(JournalObject.seq), col(JournalObject.position)))


def _chunks(keys: Iterable[int], size: int = 500) -> Iterator[list[int]]:
    ordered = sorted(keys)
    return (ordered[start : start + size] for start in range(0, len(ordered), size))


def verify_all(session: Session) -> list[Finding]:
    """The journals of all institutions, the ledger of certificate numbers, and the texts of the rules that decided."""
    findings: list[Finding] = []
    for institution in session.exec(select(Institution).order_by(col(Institution.id))):
        assert institution.id is not None
        findings += verify_journal(session, institution.id)
    return findings + verify_numbers(session) + verify_pinned(session)


def verify_pinned(session: Session) -> list[Finding]:
    """Whether the text of every rule pack that a batch was planned by is kept, and is the one that its hash names."""
    findings, kept = [], set()
    for text in session.exec(select(PinnedText).order_by(col(PinnedText.sha256))):
        kept.add(text.sha256)
        if hashlib.sha256(text.content.encode()).hexdigest() != text.sha256:
            message = "存档的规则文本与摘要不符：存档被改动，依它作出的决定不能复算"
            findings.append(Finding("pinned_changed", f"{text.name}（{text.sha256[:16]}…）", message))
    # As text: a batch whose JSON was spoilt is told with its row, and must not stop this check.
    for number, versions in session.connection().execute(
        sa.select(col(Batch.number), sa.cast(col(Batch.versions), sa.Text)).order_by(col(Batch.id))
    ):
        try:
            packs = json.loads(versions)["packs"]
        except (ValueError, KeyError, TypeError):
            continue
        findings += [
            Finding("pinned_missing", f"批次 {number}", f"没有保存规则包 {key} 当时的文本（摘要 {sha256[:16]}…）：存档被删除")
            for key, sha256 in packs.items()
            if sha256 not in kept
        ]
    return findings


def verify_numbers(session: Session) -> list[Finding]:
    """Whether the locally issued numbers are well formed, and those of every series dense from 1 up to its counter."""
    findings = []
    issued: dict[tuple[str, str, str], list[int]] = {}
    query = select(Certificate.number).where(col(Certificate.origin) == "local")
    for text in session.exec(query.order_by(col(Certificate.number))):
        try:
            number = CertificateNumber.parse(text)
        except RuleBroken as refusal:
            findings.append(Finding("number_malformed", f"证书 {text}", refusal.message))
            continue
        series = (number.prefix, number.year, number.grade_code)
        issued.setdefault(series, []).append(number.serial)
    counters = {
        (counter.prefix, counter.year, counter.grade_code): counter.last for counter in session.exec(select(NumberCounter))
    }
    for series in sorted(issued.keys() | counters.keys()):
        serials, last = sorted(issued.get(series, [])), counters.get(series, 0)
        if serials != list(range(1, last + 1)):
            name = "".join(series)
            findings.append(
                Finding("numbers_not_dense", name, f"证书编号系列 {name} 应为 1 至 {last} 连续，实有 {len(serials)} 个，请核查")
            )
    return findings


def entry_findings(
    entries: Iterable[JournalEntry], last: tuple[str, int] = (GENESIS, 0)
) -> tuple[list[Finding], tuple[str, int]]:
    """What is wrong with entries in their order after the one with hash and number ``last``; and the new last."""
    findings: list[Finding] = []
    for entry in entries:
        where, body = f"第 {entry.seq} 条日志", _body(entry)
        previous, expected = last[0], last[1] + 1
        if entry.seq != expected:
            findings.append(Finding("entry_missing", where, f"日志序号应为 {expected}，实为 {entry.seq}：有日志被删除"))
        if hashlib.sha256(entry.body.encode()).hexdigest() != entry.hash:
            findings.append(Finding("entry_changed", where, f"内容与摘要不符：日志被改动（记载：{_who(body)}）"))
        if body.get("prev") != previous or body.get("seq") != entry.seq:
            findings.append(Finding("chain_broken", where, f"与上一条日志不衔接（记载：{_who(body)}）"))
        last = entry.hash, entry.seq
    return findings, last


def _check_chain(session: Session, institution_id: int) -> tuple[list[Finding], set[str]]:
    findings: list[Finding] = []
    last, hashes = (GENESIS, 0), {GENESIS}
    for entry in _entries(session, institution_id):
        found, last = entry_findings([entry], last)
        findings += found
        where, body = f"第 {entry.seq} 条日志", _body(entry)
        if objects_hash(_written(session, institution_id, entry.seq)) != body.get("objects"):
            findings.append(Finding("objects_changed", where, f"所载数据清单与摘要不符（记载：{_who(body)}）"))
        hashes.add(entry.hash)
    head = session.get(JournalHead, institution_id)
    if (head.hash, head.seq) != last if head else last[0] != GENESIS:
        findings.append(Finding("head_differs", "日志链尾", "链尾与最后一条日志不符：末尾的日志被删除或改写"))
    return findings, hashes


def _check_details(session: Session, institution_id: int) -> list[Finding]:
    """A detail may be erased on request, but one that is there must be the one that was committed to."""
    findings = []
    details = {
        detail.seq: detail
        for detail in session.exec(select(JournalDetail).where(col(JournalDetail.institution_id) == institution_id))
    }
    for entry in _entries(session, institution_id):
        detail = details.pop(entry.seq, None)
        if detail is None:
            continue
        if hashlib.sha256((detail.salt + detail.content).encode()).hexdigest() != _body(entry).get("detail"):
            findings.append(Finding("detail_changed", f"第 {entry.seq} 条日志", "明细与当时记载的摘要不符"))
    findings += [Finding("detail_orphaned", f"第 {seq} 条日志", "有明细而无日志") for seq in sorted(details)]
    return findings


def _check_rows(session: Session, institution_id: int) -> list[Finding]:
    """Compare every row of the institution with the hash that the journal last recorded for it."""
    findings = []
    latest: dict[tuple[str, int], str | None] = {}
    query = select(JournalObject.table_name, JournalObject.object_id, JournalObject.after_hash)
    for table_name, object_id, after in session.exec(
        query.where(col(JournalObject.institution_id) == institution_id).order_by(
            col(JournalObject.seq), col(JournalObject.position)
        )
    ):
        latest[table_name, object_id] = after
    for table in Table.metadata.sorted_tables:
        if table.name in _UNJOURNALED:
            continue
        for object_id, found in _row_hashes(session, table, institution_id):
            where = f"{table.name} 第 {object_id} 行"
            if (table.name, object_id) not in latest:
                findings.append(Finding("row_unknown", where, "数据不是经本软件写入的：日志中没有记载"))
            elif latest.pop((table.name, object_id)) != found:
                findings.append(Finding("row_changed", where, "数据与日志最后的记载不符：绕过本软件被改动"))
    for (table_name, object_id), after in sorted(latest.items()):
        if after is not None:
            findings.append(Finding("row_missing", f"{table_name} 第 {object_id} 行", "日志中有记载而数据已不在：被删除"))
    return findings


def _row_hashes(session: Session, table: sa.Table, institution_id: int) -> Iterator[tuple[int, str]]:
    owner = table.c.id if table.name == "institution" else table.c.institution_id
    yield from _hashes_of(session, table, owner == institution_id)


def _hashes_of(session: Session, table: sa.Table, which: sa.ColumnElement[bool]) -> Iterator[tuple[int, str]]:
    rows = session.connection().execute(sa.select(table).where(which).order_by(table.c.id))
    for row in rows.mappings():
        yield row["id"], row_hash(table, {column.name: row[column.name] for column in table.columns})


def _entries(session: Session, institution_id: int) -> Iterator[JournalEntry]:
    query = select(JournalEntry).where(col(JournalEntry.institution_id) == institution_id)
    yield from session.exec(query.order_by(col(JournalEntry.seq)))


def _written(session: Session, institution_id: int, seq: int) -> Iterator[tuple[str, int, str | None]]:
    query = select(JournalObject.table_name, JournalObject.object_id, JournalObject.after_hash)
    rows = session.exec(
        query.where(col(JournalObject.institution_id) == institution_id, col(JournalObject.seq) == seq).order_by(
            col(JournalObject.position)
        )
    )
    yield from rows


def _body(entry: JournalEntry) -> dict[str, Any]:
    """What the entry says; nothing where a forged one is no longer readable, so that it becomes a finding."""
    try:
        body = json.loads(entry.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _who(body: dict[str, Any]) -> str:
    if not {"at", "actor", "action"} <= body.keys():
        return "内容已无法读取"
    return f"{str(body['at'])[:19]} {body['actor']} {body['action']}"
