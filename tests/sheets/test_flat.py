"""Flat workbooks read back: their cells, and what a printed page shows of them."""

import io
import zipfile
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from xlsxwriter.worksheet import Worksheet

from skilleval.sheets import flat
from skilleval.sheets.flat import FlatColumn, row_height, write_flat

LONG = "取得四级/中级工职业资格证书后，累计从事本职业或相关职业工作5年（含）以上"


def written(columns: list[FlatColumn], *rows: list[str]) -> Any:
    file = io.BytesIO()
    write_flat(file, "表", "某厂评价计划（2026-DG-01）", columns, rows)
    return openpyxl.load_workbook(file)["表"]


def test_text_that_is_too_long_wraps_and_its_row_is_high_enough() -> None:
    page = written([FlatColumn("姓名", 10), FlatColumn("申报条件", 30)], ["张三", LONG], ["李四", "短"])

    assert page["B3"].alignment.wrap_text
    assert page.row_dimensions[3].height == row_height(LONG, 30) == 45
    assert page.row_dimensions[4].height in (None, 15)


def test_the_title_of_a_table_on_two_pages_side_by_side_stands_on_the_first() -> None:
    wide = written([FlatColumn(f"列{number}", 40) for number in range(10)], ["x"] * 10)
    narrow = written([FlatColumn(f"列{number}", 20) for number in range(5)], ["x"] * 5)

    assert (wide["A1"].alignment.horizontal, wide.page_setup.fitToWidth) == ("left", 2)
    assert narrow["A1"].alignment.horizontal == "center"


def test_a_narrow_table_prints_upright() -> None:
    narrow = written([FlatColumn("甲", 20), FlatColumn("乙", 20)], ["x", "y"])
    wide = written([FlatColumn("甲", 20), FlatColumn("乙", 100)], ["x", "y"])

    assert narrow.page_setup.orientation in (None, "portrait")
    assert wide.page_setup.orientation == "landscape"


COLUMNS = (FlatColumn("姓名", 10), FlatColumn("人数", 8, "integer"), FlatColumn("成绩", 8, "mark"))
TEXTS = ["张三", "=1+1", "a&b", "<b>", '"x"', " x", "x ", "\u3000x", "x\u00a0", "a\nb", "\nx", "x\x07", "_x0007_", "_x", "𠮷", "\ufffe", ""]


def cells(rows: list[tuple[flat.Cell, ...]]) -> tuple[list[list[object]], bytes]:
    """What a spreadsheet program reads, and the XML of the sheet."""
    file = io.BytesIO()
    assert write_flat(file, "表", "标题", COLUMNS, rows) == len(rows)
    page = openpyxl.load_workbook(file)["表"]
    return [[cell.value for cell in row] for row in page.iter_rows(min_row=3)], zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml")


def test_cells_are_those_that_the_library_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[tuple[flat.Cell, ...]] = [(text, 3, Decimal("81.5")) for text in TEXTS] + [("甲", 1_000_000, Decimal("0.01")), (None, None, None)]

    ours = cells(rows)
    monkeypatch.setattr(flat, "_Page", Worksheet)

    assert ours == cells(rows)


@pytest.mark.parametrize("text", ["<r><t>x</t></r>", "<r></t></is></c><c><v>1</v></c></r>"])
def test_markup_in_a_text_stays_text(text: str) -> None:
    read, _xml = cells([(text, 1, None)])

    assert read == [[text, 1, None]]
