"""Files that come in: size → form → zip directory → child process with limits → typed rows with every error."""

import hashlib
import marshal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from skilleval.domain.errors import RuleBroken
from skilleval.sheets.columns import Cell, CellError, CellRefused, Column, column_letter, header_key, read_cell, shown

MAX_BYTES = 60_000_000
MAX_ENTRIES = 2_000
MAX_UNPACKED = 200_000_000
MAX_RATIO = 200
WALL_SECONDS = 180
HEADER_SEARCH = 30
#: what marks a row of a template that only shows how to fill it in
EXAMPLE_MARK = "示例"
TEMPLATE_SHEET = "skilleval"

_TOTALS = ("合计", "总计", "小计")
_SAVE_AS = "请在 Excel 或 WPS 中打开后“另存为”.xlsx 再导入"


@dataclass(slots=True)
class Table:
    """One sheet as read: good rows as (row number, values by column key), and every error of the others."""

    file: str
    sheet: str
    columns: tuple[Column, ...]
    #: column key → position in the sheet, for the columns that are there
    positions: dict[str, int]
    headers: dict[str, str]
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    errors: list[CellError] = field(default_factory=list)
    failed: set[int] = field(default_factory=set)
    read: int = 0
    skipped: int = 0

    def error(self, row: int, key: str, value: object, code: str, message: str) -> CellError:
        """An error found later, on a row and column of this sheet."""
        column = next(one for one in self.columns if one.key == key)
        position = self.positions.get(key)
        text = value if isinstance(value, str | int | float | bool | date) or value is None else str(value)
        return CellError(
            self.file, self.sheet, row, column_letter(position) if position is not None else "-",
            self.headers.get(key, column.header), shown(text, column), code, message,
        )  # fmt: skip


@dataclass(slots=True)
class RawSheet:
    """The cells of one sheet, row by row from 1, as the child process sent them."""

    name: str
    rows: list[list[Cell]] = field(default_factory=list)


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_table(
    path: Path, columns: Sequence[Column], *, progress: Callable[[int], None] | None = None
) -> Table:
    """The first visible sheet that has the headings, with every good row and every error.

    Refused with ``RuleBroken``: a file that is not what it says, and headings that are missing or stand twice.
    """
    sheets = [sheet for sheet in read_sheets(path, progress) if any(any(cell not in (None, "") for cell in row) for row in sheet.rows)]
    if not sheets:
        raise RuleBroken(f"{path.name} 是空文件，没有任何内容")
    best = max(sheets, key=lambda sheet: _best_header(sheet.rows, columns)[1])
    return type_sheet(path.name, best, columns)


def read_sheets(path: Path, progress: Callable[[int], None] | None = None) -> list[RawSheet]:
    """All visible sheets of a workbook, or the one of a text file, parsed in the child process."""
    kind = _examine(path)
    sheets: list[RawSheet] = []
    hidden = False
    for message in _parse(path, kind):
        if message[0] == "sheet":
            hidden = bool(message[2])
            if not hidden:
                sheets.append(RawSheet(message[1]))
        elif message[0] == "rows" and not hidden:
            sheets[-1].rows += message[2]
            if progress:
                progress(len(sheets[-1].rows))
    return sheets


def type_sheet(file: str, sheet: RawSheet, columns: Sequence[Column]) -> Table:
    """A raw sheet read by ``columns``. Refused: headings that are missing or stand twice."""
    index, _found = _best_header(sheet.rows, columns)
    positions, headers = _map_headers(file, sheet, index, columns)
    table = Table(file, sheet.name, tuple(columns), positions, headers)
    readers: list[tuple[Column, int, dict[Any, Any]]] = [
        (column, positions[column.key], {}) for column in columns if column.key in positions
    ]
    first = min(positions.values())
    for number, row in enumerate(sheet.rows[index + 1 :], start=index + 2):
        if not any(cell is not None and cell != "" and (not isinstance(cell, str) or cell.strip()) for cell in row):
            continue
        table.read += 1
        if _is_aside(row, first):
            table.skipped += 1
            continue
        _type_row(table, number, row, readers)
    return table


def _type_row(
    table: Table, number: int, row: list[Cell], readers: list[tuple[Column, int, dict[Any, Any]]]
) -> None:
    values: dict[str, Any] = {}
    width = len(row)
    for column, position, seen in readers:
        cell = row[position] if position < width else None
        if isinstance(cell, tuple):
            cell = date(*cell)
        try:
            # True equals 1.0 as a key, so the type belongs to it; few distinct cells make up most columns.
            key = (cell, type(cell))
            if key in seen:
                values[column.key] = seen[key]
                continue
            values[column.key] = seen[key] = read_cell(cell, column)
        except CellRefused as refusal:
            table.failed.add(number)
            table.errors.append(table.error(number, column.key, cell, refusal.code, refusal.message))
    if number not in table.failed:
        table.rows.append((number, values))


def _is_aside(row: list[Cell], first: int) -> bool:
    """A marked example row, or a total at the end."""
    lead = next((cell for cell in row if cell not in (None, "")), "")
    if not isinstance(lead, str):
        return False
    text = header_key(lead)
    return text.startswith(EXAMPLE_MARK) or text in _TOTALS


