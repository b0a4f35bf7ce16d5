"""The menu: what a person may open, in the order in which the work goes."""

from dataclasses import dataclass

from flask import Flask, current_app, g, render_template, request
from markupsafe import Markup

from skilleval.db.tables import Batch
from skilleval.web import gate
from skilleval.web.language import current, marked


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the menu."""

    title: str
    endpoint: str
    #: the ways of recognition of the batches that have this page; empty: all
    routes: tuple[str, ...] = ()
    #: only for whoever owns the record that the page is about
    own: bool = False


#: heading → lines; what the policy does not allow is left out, and a heading without lines too
MENU: tuple[tuple[str, tuple[Item, ...]], ...] = (
    (
        "",
        (
            Item(marked("首页"), "home.show"),
            Item(marked("后台任务"), "jobs.index"),
        ),
    ),
    (
        marked("人员"),
        (
            Item(marked("花名册"), "people.index"),
            Item(marked("导入"), "imports.index"),
            Item(marked("队伍结构"), "workforce.index"),
            Item(marked("证据材料"), "evidence.index"),
            Item(marked("本企业一览"), "corner.show"),
        ),
    ),
    (
        marked("评价"),
        (
            Item(marked("批次"), "batches.index"),
            Item(marked("竞赛"), "contests.index"),
            Item(marked("特级与首席"), "appointments.index"),
            Item(marked("学徒工转正"), "confirmations.index"),
            Item(marked("证书"), "issued.index"),
            Item(marked("上报"), "filings.everywhere"),
        ),
    ),
    (
        marked("技能生态链"),
        (
            Item(marked("链与成员"), "chains.index"),
        ),
    ),
    (
        marked("机构"),
        (
            Item(marked("机构与备案"), "institutions.show"),
            Item(marked("职业与标准"), "standards.index"),
            Item(marked("评价规范"), "specifications.index"),
            Item(marked("岗位与等级"), "posts.index"),
            Item(marked("评价人员"), "personnel.index"),
            Item(marked("场地"), "venues.index"),
            Item(marked("规则"), "rules.index"),
        ),
    ),
    (
        marked("系统"),
        (
            Item(marked("账号"), "accounts.index"),
            Item(marked("操作日志"), "journal.index"),
        ),
    ),
)


#: the pages of a batch's workspace, in the order of the work
BATCH_TABS: tuple[Item, ...] = (
    Item(marked("概览"), "batches.show"),
    Item(marked("考生"), "candidates.index"),
    Item(marked("评审组"), "panels.index", own=True),
    Item(marked("任务书"), "batch_cards.index", routes=("assessment", "contest"), own=True),
    Item(marked("评分"), "scoring.index", own=True),
    Item(marked("直接认定档案"), "recognitions.index", routes=("direct",)),
    Item(marked("成绩"), "marks.index"),
    Item(marked("公示"), "notices.index"),
    Item(marked("证书"), "certificates.index"),
    Item(marked("上报"), "filings.index"),
)


def batch_tabs(batch: Batch) -> list[Item]:
    """The pages of a batch that whoever asks may open; a firm whose people sit in it has fewer."""
    owned = gate.who().institution_id == batch.institution_id
    fitting = [item for item in BATCH_TABS if batch.route in (item.routes or (batch.route,))]
    return [item for item in fitting if gate.may(item.endpoint) and (owned or not item.own)]


def menu() -> list[tuple[str, list[Item]]]:
    """The menu of whoever asks."""
    headings = ((heading, [item for item in items if gate.may(item.endpoint)]) for heading, items in MENU)
    return [(heading, items) for heading, items in headings if items]


def is_current(item: Item) -> bool:
    """Whether the page shown belongs to this line."""
    return _noun() == item.endpoint.partition(".")[0]


def _noun() -> str:
    """What the page shown is about; nothing of the page of what is not there."""
    if "no_page" in g:
        # It must not tell whether the address had the form of one.
        return ""
    # Every page of a batch's workspace belongs to the batches, also where the menu has a line for its noun.
    return "batches" if "batch_id" in (request.view_args or {}) else (request.endpoint or "").partition(".")[0]


def _drawn_menu() -> Markup:
    """The menu as it stands on the page, drawn once for the same roles, noun and language: it was a tenth of each page."""
    drawn: dict[tuple[object, ...], Markup] = current_app.extensions["skilleval.menus"]
    key = (gate.who().roles, _noun(), current(), request.script_root)
    if key not in drawn:
        drawn[key] = Markup(render_template("shared/menu.html", menu=menu()))  # escaped by its template
    return drawn[key]


def install(app: Flask) -> None:
    """Give the layout its menu."""
    app.extensions["skilleval.menus"] = {}
    app.jinja_env.globals.update(drawn_menu=_drawn_menu, is_current=is_current, batch_tabs=batch_tabs)
