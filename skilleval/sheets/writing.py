"""Workbooks for people to fill in, and the same workbook back with what is wrong.

Text is written as text: ``=1+1`` stays a name, and the digits of a number stay whole.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from skilleval.domain.ladder import Grade
from skilleval.sheets.columns import CellError, Column, column_letter
from skilleval.sheets.flat import row_height, style_page
from skilleval.sheets.intake import Source
from skilleval.sheets.reading import EXAMPLE_MARK, TEMPLATE_SHEET, RawSheet, read_sheets

INSTRUCTIONS_SHEET = "填写说明"
FILLABLE_ROWS = 2_000
_MAX_LIST = 240
_CELL_WIDTH, _REASON_WIDTH = 20, 60
#: kinds of columns whose cells are numbers
_NUMBERS = ("integer", "number", "mark")


@dataclass(slots=True)
class FormSheet:
    """One sheet to fill in: its columns, rows that are there already, and whether an example row is shown."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[dict[str, Any]] = field(default_factory=list)
    example: bool = True


def write_form(path: Path, sheets: Sequence[FormSheet], template_id: str, instructions: Iterable[str]) -> Path:
    """Write a workbook with drop-downs for code lists, text columns for numbers, an instructions sheet and a hidden
    sheet that holds the template's id."""
    with _book(path) as book:
        for sheet in sheets:
            _write_form_sheet(book, sheet)
        notes = book.add_worksheet(INSTRUCTIONS_SHEET)
        notes.set_column(0, 0, 110, book.add_format({"text_wrap": True, "valign": "top"}))
        for row, line in enumerate(instructions):
            notes.write_string(row, 0, line)
        hidden = book.add_worksheet(TEMPLATE_SHEET)
        hidden.write_string(0, 0, template_id)
        hidden.very_hidden()
    return path


def write_errors(path: Path, source: Source, errors: Sequence[CellError]) -> Path:
    """The sheet that was imported, with a column 错误原因 behind its rows and a comment on each wrong cell."""
    by_row: dict[tuple[str, int], list[CellError]] = {}
    for error in errors:
        by_row.setdefault((error.sheet, error.row), []).append(error)
    named = {error.sheet for error in errors}
    with _book(path) as book:
        for sheet in read_sheets(source):
            if sheet.name in named:
                _write_marked(book, sheet, by_row)
    return path


