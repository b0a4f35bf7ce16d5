"""Rules as a person reads them: a condition as one line of Chinese, and every key of a rule in words."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from skilleval.domain.authority import ROUTES
from skilleval.domain.backgrounds import Background
from skilleval.domain.eligibility import prove_requirement
from skilleval.domain.facts import FACTS
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Cited, Clause, Compare, Expression, Group, Refer, Rule

KINDS: Mapping[str, str] = {
    "parameter": "参数", "switch": "读法", "condition": "申报条件", "require": "前提", "permit": "许可", "limit": "限制",
    "oppose": "异见",
}  # fmt: skip
STATUSES: Mapping[str, str] = {"draft": "草案", "in_force": "现行", "repealed": "已废止"}
SEVERITIES: Mapping[str, str] = {"block": "不符即止", "warn": "仅提醒"}
CONFIDENCES: Mapping[str, str] = {"high": "高", "medium": "中", "low": "低"}
BINDS: Mapping[str, str] = {"institution": "评价机构", "candidate": "考生"}
_OPERATORS: Mapping[str, str] = {"is": "为", "at_least": "不少于", "at_most": "不多于"}
_GRADE_OPERATORS: Mapping[str, str] = {"is": "为", "at_least": "不低于", "at_most": "不高于"}
_GRADES: Mapping[str, str] = {grade.value: grade.printed for grade in Grade}
_JOINED: Mapping[str, str] = {"all": "，且", "any": "，或"}

#: the keys of a rule in the order in which they are told, with their Chinese names
KEYS: Mapping[str, str] = {
    "kind": "种类", "clause": "条文", "source": "来源", "article": "条款", "confidence": "可信度", "status": "状态",
    "from": "自", "to": "至", "binds": "约束", "severity": "后果", "operator": "比较", "value": "值", "edition": "版次",
    "grades": "等级", "routes": "途径", "when": "条件", "against": "针对", "lifts": "解除", "needs": "须备",
}  # fmt: skip

#: a requirement's text is the one that its proof carries; the day and the person make no difference to it
_NOBODY: Final = Background()
_ANY_DAY: Final = date(2000, 1, 1)
_NO_CLAUSE: Final = Clause("", "", "", "high")


def in_words(expression: Expression) -> str:
    """An expression as one line of Chinese: 且, 或, 不得, 至少 n 项; groups within groups stand in brackets."""
    if isinstance(expression, Compare):
        if expression.fact.startswith("switch:"):
            return f"读法 {expression.fact.removeprefix('switch:')} 取“{'是' if expression.value else '否'}”"
        return FACTS[expression.fact].wording(expression.operator, expression.value)
    if isinstance(expression, Cited):
        return f"符合规则 {expression.clause.id}（{in_words(expression.expression)}）"
    if isinstance(expression, Refer):
        return f"符合规则 {expression.rule}"
    if isinstance(expression, Group):
        return _group_in_words(expression)
    return prove_requirement(
        expression, _NO_CLAUSE, background=_NOBODY, occupations=frozenset(), on=_ANY_DAY
    ).text


def _group_in_words(group: Group) -> str:
    parts = [
        f"（{in_words(part)}）" if isinstance(part, Group) and len(part.parts) > 1 else in_words(part)
        for part in group.parts
    ]
    if group.kind in _JOINED:
        return _JOINED[group.kind].join(parts)
    lead = "不得有" if group.kind == "none" else f"至少符合{group.least}项"
    return f"{lead}：{'；'.join(parts)}"


def rule_in_words(rule: Rule) -> dict[str, str]:
    """Every key of a rule that says something, in words, in the order of ``KEYS``."""
    clause = rule.clause
    told = {
        "kind": KINDS[rule.kind],
        "clause": clause.text,
        "source": clause.source,
        "article": clause.article,
        "confidence": CONFIDENCES.get(clause.confidence, clause.confidence),
        "status": STATUSES.get(clause.status, clause.status),
        "from": rule.valid_from.isoformat(),
        "to": rule.valid_to.isoformat() if rule.valid_to else "",
        "binds": BINDS.get(rule.binds, rule.binds),
        "severity": SEVERITIES.get(rule.severity, rule.severity),
        "operator": _operator(rule) if rule.kind == "parameter" else "",
        "value": value_in_words(rule.value) if rule.kind in ("parameter", "switch") else "",
        "edition": rule.edition,
        "grades": "、".join(Grade(one).printed for one in rule.grades),
        "routes": "、".join(ROUTES[one] for one in rule.routes),
        "when": in_words(rule.when) if rule.when is not None else "",
        "against": "、".join(rule.against),
        "lifts": "、".join(rule.lifts),
        "needs": "；".join(rule.needs),
    }
    return {key: text for key, text in told.items() if text}


def _operator(rule: Rule) -> str:
    words = _GRADE_OPERATORS if isinstance(rule.value, str) else _OPERATORS
    return words.get(rule.operator, rule.operator)


def value_in_words(value: Any) -> str:
    """The value of a parameter or a reading, a grade as it is printed; 未定 where nobody has established one."""
    if value is None:
        return "未定"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str):
        return _GRADES.get(value, value)
    if isinstance(value, Mapping):
        return "，".join(f"{key} {value_in_words(one)}" for key, one in value.items())
    return "、".join(map(value_in_words, value)) if isinstance(value, list | tuple) else str(value)
