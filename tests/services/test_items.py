"""The register of items from the database: imported, exported, retired, covered, within one firm."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from skilleval.db.tables import ImportReceipt, Item, JournalEntry
from skilleval.domain.coverage import Cover
from skilleval.domain.errors import RuleBroken
from skilleval.services import items as service
from skilleval.services import journal
from skilleval.services.coverage import coverage_of
from skilleval.services.institutions import add_institution
from skilleval.services.item_sheets import (
    COLUMNS,
    SHEET,
    TEMPLATE_ID,
    Staged,
    stage_file,
    stage_workbook,
    write_items,
    write_workbook,
)
from skilleval.services.journal import Actor
from skilleval.services.tenancy import institution_of
from skilleval.services.verification import verify_all
from skilleval.sheets.writing import FormSheet, write_form
from tests.factories import ACTOR, Firm, make_firm

OTHER = "91440999MA00000231"
ON = date(2026, 6, 1)
ROW: dict[str, Any] = {
    "code": "SK-301", "specification": "DG", "version": 1, "grade": "senior", "method": "skill", "title": "电动机控制电路装调",
    "function": "继电控制电路装调维修", "points": 1500, "state": "in_use", "author": "K1", "reviewer": "K2",
}  # fmt: skip
DRAFT: dict[str, Any] = {**ROW, "code": "SK-302", "state": "draft", "reviewer": None, "function": "电气设备装调维修", "points": 4510}
RETIRED: dict[str, Any] = {**ROW, "code": "SK-303", "state": "retired", "reason": "过时", "retired_on": date(2026, 3, 1)}
THEORY: dict[str, Any] = {
    **ROW, "code": "LL-1", "method": "theory", "function": "职业道德", "requirement": "=1+1 第2项", "task": "守则", "sha256": "a" * 64,
}  # fmt: skip


@pytest.fixture
def firm(session: Session) -> Firm:
    firm = make_firm(session)
    firm.specification.standard = "6-31-01-03@2018"
    journal.record(session, ACTOR, firm.id, "institution.change", objects=[firm.specification])
    return firm


def workbook(folder: Path, *rows: dict[str, Any]) -> Path:
    return write_form(folder / "items.xlsx", [FormSheet(SHEET, COLUMNS, rows, example=False)], TEMPLATE_ID, [])


def staged_from(session: Session, firm: Firm, folder: Path, *rows: dict[str, Any]) -> Staged:
    return stage_workbook(session, firm.institution, workbook(folder, *rows), on=ON)


def brought_in(session: Session, firm: Firm, folder: Path, *rows: dict[str, Any]) -> Staged:
    staged = staged_from(session, firm, folder, *rows)
    assert staged.report.errors == []
    write_items(session, ACTOR, staged)
    return staged


def entries(session: Session) -> int:
    return len(session.exec(select(JournalEntry)).all())


def test_what_was_written_out_comes_in_again_without_a_change(session: Session, firm: Firm, tmp_path: Path) -> None:
    brought_in(session, firm, tmp_path, ROW, DRAFT, RETIRED, THEORY)
    before = entries(session)

    assert write_workbook(session, firm.institution, tmp_path / "out.xlsx") == 4
    staged = stage_workbook(session, firm.institution, tmp_path / "out.xlsx", on=date(2027, 1, 1))
    write_items(session, ACTOR, staged)

    assert (staged.report.unchanged, staged.report.new, staged.report.changed) == (4, 0, 0)
    assert staged.report.errors == [] and entries(session) == before
    assert len(session.exec(select(ImportReceipt)).all()) == 1


def test_the_punctuation_of_a_requirement_stays_as_it_was_written(session: Session, firm: Firm, tmp_path: Path) -> None:
    written = "１．能识读图样：装调（含试车），３项"
    staged = brought_in(session, firm, tmp_path, {**DRAFT, "requirement": written})

    assert [one.requirement for one in staged.new] == ["1．能识读图样：装调（含试车），3项"]


def test_what_stands_is_not_judged_anew_by_another_standard(session: Session, firm: Firm, tmp_path: Path) -> None:
    brought_in(session, firm, tmp_path, ROW)
    firm.specification.standard = "6-31-01-03@1999"
    firm.parts[-1].maximum, firm.parts[-1].pass_mark = 1000, 600
    session.flush()

    standing = staged_from(session, firm, tmp_path, ROW).report
    new = staged_from(session, firm, tmp_path, {**ROW, "code": "SK-9"}).report

    assert (standing.unchanged, standing.errors) == (1, [])
    assert [one.code for one in new.errors] == ["points_range"]


def test_items_come_from_a_toml_file_as_from_a_workbook(session: Session, firm: Firm, tmp_path: Path) -> None:
    file = tmp_path / "items.toml"
    file.write_text("x", encoding="utf-8")
    entry = {**ROW, "grade": "高级工", "method": "技能操作考核", "state": "启用", "points": 15}
    content = {"institution": "x", "specification": "DG", "version": 1, "item": [entry]}

    write_items(session, ACTOR, stage_file(session, firm.institution, file, content, on=ON))

    assert staged_from(session, firm, tmp_path, ROW).report.unchanged == 1


def test_a_toml_file_is_refused_with_every_reason(session: Session, firm: Firm, tmp_path: Path) -> None:
    file = tmp_path / "items.toml"
    file.write_text("x", encoding="utf-8")
    first = {**ROW, "points": -1, "wrong": 1, "grade": "十级", "author": "K9"}
    second = {key: value for key, value in ROW.items() if key != "title"} | {"version": 7}

    with pytest.raises(RuleBroken) as refusal:
        stage_file(session, firm.institution, file, {"institution": "x", "item": [first, second]}, on=ON)

    told = "\n".join(refusal.value.reasons)
    for part in ("item[1] points", "item[1] 不认识的项 wrong", "item[1] grade", "item[1] author", "item[2] title", "没有 DG 第 7 版"):
        assert part in told
    assert session.exec(select(Item)).all() == []


def test_every_error_of_every_row_is_told_at_once_and_nothing_is_written(
    session: Session, firm: Firm, tmp_path: Path
) -> None:
    wrong = {**ROW, "code": "-", "version": 2, "author": "K9", "points": 0}
    mine = {**ROW, "code": "SK-9", "reviewer": "K1", "function": "没有的功能", "points": 10001}
    twice = [{**DRAFT, "code": "SK-8"}, {**DRAFT, "code": "SK-8", "title": "另一"}]
    nowhere = {**ROW, "code": "SK-7", "method": "review"}

    report = staged_from(session, firm, tmp_path, wrong, mine, *twice, nowhere).report

    assert {(one.row, one.code) for one in report.errors} == {
        (2, "code_form"), (2, "specification_unknown"), (2, "person_unknown"), (2, "points_range"),
        (3, "own_review"), (3, "function_unknown"), (3, "points_range"), (5, "code_twice"), (6, "part_missing"),
    }  # fmt: skip
    assert report.adds_up and report.failed == 4
    assert session.exec(select(Item)).all() == []


def test_two_codes_with_one_document_number_are_one_person(session: Session, firm: Firm, tmp_path: Path) -> None:
    firm.assessors[0].id_index = firm.assessors[1].id_index = "f" * 64
    session.flush()

    assert [one.code for one in staged_from(session, firm, tmp_path, ROW).report.errors] == ["own_review"]


def test_a_draft_changes_and_what_is_in_use_does_not(session: Session, firm: Firm, tmp_path: Path) -> None:
    brought_in(session, firm, tmp_path, ROW, DRAFT)

    changed = brought_in(session, firm, tmp_path, {**DRAFT, "state": "in_use", "reviewer": "K3", "points": 2000})
    report = staged_from(session, firm, tmp_path, {**ROW, "points": 2000}, {**ROW, "code": "SK-302", "state": "draft"}).report

    assert changed.report.changed == 1
    assert {(one.row, one.code) for one in report.errors} == {(2, "item_stands"), (3, "state_back")}


def test_a_retired_item_stays_with_its_reason(session: Session, firm: Firm, tmp_path: Path) -> None:
    brought_in(session, firm, tmp_path, ROW, DRAFT)
    item = service.find_item(session, firm.specification, "SK-301")

    with pytest.raises(RuleBroken, match="理由"):
        service.retire_item(session, ACTOR, item, reason=" ", on=ON)
    service.retire_item(session, ACTOR, item, reason="题目泄露", on=ON)
    with pytest.raises(RuleBroken, match="已于 2026-06-01 停用：题目泄露"):
        service.retire_item(session, ACTOR, item, reason="再次", on=ON)

    assert [(one.code, one.state) for one, _own in service.items_of(session, firm.institution)] == [
        ("SK-301", "retired"), ("SK-302", "draft")]  # fmt: skip
    assert verify_all(session) == []


def test_the_database_refuses_an_item_in_use_that_nobody_else_reviewed(
    session: Session, firm: Firm, tmp_path: Path
) -> None:
    brought_in(session, firm, tmp_path, ROW)
    author = firm.assessors[0].id

    for change in ("reviewer_id = NULL", f"reviewer_id = {author}", "state = 'retired'", "points = 0", "method = 'review'"):
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            session.connection().exec_driver_sql(f"UPDATE item SET {change}")
    session.connection().exec_driver_sql("UPDATE item SET title = '可改'")


def test_a_specification_is_named_with_or_without_its_version(session: Session, firm: Firm) -> None:
    assert service.find_specification(session, firm.institution, "DG") is firm.specification
    assert service.find_specification(session, firm.institution, "DG@1") is firm.specification
    for named in ("DG@2", "XX", ""):
        with pytest.raises(RuleBroken, match="没有评价规范"):
            service.find_specification(session, firm.institution, named)


def test_another_firms_specification_and_staff_are_not_there(session: Session, firm: Firm, tmp_path: Path) -> None:
    other = make_firm(session, OTHER, "Y000044000124", name="另一制造有限公司")
    other.specification.code = "QT"
    session.flush()
    brought_in(session, firm, tmp_path, ROW)

    foreign, nowhere = ({**ROW, "code": code, "specification": code, "reviewer": code} for code in ("QT", "ZZ"))
    other.assessors[1].code = "QT"
    session.flush()
    report = staged_from(session, firm, tmp_path, foreign, nowhere).report

    told = [{(one.code, one.message.replace(code, "…")) for one in report.errors if one.row == row} for row, code in ((2, "QT"), (3, "ZZ"))]
    assert {code for code, _message in told[0]} == {"specification_unknown", "person_unknown"}
    assert told[0] == told[1]
    assert service.items_of(session, other.institution) == []
    with pytest.raises(RuleBroken, match="没有评价规范"):
        service.find_specification(session, firm.institution, "QT")
    session.info["skilleval.acting"] = OTHER
    with pytest.raises(RuleBroken, match="没有统一社会信用代码为"):
        institution_of(session, firm.institution.credit_code)


def test_coverage_counts_items_in_use_against_the_standard(session: Session, firm: Firm, tmp_path: Path) -> None:
    brought_in(session, firm, tmp_path, ROW, DRAFT, RETIRED, THEORY)

    found = coverage_of(session, firm.specification, tolerance=0)

    senior = {cell.function: cell for cell in found.matrix.cells if (cell.grade.value, cell.method) == ("senior", "skill")}
    assert (senior["继电控制电路装调维修"].items, senior["继电控制电路装调维修"].cover) == (1, Cover.OVER)
    assert senior["电气设备装调维修"].cover is Cover.UNCOVERED
    assert found.standard == "6-31-01-03@2018"


@pytest.mark.parametrize("named", [None, "6-31-01-03@1999"])
def test_without_a_standard_planned_weights_are_unknown(session: Session, firm: Firm, tmp_path: Path, named: str | None) -> None:
    firm.specification.standard = named
    session.flush()
    brought_in(session, firm, tmp_path, {**ROW, "function": "本企业自定的功能"})

    found = coverage_of(session, firm.specification, tolerance=0)

    assert [cell.cover for cell in found.matrix.cells] == [Cover.UNKNOWN]
    assert found.standard is None and "未知" in found.notes[-1]


def test_a_part_with_items_is_not_taken_out_of_its_specification(
    session: Session, firm: Firm, tmp_path: Path, actor: Actor, vault: Any
) -> None:
    brought_in(session, firm, tmp_path, {**ROW, "grade": "junior", "method": "theory", "function": "职业道德"})
    own = firm.institution
    part = {"grades": ["高级工"], "method": "skill", "weight": 100, "agreement": {"rule": "mean"}}
    content = {
        "institution": {"credit_code": own.credit_code, "name": own.name},
        "specification": [{"code": "DG", "title": "电工评价规范", "occupation_code": "6-31-01-03", "part": [part]}],
    }

    with pytest.raises(RuleBroken, match="初级工 theory 部分已登记考核项目 SK-301"):
        add_institution(session, actor, content, vault=vault)
