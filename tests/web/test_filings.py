"""Filing packages in the browser: what is missing, the export, its check, who takes it away, and what the desk says."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest
from flask import Flask
from sqlmodel import select

from skilleval.db.tables import Batch, Filing, FilingAnswer, Institution, JournalEntry
from skilleval.domain.errors import RuleBroken
from skilleval.installation import Installation
from skilleval.reports.findings import Finding
from skilleval.services import filing_answers, filing_check, filing_store
from skilleval.services.journal import Actor
from skilleval.services.verification import verify_journal
from tests.certified import make_certified_batch, settle
from tests.factories import make_candidate, make_firm, make_person
from tests.web.conftest import Browser, SignedIn, application_on
from tests.web.official import OTHER
from tests.web.test_notices import _statements

ON = date(2026, 6, 24)


@pytest.fixture
def app(installation: Installation) -> Flask:
    """The application after the certificates were issued."""
    return application_on(installation, ON)


@pytest.fixture
def batch(installation: Installation) -> None:
    """A certified batch of six, the last of whom failed."""
    with installation.database.writing() as session:
        make_certified_batch(session, installation.vault, make_firm(session))
        session.commit()


@pytest.fixture
def filed(installation: Installation, batch: None) -> None:
    """The batch with a package on record that went elsewhere: making one takes its time."""
    told = {"counts": {"candidates": 6, "passed": 5, "certificates": 5}, "files": [], "left_empty": [], "filing": {"supersedes": None}}
    with installation.database.writing() as session:
        one = session.exec(select(Batch)).one()
        one.state = "filed"
        session.add(Filing(
            institution_id=one.institution_id, batch_id=one.id or 0, version=1, addressed_to="city", file_name="包.zip",
            sha256="0" * 64, manifest=told, exported_on=ON,
        ))  # fmt: skip
        session.commit()


def _hidden(app: Flask, kind: str, row: int = 1) -> str:
    return str(app.extensions["skilleval.ids"].hide(kind, row))


def _tab(app: Flask, rest: str = "") -> str:
    return f"/batches/{_hidden(app, 'batch')}/filings{rest}"


def _one(app: Flask, rest: str = "") -> str:
    return _tab(app, f"/{_hidden(app, 'filing')}{rest}")


def _export(app: Flask, browser: Browser) -> int:
    return browser.post(_tab(app, "/export"), {"addressed_to": "city"}).status_code


def _states(installation: Installation) -> tuple[str, int]:
    with installation.database.reading() as session:
        return session.exec(select(Batch.state)).one(), len(session.exec(select(Filing)).all())


def test_a_package_is_exported_checked_taken_away_and_answered(app: Flask, signed_in: SignedIn, installation: Installation, batch: None) -> None:
    browser = signed_in("hr")
    assert "齐全" in browser.get(_tab(app, "/export")).get_data(as_text=True)

    exported = _export(app, browser)
    checked = browser.get(_one(app, "/check")).get_data(as_text=True)
    taken = browser.post(_one(app, "/download"))
    answered = browser.post(_one(app, "/answer"), {"kind": "returned", "on_day": "2026-06-24", "reason": "<b>缺</b>附件", "reference": "受理-1"})
    page = browser.get(_one(app)).get_data(as_text=True)

    assert (exported, answered.status_code, _states(installation)) == (303, 303, ("filed", 1))
    assert "核对通过" in checked
    assert taken.headers["Content-Disposition"].startswith("attachment") and taken.headers["Content-Disposition"].isascii()
    with zipfile.ZipFile(io.BytesIO(taken.data)) as package:
        books = [openpyxl.load_workbook(io.BytesIO(package.read(name))) for name in package.namelist() if name.endswith(".xlsx")]
    assert any(cell.value == "郑䶮" for book in books for line in book.worksheets[0].iter_rows() for cell in line)
    story = page.partition("<h2>经过</h2>")[2]
    assert [story.find(act) > 0 for act in ("下载", "登记窗口答复", "导出上报材料")] == [True] * 3
    assert "&lt;b&gt;缺&lt;/b&gt;附件" in page and "已退回" in page and "受理-1" in page
    with installation.database.reading() as session:
        told = [one.body for one in session.exec(select(JournalEntry))]
        assert [sum(act in one for one in told) for act in ("filing.download", "filing.answer", "filing.export")] == [1, 1, 1]
        assert [one for one in verify_journal(session, 1) if one.where.startswith("filing_answer")] == []


def test_what_is_kept_of_a_package_is_sealed(app: Flask, signed_in: SignedIn, installation: Installation, batch: None) -> None:
    browser = signed_in("hr")
    _export(app, browser)

    (kept,) = (installation.folder / filing_store.FOLDER).iterdir()

    assert not zipfile.is_zipfile(kept) and "上报".encode() not in kept.read_bytes()
    kept.write_bytes(kept.read_bytes()[:-1] + bytes([kept.read_bytes()[-1] ^ 1]))
    assert browser.post(_one(app, "/download")).status_code == 422
    kept.unlink()
    assert "这一版不在本安装中" in browser.get(_one(app)).get_data(as_text=True)
    assert "不在本安装中" in browser.get(_one(app, "/check")).get_data(as_text=True)


def test_everything_that_is_missing_is_listed_and_nothing_exported(app: Flask, signed_in: SignedIn, installation: Installation, batch: None) -> None:
    with installation.database.writing() as session:
        one, firm = session.exec(select(Batch)).one(), session.exec(select(Institution)).one()
        for serial in (7, 8):
            person = make_person(session, installation.vault, firm, f"后来者{serial}", serial)  # type: ignore[arg-type] # has an id too
            settle(session, make_candidate(session, one, person), 8000)
        session.commit()
    browser = signed_in("hr")

    page = browser.get(_tab(app, "/export")).get_data(as_text=True)
    answer = browser.post(_tab(app, "/export"), {"addressed_to": "city"})

    assert "还缺 2 项" in page and page.count("合格但尚未发证") == 2
    assert answer.status_code == 422 and "合格但尚未发证" in answer.get_data(as_text=True)
    assert _states(installation) == ("certified", 0)


def test_a_batch_without_certificates_says_what_comes_first(app: Flask, signed_in: SignedIn, installation: Installation, batch: None) -> None:
    with installation.database.writing() as session:
        session.exec(select(Batch)).one().state = "cleared"
        session.commit()

    assert "发证完成后才能导出" in signed_in("hr").get(_tab(app, "/export")).get_data(as_text=True)


@pytest.mark.parametrize(("role", "reads"), [("supervisor", 200), ("auditor", 200), ("approver", 200), ("assessor", 403), ("member_hr", 403)])
def test_who_reads_does_not_export(app: Flask, signed_in: SignedIn, installation: Installation, batch: None, role: str, reads: int) -> None:
    browser = signed_in(role)

    assert browser.get(_tab(app)).status_code == reads
    assert _export(app, browser) == 403
    assert _states(installation) == ("certified", 0)


def test_another_firm_finds_no_package(app: Flask, signed_in: SignedIn, installation: Installation, filed: None) -> None:
    with installation.database.writing() as session:
        make_firm(session, OTHER, "Y000044000991", name="配套企业甲")
        session.commit()
    browser = signed_in("hr", "issuer", at=OTHER)

    answers = [
        browser.get(_tab(app)), browser.get(_tab(app, "/export")), browser.get(_one(app)), browser.get(_one(app, "/check")),
        browser.post(_one(app, "/download")), browser.post(_one(app, "/answer"), {"kind": "received", "on_day": "2026-06-24"}),
    ]  # fmt: skip

    assert [one.status_code for one in answers] == [404] * 6
    assert "2026-DG-01" not in browser.get("/filings").get_data(as_text=True)


def test_the_list_of_all_is_filtered_by_what_the_desk_said(app: Flask, signed_in: SignedIn, installation: Installation, filed: None) -> None:
    browser = signed_in("issuer")
    browser.post(_one(app, "/answer"), {"kind": "received", "on_day": "2026-06-24"})

    found = {query: "2026-DG-01" in browser.get(f"/filings?{query}").get_data(as_text=True) for query in (
        "", "state=received", "state=exported", "level=city", "level=province",
    )}  # fmt: skip

    assert found == {"": True, "state=received": True, "state=exported": False, "level=city": True, "level=province": False}
    for address in ("/filings", _tab(app), _tab(app, "/export"), _one(app)):
        assert _statements(installation, lambda: browser.get(address)) <= 12, address  # noqa: B023 - called at once


@pytest.mark.parametrize(
    ("kind", "on", "reason", "words"),
    [
        ("returned", ON, " ", "退回须写明"), ("received", date(2026, 6, 23), "", "答复日期应在"),
        ("received", date(2026, 6, 25), "", "答复日期应在"), ("exported", ON, "", "不能变为"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_is_refused(
    installation: Installation, filed: None, kind: str, on: date, reason: str, words: str
) -> None:
    with installation.database.writing() as session:
        filing = session.exec(select(Filing)).one()

        with pytest.raises(RuleBroken, match=words):
            filing_answers.record_answer(session, Actor("经办", "hr"), filing, kind=kind, on_day=on, today=ON, reason=reason)

        assert session.exec(select(FilingAnswer)).first() is None


def test_what_was_accepted_is_not_returned_any_more(app: Flask, signed_in: SignedIn, filed: None) -> None:
    browser = signed_in("hr")

    codes = [
        browser.post(_one(app, "/answer"), {"kind": kind, "on_day": "2026-06-24", "reason": "试"}).status_code
        for kind in ("received", "received", "accepted", "returned")
    ]

    assert codes == [303, 422, 303, 422]


def test_a_finding_leads_to_the_candidate_of_its_row(installation: Installation, app: Flask, signed_in: SignedIn, batch: None) -> None:
    _export(app, signed_in("hr"))
    with installation.database.reading() as session:
        filing, of = session.exec(select(Filing)).one(), session.exec(select(Batch)).one()
        packed = filing_store.package_of(installation.folder, installation.vault, filing)
        file = next(one["name"] for one in filing.manifest["files"] if one["rows"] == 6 and one["name"].endswith(".xlsx"))
        rows = [Finding("cell", "试", file, row) for row in (1, 3, 4, 99)]
        placed = filing_check.place(session, of, packed, [*rows, Finding("hash", "试", file)])
        damaged, found = filing_check.check_package(session, of, packed[:-9] + b"x" + packed[-8:], "x.zip")

    assert [one.candidate_id for one in placed] == [None, 1, 2, None, None]
    assert not damaged.ok and found[0].finding.code == "not-a-package"
