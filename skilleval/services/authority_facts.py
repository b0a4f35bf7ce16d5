"""The facts that questions of authority ask about, as they follow from the common ground of a day.

A fact that nobody entered is left out: it makes an answer unknown, never no.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from skilleval.domain.authority import ROUTES
from skilleval.domain.complete_grade_set import prove_complete, prove_top_grades
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Proof
from skilleval.services.authority_ground import Ground

_LARGE = "大"


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts by name, what to say of them, and the proofs that found them."""

    values: Mapping[str, Any]
    told: Mapping[str, str]
    evidence: Mapping[str, Proof]


def facts_of(
    ground: Ground,
    grade: Grade,
    route: str,
    member_id: int | None,
    *,
    skips: bool,
    holds: Grade | None,
    said: bool,
    served_on: date | None = None,
) -> Facts:
    """The facts of one question about somebody of a firm. ``served_on`` is the day on which it must be served, if another one."""
    firm = ground.institution
    complete, top = prove_complete(ground.grade_set), prove_top_grades(ground.grade_set, grade)
    scope, told = _scope(ground, grade, route)
    evidence = {"complete": complete, "top_grades_set": top}
    of_member = member_id is not None and member_id != firm.id
    if of_member and member_id is not None:
        member = ground.served[member_id]
        told["of_member"] = f"员工所在单位：{member.name}"
        told["mandate"] = f"没有本机构对{member.name}的服务关系记录"
        if member.is_recorded:
            told["mandate"] = f"员工所在单位：{member.name}"
            evidence["mandate"] = member.proof(ground.code, grade, served_on or ground.on)
    values = {
        "manufacturing": firm.manufacturing,
        "large": None if firm.size is None else firm.size == _LARGE,
        "listed": firm.listed,
        "above_scale": firm.above_scale,
        "chain_lead": firm.chain_lead,
        "flagship": firm.flagship,
        "chain_evaluator": firm.kind == "chain_evaluator",
        "employees": firm.employees,
        **scope,
        "complete": _known(complete),
        "top_grades_set": _known(top),
        "target": grade,
        "holds": holds,
        "skips": skips,
        "of_member": of_member,
        "mandate": _known(evidence["mandate"]) if "mandate" in evidence else None,
    }
    if firm.size is not None:
        told["large"] = f"企业规模：{firm.size}"
    if said:
        told["skips"] = f"现持{holds.printed if holds else '无等级'}，申报{grade.printed}"
    else:
        told["skips"] = "未说明现持等级，按不跨级判断"
    return Facts({name: value for name, value in values.items() if value is not None}, told, evidence)


def _known(proof: Proof) -> bool | None:
    return None if proof.answer is Answer.UNKNOWN else proof.answer is Answer.MET


def _scope(ground: Ground, grade: Grade, route: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What registration and scope say, and how to tell it. Where nothing is in force, the last one's scope is told."""
    values: dict[str, Any] = {"registered": ground.registration is not None, "in_scope": bool(ground.lines)}
    told: dict[str, str] = {}
    if ground.registration is None:
        told["registered"] = ground.lapsed
    else:
        one = ground.registration
        values |= {"provincial": one.authority_level == "province", "registered_to": one.valid_to}
        told["registered"] = f"备案 {one.number} 的有效期为 {one.valid_from} 至 {one.valid_to}"
        told["provincial"] = f"备案机关：{one.authority}"
    if not ground.lines:
        told["in_scope"] = ground.uncovered
        return values | {"grade_in_scope": False, "route_in_scope": False}, told
    holding = [line for line in ground.lines if grade.value in line.grades]
    below = [line for line in holding or ground.lines if line.ceiling is None or grade <= Grade(line.ceiling)]
    # One line must hold all of it: the grade, a ceiling that is high enough, and the route.
    decisive = below or holding or list(ground.lines)
    values |= {
        "grade_in_scope": bool(holding),
        "above_ceiling": not below,
        "route_in_scope": any(route in line.routes for line in decisive),
    }
    grades = sorted({Grade(word) for line in ground.lines for word in line.grades})
    told["grade_in_scope"] = f"{grade.printed}，已备案：{'、'.join(one.printed for one in grades)}"
    if ceilings := [Grade(line.ceiling) for line in decisive if line.ceiling is not None]:
        values["ceiling"] = max(ceilings)
        told["above_ceiling"] = f"{grade.printed}，最高备案等级{max(ceilings).printed}"
    routes = dict.fromkeys(ROUTES.get(word, word) for line in decisive for word in line.routes)
    told["route_in_scope"] = f"{ROUTES[route]}，{grade.printed}已备案的认定方式：{'、'.join(routes)}"
    return values, told
