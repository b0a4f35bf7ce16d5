"""Lists: filters as chips in the address, sorting, quick search, and paging by key.

A page asks the database for its rows in one statement and for their number in another, however many rows there are:
the next page begins after the last row of this one, so the hundredth page is as quick as the first. Addresses name
rows by their hidden numbers only, never by what stands in them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlencode

import sqlalchemy as sa
from flask import Response, current_app, render_template, request, url_for
from markupsafe import Markup, escape
from sqlmodel import Session
from werkzeug.datastructures import MultiDict

from skilleval.services import saved_views
from skilleval.sheets.flat import FlatColumn, FlatSheet, write_tables
from skilleval.web import gate, show
from skilleval.web.language import _, current

PAGE = 50
#: rows in a workbook of a list; above it the list must be narrowed
MOST_EXPORTED = 200_000

#: the word of an address that asks for the whole list, whatever view it opens with
WHOLE = "all"

Row = Any
Statement = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list.

    ``value`` gives what the cell and the workbook show. ``order`` is what the list may be sorted by: an expression
    that is never null. ``kind`` is text, number, grade, state, climb or link; a state's ``word`` gives its tone, a
    climb's the grade up to which the ladder is drawn.
    """

    key: str
    title: str
    value: Callable[[Row], Any]
    order: Any = None
    kind: str = "text"
    word: Callable[[Row], str | None] | None = None
    width: int = 14


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a list: its name, the values to choose from, and the condition that a value stands for.

    One that is only ``linked`` is not offered above the list: numbers elsewhere lead to it.
    """

    key: str
    title: str
    choices: Mapping[str, str]
    where: Callable[[str], sa.ColumnElement[bool]]
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list over one statement, whose rows have a unique whole-number column ``id``.

    ``kept`` is for long lists of rows that change with an entry in the institution's journal only, and whose filters ask
    nothing but such rows and the day: their number is counted once an entry, not once a page.
    """

    name: str
    title: str
    query: Statement
    id: Any
    columns: Sequence[Column]
    kind: str
    filters: Sequence[Filter] = ()
    search: Callable[[str], sa.ColumnElement[bool]] | None = None
    search_hint: str = ""
    sort: str = ""
    descending: bool = False
    link: Callable[[Row], str] | None = None
    selectable: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter and the address of the list without it."""

    title: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A saved view as the list offers it. ``is_worn``: some of its filters stand for nothing any more and are left out."""

    name: str
    address: str
    is_default: bool
    is_current: bool
    is_worn: bool


