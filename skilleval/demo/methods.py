"""Marks by schemes (评分办法): a criterion sheet, a performance review and a process assessment, from definition to package."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from skilleval.demo import road
from skilleval.demo.files import write_enrolment, write_toml
from skilleval.demo.firms import MOULDS, PLANNED, SCORED, batch_content
from skilleval.demo.people import MOULD_MAKER
from skilleval.demo.rosters import crowd_of
from skilleval.demo.story import Story
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.domain.schemes import ScoredLine
from skilleval.domain.scoring import show
from skilleval.services import batches, scheme_sheets, schemes
from skilleval.services.tenancy import batch_of

BATCH = "2026-MJ-02"
_ENROLLED, _HELD, _OVER = date(2026, 5, 21), date(2026, 6, 8), date(2026, 6, 12)
_NOTICED, _CLOSED = date(2026, 6, 15), date(2026, 6, 24)
_PEOPLE = 6
Lines = list[ScoredLine]
#: what is entered of a candidate (by place, from 0) on the sheet of an assessor (by place); empty for who was absent
Fill = Callable[[int, int], Lines]

#: the second candidate was absent, of the third the assessors stand on both sides of the pass mark, the fourth is vetoed
_ABSENT, _SPLIT, _VETOED = 1, 2, 3


def assess(story: Story) -> dict[str, Any]:
    """Define the three schemes of the mould maker's specification, fill in what they ask, and go to the package."""
    for method, scheme in _SCHEMES.items():
        content = {
            "institution": MOULDS.credit_code, "specification": SCORED, "method": method, "grades": ["高级工"], **scheme
        }  # fmt: skip
        story.run("schemes", "define", write_toml(story.out / "文件" / f"评分办法_{method}.toml", content), on=PLANNED)
    _enrol(story)
    road.enter_marks(story, BATCH, _OVER)
    counts = {method: _fill(story, method, fill) for method, fill in _FILLED.items()}
    told = road.settle(story, BATCH, _OVER)
    road.publish_notice(story, BATCH, _NOTICED)
    story.run("notices", "close", "--batch", BATCH, on=_CLOSED)
    numbers = road.certify(story, BATCH, _CLOSED)
    road.export(story, BATCH, _CLOSED)
    return {**told, "rows": counts, "certificates": numbers}


def _enrol(story: Story) -> None:
    plan = batch_content(
        MOULDS, MOULD_MAKER, BATCH, "2026年第一批模具工高级工认定", ("高级工",), enrol_until=_ENROLLED, starts_on=_HELD, ends_on=_OVER
    )
    first, second, third = plan["assessors"]
    first["methods"], second["methods"] = ["theory", "skill", "performance", "process"], ["skill", "process"]
    third["methods"] = ["skill"]
    plan["specification"] = SCORED
    story.run("batches", "add", write_toml(story.out / "文件" / f"{BATCH}.toml", plan), on=PLANNED)
    story.run("batches", "advance", BATCH, "enrolling", on=PLANNED)
    people = [
        one for one in crowd_of(story, MOULDS, MOULD_MAKER) if one.aim is Grade.SENIOR and one.expected is Answer.MET
    ]
    file = write_enrolment(story.out / "报名" / f"报名表_{BATCH}.xlsx", people[:_PEOPLE], {})
    story.run("candidates", "import", file, "--batch", BATCH, on=_ENROLLED)
    road.review(story, BATCH, _ENROLLED, others=False)


def _fill(story: Story, method: str, fill: Fill) -> int:
    """Write the workbook of a part as its assessors or HR would, and import it. How many rows were new."""
    file = story.out / "成绩" / f"{_TITLES[method]}_{BATCH}.xlsx"
    file.parent.mkdir(parents=True, exist_ok=True)
    with story.reading() as session:
        batch = batch_of(session, BATCH)
        part, scheme = schemes.scheme_for(session, batch, method, "senior")
        numbers = [one.admission_number or "" for one in batches.candidates_of(session, batch) if one.admission_number]
        assessors = [one.code for one in batches.assessors_for(session, batch, part)]
        entered: Mapping[tuple[str, str], Sequence[ScoredLine]] = {
            (number, code): [] if place == _ABSENT else fill(place, seat)
            for place, number in enumerate(sorted(numbers))
            for seat, code in enumerate(assessors)
        }
        answering = assessors[0] if method != "skill" else None
        scheme_sheets.scores_workbook(session, batch, part, scheme, file, answering, entered)
    named = ("--assessor", answering) if answering else ()
    new: int = story.run("schemes", "import", file, "--batch", BATCH, "--method", method, *named, on=_OVER)["new"]
    return new


