"""Long work in the browser: handed over, looked at, cancelled, left alone and found again."""

import threading
from datetime import date, datetime

import pytest
from flask import Flask
from sqlmodel import Session, col, select

from skilleval.db import engine
from skilleval.db.engine import Database
from skilleval.db.tables import Job, JournalEntry, Person, StagedImport
from skilleval.installation import Installation
from skilleval.services import certificate_prints, imports, job_claims
from skilleval.services.verification import verify_all
from skilleval.web import gate
from skilleval.web import jobs as job_pages
from skilleval.worker import loop
from skilleval.worker import work as work_of_jobs
from tests.certified import make_certified_batch
from tests.chained import MEMBERS
from tests.factories import Firm, id_number, make_firm
from tests.web.conftest import Browser, SignedIn, application_on
from tests.web.counted import MOST, statements
from tests.web.scored import Hidden, make_marked
from tests.web.test_imports import GOOD, HEADINGS, WRONG, check_id, names, text, upload, write


@pytest.fixture
def firm(installation: Installation) -> Firm:
    with installation.database.writing() as session:
        made = make_firm(session)
        session.commit()
    return made


@pytest.fixture(autouse=True)
def _every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LARGE", 10)
    monkeypatch.setattr(certificate_prints, "MANY", 0)
    monkeypatch.setattr(job_pages, "MANY", 0)


def work(installation: Installation) -> None:
    """Let a worker do what waits."""
    while loop.run_next(installation, threading.Event()):
        pass


def job(installation: Installation) -> Job:
    """The last job."""
    with installation.database.reading() as session:
        return session.exec(select(Job).order_by(col(Job.id).desc())).first()  # type: ignore[return-value] # there is one


