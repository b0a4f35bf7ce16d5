"""Drafts of specifications in the browser: revisions, opinions, a round, and what only the lead may do."""

import io

import pytest
from flask import Flask
from sqlmodel import select

from skilleval.db.tables import OpinionAnswer, Specification, SpecificationDraft
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


def test_a_stranger_finds_no_draft_and_an_auditor_changes_nothing(signed_in: SignedIn, address: str) -> None:
    stranger = signed_in("hr", at=STRANGER)

    assert stranger.get(address).status_code == 404
    assert stranger.post(f"{address}/opinions", {"part": "x", "text": "y"}).status_code == 404
    assert address not in stranger.get("/specifications/drafts").get_data(as_text=True)
    assert signed_in("auditor").post(f"{address}/end", {"reason": "x"}).status_code == 403