def _skill(place: int, seat: int) -> Lines:
    """What an assessor enters on the criterion sheet."""
    if place == _VETOED:
        return [ScoredLine("1", show(1200), 0, ""), ScoredLine("F1", "是", 0, "")]
    level = (0.58, 0.63, 0.64)[seat] if place == _SPLIT else 0.84 + 0.03 * (place % 3) - 0.01 * seat
    points = [round(level * one["maximum"] * 2) * 50 for one in _SCHEMES["skill"]["criterion"] if one["kind"] == "add"]
    lines = [ScoredLine(str(code), show(value), 0, "") for code, value in enumerate(points, start=1)]
    times = (2, 1) if place == _SPLIT else (place % 2, 0)
    return lines + [ScoredLine(str(code), str(value), 0, "") for code, value in enumerate(times, start=len(points) + 1)]


def _performance(place: int, _seat: int) -> Lines:
    """What HR takes from the records of production and quality: by period, first-pass rate and hours of stops."""
    values = {"评价前第二个半年": (98.6 - place % 2, 1.5), "评价前半年": (96.2 + place % 3, 0)}
    return [
        ScoredLine(code, str(value), 0, "", period)
        for period, told in values.items()
        for code, value in zip(("A", "B"), told, strict=True)
    ]


def _process(place: int, _seat: int) -> Lines:
    """Three observations by two observers within the days of the batch."""
    return [
        ScoredLine(item, "", score + 150 * place, "", day=date(2026, 6, day), observer=observer)
        for item, score, day, observer in (("RC", 7800, 8, "K01"), ("RC", 8000, 10, "K02"), ("JD", 8250, 12, "K01"))
    ]


_TITLES = {"skill": "评分表", "performance": "业绩数据", "process": "过程考核"}
_FILLED: Mapping[str, Fill] = {"skill": _skill, "performance": _performance, "process": _process}
_SCHEMES: Mapping[str, dict[str, Any]] = {
    "skill": {
        "title": "模具工高级工技能操作评分表",
        "group": [{"name": "零件加工"}, {"name": "装配与试模", "maximum": 50}, {"name": "安全文明", "cap": 8}],
        "criterion": [
            {"code": "1", "name": "尺寸精度", "group": "零件加工", "kind": "add", "maximum": 25},
            {"code": "2", "name": "表面质量", "group": "零件加工", "kind": "add", "maximum": 15},
            {"code": "3", "name": "装配间隙", "group": "装配与试模", "kind": "add", "maximum": 30},
            {"code": "4", "name": "试模与修正", "group": "装配与试模", "kind": "add", "maximum": 25},
            {"code": "5", "name": "工具量具使用不当", "group": "安全文明", "kind": "deduct", "maximum": 5, "each": 1.5},
            {"code": "6", "name": "现场未清理", "group": "安全文明", "kind": "deduct", "maximum": 5, "each": 2.5},
        ],
        "veto": [{"code": "F1", "name": "违章启动设备"}],
    },
    "performance": {
        "title": "模具工高级工工作业绩指标",
        "period": [{"name": "评价前第二个半年", "weight": 40}, {"name": "评价前半年", "weight": 60}],
        "indicator": [
            {"code": "A", "name": "试模一次合格率", "unit": "%", "weight": 60, "target": "98", "better": "higher",
             "bands": [{"at": 98, "points": 100}, {"at": 95, "points": 80}, {"at": 90, "points": 60}], "otherwise": 0,
             "lowest": 0, "highest": 100},
            {"code": "B", "name": "责任停机", "unit": "小时", "weight": 40, "better": "lower",
             "bands": [{"at": 0, "points": 100}, {"at": 2.5, "points": 85}, {"at": 8, "points": 60}], "otherwise": 30,
             "lowest": 0},
        ],
    },
    "process": {
        "title": "模具工高级工过程考核办法", "at_least": 3, "observers": 2,
        "occasion": [
            {"code": "RC", "name": "日常操作", "weight": 1, "at_least": 2},
            {"code": "JD", "name": "阶段测评", "weight": 2, "at_least": 1},
        ],
    },
}  # fmt: skip
