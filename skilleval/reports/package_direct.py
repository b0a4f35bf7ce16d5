"""What must hold for a direct recognition (直接认定) in a package: no weighted parts, but a clause, a method and a composite.

Sources: guangdong-rules 2.2 and 7.2 T9: theory may be blank, one of three methods is used, the clause is named.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from skilleval.domain.methods import METHODS
from skilleval.domain.recognition import DIRECT_METHODS, METHOD_MAXIMUM
from skilleval.domain.scoring import show
from skilleval.reports.direct_case import DIRECT_COLUMNS, DirectCase, read_case
from skilleval.reports.findings import Finding
from skilleval.reports.package_sheets import Line, Sheet, Sheets

_OUTCOMES = ("passed", "failed")
#: what stands in the results of everybody who is directly recognised
_REQUIRED = ("duties_score", "conduct_score", "achievement_score", "chair", "conclusion")


def direct_result_holds(sheet: Sheet, line: Line) -> Iterator[Finding]:
    """Marks of the methods that direct recognition knows only, within range; who passed has a method, a total, a clause."""
    for method in METHODS:
        mark = line.get(method)
        if mark is not None and method not in DIRECT_METHODS:
            yield sheet.finding("mark-range", line, method, "直接认定不采用这一部分，却有成绩")
        elif isinstance(mark, int) and not 0 <= mark <= METHOD_MAXIMUM:
            told = f"成绩 {mark / 100:.2f} 不在 0 与满分 {show(METHOD_MAXIMUM)} 之间"
            yield sheet.finding("mark-range", line, method, told)
    total, outcome = line.get("total"), line.get("outcome")
    if isinstance(total, int) and not 0 <= total <= METHOD_MAXIMUM:
        yield sheet.finding("total", line, "total", f"综合得分 {total / 100:.2f} 不在 0 与 {show(METHOD_MAXIMUM)} 之间")
    if outcome is not None and outcome not in _OUTCOMES:
        yield sheet.finding("outcome-marks", line, "outcome", "直接认定的结果应为合格或不合格")
    if outcome == "passed":
        yield from _recognised(sheet, line, total)


def direct_plan_holds(sheet: Sheet, line: Line) -> Iterator[Finding]:
    """The plan names methods that direct recognition knows, and no others."""
    known = {METHODS[key].name_zh for key in DIRECT_METHODS}
    if not set(line.text("methods").split("、")) <= known:
        yield sheet.finding("manifest-disagrees", line, "methods", f"直接认定的评价方式应为：{'、'.join(sorted(known))}")


def _recognised(sheet: Sheet, line: Line, total: object) -> Iterator[Finding]:
    if not any(isinstance(line.get(method), int) for method in DIRECT_METHODS):
        told = "直接认定合格，却没有技能操作考核、工作业绩评审、过程考核中任何一种的成绩"
        yield sheet.finding("outcome-marks", line, "outcome", told)
    if not isinstance(total, int) and "total" not in line.wrong:
        yield sheet.finding("total", line, "total", "直接认定合格，却没有综合得分")
    if not line.text("basis"):
        yield sheet.finding("required", line, "basis", "直接认定没有写明依据的条款")
    headings = {column.key: column.heading for column in sheet.template.columns}
    for key in _REQUIRED:
        if line.values.get(key) is None and key not in line.wrong:
            yield sheet.finding("required", line, key, f"直接认定合格，却没有{headings[key]}")


def cases_are_told(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Each direct result says what its case in the manifest says, and no other result has such columns."""
    sheet = sheets["results"]
    cases = {case.admission_number: case for case in map(read_case, manifest["cases"])}
    direct = [line for line in sheet.lines if line.get("route") == "direct"]
    for line in sheet.lines:
        case = cases.get(line.text("admission_number"))
        if line.get("route") not in (None, "direct"):
            yield from _says(sheet, line, dict.fromkeys(DIRECT_COLUMNS), "不是直接认定，此格应为空")
        elif case is not None:
            yield from _case_agrees(sheet, line, case)
        elif "admission_number" not in line.wrong:
            yield sheet.finding("case", line, "admission_number", "清单没有此人的案卷")
    for number in cases.keys() - {line.values.get("admission_number") for line in direct}:
        yield Finding("case", f"清单有考生 {number} 的案卷，成绩汇总中没有此人的直接认定", "manifest.json")


def _case_agrees(sheet: Sheet, line: Line, case: DirectCase) -> Iterator[Finding]:
    yield from _says(sheet, line, case.columns(), f"与清单中案卷 {case.number} 不一致")
    total, composite = line.get("total"), case.score.composite
    if isinstance(total, int) and total != composite:
        told = f"综合得分 {total / 100:.2f}，按案卷 {case.number} 各项得分应为 {show(composite)}"
        yield sheet.finding("total", line, "total", told)


def _says(sheet: Sheet, line: Line, expected: Mapping[str, object], told: str) -> Iterator[Finding]:
    for key, value in expected.items():
        if key not in line.wrong and line.values.get(key) != value:
            yield sheet.finding("case", line, key, told)
