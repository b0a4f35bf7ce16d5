"""Batches (认定批次): planned within the registered scope, staffed, advanced step by step.

Source of the fields: guangdong-rules 7.2, T6 (a composite list, not an official form).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

import skilleval
from skilleval import standards
from skilleval.db.tables import (
    Assignment,
    Batch,
    Candidate,
    Institution,
    Panel,
    PanelMember,
    Person,
    Personnel,
    Specification,
    SpecificationPart,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.authority import ROUTES, parse_route
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import BatchFacts, PartStaff
from skilleval.domain.methods import METHODS
from skilleval.domain.rules import Proof, Rule
from skilleval.packs import Library, Packs
from skilleval.services import authority, conflicts, institutions, journal, rules
from skilleval.services.conflicts import Duty
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.recused_results import counted_recusals
from skilleval.services.specification_standing import is_in_force
from skilleval.services.staffing import staff_of_file, venue_problems

_TEXT = {"institution", "number", "name", "route", "occupation_code", "trade", "specification", "authority_reason"}
_KEYS: Mapping[str, type] = {
    **dict.fromkeys(_TEXT, str), "grades": list, "specification_version": int, "planned": int, "enrol_until": date,
    "starts_on": date, "ends_on": date, "venues": list, "assessors": list, "supervisors": list,
}  # fmt: skip
#: the routes that go through a batch
BATCH_ROUTES = ("assessment", "direct", "contest")
#: states with results that go on to a notice, certificates or a filing
_RESULTED = ("settled", "noticed", "cleared", "certified")
_SPECIFICATION_STATES = {"draft": "草稿", "approved": "已批准", "superseded": "已被取代"}
_REQUIRED = ("institution", "number", "name", "occupation_code", "grades", "specification", "starts_on", "ends_on")


def add_batch(session: Session, actor: Actor, institution: Institution, content: dict[str, Any], library: Library) -> Batch:
    """Plan a batch from its parsed file.

    Refused with every reason: keys, dates, what the institution may not recognise on the first or last day (registration,
    scope, ceiling, route, a permit in the rules), a specification that does not cover a grade, unknown assessors or
    venues, a number in use.
    """
    problems = _key_problems(content) or _route_problems(content)
    if problems:
        raise RuleBroken("批次文件有错误，未作任何改动", problems)
    firm = id_of(institution)
    if session.exec(select(Batch).where(col(Batch.institution_id) == firm, col(Batch.number) == content["number"])).first():
        raise RuleBroken(f"批次编号 {content['number']} 已存在")
    specification = _specification(session, firm, content, problems)
    grades = _grades(content["grades"], problems)
    problems += _date_problems(content)
    problems += _authority_problems(session, institution, library, content, grades)
    if specification is not None:
        problems += _specification_problems(session, specification, content, grades)
    problems += venue_problems(session, firm, content.get("venues", []))
    staff = staff_of_file(session, firm, content, problems)
    if problems or specification is None:
        raise RuleBroken("批次不能建立，未作任何改动", problems)
    packs = rules.packs_of(session, firm, library, content["starts_on"])
    batch = Batch(
        institution_id=firm,
        number=content["number"],
        name=content["name"],
        occupation_code=content["occupation_code"],
        occupation_name=standards.occupation(content["occupation_code"]).name,
        trade=content.get("trade", ""),
        grades=[grade.value for grade in grades],
        specification_id=id_of(specification),
        registration_id=id_of(institutions.active_registration(session, firm, content["ends_on"])),
        planned=content.get("planned"),
        enrol_until=content.get("enrol_until"),
        starts_on=content["starts_on"],
        ends_on=content["ends_on"],
        venues=content.get("venues", []),
        route=parse_route(content.get("route", "assessment")),
        authority_reason=content.get("authority_reason"),
        versions={
            "software": skilleval.__version__,
            "standard": specification.standard or "",
            "conditions": specification.conditions or "",
            "specification": f"{specification.code}/{specification.version}",
            "packs": rules.pin_packs(session, packs),
            "switches": packs.switches(content["starts_on"]),
        },
    )
    session.add(batch)
    session.flush()
    take_duty(session, actor, batch, "batches.add_batch")
    assignments = [
        Assignment(institution_id=firm, batch_id=id_of(batch), personnel_id=key, role=role, method=method)
        for role, key, method in staff
    ]
    session.add_all(assignments)
    journal.record(session, actor, firm, "batch.add", objects=[batch, *assignments])
    return batch


def advance_batch(session: Session, actor: Actor, batch: Batch, to: str, *, library: Library, on: date) -> Batch:
    """Take the next step. Refused: a step that does not follow, one that an act of its own takes, and, with everything
    that is missing, one that is not ready or, before enrolment and marking, not within the institution's authority."""
    take_duty(session, actor, batch, "batches.advance_batch")
    lifecycle.step("batch", batch.state, to)
    if (command := lifecycle.own_command(batch.state, to)) is not None:
        raise RuleBroken(f"“{lifecycle.label('batch', to)}”由专门的命令完成：{command}")
    standing = readiness_rules(rules.packs_of_batch(session, batch), batch)
    missing = lifecycle.missing_for(to, batch_facts(session, batch, library, on), standing)
    if missing:
        raise RuleBroken(f"还不能进入“{lifecycle.label('batch', to)}”，缺少 {len(missing)} 项", missing)
    changed: list[Any] = [batch]
    if to == "scheduled":
        changed += number_candidates(session, batch)
    batch.state = to
    session.add_all(changed)
    journal.record(session, actor, batch.institution_id, f"batch.{to}", objects=changed)
    return batch


