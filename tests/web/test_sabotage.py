"""Thirteen protections, each broken once: the proof that stands for it must say so, and nothing before."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import Session, select

from skilleval.db.tables import Person
from skilleval.installation import Installation
from skilleval.services import accounts, public_ids, sign_in, web_sessions
from skilleval.services.tenancy import Viewer
from skilleval.web import batches, candidates, gate, policy
from tests.marked import LEAD
from tests.web import foreign_ids, hostile, passes, readings, rights
from tests.web.marked_site import ADMINISTRATOR, STAFF_OF, MarkedSite, copied, open_site
from tests.web.survey import survey, visit

pytestmark = pytest.mark.slow

Patch = pytest.MonkeyPatch
#: filter of the viewer → a page that stands on it
BEHIND = {"own": "people.show", "candidates": "candidates.show_", "batches": "batches.show"}


def _policy_faults(site: MarkedSite) -> list[str]:
    found = rights.policy_found(site, ["accounts.index", "people.index"])
    return [one for one in rights.differences("policy.csv", rights.POLICY_COLUMNS, found) if "any more" not in one]


def test_a_policy_line_that_is_open_is_found(marked_site: MarkedSite, monkeypatch: Patch) -> None:
    assert _policy_faults(marked_site) == []
    monkeypatch.setitem(policy.POLICY["accounts.index"], "GET", policy.SIGNED_IN)
    assert _policy_faults(marked_site) != []


def test_forms_without_tokens_are_found(marked_site: MarkedSite, monkeypatch: Patch) -> None:
    assert rights.token_faults(marked_site, ["accounts.sign_out"]) == []
    monkeypatch.setitem(marked_site.app.config, "WTF_CSRF_ENABLED", False)
    assert rights.token_faults(marked_site, ["accounts.sign_out"]) != []


def test_a_template_that_does_not_escape_is_found(marked_files: Path, tmp_path: Path) -> None:
    site = open_site(copied(marked_files, tmp_path), kept=True)
    hostile.poison(site.installation.database)
    pages = (ADMINISTRATOR, "accounts.index", "/accounts"), (STAFF_OF[LEAD], "people.index", "/people")
    assert hostile.poison_faults(visit(site, *page) for page in pages) == []
    site.app.jinja_env.autoescape = False
    site.app.jinja_env.cache, site.app.jinja_env.bytecode_cache = {}, None
    found = hostile.poison_faults(visit(site, *page) for page in pages)
    assert any("comes out as markup" in one for one in found) and any("onerror=" in one for one in found)


@pytest.mark.parametrize("off", BEHIND)
def test_a_filter_of_the_viewer_that_is_off_is_found(marked_site: MarkedSite, monkeypatch: Patch, off: str) -> None:
    def faults() -> list[str]:
        return readings.mark_faults(survey(marked_site, [STAFF_OF["甲"]], endpoints=BEHIND.values(), links=False))

    def foreign() -> list[str]:
        found, telling = rights.tenancy_found(marked_site, [BEHIND[off]])
        differences = rights.differences("tenancy.csv", rights.TENANCY_COLUMNS, found)
        return telling + [one for one in differences if "any more" not in one]

    assert (faults(), foreign()) == ([], [])
    monkeypatch.setattr(Viewer, off, lambda *_arguments: sa.true())
    assert faults() != []
    assert foreign() != []


@pytest.mark.parametrize("module", [accounts, web_sessions])
def test_sessions_that_are_not_ended_are_found(
    app: Flask, installation: Installation, monkeypatch: Patch, module: Any
) -> None:
    passes.people(installation)
    if module is accounts:
        monkeypatch.setattr(accounts, "close_all_sessions", lambda *_arguments: None)
    else:
        monkeypatch.setattr(web_sessions, "IDLE", timedelta(days=1))
        monkeypatch.setattr(web_sessions, "close_session", lambda *_arguments: None)
    found = passes.revocation_faults(app, installation)
    wanted = ("disabling", "a new password") if module is accounts else ("30 minutes", "signing out")
    assert len(found) == 2 and all(any(one.startswith(name) for one in found) for name in wanted)


@pytest.mark.parametrize(("counted", "named"), [("login", "one name"), ("address", "one address")])
def test_guessing_without_end_is_found(
    app: Flask, installation: Installation, monkeypatch: Patch, counted: str, named: str
) -> None:
    passes.people(installation)
    monkeypatch.setitem(sign_in.LIMITS, counted, 10_000)
    assert any(named in one for one in passes.limit_faults(app))


def test_answers_without_headers_are_found(marked_site: MarkedSite, monkeypatch: Patch) -> None:
    assert visit(marked_site, STAFF_OF[LEAD], "home.show", "/").faults == ()
    monkeypatch.setattr(gate, "_HEADERS", {})
    assert len(visit(marked_site, STAFF_OF[LEAD], "home.show", "/").faults) >= 4


def test_a_record_that_opens_by_any_address_is_found(marked_site: MarkedSite, monkeypatch: Patch) -> None:
    assert rights.id_faults(marked_site, ["people.show"]) == []
    monkeypatch.setattr(public_ids, "_tag", lambda _kind: bytes(8))
    assert rights.id_faults(marked_site, ["people.show"]) != []


def test_a_page_that_writes_is_found(marked_files: Path, tmp_path: Path, monkeypatch: Patch) -> None:
    site = open_site(copied(marked_files, tmp_path), kept=True)
    shown = site.app.view_functions["people.index"]

    def writing() -> Any:
        with site.installation.database.writing() as session:
            person = session.exec(select(Person)).first()
            assert person is not None
            person.note = "gelesen"
            session.add(person)
            session.commit()
        return shown()

    def faults() -> list[str]:
        site.visitor(STAFF_OF[LEAD])
        before = readings.content_of(site.installation.database)
        written = readings.writing_faults([visit(site, STAFF_OF[LEAD], "people.index", "/people")])
        return written + readings.changed(before, readings.content_of(site.installation.database))

    assert faults() == []
    monkeypatch.setitem(site.app.view_functions, "people.index", writing)
    assert len(faults()) == 2


def test_being_led_to_another_site_is_found(app: Flask, installation: Installation, monkeypatch: Patch) -> None:
    passes.people(installation)
    monkeypatch.setattr(gate, "inside", lambda address: address)
    assert any("https://evil.example/" in one for one in passes.leading_faults(app))


def test_a_number_in_full_is_found(marked_site: MarkedSite, monkeypatch: Patch) -> None:
    def faults() -> list[str]:
        return readings.number_faults(survey(marked_site, [STAFF_OF[LEAD]], owners=LEAD, endpoints=BEHIND.values(), links=False))

    assert faults() == []
    monkeypatch.setattr(candidates, "mask_number", _in_full)
    assert faults() != []


def test_a_page_with_a_statement_for_each_row_is_found(marked_site: MarkedSite, monkeypatch: Patch) -> None:
    shown: Callable[..., Any] = marked_site.app.view_functions["people.index"]

    def one_by_one() -> Any:
        for number in range(12):
            gate.reading().get(Person, number)
        return shown()

    monkeypatch.setitem(marked_site.app.view_functions, "people.index", one_by_one)
    assert readings.statement_faults([visit(marked_site, STAFF_OF[LEAD], "people.index", "/people")]) != []


def test_a_form_that_takes_whatever_record_is_sent_is_found(marked_site: MarkedSite, monkeypatch: Patch) -> None:
    offer: Callable[..., None] = batches._offer

    def offer_everything(session: Session, form: batches.BatchForm) -> None:
        offer(session, form)
        form.specification.validate_choice = False

    def faults() -> list[str]:
        page = visit(marked_site, STAFF_OF["甲"], "batches.new", "/batches/new")
        return foreign_ids.sweep(marked_site, STAFF_OF["甲"], [page], "乙丁").faults

    assert faults() == []
    monkeypatch.setattr(batches, "_offer", offer_everything)
    assert faults() != []


def test_a_route_without_a_reviewed_line_is_told_with_the_line_to_add() -> None:
    found = {("people.gone", "GET"): dict.fromkeys(rights.POLICY_COLUMNS[2:], "-")}
    told = rights.differences("policy.csv", rights.POLICY_COLUMNS, found)
    assert told[0] == f"policy.csv lacks a line; review and add: people.gone,GET{',-' * 12}"


def _in_full(number: str) -> str:
    return number
