"""People at their browsers: one browser session a person on one served application, whose day can be moved."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

#: milliseconds until what was expected counts as missing
PATIENCE = 30_000


@dataclass
class Site:
    """The application as it is served: its address, and the day that it takes for today."""

    app: Flask
    address: str

    def move_to(self, day: date) -> None:
        """Let the application take ``day`` for today from now on."""
        self.app.extensions["skilleval"] = replace(self.app.extensions["skilleval"], fixed_today=day)


@dataclass
class Desk:
    """One person at their own browser."""

    page: "Page"
    site: Site
    #: keeps what a page's console and answers complain of
    watch: "Callable[[Page], None]"

    def open(self, path: str) -> None:
        """Open a page by its address."""
        self.page.goto(self.site.address + path)

    def follow(self, name: str, within: str = "body") -> None:
        """Click a link by its name."""
        self.page.locator(within).get_by_role("link", name=name, exact=True).first.click()

    def press(self, name: str) -> None:
        """Press a button of the page's content by its name."""
        self.page.locator("main").get_by_role("button", name=name, exact=True).click()

    def act(self, name: str, reason: str = "") -> None:
        """Open an act by its name, give the reason where one is asked, and confirm."""
        act = self.page.locator("details.act", has=self.page.locator("summary", has_text=name)).first
        act.locator("summary").click()
        if reason:
            act.locator("textarea").fill(reason)
        act.locator("button").click()

    def act_twice(self, name: str) -> None:
        """Open an act by its name and click its button twice, as impatient people do."""
        act = self.page.locator("details.act", has=self.page.locator("summary", has_text=name)).first
        act.locator("summary").click()
        act.locator("button").dblclick()

    def type(self, text: str) -> None:
        """Type where the cursor stands."""
        self.page.keyboard.type(text)

    def second_window(self) -> "Desk":
        """Another window of the same browser on the same page."""
        page = self.page.context.new_page()
        self.watch(page)
        page.goto(self.page.url)
        return replace(self, page=page)

    def fill(self, label: str, text: str) -> None:
        """Fill in a field by its label."""
        self.page.get_by_label(label).first.fill(text)

    def sees(self, *texts: str) -> None:
        """Wait until the page shows these texts."""
        for text in texts:
            self.page.locator("body", has_text=text).wait_for(timeout=PATIENCE)

    def picture(self, name: str) -> None:
        """Photograph the page into the folder that SKILLEVAL_PICTURES names; without it nothing."""
        if folder := os.environ.get("SKILLEVAL_PICTURES"):
            self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@dataclass
class Office:
    """All who sit at a browser, and what their browsers complained of."""

    browser: "Browser"
    site: Site
    complaints: list[str] = field(default_factory=list)
    contexts: "list[BrowserContext]" = field(default_factory=list)

    def desk(self, who: str) -> Desk:
        """Somebody sits down at a browser of their own, in which nobody has signed in."""
        context = self.browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        page = context.new_page()
        desk = Desk(page, self.site, lambda one: self._watch(who, one))
        desk.watch(page)
        return desk

    def _watch(self, who: str, page: "Page") -> None:
        page.on("console", lambda message: self._said(who, message))
        page.on("pageerror", lambda error: self.complaints.append(f"{who} {page.url}: {error}"))
        page.on("response", lambda answer: self._answered(who, answer.status, answer.url))

    def _said(self, who: str, message: "ConsoleMessage") -> None:
        # That an answer was not 2xx is told by ``_answered``; the console only repeats it.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(f"{who}: {message.text}")

    def _answered(self, who: str, status: int, address: str) -> None:
        if status >= 500 or status in (400, 403, 404, 405):
            self.complaints.append(f"{who}: {status} {address}")
