from dataclasses import replace
from datetime import date

import pytest

from skilleval import packs
from skilleval.db.tables import CONFLICT_KINDS, RELATION_KINDS
from skilleval.domain.conflicts import (
    CONFLICT_RULES,
    DECLARED,
    KINDS,
    Conflict,
    Decision,
    Examiner,
    Subject,
    Tie,
    found,
    prove_conflict,
    stands,
    stands_in_the_way,
)
from skilleval.domain.rules import Answer

ON = date(2026, 6, 12)
CHEN = Subject(1, 10, "陈大文", "aa", "装配一班")
LI = Subject(2, 10, "李四", "bb", "装配二班")
OTHER = Subject(3, 10, "王五", "cc", "装配一班")
KEY = Examiner(7, "K1", "王五", 10, "cc", (OTHER,))
RULES = {one: rule for one in CONFLICT_RULES if (rule := packs.load().find(one, ON)) is not None}


def test_the_kinds_of_the_domain_are_those_of_the_tables() -> None:
    assert set(KINDS) == set(CONFLICT_KINDS) and set(DECLARED) == set(RELATION_KINDS)
    assert set(RULES) == set(CONFLICT_RULES)


@pytest.mark.parametrize(
    ("examiner", "subject", "fact"),
    [
        (Examiner(7, "K1", "陈大文", 10, "aa", (CHEN,)), CHEN, "证件号码相同"),
        (Examiner(7, "K1", "陈 大文", 10, "aa"), CHEN, "证件号码相同"),
        (Examiner(7, "K1", "陈大文", 10, "zz"), CHEN, None),  # two people of one name
        (Examiner(7, "K1", "陈大文", 10), CHEN, "姓名相同，考评人员未登记证件号码"),
        (Examiner(7, "K1", "陈大文", 99, "aa"), CHEN, "姓名相同，考生属其他单位，证件号码须人工核对"),
        (Examiner(7, "K1", "王五", 99, "aa"), CHEN, None),  # indexes of two firms say nothing
    ],
)
def test_nobody_examines_oneself(examiner: Examiner, subject: Subject, fact: str | None) -> None:
    assert found(examiner, subject, (), (), ON).get("self") == fact


@pytest.mark.parametrize(
    ("examiner", "subject", "fact"),
    [
        (KEY, CHEN, "花名册中同在“装配一班”"),
        (KEY, LI, None),
        (replace(KEY, id_index=None), CHEN, "花名册中同在“装配一班”（考评人员按姓名对应花名册）"),
        (replace(KEY, records=()), CHEN, None),  # not in the roster
        (KEY, replace(CHEN, department=None), None),
        (KEY, replace(CHEN, firm=11), None),  # a team of that name in another firm
        (replace(KEY, records=(replace(OTHER, department="装配 一班"),)), CHEN, "花名册中同在“装配一班”"),
    ],
)
def test_the_same_team_is_found_from_the_roster(examiner: Examiner, subject: Subject, fact: str | None) -> None:
    assert found(examiner, subject, (), (), ON).get("team") == fact


@pytest.mark.parametrize("kind", DECLARED)
def test_a_declared_relation_is_found_whichever_end_the_examiner_is(kind: str) -> None:
    ties = [Tie(kind, LI.key, "协议", examiner=KEY.key), Tie(kind, LI.key, "协议", person=OTHER.key), Tie(kind, OTHER.key, "协议", person=LI.key)]

    for tie in ties:
        assert found(KEY, LI, [tie], (), ON) == {kind: "协议"}
        assert found(replace(KEY, key=8, records=()), LI, [tie], (), ON) == {}
        assert kind not in found(KEY, CHEN, [tie], (), ON)


def test_a_relation_counts_from_its_first_day_and_its_end_is_told() -> None:
    tie = Tie("mentor", LI.key, "协议", examiner=KEY.key, valid_from=ON, valid_to=ON)

    assert found(KEY, LI, [tie], (), ON) == {"mentor": "协议，自 2026-06-12，至 2026-06-12"}
    assert found(KEY, LI, [tie], (), date(2030, 1, 1)) == {"mentor": "协议，自 2026-06-12，至 2026-06-12"}
    assert found(KEY, LI, [tie], (), date(2026, 6, 11)) == {}


def test_who_examined_the_person_before_is_told() -> None:
    assert found(KEY, LI, (), ["2025-DG-01", "2025-DG-02"], ON) == {"past_panel": "曾在批次 2025-DG-01、2025-DG-02 考评此人"}


@pytest.mark.parametrize(
    ("fact", "decision", "states"),
    [
        ("甲", None, [("suspected", "甲")]),
        ("甲", Decision("confirmed", "甲", "属实", "张"), [("confirmed", "甲")]),
        ("乙", Decision("confirmed", "甲", "属实", "张"), [("confirmed", "乙")]),
        (None, Decision("confirmed", "甲", "属实", "张"), [("confirmed", "甲")]),  # stands until dismissed
        ("甲", Decision("dismissed", "甲", "不实", "张"), [("dismissed", "甲")]),
        ("乙", Decision("dismissed", "甲", "不实", "张"), [("suspected", "乙")]),  # the facts changed
        (None, Decision("dismissed", "甲", "不实", "张"), []),
    ],
)
def test_a_conflict_stands_as_decided_until_its_facts_change(
    fact: str | None, decision: Decision | None, states: list[tuple[str, str]]
) -> None:
    facts = {} if fact is None else {"mentor": fact}
    decisions = {} if decision is None else {"mentor": decision}

    assert [(one.state, one.fact) for one in stands(KEY, LI, facts, decisions)] == states


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", ["suspected", "confirmed", "dismissed"])
def test_what_must_be_avoided_stands_in_the_way_until_dismissed(kind: str, state: str) -> None:
    conflict = Conflict(KEY, LI, kind, "事实", state, "理由", "张")
    proof = prove_conflict(conflict, RULES[f"conflict.{kind}"])

    assert stands_in_the_way(conflict, RULES) == (kind != "past_panel" and state != "dismissed")
    assert proof.clause.id == f"conflict.{kind}" and "事实" in proof.fact and "张：理由" in proof.fact


def test_whether_a_kind_must_be_avoided_is_what_the_pack_says() -> None:
    conflict, rule = Conflict(KEY, LI, "team", "事实"), RULES["conflict.team"]

    assert prove_conflict(conflict, rule).answer is Answer.NOT_MET
    assert prove_conflict(conflict, replace(rule, severity="warn")).fact.startswith("提醒：")
    assert prove_conflict(conflict, replace(rule, value=False)).answer is Answer.MET
    assert prove_conflict(conflict, None).clause.source == "本软件自定的规则，没有文件依据"
    assert prove_conflict(conflict, None).answer is Answer.NOT_MET
