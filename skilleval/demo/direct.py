"""Direct recognition (直接认定): with the wide power of the large chain lead, and the narrow one of a middle-sized supplier.

Of the lead's four cases one is refused; the supplier's batch is still in notice when the demo ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from skilleval.demo import road
from skilleval.demo.files import write_enrolment, write_toml
from skilleval.demo.firms import LEAD, MOULDS, PLANNED, Firm, batch_content
from skilleval.demo.people import MOULD_MAKER, Employee
from skilleval.demo.rosters import cast_of, moulds_cast
from skilleval.demo.story import Story

_VERIFIER, _DIRECTOR = "演示佐证核验员", "演示认定主任"
_CONCLUSION = "岗位职责、工作表现、工作业绩符合认定要求"
_AGAINST = "独立承担项目的时间短，业绩佐证不足以说明达到高级工"


@dataclass(frozen=True, slots=True)
class Sitting:
    """One batch of direct recognition: whose, and on which days."""

    firm: Firm
    batch: str
    name: str
    grades: Sequence[str]
    enrolled: date
    starts_on: date
    ends_on: date
    decided: date
    noticed: date


WIDE = Sitting(
    LEAD, "2026-MJ-01", "2026年第一批模具工直接认定", ("高级工", "技师", "高级技师"), date(2026, 5, 20), date(2026, 6, 8),
    date(2026, 6, 10), date(2026, 6, 11), date(2026, 6, 16),
)  # fmt: skip
NARROW = Sitting(
    MOULDS, "2026-ZJ-01", "2026年模具技师直接认定", ("技师", "高级技师"), date(2026, 6, 10), date(2026, 6, 24),
    date(2026, 6, 26), date(2026, 6, 29), date(2026, 7, 2),
)  # fmt: skip
_CLOSED, _OBJECTED = date(2026, 6, 25), date(2026, 7, 7)


def recognise(story: Story) -> dict[str, Any]:
    """Both batches: what came of the wide power, and of the narrow one."""
    return {"wide": _recognise_widely(story), "narrow": _recognise_narrowly(story)}


def _recognise_widely(story: Story) -> dict[str, Any]:
    """The lead's batch to its package: every grade, steps may be skipped; the last case is refused."""
    told = _decide_cases(story, WIDE, cast_of(story, "直接认定"), refused=1)
    road.publish_notice(story, WIDE.batch, WIDE.noticed)
    story.run("notices", "close", "--batch", WIDE.batch, on=_CLOSED)
    numbers = road.certify(story, WIDE.batch, _CLOSED)
    road.export(story, WIDE.batch, _CLOSED)
    return {**told, "certificates": numbers}


def _recognise_narrowly(story: Story) -> dict[str, Any]:
    """The supplier may not recognise 高级工 directly; its batch of 技师 is in notice, with an objection that is open."""
    too_wide = {**_plan(NARROW), "grades": ["高级工", *NARROW.grades]}
    file = story.out / "文件" / f"{NARROW.batch}_超出权限.toml"
    beyond = story.run("batches", "add", write_toml(file, too_wide), on=PLANNED, expect=1)
    told = _decide_cases(story, NARROW, moulds_cast(story), refused=0)
    notice = road.publish_notice(story, NARROW.batch, NARROW.noticed)
    story.run(
        "notices", "object", "--batch", NARROW.batch, "--by", "演示班组长", "--text", "请说明技术革新项目的主要完成人",
        "--candidate", notice["entries"][-1]["admission_number"], on=_OBJECTED,
    )  # fmt: skip
    return {**told, "beyond": beyond["reasons"], "last_day": notice["last_day"]}


def _plan(sitting: Sitting) -> dict[str, Any]:
    return batch_content(
        sitting.firm, MOULD_MAKER, sitting.batch, sitting.name, sitting.grades, enrol_until=sitting.enrolled,
        starts_on=sitting.starts_on, ends_on=sitting.ends_on,
    ) | {"route": "直接认定", "planned": 5}  # fmt: skip