@dataclass
class Page:
    """One page of a list, as asked for by the address."""

    listing: Listing
    session: Session
    asked: MultiDict[str, str] = field(default_factory=lambda: request.args)

    @cached_property
    def layout(self) -> saved_views.Layout:
        """How whoever asks keeps this list: the columns left out, the views saved."""
        return saved_views.layout_of(self.session, gate.who(), self.listing.name)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns shown."""
        hidden = self.layout.hidden.intersection(one.key for one in self.optional_columns)
        return [one for one in self.listing.columns if one.key not in hidden]

    @property
    def optional_columns(self) -> list[Column]:
        """The columns that may be left out: all but the one that names the row and leads to it."""
        first, *others = self.listing.columns
        leading = next((one for one in self.listing.columns if one.kind == "link"), first)
        return [one for one in (first, *others) if one is not leading]

    @cached_property
    def sorted_by(self) -> Column:
        """The column that the list is sorted by."""
        return self._sortable.get(self.asked.get("sort", "").lstrip("-")) or self._sortable[self.listing.sort]

    @cached_property
    def _sortable(self) -> dict[str, Column]:
        return {one.key: one for one in self.listing.columns if one.order is not None}

    @cached_property
    def descending(self) -> bool:
        """Whether the greatest comes first."""
        wanted = self.asked.get("sort")
        return self.listing.descending if not wanted else wanted.startswith("-")

    @cached_property
    def searched(self) -> str:
        """What was typed into the quick search."""
        return self.asked.get("q", "").strip()[:60]

    @cached_property
    def narrowed(self) -> Statement:
        """The statement with the filters and the search of the address."""
        query = self.listing.query
        for one in self.listing.filters:
            chosen = [value for value in self.asked.getlist(one.key) if value in one.choices]
            if chosen:
                query = query.where(sa.or_(*(one.where(value) for value in chosen)))
        if self.searched and self.listing.search is not None:
            query = query.where(self.listing.search(self.searched))
        return query

    @cached_property
    def total(self) -> int:
        """How many rows there are in all, over every page."""
        if not self.listing.kept:
            return self._count()
        chosen = tuple((one.key, *self.chosen(one)) for one in self.listing.filters)
        return gate.kept(self.session, (self.listing.name, gate.today(), self.searched, chosen), self._count)

    def _count(self) -> int:
        count = sa.select(sa.func.count()).select_from(
            self.narrowed.order_by(None).with_only_columns(self.listing.id).subquery()
        )
        return int(self.session.execute(count).scalar_one())

    @cached_property
    def _window(self) -> tuple[list[Row], bool, bool]:
        """The rows, whether rows precede them, and whether rows follow."""
        before, after = self._anchor("before"), self._anchor("after")
        backwards = before is not None
        order, key = self.sorted_by.order, self.listing.id
        query = self.narrowed
        anchor = before if backwards else after
        down = self.descending != backwards
        if anchor is not None:
            ours, theirs = sa.tuple_(order, key), sa.tuple_(*(sa.literal(value) for value in anchor))
            query = query.where(ours < theirs if down else ours > theirs)
        by = (order.desc(), key.desc()) if down else (order, key)
        # Asked of the connection: these are columns, and the session would look for objects among them.
        found = list(self.session.connection().execute(query.order_by(*by).limit(PAGE + 1)))
        more = len(found) > PAGE
        rows = found[:PAGE]
        if backwards:
            return rows[::-1], more, True
        return rows, after is not None, more

    @property
    def rows(self) -> list[Row]:
        """The rows of this page."""
        return self._window[0]

    def _anchor(self, side: str) -> tuple[Any, int] | None:
        """The sorting value and number of the row that the page begins after (or ends before)."""
        address = self.asked.get(side)
        number = None if not address else current_app.extensions["skilleval.ids"].find(self.listing.kind, address)
        if number is None:
            return None
        # The row may have left the filters since: its place in the order is asked of the unfiltered statement.
        place = self.listing.query.order_by(None).with_only_columns(self.sorted_by.order, self.listing.id)
        found = self.session.execute(place.where(self.listing.id == number)).first()
        return None if found is None else (found[0], found[1])

    @cached_property
    def previous(self) -> str | None:
        """The address of the page before, None on the first."""
        return self._turn("before", self.rows[0]) if self.rows and self._window[1] else None

    @cached_property
    def next(self) -> str | None:
        """The address of the page after, None on the last."""
        return self._turn("after", self.rows[-1]) if self.rows and self._window[2] else None

    def _turn(self, side: str, row: Row) -> str:
        address = current_app.extensions["skilleval.ids"].hide(self.listing.kind, row.id)
        return self.address(**{"before": None, "after": None, side: address})

    def address(self, **changed: Any) -> str:
        """The address of this list with some of its words changed; None takes a word out."""
        words: dict[str, Any] = {key: self.asked.getlist(key) for key in self.asked if key in self._known}
        words.update(changed)
        kept = {key: value for key, value in words.items() if value not in (None, "", [])}
        if not kept and self.layout.default is not None:
            kept = {WHOLE: "1"}
        return self._to(kept)

    def _to(self, words: Mapping[str, Any]) -> str:
        return f"{self._path}?{urlencode(words, doseq=True)}" if words else self._path

    @cached_property
    def _path(self) -> str:
        """The address of this list before its words; asked of the router once, for a page has a dozen addresses."""
        return url_for(request.endpoint or "", **(request.view_args or {}))

    @cached_property
    def _known(self) -> set[str]:
        return {"q", "sort", "before", "after", *(one.key for one in self.listing.filters)}

    def sort_address(self, column: Column) -> str:
        """The address that sorts by this column, or turns the order round."""
        turned = column is self.sorted_by and not self.descending
        return self.address(sort=f"-{column.key}" if turned else column.key, before=None, after=None)

    @cached_property
    def chips(self) -> list[Chip]:
        """The active filters, each with the address without it."""
        chips = []
        for one in self.listing.filters:
            chosen = [value for value in self.asked.getlist(one.key) if value in one.choices]
            for value in chosen:
                rest = [other for other in chosen if other != value]
                chips.append(
                    Chip(one.title, show.label(one.choices[value]), self.address(**{one.key: rest, "before": None, "after": None}))
                )
        if self.searched:
            chips.append(Chip(_("查找"), self.searched, self.address(q=None, before=None, after=None)))
        return chips

    def chosen(self, one: Filter) -> list[str]:
        """The values of a filter that are chosen."""
        return [value for value in self.asked.getlist(one.key) if value in one.choices]

    def options(self, one: Filter) -> Markup:
        """The values of a filter as the lines of its selection."""
        return _options(tuple(one.choices.items()), tuple(self.chosen(one)), current())

    @property
    def words(self) -> str:
        """The filters and the sorting of this page as words of an address, as a view keeps them: never what was typed."""
        return urlencode(self._valid(self.asked.to_dict(flat=False)), doseq=True)

    def _valid(self, words: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """What this list knows of some words: filters with values that there are, and a sorting that it can do."""
        known = {one.key: [value for value in words.get(one.key, []) if value in one.choices] for one in self.listing.filters}
        known["sort"] = [value for value in words.get("sort", [])[:1] if value.removeprefix("-") in self._sortable]
        return {key: values for key, values in known.items() if values}

    @cached_property
    def shortcuts(self) -> list[Shortcut]:
        """The views saved for this list, with what is still valid of each."""
        return [self._shortcut(one) for one in self.layout.views]

    def _shortcut(self, view: saved_views.View) -> Shortcut:
        saved = parse_qs(view.query)
        valid = self._valid(saved)
        address = self._to(valid or {WHOLE: "1"})
        current = urlencode(valid, doseq=True) == self.words and not self.searched
        return Shortcut(view.name, address, view.is_default, current, valid != saved)

    @property
    def opening(self) -> str | None:
        """The address of the view that the list opens with, where the address of this page asks for nothing yet."""
        if request.method != "GET" or request.args or self.layout.default is None:
            return None
        shortcut = self._shortcut(self.layout.default)
        return None if shortcut.address == self.address() else shortcut.address

    @property
    def workbook_address(self) -> str:
        """The address of this list as a workbook, all pages of it."""
        return self.address(before=None, after=None, format="xlsx")

    def cell(self, column: Column, row: Row) -> str:
        """What a cell shows."""
        value = column.value(row)
        return show.label(value) if column.kind == "state" else show.shown(value)

    @property
    def body(self) -> Markup:
        """The rows as they stand in the table, each cell escaped by how it is drawn.

        They are put together here, where the template engine would take three times as long: they are most of a page.
        """
        cells = [self._drawing(one) for one in self.columns]
        if self.listing.selectable:
            cells.insert(0, self._pick())
        return Markup("\n").join(Markup(f"<tr>{''.join([draw(row) for draw in cells])}</tr>") for row in self.rows)

    def _pick(self) -> Callable[[Row], str]:
        """The cell that selects a row."""
        hide, kind = current_app.extensions["skilleval.ids"].hide, self.listing.kind
        told = escape(_("选择这一行"))
        return lambda row: (
            f'<td class="pick"><input type="checkbox" name="row" value="{hide(kind, row.id)}" aria-label="{told}"></td>'
        )

    def _drawing(self, column: Column) -> Callable[[Row], str]:
        """How the cells of a column are drawn: row → escaped HTML."""
        value, word, link = column.value, column.word, self.listing.link
        cell = f'<td class="{escape(column.kind)}">'
        short = f'<td class="{escape(column.kind)} nowrap">' if column.kind == "text" else cell

        def plain(row: Row) -> str:
            text = show.shown(value(row))
            return f"{short if len(text) <= _SHORT else cell}{escape(text)}</td>"

        def state(row: Row) -> str:
            text = show.shown(value(row))
            tone = show.tone(word(row) if word is not None else None)
            return f"{cell}{show.pill(text, tone) if text != show.NOTHING else text}</td>"

        if column.kind == "link" and link is not None:
            return lambda row: f'{cell}<a href="{escape(link(row))}">{escape(show.shown(value(row)))}</a></td>'
        if column.kind == "climb" and word is not None:
            return lambda row: f"{cell}{escape(show.climbed(word(row)))}</td>"
        return state if column.kind == "state" else plain


@lru_cache(maxsize=500)
def _options(choices: tuple[tuple[str, str], ...], chosen: tuple[str, ...], _language: str) -> Markup:
    """The lines of a selection, drawn once: a list offers dozens, and they seldom change."""
    line = Markup('<option value="{}"{}>{}</option>')
    marks = {True: Markup(" selected"), False: ""}
    return Markup("\n").join(line.format(value, marks[value in chosen], show.label(name)) for value, name in choices)


#: a text of so many characters stays on one line, whatever the width of its column
_SHORT = 10


def linked(endpoint: str, kind: str, word: str) -> Callable[[Row], str]:
    """Row → the address of its page, whose route takes the row's number as ``word``.

    Built once a list: the addresses differ in the hidden number only, and building each took a fifth of a page.
    """
    hide = current_app.extensions["skilleval.ids"].hide
    number: dict[str, Any] = {word: 0}
    before, after = url_for(endpoint, **number).split(hide(kind, 0))
    return lambda row: f"{before}{hide(kind, row.id)}{after}"


def answer(page: Page, template: str, **context: Any) -> Response | str:
    """The page as asked: HTML by its template, or with ``format=xlsx`` the workbook of what it shows.

    An address that asks for nothing leads to the view that the list opens with, if there is one.
    """
    if page.opening is not None:
        return Response(status=303, headers={"Location": page.opening})
    if page.asked.get("format") == "xlsx":
        return _workbook(page)
    return render_template(template, page=page, **context)


def _workbook(page: Page) -> Response:
    """All rows of the list in its order, with the filters, the time, who asked and the number of rows on a sheet."""
    order = page.sorted_by.order
    by = (order.desc(), page.listing.id.desc()) if page.descending else (order, page.listing.id)
    rows = page.session.execute(page.narrowed.order_by(*by).limit(MOST_EXPORTED))
    columns = [FlatColumn(one.title, one.width) for one in page.columns]
    cells = ([page.cell(one, row) for one in page.columns] for row in rows)
    notes = [
        (_("列表"), page.listing.title),
        (_("筛选"), "；".join(f"{chip.title}：{chip.value}" for chip in page.chips) or _("无")),
        (_("导出时间"), show.shown(gate.now())),
        (_("导出人"), gate.who().name),
        (_("行数"), str(min(page.total, MOST_EXPORTED))),
    ]
    with TemporaryDirectory() as folder:
        file = write_tables(Path(folder) / "list.xlsx", notes, [FlatSheet(page.listing.title, columns, cells)])
        content = file.read_bytes()
    return workbook_response(content, f"{page.listing.name}.xlsx")


def workbook_response(content: bytes, name: str) -> Response:
    """A workbook to be saved, never shown in the browser."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = Response(content, mimetype=kind)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def pdf_response(content: bytes, name: str) -> Response:
    """A PDF to be saved."""
    response = Response(content, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
