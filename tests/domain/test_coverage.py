"""Coverage: planned weight of the standard against the share of the items in use."""

from dataclasses import replace
from fractions import Fraction

import pytest

from skilleval import standards
from skilleval.domain.coverage import Cover, ItemPoints, judge, matrix
from skilleval.domain.ladder import Grade
from skilleval.domain.occupations import Function

STANDARD = standards.find_standard("6-31-01-03@2018")
SENIOR = Grade.SENIOR
WEIGHTS = STANDARD.weights(SENIOR)


def points_of(function: str, points: int, method: str = "skill", grade: Grade = SENIOR, task: str = "") -> ItemPoints:
    return ItemPoints(grade, method, function, task, points)


@pytest.mark.parametrize(
    ("items", "planned", "actual", "tolerance", "cover"),
    [
        (0, 20, Fraction(0), 0, Cover.UNCOVERED),
        (0, 20, None, 100, Cover.UNCOVERED),
        (0, None, None, 0, Cover.UNCOVERED),
        (1, None, Fraction(1), 0, Cover.UNKNOWN),
        (1, 20, Fraction(20, 100), 0, Cover.AS_PLANNED),
        (1, 20, Fraction(2001, 10000), 0, Cover.OVER),
        (1, 20, Fraction(1999, 10000), 0, Cover.UNDER),
        (1, 20, Fraction(25, 100), 5, Cover.AS_PLANNED),
        (1, 20, Fraction(2501, 10000), 5, Cover.OVER),
        (1, 20, Fraction(15, 100), 5, Cover.AS_PLANNED),
        (1, 20, Fraction(1499, 10000), 5, Cover.UNDER),
        (1, 33, Fraction(1, 3), 0, Cover.OVER),
        (1, 33, Fraction(1, 3), 1, Cover.AS_PLANNED),
    ],
)
def test_a_share_is_held_against_the_plan(
    items: int, planned: int | None, actual: Fraction | None, tolerance: int, cover: Cover
) -> None:
    assert judge(items, planned, actual, tolerance) is cover


def test_items_in_the_weights_of_the_standard_are_as_planned() -> None:
    found = matrix(STANDARD, [(SENIOR, "skill")], [points_of(name, weight * 50) for name, weight in WEIGHTS.items()])

    assert {cell.function: cell.planned for cell in found.cells} == WEIGHTS
    assert all(cell.cover is Cover.AS_PLANNED and cell.listed for cell in found.cells)


def test_what_is_uncovered_and_what_is_over_weighted_is_named() -> None:
    first, second, *rest = WEIGHTS

    found = matrix(STANDARD, [(SENIOR, "skill")], [points_of(first, 3000), points_of(first, 1000), points_of(second, 1000)])

    cells = {cell.function: cell for cell in found.cells}
    assert (cells[first].items, cells[first].points, cells[first].actual) == (2, 4000, Fraction(4, 5))
    assert cells[first].cover is Cover.OVER
    assert [cell.function for cell in found.having(Cover.UNCOVERED)] == rest


def test_theory_weights_are_unknown_and_its_basic_requirements_are_listed() -> None:
    found = matrix(STANDARD, [(SENIOR, "theory")], [points_of("职业道德", 1000, "theory")])

    assert [cell.function for cell in found.cells] == ["职业道德", "基础知识", *WEIGHTS]
    assert {cell.planned for cell in found.cells} == {None}
    assert [cell.cover for cell in found.cells] == [Cover.UNKNOWN, *[Cover.UNCOVERED] * (1 + len(WEIGHTS))]


def test_items_count_only_in_their_grade_and_part() -> None:
    name = next(iter(WEIGHTS))
    others = [points_of(name, 100, "theory"), points_of(name, 100, grade=Grade.INTERMEDIATE)]

    found = matrix(STANDARD, [(SENIOR, "skill")], others)

    assert {cell.items for cell in found.cells} == {0} and {cell.actual for cell in found.cells} == {None}


@pytest.mark.parametrize("standard", [None, STANDARD])
def test_what_only_items_name_is_tested_outside_the_standard_with_unknown_weight(standard: object) -> None:
    found = matrix(standard, [(SENIOR, "review")], [points_of("综合能力", 5000, "review")])  # type: ignore[arg-type]

    (cell,) = found.cells
    assert not cell.listed and cell.planned is None and cell.cover is Cover.UNKNOWN


def test_a_grade_with_elective_functions_has_no_planned_weight() -> None:
    extra = Function("选考功能", {SENIOR: 30}, elective=True)
    elective = replace(STANDARD, functions=(*STANDARD.functions, extra))
    parts = [(SENIOR, "skill"), (Grade.INTERMEDIATE, "skill")]

    found = matrix(elective, parts, [])

    planned = {grade: {cell.planned for cell in found.cells if cell.grade is grade} for grade, _method in parts}
    assert planned[SENIOR] == {None}
    assert None not in planned[Grade.INTERMEDIATE]


def test_a_task_is_untested_only_where_all_grades_of_its_function_are_assessed() -> None:
    function = Function("功能", {SENIOR: 100, Grade.TECHNICIAN: 100}, tasks=("甲", "乙"))
    standard = replace(STANDARD, functions=(function,))
    both = [(SENIOR, "skill"), (Grade.TECHNICIAN, "skill")]
    of_first = [points_of("功能", 100, task="甲"), points_of("功能", 100, "theory", task="乙")]

    assert matrix(standard, both, of_first).untested_tasks == (("功能", "乙"),)
    assert matrix(standard, both[:1], of_first).untested_tasks == ()
    assert matrix(None, both, of_first).untested_tasks == ()
