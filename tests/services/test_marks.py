from pathlib import Path

import openpyxl
import pytest
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Adjudication, Batch, Candidate, Mark, Result
from skilleval.domain.errors import RuleBroken
from skilleval.services import mark_sheets, marks
from skilleval.services.results import correct_result, settle_results
from skilleval.services.verification import verify_all
from skilleval.sheets.columns import Report
from tests.conftest import Kept
from tests.factories import ACTOR, LIBRARY, Firm, make_batch, make_candidate, make_firm, make_person

Given = dict[tuple[str, str, str], int | None]
GOOD = {"theory": {"K1": 8000}, "skill": {"K1": 7000, "K2": 7200, "K3": 7400}}


Made = tuple[Firm, Batch]


def make_marking(session: Session, vault: Vault) -> Made:
    """A batch that is being marked, with two candidates."""
    firm = make_firm(session)
    batch = make_batch(session, firm, state="marking")
    for serial in (1, 2):
        make_candidate(session, batch, make_person(session, vault, firm, f"员工{serial}", serial))
    session.flush()
    return firm, batch


@pytest.fixture
def made(kept: Kept, vault: Vault) -> Made:
    return kept(make_marking, vault)


@pytest.fixture
def firm(made: Made) -> Firm:
    return made[0]


@pytest.fixture
def batch(made: Made) -> Batch:
    return made[1]


def candidates(session: Session) -> list[Candidate]:
    return list(session.exec(select(Candidate).order_by(Candidate.admission_number)))  # type: ignore[arg-type]


def given(session: Session, *each: dict[str, dict[str, int | None]]) -> Given:
    return {
        (candidate.admission_number or "", method, code): value
        for candidate, own in zip(candidates(session), each, strict=False)
        for method, values in own.items()
        for code, value in values.items()
    }


def bring(session: Session, batch: Batch, path: Path, *each: dict[str, dict[str, int | None]]) -> Report:
    mark_sheets.marks_workbook(session, batch, path, given(session, *each))
    return bring_file(session, batch, path)


def bring_file(session: Session, batch: Batch, path: Path) -> Report:
    staged = mark_sheets.stage_marks(session, batch, path)
    mark_sheets.write_marks(session, ACTOR, staged)
    assert staged.report.adds_up
    return staged.report


def edit(path: Path, sheet: str, cell: str, value: object) -> Path:
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = value
    book.save(path)
    return path


def test_the_workbook_has_a_sheet_a_part_and_a_column_for_each_assessor(
    session: Session, batch: Batch, tmp_path: Path
) -> None:
    mark_sheets.marks_workbook(session, batch, tmp_path / "m.xlsx")

    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    heads = {name: [cell.value for cell in book[name][1]] for name in ("理论知识考试", "技能操作考核")}
    assert heads["理论知识考试"] == ["准考证号*", "姓名", "等级", "K1 考评员甲", "缺考"]
    assert heads["技能操作考核"][3:6] == ["K1 考评员甲", "K2 考评员乙", "K3 考评员丙"]
    assert book["skilleval"]["A1"].value == f"marks/1 {batch.number}"
    assert bring_file(session, batch, tmp_path / "m.xlsx").new == 0


def test_marks_are_entered_once_and_settled(session: Session, batch: Batch, tmp_path: Path) -> None:
    first = bring(session, batch, tmp_path / "m.xlsx", GOOD, GOOD)
    again = bring_file(session, batch, tmp_path / "m.xlsx")
    settle_results(session, ACTOR, batch, LIBRARY)

    assert (first.new, again.unchanged) == (4, 4)
    results = session.exec(select(Result)).all()
    assert [(one.outcome, one.parts, one.total) for one in results] == [
        ("passed", {"theory": 8000, "skill": 7200}, 7520)
    ] * 2
    assert batch.state == "settled"
    assert verify_all(session) == []


def test_what_is_missing_is_unfinished_and_never_a_fail(session: Session, batch: Batch, tmp_path: Path) -> None:
    bring(session, batch, tmp_path / "m.xlsx", GOOD, {"theory": {"K1": 3000}, "skill": {"K1": 7000, "K2": 7000}})

    with pytest.raises(RuleBroken) as refusal:
        settle_results(session, ACTOR, batch, LIBRARY)

    assert len(refusal.value.reasons) == 1 and "需 3 名考评员评分，现有 2 名" in refusal.value.reasons[0]
    assert session.exec(select(Result)).all() == []
    bring(session, batch, tmp_path / "n.xlsx", {}, {"skill": {"K3": 7000}})
    settle_results(session, ACTOR, batch, LIBRARY)
    assert sorted(one.outcome for one in session.exec(select(Result))) == ["failed", "passed"]


