"""``make screenshots``: photographs of every page that the menu and the tabs of batches reach, of the demo's data.

    python -m tests.harness.screenshots [--demo FOLDER] [--out FOLDER] [--docs FOLDER]

Each role of ``PEOPLE`` signs in and opens its pages on a screen and on a tablet; a page that looks to somebody as it did to
another is kept once. A page that answers with an error, and whatever the browser's console complains of, is printed, and the
run ends with exit code 1. The four pictures of the README are written to ``--docs``. Accounts are made in a copy of the
installation: the demo stays as it was.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import waitress
from click.testing import CliRunner
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlmodel import col, select

from skilleval.cli import main as command_line
from skilleval.db.tables import Assignment, Batch, Personnel
from skilleval.demo.story import TODAY
from skilleval.installation import Installation
from skilleval.services import account_roles, accounts
from skilleval.services.journal import Actor
from skilleval.web.application import create_app

LEAD, MOULDS, CONTROLS, MEMBER = "91440999MA0000015E", "91440999MA00001620", "91440999MA0000170T", "91440999MA0000178K"
#: login name → credit code of the firm, role
PEOPLE: dict[str, tuple[str | None, str]] = {
    "hr": (LEAD, "hr"),
    "reviewer": (LEAD, "reviewer"),
    "approver": (LEAD, "approver"),
    "issuer": (LEAD, "issuer"),
    "supervisor": (LEAD, "supervisor"),
    "auditor": (LEAD, "auditor"),
    "assessor": (CONTROLS, "assessor"),
    "controls-hr": (CONTROLS, "hr"),
    "controls-reviewer": (CONTROLS, "reviewer"),
    "moulds-approver": (MOULDS, "approver"),
    "member-hr": (MEMBER, "member_hr"),
    "administrator": (None, "administrator"),
}
#: before these names: the demo has accounts of its own
PREFIX = "pictures-"
#: the batch that is being marked: an assessor of its skill part is one of ``PEOPLE``
MARKED = "2026-SK-01"
#: batches whose tabs are opened: closed, enrolling, by direct recognition, being marked, in public notice
BATCHES = ("2026-DG-01", "2026-JQ-01", "2026-MJ-01", MARKED, "2026-ZJ-01")
SIZES = {"screen": (1366, 768), "tablet": (820, 1180)}
#: a list shows as much of its rows as a reader wants to see of it
TALLEST = 2400
PASSWORD = "Demo-pass-2026"  # of accounts in a copy that is deleted at the end
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_WITHOUT_NETWORK = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]


@dataclass
class Album:
    """Where the pictures go, which pages are in it, and what was wrong with them."""

    folder: Path
    seen: set[tuple[str, str]] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def keep(self, page: Page, name: str, size: str) -> None:
        """Photograph the page that is open, unless it is in the album as it is."""
        key = (size, page.locator("main").inner_text())
        if key not in self.seen:
            self.seen.add(key)
            photograph(page, self.folder / f"{name}-{size}.png")

    def complain(self, text: str) -> None:
        print(text, file=sys.stderr)
        self.faults.append(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, help="what `skilleval demo` has written; without it the demo is run")
    parser.add_argument("--out", type=Path, default=Path("screenshots"), help="folder of the pictures of all pages")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder of the README's four pictures")
    parser.add_argument("--only-docs", action="store_true", help="nothing but the README's pictures")
    parser.add_argument("--people", nargs="*", default=list(PEOPLE), choices=list(PEOPLE), help="whose pages")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        instance = shutil.copytree((asked.demo or _run_demo(Path(spare))) / "instance", Path(spare) / "photographed")
        make_accounts(instance)
        with served(instance) as base, browser() as chromium:
            album = Album(asked.out)
            take_docs(chromium, base, asked.docs)
            for login in [] if asked.only_docs else asked.people:
                take_all(chromium, base, login, album)
    print(f"{len(album.seen)} pictures in {asked.out}, four in {asked.docs}, {len(album.faults)} faults")
    sys.exit(1 if album.faults else 0)


def _run_demo(spare: Path) -> Path:
    found = CliRunner().invoke(command_line, ["demo", "--out", str(spare / "demo")])
    if found.exit_code:
        raise SystemExit(f"the demo did not run through: {found.output}")
    return spare / "demo"


def make_accounts(instance: Path) -> None:
    """One account for each of ``PEOPLE``; the assessor's is that of somebody who marks ``MARKED``."""
    installation, operator, now = Installation(instance), Actor("管理者", "hr"), datetime.now(UTC)
    with installation.database.writing() as session:
        for login, (firm, role) in PEOPLE.items():
            account, once = accounts.add_account(
                session, operator, login=PREFIX + login, name=f"演示{role}", roles=[(firm, role)], now=now
            )
            account.name = account_roles.ROLES[role].name_zh
            accounts.change_password(session, account, once, PASSWORD, now=now)
            if role == "assessor" and firm:
                marks = select(Personnel.id).join(Assignment, col(Assignment.personnel_id) == Personnel.id)
                of_batch = marks.join(Batch, col(Batch.id) == Assignment.batch_id).where(Batch.number == MARKED)
                theirs = of_batch.where(Assignment.method == "skill").order_by(col(Personnel.id))
                account_roles.link_personnel(session, operator, account, firm, session.exec(theirs).first(), now=now)
        session.commit()
    installation.database.close()


