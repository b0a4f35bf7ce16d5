"""Several assessors → one mark; several parts → an outcome. The only place that rounds.

Marks are whole hundredths. Sources: every part taken must reach its pass mark (national standards, confidence high); a
missing mark is unfinished, not failed (national-rules 5.4, practice); agreement rules are the firm's own
(评价规范), but no machine ever agrees across the pass mark: assessors on both sides of it need a person's decision.
"""

import enum
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS

#: how several assessors' marks become one
AGREEMENT_RULES = {"mean": "平均分", "trimmed_mean": "去掉最高最低分后的平均分", "median": "中位数"}


class Outcome(enum.Enum):
    """What became of a candidate."""

    PASSED = "passed"
    FAILED = "failed"
    ABSENT = "absent"
    UNFINISHED = "unfinished"

    @property
    def name_zh(self) -> str:
        """The Chinese word, as on the results sheet."""
        return {"passed": "合格", "failed": "不合格", "absent": "缺考", "unfinished": "未完成"}[self.value]


@dataclass(frozen=True, slots=True)
class Part:
    """One part as the specification defines it; maxima and pass marks in hundredths, weight in percent."""

    method: str
    weight: int
    maximum: int
    pass_mark: int
    assessors: int
    rule: str = "mean"
    #: how far apart two assessors' marks may lie, in hundredths; None is no limit
    tolerance: int | None = None


@dataclass(frozen=True, slots=True)
class PartMark:
    """The mark of one part, or why there is none."""

    value: int | None
    absent: bool = False
    #: a person has to decide, for these reasons
    dispute: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The settled result: the outcome, each part's mark, the weighted total, and the reasons in Chinese."""

    outcome: Outcome
    parts: Mapping[str, int | None]
    total: int | None
    reasons: tuple[str, ...]


def round_hundredths(value: Fraction) -> int:
    """A number of hundredths as a whole one, halves up: 5999.5 becomes 6000. Nothing else rounds."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def show(hundredths: int | None) -> str:
    """A mark as printed: 59.99; a dash where there is none, never 0."""
    return "—" if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02d}"


def check_mark(value: int, maximum: int) -> None:
    """Refused with ``RuleBroken``: a mark below 0 or above the maximum."""
    if not 0 <= value <= maximum:
        raise RuleBroken(f"成绩 {value / 100:.2f} 超出 0 至 {show(maximum)} 的范围")


def agree(part: Part, marks: Sequence[int], absent: int = 0, adjudicated: int | None = None) -> PartMark:
    """The mark of a part from its assessors' marks.

    Absent only if every assessor says so. None with no dispute: marks are missing. A dispute: somebody calls the candidate
    absent and somebody gives a mark, marks lie further apart than the tolerance, or on both sides of the pass mark;
    ``adjudicated`` settles it.
    """
    name = METHODS[part.method].name_zh
    if adjudicated is not None:
        return PartMark(adjudicated, text=f"{name}：{show(adjudicated)}（裁定）")
    if absent >= part.assessors and not marks:
        return PartMark(None, absent=True, text=f"{name}：缺考")
    if absent and marks:
        return PartMark(None, dispute=f"{name}：有考评员记缺考、有考评员评分，须裁定")
    if len(marks) < part.assessors:
        given = len(marks) + absent
        return PartMark(None, text=f"{name}：需 {part.assessors} 名考评员评分，现有 {given} 名")
    spread = max(marks) - min(marks)
    if min(marks) < part.pass_mark <= max(marks):
        listed = "、".join(show(mark) for mark in marks)
        return PartMark(None, dispute=f"{name}：评分 {listed} 分列合格线 {show(part.pass_mark)} 两侧，不能由机器取值，须裁定")
    if part.tolerance is not None and spread > part.tolerance:
        return PartMark(None, dispute=f"{name}：评分相差 {show(spread)}，超过允许的 {show(part.tolerance)}，须裁定")
    value = _value(part.rule, marks)
    how = f"（{len(marks)} 名考评员，{AGREEMENT_RULES[part.rule]}）" if len(marks) > 1 else ""
    return PartMark(value, text=f"{name}：{show(value)}{how}")


def _value(rule: str, marks: Sequence[int]) -> int:
    ordered = sorted(marks)
    if rule == "trimmed_mean" and len(ordered) > 2:
        ordered = ordered[1:-1]
    if rule == "median":
        return round_hundredths(Fraction(statistics.median(map(Fraction, ordered))))
    return round_hundredths(Fraction(sum(ordered), len(ordered)))


def settle(parts: Mapping[str, Part], marks: Mapping[str, PartMark]) -> Settlement:
    """The outcome over all parts. Refused with every reason: a part in dispute.

    Absent from any part is absent, else a missing mark is unfinished, else every part must reach its pass mark.
    """
    disputes = [mark.dispute for mark in marks.values() if mark.dispute]
    if disputes:
        raise RuleBroken("有评分须由人裁定后才能核定成绩", disputes)
    values = {method: marks[method].value if method in marks else None for method in parts}
    reasons = [
        marks[method].text if method in marks else f"{METHODS[method].name_zh}：没有评分" for method in parts
    ]
    if any(mark.absent for mark in marks.values()):
        return Settlement(Outcome.ABSENT, values, None, tuple(reasons))
    if any(value is None for value in values.values()):
        return Settlement(Outcome.UNFINISHED, values, None, tuple(reasons))
    failed = [method for method, part in parts.items() if (values[method] or 0) < part.pass_mark]
    reasons += [
        f"{METHODS[method].name_zh} {show(values[method])} 低于合格线 {show(parts[method].pass_mark)}" for method in failed
    ]
    if not failed:
        reasons.append("各部分均达到合格线")
    return Settlement(Outcome.FAILED if failed else Outcome.PASSED, values, _total(parts, values), tuple(reasons))


def _total(parts: Mapping[str, Part], values: Mapping[str, int | None]) -> int:
    """The weighted total in hundredths of 100 points: each mark as a share of its own maximum."""
    weighted = sum(
        (Fraction(values[method] or 0, part.maximum) * part.weight * 100 for method, part in parts.items()), Fraction(0)
    )
    return round_hundredths(weighted)
