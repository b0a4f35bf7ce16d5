"""The form of a TOML file that a command reads: keys that must be there, keys that may, and the type of each."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

_WORDS: Mapping[type, str] = {
    str: "文字", int: "不为负的整数", date: "日期（如 2026-06-08，不加引号）", bool: "true 或 false", list: "列表",
    dict: "表（{ 项 = 值 }）", float: "数",
}  # fmt: skip


def form_problems(
    entry: Mapping[str, Any], keys: Mapping[str, type], required: Sequence[str], where: str = ""
) -> list[str]:
    """Everything wrong with the keys and types of one table of a file, in Chinese, each with ``where`` it stands."""
    lead = f"{where} " if where else ""
    problems = [f"{lead}缺少 {key}" for key in required if entry.get(key) in (None, "", [], {})]
    for key, value in entry.items():
        if key not in keys:
            problems.append(f"{lead}不认识的项 {key}")
        elif not _fits(value, keys[key]):
            problems.append(f"{lead}{key} 应为{_WORDS[keys[key]]}")
    return problems


def table_problems(entry: Mapping[str, Any], name: str, keys: Mapping[str, type], required: Sequence[str]) -> list[str]:
    """The same for every table of a list, ``[[name]]``; nothing where the list is not there."""
    listed = entry.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        return [f"{name} 应写作 [[{name}]]"]
    return [
        problem
        for place, one in enumerate(listed, start=1)
        for problem in form_problems(one, keys, required, f"{name}[{place}]")
    ]


def _fits(value: Any, kind: type) -> bool:
    if isinstance(value, datetime) or (isinstance(value, bool) and kind is not bool):
        return False
    if kind is float:  # a number of any kind: 98 as well as 98.5, also below 0
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, kind) and not (isinstance(value, int) and value < 0)
