"""Headcount by the highest grade held: what is not known is never none, and a share of nothing is none at all."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from skilleval import packs
from skilleval.db.secrets import Vault
from skilleval.db.tables import Certificate, Credential, Person
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import certificate_events
from skilleval.services.rules import packs_of
from skilleval.services.statistics import (
    COLUMNS,
    Line,
    Statistics,
    highly_skilled_on,
    lines_on,
    standing_as,
    statistics,
    target,
)
from tests.certified import ISSUED_ON, make_certified_batch
from tests.conftest import Kept
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


def make_staff(session: Session, vault: Vault) -> Firm:
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


@pytest.fixture
def firm(kept: Kept, vault: Vault) -> Firm:
    return kept(make_staff, vault)


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
    certificate_events.revoke_certificate(session, ACTOR, certificate, reason="冒名", on=ISSUED_ON + timedelta(7))
    assert shown(count(session, firm, ISSUED_ON + timedelta(7)).whole) == {"senior": 4, "unknown": 2}
    assert shown(count(session, firm, ISSUED_ON).whole) == {"senior": 5, "unknown": 1}


@pytest.mark.parametrize("on", [ON, AFTER, date(2024, 7, 1)])
def test_the_list_behind_each_number_holds_as_many_people(session: Session, firm: Firm, on: date) -> None:
    counted = count(session, firm, on).whole.heads

    listed = {
        column: len(session.exec(select(Person.id).where(standing_as(column, firm.id, on))).all()) for column in COLUMNS
    }

    assert listed == counted


def test_a_certificate_issued_here_and_revoked_later_counts_in_the_list_of_its_days_only(session: Session, vault: Vault) -> None:
    firm = make_firm(session)
    make_certified_batch(session, vault, firm)
    one = session.exec(select(Certificate).order_by(col(Certificate.id))).all()[0]
    certificate_events.revoke_certificate(session, ACTOR, one, reason="查实有误", on=ISSUED_ON + timedelta(2))

    for on, held in ((ISSUED_ON - timedelta(1), 0), (ISSUED_ON, 5), (ISSUED_ON + timedelta(2), 4)):
        listed = session.exec(select(Person.id).where(standing_as("senior", firm.id, on))).all()
        assert len(listed) == held == count(session, firm, on).whole.heads["senior"]


def test_past_shares_are_of_those_whose_grade_was_known_then(session: Session, firm: Firm) -> None:
    # Before 2020 only 无证 is known, by the roster's 无.
    days = [date(2019, 12, 31), date(2025, 12, 31), ON]
    lines = lines_on(session, firm.institution, Grade.SENIOR, days)

    assert [one.share for one in lines] == [0.0, 2 / 3, 0.75]
    assert lines[-1].heads == count(session, firm, ON).whole.heads
    listed = [len(session.exec(select(Person.id).where(highly_skilled_on(Grade.SENIOR, firm.id, day))).all()) for day in days]
    assert listed == [one.highly_skilled for one in lines]


def test_the_plan_names_2028_and_no_share_which_is_unknown_and_not_none(session: Session, firm: Firm) -> None:
    found = target(packs_of(session, firm.id, packs.library(), ON), ON)

    assert found is not None and found.share is None
    assert "2028" in found.clause and "征求意见稿" in found.clause
    assert target(packs_of(session, firm.id, packs.library(), date(2024, 3, 24)), date(2024, 3, 24)) is None


def test_a_share_that_the_firm_set_in_its_own_pack_is_the_target(session: Session, firm: Firm, tmp_path: Path) -> None:
    (tmp_path / "rulepacks").mkdir()
    (tmp_path / "rulepacks" / "own.toml").write_text(
        'schema = "rule-pack/2"\nname = "本厂"\nlayer = "firm"\ndefault = true\nsource = "本厂规划"\nconfidence = "high"\n'
        'status = "in_force"\nfrom = 2025-01-01\n[[parameter]]\nid = "statistics.target_2028"\nvalue = 35\n'
        'clause = "2028年底高技能人才占35%"\noverrides = "guangdong-plan"\noverrides_because = "文件未写明，由本厂规划"\n',
        encoding="utf-8",
    )

    found = target(packs_of(session, firm.id, packs.library(tmp_path), ON), ON)

    assert found is not None and found.share == 0.35 and "本厂规划" in found.clause
