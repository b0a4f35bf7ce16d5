from dataclasses import replace

import pytest

from skilleval.domain.complete_grade_set import GradeSet, prove_complete, prove_top_grades, without_gaps
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer

FIVE = tuple(grade for grade in Grade if Grade.JUNIOR <= grade <= Grade.SENIOR_TECHNICIAN)
ALL = frozenset(FIVE)
WHOLE = GradeSet(FIVE, "标准 X@2018", posts=ALL, scope=ALL, post_specifications=ALL, assessed=ALL)


def gaps(found: GradeSet) -> dict[str, str]:
    """The parts that are not met, by their letter, with what they say."""
    parts = prove_complete(found).children
    return {part.clause.id.rpartition(".")[2]: part.fact for part in parts if part.answer is not Answer.MET}


def test_a_set_that_has_every_grade_is_complete() -> None:
    assert prove_complete(WHOLE).answer is Answer.MET
    assert gaps(WHOLE) == {}


@pytest.mark.parametrize(
    ("lacking", "part", "words"),
    [
        ("posts", "a", "没有岗位等级的：二级/技师"),
        ("scope", "b", "没有备案的：二级/技师"),
        ("post_specifications", "c", "没有岗位规范的：二级/技师"),
        ("assessed", "c", "没有规定如何评价的：二级/技师"),
    ],
)
def test_a_grade_that_lacks_something_is_named_where_it_lacks_it(lacking: str, part: str, words: str) -> None:
    found = replace(WHOLE, **{lacking: ALL - {Grade.TECHNICIAN}})

    assert prove_complete(found).answer is Answer.NOT_MET
    assert gaps(found) == {part: words}


def test_the_comparison_is_with_the_standard_and_not_with_a_fixed_ladder() -> None:
    three = frozenset({Grade.SENIOR, Grade.TECHNICIAN, Grade.SENIOR_TECHNICIAN})
    found = GradeSet(tuple(sorted(three)), "标准 Y@2020", three, three, three, three)

    assert prove_complete(found).answer is Answer.MET
    assert prove_complete(replace(found, defined=FIVE)).answer is Answer.NOT_MET


def test_a_gap_in_a_specification_is_a_gap_in_the_set() -> None:
    assert without_gaps({Grade.JUNIOR, Grade.SENIOR}) == (Grade.JUNIOR, Grade.INTERMEDIATE, Grade.SENIOR)
    assert without_gaps(()) == ()


def test_without_a_text_that_tells_the_grades_nobody_knows() -> None:
    proof = prove_complete(GradeSet(None, "没有已批准的评价规范", posts=ALL, scope=ALL))

    assert proof.answer is Answer.UNKNOWN
    assert {leaf.fact for leaf in proof.leaves()} == {"没有已批准的评价规范"}


@pytest.mark.parametrize(
    ("posts", "target", "answer"),
    [
        (set(), Grade.SENIOR_TECHNICIAN, Answer.MET),
        (set(), Grade.SPECIAL_TECHNICIAN, Answer.NOT_MET),
        ({Grade.SPECIAL_TECHNICIAN}, Grade.SPECIAL_TECHNICIAN, Answer.MET),
        ({Grade.SPECIAL_TECHNICIAN}, Grade.CHIEF_TECHNICIAN, Answer.NOT_MET),
        ({Grade.CHIEF_TECHNICIAN}, Grade.CHIEF_TECHNICIAN, Answer.NOT_MET),
        ({Grade.SPECIAL_TECHNICIAN, Grade.CHIEF_TECHNICIAN}, Grade.CHIEF_TECHNICIAN, Answer.MET),
    ],
)
def test_the_top_grades_are_set_up_to_the_one_that_is_asked(posts: set[Grade], target: Grade, answer: Answer) -> None:
    assert prove_top_grades(replace(WHOLE, posts=ALL | posts), target).answer is answer
