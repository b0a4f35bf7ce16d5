"""The criterion sheet (评分表) of a skill test: criteria that give points (得分) or lose them (扣分), caps, safety vetoes.

All points are whole hundredths, so nothing here rounds. Deductions are lost from what the criterion is worth; one worth
nothing (maximum 0) is lost from the whole. A mark is never below 0.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from skilleval.domain.errors import RuleBroken
from skilleval.domain.schemes import Scored, ScoredLine
from skilleval.domain.scoring import show

CRITERION_KINDS = {"add": "得分", "deduct": "扣分"}
#: the most occurrences that one may enter of one deduction: more is a slip of the pen (the software's own limit)
MOST_TIMES = 99


@dataclass(frozen=True, slots=True)
class Group:
    """Criteria that stand together: the most that they give, and the most that they may lose together (None: no limit)."""

    name: str
    maximum: int
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the sheet. A deduction (扣分) loses ``each`` an occurrence, at most ``cap``."""

    code: str
    name: str
    group: str
    kind: str
    maximum: int
    each: int = 0
    cap: int = 0

    @property
    def label(self) -> str:
        """As it is named to people."""
        return f"{self.code} {self.name}"

    @property
    def highest(self) -> int:
        """The most that may be entered: hundredths of points, or occurrences."""
        return self.maximum if self.kind == "add" else MOST_TIMES

    @property
    def limits(self) -> str:
        """What may be entered, in Chinese."""
        if self.kind == "add":
            return f"“{self.label}”应在 0 至 {show(self.maximum)} 分之间"
        return f"“{self.label}”应为扣分次数，0 至 {MOST_TIMES} 次（每次扣 {show(self.each)} 分，最多扣 {show(self.cap)} 分）"


@dataclass(frozen=True, slots=True)
class Veto:
    """A safety veto item (安全否决项): who does it gets 0 for the part."""

    code: str
    name: str

    @property
    def label(self) -> str:
        """As it is named to people."""
        return f"{self.code} {self.name}"


@dataclass(frozen=True, slots=True)
class CriterionSheet:
    """A whole sheet. Its groups, criteria and vetoes in the order in which they are printed."""

    groups: tuple[Group, ...]
    criteria: tuple[Criterion, ...]
    vetoes: tuple[Veto, ...] = ()

    @property
    def maximum(self) -> int:
        """What the sheet gives at most."""
        return sum(min(group.maximum, sum(one.maximum for one in self.within(group))) for group in self.groups)

    def within(self, group: Group) -> list[Criterion]:
        """The criteria of a group."""
        return [one for one in self.criteria if one.group == group.name]

    def problems(self, maximum: int) -> list[str]:
        """Everything that makes this no sheet for a part of that maximum."""
        names = {group.name for group in self.groups}
        codes = [one.code for one in self.criteria] + [one.code for one in self.vetoes]
        told = [f"编号 {code} 写了 {codes.count(code)} 次" for code in sorted(set(codes)) if codes.count(code) > 1]
        told += [f"criterion {one.label} 的 group “{one.group}”没有定义" for one in self.criteria if one.group not in names]
        if len(names) < len(self.groups):
            told.append("group 的 name 重复")
        told += [problem for one in self.criteria for problem in _criterion_problems(one)]
        for group in self.groups:
            own = self.within(group)
            total = sum(one.maximum for one in own)
            if not own:
                told.append(f"group {group.name} 没有评分项")
            elif group.maximum > total:
                told.append(f"group {group.name} 的 maximum {show(group.maximum)} 大于各项之和 {show(total)}")
        if not told and self.maximum != maximum:
            told.append(f"评分表满分为 {show(self.maximum)}，应与评价规范这一部分的满分 {show(maximum)} 相同")
        return told


def _criterion_problems(one: Criterion) -> Iterator[str]:
    if one.kind not in CRITERION_KINDS:
        yield f"criterion {one.label} 的 kind 应为：{'、'.join(CRITERION_KINDS)}"
    elif one.kind == "add":
        if one.maximum <= 0:
            yield f"criterion {one.label} 的 maximum 应大于 0"
        if one.each or one.cap:
            yield f"criterion {one.label} 是得分项，不能写 each、cap"
    elif one.each <= 0 or one.cap < one.each:
        yield f"criterion {one.label} 是扣分项，each 应大于 0，cap 不小于 each"
    elif one.maximum and one.cap > one.maximum:
        yield f"criterion {one.label} 的 cap {show(one.cap)} 大于该项 maximum {show(one.maximum)}"


