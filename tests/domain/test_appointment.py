"""特级 and 首席: windows, routes and numbers, each boundary on both sides."""

from dataclasses import replace
from datetime import date

import pytest

from skilleval import packs
from skilleval.domain.appointment import (
    ENTRY,
    WINDOWS,
    number_problems,
    parse_top_grade,
    prove_entry,
    prove_window,
    term_state,
)
from skilleval.domain.backgrounds import Background, Evidence, HeldCertificate, Title
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer

OWN, ON = "6-31-01-03", date(2025, 8, 18)
SPECIAL, CHIEF = Grade.SPECIAL_TECHNICIAN, Grade.CHIEF_TECHNICIAN
MET, NOT_MET, UNKNOWN = Answer.MET, Answer.NOT_MET, Answer.UNKNOWN
NOTHING = Background(certificates=(), titles=(), evidence=())


@pytest.mark.parametrize(
    ("day", "answer"),
    [
        ("2024-03-31", NOT_MET), ("2024-04-01", MET), ("2024-07-10", MET), ("2024-07-11", NOT_MET),
        ("2024-07-31", NOT_MET), ("2024-08-01", MET), ("2024-10-30", MET), ("2024-10-31", NOT_MET),
        ("2025-03-31", NOT_MET), ("2025-04-01", MET), ("2025-07-10", MET), ("2025-07-11", MET), ("2025-10-30", MET),
        ("2025-10-31", NOT_MET), ("2023-05-01", UNKNOWN), ("2023-12-31", UNKNOWN), ("2026-01-01", UNKNOWN),
        ("2026-05-01", UNKNOWN),
    ],
)  # fmt: skip
def test_a_window_holds_from_its_first_day_to_its_last(day: str, answer: Answer) -> None:
    on = date.fromisoformat(day)

    proof = prove_window(packs.load().find(WINDOWS, on), on)

    assert proof.answer is answer
    if answer is UNKNOWN:
        assert f"没有读到{on.year}年的申报时段" in proof.fact


def entry(route: str, person: Background, grade: Grade = SPECIAL, on: date = ON) -> Answer:
    shipped = packs.load()
    conditions = [one for edition in shipped.editions() for one in shipped.conditions(edition, on)]
    return prove_entry(shipped.find(ENTRY[grade], on), route, conditions, person, OWN, grade, on).answer


def certificate(grade: Grade, day: str) -> Background:
    return replace(NOTHING, certificates=(HeldCertificate(grade, OWN, date.fromisoformat(day)),))


def with_honour(day: str, *honours: Evidence) -> Background:
    return replace(certificate(Grade.TECHNICIAN, day), evidence=honours)


EARLY = date(2020, 1, 1)


@pytest.mark.parametrize(
    ("route", "person", "answer"),
    [
        ("A", certificate(Grade.SENIOR_TECHNICIAN, "2024-08-18"), MET),
        ("A", certificate(Grade.SENIOR_TECHNICIAN, "2024-08-19"), NOT_MET),
        ("A", certificate(Grade.TECHNICIAN, "2010-01-01"), NOT_MET),
        ("A", Background(), UNKNOWN),
        ("B", replace(NOTHING, titles=(Title("senior", True, date(2023, 8, 18)),)), MET),
        ("B", replace(NOTHING, titles=(Title("senior", True, date(2023, 8, 19)),)), NOT_MET),
        ("B", replace(NOTHING, titles=(Title("intermediate", True, EARLY),)), NOT_MET),
        ("C", with_honour("2022-08-18", Evidence("honour", "city", EARLY)), MET),
        ("C", with_honour("2022-08-19", Evidence("honour", "city", EARLY)), NOT_MET),
        ("C", with_honour("2022-08-18", Evidence("honour", "firm", EARLY)), NOT_MET),
        ("C", with_honour("2022-08-18", Evidence("honour", None, EARLY)), UNKNOWN),
        ("C", with_honour("2022-08-18", Evidence("contribution_award", "firm", EARLY)), MET),
        ("C", with_honour("2022-08-18"), NOT_MET),
        ("C", replace(with_honour("2022-08-18"), evidence=None), UNKNOWN),
        ("D", replace(NOTHING, evidence=(Evidence("grand_skill_award", "nation", EARLY),)), MET),
        ("D", replace(NOTHING, evidence=(Evidence("science_award", "nation", EARLY),)), MET),
        ("D", replace(NOTHING, evidence=(Evidence("honour", "nation", EARLY),)), NOT_MET),
        # Another route that is met is not the one that was named.
        ("B", certificate(Grade.SENIOR_TECHNICIAN, "2020-01-01"), NOT_MET),
    ],
)
def test_a_route_is_judged_by_its_own_condition(route: str, person: Background, answer: Answer) -> None:
    assert entry(route, person) is answer


@pytest.mark.parametrize("route", ["A", "B", "C"])
def test_the_routes_of_chief_that_nobody_has_read_are_unknown(route: str) -> None:
    assert entry(route, certificate(Grade.SENIOR_TECHNICIAN, "2010-01-01"), CHIEF) is UNKNOWN


def test_an_award_opens_chief_too() -> None:
    assert entry("D", replace(NOTHING, evidence=(Evidence("grand_skill_award", "nation", EARLY),)), CHIEF) is MET


def test_before_the_first_version_a_route_is_unknown() -> None:
    assert entry("A", certificate(Grade.SENIOR_TECHNICIAN, "2010-01-01"), on=date(2025, 3, 31)) is UNKNOWN


@pytest.mark.parametrize("route", ["E", "a", ""])
def test_a_route_that_there_is_not_is_refused(route: str) -> None:
    with pytest.raises(RuleBroken, match="推荐途径"):
        entry(route, NOTHING)


@pytest.mark.parametrize("grade", ["高级技师", "学徒工"])
def test_only_posts_are_appointed(grade: str) -> None:
    with pytest.raises(RuleBroken, match="不是评聘的岗位"):
        parse_top_grade(grade)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("Y00004400012325Q000001", ""),
        ("Y000044000123251000001", "2位大写字母加20位数字"),
        ("Y00004400012325q000001", "2位大写字母加20位数字"),
        ("Y00004400012325Q00001", "2位大写字母加20位数字"),
        ("Y00004400012325R000001", "第16位为 R"),
        ("Y00004400012425Q000001", "备案号"),
        ("Y00004400012324Q000001", "年份 24"),
        ("Y00004400012325Q000000", "000001"),
    ],
)
def test_a_number_is_two_letters_and_twenty_digits(number: str, words: str) -> None:
    found = number_problems(number, letter="Q", registration_number="Y000044000123", on=date(2025, 12, 20))

    assert [words in one for one in found] == ([True] if words else [])


@pytest.mark.parametrize(
    ("last", "state"),
    [
        (date(2025, 8, 17), "ended"), (date(2025, 8, 18), "ending"), (date(2025, 11, 16), "ending"),
        (date(2025, 11, 17), "running"),
    ],
)  # fmt: skip
def test_a_term_ends_after_its_last_day_and_is_told_ninety_days_before(last: date, state: str) -> None:
    assert term_state(last, ON) == state