def test_a_large_file_is_checked_and_written_by_the_worker(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("hr")

    page = upload(browser, HEADINGS + GOOD).location
    waiting, listed = text(browser.get(page)), text(browser.get("/imports"))
    work(installation)
    done, home = text(browser.get(page)), text(browser.get("/"))
    result = browser.post(f"{page}/result").location
    wizard = write(browser, result).location
    busy = text(browser.get(result))
    work(installation)
    receipt = browser.post(f"{wizard}/result").location

    assert page.startswith("/jobs/") and "可以离开此页" in waiting and "<progress" in waiting and "正在后台检查一个文件" in listed
    assert "已完成" in done and "查看检查结果" in done and "<progress" not in done and page in home
    assert page not in text(browser.get("/"))
    assert result.startswith("/imports/") and wizard.startswith("/jobs/") and "完成或取消之前不能再改" in busy
    with installation.database.reading() as session:
        assert verify_all(session) == []
    assert receipt == result and "导入回执" in text(browser.get(receipt)) and names(installation) == ["甲一", "乙二"]


def test_cells_of_a_large_file_are_put_right_by_the_worker(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("hr")
    upload(browser, HEADINGS + WRONG)
    work(installation)
    page = browser.post(f"/jobs/{job(installation).public_id}/result").location

    right = {"seen": check_id(browser, page), "place": ["0", "1"], "value-0": "乙二", "value-1": id_number(3)}
    handed = browser.post(f"{page}/correct", right)
    sealed = job(installation).words_sealed
    refused = browser.post(f"{page}/discard")
    work(installation)

    assert handed.location.startswith("/jobs/") and id_number(3).encode() not in sealed
    assert refused.status_code == 422 and "还没有完成" in text(refused)
    assert "没有错误" in text(browser.get(page)) and names(installation) == []


def test_a_second_click_hands_over_nothing_more(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("hr")

    pages = {upload(browser, HEADINGS + GOOD).location for _click in range(2)}

    assert len(pages) == 1
    with installation.database.reading() as session:
        assert len(session.exec(select(Job.id)).all()) == 1
    assert len(list((installation.folder / "uploads").iterdir())) == 1


def test_a_file_that_is_none_is_refused_at_once(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    refused = upload(signed_in("hr"), b"%PDF-1.7 something else", "花名册.xlsx")

    assert refused.status_code == 422 and "是 PDF" in text(refused)
    with installation.database.reading() as session:
        assert session.exec(select(Job)).all() == []


def test_a_job_that_waits_is_cancelled_and_its_file_gone(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location

    answer = browser.post(f"{page}/cancel")
    shown = text(browser.get(page))
    again = browser.post(f"{page}/cancel")

    assert answer.status_code == 303 and "已取消" in shown and "没有写入任何数据" in shown
    assert list((installation.folder / "uploads").iterdir()) == []
    assert again.status_code == 422 and "已经取消" in text(again)
    work(installation)
    with installation.database.reading() as session:
        assert session.exec(select(StagedImport)).all() == []


def test_a_job_under_way_shows_how_far_it_is_and_is_asked_to_stop(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location
    _report(installation, "checking", 5_000, 20_000)
    running = text(browser.get(page))

    browser.post(f"{page}/cancel")
    asked = text(browser.get(page))

    assert "正在检查" in running and "5,000 / 20,000 行" in running and 'value="5000"' in running
    assert "已要求取消，正在停下" in asked and job(installation).state == "running"


def test_what_is_being_written_can_not_be_cancelled(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location
    _report(installation, "writing", 2, 2)

    shown, refused = text(browser.get(page)), browser.post(f"{page}/cancel")

    assert "正在一次写入，马上完成" in shown and f"{page}/cancel" not in shown
    assert refused.status_code == 422 and "已不能取消" in text(refused)


def test_a_fault_is_told_with_its_id_and_what_was_not_saved(
    firm: Firm, signed_in: SignedIn, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location

    monkeypatch.setattr(imports, "check_file", lambda *_told: 1 // 0)
    work(installation)
    shown, home = text(browser.get(page)), text(browser.get("/"))
    browser.post(f"{page}/result")

    assert job(installation).error_id and job(installation).error_id in shown
    assert "没有写入任何数据；上传的文件已删除" in shown and page in home
    assert page not in text(browser.get("/")) and page in text(browser.get("/jobs"))


def test_a_refusal_is_told_in_its_own_words(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("hr")
    page = upload(browser, "随便,写写\n1,2\n345678,9\n").location

    work(installation)

    assert "姓名" in text(browser.get(page)) and "错误编号" not in text(browser.get(page))


def test_a_queue_that_nobody_works_on_says_what_to_do(
    firm: Firm, signed_in: SignedIn, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location
    soon = text(browser.get(page))

    with installation.database.writing() as session:
        row = session.exec(select(Job)).one()
        row.asked_at = gate.now().replace(year=2025)
        session.add(row)
        session.commit()

    assert "skilleval worker" not in soon and "skilleval worker" in text(browser.get(page))


def test_certificates_of_a_large_batch_are_printed_by_the_worker(
    app: Flask, firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    with installation.database.writing() as session:
        batch = make_certified_batch(session, installation.vault, firm)
        address = app.extensions["skilleval.ids"].hide("batch", batch.id or 0)
        session.commit()
    browser = signed_in("issuer")

    page = browser.post(f"/batches/{address}/certificates/print").location
    work(installation)
    shown = text(browser.get(page))
    printed = browser.post(f"{page}/result")
    [kept] = (installation.folder / "results").iterdir()
    kept.unlink()
    gone, refused = text(browser.get(page)), browser.post(f"{page}/result")

    assert job(installation).state == "done", job(installation).message
    assert "下载 PDF" in shown and printed.data[:5] == b"%PDF-" and printed.mimetype == "application/pdf"
    assert "文件只保存 7 天" in gone and refused.status_code == 422
    assert signed_in("hr").get(page).status_code == 404


def test_the_package_of_a_large_batch_is_exported_by_the_worker(
    app: Flask, firm: Firm, signed_in: SignedIn, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation.database.writing() as session:
        batch = make_certified_batch(session, installation.vault, firm)
        address = f"/batches/{app.extensions['skilleval.ids'].hide('batch', batch.id or 0)}/filings"
        session.commit()
    application_on(installation, date(2026, 6, 24))
    browser = signed_in("issuer")

    monkeypatch.setattr(work_of_jobs, "SELDOM", 0)
    told: list[tuple[str, int, int | None]] = []
    report = job_claims.report

    def reported(session: Session, claim: job_claims.Claim, stage: str, done: int, total: int | None, **when: datetime) -> None:
        told.append((stage, done, total))
        report(session, claim, stage, done, total, **when)

    monkeypatch.setattr(job_claims, "report", reported)

    page = browser.post(f"{address}/export", {"addressed_to": "city"}).location
    work(installation)
    done = job(installation)
    count = done.total or 0
    filing = browser.post(f"{page}/result").location

    assert (done.state, done.message, done.reasons) == ("done", "", [])
    # Each file of the package is told of while it is drafted, before the act that nobody can cancel.
    assert count > 5 and told == [("drawing", 0, None), *(("drawing", one, count) for one in range(count + 1)), ("writing", count, count)]
    assert filing.startswith(address) and browser.get(filing).status_code == 200


def entries(installation: Installation) -> int:
    with installation.database.reading() as session:
        return len(session.exec(select(JournalEntry.seq)).all())


def test_the_page_of_an_export_counts_files(app: Flask, firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    with installation.database.writing() as session:
        batch = make_certified_batch(session, installation.vault, firm)
        address = f"/batches/{app.extensions['skilleval.ids'].hide('batch', batch.id or 0)}/filings"
        session.commit()
    browser = signed_in("issuer")
    page = browser.post(f"{address}/export", {"addressed_to": "city"}).location
    _report(installation, "drawing", 4, 9)

    running = text(browser.get(page))
    browser.post(f"{page}/cancel")

    assert "4 / 9 个文件" in running and 'max="9" value="4"' in running
    assert "已要求取消，正在停下" in text(browser.get(page))


@pytest.mark.parametrize("role", ["reviewer", "supervisor"])
def test_the_print_set_of_a_large_session_is_drawn_by_the_worker(
    signed_in: SignedIn, installation: Installation, hide: Hidden, role: str
) -> None:
    with installation.database.writing() as session:
        make_marked(session, installation.vault)
        session.commit()
    browser, panels = signed_in(role), f"/batches/{hide('batch', 1)}/panels"
    before = entries(installation)

    offered = text(browser.get(panels))
    page = browser.post(f"/batches/{hide('batch', 1)}/prints/room").location
    work(installation)

    assert f"/batches/{hide('batch', 1)}/prints/room\"" in offered and "/prints/room.pdf" not in offered
    assert job(installation).state == "done", job(installation).message
    assert page in text(browser.get("/jobs")) and page in text(browser.get("/"))
    assert browser.post(f"{page}/result").data[:5] == b"%PDF-"
    assert entries(installation) == before


def test_a_supervisor_asks_for_prints_only(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("supervisor")
    page = upload(signed_in("hr"), HEADINGS + GOOD).location

    assert [browser.get(page).status_code, *_acts(browser, page)] == [404] * 3
    assert browser.get("/imports/new/people").status_code == 403 and browser.get("/jobs").status_code == 200


def test_a_job_is_seen_by_colleagues_who_may_ask_for_it_and_by_nobody_else(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    with installation.database.writing() as session:
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    page = upload(signed_in("hr"), HEADINGS + GOOD).location

    foreign, issuer, colleague = signed_in("hr", at=MEMBERS[0]), signed_in("issuer"), signed_in("hr")

    for browser in (foreign, issuer):
        assert [browser.get(page).status_code, *_acts(browser, page)] == [404] * 3
    assert colleague.get(page).status_code == 200 and page not in text(colleague.get("/jobs"))
    assert signed_in("assessor").get(page).status_code == 403
    assert job(installation).state == "waiting"


def test_who_acts_while_somebody_writes_for_long_is_told_to_wait(
    firm: Firm, signed_in: SignedIn, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location
    token = browser.token()
    monkeypatch.setitem(engine.PRAGMAS, "busy_timeout", 100)
    installation.database.close()

    writer = Database(str(installation.database.url))
    with writer.writing() as session:
        session.connection()
        answer = browser.client.post(f"{page}/cancel", data={"csrf_token": token})
    writer.close()

    assert answer.status_code == 503 and "系统正忙" in text(answer) and "没有保存" in text(answer)
    assert job(installation).state == "waiting"


def test_the_pages_of_jobs_ask_few_statements_however_many_jobs(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location
    for place in range(3, 7):
        upload(browser, f"{HEADINGS}E{place},甲{place},{id_number(place)},一车间\n")
    work(installation)

    for address in ("/jobs", page, "/", "/imports"):
        with statements() as asked:
            browser.get(address)
        assert len(asked) <= MOST, address
    with installation.database.reading() as session:
        assert session.exec(select(Person)).all() == []


def _acts(browser: Browser, page: str) -> list[int]:
    return [browser.post(f"{page}/{act}").status_code for act in ("cancel", "result")]


def _report(installation: Installation, stage: str, done: int, total: int) -> None:
    """A worker that has begun the job and is so far."""
    with installation.database.writing() as session:
        claim = job_claims.claim(session, now=gate.now())
        assert claim is not None
        job_claims.report(session, claim, stage, done, total, now=gate.now())
        session.commit()
