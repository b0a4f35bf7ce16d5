"""学徒工: confirmed by the firm's own rule, refused with every reason, and never certified."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Certificate, Confirmation, NumberCounter, Post
from skilleval.domain.errors import RuleBroken
from skilleval.services import confirmations, journal, rules
from skilleval.services.verification import verify_all
from tests.conftest import on_sqlite
from tests.factories import ACTOR, LIBRARY, Firm, make_firm, make_person

FORM: dict[str, Any] = {
    "institution": "91440999MA0000015E", "person": "E0001", "post": "维修电工", "occupation_code": "6-31-01-03",
    "mentor": "E0002", "agreement": "SF-1", "probation_to": date(2026, 5, 31), "mentoring_to": date(2026, 5, 31),
    "result": "合格", "confirmed_on": date(2026, 6, 1), "by": "评价委员会",
    "rule": {"name": "转正定级办法", "version": "2025版", "document": "岭精工〔2025〕8号"},
}  # fmt: skip


@pytest.fixture
def firm(session: Session, vault: Vault) -> Firm:
    firm = make_firm(session)
    session.add(post := Post(institution_id=firm.id, name="维修电工", occupation_code="6-31-01-03"))
    journal.record(session, ACTOR, firm.id, "institution.change", objects=[post])
    make_person(session, vault, firm, "学徒甲", 1)
    make_person(session, vault, firm, "师傅乙", 2)
    return firm


def confirm(session: Session, vault: Vault, firm: Firm, library: Any = LIBRARY, **change: Any) -> Confirmation:
    content = {key: value for key, value in {**FORM, **change}.items() if value is not None}
    return confirmations.add_confirmation(session, ACTOR, firm.institution, content, library, vault=vault)


def refusal(session: Session, vault: Vault, firm: Firm, **change: Any) -> str:
    with pytest.raises(RuleBroken) as refused:
        confirm(session, vault, firm, **change)
    assert session.exec(select(Confirmation)).all() == []
    return "\n".join([refused.value.message, *refused.value.reasons])


def test_a_confirmation_makes_neither_certificate_nor_number(session: Session, vault: Vault, firm: Firm) -> None:
    row = confirm(session, vault, firm)
    session.commit()

    assert (row.result, row.rule_version) == ("passed", "2025版")
    assert row.proof["authority"]["clauses"] == ["confirmation.apprentice"]
    assert not session.exec(select(Certificate)).all() and not session.exec(select(NumberCounter)).all()
    assert verify_all(session) == []


@on_sqlite
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"probation_to": date(2026, 6, 1)}, "试用期已届满：不符合，最后一日为2026-06-01，自2026-06-02起届满"),
        ({"mentoring_to": date(2026, 6, 2)}, "师带徒期已届满：不符合"),
        ({"probation_to": None}, "试用期已届满：无法判断，未填最后一日"),
        ({"rule": None}, "没有写明办法的名称、版本和文件"),
        ({"rule": {"name": "办法", "version": "1"}}, "没有写明办法的名称、版本和文件"),
        ({"mentor": None}, "没有师傅"),
        ({"mentor": "E0009"}, "师傅：没有这个人"),
        ({"mentor": "E0001"}, "师傅不能是本人"),
        ({"person": "E0009"}, "员工：没有这个人"),
        ({"post": "电焊工"}, "没有岗位“电焊工”"),
        ({"result": "优秀"}, "应为：合格、不合格"),
        ({"confirmed_on": "2026-06-01"}, "confirmed_on 应为日期"),
        ({"certificate": "Y1"}, "不认识的项 certificate"),
        ({"grade": "初级工"}, "authority.silent"),
    ],
)
def test_what_is_missing_is_refused(
    session: Session, vault: Vault, firm: Firm, change: dict[str, Any], words: str
) -> None:
    assert words in refusal(session, vault, firm, **change)


def test_every_reason_is_told_at_once(session: Session, vault: Vault, firm: Firm) -> None:
    told = refusal(session, vault, firm, probation_to=date(2026, 6, 1), mentoring_to=date(2026, 6, 1), mentor=None, rule=None)

    assert all(f"confirmation.{key}" in told for key in ("probation_over", "mentoring_over", "mentor", "own_rule"))


def test_nothing_is_confirmed_outside_authority(session: Session, vault: Vault, firm: Firm) -> None:
    early = {"confirmed_on": date(2017, 12, 31), "probation_to": date(2017, 1, 1), "mentoring_to": date(2017, 1, 1)}

    assert "confirmation.apprentice" in refusal(session, vault, firm, **early)


def test_a_post_is_confirmed_once_and_a_failure_may_be_repeated(session: Session, vault: Vault, firm: Firm) -> None:
    confirm(session, vault, firm, result="不合格")
    confirm(session, vault, firm, confirmed_on=date(2026, 7, 1))

    with pytest.raises(RuleBroken) as refused:
        confirm(session, vault, firm, confirmed_on=date(2026, 8, 1))

    assert "已于2026-07-01在岗位“维修电工”转正定级，不能重复" in refused.value.reasons[0]


def test_the_database_itself_holds_that_it_is_once_and_for_good(session: Session, vault: Vault, firm: Firm) -> None:
    row = confirm(session, vault, firm)
    again = {key: value for key, value in row.model_dump().items() if key != "id"}

    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.add(Confirmation(**again))
        session.flush()
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), session.begin_nested():
        session.connection().exec_driver_sql("UPDATE confirmation SET result = 'failed'")


def test_the_packs_that_decided_are_pinned(session: Session, vault: Vault, firm: Firm) -> None:
    row = confirm(session, vault, firm)

    assert rules.pinned_packs(session, row.versions["packs"], {}).find("confirmation.own_rule", row.confirmed_on)
