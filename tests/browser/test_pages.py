"""The application in Chromium: accessibility, console, content policy, two browsers in one record, back and double click."""

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from pypdf import PdfReader
from sqlmodel import Session, col, select
from werkzeug.exceptions import HTTPException

from skilleval.db.tables import Account, AccountEvent
from tests.accounts import PASSWORD
from tests.browser.conftest import Enter, Live

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

#: axe's words for what keeps people out
BARRIERS = ("serious", "critical")


def barriers(page: "Page") -> list[str]:
    """What axe finds on the page that keeps somebody from using it."""
    from axe_playwright_python.sync_playwright import Axe

    # Only what is wrong is told in full: describing what is right takes longer than finding it.
    found: list[dict[str, Any]] = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in BARRIERS
    ]


def every_page(live: Live, page: "Page", begin: str) -> list[str]:
    """Open each kind of page once, following the links, and tell the faults."""
    queue, done, faults = [begin], set(), []
    while queue:
        path = queue.pop(0)
        endpoint = _endpoint(live, path)
        if endpoint is None or endpoint in done:
            continue
        done.add(endpoint)
        answer = page.goto(live.base + path)
        assert answer is not None
        if "html" not in answer.headers.get("content-type", ""):
            continue
        faults += [f"{endpoint}: {one}" for one in barriers(page)]
        links = page.eval_on_selector_all("a[href^='/']", "all => all.map(one => one.getAttribute('href'))")
        # What is saved as a file is no page.
        queue += [link.partition("#")[0] for link in links if "format=" not in link]
    assert done
    return faults


def _endpoint(live: Live, path: str) -> str | None:
    try:
        endpoint, _rows = live.app.url_map.bind("localhost").match(urlsplit(path).path, "GET")
    except HTTPException:
        return None
    rule = next(iter(live.app.url_map.iter_rules(endpoint)))
    is_file = rule.rule.endswith((".xlsx", ".pdf", ".toml", "/sheet", "/file", "/room")) or "template" in rule.rule
    return None if is_file or endpoint == "static" else str(endpoint)


@pytest.mark.parametrize(("login", "begin"), [("staff", "/"), ("boss", "/accounts"), (None, "/sign-in"), (None, "/check")])
def test_no_page_keeps_anybody_out_or_complains(live: Live, enter: Enter, login: str | None, begin: str) -> None:
    live.said.clear()

    assert every_page(live, enter(login), begin) == []
    assert live.said == []


def test_what_would_keep_somebody_out_is_found(live: Live, enter: Enter) -> None:
    page = enter(None)
    page.goto(f"{live.base}/sign-in")
    assert barriers(page) == []

    page.evaluate("for (const one of document.querySelectorAll('label')) one.remove()")

    assert [one for one in barriers(page) if one.startswith("label (critical)")]


def test_a_page_prints_with_its_head_on_every_sheet_and_nothing_to_press(live: Live, enter: Enter) -> None:
    page = enter("staff")
    page.goto(f"{live.base}/people?all=1")
    name = page.locator("td.link a").first.inner_text()

    sheets = [one.extract_text() for one in PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages]

    assert len(sheets) > 1 and name in sheets[0]
    firm, who = page.locator(".where").inner_text().strip(), page.locator(".me a").inner_text()
    for number, text in enumerate(sheets, start=1):
        assert firm in text and f"打印人：{who}" in text and f"{number} / {len(sheets)}" in text
        # The titles of the columns stand above each sheet's rows; the menu and the buttons stand nowhere.
        assert "工号 部门 岗位" in text
        assert not [word for word in ("操作日志", "退出", "导出所见", "查找", "下一页", "http") if word in text]


def test_one_signs_in_and_is_shown_where_one_is_by_the_keyboard_alone(live: Live, enter: Enter) -> None:
    page = enter()
    page.goto(f"{live.base}/people")
    page.keyboard.type("staff")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live.base}/people**")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")

    # The first stop leads past the menu.
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#content"


def test_a_reason_that_a_session_ended_under_stands_there_again_after_signing_in(live: Live, enter: Enter) -> None:
    with live.installation.database.reading() as session:
        public_id = session.exec(select(Account.public_id).where(col(Account.login) == "staff")).one()
    page = enter("boss")
    page.goto(f"{live.base}/accounts/{public_id}")
    form = page.locator(f"form[action='/accounts/{public_id}/disable']")
    page.locator("details.act", has=form).locator("summary").click()
    form.locator("textarea").fill("离职")
    page.context.clear_cookies()
    form.locator("button").click()
    page.get_by_label("登录名").fill("boss")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live.base}/accounts/{public_id}?restored=1")

    assert form.locator("textarea").input_value() == "离职"
    # The act stands open, and the page says what it put back.
    assert form.is_visible() and page.locator("[data-restored]").is_visible()
    page.reload()
    assert form.locator("textarea").input_value() == ""


@pytest.mark.parametrize("width", [1366, 820])
def test_what_an_act_asks_opens_within_the_window(live: Live, enter: Enter, width: int) -> None:
    page = enter("staff")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live.base}/certificates?state=issued")
    page.locator("td.link a").first.click()
    acts = page.locator("main details.act")
    places = []
    for number in range(acts.count()):
        acts.nth(number).locator("summary").click()
        box = acts.nth(number).locator("form").bounding_box()
        assert box is not None
        places.append((box["x"] >= 0, box["x"] + box["width"] <= width))

    assert len(places) >= 4 and set(places) == {(True, True)}


def test_two_browsers_in_one_record_do_it_once(live: Live, enter: Enter) -> None:
    with live.installation.database.reading() as session:
        public_id = session.exec(select(Account.public_id).where(col(Account.login) == "staff")).one()
    first, second = enter("boss"), enter("boss")
    for page in (first, second):
        page.goto(f"{live.base}/accounts/{public_id}")
    told = []
    for page in (first, second):
        form = page.locator(f"form[action='/accounts/{public_id}/disable']")
        page.locator("details.act", has=form).locator("summary").click()
        form.locator("textarea").fill("离职")
        form.locator("button").click()
        page.wait_for_load_state()
        told.append(page.inner_text("main"))

    assert "账号已停用" in told[0]
    assert "已经停用" in told[1]
    with live.installation.database.reading() as session:
        assert _disabled(session) == 1


def _disabled(session: Session) -> int:
    query = sa.select(sa.func.count()).select_from(AccountEvent).where(col(AccountEvent.action) == "accounts.disable")
    return int(session.execute(query).scalar_one())
