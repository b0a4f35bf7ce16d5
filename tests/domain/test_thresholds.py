"""The numbers in a condition: all found, and one of them tried as another without touching the rest."""

from datetime import date

import pytest

from skilleval.domain.eligibility import Requirement
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Clause, Compare, Group, Rule
from skilleval.domain.thresholds import thresholds, with_threshold

RULE = Rule(
    Clause("x/senior/1", "条文", "来源", "high"), "condition", date(2020, 1, 1),
    when=Group("all", (
        Requirement(work_years=5, after_certificate=Grade.INTERMEDIATE),
        Group("any", (Requirement(certificate=Grade.SENIOR, held_years=2), Requirement(age=16))),
        Requirement(diplomas=("college",)),
        Compare("employees", "at_least", 1000),
    )),
)  # fmt: skip


def test_every_number_is_found_with_its_road() -> None:
    assert [(one.road, one.counts, one.value) for one in thresholds(RULE)] == [
        ((0,), "work_years", 5), ((1, 0), "held_years", 2), ((1, 1), "age", 16),
    ]  # fmt: skip


def test_a_rule_without_a_condition_has_none() -> None:
    assert thresholds(Rule(RULE.clause, "parameter", date(2020, 1, 1), value=3)) == []


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_number_changes_and_the_others_stay(place: int) -> None:
    before = thresholds(RULE)

    tried = with_threshold(RULE, before[place], 9)

    after = thresholds(tried)
    assert [one.value for one in after] == [9 if number == place else one.value for number, one in enumerate(before)]
    assert tried.clause.text == f"条文（试算：{before[place].name_zh}由 {before[place].value} 改为 9）"
    assert (tried.clause.id, thresholds(RULE)) == (RULE.clause.id, before)
