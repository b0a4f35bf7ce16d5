"""Typed columns: what a cell may hold, how it is read, and what is said when it can't be."""

import contextlib
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade

#: what a workbook or a text file gives for one cell
Cell = str | float | int | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an import: its heading and the other spellings of it, what its cells hold, who may see them.

    ``kind``: ``text``, ``prose`` (text whose full-width punctuation stays), ``digits`` (numbers kept as text: a number
    cell is refused, its digits are already lost),
    ``date``, ``month`` is a date too, ``choice`` (by ``choices``: label → stored word), ``integer``, ``number``
    (Decimal, at most four places), ``mark`` (whole hundredths), ``yes_no`` or ``grade``.
    """

    key: str
    header: str
    kind: str = "text"
    required: bool = False
    synonyms: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    width: int = 14
    note: str = ""
    example: str = ""
    personal: bool = False
    #: the lowest and the highest number that a spreadsheet program lets in; whoever reads the column checks for itself
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class CellError:
    """One thing that is wrong, and where: row as the spreadsheet counts, column letter, heading, masked value."""

    file: str
    sheet: str
    row: int
    column: str
    header: str
    value: str
    code: str
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The error as JSON values."""
        return asdict(self)

    def line(self) -> str:
        """The error as one Chinese line."""
        shown = f"“{self.value}”" if self.value else "空"
        return f"{self.sheet} 第{self.row}行 {self.column}列（{self.header}）{shown}：{self.message}"


@dataclass(slots=True)
class Report:
    """What an import did. Its counts add up: read = new + changed + unchanged + blank + failed + skipped."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    #: rows that name somebody and say nothing more yet, as a template has them
    blank: int = 0
    failed: int = 0
    skipped: int = 0
    errors: list[CellError] = field(default_factory=list)
    #: what is no error and should be known: columns that nobody asked for, parts that the file lacks
    notes: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """The counts alone."""
        names = ("read", "new", "changed", "unchanged", "blank", "failed", "skipped")
        return {name: getattr(self, name) for name in names}

    def as_dict(self) -> dict[str, Any]:
        """Counts, errors and notes as JSON values."""
        return {**self.counts(), "errors": [error.as_dict() for error in self.errors], "notes": list(self.notes)}

    @property
    def adds_up(self) -> bool:
        """Whether every row read is accounted for."""
        return self.read == self.new + self.changed + self.unchanged + self.blank + self.failed + self.skipped


class CellRefused(Exception):
    """A cell that can't be read: the code and the Chinese message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def fold(text: str) -> str:
    """Full-width to half-width, outer blanks gone. Compatibility ideographs in names are left as they are."""
    return text.strip() if text.isascii() else text.translate(_HALF_WIDTH).strip()


_BLANKS = "\u3000\u00a0\u2007\u202f"
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {ord(blank): " " for blank in _BLANKS}


def header_key(text: object) -> str:
    """A heading reduced to what counts: folded, without blanks, stars, line breaks and bracketed notes."""
    if not isinstance(text, str):
        return ""
    folded = unicodedata.normalize("NFKC", text)
    return re.sub(r"\(.*?\)|[\s*＊:：]", "", folded).lower()


