"""Promotion by a contest (竞赛晋级): the notice's rows, who reached what, and the batch that comes of it."""

from datetime import date
from typing import Any

from skilleval.demo import road
from skilleval.demo.files import write_toml
from skilleval.demo.firms import LEAD, batch_content
from skilleval.demo.people import MACHINIST
from skilleval.demo.rosters import cast_of
from skilleval.demo.story import Story
from skilleval.services.contests import COLUMNS, TEMPLATE_ID
from skilleval.sheets.writing import FormSheet, write_form

CODE, BATCH = "SZ-SK-2026", "2026-JS-01"
_HELD_FROM, _HELD_TO = date(2026, 5, 30), date(2026, 5, 31)
_PROMOTED, _NOTICED, _CLOSED = date(2026, 6, 12), date(2026, 6, 15), date(2026, 6, 24)
#: in the order of the cast; the last one's rank earns nothing
_RANKS, _PARTICIPANTS = (1, 2, 9, 15, 38), 52


def promote(story: Story) -> dict[str, Any]:
    """Record the contest, import the results, promote by them, and take the batch to its certificates."""
    files = story.out / "文件"
    story.run("contests", "add", write_toml(files / f"竞赛_{CODE}.toml", _contest()), on=_HELD_TO)
    people = cast_of(story, "竞赛")
    rows = [
        {"name": one.name, "id_number": one.id_number, "group": "职工组", "rank": rank, "participants": _PARTICIPANTS}
        for one, rank in zip(people, _RANKS, strict=True)
    ]
    results = write_form(
        story.out / "成绩" / f"竞赛成绩_{CODE}.xlsx", [FormSheet("竞赛成绩", COLUMNS, rows, example=False)], TEMPLATE_ID, []
    )
    story.run("contests", "import", CODE, results, "--institution", LEAD.credit_code, on=_HELD_TO)
    plan = batch_content(
        LEAD, MACHINIST, BATCH, "2026年市职业技能竞赛数控赛项晋级", ("中级工", "高级工", "技师"), starts_on=date(2026, 6, 10),
        ends_on=_PROMOTED,
    ) | {"route": "竞赛晋级", "planned": len(people)}  # fmt: skip
    told = story.run("contests", "promote", CODE, "--batch", write_toml(files / f"{BATCH}.toml", plan), on=_PROMOTED)
    road.publish_notice(story, BATCH, _NOTICED)
    story.run("notices", "close", "--batch", BATCH, on=_CLOSED)
    numbers = road.certify(story, BATCH, _CLOSED)
    return {"promoted": told["promoted"], "refused": told["refused"], "certificates": numbers}


def _contest() -> dict[str, Any]:
    return {
        "institution": LEAD.credit_code, "code": CODE, "name": "2026年市职业技能竞赛多工序数控机床操作调整工赛项",
        "kind": "省级二类", "organiser": "示例市人力资源和社会保障局", "document": "示人社〔2026〕12号",
        "occupation_code": MACHINIST.code, "held_from": _HELD_FROM, "held_to": _HELD_TO,
        "rule": [
            {"group": "职工组", "by": "名次", "from": 1, "to": 3, "grade": "高级工", "one_up": True},
            {"group": "职工组", "by": "名次百分比", "above": 0, "to": 40, "grade": "中级工", "one_up": False},
        ],
    }  # fmt: skip