def record_authority_reason(session: Session, actor: Actor, batch: Batch, written: str) -> Batch:
    """Record why a batch goes on although the clauses about the institution's authority disagree.

    What was written before stays; the new reason follows it. Refused: no text, a cancelled batch.
    """
    take_duty(session, actor, batch, "batches.record_authority_reason")
    if batch.state == "cancelled":
        raise RuleBroken(f"批次 {batch.number} 已取消，不能再写明理由")
    if not (reason := written.strip()):
        raise RuleBroken("须写明条款不一致而仍要认定的理由")
    earlier = (batch.authority_reason or "").strip()
    batch.authority_reason = f"{earlier}；{reason}" if earlier else reason
    session.add(batch)
    journal.record(session, actor, batch.institution_id, "batch.authority_reason", objects=[batch], reason=reason)
    return batch


def readiness(session: Session, batch: Batch, packs: Packs, library: Library, on: date) -> dict[str, Proof]:
    """For each step that may follow, whether the batch is ready for it by its own packs, with every reason and its clause."""
    facts, standing = batch_facts(session, batch, library, on), readiness_rules(packs, batch)
    return {to: lifecycle.readiness(to, facts, standing) for to in lifecycle.next_states("batch", batch.state)}


def readiness_rules(packs: Packs, batch: Batch) -> dict[str, Rule]:
    """The rules that the steps of a batch rest on, as its packs have them on the first day of the evaluation."""
    found = {rule_id: packs.find(rule_id, batch.starts_on) for rule_id in lifecycle.READINESS_RULES}
    return {rule_id: rule for rule_id, rule in found.items() if rule is not None}


def batch_facts(session: Session, batch: Batch, library: Library, on: date) -> BatchFacts:
    """What the steps that may follow depend on; what none of them asks is not looked for."""
    return facts_for(session, batch, library, on, frozenset(lifecycle.next_states("batch", batch.state)))


def facts_for(session: Session, batch: Batch, library: Library, on: date, steps: frozenset[str]) -> BatchFacts:
    """What these steps depend on, whether they may follow now or not."""
    scene = conflicts.scene_of(session, batch) if "marking" in steps else None
    candidates = scene.enrolled if scene is not None else candidates_of(session, batch)
    facts = counts(batch, on, candidates, _names(session, batch) if "reviewed" in steps else {})
    if batch.state in _RESULTED:
        facts = replace(facts, recused=tuple(one.told for one in counted_recusals(session, batch)))
    if steps & lifecycle.ASKING_STAFF:
        duties = conflicts.duties_of(session, batch)
        parts = scene.planned_parts if scene is not None else parts_of_batch(session, batch)
        facts = with_staff(batch, facts, duties, parts, {one.grade for one in candidates if one.state == "eligible"})
        if scene is not None:
            facts = replace(facts, conflicts=tuple(conflicts.conflicts_in(duties, scene)))
    if steps & lifecycle.ASKING_AUTHORITY:
        eligible = [one for one in candidates if one.state == "eligible"]
        standing = authority.standing_of(session, batch, library, eligible)
        facts = replace(facts, unregistered=standing.unregistered, scope_problems=standing.refusals)
    return facts


def counts(batch: Batch, on: date, candidates: Sequence[Candidate], names: Mapping[int, str]) -> BatchFacts:
    """How many there are of everything; ``names`` by person, of those who are not decided yet, or none where nobody asks."""
    return BatchFacts(
        on=on, starts_on=batch.starts_on, candidates=len(candidates),
        undecided=tuple(names[one.person_id] for one in candidates if names and one.state == "applied"),
        eligible=sum(one.state == "eligible" for one in candidates), venues=len(batch.venues),
    )  # fmt: skip


def _names(session: Session, batch: Batch) -> dict[int, str]:
    """The names of those who are not decided yet, by person."""
    query = select(Candidate.person_id, Person.name).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id,
        col(Candidate.state) == "applied", col(Person.id) == col(Candidate.person_id),
    )  # fmt: skip
    return dict(session.exec(query).all())


