"""Contests, appointments and confirmations in the browser: done, refused with reasons, nobody else's."""

import io
import re
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlmodel import col, select
from werkzeug.test import TestResponse

from skilleval import paths
from skilleval.db.tables import (
    Appointment,
    Candidate,
    Confirmation,
    Contest,
    ContestResult,
    Credential,
    Nomination,
    Post,
    PostGrade,
    Result,
)
from skilleval.installation import Installation
from skilleval.services.contests import COLUMNS, TEMPLATE_ID
from skilleval.sheets.writing import FormSheet, write_form
from tests.chained import MEMBERS
from tests.factories import Firm, id_number, make_firm, make_person
from tests.services.test_authority import FIVE, make_complete
from tests.web.conftest import Browser, SignedIn, application_on, without_token
from tests.web.counted import MOST, statements

CONTEST = (paths.shipped("templates") / "contest.example.toml").read_bytes()


@pytest.fixture
def app(installation: Installation) -> Flask:
    """The application on a day after the example's contest and confirmation."""
    return application_on(installation, date(2026, 6, 8))


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm that may hold contests, with two people; another firm with an HR of its own."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        firm.scope.routes = ["assessment", "contest"]
        session.add(Post(institution_id=firm.id, name="维修电工", occupation_code="6-31-01-03"))
        for serial, name in enumerate(("陈大文", "李芳"), start=1):
            person = make_person(session, installation.vault, firm, name, serial, hired_on=date(2025, 11, serial * 7))
            session.add(Credential(institution_id=firm.id, person_id=person.id or 0, kind="certificate", level="none"))
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    return firm


def _hide(app: Flask, kind: str, number: int | None = 1) -> str:
    return str(app.extensions["skilleval.ids"].hide(kind, number))


def _results(folder: Path, *ranks: int) -> io.BytesIO:
    rows = [
        {"name": name, "id_number": id_number(serial), "group": "职工组", "rank": rank, "participants": 50}
        for serial, (name, rank) in enumerate(zip(("陈大文", "李芳"), ranks, strict=True), start=1)
    ]
    file = write_form(folder / "r.xlsx", [FormSheet("竞赛成绩", COLUMNS, rows, example=False)], TEMPLATE_ID, [])
    return io.BytesIO(file.read_bytes())


def _contest(app: Flask, browser: Browser) -> str:
    answer = browser.post("/contests", {"file": (io.BytesIO(CONTEST), "c.toml")})
    assert answer.status_code == 303
    return str(answer.location)


def _wizard(browser: Browser, address: str) -> str:
    """The address to which the contest's page sends for importing."""
    found = re.search(r'"(/imports/new/contest/[0-9a-f]{32})"', browser.get(address).get_data(as_text=True))
    assert found is not None
    return found[1]


def _import(browser: Browser, address: str, file: io.BytesIO) -> TestResponse:
    staged = str(browser.post(_wizard(browser, address), {"file": (file, "r.xlsx")}).location)
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', browser.get(staged).get_data(as_text=True))
    assert seen is not None
    return browser.post(f"{staged}/write", {"seen": seen[1]})


def _promoted(app: Flask, browser: Browser, firm: Firm, folder: Path) -> str:
    """The page of a contest by which the first person was promoted."""
    address = _contest(app, browser)
    _import(browser, address, _results(folder, 1, 40))
    assert browser.post(f"{address}/promote", _plan(app, firm)).status_code == 303
    return address


def _plan(app: Flask, firm: Firm) -> dict[str, object]:
    return {
        "specification": _hide(app, "specification", firm.specification.id), "number": "2026-JS-01", "name": "竞赛晋级",
        "grades": ["intermediate", "senior"], "starts_on": "2026-06-08", "ends_on": "2026-06-12",
    }  # fmt: skip


# --- contests ----------------------------------------------------------------------------------------


def test_a_contest_is_recorded_imported_and_promotes_who_earned_it_and_tells_why_others_did_not(
    app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm, tmp_path: Path
) -> None:
    browser = signed_in("hr")
    address = _contest(app, browser)
    plan = _plan(app, firm)

    imported = _import(browser, address, _results(tmp_path, 1, 40))
    early = browser.post(f"{address}/promote", {**plan, "starts_on": "2026-05-01"})
    done = browser.post(f"{address}/promote", plan)
    page = browser.get(address).get_data(as_text=True)

    assert (imported.status_code, early.status_code, done.status_code) == (303, 422, 303)
    assert "竞赛到 2026-05-12 才结束" in early.get_data(as_text=True)
    assert "职工组第1至3名" in page and "晋升 三级/高级工" in page and "没有达到任何一条" in page
    assert id_number(1) not in page
    with installation.database.reading() as session:
        assert [one.state for one in session.exec(select(Candidate))] == ["eligible"]


