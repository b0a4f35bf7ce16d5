"""Each shipped rule has a positive, a negative, an unknown and a boundary case, and none can be deleted unnoticed.

Rules of authority (require, permit, limit, oppose) are held by the decision table of authority.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from skilleval import packs
from skilleval.domain.eligibility import judge
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Case, Compare, Rule, prove, prove_value
from skilleval.packs import Packs
from skilleval.rule_forms import AUTHORITY_KINDS
from tests.written import KEYS, OWN, RELATED, background

ON = date(2026, 6, 8)
KINDS = ("condition", "parameter", "switch")
EXPECTED = {"positive": "met", "negative": "not_met", "unknown": "unknown"}
TABLE: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("cases.toml").read_text(encoding="utf-8"))


@cache
def everything() -> Packs:
    """All shipped packs together."""
    shipped = packs.library()
    return shipped.choose([pack.key for pack in shipped.packs])


RULES = {rule.clause.id: rule for pack in packs.library().packs for rule in pack.rules if rule.kind in KINDS}


def cases(written: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(kind, case, the answer that the text gives)."""
    for kind, answer in EXPECTED.items():
        if kind in written:
            yield kind, written[kind], answer
    for case in written.get("boundary", ()):
        yield "boundary", {key: value for key, value in case.items() if key != "is"}, case["is"]


def outcome(rules: Packs, rule: Rule, case: Mapping[str, Any]) -> str:
    """What a rule answers to a case; a parameter that is in none of the packs is absent, which is not the same as unknown."""
    on = case.get("on", ON)
    if rule.kind == "condition":
        answer = _of_condition(rules, rule, case, on)
    elif rule.kind == "switch":
        chosen = {rule.clause.id: case["chosen"]} if "chosen" in case else {}
        readings = Case(on, {}, replace(rules, chosen_switches=chosen).switches(on))
        answer = prove(Compare(f"switch:{rule.clause.id}", "is", True), rule.clause, readings).answer
    elif all(one.clause.id != rule.clause.id for pack in rules.packs for one in pack.rules):
        return "absent"
    else:
        answer = _of_parameter(rules, rule, case["value"], on)
    return answer.value


def _of_condition(rules: Packs, rule: Rule, case: Mapping[str, Any], on: date) -> Answer:
    conditions = rules.conditions(rule.edition, on)
    grade = Grade(rule.grades[0])
    verdict = judge(background(case), OWN, grade, conditions, on, related=[RELATED], claimed=rule.clause.id)
    return verdict.claimed or Answer.UNKNOWN


def _of_parameter(rules: Packs, rule: Rule, value: Any, on: date) -> Answer:
    found = rules.find(rule.clause.id, on)
    if found is None:
        return Answer.UNKNOWN
    return prove_value(found, None if value == "missing" else value, found.clause.text, "").answer


ALL = [(rule_id, kind, case, answer) for rule_id, written in TABLE.items() for kind, case, answer in cases(written)]


@pytest.mark.parametrize(
    ("rule_id", "kind", "case", "answer"), ALL, ids=[f"{rule_id}-{kind}-{n}" for n, (rule_id, kind, *_) in enumerate(ALL)]
)
def test_a_rule_answers_as_its_text_says(rule_id: str, kind: str, case: dict[str, Any], answer: str) -> None:
    assert outcome(everything(), RULES[rule_id], case) == answer


def test_every_rule_but_those_of_authority_has_its_cases() -> None:
    shipped = {rule.clause.id: rule.kind for pack in packs.library().packs for rule in pack.rules}

    assert set(shipped.values()) == {*KINDS, *AUTHORITY_KINDS}, "a new kind needs cases here or in the decision table"
    assert set(TABLE) == {rule_id for rule_id, kind in shipped.items() if kind in KINDS}


@pytest.mark.parametrize("rule_id", TABLE)
def test_a_rule_has_a_positive_a_negative_an_unknown_and_a_boundary_case(rule_id: str) -> None:
    written, rule = TABLE[rule_id], RULES[rule_id]
    asks = {"condition": KEYS, "parameter": {"value"}, "switch": {"chosen"}}[rule.kind]

    if rule.kind == "parameter" and rule.value is None:
        assert written.keys() == {"not_established", "unknown"}
    else:
        assert written.keys() == {"positive", "negative", "unknown", "boundary"}
    assert all(case.keys() <= asks | {"on"} for _kind, case, _answer in cases(written))


@pytest.mark.parametrize("rule_id", [rule_id for rule_id, written in TABLE.items() if "not_established" in written])
def test_a_parameter_that_nobody_established_refuses_to_be_asked(rule_id: str) -> None:
    with pytest.raises(RuleBroken, match="没有可靠依据"):
        everything().parameter(rule_id, ON)


@pytest.mark.parametrize(("kind", "borders"), [("at_least", -1), ("at_most", 1)])
def test_the_boundary_of_a_number_or_grade_is_itself(kind: str, borders: int) -> None:
    ladder = [grade.value for grade in Grade]
    ordered = [rule for rule in RULES.values() if rule.kind == "parameter" and rule.operator == kind and rule.value is not None]

    assert ordered
    for rule in ordered:
        beyond = ladder[ladder.index(rule.value) + borders] if rule.value in ladder else rule.value + borders
        assert rule.value in [case["value"] for case in TABLE[rule.clause.id]["boundary"]]
        assert TABLE[rule.clause.id]["negative"]["value"] == beyond


@pytest.mark.parametrize("rule", [rule for pack in packs.library().packs for rule in pack.rules if rule.kind in KINDS],
                         ids=lambda rule: rule.clause.id)  # fmt: skip
def test_deleting_a_rule_changes_at_least_one_of_its_cases(rule: Rule) -> None:
    without = replace(
        everything(),
        packs=tuple(replace(pack, rules=tuple(one for one in pack.rules if one is not rule)) for pack in everything().packs),
    )
    told = [answer for _kind, _case, answer in cases(TABLE[rule.clause.id])]

    changed = [outcome(without, rule, case) for _kind, case, _answer in cases(TABLE[rule.clause.id])]

    assert changed != told
