"""Imports in steps: a file is uploaded and checked, its cells are corrected, and it is written once, or discarded, or expires.

What lies on disk meanwhile is sealed, for it is full of document numbers: the file under ``uploads``, the corrected
cells in the row. A check reads everything anew, so what is written is what the last check said or nothing.
"""

import json
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.sealed_files import SealedFiles
from skilleval.db.tables import Account, ImportReceipt, StagedImport
from skilleval.domain.errors import RuleBroken
from skilleval.installation import Installation
from skilleval.services import journal
from skilleval.services.import_kinds import IMPORTS
from skilleval.services.import_means import Kind, Means
from skilleval.services.journal import Actor
from skilleval.services.tenancy import viewer_of
from skilleval.sheets.columns import CellError, Report, column_position
from skilleval.sheets.intake import Incoming, parsed
from skilleval.sheets.reading import file_hash

#: what a check keeps of errors and of differences; the rest stands in the file
MOST_ERRORS, MOST_SHOWN = 2_000, 200
#: bytes of a file that is checked and written by a worker process: about 5,000 people, a second or two of work
LARGE = 400_000
STATES = ("open", "written", "discarded", "expired")


@dataclass(frozen=True, slots=True)
class Store:
    """Where the files lie that wait to be imported, sealed."""

    files: SealedFiles

    def keep(self, public_id: str, content: bytes) -> None:
        """Keep a file, whole even after a power cut."""
        self.files.keep(public_id, content)

    @contextmanager
    def opened(self, public_id: str, name: str, sealed_corrections: bytes | None = None) -> Iterator[Incoming]:
        """The file in the clear, with its corrected cells, for as long as the block lasts."""
        try:
            content = self.files.read(public_id)
        except FileNotFoundError as error:
            raise RuleBroken(f"上传的文件“{name}”已不在，请重新上传") from error
        with TemporaryDirectory() as folder:
            path = Path(folder) / "upload"
            path.write_bytes(content)
            yield Incoming(path, name, self._corrections(public_id, sealed_corrections))

    def opened_again(self, staged: StagedImport) -> AbstractContextManager[Incoming]:
        """The file of an import, with the cells that were corrected so far."""
        return self.opened(staged.public_id, staged.file_name, staged.corrections_sealed)

    def forget(self, public_id: str) -> None:
        """Take a file away."""
        self.files.forget(public_id)

    def seal_corrections(self, staged: StagedImport, cells: Mapping[tuple[str, int, int], str]) -> bytes:
        """Corrected cells as the row keeps them."""
        listed = [[*place, text] for place, text in cells.items()]
        return self.files.vault.seal_file(staged.public_id, json.dumps(listed, ensure_ascii=False).encode())

    def _corrections(self, public_id: str, sealed: bytes | None) -> dict[tuple[str, int, int], str]:
        if sealed is None:
            return {}
        listed = json.loads(self.files.vault.open_file(public_id, sealed))
        return {(sheet, row, position): text for sheet, row, position, text in listed}


def store_of(installation: Installation) -> Store:
    """Where the files of an installation lie that wait to be imported."""
    return Store(SealedFiles(installation.folder / "uploads", installation.vault))


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: what the row of the import keeps of it, and what its kind's service would write."""

    check_id: str
    counts: dict[str, Any]
    found: dict[str, Any]
    ready: Any


def check_file(session: Session, asked: StagedImport, file: Incoming, means: Means) -> Checked:
    """Read and check a file as this import asks. Nothing is written, not even what was found. Refused as by its kind."""
    kind = kind_of(asked)
    ready = kind.stage(session, asked, parsed(file), means)
    report: Report = ready.report
    found = {
        "notes": list(report.notes),
        "error_count": len(report.errors),
        "errors": [one.as_dict() for one in report.errors[:MOST_ERRORS]],
        "groups": _grouped(report.errors),
        "new": [asdict(one) for one in islice(kind.new(session, ready), MOST_SHOWN)],
        "changed": [asdict(one) for one in islice(kind.changed(session, ready), MOST_SHOWN)],
    }
    return Checked(secrets.token_hex(8), report.counts(), found, ready)


def stage(
    session: Session, asked: StagedImport, file: Incoming, means: Means, *, now: datetime
) -> StagedImport:
    """Check a file that came in and keep what was found; ``asked`` says whose it is, its kind and its target.

    Refused with ``RuleBroken``: a file that is none, wrong headings, a target that takes no import now. The same file,
    if it waits already, is that one.
    """
    asked.sha256 = file_hash(file)
    waiting = waiting_import(session, asked)
    return stage_checked(session, asked, file, check_file(session, asked, file, means), now=now) if waiting is None else waiting


