"""Batches that are not over when the demo ends: one open for enrolment, one being scored, one planned."""

from datetime import date
from typing import Any

from skilleval.demo import road
from skilleval.demo.files import write_enrolment, write_marks, write_toml
from skilleval.demo.firms import LEAD, MACHINING, batch_content
from skilleval.demo.people import ELECTRICIAN, MACHINIST, ROBOT_OPERATOR
from skilleval.demo.rosters import cast_of, crowd_of
from skilleval.demo.story import TODAY, Story

ENROLLING, MARKING, DRAFT = "2026-JQ-01", "2026-SK-01", "2026-DG-02"
_PLANNED, _ENTERED = date(2026, 6, 15), date(2026, 7, 3)


def leave_open(story: Story) -> dict[str, Any]:
    """Make the three batches; what is known of those who applied, how far the marks are, and of one who is close
    to a grade, from when."""
    applied = _enrolling(story)
    marked = _marking(story)
    plan = batch_content(
        LEAD, ELECTRICIAN, DRAFT, "2026年第二批电工职业技能等级认定", ("初级工", "中级工", "高级工"),
        enrol_until=date(2026, 8, 10), starts_on=date(2026, 8, 31), ends_on=date(2026, 9, 4),
    )  # fmt: skip
    story.run("batches", "add", write_toml(story.out / "文件" / f"{DRAFT}.toml", plan), on=_ENTERED)
    close, *_others = cast_of(story, "将满")
    soon = story.run("people", "next", close.employee_no, "--institution", LEAD.credit_code, on=TODAY)
    return {"applied": applied, "marked": marked, "soon": soon}


def _enrolling(story: Story) -> dict[str, int]:
    plan = batch_content(
        LEAD, ROBOT_OPERATOR, ENROLLING, "2026年第一批工业机器人系统操作员认定", ("中级工", "高级工", "技师", "高级技师"),
        enrol_until=date(2026, 7, 15), starts_on=date(2026, 8, 3), ends_on=date(2026, 8, 5),
    )  # fmt: skip
    story.run("batches", "add", write_toml(story.out / "文件" / f"{ENROLLING}.toml", plan), on=_PLANNED)
    story.run("batches", "advance", ENROLLING, "enrolling", on=_PLANNED)
    people = [*crowd_of(story, LEAD, ROBOT_OPERATOR), *cast_of(story, "将满")]
    file = write_enrolment(story.out / "报名" / f"报名表_{ENROLLING}.xlsx", people, {})
    story.run("candidates", "import", file, "--batch", ENROLLING, on=_ENTERED)
    listed = story.run("candidates", "list", "--batch", ENROLLING, on=_ENTERED)
    return {word: sum(row["verdict"] == word for row in listed) for word in ("met", "not_met", "unknown")}


def _marking(story: Story) -> int:
    """The supplier's own batch; half of its candidates are marked."""
    plan = batch_content(
        MACHINING, MACHINIST, MARKING, "2026年第一批数控机床操作调整工认定", ("中级工", "高级工", "技师", "高级技师"),
        enrol_until=date(2026, 6, 26), starts_on=date(2026, 7, 6), ends_on=date(2026, 7, 10),
    )  # fmt: skip
    story.run("batches", "add", write_toml(story.out / "文件" / f"{MARKING}.toml", plan), on=_PLANNED)
    story.run("batches", "advance", MARKING, "enrolling", on=_PLANNED)
    people = crowd_of(story, MACHINING, MACHINIST)
    file = write_enrolment(story.out / "报名" / f"报名表_{MARKING}.xlsx", people, {})
    story.run("candidates", "import", file, "--batch", MARKING, on=date(2026, 6, 25))
    road.review(story, MARKING, date(2026, 6, 29), others=True)
    story.run("batches", "advance", MARKING, "marking", on=date(2026, 7, 6))
    marks = write_marks(story, MARKING, story.out / "成绩" / f"成绩表_{MARKING}.xlsx", halfway=True)
    entered: int = story.run("marks", "import", marks, "--batch", MARKING, on=date(2026, 7, 7))["new"]
    return entered
