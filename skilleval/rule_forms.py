"""What an entry of a rule pack may look like: its keys and types, the condition language, every problem in words.

The language is data and nothing is evaluated as code:

    { all = [ … ] }  { any = [ … ] }  { none = [ … ] }  { at_least = 2, of = [ … ] }
    { fact = "employees", at_least = 1000 }        a fact of facts.FACTS and one comparison of its kind
    { rule = "direct.complete_set" }               another rule's condition
    { switch = "reading.x", is = true }            a reading that the firm chose
    { work_years = 5, after_certificate = "junior" }, { certificate = "senior", held_years = 2 }, { age = 16 },
    { title = "senior", held_years = 2 }, { diplomas = ["college"], students = true },
    { evidence = ["honour"], level = "city" }      what a person has done and holds
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from skilleval.domain.authority import ROUTES
from skilleval.domain.backgrounds import DIPLOMA_KINDS, EVIDENCE_KINDS, EVIDENCE_LEVELS, TITLE_LEVELS
from skilleval.domain.candidacy import WINDOWS
from skilleval.domain.eligibility import Requirement
from skilleval.domain.facts import FACTS, OPERATORS, value_problem
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Clause, Compare, Expression, Group, Refer, Rule

STATUSES = {"draft": "草案", "in_force": "现行", "repealed": "已废止"}
CONFIDENCES = ("high", "medium", "low")
SEVERITIES = ("block", "warn")
AUTHORITY_KINDS = ("require", "permit", "limit", "oppose")

_COMMON = {"id", "clause", "article", "source", "confidence", "status", "from", "to", "overrides", "overrides_because",
           "binds", "severity"}  # fmt: skip
#: keys that an entry must have, itself or from the head of its pack
_REQUIRED = ("id", "clause", "source", "confidence", "status", "from")
_OWN_KEYS: Mapping[str, set[str]] = {
    "parameter": {"value", "operator"},
    "condition": {"edition", "grade", "requires"},
    "authority": {"kind", "routes", "grades", "when", "against", "lifts", "needs"},
    "switch": {"value"},
}
#: what an entry takes from the head of its pack where it says nothing itself
HEAD_DEFAULTS = ("source", "confidence", "status", "from")
_GRADES = {grade.value for grade in Grade}
#: parameters whose value is one of a few words
_VALUES: Mapping[str, tuple[str, ...]] = {"certificate.window": WINDOWS}
#: how deep conditions may lie within conditions; nobody could read more
_DEEPEST = 20


def entry_problems(section: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """Everything wrong with one entry, in Chinese, each naming the key. References to other rules are not checked here."""
    yield from (f"缺少 {key}" for key in _REQUIRED if entry.get(key) in (None, ""))
    yield from (f"不认识的项 {key}" for key in sorted(entry.keys() - _COMMON - _OWN_KEYS[section]))
    for key in ("from", "to"):
        if key in entry and not _is_day(entry[key]):
            yield f"{key} 应为日期，如 2026-03-01，不加引号，不带时刻"
    if _is_day(entry.get("from")) and _is_day(entry.get("to")) and entry["to"] < entry["from"]:
        yield "to 早于 from"
    for key, words in (("status", STATUSES), ("confidence", CONFIDENCES), ("severity", SEVERITIES)):
        if key in entry and not _is_one_of(entry[key], words):
            yield f"{key} 应为 {'、'.join(words)}"
    for key in ("id", "clause", "article", "source", "overrides", "overrides_because", "binds"):
        if key in entry and not isinstance(entry[key], str):
            yield f"{key} 应为文字"
    if "overrides" in entry and not entry.get("overrides_because"):
        yield "覆盖其他规则包的规则须写明 overrides_because（理由）"
    if entry.get("overrides_because") and not entry.get("overrides"):
        yield "写了 overrides_because 而没有写 overrides（被覆盖的规则包）"
    yield from {
        "parameter": _parameter_problems,
        "condition": _condition_problems,
        "authority": _authority_problems,
        "switch": _switch_problems,
    }[section](entry)


def read_entry(section: str, entry: Mapping[str, Any], pack: str) -> Rule:
    """The rule of an entry that has no problems."""
    clause = Clause(
        entry["id"], entry["clause"], entry["source"], entry["confidence"], entry.get("article", ""), entry["status"]
    )
    common: dict[str, Any] = {
        "clause": clause, "valid_from": entry["from"], "valid_to": entry.get("to"), "pack": pack,
        "binds": entry.get("binds", ""), "severity": entry.get("severity", "block"),
    }  # fmt: skip
    if section in ("parameter", "switch"):
        return Rule(kind=section, value=entry.get("value"), operator=entry.get("operator", "is"), **common)
    if section == "condition":
        parts = tuple(_expression(one) for one in entry["requires"])
        return Rule(
            kind="condition", edition=entry["edition"], grades=(entry["grade"],), when=Group("all", parts), **common
        )
    return Rule(
        kind=entry["kind"],
        when=_expression(entry["when"]),
        routes=tuple(entry.get("routes", ())),
        grades=tuple(entry.get("grades", ())),
        against=tuple(entry.get("against", ())),
        lifts=tuple(entry.get("lifts", ())),
        needs=tuple(entry.get("needs", ())),
        **common,
    )


def references(expression: Expression) -> Iterator[tuple[str, str]]:
    """("rule", id) and ("switch", id) for everything that an expression refers to."""
    if isinstance(expression, Refer):
        yield "rule", expression.rule
    elif isinstance(expression, Compare) and expression.fact.startswith("switch:"):
        yield "switch", expression.fact.removeprefix("switch:")
    elif isinstance(expression, Group):
        for part in expression.parts:
            yield from references(part)


def _is_day(value: Any) -> bool:
    """Whether it is a date; a moment, which TOML also has, is none."""
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_one_of(value: Any, words: Collection[str]) -> bool:
    return isinstance(value, str) and value in words


def _parameter_problems(entry: Mapping[str, Any]) -> Iterator[str]:
    if not _is_one_of(entry.get("operator", "is"), ("is", "at_least", "at_most")):
        yield "operator 应为 is、at_least 或 at_most"
    if entry.get("operator", "is") != "is" and not _has_order(entry.get("value", 0)):
        yield "value 与 operator 不符：应为整数或等级"
    words = _VALUES.get(str(entry.get("id")))
    if words is not None and "value" in entry and not _is_one_of(entry["value"], words):
        yield f"value 应为 {'、'.join(words)}"
    if entry.get("confidence") == "low" and "value" in entry and entry.get("severity") != "warn":
        yield "依据可信度低（low）的参数不能带默认值；请删去 value，或把 severity 写为 warn"


def _has_order(value: Any) -> bool:
    """Whether one may be more than another: a whole number, or a grade."""
    return _is_one_of(value, _GRADES) or (isinstance(value, int) and not isinstance(value, bool))


def _switch_problems(entry: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(entry.get("value"), bool):
        yield "value 应为 true 或 false"


def _condition_problems(entry: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(entry.get("edition"), str) or not entry["edition"]:
        yield "缺少 edition"
    if not _is_one_of(entry.get("grade"), _GRADES):
        yield f"grade “{entry.get('grade')}”不是等级"
    requires = entry.get("requires")
    if not isinstance(requires, list) or not requires:
        yield "缺少 requires"
        return
    for number, one in enumerate(requires, start=1):
        yield from (f"requires[{number}] {problem}" for problem in expression_problems(one))


def _authority_problems(entry: Mapping[str, Any]) -> Iterator[str]:
    if not _is_one_of(entry.get("kind"), AUTHORITY_KINDS):
        yield f"kind 应为 {'、'.join(AUTHORITY_KINDS)}"
    for key, words in (("routes", set(ROUTES)), ("grades", _GRADES), ("against", None), ("lifts", None), ("needs", None)):
        values = entry.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            yield f"{key} 应为文字的列表"
        elif words is not None:
            yield from (f"{key} “{value}”应为 {'、'.join(sorted(words))}" for value in values if value not in words)
    if entry.get("kind") in ("limit", "oppose") and not entry.get("against"):
        yield "limit 与 oppose 须写明 against（所针对的规则）"
    if entry.get("kind") in ("require", "permit") and entry.get("against"):
        yield "只有 limit 与 oppose 可写 against"
    if "when" not in entry:
        yield "缺少 when"
    else:
        yield from (f"when {problem}" for problem in expression_problems(entry["when"]))


def expression_problems(written: Any, depth: int = 1) -> Iterator[str]:
    """Everything wrong with an expression as written in a pack."""
    if not isinstance(written, dict) or not written:
        yield "应为一项条件，如 { fact = \"listed\", is = true }"
        return
    if depth > _DEEPEST:
        yield f"条件套条件超过 {_DEEPEST} 层，请拆成几条规则，用 rule 引用"
        return
    if "fact" in written:
        yield from _comparison_problems(written)
    elif "rule" in written:
        if written.keys() != {"rule"} or not isinstance(written["rule"], str):
            yield "rule 应单独写，值为规则编号"
    elif "switch" in written:
        if written.keys() != {"switch", "is"} or not isinstance(written["is"], bool):
            yield "switch 应写作 { switch = \"编号\", is = true }"
    elif "of" in written or written.keys() & {"all", "any", "none"}:
        yield from _group_problems(written, depth)
    else:
        yield from _requirement_problems(written)


def _group_problems(written: dict[str, Any], depth: int) -> Iterator[str]:
    if "of" in written:
        key, count = "of", written.get("at_least")
        if written.keys() != {"at_least", "of"} or not isinstance(count, int) or isinstance(count, bool) or count < 1:
            yield "应写作 { at_least = 2, of = [ … ] }"
            return
    else:
        key = next(iter(written))
        if len(written) != 1:
            yield f"{key} 应单独写"
            return
    parts = written[key]
    if not isinstance(parts, list) or not parts:
        yield f"{key} 应为不空的列表"
        return
    if key == "of" and written["at_least"] > len(parts):
        yield "at_least 超过 of 的项数"
    for number, part in enumerate(parts, start=1):
        yield from (f"{key}[{number}] {problem}" for problem in expression_problems(part, depth + 1))


def _comparison_problems(written: dict[str, Any]) -> Iterator[str]:
    fact = FACTS.get(written["fact"]) if isinstance(written["fact"], str) else None
    if fact is None:
        yield f"没有“{written['fact']}”这一事实"
        return
    operators = [key for key in written if key != "fact"]
    if len(operators) != 1:
        yield f"fact 须与一个比较同写：{'、'.join(OPERATORS[fact.kind])}"
        return
    problem = value_problem(fact, operators[0], written[operators[0]])
    if problem:
        yield problem


#: key → the type it takes
_REQUIREMENT: Mapping[str, type] = {
    "age": int, "work_years": int, "after_certificate": str, "after_title": str, "certificate": str, "title": str,
    "held_years": int, "diplomas": list, "assessed": bool, "students": bool, "evidence": list, "level": str,
}  # fmt: skip
#: what a requirement is about (exactly one), and what may qualify it
_SUBJECTS: Mapping[str, set[str]] = {
    "age": set(),
    "work_years": {"after_certificate", "after_title"},
    "certificate": {"held_years"},
    "title": {"held_years"},
    "diplomas": {"assessed", "students"},
    "evidence": {"level"},
}
_WORDS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "certificate": ({grade.value: grade.printed for grade in Grade}, "等级"),
    "after_certificate": ({grade.value: grade.printed for grade in Grade}, "等级"),
    "title": (TITLE_LEVELS, "职称级别"),
    "after_title": (TITLE_LEVELS, "职称级别"),
    "diplomas": (DIPLOMA_KINDS, "学历类别"),
    "evidence": (EVIDENCE_KINDS, "佐证材料类别"),
    "level": (EVIDENCE_LEVELS, "佐证材料级别"),
}


def _requirement_problems(written: dict[str, Any]) -> Iterator[str]:
    unknown = sorted(written.keys() - _REQUIREMENT.keys())
    if unknown:
        yield from (f"不认识的项 {key}" for key in unknown)
        return
    wrong = [
        key
        for key, value in written.items()
        if not isinstance(value, _REQUIREMENT[key]) or (_REQUIREMENT[key] is int and isinstance(value, bool))
    ]
    yield from (f"{key} 的类型不对" for key in wrong)
    subjects = [key for key in _SUBJECTS if key in written]
    if len(subjects) != 1:
        yield f"须有且只有一项：{'、'.join(_SUBJECTS)}"
        return
    stray = written.keys() - {subjects[0]} - _SUBJECTS[subjects[0]]
    yield from (f"{key} 不能与 {subjects[0]} 同用" for key in sorted(stray))
    if {"after_title", "after_certificate"} <= written.keys():
        yield "after_title 与 after_certificate 不能同用，请分成两项"
    for key in written.keys() & _WORDS.keys() - set(wrong):
        words, name = _WORDS[key]
        for value in written[key] if isinstance(written[key], list) else [written[key]]:
            if not _is_one_of(value, words):
                yield f"{key} “{value}”不是{name}"


def _expression(written: dict[str, Any]) -> Expression:
    if "fact" in written:
        operator = next(key for key in written if key != "fact")
        value = written[operator]
        return Compare(written["fact"], operator, tuple(value) if isinstance(value, list) else value)
    if "rule" in written:
        return Refer(written["rule"])
    if "switch" in written:
        return Compare(f"switch:{written['switch']}", "is", written["is"])
    if "of" in written:
        return Group("least", tuple(_expression(one) for one in written["of"]), written["at_least"])
    for kind in ("all", "any", "none"):
        if kind in written:
            return Group(kind, tuple(_expression(one) for one in written[kind]))
    values = dict(written)
    for key in ("certificate", "after_certificate"):
        if key in values:
            values[key] = Grade(values[key])
    for key in ("diplomas", "evidence"):
        if key in values:
            values[key] = tuple(values[key])
    return Requirement(**values)
