"""Chains in the browser: the lead's map and its acts, what a member sees, and the member's own corner."""

from datetime import date

import pytest
from flask import Flask
from sqlmodel import select

from skilleval.db.tables import Candidate, Chain, ChainMember, Evidence, Mandate
from skilleval.installation import Installation
from tests.certified import settle
from tests.chained import MEMBERS, Scene, add_member, make_scene
from tests.factories import CREDIT_CODE, make_candidate, make_firm, make_person
from tests.statements import statements
from tests.web.conftest import SignedIn


@pytest.fixture
def scene(installation: Installation) -> Scene:
    """The lead with two members; one candidate of each firm sits in the lead's batch."""
    with installation.database.writing() as session:
        scene = make_scene(session)
        scene.batch.starts_on = date(2026, 5, 25)
        session.add(scene.batch)
        other, _mandate = add_member(session, scene.chain, scene.lead, MEMBERS[1], "配套企业乙")
        for serial, (firm, name) in enumerate(((scene.lead, "陈总装"), (scene.member, "李配套"), (other, "王配套")), start=1):
            person = make_person(session, installation.vault, firm, name, serial)
            session.flush()
            make_candidate(session, scene.batch, person, state="eligible")
            session.add(Evidence(institution_id=scene.lead.id, code=f"ZZ-{serial}", employer_id=firm.id, person_id=person.id or 0,
                                 kind="quality", title=f"{name}的业绩", started_on=date(2025, 5, 1), issuer="厂"))  # fmt: skip
        session.commit()
    return scene


def _address(app: Flask, scene: Scene, *rest: str) -> str:
    return "/".join((f"/chains/{_hidden(app, 'chain', scene.chain.id)}", *rest))


def _hidden(app: Flask, kind: str, row: int | None) -> str:
    return str(app.extensions["skilleval.ids"].hide(kind, row))


def test_the_lead_sees_who_may_be_assessed_and_no_small_numbers(app: Flask, signed_in: SignedIn, scene: Scene) -> None:
    browser = signed_in("hr")

    assert "精工链" in browser.get("/chains").get_data(as_text=True)
    page = browser.get(_address(app, scene)).get_data(as_text=True)

    assert "配套企业甲" in page and "配套企业乙" in page and "全部职业" in page
    assert "合计过少，不显示任何数字" in page and "＊" in page


def test_a_member_sees_itself_and_its_mandate_and_nothing_of_the_others(app: Flask, signed_in: SignedIn, scene: Scene) -> None:
    page = signed_in("member_hr", at=MEMBERS[0]).get(_address(app, scene)).get_data(as_text=True)

    assert "配套企业甲" in page and "XY-1" in page
    assert "配套企业乙" not in page and "XY-2" not in page and "认定了多少人" not in page and "登记服务关系" not in page


def test_a_firm_outside_finds_no_chain(app: Flask, signed_in: SignedIn, installation: Installation, scene: Scene) -> None:
    with installation.database.writing() as session:
        make_firm(session, MEMBERS[2], "Y000044000993", name="别家")
        session.commit()
    browser = signed_in("hr", at=MEMBERS[2])

    assert browser.get(_address(app, scene)).status_code == 404
    assert browser.post(_address(app, scene, "members"), {}).status_code == 404
    assert browser.post(_address(app, scene, "mandates", _hidden(app, "mandate", 1), "revoke"), {"reason": "理由"}).status_code == 404


def test_a_member_may_not_act_for_the_lead(app: Flask, signed_in: SignedIn, scene: Scene, installation: Installation) -> None:
    hr = signed_in("hr", at=MEMBERS[0])
    leave = _address(app, scene, "members", _hidden(app, "chain_member", 1), "leave")
    revoke = _address(app, scene, "mandates", _hidden(app, "mandate", 1), "revoke")

    assert [hr.post(one, {"reason": "理由"}).status_code for one in (leave, revoke)] == [404, 404]
    assert signed_in("member_hr", at=MEMBERS[0]).post(revoke, {"reason": "理由"}).status_code == 403
    with installation.database.reading() as session:
        assert session.exec(select(ChainMember.left_on)).all() == [None, None]


def test_a_lead_records_a_chain_once_and_who_is_none_is_told_why_not(app: Flask, signed_in: SignedIn, scene: Scene, installation: Installation) -> None:
    browser, member = signed_in("hr"), signed_in("hr", at=MEMBERS[0])
    form = {"name": "装备链", "cluster": "智能机器人", "city": "4403"}

    added = browser.post("/chains", form)
    again = browser.post("/chains", form)
    refused = member.post("/chains", {"name": "别的链"})

    assert [one.status_code for one in (added, again, refused)] == [303, 422, 422]
    assert "已有名为“装备链”的链" in again.get_data(as_text=True) and 'value="智能机器人"' in again.get_data(as_text=True)
    assert "没有写明是链主企业" in member.get("/chains").get_data(as_text=True)
    assert "增加链员" in browser.get(str(added.location)).get_data(as_text=True)
    with installation.database.reading() as session:
        found = session.exec(select(Chain).where(Chain.name != "精工链")).all()
    assert [(one.institution_id, one.name, one.cluster, one.city) for one in found] == [(scene.lead.id, "装备链", "智能机器人", "4403")]
    assert signed_in("supervisor").post("/chains", form).status_code == 403


