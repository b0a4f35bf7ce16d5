from datetime import date

import pytest
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Assignment, Batch
from skilleval.domain.errors import RuleBroken
from skilleval.services import batch_steps
from skilleval.services.staffing import restaff_batch
from skilleval.services.verification import verify_all
from tests.conftest import on_sqlite
from tests.factories import ACTOR, LIBRARY, Firm, make_batch, make_candidate, make_firm, make_person


@pytest.fixture
def firm(session: Session) -> Firm:
    return make_firm(session)


@pytest.fixture
def batch(session: Session, vault: Vault, firm: Firm) -> Batch:
    batch = make_batch(session, firm, state="reviewed")
    make_candidate(session, batch, make_person(session, vault, firm), state="eligible")
    return batch


def codes_of(session: Session, batch: Batch) -> set[tuple[str, str]]:
    return {(one.role, one.method) for one in session.exec(select(Assignment).where(Assignment.batch_id == batch.id))}


def test_a_batch_short_of_staff_gets_it_and_goes_on(session: Session, batch: Batch) -> None:
    restaff_batch(session, ACTOR, batch, {"supervisors": [], "venues": []}, reason="先行撤下")
    with pytest.raises(RuleBroken) as refusal:
        batch_steps.advance_batch(session, ACTOR, batch, "scheduled", library=LIBRARY, on=date(2026, 6, 1))
    assert any("督导员" in reason for reason in refusal.value.reasons)

    restaff_batch(session, ACTOR, batch, {"supervisors": ["D1"], "venues": ["一号实训车间"]}, reason="补齐")

    assert batch_steps.advance_batch(session, ACTOR, batch, "scheduled", library=LIBRARY, on=date(2026, 6, 1)).state == "scheduled"
    assert verify_all(session) == []


def test_a_list_that_the_file_lacks_stays(session: Session, batch: Batch) -> None:
    before = codes_of(session, batch)

    restaff_batch(session, ACTOR, batch, {"venues": ["一号实训车间"]}, reason="换场地")

    assert codes_of(session, batch) == before


@on_sqlite
@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        ({"supervisors": ["D9"]}, "x", "没有编号为 D9"),
        ({"venues": ["月球"]}, "x", "没有名为“月球”的场地"),
        ({"assessors": [{"code": "K1", "methods": ["dance"]}]}, "x", "methods “dance”"),
        ({"assessors": ["K1"]}, "x", "每一项应写作"),
        ({"venues": []}, " ", "须写明理由"),
    ],
)
def test_unknown_people_and_places_change_nothing(
    session: Session, batch: Batch, content: dict[str, object], reason: str, words: str
) -> None:
    before = codes_of(session, batch)

    with pytest.raises(RuleBroken) as refusal:
        restaff_batch(session, ACTOR, batch, content, reason=reason)

    assert words in " ".join([refusal.value.message, *refusal.value.reasons])
    assert codes_of(session, batch) == before and batch.venues == ["一号实训车间"]


def test_staff_stands_once_marks_are_entered(session: Session, batch: Batch) -> None:
    batch.state = "marking"

    with pytest.raises(RuleBroken, match="开始评分后"):
        restaff_batch(session, ACTOR, batch, {"venues": []}, reason="x")
