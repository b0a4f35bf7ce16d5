"""What was entered of one candidate on one sheet so far: its range, what is missing, what it comes to.

Nothing here is a mark: a draft (草稿) counts nowhere, and what is not entered is missing and never 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from skilleval.domain import criteria
from skilleval.domain.criteria import CriterionSheet
from skilleval.domain.schemes import Scored
from skilleval.domain.scoring import check_mark, show

#: the cell of a sheet that has no criteria, and the one that says that nobody came
VALUE, ABSENT = "value", "absent"


@dataclass(frozen=True, slots=True)
class Entered:
    """The cells of one candidate that are filled in: hundredths, or occurrences of a deduction, by code; or absent."""

    absent: bool = False
    value: int | None = None
    items: Mapping[str, int] = field(default_factory=dict)
    vetoes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing is filled in."""
        return not (self.absent or self.items or self.vetoes) and self.value is None

    def cell(self, key: str) -> str:
        """What stands in a cell, as people read it; empty where nothing does."""
        if key == ABSENT:
            return "是" if self.absent else ""
        if key == VALUE:
            return "" if self.value is None else show(self.value)
        return "是" if key in self.vetoes else ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell in which two people entered different things: its label and what each entered."""

    label: str
    first: str
    second: str


def problems(entered: Entered, maximum: int, plan: CriterionSheet | None) -> list[str]:
    """Everything that may not be entered, with the range that may: nothing out of range is ever kept."""
    told = []
    if entered.absent and (entered.value is not None or entered.items or entered.vetoes):
        told.append("已标缺考，不能再有评分")
    if entered.value is not None and not 0 <= entered.value <= maximum:
        told.append(f"分数应在 0 至 {show(maximum)} 之间")
    if plan is None:
        return told + [f"这一部分没有评分项 {code}" for code in (*entered.items, *entered.vetoes)]
    known = {one.code: one for one in plan.criteria}
    told += [known[code].limits for code, value in entered.items.items() if code in known and not 0 <= value <= known[code].highest]
    strange = set(entered.items) - set(known) | set(entered.vetoes) - {one.code for one in plan.vetoes}
    told += [f"评分表中没有 {code}" for code in sorted(strange)]
    return told if entered.value is None else [*told, "这一部分按评分表计分，不能直接填分数"]


def missing(entered: Entered, plan: CriterionSheet | None) -> list[str]:
    """The cells that are still to be filled in; none for an absent candidate, nor after a safety veto."""
    if entered.absent or entered.vetoes:
        return []
    if plan is None:
        return ["分数"] if entered.value is None else []
    return [one.label for one in plan.criteria if one.code not in entered.items]


def running(entered: Entered, plan: CriterionSheet | None) -> int | None:
    """What the filled cells come to so far, in hundredths; None for an absent candidate and where nothing is filled in."""
    if entered.absent or entered.is_empty:
        return None
    return entered.value if plan is None else criteria.tally(plan, entered.items, entered.vetoes)


def scored(entered: Entered, maximum: int, plan: CriterionSheet | None) -> Scored:
    """The mark with its lines; its value is None for an absent candidate. Refused: a mark out of range or not whole."""
    if entered.absent:
        return Scored(None)
    if plan is not None:
        return criteria.score(plan, entered.items, entered.vetoes)
    if entered.value is not None:
        check_mark(entered.value, maximum)
    return Scored(entered.value, missing=tuple(missing(entered, plan)))


def differences(first: Entered, second: Entered, plan: CriterionSheet | None) -> list[Difference]:
    """The cells in which two people entered different things, in the order of the sheet."""
    return [
        Difference(label, one, other)
        for key, label in cells(plan)
        if (one := shown(first, key, plan)) != (other := shown(second, key, plan))
    ]


def cells(plan: CriterionSheet | None) -> Iterator[tuple[str, str]]:
    """(key, label) of each cell of a candidate: the criteria and vetoes or the one number, then 缺考."""
    if plan is None:
        yield VALUE, "分数"
    else:
        yield from ((one.code, one.label) for one in plan.criteria)
        yield from ((one.code, f"{one.label}（安全否决）") for one in plan.vetoes)
    yield ABSENT, "缺考"


def shown(entered: Entered, key: str, plan: CriterionSheet | None) -> str:
    """What stands in a cell: points with two places, occurrences, or 是; empty where nothing does."""
    criterion = next((one for one in plan.criteria if one.code == key), None) if plan is not None else None
    if criterion is None:
        return entered.cell(key)
    value = entered.items.get(key)
    if value is None:
        return ""
    return show(value) if criterion.kind == "add" else str(value)
