from datetime import date
from pathlib import Path

import openpyxl
import pytest
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    Mark,
    Result,
    Scheme,
    ScoreLine,
    ScoreSheet,
)
from skilleval.domain.errors import RuleBroken
from skilleval.services import mark_sheets, marks, scheme_sheets, schemes
from skilleval.services.results import settle_results
from skilleval.services.verification import verify_all
from skilleval.sheets.columns import Report
from tests.conftest import Kept
from tests.factories import ACTOR, LIBRARY, Firm, make_firm
from tests.worked import example, make_marked, make_worked

Rows = list[list[object]]
#: what an assessor fills in of the shipped sheet: four that give points, two deductions, two vetoes
GOOD: list[object] = [18, 22.5, 20, 24, 1, 0, None, None]


@pytest.fixture
def firm(kept: Kept) -> Firm:
    return kept(make_firm)


@pytest.fixture
def batch(session: Session, vault: Vault, firm: Firm) -> Batch:
    """A batch that is being marked, whose skill test of 高级工 has the shipped criterion sheet, with two candidates."""
    schemes.define_scheme(session, ACTOR, firm.institution, example("skill"))
    return make_marked(session, vault, firm)


@pytest.fixture
def worked(session: Session, vault: Vault, firm: Firm) -> Batch:
    """A batch whose 高级工 is assessed by performance and process, both with the shipped schemes."""
    return make_worked(session, vault, firm)


def fill(session: Session, batch: Batch, method: str, path: Path, pages: dict[str, Rows], assessor: str | None = None) -> Path:
    """The template with what is told written behind the name, row by row."""
    part, scheme = schemes.scheme_for(session, batch, method, None)
    scheme_sheets.scores_workbook(session, batch, part, scheme, path, assessor)
    book = openpyxl.load_workbook(path)
    for name, rows in pages.items():
        for row, told in enumerate(rows, start=2):
            for column, value in enumerate(told, start=3):
                book[name].cell(row, column, value)
    book.save(path)
    return path


def bring(
    session: Session, batch: Batch, method: str, path: Path, reason: str = "", assessor: str | None = None
) -> Report:
    part, scheme = schemes.scheme_for(session, batch, method, None)
    staged = scheme_sheets.stage_scores(session, batch, part, scheme, path, reason=reason, assessor=assessor)
    assert staged.report.adds_up
    if not staged.report.failed:
        scheme_sheets.write_scores(session, ACTOR, staged)
    return staged.report


def theory(session: Session, batch: Batch, path: Path) -> None:
    """A theory mark of 80 for everybody."""
    codes = [one.admission_number or "" for one in session.exec(select(Candidate))]
    mark_sheets.marks_workbook(session, batch, path, {(code, "theory", "K1"): 8000 for code in codes})
    mark_sheets.write_marks(session, ACTOR, mark_sheets.stage_marks(session, batch, path))


def everybody(rows: Rows) -> dict[str, Rows]:
    return {f"评分 {code}": rows for code in ("K1", "K2", "K3")}


def test_filled_sheets_become_marks_with_lines_and_settle_like_any_others(
    session: Session, batch: Batch, tmp_path: Path
) -> None:
    # K3 saw a violation that the others did not.
    pages = everybody([GOOD, GOOD]) | {"评分 K3": [[18, 22.5, 20, 24, 1, 1, None, None], GOOD]}
    first = bring(session, batch, "skill", fill(session, batch, "skill", tmp_path / "s.xlsx", pages))
    again = bring(session, batch, "skill", fill(session, batch, "skill", tmp_path / "again.xlsx", {}))
    theory(session, batch, tmp_path / "t.xlsx")
    settle_results(session, ACTOR, batch, LIBRARY)

    # 18 + 22.5 + 44 + (10 − 1.5); the template brings back what stands, and it changes nothing
    assert (first.new, again.new, again.unchanged) == (6, 0, 6)
    assert sorted(one.sheet.value for one in schemes.filled_sheets(session, batch)) == [9050, *[9300] * 5]
    results = [one.parts["skill"] for one in session.exec(select(Result).order_by(Result.candidate_id))]  # type: ignore[arg-type]
    assert results == [9217, 9300]
    for sheet in session.exec(select(ScoreSheet)).all():
        lines = session.exec(select(ScoreLine).where(ScoreLine.sheet_id == sheet.id)).all()
        assert sum(line.points for line in lines) == sheet.value and len(lines) == 6
    assert verify_all(session) == []


