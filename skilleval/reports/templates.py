"""Filing templates: column order, headings, code lists, file names and texts as data under ``templates/filing``.

What is written by a template can be read back by it, so that a package is checked by the same lines it was made by.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade, grade_of_digit
from skilleval.paths import shipped

Cell = str | int | Decimal | None
Value = str | int | bool | date | Grade | None

KINDS = ("text", "identifier", "integer", "date", "mark", "grade", "grade_digit", "grade_ordinal")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a filing workbook: which field it shows, under which heading, written how."""

    key: str
    heading: str
    kind: str
    width: int = 12
    required: bool = False
    when_empty: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """One document of the package as data. ``texts`` holds what only this document has."""

    name: str
    version: int
    label: str
    source: str
    status: str
    file: str
    printed: str
    sheet: str
    title: str
    columns: tuple[Column, ...]
    codes: Mapping[str, Mapping[str, str]]
    texts: Mapping[str, Any]
    sha256: str

    @property
    def heading_row(self) -> int:
        """The number of the row that holds the headings, counted from 1."""
        return 2 if self.title else 1

    def writer(self, column: Column) -> Callable[[Value], Cell]:
        """What makes the cell of ``column`` from a value. It refuses a word that the code list has no code for."""
        empty: Cell = column.when_empty or None
        if column.kind.startswith("codes:"):
            write: Callable[[Value], Cell] = partial(self._coded, column)
        else:
            write = _WRITERS.get(column.kind, _plain)
        return lambda value: empty if value is None or value == "" else write(value)

    def written(self, column: Column, value: Value) -> Cell:
        """``value`` as the cell of ``column``."""
        return self.writer(column)(value)

    def _coded(self, column: Column, value: Value) -> Cell:
        word = ("yes" if value else "no") if isinstance(value, bool) else str(value)
        code = self.codes[column.kind[6:]].get(word)
        if code is None:
            raise RuleBroken(
                f"“{column.heading}”的“{word}”在上报代码表中没有已确认的代码，"
                f"请与主管部门确认后补入 templates/filing/{self.name}.toml"
            )
        return code

    def read(self, column: Column, cell: object) -> Value:
        """The value behind a cell that :meth:`written` made. Raises ``ValueError`` for any other cell."""
        if cell is None or cell == "":
            return None
        if column.when_empty and cell == column.when_empty:
            return None
        if column.kind.startswith("codes:"):
            words = [word for word, code in self.codes[column.kind[6:]].items() if code == cell]
            if not words:
                raise ValueError("不在代码表中")
            return words[0]
        return _read(column.kind, cell)


def _plain(value: Value) -> Cell:
    return cast("str | int", value)


def _grade(value: Value) -> Grade:
    assert isinstance(value, Grade)
    return value


def _digit(value: Value) -> str:
    digit = _grade(value).digit
    if digit is None:
        raise RuleBroken(f"{_grade(value).name_zh}没有已确认的上报等级代码，不能写入证书数据表，请先向省级主管部门确认")
    return digit


def _day(value: Value) -> str:
    assert isinstance(value, date)
    return value.isoformat()


def _mark(value: Value) -> Decimal:
    assert isinstance(value, int)
    return Decimal(value).scaleb(-2)


_WRITERS: Mapping[str, Callable[[Value], Cell]] = {
    "date": _day,
    "mark": _mark,
    "grade": lambda value: _grade(value).printed,
    "grade_digit": _digit,
    "grade_ordinal": lambda value: _grade(value).printed.split("/")[0],
}


def _read(kind: str, cell: object) -> Value:
    if kind == "integer" or kind == "mark":
        return _read_number(kind, cell)
    if not isinstance(cell, str):
        raise ValueError("应为文本单元格")
    if kind == "date":
        if not _DAY.fullmatch(cell):
            raise ValueError("应写作 YYYY-MM-DD")
        return date.fromisoformat(cell)
    if kind == "grade_digit":
        return _parsed_grade(cell, digit=True)
    if kind in ("grade", "grade_ordinal"):
        return _parsed_grade(cell, digit=False)
    return cell


def _read_number(kind: str, cell: object) -> int:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise ValueError("应为数字单元格")
    number = Decimal(str(cell)) * (100 if kind == "mark" else 1)
    if number != int(number):
        raise ValueError("应为整数" if kind == "integer" else "小数不应超过两位")
    return int(number)


def _parsed_grade(cell: str, *, digit: bool) -> Grade:
    try:
        return grade_of_digit(cell) if digit else Grade.parse(cell)
    except RuleBroken as refusal:
        raise ValueError(refusal.message) from refusal


@cache
def load_template(name: str, folder: Path | None = None) -> Template:
    """The template ``name``. Refused with ``RuleBroken``: no such file, a missing or unknown key, an unknown kind."""
    file = (folder or shipped("templates") / "filing") / f"{name}.toml"
    try:
        raw = file.read_bytes()
        content = tomllib.loads(raw.decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RuleBroken(f"上报模板 {file} 无法读取：{error}") from error
    codes = content.pop("codes", {})
    columns = tuple(_column(entry, codes, file) for entry in content.pop("columns", []))
    known = {key: content.pop(key, "") for key in ("file", "printed", "sheet", "title")}
    try:
        head = {key: content.pop(key) for key in ("name", "version", "label", "source", "status")}
    except KeyError as missing:
        raise RuleBroken(f"上报模板 {file} 缺少 {missing}") from missing
    if head["name"] != name:
        raise RuleBroken(f"上报模板 {file} 的 name 应为 {name}")
    digest = hashlib.sha256(raw).hexdigest()
    return Template(columns=columns, codes=codes, texts=content, sha256=digest, **head, **known)


def _column(entry: Mapping[str, Any], codes: Mapping[str, Any], file: Path) -> Column:
    try:
        column = Column(**entry)
    except TypeError as error:
        raise RuleBroken(f"上报模板 {file} 的列 {entry.get('heading', entry)}：{error}") from error
    kind = column.kind
    if kind not in KINDS and not (kind.startswith("codes:") and kind[6:] in codes):
        raise RuleBroken(f"上报模板 {file} 的列“{column.heading}”：不认识的 kind “{kind}”")
    return column
