import json
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from skilleval.domain.backgrounds import (
    LISTS,
    Background,
    Diploma,
    Evidence,
    HeldCertificate,
    Title,
    Work,
    background_as_plain,
    background_from_plain,
)
from skilleval.domain.candidacy import FORM, Application, Terms, judge_candidate, rule_differences
from skilleval.domain.eligibility import Condition, Requirement
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from tests.factories import entry_conditions

DAY = date(2026, 6, 8)
HELD = HeldCertificate(Grade.INTERMEDIATE, "6-31-01-03", date(2015, 6, 8))
FULL = Background(
    birth_date=date(1990, 2, 28),
    work=(Work("6-31-01-03", date(2010, 1, 4)), Work(None, None, date(2009, 1, 1))),
    certificates=(HELD, HeldCertificate(Grade.JUNIOR, None, None)),
    titles=(Title("senior", None, date(2020, 2, 29)),),
    diplomas=(Diploma("college", True, None, False),),
    evidence=(Evidence("honour", None, date(2024, 1, 1)),),
    facts={"employment": "contract", "hired_on": date(2010, 1, 4), "ceiling": Grade.SENIOR, "large": None},
)


@pytest.mark.parametrize(
    "background", [FULL, Background(), Background(work=(), certificates=(), titles=(), diplomas=(), evidence=())]
)
def test_a_background_comes_back_as_it_was_kept(background: Background) -> None:
    assert background_from_plain(json.loads(json.dumps(background_as_plain(background)))) == background


def test_every_part_of_a_background_is_kept() -> None:
    assert {one.name for one in fields(Background)} == {"birth_date", "facts", *LISTS}


def test_a_fact_that_no_rule_knows_is_not_kept() -> None:
    assert background_as_plain(Background(facts={"name": "陈大文"}))["facts"] == {}


def test_an_application_comes_back_as_it_was_kept() -> None:
    whole = Application(FULL, "6-31-01-03", Grade.SENIOR, DAY, "2018", ("6-31-01-04",), "2018/senior/1", (HELD,))

    assert Application.from_plain(json.loads(json.dumps(whole.as_plain()))) == whole


@pytest.mark.parametrize(
    "plain", [{}, [], None, {"form": "x"}, {"form": FORM}, {"form": FORM, "background": {"work": 3}}]
)
def test_what_is_no_application_is_refused(plain: Any) -> None:
    with pytest.raises(RuleBroken, match=r"判断依据|个人情况"):
        Application.from_plain(plain)


def test_rules_that_do_not_hold_on_a_day_make_the_verdict_unknown() -> None:
    application = Application(FULL, "6-31-01-03", Grade.SENIOR, DAY, "2018", claimed="2018/senior/1")

    bare = judge_candidate(application, Terms((), None, None))

    assert bare.answer.value == "unknown"
    assert [leaf.clause.id for leaf in bare.proof.leaves()] == [
        "senior", "certificate.duplicate", "certificate.window", "2018/senior/1",
    ]  # fmt: skip
    assert bare.skips_grade and not judge_candidate(
        Application(FULL, "6-31-01-03", Grade.SENIOR, DAY, "2018", held=(HELD,)), Terms(entry_conditions("2018"), None, None)
    ).skips_grade


def test_a_rule_that_has_another_version_is_told_with_both_wordings() -> None:
    application = Application(FULL, "6-31-01-03", Grade.SENIOR, DAY, "2018", held=(HELD,))
    known = [one for one in entry_conditions("2018") if one.clause.id == "2018/senior/1"]
    stricter = Condition(Grade.SENIOR, replace(known[0].clause, text="须满60周岁"), (Requirement(age=60),))
    fresh = Condition(Grade.SENIOR, replace(known[0].clause, id="2018/senior/9", text="须满16周岁"), (Requirement(age=16),))

    then, now = (judge_candidate(application, Terms(terms, None, None)).proof for terms in (known, [stricter, fresh]))

    assert rule_differences(then, then) == []
    assert rule_differences(then, now) == [
        "2018/senior/1：当时符合，该日不符合（1990-02-28出生，2050-02-28满60周岁）；条文不同："
        f"{known[0].clause.text} → 须满60周岁",
        "2018/senior/9：当时没有、该日有效（须满16周岁）",
    ]
    assert rule_differences(now, then)[1] == "2018/senior/9：当时有效、该日没有有效版本（须满16周岁）"