def column_letter(position: int) -> str:
    """A for 0, Z for 25, AA for 26."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_position(letter: str) -> int:
    """0 for A, 25 for Z, 26 for AA."""
    position = 0
    for one in letter:
        position = position * 26 + ord(one) - ord("A") + 1
    return position - 1


def shown(cell: Cell, column: Column) -> str:
    """A cell as it may stand in a message: masked where it is personal, and never long."""
    if cell is None or cell == "":
        return ""
    text = f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell)
    if column.personal:
        text = mask_number(fold(text))
    return text if len(text) <= 40 else text[:37] + "…"


def read_cell(cell: Cell, column: Column) -> Any:
    """The value of a cell, None where it is blank. Refused with ``CellRefused``."""
    if cell is None or (isinstance(cell, str) and not fold(cell)):
        if column.required:
            raise CellRefused("required", "必填，不能为空")
        return None
    return _READERS[column.kind](cell, column)


def are_tidy(cells: Collection[Cell], column: Column) -> bool:
    """Whether each of these is read as it stands, told at once for all of them: most columns hold nothing untidy.

    True only where ``read_cell`` gives back every cell unchanged; False says nothing, and each is then read by itself.
    """
    if column.kind not in ("text", "digits") or not all(cell.__class__ is str and cell for cell in cells):
        return False
    joined = "".join(cells)  # type: ignore[arg-type] # all are text
    if column.kind == "text":
        return joined.isprintable() and not _UNTIDY.search(joined)
    # A capital E may be the exponent of a number that lost its digits.
    return joined.isascii() and joined.isalnum() and joined.upper() == joined and "E" not in joined


#: what tidying changes in printable text: blanks, and the full-width forms
_UNTIDY = re.compile("[\\s\uff01-\uff5e]")

#: control characters, halves of surrogate pairs, private use: a font shows them as nothing or as anything
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]")


#: full-width letters, digits and blanks, as a sentence has none of them; its punctuation is full-width
_HALF_WIDTH_WORDS = {code: half for code, half in _HALF_WIDTH.items() if half == " " or chr(int(half)).isalnum()}


def _text(cell: Cell, column: Column) -> str:
    return _tidied(fold(cell)) if isinstance(cell, str) else _spelled(cell)


def _prose(cell: Cell, column: Column) -> str:
    return _tidied(cell.translate(_HALF_WIDTH_WORDS)) if isinstance(cell, str) else _spelled(cell)


def _tidied(folded: str) -> str:
    text = " ".join(folded.split())
    if not text.isprintable() and _UNSEEN.search(text):
        raise CellRefused("characters", "含有不可见的控制字符，请重新录入")
    return text


def _spelled(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _digits(cell: Cell, column: Column) -> str:
    if not isinstance(cell, str):
        raise CellRefused(
            "number_cell",
            "单元格是数值格式，末尾数字可能已丢失，不能使用；请把该列设为“文本”格式后重新录入（不能只改格式）",
        )
    text = cell.upper() if cell.isascii() and cell.isalnum() else re.sub(r"[\s'‘’-]", "", fold(cell)).upper()
    if "E" in text and re.fullmatch(r"\d(\.\d+)?E\+?\d+", text):
        raise CellRefused("number_cell", "是科学计数法，数字已丢失；请把该列设为“文本”格式后重新录入")
    return text


_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?月?|(\d{4})(\d{2})(\d{2})", re.ASCII)


def _date(cell: Cell, column: Column) -> date:
    return read_day(cell)


def read_day(cell: Cell) -> date:
    """A day as people write it: 2026-06-01, 2026/6/1, 2026.6.1, 2026年6月1日, 20260601, full-width too. Refused: what is none."""
    if isinstance(cell, str) and len(cell) == 10 and cell[4] == cell[7] == "-" and cell.isascii():
        # The usual spelling, read by the library; what it refuses is looked at below.
        with contextlib.suppress(ValueError):
            return _within_reason(date.fromisoformat(cell))
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = fold(str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)).replace(" ", "")
    text = re.sub(r"T?00:00:00$", "", text)
    found = _DATE.fullmatch(text)
    if found is None:
        raise CellRefused("date", "不是日期，请写作 2026-06-01")
    parts = [part for part in found.groups() if part]
    if len(parts) == 2:
        raise CellRefused("date", "缺少日，请写到日，如 2026-06-01")
    try:
        day = date(*(int(part) for part in parts))
    except ValueError as error:
        raise CellRefused("date", "没有这一天，请核对") from error
    return _within_reason(day)


def _within_reason(day: date) -> date:
    if not 1900 <= day.year <= 2200:
        raise CellRefused("date", "年份不合理，请核对")
    return day


def _choice(cell: Cell, column: Column) -> str:
    text = fold(str(cell))
    for label, stored in column.choices.items():
        if text.lower() in (label.lower(), stored.lower()):
            return stored
    raise CellRefused("choice", f"应为：{'、'.join(column.choices)}")


def _integer(cell: Cell, column: Column) -> int:
    text = fold(str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell))
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise CellRefused("integer", "应为整数")
    return int(text)


def _number(cell: Cell, column: Column) -> Decimal:
    text = fold(f"{cell:.12g}" if isinstance(cell, float) else str(cell))
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,4}0*)?", text, re.ASCII):
        raise CellRefused("number", "应为数，最多四位小数，不带单位、百分号和千分位，如 98.5")
    number = Decimal(text)
    # One spelling for 98, 98.0 and 98.00, as text and as a number cell.
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


def _mark(cell: Cell, column: Column) -> int:
    text = fold(f"{cell:.12g}" if isinstance(cell, float) else str(cell))
    # A number far too high is no matter of spelling: whoever knows the maximum says the range.
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,2}0*)?", text, re.ASCII):
        raise CellRefused("mark", "应为分数，最多两位小数，如 86 或 86.5")
    sign = -1 if text.startswith("-") else 1
    whole, _dot, part = text.lstrip("-").partition(".")
    return sign * (int(whole) * 100 + int((part + "00")[:2]))


def _yes_no(cell: Cell, column: Column) -> bool:
    if isinstance(cell, bool):
        return cell
    text = fold(str(cell)).lower()
    if text in ("是", "y", "yes", "1", "√", "1.0", "true"):
        return True
    if text in ("否", "n", "no", "0", "×", "0.0", "false"):
        return False
    raise CellRefused("yes_no", "应为“是”或“否”")


def _grade(cell: Cell, column: Column) -> str:
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    if fold(text) in column.choices:
        return column.choices[fold(text)]
    try:
        return Grade.parse(text).value
    except RuleBroken as refusal:
        raise CellRefused("grade", "不是职业技能等级，请填写如“三级/高级工”") from refusal


_READERS: dict[str, Callable[[Cell, Column], Any]] = {
    "text": _text,
    "prose": _prose,
    "digits": _digits,
    "date": _date,
    "choice": _choice,
    "integer": _integer,
    "number": _number,
    "mark": _mark,
    "yes_no": _yes_no,
    "grade": _grade,
}
