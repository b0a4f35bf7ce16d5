"""The shipped occupations and standards, and a firm's own: found, loaded and checked. Errors name file and key."""

import csv
import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from skilleval import packs, paths
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import NATIONAL_GRADES, Grade
from skilleval.domain.occupations import (
    OCCUPATION_CODE,
    FormerCode,
    Function,
    Occupation,
    Standard,
    StandardFinding,
    lacks_leadership,
    weight_findings,
)

SCHEMA = "occupational-standard/1"
TRUST_NOTE = "技能权重由公开资料整理，使用前请与原标准核对"
_KEYS = {
    "schema": str, "title": str, "code": str, "edition": str, "printed_code": str, "trade": str, "issued": date,
    "document": str, "sources": list, "weights_status": str, "verified_against_original": bool, "grades": list,
    "conditions": dict, "function": list, "note": str, "elective_rule": str,
}  # fmt: skip
_REQUIRED = {"schema", "title", "code", "edition", "printed_code", "sources", "verified_against_original", "grades",
             "conditions", "function"}  # fmt: skip
_USABLE = ("full", "full-inferred")


@dataclass(frozen=True, slots=True)
class FileFinding:
    """A finding on a standard file: the file, the key in it, what is wrong."""

    file: Path
    key: str
    code: str
    message: str
    blocking: bool


@lru_cache(maxsize=1)
def occupations() -> dict[tuple[str, str], Occupation]:
    """All shipped occupations by (code, edition)."""
    rows = _index(paths.shipped("occupational_standards") / "occupations.csv")
    return {(row.code, row.edition): row for row in rows}


def read_index(file: Path) -> dict[str, Occupation]:
    """The occupations of an index file by code. Refused: a file that is none, a code that stands there twice."""
    rows = _index(file)
    found = {row.code: row for row in rows}
    if len(found) < len(rows):
        codes = [row.code for row in rows]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        raise RuleBroken(f"{file.name} 中职业编码写了两次：{'、'.join(twice)}")
    return found


def find_standard(named: str, own_folder: Path | None = None) -> Standard:
    """The standard with a key such as 6-31-01-03@2018, or in a TOML file. Refused: neither is there."""
    if named.endswith(".toml"):
        return load_standard(Path(named))
    known = load_standards(own_folder)
    if named not in known:
        alike = [key for key in known if key.startswith(named[:10])]
        hint = f"，可用的有：{'、'.join(alike)}" if alike else "，可用 skilleval standards list 查询"
        raise RuleBroken(f"没有标准 {named}{hint}")
    return known[named]


def _index(file: Path) -> list[Occupation]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return [_occupation(row) for row in csv.DictReader(lines)]
    except FileNotFoundError as error:
        raise RuleBroken(f"找不到文件 {file}") from error
    except (AttributeError, KeyError, TypeError, ValueError, csv.Error) as error:
        columns = "code、edition、name、middle_code、middle_name、small_code、small_name、trades、trade_count、green、digital、source"
        raise RuleBroken(f"{file.name} 不是职业目录：应为 UTF-8 的 CSV，各列为 {columns}") from error


def _occupation(row: dict[str, str]) -> Occupation:
    return Occupation(
        code=row["code"],
        edition=row["edition"],
        name=row["name"],
        middle_code=row["middle_code"],
        middle_name=row["middle_name"],
        small_code=row["small_code"],
        small_name=row["small_name"],
        trades=tuple(filter(None, row["trades"].split("|"))),
        trade_count=int(row["trade_count"]) if row["trade_count"] else None,
        green=row["green"] == "1",
        digital=row["digital"] == "1",
        sources=tuple(row["source"].split("+")),
    )


@lru_cache(maxsize=1)
def former_codes() -> tuple[FormerCode, ...]:
    """Occupations whose code changed between editions."""
    content = _toml(paths.shipped("occupational_standards") / "former_codes.toml")
    return tuple(FormerCode(**moved) for moved in content["moved"])


def occupation(code: str, edition: str = "2022") -> Occupation:
    """The occupation with this code. Refused: an unknown code; the message tells where a moved code went."""
    found = occupations().get((code, edition))
    if found is not None:
        return found
    moved = [f"{former.name}现为 {former.now}" for former in former_codes() if former.code == code]
    hint = f"（{'；'.join(moved)}）" if moved else "，可用 skilleval standards list 查询"
    raise RuleBroken(f"职业编码 {code} 不在职业分类大典{edition}年版目录中{hint}")


def occupation_named(written: str) -> Occupation:
    """The occupation of a code or of a name, as a person writes it. Refused: neither."""
    text = written.strip()
    named = [one.code for (_code, edition), one in occupations().items() if one.name == text and edition == "2022"]
    if not named and not text[:1].isdigit():
        raise RuleBroken(f"职业分类大典目录中没有职业编码或名称“{text}”，可用 skilleval standards list 查询")
    return occupation(named[0] if named else text)


