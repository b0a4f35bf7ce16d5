"""A package of direct recognition: clean as it is, and each thing that is wrong in one is found."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from skilleval.reports.filing import FilingContent, ResultLine
from skilleval.reports.fonts import load_fonts
from skilleval.reports.package import verify_package, write_package
from tests.reports.samples import clean_content

TOLD = {"route": "direct", "basis": "征求意见稿二（四）2（direct.wide）", "set_aside": "逐级（现持四级/中级工，申报二级/技师）"}


def direct_content(**first: Any) -> FilingContent:
    """Everybody directly recognised by performance review; ``first`` changes the first result, who passed."""
    content = clean_content(4)
    results = tuple(
        replace(line, theory=None, skill=None, performance=8850, total=8950, **TOLD) for line in content.results
    )
    return replace(
        content,
        plan=tuple(replace(line, route="direct", methods="工作业绩评审") for line in content.plan),
        candidates=tuple(replace(line, condition="", **TOLD) for line in content.candidates),
        results=(_changed(results[0], first), *results[1:]),
        notice_lines=tuple(replace(line, route="direct") for line in content.notice_lines),
        parts=(),
    )


def _changed(line: ResultLine, first: dict[str, Any]) -> ResultLine:
    return replace(line, **first)


def found(content: FilingContent, folder: Path) -> list[tuple[str, str]]:
    written = write_package(folder, content, load_fonts({}))
    return [(one.code, one.column) for one in verify_package(written.path).findings]


def test_a_direct_package_has_no_weighted_parts_and_verifies(tmp_path: Path) -> None:
    assert found(direct_content(), tmp_path) == []


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"theory": 8000}, "mark-range"),
        ({"performance": 10001}, "mark-range"),
        ({"performance": None}, "outcome-marks"),
        ({"total": None}, "total"),
        ({"total": 10001}, "total"),
        ({"basis": ""}, "required"),
        ({"set_aside": ""}, "disagree"),
        ({"route": "contest"}, "disagree"),
    ],
)
def test_what_is_wrong_with_a_direct_result_is_found(first: dict[str, Any], code: str, tmp_path: Path) -> None:
    assert code in [one for one, _column in found(direct_content(**first), tmp_path)]


@pytest.mark.parametrize("total", [0, 10000])
def test_nought_and_full_marks_are_within_range(total: int, tmp_path: Path) -> None:
    assert found(direct_content(total=total, performance=total), tmp_path) == []


def test_a_plan_names_methods_of_direct_recognition_only(tmp_path: Path) -> None:
    content = direct_content()
    wrong = replace(content, plan=tuple(replace(line, methods="理论知识考试") for line in content.plan))

    assert {code for code, _column in found(wrong, tmp_path)} == {"manifest-disagrees"}
