"""The steps of a batch: what the next one rests on, and taking it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    Person,
    SpecificationPart,
)
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import BatchFacts, PartStaff
from skilleval.domain.methods import METHODS
from skilleval.domain.rules import Proof, Rule
from skilleval.packs import Library, Packs
from skilleval.services import authority, conflicts, journal, rules
from skilleval.services.batches import candidates_of, parts_of_batch
from skilleval.services.conflicts import Duty
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.recused_results import counted_recusals

#: states with results that go on to a notice, certificates or a filing
_RESULTED = ("settled", "noticed", "cleared", "certified")


def advance_batch(session: Session, actor: Actor, batch: Batch, to: str, *, library: Library, on: date) -> Batch:
    """Take the next step. Refused: a step that does not follow, one that an act of its own takes, and, with everything
    that is missing, one that is not ready or, before enrolment and marking, not within the institution's authority."""
    take_duty(session, actor, batch, "batch_steps.advance_batch")
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