def test_a_member_joins_and_leaves_with_a_reason(app: Flask, signed_in: SignedIn, scene: Scene, installation: Installation) -> None:
    browser = signed_in("hr")
    form = {"credit_code": MEMBERS[2], "name": "配套企业丙", "kind": "firm", "joined_on": "2026-05-01", "posts": "30"}

    joined = browser.post(_address(app, scene, "members"), form)
    twice = browser.post(_address(app, scene, "members"), form)
    leave = _address(app, scene, "members", _hidden(app, "chain_member", 3), "leave")
    without = browser.post(leave, {"reason": " "})
    left = browser.post(leave, {"reason": "协议终止"})

    assert [one.status_code for one in (joined, twice, without, left)] == [303, 422, 422, 303]
    assert "已是链员" in twice.get_data(as_text=True)
    with installation.database.reading() as session:
        member = session.exec(select(ChainMember).where(ChainMember.name == "配套企业丙")).one()
    assert (member.posts, member.left_on) == (30, date(2026, 6, 1))


def test_a_wrong_leave_date_is_corrected_after_seeing_whom_it_touches_and_the_old_one_stays(
    app: Flask, signed_in: SignedIn, scene: Scene, installation: Installation
) -> None:
    leave(installation, scene, date(2026, 5, 20), verdict="met")
    browser, address = signed_in("hr"), _correct(app, scene)

    offered = browser.get(_address(app, scene)).get_data(as_text=True)
    before = browser.get(f"{address}?ask=1&left_on=2026-05-31").get_data(as_text=True)
    corrected = browser.post(address, {"left_on": "2026-05-31", "reason": "登记错月份"})
    back = browser.post(address, {"not_left": "y", "reason": "其实没有退出"})
    page = browser.get(address).get_data(as_text=True)

    assert "更正退出日期" in offered and "由 2026-05-20 更正为：2026-05-31" in before
    assert "批次 2026-DG-01" in before and "考生 李配套" in before and "还没有更正过" in before
    assert [one.status_code for one in (corrected, back)] == [303, 303]
    assert page.index("其实没有退出</td>") < page.index("登记错月份") and page.count("2026-05-20") == 1 and "考生 李配套" in page
    assert "没有登记退出" in page
    with installation.database.reading() as session:
        assert session.get_one(ChainMember, 1).left_on is None


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"left_on": "2026-05-31", "reason": " "}, "须写明理由"),
        ({"left_on": "2026-05-20", "reason": "错"}, "没有更正"),
        ({"left_on": "2026-05-31", "not_left": "y", "reason": "错"}, "只选其一"),
        ({"reason": "错"}, "只选其一"),
        ({"left_on": "五月底", "reason": "错"}, "不是日期"),
    ],
)
def test_a_correction_of_a_leave_date_that_can_not_be_is_refused(
    app: Flask, signed_in: SignedIn, scene: Scene, installation: Installation, form: dict[str, object], told: str
) -> None:
    leave(installation, scene, date(2026, 5, 20))

    answer = signed_in("hr").post(_correct(app, scene), form)

    assert answer.status_code == 422 and told in answer.get_data(as_text=True)
    with installation.database.reading() as session:
        assert session.get_one(ChainMember, 1).left_on == date(2026, 5, 20)


def test_whose_result_would_lose_its_ground_is_told_before_and_nothing_is_corrected(
    app: Flask, signed_in: SignedIn, scene: Scene, installation: Installation
) -> None:
    leave(installation, scene, date(2026, 6, 30), verdict="met", skill=8000)
    browser, address = signed_in("hr"), _correct(app, scene)

    before = browser.get(f"{address}?ask=1&left_on=2026-05-01").get_data(as_text=True)
    answer = browser.post(address, {"left_on": "2026-05-01", "reason": "错"})

    assert "合格结果或证书仍有效" in before and "1 项的合格结果或证书会失去依据" in before
    # The refusal names the page, not the command.
    assert answer.status_code == 422 and "证书页的“撤销”" in answer.get_data(as_text=True)


def test_only_the_lead_corrects_and_who_may_not_reads(
    app: Flask, signed_in: SignedIn, scene: Scene, installation: Installation
) -> None:
    leave(installation, scene, date(2026, 5, 20))
    address, form = _correct(app, scene), {"left_on": "2026-05-31", "reason": "错"}
    member, auditor = signed_in("hr", at=MEMBERS[0]), signed_in("auditor")

    read = auditor.get(address)

    assert (member.get(address).status_code, member.post(address, form).status_code) == (404, 404)
    assert read.status_code == 200 and "看会涉及谁" not in read.get_data(as_text=True)
    assert auditor.post(address, form).status_code == 403


