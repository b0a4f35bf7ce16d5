"""The masks over a whole workforce give what ``judge`` gives one by one, unknowns included."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from skilleval.domain.backgrounds import (
    EVIDENCE_LEVELS,
    TITLE_LEVELS,
    Background,
    Diploma,
    Evidence,
    HeldCertificate,
    Title,
    Work,
)
from skilleval.domain.dates import add_years, latest_start
from skilleval.domain.eligibility import Condition, Requirement, judge
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Cited, Clause, Compare, Expression, Group, Refer
from skilleval.services import workforce
from skilleval.services.workforce import ANSWERS, judge_all
from skilleval.services.workforce_columns import Workforce
from tests.factories import entry_conditions

E, RELATED, OTHER = "6-31-01-03", "6-31-01-02", "6-18-01-01"
SWITCHES = {"reading.yes": True, "reading.no": False}
ONS = (date(2026, 6, 8), date(2027, 2, 28), date(2028, 2, 29))
occupations = st.sampled_from([E, E, RELATED, OTHER, None])
yes_no = st.sampled_from([True, True, False, None])
years = st.integers(1, 4)
grades = st.sampled_from([Grade.JUNIOR, Grade.INTERMEDIATE, Grade.SENIOR])
levels = st.sampled_from(list(TITLE_LEVELS))
kinds = st.sampled_from(["technical", "college"])
evidence_kinds = st.sampled_from(["honour", "grand_skill_award", "contest"])
givers = st.sampled_from(list(EVIDENCE_LEVELS))
posts = st.sampled_from(["维修电工", "班组长"])
requirements = st.one_of(
    st.builds(Requirement, age=years),
    st.builds(Requirement, work_years=years),
    st.builds(Requirement, work_years=years, after_certificate=grades),
    st.builds(Requirement, work_years=years, after_title=levels),
    st.builds(Requirement, certificate=grades, held_years=st.integers(0, 3)),
    st.builds(
        Requirement, diplomas=st.lists(kinds, min_size=1, unique=True).map(tuple), assessed=st.booleans(), students=st.booleans()
    ),
    st.builds(Requirement, title=levels, held_years=st.integers(0, 3)),
    st.builds(Requirement, evidence=st.lists(evidence_kinds, min_size=1, unique=True).map(tuple), level=givers),
)
relative_days = st.sampled_from(["day", "day-1y", "day+30d", "day-6m", date(2024, 2, 29)])
comparisons = st.one_of(
    st.builds(Compare, st.just("hired_on"), st.sampled_from(["on_or_before", "on_or_after"]), relative_days),
    st.builds(Compare, st.just("hired_on"), st.just("full_years"), st.integers(0, 3)),
    st.builds(Compare, st.just("post"), st.just("is"), posts),
    st.builds(Compare, st.just("department"), st.just("one_of"), st.just(("一车间", "二车间"))),
    st.builds(Compare, st.just("employment"), st.just("is"), st.sampled_from(["contract", "dispatched"])),
    st.builds(Compare, st.sampled_from(["switch:reading.yes", "switch:reading.no", "switch:none"]), st.just("is"), st.booleans()),
)
leaves = st.one_of(requirements, requirements, comparisons, st.just(Refer("no.version")))
OTHER_RULE = Clause("own/other", "另一条规则", "本厂", "high")


def nested(parts: st.SearchStrategy[Expression], kinds: tuple[str, ...] = ("all", "any", "none", "least")) -> st.SearchStrategy[Expression]:
    """Groups of two or three parts, of these kinds, and another rule put in its place."""
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    groups = [st.builds(Group, st.just(kind), several, st.integers(1, 2) if kind == "least" else st.just(0)) for kind in kinds]
    return st.one_of(*groups, st.builds(Cited, st.just(OTHER_RULE), parts))


expressions = st.one_of(leaves, leaves, nested(leaves), nested(st.one_of(leaves, nested(leaves))))


def rules_of(expression: st.SearchStrategy[Expression], fewest: int) -> st.SearchStrategy[list[Condition]]:
    """Conditions that ask for such expressions; none at all where ``fewest`` is 0."""
    clauses = st.integers(1, 9).map(lambda number: Clause(f"own/{number}", "", "", "high"))
    condition = st.builds(Condition, grades, clauses, st.lists(expression, min_size=1, max_size=2).map(tuple))
    return st.lists(condition, min_size=fewest, max_size=4, unique_by=lambda one: one.clause.id)


plain_rules = rules_of(requirements, 1)
rules_of_any_kind = st.one_of(plain_rules, rules_of(expressions, 0), st.sampled_from(["2018", "2023"]).map(entry_conditions))


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
        issued=st.lists(st.builds(HeldCertificate, grades, st.sampled_from([E, OTHER]), near), max_size=1).map(tuple),
        titles=some(st.builds(Title, levels, yes_no, days)),
        diplomas=some(st.builds(Diploma, kinds, yes_no, days, yes_no)),
        evidence=some(st.builds(Evidence, evidence_kinds, st.one_of(givers, st.none()), days)),
        facts=st.fixed_dictionaries(
            {"hired_on": days},
            optional={
                "post": st.one_of(posts, st.none()),
                "department": st.sampled_from(["一车间", "质量部"]),
                "employment": st.sampled_from(["contract", "dispatched"]),
            },
        ),
    )


def differences(people: list[Background], rules: list[Condition], on: date, related: tuple[str, ...]) -> list[object]:
    asked = sorted({rule.grade for rule in rules} | {Grade.CHIEF_TECHNICIAN})
    at_once = judge_all(Workforce(people), E, asked, rules, on, related=related, switches=SWITCHES)
    return [
        (person, grade)
        for grade in asked
        for person, answer in zip(people, at_once[grade], strict=True)
        if judge(person, E, grade, rules, on, related=related, switches=SWITCHES).answer is not ANSWERS[answer]
    ]


Rules = st.SearchStrategy[list[Condition]]


def compare(on: date, rules: Rules = rules_of_any_kind, phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink)) -> Callable[[], None]:
    @settings(max_examples=60, deadline=None, derandomize=True, database=None, phases=phases)
    @given(st.lists(backgrounds(on), min_size=6, max_size=10), rules, st.sampled_from([(), (RELATED,)]))
    def whole(people: list[Background], rules: list[Condition], related: tuple[str, ...]) -> None:
        assert differences(people, rules, on, related) == []

    return whole


def must_be_caught(rules: Rules = rules_of_any_kind) -> None:
    with pytest.raises(AssertionError):
        compare(ONS[0], rules, (Phase.generate,))()


@pytest.mark.parametrize("on", ONS)
def test_a_whole_workforce_gets_the_answers_that_each_person_gets(on: date) -> None:
    compare(on)()


def test_the_comparison_catches_a_line_that_lies_a_day_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the generated people stand near enough to the lines."""
    monkeypatch.setattr(workforce, "latest_start", lambda on, years: latest_start(on, years) - timedelta(1))

    must_be_caught()