def _names(column: Column) -> set[str]:
    return {header_key(name) for name in (column.header, *column.synonyms)}


def _best_header(rows: list[list[Cell]], columns: Sequence[Column]) -> tuple[int, int]:
    """The row among the first ones that has the most headings, and how many it has."""
    known = set().union(*(_names(column) for column in columns))
    best = (0, 0)
    for index, row in enumerate(rows[:HEADER_SEARCH]):
        count = sum(header_key(cell) in known for cell in row if cell)
        if count > best[1]:
            best = (index, count)
    return best


def _map_headers(
    file: str, sheet: RawSheet, index: int, columns: Sequence[Column]
) -> tuple[dict[str, int], dict[str, str]]:
    row = sheet.rows[index] if sheet.rows else []
    positions: dict[str, int] = {}
    headers: dict[str, str] = {}
    problems = []
    for column in columns:
        names = _names(column)
        found = [position for position, cell in enumerate(row) if cell and header_key(cell) in names]
        if len(found) > 1:
            letters = "、".join(f"{column_letter(position)}列“{row[position]}”" for position in found)
            problems.append(f"表头“{column.header}”出现了 {len(found)} 次：{letters}，请只保留一列")
        elif found:
            positions[column.key] = found[0]
            headers[column.key] = str(row[found[0]]).strip()
        elif column.required:
            others = f"（也可写作 {'、'.join(column.synonyms)}）" if column.synonyms else ""
            problems.append(f"缺少表头“{column.header}”{others}")
    if problems:
        raise RuleBroken(f"{file} 的工作表“{sheet.name}”表头不符，未导入任何数据；请使用模板", problems)
    return positions, headers


def _examine(path: Path) -> str:
    """``xlsx`` or ``csv`` by what the file holds, not by its name. Refused: everything that is neither."""
    if not path.is_file():
        raise RuleBroken(f"找不到文件 {path}")
    size = path.stat().st_size
    if size == 0:
        raise RuleBroken(f"{path.name} 是空文件")
    if size > MAX_BYTES:
        raise RuleBroken(f"{path.name} 有 {size // 1_000_000} MB，超过 {MAX_BYTES // 1_000_000} MB，请分成几个文件")
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise RuleBroken(f"{path.name} 是旧版 .xls 或加了密码的工作簿，不能读取；请去掉密码，{_SAVE_AS}")
    if head.startswith(b"PK"):
        _examine_zip(path)
        return "xlsx"
    if head.startswith(b"%PDF"):
        raise RuleBroken(f"{path.name} 是 PDF，不是工作簿")
    if path.suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".xls"):
        raise RuleBroken(f"{path.name} 不是有效的 Excel 工作簿；{_SAVE_AS}")
    with path.open("rb") as file:
        if b"\x00" in file.read(65536):
            raise RuleBroken(f"{path.name} 既不是 Excel 工作簿也不是文本文件；{_SAVE_AS}")
    return "csv"


def _examine_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise RuleBroken(f"{path.name} 已损坏，不能打开；{_SAVE_AS}") from error
    names = {entry.filename for entry in entries}
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED:
        raise RuleBroken(f"{path.name} 解开后过大（{len(entries)} 个部分，{unpacked // 1_000_000} MB），不予读取")
    if (unpacked > 10_000_000 and any(
        entry.file_size > MAX_RATIO * max(entry.compress_size, 1) for entry in entries
    )) or unpacked / packed > MAX_RATIO:
        raise RuleBroken(f"{path.name} 压缩比异常，疑为压缩炸弹，不予读取；若确为花名册，请删除空白的行列后另存")
    if any(name.lower().endswith((".zip", ".xlsx")) or ".." in name.split("/") for name in names):
        raise RuleBroken(f"{path.name} 内部含有不应有的文件，不予读取；{_SAVE_AS}")
    if any(name.endswith("vbaProject.bin") for name in names) or "xl/workbook.bin" in names:
        raise RuleBroken(f"{path.name} 是带宏或二进制格式的工作簿（.xlsm / .xlsb）；{_SAVE_AS}")
    if "xl/workbook.xml" not in names:
        raise RuleBroken(f"{path.name} 是压缩文件，但不是 Excel 工作簿；{_SAVE_AS}")


def _parse(path: Path, kind: str) -> Iterator[tuple[Any, ...]]:
    """The messages of the child process. Refused: a child that died, ran out of time or said no."""
    command = [sys.executable, "-I", "-m", "skilleval.sheets.worker", str(path), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        clock = threading.Timer(WALL_SECONDS, child.kill)
        clock.start()
        try:
            while True:
                try:
                    message = marshal.load(child.stdout)
                except (EOFError, ValueError, TypeError) as error:
                    raise RuleBroken(
                        f"{path.name} 无法读取：内容过大或已损坏（读取程序超出内存或时间限制）；请删除空白的行列后{_SAVE_AS[1:]}"
                    ) from error
                if message[0] == "end":
                    return
                if message[0] == "refused":
                    raise RuleBroken(f"{path.name}：{message[1]}")
                if message[0] == "failed":
                    raise RuleBroken(f"{path.name} 不能作为 Excel 工作簿读取（{message[1]}）；{_SAVE_AS}")
                yield message
        finally:
            clock.cancel()
            child.kill()
