"""The holiday tables: shipped ones, and those that a firm adds for itself each year."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from skilleval import paths
from skilleval.domain.errors import RuleBroken
from skilleval.domain.workdays import Calendar

FILE_NAME = "holidays.toml"
_KEYS = {"source", "confidence", "holidays", "worked"}


def load_calendar(instance_folder: Path | None = None) -> Calendar:
    """The shipped tables, each year replaced by the installation's own where ``rulepacks/holidays.toml`` has it.

    Refused with ``RuleBroken``: a malformed file; the message names file, year and key.
    """
    tables = _read(paths.shipped("rulepacks") / FILE_NAME)
    if instance_folder is not None:
        own = instance_folder / "rulepacks" / FILE_NAME
        if own.is_file():
            tables |= _read(own)
    return Calendar(
        years=frozenset(tables),
        holidays=frozenset(day for holidays, _worked in tables.values() for day in holidays),
        worked=frozenset(day for _holidays, worked in tables.values() for day in worked),
    )


def _read(file: Path) -> dict[int, tuple[list[date], list[date]]]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleBroken(f"{file} 无法读取：{error}") from error
    tables = {}
    for year, table in content.items():
        if not year.isdecimal() or not isinstance(table, dict):
            raise RuleBroken(f"{file}：[{year}] 不是年份")
        if not table.get("source"):
            raise RuleBroken(f"{file}：[{year}] 缺少 source（依据的通知）")
        if set(table) - _KEYS:
            raise RuleBroken(f"{file}：[{year}] 中不认识的项 {'、'.join(sorted(set(table) - _KEYS))}")
        tables[int(year)] = (_days(file, year, table, "holidays"), _days(file, year, table, "worked"))
    return tables


def _days(file: Path, year: str, table: dict[str, Any], key: str) -> list[date]:
    days = []
    for written in table.get(key, []):
        try:
            day = date.fromisoformat(written)
        except (ValueError, TypeError) as error:
            raise RuleBroken(f"{file}：[{year}] {key} 中的“{written}”不是日期，请写作 2026-01-01") from error
        if str(day.year) != year:
            raise RuleBroken(f"{file}：[{year}] {key} 中的 {written} 不在该年")
        days.append(day)
    return days
