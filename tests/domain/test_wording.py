"""Conditions and rules in Chinese, and what differs between two sets of rules."""

from dataclasses import replace
from datetime import date

import pytest

from skilleval import packs
from skilleval.domain.eligibility import Requirement
from skilleval.domain.ladder import Grade
from skilleval.domain.rule_changes import rule_changes
from skilleval.domain.rules import Cited, Clause, Compare, Expression, Group, Refer, Rule
from skilleval.domain.wording import KEYS, in_words, rule_in_words

LISTED, LARGE, LEAD = (Compare(fact, "is", True) for fact in ("listed", "large", "chain_lead"))
CLAUSE = Clause("own/1", "条文", "本厂", "high")
RULE = Rule(CLAUSE, "parameter", date(2026, 1, 1), value=5, operator="at_least")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (LISTED, "是上市公司"),
        (Compare("employees", "at_least", 1000), "员工总数不低于1000"),
        (Compare("hired_on", "on_or_before", "day-1y"), "入职日期不晚于当日前1年"),
        (Compare("switch:reading.x", "is", False), "读法 reading.x 取“否”"),
        (Group("all", (LISTED, LARGE)), "是上市公司，且是大型企业"),
        (Group("any", (LISTED, LARGE)), "是上市公司，或是大型企业"),
        (Group("none", (LISTED, LARGE)), "不得有：是上市公司；是大型企业"),
        (Group("least", (LISTED, LARGE, LEAD), 2), "至少符合2项：是上市公司；是大型企业；是产教评技能生态链链主企业"),
        (Group("all", (LISTED, Group("any", (LARGE, LEAD)))), "是上市公司，且（是大型企业，或是产教评技能生态链链主企业）"),
        (Group("any", (LISTED, Group("all", (LARGE,)))), "是上市公司，或是大型企业"),
        (Cited(CLAUSE, LARGE), "符合规则 own/1（是大型企业）"),
        (Refer("own/2"), "符合规则 own/2"),
        (Requirement(age=16), "年满16周岁"),
        (Requirement(work_years=3, after_certificate=Grade.JUNIOR), "取得五级/初级工证书后累计从事本职业或相关职业工作满3年"),
        (Requirement(work_years=1, after_title="senior"), "取得高级职称后累计从事本职业或相关职业工作满1年"),
        (Requirement(certificate=Grade.SENIOR, held_years=2), "取得本职业或相关职业三级/高级工证书满2年"),
        (Requirement(title="senior", held_years=2), "取得符合专业对应关系的高级职称满2年"),
        (Requirement(evidence=("honour",), level="city"), "地市级（厅局级）及以上的技能荣誉称号"),
    ],
)
def test_an_expression_reads_as_one_line(expression: Expression, words: str) -> None:
    assert in_words(expression) == words


def test_every_shipped_rule_has_words_for_all_that_it_says() -> None:
    for pack in packs.library().packs:
        for rule in pack.rules:
            told = rule_in_words(rule)
            assert list(told) == [key for key in KEYS if key in told], "in the order of KEYS"
            assert (rule.when is not None) == ("when" in told)


def test_a_value_that_nobody_established_is_said_to_be_open() -> None:
    assert rule_in_words(replace(RULE, value=None))["value"] == "未定"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"value": "senior", "operator": "at_most"}, {"operator": "不高于", "value": "三级/高级工"}),
        ({"value": "none", "operator": "is"}, {"operator": "为", "value": "none"}),
        ({"operator": "at_most"}, {"operator": "不多于", "value": "5"}),
        ({"binds": "institution"}, {"binds": "评价机构"}),
        ({"binds": "candidate"}, {"binds": "考生"}),
    ],
)
def test_no_word_of_the_pack_is_told_raw(fields: dict[str, object], words: dict[str, str]) -> None:
    assert rule_in_words(replace(RULE, **fields)).items() >= words.items()  # type: ignore[arg-type]


def told(old: list[Rule], new: list[Rule]) -> list[tuple[str, str, dict[str, tuple[str, str]]]]:
    return [(one.what, one.rule.clause.id, dict(one.keys)) for one in rule_changes(old, new)]


def test_the_same_rules_have_no_changes() -> None:
    for pack in packs.library().packs:
        assert rule_changes(pack.rules, pack.rules) == []


def test_a_changed_key_has_its_old_and_new_words() -> None:
    assert told([RULE], [replace(RULE, value=7)]) == [("changed", "own/1", {"value": ("5", "7")})]
    assert told([RULE], [replace(RULE, severity="warn")]) == [("changed", "own/1", {"severity": ("不符即止", "仅提醒")})]
    assert told([RULE], [replace(RULE, valid_to=date(2026, 6, 30))]) == [("changed", "own/1", {"to": ("", "2026-06-30")})]


def test_a_moved_day_is_a_change_and_another_version_is_added() -> None:
    moved, later = replace(RULE, valid_from=date(2026, 7, 1)), replace(RULE, valid_from=date(2027, 1, 1))

    assert told([RULE], [moved]) == [("changed", "own/1", {"from": ("2026-01-01", "2026-07-01")})]
    assert told([RULE], [RULE, later]) == [("added", "own/1", {})]
    assert told([RULE, later], [later]) == [("removed", "own/1", {})]
