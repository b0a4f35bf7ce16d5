"""Marks that stand, corrected by workbook in the import wizard: unlocked by one person, brought in by another, both with a reason."""

import io
from pathlib import Path

import openpyxl
import pytest
from sqlmodel import col, select

from skilleval.db.tables import ImportReceipt, Mark
from skilleval.installation import Installation
from skilleval.services import imports
from skilleval.services.verification import verify_all
from tests.factories import Firm
from tests.web.conftest import Browser, SignedIn
from tests.web.scored import FILLED, Hidden, hand_in, make_marked, part_id
from tests.web.test_imports import text, write
from tests.web.test_jobs import work


@pytest.fixture
def firm(installation: Installation) -> Firm:
    with installation.database.writing() as session:
        firm = make_marked(session, installation.vault)
        session.commit()
    return firm


@pytest.fixture
def marked(hide: Hidden, firm: Firm, assessors: list[Browser]) -> list[Browser]:
    """Everybody has locked everything; the theory is 80 and 70.5."""
    hand_in(assessors[0], hide, firm, "theory", {"cell:value": "80"}, {"cell:value": "70.5"})
    for browser in assessors:
        hand_in(browser, hide, firm, "skill", FILLED, FILLED)
    return assessors


@pytest.fixture
def corrected(hide: Hidden, marked: list[Browser], signed_in: SignedIn, tmp_path: Path) -> bytes:
    """The workbook of the batch with another theory mark for the first candidate."""
    (tmp_path / "marks.xlsx").write_bytes(signed_in("hr").get(f"/imports/template/marks/{hide('batch', 1)}").data)
    book = openpyxl.load_workbook(tmp_path / "marks.xlsx")
    book["理论知识考试"]["D2"] = 85
    book.save(tmp_path / "marks.xlsx")
    return (tmp_path / "marks.xlsx").read_bytes()


def send(browser: Browser, hide: Hidden, content: bytes, reason: str, kind: str = "marks") -> str:
    """Upload a workbook with a reason: the page of its check."""
    form: dict[str, object] = {"file": (io.BytesIO(content), "成绩.xlsx"), "reason": reason}
    return browser.post(f"/imports/new/{kind}/{hide('batch', 1)}", form).location


def unlock(reviewer: Browser, hide: Hidden, mark: int = 1, candidate: int = 1) -> None:
    words = {"mark": hide("mark", mark), "reason": "登分时看错行"}
    assert reviewer.post(f"/batches/{hide('batch', 1)}/marks/{hide('candidate', candidate)}/unlock", words).status_code == 303


def theory(installation: Installation, firm: Firm) -> list[tuple[int, int | None, str | None]]:
    with installation.database.reading() as session:
        query = select(Mark).where(col(Mark.candidate_id) == 1, col(Mark.part_id) == part_id(firm, "theory"))
        assert verify_all(session) == []
        return [(one.revision, one.value, one.reason) for one in session.exec(query.order_by(col(Mark.id)))]


def test_an_unlocked_mark_is_corrected_with_a_reason_seen_old_and_new_before(
    signed_in: SignedIn, installation: Installation, firm: Firm, hide: Hidden, corrected: bytes
) -> None:
    unlock(signed_in("reviewer"), hide)
    browser = signed_in("hr")

    page = send(browser, hide, corrected, "按原始评分表更正")
    preview = text(browser.get(f"{page}?show=changed"))
    before = theory(installation, firm)
    write(browser, page)
    receipt = text(browser.get(page))
    with installation.database.reading() as session:
        receipts = [one.counts["changed"] for one in session.exec(select(ImportReceipt))]

    assert "0001 陈大文" in preview and "理论知识考试 K1 考评员甲：<del>80.00</del> → <ins>85.00</ins>" in preview and "李小明" not in preview
    assert before == [(1, 8000, None)] and theory(installation, firm) == [(1, 8000, None), (2, 8500, "按原始评分表更正")]
    assert "导入回执" in receipt and "按原始评分表更正" in receipt and receipts == [1]
    assert "按原始评分表更正" in text(signed_in("auditor").get("/journal"))


