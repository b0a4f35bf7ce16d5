"""The chain lead and its three suppliers, as the TOML files that they hand in: 备案, scope, 评价规范, posts, staff, venues."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from skilleval.demo import names
from skilleval.demo.files import write_toml
from skilleval.demo.people import ELECTRICIAN, FITTER, MACHINIST, MOULD_MAKER, ROBOT_OPERATOR, Occupation
from skilleval.demo.story import Story

PLANNED = date(2026, 5, 11)
#: by what each specification rests on, and its short code
STANDARDS = {
    ELECTRICIAN.code: ("DG", "6-31-01-03@2018"),
    FITTER.code: ("QG", "6-20-01-01@2020"),
    MACHINIST.code: ("SK", "6-18-01-07@2021"),
    MOULD_MAKER.code: ("MJ", "6-18-04-01@2019"),
    ROBOT_OPERATOR.code: ("JQ", "6-31-07-03@2020"),
}
#: the mould maker's specification whose 高级工 is assessed by criterion sheet, performance and process as well
SCORED = "MJ-PF"
_FIVE = ("初级工", "中级工", "高级工", "技师", "高级技师")
_FOUR = _FIVE[1:]
_TOP = ("特级技师", "首席技师")
_UPPER = ("技师", "高级技师")
_POSTS = ("一档", "二档", "三档", "技术员", "主管技术员", "特级技术岗", "首席技术岗")


@dataclass(frozen=True, slots=True)
class Line:
    """One occupation of a firm's 备案: the grades, and by which routes."""

    occupation: Occupation
    grades: Sequence[str]
    routes: Sequence[str] = ("assessment",)


@dataclass(frozen=True, slots=True)
class Firm:
    """One firm of the demo. ``registration`` of None is a supplier that has none and is assessed by the lead."""

    credit_code: str
    name: str
    file: str
    size: str
    city: str
    employees: int
    registration: str | None
    lines: tuple[Line, ...]
    lead: bool = False


LEAD = Firm(
    "91440999MA0000015E", "岭南精工制造有限公司", "链主企业", "大", "4403", 1200, "Y000044000123",
    (
        Line(ELECTRICIAN, (*_FIVE, *_TOP), ("assessment", "appointment", "confirmation")),
        Line(FITTER, _FIVE),
        Line(MACHINIST, _FOUR, ("assessment", "contest")),
        Line(MOULD_MAKER, _FOUR, ("assessment", "direct")),
        Line(ROBOT_OPERATOR, _FOUR),
    ),
    lead=True,
)  # fmt: skip
#: 中型: 直接认定 of 技师 and 高级技师 only, grade by grade
MOULDS = Firm(
    "91440999MA00001620", "莞岭精密模具有限公司", "供应商_模具", "中", "4419", 260, "Y000044000124",
    (Line(MOULD_MAKER, _FOUR, ("assessment", "direct")),),
)  # fmt: skip
MACHINING = Firm(
    "91440999MA0000170T", "禅岭数控部件有限公司", "供应商_数控", "中", "4406", 310, "Y000044000125",
    (Line(MACHINIST, _FOUR),),
)  # fmt: skip
MOTORS = Firm("91440999MA0000178K", "端岭电机配套有限公司", "供应商_电机", "小", "4412", 140, None, ())
SUPPLIERS = (MOULDS, MACHINING, MOTORS)


def register(story: Story) -> dict[str, Any]:
    """Make the installation and record the four firms. How many rows each firm's file gave, by name."""
    story.run("init", on=PLANNED)
    config = story.instance / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("demo = false", "demo = true"), encoding="utf-8")
    added = {}
    for firm in (LEAD, *SUPPLIERS):
        file = write_toml(story.out / "文件" / f"{firm.file}.toml", firm_content(firm, story.seed))
        added[firm.name] = story.run("institutions", "add", file, on=PLANNED)["added"]
    return {"firms": added}


def assessors_of(firm: Firm, occupation: Occupation) -> tuple[str, ...]:
    """The codes of the three assessors of an occupation; the first also marks theory."""
    place = [line.occupation for line in firm.lines].index(occupation) * 3
    return tuple(f"K{place + one:02d}" for one in (1, 2, 3))


def batch_content(
    firm: Firm, occupation: Occupation, number: str, name: str, grades: Sequence[str], **dates: date
) -> dict[str, Any]:
    """A batch file: staffed for every method, with the firm's supervisor and its first two venues."""
    first, *others = assessors_of(firm, occupation)
    return {
        "institution": firm.credit_code, "number": number, "name": name, "occupation_code": occupation.code,
        "grades": list(grades), "specification": STANDARDS[occupation.code][0], "planned": 40, **dates,
        "venues": ["一号实训车间", "理论考场"], "supervisors": ["D01"],
        "assessors": [
            {"code": first, "methods": ["theory", "skill", "review"]},
            *({"code": code, "methods": ["skill", "review"]} for code in others),
        ],
    }  # fmt: skip


def firm_content(firm: Firm, seed: int) -> dict[str, Any]:
    """The firm's whole file."""
    rng = random.Random(f"{seed} {firm.credit_code}")
    content: dict[str, Any] = {"institution": _institution(firm, rng)}
    if firm.registration is None:
        return content
    content["registration"] = {
        "number": firm.registration, "authority": "示例市人力资源和社会保障局", "authority_level": "city",
        "registered_on": date(2025, 1, 2), "valid_from": date(2025, 1, 2), "valid_to": date(2028, 1, 1), "state": "registered",
    }  # fmt: skip
    content["scope"] = [_scope(firm, line) for line in firm.lines]
    content["specification"] = [
        *(_specification(firm, line) for line in firm.lines), *([_scored(firm)] if firm is MOULDS else [])
    ]  # fmt: skip
    content["post"] = [post for line in firm.lines for post in _posts(line)]
    content["personnel"] = list(_personnel(firm, rng))
    content["venue"] = _venues(firm)
    return content


