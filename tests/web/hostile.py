"""Hostile text: in every form that anybody can open, and in every text that the database keeps.

Nothing may fail, and no answer may carry the text other than as text.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import sqlalchemy as sa
from sqlmodel import AutoString

from skilleval.db.engine import Database
from skilleval.db.tables import Table
from tests.marked import CODED
from tests.web import checks
from tests.web.marked_site import MarkedSite, Persona
from tests.web.survey import Visit, links_of, visit

SCRIPT = "<script>alert(1)</script>"
#: written by a template that runs what it is given
RUN, RAN = "{{7*191}}", "1337"
TEXTS = {
    "markup": f"{SCRIPT}\"><img src=x onerror=alert(2)>'onmouseover=alert(3) {RUN}",
    "formula": "=1+1' OR 1=1--",
    "odd": "\u202egnp.exe\u0000😀\r\n\t龘𠮷",
    # 5 000 Chinese characters in each field would take longer to be sent and read than the page that answers.
    "long": "长" * 500 + "x" * 4_500,
}
_RAW = re.compile(r"<script>alert|<img src=x|'onmouseover=alert", re.IGNORECASE)
_SKIPPED = {"csrf_token"}


@dataclass
class Form:
    """One form of a page: where it goes and its fields with what they hold."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.address, self.forms = address, []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action") or self.address, given.get("method", "get").lower())
            self.forms.append(self._form)
        if self._form is None:
            return
        name = given.get("name", "")
        match tag:
            case "input" | "button" if name and given.get("type") in ("hidden", "checkbox", "radio", "submit", None) and "value" in given:
                self._form.fields.setdefault(name, []).append(given["value"])
                if given.get("type") is None and tag == "input":
                    self._form.typed.add(name)
            case "input" | "textarea" if name:
                self._form.fields.setdefault(name, [])
                self._form.typed.add(name)
            case "select" if name:
                self._select = name
                self._form.fields.setdefault(name, [])
            case "option" if self._select:
                self._form.fields[self._select].append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""


@cache
def forms_of(page: str, address: str) -> tuple[Form, ...]:
    """The forms of a page that change something; several proofs ask for those of the same pages."""
    reader = _Forms(address)
    reader.feed(page)
    return tuple(one for one in reader.forms if one.method == "post")


def forms_in(visits: Iterable[Visit]) -> dict[tuple[str, str, tuple[str, ...]], tuple[Persona, Form]]:
    """The different forms that were seen: by who, route and fields."""
    found: dict[tuple[str, str, tuple[str, ...]], tuple[Persona, Form]] = {}
    for one in visits:
        if one.mimetype != "text/html":
            continue
        for form in forms_of(one.text, one.path):
            route = re.sub(r"[0-9a-f]{32}", "…", form.action.partition("?")[0])
            found.setdefault((one.persona.name, route, tuple(form.fields)), (one.persona, form))
    return found


def submission_faults(site: MarkedSite, visits: Iterable[Visit]) -> list[str]:
    """Send every form with each hostile text in every field, and once in the fields that one types only."""
    faults = []
    for persona, form in forms_in(visits).values():
        for name, text in TEXTS.items():
            for everywhere in (False, True):
                words = {key: text if everywhere or key in form.typed else values[:1] for key, values in form.fields.items() if key not in _SKIPPED}
                answer = site.visitor(persona).post(form.action, words)
                faults += [f"{name}: {one}" for one in checks.faults_of(answer)]
                faults += [f"{form.action} with {name} text: {one}" for one in text_faults(answer.get_data().decode(errors="replace"), answer.mimetype)]
                if answer.status_code == 303 and site.visitor(persona).get("/account").status_code != 200:
                    site.forget()
    return sorted(set(faults))


def question_faults(site: MarkedSite, persona: Persona, visits: Iterable[Visit]) -> list[str]:
    """Open every page with each hostile text in every word that an address of this site may carry."""
    pages = [one for one in visits if one.persona == persona and one.status == 200]
    names = {"next", "like", "sort", "before", "after", "q", "format"}
    names |= {key for one in pages for link in links_of(one.text) for key, _value in parse_qsl(urlsplit(link).query)}
    faults = []
    for one in {page.endpoint: page for page in pages}.values():
        for text in TEXTS.values():
            path = one.path.partition("?")[0]
            told = visit(site, persona, one.endpoint, f"{path}?{urlencode(dict.fromkeys(sorted(names), text[:300]))}")
            faults += [f"{one.endpoint}: {fault}" for fault in [*told.faults, *text_faults(told.text, told.mimetype)]]
    return sorted(set(faults))


def poison(database: Database) -> None:
    """Put hostile text behind every free text that the database keeps, also of what is otherwise never changed."""
    with database.writing() as session:
        connection = session.connection()
        for (trigger,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = 1")
        for table in Table.metadata.sorted_tables:
            for column in _free_texts(table):
                told = sa.type_coerce(column, sa.String) + TEXTS["markup"]
                connection.execute(sa.update(table).where(column.is_not(None), column != "").values({column.key: told}))
            _poison_structures(connection, table)
        session.commit()


def _poison_structures(connection: sa.Connection, table: sa.Table) -> None:
    """The marked texts within lists and proofs."""
    for column in table.columns:
        if isinstance(column.type, sa.JSON):
            for key, value in connection.execute(sa.select(*table.primary_key.columns, column)).all():
                spoilt = _spoilt(value)
                if spoilt != value:
                    connection.execute(sa.update(table).where(*(one == key for one in table.primary_key.columns)).values({column.key: spoilt}))


def _spoilt(value: Any) -> Any:
    match value:
        case str():
            return value + TEXTS["markup"] if "金" in value else value
        case list():
            return [_spoilt(one) for one in value]
        case dict():
            return {key: _spoilt(one) for key, one in value.items()}
    return value


def _free_texts(table: sa.Table) -> Iterator[sa.Column[str]]:
    """Columns that hold what somebody typed: no key, no word of the program."""
    coded = CODED | {"login", "public_id", "password_hash", "key", "id_hash", "action", "actor_account", "state", "after_hash", "prev", "hash"}
    words = {
        column
        for one in table.constraints if isinstance(one, sa.CheckConstraint)
        for column in re.findall(r"^(\w+) IN \(", str(one.sqltext))
    }  # fmt: skip
    for column in table.columns:
        if isinstance(column.type, AutoString) and not column.primary_key and not column.foreign_keys \
                and column.key not in coded | words and not column.key.endswith(("_hash", "sha256", "_id")):  # fmt: skip
            yield column


def text_faults(text: str, mimetype: str | None) -> list[str]:
    """Hostile text that came out as something else than text."""
    faults = []
    if mimetype == "text/html" and _RAW.search(text):
        faults.append("hostile text comes out as markup")
    if RAN in html.unescape(text).replace(RUN, ""):
        faults.append("a template ran hostile text")
    return faults


def poison_faults(visits: Iterable[Visit]) -> list[str]:
    """Pages that fail on hostile text, or carry it as something else than text."""
    return sorted({
        f"{one.endpoint}: {fault}" for one in visits for fault in [*one.faults, *text_faults(one.text, one.mimetype)]
    })  # fmt: skip
