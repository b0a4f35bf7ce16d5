"""How long something lasts: boundaries on both sides."""

from datetime import date, timedelta

import pytest

from skilleval.domain.expiry import Expiry, term

TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("left", "lead", "expiry"),
    [
        (91, 90, Expiry.VALID),
        (90, 90, Expiry.DUE),
        (1, 90, Expiry.DUE),
        (0, 90, Expiry.DUE),
        (-1, 90, Expiry.EXPIRED),
        (31, 30, Expiry.VALID),
        (30, 30, Expiry.DUE),
        (0, 0, Expiry.DUE),
        (1, None, Expiry.VALID),
        (0, None, Expiry.VALID),
        (-1, None, Expiry.EXPIRED),
    ],
)
def test_the_last_day_still_counts_and_the_lead_begins_so_many_days_before(
    left: int, lead: int | None, expiry: Expiry
) -> None:
    found = term(TODAY + timedelta(days=left), TODAY, lead)

    assert (found.expiry, found.days) == (expiry, left)


def test_without_a_last_day_nobody_knows() -> None:
    assert (term(None, TODAY, 90).expiry, term(None, TODAY, 90).days) == (Expiry.UNKNOWN, None)
