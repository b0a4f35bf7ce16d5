"""Sheets that come in, as typed columns with every error of every row."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Any

from skilleval.domain.errors import RuleBroken
from skilleval.sheets.columns import (
    Cell,
    CellError,
    CellRefused,
    Column,
    Report,
    are_tidy,
    column_letter,
    header_key,
    read_cell,
    shown,
)
from skilleval.sheets.headings import find_headings, map_headings
from skilleval.sheets.intake import Source, incoming, parse_cells

#: what marks a row of a template that only shows how to fill it in
EXAMPLE_MARK = "示例"
TEMPLATE_SHEET = "skilleval"

_TOTALS = ("合计", "总计", "小计")
#: what the first cell of a row that is no data may begin with
_SUSPECT = frozenset("示合总小 \u3000\u00a0\t\r\n")
#: more distinct cells of one column than this are not worth remembering
_REMEMBERED = 20_000


@dataclass(slots=True)
class Table:
    """One sheet as read, column by column, and every error of its rows.

    ``values`` holds a list for each column that is there, with None where a cell is blank or wrong; ``numbers`` are the
    rows of the spreadsheet that they come from.
    """

    file: str
    sheet: str
    columns: tuple[Column, ...]
    #: column key → position in the sheet, for the columns that are there
    positions: dict[str, int]
    headers: dict[str, str]
    #: columns of the sheet that nobody asked for, as a person names them
    ignored: tuple[str, ...] = ()
    numbers: list[int] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)
    errors: list[CellError] = field(default_factory=list)
    failed: set[int] = field(default_factory=set)
    #: (row number, column key) of each cell that has an error
    failed_cells: set[tuple[int, str]] = field(default_factory=set)
    read: int = 0
    skipped: int = 0
    _rows: list[tuple[int, dict[str, Any]]] | None = None

    @property
    def rows(self) -> list[tuple[int, dict[str, Any]]]:
        """Rows without an error so far, as (row number, values by column key)."""
        return [row for row in self.every_row if row[0] not in self.failed]

    @property
    def every_row(self) -> list[tuple[int, dict[str, Any]]]:
        """All rows, None where a cell is blank or wrong; the same list each time.

        Who checks further checks all of these, so that a row that has one error tells of its others at once.
        """
        if self._rows is None:
            keys = tuple(self.values)
            self._rows = [
                (number, dict(zip(keys, cells, strict=True)))
                for number, cells in zip(self.numbers, zip(*self.values.values(), strict=True), strict=True)
            ]
        return self._rows

    def column(self, key: str) -> Sequence[Any]:
        """The values of one column; where the sheet has no such column, None for every row."""
        return self.values[key] if key in self.values else [None] * len(self.numbers)

    def error(self, row: int, key: str, value: object, code: str, message: str) -> CellError:
        """An error found later, on a row and column of this sheet."""
        column = next(one for one in self.columns if one.key == key)
        position = self.positions.get(key)
        text = value if isinstance(value, str | int | float | bool | date) or value is None else str(value)
        return CellError(
            self.file, self.sheet, row, column_letter(position) if position is not None else "-",
            self.headers.get(key, column.header), shown(text, column), code, message,
        )  # fmt: skip

    def report(self) -> Report:
        """What was read so far, and the columns that nobody asked for."""
        notes = [f"工作表“{self.sheet}”的{'、'.join(self.ignored)}没有使用"] if self.ignored else []
        return Report(read=self.read, skipped=self.skipped, notes=notes)

    def fail(self, row: int, key: str, value: object, code: str, message: str) -> None:
        """Note an error on a row, which then counts as failed."""
        self.errors.append(self.error(row, key, value, code, message))
        self.failed.add(row)
        self.failed_cells.add((row, key))


@dataclass(slots=True)
class RawSheet:
    """The cells of one sheet, row by row from 1, as the child process sent them."""

    name: str
    rows: list[list[Cell]] = field(default_factory=list)


def file_hash(source: Source) -> str:
    """SHA-256 of a file as it came in."""
    with incoming(source).path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_table(
    path: Source,
    columns: Sequence[Column],
    *,
    template_id: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Table:
    """The sheet of ``path`` that has most of the headings of ``columns``, typed, with all errors of all rows.

    Refused with ``RuleBroken``: a file that is not what it says, another template, and headings that are missing or
    stand twice. Rows are typed as they arrive, so that the untyped ones are never all held.
    """
    best: _Typing | None = None
    current: _Typing | None = None
    sheet, hidden = "", False
    for message in parse_cells(path):
        if message[0] == "sheet":
            sheet, hidden, current = message[1], message[2], None
            continue
        if hidden:
            _check_template(path.name, sheet, message[2], template_id)
            continue
        if current is None:
            current = _Typing(path.name, sheet, message[2], columns)
            if best is None or current.fitness > best.fitness:
                best = current
        if current is best:
            current.add(message[1], message[2])
            if progress:
                progress(message[1] - 1 + len(message[2]))
    if best is None or best.is_empty:
        raise RuleBroken(f"{path.name} 是空文件，没有任何内容")
    return best.finish()


def read_sheets(path: Source, *, template_id: str | None = None) -> list[RawSheet]:
    """All visible sheets of a workbook, or the one of a text file, parsed in the child process.

    Refused with ``RuleBroken``: a file that is not what it says, and another template.
    """
    sheets: list[RawSheet] = []
    sheet, hidden = "", False
    for message in parse_cells(path):
        if message[0] == "sheet":
            sheet, hidden = message[1], bool(message[2])
            if not hidden:
                sheets.append(RawSheet(sheet))
        elif hidden:
            _check_template(path.name, sheet, message[2], template_id)
        else:
            sheets[-1].rows += message[2]
    return sheets


def type_sheet(file: str, sheet: RawSheet, columns: Sequence[Column]) -> Table:
    """A raw sheet read by ``columns``. Refused: headings that are missing or stand twice."""
    typing = _Typing(file, sheet.name, sheet.rows, columns)
    typing.add(1, sheet.rows)
    return typing.finish()


class _Typing:
    """A sheet on its way to a table: blocks of rows go in, typed columns come out."""

    def __init__(self, file: str, sheet: str, first_rows: list[list[Cell]], columns: Sequence[Column]) -> None:
        self.headings = find_headings(first_rows, columns)
        self.is_empty = True
        self._table: Table | None = None
        self._refusal: RuleBroken | None = None
        try:
            mapped = map_headings(file, sheet, self.headings, columns)
        except RuleBroken as refusal:
            # Another sheet of the book may have the headings; if none does, this is what to say.
            self._refusal = refusal
            return
        self._table = Table(file, sheet, tuple(columns), mapped.positions, mapped.headers, mapped.ignored)
        self._table.values = {column.key: [] for column in columns if column.key in mapped.positions}
        self._seen: dict[str, dict[Any, Any]] = {key: {} for key in self._table.values}

    @property
    def fitness(self) -> tuple[bool, int]:
        """How well the sheet answers to the columns: all required headings first, then the number of those known."""
        return self._table is not None, self.headings.known

    def add(self, first: int, rows: list[list[Cell]]) -> None:
        """Type ``rows``, of which the first is row ``first`` of the spreadsheet."""
        self.is_empty = self.is_empty and all(_is_blank(row) for row in rows)
        rows, first = rows[max(self.headings.first_row + 1 - first, 0) :], max(first, self.headings.first_row + 1)
        if self._table is None or not rows:
            return
        numbers, kept = self._leave_out(first, rows, self._table)
        if not kept:
            return
        cells = list(zip_longest(*kept))
        self._table.numbers += numbers
        for column in self._table.columns:
            if column.key in self._table.positions:
                position = self._table.positions[column.key]
                found = cells[position] if position < len(cells) else (None,) * len(kept)
                self._table.values[column.key] += self._type(column, found, numbers, self._table)

    def finish(self) -> Table:
        """The table. Refused: headings that are missing or stand twice."""
        if self._table is None:
            assert self._refusal is not None
            raise self._refusal
        self._table.errors.sort(key=lambda error: (error.row, len(error.column), error.column))
        return self._table

    @staticmethod
    def _leave_out(first: int, rows: list[list[Cell]], table: Table) -> tuple[list[int], list[list[Cell]]]:
        """Row numbers and rows without blank ones, examples and totals; the last two are counted as skipped."""
        out = set()
        for index, row in enumerate(rows):
            lead = row[0] if row else None
            # Most rows begin with something ordinary; only the others are looked at closely.
            if not lead or (lead.__class__ is str and lead[0] in _SUSPECT):
                if _is_blank(row):
                    out.add(index)
                elif _is_aside(row):
                    out.add(index)
                    table.skipped += 1
                    table.read += 1
        numbers = list(range(first, first + len(rows)))
        if out:
            numbers = [number for index, number in enumerate(numbers) if index not in out]
            rows = [row for index, row in enumerate(rows) if index not in out]
        table.read += len(rows)
        return numbers, rows

    def _type(self, column: Column, cells: Sequence[Cell], numbers: list[int], table: Table) -> list[Any]:
        """The values of one column of a block; few distinct cells make up most columns, so each is read once."""
        seen = self._seen[column.key]
        if len(seen) > _REMEMBERED:
            seen.clear()
        if not column.required:
            seen[None] = seen[""] = None
        unread = set(cells) - seen.keys()
        refused: dict[Cell, CellRefused] = {}
        if are_tidy(unread, column):
            seen.update(zip(unread, unread, strict=True))
            unread = set()
        for cell in unread:
            try:
                seen[cell] = read_cell(date(*cell) if isinstance(cell, tuple) else cell, column)
            except CellRefused as refusal:
                refused[cell] = refusal
        if not refused:
            return [seen[cell] for cell in cells]
        for number, cell in zip(numbers, cells, strict=True):
            if cell in refused:
                value = date(*cell) if isinstance(cell, tuple) else cell
                table.fail(number, column.key, value, refused[cell].code, refused[cell].message)
        return [seen.get(cell) for cell in cells]


def _is_blank(row: Sequence[Cell]) -> bool:
    return not any(cell is not None and cell != "" and (not isinstance(cell, str) or cell.strip()) for cell in row)


def _is_aside(row: Sequence[Cell]) -> bool:
    """A marked example row, or a total at the end."""
    lead = next((cell for cell in row if cell is not None and cell != ""), "")
    return header_key(lead).startswith((EXAMPLE_MARK, *_TOTALS))


def template_of(path: Source) -> str:
    """What form a workbook was made as; blank where it says nothing. Refused: a file that is none."""
    sheet = ""
    for message in parse_cells(path):
        if message[0] == "sheet":
            sheet = message[1]
        elif sheet == TEMPLATE_SHEET and message[2]:
            found = message[2][0][0] if message[2][0] else ""
            return found if isinstance(found, str) else ""
    return ""


def _check_template(file: str, sheet: str, rows: list[list[Cell]], expected: str | None) -> None:
    """Refused: a workbook that was made to fill in something else, or in an older form."""
    found = rows[0][0] if rows and rows[0] else ""
    if sheet != TEMPLATE_SHEET or expected is None or not isinstance(found, str) or found == expected:
        return
    if found.partition("/")[0] != expected.partition("/")[0]:
        raise RuleBroken(f"{file} 是另一种模板（{found}），这里需要 {expected}；请核对是否选错了文件")
    raise RuleBroken(f"{file} 的模板是 {found}，这里需要 {expected}；请核对文件，或重新生成模板后填写")
