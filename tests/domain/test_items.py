"""What an item may say, by whom it is reviewed, and what may change."""

from typing import Any

import pytest

from skilleval import standards
from skilleval.domain.items import (
    CONTENT,
    change_problems,
    form_problems,
    requirement_problems,
    review_problems,
)
from skilleval.domain.lifecycle import next_states

STANDARD = standards.find_standard("6-31-01-03@2018")
WITH_TASKS = next(one for one in standards.load_standards().values() if any(own.tasks for own in one.functions))
ITEM: dict[str, Any] = {
    "code": "SK-301", "title": "装调", "grade": "senior", "method": "skill", "function": "电气设备装调维修", "task": None,
    "requirement": None, "points": 1500, "state": "in_use", "author": "K1", "reviewer": "K2", "sha256": None,
    "reason": None, "retired_on": None,
}  # fmt: skip


def codes(problems: object) -> list[tuple[str, str]]:
    return [(one.key, one.code) for one in problems]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("code", "fits"),
    [("A", True), ("A.b_c-1", True), ("A" * 40, True), ("A" * 41, False), ("-A", False), ("示例1", False), ("A/B", False), ("", False)],
)
def test_a_code_can_name_a_file_and_is_no_remark(code: str, fits: bool) -> None:
    assert codes(form_problems({"code": code}, None)) == ([] if fits else [("code", "code_form")])


@pytest.mark.parametrize(
    ("points", "maximum", "fits"),
    [(0, 10000, False), (1, 10000, True), (10000, 10000, True), (10001, 10000, False), (10001, None, True), (None, 10000, True)],
)
def test_points_are_above_nothing_and_at_most_the_full_mark(points: int | None, maximum: int | None, fits: bool) -> None:
    assert codes(form_problems({"points": points}, maximum)) == ([] if fits else [("points", "points_range")])


@pytest.mark.parametrize(("sha256", "fits"), [("a" * 64, True), ("a" * 63, False), ("A" * 64, False), ("g" * 64, False), (None, True)])
def test_a_hash_is_sixty_four_lowercase_digits(sha256: str | None, fits: bool) -> None:
    assert codes(form_problems({"sha256": sha256}, None)) == ([] if fits else [("sha256", "sha256_form")])


@pytest.mark.parametrize(("length", "fits"), [(500, True), (501, False)])
def test_texts_fit_into_a_cell(length: int, fits: bool) -> None:
    assert codes(form_problems({"title": "字" * length}, None)) == ([] if fits else [("title", "too_long")])


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({}, []),
        ({"function": "没有的功能"}, ["function_unknown"]),
        ({"function": "电器安装和线路敷设"}, ["function_grade"]),
        ({"function": "电器安装和线路敷设", "grade": "junior"}, []),
        ({"grade": "apprentice"}, ["function_grade"]),
        ({"method": "theory", "function": "职业道德"}, []),
        ({"method": "theory", "function": "基础知识"}, []),
        ({"method": "skill", "function": "职业道德"}, ["function_unknown"]),
        ({"method": "review", "function": "综合能力"}, []),
        ({"function": None}, []),
        ({"grade": None, "function": "没有的功能"}, []),
        ({"task": "标准没有列出的工作内容"}, []),
    ],
)
def test_the_requirement_is_one_that_the_standard_has_at_the_grade(own: dict[str, Any], found: list[str]) -> None:
    assert [code for _key, code in codes(requirement_problems({**ITEM, **own}, STANDARD))] == found


def test_without_a_standard_any_requirement_may_be_named() -> None:
    assert codes(requirement_problems({**ITEM, "function": "没有的功能"}, None)) == []


def test_a_task_is_held_against_those_that_the_standard_lists() -> None:
    function = next(one for one in WITH_TASKS.functions if one.tasks)
    own = {**ITEM, "function": function.name, "grade": min(function.skill_weights).value}

    assert codes(requirement_problems({**own, "task": function.tasks[0]}, WITH_TASKS)) == []
    problem = next(requirement_problems({**own, "task": "别的"}, WITH_TASKS))
    assert problem.code == "task_unknown" and function.tasks[0] in problem.message


@pytest.mark.parametrize(
    ("own", "same", "found"),
    [
        ({}, False, []),
        ({}, True, ["own_review"]),
        ({"reviewer": None}, False, ["not_reviewed"]),
        ({"reviewer": None, "state": "draft"}, False, []),
        ({"reviewer": None, "state": None}, False, []),
        ({"state": "draft"}, True, ["own_review"]),
        ({"state": "retired"}, False, ["reason_missing"]),
        ({"state": "retired", "reason": "过时"}, False, []),
        ({"reason": "过时"}, False, ["not_retired"]),
        ({"state": "draft", "retired_on": "2026-01-01"}, False, ["not_retired"]),
    ],
)
def test_nobody_reviews_their_own_and_use_needs_review(own: dict[str, Any], same: bool, found: list[str]) -> None:
    assert [code for _key, code in codes(review_problems({**ITEM, **own}, same_person=same))] == found


@pytest.mark.parametrize("old", ["draft", "in_use", "retired"])
@pytest.mark.parametrize("new", ["draft", "in_use", "retired"])
def test_no_state_goes_back(old: str, new: str) -> None:
    allowed = old == new or new in next_states("item", old)

    assert (codes(change_problems({**ITEM, "state": old}, {**ITEM, "state": new})) == []) is allowed


@pytest.mark.parametrize("key", CONTENT)
def test_only_a_draft_changes_what_it_says(key: str) -> None:
    for state in ("in_use", "retired"):
        before = {**ITEM, "state": state}
        assert codes(change_problems(before, {**before, key: "另一"})) == [(key, "item_stands")]
    assert codes(change_problems({**ITEM, "state": "draft"}, {**ITEM, "state": "draft", key: "另一"})) == []


def test_why_and_when_an_item_was_retired_stands() -> None:
    before = {**ITEM, "state": "retired", "reason": "过时", "retired_on": "2026-01-01"}

    assert codes(change_problems(before, {**before, "retired_on": None})) == []
    assert codes(change_problems(before, {**before, "reason": "其他"})) == [("reason", "item_stands")]
    assert codes(change_problems(before, {**before, "retired_on": "2026-01-02"})) == [("reason", "item_stands")]
