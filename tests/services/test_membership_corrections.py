"""A leave date that was entered wrongly is corrected: the old one stays, and no verdict changes in silence."""

from datetime import date

import pytest
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Candidate, MembershipCorrection
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.services import chains
from skilleval.services.membership_corrections import correct_leave, corrections_of
from skilleval.services.served import serves
from skilleval.services.tenancy import acting_for
from skilleval.services.verification import verify_all
from tests.certified import certify, event, settle
from tests.chained import MEMBERS, Scene, join, make_scene
from tests.conftest import Kept
from tests.factories import ACTOR, CREDIT_CODE, REGISTRATION_NUMBER, make_candidate, make_person

E = "6-31-01-03"
#: the batch is held from 8 to 12 June
FIRST, LAST = date(2026, 6, 8), date(2026, 6, 12)


@pytest.fixture
def scene(kept: Kept) -> Scene:
    return kept(make_scene, "marking")


def sit(session: Session, vault: Vault, scene: Scene, **fields: object) -> Candidate:
    """Somebody of the member in the lead's batch, judged."""
    candidate = make_candidate(session, scene.batch, make_person(session, vault, scene.member), verdict="met", **fields)
    session.flush()
    return candidate


def leave(session: Session, scene: Scene, day: date) -> None:
    chains.end_membership(session, ACTOR, scene.chain, credit_code=MEMBERS[0], left_on=day, reason="退出")


def correct(session: Session, scene: Scene, day: date | None, reason: str = "登记错月份") -> MembershipCorrection:
    return correct_leave(session, ACTOR, scene.chain, credit_code=MEMBERS[0], left_on=day, reason=reason)


def served(session: Session, scene: Scene, day: date) -> bool:
    proof = serves(session, scene.lead.institution, scene.member.institution, E, Grade.SENIOR, day)
    return proof.answer is Answer.MET


def test_a_corrected_day_holds_and_the_old_one_stays_on_record(session: Session, scene: Scene) -> None:
    leave(session, scene, date(2026, 5, 31))

    correct(session, scene, date(2026, 6, 30))
    correct(session, scene, None)

    [member] = chains.members_of(session, scene.chain)
    dates = [(one.left_before, one.left_after) for one in corrections_of(session, member)]
    assert dates == [(date(2026, 5, 31), date(2026, 6, 30)), (date(2026, 6, 30), None)]
    assert member.left_on is None and verify_all(session) == []


@pytest.mark.parametrize(("day", "first", "last"), [(date(2026, 6, 7), False, False), (FIRST, True, False), (LAST, True, True)])
def test_who_is_served_follows_the_corrected_day(session: Session, scene: Scene, day: date, first: bool, last: bool) -> None:
    leave(session, scene, date(2026, 5, 31))

    correct(session, scene, day)

    assert (served(session, scene, FIRST), served(session, scene, LAST)) == (first, last)


@pytest.mark.parametrize(
    ("old", "new", "listed"),
    [
        (date(2026, 5, 31), date(2026, 6, 7), False),
        (date(2026, 5, 31), FIRST, True),
        (FIRST, LAST, True),
        (LAST, date(2026, 6, 30), False),
        (LAST, None, False),
        (date(2026, 6, 30), LAST, False),
        (LAST, date(2026, 6, 11), True),
    ],
)
def test_who_was_judged_for_a_day_that_changes_is_listed_and_the_verdict_stays(
    session: Session, vault: Vault, scene: Scene, old: date, new: date | None, listed: bool
) -> None:
    candidate = sit(session, vault, scene)
    leave(session, scene, old)

    row = correct(session, scene, new)

    told = f"批次 2026-DG-01（评分）考生 陈大文（准考证号 {candidate.admission_number}，工号 E0001）：资格审核通过"
    assert row.touched == [told] * listed
    assert (candidate.verdict, candidate.state) == ("met", "eligible")


