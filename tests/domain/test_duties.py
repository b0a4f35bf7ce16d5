from itertools import product

import pytest

from skilleval.domain.duties import DUTIES, clashes, exclude, merged_duties
from skilleval.domain.errors import RuleBroken

SMALL = merged_duties([["review", "approve"], ["register", "issue", "score"]])


@pytest.mark.parametrize(("one", "other"), [*product(DUTIES, DUTIES)])
def test_every_two_duties_exclude_each_other(one: str, other: str) -> None:
    assert exclude(one, other, ()) is (one != other)


@pytest.mark.parametrize(
    ("one", "other", "excluded"),
    [
        ("review", "approve", False), ("approve", "review", False), ("register", "score", False),
        ("score", "issue", False), ("review", "issue", True), ("approve", "register", True),
    ],
)  # fmt: skip
def test_a_setting_merges_duties_within_a_group_only(one: str, other: str, excluded: bool) -> None:
    assert exclude(one, other, SMALL) is excluded


def test_all_earlier_duties_that_exclude_are_named_in_their_order() -> None:
    assert clashes(["issue", "register", "review"], "score", ()) == ["register", "review", "issue"]
    assert clashes(["review"], "review", ()) == clashes([], "score", ()) == []
    assert clashes(["review", "register"], "approve", SMALL) == ["register"]


@pytest.mark.parametrize(("written", "words"), [([["sign", "review"]], "没有职责 sign"), ([["review"]], "至少"), ([[]], "至少")])
def test_a_wrong_setting_is_refused(written: list[list[str]], words: str) -> None:
    with pytest.raises(RuleBroken, match=words):
        merged_duties(written)
