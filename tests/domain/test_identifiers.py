from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import (
    CertificateNumber,
    birth_date_of,
    clean_number,
    credit_code_error,
    grade_code,
    id_error,
    mask_number,
    registration_number_error,
    sex_of,
)
from skilleval.domain.ladder import Grade
from skilleval.idcheck import CODES, resident_id_errors
from tests.factories import id_number


@pytest.mark.parametrize(
    ("id_type", "number", "error"),
    [
        ("resident_id", "11010519491231002X", None),
        ("resident_id", "440524188001010014", None),
        ("resident_id", "440999199001010010", None),
        ("resident_id", "440999199003075125", None),
        ("resident_id", "44099919880606007X", None),
        ("resident_id", "440999199001010011", "check"),
        ("resident_id", "440999199013010010", "birth"),
        ("resident_id", "440999202302290017", "birth"),  # no 29 February in 2023
        ("resident_id", "990999199001010010", "area"),
        ("resident_id", "44099919900101001", "length"),
        ("resident_id", "440999900101001", "length"),  # the old form of 15 digits
        ("resident_id", "4409991990O1010010", "characters"),
        ("resident_id", "44099919900101001x", "characters"),  # cleaned numbers have a capital X
        ("hmt_residence", "810000199001010019", None),
        ("hmt_residence", "820000199001010010", None),
        ("hmt_residence", "830000199001010020", None),
        ("hmt_residence", "440999199001010010", "area"),
        ("foreign_residence", "911124198108030024", None),
        ("foreign_residence", "94482619850505001X", None),
        ("foreign_residence", "CAN110081080303", None),
        ("hm_pass", "H12345678", None),
        ("hm_pass", "X12345678", "form"),
        ("tw_pass", "12345678", None),
        ("passport", "E12345678", None),
        ("passport", "护照", "form"),
    ],
)
def test_a_document_number_is_judged_by_its_type(id_type: str, number: str, error: str | None) -> None:
    assert id_error(id_type, number) == error


def test_a_leap_day_is_a_birth_date() -> None:
    assert id_error("resident_id", id_number(1, date(2024, 2, 29))) is None


def test_a_resident_number_tells_birth_and_sex() -> None:
    assert birth_date_of("440999199003075125") == date(1990, 3, 7)
    assert sex_of("resident_id", "440999199003075125") == "female"
    assert sex_of("resident_id", "44099919880606007X") == "male"
    assert sex_of("foreign_residence", "911124198108030024") is None
    assert sex_of("passport", "E12345678") is None


def test_a_typed_number_is_cleaned_of_blanks_and_small_letters() -> None:
    assert clean_number(" 44099919880606007x ") == "44099919880606007X"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("11010519491231002X", "110105********002X"), ("H12345678", "H1*****78"), ("1234", "****"), ("", "")],
)
def test_a_shown_number_is_masked(number: str, shown: str) -> None:
    assert mask_number(number) == shown


mutations = st.builds(
    lambda number, at, letter: (number[:at] + letter + number[at + 1 :])[:18],
    st.builds(id_number, st.integers(0, 999), st.dates(date(1800, 1, 1), date(2100, 12, 31))),
    st.integers(0, 19),
    st.sampled_from("0123456789Xx 。"),
)


@given(st.lists(mutations | st.text(max_size=20), max_size=30))
def test_a_column_and_a_single_number_are_judged_alike(numbers: list[str]) -> None:
    column = [CODES[code] or None for code in resident_id_errors(numbers)]

    assert column == [id_error("resident_id", number) for number in numbers]


@pytest.mark.parametrize(
    "code",
    ["91350100M000100Y43", "914403001922038216", "9144030071526726XG", "91440999MA0000015E", "91440999MA00001620"],
)
def test_a_right_credit_code_passes(code: str) -> None:
    assert credit_code_error(code) is None


@pytest.mark.parametrize("code", ["91350100M000100Y4Z", "91440999MA0000015F", "91440999MA0000015", "", "I" * 18])
def test_a_wrong_credit_code_is_told(code: str) -> None:
    assert "统一社会信用代码" in (credit_code_error(code) or "")


@pytest.mark.parametrize(
    ("number", "good"),
    [("Y000044000123", True), ("S001344000005", True), ("X000044000123", False), ("Y000099000123", False), ("Y", False)],
)
def test_a_registration_number_has_thirteen_characters(number: str, good: bool) -> None:
    assert (registration_number_error(number) is None) is good


@pytest.mark.parametrize(
    "text", ["Y000044000123243000001", "Y000144000042222000310", "S001344000005265999999", "S000035001051243000362"]
)
def test_a_certificate_number_reads_back(text: str) -> None:
    assert str(CertificateNumber.parse(text)) == text


@pytest.mark.parametrize("text", ["Y00004400012324300000", "Y0000440001232430000011", "Y000044000123246000001", ""])
def test_a_malformed_certificate_number_is_refused(text: str) -> None:
    with pytest.raises(RuleBroken, match="应为22位"):
        CertificateNumber.parse(text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, None),
        ({"registration_number": "Y000044000124"}, "备案号"),
        ({"issued_on": date(2025, 1, 1)}, "年份"),
        ({"grade": Grade.TECHNICIAN}, "等级代码"),
    ],
)
def test_a_number_must_agree_with_its_record(change: dict[str, object], words: str | None) -> None:
    record = {"registration_number": "Y000044000123", "issued_on": date(2024, 5, 1), "grade": Grade.SENIOR, **change}

    problems = CertificateNumber.parse("Y000044000123243000001").problems(**record)  # type: ignore[arg-type]

    assert len(problems) == (words is not None)
    assert words is None or words in problems[0]


def test_a_letter_belongs_to_the_two_top_grades_only() -> None:
    number = CertificateNumber.parse("Y00004400012324T000001")
    record = {"registration_number": "Y000044000123", "issued_on": date(2024, 5, 1)}

    assert number.problems(grade=Grade.SPECIAL_TECHNICIAN, **record) == []  # type: ignore[arg-type]
    assert number.problems(grade=Grade.SENIOR, **record) != []  # type: ignore[arg-type]


def test_a_grade_without_a_confirmed_code_is_refused_with_the_reason() -> None:
    assert grade_code(Grade.SENIOR) == "3"
    for grade in (Grade.SPECIAL_TECHNICIAN, Grade.CHIEF_TECHNICIAN):
        with pytest.raises(RuleBroken, match="尚无可靠依据"):
            grade_code(grade)
    with pytest.raises(RuleBroken, match="转正定级"):
        grade_code(Grade.APPRENTICE)