def pair_error(code: str, name: str, edition: str = "2022") -> str | None:
    """What is wrong with an occupation's code and name together, in Chinese with the right name or code, or None."""
    if not OCCUPATION_CODE.fullmatch(code):
        return f"职业编码“{code}”格式不对，应如 6-31-01-03"
    found = occupations().get((code, edition))
    if found is not None and found.name == name:
        return None
    moved = [former for former in former_codes() if former.code == code and former.name == name]
    if moved:
        meaning = f"，该编码现指“{found.name}”" if found else ""
        return f"“{name}”的编码已由 {code} 变为 {moved[0].now}{meaning}，请改用 {moved[0].now}"
    if found is None:
        return f"职业编码 {code} 不在职业分类大典{edition}年版目录中"
    right = [one.code for one in occupations().values() if one.name == name]
    return f"职业编码 {code} 对应“{found.name}”，与“{name}”不符" + (f"；“{name}”的编码是 {right[0]}" if right else "")


def standard_files(own_folder: Path | None = None) -> list[Path]:
    """All standard files: the shipped ones, then those in the installation's ``standards`` folder."""
    files = list(_shipped_files())
    if own_folder is not None and own_folder.is_dir():
        files += sorted(own_folder.glob("*.toml"))
    return files


@lru_cache(maxsize=1)
def _shipped_files() -> tuple[Path, ...]:
    return tuple(sorted((paths.shipped("occupational_standards") / "standards").glob("*.toml")))


def load_standards(own_folder: Path | None = None) -> dict[str, Standard]:
    """All usable standards by key; a firm's own replaces a shipped one of the same key. Broken files are refused."""
    return {standard.key: standard for file in standard_files(own_folder) for standard in [load_standard(file)]}


def text_hash(key: str, own_folder: Path | None = None) -> str:
    """SHA-256 of the file that holds the standard of this key, the firm's own before the shipped. Refused: there is none."""
    files = {load_standard(file).key: file for file in standard_files(own_folder)}
    if key not in files:
        raise RuleBroken(f"没有标准 {key}")
    return hashlib.sha256(files[key].read_bytes()).hexdigest()


def find_standards(code: str, trade: str = "", own_folder: Path | None = None) -> list[Standard]:
    """The standards for an occupation and trade, newest first: the trade's own, then the whole occupation's."""
    own = sorted(own_folder.glob("*.toml")) if own_folder is not None and own_folder.is_dir() else []
    loaded = [*_shipped_standards(code), *(load_standard(file) for file in own if _may_hold(file, code))]
    found = [standard for standard in loaded if standard.code == code]
    found = [standard for standard in found if standard.trade in ("", trade)]
    return sorted(found, key=lambda one: (one.trade == trade, one.issued or date.min), reverse=True)


@lru_cache(maxsize=256)
def _shipped_standards(code: str) -> tuple[Standard, ...]:
    """What ships does not change while the software runs, and every question of authority asks for it."""
    return tuple(load_standard(file) for file in _shipped_files() if _may_hold(file, code))


def _may_hold(file: Path, code: str) -> bool:
    """Whether a standard of this occupation may stand in the file: most are named by the code."""
    return file.name.startswith(code) or not file.name[0].isdigit()


def load_standard(file: Path) -> Standard:
    """The standard in a file. Refused with ``RuleBroken``: a file with a blocking finding on its form."""
    try:
        stat = file.stat()
    except OSError:
        return _load(file, (0, 0))  # which says that it is not there
    return _load(file, (stat.st_mtime_ns, stat.st_size))


# Reading all files takes a second, which no page has; a file that was changed is read again.
@lru_cache(maxsize=2_000)
def _load(file: Path, _stamp: tuple[int, int]) -> Standard:
    content = _toml(file)
    findings = _form_findings(content)
    if findings:
        raise RuleBroken(f"{file.name} 不能使用", [f"{finding.key}：{finding.message}" for finding in findings])
    return _standard(content)


