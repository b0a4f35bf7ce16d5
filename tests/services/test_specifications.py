from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Candidate, DraftRevision, Specification, SpecificationPart
from skilleval.domain.errors import RuleBroken
from skilleval.services import chains, institutions, specifications
from skilleval.services import specification_drafters as drafters
from skilleval.services import specification_reviews as reviews
from skilleval.services.batch_plans import add_batch
from skilleval.services.review_record import record_of
from skilleval.services.tenancy import acting_for
from skilleval.services.verification import verify_all
from tests.chained import MEMBERS, Scene, add_member, enrol, join, make_scene, row
from tests.conftest import Kept, on_sqlite
from tests.drafted import (
    HANDED,
    HELD,
    NUMBER,
    OPENED,
    OPINION,
    conclude,
    draft_file,
    hold,
    make_draft,
    review_file,
    revision,
)
from tests.factories import ACTOR, CREDIT_CODE, LIBRARY, make_person

LATER = HELD + timedelta(days=10)


def make_two_members(session: Session) -> Scene:
    scene = make_scene(session)
    add_member(session, scene.chain, scene.lead, MEMBERS[1], "配套企业乙")
    return scene


@pytest.fixture
def scene(kept: Kept) -> Scene:
    return kept(make_two_members)


@contextmanager
def acting(session: Session, credit_code: str) -> Iterator[None]:
    session.info.update(acting_for(credit_code))
    yield
    session.info.clear()


def answer(session: Session, draft: object, serial: int, verdict: str) -> None:
    reviews.answer_opinion(session, ACTOR, draft, serial, verdict=verdict, reason="合议", on=HELD)  # type: ignore[arg-type]


def test_the_whole_road_ends_in_an_approved_specification_that_names_its_draft(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)
    hold(session, draft, OPINION)
    answer(session, draft, 1, "adopt")
    conclude(session, draft, "revise")
    specifications.revise(session, ACTOR, draft, revision(30), reason="按意见1修改", on=LATER)
    hold(session, draft, held_on=LATER)
    conclude(session, draft, "pass", LATER)

    approved = reviews.approve(session, ACTOR, draft, reason="4号文", on=LATER)

    assert (approved.code, approved.state, approved.approved_on, approved.draft_number) == ("ZP", "approved", LATER, NUMBER)
    weights = select(SpecificationPart.method, SpecificationPart.weight).where(col(SpecificationPart.specification_id) == approved.id)
    assert dict(session.exec(weights).all()) == {"theory": 30, "skill": 70}
    assert (draft.state, draft.specification_id) == ("approved", approved.id)
    assert [one.text for one in specifications.differences(session, draft, 1, 2)] == [
        "改变  三级/高级工 理论知识考试 权重：40% → 30%", "改变  三级/高级工 技能操作考核 权重：60% → 70%",
    ]  # fmt: skip
    assert verify_all(session) == []


def test_people_of_a_member_are_assessed_by_the_approved_draft(
    session: Session, scene: Scene, vault: Vault, tmp_path: Path
) -> None:
    draft = make_draft(session, scene.chain)
    hold(session, draft)
    conclude(session, draft, "pass")
    approved = reviews.approve(session, ACTOR, draft, reason="4号文", on=HELD)
    batch = add_batch(session, ACTOR, scene.lead.institution, BATCH, LIBRARY)
    batch.state = "enrolling"
    make_person(session, vault, scene.member)

    report = enrol(session, vault, batch, tmp_path / "e.xlsx", row(employer=MEMBERS[0]))

    assert batch.specification_id == approved.id and report.errors == []
    assert [one.employer_id for one in session.exec(select(Candidate))] == [scene.member.id]


BATCH = {
    "institution": CREDIT_CODE, "number": "2026-ZP-01", "name": "第一批", "occupation_code": "6-31-01-03",
    "grades": ["高级工"], "specification": "ZP", "planned": 5, "enrol_until": date(2026, 5, 20),
    "starts_on": date(2026, 6, 8), "ends_on": date(2026, 6, 12), "venues": ["一号实训车间"],
    "assessors": [{"code": "K1", "methods": ["theory", "skill"]}], "supervisors": ["D1"],
}  # fmt: skip


