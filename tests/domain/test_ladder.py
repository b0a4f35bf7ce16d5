import pytest

from skilleval.db.tables import GRADES
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import NATIONAL_GRADES, Grade, grade_of_digit

LADDER = ["学徒工", "初级工", "中级工", "高级工", "技师", "高级技师", "特级技师", "首席技师"]


def test_the_ladder_has_its_eight_grades_in_order() -> None:
    assert [grade.name_zh for grade in sorted(Grade)] == LADDER
    assert [grade.rank for grade in sorted(Grade)] == list(range(1, 9))


def test_the_database_knows_the_same_grades() -> None:
    assert tuple(grade.value for grade in Grade) == GRADES


@pytest.mark.parametrize(
    ("written", "grade"),
    [
        ("高级工", Grade.SENIOR),
        ("高级", Grade.SENIOR),
        ("三级", Grade.SENIOR),
        ("3", Grade.SENIOR),
        ("3级", Grade.SENIOR),
        ("３", Grade.SENIOR),
        ("三级/高级工", Grade.SENIOR),
        ("三级(高级工)", Grade.SENIOR),
        ("三级（高级工）", Grade.SENIOR),
        (" 三级 / 高级工 ", Grade.SENIOR),
        ("senior", Grade.SENIOR),
        ("五级/初级工", Grade.JUNIOR),
        ("一级", Grade.SENIOR_TECHNICIAN),
        ("技师", Grade.TECHNICIAN),
        ("首席技师", Grade.CHIEF_TECHNICIAN),
    ],
)
def test_a_grade_is_read_however_it_is_written(written: str, grade: Grade) -> None:
    assert Grade.parse(written) is grade


@pytest.mark.parametrize("written", ["", "六级", "0", "三级/技师", "高级工程师", "三级/", "/", "三级/高级工/3"])
def test_anything_else_is_refused_in_words(written: str) -> None:
    with pytest.raises(RuleBroken, match="无法识别的职业技能等级"):
        Grade.parse(written)


def test_the_printed_label_reads_back() -> None:
    for grade in Grade:
        assert Grade.parse(grade.printed) is grade


def test_printed_numbers_run_downwards_and_stop_at_one() -> None:
    assert [grade.digit for grade in sorted(NATIONAL_GRADES)] == ["5", "4", "3", "2", "1"]
    assert [grade_of_digit(digit) for digit in "54321"] == sorted(NATIONAL_GRADES)
    with pytest.raises(RuleBroken):
        grade_of_digit("0")


def test_highly_skilled_begins_at_senior() -> None:
    assert not Grade.INTERMEDIATE.is_highly_skilled
    assert Grade.SENIOR.is_highly_skilled
