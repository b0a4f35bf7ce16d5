"""The reviewed table of people and verdicts: every cell is what the text says, and the code gives it."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from skilleval import packs
from skilleval.domain.eligibility import judge
from skilleval.domain.ladder import Grade
from tests.written import KEYS, OWN, RELATED, background

TABLE = tomllib.loads(Path(__file__).with_name("golden_eligibility.toml").read_text(encoding="utf-8"))
CASES = [(group, case) for group in TABLE["group"] for case in group["cases"]]


@cache
def rules() -> packs.Packs:
    return packs.assemble([*packs.library().packs, packs.read_pack("notice", TABLE["own_pack"])]).choose()


@pytest.mark.parametrize(
    ("group", "case"), CASES, ids=[f"{group['edition']}-{group['grade']}-{case['why']}" for group, case in CASES]
)
def test_a_person_gets_the_verdict_that_the_text_gives(group: dict[str, Any], case: dict[str, Any]) -> None:
    on, grade = case.get("on", TABLE["on"]), Grade(group["grade"])
    conditions = rules().conditions(group["edition"], on)

    verdict = judge(background(case), OWN, grade, conditions, on, related=[RELATED])

    told = "\n".join(verdict.proof.lines())
    assert verdict.answer.value == case["answer"], told
    assert verdict.met_by == tuple(f"{group['edition']}/{_short(grade)}/{one}" for one in case.get("by", ())), told


def _short(grade: Grade) -> str:
    """The Guangdong pack's ids say special for 特级技师 and chief for 首席技师."""
    return {Grade.SPECIAL_TECHNICIAN: "special", Grade.CHIEF_TECHNICIAN: "chief"}.get(grade, grade.value)


def test_the_table_is_large_and_says_nothing_that_is_not_read() -> None:
    assert len(CASES) >= 80
    for _group, case in CASES:
        assert case.keys() <= KEYS | {"on", "answer", "by", "why"} and case["why"]
        assert (case["answer"] == "met") == bool(case.get("by"))


def test_every_shipped_condition_is_met_by_somebody_in_the_table() -> None:
    met = {(group["edition"], group["grade"], number) for group, case in CASES for number in case.get("by", ())}
    shipped = {
        (rule.edition, rule.grades[0], int(rule.clause.id.rsplit("/", 1)[1]))
        for pack in packs.library().packs
        for rule in pack.rules
        if rule.kind == "condition"
    }

    assert shipped <= met
