from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import Session, col, select

from skilleval import packs
from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Notice, Objection, Result
from skilleval.domain.errors import RuleBroken
from skilleval.domain.workdays import Calendar
from skilleval.packs import Packs, read_pack
from skilleval.services import journal, notice_closing, notices, objections, rules
from skilleval.services.journal import Actor
from skilleval.services.results import correct_result
from skilleval.services.verification import verify_journal
from tests.conftest import Kept, on_sqlite
from tests.factories import ACTOR, LIBRARY, Firm, id_number, make_batch, make_candidate, make_firm, make_person

#: 2026-06-19 (Friday) is 端午节, so five working days from Monday the 15th end on Monday the 22nd.
CALENDAR = Calendar(years=frozenset({2026}), holidays=frozenset({date(2026, 6, 19)}), worked=frozenset())
FIRST_DAY, LAST_DAY, DAY_AFTER = date(2026, 6, 15), date(2026, 6, 22), date(2026, 6, 23)
CITY_PACK = """
schema = "rule-pack/2"
name = "x"
layer = "city"
[[parameter]]
id = "notice.working_days"
value = 7
operator = "at_least"
clause = "本市公示7个工作日"
source = "x"
confidence = "high"
status = "in_force"
from = 2020-01-01
overrides = "guangdong"
overrides_because = "x"
"""
DECIDER = Actor("督导员丁", "supervisor")
Publish = Callable[..., Notice]


Made = tuple[Firm, Batch]


def make_settled(session: Session, vault: Vault) -> Made:
    """Three candidates with results: two passed, the third failed."""
    firm = make_firm(session)
    batch = make_batch(session, firm, state="settled")
    for serial, (name, skill) in enumerate((("郑䶮", 8000), ("买买提·艾合买提江", 7000), ("李芳", 5999)), start=1):
        candidate = make_candidate(session, batch, make_person(session, vault, firm, name, serial))
        result = Result(
            institution_id=firm.id,
            candidate_id=candidate.id or 0,
            outcome="passed" if skill >= 6000 else "failed",
            parts={"theory": 7050, "skill": skill},
            total=(7050 * 40 + skill * 60) // 100,
        )
        session.add(result)
        journal.record(session, ACTOR, firm.id, "results.settle", objects=[result])
    return firm, batch


@pytest.fixture
def made(kept: Kept, vault: Vault) -> Made:
    return kept(make_settled, vault)


@pytest.fixture
def firm(made: Made) -> Firm:
    return made[0]


@pytest.fixture
def batch(made: Made) -> Batch:
    return made[1]


@pytest.fixture
def publish(session: Session, vault: Vault, batch: Batch) -> Publish:
    def act(first_day: date = FIRST_DAY, on: date = FIRST_DAY, working_days: int = 5) -> Notice:
        return notices.publish_notice(
            session, ACTOR, batch, LIBRARY, vault=vault, first_day=first_day, working_days=working_days, calendar=CALENDAR, on=on
        )

    return act


def candidate_of(session: Session, batch: Batch, serial: int) -> Candidate:
    query = select(Candidate).where(col(Candidate.batch_id) == batch.id).order_by(col(Candidate.id))
    return session.exec(query).all()[serial - 1]


def object_to(session: Session, notice: Notice, candidate: Candidate | None = None, on: date = FIRST_DAY) -> Objection:
    return objections.raise_objection(
        session, ACTOR, notice, raised_by="王某", text="成绩有误", on=on, candidate=candidate
    )


def results_of(session: Session) -> list[tuple[object, ...]]:
    session.expire_all()
    query = select(Result).order_by(col(Result.id))
    return [(one.id, one.candidate_id, one.revision, one.outcome, one.parts, one.total) for one in session.exec(query)]


# --- publishing ------------------------------------------------------------------------------------


def test_only_who_passed_is_published_with_a_masked_number(publish: Publish) -> None:
    entries = publish().content["entries"]

    assert [entry["name"] for entry in entries] == ["郑䶮", "买买提·艾合买提江"]
    assert [entry["serial"] for entry in entries] == [1, 2]
    assert entries[0]["masked_number"] == id_number(1)[:6] + "********" + id_number(1)[-4:]
    assert id_number(1) not in str(entries)


def test_the_period_counts_working_days_with_both_ends(publish: Publish, batch: Batch) -> None:
    notice = publish()

    assert (notice.first_day, notice.last_day) == (FIRST_DAY, LAST_DAY)
    assert batch.state == "noticed"