def test_a_reviewed_specification_cannot_be_changed_by_a_firm_file(session: Session, scene: Scene, vault: Vault) -> None:
    draft = make_draft(session, scene.chain)
    hold(session, draft)
    conclude(session, draft, "pass")
    reviews.approve(session, ACTOR, draft, reason="4号文", on=HELD)
    part = {"grades": ["高级工"], "method": "theory", "weight": 100, "agreement": {"rule": "mean"}}
    own = {"code": "ZP", "title": "改了", "occupation_code": "6-31-01-03", "part": [part]}
    head = {"credit_code": CREDIT_CODE, "name": "岭南精工制造有限公司"}

    with pytest.raises(RuleBroken, match=f"由起草项目 {NUMBER} 评审批准"):
        institutions.add_institution(session, ACTOR, {"institution": head, "specification": [own]}, vault=vault)


@on_sqlite
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chain": "没有的链"}, "没有名为“没有的链”的链"),
        ({"grades": ["超级工"]}, "超级工"),
        ({"occupation_code": "9-99-99-99"}, "9-99-99-99"),
        ({"people": [" "]}, "须写明起草人"),
        ({"wrong": 1}, "不认识的项 wrong"),
        ({"opened_on": date(2024, 12, 31)}, "不是“精工链”的链员"),
        ({"opened_on": date(2026, 3, 3)}, "早于立项日期"),
        ({"drafter": [{"credit_code": "91440999MA0000178K", "role": "参编", "people": ["某"], "joined_on": OPENED}]}, "不是“精工链”的链员"),
    ],
)
def test_a_wrong_draft_is_refused(session: Session, scene: Scene, changes: dict[str, object], words: str) -> None:
    content = draft_file(**changes)  # type: ignore[arg-type]
    if changes.get("opened_on") == date(2024, 12, 31):
        content["drafter"][0]["joined_on"] = date(2024, 12, 31)

    with pytest.raises(RuleBroken) as refusal:
        specifications.add_draft(session, ACTOR, content)

    assert words in " ".join([refusal.value.message, *refusal.value.reasons])


def test_a_number_is_used_once(session: Session, scene: Scene) -> None:
    make_draft(session, scene.chain)

    with pytest.raises(RuleBroken) as refusal:
        specifications.add_draft(session, ACTOR, draft_file())

    assert f"起草编号 {NUMBER} 已使用" in refusal.value.reasons


@on_sqlite
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[specification", "不是有效的 TOML"),
        (revision(grade="中级工"), "等级：起草项目为“三级/高级工”，文稿为“四级/中级工”"),
        (revision(extra='trade = "装配"'), "工种"),
        (revision(extra='state = "approved"'), "由批准时写入"),
        (revision().replace("weight = 60", "weight = 61"), "合计为 101"),
        (revision(code="DG"), "已有评价规范 DG 第 1 版"),
        (revision() + '[institution]\nname = "x"', "不认识的节 [institution]"),
        (revision() + revision(), "现有 2 个"),
        (revision(), "与第 1 稿完全相同"),
    ],
)
def test_a_text_that_is_no_revision_of_this_draft_is_refused(session: Session, scene: Scene, text: str, words: str) -> None:
    draft = make_draft(session, scene.chain)

    with pytest.raises(RuleBroken) as refusal:
        specifications.revise(session, ACTOR, draft, text, reason="改", on=HANDED)

    assert words in " ".join([refusal.value.message, *refusal.value.reasons])
    assert len(specifications.revisions_of(session, draft)) == 1


def test_a_revision_is_never_overwritten(session: Session, scene: Scene) -> None:
    make_draft(session, scene.chain)

    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.exec(sa.update(DraftRevision).values(content="别的"))  # type: ignore[call-overload]


