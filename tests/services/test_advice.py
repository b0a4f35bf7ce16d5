"""What would make it yes, for candidates and for people who ask about the next grade."""

from datetime import date

import pytest
from sqlmodel import Session

from skilleval import packs
from skilleval.db.secrets import Vault
from skilleval.db.tables import Credential, Person
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.services import advice, candidates
from skilleval.services.people import backgrounds
from tests.factories import ACTOR, Firm, make_batch, make_candidate, make_firm, make_person

ON = date(2026, 6, 8)
LIBRARY = packs.library()


@pytest.fixture
def firm(session: Session) -> Firm:
    return make_firm(session)


def hold(session: Session, person: Person, grade: str, day: date | None) -> None:
    assert person.id is not None
    session.add(
        Credential(institution_id=person.institution_id, person_id=person.id, kind="certificate", level=grade,
                   occupation_code="6-31-01-03", obtained_on=day)
    )  # fmt: skip
    session.flush()


def test_the_next_grade_is_the_one_above_the_highest_held(session: Session, vault: Vault, firm: Firm) -> None:
    person = make_person(session, vault, firm, education="高中")
    hold(session, person, "junior", date(2015, 1, 1))
    hold(session, person, "intermediate", date(2022, 3, 1))

    found = advice.next_grade(session, firm.institution, person, LIBRARY, on=ON)

    assert (found.edition, found.holds, found.grade) == ("2018", Grade.INTERMEDIATE, Grade.SENIOR)
    assert found.verdict.answer is Answer.NOT_MET, "2018 asks for no title, so the missing one leaves nothing open"
    assert (found.ways[0].ready_on, found.ways[0].by) == (date(2027, 3, 1), "2018/senior/1")


def test_another_edition_may_be_asked(session: Session, vault: Vault, firm: Firm) -> None:
    person = make_person(session, vault, firm, education="高中", occupation_since=date(2020, 1, 4))
    hold(session, person, "intermediate", date(2022, 3, 1))

    found = advice.next_grade(session, firm.institution, person, LIBRARY, on=ON, edition="2023")

    assert found.verdict.met_by == ("2023/senior/2",) and found.ways == ()


def test_who_holds_nothing_is_asked_about_the_first_grade_and_told_what_else_is_met(
    session: Session, vault: Vault, firm: Firm
) -> None:
    person = make_person(session, vault, firm)

    found = advice.next_grade(session, firm.institution, person, LIBRARY, on=ON, edition="2023")

    assert found.grade is Grade.JUNIOR and not found.certificates_entered
    assert found.also == (Grade.INTERMEDIATE, Grade.SENIOR), "ten years of work open 高级工 in 2023"


def test_above_senior_technician_the_provinces_conditions_are_asked(session: Session, vault: Vault, firm: Firm) -> None:
    person = make_person(session, vault, firm)
    hold(session, person, "senior_technician", date(2025, 9, 1))

    found = advice.next_grade(session, firm.institution, person, LIBRARY, on=ON)

    assert found.grade is Grade.SPECIAL_TECHNICIAN
    assert (found.ways[0].ready_on, found.ways[0].by) == (date(2026, 9, 1), "guangdong-2025/special/1")


def test_without_occupation_or_specification_it_is_refused(session: Session, vault: Vault, firm: Firm) -> None:
    person = make_person(session, vault, firm, occupation_code=None, occupation_since=None)

    with pytest.raises(RuleBroken, match="没有填写陈大文从事的职业"):
        advice.next_grade(session, firm.institution, person, LIBRARY, on=ON)
    with pytest.raises(RuleBroken, match="没有职业 6-18-01-01 已批准"):
        advice.next_grade(session, firm.institution, person, LIBRARY, on=ON, occupation_code="6-18-01-01")


def test_who_holds_the_highest_grade_has_none_above(session: Session, vault: Vault, firm: Firm) -> None:
    person = make_person(session, vault, firm)
    hold(session, person, "chief_technician", date(2025, 9, 1))

    with pytest.raises(RuleBroken, match="已持有最高等级"):
        advice.next_grade(session, firm.institution, person, LIBRARY, on=ON)


def test_a_candidate_is_told_the_ways_and_what_else_stands_against(session: Session, vault: Vault, firm: Firm) -> None:
    batch = make_batch(session, firm, state="enrolling")
    person = make_person(session, vault, firm, education="高中")
    hold(session, person, "intermediate", date(2025, 9, 19))
    candidate = make_candidate(session, batch, person, state="applied", claimed=None)
    candidates.check_eligibility(session, ACTOR, batch, LIBRARY, on=ON)

    found = advice.advise(session, batch, candidate, LIBRARY).ways
    told = advice.candidate_letter(batch, person, candidate, found)

    assert (found[0].ready_on, found[0].acts) == (date(2030, 9, 19), ())
    assert "就申报条件而言，您无须另外补办，待时间届满，自2030年9月19日起即符合申报条件" in told
    assert "“同一年度内未取得过其他证书”一项不符合" in told


def test_a_letter_needs_a_verdict(session: Session, vault: Vault, firm: Firm) -> None:
    batch = make_batch(session, firm, state="enrolling")
    candidate = make_candidate(session, batch, person := make_person(session, vault, firm), state="applied")

    with pytest.raises(RuleBroken, match="尚未判断"):
        advice.candidate_letter(batch, person, candidate, [])


def test_conditions_may_ask_what_the_roster_says_of_post_and_contract(session: Session, vault: Vault, firm: Firm) -> None:
    person = make_person(session, vault, firm, post="维修电工", hired_on=date(2010, 1, 4))

    facts = backgrounds(session, [person], date(2026, 6, 8))[person.id or 0].facts

    assert facts == {"employment": "contract", "post": "维修电工", "hired_on": date(2010, 1, 4)}
