"""Certificates in the browser: issued, printed, ended, and checked by everybody."""

import io
import re
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from pypdf import PdfReader
from sqlmodel import select

from skilleval.db.tables import Batch, Certificate, Institution, JournalEntry, Person
from skilleval.installation import Installation
from skilleval.reports.certificate import CertificateSheet
from skilleval.services import certificate_check, certificate_prints, certificates, counters, notice_closing, notices
from skilleval.services.conflicts import decide_conflict
from skilleval.services.number_list import NUMBER_COLUMNS
from skilleval.services.relations import Declared, declare_relation
from skilleval.settings import WebSettings
from skilleval.sheets.writing import FormSheet, write_form
from tests.certified import candidates_of, certify, event
from tests.chained import make_scene
from tests.closed import HELD, candidate_named, make_noticed_batch
from tests.factories import ACTOR, LIBRARY, REGISTRATION_NUMBER, id_number, make_candidate, make_firm, make_person
from tests.web.conftest import Browser, SignedIn, application_on
from tests.web.official import NUMBER, OTHER, make_certified, make_cleared
from tests.web.test_notices import _statements

ON = date(2026, 6, 23)


@pytest.fixture
def app(installation: Installation) -> Flask:
    """The application after the notice has ended."""
    return application_on(installation, ON)


@pytest.fixture
def cleared(installation: Installation) -> None:
    with installation.database.writing() as session:
        make_cleared(session, installation.vault)
        session.commit()


@pytest.fixture
def certified(installation: Installation) -> None:
    with installation.database.writing() as session:
        make_certified(session, installation.vault)
        session.commit()


def _hidden(app: Flask, kind: str, row: int = 1) -> str:
    return str(app.extensions["skilleval.ids"].hide(kind, row))


def _tab(app: Flask, rest: str = "") -> str:
    return f"/batches/{_hidden(app, 'batch')}/certificates{rest}"


def _one(app: Flask, rest: str = "", row: int = 1) -> str:
    return f"/certificates/{_hidden(app, 'certificate', row)}{rest}"


def _numbers(installation: Installation) -> list[str]:
    with installation.database.reading() as session:
        return sorted(session.exec(select(Certificate.number)))


