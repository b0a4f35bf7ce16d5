"""The facts that rules may ask about: their kinds, their Chinese words, where they come from, how they compare.

A pack that names a fact which is not here, or compares one with a value of another kind, is refused when it is read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from skilleval.domain.dates import add_months, add_years
from skilleval.domain.ladder import Grade

#: kind of a fact → the comparisons that it has
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "yes_no": ("is",),
    "number": ("is", "at_least", "at_most"),
    "word": ("is", "one_of"),
    "grade": ("is", "one_of", "at_least", "at_most"),
    "date": ("on_or_before", "on_or_after", "full_years"),
}

#: a day relative to the one that the case is judged on: day, day-1y, day+30d, day-6m
_RELATIVE = re.compile(r"day(?:([+-]\d+)([dmy]))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its kind, its Chinese name, and where it is entered."""

    name_zh: str
    kind: str
    origin: str
    #: for a yes or no: what is said of each answer; for a word: what each word means
    words: Mapping[Any, str] = field(default_factory=dict)

    def wording(self, operator: str, value: Any) -> str:
        """What is asked, in Chinese: 企业规模为大型, 从业人数不少于1000."""
        if self.kind == "yes_no":
            return self.words.get(value, f"{self.name_zh}：{'是' if value else '否'}")
        shown = _show_asked(self, operator, value)
        return self.name_zh + {
            "is": f"为{shown}", "one_of": f"为{shown}之一", "at_least": f"不低于{shown}", "at_most": f"不高于{shown}",
            "on_or_before": f"不晚于{shown}", "on_or_after": f"不早于{shown}", "full_years": f"起满{value}年",
        }[operator]  # fmt: skip


def _yes_no(name_zh: str, origin: str, yes: str, no: str) -> Fact:
    return Fact(name_zh, "yes_no", origin, {True: yes, False: no})


_FIRM, _REGISTRATION, _SCOPE, _ASKED, _ROSTER, _POSTS = "机构档案", "备案", "备案范围", "所问事项", "花名册", "岗位等级与评价规范"

FACTS: Mapping[str, Fact] = {
    # the institution
    "manufacturing": _yes_no("是否制造业", _FIRM, "属于制造业", "不属于制造业"),
    "large": _yes_no("是否大型企业", _FIRM, "是大型企业", "不是大型企业"),
    "listed": _yes_no("是否上市公司", _FIRM, "是上市公司", "不是上市公司"),
    "above_scale": _yes_no("是否规模以上企业", _FIRM, "是规模以上企业", "不是规模以上企业"),
    "chain_lead": _yes_no("是否链主企业", _FIRM, "是产教评技能生态链链主企业", "不是链主企业"),
    "flagship": _yes_no("是否行业龙头企业", _FIRM, "是行业龙头企业", "不是行业龙头企业"),
    "chain_evaluator": _yes_no("是否技能生态链评价机构", _FIRM, "是技能生态链评价机构", "不是技能生态链评价机构"),
    "state_owned": _yes_no("是否国有企业", _FIRM, "是国有企业", "不是国有企业"),
    "employees": Fact("员工总数", "number", _FIRM),
    # its registration and scope
    "registered": _yes_no("备案是否有效", _REGISTRATION, "备案在当日有效", "备案在当日无效"),
    "provincial": _yes_no("是否省属备案企业", _REGISTRATION, "备案机关为省级", "备案机关不是省级"),
    "registered_to": Fact("备案有效期止", "date", _REGISTRATION),
    "in_scope": _yes_no("职业（工种）是否备案", _SCOPE, "职业（工种）在备案范围内", "职业（工种）不在备案范围内"),
    "grade_in_scope": _yes_no("等级是否备案", _SCOPE, "等级在备案等级范围内", "等级不在备案等级范围内"),
    "route_in_scope": _yes_no("认定方式是否备案", _SCOPE, "该认定方式已备案", "该认定方式未备案"),
    "above_ceiling": _yes_no("是否超过最高备案等级", _SCOPE, "超过最高备案等级", "不超过最高备案等级"),
    "ceiling": Fact("最高备案等级", "grade", _SCOPE),
    "complete": _yes_no("职业技能等级设置是否完整", _POSTS, "该职业（工种）等级设置完整", "该职业（工种）等级设置不完整"),
    "top_grades_set": _yes_no("是否已设置所申报的高等级", _POSTS, "等级表已设置该等级", "等级表没有设置该等级"),
    # what is asked
    "target": Fact("认定等级", "grade", _ASKED),
    "holds": Fact("现持等级", "grade", _ASKED),
    "skips": _yes_no("是否跨级", _ASKED, "属于跨级认定", "不属于跨级认定"),
    "of_member": _yes_no("是否链上企业的员工", _ASKED, "是链上其他企业的员工", "是本机构的员工"),
    "mandate": _yes_no("服务关系是否有效", "链上服务关系", "对该企业的服务关系当日有效", "对该企业的服务关系当日无效"),
    # the person
    "employment": Fact(
        "用工形式", "word", _ROSTER,
        {"contract": "合同", "dispatched": "派遣", "outsourced": "外包", "intern": "实习"},
    ),
    "post": Fact("岗位", "word", _ROSTER),
    "department": Fact("部门", "word", _ROSTER),
    "hired_on": Fact("入职日期", "date", _ROSTER),
}  # fmt: skip