def with_staff(
    batch: Batch,
    facts: BatchFacts,
    duties: Sequence[Duty],
    parts: Sequence[SpecificationPart],
    taken: Collection[str],
) -> BatchFacts:
    """The facts with who assesses the parts at the grades ``taken``, supervises and sits on panels; direct recognition has no
    parts, and one panel as a whole."""
    direct = batch.route == "direct"
    supervisors = {one.personnel.name for one in duties if one.role == "supervisor"}
    assessors = {one.personnel.name for one in duties if one.role == "assessor"}
    return replace(
        facts,
        parts=() if direct else _staffing(parts, taken, [one for one in duties if not one.seated]),
        supervisors=len(supervisors),
        double_roles=tuple(sorted(assessors & supervisors)),
        panel=sum(one.seated and one.method == "" for one in duties) if direct else None,
    )


def staff_of(session: Session, batch: Batch) -> Sequence[tuple[Assignment, Personnel]]:
    """Who is assigned to what in a batch, in the order of assignment."""
    query = select(Assignment, Personnel).where(
        col(Assignment.institution_id) == batch.institution_id,
        col(Assignment.batch_id) == batch.id,
        col(Personnel.id) == col(Assignment.personnel_id),
    )
    return session.exec(query.order_by(col(Assignment.id))).all()


def candidates_of(session: Session, batch: Batch) -> Sequence[Candidate]:
    """All candidates of a batch, in the order of their admission numbers."""
    query = select(Candidate).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id
    )
    return session.exec(query.order_by(col(Candidate.admission_number), col(Candidate.id))).all()


def parts_of_batch(session: Session, batch: Batch) -> Sequence[SpecificationPart]:
    """The parts of the batch's specification at its grades, lowest grade first."""
    query = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == batch.institution_id,
        col(SpecificationPart.specification_id) == batch.specification_id,
        col(SpecificationPart.grade).in_(batch.grades),
    )
    parts = session.exec(query.order_by(col(SpecificationPart.serial), col(SpecificationPart.id))).all()
    return sorted(parts, key=lambda part: (Grade(part.grade).rank, part.serial))


def assessors_for(session: Session, batch: Batch, part: SpecificationPart) -> Sequence[Personnel]:
    """The assessors assigned to a part of a batch, by their short code, without those absent from its panel."""
    assigned = select(Assignment.personnel_id).where(
        col(Assignment.institution_id) == batch.institution_id,
        col(Assignment.batch_id) == batch.id,
        col(Assignment.role) == "assessor",
        col(Assignment.method) == part.method,
        col(Assignment.grade).in_(["", part.grade]),
    )
    absent = select(PanelMember.personnel_id).where(
        col(PanelMember.institution_id) == batch.institution_id,
        col(PanelMember.panel_id) == col(Panel.id),
        col(Panel.batch_id) == batch.id,
        col(Panel.method) == part.method,
        col(PanelMember.absent_reason).is_not(None),
    )
    # A subquery and not a join with DISTINCT: PostgreSQL can't compare the JSON columns of two rows.
    query = select(Personnel).where(col(Personnel.id).in_(assigned), col(Personnel.id).not_in(absent))
    return session.exec(query.order_by(col(Personnel.code))).all()


def _key_problems(content: dict[str, Any]) -> list[str]:
    problems = [f"缺少 {key}" for key in _REQUIRED if content.get(key) in (None, "", [])]
    for key, value in content.items():
        if key not in _KEYS:
            problems.append(f"不认识的项 {key}")
        elif (
            not isinstance(value, _KEYS[key])
            or isinstance(value, datetime)
            or (isinstance(value, int) and (isinstance(value, bool) or value < 0))
        ):
            words = {str: "文字", list: "列表", int: "不为负的整数", date: "日期（如 2026-06-08，不加引号）"}
            problems.append(f"{key} 应为{words[_KEYS[key]]}")
        elif key in ("venues", "supervisors") and not all(isinstance(one, str) for one in content[key]):
            problems.append(f"{key} 的每一项应为文字")
    return problems


def _route_problems(content: dict[str, Any]) -> list[str]:
    """A batch holds what leads to a certificate by a result; posts are filled and apprentices confirmed one by one."""
    try:
        route = parse_route(content.get("route", "assessment"))
    except RuleBroken as refusal:
        return [f"route：{refusal.message}"]
    return [] if route in BATCH_ROUTES else [f"route：{ROUTES[route]}不建立批次，批次的方式为{'、'.join(ROUTES[one] for one in BATCH_ROUTES)}"]


