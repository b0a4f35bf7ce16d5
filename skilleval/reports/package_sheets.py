"""The workbooks of a package read back by the templates they were written by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from skilleval.domain.identifiers import mask_number
from skilleval.reports.findings import Finding
from skilleval.reports.templates import Column, Template, Value

_MASKED = ("id_number", "phone", "masked_id_number")


@dataclass(slots=True)
class Line:
    """One row: its number in the spreadsheet, its values by column key, and the keys already found wrong.

    A cell that was found wrong once is not compared again, so that one mistake is one finding.
    """

    row: int
    values: dict[str, Value]
    wrong: set[str] = field(default_factory=set)
    #: a copy of another row: told once, then left out
    repeated: bool = False

    def get(self, key: str) -> Value:
        """The value of a sound cell; None where the cell is empty or was found wrong."""
        return None if key in self.wrong else self.values.get(key)

    def text(self, key: str) -> str:
        """The value of a sound text cell, "" where there is none."""
        value = self.get(key)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One workbook of the package."""

    template: Template
    lines: tuple[Line, ...]
    title: str = ""

    def finding(self, code: str, line: Line | None, key: str, message: str) -> Finding:
        """A finding in the cell of ``key``, which from now on counts as wrong."""
        heading, letter, value = key, "", ""
        for position, column in enumerate(self.template.columns):
            if column.key == key:
                heading, letter = column.heading, _letter(position)
                value = _shown(self.template, column, line.values.get(key)) if line is not None else ""
        if line is not None:
            line.wrong.add(key)
        row = line.row if line else None
        return Finding(code, message, self.template.file, row, letter, heading if letter else "", value)

    def has(self, key: str) -> bool:
        """Whether the sheet has this column."""
        return any(column.key == key for column in self.template.columns)


def _letter(position: int) -> str:
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _shown(template: Template, column: Column, value: Value) -> str:
    """A value as its cell shows it; of a cell that could not be read, its text."""
    if value is None:
        return ""
    if column.key in _MASKED:
        return mask_number(str(value))
    if column.kind.startswith("codes:"):
        return template.codes[column.kind[6:]].get(str(value), str(value))
    return value if isinstance(value, str) else str(template.written(column, value))


def read_sheet(template: Template, rows: Sequence[Sequence[object]]) -> tuple[Sheet, list[Finding]]:
    """The lines under the template's headings, with a finding for each cell that is not as the template says."""
    found: list[Finding] = list(_headings(template, rows))
    if found:
        return Sheet(template, ()), found
    lines = []
    for number, cells in enumerate(rows[template.heading_row :], start=template.heading_row + 1):
        line = Line(number, {})
        sheet = Sheet(template, ())
        for column, cell in zip(template.columns, [*cells, *[None] * len(template.columns)], strict=False):
            found.extend(_read_cell(sheet, line, column, cell))
        found.extend(_foreign_cells(template, number, cells))
        lines.append(line)
    title = str(rows[0][0] or "") if template.title and rows[0] else ""
    return Sheet(template, tuple(lines), title), found


def _foreign_cells(template: Template, row: int, cells: Sequence[object]) -> Iterator[Finding]:
    for position, cell in enumerate(cells[len(template.columns) :], start=len(template.columns)):
        if cell not in (None, ""):
            yield Finding("cell", "模板没有这一列，却有内容", template.file, row, _letter(position), "空", "")


def _headings(template: Template, rows: Sequence[Sequence[object]]) -> Iterator[Finding]:
    row = template.heading_row
    if len(rows) < row:
        yield Finding("headings", f"“{template.label}”没有表头", template.file, row)
        return
    written = list(rows[row - 1])
    while written and written[-1] in (None, ""):
        written.pop()
    for position, column in enumerate(template.columns):
        found = written[position] if position < len(written) else None
        if found != column.heading:
            message = f"此列应为“{column.heading}”，实为“{found or '空'}”"
            yield Finding("headings", message, template.file, row, _letter(position), column.heading, str(found or ""))
    for position in range(len(template.columns), len(written)):
        message = f"模板没有的列“{written[position]}”"
        yield Finding("headings", message, template.file, row, _letter(position), str(written[position]))


def _read_cell(sheet: Sheet, line: Line, column: Column, cell: object) -> Iterator[Finding]:
    line.values[column.key] = None
    try:
        line.values[column.key] = sheet.template.read(column, cell)
    except ValueError as error:
        line.values[column.key] = str(cell)
        yield sheet.finding("cell", line, column.key, f"“{column.heading}”的内容不合要求：{error}")
        return
    if column.required and line.values[column.key] is None:
        yield sheet.finding("required", line, column.key, f"“{column.heading}”不能为空")


Sheets = Mapping[str, Sheet]
