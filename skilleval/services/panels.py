"""Panels (评审组) of a batch: checked without writing, proposed, assigned and shown.

A panel assesses one method of the batch, or, for direct recognition (直接认定), has no method. Members of a panel with a method
are also assigned as assessors of that part, so that marks are entered by them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import Assignment, Batch, Candidate, Panel, PanelMember, Personnel, SpecificationPart, id_of
from skilleval.domain import lifecycle
from skilleval.domain.conflicts import Conflict
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.panel_choice import Proposal, propose
from skilleval.domain.panels import ASSESSING, PANEL_RULES, Member, Need, Rules, prove_member, prove_panel, prove_size
from skilleval.domain.rules import Answer, Proof
from skilleval.packs import Packs
from skilleval.services import conflicts, journal
from skilleval.services.conflicts import Scene
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.rules import packs_of_batch
from skilleval.services.staffing import OPEN

#: how the command line names direct recognition, which has no method
DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Check:
    """Somebody held against a batch: what it already does there, whether it may sit, and how it stands to each candidate."""

    personnel: Personnel
    duties: tuple[str, ...]
    proofs: Mapping[str, Proof]
    candidates: Sequence[tuple[Candidate, str, tuple[Conflict, ...]]]


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody acts in a batch of the institution that begins on a day, as what."""

    personnel_id: int
    batch_id: int
    starts_on: date
    role: str