def test_who_has_no_admission_number_yet_is_told_by_name_and_each_as_far_as_they_are(
    session: Session, vault: Vault, scene: Scene
) -> None:
    for serial, (state, verdict) in enumerate((("applied", "met"), ("refused", "not_met"), ("applied", None)), start=1):
        person = make_person(session, vault, scene.member, f"考生{'甲乙丙'[serial - 1]}", serial)
        make_candidate(session, scene.batch, person, state=state, verdict=verdict).admission_number = None
        person.employee_no = None if serial == 2 else person.employee_no
    leave(session, scene, date(2026, 5, 31))

    row = correct(session, scene, LAST)

    assert row.touched == [
        "批次 2026-DG-01（评分）考生 考生甲（工号 E0001）：已申报", "批次 2026-DG-01（评分）考生 考生乙：资格审核不通过"
    ]


@pytest.mark.parametrize(("skill", "day", "refused"), [(8000, LAST, False), (8000, date(2026, 6, 11), True), (5000, date(2026, 6, 11), False)])
def test_nobodys_passed_result_loses_its_ground(
    session: Session, vault: Vault, scene: Scene, skill: int, day: date, refused: bool
) -> None:
    candidate = sit(session, vault, scene)
    settle(session, candidate, skill)
    leave(session, scene, date(2026, 6, 30))

    if not refused:
        correct(session, scene, day)
        return
    with pytest.raises(RuleBroken) as refusal:
        correct(session, scene, day)

    assert candidate.admission_number is not None and candidate.admission_number in refusal.value.reasons[0]
    [member] = chains.members_of(session, scene.chain)
    assert (member.left_on, session.exec(select(MembershipCorrection)).all()) == (date(2026, 6, 30), [])


def test_a_revoked_certificate_has_no_ground_to_lose(session: Session, vault: Vault, scene: Scene) -> None:
    candidate = sit(session, vault, scene)
    settle(session, candidate, 8000)
    certificate = certify(session, candidate, f"{REGISTRATION_NUMBER}263000001", vault)
    leave(session, scene, date(2026, 6, 30))
    with pytest.raises(RuleBroken, match="证书仍有效"):
        correct(session, scene, date(2026, 6, 7))

    event(session, certificate, 2, "revoked", "不是链员")

    assert len(correct(session, scene, date(2026, 6, 7)).touched) == 1


@pytest.mark.parametrize(
    ("day", "reason", "told"),
    [
        (date(2026, 6, 30), " ", "须写明理由"),
        (date(2026, 5, 31), "登记错", "没有更正"),
        (date(2024, 12, 31), "登记错", "早于加入日期"),
        (date(2026, 7, 1), "登记错", "再次加入"),
        (None, "登记错", "再次加入"),
    ],
)
def test_a_correction_that_can_not_be_is_refused(
    session: Session, scene: Scene, day: date | None, reason: str, told: str
) -> None:
    leave(session, scene, date(2026, 5, 31))
    join(session, scene.chain, scene.member.institution, date(2026, 7, 1))

    with pytest.raises(RuleBroken, match=told):
        correct(session, scene, day, reason)


def test_who_has_not_left_or_is_no_member_has_nothing_to_correct(session: Session, scene: Scene) -> None:
    with pytest.raises(RuleBroken, match="没有登记退出"):
        correct(session, scene, LAST)
    with pytest.raises(RuleBroken, match="不是“精工链”的链员"):
        correct_leave(session, ACTOR, scene.chain, credit_code=MEMBERS[1], left_on=LAST, reason="登记错")


def test_of_another_evaluators_candidates_the_lead_is_told_that_there_are_some(
    session: Session, vault: Vault, scene: Scene
) -> None:
    candidate = sit(session, vault, scene)
    leave(session, scene, date(2026, 5, 31))
    session.info.update(acting_for(CREDIT_CODE))
    own = correct(session, scene, LAST)
    session.info.clear()

    session.info.update(acting_for(MEMBERS[0]))  # the batch is of another institution than the one that asks
    other = correct(session, scene, FIRST)

    assert candidate.admission_number is not None and candidate.admission_number in own.touched[0]
    assert "陈大文" in own.touched[0]
    assert other.touched == ["其他评价机构的批次中也有该企业的考生"]
