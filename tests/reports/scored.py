"""A clean content in which 高级工 is assessed by schemes: a criterion sheet, a performance review, a process assessment."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from skilleval import paths
from skilleval.domain.ladder import Grade
from skilleval.domain.scheme_plans import rescore
from skilleval.domain.schemes import ScoredLine
from skilleval.domain.scoring import Part, PartMark, agree, settle
from skilleval.reports.filing import FilingContent, PartRule
from skilleval.reports.scores import FilledSheet, PartDecision, PartScheme, PartScores, score_lines
from skilleval.services.scheme_file import stored
from tests.assessed import GOOD, LESS, OBSERVED, REVIEW, criteria
from tests.reports.samples import clean_content

WINDOW = (date(2026, 6, 8), date(2026, 6, 12))
WEIGHTS = {"theory": 30, "skill": 40, "performance": 20, "process": 10}
_KINDS = {"skill": "criteria", "performance": "review", "process": "observing"}
_VETO = criteria(10, veto="F1")
#: by serial of the candidate: what was entered for each part, one sheet an assessor
SHEETS: dict[int, dict[str, Sequence[Sequence[ScoredLine]]]] = {
    2: {"skill": (GOOD, GOOD, LESS), "performance": (REVIEW,), "process": (OBSERVED,)},
    4: {"skill": (_VETO, _VETO, _VETO), "performance": (REVIEW,), "process": (OBSERVED,)},
}


def scored_content() -> FilingContent:
    """Four candidates, the second and fourth of them 高级工; the fourth failed by a safety veto."""
    content = clean_content(4)
    schemes = {method: _scheme(method) for method in _KINDS}
    told: list[PartScores] = []
    results = list(content.results)
    for serial, entered in SHEETS.items():
        line = results[serial - 1]
        own = [_scores(line.admission_number, line.name, schemes[method], sheets) for method, sheets in entered.items()]
        marks = {one.scheme.method: one.value for one in own}
        results[serial - 1] = replace(line, **marks, total=_total({"theory": line.theory, **marks}))  # type: ignore[arg-type]
        told += own
    senior = tuple(PartRule(Grade.SENIOR, method, weight, 10000, 6000) for method, weight in WEIGHTS.items())
    return replace(
        content,
        plan=tuple(
            replace(line, methods="理论知识考试、技能操作考核、工作业绩评审、过程考核") if line.grade is Grade.SENIOR else line
            for line in content.plan
        ),
        results=tuple(results),
        parts=(*senior, *(one for one in content.parts if one.grade is not Grade.SENIOR)),
        schemes=tuple(schemes.values()),
        scores=score_lines(told),
        assessors=tuple((f"K{place}", f"考评员{name}") for place, name in enumerate("甲乙丙", start=1)),
    )


def decided_content() -> FilingContent:
    """The same with the skill of the second candidate set by a person to what its marks give."""
    content = scored_content()
    place, line = next((place, one) for place, one in enumerate(content.scores) if one.kind == "part")
    decision = PartDecision(line.admission_number, line.method, "adjudicated", line.points, "复核工件", "复评专家")
    rows = list(content.scores)
    rows[place] = replace(line, how="adjudicated", text=decision.text)
    return replace(content, scores=tuple(rows), decisions=(decision,))


def _scheme(method: str) -> PartScheme:
    text = (paths.shipped("templates") / f"scheme-{method}.example.toml").read_text(encoding="utf-8")
    file, kind = tomllib.loads(text), _KINDS[method]
    assessors = 3 if method == "skill" else 1
    return PartScheme(Grade.SENIOR, method, file["title"], 1, kind, stored(file, kind), assessors, "mean", 1000)


def _scores(number: str, name: str, scheme: PartScheme, entered: Sequence[Sequence[ScoredLine]]) -> PartScores:
    sheets = []
    for place, lines in enumerate(entered, start=1):
        given = lines if scheme.kind != "observing" else [replace(one, entered=f"{one.points / 100:.2f}") for one in lines]
        scored = rescore(scheme.plan, given, WINDOW, 10000)
        assert scored.value is not None
        sheets.append(FilledSheet(f"K{place}", f"考评员{'甲乙丙'[place - 1]}", scored.lines, scored.value))
    part = Part(scheme.method, 0, 10000, 6000, scheme.assessors, scheme.rule, scheme.tolerance)
    agreed = agree(part, [one.value for one in sheets])
    return PartScores(number, name, scheme, sheets, agreed.value, scheme.rule, agreed.text)


def _total(marks: dict[str, int | None]) -> int | None:
    parts = {method: Part(method, weight, 10000, 6000, 1) for method, weight in WEIGHTS.items()}
    return settle(parts, {method: PartMark(mark) for method, mark in marks.items()}).total
