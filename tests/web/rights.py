"""Proofs of rights: the policy matrix, what is foreign, and the token of every form. Each gives the faults that it found."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from werkzeug.test import TestResponse

from skilleval.web import policy
from tests.web.addresses import NOWHERE, Address, Book, Route, routes
from tests.web.marked_site import ADMINISTRATOR, AUDITOR_OF, LEAD, MATRIX, STAFF_OF, MarkedSite, Persona
from tests.web.survey import watched

FOLDER = Path(__file__).parent
POLICY_COLUMNS = ("endpoint", "method", *(one.name for one in MATRIX))
RELATIONS = (
    "own", "sibling", "lead_live", "lead_expired", "lead_revoked", "served", "unserved", "administrator",
)  # fmt: skip
TENANCY_COLUMNS = ("endpoint", "method", *RELATIONS)
#: records asked for in each relation
MOST_ASKED = 3
#: relations in which what is foreign is held against what is missing, byte by byte
TOLD_APART = ("sibling", "lead_live", "unserved")
Table = dict[tuple[str, str], dict[str, str]]


def read_table(name: str, columns: tuple[str, ...]) -> Table:
    """A reviewed table: (endpoint, method) → column → answer."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(set(row) == set(columns) and None not in row.values() for row in rows), f"{name}: columns are {columns}"
    found = {(row["endpoint"], row["method"]): row for row in rows}
    assert len(found) == len(rows), f"{name}: two lines for one route"
    return found


def differences(name: str, columns: tuple[str, ...], found: Table) -> list[str]:
    """How the reviewed table differs from what was found: routes without a line, lines without a route, other answers."""
    table = read_table(name, columns)
    faults = []
    for key, answers in found.items():
        if key not in table:
            line = ",".join([*key, *(answers.get(one, "") for one in columns[2:])])
            faults.append(f"{name} lacks a line; review and add: {line}")
            continue
        faults += [
            f"{key[0]} {key[1]}, {one}: {name} says {table[key][one] or 'nothing'}, the application {answers.get(one, '') or 'nothing'}"
            for one in columns[2:] if table[key][one] != answers.get(one, "")
        ]  # fmt: skip
    return faults + [f"{name}: there is no {' '.join(key)} any more" for key in table if key not in found]


def address_of(book: Book, route: Route, owner: str = LEAD) -> Address:
    """A real address of a route, of this owner if it can be; with rows that are not there where the world has none."""
    known = book.of(route)
    if known:
        return next((one for one in known if one.owner == owner), known[0])
    path = next(iter(book._plain(route, dict.fromkeys(route.kinds, NOWHERE))))
    return Address(route.endpoint, path, None)


def ask(site: MarkedSite, persona: Persona, route: Route, path: str) -> TestResponse:
    """Ask a route as its method wants it; a form is sent with its token and nothing else."""
    browser = site.visitor(persona)
    return browser.get(path) if route.method == "GET" else browser.post(path)


def policy_found(site: MarkedSite, endpoints: Iterable[str] | None = None) -> Table:
    """What the application answers to each persona on each route × method: ``+`` let in, ``-`` not."""
    book, found = Book(site), {}
    wanted = None if endpoints is None else set(endpoints)
    for route in routes(site):
        if wanted is not None and route.endpoint not in wanted:
            continue
        path = address_of(book, route).path
        answers = {persona.name: _let_in(ask(site, persona, route, path)) for persona in MATRIX}
        found[route.endpoint, route.method] = answers
    return found


def _let_in(answer: TestResponse) -> str:
    refused = answer.status_code == 403 or (answer.status_code == 303 and (answer.location or "").startswith("/sign-in?next="))
    return "-" if refused else "+"


def tenancy_found(site: MarkedSite, endpoints: Iterable[str] | None = None) -> tuple[Table, list[str]]:
    """What the application answers by relation, and where a foreign record differs from a missing one."""
    book, found, faults = Book(site), {}, []
    wanted = None if endpoints is None else set(endpoints)
    for route in routes(site):
        known = [one for one in book.of(route) if one.owner is not None] if route.kinds else []
        if not known or (wanted is not None and route.endpoint not in wanted):
            continue
        answers = {}
        for relation in RELATIONS:
            persona = _asking(route, relation)
            got = set()
            related = [one for one in known if relation in _relations(book, one)]
            for place, one in enumerate(related[:MOST_ASKED]):
                answer = ask(site, persona, route, one.path)
                got.add(_outcome(site, persona, book, route, one, answer, relation))
                if answer.status_code == 404 and place == 0 and relation in TOLD_APART:
                    faults += _telling(site, persona, book, route, one, answer)
                if answer.status_code == 403:
                    break
            answers[relation] = "|".join(sorted(got))
        found[route.endpoint, route.method] = answers
    return found, faults


