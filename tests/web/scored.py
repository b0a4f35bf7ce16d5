"""A batch that is being marked, and its assessors at their tablets."""

import tomllib
from collections.abc import Callable

import sqlalchemy as sa
from sqlmodel import Session

from skilleval import paths
from skilleval.db.secrets import Vault
from skilleval.services import schemes
from tests.factories import ACTOR, Firm, make_batch, make_candidate, make_firm, make_person
from tests.web.conftest import Browser

#: the shipped criterion sheet, filled in: 40.5 + 44 + 8.5 = 93
FILLED = {"cell:1": "18", "cell:2": "22.5", "cell:3": "20", "cell:4": "24", "cell:5": "1", "cell:6": "0"}
Hidden = Callable[[str, int], str]


def make_marked(session: Session, vault: Vault) -> Firm:
    """A firm whose batch is being marked: theory is one number by K1, skill a criterion sheet by K1, K2 and K3."""
    firm = make_firm(session)
    content = tomllib.loads((paths.shipped("templates") / "scheme-skill.example.toml").read_text(encoding="utf-8"))
    schemes.define_scheme(session, ACTOR, firm.institution, content)
    batch = make_batch(session, firm, state="marking")
    for serial, name in enumerate(("陈大文", "李小明"), start=1):
        make_candidate(session, batch, make_person(session, vault, firm, name, serial))
    return firm


def sheet(hide: Hidden, firm: Firm, method: str, candidate: int) -> str:
    return f"{scoring(hide, firm, method)}/{hide('candidate', candidate)}"


def scoring(hide: Hidden, firm: Firm, method: str) -> str:
    return f"/batches/{hide('batch', 1)}/scoring/{hide('part', part_id(firm, method))}"


def part_id(firm: Firm, method: str) -> int:
    return firm.part("senior", method).id or 0


def hand_in(browser: Browser, hide: Hidden, firm: Firm, method: str, *each: dict[str, str]) -> None:
    for serial, cells in enumerate(each, start=1):
        assert browser.post(sheet(hide, firm, method, serial), {"version": "0", **cells}).status_code == 303
    assert browser.post(f"{scoring(hide, firm, method)}/submit").status_code == 303


def asked(browser: Browser, address: str) -> int:
    """How many statements a page sends, once the session was seen."""
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        assert browser.get(address).status_code == 200
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)
    assert statements
    return sum(one.lstrip().upper().startswith("SELECT") for one in statements)
