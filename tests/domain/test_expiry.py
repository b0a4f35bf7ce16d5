"""How long something lasts: boundaries on both sides."""

from datetime import date, timedelta

import pytest

from skilleval.domain.expiry import LEAD_DAYS, Expiry, term

TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("left", "expiry"),
    [
        (LEAD_DAYS + 1, Expiry.VALID),
        (LEAD_DAYS, Expiry.DUE),
        (1, Expiry.DUE),
        (0, Expiry.DUE),
        (-1, Expiry.EXPIRED),
    ],
)
def test_the_last_day_still_counts_and_the_lead_begins_ninety_days_before(left: int, expiry: Expiry) -> None:
    found = term(TODAY + timedelta(days=left), TODAY)

    assert (found.expiry, found.days) == (expiry, left)


def test_without_a_last_day_nobody_knows() -> None:
    assert (term(None, TODAY).expiry, term(None, TODAY).days) == (Expiry.UNKNOWN, None)
