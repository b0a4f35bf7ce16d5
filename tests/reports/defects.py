"""Known defects to plant in a clean package, and what the verifier must say of each.

A planter changes the tables of a package and answers with the code, document, row and column key of the one finding
that must follow. ``row`` of the tables counts from 0; the spreadsheet's own row is worked out by the test.
"""

import io
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from python_calamine import CalamineWorkbook

from skilleval.reports import archive, manifest
from skilleval.reports.filing import LINES, filing_templates
from skilleval.sheets import flat
from tests.factories import id_number

OTHER_CREDIT_CODE = "91440999MA00000024"

Tables = dict[str, list[list[Any]]]


class Expected(NamedTuple):
    code: str
    document: str
    row: int | None
    key: str


def _at(document: str, key: str) -> int:
    return [column.key for column in filing_templates()[document].columns].index(key)


def open_tables(packed: bytes) -> Tables:
    """The data rows of each workbook of a package."""
    members, tables = archive.unpack(packed), {}
    for document, template in ((name, filing_templates()[name]) for name in LINES):
        if template.file not in members:
            continue
        book = CalamineWorkbook.from_filelike(io.BytesIO(members[template.file]))
        rows = book.get_sheet_by_name(template.sheet).to_python(skip_empty_area=False)
        tables[document] = [list(row) for row in rows[template.heading_row :]]
    return tables


def repack(packed: bytes, tables: Tables) -> bytes:
    """The package with the tables that were changed, its hashes, rows and counts made right again."""
    before = open_tables(packed)
    return written_again(packed, {name: rows for name, rows in tables.items() if rows != before[name]})


def written_again(packed: bytes, tables: Tables) -> bytes:
    """The package with these tables in place of its own, its hashes, rows and counts made right again."""
    members = archive.unpack(packed)
    told = manifest.parse(members[manifest.NAME])
    for document, rows in tables.items():
        template, file = filing_templates()[document], io.BytesIO()
        columns = [
            flat.FlatColumn(column.heading, column.width, _kind(rows, position))
            for position, column in enumerate(template.columns)
        ]
        book = CalamineWorkbook.from_filelike(io.BytesIO(members[template.file]))
        first = book.get_sheet_by_name(template.sheet).to_python(nrows=1)[0][0]
        flat.write_flat(file, template.sheet, str(first) if template.title else "", columns, rows)
        members[template.file] = file.getvalue()
    return reseal(members, told, {filing_templates()[name].file: len(rows) for name, rows in tables.items()})


def _kind(rows: list[list[Any]], position: int) -> str:
    return "mark" if any(isinstance(row[position], float) for row in rows) else "text"


def reseal(members: dict[str, bytes], told: dict[str, Any], rows: Mapping[str, int]) -> bytes:
    for entry in told["files"]:
        member = manifest.Member(entry["name"], entry["document"], members[entry["name"]], None)
        entry.update(sha256=member.sha256, bytes=len(member.content), rows=rows.get(entry["name"], entry["rows"]))
    templates = filing_templates()
    told["counts"]["certificates"] = rows.get(templates["certificates"].file, told["counts"]["certificates"])
    told["counts"]["candidates"] = rows.get(templates["candidates"].file, told["counts"]["candidates"])
    told["seal"] = manifest.seal(told)
    return archive.pack({**members, manifest.NAME: manifest.canonical(told)})


Planter = Callable[[Tables, int], Expected]


def _set(code: str, document: str, key: str, change: Callable[[Any], Any], told_at: str = "") -> Planter:
    """A planter that changes one cell of the row it is given."""

    def plant(tables: Tables, row: int) -> Expected:
        cells = tables[document][row]
        cells[_at(document, key)] = change(cells[_at(document, key)])
        return Expected(code, document, row, told_at or key)

    return plant


def _wrong_digit(number: str) -> str:
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def _serials(rows: list[list[Any]]) -> None:
    for serial, cells in enumerate(rows, start=1):
        cells[0] = float(serial)


def _copied_certificate(tables: Tables, row: int) -> Expected:
    tables["certificates"].append(list(tables["certificates"][row]))
    return Expected("duplicate-person", "certificates", len(tables["certificates"]) - 1, "id_number")


def _number_used_twice(tables: Tables, row: int) -> Expected:
    rows, grade, number = tables["certificates"], _at("certificates", "grade"), _at("certificates", "number")
    other = next(cells for cells in rows[:row] if cells[grade] == rows[row][grade])
    rows[row][number] = other[number]
    return Expected("duplicate-certificate", "certificates", row, "number")


def _person_twice_in_results(tables: Tables, row: int) -> Expected:
    rows, key = tables["results"], _at("results", "id_number")
    rows[row][key] = rows[0][key]
    return Expected("duplicate-person", "results", row, "id_number")