@pytest.mark.parametrize(
    ("theory", "told"),
    [
        ({"K1": 3000}, ["须裁定"]),
        ({}, ["须裁定", "理论知识考试"]),
        ({"K1": None}, ["须裁定"]),
    ],
    ids=["marked", "missing", "absent"],
)
def test_who_has_a_dispute_is_told_what_else_is_missing(
    session: Session, batch: Batch, tmp_path: Path, theory: dict[str, int | None], told: list[str]
) -> None:
    bring(session, batch, tmp_path / "m.xlsx", GOOD, {"theory": theory, "skill": {"K1": 4000, "K2": 7000, "K3": 9000}})

    with pytest.raises(RuleBroken) as refusal:
        settle_results(session, ACTOR, batch, LIBRARY)

    assert [word in reason for word, reason in zip(told, refusal.value.reasons, strict=True)] == [True] * len(told)
    assert refusal.value.message.startswith(f"还不能核定成绩：{len(told)} 处")


def test_who_is_absent_is_absent(session: Session, batch: Batch, tmp_path: Path) -> None:
    absent: dict[str, dict[str, int | None]] = {"theory": {"K1": None}, "skill": {"K1": None, "K2": None, "K3": None}}
    bring(session, batch, tmp_path / "m.xlsx", GOOD, absent)

    settle_results(session, ACTOR, batch, LIBRARY)

    assert sorted(one.outcome for one in session.exec(select(Result))) == ["absent", "passed"]


@pytest.mark.parametrize(
    ("cell", "value", "code"),
    [
        ("D2", 100.01, "mark_range"),
        ("D2", -1, "mark_range"),
        ("D2", "优秀", "mark"),
        ("D2", 80.125, "mark"),
        ("A2", "2026-DG-01-9999", "candidate_unknown"),
        ("A3", "2026-DG-01-0001", "candidate_twice"),
        ("B2", "别人", "name_differs"),
        ("E2", "是", "absent_and_marked"),
    ],
)
def test_a_wrong_cell_is_told_and_nothing_of_its_row_is_written(
    session: Session, batch: Batch, tmp_path: Path, cell: str, value: object, code: str
) -> None:
    mark_sheets.marks_workbook(session, batch, tmp_path / "m.xlsx", given(session, GOOD, GOOD))

    staged = mark_sheets.stage_marks(session, batch, edit(tmp_path / "m.xlsx", "理论知识考试", cell, value))

    assert [(error.sheet, error.code) for error in staged.report.errors] == [("理论知识考试", code)]
    assert staged.report.failed == 1


def test_a_row_tells_all_its_errors_at_once(session: Session, batch: Batch, tmp_path: Path) -> None:
    mark_sheets.marks_workbook(session, batch, tmp_path / "m.xlsx")
    edit(edit(tmp_path / "m.xlsx", "技能操作考核", "D2", "优秀"), "技能操作考核", "E2", 150)

    report = mark_sheets.stage_marks(session, batch, tmp_path / "m.xlsx").report

    assert [(error.column, error.code) for error in report.errors] == [("D", "mark"), ("E", "mark_range")]
    assert report.adds_up


def test_a_column_of_an_assessor_that_is_missing_leaves_marks_missing(
    session: Session, batch: Batch, tmp_path: Path
) -> None:
    mark_sheets.marks_workbook(session, batch, tmp_path / "m.xlsx", given(session, GOOD, GOOD))

    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    book["技能操作考核"].delete_cols(6)
    book.save(tmp_path / "m.xlsx")
    report = bring_file(session, batch, tmp_path / "m.xlsx")

    assert report.notes == ["工作表“技能操作考核”没有考评员 K3 考评员丙 的列，其评分没有导入"]
    with pytest.raises(RuleBroken) as refusal:
        settle_results(session, ACTOR, batch, LIBRARY)
    assert len(refusal.value.reasons) == 2


