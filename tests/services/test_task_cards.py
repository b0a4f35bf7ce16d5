"""Task cards from the database: revisions, refusals, who gets one, and whether the venues have what they ask for."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Item
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Answer
from skilleval.services import journal
from skilleval.services.task_cards import add_cards, card_of, readiness, sitting
from skilleval.services.verification import verify_all
from tests.conftest import on_sqlite
from tests.factories import ACTOR, Firm, make_batch, make_candidate, make_firm, make_person

CARD: dict[str, Any] = {
    "item": "SK-1", "minutes": 90, "stations": 2, "place": "一号实训车间", "steps": ["装配"], "safety": ["断电"],
    "equipment": [{"name": "实训台", "count": 1}], "materials": [{"name": "导线", "amount": "20 m"}],
}  # fmt: skip


@pytest.fixture
def firm(session: Session) -> Firm:
    firm = make_firm(session)
    for code, method, state in (("SK-1", "skill", "in_use"), ("LL-1", "theory", "in_use"), ("SK-0", "skill", "draft")):
        item = Item(
            institution_id=firm.id, specification_id=firm.specification.id or 0, code=code, title="项目", grade="senior",
            method=method, function="功能", points=1000, state=state, author_id=firm.assessors[0].id or 0,
            reviewer_id=firm.assessors[1].id,
        )  # fmt: skip
        session.add(item)
        journal.record(session, ACTOR, firm.id, "items.import", objects=[item])
    return firm


def laid(session: Session, firm: Firm, *cards: dict[str, Any]) -> list[int]:
    content = {"institution": firm.institution.credit_code, "specification": "DG", "card": list(cards)}
    return [one.revision for one in add_cards(session, ACTOR, firm.institution, content)]


def item_of(session: Session, code: str = "SK-1") -> Item:
    return session.exec(select(Item).where(Item.code == code)).one()


def test_a_changed_card_is_the_next_revision_and_the_same_one_is_none(session: Session, firm: Firm) -> None:
    assert laid(session, firm, CARD) == [1]
    assert laid(session, firm, CARD) == []
    assert laid(session, firm, {**CARD, "minutes": 60}) == [2]

    assert card_of(session, item_of(session)).minutes == 60
    assert verify_all(session) == []
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), session.begin_nested():
        session.connection().exec_driver_sql("UPDATE task_card SET minutes = 1")


@on_sqlite
@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"item": "XX"}, "没有编号为 XX 的考核项目"),
        ({"item": "LL-1"}, "没有操作任务书"),
        ({"minutes": 0}, "minutes 应至少为 1"),
        ({"stations": 0}, "stations 应至少为 1"),
        ({"steps": [1]}, "steps 的每一项应为文字"),
        ({"safety": ["字" * 1001]}, "safety 的每一项应为文字"),
        ({"safety": []}, "缺少 safety"),
        ({"place": "字" * 201}, "place 最多 200 个字符"),
        ({"equipment": [{"name": "实训台"}]}, "equipment[1] 缺少 count"),
        ({"equipment": [{"name": "实训台", "count": 0}]}, "count 应至少为 1"),
        ({"materials": [{"name": "字" * 201}]}, "materials 的每一项最多 200 个字符"),
        ({"tools": ["锤"]}, "tools 应写作 [[tools]]"),
        ({"wrong": 1}, "不认识的项 wrong"),
    ],
)
def test_a_card_that_can_not_be_is_refused(session: Session, firm: Firm, own: dict[str, Any], told: str) -> None:
    with pytest.raises(RuleBroken) as refusal:
        laid(session, firm, {**CARD, "item": "SK-0"}, {**CARD, **own})

    assert told in "\n".join(refusal.value.reasons)
    with pytest.raises(RuleBroken, match="还没有任务书"):
        card_of(session, item_of(session, "SK-0"))


def test_an_item_has_one_card_in_a_file_and_none_once_retired(session: Session, firm: Firm) -> None:
    with pytest.raises(RuleBroken) as twice:
        laid(session, firm, CARD, CARD)
    item = item_of(session)
    item.state, item.reason, item.retired_on = "retired", "过时", firm.registration.valid_from
    session.flush()
    with pytest.raises(RuleBroken) as retired:
        laid(session, firm, CARD)

    assert twice.value.reasons == ("card[2] item SK-1 写了两次",)
    assert "已停用" in retired.value.reasons[0]


def test_admitted_candidates_of_the_grade_get_the_card_of_an_item_in_use(
    session: Session, firm: Firm, vault: Vault
) -> None:
    batch = make_batch(session, firm, state="scheduled")
    with pytest.raises(RuleBroken, match="没有已编排的三级/高级工考生"):
        sitting(session, item_of(session), batch)
    taking = make_candidate(session, batch, make_person(session, vault, firm, serial=1))
    make_candidate(session, batch, make_person(session, vault, firm, serial=2), grade="intermediate")
    make_candidate(session, batch, make_person(session, vault, firm, serial=3), state="refused")

    assert sitting(session, item_of(session), batch) == [taking]
    with pytest.raises(RuleBroken, match="没有启用"):
        sitting(session, item_of(session, "SK-0"), batch)
    batch.grades = ["junior"]
    with pytest.raises(RuleBroken, match="没有三级/高级工"):
        sitting(session, item_of(session), batch)


def test_another_firms_batch_does_not_assess_an_item(session: Session, firm: Firm) -> None:
    other = make_firm(session, "91440999MA00000231", "Y000044000124", name="另一制造有限公司")

    with pytest.raises(RuleBroken, match="不属于批次"):
        sitting(session, item_of(session), make_batch(session, other))


@pytest.mark.parametrize(
    ("equipment", "kind", "answer"),
    [
        ([{"name": "实训台", "count": 2, "sound": True}], "practical", Answer.MET),
        ([{"name": "实训台", "count": 1, "sound": True}], "practical", Answer.NOT_MET),
        ([], "practical", Answer.UNKNOWN),
        ([{"name": "实训台", "count": 2, "sound": True}], "theory", Answer.UNKNOWN),
    ],
)
def test_the_practical_venues_of_the_batch_are_asked(
    session: Session, firm: Firm, equipment: list[dict[str, Any]], kind: str, answer: Answer
) -> None:
    firm.venue.equipment, firm.venue.kind = equipment, kind
    session.flush()
    laid(session, firm, CARD)
    item = item_of(session)

    (found,) = readiness(session, item, card_of(session, item), make_batch(session, firm))

    assert (found.answer, found.wanted) == (answer, 2)