def _failed_row(tables: Tables, row: int) -> int:
    outcome = _at("results", "outcome")
    return next(index for index in range(row, len(tables["results"])) if tables["results"][index][outcome] == "不合格")


def _passed_row(tables: Tables, row: int) -> int:
    outcome = _at("results", "outcome")
    return next(index for index in range(row, len(tables["results"])) if tables["results"][index][outcome] == "合格")


def _result_missing(tables: Tables, row: int) -> Expected:
    gone = _failed_row(tables, row)
    number = tables["results"].pop(gone)[_at("results", "admission_number")]
    _serials(tables["results"])
    numbers = [cells[_at("candidates", "admission_number")] for cells in tables["candidates"]]
    return Expected("result-missing", "candidates", numbers.index(number), "admission_number")


def _stranger(cells: list[Any], document: str, row: int) -> list[Any]:
    other = list(cells)
    other[_at(document, "name")] = "外来人"
    return other


def _certificate_missing(tables: Tables, row: int) -> Expected:
    number = tables["certificates"].pop(row)[_at("certificates", "number")]
    numbers = [cells[_at("results", "certificate_number")] for cells in tables["results"]]
    return Expected("certificate-missing", "results", numbers.index(number), "certificate_number")


def _certificate_foreign(tables: Tables, row: int) -> Expected:
    cells = _stranger(tables["certificates"][row], "certificates", row)
    number = cells[_at("certificates", "number")]
    cells[_at("certificates", "number")] = number[:16] + "990001"
    cells[_at("certificates", "id_number")] = id_number(999)
    tables["certificates"].append(cells)
    return Expected("certificate-foreign", "certificates", len(tables["certificates"]) - 1, "number")


def _notice_missing(tables: Tables, row: int) -> Expected:
    name = tables["notice"].pop(row)
    _serials(tables["notice"])
    masked = name[_at("notice", "masked_id_number")]
    ids = [cells[_at("results", "id_number")] for cells in tables["results"]]
    found = next(i for i, number in enumerate(ids) if number[-4:] == masked[-4:] and
                 tables["results"][i][_at("results", "name")] == name[_at("notice", "name")])  # fmt: skip
    return Expected("notice-missing", "results", found, "name")


def _notice_foreign(tables: Tables, row: int) -> Expected:
    cells = _stranger(tables["notice"][row], "notice", row)
    cells[_at("notice", "masked_id_number")] = "440999********9999"
    tables["notice"].append(cells)
    _serials(tables["notice"])
    return Expected("notice-foreign", "notice", len(tables["notice"]) - 1, "name")


def _failed_with_certificate(tables: Tables, row: int) -> Expected:
    found = _failed_row(tables, row)
    digit = "3" if "三级" in tables["results"][found][_at("results", "grade")] else "4"
    tables["results"][found][_at("results", "certificate_number")] = f"Y00004400012326{digit}880001"
    return Expected("outcome-certificate", "results", found, "certificate_number")


def _passed_without_certificate(tables: Tables, row: int) -> Expected:
    found = _passed_row(tables, row)
    key = _at("results", "certificate_number")
    number = tables["results"][found][key]
    tables["results"][found][key] = ""
    numbers = [cells[_at("certificates", "number")] for cells in tables["certificates"]]
    return Expected("disagree", "certificates", numbers.index(number), "number")


def _passed_called_failed(tables: Tables, row: int) -> Expected:
    found = _passed_row(tables, row)
    tables["results"][found][_at("results", "outcome")] = "不合格"
    return Expected("outcome-marks", "results", found, "outcome")


def _changed_total(tables: Tables, row: int) -> Expected:
    found = _passed_row(tables, row)
    tables["results"][found][_at("results", "total")] += 1.0
    return Expected("total", "results", found, "total")


def _certificate_number_differs(tables: Tables, row: int) -> Expected:
    found = _passed_row(tables, row)
    key = _at("results", "certificate_number")
    number = tables["results"][found][key]
    tables["results"][found][key] = number[:16] + "770001"
    numbers = [cells[_at("certificates", "number")] for cells in tables["certificates"]]
    return Expected("disagree", "certificates", numbers.index(number), "number")


def _other_grade(label: str) -> str:
    return "四级/中级工" if label == "三级/高级工" else "三级/高级工"


def _candidate_grade(tables: Tables, row: int) -> Expected:
    cells = tables["candidates"][row]
    cells[_at("candidates", "grade")] = _other_grade(cells[_at("candidates", "grade")])
    return Expected("disagree", "results", row, "grade")


def _candidate_name(tables: Tables, row: int) -> Expected:
    tables["candidates"][row][_at("candidates", "name")] = "别的名字"
    return Expected("disagree", "results", row, "name")


