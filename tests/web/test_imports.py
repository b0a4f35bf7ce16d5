"""The import wizard: what is uploaded, found wrong, put right, written once, and by whom."""

import io
import json
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlmodel import col, select
from werkzeug.test import TestResponse

from skilleval.db.tables import (
    Account,
    Batch,
    BatchDuty,
    Candidate,
    ImportReceipt,
    JournalEntry,
    Mark,
    Person,
    StagedImport,
)
from skilleval.installation import Installation
from skilleval.services import journal
from skilleval.services.roster import INSTRUCTIONS, ROSTER, TEMPLATE_ID
from skilleval.sheets.writing import FormSheet, write_form
from skilleval.web import gate
from skilleval.worker import loop
from tests.certified import make_certified_batch
from tests.chained import MEMBERS
from tests.factories import ACTOR, Firm, id_number, make_batch, make_candidate, make_firm, make_person
from tests.web.conftest import Browser, SignedIn

HEADINGS = "工号,姓名,证件号码,部门\n"
GOOD = f"E1,甲一,{id_number(1)},一车间\nE2,乙二,{id_number(2)},二车间\n"
WRONG = f"E1,甲一,{id_number(1)},一车间\nE2,,{id_number(2)},二车间\nE3,丙三,440999199001010011,一车间\n"


@pytest.fixture
def firm(installation: Installation) -> Firm:
    with installation.database.writing() as session:
        made = make_firm(session)
        session.commit()
    return made


def upload(browser: Browser, content: str | bytes, name: str = "花名册.csv", kind: str = "people") -> TestResponse:
    """Send a file to the wizard."""
    content = content.encode() if isinstance(content, str) else content
    return browser.post(f"/imports/new/{kind}", {"file": (io.BytesIO(content), name)})


def check_id(browser: Browser, page: str) -> str:
    """The id of the check that the page shows, as its forms carry it."""
    found = re.search(r'name="seen" value="([0-9a-f]+)"', browser.get(page).get_data(as_text=True))
    return found[1] if found else ""


def write(browser: Browser, page: str, **more: object) -> TestResponse:
    """Press the button that writes."""
    return browser.post(f"{page}/write", {"seen": check_id(browser, page), **more})


