"""An upheld objection: the part is marked anew by another person, the result is a new version, the notice is corrected."""

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Adjudication, Batch, Mark, Notice, Objection, Result
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal, marks, notice_closing, notices, objections, replay
from skilleval.services.journal import Actor
from skilleval.services.reopening import correct_notice, remark
from skilleval.services.verification import verify_all
from tests.closed import CALENDAR, NOTICED, candidate_named, make_noticed_batch
from tests.conftest import Kept
from tests.factories import ACTOR, LIBRARY

DIRECTOR, EXPERT = Actor("认定主任", "hr"), Actor("复评专家", "hr")
#: the corrected notice begins in the middle of the first, and is over on the second day
AGAIN, OVER = date(2026, 6, 17), date(2026, 6, 24)


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    with sqlite_database.writing() as open_session:
        yield open_session


@pytest.fixture
def batch(kept: Kept, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    return kept(make_noticed_batch, vault, tmp_path_factory.getbasetemp())


def object_to(session: Session, batch: Batch, name: str, *, upheld: bool = True) -> Objection:
    notice, candidate = notices.current_notice(session, batch), candidate_named(session, name)
    objection = objections.raise_objection(
        session, ACTOR, notice, raised_by="张工", text="技能评分有误", on=NOTICED, candidate=candidate
    )
    decide = objections.uphold_objection if upheld else objections.reject_objection
    return decide(session, DIRECTOR, objection, reason="经复核", on=NOTICED)


def remark_skill(session: Session, batch: Batch, name: str, value: int, *, actor: Actor = EXPERT, reason: str = "看录像重评") -> Result:
    candidate = candidate_named(session, name)
    return remark(session, actor, batch, candidate, method="skill", value=value, reason=reason)


def correct(session: Session, batch: Batch, vault: Vault) -> Notice:
    return correct_notice(
        session, ACTOR, notices.current_notice(session, batch), LIBRARY, reason="异议成立", vault=vault, first_day=AGAIN,
        working_days=5, calendar=CALENDAR, on=AGAIN,
    )  # fmt: skip


def hashes(session: Session, *tables: type[SQLModel]) -> list[str]:
    """The hash of every row of these tables, as the journal makes it."""
    found = []
    for table in tables:
        own: sa.Table = table.__table__  # type: ignore[attr-defined]
        rows = session.exec(select(table).order_by(own.c.id)).all()
        found += [journal.row_hash(own, row.model_dump()) for row in rows]
    return found


def test_an_upheld_objection_lets_another_person_mark_anew_and_nothing_is_overwritten(
    session: Session, batch: Batch
) -> None:
    objection = object_to(session, batch, "陈大文")
    before = hashes(session, Mark, Result)

    result = remark_skill(session, batch, "陈大文", 5000)

    assert (result.revision, result.outcome, result.parts) == (2, "failed", {"theory": 8000, "skill": 5000})
    assert result.reason == "第 1 号异议成立，由复评专家重评：看录像重评"
    assert hashes(session, Mark, Result)[: len(before)] == before
    row = session.exec(select(Adjudication).where(col(Adjudication.objection_id) == objection.id)).one()
    assert (row.value, row.decided_by, len(row.mark_ids)) == (5000, "复评专家", 3)


def test_a_mark_that_the_second_look_confirms_is_an_answer_too(session: Session, vault: Vault, batch: Batch) -> None:
    object_to(session, batch, "陈大文")

    again = remark_skill(session, batch, "陈大文", 7000)

    assert (again.revision, again.outcome) == (2, "passed")
    assert notice_closing.closing_of(session, notices.current_notice(session, batch), vault=vault).reasons(OVER) == []


def test_a_rejected_objection_leaves_marks_results_and_notice_identical_by_hash(session: Session, batch: Batch) -> None:
    before = hashes(session, Mark, Adjudication, Result, Notice)

    object_to(session, batch, "陈大文", upheld=False)

    with pytest.raises(RuleBroken, match="没有成立而未答复的异议"):
        remark_skill(session, batch, "陈大文", 5000)
    assert hashes(session, Mark, Adjudication, Result, Notice) == before


@pytest.mark.parametrize(
    ("name", "actor", "value", "reason", "told"),
    [
        ("陈大文", Actor("考评员乙", "hr"), 7000, "重看", "须由另一人进行"),
        ("陈大文", Actor("K3", "hr"), 7000, "重看", "须由另一人进行"),
        ("李有争", ACTOR, 6000, "重看", "须由另一人进行"),
        ("陈大文", EXPERT, 10001, "重看", "超出 0 至 100.00"),
        ("陈大文", EXPERT, 7000, " ", "须写明理由"),
    ],
)
def test_who_judged_before_and_what_is_no_mark_are_refused(
    session: Session, batch: Batch, name: str, actor: Actor, value: int, reason: str, told: str
) -> None:
    object_to(session, batch, name)

    with pytest.raises(RuleBroken, match=told):
        remark_skill(session, batch, name, value, actor=actor, reason=reason)


def test_who_marked_anew_does_not_do_so_twice(session: Session, batch: Batch) -> None:
    object_to(session, batch, "陈大文")
    remark_skill(session, batch, "陈大文", 6500)
    object_to(session, batch, "陈大文")

    with pytest.raises(RuleBroken, match="须由另一人进行"):
        remark_skill(session, batch, "陈大文", 6600)
    assert remark_skill(session, batch, "陈大文", 6600, actor=DIRECTOR).revision == 3


def test_a_corrected_notice_names_what_it_corrects_and_only_then_the_notice_closes(
    session: Session, vault: Vault, batch: Batch
) -> None:
    first = notices.current_notice(session, batch)
    frozen = first.content_hash
    object_to(session, batch, "陈大文")
    with pytest.raises(RuleBroken) as early:
        correct(session, batch, vault)
    remark_skill(session, batch, "陈大文", 5000)
    against = notice_closing.closing_of(session, first, vault=vault).reasons(OVER)

    second = correct(session, batch, vault)

    assert any("尚未更正" in one for one in early.value.reasons)
    assert against == ["陈大文 已不合格而仍在公示名单上，须发布更正公示（skilleval notices correct）"]
    assert second.content["correction"] == {"serial": 1, "reason": "异议成立", "gone": ["陈大文"], "new": []}
    assert (first.state, first.content_hash, second.serial) == ("withdrawn", frozen, 2)
    assert notices.content_hash(second.content) == second.content_hash
    assert notice_closing.close_notice(session, ACTOR, second, vault=vault, on=OVER).state == "closed"
    assert verify_all(session) == []


def test_a_list_that_has_not_changed_is_not_corrected(session: Session, vault: Vault, batch: Batch) -> None:
    with pytest.raises(RuleBroken) as refusal:
        correct(session, batch, vault)

    assert refusal.value.reasons == ("公示名单没有变化，不需要更正公示",)


def test_a_case_marked_anew_replays_and_a_tampered_second_mark_is_named(session: Session, batch: Batch) -> None:
    object_to(session, batch, "陈大文")
    remark_skill(session, batch, "陈大文", 5000)
    candidate = candidate_named(session, "陈大文")
    clean = replay.replay_batch(session, batch, candidates=[candidate])

    guards = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'adjudication'")
    for (name,) in session.connection().execute(guards).all():
        session.connection().execute(sa.text(f"DROP TRIGGER {name}"))
    session.connection().execute(sa.text("UPDATE adjudication SET value = 6500 WHERE objection_id IS NOT NULL"))
    session.expire_all()
    [told] = replay.replay_batch(session, batch, candidates=[candidate]).cases

    assert clean.equal
    steps = {step.name: step for step in told.steps}
    assert steps["outcome"].reasons == ("技能操作考核重评为 65.00，没有一版更正的成绩是它",)
    assert any("裁定" in one for one in steps["rows"].reasons)


def test_a_result_is_settled_from_the_first_marks_whatever_came_later(session: Session, batch: Batch) -> None:
    object_to(session, batch, "陈大文")
    remark_skill(session, batch, "陈大文", 5000)

    candidate = candidate_named(session, "陈大文")
    assert marks.part_marks(session, batch)[candidate.id or 0]["skill"].value == 7000


def test_an_objection_outlives_the_notice_that_it_was_raised_against(session: Session, vault: Vault, batch: Batch) -> None:
    notice, candidate = notices.current_notice(session, batch), candidate_named(session, "陈大文")
    first = objections.raise_objection(session, ACTOR, notice, raised_by="张工", text="评分有误", on=NOTICED, candidate=candidate)
    notices.withdraw_notice(session, ACTOR, notice, reason="名单排版有误")
    anew = notices.publish_notice(
        session, ACTOR, batch, LIBRARY, vault=vault, first_day=AGAIN, working_days=5, calendar=CALENDAR, on=AGAIN
    )

    second = objections.raise_objection(session, ACTOR, anew, raised_by="李工", text="同上", on=AGAIN)

    assert [first.serial, second.serial] == [1, 2]
    assert objections.objections_of(session, notice) == [first]
    assert "第 1 号异议（2026-06-15 提出）尚未处理" in notice_closing.closing_of(session, anew, vault=vault).reasons(OVER)