#: Each kind of defect. Those that add or take away rows come last, for rows must stay where they are until then.
DEFECTS: Mapping[str, Planter] = {
    "check digit of a candidate": _set("id-number", "candidates", "id_number", _wrong_digit),
    "check digit on a certificate": _set("id-number", "certificates", "id_number", _wrong_digit),
    "a number with too few digits": _set("id-number", "results", "id_number", lambda number: number[:15]),
    "another person's number in a result": _set("disagree", "results", "id_number", lambda _: id_number(998)),
    "a person twice in the results": _person_twice_in_results,
    "a birth date that the number denies": _set("id-birth", "candidates", "birth_date", lambda _: "1970-01-01"),
    "a sex that the number denies": _set("id-sex", "candidates", "sex", lambda sex: "女" if sex == "男" else "男"),
    "a sex in a result": _set("disagree", "results", "sex", lambda sex: "女" if sex == "男" else "男"),
    "a credit code": _set("credit-code", "candidates", "employer_credit_code", _wrong_digit),
    "a certificate number too short": _set("certificate-number", "certificates", "number", lambda number: number[:21]),
    "another firm's prefix": _set(
        "number-prefix", "certificates", "number", lambda number: number.replace("000123", "000124")),
    "a grade the number denies": _set(
        "number-grade", "certificates", "grade", lambda digit: "4" if digit == "3" else "3", "number"),
    "a year the number denies": _set("number-year", "certificates", "issued_on", lambda _: "2025-06-23", "number"),
    "issued before the notice ended": _set("date-order", "certificates", "issued_on", lambda _: "2026-06-20"),
    "issued on another day": _set("disagree", "certificates", "issued_on", lambda _: "2026-06-24"),
    "a date that is none": _set("cell", "certificates", "issued_on", lambda _: "2026年6月23日"),
    "an unknown document type": _set("cell", "certificates", "id_type", lambda _: "999"),
    "no name": _set("required", "certificates", "name", lambda _: ""),
    "a number used twice": _number_used_twice,
    "another employer": _set("disagree", "certificates", "employer", lambda _: "别的单位"),
    "another issuing body": _set("issuer", "certificates", "issuer", lambda _: "别的机构"),
    "another name under the firm's code": _set("disagree", "candidates", "employer", lambda _: "别的单位"),
    "another firm's code": _set("disagree", "candidates", "employer_credit_code", lambda _: OTHER_CREDIT_CODE),
    "another issuer": _set("manifest-disagrees", "certificates", "institution", lambda _: "别的机构"),
    "another name in a result": _candidate_name,
    "another education in a result": _set("disagree", "results", "education", lambda _: "大学本科"),
    "another grade for a candidate": _candidate_grade,
    "another admission number": _set("disagree", "results", "admission_number", lambda number: number + "9"),
    "another batch": _set("manifest-disagrees", "results", "batch_number", lambda _: "2026-XX-99"),
    "another registration": _set(
        "manifest-disagrees", "results", "registration_number", lambda _: "Y000044000999"),
    "another occupation": _set("manifest-disagrees", "candidates", "occupation_name", lambda _: "车工"),
    "a mark over the maximum": _set("mark-range", "results", "theory", lambda _: 100.5),
    "a mark of a part that is not assessed": _set("mark-range", "results", "review", lambda _: 90.0),
    "a changed mark": _set("total", "results", "theory", lambda mark: mark + 1.0, "total"),
    "a changed total": _changed_total,
    "passed, called failed": _passed_called_failed,
    "failed, with a certificate": _failed_with_certificate,
    "passed, without a certificate": _passed_without_certificate,
    "another certificate number in a result": _certificate_number_differs,
    "a masked number on the notice": _set("disagree", "notice", "masked_id_number", lambda _: "440999********0000"),
    "a name on the notice": _set("disagree", "notice", "name", lambda _: "别的名字"),
    "a route on the notice": _set("disagree", "notice", "route", lambda _: "直接认定"),
    "a jump in the serials": _set("serial", "candidates", "serial", lambda serial: serial + 100),
    "somebody missing on the notice": _notice_missing,
    "somebody foreign on the notice": _notice_foreign,
    "a result missing": _result_missing,
    "a certificate foreign": _certificate_foreign,
    "a certificate twice": _copied_certificate,
    "a certificate missing": _certificate_missing,
}  # fmt: skip

#: Defects of the whole form or plan: planted in their only rows.
COUNTS: Mapping[str, Planter] = {
    "a count of the form": _set("confirmation-count", "confirmation", "count", lambda count: count + 500),
    "another part in the plan": _set("manifest-disagrees", "plan", "methods", lambda _: "理论知识考试"),
    "enrolment after the evaluation": _set("date-order", "plan", "enrol_until", lambda _: "2026-07-01"),
    "a count of the plan": _set("plan-count", "plan", "candidates", lambda count: count + 500),
}
