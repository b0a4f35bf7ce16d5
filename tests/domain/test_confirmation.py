from dataclasses import replace
from datetime import date

import pytest

from skilleval import packs
from skilleval.domain.confirmation import TERMS, Apprentice, FirmRule, hired_before, prove_confirmation
from skilleval.domain.rules import Answer, Rule

ON = date(2026, 6, 8)
RULE = FirmRule("转正定级办法", "2025版", "岭精工〔2025〕8号")
READY = Apprentice(date(2026, 5, 31), date(2026, 5, 31), True, RULE)


def terms(on: date = ON) -> dict[str, Rule | None]:
    return {key: packs.load().find(key, on) for key in TERMS}


@pytest.mark.parametrize("period", ["probation_to", "mentoring_to"])
@pytest.mark.parametrize(
    ("last_day", "answer"),
    [
        (date(2026, 6, 7), Answer.MET),
        (date(2026, 6, 8), Answer.NOT_MET),
        (date(2026, 6, 9), Answer.NOT_MET),
        (None, Answer.UNKNOWN),
    ],
)
def test_both_periods_must_be_over(period: str, last_day: date | None, answer: Answer) -> None:
    assert prove_confirmation(replace(READY, **{period: last_day}), terms(), ON).answer is answer


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        ({"has_mentor": False}, "confirmation.mentor"),
        ({"rule": None}, "confirmation.own_rule"),
        ({"probation_to": ON}, "confirmation.probation_over"),
        ({"mentoring_to": ON}, "confirmation.mentoring_over"),
    ],
)
def test_each_thing_that_is_missing_is_told_with_its_clause(change: dict[str, object], clause: str) -> None:
    proof = prove_confirmation(replace(READY, **change), terms(), ON)

    failing = [leaf.clause for leaf in proof.leaves() if leaf.answer is Answer.NOT_MET]
    assert proof.answer is Answer.NOT_MET
    assert [one.id for one in failing] == [clause] and failing[0].source == "人社部发〔2022〕14号"


def test_before_the_first_version_of_the_rules_it_is_unknown() -> None:
    early = date(2017, 12, 31)
    ready = replace(READY, probation_to=date(2017, 1, 1), mentoring_to=date(2017, 1, 1))

    assert prove_confirmation(ready, terms(early), early).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("on", "hired"),
    [
        (date(2026, 6, 8), date(2025, 12, 7)), (date(2026, 8, 31), date(2026, 2, 27)), (date(2026, 7, 1), date(2025, 12, 31)),
        (date(2026, 12, 31), date(2026, 6, 29)),
    ],
)  # fmt: skip
def test_the_longest_probation_is_over_for_whoever_was_hired_before(on: date, hired: date) -> None:
    assert hired_before(on, 6) == hired
