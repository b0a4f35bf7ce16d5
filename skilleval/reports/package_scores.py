"""What must hold of 评分明细: every sheet computed again by its scheme, every part's mark by its sheets or by what the
manifest tells of a person's decision, and everybody who marked or observed named there.

What follows from a row that is wrong is not told as well, so that one mistake is one finding.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.scheme_plans import problems_of, rescore
from skilleval.domain.schemes import Scored, ScoredLine
from skilleval.domain.scoring import Part, agree
from skilleval.reports.filing_lines import ScoreLine
from skilleval.reports.findings import Finding
from skilleval.reports.manifest import NAME
from skilleval.reports.package_sheets import Line, Sheet, Sheets
from skilleval.reports.scores import (
    DECIDED,
    FilledSheet,
    PartDecision,
    PartScheme,
    PartScores,
    read_decision,
    read_scheme,
    sheet_lines,
)

_UNREADABLE = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class _Rule:
    """How the marks of one part of one grade come to be."""

    scheme: PartScheme
    part: Part
    window: tuple[date, date]


@dataclass(frozen=True, slots=True)
class _Told:
    """What the manifest tells of marks: rules by grade and part, decisions by candidate and part, names by code."""

    rules: Mapping[tuple[Grade, str], _Rule]
    decisions: Mapping[tuple[str, str], PartDecision]
    names: Mapping[str, str]


def scores_hold(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """The lines give each mark by the scheme, the marks give that of the part, and the results say the same."""
    sheet, results = sheets.get("scores"), sheets["results"]
    if sheet is None:
        return
    try:
        told = _told(manifest)
    except ValueError as reason:
        yield Finding("scores", str(reason), NAME)
        return
    people = {line.text("admission_number"): line for line in results.lines}
    blocks: dict[tuple[str, str], list[Line]] = {}
    for line in sheet.lines:
        blocks.setdefault((line.text("admission_number"), line.text("method")), []).append(line)
    for (number, method), rows in blocks.items():
        if not any(row.wrong for row in rows):
            yield from _block_holds(sheet, rows, results, people.get(number), method, told)
    for line in results.lines:
        yield from _scores_are_told(results, line, told.rules, blocks.keys())
    for decision in told.decisions.values():
        if (decision.admission_number, decision.method) not in blocks:
            yield Finding("scores", f"评分明细中没有清单所写的{decision.admission_number}的裁定、更正", NAME)


def _told(manifest: Mapping[str, Any]) -> _Told:
    """Raises ``ValueError`` with the reason: what the manifest tells gives no rules."""
    decisions = {(one.admission_number, one.method): one for one in map(read_decision, manifest["decisions"])}
    return _Told(_rules(manifest), decisions, {one["code"]: one["name"] for one in manifest["assessors"]})


def _rules(manifest: Mapping[str, Any]) -> dict[tuple[Grade, str], _Rule]:
    """The rule of each part that has a scheme. Raises ``ValueError`` with the reason: what the manifest tells is none."""
    batch = manifest["batch"]
    try:
        window = date.fromisoformat(batch.get("starts_on")), date.fromisoformat(batch.get("ends_on"))
    except (TypeError, ValueError) as error:
        raise ValueError("清单没有写明评价开始和结束的日期，评分明细无法核对") from error
    told = {(one["grade"], one["method"]): one for one in manifest["parts"]}
    rules = {}
    for scheme in map(read_scheme, manifest["schemes"]):
        where = f"清单中{scheme.grade.printed}的评分办法“{scheme.label}”"
        part = told.get((scheme.grade.value, scheme.method))
        if part is None:
            raise ValueError(f"{where}没有对应的考核部分")
        try:
            problems = problems_of(scheme.plan, part["maximum"])
        except _UNREADABLE as error:
            raise ValueError(f"{where}无法读取") from error
        if problems:
            raise ValueError(f"{where}有错误：{'；'.join(problems)}")
        rule = Part(
            scheme.method, part["weight"], part["maximum"], part["pass_mark"], scheme.assessors, scheme.rule, scheme.tolerance
        )
        rules[scheme.grade, scheme.method] = _Rule(scheme, rule, window)
    return rules


def _scores_are_told(
    results: Sheet, line: Line, rules: Mapping[tuple[Grade, str], _Rule], told: Any
) -> Iterator[Finding]:
    """Who has a mark in a part with a scheme has lines behind it."""
    number = line.text("admission_number")
    for grade, method in rules:
        if line.get("grade") is grade and line.get(method) is not None and number and (number, method) not in told:
            yield results.finding("scores", line, method, "评分明细中没有这一成绩的各行")


def _block_holds(
    sheet: Sheet, rows: Sequence[Line], results: Sheet, result: Line | None, method: str,
    told: _Told,
) -> Iterator[Finding]:  # fmt: skip
    """The rows of one part of one candidate."""
    if result is None:
        yield sheet.finding("scores", rows[0], "admission_number", "成绩汇总中没有此准考证号")
        return
    for row in rows:
        for key in ("name", "grade"):
            if key not in result.wrong and row.get(key) != result.values.get(key):
                yield sheet.finding("scores", row, key, f"与“{results.template.label}”第{result.row}行不一致")
                return
    grade = rows[0].get("grade")
    rule = told.rules.get((grade, method)) if isinstance(grade, Grade) else None
    if rule is None:
        yield sheet.finding("scores", rows[0], "method", "清单没有写明这一部分的评分办法")
        return
    decision = told.decisions.get((rows[0].text("admission_number"), method))
    found = [one for row in rows for one in _person_is_told(sheet, row, told.names)]
    found = found or list(_sheets_hold(sheet, rows, rule))
    found = found or list(_part_holds(sheet, rows, rule, decision))
    yield from found
    part = next(row for row in reversed(rows) if row.values.get("kind") == "part") if not found else None
    if part is not None and method not in result.wrong and result.values.get(method) != part.values.get("points"):
        words = f"与“{sheet.template.label}”第{part.row}行的部分成绩不一致"
        yield results.finding("scores", result, method, words)


def _person_is_told(sheet: Sheet, row: Line, names: Mapping[str, str]) -> Iterator[Finding]:
    """Who marked and who observed stands in the manifest, the assessor with this name."""
    for key in ("assessor_code", "observer"):
        if row.text(key) and row.text(key) not in names:
            yield sheet.finding("scores", row, key, "清单中没有此编号的考评人员")
            return
    if row.text("assessor") != names.get(row.text("assessor_code"), ""):
        yield sheet.finding("scores", row, "assessor", "与清单中此编号的考评人员姓名不同")


def _sheets_hold(sheet: Sheet, rows: Sequence[Line], rule: _Rule) -> Iterator[Finding]:
    """Each assessor's rows are what the scheme makes of what was entered."""
    own: dict[str, list[Line]] = {}
    for row in rows:
        if row.get("kind") != "part":
            own.setdefault(row.text("assessor_code"), []).append(row)
    for lines in own.values():
        if lines[-1].get("kind") != "mark":
            yield sheet.finding("scores", lines[-1], "kind", "此后缺少这名考评员的“考评员评分”一行")
            continue
        try:
            scored = rescore(rule.scheme.plan, [_entered(one) for one in lines[:-1]], rule.window, rule.part.maximum)
        except RuleBroken as refusal:
            told = "；".join(("按填写内容不能得出评分", refusal.message, *refusal.reasons))
            yield sheet.finding("scores", lines[-1], "points", told)
        except _UNREADABLE:
            yield sheet.finding("scores", lines[-1], "points", "评分办法或填写内容无法读取，不能得出评分")
        else:
            yield from _first_difference(sheet, lines, _wanted(lines, rule.scheme, scored))


