"""Schemes in the browser: read, defined by form and by file, their workbooks out and back by the import wizard."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from sqlmodel import col, select

from skilleval import paths
from skilleval.db.tables import Mark, Scheme, SpecificationPart
from skilleval.domain.scheme_plans import plan_of
from skilleval.installation import Installation
from skilleval.services.verification import verify_all
from tests.chained import MEMBERS
from tests.factories import Firm, make_firm
from tests.web.conftest import Browser, SignedIn
from tests.web.counted import MOST, statements
from tests.web.scored import FILLED, Hidden, hand_in, make_marked, scoring
from tests.worked import example, make_specification, make_worked

Hide = Callable[[str, int], str]
SHEET: dict[str, object] = {
    "title": "评分表", "grades": ["junior", "senior"], "group-0-name": "操作", "group-1-name": "安全", "group-1-cap": "5",
    "criterion-0-code": "1", "criterion-0-name": "接线", "criterion-0-group": "操作", "criterion-0-kind": "add", "criterion-0-maximum": "90",
    "criterion-1-code": "2", "criterion-1-name": "违规", "criterion-1-group": "安全", "criterion-1-kind": "deduct",
    "criterion-1-maximum": "10", "criterion-1-each": "2.5", "veto-0-code": "F", "veto-0-name": "带电作业",
}  # fmt: skip
INDICATORS: dict[str, object] = {
    "title": "业绩", "grades": ["senior"], "period-0-name": "上半年", "period-0-weight": "100",
    "indicator-0-code": "A", "indicator-0-name": "完好率", "indicator-0-unit": "%", "indicator-0-weight": "100",
    "indicator-0-better": "higher", "indicator-0-bands": "98=100；95=80", "indicator-0-otherwise": "0", "indicator-0-highest": "100",
}  # fmt: skip
OCCASIONS: dict[str, object] = {
    "title": "过程", "grades": ["senior"], "at_least": "3", "observers": "2",
    "occasion-0-code": "RC", "occasion-0-name": "日常", "occasion-0-weight": "1", "occasion-0-at_least": "2",
}  # fmt: skip


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm with a specification of two parts a grade, and one of performance and process; nothing has a scheme."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        make_specification(session, firm)
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    return firm


def address(firm: Firm, hide: Hide, method: str) -> str:
    return f"/specifications/parts/{hide('part', firm.part('senior', method).id or 0)}/scheme"


def defined(installation: Installation) -> list[tuple[str, str, int]]:
    with installation.database.reading() as session:
        query = select(SpecificationPart.grade, Scheme.kind, Scheme.version).where(col(Scheme.part_id) == SpecificationPart.id)
        return [(grade, kind, version) for grade, kind, version in session.exec(query.order_by(col(Scheme.id)))]


@pytest.mark.parametrize(
    ("method", "form", "words"),
    [
        ("skill", SHEET, ("F 带电作业", "合计最多扣 5 分", "满分 100")),
        ("performance", INDICATORS, ("A 完好率", "≥ 98", "上半年 100%")),
        ("process", OCCASIONS, ("RC 日常", "至少 3 次观察、2 名观察人")),
    ],
)
def test_a_scheme_is_defined_by_form_and_read(
    signed_in: SignedIn, installation: Installation, firm: Firm, hide: Hide, method: str, form: dict[str, object], words: tuple[str, ...]
) -> None:
    browser, assessor = signed_in("hr"), signed_in("assessor")
    page = address(firm, hide, method)

    answer = browser.post(f"{page}/define", form)
    with statements() as seen:
        shown = assessor.get(page).get_data(as_text=True)
    again = browser.post(f"{page}/define", form)

    assert answer.status_code == 303
    assert [word for word in words if word not in shown] == []
    assert "改评分办法" not in shown
    assert again.status_code == 422 and "没有改动" in again.get_data(as_text=True)
    assert {version for _grade, _kind, version in defined(installation)} == {1}
    assert [grade for grade, _kind, _version in defined(installation)] == list(form["grades"])  # type: ignore[call-overload] # a list
    assert len(seen) <= MOST
    with installation.database.reading() as session:
        assert verify_all(session) == []


@pytest.mark.parametrize("name", ["skill", "performance", "process"])
def test_the_form_that_begins_from_a_file_says_the_same(
    signed_in: SignedIn, installation: Installation, firm: Firm, hide: Hide, name: str
) -> None:
    browser = signed_in("hr")
    page = address(firm, hide, name)
    file = (paths.shipped("templates") / f"scheme-{name}.example.toml").read_bytes()
    assert browser.post(f"{page}/file", {"file": (io.BytesIO(file), "x.toml")}).status_code == 303

    form = browser.get(f"{page}/define").get_data(as_text=True)
    typed: dict[str, object] = dict(re.findall(r'<input [^>]*name="([^"]+)"[^>]* value="([^"]*)"', form))
    typed |= dict(re.findall(r'<select [^>]*name="([^"]+)".*?<option selected value="([^"]*)"', form, re.DOTALL))
    again = browser.post(f"{page}/define", {**typed, "title": f"{example(name)['title']}改", "grades": ["senior"]})

    assert again.status_code == 303, again.get_data(as_text=True)
    with installation.database.reading() as session:
        first, second = session.exec(select(Scheme).order_by(col(Scheme.version))).all()
        assert plan_of(first.kind, first.content) == plan_of(second.kind, second.content)


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"criterion-0-maximum": "80"}, "评分表满分为 90.00，应与评价规范这一部分的满分 100.00 相同"),
        ({"criterion-0-maximum": "许多"}, "criterion[1] maximum 应为数"),
        ({"criterion-1-group": "没有"}, "没有定义"),
        ({"grades": []}, "用于哪些等级"),
        ({"grades": ["technician"]}, "用于哪些等级"),
    ],
)
def test_what_makes_no_sheet_is_refused_with_what_was_typed_kept(
    signed_in: SignedIn, installation: Installation, firm: Firm, hide: Hide, own: dict[str, object], told: str
) -> None:
    answer = signed_in("hr").post(f"{address(firm, hide, 'skill')}/define", {**SHEET, **own})

    assert answer.status_code == 422 and told in answer.get_data(as_text=True)
    assert 'value="接线"' in answer.get_data(as_text=True)
    assert defined(installation) == []


def test_a_file_about_another_part_is_refused(signed_in: SignedIn, installation: Installation, firm: Firm, hide: Hide) -> None:
    file = (paths.shipped("templates") / "scheme-process.example.toml").read_bytes()

    answer = signed_in("hr").post(f"{address(firm, hide, 'skill')}/file", {"file": (io.BytesIO(file), "x.toml")})

    assert answer.status_code == 422 and "method 应为 skill" in answer.get_data(as_text=True)
    assert defined(installation) == []


def test_a_part_that_has_no_scheme_says_so_and_another_firms_is_not_there(signed_in: SignedIn, firm: Firm, hide: Hide) -> None:
    theory = signed_in("hr").get(address(firm, hide, "theory"))
    stranger = signed_in("hr", at=MEMBERS[0])
    page = address(firm, hide, "skill")

    assert theory.status_code == 422 and "不用评分办法" in theory.get_data(as_text=True)
    assert [stranger.get(page).status_code, stranger.post(f"{page}/define", SHEET).status_code] == [404, 404]
    assert signed_in("assessor").post(f"{page}/define", SHEET).status_code == 403


def wizard(browser: Browser, batch: str, content: bytes) -> str:
    """Upload a workbook for a batch: the page of its check."""
    answer = browser.post(f"/imports/new/scores/{batch}", {"file": (io.BytesIO(content), "评分.xlsx")})
    return answer.location or answer.get_data(as_text=True)


@pytest.fixture
def worked(installation: Installation) -> Firm:
    with installation.database.writing() as session:
        firm = make_firm(session)
        make_worked(session, installation.vault, firm)
        session.commit()
    return firm


def test_values_of_indicators_go_out_and_come_back_as_marks(
    signed_in: SignedIn, installation: Installation, worked: Firm, hide: Hide, tmp_path: Path
) -> None:
    browser, batch = signed_in("hr"), hide("batch", 1)
    page = f"/batches/{batch}/schemes"
    link = f"{page}/{hide('part', worked.part('senior', 'performance').id or 0)}.xlsx?assessor=K1"

    with statements() as seen:
        listed = browser.get(page).get_data(as_text=True)
    (tmp_path / "out.xlsx").write_bytes(browser.get(link).get_data())
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    for row, values in enumerate([(98, 0), (95, 8), (98, None), (98, 0)], start=2):
        for column, value in enumerate(values, start=4):
            book["业绩数据"].cell(row, column, value)
    book.save(tmp_path / "out.xlsx")
    check = wizard(browser, batch, (tmp_path / "out.xlsx").read_bytes())
    shown = browser.get(f"{check}?show=new").get_data(as_text=True)
    written = browser.post(f"{check}/write", {"seen": shown.split('name="seen" value="')[1].split('"')[0]})

    assert link in listed and len(seen) <= MOST
    assert "缺评价前第二个半年的责任故障停机，暂不计分（不是 0 分）" in shown
    assert written.status_code == 303
    with installation.database.reading() as session:
        # 40 % of the best, 60 % of 0.6 × 80 + 0.4 × 60; the other candidate has none
        assert [one.value for one in session.exec(select(Mark))] == [8320]
        assert verify_all(session) == []


def test_a_workbook_of_something_else_is_refused(signed_in: SignedIn, worked: Firm, hide: Hide, tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "other.xlsx")

    answer = wizard(signed_in("hr"), hide("batch", 1), (tmp_path / "other.xlsx").read_bytes())

    assert "不是批次 2026-DG-01 的评分工作簿" in answer and "在批次“成绩”页的“评分办法与工作簿”" in answer


def test_a_workbook_shows_no_mark_before_all_have_given_theirs(signed_in: SignedIn, installation: Installation, hide: Hidden) -> None:
    with installation.database.writing() as session:
        firm = make_marked(session, installation.vault)
        session.commit()
        assessors = [one.id for one in firm.assessors]
    link = f"/batches/{hide('batch', 1)}/schemes/{hide('part', firm.part('senior', 'skill').id or 0)}.xlsx"
    browser, first = signed_in("hr"), signed_in("assessor", personnel=assessors[0])

    before = browser.get(link)
    hand_in(first, hide, firm, "skill", FILLED)
    meanwhile = browser.get(link)
    for one in assessors[1:]:
        hand_in(signed_in("assessor", personnel=one), hide, firm, "skill", FILLED, FILLED)
    sheets = scoring(hide, firm, "skill")
    first.post(f"{sheets}/{hide('candidate', 2)}", {"version": "0", **FILLED})
    first.post(f"{sheets}/submit")
    after = browser.get(link)

    assert before.mimetype.endswith("sheet") and after.mimetype.endswith("sheet")
    assert meanwhile.status_code == 422 and "全部锁定之前" in meanwhile.get_data(as_text=True)