def test_a_veto_is_0_goes_to_a_person_and_stands_in_the_proof(session: Session, batch: Batch, tmp_path: Path) -> None:
    vetoed: list[object] = [10, None, None, None, None, None, "是", None]
    pages = everybody([vetoed, GOOD])
    pages["评分 K1"] = [GOOD, GOOD]
    bring(session, batch, "skill", fill(session, batch, "skill", tmp_path / "s.xlsx", pages))
    theory(session, batch, tmp_path / "t.xlsx")
    candidate = session.exec(select(Candidate)).first()
    assert candidate is not None

    with pytest.raises(RuleBroken) as refusal:
        settle_results(session, ACTOR, batch, LIBRARY)
    marks.adjudicate(session, ACTOR, batch, candidate, method="skill", value=0, reason="监控证实")
    settle_results(session, ACTOR, batch, LIBRARY)

    assert "两侧" in refusal.value.reasons[0]
    assert refusal.value.reasons[0].endswith("；安全否决项 F1 带电作业（K2）；安全否决项 F1 带电作业（K3）")
    result = session.exec(select(Result).where(Result.candidate_id == candidate.id)).one()
    assert (result.outcome, result.parts["skill"]) == ("failed", 0)
    assert "技能操作考核：0.00（裁定）；安全否决项 F1 带电作业（K2）；安全否决项 F1 带电作业（K3）" in result.proof


def test_every_wrong_cell_is_told_at_once_with_criterion_and_maximum(
    session: Session, batch: Batch, tmp_path: Path
) -> None:
    wrong: list[object] = [20.01, None, "十", 24, 1.5, 100, "也许", None]
    report = bring(session, batch, "skill", fill(session, batch, "skill", tmp_path / "s.xlsx", {"评分 K1": [wrong, GOOD]}))

    assert {(one.column, one.code): one.message for one in report.errors} == {
        ("C", "criterion_range"): "“1 元件安装”应在 0 至 20.00 分之间",
        ("D", "criterion_missing"): "没有填：“2 布线接线”应在 0 至 25.00 分之间",
        ("E", "mark"): "应为分数，最多两位小数，如 86 或 86.5",
        ("G", "integer"): "应为整数",
        ("H", "criterion_range"): "“6 现场未清理”应为扣分次数，0 至 99 次（每次扣 2.50 分，最多扣 5.00 分）",
        ("I", "yes_no"): "应为“是”或“否”",
    }
    assert session.exec(select(Mark)).all() == []


def test_rows_not_filled_in_are_blank_and_not_unchanged(session: Session, batch: Batch, tmp_path: Path) -> None:
    empty = fill(session, batch, "skill", tmp_path / "e.xlsx", {})
    bring(session, batch, "skill", fill(session, batch, "skill", tmp_path / "s.xlsx", everybody([GOOD, GOOD])))

    report = bring(session, batch, "skill", empty)

    assert (report.read, report.blank, report.unchanged, report.new) == (6, 6, 0, 0)


def test_a_candidate_twice_in_a_sheet_is_told_in_both_rows(session: Session, batch: Batch, tmp_path: Path) -> None:
    path = fill(session, batch, "skill", tmp_path / "s.xlsx", {"评分 K1": [GOOD, GOOD]})
    book = openpyxl.load_workbook(path)
    book["评分 K1"]["A3"], book["评分 K1"]["B3"] = book["评分 K1"]["A2"].value, book["评分 K1"]["B2"].value
    book.save(path)

    report = bring(session, batch, "skill", path)

    assert [(one.row, one.message) for one in report.errors] == [(2, "与第3行重复，请只留一行"), (3, "与第2行重复，请只留一行")]
    assert report.failed == 2


def test_a_score_far_too_high_is_told_its_range(session: Session, batch: Batch, tmp_path: Path) -> None:
    pages: dict[str, Rows] = {"评分 K1": [[1000000, *GOOD[1:]]]}
    report = bring(session, batch, "skill", fill(session, batch, "skill", tmp_path / "s.xlsx", pages))

    assert [one.message for one in report.errors] == ["“1 元件安装”应在 0 至 20.00 分之间"]


def test_what_stands_is_corrected_with_a_reason_only_and_kept(session: Session, batch: Batch, tmp_path: Path) -> None:
    bring(session, batch, "skill", fill(session, batch, "skill", tmp_path / "s.xlsx", {"评分 K1": [GOOD]}))
    better = fill(session, batch, "skill", tmp_path / "b.xlsx", {"评分 K1": [[20]]})

    refused = bring(session, batch, "skill", better)
    corrected = bring(session, batch, "skill", better, reason="复核录入有误")

    assert [one.message for one in refused.errors] == ["已录入 93.00，不能覆盖；确需更正须写明更正的理由，重新导入"]
    assert corrected.changed == 1
    found = [(one.mark.revision, one.sheet.value, one.sheet.reason) for one in schemes.filled_sheets(session, batch)]
    assert found == [(1, 9300, None), (2, 9500, "复核录入有误")]
    assert [one.value for one in marks.latest_marks(session, batch).values()] == [9500]
    assert verify_all(session) == []


