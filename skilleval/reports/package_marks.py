"""What must hold of marks and results in a package: ranges, parts, outcome and total by the batch's own rules."""

from collections.abc import Iterator, Mapping
from typing import Any

from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import Outcome, Part, PartMark, settle, show
from skilleval.reports.findings import Finding
from skilleval.reports.package_direct import direct_plan_holds, direct_result_holds
from skilleval.reports.package_sheets import Line, Sheet, Sheets


def marks_hold(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Marks lie between nought and the maximum, and result and total follow from them by the batch's own rules."""
    sheet = sheets["results"]
    parts: dict[str, dict[str, Part]] = {}
    for told in manifest["parts"]:
        part = Part(told["method"], told["weight"], told["maximum"], told["pass_mark"], assessors=1)
        parts.setdefault(told["grade"], {})[part.method] = part
    for line in sheet.lines:
        if line.get("route") == "contest":
            yield from _promotion_holds(sheet, line)
            continue
        grade = line.get("grade")
        if line.get("route") == "direct":
            yield from direct_result_holds(sheet, line)
            continue
        rules = parts.get(grade.value) if isinstance(grade, Grade) else None
        if rules:
            yield from _unassessed_parts(sheet, line, rules)
            yield from _result_holds(sheet, line, rules)


def parts_are_told(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """For each grade of the plan the manifest says which parts count, and the plan names the same."""
    sheet = sheets["plan"]
    for line in sheet.lines:
        grade = line.get("grade")
        if not isinstance(grade, Grade):
            continue
        if line.get("route") == "direct":
            yield from direct_plan_holds(sheet, line)
            continue
        keys = [part["method"] for part in manifest["parts"] if part["grade"] == grade.value]
        if not keys or not set(keys) <= METHODS.keys():
            yield Finding("parts", f"清单没有写明{grade.printed}考核哪些部分，成绩无法核对", "manifest.json")
        elif sorted(line.text("methods").split("、")) != sorted(METHODS[key].name_zh for key in keys):
            told = "、".join(METHODS[key].name_zh for key in keys)
            yield sheet.finding("manifest-disagrees", line, "methods", f"清单所写为“{told}”")


def _unassessed_parts(sheet: Sheet, line: Line, rules: Mapping[str, Part]) -> Iterator[Finding]:
    for method in sorted(METHODS.keys() - rules.keys()):
        if line.get(method) is not None:
            yield sheet.finding("mark-range", line, method, "该等级不考核这一部分，却有成绩")


def _promotion_holds(sheet: Sheet, line: Line) -> Iterator[Finding]:
    """Who is promoted by a contest has passed, or was taken back; there are no marks and no total."""
    for key in (*sorted(METHODS), "total"):
        if line.get(key) is not None:
            yield sheet.finding("mark-range", line, key, "竞赛晋级没有分数，却有成绩")
    if line.get("outcome") not in (None, "passed", "failed"):
        yield sheet.finding("outcome-marks", line, "outcome", "竞赛晋级的结果应为合格，或取消晋级的不合格")


def _result_holds(sheet: Sheet, line: Line, rules: Mapping[str, Part]) -> Iterator[Finding]:
    if rules.keys() & line.wrong:
        return
    marks: dict[str, PartMark] = {}
    for method, part in rules.items():
        mark = line.get(method)
        if isinstance(mark, int):
            marks[method] = PartMark(mark)
            if not 0 <= mark <= part.maximum:
                told = f"成绩 {mark / 100:.2f} 不在 0 与满分 {show(part.maximum)} 之间"
                yield sheet.finding("mark-range", line, method, told)
                return
    settled = settle(rules, marks)
    outcome, total = line.get("outcome"), line.get("total")
    wanted = (settled.outcome.value,) if len(marks) == len(rules) else ("absent", "unfinished")
    if outcome is not None and outcome not in wanted:
        told = "或".join(Outcome(word).name_zh for word in wanted)
        yield sheet.finding("outcome-marks", line, "outcome", f"按各部分成绩和合格线应为{told}")
    if isinstance(total, int) and total != settled.total:
        yield sheet.finding("total", line, "total", f"评定成绩为 {total / 100:.2f}，按权重应为 {show(settled.total)}")
