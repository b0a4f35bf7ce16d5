"""What a scheme's workbook asks for: the columns of each kind, rows that are filled in already, and rows back to a mark."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from skilleval.db.tables import Batch, Personnel, SpecificationPart
from skilleval.domain import criteria, observations, performance
from skilleval.domain.criteria import CriterionSheet
from skilleval.domain.observations import Observation, Observing
from skilleval.domain.performance import Review
from skilleval.domain.scheme_plans import FilledLine, Plan
from skilleval.domain.schemes import Scored
from skilleval.domain.scoring import show
from skilleval.sheets.columns import Column, read_cell
from skilleval.sheets.reading import Table

LEAD = (
    Column("admission_number", "准考证号", required=True, width=22),
    Column("name", "姓名", width=12),
)
Row = tuple[int, Mapping[str, Any]]


class Form(Protocol):
    """How one kind of scheme is filled in."""

    @property
    def instructions(self) -> Sequence[str]:
        """What whoever opens the workbook is told."""

    def columns(self) -> tuple[Column, ...]:
        """The columns behind those of the candidate."""

    def rows(self, lines: Sequence[FilledLine]) -> list[dict[str, Any]]:
        """The rows of one candidate, with what the lines of the standing sheet say, or to be filled in."""

    def score(self, table: Table, rows: Sequence[Row]) -> Scored | None:
        """What the rows of one candidate give. Wrong cells are failed in the table, and there is no mark then."""


def form_of(plan: Plan, batch: Batch, part: SpecificationPart, observers: Sequence[Personnel]) -> Form:
    """The form of a scheme in a batch. ``observers`` are those who may have observed."""
    if isinstance(plan, CriterionSheet):
        return CriteriaForm(plan)
    if isinstance(plan, Review):
        return ReviewForm(plan)
    return ObservingForm(plan, observers, (batch.starts_on, batch.ends_on), part.maximum)


@dataclass(frozen=True, slots=True)
class CriteriaForm:
    """One row a candidate, one column a criterion and a safety veto."""

    plan: CriterionSheet
    instructions: ClassVar[Sequence[str]] = (
        "每名考评员一张工作表，每名考生一行，每个评分项一列；工作表名和准考证号请勿改动。",
        "得分项填得分；扣分项填违规次数，没有违规填 0；安全否决项发生时填“是”，该部分为 0 分。",
        "评分项须填完（有安全否决的除外）；还没有评的考生整行留空。缺考在成绩表上登记（skilleval marks template）。",
    )

    def columns(self) -> tuple[Column, ...]:
        """One for each criterion and veto."""
        own = [
            Column(f"item:{one.code}", f"{one.label}（满分{show(one.maximum)}）", "mark", limits=(0, one.maximum / 100),
                   note=one.limits)
            if one.kind == "add" else
            Column(f"item:{one.code}", f"{one.label}（次数）", "integer", limits=(0, one.highest), note=one.limits)
            for one in self.plan.criteria
        ]  # fmt: skip
        own += [Column(f"item:{one.code}", f"{one.label}（安全否决）", "yes_no", note="发生填“是”") for one in self.plan.vetoes]
        return tuple(own)

    def rows(self, lines: Sequence[FilledLine]) -> list[dict[str, Any]]:
        """One row."""
        entered = {f"item:{line.item}": line.entered for line in lines if line.item}
        return [{one.key: read_cell(entered.get(one.key), one) for one in self.columns()}]

    def score(self, table: Table, rows: Sequence[Row]) -> Scored | None:
        """The mark of the only row; where the candidate has several, all of them are wrong."""
        number, values = rows[0]
        if len(rows) > 1:
            for own, told in rows:
                others = "、".join(f"第{other}行" for other, _told in rows if other != own)
                table.fail(own, "admission_number", told["admission_number"], "candidate_twice", f"与{others}重复，请只留一行")
        filled = {one.code: values.get(f"item:{one.code}") for one in self.plan.criteria}
        vetoed = [one.code for one in self.plan.vetoes if values.get(f"item:{one.code}")]
        for one in self.plan.criteria:
            value, key = filled[one.code], f"item:{one.code}"
            if value is None and not vetoed and (number, key) not in table.failed_cells:
                table.fail(number, key, None, "criterion_missing", f"没有填：{one.limits}")
            elif value is not None and not 0 <= value <= one.highest:
                table.fail(number, key, show(value) if one.kind == "add" else value, "criterion_range", one.limits)
        if _failed(table, rows):
            return None
        return criteria.score(self.plan, filled, vetoed)


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """One row a candidate and period, one column an indicator."""

    plan: Review
    instructions: ClassVar[Sequence[str]] = (
        "每名考生每个时段一行，每个指标一列，填人事、生产等系统中的数值，不带单位。",
        "没有的数值请留空：空白表示“未知”，不是 0，数值齐全之前不计分。",
    )

    def columns(self) -> tuple[Column, ...]:
        """The period and one for each indicator."""
        period = Column("period", "时段", "choice", required=True, choices={one.name: one.name for one in self.plan.periods})
        return (period, *(
            Column(
                f"item:{one.code}", f"{one.label}（{one.unit}）", "number",
                note=f"目标：{one.target}" if one.target else "",
                limits=(float(one.lowest), float(one.highest)) if one.lowest is not None and one.highest is not None else None,
            )
            for one in self.plan.indicators
        ))  # fmt: skip

    def rows(self, lines: Sequence[FilledLine]) -> list[dict[str, Any]]:
        """One row a period."""
        entered = {(line.period, f"item:{line.item}"): line.entered for line in lines}
        indicators = self.columns()[1:]
        return [
            {"period": period.name}
            | {one.key: read_cell(entered.get((period.name, one.key)), one) for one in indicators}
            for period in self.plan.periods
        ]

    def score(self, table: Table, rows: Sequence[Row]) -> Scored | None:
        """The mark of all periods together."""
        first: dict[str, int] = {}
        found: dict[tuple[str, str], Decimal | None] = {}
        for number, values in rows:
            period = values["period"]
            if period is None:
                continue
            if first.setdefault(period, number) != number:
                table.fail(number, "period", period, "period_twice", f"与第{first[period]}行是同一考生的同一时段")
            for one in self.plan.indicators:
                value = values.get(f"item:{one.code}")
                found[period, one.code] = value
                if value is not None and (fault := one.fault(value)):
                    table.fail(number, f"item:{one.code}", str(value), "indicator_range", fault)
        return None if _failed(table, rows) else performance.review(self.plan, found)


@dataclass(frozen=True, slots=True)
class ObservingForm:
    """One row an observation."""

    plan: Observing
    observers: Sequence[Personnel]
    window: tuple[date, date]
    maximum: int
    instructions: ClassVar[Sequence[str]] = (
        "每次观察一行：日期、考核项目、观察人、得分；同一考生可有多行，可插入行。",
        "日期须在批次的评价期间内；次数不够的考生暂不计分，补齐后连同已有的记录一并导入。",
    )

    def columns(self) -> tuple[Column, ...]:
        """Day, occasion, observer and score; a row without any of them is no observation yet."""
        return (
            Column("day", "日期", "date", note=f"{self.window[0]} 至 {self.window[1]}"),
            Column("occasion", "考核项目", "choice", choices={one.label: one.code for one in self.plan.occasions}, width=20),
            Column("observer", "观察人", "choice", choices={f"{one.code} {one.name}": one.code for one in self.observers}),
            Column("score", "得分", "mark", limits=(0, self.maximum / 100)),
        )

    def rows(self, lines: Sequence[FilledLine]) -> list[dict[str, Any]]:
        """One row an observation, or as many to be filled in as there must be."""
        if not lines:
            return [{} for _time in range(self.plan.at_least)]
        return [{"day": one.day, "occasion": one.item, "observer": one.observer, "score": one.points} for one in lines]

    def score(self, table: Table, rows: Sequence[Row]) -> Scored | None:
        """The mark of all observations together."""
        observed: dict[tuple[date, str, str], tuple[int, Observation]] = {}
        keys = ("day", "occasion", "observer", "score")
        for number, values in rows:
            empty = [key for key in keys if values.get(key) is None and (number, key) not in table.failed_cells]
            for key in empty:
                table.fail(number, key, None, "required", "一次观察须写明日期、考核项目、观察人和得分")
            if empty or number in table.failed:
                continue
            one = Observation(values["day"], values["occasion"], values["observer"], values["score"])
            if fault := observations.fault_of(one, self.window, self.maximum):
                shown = show(one.score) if fault[0] == "score" else one.day
                table.fail(number, fault[0], shown, f"observation_{fault[0]}", fault[1])
            earlier, _same = observed.setdefault((one.day, one.occasion, one.observer), (number, one))
            if earlier != number:
                table.fail(number, "day", one.day, "observation_twice", f"与第{earlier}行是同一次观察")
        if _failed(table, rows):
            return None
        return observations.assess(self.plan, [one for _number, one in observed.values()], self.window, self.maximum)


def is_blank(values: Mapping[str, Any]) -> bool:
    """Whether a row names a candidate and says nothing more."""
    return all(value is None for key, value in values.items() if key not in ("admission_number", "name", "period"))


def _failed(table: Table, rows: Iterable[Row]) -> bool:
    return any(number in table.failed for number, _values in rows)
