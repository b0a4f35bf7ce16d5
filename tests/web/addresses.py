"""Addresses of every route with real rows: whose they are, found by the keys between the tables.

A new route is covered by itself as long as its arguments are hidden rows (``<row(kind='batch'):batch_id>``). What else an
argument may be stands in ``WORDS``; a kind that is not named like its table in ``TABLES``; routes about rows that the marked
world lacks in ``WITHOUT_ROWS``, with the reason.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session
from werkzeug.routing import Rule

from skilleval.db.tables import Table
from skilleval.services.import_kinds import IMPORTS
from tests.marked import FIRMS
from tests.web.marked_site import MarkedSite

#: kind of a hidden row → table, where the two differ
TABLES: dict[str, str] = {
    "part": "specification_part", "case": "recognition_case", "public_notice": "notice", "certificate_check": "certificate",
}  # fmt: skip
#: endpoint.argument or argument → what it may be, where it is no hidden row
WORDS: dict[str, tuple[str, ...]] = {
    "static.filename": ("skilleval.css", "skilleval.js", "mark.svg"),
    "imports.kind": tuple(IMPORTS),
    "rules.rule_id": ("results.working_days",),
    "rules.key": ("national",),
    "rule_trials.key": ("6-31-01-03@2018",),
    "standards.code": ("6-31-01-03",),
    "standards.key": ("6-31-01-03@2018",),
}
#: endpoint.argument → kind of the hidden row that it is, where the route takes it as a word
HIDDEN: dict[str, str] = {"imports.target": "batch"}
#: endpoint.argument → table.column, where a record is named by a random word of its own
COLUMNS: dict[str, str] = {
    "accounts.public_id": "account.public_id", "account_personnel.public_id": "account.public_id",
    "imports.public_id": "staged_import.public_id", "jobs.public_id": "job.public_id",
}  # fmt: skip
#: endpoint → why the marked world has no row for it
WITHOUT_ROWS: dict[str, str] = dict.fromkeys(
    ("filings.answer", "filings.check", "filings.download", "filings.show"), "no package of the marked world was exported"
)
#: words in the address that give another answer of the same page
VARIANTS: dict[str, tuple[str, ...]] = {}
NOWHERE = 999_999_999


@dataclass(frozen=True)
class Address:
    """One address: of which route, with which rows, and whose the last row is (None: nobody's)."""

    endpoint: str
    path: str
    owner: str | None
    rows: tuple[tuple[str, int], ...] = ()
    #: what the last row says of itself: its state, its route
    trait: str = ""
    employer: str | None = None


@dataclass(frozen=True)
class Route:
    """One route of the application and one of its methods."""

    endpoint: str
    method: str
    rule: Rule

    @property
    def kinds(self) -> dict[str, str]:
        """Its arguments that name records: by hidden rows with their kinds, or by words with table and column."""
        return {
            name: one.kind if hasattr(one, "kind") else self.hidden(name) or self.column(name) or ""
            for name, one in self.rule._converters.items()
            if hasattr(one, "kind") or self.hidden(name) or self.column(name)
        }

    def hidden(self, name: str) -> str | None:
        """The kind of an argument that is a hidden row, although the route takes it as a word."""
        return HIDDEN.get(f"{self.endpoint.partition('.')[0]}.{name}")

    def column(self, name: str) -> str | None:
        """The table.column of an argument that is a record's own word."""
        return COLUMNS.get(f"{self.endpoint}.{name}") or COLUMNS.get(f"{self.endpoint.partition('.')[0]}.{name}")


def routes(site: MarkedSite) -> list[Route]:
    """Every route × method, but what the framework answers by itself."""
    return sorted(
        (
            Route(rule.endpoint, method, rule)
            for rule in site.app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        ),
        key=lambda one: (one.endpoint, one.method, one.rule.rule),
    )


class Book:
    """The addresses of a site."""

    def __init__(self, site: MarkedSite) -> None:
        self.site = site
        with site.installation.database.reading() as session:
            self._rows = _all_rows(session)
        self._letters = {row["id"]: letter for row in self._rows["institution"].values() for letter, code in FIRMS.items()
                         if row["credit_code"] == code}  # fmt: skip

    def of(self, route: Route) -> list[Address]:
        """Addresses of a route: one for each owner and state of its last row."""
        if not route.kinds:
            return [Address(route.endpoint, path, None) for path in self._plain(route)]
        *_earlier, last = route.kinds
        seen: dict[tuple[Any, ...], Address] = {}
        for row in self._rows.get(self.table(route.kinds[last]), {}).values():
            chosen = self._complete(route, last, row)
            if chosen is None:
                continue
            trait = "/".join(str(row[key]) for key in ("state", "route", "kind") if key in row)
            parents = tuple(number for name, number in chosen.items() if name != last)
            owner, employer = self._owner(row), self._letters.get(row.get("employer_id"))
            for path in self._plain(route, chosen):
                seen.setdefault((owner, employer, trait, *parents), Address(
                    route.endpoint, path, owner, tuple((route.kinds[name], number) for name, number in chosen.items()), trait, employer,
                ))  # fmt: skip
        return list(seen.values())

    def missing(self, route: Route, like: Address) -> Iterator[str]:
        """The same address with each of its rows replaced by one that is not there."""
        names = list(route.kinds)
        for name in names:
            chosen = {one: NOWHERE if one == name else number for one, (_kind, number) in zip(names, like.rows, strict=True)}
            yield next(iter(self._plain(route, chosen)))

    def table(self, kind: str) -> str:
        """The table behind a kind of hidden row."""
        return TABLES.get(kind, kind.partition(".")[0])

    def rows(self, table: str) -> dict[int, dict[str, Any]]:
        """The rows of a table by number."""
        return self._rows.get(table, {})

    def unknown(self, route: Route) -> list[str]:
        """Arguments of the route for which nothing says what they may be."""
        kinds = route.kinds
        return [
            name for name in route.rule.arguments
            if (name in kinds and self.table(kinds[name]) not in Table.metadata.tables)
            or (name not in kinds and not self._words(route.endpoint, name))
        ]  # fmt: skip

    def _owner(self, row: dict[str, Any]) -> str | None:
        return self._letters.get(row["institution_id"]) if "institution_id" in row else None

    def _complete(self, route: Route, last: str, row: dict[str, Any]) -> dict[str, int] | None:
        """The other rows of the address, those that the last one belongs to."""
        chosen, known = {last: row["id"]}, dict(row)
        for name in reversed(list(route.kinds)):
            if name == last:
                continue
            table = self.rows(self.table(route.kinds[name]))
            number = known.get(name) or known.get(f"{self.table(route.kinds[name])}_id") or self._fitting(table, known)
            if number not in table:
                return None
            chosen[name] = number
            known = {**table[number], **known}
        return {name: chosen[name] for name in route.kinds}

    @staticmethod
    def _fitting(table: dict[int, dict[str, Any]], known: dict[str, Any]) -> int | None:
        """A row of the same firm that agrees with what is known already."""
        for number, row in table.items():
            if all(known[key] == value for key, value in row.items()
                   if key in ("institution_id", "specification_id", "grade", "batch_id") and known.get(key) is not None):
                return number
        return None

    def _plain(self, route: Route, rows: dict[str, int] | None = None) -> Iterator[str]:
        """Addresses with these rows, and each of the words that the other arguments may be."""
        names = [name for name in route.rule.arguments if name not in (rows or {})]
        for words in _combinations([self._words(route.endpoint, name) for name in names]):
            values = {**self._named(route, rows or {}), **dict(zip(names, words, strict=True))}
            yield self.site.app.url_map.bind("localhost").build(route.endpoint, values, route.method)

    def _named(self, route: Route, rows: dict[str, int]) -> dict[str, Any]:
        """Rows as the address names them: some by a word of their own."""
        named: dict[str, Any] = dict(rows)
        for name, number in rows.items():
            if (kind := route.hidden(name)) is not None:
                named[name] = self.site.hide(kind, number)
            elif (column := route.column(name)) is not None:
                table, _dot, key = column.partition(".")
                named[name] = self.rows(table).get(number, {}).get(key, f"{number:032d}")
        return named

    def _words(self, endpoint: str, name: str) -> tuple[Any, ...]:
        blueprint = endpoint.partition(".")[0]
        for key in (f"{endpoint}.{name}", f"{blueprint}.{name}", name):
            if key in WORDS:
                return WORDS[key]
        return ()


def _all_rows(session: Session) -> dict[str, dict[int, dict[str, Any]]]:
    """Every table's rows by number, with the columns that tell whose they are and how they hang together."""
    telling = ("state", "route", "kind", "grade", "credit_code", "public_id")
    found = {}
    for table in Table.metadata.sorted_tables:
        if "id" not in table.c:
            continue
        columns = [one for one in table.c if one.key == "id" or one.key.endswith("_id") or one.key in telling]
        rows = session.connection().execute(sa.select(*columns).order_by(table.c.id)).mappings()
        found[table.name] = {row["id"]: dict(row) for row in rows}
    return found


def _combinations(choices: list[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    if not choices:
        return [()]
    return [(one, *rest) for one in choices[0] for rest in _combinations(choices[1:])]