def test_nothing_is_revised_during_a_review_and_the_next_review_waits_for_a_revision(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)
    hold(session, draft)
    with pytest.raises(RuleBroken, match="第 1 次评审还没有结论，请先用 skilleval specifications conclude"):
        hold(session, draft)
    with pytest.raises(RuleBroken, match="现在是“评审中”"):
        specifications.revise(session, ACTOR, draft, revision(30), reason="改", on=HELD)

    conclude(session, draft, "revise")

    with pytest.raises(RuleBroken, match="现在是“待修改”"):
        hold(session, draft)
    specifications.revise(session, ACTOR, draft, revision(30), reason="改", on=HELD)
    assert hold(session, draft).serial == 2


def test_a_pass_is_refused_while_an_opinion_is_unanswered_or_adopted(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)
    hold(session, draft, OPINION, {**OPINION, "text": "宜降低"})
    answer(session, draft, 1, "reject")
    with pytest.raises(RuleBroken) as open_one:
        conclude(session, draft, "pass")
    assert open_one.value.reasons == ("第 2 条意见还没有处理（skilleval specifications answer）",)

    answer(session, draft, 2, "partly")

    with pytest.raises(RuleBroken) as adopted:
        conclude(session, draft, "pass")
    assert "第 2 条对第 1 稿的意见已采纳" in adopted.value.reasons[0]
    with pytest.raises(RuleBroken, match="第 1 条意见已处理：不采纳"):
        answer(session, draft, 1, "adopt")


def test_a_pass_without_an_established_quorum_needs_a_written_reason_that_is_kept(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)
    hold(session, draft)
    with pytest.raises(RuleBroken) as refusal:
        conclude(session, draft, "pass", why="")
    assert "specification_review.quorum" in refusal.value.reasons[0]

    passed = conclude(session, draft, "pass")

    assert (passed.unknown_reason, passed.proof and passed.proof["answer"]) == ("按2人执行", "unknown")
    assert passed.versions["packs"]


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ({"name": "起草人甲", "firm": "岭南精工制造有限公司"}, "起草人甲（岭南精工制造有限公司）是起草人"),
        ({"name": "起草人丙", "firm": MEMBERS[0]}, "是起草人"),
        ({"name": ACTOR.name, "firm": "岭南精工制造有限公司"}, "是起草人"),
        ({"name": "专家乙"}, "专家 专家乙 写了两次"),
    ],
)
def test_a_drafter_does_not_review_nor_who_handed_a_revision_in(session: Session, scene: Scene, first: dict[str, str], words: str) -> None:
    draft = make_draft(session, scene.chain)

    with pytest.raises(RuleBroken) as refusal:
        reviews.open_round(session, ACTOR, draft, review_file(**first), LIBRARY, on=HELD)

    assert words in " ".join(refusal.value.reasons)
    assert (draft.state, reviews.rounds_of(session, draft)) == ("drafting", [])


def test_who_left_the_draft_has_drafted_all_the_same(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)
    drafters.end_drafting(session, ACTOR, draft, credit_code=MEMBERS[0], left_on=HANDED, reason="人手不足")

    with pytest.raises(RuleBroken) as refusal:
        reviews.open_round(session, ACTOR, draft, review_file(name="起草人丙", firm="配套企业甲"), LIBRARY, on=HELD)

    assert "起草人丙（配套企业甲）是起草人" in refusal.value.reasons[0]


@pytest.mark.parametrize(("held_on", "words"), [(HANDED - timedelta(days=1), "早于第 1 稿"), (HELD + timedelta(days=1), "晚于今天")])
def test_a_round_is_held_after_the_revision_and_recorded_after_it_was_held(
    session: Session, scene: Scene, held_on: date, words: str
) -> None:
    draft = make_draft(session, scene.chain)

    with pytest.raises(RuleBroken) as refusal:
        reviews.open_round(session, ACTOR, draft, review_file(held_on=held_on), LIBRARY, on=HELD)

    assert words in refusal.value.reasons[0]


