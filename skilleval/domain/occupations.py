"""Occupations, trades and national standards as frozen values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from skilleval.domain.ladder import Grade

#: the code of an occupation in 职业分类大典: 大类-中类-小类-细类
OCCUPATION_CODE = re.compile(r"[1-8]-\d{2}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Occupation:
    """One occupation of one edition of 职业分类大典. Its key is (code, edition): codes are reused."""

    code: str
    edition: str
    name: str
    middle_code: str
    middle_name: str
    small_code: str
    small_name: str
    trades: tuple[str, ...] = ()
    #: how many trades the official list has; ``trades`` may hold fewer
    trade_count: int | None = None
    green: bool = False
    digital: bool = False
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormerCode:
    """An occupation whose code in an older standard is not its code of today."""

    name: str
    code: str
    now: str
    printed_in: str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A job function (职业功能) with its weight in whole percent at each grade that has it."""

    name: str
    skill_weights: Mapping[Grade, int]
    tasks: tuple[str, ...] = ()
    elective: bool = False


@dataclass(frozen=True, slots=True)
class Standard:
    """A national occupational standard (国家职业标准) of a whole occupation or of one trade."""

    title: str
    code: str
    edition: str
    printed_code: str
    trade: str
    issued: date | None
    document: str
    sources: tuple[str, ...]
    weights_status: str
    verified_against_original: bool
    grades: tuple[Grade, ...]
    functions: tuple[Function, ...]
    #: which generation of entry conditions it prints ("2018", "2023"); None where that is not established
    conditions: str | None
    conditions_note: str = ""
    note: str = ""
    elective_rule: str = ""

    @property
    def key(self) -> str:
        """What names this standard: code, trade if it has one, year of issue: ``6-31-01-03@2018``."""
        trade = f"_{self.trade}" if self.trade else ""
        return f"{self.code}{trade}@{self.issued.year if self.issued else '年份未知'}"

    def weights(self, grade: Grade) -> dict[str, int]:
        """Weight in percent of each function at ``grade``; a function the grade does not have is absent."""
        return {
            function.name: function.skill_weights[grade]
            for function in self.functions
            if grade in function.skill_weights
        }


@dataclass(frozen=True, slots=True)
class StandardFinding:
    """Something about a standard that blocks its use, or that a person should look at."""

    code: str
    key: str
    message: str
    blocking: bool = True


def weight_findings(standard: Standard) -> list[StandardFinding]:
    """What the weight table itself gives away, beyond "sums to 100" (standards.md chapter 2).

    Trade columns taken for grades show as identical grades that are not neighbours, as functions that vanish and
    return, or as a top grade without training or management where an occupation has several trades.
    """
    findings = []
    ranks = [grade.rank for grade in standard.grades]
    if ranks != list(range(ranks[0], ranks[0] + len(ranks))) if ranks else True:
        findings.append(StandardFinding("grades_gap", "grades", "等级应由低到高连续排列，中间不能缺级"))
    for grade in standard.grades:
        total = sum(standard.weights(grade).values())
        if total != 100 and not any(function.elective for function in standard.functions):
            findings.append(
                StandardFinding("weights_sum", f"skill_weights.{grade.value}", f"{grade.printed}权重合计为 {total}，应为 100")
            )
    for function in standard.functions:
        held = [index for index, grade in enumerate(standard.grades) if grade in function.skill_weights]
        if held and held != list(range(held[0], held[-1] + 1)):
            findings.append(
                StandardFinding("function_returns", f"function.{function.name}", f"职业功能“{function.name}”中断后又出现，疑为按工种分列的表")
            )
    for low, first in enumerate(standard.grades):
        for high in range(low + 2, len(standard.grades)):
            between = standard.grades[low + 1 : high]
            # A table that stays the same all the way (五级 = 四级 = 三级) is an ordinary one.
            if standard.weights(first) == standard.weights(standard.grades[high]) and any(
                standard.weights(grade) != standard.weights(first) for grade in between
            ):
                findings.append(
                    StandardFinding(
                        "grades_identical",
                        f"skill_weights.{standard.grades[high].value}",
                        f"{first.printed}与{standard.grades[high].printed}权重完全相同而不相邻，疑为按工种分列的表",
                    )
                )
    return findings


_LEADING = ("培训", "管理", "指导", "创新", "技术革新", "优化", "改进")


def lacks_leadership(standard: Standard, trade_count: int | None) -> bool:
    """Whether 一级 has no function of training, management or innovation although the occupation has several trades."""
    top = Grade.SENIOR_TECHNICIAN
    if top not in standard.grades or (trade_count or 0) < 2 or standard.trade:
        return False
    return not any(word in name for name in standard.weights(top) for word in _LEADING)
