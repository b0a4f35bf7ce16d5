"""The journal in the browser, the timeline of a batch, and the words of acts."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from skilleval.db.tables import Batch, JournalEntry
from skilleval.installation import Installation
from skilleval.services import batch_steps, batches, journal
from skilleval.services.journal import Actor
from skilleval.web import acts, gate
from tests.chained import MEMBERS
from tests.factories import LIBRARY, make_batch, make_candidate, make_firm, make_person
from tests.statements import statements
from tests.web.conftest import TODAY, SignedIn


@pytest.fixture(autouse=True)
def world(installation: Installation) -> None:
    """A firm with a batch that has gone a step, a change with old and new values, and another firm with acts of its own."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        batch = make_batch(session, firm)
        batches.record_authority_reason(session, Actor("张批", "approver"), batch, "条款不一致，已请示")
        batch_steps.advance_batch(session, Actor("李人事", "hr"), batch, "enrolling", library=LIBRARY, on=TODAY)
        person = make_person(session, installation.vault, firm)
        make_candidate(session, batch, person, state="applied")
        journal.record(session, Actor("李人事", "hr"), firm.id, "people.import", objects=[person], detail={"1": {"department": ["一车间", "二车间"]}})
        journal.record(session, Actor("新软件", "hr"), firm.id, "unheard.of", objects=[person])
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        journal.record(session, Actor("外厂人", "hr"), other.id, "people.import", objects=[other.institution])
        session.commit()


def test_the_auditor_reads_acts_in_sentences_with_the_batch_and_old_and_new(app: Flask, signed_in: SignedIn) -> None:
    page = signed_in("auditor").get("/journal").get_data(as_text=True)

    assert f'批次进入报名　<a href="/batches/{app.extensions["skilleval.ids"].hide("batch", 1)}">2026-DG-01</a>' in page
    assert "人力资源" in page and "条款不一致，已请示" in page
    assert "一车间 → 二车间" in page
    # An act without a sentence shows its key, and another firm's acts are not there.
    assert "unheard.of" in page and "外厂人" not in page


def test_acts_are_found_by_kind_by_person_and_by_the_chinese_day(signed_in: SignedIn, installation: Installation) -> None:
    with installation.database.reading() as session:
        stored = session.execute(sa.select(sa.func.max(JournalEntry.body))).scalar_one()
    at = re.search(r'"at":"([^"]+)"', stored)
    assert at is not None
    day = gate.datetime.fromisoformat(at[1]).astimezone(gate.CHINA).date()
    browser = signed_in("supervisor")

    def found(words: str) -> str:
        return browser.get(f"/journal?{words}").get_data(as_text=True)

    assert "批次进入报名" in found("kind=batch") and "导入花名册" not in found("kind=batch")
    assert "条款不一致，已请示" in found("q=张批") and "批次进入报名" not in found("q=张批")
    assert "批次进入报名" in found(f"q={day}") and "批次进入报名" not in found(f"q={day - timedelta(2)}")


def test_the_batch_tells_its_own_story(app: Flask, signed_in: SignedIn) -> None:
    page = signed_in("hr").get(f"/batches/{app.extensions['skilleval.ids'].hide('batch', 1)}").get_data(as_text=True)

    told = page[page.index("经过") :]
    assert told.index("批次进入报名") < told.index("写明条款不一致仍认定的理由")
    assert "导入花名册" not in told


def test_the_chain_is_checked_and_a_changed_entry_is_told(signed_in: SignedIn, installation: Installation) -> None:
    browser = signed_in("auditor")
    whole = browser.get("/journal/check").get_data(as_text=True)
    with installation.database.writing() as session:
        for (name,) in session.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal_entry'")).all():
            session.execute(sa.text(f'DROP TRIGGER "{name}"'))
        session.execute(sa.text("UPDATE journal_entry SET body = replace(body, '李人事', '王人事') WHERE institution_id = 1"))
        session.commit()

    changed = browser.get("/journal/check").get_data(as_text=True)

    assert "首尾衔接，没有改动" in whole
    assert "内容与摘要不符" in changed and "王人事" in changed


@pytest.mark.parametrize("role", ["assessor", "reviewer", "approver", "issuer", "member_hr"])
def test_others_read_no_journal(signed_in: SignedIn, role: str) -> None:
    assert signed_in(role).get("/journal").status_code == 403
    assert signed_in(role).get("/journal/check").status_code == 403


def test_the_pages_ask_at_most_twelve_statements(app: Flask, signed_in: SignedIn) -> None:
    browser = signed_in("hr")

    for page in ("/journal", "/journal?q=张批&kind=batch", "/journal/check"):
        with statements() as asked:
            assert browser.get(page).status_code == 200
        assert 3 <= len(asked) <= 12, page


def test_every_act_that_a_service_writes_has_its_sentence_and_its_kind() -> None:
    folder = Path(journal.__file__).parent
    source = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
    written = set(re.findall(r'(?:record|record_bulk|tell|tell_everywhere)\([^"]*?"([a-z_]+\.[a-z_]+)"', source))

    assert len(written) > 40
    assert sorted(written - acts.SENTENCES.keys()) == []
    assert {key.partition(".")[0] for key in acts.SENTENCES} <= acts.KINDS.keys()
    assert f"batch.{Batch(state='archived').state}" in acts.SENTENCES
