from datetime import date

import pytest
from sqlmodel import Session

from skilleval.db.tables import Chain, Institution
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.services import chains
from skilleval.services.served import serves
from skilleval.services.verification import verify_all
from tests.conftest import on_sqlite
from tests.factories import ACTOR, make_firm

SUPPLIER = "91440999MA00001620"
E, ON = "6-31-01-03", date(2026, 6, 8)


@pytest.fixture
def evaluator(session: Session) -> Institution:
    institution = make_firm(session, chain_lead=True, kind="chain_evaluator").institution
    return institution


@pytest.fixture
def supplier(session: Session) -> Institution:
    return make_firm(session, SUPPLIER, name="配套企业甲").institution


@pytest.fixture
def chain(session: Session, evaluator: Institution, supplier: Institution) -> Chain:
    chain = chains.add_chain(session, ACTOR, evaluator, name="甲链", cluster="汽车", city="4401")
    join(session, chain, supplier)
    return chain


def join(session: Session, chain: Chain, firm: Institution, joined_on: date = date(2025, 1, 1)) -> None:
    chains.add_member(
        session, ACTOR, chain, credit_code=firm.credit_code, name=firm.name, kind="firm", joined_on=joined_on
    )


def mandate(session: Session, chain: Chain, evaluator: Institution, employer: Institution, **values: object) -> object:
    return chains.add_mandate(
        session, ACTOR, chain, evaluator=evaluator, employer=employer,
        **{"document": "X1", "valid_from": date(2025, 1, 1), "valid_to": date(2026, 12, 31), **values},  # type: ignore[arg-type]
    )  # fmt: skip


def test_an_evaluator_serves_a_member_by_mandate(
    session: Session, chain: Chain, evaluator: Institution, supplier: Institution
) -> None:
    assert serves(session, evaluator, supplier, E, Grade.SENIOR, ON).answer is Answer.NOT_MET

    mandate(session, chain, evaluator, supplier, occupations=[E])

    assert serves(session, evaluator, supplier, E, Grade.SENIOR, ON).answer is Answer.MET
    assert serves(session, supplier, evaluator, E, Grade.SENIOR, ON).answer is Answer.NOT_MET
    assert verify_all(session) == []


def test_a_member_that_left_the_day_before_is_not_served(
    session: Session, chain: Chain, evaluator: Institution, supplier: Institution
) -> None:
    held = mandate(session, chain, evaluator, supplier)

    chains.end_membership(session, ACTOR, chain, credit_code=SUPPLIER, left_on=date(2026, 6, 7), reason="退出")

    assert [chains.belongs(session, held, day) for day in (date(2026, 6, 7), ON)] == [True, False]
    with pytest.raises(RuleBroken, match="已登记于 2026-06-07 退出"):
        chains.end_membership(session, ACTOR, chain, credit_code=SUPPLIER, left_on=ON, reason="退出")

    assert serves(session, evaluator, supplier, E, Grade.SENIOR, date(2026, 6, 7)).answer is Answer.MET
    assert serves(session, evaluator, supplier, E, Grade.SENIOR, ON).answer is Answer.NOT_MET
    join(session, chain, supplier, date(2026, 7, 1))
    assert serves(session, evaluator, supplier, E, Grade.SENIOR, date(2026, 7, 1)).answer is Answer.MET


def test_a_revoked_mandate_is_kept_and_holds_no_more(
    session: Session, chain: Chain, evaluator: Institution, supplier: Institution
) -> None:
    mandate(session, chain, evaluator, supplier)
    found = chains.find_mandate(session, evaluator, "X1")

    chains.revoke_mandate(session, ACTOR, found, reason="终止合作", on=ON)

    assert serves(session, evaluator, supplier, E, Grade.SENIOR, ON).answer is Answer.NOT_MET
    with pytest.raises(RuleBroken, match="已于 2026-06-08 撤销"):
        chains.revoke_mandate(session, ACTOR, found, reason="再次", on=ON)
    assert verify_all(session) == []


@on_sqlite
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"document": " "}, "须写明协议编号"),
        ({"valid_to": date(2024, 12, 31)}, "早于起始日期"),
        ({"valid_from": date(2024, 12, 31)}, "不是“甲链”的链员"),
        ({"occupations": ["9-99-99-99"]}, "9-99-99-99"),
    ],
)
def test_a_mandate_that_cannot_hold_is_refused(
    session: Session, chain: Chain, evaluator: Institution, supplier: Institution, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(RuleBroken) as refusal:
        mandate(session, chain, evaluator, supplier, **changes)
    assert words in " ".join(refusal.value.reasons)


def test_only_a_chain_evaluator_is_given_a_mandate_and_a_document_once(
    session: Session, chain: Chain, evaluator: Institution, supplier: Institution
) -> None:
    mandate(session, chain, evaluator, supplier)

    with pytest.raises(RuleBroken) as twice:
        mandate(session, chain, evaluator, supplier)
    assert "协议编号 X1 已使用" in twice.value.reasons
    with pytest.raises(RuleBroken) as other:
        mandate(session, chain, supplier, supplier, document="X9")
    assert "不是技能生态链评价机构" in other.value.reasons[0]


@on_sqlite
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"credit_code": "91440999MA0000162X"}, "有误"),
        ({"kind": "club"}, "成员类型"),
        ({"credit_code": SUPPLIER, "name": "另一名称"}, "不一致"),
        ({"credit_code": SUPPLIER, "name": "配套企业甲"}, "已是链员"),
    ],
)
def test_a_wrong_member_is_refused(session: Session, chain: Chain, values: dict[str, str], words: str) -> None:
    given = {"credit_code": "91440999MA0000015E", "name": "学校", "kind": "firm", **values}

    with pytest.raises(RuleBroken, match=words):
        chains.add_member(session, ACTOR, chain, joined_on=ON, **given)


def test_a_firm_that_is_no_lead_leads_no_chain(session: Session, evaluator: Institution, supplier: Institution) -> None:
    with pytest.raises(RuleBroken, match="没有写明是链主企业"):
        chains.add_chain(session, ACTOR, supplier, name="乙链")
    chains.add_chain(session, ACTOR, evaluator, name="乙链")
    with pytest.raises(RuleBroken, match="已有名为“乙链”的链"):
        chains.add_chain(session, ACTOR, evaluator, name=" 乙链 ")
