"""What was typed into the cells of a sheet, as the values that they hold."""

from collections.abc import Collection, Mapping

from skilleval.domain.criteria import CriterionSheet
from skilleval.domain.errors import RuleBroken
from skilleval.domain.marking import VALUE, Entered
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
