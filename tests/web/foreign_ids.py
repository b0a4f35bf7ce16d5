"""Another firm's ids in every field of every form: a client may send what it likes, and gets nothing for what is foreign.

The pages give the forms; each field that names a record is sent once as it came and once with a record of the same kind of each
firm with which whoever asks has nothing to do. Such a form must write nothing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from skilleval.services.public_ids import PublicIds
from tests.marked import FIRMS, LEAD
from tests.web.addresses import TABLES, Book
from tests.web.hostile import Form, forms_in
from tests.web.marked_site import MarkedSite, Persona
from tests.web.survey import Visit, watched

_HIDDEN = re.compile(r"[0-9a-f]{32}\Z")
#: forms in which another firm's record may be named: who manages the chain says who assesses its members
ABOUT_OTHERS = {(LEAD, "/chains/…/mandates", "employer"), (LEAD, "/specifications/drafts/…/drafters", "credit_code")}
#: what is typed where a form asks for more than records, so that it is not refused for want of words: route → field → words; {letter} is the firm's
TYPED: dict[str, dict[str, object]] = {
    "/batches/new": {
        "number": "2026-DG-99", "grades": "senior", "planned": "1", "enrol_until": "", "starts_on": "2026-07-20", "ends_on": "2026-07-21",
        "staff": ["K1:theory", "K1:skill", "K2:theory", "K2:skill", "K3:skill"],
    },
    "/chains/…/mandates": {"evaluator": FIRMS[LEAD], "employer": FIRMS["甲"], "occupations": "6-31-01-03", "grades": "senior"},
    "/confirmations/new": {"person": "金{letter}姓", "mentor": "金{letter}密", "probation_to": "2026-05-01", "mentoring_to": "2026-05-01"},
    "/batches/…/panels/relations": {"person": "", "other": "金{letter}姓", "valid_from": "", "valid_to": ""},
    "/specifications/…/items/new": {"code": "SK-999", "points": "1", "function": "基础知识", "task": "", "sha256": "", "reviewer": "", "state": "draft"},
    "/specifications/items/…/edit": {"points": "1", "function": "基础知识", "task": "", "sha256": "", "reviewer": "", "state": "draft"},
    "/contests/…/promote": {"number": "2026-DG-98", "grades": "senior"},
}  # fmt: skip
_DAY, _WORDS = "2026-06-20", "核对后更正"


@dataclass
class Sweep:
    """What was tried, and what came of it."""

    #: form and field for which a foreign record was sent
    tried: set[tuple[str, str]] = field(default_factory=set)
    #: those of them that write when they are sent as they came
    effective: set[tuple[str, str]] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def sweep(site: MarkedSite, persona: Persona, visits: Iterable[Visit], foreign: str) -> Sweep:
    """Send each form that the persona was shown, with records of the firms ``foreign`` (letters) in its fields."""
    book, found = Book(site), Sweep()
    for _asking, form in forms_in(one for one in visits if one.persona == persona).values():
        for name, values in form.fields.items():
            for value in dict.fromkeys(values):
                others = list(_others(book, value, foreign))
                if others:
                    _try(site, persona, form, name, value, others, found)
                    break
    return found


def _try(site: MarkedSite, persona: Persona, form: Form, name: str, value: str, others: list[str], found: Sweep) -> None:
    route = re.sub(r"[0-9a-f]{32}", "…", form.action.partition("?")[0])
    if (persona.firm, route, name) in ABOUT_OTHERS:
        return
    found.tried.add((route, name))
    if _done(site, persona, form, route, {name: value}):
        found.effective.add((route, name))
    found.faults += [
        f"{route}: {name} takes a foreign record: {done[:120]}"
        for other in others if (done := _done(site, persona, form, route, {name: other}))
    ]  # fmt: skip


def _done(site: MarkedSite, persona: Persona, form: Form, route: str, instead: dict[str, object]) -> str:
    """What sending the form does: the first statement that changes something, or the answer of a form that only shows."""
    words = {key: _filled(form, key, values) for key, values in form.fields.items() if key != "csrf_token"}
    typed = {key: one.format(letter=persona.firm) if isinstance(one, str) else one for key, one in TYPED.get(route, {}).items()}
    with watched() as watch:
        answer = site.visitor(persona).post(form.action, {**words, **typed, **instead})
    shown = f"answered with {answer.status_code}" if answer.status_code < 400 else ""
    return next(iter(watch.writing), shown)


def _filled(form: Form, key: str, values: list[str]) -> object:
    if key not in form.typed or any(values):
        return next(filter(None, values), "")
    return _DAY if key.endswith(("_on", "_from", "_to")) else _WORDS


def _others(book: Book, value: str, foreign: str) -> Iterator[str]:
    """Records of the same kind as the one that ``value`` names, of other firms."""
    if value in FIRMS.values():
        yield from (FIRMS[letter] for letter in foreign)
    if not _HIDDEN.match(value):
        return
    ids: PublicIds = book.site.app.extensions["skilleval.ids"]
    for kind in _kinds(book):
        if ids.find(kind, value) is not None:
            yield from (ids.hide(kind, number) for number in _rows_of(book, kind, foreign))
            return


def _kinds(book: Book) -> Iterator[str]:
    """Every kind of record that an address or a field may name."""
    for rule in book.site.app.url_map.iter_rules():
        yield from (one.kind for one in rule._converters.values() if hasattr(one, "kind"))
    yield from TABLES
    yield from book._rows


def _rows_of(book: Book, kind: str, foreign: str) -> Iterator[int]:
    for letter in foreign:
        owned = (number for number, row in book.rows(book.table(kind)).items() if book._owner(row) == letter)
        yield from list(owned)[:1]