def _outcome(
    site: MarkedSite, persona: Persona, book: Book, route: Route, one: Address, answer: TestResponse, relation: str
) -> str:
    """404, 403, here; or that the form was refused before the record was looked for, as for one that is not there."""
    if answer.status_code in (403, 404):
        return str(answer.status_code)
    if relation == "own" or route.method == "GET":
        return "here"
    missing = ask(site, persona, route, next(book.missing(route, one)))
    return "unasked" if (missing.status_code, _plain(missing)) == (answer.status_code, _plain(answer)) else "here"


def _asking(route: Route, relation: str) -> Persona:
    if relation == "administrator":
        return ADMINISTRATOR
    firm = LEAD if relation.startswith("lead") else "甲"
    allowed = policy.POLICY[route.endpoint].get(route.method)
    staff = STAFF_OF[firm]
    return staff if allowed is None or policy.allows(allowed, staff.roles) else AUDITOR_OF[firm]


def _relations(book: Book, one: Address) -> Iterator[str]:
    """In what relations whoever asks stands to the record."""
    yield "administrator"
    match one.owner:
        case "甲":
            yield from ("own", "lead_live")
        case "乙":
            yield from ("sibling", "lead_expired")
        case "丙":
            yield from ("sibling", "lead_revoked")
        case "丁":
            yield "served" if _serves(book, one) else "unserved"


def _serves(book: Book, one: Address) -> bool:
    """Whether a record of the lead is about 甲's people."""
    if one.employer is not None:
        return one.employer == "甲"
    member = next(number for number, letter in book._letters.items() if letter == "甲")
    candidates = book.rows("candidate")
    for kind, number in reversed(one.rows):
        row = book.rows(book.table(kind)).get(number, {})
        if row.get("candidate_id") is not None:
            return bool(candidates[row["candidate_id"]]["employer_id"] == member)
        batch = number if book.table(kind) == "batch" else row.get("batch_id")
        if batch is not None:
            return any(row["batch_id"] == batch and row["employer_id"] == member for row in candidates.values())
    return False


def _telling(site: MarkedSite, persona: Persona, book: Book, route: Route, one: Address, foreign: TestResponse) -> Iterator[str]:
    for path in [*book.missing(route, one), _made_up(one)]:
        missing = ask(site, persona, route, path)
        if (missing.status_code, _plain(missing)) != (404, _plain(foreign)):
            yield f"{route.method} {route.endpoint}: what is foreign ({one.path}) differs from what is missing ({path})"


def _made_up(one: Address) -> str:
    return re.sub(r"[0-9a-f]{32}", "0" * 32, one.path)


def _plain(answer: TestResponse) -> str:
    """An answer without the token of its forms, which is another each time."""
    headers = sorted(f"{name}: {value}" for name, value in answer.headers if name not in ("Set-Cookie", "Content-Length"))
    return "\n".join([*headers, re.sub(r'value="[^"]{40,}"', "", answer.get_data(as_text=True))])


def token_faults(site: MarkedSite, endpoints: Iterable[str] | None = None) -> list[str]:
    """Unsafe routes that do anything without the token of the form, with a made-up one, or with another browser's."""
    book, faults = Book(site), []
    wanted = None if endpoints is None else set(endpoints)
    for route in routes(site):
        if route.method == "GET" or (wanted is not None and route.endpoint not in wanted):
            continue
        persona = _who_may(route)
        others = site.visitor(ADMINISTRATOR if persona is not ADMINISTRATOR else STAFF_OF[LEAD]).token
        path = address_of(book, route).path
        for token in ("", "made-up", others):
            browser = site.visitor(persona)
            with watched() as watch:
                answer = browser.post(path, token=token)
            to_sign_in = answer.status_code == 303 and (answer.location or "").startswith("/sign-in?next=")
            if (answer.status_code != 400 and not to_sign_in) or watch.writing:
                faults.append(f"{route.endpoint}: without its token the form was answered with {answer.status_code}")
    return faults


def _who_may(route: Route) -> Persona:
    allowed = policy.POLICY[route.endpoint][route.method]
    everybody = (STAFF_OF[LEAD], ADMINISTRATOR, AUDITOR_OF[LEAD])
    return next((one for one in everybody if policy.allows(allowed, one.roles)), STAFF_OF[LEAD])


def id_faults(site: MarkedSite, endpoints: Iterable[str] | None = None) -> list[str]:
    """Routes that open a record by the address of another kind of record with the same number."""
    book, faults = Book(site), []
    wanted = None if endpoints is None else set(endpoints)
    for route in routes(site):
        if not route.kinds or route.method != "GET" or (wanted is not None and route.endpoint not in wanted):
            continue
        for one in book.of(route)[:1]:
            for kind, number in (pair for pair in one.rows if "." not in pair[0]):
                wrong = one.path.replace(site.hide(kind, number), site.hide("another", number))
                answer = ask(site, STAFF_OF[one.owner or LEAD], route, wrong)
                if answer.status_code != 404:
                    faults.append(f"{route.endpoint}: opens a {kind} by the address of another kind ({answer.status_code})")
    return faults