def test_wrong_results_are_told_in_the_import_and_nothing_is_written(
    app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm, tmp_path: Path
) -> None:
    browser = signed_in("hr")
    address = _contest(app, browser)
    offered = _wizard(browser, address)

    staged = browser.post(offered, {"file": (_results(tmp_path, 1, 60), "r.xlsx")})
    page = browser.get(str(staged.location)).get_data(as_text=True)

    assert "名次大于参赛人数 50" in page
    with installation.database.reading() as session:
        assert session.exec(select(ContestResult)).all() == []


def test_a_promotion_is_taken_back_once_with_a_reason_and_both_stay_in_sight(
    app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm, tmp_path: Path
) -> None:
    address, foreign = _promoted(app, signed_in("hr"), firm, tmp_path), signed_in("reviewer", at=MEMBERS[0])
    reviewer, act = signed_in("reviewer"), f"{address}/candidates/{_hide(app, 'candidate')}/disallow"

    offered = act in reviewer.get(address).get_data(as_text=True)
    answers = [
        signed_in("hr").post(act, {"reason": "成绩有误"}), foreign.post(act, {"reason": "成绩有误"}),
        reviewer.post(f"{address}/candidates/{_hide(app, 'candidate', 99)}/disallow", {"reason": "成绩有误"}),
        reviewer.post(act, {"reason": " "}), reviewer.post(act, {"reason": "成绩有误"}), reviewer.post(act, {"reason": "再次"}),
    ]  # fmt: skip
    with statements() as seen:
        page = reviewer.get(address).get_data(as_text=True)

    assert offered and act not in page
    assert [one.status_code for one in answers] == [403, 404, 404, 422, 303, 422]
    assert "已取消晋级" in page and "成绩有误" in page and "晋升 三级/高级工" not in page
    assert len(seen) <= MOST
    with installation.database.reading() as session:
        assert [(one.revision, one.outcome) for one in session.exec(select(Result).order_by(col(Result.revision)))] == [(1, "passed"), (2, "failed")]


EVENT = {
    "code": "SZ-2", "name": "电工赛", "kind": "province_2", "organiser": "市人社局", "document": "深人社〔2026〕1号",
    "occupation_code": "6-31-01-03", "trade": "", "held_from": "2026-05-10", "held_to": "20260512",
}  # fmt: skip


def test_a_contest_is_recorded_by_form_with_the_rows_of_its_notice(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser = signed_in("hr")
    rows = _rows(
        {"group": "职工组", "by": "rank", "lower": "1", "upper": "3", "grade": "senior", "one_up": "y"},
        {"group": "", "by": "rank", "grade": "senior"},
        {"group": "职工组", "by": "percent", "upper": "40", "grade": "intermediate"},
        {"group": "学生组", "by": "award", "awards": "一等奖、二等奖", "grade": "intermediate"},
    )

    answer = browser.post("/contests/new", EVENT | rows)
    page = browser.get(str(answer.location)).get_data(as_text=True)

    assert answer.status_code == 303
    told = ("职工组第1至3名，晋升三级/高级工，已持有的晋升上一等级", "职工组名次在前40%，晋升四级/中级工", "学生组获一等奖或二等奖，晋升四级/中级工")
    assert [one in page for one in told] == [True] * 3


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({}, "至少写一条晋级规定"),
        ({"group": "职工组", "by": "rank", "upper": "3"}, "第 1 行：名次须写“从”和“到”"),
        ({"group": "职工组", "by": "rank", "lower": "1", "upper": "3", "awards": "一等奖"}, "第 1 行：名次须写“从”和“到”，奖项不填"),
        ({"group": "职工组", "by": "percent"}, "第 1 行：名次百分比须写“到”"),
        ({"group": "职工组", "by": "award", "awards": "一等奖", "upper": "3"}, "第 1 行：奖项须写明"),
        ({"group": "职工组", "by": "rank", "lower": "5", "upper": "3"}, "名次应写作"),
    ],
)
def test_a_contest_whose_rows_say_too_little_comes_back_as_it_was_typed(
    signed_in: SignedIn, installation: Installation, firm: Firm, row: dict[str, str], told: str
) -> None:
    answer = signed_in("hr").post("/contests/new", EVENT | _rows({"by": "rank", "grade": "senior", **row}))
    page = answer.get_data(as_text=True)

    assert (answer.status_code, told in page, 'value="电工赛"' in page) == (422, True, True)
    with installation.database.reading() as session:
        assert session.exec(select(Contest)).all() == []


