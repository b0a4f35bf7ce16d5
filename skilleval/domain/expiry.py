"""When something that lasts until a day ends: valid, due for renewal, or over; and by how many days."""

import enum
from dataclasses import dataclass
from datetime import date

#: the lead in days for renewing a card or a registration; the software's own, for no text names one
LEAD_DAYS = 90


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


def term(last_day: date | None, on: date) -> Term:
    """How something stands on a day whose last valid day is ``last_day``: on that day itself it is still valid."""
    if last_day is None:
        return Term(Expiry.UNKNOWN, None)
    days = (last_day - on).days
    if days < 0:
        return Term(Expiry.EXPIRED, days)
    return Term(Expiry.DUE if days <= LEAD_DAYS else Expiry.VALID, days)
