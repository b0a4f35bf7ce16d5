"""The masks over a whole workforce give what ``judge`` gives one by one, unknowns included."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from skilleval.domain.dates import add_years
from skilleval.domain.eligibility import (
    TITLE_LEVELS,
    Background,
    Condition,
    Diploma,
    HeldCertificate,
    Requirement,
    Title,
    Work,
    judge,
)
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Clause
from skilleval.services import workforce
from skilleval.services.workforce import ANSWERS, Workforce, judge_all, latest_start
from tests.factories import entry_conditions

E, RELATED, OTHER = "6-31-01-03", "6-31-01-02", "6-18-01-01"
GRADES = tuple(Grade)

ONS = (date(2026, 6, 8), date(2027, 2, 28), date(2028, 2, 29))
occupations = st.sampled_from([E, E, RELATED, OTHER, None])
yes_no = st.sampled_from([True, True, False, None])
years = st.integers(1, 4)
grades = st.sampled_from([Grade.JUNIOR, Grade.INTERMEDIATE, Grade.SENIOR])
levels = st.sampled_from(list(TITLE_LEVELS))
kinds = st.sampled_from(["technical", "college"])
requirements = st.one_of(
    st.builds(Requirement, age=years),
    st.builds(Requirement, work_years=years),
    st.builds(Requirement, work_years=years, after_certificate=grades),
    st.builds(Requirement, work_years=years, after_title=levels),
    st.builds(Requirement, certificate=grades, held_years=st.integers(0, 3)),
    st.builds(
        Requirement, diplomas=st.lists(kinds, min_size=1, unique=True).map(tuple), assessed=st.booleans(), students=st.booleans()
    ),
)
generated_rules = st.lists(
    st.builds(
        Condition,
        grades,
        st.integers(1, 9).map(lambda number: Clause(f"own/{number}", "", "", "high")),
        st.lists(requirements, min_size=1, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda condition: condition.clause.id,
)
rules_of_any_kind = st.one_of(generated_rules, st.sampled_from(["2018", "2023"]).map(entry_conditions))


def backgrounds(on: date) -> st.SearchStrategy[Background]:
    """People whose days lie on the anniversaries that decide, the day before or after, or are not known."""
    near = st.builds(lambda years, days: add_years(on, -years) + timedelta(days), st.integers(-1, 4), st.sampled_from([0, 0, -1, 1]))
    leap_day = st.just(date(2024, 2, 29))
    days = st.one_of(near, near, near, leap_day, st.none())

    def some(of: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        held = st.lists(of, min_size=1, max_size=2).map(tuple)
        return st.one_of(held, held, held, st.just(()), st.none())

    present = st.builds(Work, occupations, days)
    return st.builds(
        Background,
        birth_date=days,
        work=st.one_of(present.map(lambda one: (one,)), some(st.builds(Work, occupations, days, st.one_of(st.none(), near)))),
        certificates=some(st.builds(HeldCertificate, grades, occupations, days)),
        titles=some(st.builds(Title, levels, yes_no, days)),
        diplomas=some(st.builds(Diploma, kinds, yes_no, days, yes_no)),
    )


def differences(people: list[Background], rules: list[Condition], on: date, related: tuple[str, ...]) -> list[object]:
    at_once = judge_all(Workforce(people), E, GRADES, rules, on, related=related)
    return [
        (person, grade)
        for grade in GRADES
        for person, answer in zip(people, at_once[grade], strict=True)
        if judge(person, E, grade, rules, on, related=related).answer is not ANSWERS[answer]
    ]


def compare(on: date, phases: tuple[Phase, ...] = tuple(Phase)) -> Callable[[], None]:
    @settings(max_examples=250, deadline=None, derandomize=True, database=None, phases=phases)
    @given(st.lists(backgrounds(on), min_size=6, max_size=12), rules_of_any_kind, st.sampled_from([(), (RELATED,)]))
    def whole(people: list[Background], rules: list[Condition], related: tuple[str, ...]) -> None:
        assert differences(people, rules, on, related) == []

    return whole


@pytest.mark.parametrize("on", ONS)
def test_a_whole_workforce_gets_the_answers_that_each_person_gets(on: date) -> None:
    compare(on)()


def test_the_comparison_catches_a_line_that_lies_a_day_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the generated people stand near enough to the lines."""
    monkeypatch.setattr(workforce, "latest_start", lambda on, years: latest_start(on, years) - timedelta(1))

    with pytest.raises(AssertionError):
        compare(ONS[0], (Phase.generate,))()


def test_the_comparison_catches_an_unknown_taken_for_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workforce, "UNKNOWN", workforce.NOT_MET)

    with pytest.raises(AssertionError):
        compare(ONS[0], (Phase.generate,))()


@pytest.mark.parametrize("students", [False, True])
def test_the_day_of_graduation_counts_and_the_day_after_does_not(students: bool) -> None:
    last = add_years(ONS[0], 1) if students else ONS[0]
    people = [Background(diplomas=(Diploma("college", True, last + timedelta(days)),)) for days in (-1, 0, 1)]
    rule = Condition(
        Grade.SENIOR, Clause("own/1", "", "", "high"), (Requirement(diplomas=("college",), students=students),)
    )

    assert judge_all(Workforce(people), E, [Grade.SENIOR], [rule], ONS[0])[Grade.SENIOR].tolist() == [2, 2, 0]
    assert differences(people, [rule], ONS[0], ()) == []


@given(st.dates(date(1990, 1, 1), date(2030, 12, 31)), st.integers(0, 40), st.integers(-400, 400))
def test_the_latest_start_is_the_last_day_from_which_the_years_are_full(on: date, years: int, away: int) -> None:
    start = add_years(on, -years) + timedelta(away)

    assert (add_years(start, years) <= on) == (start <= latest_start(on, years))


@pytest.mark.parametrize("size", [0, 1])
def test_an_empty_workforce_and_a_grade_without_conditions_have_answers_too(size: int) -> None:
    answers = judge_all(Workforce([Background()] * size), E, [Grade.CHIEF_TECHNICIAN], entry_conditions("2023"), date(2026, 6, 8))

    assert answers[Grade.CHIEF_TECHNICIAN].tolist() == [1] * size