def test_a_part_with_a_scheme_takes_no_bare_numbers_but_takes_absence(
    session: Session, batch: Batch, tmp_path: Path
) -> None:
    first, second = (one.admission_number or "" for one in session.exec(select(Candidate)).all())
    path = tmp_path / "m.xlsx"
    mark_sheets.marks_workbook(session, batch, path, {(first, "skill", "K1"): 8000})
    refused = mark_sheets.stage_marks(session, batch, path).report
    mark_sheets.marks_workbook(session, batch, path, {(second, "skill", code): None for code in ("K1", "K2", "K3")})
    mark_sheets.write_marks(session, ACTOR, mark_sheets.stage_marks(session, batch, path))
    candidate = session.exec(select(Candidate)).first()
    assert candidate is not None

    assert [one.code for one in refused.errors] == ["scheme_defined"]
    assert [one.absent for one in session.exec(select(Mark))] == [True] * 3
    with pytest.raises(RuleBroken, match="按评分办法计分"):
        marks.correct_mark(session, ACTOR, batch, candidate, method="skill", assessor_code="K1", value=1, reason="试")


def test_a_workbook_of_another_scheme_or_with_other_columns_is_refused(
    session: Session, batch: Batch, tmp_path: Path
) -> None:
    path = fill(session, batch, "skill", tmp_path / "s.xlsx", {"评分 K1": [GOOD]})
    book = openpyxl.load_workbook(path)
    book["评分 K1"]["C1"] = "1 元件按装"
    book.save(tmp_path / "column.xlsx")
    book["skilleval"]["A1"] = "scores/1 2026-DG-01 skill senior 2"
    book.save(tmp_path / "scheme.xlsx")

    with pytest.raises(RuleBroken) as refusal:
        bring(session, batch, "skill", tmp_path / "column.xlsx")
    with pytest.raises(RuleBroken, match="这里需要 scores/1 2026-DG-01 skill senior 1"):
        bring(session, batch, "skill", tmp_path / "scheme.xlsx")

    assert refusal.value.reasons[1] == "缺少“1 元件安装（满分20.00）”"


PERFORMANCE: Rows = [[None, 98, 0], [None, 94.9, 2.5], [None, 98, 0], [None, 98, None]]


def test_a_review_is_computed_from_imported_values_and_waits_for_what_is_unknown(
    session: Session, worked: Batch, tmp_path: Path
) -> None:
    path = fill(session, worked, "performance", tmp_path / "p.xlsx", {"业绩数据": PERFORMANCE})
    report = bring(session, worked, "performance", path)

    # 40 % of 100 and 60 % of (60 % of 60 + 40 % of 85)
    assert [one.value for one in session.exec(select(Mark))] == [4000 + 4200]
    assert (report.new, report.unchanged, report.failed) == (2, 2, 0)
    assert report.notes == ["2026-DG-01-0002 员工2：缺评价前半年的责任故障停机，暂不计分（不是 0 分）"]
    lines = session.exec(select(ScoreLine).order_by(ScoreLine.serial)).all()  # type: ignore[arg-type]
    assert [(one.period, one.item, one.entered, one.points) for one in lines][2:] == [
        ("评价前半年", "A", "94.9", 6000), ("评价前半年", "B", "2.5", 8500),
    ]  # fmt: skip


def test_a_value_that_cannot_be_and_a_period_twice_are_errors(session: Session, worked: Batch, tmp_path: Path) -> None:
    rows: Rows = [[None, 100.5, 0], ["评价前第二个半年", 98, "两小时"]]
    report = bring(session, worked, "performance", fill(session, worked, "performance", tmp_path / "p.xlsx", {"业绩数据": rows}))

    assert [(one.row, one.column, one.code) for one in report.errors] == [
        (2, "D", "indicator_range"), (3, "C", "period_twice"), (3, "E", "number"),
    ]  # fmt: skip


def observed(*days: int) -> Rows:
    people = ("K1 考评员甲", "K2 考评员乙", "K1 考评员甲")
    kinds = ("RC 日常操作", "RC 日常操作", "JD 阶段测评")
    return [[date(2026, 6, day), kind, who, 70 + place * 10] for place, (day, kind, who) in
            enumerate(zip(days, kinds, people, strict=False))]  # fmt: skip


