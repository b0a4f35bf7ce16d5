"""The file by which cases of direct recognition are laid: its keys, numbers and words, checked before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from skilleval.domain.methods import METHODS
from skilleval.domain.recognition import DIRECT_METHODS, METHOD_MAXIMUM

_CASE_KEYS = {"candidate", "methods", "lines"}
_LINE_KEYS = {"group", "text", "maximum", "must", "score", "evidence"}


@dataclass(frozen=True, slots=True)
class LineEntry:
    """One line as the file has it; numbers in hundredths, evidence by code."""

    group: str
    text: str
    maximum: int
    must: bool
    score: int | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One case as the file has it: who, the methods used with their marks, and the lines."""

    candidate: str
    methods: dict[str, int | None]
    lines: tuple[LineEntry, ...]


def read_cases(entries: Sequence[Any]) -> tuple[list[CaseEntry], list[str]]:
    """The cases of a file, and everything wrong with them; a case that is wrong is left out."""
    found, problems = [], []
    if not entries:
        problems.append("没有 [[cases]] 一项")
    for place, entry in enumerate(entries, start=1):
        wrong: list[str] = []
        case = _case(entry, wrong)
        problems += [f"第 {place} 个案卷：{one}" for one in wrong]
        if case is not None and not wrong:
            found.append(case)
    return found, problems


def hundredths(value: Any) -> int | None:
    """A number with at most two decimals as hundredths; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    exact = Decimal(str(value)) * 100
    return int(exact) if exact.is_finite() and exact == exact.to_integral_value() and exact >= 0 else None


def _case(entry: Any, wrong: list[str]) -> CaseEntry | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("candidate"), str):
        wrong.append("缺少 candidate（工号、姓名、准考证号或证件号码）")
        return None
    wrong += [f"不认识的项 {key}" for key in sorted(entry.keys() - _CASE_KEYS)]
    written = entry.get("lines")
    if not isinstance(written, list) or not written:
        wrong.append("缺少 lines（综合评价表的各项）")
        return None
    lines = [_line(place, line, wrong) for place, line in enumerate(written, start=1)]
    return CaseEntry(
        entry["candidate"], _methods(entry.get("methods", {}), wrong), tuple(one for one in lines if one is not None)
    )


def _methods(written: Any, wrong: list[str]) -> dict[str, int | None]:
    """``{ performance = 88.5 }``, or a list of methods whose marks come later."""
    if isinstance(written, list):
        written = dict.fromkeys(written)
    if not isinstance(written, dict):
        wrong.append("methods 应写作 { performance = 88.5 } 或 [\"performance\"]")
        return {}
    found: dict[str, int | None] = {}
    for key, mark in written.items():
        value = None if mark is None else hundredths(mark)
        if key not in DIRECT_METHODS:
            told = "、".join(f"{one}（{METHODS[one].name_zh}）" for one in DIRECT_METHODS)
            wrong.append(f"methods “{key}”应为：{told}")
        elif mark is not None and (value is None or value > METHOD_MAXIMUM):
            wrong.append(f"methods {key} 的成绩应为 0 至 100、至多两位小数")
        else:
            found[key] = value
    return dict(sorted(found.items(), key=lambda item: DIRECT_METHODS.index(item[0])))


def _line(place: int, line: Any, wrong: list[str]) -> LineEntry | None:
    if not isinstance(line, dict):
        wrong.append(f"第 {place} 项应写作 [[cases.lines]] 一节")
        return None
    told = [f"不认识的项 {key}" for key in sorted(line.keys() - _LINE_KEYS)]
    told += [f"缺少 {key}" for key in ("group", "text") if not isinstance(line.get(key), str) or not line[key].strip()]
    maximum, score = hundredths(line.get("maximum")), hundredths(line.get("score"))
    if not maximum:
        told.append("maximum 应为大于 0、至多两位小数的数")
    if "score" in line and (score is None or score > (maximum or 0)):
        told.append("score 应为 0 至 maximum、至多两位小数的数")
    evidence = line.get("evidence", [])
    if not isinstance(evidence, list) or not all(isinstance(one, str) for one in evidence):
        told.append("evidence 应为佐证材料编号的列表")
    if not isinstance(line.get("must", False), bool):
        told.append("must 应为 true 或 false")
    wrong += [f"第 {place} 项：{one}" for one in told]
    if told or not maximum:
        return None
    return LineEntry(
        line["group"].strip(), line["text"].strip(), maximum, line.get("must", False), score,
        tuple(dict.fromkeys(evidence)),
    )  # fmt: skip
