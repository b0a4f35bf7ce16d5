"""A package of direct recognition: clean as it is, and each thing that is wrong in one is found."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from skilleval.reports.direct_case import CaseEvidence, CaseLine, DirectCase, read_case
from skilleval.reports.filing import FilingContent, filing_templates
from skilleval.reports.filing_lines import ResultLine
from skilleval.reports.fonts import load_fonts
from skilleval.reports.package import verify_package, write_package
from tests.reports.defects import open_tables, repack, written_again
from tests.reports.samples import clean_content

pytestmark = pytest.mark.slow

TOLD = {"route": "direct", "basis": "征求意见稿二（四）2（direct.wide）", "set_aside": "逐级（现持四级/中级工，申报二级/技师）"}


def case_of(admission_number: str) -> DirectCase:
    """A case of 89.50: 27 of 30, 26.5 of 30 and 36 of 40."""
    return DirectCase(
        admission_number, f"案-{admission_number[-4:]}",
        (
            CaseLine("岗位职责", "独立承担检修", 3000, 2700, ("ZM-1",)),
            CaseLine("工作表现", "安全与纪律", 3000, 2650),
            CaseLine("工作业绩", "技术革新", 4000, 3600, ("ZM-2",)),
        ),
        (
            CaseEvidence("ZM-1", "关键岗位实践", "配电室检修", "设备动力部"),
            CaseEvidence("ZM-2", "技术革新", "软启动柜改造", "技术中心", "d" * 64),
        ),
        {"agree": 2, "against": 1}, "专家甲", "符合认定要求。",
    )  # fmt: skip


def direct_content(**first: Any) -> FilingContent:
    """Everybody directly recognised by performance review; ``first`` changes the first result, who passed."""
    content = clean_content(4)
    cases = tuple(case_of(line.admission_number) for line in content.results)
    results = tuple(
        replace(line, theory=None, skill=None, performance=8850, total=8950, **TOLD, **case.columns())
        for line, case in zip(content.results, cases, strict=True)
    )
    return replace(
        content,
        plan=tuple(replace(line, route="direct", methods="工作业绩评审") for line in content.plan),
        candidates=tuple(replace(line, condition="", **TOLD) for line in content.candidates),
        results=(_changed(results[0], first), *results[1:]),
        notice_lines=tuple(replace(line, route="direct") for line in content.notice_lines),
        parts=(),
        cases=cases,
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


@pytest.mark.parametrize("mark", [0, 10000])
def test_nought_and_full_marks_are_within_range(mark: int, tmp_path: Path) -> None:
    assert found(direct_content(performance=mark), tmp_path) == []


def test_a_case_is_told_in_the_columns_of_the_results() -> None:
    assert case_of("1").columns() == {
        "duties_score": 9000, "conduct_score": 8833, "achievement_score": 9000,
        "achievements": "技术革新（软启动柜改造）",
        "evidence": "ZM-1 关键岗位实践“配电室检修”（设备动力部）；ZM-2 技术革新“软启动柜改造”（技术中心）",
        "chair": "专家甲", "conclusion": "同意 2 票，不同意 1 票。符合认定要求",
    }  # fmt: skip


def test_the_manifest_tells_a_case_as_it_was_written() -> None:
    assert read_case(case_of("1").as_json()) == case_of("1")


@pytest.mark.parametrize(
    "changed",
    [{"chair": None}, {"lines": [{}]}, {"lines": [{**case_of("1").as_json()["lines"][0], "maximum": 0}]}, {"votes": {"agree": "2"}},
     {"evidence": ["ZM-1"]}, {"more": ""}],
)  # fmt: skip
def test_a_manifest_that_tells_a_case_wrongly_is_not_read(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cases"):
        read_case({**case_of("1").as_json(), **changed})


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_package(tmp_path_factory.mktemp("direct"), direct_content(), load_fonts({})).path.read_bytes()


def tampered(packed: bytes, folder: Path, row: int, key: str, value: object) -> list[tuple[str, int | None, str]]:
    """What is found when one cell of the results is changed and every hash sealed anew."""
    tables = open_tables(packed)
    keys = [column.key for column in filing_templates()["results"].columns]
    cells = tables["results"][row]
    assert cells[keys.index(key)] != value
    cells[keys.index(key)] = value
    path = folder / "tampered.zip"
    path.write_bytes(repack(packed, tables))
    return [(one.code, one.row, one.heading) for one in verify_package(path).findings]


def test_packing_again_without_a_change_is_no_finding(packed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "again.zip"
    path.write_bytes(written_again(packed, open_tables(packed)))

    assert verify_package(path).findings == ()


@pytest.mark.parametrize("row", [0, 3], ids=["recognised", "refused"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("duties_score", 90.01), ("conduct_score", 88.34), ("achievement_score", None), ("achievements", "技术革新"),
        ("evidence", "ZM-1 关键岗位实践“配电室检修”（设备动力部）"), ("chair", "专家乙"), ("conclusion", "同意 3 票。符合认定要求"),
        ("total", 89.51),
    ],
)  # fmt: skip
def test_a_column_changed_and_sealed_anew_is_found_where_it_stands(
    row: int, key: str, value: object, packed: bytes, tmp_path: Path
) -> None:
    heading = {column.key: column.heading for column in filing_templates()["results"].columns}[key]
    place = filing_templates()["results"].heading_row + 1 + row

    found_there = tampered(packed, tmp_path, row, key, value)

    assert [(place, heading)] == [(at, column) for _code, at, column in found_there]


def test_a_direct_result_without_a_case_and_a_case_without_a_result_are_found(tmp_path: Path) -> None:
    content = direct_content()
    strange = replace(content, cases=(*content.cases[:-1], case_of("2026-DG-01-9999")))

    assert [code for code, _column in found(strange, tmp_path)] == ["case", "case"]


def test_other_routes_have_none_of_these_columns(tmp_path: Path) -> None:
    content = clean_content(4)
    first = replace(content.results[0], chair="专家甲")

    assert found(replace(content, results=(first, *content.results[1:])), tmp_path)[0][0] == "case"


def test_a_plan_names_methods_of_direct_recognition_only(tmp_path: Path) -> None:
    content = direct_content()
    wrong = replace(content, plan=tuple(replace(line, methods="理论知识考试") for line in content.plan))

    assert {code for code, _column in found(wrong, tmp_path)} == {"manifest-disagrees"}
