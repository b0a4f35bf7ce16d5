"""Drafts of specifications in the browser: revisions, opinions, a round, and what only the lead may do."""

import io
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlmodel import select

from skilleval.db.tables import (
    Chain,
    Institution,
    OpinionAnswer,
    Specification,
    SpecificationDraft,
    SpecificationDrafter,
)
from skilleval.installation import Installation
from skilleval.services import chains
from tests.chained import MEMBERS, join
from tests.drafted import OPINION, hold, make_draft, revision
from tests.factories import ACTOR, make_firm
from tests.web.conftest import SignedIn
from tests.web.counted import MOST, statements

STRANGER = MEMBERS[2]


@pytest.fixture
def address(installation: Installation, app: Flask) -> str:
    """The page of a draft with a revision and an open round with one opinion; its lead, its co-drafter, and a stranger."""
    with installation.database.writing() as session:
        lead = make_firm(session, chain_lead=True)
        chain = chains.add_chain(session, ACTOR, lead.institution, name="精工链")
        join(session, chain, make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲").institution)
        make_firm(session, STRANGER, "Y000044000992", name="别家企业")
        draft = make_draft(session, chain)
        hold(session, draft, OPINION)
        session.commit()
    return f"/specifications/drafts/{app.extensions['skilleval.ids'].hide('specification_draft', draft.id or 0)}"


def test_the_page_tells_the_whole_road(signed_in: SignedIn, address: str) -> None:
    browser = signed_in("hr")

    with statements() as seen:
        page = browser.get(address).get_data(as_text=True)

    assert [word in page for word in ("起草人甲", "首稿", "专家甲", "权重宜提高", "作出结论")] == [True] * 5
    assert address in browser.get("/specifications/drafts").get_data(as_text=True)
    assert len(seen) <= MOST


def test_an_opinion_is_answered_once_and_the_round_concluded(signed_in: SignedIn, installation: Installation, address: str) -> None:
    browser = signed_in("hr")
    verdict = {"serial": "1", "verdict": "reject", "reason": "已够高"}

    early = browser.post(f"{address}/conclusion", {"conclusion": "pass", "reason": "可行", "unknown_reason": "按2人执行"})
    first, again = (browser.post(f"{address}/answers", verdict) for _time in range(2))
    passed = browser.post(f"{address}/conclusion", {"conclusion": "pass", "reason": "可行", "unknown_reason": "按2人执行"})
    not_theirs, approved = (signed_in(role).post(f"{address}/approval", {"reason": "企〔2026〕1号"}) for role in ("hr", "approver"))

    answers = (early, first, again, passed, not_theirs, approved)
    assert [one.status_code for one in answers] == [422, 303, 422, 303, 403, 303]
    with installation.database.reading() as session:
        assert [one.verdict for one in session.exec(select(OpinionAnswer))] == ["reject"]
        assert session.exec(select(Specification.draft_number).where(Specification.code == "ZP")).all() == ["GF-1"]


def test_a_co_drafter_hands_in_opinions_and_does_nothing_of_the_leads(
    signed_in: SignedIn, installation: Installation, address: str
) -> None:
    browser = signed_in("hr", "approver", at=MEMBERS[0])

    page = browser.get(address).get_data(as_text=True)
    opinion = browser.post(f"{address}/opinions", {"part": "理论", "text": "题量偏大"})
    leads = [
        browser.post(f"{address}/{act}", form)
        for act, form in (
            ("answers", {"serial": "1", "verdict": "adopt", "reason": "x"}), ("conclusion", {"conclusion": "fail", "reason": "x"}),
            ("approval", {"reason": "x"}), ("end", {"reason": "x"}), ("opinions", {"expert": "专家甲", "part": "x", "text": "y"}),
        )
    ]  # fmt: skip

    assert "作出结论" not in page
    assert opinion.status_code == 303
    assert [one.status_code for one in leads] == [404] * 5
    with installation.database.reading() as session:
        assert session.exec(select(SpecificationDraft.state)).one() == "reviewing"


def test_a_revision_is_refused_with_every_reason_while_it_is_reviewed(signed_in: SignedIn, address: str) -> None:
    upload = {"file": (io.BytesIO(revision(theory=30).encode()), "第二稿.toml"), "reason": "提高技能权重"}

    answer = signed_in("hr").post(f"{address}/revisions", upload, content_type="multipart/form-data")

    assert answer.status_code == 422


def test_a_member_of_the_chain_drafts_too_until_the_lead_notes_its_last_day(
    signed_in: SignedIn, installation: Installation, address: str, hide: Callable[[str, int], str]
) -> None:
    with installation.database.writing() as session:
        joined = session.exec(select(Institution).where(Institution.credit_code == STRANGER)).one()
        join(session, session.exec(select(Chain)).one(), joined)
        session.commit()
    lead, other = signed_in("hr"), signed_in("hr", at=MEMBERS[0])
    form = {"credit_code": STRANGER, "role": "参编单位", "people": "起草人丙、起草人丁", "joined_on": "2026-06-01"}
    leave = f"{address}/drafters/{hide('specification_drafter', 3)}/leave"

    answers = [
        other.post(f"{address}/drafters", form), lead.post(f"{address}/drafters", form | {"credit_code": "91440999MA0000099X"}),
        lead.post(f"{address}/drafters", form), lead.post(f"{address}/drafters", form),
        other.post(leave, {"reason": "x"}), lead.post(leave, {"reason": " "}), lead.post(leave, {"reason": "人员调离"}),
    ]  # fmt: skip

    assert [one.status_code for one in answers] == [404, 422, 303, 422, 404, 422, 303]
    assert "已是起草单位" in answers[3].get_data(as_text=True)
    with installation.database.reading() as session:
        row = session.exec(select(SpecificationDrafter).where(SpecificationDrafter.credit_code == STRANGER)).one()
    assert (row.people, row.left_on) == (["起草人丙", "起草人丁"], date(2026, 6, 1))


def test_the_record_of_the_reviews_is_printed_once_they_are_concluded(
    signed_in: SignedIn, installation: Installation, address: str
) -> None:
    browser = signed_in("hr")

    early = browser.get(f"{address}/record.pdf")
    unoffered = "record.pdf" in browser.get(address).get_data(as_text=True)
    browser.post(f"{address}/answers", {"serial": "1", "verdict": "reject", "reason": "已够高"})
    browser.post(f"{address}/conclusion", {"conclusion": "pass", "reason": "可行", "unknown_reason": "按2人执行"})
    offered = "record.pdf" in browser.get(address).get_data(as_text=True)
    told = "".join(page.extract_text() for page in PdfReader(io.BytesIO(browser.get(f"{address}/record.pdf").data)).pages)

    assert (early.status_code, unoffered, offered) == (422, False, True)
    assert "专家甲" in told and "已够高" in told
    assert signed_in("hr", at=STRANGER).get(f"{address}/record.pdf").status_code == 404


def test_a_stranger_finds_no_draft_and_an_auditor_changes_nothing(signed_in: SignedIn, address: str) -> None:
    stranger = signed_in("hr", at=STRANGER)

    assert stranger.get(address).status_code == 404
    assert stranger.post(f"{address}/opinions", {"part": "x", "text": "y"}).status_code == 404
    assert address not in stranger.get("/specifications/drafts").get_data(as_text=True)
    assert signed_in("auditor").post(f"{address}/end", {"reason": "x"}).status_code == 403
