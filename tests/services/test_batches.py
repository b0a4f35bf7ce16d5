import copy
from datetime import date, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Assignment, Batch, Specification, SpecificationPart
from skilleval.domain.errors import RuleBroken
from skilleval.services import batch_plans, batch_steps, batches, journal
from skilleval.services.authority_ground import records_of
from skilleval.services.specification_standing import supersede_earlier
from skilleval.services.verification import verify_all
from tests.conftest import on_sqlite
from tests.factories import (
    ACTOR,
    CREDIT_CODE,
    GRADES,
    LIBRARY,
    Firm,
    make_batch,
    make_candidate,
    make_firm,
    make_person,
)

PLAN: dict[str, Any] = {
    "institution": CREDIT_CODE,
    "number": "B1",
    "name": "第一批",
    "occupation_code": "6-31-01-03",
    "grades": ["中级工", "三级"],
    "specification": "DG",
    "starts_on": date(2026, 6, 8),
    "ends_on": date(2026, 6, 12),
    "venues": ["一号实训车间"],
    "assessors": [{"code": "K1", "methods": ["theory", "skill"]}, {"code": "K2", "methods": ["skill"]}],
    "supervisors": ["D1"],
}


@pytest.fixture
def firm(session: Session) -> Firm:
    return make_firm(session)


def add(session: Session, firm: Firm, **changes: object) -> Batch:
    content = {key: value for key, value in (copy.deepcopy(PLAN) | changes).items() if value is not None}
    return batch_plans.add_batch(session, ACTOR, firm.institution, content, LIBRARY)


def test_a_batch_within_the_scope_is_planned_with_its_versions(session: Session, firm: Firm) -> None:
    batch = add(session, firm)

    assert (batch.state, batch.grades, batch.occupation_name) == ("draft", ["intermediate", "senior"], "电工")
    assert batch.versions["conditions"] == "2018" and "guangdong" in batch.versions["packs"]
    assert len(session.exec(select(Assignment)).all()) == 4
    assert verify_all(session) == []


def second_version(session: Session, firm: Firm, *, grades: tuple[str, ...] = GRADES) -> Specification:
    """A second version of the firm's specification, approved on 1 July."""
    first = firm.specification
    new = Specification(**{**first.model_dump(exclude={"id"}), "version": 2, "approved_on": date(2026, 7, 1)})
    session.add(new)
    session.flush()
    parts = [
        SpecificationPart(**{**part.model_dump(exclude={"id"}), "specification_id": new.id}) for part in firm.parts if part.grade in grades
    ]
    session.add_all(parts)
    changed = supersede_earlier(session, firm.id, first.code)
    journal.record(session, ACTOR, firm.id, "specification.change", objects=[new, *parts, *changed])
    return new


@pytest.mark.parametrize(("day", "version"), [(date(2026, 6, 30), 1), (date(2026, 7, 1), 2)])
def test_a_batch_is_planned_by_the_version_that_is_in_force_when_it_begins(
    session: Session, firm: Firm, day: date, version: int
) -> None:
    second_version(session, firm)

    batch = add(session, firm, starts_on=day, ends_on=day)

    assert batch.versions["specification"] == f"DG/{version}"


def test_a_version_is_named_behind_the_code(session: Session, firm: Firm) -> None:
    second_version(session, firm)

    batch = add(session, firm, specification="DG@2", starts_on=date(2026, 7, 6), ends_on=date(2026, 7, 8))

    assert batch.versions["specification"] == "DG/2"


@pytest.mark.parametrize("named", [{"specification_version": 1}, {"specification": "DG@1"}])
def test_a_superseded_version_plans_no_new_batch(session: Session, firm: Firm, named: dict[str, object]) -> None:
    second_version(session, firm)

    with pytest.raises(RuleBroken) as refusal:
        add(session, firm, **named, starts_on=date(2026, 7, 1), ends_on=date(2026, 7, 2))

    assert "第 1 版自 2026-07-01 起已被新版取代" in refusal.value.reasons[0]


def test_a_batch_under_way_keeps_its_version(session: Session, firm: Firm) -> None:
    batch = add(session, firm, starts_on=date(2026, 7, 6), ends_on=date(2026, 7, 8))

    second_version(session, firm, grades=("junior",))

    grades = {part.grade for part in batches.parts_of_batch(session, batch)}
    ground = records_of(session, firm.institution, "6-31-01-03", "", (), batch.specification_id).ground(LIBRARY, batch.starts_on)
    other = records_of(session, firm.institution, "6-31-01-03", "").ground(LIBRARY, batch.starts_on)
    assert grades == {"intermediate", "senior"}
    assert {one.value for one in ground.grade_set.assessed} == set(GRADES)
    assert {one.value for one in other.grade_set.assessed} == {"junior"}
    assert batch_steps.advance_batch(session, ACTOR, batch, "enrolling", library=LIBRARY, on=date(2026, 7, 1)).state == "enrolling"