def waiting_import(session: Session, asked: StagedImport) -> StagedImport | None:
    """The import of the same file (by ``sha256``) for the same purpose that waits already."""
    found: StagedImport | None = session.exec(_same_file(asked).where(col(StagedImport.state) == "open")).first()
    return found


def stage_checked(session: Session, asked: StagedImport, file: Incoming, checked: Checked, *, now: datetime) -> StagedImport:
    """Keep what was found in a file, as a new import."""
    asked.sha256, asked.size, asked.file_name = file_hash(file), file.path.stat().st_size, file.name
    asked.public_id = asked.public_id or secrets.token_hex(16)
    _keep(asked, checked, now)
    session.add(asked)
    session.flush()
    return asked


def corrected(staged: StagedImport, file: Incoming, cells: Mapping[int, str]) -> Incoming:
    """The file with more cells put right, each by the place of its error in the list of the last check.

    Refused: an import that has ended, a place that is none, a cell in a column that the file does not have.
    """
    _must_be_open(staged, staged.check_id)
    corrections, errors = dict(file.corrections), staged.found["errors"]
    for place, text in cells.items():
        if not 0 <= place < len(errors) or errors[place]["column"] == "-":
            raise RuleBroken("要改的单元格不在文件中，请在原表中补上该列后重新上传")
        one = errors[place]
        corrections[one["sheet"], one["row"], column_position(one["column"])] = text
    return Incoming(file.path, file.name, corrections)


def correct(
    session: Session, staged: StagedImport, file: Incoming, store: Store, means: Means, *, seen: str, now: datetime
) -> None:
    """Keep the corrected cells of ``file`` and check again. Refused: cells of another check than the one last ``seen``."""
    session.refresh(staged, with_for_update=True)
    _must_be_open(staged, seen)
    keep_corrected(session, staged, file, store, check_file(session, staged, file, means), seen=seen, now=now)


def keep_corrected(
    session: Session, staged: StagedImport, file: Incoming, store: Store, checked: Checked, *, seen: str, now: datetime
) -> None:
    """Keep the corrected cells of ``file`` and what was found in it. Refused as by ``correct``."""
    session.refresh(staged, with_for_update=True)
    _must_be_open(staged, seen)
    _keep(staged, checked, now)
    staged.corrections_sealed = store.seal_corrections(staged, file.corrections)
    staged.corrected = len(file.corrections)
    session.add(staged)
    session.flush()


def write(
    session: Session, actor: Actor, staged: StagedImport, file: Incoming, means: Means, *, seen: str, good_rows: bool, now: datetime
) -> bool:
    """Write what the check of ``seen`` found: all of it, or with ``good_rows`` without the wrong rows.

    False: the records have changed since that check, so nothing is written and the new check is kept instead. Refused:
    an import that has ended, wrong rows that nobody chose to leave out, whatever the kind's own service refuses.
    """
    session.refresh(staged, with_for_update=True)
    _must_be_open(staged, seen)
    kind = kind_of(staged)
    before = staged.counts
    checked = check_file(session, staged, file, means)
    _keep(staged, checked, now)
    ready = checked.ready
    if staged.counts != before:
        session.add(staged)
        session.flush()
        return False
    if ready.report.failed and not good_rows:
        raise RuleBroken(f"还有 {ready.report.failed} 行错误，没有写入；请先改正，或选择只写入正确的行")
    kind.write(session, actor, ready, means)
    staged.good_rows = good_rows and bool(ready.report.failed)
    _end(session, actor, staged, "written", now)
    return True


def discard(session: Session, actor: Actor, staged: StagedImport, *, now: datetime) -> None:
    """Give an import up; nothing was written. Refused: one that has ended."""
    session.refresh(staged, with_for_update=True)
    _must_be_open(staged, staged.check_id)
    _end(session, actor, staged, "discarded", now)


def expire(session: Session, actor: Actor, staged: StagedImport, *, now: datetime) -> None:
    """End an import with which nobody went on; nothing was written. The journal tells which, and no personal data."""
    _end(session, actor, staged, "expired", now)
    detail = {"import": staged.public_id, "kind": staged.kind, "scope": staged.scope}
    reason = "过了保存期，没有写入也没有放弃"
    journal.record(session, actor, staged.institution_id, "imports.expire", reason=reason, detail=detail)