def test_a_period_that_begins_on_a_saturday_counts_from_monday(publish: Publish) -> None:
    assert publish(first_day=date(2026, 6, 13), on=date(2026, 6, 13)).last_day == LAST_DAY


def test_a_notice_shorter_than_the_packs_say_is_refused_with_the_clause(publish: Publish) -> None:
    with pytest.raises(RuleBroken) as refusal:
        publish(working_days=4)

    assert "4 个工作日不合规定的 5 个工作日" in refusal.value.message and "notice.working_days" in refusal.value.message
    assert publish(working_days=6).working_days == 6


def test_the_length_is_held_against_the_packs_that_the_batch_pinned(session: Session, publish: Publish, batch: Batch) -> None:
    longer = read_pack("city", CITY_PACK)
    batch.versions = {"packs": rules.pin_packs(session, Packs((*packs.load().packs, longer))), "switches": {}}

    with pytest.raises(RuleBroken, match="本市公示7个工作日"):
        publish(working_days=5)


def test_the_content_is_frozen_with_its_hash_and_the_journals_head(session: Session, publish: Publish, firm: Firm) -> None:
    head = journal.head_hash(session, firm.id)

    notice = publish()

    assert notice.content_hash == notices.content_hash(notice.content)
    assert notice.journal_head == head != journal.head_hash(session, firm.id)
    changed = {**notice.content, "last_day": "2026-06-21"}
    assert notices.content_hash(changed) != notice.content_hash


@pytest.mark.parametrize(
    ("first_day", "on", "words"),
    [
        (date(2026, 6, 14), FIRST_DAY, "不能倒填日期"),
        (date(2026, 6, 11), date(2026, 6, 1), "早于评价结束日 2026-06-12"),
    ],
)
def test_a_notice_can_not_begin_in_the_past_or_before_the_evaluation_ended(
    first_day: date, on: date, words: str, publish: Publish
) -> None:
    with pytest.raises(RuleBroken, match=words):
        publish(first_day=first_day, on=on)


@on_sqlite
@pytest.mark.parametrize("state", ["draft", "marking", "noticed", "cleared", "certified"])
def test_only_a_batch_with_settled_results_can_be_published(
    state: str, session: Session, batch: Batch, publish: Publish
) -> None:
    batch.state = state

    with pytest.raises(RuleBroken):
        publish()


def test_a_batch_in_which_nobody_passed_is_not_published(session: Session, vault: Vault, firm: Firm) -> None:
    empty = make_batch(session, firm, number="2026-DG-02", state="settled")

    with pytest.raises(RuleBroken, match="没有合格人员"):
        notices.publish_notice(
            session, ACTOR, empty, LIBRARY, vault=vault, first_day=FIRST_DAY, working_days=5, calendar=CALENDAR, on=FIRST_DAY
        )


def test_a_year_without_a_holiday_table_is_refused(publish: Publish) -> None:
    with pytest.raises(RuleBroken, match="没有 2027 年的节假日安排"):
        publish(first_day=date(2027, 1, 4))


# --- objections ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "accepted"),
    [(date(2026, 6, 14), False), (FIRST_DAY, True), (LAST_DAY, True), (DAY_AFTER, False)],
)
def test_objections_are_taken_within_the_period_only(
    on: date, accepted: bool, session: Session, publish: Publish
) -> None:
    notice = publish()

    if accepted:
        assert object_to(session, notice, on=on).serial == 1
        return
    with pytest.raises(RuleBroken, match="2026-06-15 至 2026-06-22"):
        object_to(session, notice, on=on)


def test_an_objection_says_who_and_what(session: Session, publish: Publish) -> None:
    with pytest.raises(RuleBroken, match="异议人和异议内容"):
        objections.raise_objection(session, ACTOR, publish(), raised_by="王某", text=" ", on=FIRST_DAY)


def test_an_objection_is_decided_by_somebody_else(session: Session, publish: Publish) -> None:
    objection = object_to(session, publish())

    for actor in (ACTOR, Actor("王某", "hr")):
        with pytest.raises(RuleBroken, match="登记人、异议人以外的人"):
            objections.reject_objection(session, actor, objection, reason="查无实据", on=LAST_DAY)
    assert objections.reject_objection(session, DECIDER, objection, reason="查无实据", on=LAST_DAY).state == "rejected"


def test_a_decision_needs_a_reason_and_is_made_once(session: Session, publish: Publish) -> None:
    objection = object_to(session, publish())

    with pytest.raises(RuleBroken, match="写明理由"):
        objections.uphold_objection(session, DECIDER, objection, reason=" ", on=LAST_DAY)
    objections.uphold_objection(session, DECIDER, objection, reason="复核属实", on=LAST_DAY)
    with pytest.raises(RuleBroken):
        objections.reject_objection(session, DECIDER, objection, reason="改主意", on=LAST_DAY)