def test_the_comparison_catches_an_unknown_taken_for_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workforce, "UNKNOWN", workforce.NOT_MET)

    must_be_caught()


@pytest.mark.parametrize(("kind", "wrong"), [("none", "any"), ("none", "unknown taken for a no"), ("least", "any"), ("least", "all")])
def test_the_comparison_catches_a_group_that_is_taken_for_another(kind: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controls for none and at least n: also an unknown below "none" may not turn into a yes."""
    right = workforce._Sight.group

    def mistaken(sight: Any, asked: str, parts: Any, least: int = 0) -> Any:
        if asked != kind:
            return right(sight, asked, parts, least)
        if wrong == "unknown taken for a no":
            return np.where(right(sight, "any", parts) == workforce.MET, workforce.NOT_MET, workforce.MET)
        return right(sight, wrong, parts)

    monkeypatch.setattr(workforce._Sight, "group", mistaken)

    must_be_caught(rules_of(nested(leaves, (kind,)), 1))


@pytest.mark.parametrize("missing", [Refer("no.version"), Compare("switch:none", "is", True), Compare("post", "is", "班组长")])
def test_what_nobody_has_said_stays_unknown_also_below_none(missing: Expression) -> None:
    rule = Condition(Grade.SENIOR, Clause("own/1", "", "", "high"), (Group("none", (missing,)),))

    assert judge_all(Workforce([Background()]), E, [Grade.SENIOR], [rule], ONS[0])[Grade.SENIOR].tolist() == [1]
    assert differences([Background()], [rule], ONS[0], ()) == []


def test_years_beyond_the_calendar_are_not_met() -> None:
    rule = Condition(Grade.SENIOR, Clause("own/1", "", "", "high"), (Requirement(work_years=3000),))

    assert differences([Background(work=(Work(E, ONS[0]),))], [rule], ONS[0], ()) == []


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
