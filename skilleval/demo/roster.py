"""The roster (花名册) as a firm keeps it: a merged title, headings of its own, dates in five spellings.

``write_roster`` writes one in which nothing is wrong, however untidy; ``write_faulty_roster`` plants faults and says
where. xlsxwriter is used directly: the software's own writer is too tidy to make such a file.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from skilleval.demo.people import Employee, Holding
from skilleval.domain.ladder import Grade

Cells = dict[str, "str | int | float | date"]

#: Column keys in the roster's order, under headings that are nobody's standard.
HEADINGS: Mapping[str, str] = {
    "employee_no": "工号",
    "name": "姓　名",
    "sex": "性别",
    "id_number": "身份证号码",
    "birth_date": "出生年月日",
    "education": "文化程度",
    "phone": "手机号码",
    "department": "部门",
    "post": "岗位",
    "employment": "用工形式",
    "hired_on": "入职时间",
    "occupation": "从事职业",
    "occupation_since": "从事本职业起始日期",
    "held_occupation": "现持证书职业",
    "held_grade": "现持证书等级",
    "held_number": "现持证书编号",
    "held_on": "现持证书发证日期",
    "title": "职称",
}
TITLE_ROWS = 2
FIRST_ROW = TITLE_ROWS + 2
_EMPLOYMENT = {"contract": "合同", "dispatched": "派遣", "outsourced": "外包", "intern": "实习"}
_DATES = ("birth_date", "hired_on", "occupation_since", "held_on")
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_TEXT_KEYS = ("id_number", "phone", "held_number", "employee_no")


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """One planted fault: what kind, and the cell that shows it. Rows count from 1 as the spreadsheet does."""

    kind: str
    row: int
    column: str
    heading: str


def write_roster(file: Path, people: Sequence[Employee], firm: str, seed: int) -> None:
    """Write ``people`` as an untidy roster without an error. The same seed gives the same cells."""
    rng = random.Random(seed)
    _write(file, firm, [_untidy(rng, _cells(person)) for person in people])


def write_faulty_roster(
    file: Path, people: Sequence[Employee], firm: str, seed: int, faults: int
) -> tuple[PlantedFault, ...]:
    """Write ``people`` with ``faults`` rows that each hold one fault, and return the answer key in row order.

    The kinds take turns, so that ``len(FAULTS)`` faults hold one of each.
    """
    if faults > len(people) - 1:
        raise ValueError("at most one fault a row, and the first row stays clean")
    rng = random.Random(seed)
    rows = [_untidy(rng, _cells(person)) for person in people]
    chosen = sorted(rng.sample(range(1, len(rows)), faults))
    keys = list(HEADINGS)
    planted = []
    for turn, index in enumerate(chosen):
        kind, plant = list(FAULTS.items())[turn % len(FAULTS)]
        key = plant(rows[index], rows[0])
        planted.append(PlantedFault(kind, FIRST_ROW + index, chr(ord("A") + keys.index(key)), HEADINGS[key]))
    _write(file, firm, rows)
    return tuple(planted)


def _cells(person: Employee) -> Cells:
    held = next(
        (holding for holding in person.holdings if holding.kind == "certificate" and holding.level != "none"), None
    )
    cells: Cells = {
        "employee_no": person.employee_no,
        "name": person.name,
        "sex": "男" if person.sex == "male" else "女",
        "id_number": person.id_number,
        "birth_date": person.birth_date,
        "education": person.education,
        "phone": person.phone,
        "department": person.department,
        "post": person.post,
        "employment": _EMPLOYMENT[person.employment],
        "hired_on": person.hired_on,
        "occupation": f"{person.occupation.code} {person.occupation.name}",
        "occupation_since": person.occupation_since or "",
    }
    if any(holding.kind == "title" and holding.level == "none" for holding in person.holdings):
        cells["title"] = "无"
    return cells | (_held(held) if held else {"held_grade": "无"})


def _held(held: Holding) -> Cells:
    occupation = held.occupation
    return {
        "held_occupation": occupation.code if occupation else "",
        "held_grade": Grade(held.level).printed,
        "held_number": held.number or "",
        "held_on": held.obtained_on or "",
    }


def _untidy(rng: random.Random, cells: Cells) -> Cells:
    """Other spellings of the same facts."""
    for key in _DATES:
        day = cells.get(key)
        if isinstance(day, date):
            cells[key] = _spelled(rng, day)
    if rng.random() < 0.15:
        cells["name"] = f"{cells['name']}　"
    if rng.random() < 0.1:
        cells["phone"] = str(cells["phone"]).translate(_WIDE)
    if rng.random() < 0.1:
        cells["id_number"] = f" {str(cells['id_number']).lower()} "
    cells["occupation"] = rng.choice((cells["occupation"], *str(cells["occupation"]).split(" ")))
    if "held_on" in cells:
        grade = Grade.parse(str(cells["held_grade"]))
        ordinal = grade.printed.split("/")[0]
        spellings = (grade.printed, grade.name_zh, ordinal, f"{ordinal}（{grade.name_zh}）", grade.digit or "")
        cells["held_grade"] = rng.choice(spellings)
    return cells


def _spelled(rng: random.Random, day: date) -> str | date:
    ways: tuple[str | date, ...] = (
        day,
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}".translate(_WIDE),
    )
    return rng.choice(ways)


def _number_cell(row: Cells, _first: Cells) -> str:
    row["id_number"] = float(str(row["id_number"]).strip()[:17] + "0")
    return "id_number"


def _check_digit(row: Cells, _first: Cells) -> str:
    number = str(row["id_number"]).strip().upper()
    row["id_number"] = number[:17] + ("1" if number[17] != "1" else "2")
    return "id_number"


def _other_sex(row: Cells, _first: Cells) -> str:
    row["sex"] = "女" if row["sex"] == "男" else "男"
    return "sex"


def _other_birth(row: Cells, _first: Cells) -> str:
    number = str(row["id_number"]).strip()
    row["birth_date"] = f"{int(number[6:10]) - 1}-{number[10:12]}-{int(number[12:14]) % 28 + 1:02d}"
    return "birth_date"


def _no_such_day(row: Cells, _first: Cells) -> str:
    row["hired_on"] = "2023-02-29"
    return "hired_on"


def _no_name(row: Cells, _first: Cells) -> str:
    row["name"] = "　"
    return "name"


def _unknown_code(row: Cells, _first: Cells) -> str:
    row["occupation"] = "6-99-99-99"
    return "occupation"


def _person_twice(row: Cells, first: Cells) -> str:
    row.clear()
    row.update(first)
    return "id_number"


#: Each kind of fault and what plants it; the function returns the column that shows it.
FAULTS: Mapping[str, Callable[[Cells, Cells], str]] = {
    "number_cell": _number_cell,
    "check_digit": _check_digit,
    "other_sex": _other_sex,
    "other_birth": _other_birth,
    "no_such_day": _no_such_day,
    "no_name": _no_name,
    "unknown_code": _unknown_code,
    "person_twice": _person_twice,
}


def _write(file: Path, firm: str, rows: Sequence[Cells]) -> None:
    book = xlsxwriter.Workbook(str(file), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": datetime(2020, 1, 1)})
    page = book.add_worksheet("花名册")
    last = len(HEADINGS) - 1
    title = {"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"}
    page.merge_range(0, 0, 0, last, f"{firm}技能岗位员工花名册", book.add_format(title))
    note = "填表部门：人力资源部　　　　（演示数据，均为虚构）"
    page.merge_range(1, 0, 1, last, note, book.add_format({"align": "right"}))
    heading = book.add_format({"bold": True, "bg_color": "#FFE699", "border": 1, "align": "center"})
    day, text = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "@"})
    for position, (key, name) in enumerate(HEADINGS.items()):
        page.write_string(TITLE_ROWS, position, name, heading)
        page.set_column(position, position, 22 if key in ("id_number", "held_number") else 13)
    for row, cells in enumerate(rows, start=TITLE_ROWS + 1):
        for position, key in enumerate(HEADINGS):
            _write_cell(page, row, position, cells.get(key, ""), day, text if key in _TEXT_KEYS else None)
    book.close()


def _write_cell(page: Any, row: int, position: int, value: object, day: Any, text: Any) -> None:
    if isinstance(value, date):
        page.write_datetime(row, position, datetime(value.year, value.month, value.day), day)
    elif isinstance(value, int | float):
        page.write_number(row, position, value)
    elif value:
        page.write_string(row, position, str(value), text)