@dataclass(frozen=True, slots=True)
class _Setting:
    """What people are held against: read once, however many they are."""

    batch: Batch
    scene: Scene
    rules: Rules
    parts: Sequence[SpecificationPart]
    supervisors: frozenset[int]
    #: in how many other batches of the year somebody acts, by personnel id
    workload: Mapping[int, int]

    def methods(self) -> list[str]:
        """The methods that the batch has, direct recognition last."""
        methods = list(dict.fromkeys(part.method for part in self.parts))
        return [*methods, ""] if self.batch.route == "direct" or self.scene.examined("") else methods

    def need(self, method: str) -> Need:
        """What the panel is for; the grades are those of its candidates, or, before there are any, of the batch."""
        if method not in self.methods():
            what = f"批次的评价规范没有{METHODS[method].name_zh}" if method else "批次没有直接认定的考生"
            raise RuleBroken(f"{what}，不需要这样的评审组")
        parts = [one for one in self.parts if one.method == method]
        planned = {one.grade for one in parts} if method else set(self.batch.grades)
        taken = {one.grade for one in self.scene.examined(method)} or planned
        minimum = max((one.assessors for one in parts if one.grade in taken), default=1)
        grades = tuple(sorted(Grade(one) for one in taken))
        return Need(method, self.batch.occupation_code, grades, self.batch.ends_on, minimum)

    def member(self, one: Personnel, candidates: Sequence[Candidate]) -> Member:
        """Somebody as one who may sit for these candidates."""
        key = id_of(one)
        return Member(
            one.code, one.name, one.kind, tuple(one.occupations), tuple(Grade(grade) for grade in one.grades),
            one.card_valid_to, key in self.supervisors, self.workload.get(key, 0),
            tuple(self.scene.known.conflicts(one, candidates)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bench:
    """The people out of whom the panels of a batch are made up, read once for all methods."""

    setting: _Setting
    #: assessors and experts, by code
    people: Sequence[Personnel]

    def propose(self, method: str, size: int | None = None) -> Proposal:
        """``propose_panel`` for a method."""
        need, rules = self.setting.need(method), self.setting.rules
        wrong = [] if size is None else [leaf.fact for leaf in prove_size(size, need, rules) if leaf.answer is not Answer.MET]
        if wrong or (size is not None and size < 1):
            raise RuleBroken(f"{need.name}评审组不能是 {size} 人", wrong)
        candidates = self.setting.scene.examined(method)
        return propose([self.setting.member(one, candidates) for one in self.people], need, rules, size)


def bench_in(scene: Scene, packs: Packs, acts: Iterable[Act], personnel: Iterable[Personnel]) -> Bench:
    """The bench of a batch from what was read already; ``personnel`` by code."""
    return Bench(_setting_in(scene, packs, acts), [one for one in personnel if one.kind in ASSESSING])


def check_person(session: Session, batch: Batch, code: str) -> Check:
    """Hold one person against a batch without assigning: fitness for each method, every candidate, every conflict.

    Refused: a code that nobody has.
    """
    personnel = _personnel(session, batch, [code])[0]
    setting = _setting(session, batch)
    scene = setting.scene
    names = {one.person_id: scene.known.subjects[one.person_id].name for one in scene.candidates}
    proofs = {}
    for method in setting.methods():
        member = setting.member(personnel, scene.examined(method))
        proofs[method or DIRECT] = prove_member(member, setting.need(method), setting.rules)
    rows = [(one, names[one.person_id], tuple(scene.known.conflicts(personnel, [one]))) for one in scene.candidates]
    return Check(personnel, _duties_of(session, batch, personnel), proofs, rows)


def propose_panel(session: Session, batch: Batch, method: str, size: int | None = None) -> Proposal:
    """A panel out of the institution's assessors and experts, with reasons for everybody. Nothing is written.

    Refused: a method that the batch doesn't have, a size that no panel may have.
    """
    query = select(Personnel).where(
        col(Personnel.institution_id) == batch.institution_id, col(Personnel.kind).in_(list(ASSESSING))
    )
    return Bench(_setting(session, batch), session.exec(query.order_by(col(Personnel.code))).all()).propose(method, size)


def assign_panel(
    session: Session,
    actor: Actor,
    batch: Batch,
    method: str,
    *,
    chair: str,
    members: Sequence[str],
    reason: str,
    name: str | None = None,
) -> Panel:
    """Assign a panel, in the place of the one of its name; the chair is a member whether named among them or not.

    Refused with every reason: no reason, a batch that is being marked or further, unknown people, a method that the batch
    doesn't have, a size that is too small or even, a member who is not fit, and every conflict in the way.
    """
    take_duty(session, actor, batch, "panels.assign_panel")
    if batch.state not in OPEN:
        way = "成员缺席或须回避的，登记后用 skilleval panels substitute 增补"
        raise RuleBroken(f"批次现在是“{lifecycle.label('batch', batch.state)}”，开始评分后不能再组成或调整评审组；{way}")
    if not reason.strip():
        raise RuleBroken("组成评审组须写明理由")
    people = _personnel(session, batch, list(dict.fromkeys([chair, *members])))
    setting = _setting(session, batch)
    need, candidates = setting.need(method), setting.scene.examined(method)
    proof = prove_panel([setting.member(one, candidates) for one in people], chair, need, setting.rules)
    if missing := lifecycle.missing_in(proof):
        raise RuleBroken(f"{need.name}评审组不能这样组成，未作任何改动", missing)
    return _write(session, actor, batch, method, name or f"{need.name}评审组", people, chair, reason.strip())


def panels_of(session: Session, batch: Batch) -> list[tuple[Panel, list[tuple[PanelMember, Personnel]]]]:
    """The panels of a batch in order of name, each with its members, the chair first."""
    query = (
        select(Panel, PanelMember, Personnel)
        .join(PanelMember, col(PanelMember.panel_id) == col(Panel.id))
        .join(Personnel, col(Personnel.id) == col(PanelMember.personnel_id))
        .where(col(Panel.institution_id) == batch.institution_id, col(Panel.batch_id) == batch.id)
        .order_by(col(Panel.name), col(PanelMember.role), col(Personnel.code))
    )
    panels: dict[int, tuple[Panel, list[tuple[PanelMember, Personnel]]]] = {}
    for panel, seat, person in session.exec(query):
        panels.setdefault(id_of(panel), (panel, []))[1].append((seat, person))
    return list(panels.values())


def method_of(named: str) -> str:
    """The method that a command names; ``direct`` is direct recognition, which has none. Refused: anything else."""
    if named == DIRECT:
        return ""
    if named not in METHODS:
        raise RuleBroken(f"没有“{named}”这种评价方式，可用的有：{'、'.join([*METHODS, DIRECT])}")
    return named


def _write(
    session: Session, actor: Actor, batch: Batch, method: str, name: str, people: Sequence[Personnel], chair: str, reason: str
) -> Panel:
    firm = batch.institution_id
    query = select(Panel).where(col(Panel.institution_id) == firm, col(Panel.batch_id) == batch.id, col(Panel.name) == name)
    panel = session.exec(query).first() or Panel(institution_id=firm, batch_id=id_of(batch), name=name, reason=reason)
    if panel.id is not None and panel.method != method:
        raise RuleBroken(f"“{name}”是{METHODS[panel.method].name_zh if panel.method else '直接认定'}的评审组，请用别的名称")
    panel.method, panel.reason = method, reason
    session.add(panel)
    session.flush()
    held = {seat.personnel_id: seat for seat, _person in _seats(session, panel)}
    seats = [
        held.get(id_of(one), PanelMember(institution_id=firm, panel_id=id_of(panel), personnel_id=id_of(one)))
        for one in people
    ]
    for seat, one in zip(seats, people, strict=True):
        seat.role = "chair" if one.code == chair else "member"
    here = {id_of(one) for one in people}
    gone: list[PanelMember | Assignment] = [seat for key, seat in held.items() if key not in here]
    gone += _part_assignments(session, batch, method, held.keys() - here)
    standing = {one.personnel_id for one in _part_assignments(session, batch, method, here)}
    assigned = [
        Assignment(institution_id=firm, batch_id=id_of(batch), personnel_id=id_of(one), role="assessor", method=method)
        for one in people
        if method and one.id not in standing
    ]
    session.add_all([*seats, *assigned])
    for row in gone:
        session.delete(row)
    journal.record(
        session, actor, firm, "panels.assign", objects=[panel, *seats, *assigned], deleted=gone, reason=reason
    )
    return panel


def _seats(session: Session, panel: Panel) -> list[tuple[PanelMember, Personnel]]:
    query = select(PanelMember, Personnel).where(
        col(PanelMember.institution_id) == panel.institution_id,
        col(PanelMember.panel_id) == panel.id,
        col(Personnel.id) == col(PanelMember.personnel_id),
    )
    found = [(seat, person) for seat, person in session.exec(query.order_by(col(Personnel.code)))]
    return sorted(found, key=lambda one: one[0].role != "chair")


def _part_assignments(session: Session, batch: Batch, method: str, people: set[int]) -> list[Assignment]:
    """The assignments of these people to a part as a whole; none for direct recognition."""
    if not method:
        return []
    query = select(Assignment).where(
        col(Assignment.institution_id) == batch.institution_id,
        col(Assignment.batch_id) == batch.id,
        col(Assignment.role) == "assessor",
        col(Assignment.method) == method,
        col(Assignment.grade) == "",
        col(Assignment.personnel_id).in_(list(people)),
    )
    return list(session.exec(query.order_by(col(Assignment.id))))


def _rules(packs: Packs, batch: Batch) -> Rules:
    found = {rule_id: packs.find(rule_id, batch.starts_on) for rule_id in PANEL_RULES}
    return {rule_id: rule for rule_id, rule in found.items() if rule is not None}


def _setting(session: Session, batch: Batch) -> _Setting:
    acts = [Act(*row) for row in session.execute(acts_query(batch))]
    return _setting_in(conflicts.scene_of(session, batch), packs_of_batch(session, batch), acts)


def _setting_in(scene: Scene, packs: Packs, acts: Iterable[Act]) -> _Setting:
    batch, supervisors = scene.batch, set()
    others: dict[int, set[int]] = {}
    for one in acts:
        if one.batch_id != batch.id and one.starts_on.year == batch.starts_on.year:
            others.setdefault(one.personnel_id, set()).add(one.batch_id)
        if (one.batch_id, one.role) == (batch.id, "supervisor"):
            supervisors.add(one.personnel_id)
    return _Setting(
        batch, scene, _rules(packs, batch), scene.planned_parts, frozenset(supervisors),
        {key: len(numbers) for key, numbers in others.items()},
    )  # fmt: skip


def acts_query(batch: Batch) -> sa.CompoundSelect[Any]:
    """The query for who acts in the institution's batches, as ``Act``."""
    here = col(Batch.institution_id) == batch.institution_id, col(Batch.state) != "cancelled"
    held = (col(Batch.id), col(Batch.starts_on))
    assigned = sa.select(col(Assignment.personnel_id), *held, col(Assignment.role)).where(
        col(Assignment.batch_id) == col(Batch.id), *here
    )
    seated = sa.select(col(PanelMember.personnel_id), *held, col(PanelMember.role)).where(
        col(PanelMember.panel_id) == col(Panel.id), col(Panel.batch_id) == col(Batch.id), *here
    )
    return sa.union(assigned, seated)


def _duties_of(session: Session, batch: Batch, one: Personnel) -> tuple[str, ...]:
    """What somebody already does in a batch, in Chinese."""
    told = [
        "内部质量督导员"
        if row.role == "supervisor"
        else f"{METHODS[row.method].name_zh}考评员" + (f"（{Grade(row.grade).printed}）" if row.grade else "")
        for row in _assignments_of(session, batch, one)
    ]
    for panel, seats in panels_of(session, batch):
        told += [f"{panel.name}{'组长' if seat.role == 'chair' else '组员'}" for seat, person in seats if person.id == one.id]
    return tuple(told)


def _assignments_of(session: Session, batch: Batch, one: Personnel) -> Sequence[Assignment]:
    query = select(Assignment).where(
        col(Assignment.institution_id) == one.institution_id,
        col(Assignment.personnel_id) == one.id,
        col(Assignment.batch_id) == batch.id,
    )
    return session.exec(query.order_by(col(Assignment.id))).all()


def _personnel(session: Session, batch: Batch, codes: Sequence[str]) -> list[Personnel]:
    """The people with these codes, in their order. Refused with every code that nobody has."""
    query = select(Personnel).where(col(Personnel.institution_id) == batch.institution_id, col(Personnel.code).in_(codes))
    found = {one.code: one for one in session.exec(query)}
    if missing := [f"没有编号为 {code} 的考评人员" for code in codes if code not in found]:
        raise RuleBroken("考评人员编号有误，可用 skilleval institutions show 查看", missing)
    return [found[code] for code in codes]