@on_sqlite
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grades": ["技师"]}, "最高备案等级"),
        ({"grades": ["九级"]}, "无法识别"),
        ({"occupation_code": "6-18-01-01"}, "不在备案范围内"),
        ({"starts_on": date(2028, 1, 3), "ends_on": date(2028, 1, 4)}, "不在有效期内"),
        ({"ends_on": date(2028, 1, 3)}, "不在有效期内"),
        ({"ends_on": date(2026, 6, 7)}, "早于"),
        ({"enrol_until": date(2026, 6, 9)}, "晚于"),
        ({"specification": "XX"}, "没有编号为 XX 的评价规范"),
        ({"specification": "DG@7"}, "评价规范 DG 没有第 7 版；现有：DG@1（已批准）"),
        ({"specification": "DG@1", "specification_version": 2}, "请只写一处"),
        ({"venues": ["月球"]}, "月球"),
        ({"assessors": [{"code": "K9", "methods": ["skill"]}]}, "K9"),
        ({"assessors": [{"code": "K1", "methods": ["oral"]}]}, "oral"),
        ({"supervisors": ["K1"]}, "登记为考评员，不能作为内部质量督导员"),
        ({"supervisors": ["D7"]}, "没有编号为 D7 的内部质量督导员"),
        ({"assessors": [{"code": "D1", "methods": ["skill"]}]}, "登记为内部质量督导员，不能作为考评员"),
        ({"name": None}, "缺少 name"),
        ({"colour": "red"}, "不认识的项 colour"),
        ({"starts_on": "2026-06-08"}, "starts_on 应为日期"),
        ({"starts_on": datetime(2026, 6, 8, 9)}, "starts_on 应为日期"),
        ({"venues": [{}]}, "venues 的每一项应为文字"),
        ({"supervisors": [1]}, "supervisors 的每一项应为文字"),
        ({"assessors": [{"code": "K1", "methods": "theory"}]}, "assessors 的每一项应写作"),
    ],
)
def test_what_is_not_covered_is_refused_with_the_reason(
    session: Session, firm: Firm, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(RuleBroken) as refusal:
        add(session, firm, **changes)

    assert words in " ".join([refusal.value.message, *refusal.value.reasons])
    assert session.exec(select(Batch)).all() == []


def test_an_occupation_without_conditions_cannot_be_planned(session: Session, firm: Firm) -> None:
    firm.specification.conditions = None

    with pytest.raises(RuleBroken) as refusal:
        add(session, firm)

    assert "没有写明申报条件" in refusal.value.reasons[0]


def test_a_batch_number_is_used_once(session: Session, firm: Firm) -> None:
    add(session, firm)

    with pytest.raises(RuleBroken, match="已存在"):
        add(session, firm)


def test_an_assessor_whose_card_ends_before_the_batch_is_refused(session: Session, firm: Firm) -> None:
    firm.assessors[0].card_valid_to = date(2026, 6, 11)

    with pytest.raises(RuleBroken) as refusal:
        add(session, firm)

    assert "证卡有效期至 2026-06-11" in refusal.value.reasons[0]


def test_a_step_that_is_not_ready_lists_everything_that_is_missing(session: Session, vault: Vault, firm: Firm) -> None:
    batch = add(session, firm, assessors=None, supervisors=None, venues=None)
    batch.state = "reviewed"
    make_candidate(session, batch, make_person(session, vault, firm))

    with pytest.raises(RuleBroken) as refusal:
        batch_steps.advance_batch(session, ACTOR, batch, "scheduled", library=LIBRARY, on=date(2026, 5, 1))

    assert [reason.partition("，")[0] for reason in refusal.value.reasons] == [
        "三级/高级工理论知识考试至少需 1 名考评员", "三级/高级工技能操作考核至少需 3 名考评员", "尚未指派内部质量督导员", "尚未指定考核场地",
    ]  # fmt: skip


def test_a_registration_that_was_suspended_stops_the_batch(session: Session, firm: Firm) -> None:
    batch = add(session, firm)
    firm.registration.state = "suspended"
    session.flush()

    with pytest.raises(RuleBroken) as refusal:
        batch_steps.advance_batch(session, ACTOR, batch, "enrolling", library=LIBRARY, on=date(2026, 5, 1))

    assert "状态不是“已备案”" in refusal.value.reasons[0]


@on_sqlite
@pytest.mark.parametrize("to", ["settled", "noticed", "cleared", "certified", "filed"])
def test_a_step_with_an_act_of_its_own_is_not_taken_by_hand(session: Session, firm: Firm, to: str) -> None:
    before = {"settled": "marking", "noticed": "settled", "cleared": "noticed", "certified": "cleared", "filed": "certified"}
    batch = make_batch(session, firm, state=before[to])

    with pytest.raises(RuleBroken, match="专门的命令"):
        batch_steps.advance_batch(session, ACTOR, batch, to, library=LIBRARY, on=date(2026, 7, 1))


def test_the_route_of_a_batch_must_be_one_that_goes_through_batches(session: Session, firm: Firm) -> None:
    with pytest.raises(RuleBroken) as refusal:
        add(session, firm, route="评聘")
    assert "评聘不建立批次" in refusal.value.reasons[0]
    with pytest.raises(RuleBroken) as unknown:
        add(session, firm, route="抽签")
    assert "无法识别的认定方式" in unknown.value.reasons[0]


def test_a_route_that_is_not_registered_is_refused(session: Session, firm: Firm) -> None:
    with pytest.raises(RuleBroken) as refusal:
        add(session, firm, route="直接认定")
    assert any("认定方式" in reason for reason in refusal.value.reasons)