def test_a_co_drafter_hands_in_revisions_and_opinions_of_its_own(session: Session, scene: Scene) -> None:
    make_draft(session, scene.chain)

    with acting(session, MEMBERS[0]):
        draft = specifications.seen_draft(session, NUMBER, HELD)
        own = specifications.revise(session, ACTOR, draft, revision(35), reason="补充", on=HELD)
        opinion = reviews.opine_as_drafter(session, ACTOR, draft, part="权重", text="宜再议", on=HELD)
        with pytest.raises(RuleBroken, match="由牵头单位办理"):
            specifications.find_draft(session, NUMBER, HELD)
        with pytest.raises(RuleBroken, match="没有统一社会信用代码为"):
            specifications.revise(session, ACTOR, draft, revision(36), reason="冒名", on=HELD, credit_code=CREDIT_CODE)

    assert (own.serial, own.credit_code, opinion.firm) == (2, MEMBERS[0], "配套企业甲")
    hold(session, draft)
    with pytest.raises(RuleBroken, match="不能作出“通过”的结论"):
        conclude(session, draft, "pass")
    assert verify_all(session) == []


def test_whoever_does_not_take_part_is_told_that_it_is_not_there(session: Session, scene: Scene) -> None:
    make_draft(session, scene.chain)

    with acting(session, MEMBERS[1]):
        assert specifications.drafts_seen(session, HELD) == []
        with pytest.raises(RuleBroken, match=f"没有编号为 {NUMBER} 的起草项目"):
            specifications.seen_draft(session, NUMBER, HELD)


def test_a_number_that_two_leads_use_means_ones_own_first_and_asks_the_operator_whose(session: Session, scene: Scene) -> None:
    make_draft(session, scene.chain)
    scene.member.institution.chain_lead = True
    other = chains.add_chain(session, ACTOR, scene.member.institution, name="甲链")
    join(session, other, scene.lead.institution)
    own = specifications.add_draft(session, ACTOR, draft_file("甲链", member=CREDIT_CODE))

    with acting(session, MEMBERS[0]):
        assert len(specifications.drafts_seen(session, HELD)) == 2
        assert specifications.find_draft(session, NUMBER, HELD).id == own.id
    with pytest.raises(RuleBroken, match="有 2 个机构使用起草编号"):
        specifications.seen_draft(session, NUMBER, HELD)


def test_a_co_drafter_sees_the_draft_from_its_first_to_its_last_day(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)
    drafters.add_drafter(session, ACTOR, draft, credit_code=MEMBERS[1], role="参编单位", people=["某"], joined_on=HELD)
    drafters.end_drafting(session, ACTOR, draft, credit_code=MEMBERS[1], left_on=LATER, reason="退出")

    with acting(session, MEMBERS[1]):
        seen = {day: len(specifications.drafts_seen(session, day)) for day in (
            HELD - timedelta(days=1), HELD, LATER, LATER + timedelta(days=1))}  # fmt: skip
    assert list(seen.values()) == [0, 1, 1, 0]


def test_who_left_the_chain_takes_no_more_part(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)
    chains.end_membership(session, ACTOR, scene.chain, credit_code=MEMBERS[0], left_on=HELD, reason="退出")

    with acting(session, MEMBERS[0]):
        assert len(specifications.drafts_seen(session, HELD)) == 1
        assert specifications.drafts_seen(session, HELD + timedelta(days=1)) == []
    with pytest.raises(RuleBroken, match="不是“精工链”的链员"):
        specifications.revise(
            session, ACTOR, draft, revision(30), reason="改", on=HELD + timedelta(days=1), credit_code=MEMBERS[0]
        )