def _text(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_a_name_corrected_after_the_notice_is_told_before_issuing_and_leads_to_a_corrected_notice(
    app: Flask, signed_in: SignedIn, installation: Installation, cleared: None
) -> None:
    with installation.database.writing() as session:
        person = session.exec(select(Person).order_by(Person.id)).all()[0]  # type: ignore[arg-type]  # a column
        was, person.name = person.name, "改名后"
        session.add(person)
        session.commit()
    where = f"/batches/{_hidden(app, 'batch')}/notices"

    issuing = signed_in("issuer").get(_tab(app, "/issue")).get_data(as_text=True)
    browser = signed_in("approver")
    notice = browser.get(where).get_data(as_text=True)
    refused = signed_in("issuer").post(_tab(app, "/issue"), {"confirmed": "2026-DG-01"})
    sent = browser.post(f"{where}/{_hidden(app, 'notice')}/correct", {"reason": "姓名有误"})

    assert f"姓名公示为“{was}”，现为“改名后”" in issuing and "颁发 2 份证书" not in issuing and where in issuing
    assert f"公示名单中现已不符：{was}" in notice and "公示名单中没有：改名后" in notice
    assert refused.status_code == 422 and _numbers(installation) == []
    assert sent.status_code == 303 and "公示中" in browser.get(where).get_data(as_text=True)


def test_the_next_numbers_and_the_glyphs_are_shown_before_issuing(app: Flask, signed_in: SignedIn, installation: Installation, cleared: None) -> None:
    browser = signed_in("issuer")

    page = browser.get(_tab(app, "/issue")).get_data(as_text=True)

    assert NUMBER in page and "共 2 人" in page and "全部可印" in page
    assert _numbers(installation) == [], "looking uses no number"
    assert _statements(installation, lambda: browser.get(_tab(app, "/issue"))) <= 12


def test_issuing_is_confirmed_by_the_batchs_number(app: Flask, signed_in: SignedIn, installation: Installation, cleared: None) -> None:
    browser = signed_in("issuer")

    wrong = browser.post(_tab(app, "/issue"), {"confirmed": "2026-DG-02"})
    assert _numbers(installation) == []
    right = browser.post(_tab(app, "/issue"), {"confirmed": "2026-DG-01"})
    again = browser.post(_tab(app, "/issue"), {"confirmed": "2026-DG-01"})

    assert (wrong.status_code, right.status_code, again.status_code) == (422, 303, 422)
    assert _numbers(installation) == [NUMBER, f"{REGISTRATION_NUMBER}263000002"]


def test_a_name_that_no_font_prints_is_named_and_uses_no_number(
    app: Flask, signed_in: SignedIn, installation: Installation, cleared: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No shipped font lacks a character of a real name, so the fonts are told that they lack one.
    monkeypatch.setattr(
        "skilleval.reports.fonts.Fonts.missing_glyphs",
        lambda _self, text, _role="hei": [("文", "U+6587")] if "文" in text else [],
    )
    browser = signed_in("issuer")

    page = browser.get(_tab(app, "/issue")).get_data(as_text=True)
    answer = browser.post(_tab(app, "/issue"), {"confirmed": "2026-DG-01"})

    assert "陈大文：没有字体能印 文（U+6587）" in page
    assert answer.status_code == 422 and _numbers(installation) == []


@pytest.mark.parametrize("role", ["hr", "approver", "supervisor", "member_hr"])
def test_only_the_issuer_issues(app: Flask, signed_in: SignedIn, installation: Installation, cleared: None, role: str) -> None:
    browser = signed_in(role)

    assert browser.get(_tab(app)).status_code == 200
    assert browser.post(_tab(app, "/issue"), {"confirmed": "2026-DG-01"}).status_code == 403
    assert _numbers(installation) == []


def test_another_firm_finds_no_certificate(app: Flask, signed_in: SignedIn, installation: Installation, certified: None) -> None:
    with installation.database.writing() as session:
        make_firm(session, OTHER, "Y000044000991", name="配套企业甲")
        session.commit()
    browser = signed_in("issuer", at=OTHER)

    pages = [browser.get(_tab(app)), browser.get(_tab(app, "/issue")), browser.get(_one(app))]
    acts = [browser.post(_tab(app, "/print")), browser.post(_one(app, "/print")), browser.post(_one(app, "/replace"))]
    ended = browser.post(_one(app, "/end"), {"to": "voided", "reason": "试"})

    assert [one.status_code for one in (*pages, *acts, ended)] == [404] * 7
    assert "还没有证书" in browser.get("/certificates").get_data(as_text=True)


def test_a_members_hr_sees_the_certificates_of_its_own_people_only(app: Flask, signed_in: SignedIn, installation: Installation) -> None:
    with installation.database.writing() as session:
        scene = make_scene(session)
        for serial, (firm, name) in enumerate(((scene.member, "甲企员工"), (scene.lead, "总装员工")), start=1):
            make_candidate(session, scene.batch, make_person(session, installation.vault, firm, name, serial))
        for serial, candidate in enumerate(candidates_of(session, scene.batch), start=1):
            sealed = installation.vault.seal(scene.lead.id, id_number(serial))
            certify(session, candidate, f"{REGISTRATION_NUMBER}263{serial:06d}", installation.vault, id_sealed=sealed)
        session.commit()
    browser = signed_in("member_hr", at=OTHER)

    listed = browser.get("/certificates").get_data(as_text=True)
    tab = browser.get(_tab(app)).get_data(as_text=True)

    assert "甲企员工" in listed and "总装员工" not in listed
    assert "甲企员工" in tab and "总装员工" not in tab
    assert [browser.get(_one(app, row=serial)).status_code for serial in (1, 2)] == [200, 404]
    assert id_number(1) not in browser.get(_one(app)).get_data(as_text=True)


def test_the_print_has_every_certificate_and_the_journal_knows(app: Flask, signed_in: SignedIn, installation: Installation, certified: None) -> None:
    browser = signed_in("issuer")

    whole, single = browser.post(_tab(app, "/print")), browser.post(_one(app, "/print"))

    assert whole.headers["Content-Disposition"].startswith("attachment") and whole.headers["Content-Disposition"].isascii()
    assert len(PdfReader(io.BytesIO(whole.data)).pages) == 2 and len(PdfReader(io.BytesIO(single.data)).pages) == 1
    assert "陈大文" in _text(single.data) and NUMBER in _text(single.data) and id_number(1) in _text(single.data)
    with installation.database.reading() as session:
        printed = [one.body for one in session.exec(select(JournalEntry)) if "certificates.print" in one.body]
    assert len(printed) == 2 and "姓名person1" in printed[0]


def test_a_certificate_that_must_be_revoked_is_left_out_of_the_print_and_refused_alone(
    app: Flask, signed_in: SignedIn, installation: Installation, tmp_path: Path
) -> None:
    with installation.database.writing() as session:
        batch = make_noticed_batch(session, installation.vault, tmp_path)
        notice_closing.close_notice(session, ACTOR, notices.current_notice(session, batch), vault=installation.vault, on=ON)
        issued = certificates.issue_certificates(
            session, ACTOR, batch, LIBRARY, vault=installation.vault, on=ON, missing_glyphs=lambda _text: ()
        )
        touched = next(one for one in issued if one.name == "陈大文")
        named = f"{batch.number}:K2:{candidate_named(session, '陈大文').person_id}:mentor"
        firm = session.get_one(Institution, batch.institution_id)
        told = Declared("mentor", "陈大文", "2024年师带徒协议", "K2")
        declare_relation(session, ACTOR, firm, told, vault=installation.vault, on=HELD)
        decide_conflict(session, ACTOR, batch, named, state="confirmed", reason="协议在案", on=ON)
        number, rest, row = touched.number, len(issued) - 1, touched.id or 0
        session.commit()
    browser = signed_in("issuer")

    whole = browser.post(_tab(app, "/print"))
    after = browser.get(_tab(app)).get_data(as_text=True)
    alone = browser.post(_one(app, "/print", row=row))

    assert whole.status_code == 200 and len(PdfReader(io.BytesIO(whole.data)).pages) == rest > 0
    assert number not in _text(whole.data)
    assert "1 份证书没有打印" in after and f"证书 {number} 不能打印" in after
    assert alone.status_code == 422 and f"证书 {number} 不能打印" in alone.get_data(as_text=True)


def test_what_happened_to_a_certificate_is_told_with_its_prints_and_of_no_other(
    app: Flask, signed_in: SignedIn, installation: Installation, certified: None
) -> None:
    browser = signed_in("issuer")
    browser.post(_one(app, "/print"))
    browser.post(_one(app, "/end"), {"to": "reissued", "reason": "原件遗失"})

    told, other = (re.findall(r"（.+?）(.+?)<", _timeline(browser.get(_one(app, row=row)).get_data(as_text=True))) for row in (1, 2))

    assert [one.strip() for one in told] == ["补发证书", "打印证书"] and other == []
    assert "原件遗失" in browser.get(_one(app)).get_data(as_text=True)


def _timeline(page: str) -> str:
    return page.partition("<h2>经过</h2>")[2].partition("</section>")[0]


def test_a_certificate_is_voided_with_a_reason_and_replaced(app: Flask, signed_in: SignedIn, installation: Installation, certified: None) -> None:
    browser = signed_in("issuer")

    without = browser.post(_one(app, "/end"), {"to": "voided", "reason": " "})
    voided = browser.post(_one(app, "/end"), {"to": "voided", "reason": "姓名印错"})
    again = browser.post(_one(app, "/end"), {"to": "revoked", "reason": "试"})
    with installation.database.writing() as session:
        session.connection().exec_driver_sql(f"INSERT INTO number_counter VALUES ('{REGISTRATION_NUMBER}', '26', '3', 2)")
        session.commit()
    replaced = browser.post(_one(app, "/replace"))
    twice = browser.post(_one(app, "/replace"))

    assert (without.status_code, voided.status_code, again.status_code) == (422, 303, 422)
    assert (replaced.status_code, twice.status_code) == (303, 422)
    assert f"{REGISTRATION_NUMBER}263000003" in _numbers(installation)
    assert "姓名印错" in browser.get(_one(app)).get_data(as_text=True)
    assert "已换发" in browser.get("/certificates?state=replaced").get_data(as_text=True)


def test_the_list_is_filtered_and_searched(app: Flask, signed_in: SignedIn, installation: Installation, certified: None) -> None:
    browser = signed_in("hr")

    found = {query: browser.get(f"/certificates?{query}").get_data(as_text=True) for query in (
        "year=2026", "year=2026&grade=junior", "occupation=6-31-01-03", f"q={NUMBER}", "q=李", "state=revoked",
    )}  # fmt: skip

    assert {query: ("陈大文" in page, "李小明" in page) for query, page in found.items()} == {
        "year=2026": (True, True), "year=2026&grade=junior": (False, False), "occupation=6-31-01-03": (True, True),
        f"q={NUMBER}": (True, False), "q=李": (False, True), "state=revoked": (False, False),
    }  # fmt: skip
    assert _statements(installation, lambda: browser.get("/certificates")) <= 12


def _upload(path: Path, *rows: dict[str, object]) -> tuple[io.BytesIO, str]:
    file = write_form(path, [FormSheet("编号", NUMBER_COLUMNS, rows, example=False)], "numbers", [])
    return io.BytesIO(file.read_bytes()), "../../编号.xlsx"


def test_allotted_numbers_are_taken_all_or_none_and_errors_come_back_marked(
    app: Flask, signed_in: SignedIn, installation: Installation, cleared: None, tmp_path: Path
) -> None:
    browser = signed_in("issuer")
    good = {"admission_number": "2026-DG-01-0001", "name": "陈大文", "number": f"{REGISTRATION_NUMBER}263000007"}
    bad = {"admission_number": "2026-DG-01-0002", "name": "李大明", "number": f"{REGISTRATION_NUMBER}263000008"}

    refused = browser.post(_tab(app, "/numbers"), {"file": _upload(tmp_path / "a.xlsx", good, bad), "act": "import"})
    marked = browser.post(_tab(app, "/numbers"), {"file": _upload(tmp_path / "b.xlsx", good, bad), "act": "mark"})
    assert _numbers(installation) == []
    taken = browser.post(_tab(app, "/numbers"), {"file": _upload(tmp_path / "c.xlsx", good), "act": "import"})

    assert refused.status_code == 422 and "姓名与该考生不一致" in refused.get_data(as_text=True)
    page = openpyxl.load_workbook(io.BytesIO(marked.data)).worksheets[0]
    assert any("姓名与该考生不一致" in str(cell.value) for line in page.iter_rows() for cell in line)
    assert taken.status_code == 303 and _numbers(installation) == [good["number"]]


@pytest.mark.parametrize("file", [(io.BytesIO(b"<html>"), "x.xlsx"), (io.BytesIO(b""), "x.csv"), (io.BytesIO(b"a"), "x.exe"), (io.BytesIO(b""), "")])
def test_what_is_no_list_of_numbers_is_refused(app: Flask, signed_in: SignedIn, cleared: None, file: tuple[io.BytesIO, str]) -> None:
    copy = (io.BytesIO(file[0].getvalue()), file[1])

    assert signed_in("issuer").post(_tab(app, "/numbers"), {"file": copy, "act": "import"}).status_code == 422


def _check(browser: Browser, number: str = NUMBER, name: str = "陈大文", address: str = "192.0.2.1") -> tuple[int, bytes]:
    answer = browser.post("/check", {"number": number, "name": name}, environ_overrides={"REMOTE_ADDR": address})
    return answer.status_code, answer.data


def test_everybody_checks_a_certificate_by_number_and_name(anonymous: Browser, certified: None) -> None:
    code, data = _check(anonymous, f" {NUMBER[:10]} {NUMBER[10:].lower()} ", " 陈 大文")
    page = data.decode()

    assert code == 200 and "证书有效" in page
    printed = ("陈大文", "居民身份证", f"{id_number(1)[:6]}********{id_number(1)[-4:]}", "电工", "--", "高级工", NUMBER, "岭南精工制造有限公司", "2026-06-22")
    assert [one for one in printed if one not in page] == []
    assert id_number(1) not in page


def test_an_unknown_number_and_another_name_get_the_same_bytes(anonymous: Browser, signed_in: SignedIn, certified: None) -> None:
    answers = {_check(anonymous, *asked) for asked in ((NUMBER, "李小明"), ("Y000044000123263999999", "陈大文"), ("x", "<b>"), (NUMBER, "陈大"))}

    assert len(answers) == 1
    code, data = answers.pop()
    assert code == 200 and "没有查到这份证书" in data.decode() and NUMBER not in data.decode()


@pytest.mark.parametrize(
    ("kind", "words"),
    [("voided", "证书已于 2026-06-22 作废"), ("revoked", "证书已于 2026-06-22 撤销"), ("reissued", "证书有效，于 2026-06-22 补发")],
)
def test_the_check_tells_the_state_and_its_day(anonymous: Browser, installation: Installation, certified: None, kind: str, words: str) -> None:
    with installation.database.writing() as session:
        event(session, session.exec(select(Certificate).where(Certificate.number == NUMBER)).one(), 2, kind, "试")
        session.commit()

    assert words in _check(anonymous)[1].decode()


def test_one_network_checks_so_often_and_another_still_may(anonymous: Browser, certified: None) -> None:
    codes = [_check(anonymous, name="李小明")[0] for _ in range(certificate_check.LIMIT)]

    assert codes == [200] * certificate_check.LIMIT
    assert _check(anonymous)[0] == 429, "the right name comes too late"
    assert _check(anonymous, address="192.0.2.2")[0] == 200


def test_a_window_that_is_over_counts_anew(installation: Installation) -> None:
    start = datetime(2026, 6, 23, tzinfo=UTC)
    with installation.database.writing() as session:
        given = [counters.use(session, "check", "192.0.2.1", limit=1, now=start + passed) for passed in (
            counters.WINDOW * 0, counters.WINDOW / 2, counters.WINDOW,
        )]  # fmt: skip

    assert given == [None, start + counters.WINDOW, None]


def test_the_printed_code_leads_to_the_certificate_where_the_public_reaches_it(
    installation: Installation, app: Flask, anonymous: Browser, certified: None
) -> None:
    object.__setattr__(installation.settings, "web", WebSettings(public_url="https://rd.example.cn"))
    with installation.database.reading() as session:
        (sheet, _second) = _sheets(installation, list(session.exec(select(Certificate).order_by(Certificate.number))))

    assert sheet.qr_text.startswith("https://rd.example.cn/check/") and NUMBER not in sheet.qr_text
    page = anonymous.get(sheet.qr_text.removeprefix("https://rd.example.cn"))
    assert page.status_code == 200 and NUMBER in page.get_data(as_text=True)
    assert page.headers["X-Robots-Tag"].startswith("noindex")


def test_without_a_public_address_the_code_holds_the_official_one(installation: Installation, certified: None) -> None:
    with installation.database.reading() as session:
        sheets = _sheets(installation, list(session.exec(select(Certificate).order_by(Certificate.number))))

    assert sheets[0].qr_text == f"http://jndj.osta.org.cn#{NUMBER}"


def test_an_address_of_the_certificates_own_page_checks_nothing(app: Flask, anonymous: Browser, certified: None) -> None:
    assert anonymous.get(f"/check/{_hidden(app, 'certificate')}").status_code == 404
    assert anonymous.get(f"/check/{_hidden(app, 'certificate_check')}").status_code == 200


def test_looking_changes_nothing(app: Flask, signed_in: SignedIn, installation: Installation, cleared: None) -> None:
    browser = signed_in("issuer")
    with installation.database.reading() as session:
        before = session.exec(select(Batch.state)).one(), len(session.exec(select(JournalEntry)).all())

    for address in (_tab(app), _tab(app, "/issue"), _tab(app, "/numbers"), "/certificates", "/check"):
        assert browser.get(address).status_code == 200

    with installation.database.reading() as session:
        assert (session.exec(select(Batch.state)).one(), len(session.exec(select(JournalEntry)).all())) == before


def _sheets(installation: Installation, chosen: list[Certificate]) -> list[CertificateSheet]:
    with installation.database.reading() as session:
        return certificate_prints.sheets_of(session, chosen, vault=installation.vault, settings=installation.settings)
