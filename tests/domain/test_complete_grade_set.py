from dataclasses import replace

import pytest

from skilleval.domain.complete_grade_set import (
    DECLARED,
    POSTS,
    SCOPE,
    SPECIFIED,
    TOP,
    WHOLE,
    GradeSet,
    prove_complete,
    prove_top_grades,
    without_gaps,
)
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Proof

FIVE = tuple(grade for grade in Grade if Grade.JUNIOR <= grade <= Grade.SENIOR_TECHNICIAN)
ALL = frozenset(FIVE)
FULL = GradeSet(FIVE, "标准 X@2018", posts=ALL, scope=ALL, post_specifications=ALL, assessed=ALL)


def gaps(found: GradeSet) -> dict[str, str]:
    """The parts that are not met, by their letter, with what they say."""
    parts = prove_complete(found).children
    return {part.clause.id.rpartition(".")[2]: part.fact for part in parts if part.answer is not Answer.MET}


def test_a_set_that_has_every_grade_is_complete() -> None:
    assert prove_complete(FULL).answer is Answer.MET
    assert gaps(FULL) == {}


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
    found = replace(FULL, **{lacking: ALL - {Grade.TECHNICIAN}})

    assert prove_complete(found).answer is Answer.NOT_MET
    assert gaps(found) == {part: words}


def test_the_comparison_is_with_the_standard_and_not_with_a_fixed_ladder() -> None:
    three = frozenset({Grade.SENIOR, Grade.TECHNICIAN, Grade.SENIOR_TECHNICIAN})
    found = GradeSet(tuple(sorted(three)), "标准 Y@2020", three, three, three, three)

    assert prove_complete(found).answer is Answer.MET
    assert prove_complete(replace(found, defined=FIVE)).answer is Answer.NOT_MET


def test_a_gap_in_a_specification_is_a_gap_in_the_set() -> None:
    assert without_gaps({Grade.JUNIOR, Grade.SENIOR}) == (Grade.JUNIOR, Grade.INTERMEDIATE, Grade.SENIOR)
    assert without_gaps({Grade.JUNIOR, Grade.INTERMEDIATE, Grade.SENIOR}) == (Grade.JUNIOR, Grade.INTERMEDIATE, Grade.SENIOR)
    assert without_gaps((Grade.TECHNICIAN, Grade.APPRENTICE)) == tuple(Grade)[:5]
    assert without_gaps((Grade.SENIOR,)) == (Grade.SENIOR,)
    assert without_gaps(()) == ()


def test_without_a_text_that_tells_the_grades_nobody_knows() -> None:
    proof = prove_complete(GradeSet(None, "没有已批准的评价规范", posts=ALL, scope=ALL))

    assert proof.answer is Answer.UNKNOWN
    assert {leaf.fact for leaf in proof.leaves()} == {"没有已批准的评价规范"}


@pytest.mark.parametrize(
    ("found", "answer", "fact"),
    [
        (FULL, Answer.UNKNOWN, "备案写明未完整设置，而岗位等级与评价规范显示完整，须核对"),
        (GradeSet(None, "没有已批准的评价规范"), Answer.UNKNOWN, "备案写明未完整设置，而按岗位等级与评价规范无法判断，须核对"),
        (replace(FULL, posts=ALL - {Grade.TECHNICIAN}), Answer.NOT_MET, None),
    ],
)
def test_a_set_that_was_registered_as_incomplete_is_never_complete(found: GradeSet, answer: Answer, fact: str | None) -> None:
    proof = prove_complete(replace(found, declared_incomplete=True))

    told = [leaf for leaf in proof.leaves() if leaf.clause == DECLARED]
    assert proof.answer is answer
    assert [leaf.fact for leaf in told] == ([] if fact is None else [fact])
    assert all(leaf.origin == "备案范围；岗位等级与评价规范" and leaf.answer is Answer.UNKNOWN for leaf in told)
    # where both sources say the same, the gaps are told as ever
    assert proof == prove_complete(found) or fact is not None


SOURCE = "文件没有定义“等级设置完整”，此为本软件的工作定义（依二（一）1、二（四）2推断）"


def test_the_proof_says_part_by_part_what_is_there_and_what_lacks() -> None:
    lacking = GradeSet((Grade.JUNIOR, Grade.SENIOR), "标准 X@2018", scope=ALL, assessed=frozenset({Grade.JUNIOR}))

    assert list(prove_complete(lacking).lines()) == [
        "[不符合] 该职业（工种）等级设置完整",
        "  [不符合] 岗位等级覆盖标准（或评价规范）规定的每一个等级，由低到高不缺级"
        "（没有岗位等级的：五级/初级工、三级/高级工；来源：岗位等级与评价规范）"
        f"  ——complete_grade_set.a：{SOURCE}",
        "  [符合] 备案范围覆盖同样的等级（标准 X@2018规定的五级/初级工、三级/高级工都有；来源：岗位等级与评价规范）"
        f"  ——complete_grade_set.b：{SOURCE}",
        "  [不符合] 每一个等级都有岗位规范，并有已批准的评价规范规定如何评价"
        "（没有岗位规范的：五级/初级工、三级/高级工；没有规定如何评价的：三级/高级工；来源：岗位等级与评价规范）"
        f"  ——complete_grade_set.c：{SOURCE}",
    ]
    assert prove_complete(lacking).clause == WHOLE
    assert {leaf.clause.confidence for leaf in prove_complete(lacking).leaves()} == {"medium"}


def test_the_parts_that_nobody_can_tell_say_why() -> None:
    unknown = prove_complete(GradeSet(None, "没有已批准的评价规范"))

    assert unknown.children == tuple(
        Proof(Answer.UNKNOWN, clause.text, clause, "没有已批准的评价规范", (), "评价规范") for clause in (POSTS, SCOPE, SPECIFIED)
    )


@pytest.mark.parametrize(
    ("posts", "answer", "fact"),
    [
        (set(), Answer.NOT_MET, "没有岗位等级的：特级技师、首席技师"),
        ({Grade.CHIEF_TECHNICIAN}, Answer.NOT_MET, "没有岗位等级的：特级技师"),
        ({Grade.SPECIAL_TECHNICIAN, Grade.CHIEF_TECHNICIAN}, Answer.MET, "岗位等级已有特级技师、首席技师"),
    ],
)
def test_the_top_grades_are_named(posts: set[Grade], answer: Answer, fact: str) -> None:
    proof = prove_top_grades(GradeSet(None, "", posts=frozenset(posts)), Grade.CHIEF_TECHNICIAN)

    assert proof == Proof(answer, "特级技师、首席技师须已列入岗位等级", TOP, fact, (), "岗位等级")
    assert TOP.id == "complete_grade_set.top" and TOP.source == SOURCE


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
    assert prove_top_grades(replace(FULL, posts=ALL | posts), target).answer is answer
