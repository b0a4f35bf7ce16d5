"""What must hold within one workbook of a package: numbers, dates, marks, uniqueness.

A rule yields findings and marks the cells it found wrong, so that later rules leave them alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from skilleval.domain import identifiers
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.reports.findings import Finding
from skilleval.reports.package_direct import cases_are_told
from skilleval.reports.package_marks import marks_hold, parts_are_told
from skilleval.reports.package_scores import scores_hold
from skilleval.reports.package_sheets import Sheets

Rule = Callable[[Sheets, Mapping[str, Any]], Iterator[Finding]]

_OCCUPATION_CODE = re.compile(r"[1-8]-\d{2}-\d{2}-\d{2}")

#: Cells that must say what the manifest says: document, column, section and key of the manifest.
_CONSTANTS = (
    ("plan", "batch_number", "batch", "number"),
    ("plan", "batch_name", "batch", "name"),
    ("plan", "occupation_code", "batch", "occupation_code"),
    ("plan", "occupation_name", "batch", "occupation_name"),
    ("plan", "trade", "batch", "trade"),
    ("plan", "starts_on", "batch", "starts_on"),
    ("plan", "ends_on", "batch", "ends_on"),
    ("candidates", "occupation_code", "batch", "occupation_code"),
    ("candidates", "occupation_name", "batch", "occupation_name"),
    ("candidates", "trade", "batch", "trade"),
    ("results", "occupation_name", "batch", "occupation_name"),
    ("results", "trade", "batch", "trade"),
    ("results", "institution", "institution", "name"),
    ("results", "registration_number", "institution", "registration_number"),
    ("results", "batch_number", "batch", "number"),
    ("certificates", "occupation_name", "batch", "occupation_name"),
    ("certificates", "trade", "batch", "trade"),
    ("certificates", "institution", "institution", "name"),
    ("notice", "occupation_name", "batch", "occupation_name"),
    ("notice", "trade", "batch", "trade"),
)


def serials_run(sheets: Sheets, _manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """序号 runs 1, 2, 3 … without a gap."""
    for sheet in sheets.values():
        if not sheet.has("serial"):
            continue
        for expected, line in enumerate(sheet.lines, start=1):
            serial = line.get("serial")
            if isinstance(serial, int) and serial != expected:
                yield sheet.finding("serial", line, "serial", f"序号应为 {expected}，实为 {serial}")


def document_numbers_hold(sheets: Sheets, _manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """证件号码 has the form and check digit of its kind (GB 11643)."""
    for name in ("candidates", "results", "certificates"):
        sheet = sheets[name]
        for line in sheet.lines:
            number, kind = line.text("id_number"), line.text("id_type")
            if number and kind:
                problem = identifiers.id_error(kind, number)
                if problem:
                    yield sheet.finding("id-number", line, "id_number", f"证件号码{identifiers.ID_ERRORS[problem]}")


def people_match_their_numbers(sheets: Sheets, _manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """性别 and 出生日期 agree with a resident's number."""
    sheet = sheets["candidates"]
    for line in sheet.lines:
        number = line.text("id_number")
        if line.get("id_type") != "resident_id" or not number:
            continue
        birth, sex = identifiers.birth_date_of(number), identifiers.sex_of("resident_id", number)
        if line.get("birth_date") not in (None, birth):
            yield sheet.finding("id-birth", line, "birth_date", f"与证件号码所载出生日期 {birth} 不一致")
        if line.get("sex") not in (None, sex):
            told = "男" if sex == "male" else "女"
            yield sheet.finding("id-sex", line, "sex", f"与证件号码所载性别“{told}”不一致")