def _grades(written: list[Any], problems: list[str]) -> list[Grade]:
    grades = set()
    for one in written:
        try:
            grades.add(Grade.parse(str(one)))
        except RuleBroken as refusal:
            problems.append(f"grades：{refusal.message}")
    return sorted(grades)


def _date_problems(content: dict[str, Any]) -> list[str]:
    problems = []
    if content["ends_on"] < content["starts_on"]:
        problems.append("ends_on 早于 starts_on")
    if content.get("enrol_until") and content["enrol_until"] > content["starts_on"]:
        problems.append("enrol_until 晚于 starts_on")
    return problems


def _authority_problems(
    session: Session, institution: Institution, library: Library, content: dict[str, Any], grades: Sequence[Grade]
) -> list[str]:
    plan = authority.Plan(
        content["occupation_code"],
        content.get("trade", ""),
        parse_route(content.get("route", "assessment")),
        (content["starts_on"], content["ends_on"]),
        content.get("authority_reason"),
    )
    people = [authority.Sitter(grade) for grade in grades]
    try:
        return authority.plan_reasons(session, institution, library, plan, people)
    except RuleBroken as refusal:
        return [refusal.message, *refusal.reasons]


def _specification(
    session: Session, firm: int, content: dict[str, Any], problems: list[str]
) -> Specification | None:
    """The version that the file names as DG@1 or by specification_version, else the newest that is in force then."""
    code, _at, named = content["specification"].strip().partition("@")
    version = str(content.get("specification_version") or named)
    if named and named != version:
        problems.append(f"specification 写的是第 {named} 版，specification_version 写的是第 {version} 版，请只写一处")
        return None
    query = select(Specification).where(col(Specification.institution_id) == firm, col(Specification.code) == code)
    known = session.exec(query.order_by(col(Specification.version).desc())).all()
    found = [one for one in known if version in ("", str(one.version))]
    if not found:
        problems.append(_no_specification(code, version, known))
        return None
    # A newer version that is not in force yet when the batch begins does not take the place of the one that is.
    return next((one for one in found if is_in_force(one, content["starts_on"])), found[0])


def _no_specification(code: str, version: str, known: Sequence[Specification]) -> str:
    if not known:
        return f"没有编号为 {code} 的评价规范，可用 skilleval institutions show 查看"
    versions = "、".join(f"{code}@{one.version}（{_SPECIFICATION_STATES[one.state]}）" for one in known)
    return f"评价规范 {code} 没有第 {version} 版；现有：{versions}"


def _specification_problems(
    session: Session, specification: Specification, content: dict[str, Any], grades: Sequence[Grade]
) -> list[str]:
    problems = []
    named = f"评价规范 {specification.code} 第 {specification.version} 版"
    if specification.state == "draft":
        problems.append(f"{named}不是已批准的版本")
    elif not is_in_force(specification, content["starts_on"]) and specification.state == "superseded":
        since = f"自 {specification.superseded_on} 起" if specification.superseded_on else ""
        problems.append(f"{named}{since}已被新版取代，评价 {content['starts_on']} 开始的批次须用新版（只写 {specification.code} 即可）")
    if specification.occupation_code != content["occupation_code"]:
        problems.append(f"评价规范 {specification.code} 是 {specification.occupation_code} 的，与批次职业不符")
    if specification.conditions is None:
        problems.append(f"评价规范 {specification.code} 没有写明申报条件采用哪一版（conditions）")
    for grade in grades:
        if not institutions.parts_of(session, id_of(specification), grade.value):
            problems.append(f"评价规范 {specification.code} 没有规定{grade.printed}如何评价")
    return problems


def _staffing(
    parts: Sequence[SpecificationPart], taken: Collection[str], assigned: Sequence[Duty]
) -> tuple[PartStaff, ...]:
    """The parts at these grades, each with its assessors."""
    staffing = []
    for part in parts:
        if part.grade not in taken:
            continue
        assessors = {
            one.personnel.id
            for one in assigned
            if one.role == "assessor" and one.method == part.method and one.grade in ("", part.grade)
        }
        name = f"{Grade(part.grade).printed}{METHODS[part.method].name_zh}"
        staffing.append(PartStaff(name, part.method, part.assessors, len(assessors)))
    return tuple(staffing)


def number_candidates(session: Session, batch: Batch) -> list[Candidate]:
    """Give admission numbers (准考证号) to eligible candidates that have none, after those already given."""
    candidates = candidates_of(session, batch)
    given = sum(one.admission_number is not None for one in candidates)
    waiting = [one for one in candidates if one.state == "eligible" and one.admission_number is None]
    waiting.sort(key=lambda one: (Grade(one.grade).rank, one.id))
    for serial, candidate in enumerate(waiting, start=given + 1):
        candidate.admission_number = f"{batch.number}-{serial:04d}"
    return waiting
