"""Calendar arithmetic of whole months and years, by the last-day rule of 民法典 201–202 (confidence medium)."""

import calendar
from datetime import date


def add_months(day: date, months: int) -> date:
    """The same calendar day ``months`` later, or the last day of that month where it does not exist."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def add_years(day: date, years: int) -> date:
    """The same calendar day ``years`` later, or the last day of that month where it does not exist."""
    return add_months(day, 12 * years)


def latest_start(on: date, years: int) -> date:
    """The last day from which ``years`` are full by ``on``: ``add_years(day, years) <= on`` just for days up to it."""
    year = on.year - years
    # On the last day of February, 29 February is full too where the year has none.
    if on.day == calendar.monthrange(on.year, on.month)[1]:
        return date(year, on.month, calendar.monthrange(year, on.month)[1])
    return on.replace(year=year)
