"""G2 and G3: the filing workbook, and the check of a column of ID numbers."""

import io
import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from skilleval.domain.ladder import Grade
from skilleval.reports.filing import filing_templates
from skilleval.reports.filing_lines import ResultLine
from skilleval.sheets.flat import Cell
from tests.harness.measure import Goal, Limit

_REGEX = re.compile(r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]")


@cache
def _numbers(rows: int) -> list[str]:
    """``rows`` well-formed ID numbers of the unassigned area, two percent of them with a wrong check digit."""
    from stdnum.iso7064 import mod_11_2

    numbers = []
    for index in range(rows):
        body = f"440999{date.fromordinal(725_000 + index % 12_000):%Y%m%d}{index % 1000:03d}"
        digit = mod_11_2.calc_check_digit(body)
        numbers.append(body + (digit if index % 50 else ("1" if digit != "1" else "2")))
    return numbers


def check_ours(_folder: Path, rows: int) -> Any:
    from skilleval.idcheck import resident_id_errors

    return int((resident_id_errors(_numbers(rows)) != 0).sum())


def check_regex(_folder: Path, rows: int) -> Any:
    match = _REGEX.fullmatch
    return sum(1 for number in _numbers(rows) if not match(number))


def check_naive(_folder: Path, rows: int) -> Any:
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    wrong = 0
    for number in _numbers(rows):
        try:
            datetime.strptime(number[6:14], "%Y%m%d")
            total = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True))
            wrong += "10X98765432"[total % 11] != number[17]
        except ValueError:
            wrong += 1
    return wrong


@cache
def _lines(rows: int) -> list[ResultLine]:
    numbers = _numbers(rows)
    return [
        ResultLine(
            serial=index + 1, admission_number=f"2026-DG-01-{index:06d}", name=f"甲{index % 97}乙",
            id_type="resident_id", id_number=numbers[index], sex="male", education="高中", occupation_name="电工",
            trade="", grade=Grade.SENIOR, outcome="passed", institution="岭南精工制造有限公司",
            registration_number="Y000044000123",
            batch_number="2026-DG-01", theory=8150, skill=7700, total=7880,
            certificate_number=f"Y000044000123263{index:06d}", issued_on=date(2026, 6, 23),
        )
        for index in range(rows)
    ]  # fmt: skip


@cache
def _cells(rows: int) -> list[list[Cell]]:
    template = filing_templates()["results"]
    writers = [(column.key, template.writer(column)) for column in template.columns]
    return [[write(getattr(line, key)) for key, write in writers] for line in _lines(rows)]


def _warm_workbook(rows: int) -> object:
    return _lines(rows), _cells(rows)


def write_ours(_folder: Path, rows: int) -> Any:
    from skilleval.reports.package import write_sheet

    return write_sheet(io.BytesIO(), filing_templates()["results"], "标题", _lines(rows))


def write_xlsxwriter(_folder: Path, rows: int) -> Any:
    """The same cells, ready made, with a style and nothing else."""
    import xlsxwriter

    book = xlsxwriter.Workbook(io.BytesIO(), {"constant_memory": True})
    page, text = book.add_worksheet(), book.add_format({"num_format": "@", "border": 1})
    mark = book.add_format({"num_format": "0.00", "border": 1})
    page.freeze_panes(1, 0)
    for row, cells in enumerate(_cells(rows)):
        for column, cell in enumerate(cells):
            if cell is None:
                page.write_blank(row, column, None, text)
            elif isinstance(cell, str):
                page.write_string(row, column, cell, text)
            else:
                page.write_number(row, column, cell, mark)
    book.close()


def write_pandas(_folder: Path, rows: int) -> Any:
    import pandas

    pandas.DataFrame(_cells(rows)).to_excel(io.BytesIO(), engine="openpyxl", index=False)


GOALS = (
    Goal(
        "G2",
        "filing workbook, 22 columns",
        {"ours": write_ours, "xlsxwriter": write_xlsxwriter, "pandas+openpyxl": write_pandas},
        (
            Limit("xlsxwriter", "at most", 1.15),
            Limit("pandas+openpyxl", "at least", 2),
            Limit("", "MB at most", 30),
        ),
        warm=_warm_workbook,
    ),
    Goal(
        "G3",
        "ID numbers checked",
        {"ours": check_ours, "one regex": check_regex, "naive loop": check_naive},
        (Limit("one regex", "at most", 1.5), Limit("naive loop", "at least", 20)),
        warm=_numbers,
    ),
)
