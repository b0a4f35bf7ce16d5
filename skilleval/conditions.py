"""The entry conditions of each generation of standards, loaded from data. Errors name file and key."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from skilleval import paths
from skilleval.domain.eligibility import DIPLOMA_KINDS, TITLE_LEVELS, Condition, Requirement
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import NATIONAL_GRADES, Grade
from skilleval.domain.rules import Clause

SCHEMA = "entry-conditions/1"
_HEAD = {"schema", "edition", "title", "source", "confidence", "status", "condition"}
_GRADES = {grade.value for grade in NATIONAL_GRADES}


def editions() -> list[str]:
    """The generations of conditions that are shipped."""
    return sorted(file.stem for file in _folder().glob("*.toml"))


def load_conditions(edition: str) -> tuple[Condition, ...]:
    """The conditions of one generation, "2018" or "2023". Refused: an edition that is not there, a malformed file."""
    if edition not in editions():
        raise RuleBroken(f"没有“{edition}”这一版申报条件，可用的有：{'、'.join(editions())}")
    return read_conditions(_folder() / f"{edition}.toml")


@lru_cache(maxsize=8)
def read_conditions(file: Path) -> tuple[Condition, ...]:
    """The conditions in one file. Refused with every reason: an unknown or missing key, an unknown word."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleBroken(f"{file.name} 无法读取：{error}") from error
    problems = [f"缺少 {key}" for key in sorted(_HEAD - content.keys())]
    problems += [f"不认识的项 {key}" for key in sorted(content.keys() - _HEAD)]
    if content.get("schema") != SCHEMA:
        problems.append(f"schema 应为 {SCHEMA}")
    seen: set[str] = set()
    for index, entry in enumerate(content.get("condition", []), start=1):
        problems += [f"condition[{index}] {problem}" for problem in _problems(entry, seen)]
    if problems:
        raise RuleBroken(f"申报条件文件 {file.name} 不能使用", problems)
    return tuple(_condition(entry, content) for entry in content["condition"])


def _folder() -> Path:
    return paths.shipped("occupational_standards") / "conditions"


def _problems(entry: dict[str, Any], seen: set[str]) -> list[str]:
    problems = [f"缺少 {key}" for key in ("id", "grade", "clause", "requires") if not entry.get(key)]
    problems += [f"不认识的项 {key}" for key in sorted(entry.keys() - {"id", "grade", "clause", "requires"})]
    if problems:
        return problems
    if entry["id"] in seen:
        problems.append(f"id {entry['id']} 重复")
    seen.add(entry["id"])
    if entry["grade"] not in _GRADES:
        problems.append(f"grade “{entry['grade']}”不是国家标准的等级")
    for number, requirement in enumerate(entry["requires"], start=1):
        problems += [f"requires[{number}] {problem}" for problem in _requirement_problems(requirement)]
    return problems


#: key → the type it takes
_REQUIREMENT: dict[str, type] = {
    "age": int,
    "work_years": int,
    "after_certificate": str,
    "after_title": str,
    "certificate": str,
    "held_years": int,
    "diplomas": list,
    "assessed": bool,
    "students": bool,
}
#: what a requirement is about (exactly one), and what may qualify it
_SUBJECTS = {
    "age": set[str](),
    "work_years": {"after_certificate", "after_title"},
    "certificate": {"held_years"},
    "diplomas": {"assessed", "students"},
}


def _requirement_problems(requirement: dict[str, Any]) -> list[str]:
    unknown = sorted(requirement.keys() - _REQUIREMENT.keys())
    if unknown:
        return [f"不认识的项 {key}" for key in unknown]
    problems = [
        f"{key} 的类型不对"
        for key, value in requirement.items()
        if not isinstance(value, _REQUIREMENT[key]) or (_REQUIREMENT[key] is int and isinstance(value, bool))
    ]
    subjects = [key for key in _SUBJECTS if key in requirement]
    if len(subjects) != 1:
        return [*problems, f"须有且只有一项：{'、'.join(_SUBJECTS)}"]
    stray = requirement.keys() - {subjects[0]} - _SUBJECTS[subjects[0]]
    problems += [f"{key} 不能与 {subjects[0]} 同用" for key in sorted(stray)]
    for key in ("certificate", "after_certificate"):
        if key in requirement and requirement[key] not in _GRADES:
            problems.append(f"{key} “{requirement[key]}”不是等级")
    if "after_title" in requirement and requirement["after_title"] not in TITLE_LEVELS:
        problems.append(f"after_title “{requirement['after_title']}”不是职称级别")
    if {"after_title", "after_certificate"} <= requirement.keys():
        problems.append("after_title 与 after_certificate 不能同用，请分成两项")
    problems += [f"diplomas “{kind}”不是学历类别" for kind in requirement.get("diplomas", []) if kind not in DIPLOMA_KINDS]
    return problems


def _condition(entry: dict[str, Any], content: dict[str, Any]) -> Condition:
    clause = Clause(entry["id"], entry["clause"], content["source"], content["confidence"])
    return Condition(Grade(entry["grade"]), clause, tuple(_requirement(one) for one in entry["requires"]))


def _requirement(entry: dict[str, Any]) -> Requirement:
    values = dict(entry)
    for key in ("certificate", "after_certificate"):
        if key in values:
            values[key] = Grade(values[key])
    if "diplomas" in values:
        values["diplomas"] = tuple(values["diplomas"])
    return Requirement(**values)
