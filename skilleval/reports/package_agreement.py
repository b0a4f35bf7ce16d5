"""What must hold between the workbooks of a package: candidate ↔ result ↔ certificate ↔ 表5 ↔ 公示 ↔ plan.

Lines of two workbooks are paired by their number first, then by what else is theirs, so that a changed number is one
finding and not two strangers. Counts allow for the lines that are in dispute already.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade
from skilleval.reports.findings import Finding
from skilleval.reports.package_sheets import Line, Sheet, Sheets
from skilleval.reports.templates import Value

Keys = Sequence[tuple[str, str]]
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which lines of two sheets belong together, and which stayed alone."""

    pairs: tuple[tuple[Line, Line], ...]
    left: tuple[Line, ...]
    right: tuple[Line, ...]


def pair(left: Sequence[Line], right: Sequence[Line], ways: Sequence[Keys]) -> Pairing:
    """Pair lines that agree in all keys of the first way, the rest by the second, and so on.

    A key that several lines of one side share pairs them in their order: which is which makes no difference then.
    """
    pairs: list[tuple[Line, Line]] = []
    alone, others = list(left), list(right)
    for way in ways:
        waiting: dict[tuple[Value, ...], list[Line]] = {}
        for line in others:
            key = tuple(line.get(theirs) for _, theirs in way)
            if None not in key:
                waiting.setdefault(key, []).append(line)
        still: list[Line] = []
        for line in alone:
            found = waiting.get(tuple(line.get(ours) for ours, _ in way))
            if found:
                pairs.append((line, found.pop(0)))
            else:
                still.append(line)
        alone = still
        taken = {id(line) for _, line in pairs}
        others = [line for line in others if id(line) not in taken]
    return Pairing(tuple(pairs), tuple(alone), tuple(others))


