"""What would make it yes: the ways flip the verdict and not a day sooner, and are as small as they can be."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skilleval import packs
from skilleval.domain.backgrounds import Background, Diploma, Evidence, HeldCertificate, Title, Work
from skilleval.domain.changes import Sight
from skilleval.domain.dates import add_years, latest_start
from skilleval.domain.eligibility import Condition, Requirement, judge
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Compare, Group
from skilleval.domain.timeline import Timeline, first_day
from skilleval.domain.ways import Way, apply, ways
from tests.domain.people import OWN, RELATED, clause, conditions, days, expressions, people
from tests.factories import entry_conditions

ON = date(2026, 6, 8)
MET = Answer.MET
SHIPPED = st.sampled_from(
    sorted({(edition, one.grade) for edition in packs.load().editions() for one in entry_conditions(edition)})
)


def known(**facts: object) -> Background:
    nothing = {"work": (), "certificates": (), "titles": (), "diplomas": (), "evidence": ()}
    return Background(birth_date=date(1985, 1, 1), **{**nothing, **facts})  # type: ignore[arg-type]


def answer(person: Background, rules: Sequence[Condition], on: date, grade: Grade = Grade.SENIOR) -> Answer:
    return judge(person, OWN, grade, rules, on, related=[RELATED]).answer


def assert_flips(person: Background, rules: Sequence[Condition], on: date, way: Way, grade: Grade = Grade.SENIOR) -> None:
    after = apply(way, person)
    verdict = judge(after, OWN, grade, rules, way.ready_on, related=[RELATED])
    assert verdict.answer is MET and way.by in verdict.met_by
    if way.ready_on > on:
        assert answer(after, rules, way.ready_on - timedelta(days=1), grade) is not MET


@given(people, conditions, days)
@settings(max_examples=120, deadline=None)
def test_a_way_applied_flips_the_verdict_and_not_a_day_sooner(
    person: Background, rules: Sequence[Condition], on: date
) -> None:
    found = ways(person, OWN, Grade.SENIOR, rules, on, [RELATED])

    for way in found:
        assert_flips(person, rules, on, way)
    if answer(person, rules, on) is MET:
        assert found == ()


@given(people, SHIPPED, days)
@settings(max_examples=120, deadline=None)
def test_under_the_shipped_conditions_there_is_always_a_way(
    person: Background, asked: tuple[str, Grade], on: date
) -> None:
    grade, rules = asked[1], entry_conditions(asked[0])
    found = ways(person, OWN, grade, rules, on, [RELATED])

    if answer(person, rules, on, grade) is not MET:
        assert found
    for way in found:
        assert_flips(person, rules, on, way, grade)


@given(people, SHIPPED, days)
@settings(deadline=None)
def test_no_act_of_a_way_can_be_left_out(person: Background, asked: tuple[str, Grade], on: date) -> None:
    grade, rules = asked[1], entry_conditions(asked[0])

    for way in ways(person, OWN, grade, rules, on, [RELATED]):
        for fewer in combinations(way.acts, len(way.acts) - 1) if way.acts else ():
            without = apply(replace(way, changes=fewer), person)
            day = first_day(without, OWN, grade, rules, on, way.ready_on, related=[RELATED])
            assert day is None, (way.line, day)


@given(people, SHIPPED, days)
@settings(max_examples=60, deadline=None)
def test_no_fewer_acts_of_all_that_are_possible_would_do(
    person: Background, asked: tuple[str, Grade], on: date
) -> None:
    edition, grade = asked
    rules = [one for one in entry_conditions(edition) if one.grade is grade]
    found = ways(person, OWN, grade, rules, on, [RELATED])
    sight = Sight(person, OWN, frozenset((OWN, RELATED)), on)
    leaves = [leaf for rule in rules for leaf in rule.requirements]
    possible = {act for leaf in leaves for acts in sight.changes(leaf, True) for act in acts}

    for fewer in combinations(possible, len(found[0].acts) - 1) if found and found[0].acts else ():
        without = apply(Way(fewer, on, ""), person)
        assert first_day(without, OWN, grade, rules, on, add_years(on, 50), related=[RELATED]) is None


@given(people, SHIPPED, days)
@settings(deadline=None)
def test_waiting_alone_is_the_best_way_when_it_suffices(
    person: Background, asked: tuple[str, Grade], on: date
) -> None:
    grade, rules = asked[1], entry_conditions(asked[0])
    found = ways(person, OWN, grade, rules, on, [RELATED])
    waiting = first_day(person, OWN, grade, rules, on, add_years(on, 50), related=[RELATED])

    if found and waiting is not None:
        assert found[0].acts == () and found[0].ready_on == waiting
    assert list(found) == sorted(found, key=lambda way: (len(way.acts), way.ready_on))


@given(people, expressions, days, st.integers(0, 4000))
@settings(max_examples=200, deadline=None)
def test_the_timeline_gives_on_every_day_what_judge_gives(
    person: Background, expression: object, on: date, later: int
) -> None:
    rules = (Condition(Grade.SENIOR, clause(1), (expression,)),)
    day = on + timedelta(days=later)
    steps = Timeline(person, (OWN, RELATED), on, on + timedelta(days=4000)).steps(expression)

    at_that_day = [found for since, found in steps if since <= day][-1]

    assert at_that_day is answer(person, rules, day)


@given(people, expressions, days)
@settings(max_examples=200, deadline=None)
def test_the_timeline_turns_on_the_very_day(person: Background, expression: object, on: date) -> None:
    rules = (Condition(Grade.SENIOR, clause(1), (expression,)),)
    steps = Timeline(person, (OWN, RELATED), on, on + timedelta(days=4000)).steps(expression)

    for (_since, before), (day, after) in pairwise(steps):
        assert answer(person, rules, day - timedelta(days=1)) is before
        assert answer(person, rules, day) is after


@given(people, SHIPPED, days)
@settings(deadline=None)
def test_a_year_more_never_turns_yes_into_no(person: Background, asked: tuple[str, Grade], on: date) -> None:
    grade, rules = asked[1], entry_conditions(asked[0])

    if answer(person, rules, on, grade) is MET:
        assert answer(person, rules, add_years(on, 1), grade) is MET


@given(people, SHIPPED, days, days)
@settings(deadline=None)
def test_a_year_more_of_service_never_turns_yes_into_no(
    person: Background, asked: tuple[str, Grade], on: date, start: date
) -> None:
    grade, rules = asked[1], entry_conditions(asked[0])
    year = Work(OWN, start, add_years(start, 1) - timedelta(days=1))
    longer = replace(person, work=(*(person.work or ()), year))

    if answer(person, rules, on, grade) is MET:
        assert answer(longer, rules, on, grade) is MET


@given(days, st.integers(0, 30), days)
@settings(deadline=None)
def test_the_latest_start_is_the_last_day_from_which_the_years_are_full(on: date, years: int, start: date) -> None:
    assert (start <= latest_start(on, years)) is (add_years(start, years) <= on)


# --- by hand --------------------------------------------------------------------------------------

JOB = (Work(OWN, date(2018, 1, 4)),)


def lines(person: Background, edition: str, grade: Grade) -> list[str]:
    return [way.line for way in ways(person, OWN, grade, entry_conditions(edition), ON)]


def test_a_certificate_held_too_short_a_time_needs_only_waiting() -> None:
    person = known(work=JOB, certificates=(HeldCertificate(Grade.INTERMEDIATE, OWN, date(2023, 3, 1)),))

    assert lines(person, "2023", Grade.SENIOR)[0] == "只需等时间届满；最早 2027-03-01 符合（依据 2023/senior/2）"
    assert lines(person, "2018", Grade.SENIOR)[0] == "只需等时间届满；最早 2028-03-01 符合（依据 2018/senior/1）"


def test_a_missing_date_is_asked_for_with_the_latest_day_that_suffices() -> None:
    person = known(work=JOB, certificates=(HeldCertificate(Grade.INTERMEDIATE, OWN, None),))

    assert lines(person, "2018", Grade.SENIOR) == [
        "还差：补填四级/中级工证书的发证日期（如不晚于2021-06-08）；最早 2026-06-08 符合（依据 2018/senior/1）"
    ]


def test_who_has_no_certificate_obtains_one_and_waits() -> None:
    assert lines(known(work=JOB), "2018", Grade.TECHNICIAN)[1] == (
        "还差：取得本职业或相关职业三级/高级工证书（按2026-06-08取得计算）；最早 2030-06-08 符合（依据 2018/technician/1）"
    )


def test_ended_work_does_not_grow_and_work_begins_again() -> None:
    person = known(work=(Work(OWN, date(2018, 1, 1), date(2020, 12, 31)),))

    found = ways(person, OWN, Grade.INTERMEDIATE, entry_conditions("2023"), ON)

    begin = next(way for way in found if way.acts and way.acts[0].kind == "begin")
    assert begin.ready_on == date(2028, 6, 8), "three years are there and two more are needed"
    assert first_day(person, OWN, Grade.INTERMEDIATE, entry_conditions("2023"), ON, date(2060, 1, 1)) is None


@pytest.mark.parametrize(
    ("parts", "person", "expected"),
    [
        (
            (Group("least", (Requirement(age=50), Requirement(title="junior"), Requirement(evidence=("patent",))), 2),),
            known(),
            [("obtain", "titles"), ("wait", "")],  # fifty in 2035: one act less than obtaining two
        ),
        ((Compare("employment", "is", "contract"),), known(), [("enter", "facts.employment")]),
        ((Compare("employment", "is", "contract"),), known(facts={"employment": "intern"}), [("change", "facts.employment")]),
        ((Group("none", (Compare("employment", "is", "intern"),)),), known(facts={"employment": "intern"}), [("change", "facts.employment")]),
        ((Group("none", (Requirement(certificate=Grade.JUNIOR),)),), known(certificates=None), [("enter", "certificates")]),
        ((Compare("hired_on", "full_years", 3),), known(facts={"hired_on": date(2025, 6, 8)}), [("wait", "")]),
        (
            (Requirement(evidence=("honour",), level="city"),),
            known(evidence=(Evidence("honour", None, date(2020, 1, 1)),)),
            [("enter", "evidence")],
        ),
        (
            (Requirement(diplomas=("college",)),),
            known(diplomas=(Diploma("college", None, date(2020, 7, 1)),)),
            [("enter", "diplomas")],
        ),
        ((Requirement(title="junior"),), known(titles=(Title("junior", None, None),)), [("enter", "titles")]),
    ],
)  # fmt: skip
def test_the_smallest_change_is_found(
    parts: tuple[object, ...], person: Background, expected: list[tuple[str, str]]
) -> None:
    rules = (Condition(Grade.SENIOR, clause(1), parts),)

    best = ways(person, OWN, Grade.SENIOR, rules, ON)[0]

    assert [(one.kind, one.fact) for one in best.changes] == expected


def test_what_somebody_has_cannot_be_taken_away() -> None:
    rules = (Condition(Grade.SENIOR, clause(1), (Group("none", (Requirement(certificate=Grade.JUNIOR),)),)),)
    person = known(certificates=(HeldCertificate(Grade.JUNIOR, OWN, date(2020, 1, 1)),))

    assert ways(person, OWN, Grade.SENIOR, rules, ON) == ()


def test_a_grade_that_the_conditions_are_silent_about_has_no_way() -> None:
    assert ways(known(), OWN, Grade.CHIEF_TECHNICIAN, entry_conditions("2023"), ON) == ()


def test_every_way_reads_as_json() -> None:
    for way in ways(known(), OWN, Grade.SENIOR, entry_conditions("2023"), ON):
        told = way.as_dict()
        assert told["text"] == way.line and told["ready_on"] == way.ready_on.isoformat()
        assert all(change["text"] for change in told["changes"])  # type: ignore[attr-defined]
