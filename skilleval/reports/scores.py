"""How marks by schemes (评分办法) came to be, as a package tells it: the schemes in the manifest, the lines in 评分明细.

What a line says of its item is taken from the scheme, so that a reader can make every row again from what was entered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skilleval.domain.criteria import CriterionSheet
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.observations import Observing
from skilleval.domain.performance import Indicator, Review
from skilleval.domain.scheme_plans import FilledLine, Plan, plan_of
from skilleval.domain.scoring import AGREEMENT_RULES, show
from skilleval.reports.filing_lines import ScoreLine

#: how a part's mark came about where no rule for several assessors gave it
DECIDED = {"adjudicated": "裁定", "corrected": "更正"}
_SHAPE = {
    "grade": str, "method": str, "title": str, "version": int, "kind": str, "content": dict, "assessors": int, "rule": str,
    "tolerance": int | None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PartScheme:
    """The scheme of one part of one grade, and how its assessors' marks become one (tolerance in hundredths)."""

    grade: Grade
    method: str
    title: str
    version: int
    kind: str
    #: as it is stored: points in hundredths, values as text
    content: Mapping[str, Any]
    assessors: int
    rule: str
    tolerance: int | None
    plan: Plan = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Read the content once."""
        object.__setattr__(self, "plan", plan_of(self.kind, self.content))

    @property
    def label(self) -> str:
        """As the rows name it."""
        return f"{self.title}（第 {self.version} 版）"

    def as_json(self) -> dict[str, Any]:
        """As the manifest writes it."""
        return {key: getattr(self, key) for key in _SHAPE} | {"grade": self.grade.value, "content": dict(self.content)}


def read_scheme(entry: Any) -> PartScheme:
    """The scheme that a manifest tells. Raises ``ValueError`` where something lacks or is of another type."""
    wrong = ValueError("清单“schemes”中有一项缺少内容或类型不对")
    if not isinstance(entry, dict) or entry.keys() != _SHAPE.keys():
        raise wrong
    if not all(isinstance(entry[key], kind) and not isinstance(entry[key], bool) for key, kind in _SHAPE.items()):
        raise wrong
    if entry["assessors"] < 1 or entry["rule"] not in AGREEMENT_RULES or entry["method"] not in METHODS or not _plain(entry["content"]):
        raise wrong
    try:
        return PartScheme(**{**entry, "grade": Grade(entry["grade"])})
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise wrong from error


def _plain(value: object) -> bool:
    """Whether there are whole numbers and texts only, however deep: a stored scheme has nothing else."""
    if isinstance(value, dict):
        return all(map(_plain, value.values()))
    if isinstance(value, list):
        return all(map(_plain, value))
    return isinstance(value, int | str) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class PartDecision:
    """The mark of a part that a person set (裁定 or 更正), in hundredths, None for absent: why, and by whom.

    Whoever corrected a settled result stands in the journal alone: ``by`` is empty then.
    """

    admission_number: str
    method: str
    how: str
    value: int | None
    reason: str
    by: str = ""

    @property
    def text(self) -> str:
        """As the row of the part says it."""
        shown = "缺考" if self.value is None else show(self.value)
        return f"{METHODS[self.method].name_zh}：{shown}（{DECIDED[self.how]}）：{self.reason}{self.by and f'（裁定人：{self.by}）'}"


def read_decision(entry: Any) -> PartDecision:
    """The decision that a manifest tells. Raises ``ValueError`` where something lacks or is of another type."""
    shape = {"admission_number": str, "method": str, "how": str, "value": int | None, "reason": str, "by": str}
    if (
        not isinstance(entry, dict) or entry.keys() != shape.keys()
        or not all(isinstance(entry[key], kind) and not isinstance(entry[key], bool) for key, kind in shape.items())
        or entry["method"] not in METHODS or entry["how"] not in DECIDED
    ):  # fmt: skip
        raise ValueError("清单“decisions”中有一项缺少内容或类型不对")
    return PartDecision(**entry)


@dataclass(frozen=True, slots=True)
class FilledSheet:
    """One assessor's sheet of a part: whose, its lines, and its mark in hundredths."""

    assessor_code: str
    assessor: str
    lines: Sequence[FilledLine]
    value: int


