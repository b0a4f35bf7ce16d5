"""How a proof says why not: a line a reason with its clause, and a rule that only warns as a reminder."""

from datetime import date

import pytest

from skilleval.domain.authority import reasons_in
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Clause, Proof, Rule, own_clause, prove_value, unless_warning

MET, NOT, UNKNOWN = Answer.MET, Answer.NOT_MET, Answer.UNKNOWN
CLAUSE, OTHER = Clause("x/1", "应当如此", "某文件", "high"), Clause("x/2", "也应如此", "某文件", "high")


def test_each_leaf_that_is_not_met_is_a_reason_once() -> None:
    bad, vague, good = Proof(NOT, "甲", CLAUSE, "事实"), Proof(UNKNOWN, "乙", OTHER), Proof(MET, "丙", CLAUSE)
    inner = Proof(NOT, "内", CLAUSE, children=(bad, good))
    tree = Proof(NOT, "外", CLAUSE, children=(inner, good, vague, inner))

    assert reasons_in(tree) == ["甲：不符合，事实（x/1）", "乙：无法判断（x/2）"]
    assert reasons_in(good) == []
    assert reasons_in(Proof(NOT, "外", CLAUSE, "自身", (good,))) == ["外：不符合，自身（x/1）"]


def test_a_rule_of_the_software_itself_says_so() -> None:
    assert own_clause("a", "文字") == Clause("skilleval.a", "文字", "本软件自定的规则，没有文件依据", "high")


@pytest.mark.parametrize("answer", [NOT, UNKNOWN])
def test_a_rule_that_only_warns_reminds_and_does_not_stop(answer: Answer) -> None:
    proof = Proof(answer, "甲", CLAUSE, "事实", (), "花名册")
    warns = Rule(CLAUSE, "parameter", date(2020, 1, 1), severity="warn")

    assert unless_warning(proof, warns) == Proof(MET, "甲", CLAUSE, "提醒：事实", (), "花名册")
    assert unless_warning(proof, Rule(CLAUSE, "parameter", date(2020, 1, 1))) == proof
    assert unless_warning(proof, None) == proof
    met = Proof(MET, "甲", CLAUSE, "事实")
    assert unless_warning(met, warns) == met


@pytest.mark.parametrize(
    ("operator", "given", "answer"),
    [("at_most", "senior", MET), ("at_most", "technician", NOT), ("at_least", "senior", MET), ("at_least", "junior", NOT)],
)
def test_grades_are_held_against_a_parameter_by_rank(operator: str, given: str, answer: Answer) -> None:
    rule = Rule(CLAUSE, "parameter", date(2020, 1, 1), value=Grade.SENIOR.value, operator=operator)

    assert prove_value(rule, given, "x", "y").answer is answer
