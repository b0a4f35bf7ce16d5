"""Headcount by the highest grade held: what is not known is never none, and a share of nothing is none at all."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, col, select

from skilleval import packs
from skilleval.db.secrets import Vault
from skilleval.db.tables import Certificate, Credential
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import certificates
from skilleval.services.statistics import COLUMNS, Line, Statistics, statistics
from tests.certified import ISSUED_ON, make_certified_batch
from tests.factories import ACTOR, Firm, make_firm, make_person

ON = date(2026, 6, 8)
BEFORE, AFTER = date(2020, 1, 1), date(2026, 6, 9)
#: name → (department, what is held: grade word and day)
PEOPLE = {
    "两证": ("一车间", [("junior", BEFORE), ("senior", BEFORE)]),
    "无证": ("一车间", [("none", None)]),
    "未填": ("一车间", []),
    "无日期": ("二车间", [("senior", None)]),
    "低证无日期": ("二车间", [("technician", BEFORE), ("junior", None)]),
    "高证无日期": ("二车间", [("junior", BEFORE), ("technician", None)]),
    "明天发证": ("二车间", [("senior", AFTER)]),
    "当日发证": ("二车间", [("senior", ON)]),
    "没部门": (None, []),
}


def count(session: Session, firm: Firm, on: date = ON) -> Statistics:
    return statistics(session, packs.library(), firm.institution, on=on)


@pytest.fixture
def firm(session: Session, vault: Vault) -> Firm:
    firm = make_firm(session)
    for serial, (name, (department, held)) in enumerate(PEOPLE.items(), start=1):
        person = make_person(session, vault, firm, name, serial, department=department)
        session.flush()
        session.add_all(
            Credential(institution_id=firm.id, person_id=person.id or 0, kind="certificate", level=level, obtained_on=day)
            for level, day in held
        )
    session.flush()
    return firm


def shown(line: Line) -> dict[str, int]:
    return {key: heads for key, heads in line.heads.items() if heads}


def test_each_person_is_counted_once_by_the_highest_grade(session: Session, firm: Firm) -> None:
    found = count(session, firm)

    assert shown(found.whole) == {"senior": 2, "technician": 1, "none": 1, "unknown": 5}
    assert (found.whole.total, found.whole.highly_skilled, found.whole.share) == (9, 3, 0.75)
    assert (found.nothing_entered, found.day_not_entered) == (3, 2)


def test_the_parts_add_up_to_the_whole(session: Session, firm: Firm) -> None:
    found = count(session, firm)

    for lines in (found.by_occupation, found.by_department):
        assert {key: sum(line.heads[key] for line in lines) for key in COLUMNS} == found.whole.heads
    assert [line.name for line in found.by_department] == ["", "一车间", "二车间"]


def test_nobody_known_has_no_share_and_none_held_has_one_of_zero(session: Session, firm: Firm) -> None:
    departments = {line.name: line for line in count(session, firm).by_department}

    assert departments[""].share is None
    assert Line("", {**dict.fromkeys(COLUMNS, 0), "none": 4}, 0).share == 0


def test_an_empty_firm_has_no_share_and_no_error(session: Session) -> None:
    found = count(session, make_firm(session))

    assert (found.whole.total, found.whole.share, found.by_department) == (0, None, ())


def test_the_cut_is_the_one_of_the_rule_packs_and_a_day_without_one_is_refused(session: Session, firm: Firm) -> None:
    found = count(session, firm)

    assert found.highly_skilled_from is Grade.SENIOR
    assert "广东省技能人才发展条例" in found.basis
    with pytest.raises(RuleBroken, match="没有有效版本"):
        count(session, firm, date(2024, 6, 30))


def test_certificates_issued_here_count_from_their_day_until_they_end(session: Session, vault: Vault) -> None:
    firm = make_firm(session)
    make_certified_batch(session, vault, firm)

    assert shown(count(session, firm, ISSUED_ON - timedelta(1)).whole) == {"unknown": 6}
    assert shown(count(session, firm, ISSUED_ON).whole) == {"senior": 5, "unknown": 1}

    certificate = session.exec(select(Certificate).order_by(col(Certificate.number))).first()
    assert certificate is not None
    certificates.revoke_certificate(session, ACTOR, certificate, reason="冒名", on=ISSUED_ON + timedelta(7))
    assert shown(count(session, firm, ISSUED_ON + timedelta(7)).whole) == {"senior": 4, "unknown": 2}
    assert shown(count(session, firm, ISSUED_ON).whole) == {"senior": 5, "unknown": 1}