@pytest.mark.parametrize(
    ("reason", "opened", "told"),
    [("", True, "不能覆盖；确需更正须写明更正的理由"), ("按原始评分表更正", False, "须先由审核员解锁并写明理由")],
    ids=["no reason", "not unlocked"],
)
def test_without_a_reason_or_a_second_person_the_row_is_an_error(
    signed_in: SignedIn, installation: Installation, firm: Firm, hide: Hidden, corrected: bytes, reason: str, opened: bool, told: str
) -> None:
    if opened:
        unlock(signed_in("reviewer"), hide)
    browser = signed_in("hr")

    page = send(browser, hide, corrected, reason)
    shown, refused = text(browser.get(page)), write(browser, page, rows="good")

    assert told in shown and "D2" in shown and "没有要新增或变更的内容" in shown
    assert refused.status_code in (303, 422) and theory(installation, firm) == [(1, 8000, None)]


def test_what_is_unlocked_after_the_check_is_shown_anew_before_it_is_written(
    signed_in: SignedIn, installation: Installation, firm: Firm, hide: Hidden, corrected: bytes
) -> None:
    browser = signed_in("hr")
    page = send(browser, hide, corrected, "按原始评分表更正")
    unlock(signed_in("reviewer"), hide)

    write(browser, page)
    between = theory(installation, firm)
    write(browser, page)

    assert between == [(1, 8000, None)] and len(theory(installation, firm)) == 2


def test_who_unlocked_does_not_bring_the_correction_in(
    signed_in: SignedIn, installation: Installation, firm: Firm, hide: Hidden, corrected: bytes
) -> None:
    both = signed_in("hr", "reviewer")
    unlock(both, hide)

    refused = write(both, send(both, hide, corrected, "自己解锁自己更正"))

    assert refused.status_code == 422 and "请由另一人办理" in text(refused)
    assert theory(installation, firm) == [(1, 8000, None)]


def test_a_file_with_a_reason_is_another_than_the_same_without(
    signed_in: SignedIn, hide: Hidden, firm: Firm, corrected: bytes
) -> None:
    browser = signed_in("hr")

    pages = [send(browser, hide, corrected, reason) for reason in ("", "按原始评分表更正", "按原始评分表更正")]

    assert pages[0] != pages[1] == pages[2]


def test_a_sheet_of_criteria_is_corrected_the_same_way(
    signed_in: SignedIn, installation: Installation, firm: Firm, hide: Hidden, marked: list[Browser], tmp_path: Path
) -> None:
    browser, part = signed_in("hr"), part_id(firm, "skill")
    (tmp_path / "s.xlsx").write_bytes(browser.get(f"/batches/{hide('batch', 1)}/schemes/{hide('part', part)}.xlsx").data)
    book = openpyxl.load_workbook(tmp_path / "s.xlsx")
    book["评分 K1"]["C2"] = 20
    book.save(tmp_path / "s.xlsx")
    with installation.database.reading() as session:
        mark = session.exec(select(Mark.id).where(col(Mark.candidate_id) == 1, col(Mark.part_id) == part)).first()
    unlock(signed_in("reviewer"), hide, mark=mark or 0)

    page = send(browser, hide, (tmp_path / "s.xlsx").read_bytes(), "漏加两分", "scores")
    preview = text(browser.get(f"{page}?show=changed"))
    write(browser, page)

    assert "技能操作考核 K1 考评员甲：<del>93.00</del> → <ins>95.00</ins>" in preview
    with installation.database.reading() as session:
        query = select(Mark).where(col(Mark.candidate_id) == 1, col(Mark.part_id) == part, col(Mark.revision) == 2)
        assert [(one.value, one.reason) for one in session.exec(query)] == [(9500, "漏加两分")]
        assert verify_all(session) == []


def test_a_large_workbook_keeps_its_reason_on_the_way_through_the_worker(
    signed_in: SignedIn, installation: Installation, firm: Firm, hide: Hidden, corrected: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "LARGE", 10)
    unlock(signed_in("reviewer"), hide)
    browser = signed_in("hr")

    job = send(browser, hide, corrected, "按原始评分表更正")
    work(installation)
    page = browser.post(f"{job}/result").location
    write(browser, page)
    work(installation)

    assert theory(installation, firm)[1:] == [(2, 8500, "按原始评分表更正")]


def test_other_kinds_take_no_reason(signed_in: SignedIn, firm: Firm) -> None:
    page = text(signed_in("hr").get("/imports/new/people"))

    assert "更正已有评分的理由" not in page