def test_the_page_of_a_correction_asks_as_often_for_one_as_for_many(
    app: Flask, signed_in: SignedIn, scene: Scene, installation: Installation
) -> None:
    leave(installation, scene, date(2026, 5, 20), verdict="met", people=6)
    browser = signed_in("hr")

    with statements() as asked:
        page = browser.get(f"{_correct(app, scene)}?ask=1&left_on=2026-05-31").get_data(as_text=True)

    assert page.count("批次 2026-DG-01") == 7 and 2 < len(asked) <= 12


def leave(installation: Installation, scene: Scene, day: date, *, verdict: str | None = None, skill: int = 0, people: int = 0) -> None:
    """Let the first member leave on a day; its candidate is judged and passed as told, with more of its people beside."""
    with installation.database.writing() as session:
        session.get_one(ChainMember, 1).left_on = day
        sitting = session.exec(select(Candidate).where(Candidate.employer_id == scene.member.id)).one()
        sitting.verdict = verdict
        for serial in range(people):
            person = make_person(session, installation.vault, scene.member, f"配套{serial}", 10 + serial)
            session.flush()
            make_candidate(session, scene.batch, person, state="eligible", verdict=verdict)
        if skill:
            settle(session, sitting, skill)
        session.commit()


def _correct(app: Flask, scene: Scene) -> str:
    return _address(app, scene, "members", _hidden(app, "chain_member", 1), "correct")


def test_a_mandate_is_given_and_revoked_with_a_reason(app: Flask, signed_in: SignedIn, scene: Scene, installation: Installation) -> None:
    browser = signed_in("hr")
    form = {
        "evaluator": CREDIT_CODE, "employer": MEMBERS[0], "document": "XY-9", "valid_from": "2026-06-01",
        "valid_to": "2026-12-31", "occupations": "6-31-01-03", "grades": ["senior"],
    }  # fmt: skip

    given = browser.post(_address(app, scene, "mandates"), form)
    again = browser.post(_address(app, scene, "mandates"), form)
    revoked = browser.post(_address(app, scene, "mandates", _hidden(app, "mandate", 3), "revoke"), {"reason": "改由他机构承担"})
    page = browser.get(_address(app, scene)).get_data(as_text=True)

    assert [one.status_code for one in (given, again, revoked)] == [303, 422, 303]
    assert "协议编号 XY-9 已使用" in again.get_data(as_text=True)
    assert "改由他机构承担" in page and "已失效" in page
    with installation.database.reading() as session:
        mandate = session.exec(select(Mandate).where(Mandate.document == "XY-9")).one()
    assert (mandate.occupations, mandate.grades, mandate.revoked_on) == (["6-31-01-03"], ["senior"], date(2026, 6, 1))


def test_a_firm_with_which_the_lead_has_nothing_to_do_is_no_choice(app: Flask, signed_in: SignedIn, scene: Scene) -> None:
    form = {"evaluator": CREDIT_CODE, "employer": MEMBERS[2], "document": "XY-9", "valid_from": "2026-06-01", "valid_to": "2026-12-31"}

    assert signed_in("hr").post(_address(app, scene, "mandates"), form).status_code == 422


def test_the_corner_shows_a_members_own_and_only_its_own(signed_in: SignedIn, scene: Scene) -> None:
    browser = signed_in("member_hr", at=MEMBERS[0])

    pages = [browser.get(f"/corner{rest}").get_data(as_text=True) for rest in ("", "/candidates", "/evidence")]

    assert "XY-1" in pages[0] and "<strong>1</strong><span>本企业花名册</span>" in pages[0]
    assert "李配套" in pages[1] and "2026-DG-01" in pages[1] and "李配套的业绩" in pages[2]
    for page in pages:
        assert not any(foreign in page for foreign in ("王配套", "陈总装", "配套企业乙", "XY-2"))


def test_the_pages_ask_at_most_twelve_statements(app: Flask, signed_in: SignedIn, scene: Scene) -> None:
    lead, member = signed_in("hr"), signed_in("member_hr", at=MEMBERS[0])

    for browser, page in ((lead, _address(app, scene)), (member, "/corner"), (member, "/corner/candidates"), (member, "/corner/evidence")):
        with statements() as asked:
            assert browser.get(page).status_code == 200
        assert 2 < len(asked) <= 12, page


def test_an_assessor_opens_neither(app: Flask, signed_in: SignedIn, scene: Scene) -> None:
    browser = signed_in("assessor")

    assert [browser.get(page).status_code for page in ("/chains", _address(app, scene), "/corner")] == [403, 403, 403]
