"""Working days (工作日): weekdays less the holidays that the State Council names, plus its make-up working days."""

from dataclasses import dataclass
from datetime import date, timedelta

from skilleval.domain.errors import RuleBroken

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """The holiday tables that are known: which years, which weekdays are off, which weekend days are worked."""

    years: frozenset[int]
    holidays: frozenset[date]
    worked: frozenset[date]

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is worked. Refused with ``RuleBroken``: a year whose table is not known."""
        if day.year not in self.years:
            raise RuleBroken(
                f"没有 {day.year} 年的节假日安排，无法计算工作日；请把国务院办公厅公布的安排填入 "
                "instance/rulepacks/holidays.toml"
            )
        if day in self.worked:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays


def last_of_working_days(calendar: Calendar, first_day: date, count: int) -> date:
    """The last of ``count`` working days, of which ``first_day`` is the first if it is one itself."""
    if count < 1:
        raise RuleBroken(f"工作日数应至少为 1，现为 {count}")
    day = first_day
    while True:
        if calendar.is_working_day(day):
            count -= 1
            if count == 0:
                return day
        day += _ONE_DAY


def add_working_days(calendar: Calendar, day: date, count: int) -> date:
    """The working day that comes ``count`` working days after ``day``, which itself does not count."""
    return last_of_working_days(calendar, day + _ONE_DAY, count)


def working_days_between(calendar: Calendar, after: date, until: date) -> int:
    """How many working days lie after ``after`` up to and including ``until``; 0 when ``until`` is not later."""
    return sum(
        calendar.is_working_day(after + timedelta(days=offset)) for offset in range(1, (until - after).days + 1)
    )