def value_problem(fact: Fact, operator: str, value: Any) -> str | None:
    """What is wrong with a comparison, in Chinese; None when nothing is. A grade is given as its word."""
    if operator not in OPERATORS[fact.kind]:
        return f"不能用 {operator} 比较“{fact.name_zh}”，可用的有：{'、'.join(OPERATORS[fact.kind])}"
    if operator == "one_of":
        if not isinstance(value, list | tuple) or not value:
            return "one_of 应为列表"
        return next((problem for one in value if (problem := value_problem(fact, "is", one))), None)
    if operator == "full_years":
        return None if _whole(value) and value >= 0 else "full_years 应为不为负的整数"
    fits = {
        "yes_no": isinstance(value, bool),
        "number": _whole(value),
        "word": isinstance(value, str) and (not fact.words or value in fact.words),
        "grade": isinstance(value, Grade) or value in [grade.value for grade in Grade],
        "date": (isinstance(value, date) and not isinstance(value, datetime))
        or (isinstance(value, str) and _RELATIVE.fullmatch(value) is not None),
    }[fact.kind]
    if fits:
        return None
    asked = {
        "yes_no": "true 或 false", "number": "整数", "grade": f"等级（{'、'.join(grade.value for grade in Grade)}）",
        "word": "、".join(map(str, fact.words)) or "文字", "date": "日期，或 day、day-1y、day+30d 之类的相对日期",
    }[fact.kind]  # fmt: skip
    return f"“{fact.name_zh}”不能与 {_as_written(value)} 比较，应为{asked}"


def _as_written(value: Any) -> str:
    """A value as it stands in a pack: a date as 2026-01-01 and not as Python names it."""
    return str(value) if isinstance(value, date) else repr(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def compare(fact: Fact, operator: str, held: Any, asked: Any, on: date) -> bool:
    """Whether the value held stands to the one asked as the operator says, on the day ``on``."""
    if operator == "one_of":
        return any(compare(fact, "is", held, one, on) for one in asked)
    if fact.kind == "date":
        if operator == "full_years":
            return add_years(held, asked) <= on
        bound = day_of(asked, on)
        return bool(held <= bound if operator == "on_or_before" else held >= bound)
    if fact.kind == "grade":
        held, asked = Grade(held), Grade(asked)
    return bool({"is": held == asked, "at_least": _at_least(held, asked), "at_most": _at_least(asked, held)}[operator])


def _at_least(one: Any, other: Any) -> bool:
    return isinstance(one, Grade | int) and bool(one >= other)


def day_of(asked: date | str, on: date) -> date:
    """The day that a pack names: a date, or one relative to the day the case is judged on."""
    if isinstance(asked, date):
        return asked
    amount, unit = relative_amount(asked)
    if unit == "d":
        return on + timedelta(days=amount)
    return add_months(on, amount) if unit == "m" else add_years(on, amount)


def relative_amount(asked: str) -> tuple[int, str]:
    """How far a relative day lies from the one that the case is judged on, and in which unit: d, m or y."""
    found = _RELATIVE.fullmatch(asked)
    assert found is not None, "packs are checked when they are read"
    return int(found[1] or 0), found[2] or "d"


def show_value(fact: Fact, value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if fact.kind == "grade":
        return Grade(value).printed
    return fact.words.get(value, str(value))


def _show_asked(fact: Fact, operator: str, value: Any) -> str:
    if operator == "one_of":
        return "、".join(show_value(fact, one) for one in value)
    if fact.kind == "date" and isinstance(value, str):
        found = _RELATIVE.fullmatch(value)
        if found is None or found[1] is None:
            return "当日"
        unit = {"d": "天", "m": "个月", "y": "年"}[found[2]]
        amount = int(found[1])
        return f"当日{'前' if amount < 0 else '后'}{abs(amount)}{unit}"
    return show_value(fact, value)