def names(installation: Installation) -> list[str]:
    """Who stands in the roster."""
    with installation.database.reading() as session:
        return list(session.exec(select(Person.name).order_by(col(Person.id))))


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def test_a_good_file_is_checked_shown_written_and_receipted(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")

    page = upload(browser, HEADINGS + GOOD).location
    assert names(installation) == []
    preview = text(browser.get(f"{page}?show=new"))
    written = write(browser, page)
    receipt = text(browser.get(page))

    assert "甲一" in preview and "一车间" in preview and id_number(1) not in preview
    assert (written.status_code, written.location) == (303, page)
    assert names(installation) == ["甲一", "乙二"]
    assert "导入回执" in receipt and "全部写入" in receipt and "person1" in receipt
    assert list((installation.folder / "uploads").iterdir()) == []


def test_what_waits_lies_sealed_on_disk(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    upload(signed_in("hr"), HEADINGS + GOOD)

    [kept] = (installation.folder / "uploads").iterdir()

    assert id_number(1).encode() not in kept.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0


def test_wrong_cells_are_shown_where_they_are_and_put_right_on_the_page(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + WRONG).location
    shown = text(browser.get(page))
    seen = check_id(browser, page)

    # By row and then column: the blank name of row 3, the wrong number of row 4.
    right = {"seen": seen, "place": ["0", "1"], "value-0": "乙二", "value-1": id_number(3)}
    answer = browser.post(f"{page}/correct", right)
    after = text(browser.get(page))
    write(browser, page)

    assert "B3" in shown and "C4" in shown and "校验" in shown and "440999199001010011" not in shown
    assert answer.status_code == 303 and "没有错误" in after
    assert names(installation) == ["甲一", "乙二", "丙三"]
    with installation.database.reading() as session:
        kept = session.exec(select(StagedImport)).one()
    assert (kept.corrected, kept.corrections_sealed, kept.state) == (2, None, "written")


def test_a_cell_can_be_emptied(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("hr")
    page = upload(browser, f"姓名,证件号码,性别\n甲一,{id_number(1)},女\n").location

    browser.post(f"{page}/correct", {"seen": check_id(browser, page), "place": ["0"], "value-0": "", "clear-0": "yes"})
    write(browser, page)

    assert names(installation) == ["甲一"]


def test_wrong_rows_hold_everything_back_unless_the_good_ones_are_chosen(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + WRONG).location

    refused = write(browser, page)
    before = names(installation)
    chosen = write(browser, page, rows="good")

    assert refused.status_code == 422 and "还有 2 行错误，没有写入" in text(refused)
    assert before == []
    assert chosen.status_code == 303 and names(installation) == ["甲一"]
    receipt = text(browser.get(page))
    assert "只写入正确的行" in receipt and "没有写入的行" in receipt
    assert "第 3 行：姓名" in receipt and "第 4 行：证件号码" in receipt and "第 2 行：" not in receipt


def test_pressing_twice_writes_once(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location
    seen = check_id(browser, page)

    answers = [browser.post(f"{page}/write", {"seen": seen}) for _press in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert "没有再次写入" in text(browser.get(page))
    with installation.database.reading() as session:
        assert len(session.exec(select(ImportReceipt)).all()) == 1
    assert names(installation) == ["甲一", "乙二"]


def test_of_two_browsers_one_writes_and_the_other_is_told(
    firm: Firm, signed_in: SignedIn, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = signed_in("hr"), signed_in("hr")
    page = upload(first, HEADINGS + GOOD).location
    seen = check_id(second, page)
    # The second has read the row as open before the first writes: the gate's own moment of a race.
    from skilleval.web import imports as face

    read = face.parsed
    raced: list[TestResponse] = []

    def parsed_late(file: object) -> object:
        monkeypatch.setattr(face, "parsed", read)
        raced.append(first.post(f"{page}/write", {"seen": seen}))
        return read(file)  # type: ignore[arg-type] # handed through

    monkeypatch.setattr(face, "parsed", parsed_late)
    late = second.post(f"{page}/write", {"seen": seen})

    assert raced[0].status_code == 303 and late.status_code == 303
    assert "该文件已由姓名person1写入，没有再次写入" in text(second.get(page))
    assert names(installation) == ["甲一", "乙二"]


def test_what_changed_since_the_check_is_shown_before_anything_is_written(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location
    seen = check_id(browser, page)
    with installation.database.writing() as session:
        make_person(session, installation.vault, firm, "甲一", serial=1, employee_no="E1", department="一车间")
        session.commit()

    browser.post(f"{page}/write", {"seen": seen})
    told = text(browser.get(page))
    write(browser, page)

    assert "检查之后数据有了变动，没有写入" in told
    assert names(installation) == ["甲一", "乙二"]


def test_the_same_file_again_says_so(firm: Firm, signed_in: SignedIn) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location

    waiting = upload(browser, HEADINGS + GOOD).location
    told = text(browser.get(waiting))
    write(browser, page)
    again = text(browser.get(upload(browser, HEADINGS + GOOD).location))

    assert waiting == page and "已经上传过，还没有写入" in told
    assert "同一文件已于" in again and "与已有数据完全相同" in again


def test_a_table_without_a_row_is_not_called_the_same_as_what_is_there(firm: Firm, signed_in: SignedIn) -> None:
    browser = signed_in("hr")

    page = text(browser.get(upload(browser, "工号,姓名,证件号码\n").location))

    assert "没有一行数据" in page and "完全相同" not in page


def test_changes_are_shown_old_and_new(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    with installation.database.writing() as session:
        make_person(session, installation.vault, firm, "甲一", serial=1, employee_no="E1", department="旧车间")
        session.commit()
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + f"E1,甲一,{id_number(1)},新车间\n").location

    shown = text(browser.get(f"{page}?show=changed"))

    assert re.search(r"部门：<del>旧车间</del> → <ins>新车间</ins>", shown)


def _zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "a.xlsx", "空文件"),
        (b"<html><body>hello</body></html>", "a.xlsx", "不是有效的 Excel 工作簿"),
        (b"<html><body>hello</body></html>", "a.html", "缺少表头"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "a.xlsx", "旧版 .xls 或加了密码"),
        (b"%PDF-1.7", "a.csv", "是 PDF"),
        (_zip_bomb(), "a.xlsx", "压缩炸弹"),
        ("姓名\n甲\n".encode(), "a.csv", "缺少表头“证件号码”"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason_and_not_kept(
    firm: Firm, signed_in: SignedIn, installation: Installation, content: bytes, name: str, told: str
) -> None:
    answer = upload(signed_in("hr"), content, name)

    assert answer.status_code == 422 and told in text(answer)
    assert not (installation.folder / "uploads").exists()


def test_a_file_of_fifty_megabytes_is_refused_by_its_size(firm: Firm, signed_in: SignedIn) -> None:
    browser = signed_in("hr")
    kind = "multipart/form-data; boundary=x"

    answer = browser.client.post("/imports/new/people", data=b"0" * 50_000_000, content_type=kind, buffered=True)

    assert answer.status_code == 413 and "超过 32 MB，没有读取" in text(answer)


def test_a_text_file_in_gb_18030_is_read(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("hr")
    page = upload(browser, (HEADINGS + GOOD).encode("gb18030")).location

    write(browser, page)

    assert names(installation) == ["甲一", "乙二"]


def test_the_template_is_read_back_by_the_wizard(
    firm: Firm, signed_in: SignedIn, installation: Installation, tmp_path: Path
) -> None:
    browser = signed_in("hr")
    blank = browser.get("/imports/template/people")
    row = {"employee_no": "E1", "name": "甲一", "id_number": id_number(1)}
    file = write_form(tmp_path / "a.xlsx", [FormSheet("花名册", ROSTER, [row])], TEMPLATE_ID, INSTRUCTIONS)

    page = upload(browser, file.read_bytes(), "甲.xlsx").location
    write(browser, page)

    assert blank.headers["Content-Disposition"].startswith("attachment")
    assert text(browser.get(upload(browser, blank.data, "模板.xlsx").location)).count("没有要写入的内容") == 1
    assert names(installation) == ["甲一"]


def test_a_colleague_goes_on_with_it_but_does_not_get_the_numbers(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    page = upload(signed_in("hr"), HEADINGS + WRONG).location
    colleague = signed_in("hr")

    marked = colleague.get(f"{page}/marked.xlsx")
    written = write(colleague, page, rows="good")

    assert marked.status_code == 404
    assert written.status_code == 303 and names(installation) == ["甲一"]


def test_the_marked_workbook_comes_back_with_reasons(firm: Firm, signed_in: SignedIn, tmp_path: Path) -> None:
    import openpyxl

    browser = signed_in("hr")
    page = upload(browser, HEADINGS + WRONG).location

    marked = browser.get(f"{page}/marked.xlsx")

    sheet = openpyxl.load_workbook(io.BytesIO(marked.data)).worksheets[0]
    assert [sheet.cell(row, 5).value for row in (1, 2)] == ["错误原因", None]
    assert "必填" in str(sheet.cell(3, 5).value)


def test_another_firms_file_is_not_there(firm: Firm, signed_in: SignedIn, installation: Installation) -> None:
    with installation.database.writing() as session:
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    owner, foreign = signed_in("hr"), signed_in("hr", at=MEMBERS[0])
    page = upload(owner, HEADINGS + WRONG).location
    seen = check_id(owner, page)

    answers = [
        foreign.get(page), foreign.get(f"/imports/{'0' * 32}"), foreign.get(f"{page}/marked.xlsx"),
        foreign.post(f"{page}/write", {"seen": seen, "rows": "good"}), foreign.post(f"{page}/discard", {}),
        foreign.post(f"{page}/correct", {"seen": seen, "place": ["0"], "value-0": "x"}),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [404] * 6
    assert "花名册.csv" not in text(foreign.get("/imports"))
    assert names(installation) == []


def test_a_role_that_imports_nothing_is_refused(firm: Firm, signed_in: SignedIn) -> None:
    assert signed_in("assessor").get("/imports").status_code == 403
    assert upload(signed_in("issuer"), HEADINGS + GOOD).status_code == 404


def test_giving_up_deletes_the_file_and_writes_nothing(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + GOOD).location

    answer = browser.post(f"{page}/discard", {})
    late = browser.post(f"{page}/write", {"seen": "x"})

    assert answer.location == "/imports" and late.status_code == 303
    assert names(installation) == [] and list((installation.folder / "uploads").iterdir()) == []


def test_the_page_says_until_when_a_file_waits_and_afterwards_that_it_is_gone(
    firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    page = upload(browser, HEADINGS + WRONG).location
    waiting, listed, seen = text(browser.get(page)), text(browser.get("/imports")), check_id(browser, page)
    with installation.database.writing() as session:
        staged = session.exec(select(StagedImport)).one()
        kept_to = (staged.checked_at + timedelta(days=14)).astimezone(gate.CHINA)
        staged.checked_at -= timedelta(days=14)
        session.commit()

    loop.sweep(installation)
    gone, list_after = text(browser.get(page)), text(browser.get("/imports"))
    late = browser.post(f"{page}/write", {"seen": seen})
    given_up = browser.post(f"{page}/discard")

    assert "保存到" in waiting and f"{kept_to:%Y-%m-%d %H:%M}" in waiting and "14 天没有写入也没有放弃" in listed
    assert "已过期的导入" in gone and "没有写入任何数据。仍要导入的，请重新上传" in gone and "/imports/new/people" in gone
    assert "保存到" not in gone and "丙三" not in gone and "已过期" in list_after
    assert late.status_code == 303 and given_up.status_code == 422 and "过了保存期" in text(given_up)
    assert names(installation) == [] and list((installation.folder / "uploads").iterdir()) == []
    told = text(signed_in("auditor").get("/journal"))
    assert "定期清理</td>" in told and "系统</td>" in told and "删除过期未写入的导入文件" in told and "花名册.csv" not in told


@pytest.fixture
def batches(app: Flask, firm: Firm, installation: Installation) -> dict[str, str]:
    """Batches by state, as addresses name them: one enrols 甲一, one marks 乙二, one has five certified."""
    hide = app.extensions["skilleval.ids"].hide
    with installation.database.writing() as session:
        enrolling = make_batch(session, firm, "2026-DG-02", state="enrolling")
        enrolling.enrol_until = date(2026, 6, 30)
        make_person(session, installation.vault, firm, "甲一", serial=1)
        marking = make_batch(session, firm, "2026-DG-03", state="marking")
        make_candidate(session, marking, make_person(session, installation.vault, firm, "乙二", serial=2))
        journal.record(session, ACTOR, firm.id, "batch.add", objects=[enrolling])
        session.commit()
        return {one.state: hide("batch", one.id or 0) for one in (enrolling, marking)}


def test_candidates_come_in_by_the_same_steps(
    batches: dict[str, str], signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    content = f"姓名,证件号码,申报等级\n甲一,{id_number(1)},三级/高级工\n丙三,{id_number(3)},三级/高级工\n"

    page = upload(browser, content, kind=f"candidates/{batches['enrolling']}").location
    found = text(browser.get(page))
    shown = text(browser.get(f"{page}?show=new"))
    write(browser, page, rows="good")

    assert "2026-DG-02" in found and "B3" in found
    assert "申报等级：<ins>三级/高级工</ins>" in shown
    with installation.database.reading() as session:
        [candidate] = session.exec(select(Candidate).where(col(Candidate.admission_number).is_(None))).all()
    assert (candidate.grade, candidate.state, candidate.verdict is not None) == ("senior", "applied", True)


def test_marks_come_in_by_their_own_template(
    batches: dict[str, str], signed_in: SignedIn, installation: Installation, tmp_path: Path
) -> None:
    import openpyxl

    browser = signed_in("hr")
    kind = f"marks/{batches['marking']}"
    (tmp_path / "marks.xlsx").write_bytes(browser.get(f"/imports/template/{kind}").data)
    book = openpyxl.load_workbook(tmp_path / "marks.xlsx")
    theory = book["理论知识考试"]
    theory.cell(2, 4).value = 81.5
    book.save(tmp_path / "marks.xlsx")

    page = upload(browser, (tmp_path / "marks.xlsx").read_bytes(), "成绩.xlsx", kind).location
    shown = text(browser.get(f"{page}?show=new"))
    write(browser, page)

    assert "乙二" in shown and "81.5" in shown
    with installation.database.reading() as session:
        assert [one.value for one in session.exec(select(Mark))] == [8150]


def test_who_registered_a_batch_does_not_enter_its_marks(
    batches: dict[str, str], signed_in: SignedIn, installation: Installation, firm: Firm
) -> None:
    browser = signed_in("hr")
    with installation.database.writing() as session:
        account = session.exec(select(Account)).one()
        batch = session.exec(select(Batch).where(col(Batch.number) == "2026-DG-03")).one()
        session.add(BatchDuty(institution_id=firm.id, batch_id=batch.id or 0, account_id=account.id or 0, duty="register"))
        session.commit()
        number = session.exec(select(Candidate.admission_number)).one()
    kind = f"marks/{batches['marking']}"
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(browser.get(f"/imports/template/{kind}").data))
    book["理论知识考试"].cell(2, 4).value = 81.5
    out = io.BytesIO()
    book.save(out)
    page = upload(browser, out.getvalue(), "成绩.xlsx", kind).location

    refused = write(browser, page)

    assert number and refused.status_code == 422 and "请由另一人办理" in text(refused)
    with installation.database.reading() as session:
        assert session.exec(select(Mark)).all() == []


def test_numbers_of_the_province_come_in_by_the_issuer(
    app: Flask, firm: Firm, signed_in: SignedIn, installation: Installation
) -> None:
    with installation.database.writing() as session:
        batch = make_certified_batch(session, installation.vault, firm)
        address = app.extensions["skilleval.ids"].hide("batch", batch.id or 0)
        session.commit()
    browser = signed_in("issuer")

    template = browser.get(f"/imports/template/numbers/{address}")
    standing = upload(browser, template.data, "编号.xlsx", f"numbers/{address}")

    assert template.status_code == 200
    assert "必填" in text(browser.get(standing.location)) and "证书编号" in text(browser.get("/imports"))
    assert signed_in("hr").get(f"/imports/new/numbers/{address}").status_code == 404


def test_a_workbook_with_whole_numbers_is_given_for_a_reason(
    batches: dict[str, str], signed_in: SignedIn, installation: Installation
) -> None:
    browser = signed_in("hr")
    kind = f"candidates/{batches['enrolling']}"

    refused = browser.post(f"/imports/filled/{kind}", {"reason": ""})
    given = browser.post(f"/imports/filled/{kind}", {"reason": "发车间填写"})
    roster = browser.post("/imports/filled/people", {"reason": "请各部门核对"})
    unchanged = upload(browser, roster.data, "花名册.xlsx").location

    assert refused.status_code == 422 and given.data[:2] == b"PK"
    assert "与已有数据完全相同" in text(browser.get(unchanged))
    with installation.database.reading() as session:
        reasons = [json.loads(one)["reason"] for one in session.exec(select(JournalEntry.body)) if "take_numbers" in one]
    assert reasons == ["发车间填写", "请各部门核对"]


def test_a_target_that_is_foreign_or_missing_is_not_there(
    batches: dict[str, str], signed_in: SignedIn, installation: Installation
) -> None:
    with installation.database.writing() as session:
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    foreign, own = signed_in("hr", at=MEMBERS[0]), signed_in("hr")

    answers = [
        foreign.get(f"/imports/new/candidates/{batches['enrolling']}"), own.get("/imports/new/candidates"),
        foreign.post(f"/imports/filled/candidates/{batches['enrolling']}", {"reason": "看看名单"}),
        own.get(f"/imports/new/people/{batches['enrolling']}"), own.get(f"/imports/new/contest/{batches['enrolling']}"),
        own.get("/imports/new/nothing"),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [404] * 6