def _entered(row: Line) -> ScoredLine:
    day = row.get("day")
    return ScoredLine(
        row.text("item"), row.text("entered"), 0, "", row.text("period"), day if isinstance(day, date) else None,
        row.text("observer"),
    )  # fmt: skip


def _wanted(rows: Sequence[Line], scheme: PartScheme, scored: Scored) -> list[ScoreLine]:
    """The rows of a sheet as the export would write them."""
    first = rows[0]
    about = PartScores(first.text("admission_number"), first.text("name"), scheme, (), None, "", "")
    assert scored.value is not None
    filled = FilledSheet(first.text("assessor_code"), first.text("assessor"), scored.lines, scored.value)
    return sheet_lines(about, filled, 1)


def _first_difference(sheet: Sheet, rows: Sequence[Line], wanted: Sequence[ScoreLine]) -> Iterator[Finding]:
    for row, want in zip_longest(rows, wanted):
        if row is None:
            yield sheet.finding("scores", rows[-1], "kind", f"按填写内容此前还应有一行：{want.text}")
            return
        if want is None:
            yield sheet.finding("scores", row, "kind", "按填写内容不应有这一行")
            return
        for column in sheet.template.columns:
            value = getattr(want, column.key)
            if column.key != "serial" and row.values.get(column.key) != (None if value == "" else value):
                told = sheet.template.written(column, value)
                yield sheet.finding("scores", row, column.key, f"按评分办法和填写内容应为“{'空' if told is None else told}”")
                return


def _part_holds(sheet: Sheet, rows: Sequence[Line], rule: _Rule, decision: PartDecision | None) -> Iterator[Finding]:
    """There is one mark of the part, by the rule for several assessors or by a person's decision."""
    parts = [row for row in rows if row.get("kind") == "part"]
    if len(parts) != 1:
        yield sheet.finding("scores", rows[-1], "kind", f"部分成绩应有一行，现有 {len(parts)} 行")
        return
    part, how = parts[0], parts[0].text("how")
    if how in DECIDED or decision is not None:
        yield from _decision_holds(sheet, part, decision)
        return
    if how != rule.part.rule:
        yield sheet.finding("scores", part, "how", "与清单中这一部分的取分办法不同")
        return
    marks = [value for row in rows if row.get("kind") == "mark" and isinstance(value := row.get("points"), int)]
    agreed = agree(rule.part, marks)
    if agreed.value is None or agreed.value != part.values.get("points"):
        yield sheet.finding("scores", part, "points", f"按各考评员评分应为：{agreed.dispute or agreed.text}")
    elif part.text("text") != agreed.text:
        yield sheet.finding("scores", part, "text", f"按各考评员评分应为“{agreed.text}”")


def _decision_holds(sheet: Sheet, part: Line, decision: PartDecision | None) -> Iterator[Finding]:
    """What a person decided is what the manifest tells: how, the mark and the reason."""
    if not part.text("text"):
        yield sheet.finding("required", part, "text", "裁定、更正应写明理由")
    elif decision is None:
        yield sheet.finding("scores", part, "how", "清单没有写明这一裁定、更正")
    elif part.text("how") != decision.how:
        yield sheet.finding("scores", part, "how", f"清单写明由{DECIDED[decision.how]}得出")
    elif part.values.get("points") != decision.value:
        yield sheet.finding("scores", part, "points", "与清单所写的裁定、更正不同")
    elif part.text("text") != decision.text:
        yield sheet.finding("scores", part, "text", f"按清单应为“{decision.text}”")
