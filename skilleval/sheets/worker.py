"""The child process that parses a file somebody sent: it may run out of memory or time, and only it dies.

A small workbook whose used range is the whole sheet makes the parser abort the process, uncatchably. Blocks of rows go
to standard output with marshal, which unlike pickle can't be made to run code in the parent. Each message stands behind
its length: marshal reads a file in a call for every cell, and a message that is in memory five times as fast.

It is started for each file anew, so that it loads at the start only what every file needs: loading the rest took longer
than reading most workbooks. For the same reason it is run by its path, and imports nothing else of this package.
"""

from __future__ import annotations

import marshal
import struct
import sys
from datetime import date

TYPE_CHECKING = False  # as in typing, which would have to be loaded for it
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, BinaryIO

#: what stands before each message: its length in bytes
LENGTH = struct.Struct("<Q")

BLOCK = 5_000
MAX_ROWS = 300_000
MAX_COLUMNS = 400
MEMORY_BYTES = 2_000_000_000
CPU_SECONDS = 120


def main(path: str, kind: str) -> None:
    """Stream the sheets of ``path``: ("sheet", name, hidden), then ("rows", first row number, rows) …, then ("end",)."""
    _limit()
    out = sys.stdout.buffer
    try:
        for name, hidden, rows in _workbook(path) if kind == "xlsx" else _text(path):
            _tell(("sheet", name, hidden), out)
            _send(rows, out)
        _tell(("end",), out)
    except _TooLarge as error:
        _tell(("refused", str(error)), out)
    except Exception as error:  # the parser has many exception classes; the parent words the refusal
        _tell(("failed", f"{type(error).__name__}: {error}"[:200]), out)
    out.flush()


class _TooLarge(Exception):
    pass


def _tell(message: tuple[Any, ...], out: BinaryIO) -> None:
    packed = marshal.dumps(message)
    out.write(LENGTH.pack(len(packed)))
    out.write(packed)


def _limit() -> None:
    if sys.platform == "win32":  # no such limits there: the parent's wall clock is what remains
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _workbook(path: str) -> Iterator[tuple[str, bool, Iterable[list[Any]]]]:
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    book = CalamineWorkbook.from_path(path)
    for sheet in book.sheets_metadata:
        opened = book.get_sheet_by_name(sheet.name)
        if opened.total_height > MAX_ROWS or opened.total_width > MAX_COLUMNS:
            raise _TooLarge(
                f"工作表“{sheet.name}”的使用范围到第 {opened.total_height} 行、第 {opened.total_width} 列，"
                f"超过 {MAX_ROWS} 行、{MAX_COLUMNS} 列；请删除空白的行列后另存"
            )
        yield sheet.name, sheet.visible is not SheetVisibleEnum.Visible, opened.iter_rows()


def _text(path: str) -> Iterator[tuple[str, bool, Iterable[list[Any]]]]:
    import csv
    from pathlib import Path

    raw = Path(path).read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _TooLarge("文本文件的编码既不是 UTF-8 也不是 GB18030，请另存为 .xlsx")
    if not text.strip(" \t\r\n,;\u3000\u00a0"):
        raise _TooLarge("只有空白，没有任何内容")
    # The size of the file is limited already; a long cell is an error of its column, told in its row.
    csv.field_size_limit(len(raw))
    sample = text[:4096].partition("\n")[0]
    delimiter = max(",\t;", key=sample.count)
    yield "CSV", False, _rows_of_text(text, delimiter)


def _rows_of_text(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows of a text file. Refused: a quotation mark without its other half, which would swallow the cells behind it."""
    import csv
    import io

    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        told = f"到第 {reader.line_num} 行为止有双引号没有成对，分不出各格；请在 Excel 或 WPS 中核对后另存为 .xlsx"
        raise _TooLarge(told) from error


def _send(rows: Iterable[list[Any]], out: BinaryIO) -> None:
    block: list[list[Any]] = []
    first = number = 1
    for row in rows:
        if number > MAX_ROWS:
            raise _TooLarge(f"超过 {MAX_ROWS} 行（含空白行），请删除空白的行，或分成几个文件")
        block.append(row if _PLAIN.issuperset(map(type, row)) else [_plain(cell) for cell in row])
        number += 1
        if len(block) == BLOCK:
            _tell(("rows", first, block), out)
            block, first = [], number
    if block:
        _tell(("rows", first, block), out)


_PLAIN = frozenset((str, float, int, type(None)))


def _plain(cell: Any) -> Any:
    """Marshal knows no dates: a date is a tuple of year, month and day. A truth value is the word that Excel shows,
    for True and 1.0 are one key in Python."""
    if type(cell) in _PLAIN:
        return cell
    if isinstance(cell, date):
        return (cell.year, cell.month, cell.day)
    return str(cell).upper() if isinstance(cell, bool) else str(cell)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