def _rows(*rows: dict[str, str]) -> dict[str, object]:
    return {f"rules-{place}-{key}": value for place, row in enumerate(rows) for key, value in row.items()}


def test_a_contest_file_is_refused_with_all_errors(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    text = CONTEST.decode().replace('kind = "省级二类"', 'kind = "区级"').replace("held_to = 2026-05-12", "held_to = 2026-05-01")

    answer = signed_in("hr").post("/contests", {"file": (io.BytesIO(text.encode()), "c.toml")})
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422 and "“区级”应为" in page and "赛事止日早于起日" in page
    with installation.database.reading() as session:
        assert session.exec(select(Contest)).all() == []


# --- appointments ------------------------------------------------------------------------------------

NOMINATION = {
    "person": "E0001", "grade": "特级技师", "occupation_code": "6-31-01-03", "trade": "", "route": "A", "year": "2025",
    "period": "2", "achievements": "主持伺服压机改造", "votes_for": "7", "votes_cast": "7", "notice_from": "2025-08-04",
    "notice_to": "2025-08-08", "post": "电气首席工程岗", "term_from": "2026-01-01", "term_to": "2028-12-31",
    "pay": "第七档", "nominated_on": "2025-08-18", "authority_reason": "", "honour_kind": "技能荣誉称号",
    "honour_name": "市技术能手", "honour_issuer": "深圳市人力资源和社会保障局", "honour_level": "地市级（厅局级）",
    "honour_obtained_on": "2023-05-01",
}  # fmt: skip


@pytest.fixture
def graded(installation: Installation) -> None:
    """A large firm whose posts go up to 特级技师, and a person who has been 高级技师 for more than a year."""
    with installation.database.writing() as session:
        firm = make_firm(session, above_scale=True)
        firm.specification.standard = "6-31-01-03@2018"
        grades = make_complete(session, firm)
        firm.scope.grades, firm.scope.ceiling = [*FIVE, "special_technician"], "special_technician"
        post = PostGrade(
            institution_id=firm.id, post_id=grades[0].post_id, name="6档", serial=6, grade="special_technician",
            post_specification="电工岗位规范6",
        )  # fmt: skip
        person = make_person(session, installation.vault, firm, "陈大文", 1)
        held = Credential(
            institution_id=firm.id, person_id=person.id or 0, kind="certificate", level="senior_technician",
            occupation_code="6-31-01-03", obtained_on=date(2024, 1, 10),
        )  # fmt: skip
        session.add_all([post, held])
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()


def test_a_nomination_goes_from_form_to_appointment_and_its_term_is_told_in_three_states(
    signed_in: SignedIn, installation: Installation, graded: None
) -> None:
    hr, approver = signed_in("hr"), signed_in("approver")
    late = hr.post("/appointments/new", {**NOMINATION, "nominated_on": "2025-10-31"})
    nominated = hr.post("/appointments/new", NOMINATION)
    address = str(nominated.location)
    words = {"list_number": "粤人社函〔2025〕9号", "on": "2025-12-20", "term_from": "2026-01-01", "term_to": "2026-07-31"}

    waiting = hr.get("/appointments").get_data(as_text=True)
    early = approver.post(f"{address}/appoint", {**words, "on": "2025-08-18"})
    done = approver.post(f"{address}/appoint", words)
    listed = {state: hr.get(f"/appointments?state={state}").get_data(as_text=True) for state in ("running", "ending", "ended")}
    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(hr.get(f"{address}/record.pdf").data)).pages)

    assert late.status_code == 422 and "时段为2025-04-01至2025-07-10" in late.get_data(as_text=True)
    assert nominated.status_code == 303 and "已推荐，待公布" in waiting
    assert early.status_code == 422 and "不晚于推荐日期" in early.get_data(as_text=True)
    assert done.status_code == 303
    assert [("陈大文" in page) for page in listed.values()] == [False, True, False]
    assert "appointment.windows" in hr.get(address).get_data(as_text=True)
    assert "主持伺服压机改造" in printed and id_number(1) not in printed
    assert hr.post(f"{address}/appoint", words).status_code == 403
    with installation.database.reading() as session:
        assert len(session.exec(select(Appointment)).all()) == 1