def test_a_mark_that_stands_is_revised_with_a_reason_only(session: Session, batch: Batch, tmp_path: Path) -> None:
    bring(session, batch, tmp_path / "m.xlsx", GOOD, GOOD)
    candidate = candidates(session)[0]

    report = bring(session, batch, tmp_path / "n.xlsx", {"theory": {"K1": 9000}})
    assert [error.code for error in report.errors] == ["mark_stands"]
    with pytest.raises(RuleBroken, match="须写明理由"):
        marks.correct_mark(session, ACTOR, batch, candidate, method="theory", assessor_code="K1", value=9000, reason=" ")
    marks.correct_mark(session, ACTOR, batch, candidate, method="theory", assessor_code="K1", value=9000, reason="误录")

    with pytest.raises(RuleBroken, match=r"现有评分就是 90\.00"):
        marks.correct_mark(session, ACTOR, batch, candidate, method="theory", assessor_code="K1", value=9000, reason="x")
    kept = [(one.revision, one.value) for one in session.exec(select(Mark)) if one.candidate_id == candidate.id][:1]
    assert kept == [(1, 8000)]
    assert marks.part_marks(session, batch)[candidate.id or 0]["theory"].value == 9000


def test_a_workbook_corrects_what_stands_as_the_next_revision_where_it_has_a_reason(
    session: Session, batch: Batch, tmp_path: Path
) -> None:
    bring(session, batch, tmp_path / "m.xlsx", GOOD, GOOD)
    better = given(session, {"theory": {"K1": 9000}}, {"theory": {"K1": None}})
    mark_sheets.marks_workbook(session, batch, tmp_path / "n.xlsx", better)

    staged = mark_sheets.stage_marks(session, batch, tmp_path / "n.xlsx", reason=" 登分看错行 ")
    mark_sheets.write_marks(session, ACTOR, staged)

    counts = staged.report.counts()
    assert (counts["changed"], counts["new"], counts["unchanged"], counts["failed"], staged.report.adds_up) == (2, 0, 2, 0, True)
    theory = [one for one in session.exec(select(Mark).order_by(Mark.id)) if one.part_id == staged.corrected[0].standing.part_id]  # type: ignore[arg-type]
    assert [(one.revision, one.value, one.absent, one.reason) for one in theory] == [
        (1, 8000, False, None), (1, 8000, False, None), (2, 9000, False, "登分看错行"), (2, None, True, "登分看错行"),
    ]  # fmt: skip
    assert verify_all(session) == []


def test_where_a_second_person_unlocks_a_workbook_corrects_only_what_is_unlocked(
    session: Session, batch: Batch, tmp_path: Path
) -> None:
    bring(session, batch, tmp_path / "m.xlsx", GOOD, GOOD)
    first, second = (
        next(mark for (one, _part, _who), mark in marks.latest_marks(session, batch).items() if one == candidate.id and mark.value == 8000)
        for candidate in candidates(session)
    )
    mark_sheets.marks_workbook(session, batch, tmp_path / "n.xlsx", given(session, *[{"theory": {"K1": 9000}}] * 2))

    staged = mark_sheets.stage_marks(session, batch, tmp_path / "n.xlsx", reason="误录", opened={first.id or 0})
    without = mark_sheets.stage_marks(session, batch, tmp_path / "n.xlsx", opened={first.id or 0, second.id or 0})

    assert [one.standing for one in staged.corrected] == [first]
    assert [(one.row, one.code, one.message) for one in staged.report.errors] == [
        (3, "mark_locked", "已录入 80.00 并锁定，须先由审核员解锁并写明理由，再导入更正")
    ]
    assert [one.code for one in without.report.errors] == ["mark_stands"] * 2 and without.corrected == []


def test_marks_on_both_sides_of_the_line_wait_for_a_person(session: Session, batch: Batch, tmp_path: Path) -> None:
    split = {"theory": {"K1": 8000}, "skill": {"K1": 5900, "K2": 6100, "K3": 6200}}
    bring(session, batch, tmp_path / "m.xlsx", GOOD, split)
    disputed = candidates(session)[1]

    with pytest.raises(RuleBroken) as refusal:
        settle_results(session, ACTOR, batch, LIBRARY)
    assert "分列合格线" in refusal.value.reasons[0]
    with pytest.raises(RuleBroken, match="没有分歧"):
        marks.adjudicate(session, ACTOR, batch, disputed, method="theory", value=6000, reason="x")
    marks.adjudicate(session, ACTOR, batch, disputed, method="skill", value=5900, reason="复核工件")
    settle_results(session, ACTOR, batch, LIBRARY)

    assert sorted(one.outcome for one in session.exec(select(Result))) == ["failed", "passed"]