def _institution(firm: Firm, rng: random.Random) -> dict[str, Any]:
    skilled = round(firm.employees * 0.66)
    return {
        "credit_code": firm.credit_code, "name": firm.name, "kind": "chain_evaluator" if firm.lead else "employer",
        "ownership": "民营", "industry": "通用设备制造业", "cluster": "高端装备制造", "size": firm.size,
        "manufacturing": True, "listed": False, "above_scale": firm.size != "小", "chain_lead": firm.lead,
        "flagship": False, "legal_representative": _a_name(rng), "address": "示例市示例区一号",
        "province": firm.city[:2], "city": firm.city, "district": "示例区", "employees": firm.employees, "skilled_posts": skilled,
        "senior_skilled": round(skilled * 0.33), "responsible": _a_name(rng), "contact": _a_name(rng),
        "phone": "0755-00000000",
    }  # fmt: skip


def _scope(firm: Firm, line: Line) -> dict[str, Any]:
    return {
        "occupation_code": line.occupation.code, "occupation_name": line.occupation.name, "trade": "",
        "grades": list(line.grades), "basis": "specification", "basis_name": _title(firm, line), "basis_year": "2025",
        "routes": list(line.routes), "complete_grade_set": True, "ceiling": line.grades[-1], "workers": 80,
    }  # fmt: skip


def _title(firm: Firm, line: Line) -> str:
    return f"{firm.name[:4]}{line.occupation.name}评价规范"


def _specification(firm: Firm, line: Line) -> dict[str, Any]:
    code, standard = STANDARDS[line.occupation.code]
    lower = [grade for grade in line.grades if grade not in (*_UPPER, *_TOP)]
    mean, tolerant = {"rule": "mean"}, {"rule": "mean", "tolerance": 15}
    return {
        "code": code, "version": 1, "title": _title(firm, line), "occupation_code": line.occupation.code, "trade": "",
        "standard": standard, "conditions": "2018", "related_occupations": [], "approved_on": date(2025, 1, 2),
        "part": [
            _part(lower, "theory", 40, 1, mean), _part(lower, "skill", 60, 3, tolerant),
            _part(_UPPER, "theory", 30, 1, mean), _part(_UPPER, "skill", 40, 3, tolerant),
            _part(_UPPER, "review", 30, 3, {"rule": "trimmed_mean", "tolerance": 20}),
        ],
    }  # fmt: skip


def _scored(firm: Firm) -> dict[str, Any]:
    mean = {"rule": "mean"}
    return _specification(firm, firm.lines[0]) | {
        "code": SCORED, "title": f"{firm.name[:4]}模具工评价规范（评分表、业绩与过程）",
        "part": [
            _part(["高级工"], "theory", 30, 1, mean), _part(["高级工"], "skill", 40, 3, mean | {"tolerance": 15}),
            _part(["高级工"], "performance", 15, 1, mean), _part(["高级工"], "process", 15, 1, mean),
        ],
    }  # fmt: skip


def _part(grades: Sequence[str], method: str, weight: int, assessors: int, agreement: dict[str, Any]) -> dict[str, Any]:
    return {
        "grades": list(grades), "method": method, "weight": weight, "maximum": 100, "pass_mark": 60,
        "assessors": assessors, "agreement": agreement,
    }  # fmt: skip


def _posts(line: Line) -> list[dict[str, Any]]:
    """The firm's posts of an occupation; the first is graded from bottom to top."""
    names_of = _POSTS[5 - len([one for one in line.grades if one not in _TOP]) :]
    graded = [
        {"name": f"{line.occupation.posts[0]}{name}", "grade": grade, "skill_pay": 300 * place,
         "post_specification": f"{line.occupation.posts[0]}岗位规范{place}"}
        for place, (name, grade) in enumerate(zip(names_of, line.grades, strict=False), start=1)
    ]  # fmt: skip
    first, *others = line.occupation.posts
    code = line.occupation.code
    return [
        {"name": first, "occupation_code": code, "grade": graded},
        *({"name": name, "occupation_code": code} for name in others),
    ]


def _personnel(firm: Firm, rng: random.Random) -> list[dict[str, Any]]:
    staff = [
        {"code": code, "name": _a_name(rng), "kind": "senior_assessor", "occupations": [line.occupation.code],
         "card_number": f"示例证卡{firm.city}{code}"}
        for line in firm.lines
        for code in assessors_of(firm, line.occupation)
    ]  # fmt: skip
    experts = [{"code": f"P{one:02d}", "name": _a_name(rng), "kind": "expert"} for one in range(1, 4)]
    return [*staff, *experts, {"code": "D01", "name": _a_name(rng), "kind": "supervisor"}]


def _venues(firm: Firm) -> list[dict[str, Any]]:
    equipment = [{"name": f"{line.occupation.name}实训台", "model": "示例型", "count": 20, "sound": True} for line in firm.lines]
    return [
        {"name": "一号实训车间", "address": "厂区一号楼二层", "kind": "practical", "ownership": "自有", "seats": 40,
         "monitored": True, "occupations": [line.occupation.code for line in firm.lines], "equipment": equipment},
        {"name": "理论考场", "address": "培训中心三层", "kind": "theory", "ownership": "自有", "seats": 60, "monitored": True},
    ]  # fmt: skip


def _a_name(rng: random.Random) -> str:
    return rng.choice(names.SURNAMES) + rng.choice((*names.GIVEN_FOR_MEN, *names.GIVEN_FOR_WOMEN))
