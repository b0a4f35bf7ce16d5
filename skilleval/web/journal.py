"""The journal in the browser: who did what and when, and whether the chain is whole."""

import json
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, render_template
from sqlmodel import col

from skilleval.db.tables import JournalEntry
from skilleval.services import journal_reading
from skilleval.services.journal_reading import Entry, entry_of
from skilleval.web import acts, gate, lists
from skilleval.web.language import _

pages = Blueprint("journal", __name__, url_prefix="/journal")


class JournalPage(lists.Page):
    """A page of the journal: each row read once, with the batch that it tells of."""

    @cached_property
    def entries(self) -> list[tuple[Entry, tuple[int, str] | None]]:
        """The entries of this page, each with the id and number of its batch."""
        numbers = [row.id for row in self.rows]
        batches = journal_reading.batches_of_entries(self.session, _firm(), numbers) if numbers else {}
        return [(entry_of(row.body, row.content), batches.get(row.id)) for row in self.rows]


@pages.get("")
def index() -> Response | str:
    """The acts, newest first; by kind, by person or by day."""
    return lists.answer(JournalPage(_listing(), gate.reading()), "journal/index.html")


@pages.get("/check")
def check() -> str:
    """Whether every entry is as it was written and follows the one before."""
    return render_template("journal/check.html", chain=journal_reading.quick_look(gate.reading(), _firm()))


def _firm() -> int:
    return gate.who().institution_id or abort(404)


def _listing() -> lists.Listing:
    body = col(JournalEntry.body)
    return lists.Listing(
        name="journal", title=_("操作日志"), query=journal_reading.with_details(_firm()), id=col(JournalEntry.seq),
        kind="journal", sort="seq", descending=True,
        columns=(
            lists.Column("seq", _("序号"), lambda row: row.id, order=col(JournalEntry.seq), kind="number"),
            lists.Column("at", _("时间"), lambda row: entry_of(row.body).at, width=18),
            lists.Column("actor", _("经办人"), lambda row: entry_of(row.body).actor),
            lists.Column("role", _("角色"), lambda row: acts.roles(entry_of(row.body))),
            lists.Column("act", _("事项"), lambda row: acts.sentence(entry_of(row.body)), width=40),
            lists.Column("reason", _("理由"), lambda row: entry_of(row.body).reason, width=40),
        ),
        filters=(
            lists.Filter("kind", _("类别"), {key: _(name) for key, name in acts.KINDS.items()},
                         lambda value: body.contains(f'"action":"{value}.', autoescape=True)),
        ),
        search=_search, search_hint=_("经办人，或日期 2026-07-08"),
    )  # fmt: skip


def _search(typed: str) -> sa.ColumnElement[bool]:
    """Entries of a person by the beginning of the name, or of a Chinese day. The bodies are canonical JSON."""
    body: Any = col(JournalEntry.body)
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return body.contains(f'"actor":{json.dumps(typed, ensure_ascii=False)[:-1]}', autoescape=True)  # type: ignore[no-any-return] # untyped column
    # Entries are dated in UTC, eight hours behind: a Chinese day begins at 16 o'clock of the day before.
    hours = [f"{day - timedelta(1)}T{hour:02}" for hour in range(16, 24)] + [f"{day}T{hour:02}" for hour in range(16)]
    return sa.or_(*(body.contains(f'"at":"{hour}', autoescape=True) for hour in hours))
