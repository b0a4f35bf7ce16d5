"""The public notice of a batch in the browser of those who publish it, and on the page of everybody."""

import io
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from pypdf import PdfReader
from sqlmodel import select

from skilleval.db.tables import Batch, Candidate, JournalEntry, Notice, Objection, Person
from skilleval.installation import Installation
from skilleval.services import objections, public_notices
from tests.certified import FIRST_DAY
from tests.factories import ACTOR, make_firm
from tests.web.conftest import Browser, SignedIn, application_on
from tests.web.official import LAST_DAY, OTHER, make_noticed, make_settled

HOSTILE = "<script>alert(1)</script>\" onload='x' {{7*7}}"


@pytest.fixture
def app(installation: Installation) -> Flask:
    """The application on the first day of the notice."""
    return application_on(installation, FIRST_DAY)


@pytest.fixture
def noticed(installation: Installation) -> Notice:
    with installation.database.writing() as session:
        _batch, notice = make_noticed(session, installation.vault)
        session.commit()
        session.refresh(notice)
        session.expunge(notice)
    return notice


@pytest.fixture
def settled(installation: Installation) -> None:
    with installation.database.writing() as session:
        make_settled(session, installation.vault)
        session.commit()


def _hidden(app: Flask, kind: str, row: int = 1) -> str:
    return str(app.extensions["skilleval.ids"].hide(kind, row))


def _tab(app: Flask, rest: str = "") -> str:
    return f"/batches/{_hidden(app, 'batch')}/notices{rest}"


def _of(app: Flask, act: str) -> str:
    return _tab(app, f"/{_hidden(app, 'notice')}/{act}")


def _public(app: Flask) -> str:
    return f"/public/notices/{_hidden(app, 'public_notice')}"


def _objection(**changed: object) -> dict[str, object]:
    return {"name": "热心群众", "contact": "13900000000", "text": "工龄不足", "listed": "2", **changed}


def _raised(installation: Installation) -> list[Objection]:
    with installation.database.reading() as session:
        found = list(session.exec(select(Objection).order_by(sa.text("serial"))))
        session.expunge_all()
    return found


def test_the_last_day_and_its_clause_are_shown_before_publishing(app: Flask, signed_in: SignedIn, settled: None) -> None:
    page = signed_in("approver").get(_tab(app, "?first_day=2026-06-16")).get_data(as_text=True)

    # 2026-06-19 is 端午节: five working days from the 16th end on the 23rd
    assert "2026-06-16 至 2026-06-23" in page
    assert "陈大文" in page and "440999" in page and "19900101" not in page
    assert "&lt;b&gt;吴" not in page, "who failed stands on no list"


def test_the_approver_publishes_and_the_batch_moves(app: Flask, signed_in: SignedIn, settled: None, installation: Installation) -> None:
    answer = signed_in("approver").post(_tab(app, "/publish"), {"first_day": "2026-06-15"})

    assert answer.status_code == 303
    with installation.database.reading() as session:
        notice, batch = session.exec(select(Notice)).one(), session.exec(select(Batch)).one()
    assert (notice.last_day, notice.working_days, batch.state) == (date(2026, 6, 22), 5, "noticed")


def test_a_name_that_no_font_can_print_is_told_before_it_hangs(
    app: Flask, signed_in: SignedIn, settled: None, installation: Installation
) -> None:
    with installation.database.writing() as session:
        session.get_one(Person, 1).name = "周😀三"
        session.commit()

    answer = signed_in("approver").post(_tab(app, "/publish"), {"first_day": "2026-06-15"})

    assert (answer.status_code, "U+1F600" in answer.get_data(as_text=True)) == (422, True)
    with installation.database.reading() as session:
        assert session.exec(select(Notice)).all() == [] and session.exec(select(Batch)).one().state == "settled"


def test_a_notice_is_not_dated_back(app: Flask, signed_in: SignedIn, settled: None, installation: Installation) -> None:
    answer = signed_in("approver").post(_tab(app, "/publish"), {"first_day": "2026-06-12"})

    assert answer.status_code == 422
    assert "公示不能倒填日期" in answer.get_data(as_text=True)
    with installation.database.reading() as session:
        assert session.exec(select(Notice)).first() is None


