"""The files that HR writes by hand: TOML files of the commands, the enrolment workbook, the marks of assessors."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from skilleval.demo.people import Employee
from skilleval.demo.story import Story
from skilleval.services import batches
from skilleval.services.candidate_sheets import COLUMNS, TEMPLATE_ID
from skilleval.services.mark_sheets import marks_workbook
from skilleval.services.schemes import latest_schemes
from skilleval.services.tenancy import batch_of
from skilleval.sheets.writing import FormSheet, write_form

#: levels of marks in hundredths, three in four of them well above the pass mark of 60
_LEVELS = (5200, 6900, 7400, 8100, 8600, 9000)
#: three assessors on both sides of the pass mark
_SPLIT = (5900, 6150, 6200)


def write_toml(file: Path, content: Mapping[str, Any]) -> Path:
    """Write a file of values, tables and arrays of tables; what is nested deeper is written inline."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(_toml_lines(content)) + "\n", encoding="utf-8")
    return file


def _toml_lines(content: Mapping[str, Any]) -> Iterator[str]:
    plain = {key: value for key, value in content.items() if not _tables(key, value)}
    yield from (f"{key} = {_toml_value(value)}" for key, value in plain.items())
    for key, value in content.items():
        for head, table in _tables(key, value):
            yield from ("", head, *(f"{name} = {_toml_value(one)}" for name, one in table.items()))


def _tables(key: str, value: object) -> list[tuple[str, Mapping[str, Any]]]:
    """A table or the tables of an array, each with its heading; nothing for a plain value."""
    if isinstance(value, Mapping):
        return [(f"[{key}]", value)]
    entries = value if isinstance(value, list) else []
    return [(f"[[{key}]]", one) for one in entries if isinstance(one, Mapping)]


def _toml_value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml_value, value))}]"
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)


def write_enrolment(file: Path, people: Sequence[Employee], employers: Mapping[str, str]) -> Path:
    """Write the enrolment workbook: everybody for the grade that they aim at.

    ``employers`` has the credit code of the firm by document number, of those who work for another one.
    """
    rows = [
        {"name": one.name, "id_number": one.id_number, "employee_no": one.employee_no, "grade": one.aim.value}
        | ({"employer_code": employers[one.id_number]} if one.id_number in employers else {})
        for one in people
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    return write_form(file, [FormSheet("报名表", COLUMNS, rows, example=False)], TEMPLATE_ID, [])


def write_marks(story: Story, number: str, file: Path, *, halfway: bool = False) -> Path:
    """Write the marks workbook of a batch as its assessors would.

    The first candidate passes, the second is absent, of the third the assessors stand on both sides of the pass mark; with
    ``halfway`` only the first half of the candidates has been marked. Of a part with a scheme only absence stands here.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with story.reading() as session:
        batch = batch_of(session, number)
        candidates = [one for one in batches.candidates_of(session, batch) if one.state == "eligible"]
        if halfway:
            candidates = candidates[: len(candidates) // 2]
        parts = batches.parts_of_batch(session, batch)
        by_sheet = latest_schemes(session, batch, parts)
        entered: dict[tuple[str, str, str], int | None] = {}
        rng = random.Random(f"{story.seed} {number}")
        for index, candidate in enumerate(candidates):
            for part in (one for one in parts if one.grade == candidate.grade):
                assessors = [one.code for one in batches.assessors_for(session, batch, part)]
                marks = _marks(rng, index, part.method, len(assessors))
                if part.id in by_sheet and None not in marks:
                    continue
                number_of = candidate.admission_number or ""
                entered |= {
                    (number_of, part.method, code): mark for code, mark in zip(assessors, marks, strict=True)
                }
        marks_workbook(session, batch, file, entered)
    return file


def _marks(rng: random.Random, index: int, method: str, assessors: int) -> list[int | None]:
    level = rng.choice(_LEVELS) if index > 2 else 8200
    marks: list[int | None] = [level + rng.randrange(-300, 301, 50) for _assessor in range(assessors)]
    if index == 1:
        return [None] * assessors
    if index == 2 and method == "skill":
        return [_SPLIT[place % len(_SPLIT)] for place in range(assessors)]
    return marks


