"""Deadlines in working days: is one kept, what is its last day, how many days are left?"""

from dataclasses import dataclass
from datetime import date

from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Answer, Proof, Rule, no_version, prove_value
from skilleval.domain.workdays import Calendar, add_working_days, working_days_between


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline of so many working days with the proof of whether it is kept.

    ``last_day`` is None where it can't be told; ``left`` counts the working days after the day asked, negative when the
    deadline is over, and None where it can't be told or the thing is done.
    """

    proof: Proof
    last_day: date | None = None
    left: int | None = None


def prove_deadline(
    rule_id: str, rule: Rule | None, text: str, calendar: Calendar, *, after: date, done_on: date | None, on: date
) -> Deadline:
    """Whether what has to be done within so many working days after a day is done in time, or may still be.

    Unknown: no version of the rule is in force, it has no value, or the holiday table lacks a year that decides.
    """
    if rule is None:
        return Deadline(no_version(rule_id, after, text))
    if rule.value is None:
        return Deadline(prove_value(rule, None, text, "规则包没有写明天数", "规则包"))
    try:
        last_day = add_working_days(calendar, after, rule.value)
    except RuleBroken as refusal:
        return _without_last_day(rule, text, calendar, after, done_on, refusal.message)
    if done_on is not None:
        answer = Answer.MET if done_on <= last_day else Answer.NOT_MET
        return Deadline(Proof(answer, text, rule.clause, f"{done_on} 完成，期限 {last_day}", (), "批次"), last_day)
    if on <= last_day:
        left = working_days_between(calendar, on, last_day)
        told = f"期限 {last_day}，还剩 {left} 个工作日"
        return Deadline(Proof(Answer.MET, text, rule.clause, told, (), "批次"), last_day, left)
    try:
        over = working_days_between(calendar, last_day, on)
    except RuleBroken:
        return Deadline(Proof(Answer.NOT_MET, text, rule.clause, f"期限 {last_day} 已过", (), "批次"), last_day)
    told = f"期限 {last_day} 已过，逾期 {over} 个工作日"
    return Deadline(Proof(Answer.NOT_MET, text, rule.clause, told, (), "批次"), last_day, -over)


def _without_last_day(
    rule: Rule, text: str, calendar: Calendar, after: date, done_on: date | None, why: str
) -> Deadline:
    """The last day lies in a year that is not known: only what was done before that year is known to be in time."""
    if done_on is not None and all(year in calendar.years for year in range(after.year, done_on.year + 1)):
        return Deadline(Proof(Answer.MET, text, rule.clause, f"{done_on} 完成，未满 {rule.value} 个工作日", (), "批次"))
    return Deadline(Proof(Answer.UNKNOWN, text, rule.clause, why, (), "节假日表"))
