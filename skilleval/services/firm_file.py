"""The form of a firm's TOML file: every key with its type, and every error at once, by section and key."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from skilleval import packs, standards
from skilleval.db.tables import METHODS, ROUTES
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import (
    ID_ERRORS,
    ID_TYPES,
    PROVINCES,
    clean_number,
    credit_code_error,
    id_error,
    registration_number_error,
)
from skilleval.domain.ladder import Grade
from skilleval.domain.scoring import AGREEMENT_RULES

_TEXT, _NUMBER, _DAY, _FLAG, _LIST, _TABLE = str, int, date, bool, list, dict

INSTITUTION: Mapping[str, type] = {
    "credit_code": _TEXT, "name": _TEXT, "kind": _TEXT, "ownership": _TEXT, "industry": _TEXT, "cluster": _TEXT,
    "size": _TEXT, "manufacturing": _FLAG, "listed": _FLAG, "above_scale": _FLAG, "chain_lead": _FLAG,
    "flagship": _FLAG, "legal_representative": _TEXT, "address": _TEXT, "province": _TEXT, "city": _TEXT,
    "district": _TEXT, "insured_place": _TEXT, "employees": _NUMBER, "skilled_posts": _NUMBER,
    "senior_skilled": _NUMBER, "insured_employees": _NUMBER, "full_time_staff": _NUMBER, "responsible": _TEXT,
    "contact": _TEXT, "phone": _TEXT, "email": _TEXT,
}  # fmt: skip
REGISTRATION: Mapping[str, type] = {
    "number": _TEXT, "authority": _TEXT, "authority_level": _TEXT, "registered_on": _DAY, "valid_from": _DAY,
    "valid_to": _DAY, "state": _TEXT,
}  # fmt: skip
SCOPE: Mapping[str, type] = {
    "occupation_code": _TEXT, "occupation_edition": _TEXT, "occupation_name": _TEXT, "trade": _TEXT, "grades": _LIST,
    "basis": _TEXT, "basis_name": _TEXT, "basis_year": _TEXT, "routes": _LIST, "complete_grade_set": _FLAG,
    "ceiling": _TEXT, "workers": _NUMBER, "note": _TEXT,
}  # fmt: skip
SPECIFICATION: Mapping[str, type] = {
    "code": _TEXT, "version": _NUMBER, "title": _TEXT, "occupation_code": _TEXT, "occupation_edition": _TEXT,
    "trade": _TEXT, "standard": _TEXT, "conditions": _TEXT, "related_occupations": _LIST, "state": _TEXT,
    "approved_on": _DAY, "part": _LIST,
}  # fmt: skip
PART: Mapping[str, type] = {
    "grades": _LIST, "method": _TEXT, "weight": _NUMBER, "maximum": _NUMBER, "pass_mark": _NUMBER,
    "assessors": _NUMBER, "agreement": _TABLE,
}  # fmt: skip
POST: Mapping[str, type] = {"name": _TEXT, "occupation_code": _TEXT, "trade": _TEXT, "grade": _LIST}
POST_GRADE: Mapping[str, type] = {
    "name": _TEXT, "grade": _TEXT, "post_specification": _TEXT, "skill_pay": _NUMBER, "valid_from": _DAY,
}  # fmt: skip
PERSONNEL: Mapping[str, type] = {
    "code": _TEXT, "name": _TEXT, "kind": _TEXT, "sex": _TEXT, "id_type": _TEXT, "id_number": _TEXT, "employer": _TEXT,
    "title": _TEXT, "grade": _TEXT, "card_number": _TEXT, "card_valid_to": _DAY, "occupations": _LIST,
    "grades": _LIST, "phone": _TEXT,
}  # fmt: skip
VENUE: Mapping[str, type] = {
    "name": _TEXT, "address": _TEXT, "kind": _TEXT, "ownership": _TEXT, "lease_to": _DAY, "seats": _NUMBER,
    "monitored": _FLAG, "occupations": _LIST, "equipment": _LIST,
}  # fmt: skip

#: lists whose entries are tables; those of all others are text
_ITEMS: Mapping[str, type] = {"part": _TABLE, "grade": _TABLE, "equipment": _TABLE}

_ONE_OF = {
    "institution.kind": ("employer", "chain_evaluator"),
    "registration.authority_level": ("province", "city", "district"),
    "registration.state": ("draft", "submitted", "registered", "suspended", "removed"),
    "scope.basis": ("standard", "specification", "direct_sheet"),
    "specification.state": ("draft", "approved", "superseded"),
    "part.method": METHODS,
    "personnel.kind": ("assessor", "senior_assessor", "supervisor", "expert", "staff"),
    "personnel.sex": ("male", "female"),
    "personnel.id_type": tuple(ID_TYPES),
}


def check_firm(content: dict[str, Any], own_standards: Path | None = None) -> list[str]:
    """Bring a parsed firm file into stored words (grades, numbers) and return reminders.

    ``own_standards`` is the folder with the firm's own standards, which a specification may rest on beside the shipped.
    Refused with ``RuleBroken`` holding every error, each with its section and key in the file.
    """
    problems: list[str] = []
    sections = {"institution", "registration", "scope", "specification", "post", "personnel", "venue"}
    problems += [f"不认识的节 [{name}]" for name in sorted(content.keys() - sections)]
    heads: tuple[tuple[str, Mapping[str, type], tuple[str, ...]], ...] = (
        ("institution", INSTITUTION, ("credit_code", "name")),
        ("registration", REGISTRATION, ("number", "authority", "authority_level", "valid_from", "valid_to")),
    )
    for name, keys, required in heads:
        if name == "registration" and name not in content:
            # A member firm of a chain is evaluated by others and has none.
            if content.get("scope"):
                problems.append("缺少 [registration] 一节：写了备案范围 [[scope]] 的机构须写明备案")
        elif not isinstance(content.get(name), dict):
            problems.append(f"缺少 [{name}] 一节")
        else:
            problems += _keys(name, content[name], keys, required)
    lists: tuple[tuple[str, Mapping[str, type], tuple[str, ...]], ...] = (
        ("scope", SCOPE, ("occupation_code", "occupation_name", "grades", "basis", "basis_name", "routes")),
        ("specification", SPECIFICATION, ("code", "title", "occupation_code", "part")),
        ("post", POST, ("name", "occupation_code")),
        ("personnel", PERSONNEL, ("code", "name", "kind")),
        ("venue", VENUE, ("name", "address", "kind", "seats")),
    )
    for name, keys, required in lists:
        for index, entry in enumerate(_list(content, name, problems), start=1):
            problems += _keys(f"{name}[{index}]", entry, keys, required)
    if problems:
        raise RuleBroken("机构文件有错误，未作任何改动", problems)
    warnings: list[str] = []
    problems = [*_check_head(content, warnings), *_check_lists(content, own_standards)]
    if problems:
        raise RuleBroken("机构文件有错误，未作任何改动", problems)
    return warnings


#: what rules ask of every institution, so that nothing is assumed of a new one → what its file has to say
_STATED = {
    "manufacturing": "没有写：须写明是否属于制造业，写 manufacturing = true 或 manufacturing = false",
    "province": '没有写：须写明所在省的行政区划代码前两位，如广东写 province = "44"',
}


def must_state(institution: Mapping[str, Any]) -> None:
    """Refuse the ``[institution]`` of a new institution that leaves out what rules ask of everybody, naming each key."""
    missing = [f"institution.{key} {told}" for key, told in _STATED.items() if institution.get(key) in (None, "")]
    if missing:
        raise RuleBroken("机构文件 [institution] 一节没有写全，未作任何改动", missing)


def check_specification(content: dict[str, Any], own_standards: Path | None = None) -> dict[str, Any]:
    """The one specification of a file that holds nothing else, in stored words: what a draft in a chain consists of.

    It is written as in a firm file, but for ``state`` and ``approved_on``, which an approval sets.
    Refused with ``RuleBroken`` holding every error, each with its section and key in the file.
    """
    problems = [f"不认识的节 [{name}]，文稿只写一个 [[specification]]" for name in sorted(content.keys() - {"specification"})]
    entries = _list(content, "specification", problems)
    if len(entries) != 1:
        problems.append(f"文稿应有一个 [[specification]]，现有 {len(entries)} 个")
    for entry in entries:
        problems += _keys("specification[1]", entry, SPECIFICATION, ("code", "title", "occupation_code", "part"))
        problems += [f"specification[1].{key} 由批准时写入，请删去" for key in ("state", "approved_on") if key in entry]
    if not problems:
        entries[0].setdefault("version", 1)
        problems += _check_specification("specification[1]", entries[0])
        problems += _check_standard("specification[1]", entries[0], own_standards)
    if problems:
        raise RuleBroken("评价规范文稿有错误，未作任何改动", problems)
    return entries[0]


def _list(content: dict[str, Any], name: str, problems: list[str]) -> list[dict[str, Any]]:
    entries = content.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        problems.append(f"[{name}] 应写作 [[{name}]]")
        return []
    return entries


def _keys(where: str, entry: dict[str, Any], keys: Mapping[str, type], required: tuple[str, ...]) -> list[str]:
    problems = [f"{where} 缺少 {key}" for key in required if entry.get(key) in (None, "", [])]
    noun = where.partition("[")[0]
    for key, value in entry.items():
        if key not in keys:
            problems.append(f"{where} 中不认识的项 {key}")
        elif not isinstance(value, keys[key]) or (keys[key] is int and isinstance(value, bool)) or isinstance(value, datetime):
            wanted = {_TEXT: "文字", _NUMBER: "整数", _DAY: "日期（如 2026-01-01，不加引号）", _FLAG: "true 或 false",
                      _LIST: "列表", _TABLE: "表"}[keys[key]]  # fmt: skip
            problems.append(f"{where}.{key} 应为{wanted}")
        elif isinstance(value, list) and not all(isinstance(one, _ITEMS.get(key, str)) for one in value):
            problems.append(f"{where}.{key} 的每一项应为{'表（{ 项 = 值 }）' if key in _ITEMS else '文字'}")
        elif (allowed := _ONE_OF.get(f"{noun}.{key}")) and value not in allowed:
            problems.append(f"{where}.{key} “{value}”应为：{'、'.join(allowed)}")
        elif isinstance(value, int) and value < 0:
            problems.append(f"{where}.{key} 不能为负数")
    return problems


def _check_head(content: dict[str, Any], warnings: list[str]) -> list[str]:
    problems = []
    institution, registration = content["institution"], content.get("registration")
    institution["credit_code"] = clean_number(institution["credit_code"])
    if error := credit_code_error(institution["credit_code"]):
        problems.append(f"institution.credit_code {error}")
    if institution.get("province", "44") not in PROVINCES:
        problems.append(f"institution.province “{institution['province']}”应为行政区划代码的前两位，如广东写 \"44\"")
    if registration is not None and (error := registration_number_error(registration["number"])):
        problems.append(f"registration.number {error}")
    if registration is not None and registration["valid_to"] < registration["valid_from"]:
        problems.append("registration.valid_to 早于有效期的起始日")
    for index, line in enumerate(content.get("scope", []), start=1):
        tops = [grade for grade in line.get("grades", []) if grade in ("特级技师", "首席技师")]
        if "首席技师" in tops and not (institution.get("chain_lead") or institution.get("flagship")):
            warnings.append(f"scope[{index}]：首席技师须为链主企业或行业龙头企业方可备案，请核对 chain_lead、flagship")
        if tops:
            warnings.append(f"scope[{index}]：{'、'.join(tops)}的证书等级代码尚无可靠依据，本软件不自编其证书编号")
    return problems


def _check_lists(content: dict[str, Any], own_standards: Path | None) -> list[str]:
    problems: list[str] = []
    for index, line in enumerate(content.get("scope", []), start=1):
        problems += _check_scope(f"scope[{index}]", line)
    for index, entry in enumerate(content.get("specification", []), start=1):
        problems += _check_specification(f"specification[{index}]", entry)
        problems += _check_standard(f"specification[{index}]", entry, own_standards)
    for index, post in enumerate(content.get("post", []), start=1):
        problems += _occupation(f"post[{index}]", post)
        for number, grade in enumerate(post.get("grade", []), start=1):
            where = f"post[{index}].grade[{number}]"
            problems += _keys(where, grade, POST_GRADE, ("name", "grade")) or _grade(where, grade, "grade")
    for index, person in enumerate(content.get("personnel", []), start=1):
        problems += _check_personnel(f"personnel[{index}]", person)
    for index, venue in enumerate(content.get("venue", []), start=1):
        problems += _known_occupations(f"venue[{index}]", venue, "occupations")
        problems += [
            f"venue[{index}].equipment[{number}].{key} 应为文字、整数或 true / false"
            for number, device in enumerate(venue.get("equipment", []), start=1)
            for key, value in device.items()
            if not isinstance(value, str | int)
        ]
    problems += _twice(content, "scope", lambda one: (one["occupation_code"], one.get("trade", "")), "职业与工种")
    problems += _twice(content, "specification", lambda one: (one["code"], one.get("version", 1)), "编号与版本")
    problems += _twice(content, "personnel", lambda one: one["code"], "编号 code")
    problems += _twice(content, "venue", lambda one: one["name"], "名称")
    return problems


def _twice(content: dict[str, Any], name: str, key: Callable[[dict[str, Any]], object], what: str) -> list[str]:
    seen: dict[object, int] = {}
    problems = []
    for index, entry in enumerate(content.get(name, []), start=1):
        if key(entry) in seen:
            problems.append(f"{name}[{index}] 与 {name}[{seen[key(entry)]}] 的{what}相同")
        seen.setdefault(key(entry), index)
    return problems


def _grade(where: str, entry: dict[str, Any], key: str) -> list[str]:
    try:
        entry[key] = Grade.parse(str(entry[key])).value
    except RuleBroken as refusal:
        return [f"{where}.{key} {refusal.message}"]
    return []


def _grades(where: str, entry: dict[str, Any], key: str) -> list[str]:
    problems, grades = [], []
    for written in entry.get(key, []):
        try:
            grades.append(Grade.parse(str(written)))
        except RuleBroken as refusal:
            problems.append(f"{where}.{key} {refusal.message}")
    entry[key] = [grade.value for grade in sorted(set(grades))]
    return problems


def _occupation(where: str, entry: dict[str, Any]) -> list[str]:
    try:
        standards.occupation(entry["occupation_code"], entry.get("occupation_edition", "2022"))
    except RuleBroken as refusal:
        return [f"{where}.occupation_code {refusal.message}"]
    return []


def _check_scope(where: str, line: dict[str, Any]) -> list[str]:
    problems = _grades(where, line, "grades")
    edition = line.get("occupation_edition", "2022")
    if error := standards.pair_error(line["occupation_code"], line["occupation_name"], edition):
        problems.append(f"{where}.occupation_code {error}")
    problems += [f"{where}.routes “{route}”应为：{'、'.join(ROUTES)}" for route in line["routes"] if route not in ROUTES]
    if line.get("ceiling"):
        problems += _grade(where, line, "ceiling")
    if not problems and line.get("ceiling"):
        ceiling = Grade(line["ceiling"])
        problems += [
            f"{where}.grades {Grade(grade).printed}高于 ceiling {ceiling.printed}"
            for grade in line["grades"]
            if Grade(grade) > ceiling
        ]
    return problems


def _check_standard(where: str, entry: dict[str, Any], own_standards: Path | None) -> list[str]:
    key = entry.get("standard")
    if not key:
        return []
    known = [one.key for one in standards.find_standards(entry["occupation_code"], entry.get("trade", ""), own_standards)]
    if key in known:
        return []
    hint = f"可用的有：{'、'.join(known)}" if known else "该职业没有可用的标准，请删去此项，或在 instance/standards/ 中自建"
    return [f"{where}.standard 没有“{key}”这份 {entry['occupation_code']} 的标准；{hint}"]


def _check_specification(where: str, entry: dict[str, Any]) -> list[str]:
    problems = [*_occupation(where, entry), *_known_occupations(where, entry, "related_occupations")]
    if "conditions" in entry and entry["conditions"] not in packs.load().editions():
        problems.append(f"{where}.conditions “{entry['conditions']}”应为：{'、'.join(packs.load().editions())}")
    totals: dict[str, int] = {}
    methods: set[tuple[str, str]] = set()
    for number, part in enumerate(entry["part"], start=1):
        spot = f"{where}.part[{number}]"
        found = [problem.replace("part[", f"{where}.part[", 1) for problem in
                 _keys(f"part[{number}]", part, PART, ("grades", "method", "weight", "agreement"))]  # fmt: skip
        found = found or [*_grades(spot, part, "grades"), *_check_part(spot, part)]
        problems += found
        if not found:
            for grade in part["grades"]:
                totals[grade] = totals.get(grade, 0) + part["weight"]
                if (grade, part["method"]) in methods:
                    problems.append(f"{spot} {Grade(grade).printed}的 {part['method']} 写了两次")
                methods.add((grade, part["method"]))
    problems += [
        f"{where} {Grade(grade).printed}各部分权重合计为 {total}，应为 100" for grade, total in totals.items() if total != 100
    ]
    return problems


def _check_part(where: str, part: dict[str, Any]) -> list[str]:
    problems = []
    # The file speaks in points; stored are hundredths.
    maximum, pass_mark = part.get("maximum", 100), part.get("pass_mark", 60)
    if not 0 < pass_mark <= maximum:
        problems.append(f"{where}.pass_mark 应大于 0 且不超过 maximum {maximum}")
    part["maximum"], part["pass_mark"] = maximum * 100, pass_mark * 100
    part.setdefault("assessors", 1)
    if not 1 <= part["weight"] <= 100:
        problems.append(f"{where}.weight 应为 1 至 100")
    if part["assessors"] < 1:
        problems.append(f"{where}.assessors 应至少为 1")
    agreement = part["agreement"]
    if agreement.keys() - {"rule", "tolerance"} or agreement.get("rule") not in list(AGREEMENT_RULES):
        problems.append(f"{where}.agreement.rule 应为：{'、'.join(AGREEMENT_RULES)}")
    tolerance = agreement.get("tolerance")
    if tolerance is not None and (not isinstance(tolerance, int) or isinstance(tolerance, bool) or tolerance < 0):
        problems.append(f"{where}.agreement.tolerance 应为不小于 0 的整数")
    elif tolerance is not None:
        agreement["tolerance"] = tolerance * 100
    return problems


def _known_occupations(where: str, entry: dict[str, Any], key: str) -> list[str]:
    problems = []
    for code in entry.get(key, []):
        try:
            standards.occupation(code)
        except RuleBroken as refusal:
            problems.append(f"{where}.{key} {refusal.message}")
    return problems


def _check_personnel(where: str, person: dict[str, Any]) -> list[str]:
    problems = _known_occupations(where, person, "occupations")
    problems += _grades(where, person, "grades") if "grades" in person else []
    if person.get("grade"):
        problems += _grade(where, person, "grade")
    if person.get("id_number"):
        person["id_number"] = clean_number(person["id_number"])
        person.setdefault("id_type", "resident_id")
        if error := id_error(person["id_type"], person["id_number"]):
            problems.append(f"{where}.id_number {ID_ERRORS[error]}")
    return problems