# --- confirmations -----------------------------------------------------------------------------------


def test_a_confirmation_is_recorded_by_its_form_and_printed_and_refused_before_the_periods_end(
    app: Flask, signed_in: SignedIn, installation: Installation, firm: Firm
) -> None:
    browser = signed_in("hr")
    due = browser.get("/confirmations").get_data(as_text=True)
    with installation.database.reading() as session:
        post = session.exec(select(Post.id).where(Post.name == "维修电工")).one()
    words = {
        "person": "E0001", "post": _hide(app, "post", post), "mentor": "E0002", "agreement": "SF-2025-001",
        "probation_to": "2026-05-31", "mentoring_to": "2026-05-31", "result": "passed", "confirmed_on": "2026-06-01",
        "by": "技能人才评价委员会", "rule_name": "学徒工转正定级办法", "rule_version": "2025版", "rule_document": "岭精工〔2025〕8号",
    }  # fmt: skip

    early = browser.post("/confirmations/new", {**words, "mentoring_to": "2026-06-01"})
    no_rule = browser.post("/confirmations/new", {**words, "rule_document": ""})
    foreign = browser.post("/confirmations/new", {**words, "post": _hide(app, "post", 999)})
    done = browser.post("/confirmations/new", words)
    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(browser.get(f"{done.location}/record.pdf").data)).pages)

    # Hired on 7 and 14 November 2025: past six months on 8 June 2026.
    assert "陈大文" in due and "李芳" in due
    assert early.status_code == 422 and "自2026-06-02起届满" in early.get_data(as_text=True)
    assert 'value="SF-2025-001"' in early.get_data(as_text=True)
    assert no_rule.status_code == 422 and "没有写明办法" in no_rule.get_data(as_text=True)
    assert foreign.status_code == 422
    assert done.status_code == 303 and "confirmation.probation_over" in browser.get(str(done.location)).get_data(as_text=True)
    assert "学徒工转正定级表" in printed and "李芳" in printed
    assert "陈大文" not in browser.get("/confirmations").get_data(as_text=True).partition("试用期已满")[2]
    with installation.database.reading() as session:
        assert len(session.exec(select(Confirmation)).all()) == 1


# --- whose ---------------------------------------------------------------------------------------------


def test_another_firm_finds_none_of_them_and_readers_only_read(
    app: Flask, signed_in: SignedIn, installation: Installation, graded: None
) -> None:
    hr = signed_in("hr")
    hr.post("/appointments/new", NOMINATION)
    _contest(app, hr)
    stranger, reader = signed_in("hr", "approver", at=MEMBERS[0]), signed_in("supervisor")
    with installation.database.reading() as session:
        own = f"/appointments/{_hide(app, 'nomination', session.exec(select(Nomination.id)).one())}"
        contest = f"/contests/{_hide(app, 'contest', session.exec(select(Contest.id)).one())}"

    foreign = [stranger.get(one) for one in (own, f"{own}/record.pdf", contest, contest.replace("/contests", "/imports/new/contest"))]
    foreign += [stranger.post(f"{own}/appoint", {"list_number": "9号", "on": "2025-12-20", "term_from": "2026-01-01", "term_to": "2027-01-01"})]
    missing = stranger.get(f"/contests/{_hide(app, 'contest', 999)}")
    read = [reader.get(one) for one in (own, contest, "/contests", "/appointments", "/confirmations")]
    acts = [reader.post(one) for one in ("/contests", "/contests/new", f"{contest}/promote", "/appointments/new", f"{own}/appoint", "/confirmations/new")]

    assert [one.status_code for one in foreign] == [404] * 5 and without_token(foreign[0]) == without_token(missing)
    assert "SZ-DG-2026" not in stranger.get("/contests").get_data(as_text=True)
    assert [one.status_code for one in read] == [200] * 5
    assert [one.status_code for one in acts] == [403] * 6
