from datetime import date

import pytest

from skilleval.domain.chains import MANDATE_STATES, Mandate, Membership, mandate_proof, mandate_state
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer

E, OTHER = "6-31-01-03", "6-18-01-01"
ON = date(2026, 6, 8)
MEMBER = Membership("甲链", date(2025, 1, 1))
MANDATE = Mandate("甲链", "X1", date(2025, 1, 1), date(2026, 12, 31), (E,), (Grade.SENIOR,))

#: (memberships, mandates, holds, words of the reason)
TABLE = [
    ([MEMBER], [MANDATE], True, "X1"),
    ([], [MANDATE], False, "不是任何链的链员"),
    ([MEMBER], [], False, "没有服务关系"),
    # the first and the last day of a membership count, the days beside them do not
    ([Membership("甲链", ON)], [MANDATE], True, "X1"),
    ([Membership("甲链", date(2026, 6, 9))], [MANDATE], False, "2026-06-09加入"),
    ([Membership("甲链", date(2025, 1, 1), ON)], [MANDATE], True, "X1"),
    ([Membership("甲链", date(2025, 1, 1), date(2026, 6, 7))], [MANDATE], False, "2026-06-07退出"),
    # a member that came back
    ([Membership("甲链", date(2020, 1, 1), date(2021, 1, 1)), Membership("甲链", ON)], [MANDATE], True, "X1"),
    # a member of another chain
    ([Membership("乙链", date(2025, 1, 1))], [MANDATE], False, "当日不是“甲链”的链员"),
    # the days of the mandate
    ([MEMBER], [Mandate("甲链", "X2", ON, ON)], True, "X2"),
    ([MEMBER], [Mandate("甲链", "X2", date(2026, 6, 9), date(2026, 12, 31))], False, "2026-06-09起才有效"),
    ([MEMBER], [Mandate("甲链", "X2", date(2025, 1, 1), date(2026, 6, 7))], False, "2026-06-07已到期"),
    # revoked from a day on, that day included
    ([MEMBER], [Mandate("甲链", "X2", date(2025, 1, 1), date(2026, 12, 31), revoked_on=ON)], False, "2026-06-08已撤销"),
    ([MEMBER], [Mandate("甲链", "X2", date(2025, 1, 1), date(2026, 12, 31), revoked_on=date(2026, 6, 9))], True, "X2"),
    # occupations and grades; none named is all
    ([MEMBER], [Mandate("甲链", "X2", date(2025, 1, 1), date(2026, 12, 31), (OTHER,))], False, f"不包括职业 {E}"),
    ([MEMBER], [Mandate("甲链", "X2", date(2025, 1, 1), date(2026, 12, 31), (), (Grade.JUNIOR,))], False, "不包括三级/高级工"),
    ([MEMBER], [Mandate("甲链", "X2", date(2025, 1, 1), date(2026, 12, 31))], True, "X2"),
    # one that holds is enough
    ([MEMBER], [Mandate("甲链", "X2", date(2020, 1, 1), date(2020, 1, 2)), MANDATE], True, "X1"),
]  # fmt: skip


@pytest.mark.parametrize(("memberships", "mandates", "holds", "words"), TABLE)
def test_a_mandate_holds_or_says_why_not(
    memberships: list[Membership], mandates: list[Mandate], holds: bool, words: str
) -> None:
    proof = mandate_proof(memberships, mandates, E, Grade.SENIOR, ON)

    assert proof.answer is (Answer.MET if holds else Answer.NOT_MET)
    assert words in " ".join(leaf.fact for leaf in proof.leaves())
    assert all(leaf.clause.text and leaf.clause.source and leaf.origin for leaf in proof.leaves())


@pytest.mark.parametrize(
    ("on", "revoked_on", "notice_days", "state"),
    [
        (date(2024, 12, 31), None, 60, "coming"), (date(2025, 1, 1), None, 60, "valid"),
        (date(2026, 10, 31), None, 60, "valid"), (date(2026, 11, 1), None, 60, "expiring"),
        (date(2026, 12, 31), None, 60, "expiring"), (date(2027, 1, 1), None, 60, "over"),
        (ON, date(2026, 6, 9), 60, "valid"), (ON, ON, 60, "over"), (date(2024, 12, 31), date(2024, 6, 1), 60, "over"),
        # nobody says how many days: nothing is about to expire
        (date(2026, 12, 31), None, None, "valid"), (date(2027, 1, 1), None, None, "over"),
    ],
)  # fmt: skip
def test_a_mandate_is_coming_valid_about_to_expire_or_over(on: date, revoked_on: date | None, notice_days: int | None, state: str) -> None:
    mandate = Mandate("甲链", "X1", date(2025, 1, 1), date(2026, 12, 31), revoked_on=revoked_on)

    assert mandate_state(mandate, on, notice_days) == state
    assert state in MANDATE_STATES
