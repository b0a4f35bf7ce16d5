"""Panels, staff, absences and conflicts of a batch in the browser."""

import pytest
from sqlmodel import select

from skilleval.db.tables import Assignment, Batch, Conflict, Mark, Panel, PanelMember, Personnel, Relation, Result
from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.factories import CREDIT_CODE, Firm, make_batch, make_candidate, make_firm, make_person
from tests.web.conftest import SignedIn
from tests.web.scored import Hidden, asked


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm with a batch in which K1 shares a name with the second candidate."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        batch = make_batch(session, firm, state="reviewed")
        for serial, name in enumerate(("陈大文", "考评员甲"), start=1):
            make_candidate(session, batch, make_person(session, installation.vault, firm, name, serial))
        session.commit()
    return firm


def panels(hide: Hidden, act: str = "") -> str:
    return f"/batches/{hide('batch', 1)}/panels{act}"


def seats(hide: Hidden, *ids: int, chair: int | None = None, reason: str = "抽签") -> dict[str, object]:
    members = [hide("personnel", one) for one in ids]
    return {"method": "theory", "member": members, "chair": hide("personnel", chair or ids[0]), "reason": reason}


def count(installation: Installation, table: type[Panel] | type[Conflict] | type[Assignment]) -> int:
    with installation.database.reading() as session:
        return len(session.exec(select(table)).all())


def advance(installation: Installation, state: str) -> None:
    with installation.database.writing() as session:
        batch = session.exec(select(Batch)).one()
        batch.state = state
        session.add(batch)
        session.commit()


def test_a_proposal_says_why_and_writes_nothing(signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm) -> None:
    page = signed_in("hr").get(panels(hide, "/propose?method=theory&size=1")).get_data(as_text=True)

    assert "可以组成 1 人的评审组" in page
    assert "考评员甲（K1）" in page and "考评本人" in page
    assert count(installation, Panel) == 0


def test_a_size_that_no_panel_has_is_refused_and_a_method_that_is_none_is_not_there(
    signed_in: SignedIn, hide: Hidden, firm: Firm
) -> None:
    browser = signed_in("hr")

    answers = [browser.get(panels(hide, f"/propose?method={one}")).status_code for one in ("review", "nonsense")]

    assert answers == [422, 404]


def test_a_panel_is_put_together_and_shown(signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm) -> None:
    browser = signed_in("hr")

    answer = browser.post(panels(hide, "/assign"), seats(hide, 2))
    page = browser.get(panels(hide)).get_data(as_text=True)

    assert answer.status_code == 303
    assert "理论知识考试评审组" in page and "抽签" in page


def test_a_panel_with_a_conflict_or_without_a_reason_is_refused(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    browser = signed_in("hr")

    conflict = browser.post(panels(hide, "/assign"), seats(hide, 1))
    no_reason = browser.post(panels(hide, "/assign"), seats(hide, 2, reason=" "))

    assert "考评本人" in conflict.get_data(as_text=True)
    assert (conflict.status_code, no_reason.status_code, count(installation, Panel)) == (422, 422, 0)


def test_a_person_is_held_against_the_batch_without_assigning(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    before = count(installation, Assignment)

    page = signed_in("reviewer").get(panels(hide, f"/check?person={hide('personnel', 1)}")).get_data(as_text=True)

    assert "不能担任" in page and "姓名相同" in page
    assert count(installation, Assignment) == before


def test_a_conflict_is_dismissed_with_a_reason_by_the_reviewer(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    reviewer = signed_in("reviewer")
    words = {"examiner": hide("personnel", 1), "subject": hide("person", 2), "kind": "self", "state": "dismissed"}

    no_reason = reviewer.post(panels(hide, "/conflicts"), {**words, "reason": " "})
    dismissed = reviewer.post(panels(hide, "/conflicts"), {**words, "reason": "同名不同人，已核对证件"})
    page = reviewer.get(panels(hide, "/conflicts")).get_data(as_text=True)

    assert (no_reason.status_code, dismissed.status_code) == (422, 303)
    assert "已排除" in page and "同名不同人，已核对证件" in page


def test_a_declared_relation_becomes_a_conflict_to_decide(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    browser = signed_in("hr")
    words = {"kind": "mentor", "examiner": "K2", "employer": CREDIT_CODE, "other": "陈大文", "source": "2024年师带徒协议"}

    declared = browser.post(panels(hide, "/relations"), words)
    page = browser.get(panels(hide, "/conflicts")).get_data(as_text=True)

    assert declared.status_code == 303
    assert "师徒关系" in page and "2024年师带徒协议" in page


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"examiner": ""}, "须写明其一"),
        ({"person": "陈大文"}, "只写其一"),
        ({"source": " "}, "请填写“依据”"),
        ({"other": "无此人"}, "没有这个人"),
        ({"valid_from": "2026-06-02"}, "还没有到"),
        ({"employer": MEMBERS[0]}, "对方所在单位"),
    ],
)
def test_a_relation_that_says_too_little_or_of_others_is_refused(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, change: dict[str, str], told: str
) -> None:
    with installation.database.writing() as session:
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    words = {"kind": "mentor", "examiner": "K2", "employer": CREDIT_CODE, "other": "陈大文", "source": "2024年师带徒协议"}

    answer = signed_in("reviewer").post(panels(hide, "/relations"), words | change)

    assert (answer.status_code, told in answer.get_data(as_text=True)) == (422, True)
    assert signed_in("hr", at=MEMBERS[0]).post(panels(hide, "/relations"), words).status_code == 404
    with installation.database.reading() as session:
        assert session.exec(select(Relation)).all() == []