@pytest.mark.parametrize(
    ("code", "joined_on", "words"),
    [
        (MEMBERS[0], HELD, "已是起草单位"),
        (MEMBERS[1], date(2024, 12, 31), "不是“精工链”的链员"),
        (MEMBERS[1], OPENED - timedelta(days=1), "早于立项日期"),
        (MEMBERS[2], HELD, "不是“精工链”的链员"),
    ],
)
def test_only_a_member_on_the_day_drafts_and_once(session: Session, scene: Scene, code: str, joined_on: date, words: str) -> None:
    draft = make_draft(session, scene.chain)

    with pytest.raises(RuleBroken) as refusal:
        drafters.add_drafter(session, ACTOR, draft, credit_code=code, role="参编", people=["某"], joined_on=joined_on)

    assert words in " ".join(refusal.value.reasons)


def test_the_lead_does_not_leave(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)

    with pytest.raises(RuleBroken, match="牵头单位不能退出"):
        drafters.end_drafting(session, ACTOR, draft, credit_code=CREDIT_CODE, left_on=HELD, reason="退出")


def test_only_what_passed_is_approved_and_an_opinion_since_stands_in_the_way(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)
    with pytest.raises(RuleBroken, match="不能变为“已批准”"):
        reviews.approve(session, ACTOR, draft, reason="4号文", on=HELD)
    hold(session, draft)
    conclude(session, draft, "pass")
    with pytest.raises(RuleBroken, match="早于评审结论日期"):
        reviews.approve(session, ACTOR, draft, reason="4号文", on=HELD - timedelta(days=1))
    reviews.opine_as_drafter(session, ACTOR, draft, part="权重", text="宜再议", on=HELD)

    with pytest.raises(RuleBroken) as refusal:
        reviews.approve(session, ACTOR, draft, reason="4号文", on=HELD)

    assert "第 1 条意见还没有处理" in refusal.value.reasons[0]
    assert session.exec(select(Specification).where(col(Specification.code) == "ZP")).all() == []
    answer(session, draft, 1, "reject")
    assert reviews.approve(session, ACTOR, draft, reason="4号文", on=HELD).code == "ZP"


def test_a_revision_after_a_pass_is_reviewed_again(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)
    hold(session, draft)
    conclude(session, draft, "pass")

    specifications.revise(session, ACTOR, draft, revision(30), reason="勘误", on=HELD)

    with pytest.raises(RuleBroken, match="现在是“已修改待复审”"):
        reviews.approve(session, ACTOR, draft, reason="4号文", on=HELD)


@pytest.mark.parametrize("end", ["fail", "abandon"])
def test_what_failed_or_was_abandoned_takes_nothing_more(session: Session, scene: Scene, end: str) -> None:
    draft = make_draft(session, scene.chain)
    if end == "fail":
        hold(session, draft)
        conclude(session, draft, "fail")
    else:
        specifications.abandon(session, ACTOR, draft, reason="不再需要", on=HELD)

    with pytest.raises(RuleBroken):
        specifications.revise(session, ACTOR, draft, revision(30), reason="改", on=LATER)
    with pytest.raises(RuleBroken, match="不能再改动"):
        reviews.opine_as_drafter(session, ACTOR, draft, part="权重", text="宜再议", on=LATER)
    with pytest.raises(RuleBroken):
        hold(session, draft, held_on=LATER)
    with pytest.raises(RuleBroken, match="已是最终状态"):
        specifications.abandon(session, ACTOR, draft, reason="再次", on=LATER)


def test_every_sentence_of_the_record_names_its_rows(session: Session, scene: Scene) -> None:
    draft = make_draft(session, scene.chain)
    with pytest.raises(RuleBroken, match="还没有作出评审结论"):
        record_of(session, draft)
    hold(session, draft, OPINION)
    answer(session, draft, 1, "reject")
    conclude(session, draft, "pass")

    record = record_of(session, draft)

    sentences = [one for section in record.sections for one in section.sentences]
    assert all(one.sources for one in sentences)
    text = "".join(one.text for one in sentences)
    for told in ("参编单位：配套企业甲", "第 1 稿", "专家甲（示例学院，正高级工程师）", "权重宜提高。处理：不采纳，合议", "评审结论：通过", "按2人执行"):
        assert told in text
    assert record.signers == ("评审专家 专家甲", "评审专家 专家乙")
