"""Planning a batch (评价计划) from its file: what the file may say, and every reason why it can't be.

Source of the fields: guangdong-rules 7.2, T6 (a composite list, not an official form)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

import skilleval
from skilleval import standards
from skilleval.db.tables import (
    Assignment,
    Batch,
    Institution,
    Specification,
    id_of,
)
from skilleval.domain.authority import ROUTES, parse_route
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.packs import Library
from skilleval.services import authority, institutions, journal, rules
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.specification_standing import is_in_force
from skilleval.services.staffing import staff_of_file, venue_problems
from skilleval.services.toml_form import form_problems

_TEXT = {"institution", "number", "name", "route", "occupation_code", "trade", "specification", "authority_reason"}
_KEYS: Mapping[str, type] = {
    **dict.fromkeys(_TEXT, str), "grades": list, "specification_version": int, "planned": int, "enrol_until": date,
    "starts_on": date, "ends_on": date, "venues": list, "assessors": list, "supervisors": list,
}  # fmt: skip
#: the routes that go through a batch
BATCH_ROUTES = ("assessment", "direct", "contest")
_SPECIFICATION_STATES = {"draft": "草稿", "approved": "已批准", "superseded": "已被取代"}
_REQUIRED = ("institution", "number", "name", "occupation_code", "grades", "specification", "starts_on", "ends_on")


def add_batch(session: Session, actor: Actor, institution: Institution, content: dict[str, Any], library: Library) -> Batch:
    """Plan a batch from its parsed file.

    Refused with every reason: keys, dates, what the institution may not recognise on the first or last day (registration,
    scope, ceiling, route, a permit in the rules), a specification that does not cover a grade, unknown assessors or
    venues, a number in use.
    """
    _must_be_readable(content)
    firm = id_of(institution)
    _must_be_new(session, firm, content["number"])
    problems: list[str] = []
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
    batch = _planned(session, firm, content, specification, grades, library)
    session.add(batch)
    session.flush()
    take_duty(session, actor, batch, "batch_plans.add_batch")
    assignments = [
        Assignment(institution_id=firm, batch_id=id_of(batch), personnel_id=key, role=role, method=method)
        for role, key, method in staff
    ]
    session.add_all(assignments)
    journal.record(session, actor, firm, "batch.add", objects=[batch, *assignments])
    return batch


def _planned(
    session: Session, firm: int, content: dict[str, Any], specification: Specification, grades: Sequence[Grade],
    library: Library,
) -> Batch:  # fmt: skip
    """The batch that a file without a problem plans, with the versions that it will be judged by."""
    packs = rules.packs_of(session, firm, library, content["starts_on"])
    return Batch(
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


def _must_be_readable(content: dict[str, Any]) -> None:
    """Refused with every reason: keys and types that are not those of a batch file, a route without batches."""
    problems = form_problems(content, _KEYS, _REQUIRED)
    problems += [f"{key} 的每一项应为文字" for key in ("venues", "supervisors") if not _holds_texts(content.get(key))]
    if not problems:
        problems = _route_problems(content)
    if problems:
        raise RuleBroken("批次文件有错误，未作任何改动", problems)


def _holds_texts(value: Any) -> bool:
    """Whether every entry of a list is a text. What is no list at all is told of by its type."""
    return not isinstance(value, list) or all(isinstance(one, str) for one in value)


def _must_be_new(session: Session, firm: int, number: str) -> None:
    if session.exec(select(Batch).where(col(Batch.institution_id) == firm, col(Batch.number) == number)).first():
        raise RuleBroken(f"批次编号 {number} 已存在")


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
        problems.append("评价结束（ends_on）早于评价开始（starts_on）")
    if content.get("enrol_until") and content["enrol_until"] > content["starts_on"]:
        problems.append("报名截止（enrol_until）晚于评价开始（starts_on）")
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
