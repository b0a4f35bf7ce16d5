"""Finding the headings of a sheet: below title rows, over one row or two, by their other spellings."""

from collections.abc import Sequence
from dataclasses import dataclass

from skilleval.domain.errors import RuleBroken
from skilleval.sheets.columns import Cell, Column, column_letter, header_key

#: headings stand within the first rows of a sheet
SEARCH = 30
#: a column of mere serials is nobody's loss
_SERIALS = ("序号", "编号", "no", "no.")


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings of a sheet by position, the index of the row that follows them, and how many are known."""

    names: tuple[str, ...]
    first_row: int
    known: int


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where each column stands, what its heading says there, and which columns of the sheet nobody asked for."""

    positions: dict[str, int]
    headers: dict[str, str]
    ignored: tuple[str, ...]


def find_headings(rows: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> Headings:
    """The row that has the most headings, or the pair of rows where two together have more than one alone."""
    known = set().union(*(_spellings(column) for column in columns))
    best = Headings((), 0, 0)
    for index, row in enumerate(rows[:SEARCH]):
        alone = tuple(_text(cell) for cell in row)
        below = rows[index + 1] if index + 1 < len(rows) else ()
        best = max(best, _counted(alone, index + 1, known), key=lambda one: one.known)
        best = max(best, _counted(_joined(alone, below, known), index + 2, known), key=lambda one: one.known)
    return best


def map_headings(file: str, sheet: str, headings: Headings, columns: Sequence[Column]) -> Mapped:
    """Each column's place. Refused: a required heading that is missing, and any heading that stands twice."""
    positions: dict[str, int] = {}
    problems = []
    keys = [header_key(name) for name in headings.names]
    for column in columns:
        spellings = _spellings(column)
        found = [position for position, key in enumerate(keys) if key in spellings]
        if len(found) > 1:
            letters = "、".join(f"{column_letter(position)}列“{headings.names[position]}”" for position in found)
            problems.append(f"表头“{column.header}”出现了 {len(found)} 次：{letters}，请只保留一列")
        elif found:
            positions[column.key] = found[0]
        elif column.required:
            others = f"（也可写作 {'、'.join(column.synonyms)}）" if column.synonyms else ""
            problems.append(f"缺少表头“{column.header}”{others}")
    if problems:
        raise RuleBroken(f"{file} 的工作表“{sheet}”表头不符，未导入任何数据；请使用模板", problems)
    taken = set(positions.values())
    ignored = tuple(
        f"{column_letter(position)}列“{name}”"
        for position, name in enumerate(headings.names)
        if position not in taken and keys[position] and keys[position] not in _SERIALS
    )
    return Mapped(positions, {key: headings.names[position] for key, position in positions.items()}, ignored)


def _spellings(column: Column) -> set[str]:
    return {header_key(name) for name in (column.header, *column.synonyms)}


def _text(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _counted(names: tuple[str, ...], first_row: int, known: set[str]) -> Headings:
    return Headings(names, first_row, len({header_key(name) for name in names if name} & known))


def _joined(above: tuple[str, ...], below: Sequence[Cell], known: set[str]) -> tuple[str, ...]:
    """Two rows of headings as one: 姓名 merged downwards, or 现持证书 over 等级, 编号, 发证日期.

    A merged cell has its text in its first column only, so a blank above takes the text to its left.
    """
    names = []
    group = ""
    for position in range(max(len(above), len(below))):
        upper = above[position] if position < len(above) else ""
        lower = _text(below[position]) if position < len(below) else ""
        group = upper or group
        if not lower:
            names.append(upper)
        elif header_key(group + lower) in known:
            names.append(group + lower)
        else:
            names.append(lower)
    return tuple(names)