def test_hr_reads_and_does_not_publish(app: Flask, signed_in: SignedIn, settled: None) -> None:
    browser = signed_in("hr")

    assert "由审批人办理" in browser.get(_tab(app)).get_data(as_text=True)
    assert browser.post(_tab(app, "/publish"), {"first_day": "2026-06-15"}).status_code == 403


def test_another_firm_finds_no_notice(app: Flask, signed_in: SignedIn, installation: Installation, noticed: Notice) -> None:
    with installation.database.writing() as session:
        make_firm(session, OTHER, "Y000044000991", name="配套企业甲")
        session.commit()
    browser = signed_in("approver", "hr", at=OTHER)

    pages = [browser.get(_tab(app)), browser.get(_of(app, "sheet"))]
    acts = [browser.post(_of(app, act), {"reason": "试", "raised_by": "某", "text": "某"}) for act in ("close", "withdraw", "correct", "objections")]

    assert [one.status_code for one in (*pages, *acts)] == [404] * 6


def test_the_sheet_is_a_pdf_of_the_list(app: Flask, signed_in: SignedIn, noticed: Notice) -> None:
    answer = signed_in("hr").get(_of(app, "sheet"))

    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment") and disposition.isascii() and "UTF-8''%E5%85%AC%E7%A4%BA_" in disposition
    assert "陈大文" in text and "李小明" in text and noticed.content_hash[:16] in text


def test_a_notice_is_closed_after_its_last_day_and_not_on_it(installation: Installation, app: Flask, signed_in: SignedIn, noticed: Notice) -> None:
    browser = signed_in("approver")
    early = browser.post(_of(app, "close"))
    later = Browser(application_on(installation, date(2026, 6, 20)).test_client())
    later.client.set_cookie("skilleval", browser.client.get_cookie("skilleval").value, domain="localhost")  # type: ignore[union-attr] # it signed in

    assert early.status_code == 422 and f"公示期至 {LAST_DAY} 止" in early.get_data(as_text=True)
    assert later.post(_of(app, "close")).status_code == 303


def test_withdrawing_needs_a_reason(app: Flask, signed_in: SignedIn, installation: Installation, noticed: Notice) -> None:
    browser = signed_in("approver")

    assert browser.post(_of(app, "withdraw"), {"reason": " "}).status_code == 422
    assert browser.post(_of(app, "withdraw"), {"reason": "漏列一人"}).status_code == 303
    with installation.database.reading() as session:
        assert session.exec(select(Notice)).one().state == "withdrawn"


def test_an_unchanged_list_takes_no_correction(app: Flask, signed_in: SignedIn, noticed: Notice) -> None:
    browser = signed_in("approver")

    assert "名单没有变化" in browser.get(_tab(app)).get_data(as_text=True)
    assert "公示名单没有变化" in browser.post(_of(app, "correct"), {"reason": "试"}).get_data(as_text=True)


def test_everybody_with_the_address_sees_the_masked_list_and_nothing_more(app: Flask, anonymous: Browser, noticed: Notice) -> None:
    answer = anonymous.get(_public(app))
    page = answer.get_data(as_text=True)

    assert answer.status_code == 200 and answer.headers["X-Robots-Tag"].startswith("noindex")
    assert "陈大文" in page and "公示联系人" in page and "0755-0000" in page
    assert noticed.content["entries"][0]["masked_number"] in page
    assert "2026-DG-01-0001" not in page, "the admission number is not on the sheet"


@pytest.mark.parametrize(
    ("day", "words", "named"),
    [
        (date(2026, 6, 14), "公示自 2026-06-15 开始", False), (FIRST_DAY, "提出异议", True), (LAST_DAY, "提出异议", True),
        (date(2026, 6, 20), "已于 2026-06-19 期满", False),
    ],
)  # fmt: skip
def test_names_are_public_from_the_first_to_the_last_day(installation: Installation, noticed: Notice, day: date, words: str, named: bool) -> None:
    app = application_on(installation, day)

    page = Browser(app.test_client()).get(_public(app)).get_data(as_text=True)

    assert words in page
    assert ("陈大文" in page) is named