def firm_numbers_hold(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """统一社会信用代码 (GB 32100), 备案号 and 职业编码 are well formed."""
    sheet = sheets["candidates"]
    for line in sheet.lines:
        code = line.text("employer_credit_code")
        wrong = identifiers.credit_code_error(code) if code else None
        if wrong:
            yield sheet.finding("credit-code", line, "employer_credit_code", wrong)
    firm = manifest["institution"]
    wrong = identifiers.credit_code_error(str(firm.get("credit_code")))
    if wrong:
        yield Finding("credit-code", f"清单中机构的{wrong}", "manifest.json")
    wrong = identifiers.registration_number_error(str(firm.get("registration_number")))
    if wrong:
        yield Finding("registration-number", f"清单中的{wrong}", "manifest.json")
    if not _OCCUPATION_CODE.fullmatch(str(manifest["batch"].get("occupation_code"))):
        yield Finding("occupation-code", "清单中的职业编码应写作 6-31-01-03 的形式", "manifest.json")


def firms_have_one_code(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """An employer has one name and one 统一社会信用代码 throughout, the institution its own."""
    sheet, firm = sheets["candidates"], manifest["institution"]
    codes = {str(firm.get("name")): str(firm.get("credit_code"))}
    names = {code: name for name, code in codes.items()}
    for line in sheet.lines:
        employer, code = line.text("employer"), line.text("employer_credit_code")
        if not employer or not code:
            continue
        if codes.setdefault(employer, code) != code:
            told = f"“{employer}”的统一社会信用代码在别处写作 {codes[employer]}"
            yield sheet.finding("disagree", line, "employer_credit_code", told)
        elif names.setdefault(code, employer) != employer:
            told = f"统一社会信用代码 {code} 在别处属于“{names[code]}”"
            yield sheet.finding("disagree", line, "employer", told)


def issuers_are_the_institution(sheets: Sheets, _manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """发证机构 is the institution itself. Only a warning: a certificate keeps the name under which it was issued."""
    sheet = sheets["certificates"]
    for line in sheet.lines:
        issuer, institution = line.text("issuer"), line.text("institution")
        if issuer and institution and issuer != institution:
            yield sheet.finding("issuer", line, "issuer", f"与评价机构“{institution}”不同")


def constants_hold(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """What is the same in every row says what the manifest says."""
    for document, key, section, name in _CONSTANTS:
        sheet, expected = sheets[document], manifest[section].get(name) or None
        for line in sheet.lines:
            value = line.values.get(key)
            told = value.isoformat() if isinstance(value, date) else value
            if key not in line.wrong and told != expected:
                yield sheet.finding("manifest-disagrees", line, key, f"清单所写为“{expected or '空'}”")


def certificate_numbers_hold(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """证书编号 has 22 characters that agree with the firm, the year and the grade (人社鉴发〔2019〕2号)."""
    sheet, prefix = sheets["certificates"], str(manifest["institution"].get("registration_number"))
    for line in sheet.lines:
        number, grade, issued = line.text("number"), line.get("grade"), line.get("issued_on")
        if not number:
            continue
        try:
            parts = identifiers.CertificateNumber.parse(number)
        except RuleBroken as refusal:
            yield sheet.finding("certificate-number", line, "number", refusal.message)
            continue
        if parts.prefix != prefix:
            yield sheet.finding("number-prefix", line, "number", f"前13位为 {parts.prefix}，备案号为 {prefix}")
        if isinstance(grade, Grade) and grade.digit not in (None, parts.grade_code):
            yield sheet.finding("number-grade", line, "number", f"第16位为 {parts.grade_code}，等级为 {grade.printed}")
            line.wrong.add("grade")
        if isinstance(issued, date) and f"{issued:%y}" != parts.year:
            yield sheet.finding("number-year", line, "number", f"第14、15位为 {parts.year}，发证日期为 {issued}")
            line.wrong.add("issued_on")
        if parts.serial == 0:
            yield sheet.finding("certificate-number", line, "number", "序列码应从 000001 开始")


def dates_run_forward(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Evaluation, notice, issue and export follow each other, within the registration's validity."""
    batch, notice, firm = manifest["batch"], manifest["notice"], manifest["institution"]
    days = (
        ("备案有效期起", firm.get("valid_from"), "评价开始", batch.get("starts_on")),
        ("评价开始", batch.get("starts_on"), "评价结束", batch.get("ends_on")),
        ("评价结束", batch.get("ends_on"), "公示开始", notice.get("first_day")),
        ("公示开始", notice.get("first_day"), "公示结束", notice.get("last_day")),
        ("公示结束", notice.get("last_day"), "导出日期", manifest["filing"].get("exported_on")),
        ("评价结束", batch.get("ends_on"), "备案有效期止", firm.get("valid_to")),
    )
    for earlier, first, later, second in days:
        if not (isinstance(first, str) and isinstance(second, str) and first <= second):
            yield Finding("date-order", f"{earlier}（{first}）晚于{later}（{second}）", "manifest.json")
    plan = sheets["plan"]
    for line in plan.lines:
        until, starts = line.get("enrol_until"), line.get("starts_on")
        if isinstance(until, date) and isinstance(starts, date) and until > starts:
            yield plan.finding("date-order", line, "enrol_until", f"报名截止 {until} 晚于评价开始 {starts}")
    sheet = sheets["certificates"]
    for line in sheet.lines:
        issued = line.get("issued_on")
        if isinstance(issued, date) and not (
            str(notice.get("last_day")) < issued.isoformat() <= str(manifest["filing"].get("exported_on"))
        ):
            told = f"应在公示结束（{notice.get('last_day')}）之后、导出（{manifest['filing'].get('exported_on')}）之前"
            yield sheet.finding("date-order", line, "issued_on", f"发证日期 {issued} {told}")


def rows_are_unique(sheets: Sheets, _manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """No admission number, certificate number or person stands twice in a workbook."""
    own = {
        "candidates": ("admission_number", "duplicate-admission"),
        "results": ("admission_number", "duplicate-admission"),
        "certificates": ("number", "duplicate-certificate"),
    }
    for name, (key, code) in own.items():
        sheet = sheets[name]
        numbers: dict[str, int] = {}
        people: dict[str, int] = {}
        for line in sheet.lines:
            number, person = line.text(key), line.text("id_number")
            if person and person in people:
                yield sheet.finding("duplicate-person", line, "id_number", f"与第{people[person]}行是同一证件号码")
                if number in numbers:
                    line.repeated = True
            elif number and number in numbers:
                yield sheet.finding(code, line, key, f"与第{numbers[number]}行相同")
            numbers.setdefault(number, line.row)
            people.setdefault(person, line.row)


RULES: tuple[Rule, ...] = (
    serials_run,
    document_numbers_hold,
    people_match_their_numbers,
    firm_numbers_hold,
    constants_hold,
    certificate_numbers_hold,
    dates_run_forward,
    rows_are_unique,
    scores_hold,
    marks_hold,
    parts_are_told,
    cases_are_told,
    firms_have_one_code,
    issuers_are_the_institution,
)