def test_staff_is_changed_by_the_matrix_with_a_reason(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    browser = signed_in("hr")
    words: dict[str, object] = {"staff": ["K2:theory", "K2:skill", "K3:skill"], "supervisor": ["D1"]}

    no_reason = browser.post(panels(hide, "/staff"), {**words, "reason": ""})
    changed = browser.post(panels(hide, "/staff"), {**words, "reason": "甲须回避"})

    assert (no_reason.status_code, changed.status_code) == (422, 303)
    with installation.database.reading() as session:
        found = {(one.personnel_id, one.method) for one in session.exec(select(Assignment))}
    assert found == {(2, "theory"), (2, "skill"), (3, "skill"), (4, "")}


def test_a_batch_planned_without_a_venue_gets_one_where_its_staff_is_changed(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    browser = signed_in("hr")
    with installation.database.writing() as session:
        session.get_one(Batch, 1).venues = []
        session.commit()
    words: dict[str, object] = {"staff": ["K1:theory", "K1:skill", "K2:skill", "K3:skill"], "supervisor": ["D1"], "reason": "补场地"}

    lacking = browser.get(f"/batches/{hide('batch', 1)}").get_data(as_text=True)
    unknown = browser.post(panels(hide, "/staff"), {**words, "venue": "别家的车间"})
    changed = browser.post(panels(hide, "/staff"), {**words, "venue": firm.venue.name})
    page = browser.get(panels(hide)).get_data(as_text=True)

    missing = lacking[lacking.index("尚未指定考核场地") :]
    assert f'href="{panels(hide)}">去处理' in missing[: missing.index("</li>")]
    assert (unknown.status_code, changed.status_code) == (422, 303)
    assert f'name="venue" value="{firm.venue.name}" checked' in page
    with installation.database.reading() as session:
        assert session.get_one(Batch, 1).venues == [firm.venue.name]


def test_a_member_who_did_not_come_is_entered_and_taken_back(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    browser = signed_in("hr")
    browser.post(panels(hide, "/assign"), seats(hide, 2))
    words = {"panel": hide("panel", 1), "person": hide("personnel", 2)}

    early = browser.post(panels(hide, "/attendance"), {**words, "act": "absent", "reason": "病假"})
    advance(installation, "marking")
    absent = browser.post(panels(hide, "/attendance"), {**words, "act": "absent", "reason": "病假"})
    page = browser.get(panels(hide)).get_data(as_text=True)
    back = browser.post(panels(hide, "/attendance"), {**words, "act": "attend", "reason": "登记有误"})

    assert [one.status_code for one in (early, absent, back)] == [422, 303, 303]
    assert "缺席" in page and "病假" in page and "增补一人" in page
    with installation.database.reading() as session:
        assert session.exec(select(PanelMember)).one().absent_reason is None


def test_somebody_is_called_in_for_an_absent_member_and_nobody_who_may_not(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    browser = signed_in("hr")
    browser.post(panels(hide, "/assign"), seats(hide, 2))
    advance(installation, "marking")
    words = {"panel": hide("panel", 1), "person": hide("personnel", 2), "reason": "病假"}
    browser.post(panels(hide, "/attendance"), {**words, "act": "absent"})

    refused = browser.post(panels(hide, "/attendance"), {**words, "act": "substitute", "substitute": hide("personnel", 1)})
    taken = browser.post(panels(hide, "/attendance"), {**words, "act": "substitute", "substitute": hide("personnel", 3)})
    page = browser.get(panels(hide)).get_data(as_text=True)

    assert refused.status_code == 422 and "考评本人" in refused.get_data(as_text=True)
    assert taken.status_code == 303 and "增补" in page and "增补一人" not in page
    with installation.database.reading() as session:
        assert [one.personnel_id for one in session.exec(select(PanelMember).where(PanelMember.replaces_id == 1))] == [3]


def test_a_conflict_confirmed_after_the_marks_is_told_and_stands_on_the_checklist_of_the_batch(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    with installation.database.writing() as session:
        session.add(Mark(institution_id=firm.id, candidate_id=2, part_id=firm.part("senior", "theory").id or 0,
                         personnel_id=firm.assessors[0].id or 0, value=8000))  # fmt: skip
        session.add(Result(institution_id=firm.id, candidate_id=2, outcome="passed", parts={"theory": 8000}, total=8000))
        session.commit()
    advance(installation, "settled")
    reviewer, hr = signed_in("reviewer"), signed_in("hr")
    before = hr.get(f"/batches/{hide('batch', 1)}").get_data(as_text=True)
    words = {"examiner": hide("personnel", 1), "subject": hide("person", 2), "kind": "self", "reason": "同一人", "state": "confirmed"}

    page = reviewer.get(reviewer.post(panels(hide, "/conflicts"), words).headers["Location"]).get_data(as_text=True)
    after = hr.get(f"/batches/{hide('batch', 1)}").get_data(as_text=True)
    plan = signed_in("approver").get(f"/batches/{hide('batch', 1)}/notices").get_data(as_text=True)

    told = "理论知识考试的评分仍计入结果：考评员甲（K1）与考生考评员甲：考评本人，已认定"
    assert [told in one for one in (page, after, plan, before)] == [True, True, True, False]

    marks = f"/batches/{hide('batch', 1)}/marks/{hide('candidate', 2)}"
    anew = {"method": "theory", "mark": "75", "reason": "另请人阅卷", "revision": "1"}
    told_where = hr.post(f"{marks}/remark", anew)
    stale = reviewer.post(f"{marks}/remark", {**anew, "revision": "9"})
    none = reviewer.post(f"{marks}/remark", {**anew, "mark": ""})
    done = reviewer.post(f"{marks}/remark", anew)

    assert [one.status_code for one in (told_where, stale, none, done)] == [403, 422, 422, 303]
    assert told not in hr.get(f"/batches/{hide('batch', 1)}").get_data(as_text=True)
    with installation.database.reading() as session:
        assert [one.parts["theory"] for one in session.exec(select(Result))] == [8000, 7500]


@pytest.mark.parametrize("role", ["reviewer", "supervisor", "auditor", "approver"])
def test_others_look_and_change_nothing(signed_in: SignedIn, hide: Hidden, firm: Firm, role: str) -> None:
    browser = signed_in(role)

    assert browser.get(panels(hide)).status_code == 200
    assert {browser.post(panels(hide, act)).status_code for act in ("/assign", "/staff", "/attendance")} == {403}


def test_another_firm_reaches_nothing_by_any_field(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    with installation.database.writing() as session:
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        theirs = make_batch(session, other, number="2026-X-01", state="reviewed")
        session.commit()
        batch, stranger = theirs.id or 0, other.assessors[0].id or 0
    foreign, hr, reviewer = signed_in("hr", at=MEMBERS[0]), signed_in("hr"), signed_in("reviewer")
    hr.post(panels(hide, "/assign"), seats(hide, 2))
    conflict = {"examiner": hide("personnel", 1), "subject": hide("person", 2), "kind": "self", "reason": "理由", "state": "confirmed"}
    inside = f"/batches/{hide('batch', batch)}/panels"

    answers = [foreign.get(panels(hide, act)) for act in ("", "/conflicts", "/propose?method=theory", f"/check?person={hide('personnel', 1)}")]
    answers += [
        hr.get(panels(hide, f"/check?person={hide('personnel', stranger)}")),
        hr.post(panels(hide, "/assign"), seats(hide, 2, stranger)),
        hr.post(panels(hide, "/assign"), seats(hide, 2, chair=stranger)),
        foreign.post(f"{inside}/attendance", {"panel": hide("panel", 1), "person": hide("personnel", 2), "act": "absent", "reason": "理由"}),
        reviewer.post(panels(hide, "/conflicts"), {**conflict, "examiner": hide("personnel", stranger)}),
        signed_in("reviewer", at=MEMBERS[0]).post(f"{inside}/conflicts", conflict),
    ]

    assert [one.status_code for one in answers] == [404] * 10
    assert count(installation, Conflict) == 0


def test_what_a_page_asks_the_database_does_not_grow_with_the_people(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    browser = signed_in("reviewer")
    most = {"": 12, "/conflicts": 12, "/propose?method=skill": 16, f"/check?person={hide('personnel', 1)}": 16}

    few = {act: asked(browser, panels(hide, act)) for act in most}
    with installation.database.writing() as session:
        session.add_all(Personnel(institution_id=firm.id, code=f"N{one}", name=f"新人{one}", kind="assessor") for one in range(20))
        session.commit()
    many = {act: asked(browser, panels(hide, act)) for act in most}

    assert many == few
    assert {act: few[act] for act in most if few[act] > most[act]} == {}
