from dataclasses import replace
from datetime import date

import pytest

from skilleval import holidays, packs
from skilleval.domain.deadlines import prove_deadline
from skilleval.domain.rules import Rule
from skilleval.domain.workdays import Calendar

CALENDAR = holidays.load_calendar()
ENDED = date(2026, 6, 12)  # a Friday; 2026-06-19 is 端午节, so that ten working days end on Monday the 29th
RULE = packs.load().parameter("results.working_days", ENDED)


def ask(
    on: date, done_on: date | None = None, *, rule: Rule | None = RULE, after: date = ENDED, calendar: Calendar = CALENDAR
) -> tuple[str, date | None, int | None, str]:
    found = prove_deadline("results.working_days", rule, "按期上报", calendar, after=after, done_on=done_on, on=on)
    assert found.proof.clause.text
    return found.proof.answer.value, found.last_day, found.left, found.proof.fact


@pytest.mark.parametrize(
    ("on", "answer", "left", "words"),
    [
        (date(2026, 6, 15), "met", 9, "还剩 9 个工作日"),
        (date(2026, 6, 28), "met", 1, "还剩 1 个工作日"),
        (date(2026, 6, 29), "met", 0, "还剩 0 个工作日"),
        (date(2026, 6, 30), "not_met", -1, "逾期 1 个工作日"),
        (date(2027, 6, 30), "not_met", None, "期限 2026-06-29 已过"),  # no table for 2027
    ],
)
def test_a_deadline_counts_working_days_after_the_evaluation(on: date, answer: str, left: int | None, words: str) -> None:
    assert ask(on)[:3] == (answer, date(2026, 6, 29), left)
    assert words in ask(on)[3]


@pytest.mark.parametrize(("done_on", "answer"), [(date(2026, 6, 29), "met"), (date(2026, 6, 30), "not_met")])
def test_what_is_done_is_in_time_or_late_whatever_today_is(done_on: date, answer: str) -> None:
    assert ask(date(2026, 12, 1), done_on)[:3] == (answer, date(2026, 6, 29), None)


def test_a_weekend_after_the_last_day_is_late() -> None:
    shorter = replace(RULE, value=4)  # ends on Thursday the 18th; the 19th is a holiday, then comes the weekend

    assert ask(date(2026, 6, 20), rule=shorter)[:3] == ("not_met", date(2026, 6, 18), 0)


def test_a_year_without_a_holiday_table_makes_it_unknown() -> None:
    late = date(2026, 12, 28)

    assert ask(date(2026, 12, 30), after=late)[:3] == ("unknown", None, None)
    assert ask(date(2027, 1, 30), date(2027, 1, 4), after=late)[0] == "unknown"
    assert ask(date(2027, 1, 30), date(2026, 12, 31), after=late)[0] == "met"
    assert "没有 2027 年的节假日安排" in ask(date(2026, 12, 30), after=late)[3]


def test_no_version_in_force_and_no_value_make_it_unknown() -> None:
    assert ask(date(2026, 6, 15), rule=None)[0] == "unknown"
    assert "没有有效版本" in ask(date(2026, 6, 15), rule=None)[3]
    assert ask(date(2026, 6, 15), rule=replace(RULE, value=None))[0] == "unknown"
