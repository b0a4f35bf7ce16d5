from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skilleval.db import tables
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import Outcome, Part, PartMark, agree, check_mark, round_hundredths, settle, show

ONE = Part("theory", 40, 10000, 6000, 1)
THREE = Part("skill", 60, 10000, 6000, 3, tolerance=1000)
PARTS = {"theory": ONE, "skill": THREE}


def test_the_database_knows_the_same_methods() -> None:
    assert tuple(METHODS) == tables.METHODS


@pytest.mark.parametrize(
    ("exact", "whole"),
    [("5999.4", 5999), ("5999.5", 6000), ("5999.999", 6000), ("6000.5", 6001), ("0.5", 1), ("0.49", 0)],
)
def test_halves_are_rounded_up(exact: str, whole: int) -> None:
    assert round_hundredths(Fraction(exact)) == whole


@pytest.mark.parametrize(
    ("part", "marks", "value"),
    [
        (ONE, [5950], 5950),
        (ONE, [5999], 5999),
        (ONE, [6000], 6000),
        (THREE, [8000, 8100, 8200], 8100),
        (THREE, [8000, 8000, 8001], 8000),
        (THREE, [8000, 8001, 8001], 8001),
        (THREE, [6000, 6000, 6000], 6000),
        (THREE, [5000, 5100, 5999], 5366),
        (replace(THREE, rule="trimmed_mean"), [7000, 7500, 8000], 7500),
        (replace(THREE, assessors=2, rule="trimmed_mean"), [7000, 7500], 7250),
        (replace(THREE, rule="median", assessors=2), [7000, 7501], 7251),
        (replace(THREE, rule="median"), [7000, 7900, 7100], 7100),
        (replace(THREE, assessors=5), [7000, 7100, 7200, 7300, 7400], 7200),
    ],
)
def test_marks_on_one_side_of_the_line_agree_by_the_rule(part: Part, marks: list[int], value: int) -> None:
    assert agree(part, marks) == agree(part, marks[::-1]) or part.assessors > 1
    assert agree(part, marks).value == value
    assert not agree(part, marks).dispute


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ([5999, 6000, 6000], "分列合格线"),
        ([5900, 6100, 6300], "分列合格线"),
        ([7000, 8001, 7500], "超过允许的 10.00"),
    ],
)
def test_marks_that_a_machine_may_not_agree_need_a_person(marks: list[int], words: str) -> None:
    mark = agree(THREE, marks)

    assert mark.value is None and words in mark.dispute
    assert agree(THREE, marks, adjudicated=6100) == PartMark(6100, text="技能操作考核：61.00（裁定）")
    with pytest.raises(RuleBroken) as refusal:
        settle({"skill": THREE}, {"skill": mark})
    assert refusal.value.reasons == (mark.dispute,)


def test_the_tolerance_itself_is_allowed() -> None:
    assert agree(THREE, [7000, 8000, 7500]).value == 7500


def test_a_missing_assessor_leaves_the_part_without_a_mark() -> None:
    mark = agree(THREE, [8000, 8100])

    assert mark.value is None and not mark.dispute and "需 3 名考评员评分，现有 2 名" in mark.text


def test_absent_and_marked_at_once_needs_a_person() -> None:
    assert agree(THREE, [], absent=3).absent
    assert agree(THREE, [8000], absent=2).dispute


def test_absent_by_some_assessors_only_is_not_yet_an_answer() -> None:
    assert agree(THREE, [], absent=2) == PartMark(None, text="技能操作考核：需 3 名考评员评分，现有 2 名")


@pytest.mark.parametrize(
    ("theory", "skill", "outcome", "total"),
    [
        (PartMark(6000), PartMark(6000), Outcome.PASSED, 6000),
        (PartMark(8000), PartMark(9000), Outcome.PASSED, 8600),
        (PartMark(5999), PartMark(10000), Outcome.FAILED, 8400),
        (PartMark(10000), PartMark(5950), Outcome.FAILED, 7570),
        (PartMark(8000), PartMark(None), Outcome.UNFINISHED, None),
        (PartMark(None), PartMark(3000), Outcome.UNFINISHED, None),
        (PartMark(None, absent=True), PartMark(9000), Outcome.ABSENT, None),
        (PartMark(None, absent=True), PartMark(None), Outcome.ABSENT, None),
    ],
)
def test_every_part_must_reach_its_pass_mark(
    theory: PartMark, skill: PartMark, outcome: Outcome, total: int | None
) -> None:
    settlement = settle(PARTS, {"theory": theory, "skill": skill})

    assert (settlement.outcome, settlement.total) == (outcome, total)
    assert settlement.reasons


def test_a_part_without_any_mark_is_unfinished() -> None:
    assert settle(PARTS, {"theory": PartMark(9000)}).outcome is Outcome.UNFINISHED


def test_a_total_counts_each_part_as_a_share_of_its_own_maximum() -> None:
    parts = {"theory": replace(ONE, maximum=5000, pass_mark=3000), "skill": THREE}

    assert settle(parts, {"theory": PartMark(5000), "skill": PartMark(10000)}).total == 10000


@pytest.mark.parametrize("value", [-1, 10001])
def test_a_mark_outside_its_range_is_refused(value: int) -> None:
    with pytest.raises(RuleBroken, match="超出"):
        check_mark(value, 10000)


def test_no_mark_is_shown_as_a_dash_never_as_zero() -> None:
    assert [show(None), show(0), show(5999), show(10000)] == ["—", "0.00", "59.99", "100.00"]


@given(st.lists(st.integers(0, 10000), min_size=3, max_size=9), st.sampled_from(["mean", "trimmed_mean", "median"]))
def test_an_agreed_mark_lies_between_the_marks_and_on_their_side_of_the_line(marks: list[int], rule: str) -> None:
    value = agree(replace(THREE, rule=rule, tolerance=None), marks).value

    if value is None:
        assert min(marks) < 6000 <= max(marks)
    else:
        assert min(marks) <= value <= max(marks)
        assert (value >= 6000) == (min(marks) >= 6000)
