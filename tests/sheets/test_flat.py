"""Flat workbooks read back: what a printed page shows of them."""

import io
from typing import Any

import openpyxl

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
