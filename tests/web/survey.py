"""Every page as everybody reads it: each address that the tables and the links give, visited and kept for the proofs.

The answers are kept once for all proofs: who may open what, that reading writes nothing, how many statements a page needs,
what each carries, and whose marks stand in it.
"""

import html
import re
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import sqlalchemy as sa
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from tests.cli.test_canary import texts
from tests.web import checks
from tests.web.addresses import VARIANTS, Address, Book, routes
from tests.web.marked_site import MarkedSite, Persona

_LINK = re.compile(r'(?:href|action)="(/[^"]*)"')
_HREF = re.compile(r'href="(/[^"]*)"')
#: addresses of one kind that links give beyond those of the tables
MOST_LINKED = 1
_SEEN = "UPDATE web_session SET seen_at"
_READS = ("SELECT", "PRAGMA", "BEGIN", "WITH", "EXPLAIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")


@dataclass
class Watch:
    """The statements that were sent to any database while it is watched."""

    statements: list[str] = field(default_factory=list)

    @property
    def reading(self) -> list[str]:
        """The statements of a page; when somebody was last seen is noted once a minute, whatever page that falls on."""
        return [one for one in self.statements if not one.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", _SEEN))]

    @property
    def writing(self) -> list[str]:
        """The statements that change something; that a session was seen is no change of the business."""
        return [one for one in self.statements if not one.lstrip().upper().startswith(_READS) and not one.startswith(_SEEN)]


@contextmanager
def watched() -> Iterator[Watch]:
    """Listen to every engine."""
    watch = Watch()

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        watch.statements.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        yield watch
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)


@dataclass(frozen=True)
class Visit:
    """One answer to one GET: who asked what, and what came of it."""

    persona: Persona
    endpoint: str
    path: str
    owner: str | None
    status: int
    location: str | None
    mimetype: str
    text: str
    statements: tuple[str, ...]
    writes: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def let_in(self) -> bool:
        """Whether the policy let the persona pass."""
        return self.status != 403 and not (self.location or "").startswith("/sign-in")


def visit(site: MarkedSite, persona: Persona, endpoint: str, path: str, owner: str | None = None) -> Visit:
    """Open one address."""
    visitor = site.visitor(persona)
    with watched() as watch:
        answer = visitor.get(path)
    return Visit(
        persona, endpoint, path, owner, answer.status_code, answer.location, answer.mimetype or "", text_of(answer),
        tuple(watch.reading), tuple(watch.writing), tuple(checks.faults_of(answer)),
    )  # fmt: skip


def text_of(answer: TestResponse) -> str:
    """All text of an answer: a page as it is, of a file its cells, pages, and what is packed in it; and its headers."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers)
    if (answer.mimetype or "").startswith("text/") or answer.mimetype in ("application/json", "image/svg+xml"):
        return f"{headers}\n{answer.get_data(as_text=True)}"
    endings = {"application/pdf": ".pdf", "application/zip": ".zip"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "in" / f"file{endings.get(answer.mimetype or '', '.bin')}"
        file.parent.mkdir()
        file.write_bytes(answer.get_data())
        return "\n".join([headers, *(text for _name, text in texts(file.parent))])


def survey(
    site: MarkedSite,
    personas: Iterable[Persona],
    *,
    owners: str | None = None,
    endpoints: Collection[str] | None = None,
    links: bool = True,
) -> list[Visit]:
    """Each persona opens every address of every page, and then what the pages link to.

    ``owners``: the letters of the firms whose records are asked for, ``endpoints``: the pages; None for all. Addresses that the policy refuses are
    asked for once a route, and what is not there for the persona once a firm: ``rights`` asks for each of them.
    """
    book = Book(site)
    pages = [(route, book.of(route)) for route in routes(site)
             if route.method == "GET" and (endpoints is None or route.endpoint in endpoints)]  # fmt: skip
    visits: list[Visit] = []
    for persona in personas:
        found: list[Visit] = []
        gone: set[tuple[str, str | None]] = set()
        for _route, known in pages:
            for one in _with_variants(known):
                if owners is not None and one.owner is not None and one.owner not in owners:
                    continue
                if (one.endpoint, one.owner) in gone:
                    continue
                found.append(visit(site, persona, one.endpoint, one.path, one.owner))
                if not found[-1].let_in:
                    break
                if found[-1].status == 404 and one.owner != persona.firm and one.employer != persona.firm:
                    gone.add((one.endpoint, one.owner))
        if links:
            found += _follow(site, persona, found)
        visits += found
    return visits


def _with_variants(known: list[Address]) -> Iterator[Address]:
    for one in known:
        yield one
        for words in VARIANTS.get(one.endpoint, ()):
            yield Address(one.endpoint, f"{one.path}?{words}", one.owner, one.rows, one.trait)


def _follow(site: MarkedSite, persona: Persona, visits: list[Visit]) -> list[Visit]:
    """Open what the pages link to and was not opened yet: a few of each kind, with each set of words once."""
    done = {one.path for one in visits}
    tally: Counter[tuple[str, frozenset[str]]] = Counter()
    queue, found = list(visits), []
    while queue:
        page = queue.pop()
        if page.mimetype != "text/html" or page.status not in (200, 422):
            continue
        for link in links_of(page.text):
            endpoint = endpoint_of(site, link)
            kind = (endpoint or link, frozenset(f"{key}={value if key == 'format' else ''}" for key, value in parse_qsl(urlsplit(link).query)))
            if link in done or endpoint == "static" or tally[kind] >= (MOST_LINKED if not kind[1] else 1):
                continue
            done.add(link)
            if endpoint is None and _answers(site, link):
                continue
            tally[kind] += 1
            found.append(visit(site, persona, endpoint or "", link))
            queue.append(found[-1])
    return found


def links_of(page: str, *, forms: bool = True) -> list[str]:
    """The addresses of this site that a page leads to, by its links and (``forms``) by its forms."""
    found = (_LINK if forms else _HREF).findall(page)
    return list(dict.fromkeys(html.unescape(one).partition("#")[0] for one in found))


def endpoint_of(site: MarkedSite, link: str, method: str = "GET") -> str | None:
    """The route behind a link, None where there is none for this method."""
    try:
        endpoint, _rows = site.app.url_map.bind("localhost").match(urlsplit(link).path, method)
    except (HTTPException, RequestRedirect):
        return None
    return str(endpoint)


def _answers(site: MarkedSite, link: str) -> bool:
    """Whether the link is the address of an act: the forms' proof goes there."""
    return endpoint_of(site, link, "POST") is not None
