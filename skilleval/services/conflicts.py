"""Conflicts of interest (回避) of a batch: found from data and declarations, confirmed or dismissed with a reason.

Nothing is stored of a conflict until somebody decides it, so what is asked is always what the data now shows.
Source: national-rules 2.4; which kinds must be avoided stands in the rule packs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Assignment,
    Batch,
    Candidate,
    Panel,
    PanelMember,
    Person,
    Personnel,
    Relation,
    SpecificationPart,
    id_of,
)
from skilleval.db.tables import Conflict as DecidedConflict
from skilleval.db.together import Lists, Queries, together
from skilleval.domain.conflicts import KINDS, STATES, Conflict, Decision, Examiner, Subject, Tie, found, stands
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.earlier import Examined, earlier_batches, examined_before
from skilleval.services.journal import Actor

#: candidates who are, or may yet be, examined
_SITTING = ("applied", "eligible")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of everybody of an institution and the candidates of a batch that may be a conflict between them."""

    ends_on: date
    #: the people of the batch by id
    subjects: Mapping[int, Subject]
    ties: Sequence[Tie]
    decisions: Mapping[tuple[int, int], Mapping[str, Decision]]
    earlier: Mapping[tuple[int, int], Sequence[str]]
    #: the roster's records of the personnel: by index of the document number, else by name
    roster: Mapping[str, Sequence[Subject]]

    def conflicts(self, personnel: Personnel, candidates: Iterable[Candidate]) -> list[Conflict]:
        """The conflicts of somebody with these candidates, as they stand."""
        examiner = self._examiner(personnel)
        standing: list[Conflict] = []
        for candidate in candidates:
            subject, pair = self.subjects[candidate.person_id], (examiner.key, candidate.person_id)
            facts = found(examiner, subject, self.ties, self.earlier.get(pair, ()), self.ends_on)
            standing += stands(examiner, subject, facts, self.decisions.get(pair, {}))
        return standing

    def _examiner(self, personnel: Personnel) -> Examiner:
        key = personnel.id_index or personnel.name
        return Examiner(
            id_of(personnel), personnel.code, personnel.name, personnel.institution_id, personnel.id_index,
            tuple(self.roster.get(key, ())),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """Who may be examined in a batch, in which parts, and what conflicts are found from."""

    batch: Batch
    #: everybody who ever applied, in the order of their admission numbers
    enrolled: Sequence[Candidate]
    #: of the specification, at every grade
    parts: Sequence[SpecificationPart]
    known: Known

    @property
    def candidates(self) -> list[Candidate]:
        """Those who are, or may yet be, examined."""
        return [one for one in self.enrolled if one.state in _SITTING]

    @property
    def planned_parts(self) -> list[SpecificationPart]:
        """The parts at the grades of the batch, lowest grade first."""
        own = (one for one in self.parts if one.grade in self.batch.grades)
        return sorted(own, key=lambda one: (Grade(one.grade).rank, one.serial))

    def examined(self, method: str, grade: str = "") -> list[Candidate]:
        """The candidates whom an assessor of a part examines; an empty method is direct recognition."""
        grades = {part.grade for part in self.parts if part.method == method}
        return [
            one for one in self.candidates
            if grade in ("", one.grade) and (one.grade in grades if method else "direct" in (one.route, self.batch.route))
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Duty:
    """What somebody does in a batch: by an assignment, or by a seat on a panel, where ``seated``."""

    personnel: Personnel
    role: str
    method: str
    grade: str
    seated: bool
    #: whether somebody recorded why the seat stays empty
    absent: bool


@dataclass(frozen=True, slots=True)
class _Done:
    """A duty with the row that it stands in."""

    id: int
    personnel_id: int
    role: str
    method: str
    grade: str
    seated: bool
    absent: bool


@dataclass(frozen=True, slots=True)
class _Decided:
    personnel_id: int
    person_id: int
    kind: str
    state: str
    fact: str
    reason: str | None
    by: str | None


@dataclass(frozen=True, slots=True)
class _Recorded:
    """Somebody of the firm's own roster who is among its personnel."""

    key: int
    institution_id: int
    name: str
    id_index: str
    department: str | None


def scene_of(session: Session, batch: Batch) -> Scene:
    """What the conflicts of a batch are found from, read once."""
    firm = batch.institution_id
    enrolled = select(Candidate).where(col(Candidate.institution_id) == firm, col(Candidate.batch_id) == batch.id)
    parts = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == firm, col(SpecificationPart.specification_id) == batch.specification_id
    )
    return Scene(
        batch, session.exec(enrolled.order_by(col(Candidate.admission_number), col(Candidate.id))).all(),
        session.exec(parts.order_by(col(SpecificationPart.serial), col(SpecificationPart.id))).all(),
        known_of(session, batch),
    )  # fmt: skip


def known_of(session: Session, batch: Batch) -> Known:
    """What is known of the institution's people and the candidates of a batch: one statement."""
    return known_by(batch, together(session, recorded_about(batch)))


def recorded_about(batch: Batch) -> Queries:
    """The queries for what the conflicts of a batch are found from, to be asked ``together``; ``known_by`` reads it."""
    firm = batch.institution_id
    people = (Person.id, Person.institution_id, Person.name, Person.id_index, Person.department)
    sitting = sa.select(col(Candidate.person_id)).where(
        col(Candidate.institution_id) == firm, col(Candidate.batch_id) == batch.id
    )
    return {
        Subject: sa.select(*(col(one) for one in people)).where(col(Person.id).in_(sitting)),
        Tie: sa.select(*(col(one) for one in (
            Relation.kind, Relation.person_id, Relation.source, Relation.personnel_id, Relation.first_person_id,
            Relation.valid_from, Relation.valid_to,
        ))).where(col(Relation.institution_id) == firm),
        _Decided: sa.select(*(col(one) for one in (
            DecidedConflict.personnel_id, DecidedConflict.person_id, DecidedConflict.kind, DecidedConflict.state,
            DecidedConflict.fact, DecidedConflict.reason, DecidedConflict.decided_by,
        ))).where(col(DecidedConflict.institution_id) == firm, col(DecidedConflict.state) != "suspected"),
        Examined: examined_before(batch),
        _Recorded: sa.select(*(col(one) for one in people)).where(*_on_roster(firm)),
    }  # fmt: skip


def known_by(batch: Batch, read: Lists) -> Known:
    """What ``recorded_about`` found of a batch."""
    return Known(
        batch.ends_on, {one.key: one for one in read[Subject]}, read[Tie], _decisions(read[_Decided]),
        earlier_batches(read[Examined]), _roster(read[_Recorded]),
    )  # fmt: skip


def acting(duties: Iterable[Duty], scene: Scene) -> list[tuple[Personnel, list[Candidate]]]:
    """Everybody who acts in a batch, by code, with the candidates whom they examine: a supervisor all of them."""
    people: dict[str, tuple[Personnel, dict[int, Candidate]]] = {}
    for one in sorted(duties, key=lambda one: (one.role, one.method, one.grade)):
        examines = scene.candidates if one.role == "supervisor" else scene.examined(one.method, one.grade)
        people.setdefault(one.personnel.code, (one.personnel, {}))[1].update({id_of(each): each for each in examines})
    return [(person, list(examines.values())) for _code, (person, examines) in sorted(people.items())]


def conflicts_in(duties: Iterable[Duty], scene: Scene) -> list[Conflict]:
    """The conflicts of everybody who acts in a batch with those whom they examine, as they stand."""
    return [one for person, candidates in acting(duties, scene) for one in scene.known.conflicts(person, candidates)]


def conflicts_of_batch(session: Session, batch: Batch) -> list[Conflict]:
    """``conflicts_in`` a batch, with everybody who acts there."""
    return conflicts_in(duties_of(session, batch), scene_of(session, batch))


def conflict_id(batch: Batch, conflict: Conflict) -> str:
    """What a conflict is named by in commands: batch, examiner, candidate and kind."""
    return f"{batch.number}:{conflict.examiner.code}:{conflict.subject.key}:{conflict.kind}"


def decide_conflict(
    session: Session, actor: Actor, batch: Batch, named: str, *, state: str, reason: str, on: date
) -> DecidedConflict:
    """Confirm or dismiss a conflict. A dismissal stands until the fact that was dismissed is another one.

    Refused: no reason, no such conflict, one decided so already, the examiner's own decision, and dismissing that somebody
    with the same document number is the same person.
    """
    take_duty(session, actor, batch, "conflicts.decide_conflict")
    if not reason.strip():
        raise RuleBroken("认定或排除回避情形须写明理由")
    conflict, candidate = _named(session, batch, named)
    examiner = conflict.examiner
    if actor.name.strip() in (examiner.name, examiner.code):
        raise RuleBroken(f"{examiner.name} 不能处理本人的回避情形，须由他人认定或排除")
    if conflict.state == state:
        raise RuleBroken(f"{conflict.told}：已是“{STATES[state]}”")
    if state == "dismissed" and conflict.kind == "self" and examiner.is_known_as(conflict.subject):
        raise RuleBroken(f"{conflict.text}：证件号码相同，不能排除")
    row = _decision_row(session, conflict, candidate, on)
    row.state, row.fact, row.reason = state, conflict.fact, reason.strip()
    row.decided_by, row.decided_on = actor.name, on
    session.add(row)
    journal.record(session, actor, batch.institution_id, f"conflicts.{state}", objects=[row], reason=reason.strip())
    return row


def _named(session: Session, batch: Batch, named: str) -> tuple[Conflict, Candidate]:
    """The conflict with this id as it now stands. Refused: none has it."""
    scene = scene_of(session, batch)
    _batch, code, person, kind = [*named.rsplit(":", 3), "", "", ""][:4]
    personnel = session.exec(
        select(Personnel).where(col(Personnel.institution_id) == batch.institution_id, col(Personnel.code) == code)
    ).first()
    for candidate in scene.candidates:
        if personnel is not None and str(candidate.person_id) == person:
            for one in scene.known.conflicts(personnel, [candidate]):
                if one.kind == kind:
                    return one, candidate
    raise RuleBroken(f"没有编号为 {named} 的回避情形，可用 skilleval conflicts list 或 skilleval panels check 查看")


def batch_number_of(named: str) -> str:
    """The batch that the id of a conflict names. Refused: what is no such id."""
    parts = named.rsplit(":", 3)
    if len(parts) != 4 or parts[3] not in KINDS:
        raise RuleBroken(f"“{named}”不是回避情形的编号，应如 2026-DG-01:K01:12:team（见 skilleval conflicts list）")
    return parts[0]


def _decision_row(session: Session, conflict: Conflict, candidate: Candidate, on: date) -> DecidedConflict:
    firm, examiner = candidate.institution_id, conflict.examiner
    query = select(DecidedConflict).where(
        col(DecidedConflict.institution_id) == firm,
        col(DecidedConflict.personnel_id) == examiner.key,
        col(DecidedConflict.employer_id) == candidate.employer_id,
        col(DecidedConflict.person_id) == candidate.person_id,
        col(DecidedConflict.kind) == conflict.kind,
    )
    return session.exec(query.with_for_update()).first() or DecidedConflict(
        institution_id=firm, personnel_id=examiner.key, employer_id=candidate.employer_id,
        person_id=candidate.person_id, kind=conflict.kind, fact=conflict.fact, found_on=on,
    )  # fmt: skip


def duties_of(session: Session, batch: Batch) -> list[Duty]:
    """Every assignment and every seat on a panel of a batch, in the order of assignment."""
    duty = _duties(batch).subquery()
    query = sa.select(Personnel, duty.c.role, duty.c.method, duty.c.grade, duty.c.seated, duty.c.absent).join(
        duty, duty.c.personnel_id == col(Personnel.id)
    )
    return [Duty(*row) for row in session.execute(query.order_by(duty.c.seated, duty.c.id))]


def duty_queries(batch: Batch) -> Queries:
    """The query for ``duties_of`` without the people, to be asked ``together``; ``duties_by`` reads it."""
    return {_Done: _duties(batch)}


def duties_by(personnel: Iterable[Personnel], read: Lists) -> list[Duty]:
    """What ``duty_queries`` found, as ``duties_of``; ``personnel`` is everybody of the institution."""
    people = {id_of(one): one for one in personnel}
    done: Sequence[_Done] = sorted(read[_Done], key=lambda one: (one.seated, one.id))
    return [Duty(people[one.personnel_id], one.role, one.method, one.grade, one.seated, one.absent) for one in done]


def _duties(batch: Batch) -> sa.CompoundSelect[Any]:
    assigned = sa.select(
        col(Assignment.id), col(Assignment.personnel_id), col(Assignment.role), col(Assignment.method), col(Assignment.grade),
        sa.false().label("seated"), sa.false().label("absent"),
    ).where(col(Assignment.institution_id) == batch.institution_id, col(Assignment.batch_id) == batch.id)  # fmt: skip
    seated = sa.select(
        col(PanelMember.id), col(PanelMember.personnel_id), sa.literal("assessor"), col(Panel.method), sa.literal(""), sa.true(),
        col(PanelMember.absent_reason).is_not(None),
    ).where(
        col(PanelMember.institution_id) == batch.institution_id, col(PanelMember.panel_id) == col(Panel.id),
        col(Panel.batch_id) == batch.id,
    )  # fmt: skip
    return sa.union_all(assigned, seated)


def _on_roster(firm: int) -> tuple[sa.ColumnElement[bool], ...]:
    """Who of the firm's own roster is among its personnel: by index of the document number, else by name."""
    numbers = sa.select(col(Personnel.id_index)).where(col(Personnel.institution_id) == firm, col(Personnel.id_index).is_not(None))
    names = sa.select(col(Personnel.name)).where(col(Personnel.institution_id) == firm, col(Personnel.id_index).is_(None))
    known = sa.or_(col(Person.id_index).in_(numbers), col(Person.name).in_(names))
    return col(Person.institution_id) == firm, known


def _roster(people: Iterable[_Recorded]) -> dict[str, list[Subject]]:
    records: dict[str, list[Subject]] = {}
    for one in sorted(people, key=lambda one: one.key):
        # Whoever is looked for by name has no number on record, and finds everybody of that name here.
        for key in (one.id_index, one.name):
            records.setdefault(key, []).append(Subject(one.key, one.institution_id, one.name, one.id_index, one.department))
    return records


def _decisions(decided: Iterable[_Decided]) -> dict[tuple[int, int], dict[str, Decision]]:
    found: dict[tuple[int, int], dict[str, Decision]] = {}
    for one in decided:
        told = Decision(one.state, one.fact, one.reason or "", one.by or "")
        found.setdefault((one.personnel_id, one.person_id), {})[one.kind] = told
    return found