def check_files(files: Iterable[Path]) -> list[FileFinding]:
    """Every finding on these files, blocking or not, in their order."""
    findings: list[FileFinding] = []
    for file in files:
        try:
            content = _toml(file)
        except RuleBroken as refusal:
            findings.append(FileFinding(file, "", "unreadable", refusal.message, True))
            continue
        found = _form_findings(content)
        if not found:
            standard = _standard(content)
            found = [*weight_findings(standard), *_index_findings(standard)]
        findings += [FileFinding(file, one.key, one.code, one.message, one.blocking) for one in found]
    return findings


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RuleBroken(f"找不到文件 {file}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleBroken(f"{file.name} 不是有效的 TOML 文件：{error}") from error


def _form_findings(content: dict[str, Any]) -> list[StandardFinding]:
    findings = [StandardFinding("key_missing", key, "缺少这一项") for key in sorted(_REQUIRED - content.keys())]
    for key, value in content.items():
        if key not in _KEYS:
            findings.append(StandardFinding("key_unknown", key, "不认识的项"))
        elif not isinstance(value, _KEYS[key]):
            findings.append(StandardFinding("type", key, "类型不对"))
    if findings:
        return findings
    if content["schema"] != SCHEMA:
        findings.append(StandardFinding("schema", "schema", f"应为 {SCHEMA}"))
    if not content["sources"]:
        findings.append(StandardFinding("source_missing", "sources", "须写明来源"))
    if content.get("weights_status", "full") not in _USABLE:
        findings.append(
            StandardFinding("weights_status", "weights_status", f"只有 {'、'.join(_USABLE)} 的权重表可以使用")
        )
    national = {grade.value for grade in NATIONAL_GRADES}
    for grade in content["grades"]:
        if grade not in national:
            findings.append(StandardFinding("grade_unknown", "grades", f"“{grade}”不是国家标准的等级"))
    if content["conditions"].keys() - {"edition", "confidence", "note"}:
        findings.append(StandardFinding("key_unknown", "conditions", "不认识的项"))
    edition = content["conditions"].get("edition")
    if edition is not None and edition not in packs.load().editions():
        findings.append(StandardFinding("conditions_unknown", "conditions.edition", f"没有“{edition}”这一版申报条件"))
    for index, function in enumerate(content["function"], start=1):
        findings += _function_findings(f"function[{index}]", function, set(content["grades"]))
    if any(function.get("elective") for function in content["function"]) and not content.get("elective_rule"):
        findings.append(StandardFinding("elective_rule", "elective_rule", "有选考职业功能，须写明选考规则"))
    return findings


def _function_findings(where: str, function: Any, grades: set[str]) -> list[StandardFinding]:
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"].strip():
        return [StandardFinding("function_name", where, "须有职业功能名称 name")]
    findings = [
        StandardFinding("key_unknown", f"{where}.{key}", "不认识的项")
        for key in function.keys() - {"name", "skill_weights", "tasks", "elective"}
    ]
    weights = function.get("skill_weights")
    if not isinstance(weights, dict) or not weights:
        return [*findings, StandardFinding("weights_missing", f"{where}.skill_weights", "须写明各等级权重")]
    for grade, weight in weights.items():
        if grade not in grades:
            findings.append(StandardFinding("grade_unknown", f"{where}.skill_weights.{grade}", "该等级不在 grades 中"))
        if not isinstance(weight, int) or isinstance(weight, bool) or not 1 <= weight <= 100:
            findings.append(
                StandardFinding("weight_range", f"{where}.skill_weights.{grade}", f"权重应为 1 至 100 的整数，现为 {weight}")
            )
    return findings


def _standard(content: dict[str, Any]) -> Standard:
    conditions = content["conditions"]
    return Standard(
        title=content["title"],
        code=content["code"],
        edition=content["edition"],
        printed_code=content["printed_code"],
        trade=content.get("trade", ""),
        issued=content.get("issued"),
        document=content.get("document", ""),
        sources=tuple(content["sources"]),
        weights_status=content.get("weights_status", "full"),
        verified_against_original=content["verified_against_original"],
        grades=tuple(sorted(Grade(grade) for grade in content["grades"])),
        functions=tuple(
            Function(
                name=function["name"],
                skill_weights={Grade(grade): weight for grade, weight in function["skill_weights"].items()},
                tasks=tuple(function.get("tasks", ())),
                elective=bool(function.get("elective", False)),
            )
            for function in content["function"]
        ),
        conditions=conditions.get("edition"),
        conditions_note=conditions.get("note", ""),
        note=content.get("note", ""),
        elective_rule=content.get("elective_rule", ""),
    )


def _index_findings(standard: Standard) -> list[StandardFinding]:
    findings = []
    known = occupations().get((standard.code, standard.edition))
    if known is None:
        return [StandardFinding("occupation_unknown", "code", f"{standard.code} 不在 {standard.edition} 年版职业目录中")]
    if known.name not in standard.title and standard.title.partition("（")[0] not in known.name:
        findings.append(
            StandardFinding("title_differs", "title", f"标准名称“{standard.title}”与职业名称“{known.name}”不同，请核对", False)
        )
    if standard.printed_code[:10] != standard.code:
        meaning = occupations().get((standard.printed_code[:10], standard.edition))
        now = f"，该编码现指“{meaning.name}”" if meaning else ""
        findings.append(
            StandardFinding("code_moved", "printed_code", f"标准印为 {standard.printed_code}，现编码 {standard.code}{now}", False)
        )
    if lacks_leadership(standard, known.trade_count):
        findings.append(
            StandardFinding("no_leadership", "function", "一级没有培训、管理或创新类职业功能而职业设多个工种，请核对原文", False)
        )
    if not standard.document or standard.issued is None:
        findings.append(StandardFinding("document_missing", "document", "印发日期或文号未取得", False))
    return findings