class _book:
    """A workbook written beside its place and moved there when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.draft = path.with_name(f".{path.name}.part")

    def __enter__(self) -> Any:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.book = xlsxwriter.Workbook(
            str(self.draft), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        )
        return self.book

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is not None:
            self.draft.unlink(missing_ok=True)
            return
        self.book.close()
        descriptor = os.open(self.draft, os.O_RDWR)
        os.fsync(descriptor)
        os.close(descriptor)
        self.draft.replace(self.path)


def _write_form_sheet(book: Any, form: FormSheet) -> None:
    page = book.add_worksheet(form.name)
    style_page(page, 0, sum(column.width for column in form.columns))
    page.hide_gridlines(0)
    text, plain = book.add_format({"num_format": "@"}), book.add_format()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    heads = [
        book.add_format({"bold": True, "bg_color": colour, "border": 1, "text_wrap": True, "valign": "vcenter"})
        for colour in ("#D9E2F3", "#FCE4D6")
    ]
    example = book.add_format({"italic": True, "font_color": "#808080", "num_format": "@"})
    for position, column in enumerate(form.columns):
        style = day if column.kind == "date" else plain if column.kind in _NUMBERS else text
        page.set_column(position, position, column.width, style)
        page.write_string(0, position, column.header + ("*" if column.required else ""), heads[column.required])
        if column.note:
            page.write_comment(0, position, column.note)
        labels = _labels(column)
        last = max(FILLABLE_ROWS, len(form.rows) + 1)
        if labels and len(",".join(labels)) <= _MAX_LIST:
            page.data_validation(1, position, last, position, {"validate": "list", "source": labels})
        if column.limits is not None:
            page.data_validation(1, position, last, position, _limits(column, column.limits))
    page.set_row(0, 32)
    first = 1
    if form.example:
        for position, column in enumerate(form.columns):
            shown = f"{EXAMPLE_MARK}：{column.example}" if position == 0 else column.example
            page.write_string(1, position, shown, example)
        first = 2
    for row, values in enumerate(form.rows, start=first):
        for position, column in enumerate(form.columns):
            _write(page, row, position, _show(values.get(column.key), column), day, text)


def _limits(column: Column, limits: tuple[float, float]) -> dict[str, Any]:
    """The validation of a number cell, and what a spreadsheet program says of one outside."""
    lowest, highest = limits
    return {
        "validate": "integer" if column.kind == "integer" else "decimal",
        "criteria": "between", "minimum": lowest, "maximum": highest,
        "error_title": "超出范围", "error_message": f"应在 {lowest:g} 至 {highest:g} 之间",
    }  # fmt: skip


def _labels(column: Column) -> list[str]:
    if column.kind == "yes_no":
        return ["是", "否"]
    if column.kind == "grade":
        return [*column.choices, *(grade.printed for grade in Grade)]
    return list(column.choices)


def _show(value: Any, column: Column) -> Any:
    """A stored value as a person fills it in."""
    if value is None:
        return ""
    labels = {stored: label for label, stored in column.choices.items()}
    if column.kind == "choice" or value in labels:
        return labels.get(value, value)
    if column.kind == "grade":
        return Grade(value).printed
    if column.kind == "yes_no":
        return "是" if value else "否"
    if column.kind == "mark":
        return value / 100
    if column.kind == "number":
        return float(value)
    return value


def _write(page: Any, row: int, position: int, value: Any, day: Any, text: Any, number: Any = None) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        page.write_boolean(row, position, value, number)
    elif isinstance(value, int | float):
        page.write_number(row, position, value, number)
    elif isinstance(value, date):
        page.write_datetime(row, position, value, day)
    else:
        page.write_string(row, position, str(value), text)


def _write_marked(book: Any, sheet: RawSheet, by_row: dict[tuple[str, int], list[CellError]]) -> None:
    page = book.add_worksheet(sheet.name)
    day, text = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "@"})
    wrong = book.add_format({"bg_color": "#FFC7CE", "num_format": "@"})
    wrong_day = book.add_format({"bg_color": "#FFC7CE", "num_format": "yyyy-mm-dd"})
    wrong_number = book.add_format({"bg_color": "#FFC7CE"})
    reason = book.add_format({"bg_color": "#FFC7CE", "num_format": "@", "text_wrap": True, "valign": "top"})
    width = max((len(row) for row in sheet.rows), default=0)
    headings = {error.header for (name, _row), errors in by_row.items() if name == sheet.name for error in errors}
    for index, row in enumerate(sheet.rows):
        errors = by_row.get((sheet.name, index + 1), [])
        letters = {error.column: error for error in errors}
        for position, cell in enumerate(row):
            value = date(*cell) if isinstance(cell, tuple) else cell
            error = letters.get(column_letter(position))
            if error is None:
                _write(page, index, position, value, day, text)
                continue
            _write(page, index, position, value, wrong_day, wrong, wrong_number)
            if value in (None, ""):
                page.write_blank(index, position, None, wrong)
            page.write_comment(index, position, error.message)
        if errors:
            told = "；".join(f"{one.header}：{one.message}" for one in errors)
            page.set_row(index, row_height(told, _REASON_WIDTH))
            page.write_string(index, width, told, reason)
    heading = next(
        (index for index, row in enumerate(sheet.rows) if headings & {str(cell).strip() for cell in row if cell}), 0
    )
    page.write_string(heading, width, "错误原因", wrong)
    page.set_column(0, width - 1, _CELL_WIDTH)
    page.set_column(width, width, _REASON_WIDTH)
    style_page(page, heading, _CELL_WIDTH * width + _REASON_WIDTH)
    page.hide_gridlines(0)