def test_a_process_is_the_weighted_mean_of_its_observations(session: Session, worked: Batch, tmp_path: Path) -> None:
    path = tmp_path / "o.xlsx"
    fill(session, worked, "process", path, {"过程考核": [*observed(8, 9, 12), *observed(8, 9)]}, "K1")
    report = bring(session, worked, "process", path, assessor="K1")

    # (70 + 80 + 2 × 90) / 4
    assert [one.value for one in session.exec(select(Mark))] == [8250]
    assert (report.new, report.unchanged, report.blank) == (3, 2, 1)
    assert "JD 阶段测评至少 1 次，现有 0 次、至少 3 次观察，现有 2 次" in report.notes[0]
    assert verify_all(session) == []


def test_an_observation_outside_the_window_is_refused_with_the_candidates_other_rows(
    session: Session, worked: Batch, tmp_path: Path
) -> None:
    path = tmp_path / "o.xlsx"
    fill(session, worked, "process", path, {"过程考核": [*observed(8, 9, 13), *observed(7, 9, 12)]}, "K1")
    report = bring(session, worked, "process", path, assessor="K1")

    assert [(one.row, one.column, one.message) for one in report.errors] == [
        (4, "C", "2026-06-13 不在批次的评价期间 2026-06-08 至 2026-06-12 内"),
        (5, "C", "2026-06-07 不在批次的评价期间 2026-06-08 至 2026-06-12 内"),
    ]
    assert report.notes == [
        "2026-DG-01-0001 员工1：有错误，这名考生的另外 2 行一并没有导入",
        "2026-DG-01-0002 员工2：有错误，这名考生的另外 2 行一并没有导入",
    ]
    assert report.failed == 6 and session.exec(select(Mark)).all() == []


def test_whose_mark_it_is_must_be_told_where_several_observe(session: Session, worked: Batch, tmp_path: Path) -> None:
    for code in (None, "K3"):
        with pytest.raises(RuleBroken, match="请指明由谁名下计分（--assessor），可为：K1 考评员甲、K2 考评员乙"):
            fill(session, worked, "process", tmp_path / "o.xlsx", {}, code)


def test_a_scheme_is_refused_with_every_reason(session: Session, firm: Firm) -> None:
    wrong = example("skill")
    wrong["criterion"][0] |= {"maximum": 19.999, "colour": "red"}
    del wrong["criterion"][1]["maximum"]
    short = example("skill")
    short["criterion"][0]["maximum"] = 19

    for content, reasons in (
        (wrong, ("criterion[1] 不认识的项 colour", "criterion[1] maximum 应为不小于 0、最多两位小数的分数", "criterion[2] 缺少 maximum")),
        (short, ("三级/高级工技能操作考核：评分表满分为 99.00，应与评价规范这一部分的满分 100.00 相同",)),
    ):
        with pytest.raises(RuleBroken) as refusal:
            schemes.define_scheme(session, ACTOR, firm.institution, content)
        assert refusal.value.reasons == reasons
    for content, message in (
        (example("skill") | {"method": "theory"}, "method 应为有评分办法的评价部分"),
        (example("skill") | {"grades": ["技师"]}, "评价规范 DG 在二级/技师没有技能操作考核这一部分"),
        (example("skill") | {"version": 2}, "没有编号为 DG 的第 2 版评价规范"),
        (example("performance"), "没有编号为 DG-YJ 的第 1 版评价规范"),
    ):
        with pytest.raises(RuleBroken, match=message):
            schemes.define_scheme(session, ACTOR, firm.institution, content)
    assert session.exec(select(Scheme)).all() == []


def test_a_scheme_is_versioned_until_there_are_marks(session: Session, firm: Firm, batch: Batch, tmp_path: Path) -> None:
    with pytest.raises(RuleBroken) as same:
        schemes.define_scheme(session, ACTOR, firm.institution, example("skill"))
    changed = example("skill") | {"title": "新评分表"}
    (second,) = schemes.define_scheme(session, ACTOR, firm.institution, changed)
    bring(session, batch, "skill", fill(session, batch, "skill", tmp_path / "s.xlsx", {"评分 K1": [GOOD]}))
    with pytest.raises(RuleBroken) as late:
        schemes.define_scheme(session, ACTOR, firm.institution, example("skill"))

    assert "与现行的第 1 版相同" in same.value.reasons[0]
    assert second.version == 2 and session.exec(select(ScoreSheet)).one().scheme_id == second.id
    assert late.value.reasons == ("三级/高级工技能操作考核：已有评分，不能再改评分办法；请把评价规范的 version 加一作为新版本",)