def agreement(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """All findings between the workbooks."""
    withheld = {str(entry.get("admission_number")) for entry in manifest["withheld"]}
    people = _pair_results(sheets)
    yield from _results_agree(sheets, people)
    issued = _pair_certificates(sheets)
    employers = {id(result): candidate for candidate, result in people.pairs}
    yield from _certificates_agree(sheets, issued, employers, withheld)
    yield from _notice_agrees(sheets, employers, withheld)
    yield from _plan_counts(sheets, people)
    yield from _confirmation_counts(sheets, issued)
    yield from _manifest_counts(sheets, manifest)


def _lines(sheet: Sheet) -> list[Line]:
    return [line for line in sheet.lines if not line.repeated]


def _pair_results(sheets: Sheets) -> Pairing:
    ways = ((("admission_number",) * 2,), (("id_number",) * 2,), (("name",) * 2, ("grade",) * 2))
    return pair(_lines(sheets["candidates"]), _lines(sheets["results"]), ways)


def _results_agree(sheets: Sheets, people: Pairing) -> Iterator[Finding]:
    candidates, results = sheets["candidates"], sheets["results"]
    same = ("admission_number", "name", "sex", "id_type", "id_number", "education", "grade", "route", "basis", "set_aside")
    for candidate, result in people.pairs:
        yield from _compare(candidates, candidate, results, result, [(key, key) for key in same])
    for line in people.left:
        yield candidates.finding("result-missing", line, "admission_number", "成绩汇总中没有此人")
    for line in people.right:
        yield results.finding("result-foreign", line, "admission_number", "考生花名册中没有此人")


def _pair_certificates(sheets: Sheets) -> Pairing:
    ways = ((("certificate_number", "number"),), (("id_number",) * 2,), (("name",) * 2, ("grade",) * 2))
    return pair(_lines(sheets["results"]), _lines(sheets["certificates"]), ways)


def _certificates_agree(
    sheets: Sheets, issued: Pairing, candidates: Mapping[int, Line], withheld: set[str]
) -> Iterator[Finding]:
    results, certificates = sheets["results"], sheets["certificates"]
    same = [("certificate_number", "number"), ("issued_on", "issued_on"), ("name", "name"), ("id_type", "id_type"),
            ("id_number", "id_number"), ("grade", "grade")]  # fmt: skip
    for result, certificate in issued.pairs:
        yield from _compare(results, result, certificates, certificate, same)
        candidate = candidates.get(id(result))
        if candidate:
            yield from _compare(sheets["candidates"], candidate, certificates, certificate, [("employer", "employer")])
    yield from _outcomes_agree(results, withheld)
    for line in issued.right:
        yield certificates.finding("certificate-foreign", line, "number", "成绩汇总中没有此证书")
    for line in issued.left:
        if line.get("certificate_number"):
            yield results.finding("certificate-missing", line, "certificate_number", "证书数据上报表中没有此证书")


def _outcomes_agree(results: Sheet, withheld: set[str]) -> Iterator[Finding]:
    """Who passed has a certificate or a reason in the manifest; who did not pass has none."""
    for line in _lines(results):
        outcome, number = line.get("outcome"), line.get("certificate_number")
        if outcome is None or "certificate_number" in line.wrong:
            continue
        if outcome != "passed" and number:
            yield results.finding("outcome-certificate", line, "certificate_number", "评定结果不是合格，却有证书编号")
        if outcome == "passed" and not number and line.get("admission_number") not in withheld:
            told = "评定合格，却没有证书编号，清单也没有说明原因"
            yield results.finding("outcome-certificate", line, "certificate_number", told)


def _compare(
    first: Sheet, one: Line, second: Sheet, other: Line, keys: Sequence[tuple[str, str]]
) -> Iterator[Finding]:
    """A finding in the second sheet for each key in which the two lines differ."""
    for ours, theirs in keys:
        if ours in one.wrong or theirs in other.wrong or not first.has(ours) or not second.has(theirs):
            continue
        if one.values.get(ours) != other.values.get(theirs):
            message = f"与“{first.template.label}”第{one.row}行不一致"
            yield second.finding("disagree", other, theirs, message)
            one.wrong.add(ours)


def _notice_agrees(sheets: Sheets, candidates: Mapping[int, Line], withheld: set[str]) -> Iterator[Finding]:
    results, notice = sheets["results"], sheets["notice"]
    for line in _lines(results):
        number = line.get("id_number")
        line.values["masked_id_number"] = mask_number(number) if isinstance(number, str) else None
    ways = (
        (("name",) * 2, ("masked_id_number",) * 2, ("grade",) * 2),
        (("masked_id_number",) * 2, ("grade",) * 2),
        (("name",) * 2, ("masked_id_number",) * 2),
        (("name",) * 2, ("grade",) * 2),
    )
    expected = [line for line in _lines(results) if line.get("outcome") == "passed" or _excused(line, withheld)]
    published = pair(expected, _lines(notice), ways)
    for result, line in published.pairs:
        for key in ("name", "masked_id_number", "grade"):
            if key not in result.wrong | line.wrong and result.get(key) not in (None, line.values.get(key)):
                yield notice.finding("disagree", line, key, f"与“{results.template.label}”第{result.row}行不一致")
        candidate = candidates.get(id(result))
        if candidate:
            keys = [("employer", "employer"), ("route", "route")]
            yield from _compare(sheets["candidates"], candidate, notice, line, keys)
    for line in published.right:
        yield notice.finding("notice-foreign", line, "name", "成绩汇总中没有此人合格的记录")
    for line in published.left:
        if not _excused(line, withheld):
            yield results.finding("notice-missing", line, "name", "评定合格，但不在公示名单中")


def _excused(line: Line, withheld: set[str]) -> bool:
    return "outcome" in line.wrong or line.get("admission_number") in withheld


def _plan_counts(sheets: Sheets, people: Pairing) -> Iterator[Finding]:
    plan = sheets["plan"]
    sure, disputed = _count([candidate for candidate, _ in people.pairs], lambda line: line.get("grade"))
    disputed += len(people.left) + len(people.right)
    disputed += sum(1 for line in sheets["candidates"].lines if line.repeated)
    planned = set()
    for line in plan.lines:
        grade, told = line.get("grade"), line.get("candidates")
        planned.add(grade)
        counted = sure.get(grade, 0)
        if isinstance(told, int) and not counted <= told <= counted + disputed:
            yield plan.finding("plan-count", line, "candidates", f"计划写 {told} 人，花名册为 {counted} 人")
    for candidate, _ in people.pairs:
        grade = candidate.get("grade")
        if isinstance(grade, Grade) and grade not in planned:
            told = "评价计划中没有这个等级"
            yield sheets["candidates"].finding("plan-count", candidate, "grade", told)


def _confirmation_counts(sheets: Sheets, issued: Pairing) -> Iterator[Finding]:
    form = sheets["confirmation"]
    lines = [certificate for _, certificate in issued.pairs]
    sure, disputed = _count(lines, _kind)
    disputed += len(issued.right) + sum(1 for line in issued.left if line.values.get("certificate_number"))
    disputed += sum(1 for line in sheets["certificates"].lines if line.repeated)
    listed = set()
    for line in form.lines:
        key = _kind(line)
        told, counted = line.get("count"), sure.get(key, 0)
        listed.add(key)
        if isinstance(told, int) and not counted <= told <= counted + disputed:
            yield form.finding("confirmation-count", line, "count", f"表5写 {told} 本，证书数据为 {counted} 本")
    for key, count in sure.items():
        if key not in listed and isinstance(key[2], Grade):
            told = f"缺少“{key[0]}”{key[2].printed}一行，证书数据中有 {count} 本"
            yield form.finding("confirmation-count", None, "grade", told)


def _kind(line: Line) -> tuple[Value, Value, Value]:
    return line.get("occupation_name"), line.values.get("trade"), line.get("grade")


def _count(lines: Sequence[Line], key: Callable[[Line], Key]) -> tuple[dict[Key, int], int]:
    """How many lines are surely of each key, and how many may be of any because their grade is in dispute."""
    counted: dict[Key, int] = {}
    disputed = 0
    for line in lines:
        if "grade" in line.wrong or "occupation_name" in line.wrong:
            disputed += 1
        else:
            counted[key(line)] = counted.get(key(line), 0) + 1
    return counted, disputed


def _manifest_counts(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    passed = [line for line in sheets["results"].lines if line.values.get("outcome") == "passed"]
    doubtful = sum(1 for line in sheets["results"].lines if "outcome" in line.wrong)
    counted = {
        "candidates": (len(sheets["candidates"].lines), 0),
        "passed": (len(passed), doubtful),
        "certificates": (len(sheets["certificates"].lines), 0),
    }
    for name, (count, slack) in counted.items():
        told = manifest["counts"].get(name)
        if not isinstance(told, int) or abs(told - count) > slack:
            yield Finding("manifest-disagrees", f"清单的 {name} 为 {told}，文件中为 {count}", "manifest.json")
