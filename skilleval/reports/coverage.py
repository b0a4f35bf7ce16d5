"""The coverage matrix of a specification as a workbook: requirement × grade with items, points, planned and actual weight.

S51 二(三)2 in guangdong-rules.md: questions and criteria follow the knowledge and skill requirements.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from skilleval.domain.coverage import Cell, Cover, Matrix
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import show
from skilleval.sheets.flat import Cell as SheetCell
from skilleval.sheets.flat import FlatColumn, FlatSheet, write_tables

UNKNOWN = "未知"
LIST = tuple(
    FlatColumn(heading, width, kind)
    for heading, width, kind in (
        ("等级", 16, "text"), ("评价部分", 16, "text"), ("要求（职业功能）", 32, "text"), ("标准是否列有", 12, "text"),
        ("启用项目数", 12, "integer"), ("分值", 10, "mark"), ("计划权重", 12, "text"), ("实际权重", 12, "text"), ("结论", 12, "text"),
    )
)  # fmt: skip
TASKS = (FlatColumn("职业功能", 32), FlatColumn("没有技能项目考到的工作内容", 50))


def percent(share: Fraction | None) -> str:
    """A share of 1 in percent with one decimal; a dash where the part has no item in use."""
    if share is None:
        return "—"
    value = Decimal(share.numerator * 100) / Decimal(share.denominator)
    return f"{value:.1f}%"


def planned(cell: Cell) -> str:
    """The planned weight in percent, or 未知."""
    return UNKNOWN if cell.planned is None else f"{cell.planned}%"


def write_coverage(path: Path, found: Matrix, notes: Sequence[tuple[str, str]]) -> Path:
    """Write a sheet of notes, the matrix (requirements down, grades across), every cell as a row, and untested tasks."""
    grades = list(dict.fromkeys(cell.grade for cell in found.cells))
    across = [FlatColumn("评价部分", 16), FlatColumn("要求（职业功能）", 32), *(FlatColumn(one.printed, 22) for one in grades)]
    sheets = [
        FlatSheet("覆盖矩阵", across, _matrix(found)),
        FlatSheet("明细", LIST, _rows(found.cells)),
        FlatSheet("未考到的工作内容", TASKS, found.untested_tasks),
    ]
    return write_tables(path, notes, sheets)


def _matrix(found: Matrix) -> Iterator[Sequence[SheetCell]]:
    grades = list(dict.fromkeys(cell.grade for cell in found.cells))
    cells = {(cell.method, cell.function, cell.grade): cell for cell in found.cells}
    for method in METHODS:
        for function in dict.fromkeys(cell.function for cell in found.cells if cell.method == method):
            told = [cells.get((method, function, grade)) for grade in grades]
            yield (METHODS[method].name_zh, function, *(_told(cell) if cell else "—" for cell in told))


def _told(cell: Cell) -> str:
    if cell.cover is Cover.UNCOVERED:
        return f"{cell.cover.name_zh}（计划 {planned(cell)}）"
    return f"{cell.items}项 {show(cell.points)}分 {planned(cell)}→{percent(cell.actual)} {cell.cover.name_zh}"


def _rows(cells: Iterable[Cell]) -> Iterator[Sequence[SheetCell]]:
    for cell in cells:
        yield (
            cell.grade.printed, METHODS[cell.method].name_zh, cell.function, "是" if cell.listed else "否", cell.items,
            Decimal(cell.points) / 100, planned(cell), percent(cell.actual), cell.cover.name_zh,
        )  # fmt: skip
