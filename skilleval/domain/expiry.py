"""When something that lasts until a day ends: valid, due for renewal, or over; and by how many days."""

import enum
from dataclasses import dataclass
from datetime import date

#: the parameter of the packs that says how many days ahead a card, a lease or a registration is due for renewal
LEAD = "expiry.lead_days"


class Expiry(enum.Enum):
    """How something that lasts until a day stands; unknown where nobody entered the day."""

    VALID = "valid"
    DUE = "due"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Term:
    """How it stands on a day, and the days left (negative: the days since); None where the last day is unknown."""

    expiry: Expiry
    days: int | None


def term(last_day: date | None, on: date, lead: int | None) -> Term:
    """How something stands on a day whose last valid day is ``last_day``: on that day itself it is still valid.

    ``lead`` are the days of ``LEAD``; where no pack says them (None), nothing is due before it is over.
    """
    if last_day is None:
        return Term(Expiry.UNKNOWN, None)
    days = (last_day - on).days
    if days < 0:
        return Term(Expiry.EXPIRED, days)
    return Term(Expiry.DUE if lead is not None and days <= lead else Expiry.VALID, days)
