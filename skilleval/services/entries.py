"""What was typed into the cells of a sheet or of a record, as the values that they hold."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from skilleval.domain.criteria import CriterionSheet
from skilleval.domain.errors import RuleBroken
from skilleval.domain.marking import VALUE, Entered
from skilleval.domain.observations import Observation, Observing
from skilleval.domain.performance import Review
from skilleval.sheets.columns import CellRefused, Column, read_cell


def read_entered(typed: Mapping[str, str], ticked: Collection[str], plan: CriterionSheet | None, *, absent: bool) -> Entered:
    """The cells as typed, by code (``value`` where there are no criteria), with the vetoes that were ticked.

    Refused with every cell that is no number; the range is looked at by ``domain.marking.problems``.
    """
    columns = (
        [Column(VALUE, "分数", "mark")] if plan is None else
        [Column(one.code, one.label, "mark" if one.kind == "add" else "integer") for one in plan.criteria]
    )  # fmt: skip
    found, problems = {}, []
    for column in columns:
        try:
            value = read_cell(typed.get(column.key), column)
        except CellRefused as refusal:
            problems.append(f"“{column.header}”填的是“{typed[column.key][:20]}”，{refusal.message}")
            continue
        if value is not None:
            found[column.key] = value
    if problems:
        raise RuleBroken("没有保存：" + "；".join(problems), problems)
    if plan is None:
        return Entered(absent, found.get(VALUE))
    return Entered(absent, None, found, tuple(one.code for one in plan.vetoes if one.code in ticked))


def read_values(typed: Mapping[tuple[str, str], str], plan: Review) -> dict[tuple[str, str], Decimal]:
    """Values by (period, indicator code); what is left open is not there. Refused with every cell that is no number."""
    labels = {one.code: one.label for one in plan.indicators}
    found: dict[tuple[str, str], Decimal] = {}
    problems: list[str] = []
    for (period, code), text in typed.items():
        value = _read(text, Column(code, f"{period} {labels[code]}", "number"), problems)
        if value is not None:
            found[period, code] = value
    _refuse(problems)
    return found


def read_observations(typed: Sequence[Mapping[str, str]], plan: Observing) -> tuple[Observation, ...]:
    """Observations row by row (day, occasion, observer, score); a row in which nothing is filled in is none.

    Refused with every cell that can't be read, and every row that is half filled in.
    """
    codes = {one.code: one.code for one in plan.occasions}
    columns = (
        Column("day", "日期", "date"), Column("occasion", "考核项目", "choice", choices=codes), Column("observer", "观察人"),
        Column("score", "得分", "mark"),
    )  # fmt: skip
    found: list[Observation] = []
    problems: list[str] = []
    for number, row in enumerate(typed, start=1):
        if not any(text.strip() for text in row.values()):
            continue
        before = len(problems)
        values = {column.key: _read(row.get(column.key, ""), column, problems, f"第 {number} 行") for column in columns}
        lacking = [column.header for column in columns if values[column.key] is None]
        if lacking and len(problems) == before:
            problems.append(f"第 {number} 行还缺{'、'.join(lacking)}")
        elif not lacking:
            found.append(Observation(**values))
    _refuse(problems)
    return tuple(found)


def _read(text: str, column: Column, problems: list[str], where: str = "") -> Any:
    try:
        return read_cell(text, column)
    except CellRefused as refusal:
        problems.append(f"{where}“{column.header}”填的是“{text[:20]}”，{refusal.message}")
        return None


def _refuse(problems: list[str]) -> None:
    if problems:
        raise RuleBroken("没有保存：" + "；".join(problems), problems)
