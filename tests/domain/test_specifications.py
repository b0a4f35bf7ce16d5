from dataclasses import replace
from datetime import date

import pytest

from skilleval import packs
from skilleval.domain.errors import RuleBroken
from skilleval.domain.lifecycle import STATES, next_states, step
from skilleval.domain.rules import Answer, Proof, Rule
from skilleval.domain.specifications import (
    AFTER,
    CONCLUSIONS,
    REVIEW_RULES,
    Drafter,
    Expert,
    Opinion,
    against_conclusion,
    against_reviewers,
    against_text,
    open_questions,
    prove_round,
)

ON = date(2026, 4, 10)
QUORUM, DRAFTED, FIRMS = REVIEW_RULES
DRAFTERS = [Drafter("总装厂", "91440999MA0000015E", frozenset({"起草人甲"}))]
OUTSIDE = [Expert(f"专家{one}", "示例学院", "正高级工程师") for one in "甲乙丙"]
WALK = {
    "drafting": {"reviewing", "abandoned"},
    "reviewing": {"passed", "revising", "failed"},
    "revising": {"revised", "abandoned"},
    "revised": {"reviewing", "abandoned"},
    "passed": {"approved", "revised", "abandoned"},
    "failed": set(),
    "approved": set(),
    "abandoned": set(),
}


def shipped() -> dict[str, Rule | None]:
    return {key: packs.load().find(key, ON) for key in REVIEW_RULES}


def settled(**values: object) -> dict[str, Rule | None]:
    """The shipped rules with values of a firm's own: quorum 3, and nobody of a drafting firm."""
    given = {"quorum": 3, "drafting_firm_reviews": False, **values}
    rules = shipped()
    for name, value in given.items():
        rule = rules[f"specification_review.{name}"]
        assert rule is not None
        rules[rule.clause.id] = replace(rule, value=value)
    return rules


def proof(*experts: Expert, rules: dict[str, Rule | None] | None = None) -> Proof:
    return prove_round(experts or OUTSIDE, DRAFTERS, settled() if rules is None else rules, ON)


@pytest.mark.parametrize("state", STATES["specification_draft"])
def test_a_draft_goes_only_where_the_table_lets_it(state: str) -> None:
    assert set(next_states("specification_draft", state)) == WALK[state]
    for to in STATES["specification_draft"]:
        if to not in WALK[state]:
            with pytest.raises(RuleBroken):
                step("specification_draft", state, to)


def test_every_conclusion_leads_somewhere_from_a_review() -> None:
    assert set(AFTER) == set(CONCLUSIONS) and set(AFTER.values()) == WALK["reviewing"]


@pytest.mark.parametrize(("experts", "answer"), [(2, Answer.NOT_MET), (3, Answer.MET), (4, Answer.MET)])
def test_a_quorum_that_a_pack_sets_is_counted(experts: int, answer: Answer) -> None:
    people = [Expert(f"专家{one}", "示例学院", "高级工程师") for one in range(experts)]

    assert proof(*people).answer is answer


def test_nobody_has_established_a_quorum_so_that_it_is_unknown() -> None:
    found = proof(rules=shipped())

    assert found.answer is Answer.UNKNOWN and against_reviewers(found) == []
    assert open_questions(found) == ["到会评审专家人数：无法判断，3 名，但没有读到规定（specification_review.quorum）"]
    assert prove_round(OUTSIDE, DRAFTERS, {}, date(2017, 12, 31)).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("expert", "answer", "words"),
    [
        (Expert("起草人甲", "总装厂", "高级工程师"), Answer.NOT_MET, "起草人甲（总装厂）是起草人"),
        (Expert("起草人甲", "91440999MA0000015E", "高级工程师"), Answer.NOT_MET, "是起草人"),
        (Expert("起草人甲", "另一厂", "高级工程师"), Answer.UNKNOWN, "与总装厂的起草人同名"),
        (Expert("另一人", "总装厂", "高级工程师"), Answer.NOT_MET, "另一人是起草单位总装厂的人员"),
        (Expert("专家丁", "另一厂", " "), Answer.UNKNOWN, "专家丁：未填"),
        (Expert("专家丁", "另一厂", "高级技师"), Answer.MET, ""),
    ],
)
def test_who_may_review(expert: Expert, answer: Answer, words: str) -> None:
    found = proof(*OUTSIDE, expert)

    assert found.answer is answer
    assert words in " ".join([*against_reviewers(found), *open_questions(found)])


@pytest.mark.parametrize(("allowed", "answer"), [(True, Answer.MET), (False, Answer.NOT_MET), (None, Answer.UNKNOWN)])
def test_whether_a_drafting_firm_may_review_is_the_packs_to_say(allowed: bool | None, answer: Answer) -> None:
    own = Expert("另一人", "总装厂", "高级工程师")

    assert proof(*OUTSIDE, own, rules=settled(drafting_firm_reviews=allowed)).answer is answer


def test_a_pack_that_only_warns_lets_a_drafter_review_and_says_so() -> None:
    rules = settled(drafting_firm_reviews=True)
    rule = rules[DRAFTED]
    assert rule is not None
    rules[DRAFTED] = replace(rule, severity="warn")

    found = proof(*OUTSIDE, Expert("起草人甲", "总装厂", "高级工程师"), rules=rules)

    assert found.answer is Answer.MET and any(leaf.fact.startswith("提醒：") for leaf in found.leaves())


@pytest.mark.parametrize(
    ("opinions", "words"),
    [
        ([], ""),
        ([Opinion(1, 2, "reject")], ""),
        ([Opinion(1, 2, "adopt")], "第 1 条对第 2 稿的意见已采纳"),
        ([Opinion(1, 2, "partly")], "第 1 条对第 2 稿的意见已采纳"),
        ([Opinion(1, 1, "adopt")], ""),
        ([Opinion(1, 2), Opinion(3, 1)], "第 1、3 条意见还没有处理"),
    ],
)
def test_a_text_stands_when_every_opinion_is_answered_and_none_asks_to_change_it(opinions: list[Opinion], words: str) -> None:
    problems = against_text(2, opinions)

    assert (words in problems[0]) if words else problems == []


@pytest.mark.parametrize(
    ("conclusion", "opinions", "rules", "why", "count"),
    [
        ("pass", [], settled(), "", 0),
        ("pass", [Opinion(1, 2)], settled(), "", 1),
        ("pass", [], settled(quorum=4), "按3人执行", 1),
        ("pass", [], shipped(), " ", 1),
        ("pass", [], shipped(), "按3人执行", 0),
        ("revise", [Opinion(1, 2)], settled(quorum=4), "", 0),
        ("fail", [Opinion(1, 2)], settled(quorum=4), "", 0),
    ],
)
def test_only_a_pass_can_be_stood_against(
    conclusion: str, opinions: list[Opinion], rules: dict[str, Rule | None], why: str, count: int
) -> None:
    assert len(against_conclusion(conclusion, 2, opinions, proof(rules=rules), why)) == count


def test_a_word_that_is_no_conclusion_is_refused() -> None:
    with pytest.raises(RuleBroken, match="通过、修改后再审、不通过"):
        against_conclusion("maybe", 1, [], proof(), "")
