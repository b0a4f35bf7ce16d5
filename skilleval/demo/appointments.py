"""特级技师 and 首席技师: nominated in a window of the province, appointed after its list; outside a known window refused."""

from datetime import date
from typing import Any

from skilleval.demo.files import write_toml
from skilleval.demo.firms import LEAD
from skilleval.demo.people import ELECTRICIAN, Employee
from skilleval.demo.rosters import cast_of
from skilleval.demo.story import TODAY, Story

_NOMINATED, _APPOINTED = date(2025, 8, 18), date(2025, 12, 20)
_FIRM = ("--institution", LEAD.credit_code)


def appoint(story: Story) -> dict[str, Any]:
    """Three nominations of 2025, two of them appointed; one of 2026, of which nobody has read a window."""
    special, waiting, chief, late = cast_of(story, "评聘")
    rows = [
        _nominate(story, special, "特级技师", "A"),
        _nominate(story, waiting, "特级技师", "A"),
        _nominate(story, chief, "首席技师", "D"),
    ]
    for row in (rows[0], rows[2]):
        story.run(
            "appointments", "appoint", row["nomination"], *_FIRM, "--list-number", "粤人社函〔2025〕示例9号",
            "--from", "2026-01-01", "--to", "2028-12-31", "--on", _APPOINTED.isoformat(), on=_APPOINTED,
        )  # fmt: skip
    file = write_toml(story.out / "文件" / f"推荐_{late.employee_no}.toml", _content(late, "特级技师", "A", 2026))
    refused = story.run("appointments", "nominate", file, on=TODAY, expect=1)
    listed = story.run("appointments", "list", *_FIRM, "--out", story.out / "评聘推荐表.xlsx", on=TODAY)
    return {
        "nominated": len(listed), "appointed": sum(bool(one["appointed_on"]) for one in listed),
        "late": late.name, "why": refused["reasons"],
    }  # fmt: skip


def _nominate(story: Story, person: Employee, grade: str, route: str) -> Any:
    file = write_toml(story.out / "文件" / f"推荐_{person.employee_no}.toml", _content(person, grade, route, 2025))
    return story.run("appointments", "nominate", file, on=_NOMINATED)


def _content(person: Employee, grade: str, route: str, year: int) -> dict[str, Any]:
    content: dict[str, Any] = {
        "institution": LEAD.credit_code, "year": year, "period": 2, "person": person.employee_no, "grade": grade,
        "occupation_code": ELECTRICIAN.code, "route": route, "current_grade": "高级技师",
        "achievements": "主持伺服压机改造，停机时间下降四成；带徒6人。", "votes_for": 7, "votes_cast": 7,
        "notice_from": date(year, 6, 24), "notice_to": date(year, 6, 30), "post": f"电气{grade[:2]}技术岗",
        "term_from": date(year + 1, 1, 1), "term_to": date(year + 3, 12, 31), "pay": "按技能岗位绩效工资第七档",
        "nominated_on": _NOMINATED if year == _NOMINATED.year else TODAY,
    }  # fmt: skip
    if route == "D":
        content["honour"] = [
            {"kind": "中华技能大奖", "name": "中华技能大奖（演示）", "issuer": "演示部门", "level": "国家级", "obtained_on": date(2024, 12, 1)}
        ]
    return content