@contextmanager
def served(instance: Path) -> Iterator[str]:
    """The application on a free port of this machine, on the demo's last day; its address."""
    installation = Installation(instance)
    server = waitress.create_server(create_app(installation, today=TODAY), host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        installation.database.close()


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium as the machine has it."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        raise SystemExit("no Chromium here: install the package chromium")
    with sync_playwright() as playwright:
        chinese: dict[str, str | float | bool] = {**os.environ, "LANGUAGE": "zh_CN"}  # the words of its own date and file fields
        found = playwright.chromium.launch(executable_path=program, args=_WITHOUT_NETWORK, env=chinese)
        try:
            yield found
        finally:
            found.close()


def sign_in(chromium: Browser, base: str, login: str, size: str) -> Page:
    """A page of a fresh browser of this size, in which this person has signed in."""
    width, height = SIZES[size]
    page = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN").new_page()
    page.goto(f"{base}/sign-in")
    page.fill("#login", PREFIX + login)
    page.fill("#password", PASSWORD)
    page.click("main button.primary")
    page.wait_for_selector(".menu")
    return page


def take_all(chromium: Browser, base: str, login: str, album: Album) -> None:
    """Every page that the menu, the tabs of ``BATCHES``, and the first record of each list lead this person to."""
    page = sign_in(chromium, base, login, "screen")
    page.on("console", lambda said: said.type in ("error", "warning") and album.complain(f"{login} {page.url}: {said.text}"))
    tablet = sign_in(chromium, base, login, "tablet")
    for name, address in _pages(page, base):
        answer = page.goto(base + address)
        if answer is None or answer.status >= 400:
            album.complain(f"{login} {address}: {answer.status if answer else 'no answer'}")
            continue
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            album.complain(f"{login} {address}: wider than the screen")
        album.keep(page, f"{login}-{name}", "screen")
        tablet.goto(base + address)
        if tablet.evaluate("document.documentElement.scrollWidth > innerWidth"):
            album.complain(f"{login} {address}: wider than the tablet")
        album.keep(tablet, f"{login}-{name}", "tablet")
    page.context.close()
    tablet.context.close()


def _pages(page: Page, base: str) -> list[tuple[str, str]]:
    """Name and address of the pages that whoever has signed in reaches, each once."""
    found: dict[str, str] = {}
    for number, (_text, address) in enumerate(_links(page, ".menu a")):
        page.goto(base + address)
        name = f"{number:02}{address.replace('/', '-')}" if address != "/" else "00-home"
        found.setdefault(address, name)
        records = [one for one in _links(page, "main tbody a") if one[1].startswith("/")][:1]
        acts = [one for one in _links(page, "main .head .acts a.button") if "workbook" not in one[1]]
        for at, (_word, inner) in enumerate(records + acts):
            found.setdefault(inner, f"{name}-{'record' if at < len(records) else 'act'}{at}")
        if address.endswith("/batches"):
            rows = [link for text, link in _links(page, "main tbody a") if text in BATCHES]
            for row, link in enumerate(rows):
                found |= {tab: f"{name}-{row}-{n}" for n, tab in enumerate(_tabs(page, base + link)) if tab not in found}
    return [(name, address) for address, name in found.items()]


def _tabs(page: Page, address: str) -> list[str]:
    page.goto(address)
    tabs = [link for _text, link in _links(page, ".tabs a")]
    records: list[str] = []
    for tab in tabs:
        page.goto(address.partition("/batches")[0] + tab)
        records += [link for _text, link in _links(page, "main tbody a")[:1] if link.startswith("/")]
        records += [link for _text, link in _links(page, "main .head .acts a.button")]
    return list(dict.fromkeys([*tabs, *records]))


def _links(page: Page, where: str) -> list[tuple[str, str]]:
    script = "all => all.map(a => [a.innerText.trim(), a.getAttribute('href')])"
    return [(text, address.partition("#")[0]) for text, address in page.locator(where).evaluate_all(script)]


def photograph(page: Page, target: Path) -> None:
    """The whole page as it stands, but no more of a long one than ``TALLEST``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size or {"width": 1366, "height": 768}
    height = min(max(page.evaluate("document.documentElement.scrollHeight"), size["height"]), TALLEST)
    # A window of that height, not a picture of more than the window: what sticks to its edge stays there.
    page.set_viewport_size({"width": size["width"], "height": height})
    page.screenshot(path=target)
    page.set_viewport_size(size)


def small(page: Page, target: Path) -> None:
    """What the window shows, in as few colours as pages without photographs need: a README is read over the network."""
    page.screenshot(path=target)
    Image.open(target).convert("RGB").quantize(128).save(target, optimize=True)


def take_docs(chromium: Browser, base: str, folder: Path) -> None:
    """The README's four: home, a batch with its checklist, scoring on a tablet, and the posts on the ladder."""
    folder.mkdir(parents=True, exist_ok=True)
    page = sign_in(chromium, base, "hr", "screen")
    small(page, folder / "home.png")
    page.goto(f"{base}/batches")
    page.get_by_role("link", name="2026-JQ-01").click()
    page.wait_for_selector(".checklist")
    small(page, folder / "batch.png")
    page.goto(f"{base}/posts")
    small(page, folder / "ladder.png")
    page.context.close()
    tablet = sign_in(chromium, base, "assessor", "tablet")
    tablet.goto(f"{base}/batches")
    tablet.get_by_role("link", name=MARKED).click()
    tablet.locator(".tabs a", has_text="评分").click()
    tablet.locator("main a.primary[href*='/scoring/']").first.click()
    tablet.wait_for_load_state()
    small(tablet, folder / "scoring.png")
    tablet.context.close()


if __name__ == "__main__":
    main()