def test_an_address_of_the_batchs_own_pages_opens_no_public_one(app: Flask, anonymous: Browser, noticed: Notice) -> None:
    made_up = [_hidden(app, "notice"), "0" * 32, _hidden(app, "public_notice", 99)]

    pages = [anonymous.get(f"/public/notices/{one}") for one in made_up]

    assert [one.status_code for one in pages] == [404, 404, 404]
    assert len({one.data for one in pages}) == 1


def test_anybody_objects_and_only_who_decides_sees_how_to_reach_them(
    app: Flask, anonymous: Browser, signed_in: SignedIn, installation: Installation, noticed: Notice
) -> None:
    answer = anonymous.post(_public(app), _objection())

    (objection,) = _raised(installation)
    assert answer.status_code == 303
    assert (objection.raised_by, objection.candidate_id, objection.recorded_by) == ("热心群众", 2, "公示网页")
    assert "13900000000" not in anonymous.get(_public(app)).get_data(as_text=True)
    assert "热心群众" not in anonymous.get(_public(app)).get_data(as_text=True)
    assert "13900000000" in signed_in("approver").get(_tab(app)).get_data(as_text=True)
    assert "13900000000" not in signed_in("hr").get(_tab(app)).get_data(as_text=True)
    with installation.database.reading() as session:
        assert all("13900000000" not in entry.body for entry in session.exec(select(JournalEntry)))


@pytest.mark.parametrize(
    "changed", [{"name": " "}, {"contact": ""}, {"text": ""}, {"text": "长" * 1001}, {"listed": "99"}, {"listed": "二"}]
)
def test_an_objection_without_what_it_needs_is_not_recorded(
    app: Flask, anonymous: Browser, installation: Installation, noticed: Notice, changed: dict[str, object]
) -> None:
    answer = anonymous.post(_public(app), _objection(**changed))

    assert answer.status_code == 422
    assert _raised(installation) == []


def test_an_objection_after_the_last_day_is_refused(installation: Installation, noticed: Notice) -> None:
    app = application_on(installation, date(2026, 6, 20))

    assert Browser(app.test_client()).post(_public(app), _objection()).status_code == 422
    assert _raised(installation) == []


def test_one_network_objects_so_often_and_another_still_may(app: Flask, installation: Installation, noticed: Notice) -> None:
    def objects(address: str) -> int:
        return Browser(app.test_client()).post(_public(app), _objection(), environ_overrides={"REMOTE_ADDR": address}).status_code

    codes = [objects(f"2001:db8::{one}") for one in range(public_notices.OBJECTIONS_LIMIT + 1)]

    assert codes == [303] * public_notices.OBJECTIONS_LIMIT + [429], "the last 64 bits of an IPv6 address are free to choose"
    assert objects("2001:db8:1::1") == 303
    assert len(_raised(installation)) == public_notices.OBJECTIONS_LIMIT + 1


def test_more_than_a_short_form_is_refused_before_it_is_read(app: Flask, anonymous: Browser, noticed: Notice) -> None:
    assert anonymous.post(_public(app), _objection(text="长" * 40_000)).status_code == 413


def test_a_stale_token_on_a_public_page_does_not_ask_to_sign_in(app: Flask, anonymous: Browser, noticed: Notice) -> None:
    assert anonymous.post(_public(app), _objection(csrf_token="stale")).status_code == 400


def test_hostile_text_is_shown_as_text(app: Flask, anonymous: Browser, signed_in: SignedIn, installation: Installation, noticed: Notice) -> None:
    anonymous.post(_public(app), _objection(name=HOSTILE[:40], text=HOSTILE, contact=HOSTILE))

    browser = signed_in("approver")
    page, sheet = browser.get(_tab(app)).get_data(as_text=True), browser.get(_of(app, "sheet")).data

    assert len(_raised(installation)) == 1
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "{{7*7}}" in page
    assert b"alert(1)" not in sheet and "/JavaScript" not in str(PdfReader(io.BytesIO(sheet)).trailer["/Root"])


