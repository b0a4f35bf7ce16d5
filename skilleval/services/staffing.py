"""Who assesses and supervises a batch, and where: read from the batch file, and changed until marks are entered."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import Assignment, Batch, Panel, PanelMember, Personnel, Venue, id_of
from skilleval.domain import lifecycle
from skilleval.domain.conflicts import CONFLICT_RULES, stands_in_the_way
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.panels import ASSESSING, PERSONNEL_KINDS
from skilleval.services import conflicts, journal
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.rules import packs_of_batch

#: states of a batch in which staff, panels and venues may still change
OPEN = ("draft", "enrolling", "reviewed", "scheduled")


def restaff_batch(session: Session, actor: Actor, batch: Batch, content: dict[str, Any], *, reason: str) -> Batch:
    """Make assessors, supervisors and venues of a batch what its file now says; a list that the file lacks stays.

    Refused with every reason: no reason, a batch that is being marked or further, unknown people or venues, somebody new
    with a conflict of interest in the way, and taking a part from somebody on a panel for it.
    """
    take_duty(session, actor, batch, "staffing.restaff_batch")
    if batch.state not in OPEN:
        raise RuleBroken(f"批次现在是“{lifecycle.label('batch', batch.state)}”，开始评分后不能再调整考评员、督导员和场地")
    if not reason.strip():
        raise RuleBroken("调整考评员、督导员或场地须写明理由")
    assert batch.id is not None
    whole = {"occupation_code": batch.occupation_code, "ends_on": batch.ends_on, **content}
    problems = venue_problems(session, batch.institution_id, content.get("venues", []))
    wanted = staff_of_file(session, batch.institution_id, whole, problems)
    if problems:
        raise RuleBroken("批次的人员和场地没有改动", problems)
    roles = [role for role, key in (("assessor", "assessors"), ("supervisor", "supervisors")) if key in content]
    standing = [one for one in _assignments(session, batch) if one.role in roles]
    gone = [one for one in standing if (one.role, one.personnel_id, one.method) not in wanted]
    there = {(one.role, one.personnel_id, one.method) for one in standing}
    new = [
        Assignment(institution_id=batch.institution_id, batch_id=batch.id, personnel_id=key, role=role, method=method)
        for role, key, method in wanted
        if (role, key, method) not in there
    ]
    if problems := [*_seated_problems(session, batch, gone), *_conflict_problems(session, batch, new)]:
        raise RuleBroken("批次的人员和场地没有改动", problems)
    batch.venues = content.get("venues", batch.venues)
    session.add_all([batch, *new])
    for one in gone:
        session.delete(one)
    journal.record(
        session, actor, batch.institution_id, "batch.staff", objects=[batch, *new], deleted=gone, reason=reason.strip()
    )
    return batch


def _conflict_problems(session: Session, batch: Batch, new: Sequence[Assignment]) -> list[str]:
    """The conflicts in the way of those who are newly assigned."""
    scene, packs = conflicts.scene_of(session, batch), packs_of_batch(session, batch)
    rules = {rule: found for rule in CONFLICT_RULES if (found := packs.find(rule, batch.starts_on)) is not None}
    problems = []
    for one in new:
        person = session.get_one(Personnel, one.personnel_id)
        examined = scene.examined(one.method, one.grade) if one.role == "assessor" else scene.candidates
        problems += [found.told for found in scene.known.conflicts(person, examined) if stands_in_the_way(found, rules)]
    return list(dict.fromkeys(problems))


def _seated_problems(session: Session, batch: Batch, gone: Sequence[Assignment]) -> list[str]:
    """Those who would lose a part that they assess on a panel: the panel is changed by its own command."""
    query = select(PanelMember.personnel_id, Panel.method, Panel.name, Personnel.name).where(
        col(Panel.institution_id) == batch.institution_id,
        col(Panel.batch_id) == batch.id,
        col(PanelMember.panel_id) == col(Panel.id),
        col(Personnel.id) == col(PanelMember.personnel_id),
    )
    lost = {(one.personnel_id, one.method) for one in gone if one.role == "assessor"}
    return [
        f"{person} 在“{panel}”中，须先调整评审组（skilleval panels assign）"
        for key, method, panel, person in session.exec(query)
        if (key, method) in lost
    ]


def _assignments(session: Session, batch: Batch) -> Sequence[Assignment]:
    query = select(Assignment).where(
        col(Assignment.institution_id) == batch.institution_id, col(Assignment.batch_id) == batch.id
    )
    return session.exec(query.order_by(col(Assignment.id))).all()


def venue_problems(session: Session, firm: int, names: list[Any]) -> list[str]:
    """The venues named that the institution does not have."""
    known = set(session.exec(select(Venue.name).where(col(Venue.institution_id) == firm)))
    return [f"没有名为“{name}”的场地" for name in names if name not in known]


def staff_of_file(session: Session, firm: int, content: dict[str, Any], problems: list[str]) -> list[tuple[str, int, str]]:
    """(role, personnel id, method) of every assignment that the file asks for."""
    people = {one.code: one for one in session.exec(select(Personnel).where(col(Personnel.institution_id) == firm))}
    staff: list[tuple[str, int, str]] = []
    for entry in content.get("assessors", []):
        if not _is_staffing(entry):
            problems.append("assessors 的每一项应写作 { code = \"K01\", methods = [\"theory\", \"skill\"] }")
            continue
        person = people.get(entry["code"])
        if person is None or person.kind not in ASSESSING:
            problems.append(_unfit(person, entry["code"], "考评员"))
            continue
        problems += _assessor_problems(person, content)
        for method in entry["methods"]:
            if method not in METHODS:
                problems.append(f"考评员 {entry['code']} 的 methods “{method}”应为：{'、'.join(METHODS)}")
            else:
                staff.append(("assessor", id_of(person), method))
    for code in content.get("supervisors", []):
        person = people.get(code)
        if person is None or person.kind != "supervisor":
            problems.append(_unfit(person, code, "内部质量督导员"))
        else:
            staff.append(("supervisor", id_of(person), ""))
    return list(dict.fromkeys(staff))


def _unfit(person: Personnel | None, code: object, duty: str) -> str:
    """Why a code can't be used for a duty: nobody has it, or somebody whose kind is another."""
    if person is None:
        return f"没有编号为 {code} 的{duty}，可用 skilleval institutions show 查看"
    return f"{code} {person.name} 登记为{PERSONNEL_KINDS[person.kind]}，不能作为{duty}"


def _is_staffing(entry: object) -> bool:
    if not isinstance(entry, dict) or entry.keys() != {"code", "methods"}:
        return False
    methods = entry["methods"]
    return isinstance(entry["code"], str) and isinstance(methods, list) and all(isinstance(one, str) for one in methods)


def _assessor_problems(person: Personnel, content: dict[str, Any]) -> list[str]:
    problems = []
    if person.card_valid_to is not None and person.card_valid_to < content["ends_on"]:
        problems.append(f"考评员 {person.code} 的证卡有效期至 {person.card_valid_to}，不到批次结束")
    if person.occupations and content["occupation_code"] not in person.occupations:
        problems.append(f"考评员 {person.code} 不能考评职业 {content['occupation_code']}")
    return problems