@dataclass(frozen=True, slots=True)
class PartScores:
    """The sheets of one part of one candidate, and the mark of the part: None for an absent candidate."""

    admission_number: str
    name: str
    scheme: PartScheme
    sheets: Sequence[FilledSheet]
    value: int | None
    #: a rule of ``domain.scoring``, or one of ``DECIDED``
    how: str
    text: str
    #: what a person decided, where ``how`` is one of ``DECIDED``
    decision: PartDecision | None = None


def score_lines(scores: Sequence[PartScores]) -> tuple[ScoreLine, ...]:
    """The rows of 评分明细, numbered through."""
    rows: list[ScoreLine] = []
    for one in scores:
        for sheet in one.sheets:
            rows += sheet_lines(one, sheet, len(rows) + 1)
        rows.append(
            ScoreLine(len(rows) + 1, **_head(one), assessor_code="", assessor="", kind="part", points=one.value, how=one.how, text=one.text)
        )
    return tuple(rows)


def sheet_lines(one: PartScores, sheet: FilledSheet, serial: int) -> list[ScoreLine]:
    """The rows of one sheet: its lines, then its mark."""
    head = {**_head(one), "assessor_code": sheet.assessor_code, "assessor": sheet.assessor}
    told = [
        ScoreLine(
            place, **head, item=line.item, period=line.period, day=line.day, observer=line.observer, entered=line.entered,
            points=line.points, text=line.text, **_facts(one.scheme.plan, line),
        )
        for place, line in enumerate(sheet.lines, start=serial)
    ]  # fmt: skip
    return [*told, ScoreLine(serial + len(told), **head, kind="mark", points=sheet.value)]


def _head(one: PartScores) -> dict[str, Any]:
    scheme = one.scheme
    return {
        "admission_number": one.admission_number, "name": one.name, "grade": scheme.grade, "method": scheme.method,
        "scheme": scheme.label,
    }  # fmt: skip


def _facts(plan: Plan, line: FilledLine) -> dict[str, Any]:
    """What the scheme says of the item of a line; only the kind where a cap, a floor or a veto speaks."""
    if isinstance(plan, CriterionSheet):
        found: Iterator[dict[str, Any]] = _criterion_facts(plan, line)
    elif isinstance(plan, Review):
        found = _indicator_facts(plan, line)
    else:
        found = _occasion_facts(plan, line)
    return next(found, {"kind": "limit"})


def _criterion_facts(plan: CriterionSheet, line: FilledLine) -> Iterator[dict[str, Any]]:
    for one in plan.criteria:
        if one.code == line.item:
            lost = {"each": one.each, "cap": one.cap} if one.kind == "deduct" else {}
            yield {"kind": one.kind, "item_name": one.name, "group": one.group, "maximum": one.maximum, **lost}
    for veto in plan.vetoes:
        if veto.code == line.item:
            yield {"kind": "veto", "item_name": veto.name}


def _indicator_facts(plan: Review, line: FilledLine) -> Iterator[dict[str, Any]]:
    weights = {one.name: one.weight for one in plan.periods}
    for one in plan.indicators:
        if one.code == line.item:
            yield {
                "kind": "indicator", "item_name": f"{one.name}（{one.unit}）", "maximum": next((band.points for band in one.bands), one.otherwise),
                "weight": one.weight, "period_weight": weights.get(line.period), "band": _band(one, line.points),
            }  # fmt: skip


def _band(one: Indicator, points: int) -> str:
    """The band that gives these points, as people write it: 不低于 98."""
    word = "不低于" if one.better == "higher" else "不高于"
    return next((f"{word} {band.at}" for band in one.bands if band.points == points), "各档以外")


def _occasion_facts(plan: Observing, line: FilledLine) -> Iterator[dict[str, Any]]:
    for one in plan.occasions:
        if one.code == line.item:
            yield {"kind": "observation", "item_name": one.name, "weight": one.weight}
