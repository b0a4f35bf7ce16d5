import itertools
from dataclasses import replace
from datetime import date

import pytest

from skilleval.domain.errors import RuleBroken
from skilleval.domain.lifecycle import NEXT, OWN_COMMAND, STATES, BatchFacts, label, missing_for, next_states, step

ROAD = ["draft", "enrolling", "reviewed", "scheduled", "marking", "settled", "noticed", "cleared", "certified",
        "filed", "archived"]  # fmt: skip
READY = BatchFacts(on=date(2026, 6, 8), starts_on=date(2026, 6, 8), candidates=2, eligible=2, supervisors=1, venues=1)


def test_a_batch_walks_the_whole_road_in_order() -> None:
    for state, following in itertools.pairwise(ROAD):
        assert step("batch", state, following) == following


def test_every_state_named_in_the_table_has_a_label() -> None:
    for (kind, state), following in NEXT.items():
        assert all(label(kind, one) for one in (state, *following))
    assert set(OWN_COMMAND) <= set(STATES["batch"])


@pytest.mark.parametrize("kind", STATES)
def test_every_pair_that_is_not_in_the_table_is_refused(kind: str) -> None:
    for state in STATES[kind]:
        for to in STATES[kind]:
            if to not in next_states(kind, state):
                with pytest.raises(RuleBroken):
                    step(kind, state, to)


def test_a_refused_step_says_what_is_possible_instead() -> None:
    with pytest.raises(RuleBroken, match="enrolling（报名）"):
        step("batch", "draft", "settled")
    with pytest.raises(RuleBroken, match="已是最终状态"):
        step("batch", "archived", "draft")
    with pytest.raises(RuleBroken, match="没有“done”这个状态"):
        step("batch", "draft", "done")


@pytest.mark.parametrize(
    ("to", "change", "words"),
    [
        ("reviewed", {"candidates": 0}, "还没有考生"),
        ("reviewed", {"undecided": ("陈大文",)}, "1 名考生的资格尚未审定：陈大文"),
        ("reviewed", {"eligible": 0}, "没有一名考生通过"),
        ("scheduled", {"short_parts": (("高级工技能操作考核", 3, 2),)}, "至少需 3 名考评员，现指派 2 名"),
        ("scheduled", {"supervisors": 0}, "督导员"),
        ("scheduled", {"venues": 0}, "场地"),
        ("scheduled", {"double_roles": ("李四",)}, "李四 同时被指派"),
        ("marking", {"on": date(2026, 6, 7)}, "评价自 2026-06-08 开始"),
        ("marking", {"scope_problems": ("备案已过期",)}, "备案已过期"),
        ("enrolling", {"scope_problems": ("备案已过期",)}, "备案已过期"),
    ],
)
def test_what_is_missing_is_said(to: str, change: dict[str, object], words: str) -> None:
    assert missing_for(to, READY) == []

    missing = missing_for(to, replace(READY, **change))  # type: ignore[arg-type]

    assert len(missing) == 1 and words in missing[0]


def test_everything_that_is_missing_is_said_at_once() -> None:
    bare = replace(READY, supervisors=0, venues=0, short_parts=(("甲", 1, 0), ("乙", 1, 0)))

    assert len(missing_for("scheduled", bare)) == 4