def score(sheet: CriterionSheet, entered: Mapping[str, int | None], vetoed: Collection[str] = ()) -> Scored:
    """The mark of a filled sheet: hundredths by code for what gives points, occurrences for what loses them.

    The points of the lines add up to the mark. A veto ends the test, so after one criteria may be left open. Refused with
    every reason: a criterion that is missing or out of range, a code that the sheet has not.
    """
    problems = _entry_problems(sheet, entered, vetoed)
    if problems:
        raise RuleBroken("评分表没有填完或填错", problems)
    lines = [line for group in sheet.groups for line in _group_lines(sheet, group, entered)]
    total = sum(line.points for line in lines)
    if total < 0:
        lines.append(ScoredLine("", "", -total, f"扣分多于得分，按 {show(0)} 计"))
        total = 0
    marked = [veto for veto in sheet.vetoes if veto.code in vetoed]
    lines += [ScoredLine(one.code, "是", 0, f"安全否决项 {one.label}") for one in marked]
    names = "、".join(one.label for one in marked)
    if not marked:
        return Scored(total, tuple(lines))
    whole = f"；未否决时为 {show(total)}" if all(entered.get(one.code) is not None for one in sheet.criteria) else ""
    lines.append(ScoredLine("", "", -total, f"有安全否决项（{names}），该部分为 {show(0)}{whole}"))
    return Scored(0, tuple(lines), veto=names)


def tally(sheet: CriterionSheet, entered: Mapping[str, int | None], vetoed: Collection[str] = ()) -> int:
    """What the filled lines of a sheet come to so far, in hundredths: never below 0, and 0 after a veto. It is no mark."""
    lines = (line for group in sheet.groups for line in _group_lines(sheet, group, entered))
    return 0 if vetoed else max(0, sum(line.points for line in lines))


def _entry_problems(sheet: CriterionSheet, entered: Mapping[str, int | None], vetoed: Collection[str]) -> list[str]:
    ended = any(one.code in vetoed for one in sheet.vetoes)
    told = [f"“{one.label}”没有填" for one in sheet.criteria if entered.get(one.code) is None and not ended]
    told += [
        one.limits
        for one in sheet.criteria
        if (value := entered.get(one.code)) is not None and not 0 <= value <= one.highest
    ]
    strange = entered.keys() - {one.code for one in sheet.criteria} | set(vetoed) - {one.code for one in sheet.vetoes}
    return told + [f"评分表中没有 {code}" for code in sorted(strange)]


def _group_lines(sheet: CriterionSheet, group: Group, entered: Mapping[str, int | None]) -> Iterator[ScoredLine]:
    """The lines of a group, then one for each cap that was reached."""
    sum_of_points = lost = 0
    for one in sheet.within(group):
        value = entered.get(one.code)
        if value is None:
            continue
        if one.kind == "add":
            yield ScoredLine(one.code, show(value), value, f"{one.label}：{show(value)} / {show(one.maximum)}")
            sum_of_points += value
            continue
        off = min(value * one.each, one.cap)
        capped = f"，最多扣 {show(one.cap)}" if value * one.each > one.cap else ""
        yield ScoredLine(
            one.code, str(value), one.maximum - off,
            f"{one.label}：扣 {value} 次 × {show(one.each)} = {show(value * one.each)}{capped}，计 {_signed(one.maximum - off)}",
        )  # fmt: skip
        sum_of_points, lost = sum_of_points + one.maximum - off, lost + off
    if group.cap is not None and lost > group.cap:
        yield ScoredLine("", "", lost - group.cap, f"{group.name}：共扣 {show(lost)}，最多扣 {show(group.cap)}")
        sum_of_points += lost - group.cap
    if sum_of_points > group.maximum:
        yield ScoredLine(
            "", "", group.maximum - sum_of_points, f"{group.name}：合计 {show(sum_of_points)}，封顶 {show(group.maximum)}"
        )


def _signed(points: int) -> str:
    return show(points) if points >= 0 else f"−{show(-points)}"
