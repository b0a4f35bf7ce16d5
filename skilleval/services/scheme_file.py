"""The form of a scheme's TOML file, and the scheme as it is stored.

The file speaks in points; stored are hundredths, and values as text, since a float has no one spelling.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from skilleval.services.toml_form import form_problems, table_problems

Keys = Mapping[str, type]

HEAD: Keys = {
    "institution": str, "specification": str, "version": int, "method": str, "grades": list, "title": str,
}  # fmt: skip
REQUIRED = ("institution", "specification", "method", "grades", "title")
#: kind → table of the file → its keys, and those of them that must be there
TABLES: Mapping[str, Mapping[str, tuple[Keys, tuple[str, ...]]]] = {
    "criteria": {
        "group": ({"name": str, "maximum": float, "cap": float}, ("name",)),
        "criterion": (
            {"code": str, "name": str, "group": str, "kind": str, "maximum": float, "each": float, "cap": float},
            ("code", "name", "group", "kind", "maximum"),
        ),
        "veto": ({"code": str, "name": str}, ("code", "name")),
    },
    "review": {
        "period": ({"name": str, "weight": int}, ("name", "weight")),
        "indicator": (
            {"code": str, "name": str, "unit": str, "weight": int, "target": str, "better": str, "bands": list,
             "otherwise": float, "lowest": float, "highest": float},
            ("code", "name", "unit", "weight", "better", "bands", "otherwise"),
        ),
    },
    "observing": {
        "occasion": ({"code": str, "name": str, "weight": int, "at_least": int}, ("code", "name", "weight")),
    },
}  # fmt: skip
#: kind → keys of its file beside the tables
OWN: Mapping[str, Keys] = {"criteria": {}, "review": {}, "observing": {"at_least": int, "observers": int}}
_BAND: Keys = {"at": float, "points": float}
#: keys that hold points, and keys that hold values of indicators
_POINTS, _VALUES = ("maximum", "each", "cap", "otherwise", "points"), ("at", "lowest", "highest")
#: tables that a scheme may do without
_OPTIONAL = ("veto",)


def file_problems(content: Mapping[str, Any], kind: str) -> list[str]:
    """Everything wrong with keys and types of a file for a scheme of this kind."""
    tables = TABLES[kind]
    told = form_problems(
        content, {**HEAD, **OWN[kind], **dict.fromkeys(tables, list)},
        (*REQUIRED, *OWN[kind], *(name for name in tables if name not in _OPTIONAL)),
    )  # fmt: skip
    for name, (keys, required) in tables.items():
        told += table_problems(content, name, keys, [key for key in required if keys[key] is not float])
        rows = content.get(name, [])
        for place, row in enumerate(rows if isinstance(rows, list) else [], start=1):
            if isinstance(row, dict):
                where = f"{name}[{place}]"
                # A number may be 0, which the form takes for nothing.
                told += [f"{where} 缺少 {key}" for key in required if keys[key] is float and key not in row]
                told += table_problems(row, "bands", _BAND, ()) if name == "indicator" else []
                told += _fine_points(where, row)
    return told


def _fine_points(where: str, row: Mapping[str, Any]) -> list[str]:
    """Points that are below 0 or finer than a hundredth, and bands that are not whole."""
    told = []
    for key in _POINTS:
        value = row.get(key)
        if isinstance(value, int | float) and (value < 0 or Decimal(str(value)) * 100 % 1):
            told.append(f"{where} {key} 应为不小于 0、最多两位小数的分数")
    bands = row.get("bands")
    for place, band in enumerate(bands if isinstance(bands, list) else [], start=1):
        if isinstance(band, dict):
            told += [f"{where}.bands[{place}] 缺少 {key}" for key in _BAND if key not in band]
            told += _fine_points(f"{where}.bands[{place}]", band)
    return told


def stored(content: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The scheme of a checked file as it is stored."""
    names = [*OWN[kind], *TABLES[kind]]
    return {name: _stored(content[name]) for name in names if name in content}


def _stored(value: Any) -> Any:
    if isinstance(value, list):
        return [_stored(one) for one in value]
    if isinstance(value, dict):
        return {key: _number(key, one) if key in (*_POINTS, *_VALUES) else _stored(one) for key, one in value.items()}
    return value


def _number(key: str, value: float) -> int | str:
    return str(value) if key in _VALUES else int(Decimal(str(value)) * 100)


def spoken(content: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A stored scheme as its file says it: points with two places at most, values as text."""
    return {name: _spoken(content[name]) for name in (*OWN[kind], *TABLES[kind]) if name in content}


def _spoken(value: Any) -> Any:
    if isinstance(value, list):
        return [_spoken(one) for one in value]
    if isinstance(value, dict):
        return {key: f"{Decimal(one) / 100:f}" if key in _POINTS else _spoken(one) for key, one in value.items()}
    return value
