from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest

from skilleval import standards
from skilleval.domain.impact import CONCERNS, RECORDS, SUBJECTS, Change, compare_occupations, compare_standards, reasons
from skilleval.domain.ladder import Grade
from skilleval.domain.occupations import Function, Occupation

OLD = standards.find_standard("6-31-01-03@2018")
SENIOR = Grade.SENIOR


def told(changes: Iterable[Change]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.subject, one.text) for one in changes]


def occupation(code: str, name: str, *trades: str, count: int | None = None) -> Occupation:
    return Occupation(code, "2022", name, "6-31", "x", "6-31-01", "x", trades, len(trades) if count is None else count)


def index(*rows: Occupation) -> dict[str, Occupation]:
    return {row.code: row for row in rows}


def test_a_standard_compared_with_itself_changes_nothing() -> None:
    assert compare_standards(OLD, OLD) == []
    shipped = {code: one for (code, _edition), one in standards.occupations().items()}
    assert compare_occupations(shipped, shipped) == []


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({"code": "6-31-01-99"}, ("changed", "code", "职业编码由 6-31-01-03 变为 6-31-01-99")),
        ({"title": "电气工"}, ("changed", "name", "名称由“电工”变为“电气工”")),
        ({"trade": "矿山电工"}, ("changed", "name", "名称由“电工”变为“电工（矿山电工）”")),
        ({"conditions": "2023"}, ("changed", "conditions", "申报条件由“2018”版变为“2023”版")),
        ({"conditions": None}, ("changed", "conditions", "申报条件由“2018”版变为（未确定）")),
        ({"grades": OLD.grades[1:]}, ("gone", "grade", "不再设五级/初级工")),
    ],
)
def test_each_thing_that_changed_is_told(fields: dict[str, object], change: tuple[str, str, str]) -> None:
    assert change in told(compare_standards(OLD, replace(OLD, **fields)))  # type: ignore[arg-type]


def test_what_is_new_one_way_is_gone_the_other_way() -> None:
    new = replace(OLD, grades=OLD.grades[1:], functions=(*OLD.functions[:1], Function("新功能", {SENIOR: 10}), *OLD.functions[2:]))

    forth, back = compare_standards(OLD, new), compare_standards(new, OLD)

    opposite = {"new": "gone", "gone": "new", "changed": "changed"}
    assert sorted((opposite[one.kind], one.subject, one.grades) for one in forth) == sorted(
        (one.kind, one.subject, one.grades) for one in back
    )


def test_weights_are_compared_grade_by_grade() -> None:
    first = OLD.functions[0]
    changed = replace(first, skill_weights={**first.skill_weights, Grade.INTERMEDIATE: 20, SENIOR: 5})

    assert told(compare_standards(OLD, replace(OLD, functions=(changed, *OLD.functions[1:])))) == [
        ("changed", "weight", "四级/中级工“基本电子电路装调维修”的技能权重由 15% 变为 20%"),
        ("new", "weight", "三级/高级工“基本电子电路装调维修”的技能权重由 无 变为 5%"),
    ]


def test_codes_are_new_gone_moved_or_renamed() -> None:
    old = index(occupation("6-01-01-01", "甲"), occupation("6-01-01-02", "乙"), occupation("6-01-01-03", "丙"),
                occupation("6-01-01-04", "丁"))  # fmt: skip
    new = index(occupation("6-01-01-01", "乙"), occupation("6-01-01-03", "丙工"), occupation("6-01-01-05", "甲"),
                occupation("6-01-01-06", "戊"))  # fmt: skip

    assert told(compare_occupations(old, new)) == [
        ("changed", "code", "“甲”的编码由 6-01-01-01 变为 6-01-01-05，6-01-01-01 现指“乙”"),
        ("changed", "code", "“乙”的编码由 6-01-01-02 变为 6-01-01-01"),
        ("changed", "name", "6-01-01-03 的名称由“丙”变为“丙工”"),
        ("gone", "code", "职业 6-01-01-04 丁 取消"),
        ("new", "code", "新增职业 6-01-01-06 戊"),
    ]


def test_trades_are_compared_only_where_both_lists_are_complete() -> None:
    def compare(old: Occupation, new: Occupation) -> list[tuple[str, str]]:
        return [(one.kind, one.trade) for one in compare_occupations(index(old), index(new))]

    two, other = occupation("6-01-01-01", "甲", "a", "b"), occupation("6-01-01-01", "甲", "b", "c")
    assert compare(two, other) == [("gone", "a"), ("new", "c")]
    assert compare(two, replace(other, trade_count=5)) == []


@pytest.mark.parametrize(
    ("change", "record", "grades", "trade", "concerned"),
    [
        (Change("changed", "weight", "x", "", (SENIOR,)), "batch", (SENIOR,), "", True),
        (Change("changed", "weight", "x", "", (SENIOR,)), "batch", (Grade.JUNIOR,), "", False),
        (Change("changed", "weight", "x", "", (SENIOR,)), "post", (SENIOR,), "", False),
        (Change("gone", "grade", "x", "", (SENIOR,)), "holding", (SENIOR,), "", True),
        (Change("new", "grade", "x", "", (SENIOR,)), "holding", (SENIOR,), "", False),
        (Change("new", "grade", "x", "", (SENIOR,)), "scope", (Grade.JUNIOR,), "", True),
        (Change("new", "code", "x", ""), "scope", (), "", False),
        (Change("gone", "trade", "x", "", (), "甲"), "scope", (), "乙", False),
        (Change("gone", "trade", "x", "", (), "甲"), "scope", (), "甲", True),
        (Change("gone", "trade", "x", "", (), "甲"), "scope", (), "", True),
    ],
)
def test_a_change_concerns_the_records_that_rest_on_it(
    change: Change, record: str, grades: tuple[Grade, ...], trade: str, concerned: bool
) -> None:
    assert bool(reasons([change], record, grades, trade)) is concerned


def test_every_subject_says_whom_it_concerns() -> None:
    assert CONCERNS.keys() == SUBJECTS.keys()
    assert set().union(*CONCERNS.values()) == RECORDS.keys()
    assert OLD.issued is not None and OLD.issued < date(2019, 1, 1)