def test_a_settled_result_is_corrected_by_a_new_entry(session: Session, batch: Batch, tmp_path: Path) -> None:
    bring(session, batch, tmp_path / "m.xlsx", GOOD, GOOD)
    settle_results(session, ACTOR, batch, LIBRARY)
    candidate = candidates(session)[0]

    corrected = correct_result(session, ACTOR, batch, candidate, parts={"skill": 5999}, reason="登分错误")

    assert (corrected.revision, corrected.outcome, corrected.total) == (2, "failed", 6799)
    history = session.exec(select(Result).where(Result.candidate_id == candidate.id)).all()
    assert [(one.revision, one.outcome) for one in history] == [(1, "passed"), (2, "failed")]
    with pytest.raises(RuleBroken, match="相同"):
        correct_result(session, ACTOR, batch, candidate, parts={"skill": 5999}, reason="x")
    with pytest.raises(RuleBroken, match="超出"):
        correct_result(session, ACTOR, batch, candidate, parts={"skill": 10001}, reason="x")
    assert verify_all(session) == []


def test_settled_marks_take_no_more_marks(session: Session, batch: Batch, tmp_path: Path) -> None:
    bring(session, batch, tmp_path / "m.xlsx", GOOD, GOOD)
    settle_results(session, ACTOR, batch, LIBRARY)

    with pytest.raises(RuleBroken, match="只有“评分”阶段"):
        bring_file(session, batch, tmp_path / "m.xlsx")
    with pytest.raises(RuleBroken, match="已核定"):
        marks.correct_mark(
            session, ACTOR, batch, candidates(session)[0], method="theory", assessor_code="K1", value=1, reason="x"
        )


def test_a_column_or_a_sheet_that_nobody_knows_is_refused_and_never_left_out(
    session: Session, batch: Batch, tmp_path: Path
) -> None:
    for name in ("column", "sheet", "other"):
        mark_sheets.marks_workbook(session, batch, tmp_path / f"{name}.xlsx", given(session, GOOD, GOOD))
    edit(tmp_path / "column.xlsx", "技能操作考核", "F1", "考评员丁")
    book = openpyxl.load_workbook(tmp_path / "sheet.xlsx")
    book["技能操作考核"].title = "实操"
    book.save(tmp_path / "sheet.xlsx")
    edit(tmp_path / "other.xlsx", "skilleval", "A1", "marks/1 2025-DG-07")

    with pytest.raises(RuleBroken, match="不认识的列") as column:
        bring_file(session, batch, tmp_path / "column.xlsx")
    with pytest.raises(RuleBroken, match="不认识的工作表") as sheet:
        bring_file(session, batch, tmp_path / "sheet.xlsx")
    with pytest.raises(RuleBroken, match="模板是 marks/1 2025-DG-07，这里需要 marks/1 2026-DG-01"):
        bring_file(session, batch, tmp_path / "other.xlsx")

    assert "F列“考评员丁”：不是本批次这一部分的考评员（K1 考评员甲、K2 考评员乙、K3 考评员丙）" in column.value.reasons[0]
    assert "“实操”" in sheet.value.reasons[0]
    assert session.exec(select(Mark)).all() == []


def test_a_part_that_the_workbook_lacks_is_told(session: Session, batch: Batch, tmp_path: Path) -> None:
    mark_sheets.marks_workbook(session, batch, tmp_path / "m.xlsx", given(session, GOOD, GOOD))
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    del book["技能操作考核"]
    book.save(tmp_path / "m.xlsx")

    report = bring_file(session, batch, tmp_path / "m.xlsx")

    assert (report.new, report.notes) == (2, ["文件中没有工作表“技能操作考核”，这一部分没有导入"])


def test_a_decision_lapses_when_a_mark_that_it_decided_over_is_revised(
    session: Session, batch: Batch, tmp_path: Path
) -> None:
    split = {"theory": {"K1": 8000}, "skill": {"K1": 5900, "K2": 6100, "K3": 6200}}
    bring(session, batch, tmp_path / "m.xlsx", split, GOOD)
    candidate = candidates(session)[0]
    key = candidate.id or 0

    def skill() -> tuple[int | None, bool]:
        mark = marks.part_marks(session, batch)[key]["skill"]
        return mark.value, bool(mark.dispute)

    def revise(value: int) -> None:
        marks.correct_mark(
            session, ACTOR, batch, candidate, method="skill", assessor_code="K1", value=value, reason="登错"
        )

    marks.adjudicate(session, ACTOR, batch, candidate, method="skill", value=5950, reason="复核工件")
    assert skill() == (5950, False)
    revise(5800)
    assert skill() == (None, True)
    marks.adjudicate(session, ACTOR, batch, candidate, method="skill", value=6000, reason="再次复核")
    assert skill() == (6000, False)
    revise(6000)
    assert skill() == (6100, False)
    assert [one.revision for one in session.exec(select(Adjudication))] == [1, 2]