def test_who_recorded_an_objection_does_not_decide_it_and_another_does(
    app: Flask, signed_in: SignedIn, installation: Installation, noticed: Notice
) -> None:
    recorder, other = signed_in("approver"), signed_in("approver")
    recorder.post(_of(app, "objections"), {"raised_by": "来电群众", "text": "分数有误", "admission": "2026-DG-01-0002"})
    there = _of(app, f"objections/{_hidden(app, 'objection')}")

    own = recorder.post(there, {"to": "rejected", "reason": "经核无误"})
    without = other.post(there, {"to": "rejected", "reason": " "})
    decided = other.post(there, {"to": "upheld", "reason": "漏加一项"})
    page = other.get(_tab(app)).get_data(as_text=True)

    assert (own.status_code, without.status_code, decided.status_code) == (422, 422, 303)
    assert _raised(installation)[0].state == "upheld"
    assert "成绩尚未更正" in page and "漏加一项" in page
    story = page.partition("<h2>经过</h2>")[2]
    assert 0 < story.find("异议成立") < story.find("登记异议") < story.find("发布公示")


def test_an_objection_outlives_its_notice_and_is_decided_under_the_next(
    app: Flask, signed_in: SignedIn, anonymous: Browser, installation: Installation, noticed: Notice
) -> None:
    anonymous.post(_public(app), _objection())
    browser = signed_in("approver")
    browser.post(_of(app, "withdraw"), {"reason": "漏列一人"})
    browser.post(_tab(app, "/publish"), {"first_day": "2026-06-15"})
    there = _tab(app, f"/{_hidden(app, 'notice', 2)}/objections/{_hidden(app, 'objection')}")

    decided = browser.post(there, {"to": "upheld", "reason": "工龄确实不足"})

    assert decided.status_code == 303 and _raised(installation)[0].state == "upheld"
    assert "有关成绩尚未更正" in browser.get(_tab(app)).get_data(as_text=True)


def test_an_objection_that_is_refused_comes_back_filled_in(app: Flask, signed_in: SignedIn, installation: Installation, noticed: Notice) -> None:
    answer = signed_in("hr").post(_of(app, "objections"), {"raised_by": "来电群众", "text": "分数有误", "admission": "没有"})

    assert answer.status_code == 422 and 'value="来电群众"' in answer.get_data(as_text=True)
    assert _raised(installation) == []


def test_an_approver_does_not_decide_over_their_own_result(installation: Installation, noticed: Notice) -> None:
    with installation.database.writing() as session:
        objection = objections.raise_objection(
            session, ACTOR, session.get(Notice, noticed.id) or noticed, raised_by="群众", text="分数有误", on=FIRST_DAY,
            candidate=session.get(Candidate, 1),
        )  # fmt: skip
        with pytest.raises(Exception, match="陈大文 本人"):
            objections.reject_objection(session, type(ACTOR)("陈大文", "approver"), objection, reason="无误", on=FIRST_DAY)


def test_the_page_asks_few_questions_however_long_the_list(app: Flask, signed_in: SignedIn, installation: Installation, noticed: Notice) -> None:
    browser = signed_in("approver")

    assert _statements(installation, lambda: browser.get(_tab(app))) <= 12


def _statements(installation: Installation, act: object) -> int:
    asked: list[str] = []

    def note(*given: object) -> None:
        asked.append(str(given[2]))

    engine = next(value for value in vars(installation.database).values() if isinstance(value, sa.Engine))
    sa.event.listen(engine, "before_cursor_execute", note)
    act()  # type: ignore[operator] # a call
    sa.event.remove(engine, "before_cursor_execute", note)
    return len([one for one in asked if one.lstrip().upper().startswith(("SELECT", "WITH"))])