def _decide_cases(story: Story, sitting: Sitting, people: Sequence[Employee], *, refused: int) -> dict[str, Any]:
    """From the batch file to settled results; the last ``refused`` cases are voted down."""
    files, batch = story.out / "文件", sitting.batch
    story.run("batches", "add", write_toml(files / f"{batch}.toml", _plan(sitting)), on=PLANNED)
    story.run("batches", "advance", batch, "enrolling", on=PLANNED)
    enrolment = write_enrolment(story.out / "报名" / f"报名表_{batch}.xlsx", people, {})
    story.run("candidates", "import", enrolment, "--batch", batch, on=sitting.enrolled)
    story.run(
        "panels", "assign", "--batch", batch, "--method", "direct", "--chair", "P01", "--member", "P02", "--member", "P03",
        "--reason", "按评价方案由三名专家组成", on=sitting.enrolled,
    )  # fmt: skip
    road.review(story, batch, sitting.enrolled, others=False)
    story.run("batches", "advance", batch, "marking", on=sitting.starts_on)
    story.run("evidence", "add", write_toml(files / f"{batch}_佐证.toml", _evidence(sitting, people)), on=sitting.starts_on)
    codes = [code for person in people for code in _codes(sitting, person)]
    story.run("evidence", "accept", *codes, on=sitting.starts_on, actor=_VERIFIER)
    laid = story.run(
        "recognitions", "add", write_toml(files / f"{batch}_案卷.toml", _cases(sitting, people)), on=sitting.starts_on
    )
    passed = len(laid) - refused
    cases = [_vote(story, sitting, one, agree=place < passed) for place, one in enumerate(laid)]
    story.run(
        "recognitions", "minutes", laid[0]["number"], "--out", story.out / "纪要" / f"{laid[0]['number']}.pdf",
        on=sitting.decided,
    )  # fmt: skip
    return {"cases": cases, "outcomes": story.run("marks", "settle", "--batch", batch, on=sitting.decided)}


def _vote(story: Story, sitting: Sitting, case: dict[str, Any], *, agree: bool) -> dict[str, Any]:
    """Three votes and the decision of one who did not assess."""
    for member in ("P01", "P02", "P03"):
        comment = ("--comment", _CONCLUSION if agree else _AGAINST) if member == "P01" else ()
        story.run(
            "recognitions", "vote", case["number"], "--member", member, "--agree" if agree else "--against", *comment,
            on=sitting.ends_on,
        )  # fmt: skip
    decided = story.run(
        "recognitions", "decide", case["number"], "--recognise" if agree else "--refuse", "--reason",
        "评审组一致同意" if agree else _AGAINST, on=sitting.decided, actor=_DIRECTOR,
    )  # fmt: skip
    return {"name": case["name"], "grade": case["grade"], **decided}


def _codes(sitting: Sitting, person: Employee) -> tuple[str, str]:
    lead = f"ZM-{sitting.batch[5:7]}-{person.employee_no[-3:]}"
    return f"{lead}-1", f"{lead}-2"


def _evidence(sitting: Sitting, people: Sequence[Employee]) -> dict[str, Any]:
    rows = []
    for person in people:
        post, innovation = _codes(sitting, person)
        rows += [
            {"code": post, "person": person.employee_no, "kind": "关键岗位实践", "title": "精密注塑模具装配与试模",
             "started_on": date(2023, 1, 1), "ended_on": date(2025, 12, 31), "issuer": "模具车间", "level": "企业级"},
            {"code": innovation, "person": person.employee_no, "kind": "技术革新", "title": "热流道模具快换改造",
             "started_on": date(2025, 6, 30), "issuer": "技术中心"},
        ]  # fmt: skip
    return {"institution": sitting.firm.credit_code, "evidence": rows}


def _cases(sitting: Sitting, people: Sequence[Employee]) -> dict[str, Any]:
    return {"batch": sitting.batch, "cases": [_case(sitting, person, place) for place, person in enumerate(people)]}


def _case(sitting: Sitting, person: Employee, place: int) -> dict[str, Any]:
    post, innovation = _codes(sitting, person)
    return {
        "candidate": person.employee_no,
        "methods": {"performance": 88.5 - place},
        "lines": [
            {"group": "岗位职责", "text": "独立承担模具装配与试模", "maximum": 30, "score": 27 - place, "must": True, "evidence": [post]},
            {"group": "工作表现", "text": "安全生产与纪律", "maximum": 30, "score": 26.5},
            {"group": "工作业绩", "text": "技术革新", "maximum": 40, "score": 36 - place, "must": True, "evidence": [innovation]},
        ],
    }  # fmt: skip
