"""Assessment items in the browser: the register, the coverage matrix, a form that is checked as a file is, the task card."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlmodel import col, select

from skilleval.db.tables import Item, JournalEntry, TaskCard
from skilleval.installation import Installation
from skilleval.services import journal
from skilleval.services.item_sheets import COLUMNS, SHEET, TEMPLATE_ID
from skilleval.services.verification import verify_all
from skilleval.sheets.writing import FormSheet, write_form
from tests.chained import MEMBERS
from tests.factories import ACTOR, Firm, make_firm
from tests.reports.reading import text_of
from tests.web.conftest import SignedIn
from tests.web.counted import MOST, statements

Hide = Callable[[str, int], str]
CARD: dict[str, object] = {
    "minutes": "90", "stations": "2", "place": "一号实训车间", "steps": "识图\n接线\n\n试车", "safety": "断电",
    "equipment-0-name": "电工实训台", "equipment-0-count": "1", "materials-0-name": "导线", "materials-0-amount": "20 m",
}  # fmt: skip


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm whose specification names a standard, and a firm besides."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        firm.specification.standard = "6-31-01-03@2018"
        journal.record(session, ACTOR, firm.id, "institution.change", objects=[firm.specification])
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    return firm


@pytest.fixture
def register(app: Flask, firm: Firm, hide: Hide) -> str:
    return f"/specifications/{hide('specification', firm.specification.id or 0)}/items"


def entry(firm: Firm, hide: Hide, **own: object) -> dict[str, object]:
    """The form of one item."""
    return {
        "code": "SK-301", "title": "电动机正反转控制", "part": hide("part", firm.part("senior", "skill").id or 0), "points": "15",
        "function": "继电控制电路装调维修", "state": "in_use", "author": "K1", "reviewer": "K2", **own,
    }  # fmt: skip


def items(installation: Installation) -> list[tuple[str, str, int]]:
    with installation.database.reading() as session:
        return [(one.code, one.state, one.points) for one in session.exec(select(Item).order_by(col(Item.code)))]


def test_an_item_is_registered_listed_and_covers_its_requirement(
    signed_in: SignedIn, installation: Installation, firm: Firm, register: str, hide: Hide
) -> None:
    browser = signed_in("hr")
    matrix = register.replace("/items", "/coverage")
    before = browser.get(matrix).get_data(as_text=True)

    answer = browser.post(f"{register}/new", entry(firm, hide))
    with statements() as seen:
        listed = browser.get(register).get_data(as_text=True)
    with statements() as counted:
        after = browser.get(matrix).get_data(as_text=True)

    assert answer.status_code == 303
    assert "继电控制电路装调维修" in listed and "考评员甲 / 考评员乙" in listed
    assert "没有项目，计划" in before and "1 项 15 分" not in before
    assert "1 项 15 分" in after and 'class="gap"' in after and "实际 100.0%" in after
    assert browser.get(f"{matrix}?format=xlsx").get_data().startswith(b"PK")
    assert items(installation) == [("SK-301", "in_use", 1500)]
    assert max(len(seen), len(counted)) <= MOST
    with installation.database.reading() as session:
        assert verify_all(session) == []
        assert [json.loads(one.body)["action"] for one in session.exec(select(JournalEntry))][-1] == "items.add"


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"reviewer": "K1"}, "审核人不能是命题人本人"),
        ({"reviewer": ""}, "启用须经命题人以外的人审核"),
        ({"function": "没有的功能"}, "没有这一职业功能"),
        ({"points": "100.01"}, "且不超过该部分满分 100"),
        ({"points": "十"}, "应为数"),
        ({"code": "带 空格"}, "编号由字母、数字"),
    ],
)
def test_what_a_file_of_items_is_refused_for_is_said_at_the_field(
    signed_in: SignedIn, installation: Installation, firm: Firm, register: str, hide: Hide, own: dict[str, object], told: str
) -> None:
    answer = signed_in("hr").post(f"{register}/new", entry(firm, hide, **own))

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and told in page and 'aria-invalid="true"' in page
    assert items(installation) == []


def test_a_code_in_use_is_refused_and_what_has_it_stays(
    signed_in: SignedIn, installation: Installation, firm: Firm, register: str, hide: Hide
) -> None:
    browser = signed_in("hr")
    browser.post(f"{register}/new", entry(firm, hide, state="draft"))

    again = browser.post(f"{register}/new", entry(firm, hide, state="draft", points="20"))

    assert again.status_code == 422 and "已有编号 SK-301" in again.get_data(as_text=True)
    assert items(installation) == [("SK-301", "draft", 1500)]


def test_a_draft_is_changed_and_put_in_use_and_then_only_retired(
    signed_in: SignedIn, installation: Installation, firm: Firm, register: str, hide: Hide
) -> None:
    browser = signed_in("hr")
    page = browser.post(f"{register}/new", entry(firm, hide, state="draft", reviewer="")).location

    changed = browser.post(f"{page}/edit", entry(firm, hide, points="20"))
    late = browser.post(f"{page}/edit", entry(firm, hide, points="25"))
    without, retired = (browser.post(f"{page}/retire", {"reason": reason}) for reason in ("", "设备淘汰"))

    assert [one.status_code for one in (changed, late, without, retired)] == [303, 422, 422, 303]
    assert "内容不能改动" in late.get_data(as_text=True)
    assert items(installation) == [("SK-301", "retired", 2000)]
    assert "停用：设备淘汰" in browser.get(page).get_data(as_text=True)


def test_the_task_card_is_recorded_begun_from_the_last_and_printed(
    signed_in: SignedIn, installation: Installation, firm: Firm, register: str, hide: Hide, tmp_path: Path
) -> None:
    browser = signed_in("hr")
    page = browser.post(f"{register}/new", entry(firm, hide)).location

    none = browser.get(f"{page}/card/print.pdf")
    first = browser.post(f"{page}/card", CARD)
    same = browser.post(f"{page}/card", CARD)
    second = browser.post(f"{page}/card", {**CARD, "minutes": "60"})
    shown = signed_in("assessor").get(page).get_data(as_text=True)
    printed = browser.get(f"{page}/card/print.pdf")
    (tmp_path / "card.pdf").write_bytes(printed.get_data())
    text = text_of(tmp_path / "card.pdf")

    assert none.status_code == 422
    assert [one.status_code for one in (first, same, second)] == [303] * 3
    assert "电工实训台" in shown and "60 分钟" in shown and "改任务书" not in shown
    assert "操作技能考核任务书" in text and "60 分钟" in text and "试车" in text
    assert 'value="电工实训台"' in browser.get(f"{page}/card").get_data(as_text=True)
    with installation.database.reading() as session:
        assert [(one.revision, one.minutes, one.steps) for one in session.exec(select(TaskCard))] == [
            (1, 90, ["识图", "接线", "试车"]), (2, 60, ["识图", "接线", "试车"]),
        ]  # fmt: skip


def test_more_rows_keep_what_was_typed_and_save_nothing(
    signed_in: SignedIn, installation: Installation, firm: Firm, register: str, hide: Hide
) -> None:
    browser = signed_in("hr")
    page = browser.post(f"{register}/new", entry(firm, hide)).location

    more = browser.post(f"{page}/card", {**CARD, "more": "equipment"})
    refused = browser.post(f"{page}/card", {**CARD, "equipment-0-count": ""})

    assert more.status_code == 200 and 'value="电工实训台"' in more.get_data(as_text=True)
    assert 'name="equipment-3-name"' in more.get_data(as_text=True)
    assert refused.status_code == 422 and "缺少 count" in refused.get_data(as_text=True)
    with installation.database.reading() as session:
        assert session.exec(select(TaskCard)).all() == []


def test_the_workbook_of_items_comes_in_by_the_wizard(
    signed_in: SignedIn, installation: Installation, firm: Firm, tmp_path: Path
) -> None:
    browser = signed_in("hr")
    row = {
        "code": "SK-9", "specification": "DG", "version": 1, "grade": "senior", "method": "skill", "title": "装调",
        "function": "继电控制电路装调维修", "points": 1500, "state": "draft", "author": "K1",
    }  # fmt: skip
    file = write_form(tmp_path / "items.xlsx", [FormSheet(SHEET, COLUMNS, [row], example=False)], TEMPLATE_ID, [])

    page = browser.post("/imports/new/items", {"file": (io.BytesIO(file.read_bytes()), "items.xlsx")}).location
    preview = browser.get(f"{page}?show=new").get_data(as_text=True)
    seen = preview.split('name="seen" value="')[1].split('"')[0]
    written = browser.post(f"{page}/write", {"seen": seen})

    assert "SK-9" in preview and "装调" in preview
    assert written.status_code == 303 and items(installation) == [("SK-9", "draft", 1500)]
    assert browser.get("/imports/template/items").get_data().startswith(b"PK")


def test_another_firms_items_are_not_there(signed_in: SignedIn, firm: Firm, register: str, hide: Hide) -> None:
    page = signed_in("hr").post(f"{register}/new", entry(firm, hide)).location
    stranger = signed_in("hr", at=MEMBERS[0])

    answers = [stranger.get(one) for one in (register, f"{register}/new", page, f"{page}/edit", f"{page}/card", f"{page}/card/print.pdf")]
    acts = [stranger.post(f"{page}/retire", {"reason": "不是我的"}), stranger.post(f"{page}/card", CARD)]

    assert [one.status_code for one in (*answers, *acts)] == [404] * 8
    assert [signed_in(role).post(f"{page}/retire", {"reason": "x"}).status_code for role in ("assessor", "supervisor")] == [403] * 2
