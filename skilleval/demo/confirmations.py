"""学徒工 confirmed (转正定级) by the firm's own rule; one not, and one whose mentoring is not over."""

from datetime import date
from typing import Any

from skilleval.demo.files import write_toml
from skilleval.demo.firms import LEAD
from skilleval.demo.people import ELECTRICIAN, Employee
from skilleval.demo.rosters import cast_of
from skilleval.demo.story import TODAY, Story

_CONFIRMED = date(2026, 6, 1)


def confirm(story: Story) -> dict[str, Any]:
    """Four apprentices: two pass, one fails, one is refused because the time with the mentor goes on."""
    *ready, early = cast_of(story, "学徒")
    mentors = cast_of(story, "评聘")
    for apprentice, mentor, result in zip(ready, mentors, ("合格", "合格", "不合格"), strict=False):
        _add(story, _content(apprentice, mentor, result, date(2026, 5, 31)), _CONFIRMED)
    refused = _add(story, _content(early, mentors[-1], "合格", date(2026, 10, 31)), TODAY, expect=1)
    listed = story.run("confirmations", "list", "--institution", LEAD.credit_code, on=TODAY)
    passed = sum(one["result"] == "passed" for one in listed)
    return {"passed": passed, "failed": len(listed) - passed, "early": early.name, "why": refused["reasons"]}


def _add(story: Story, content: dict[str, Any], on: date, expect: int = 0) -> Any:
    file = write_toml(story.out / "文件" / f"转正_{content['person']}.toml", content)
    return story.run("confirmations", "add", file, on=on, expect=expect)


def _content(apprentice: Employee, mentor: Employee, result: str, over: date) -> dict[str, Any]:
    return {
        "institution": LEAD.credit_code, "person": apprentice.employee_no, "post": ELECTRICIAN.posts[0],
        "occupation_code": ELECTRICIAN.code, "mentor": mentor.employee_no, "agreement": f"SF-{apprentice.employee_no[-4:]}",
        "probation_to": min(over, date(2026, 5, 31)), "mentoring_to": over, "result": result,
        "confirmed_on": _CONFIRMED if over < _CONFIRMED else TODAY, "by": "技能人才评价委员会",
        "rule": {"name": "学徒工转正定级办法", "version": "2025版", "document": "岭精工〔2025〕8号"},
    }  # fmt: skip
