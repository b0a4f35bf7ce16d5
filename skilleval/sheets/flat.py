"""Flat workbooks out: one table, typed columns, any number of rows in constant memory.

Text is written as text, so that ``=1+1`` stays a name and an 18-digit number keeps its digits.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from skilleval.sheets.columns import column_letter

Cell = str | int | Decimal | None

#: A fixed day in the document's properties: the same content gives the same bytes.
_CREATED = datetime(2020, 1, 1)
_FORMATS = {"text": "@", "integer": "0", "mark": "0.00", "share": "0.0%"}


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """One column: its heading, its width in characters, and ``text``, ``integer``, ``mark`` or ``share`` (or words)."""

    heading: str
    width: int
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class FlatSheet:
    """One table of a workbook with several: its sheet's name, columns and rows."""

    name: str
    columns: Sequence[FlatColumn]
    rows: Iterable[Sequence[Cell]]


NOTES_SHEET = "说明"


def write_flat(
    file: BinaryIO, sheet: str, title: str, columns: Sequence[FlatColumn], rows: Iterable[Sequence[Cell]]
) -> int:
    """Write ``rows`` under a styled heading into ``file`` and return how many there were.

    The title, where there is one, is a merged first row; headings stay in sight and print on every page.
    """
    book = _book(file)
    try:
        return _write_table(book, FlatSheet(sheet, columns, rows), title)
    finally:
        # Also after a refusal: closing is what removes the temporary file with the rows so far.
        book.close()


def write_tables(path: Path, notes: Iterable[tuple[str, str]], sheets: Sequence[FlatSheet]) -> Path:
    """Write what a screen shows as a workbook: first a sheet of notes (what was asked, when, by whom, how many rows).

    The file is written beside its place and moved there when it is whole.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            book = _book(file)
            try:
                _write_table(book, FlatSheet(NOTES_SHEET, (FlatColumn("项目", 18), FlatColumn("内容", 90)), notes), "")
                for sheet in sheets:
                    _write_table(book, sheet, "")
            finally:
                book.close()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _book(file: BinaryIO) -> Any:
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": _CREATED})
    return book


def _write_table(book: Any, sheet: FlatSheet, title: str) -> int:
    page, columns = book.add_worksheet(sheet.name, worksheet_class=_Page), sheet.columns
    head = 1 if title else 0
    width = sum(column.width for column in columns)
    style_page(page, head, width)
    # Wrapped, or the next cell hides on paper what does not fit.
    style = {"border": 1, "valign": "vcenter", "text_wrap": True, "font_name": "宋体"}
    formats = {kind: book.add_format({**style, "num_format": code}) for kind, code in _FORMATS.items()}
    for position, column in enumerate(columns):
        page.set_column(position, position, column.width, formats[column.kind])
    if title:
        # A title in the middle of a table that goes on beside itself would be cut in two between its pages.
        align = "left" if _pages_across(width) > 1 else "center"
        page.merge_range(0, 0, 0, len(columns) - 1, title, book.add_format({**_TITLE, "align": align}))
        page.set_row(0, 30)
    page.set_row(head, 33)
    heading = book.add_format(_HEADING)
    for position, column in enumerate(columns):
        page.write_string(head, position, column.heading, heading)
    return _write_rows(page, head + 1, columns, sheet.rows, formats)


class _Page(Worksheet):  # type: ignore[misc] # the library has no types
    """A page on which plain cells take few steps; the library escapes every attribute and searches each text five times.

    All cells look as the library writes them, but one: a text in ``<r>…</r>`` is text, and not markup to be trusted.
    """

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        kind, style = cell.__class__.__name__, cell.format._get_xf_index()
        if kind == "Number":
            self.fh.write(f'<c r="{_letter(col)}{row + 1}" s="{style}"><v>{cell.number:.16G}</v></c>')
        elif kind != "String":
            super()._write_cell(row, col, cell)
        elif _is_plain(cell.string):
            self.fh.write(f'<c r="{_letter(col)}{row + 1}" s="{style}" t="inlineStr"><is><t>{cell.string}</t></is></c>')
        else:
            text = self._escape_control_characters(cell.string)
            outer_blanks = text != text.strip()
            self._xml_inline_string(text, outer_blanks, [("r", f"{_letter(col)}{row + 1}"), ("s", style)])


_letter = cache(column_letter)
#: what is escaped in XML, what Excel takes for a control character, and outer blanks
_SPECIAL = re.compile(r"[&<>]|_x|^\s|\s$")


def _is_plain(text: str) -> bool:
    return text.isprintable() and not _SPECIAL.search(text)


_TITLE = {"bold": True, "font_size": 14, "valign": "vcenter", "font_name": "宋体"}
_HEADING = {
    "bold": True, "bg_color": "#D9E2F3", "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True,
    "font_name": "宋体",
}  # fmt: skip


_A3, _A4 = 8, 9
#: Characters that one page holds across before they get too small to read.
_UPRIGHT_CHARACTERS, _A4_CHARACTERS, _A3_CHARACTERS = 95, 170, 260
#: A table that goes on beside itself repeats these: the serial, the admission number and the name.
_REPEATED_COLUMNS = 3
_LINE_HEIGHT = 15


def _pages_across(width: int) -> int:
    return -(-width // _A3_CHARACTERS)


def style_page(page: Any, head: int, width: int) -> None:
    """How a table of ``width`` characters prints: headings of row ``head`` on each page, as large as can be read; one
    too wide for an A3 page goes on beside itself."""
    page.freeze_panes(head + 1, 0)
    if width > _UPRIGHT_CHARACTERS:
        page.set_landscape()
    page.set_paper(_A4 if width <= _A4_CHARACTERS else _A3)
    page.fit_to_pages(_pages_across(width), 0)
    page.repeat_rows(head)
    if _pages_across(width) > 1:
        page.repeat_columns(0, _REPEATED_COLUMNS - 1)
    page.set_footer("&C第 &P 页，共 &N 页")
    page.set_margins(0.4, 0.4, 0.6, 0.6)


@lru_cache(maxsize=10_000)
def row_height(text: str, width: int) -> int:
    """The height in points that ``text`` takes in a column of ``width`` characters. A Chinese character takes two."""
    taken = len(text) if text.isascii() else sum(1 if char.isascii() else 2 for char in text)
    return _LINE_HEIGHT * max(1, -(-taken // width))


def _write_rows(
    page: Any, first: int, columns: Sequence[FlatColumn], rows: Iterable[Sequence[Cell]], formats: dict[str, Any]
) -> int:
    writers: list[tuple[int, Callable[..., Any], Any]] = [
        (position, {"text": page.write_string, "share": page.write}.get(column.kind, page.write_number), formats[column.kind])
        for position, column in enumerate(columns)
    ]
    # Rows say how high they are: not every program works it out for cells that wrap.
    narrow = [(at, column.width, column.width // 2) for at, column in enumerate(columns) if column.kind == "text"]
    row = first
    for values in rows:
        height = _LINE_HEIGHT
        for at, width, sure in narrow:
            text = values[at]
            if text and len(str(text)) > sure:
                height = max(height, row_height(str(text), width))
        if height > _LINE_HEIGHT:
            page.set_row(row, height)
        for (position, write, style), value in zip(writers, values, strict=True):
            if value is None or value == "":
                page.write_blank(row, position, None, style)
            else:
                write(row, position, value, style)
        row += 1
    return row - first
