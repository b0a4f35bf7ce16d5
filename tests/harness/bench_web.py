"""G11 and G13: the roster as a page, and fifty people at work, against the page that a team would write first.

Both serve the same rows of the same installation, each from a process of its own: ours as ``skilleval serve`` does, with
accounts, rights and journal; the other without any of them.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlmodel import Session

from skilleval.db.bulk import insert_columns
from skilleval.db.secrets import KEY_NAME
from skilleval.db.tables import Account, Credential, Person, Venue
from skilleval.demo.people import Employee, make_people
from skilleval.installation import Installation
from skilleval.pinyin import initials, pinyin
from skilleval.services import journal, web_sessions
from skilleval.services.public_ids import public_ids_of
from skilleval.settings import CONFIG_NAME, CONFIG_TEMPLATE
from tests.accounts import make_account
from tests.factories import ACTOR, CREDIT_CODE, make_firm
from tests.harness.load import Visitor, served, visit
from tests.harness.measure import SECONDS, Goal, Limit

ON = date(2026, 6, 1)
#: the size for which the goal is stated; so many different people, again and again
PEOPLE, DIFFERENT = 100_000, 5_000
#: browsers that ask without a pause; pages that each turns before it begins anew; requests of one measurement
CONNECTIONS, TURNS, REQUESTS = 16, 20, 800
#: people at work at once, of whose requests one in ten changes something
USERS, CHANGE_EVERY = 50, 10


def prepare(folder: Path, _rows: int) -> None:
    """An installation with one firm, its 100,000 people, and fifty accounts with a session and a venue each."""
    (folder / "keys").mkdir()
    (folder / CONFIG_NAME).write_text(CONFIG_TEMPLATE, encoding="utf-8")
    (folder / "keys" / KEY_NAME).write_text(bytes(range(32)).hex())
    installation = Installation(folder)
    installation.database.create()
    with installation.database.writing() as session:
        firm = make_firm(session)
        _add_people(session, firm.id)
        visitors = [_add_visitor(session, firm.id, number) for number in range(USERS)]
        session.commit()
    ids = public_ids_of(installation.vault)
    lines = [f"{cookie} {venue} {ids.hide('venue', venue)}" for cookie, venue in visitors]
    (folder / "visitors").write_text("\n".join(lines))
    installation.database.close()


def _add_people(session: Session, firm_id: int) -> None:
    # Nobody's number is opened here: each row has an index of its own and the same sealed bytes.
    people = make_people(DIFFERENT, 1, ON)
    rows = [_person(number, people[number % DIFFERENT]) for number in range(PEOPLE)]
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    insert_columns(session, Person.__table__, {**columns, "institution_id": [firm_id] * PEOPLE})  # type: ignore[attr-defined]
    held = [(number, one) for number in range(PEOPLE) for one in people[number % DIFFERENT].holdings]
    kept = {
        "institution_id": [firm_id] * len(held),
        "person_id": [number + 1 for number, _one in held],
        **{key: [getattr(one, key) for _number, one in held] for key in ("kind", "level", "obtained_on")},
    }
    insert_columns(session, Credential.__table__, kept)  # type: ignore[attr-defined]


def _person(number: int, one: Employee) -> dict[str, Any]:
    return {
        "id": number + 1, "name": one.name, "id_type": "resident_id", "id_sealed": b"-", "id_index": f"{number:064x}",
        "tail_index": f"{number:064x}", "pinyin": pinyin(one.name), "initials": initials(one.name), "sex": one.sex,
        "birth_date": one.birth_date, "employee_no": f"GH{number:06d}", "education": one.education, "phone": one.phone,
        "department": one.department, "post": one.post, "employment": "contract", "hired_on": one.hired_on,
        "occupation_code": one.occupation.code, "occupation_since": one.occupation_since,
    }  # fmt: skip


def _add_visitor(session: Session, firm_id: int, number: int) -> tuple[str, int]:
    account: Account = make_account(session, f"user{number}", (CREDIT_CODE, "hr"))
    venue = Venue(institution_id=firm_id, name=f"{number}号车间", address="厂区", kind="practical", seats=20)
    session.add(venue)
    journal.record(session, ACTOR, firm_id, "institution.add", objects=[venue])
    cookie = web_sessions.open_session(session, account, now=datetime.now(UTC))
    assert venue.id is not None
    return cookie, venue.id


def _ours(folder: Path, port: int) -> Sequence[str]:
    program = "from skilleval.cli import main; main()"
    return (sys.executable, "-c", program, "--instance", str(folder), "serve", "--port", str(port))


def _theirs(folder: Path, port: int) -> Sequence[str]:
    return (sys.executable, "-m", "tests.harness.orm_page", str(folder / "skilleval.db"), str(port))


def list_page(server: Any, health: str, folder: Path, rows: int) -> dict[str, float]:
    """16 connections turn the pages of the roster."""
    lines = (folder / "visitors").read_text().splitlines()
    with served(partial(server, folder), health) as port:
        visitors = [Visitor(port, f"skilleval={line.split()[0]}") for line in lines[:CONNECTIONS]]
        limit = min(rows, REQUESTS)

        def goes_on(_passed: float) -> bool:
            return sum(len(one.seconds) + len(one.errors) for one in visitors) < limit

        return visit(visitors, [one.walk("/people", TURNS) for one in visitors], goes_on)


def at_work_here(folder: Path, rows: int) -> dict[str, float]:
    """50 people turn pages of the roster in our application, and each now and then changes the address of a venue."""

    def work(visitor: Visitor, hidden: str, _venue: str) -> Iterator[None]:
        address = f"/venues/{hidden}/edit"
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.get(address))
        token = found[1] if found else ""
        form = {"csrf_token": token, "kind": "practical", "seats": "20"}
        yield from _mixed(visitor, lambda number: visitor.post(address, {**form, "address": f"厂区{number}号"}))

    return _at_work(_ours, "/health", work, folder, rows)


def at_work_there(folder: Path, rows: int) -> dict[str, float]:
    """The same of the bare framework."""

    def work(visitor: Visitor, _hidden: str, venue: str) -> Iterator[None]:
        yield from _mixed(visitor, lambda number: visitor.post(f"/venues/{venue}", {"address": f"厂区{number}号"}))

    return _at_work(_theirs, "/people", work, folder, rows)


def _mixed(visitor: Visitor, change: Any) -> Iterator[None]:
    pages = visitor.walk("/people", TURNS)
    number = 0
    while True:
        number += 1
        if number % CHANGE_EVERY:
            yield next(pages)
        else:
            yield change(number)


def _at_work(server: Any, health: str, work: Any, folder: Path, rows: int) -> dict[str, float]:
    seconds = min(float(os.environ[SECONDS]), rows / 10)
    lines = [line.split() for line in (folder / "visitors").read_text().splitlines()]
    with served(partial(server, folder), health) as port:
        visitors = [Visitor(port, f"skilleval={cookie}") for cookie, _venue, _hidden in lines]
        steps = [work(one, hidden, venue) for one, (_cookie, venue, hidden) in zip(visitors, lines, strict=True)]
        return visit(visitors, steps, lambda passed: passed < seconds)


GOALS = (
    Goal(
        "G11",
        "page of 50 of 100,000 people, 16 connections",
        {"ours": partial(list_page, _ours, "/health"), "ORM page": partial(list_page, _theirs, "/people")},
        (
            Limit("ORM page", "at least", 2, reading="requests/s"),
            Limit("", "at most", 2.5, reading="p95 in turns"),
            Limit("", "at most", 0, reading="errors"),
        ),
        prepare=prepare,
    ),
    Goal(
        "G13",
        "50 people at work, 10 % of requests change something",
        {"ours": at_work_here, "ORM page": at_work_there},
        (Limit("", "at most", 0, reading="errors"), Limit("ORM page", "beside", 0, reading="p95 ms")),
        prepare=prepare,
        most_rounds=1,
    ),
)
