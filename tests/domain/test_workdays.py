from datetime import date
from pathlib import Path

import pytest

from skilleval.domain.errors import RuleBroken
from skilleval.domain.workdays import add_working_days, last_of_working_days, working_days_between
from skilleval.holidays import load_calendar

CALENDAR = load_calendar()


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 6, 1), True),  # an ordinary Monday
        (date(2026, 6, 6), False),  # a Saturday
        (date(2026, 6, 19), False),  # 端午, a Friday
        (date(2026, 5, 9), True),  # a Saturday worked for 劳动节
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),
        (date(2025, 1, 26), True),
        (date(2024, 2, 16), False),
    ],
)
def test_a_day_is_worked_or_not_by_the_notice_of_its_year(day: date, worked: bool) -> None:
    assert CALENDAR.is_working_day(day) is worked


@pytest.mark.parametrize(
    ("first", "count", "last"),
    [
        (date(2026, 6, 15), 5, date(2026, 6, 22)),  # over 端午 and a weekend
        (date(2026, 6, 13), 1, date(2026, 6, 15)),  # begun on a Saturday
        (date(2026, 9, 28), 5, date(2026, 10, 9)),  # over 国庆
        (date(2026, 5, 8), 2, date(2026, 5, 9)),  # the make-up Saturday counts
    ],
)
def test_a_period_of_working_days_ends_on_its_last_working_day(first: date, count: int, last: date) -> None:
    assert last_of_working_days(CALENDAR, first, count) == last


def test_adding_working_days_does_not_count_the_day_itself() -> None:
    assert add_working_days(CALENDAR, date(2026, 6, 12), 1) == date(2026, 6, 15)
    assert working_days_between(CALENDAR, date(2026, 6, 12), date(2026, 6, 22)) == 5
    assert working_days_between(CALENDAR, date(2026, 6, 12), date(2026, 6, 12)) == 0


def test_a_year_without_a_table_is_unknown_not_guessed() -> None:
    with pytest.raises(RuleBroken, match="2030"):
        last_of_working_days(CALENDAR, date(2030, 12, 30), 5)


def test_a_firm_adds_a_year_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "rulepacks").mkdir()
    text = '[2031]\nsource = "通知"\nholidays = ["2031-01-01"]\nworked = []\n'
    (tmp_path / "rulepacks" / "holidays.toml").write_text(text, encoding="utf-8")

    calendar = load_calendar(tmp_path)

    assert not calendar.is_working_day(date(2031, 1, 1))
    assert calendar.is_working_day(date(2026, 6, 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[2031]\nholidays = []", "source"),
        ('[2031]\nsource = "x"\nholidays = ["2030-01-01"]', "不在该年"),
        ('[2031]\nsource = "x"\nholidays = ["1月1日"]', "不是日期"),
        ('[2031]\nsource = "x"\nholiday = []', "holiday"),
        ("[next]\nsource = 'x'", "不是年份"),
        ("[", "无法读取"),
    ],
)
def test_a_malformed_table_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "rulepacks").mkdir()
    (tmp_path / "rulepacks" / "holidays.toml").write_text(text, encoding="utf-8")

    with pytest.raises(RuleBroken, match=words):
        load_calendar(tmp_path)