def note_filled(session: Session, actor: Actor, asked: StagedImport, *, reason: str) -> None:
    """Note in the journal that somebody took a workbook with whole document numbers. Refused: no reason."""
    if not reason.strip():
        raise RuleBroken("预填的表含完整证件号码，下载须写明理由")
    detail = {"kind": asked.kind, "scope": asked.scope}
    journal.record(session, actor, asked.institution_id, "people.take_numbers", reason=reason.strip(), detail=detail)


def kind_of(staged: StagedImport) -> Kind:
    """The kind of an import."""
    return IMPORTS[staged.kind]


def imports_of(session: Session, kinds: Collection[str], states: Collection[str] = STATES) -> Sequence[Any]:
    """The last imports of the institution that asks, open ones first, each with the name of who uploaded it."""
    query = (
        sa.select(
            *(col(one) for one in (
                StagedImport.public_id, StagedImport.kind, StagedImport.scope, StagedImport.file_name, StagedImport.created_at,
                StagedImport.counts, StagedImport.state, StagedImport.ended_at,
            )),
            col(Account.name).label("uploader"),
        )
        .where(
            col(Account.id) == col(StagedImport.account_id), viewer_of(session).own(col(StagedImport.institution_id)),
            col(StagedImport.kind).in_(kinds), col(StagedImport.state).in_(states),
        )
        .order_by(col(StagedImport.state) != "open", col(StagedImport.id).desc())
        .limit(100)
    )  # fmt: skip
    return session.connection().execute(query).all()


def earlier_receipt(session: Session, staged: StagedImport) -> ImportReceipt | None:
    """The receipt of the same file, if it was imported before by whatever way."""
    query = select(ImportReceipt).where(
        col(ImportReceipt.institution_id) == staged.institution_id, col(ImportReceipt.kind) == staged.kind,
        col(ImportReceipt.scope) == staged.scope, col(ImportReceipt.sha256) == staged.sha256,
    )  # fmt: skip
    return session.exec(query.order_by(col(ImportReceipt.id).desc())).first()


def _same_file(asked: StagedImport) -> Any:
    return select(StagedImport).where(
        col(StagedImport.institution_id) == asked.institution_id, col(StagedImport.sha256) == asked.sha256,
        col(StagedImport.kind) == asked.kind, col(StagedImport.scope) == asked.scope, col(StagedImport.reason) == asked.reason,
    )  # fmt: skip


def _must_be_open(staged: StagedImport, seen: str) -> None:
    if staged.state == "expired":
        raise RuleBroken("该文件过了保存期，已经删除，没有写入任何数据；仍要导入的，请重新上传")
    if staged.state != "open":
        done = {"written": "写入", "discarded": "放弃"}[staged.state]
        raise RuleBroken(f"该文件已由{staged.ended_by}{done}，没有再次写入")
    if staged.check_id != seen:
        raise RuleBroken("该文件刚刚在别处重新检查过，没有写入；请看最新的检查结果再决定")


def _keep(staged: StagedImport, checked: Checked, now: datetime) -> None:
    staged.check_id, staged.counts, staged.found = checked.check_id, checked.counts, checked.found
    staged.checked_at = now


def _grouped(errors: list[CellError]) -> list[dict[str, Any]]:
    """Errors of one code under one heading: how many, on which rows first and last, and how the first is worded."""
    groups: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in errors:
        group = groups.setdefault(
            (one.sheet, one.column, one.code),
            {"sheet": one.sheet, "column": one.column, "header": one.header, "code": one.code, "message": one.message,
             "count": 0, "first": one.row, "last": one.row},
        )  # fmt: skip
        group["count"] += 1
        group["first"], group["last"] = min(group["first"], one.row), max(group["last"], one.row)
    return sorted(groups.values(), key=lambda group: (-group["count"], group["first"]))


def _left_out(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The wrong rows by sheet, with the headings of their wrong cells: where to look in the file, and no value from it."""
    rows: dict[tuple[str, int], list[str]] = {}
    for one in found["errors"]:
        rows.setdefault((one["sheet"], one["row"]), []).append(one["header"])
    return [{"sheet": sheet, "row": row, "headers": headers} for (sheet, row), headers in sorted(rows.items())]


def _end(session: Session, actor: Actor, staged: StagedImport, state: str, now: datetime) -> None:
    # What was found holds names and telephone numbers; the counts and notes are all that the receipt needs,
    # with the places of the rows that were left out.
    staged.found = {"notes": staged.found["notes"], "left_out": _left_out(staged.found) if staged.good_rows else []}
    staged.corrections_sealed = None
    staged.state, staged.ended_by, staged.ended_at = state, actor.name, now
    session.add(staged)
    session.flush()