def test_a_rejected_objection_leaves_every_result_identical(session: Session, batch: Batch, publish: Publish) -> None:
    before = results_of(session)
    objection = object_to(session, publish(), candidate_of(session, batch, 1))

    objections.reject_objection(session, DECIDER, objection, reason="查无实据", on=LAST_DAY)

    assert results_of(session) == before


# --- closing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "closes"), [(FIRST_DAY, False), (LAST_DAY, False), (DAY_AFTER, True)])
def test_a_notice_closes_only_after_its_last_day_and_says_until_when(
    on: date, closes: bool, session: Session, vault: Vault, batch: Batch, publish: Publish
) -> None:
    notice = publish()

    if closes:
        notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=on)
        assert (notice.state, batch.state) == ("closed", "cleared")
        return
    with pytest.raises(RuleBroken) as refusal:
        notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=on)
    assert "公示期至 2026-06-22 止" in refusal.value.reasons[0]
    assert (notice.state, batch.state) == ("published", "noticed")


def test_an_open_objection_keeps_the_notice_open(session: Session, vault: Vault, publish: Publish) -> None:
    notice = publish()
    objection = object_to(session, notice)

    with pytest.raises(RuleBroken) as refusal:
        notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=DAY_AFTER)
    assert "第 1 号异议" in refusal.value.reasons[0]
    objections.reject_objection(session, DECIDER, objection, reason="查无实据", on=LAST_DAY)
    assert notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=DAY_AFTER).closed_on == DAY_AFTER


def test_all_reasons_against_closing_are_told_at_once(session: Session, vault: Vault, publish: Publish) -> None:
    notice = publish()
    object_to(session, notice)
    object_to(session, notice)

    with pytest.raises(RuleBroken) as refusal:
        notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=LAST_DAY)

    assert len(refusal.value.reasons) == 3


def test_an_upheld_objection_asks_for_a_correction_made_after_it(
    session: Session, vault: Vault, batch: Batch, publish: Publish
) -> None:
    candidate = candidate_of(session, batch, 1)
    correct_result(session, ACTOR, batch, candidate, parts={"theory": 7100}, reason="更早的一次更正")
    notice = publish()
    objection = object_to(session, notice, candidate)
    objections.uphold_objection(session, DECIDER, objection, reason="复核属实", on=LAST_DAY)

    with pytest.raises(RuleBroken) as refusal:
        notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=DAY_AFTER)
    assert "尚未更正" in refusal.value.reasons[0]

    correct_result(session, ACTOR, batch, candidate, parts={"skill": 6500}, reason="异议成立")
    assert notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=DAY_AFTER).state == "closed"


def test_who_passes_only_by_a_correction_is_published_anew(
    session: Session, vault: Vault, batch: Batch, publish: Publish
) -> None:
    notice = publish()
    candidate = candidate_of(session, batch, 3)
    objections.uphold_objection(session, DECIDER, object_to(session, notice, candidate), reason="漏计一分", on=LAST_DAY)
    correct_result(session, ACTOR, batch, candidate, parts={"skill": 6000}, reason="异议成立")

    with pytest.raises(RuleBroken) as refusal:
        notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=DAY_AFTER)
    assert "李芳" in refusal.value.reasons[0]

    notices.withdraw_notice(session, ACTOR, notice, reason="更正后重新公示")
    assert batch.state == "settled"
    again = publish(first_day=DAY_AFTER, on=DAY_AFTER)
    assert (again.serial, len(again.content["entries"]), notice.state) == (2, 3, "withdrawn")
    assert notices.current_notice(session, batch) is again


def test_a_closed_or_withdrawn_notice_takes_no_objection(session: Session, vault: Vault, publish: Publish) -> None:
    notice = publish()
    notices.withdraw_notice(session, ACTOR, notice, reason="名称有误")

    with pytest.raises(RuleBroken, match="已结束或已撤回"):
        object_to(session, notice)


def test_every_act_stands_in_the_journal_and_the_journal_verifies(
    session: Session, vault: Vault, firm: Firm, publish: Publish
) -> None:
    notice = publish()
    objections.reject_objection(session, DECIDER, object_to(session, notice), reason="查无实据", on=LAST_DAY)
    notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=DAY_AFTER)
    session.flush()

    assert not verify_journal(session, firm.id)
