"""The facts that questions of authority ask about, gathered from the database: institution, registration, scope, posts.

A fact that nobody entered is left out: it makes an answer unknown, never no.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval import standards
from skilleval.db.tables import (
    Institution,
    Post,
    PostGrade,
    Registration,
    ScopeLine,
    Specification,
    SpecificationPart,
)
from skilleval.domain.authority import ROUTES
from skilleval.domain.complete_grade_set import GradeSet, prove_complete, prove_top_grades, without_gaps
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Proof, Rule
from skilleval.packs import Library
from skilleval.services import chains, institutions, rules
from skilleval.services.specification_standing import in_force

_LARGE = "大"


@dataclass(frozen=True, slots=True)
class Ground:
    """What all questions about one institution, occupation, trade and day have in common."""

    institution: Institution
    on: date
    code: str
    #: the rules that stand on the day, those of all days, and the readings in use
    rules: Sequence[Rule]
    known: Sequence[Rule]
    switches: Mapping[str, bool]
    #: the registration in force; where none is, ``lapsed`` says why and ``lines`` are those of the last one
    registration: Registration | None
    lapsed: str
    lines: Sequence[ScopeLine]
    uncovered: str
    grade_set: GradeSet


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts by name, what to say of them, and the proofs that found them."""

    values: Mapping[str, Any]
    told: Mapping[str, str]
    evidence: Mapping[str, Proof]


def ground_of(
    session: Session, institution: Institution, library: Library, occupation_code: str, trade: str, on: date,
    planned_by: int | None = None,
) -> Ground:  # fmt: skip
    """The common ground of questions, for a batch with the specification that it was planned by. Refused: an occupation that
    there is not.
    """
    standards.occupation(occupation_code)
    assert institution.id is not None
    lapsed, registration = "", None
    try:
        registration = institutions.active_registration(session, institution.id, on)
    except RuleBroken as refusal:
        lapsed = refusal.message
    last = registration or institutions.last_registration(session, institution.id)
    lines, uncovered = institutions.scope_lines(session, last, occupation_code, trade)
    packs = rules.packs_of(session, institution.id, library, on)
    return Ground(
        institution, on, occupation_code, packs.authority(on), packs.every_rule(),
        packs.switches(on), registration, lapsed, lines, uncovered,
        grade_set_of(
            session, institution.id, library, occupation_code, trade, on, lines=lines,
            graded=_graded(session, institution.id, occupation_code, trade), planned_by=planned_by,
        ),
    )  # fmt: skip


def facts_of(
    session: Session,
    ground: Ground,
    grade: Grade,
    route: str,
    member: Institution | None,
    *,
    skips: bool,
    holds: Grade | None,
    said: bool,
    served_on: date | None = None,
) -> Facts:
    """The facts of one question. ``served_on`` is the day on which a member firm must be served, if another one."""
    firm = ground.institution
    complete, top = prove_complete(ground.grade_set), prove_top_grades(ground.grade_set, grade)
    scope, told = _scope(ground, grade, route)
    evidence = {"complete": complete, "top_grades_set": top}
    of_member = member is not None and member.id != firm.id
    if of_member and member is not None:
        told["of_member"] = f"员工所在单位：{member.name}"
        told["mandate"] = f"没有本机构对{member.name}的服务关系记录"
        if (mandate := _mandate(session, ground, grade, member, served_on)) is not None:
            told["mandate"], evidence["mandate"] = f"员工所在单位：{member.name}", mandate
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


def _mandate(
    session: Session, ground: Ground, grade: Grade, member: Institution, served_on: date | None
) -> Proof | None:
    """Whether the institution serves the firm, by the records of the chain; None where there is no record of the two."""
    if not chains.has_record(session, ground.institution, member):
        return None
    return chains.serves(session, ground.institution, member, ground.code, grade, served_on or ground.on)


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


def grade_set_of(
    session: Session,
    firm: int,
    library: Library,
    occupation_code: str,
    trade: str,
    on: date,
    *,
    lines: Sequence[ScopeLine],
    graded: Sequence[PostGrade],
    planned_by: int | None = None,
) -> GradeSet:
    """What the firm has set up for an occupation and trade on a day: ``lines`` of its scope and grades of posts that belong there.

    ``planned_by`` is the specification of a batch, which it keeps whatever came in its place since.
    """
    posts = [one for one in graded if one.valid_from is None or one.valid_from <= on]
    specifications = session.exec(
        select(Specification)
        .where(
            col(Specification.institution_id) == firm,
            col(Specification.occupation_code) == occupation_code,
            col(Specification.trade).in_(["", trade]),
            in_force(on) | (col(Specification.id) == planned_by),
        )
        .order_by(col(Specification.code), col(Specification.version))
    ).all()
    parts = _assessed(session, firm, specifications)
    defined, defined_by = _defined(library, specifications, parts)
    return GradeSet(
        defined,
        defined_by,
        posts=frozenset(Grade(one.grade) for one in posts),
        scope=frozenset(
            Grade(word)
            for line in lines
            for word in line.grades
            if line.ceiling is None or Grade(word) <= Grade(line.ceiling)
        ),
        post_specifications=frozenset(Grade(one.grade) for one in posts if (one.post_specification or "").strip()),
        assessed=frozenset(grade for grades in parts.values() for grade in grades),
    )


def _graded(session: Session, firm: int, occupation_code: str, trade: str) -> Sequence[PostGrade]:
    query = (
        select(PostGrade)
        .join(Post, col(Post.id) == col(PostGrade.post_id))
        .where(
            col(PostGrade.institution_id) == firm,
            col(Post.occupation_code) == occupation_code,
            # A post without a trade belongs to the whole occupation.
            col(Post.trade).in_(["", trade]),
        )
    )
    return session.exec(query).all()


def _assessed(session: Session, firm: int, specifications: Sequence[Specification]) -> dict[int | None, set[Grade]]:
    """The grades that each specification says how to assess."""
    found: dict[int | None, set[Grade]] = {one.id: set() for one in specifications}
    query = select(SpecificationPart.specification_id, SpecificationPart.grade).where(
        col(SpecificationPart.institution_id) == firm, col(SpecificationPart.specification_id).in_(list(found))
    )
    for specification_id, grade in session.exec(query):
        found[specification_id].add(Grade(grade))
    return found


def _defined(
    library: Library, specifications: Sequence[Specification], parts: Mapping[int | None, set[Grade]]
) -> tuple[tuple[Grade, ...] | None, str]:
    """The grades that there should be, and which text says so; the texts of several specifications add up."""
    if not specifications:
        return None, "没有已批准的评价规范，无从知道该职业（工种）有哪些等级"
    grades: set[Grade] = set()
    told: list[str] = []
    own = library.instance_folder / "standards" if library.instance_folder is not None else None
    for one in specifications:
        if not one.standard:
            grades |= parts[one.id]
            told.append(f"评价规范 {one.code}")
            continue
        known = standards.find_standards(one.occupation_code, one.trade, own)
        standard = next((found for found in known if found.key == one.standard), None)
        if standard is None:
            return None, f"没有评价规范 {one.code} 所依据的标准 {one.standard}，无从知道该职业（工种）有哪些等级"
        grades |= set(standard.grades)
        told.append(f"标准 {standard.key}")
    if not grades:
        return None, f"{'、'.join(told)}没有规定任何等级"
    return without_gaps(grades), "、".join(dict.fromkeys(told))
