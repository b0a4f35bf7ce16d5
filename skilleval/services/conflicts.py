"""Conflicts of interest (回避) of a batch: found from data and declarations, confirmed or dismissed with a reason.

Nothing is stored of a conflict until somebody decides it, so what is asked is always what the data now shows.
Source: national-rules 2.4; which kinds must be avoided stands in the rule packs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

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
)
from skilleval.db.tables import Conflict as DecidedConflict
from skilleval.domain.conflicts import KINDS, STATES, Conflict, Decision, Examiner, Subject, Tie, found, stands
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.earlier import earlier_batches
from skilleval.services.journal import Actor

#: candidates who are, or may yet be, examined
_SITTING = ("applied", "eligible")


@dataclass(slots=True)
class Scene:
    """Everything that conflicts of a batch are found from."""

    batch: Batch
    candidates: Sequence[Candidate]
    subjects: Mapping[int, Subject]
    #: of the specification, at every grade
    parts: Sequence[SpecificationPart]
    ties: Sequence[Tie]
    decisions: Mapping[tuple[int, int], Mapping[str, Decision]]
    earlier: Mapping[tuple[int, int], Sequence[str]]
    roster: Mapping[str, Sequence[Subject]] = field(default_factory=dict)

    def conflicts(self, personnel: Personnel, candidates: Iterable[Candidate]) -> list[Conflict]:
        """The conflicts of somebody with these candidates, as they stand."""
        examiner = self._examiner(personnel)
        standing: list[Conflict] = []
        for candidate in candidates:
            subject, pair = self.subjects[candidate.person_id], (examiner.key, candidate.person_id)
            facts = found(examiner, subject, self.ties, self.earlier.get(pair, ()), self.batch.ends_on)
            standing += stands(examiner, subject, facts, self.decisions.get(pair, {}))
        return standing

    def examined(self, method: str, grade: str = "") -> list[Candidate]:
        """The candidates whom an assessor of a part examines; an empty method is direct recognition."""
        grades = {part.grade for part in self.parts if part.method == method}
        return [
            one for one in self.candidates
            if grade in ("", one.grade) and (one.grade in grades if method else "direct" in (one.route, self.batch.route))
        ]  # fmt: skip

    def _examiner(self, personnel: Personnel) -> Examiner:
        key = personnel.id_index or personnel.name
        return Examiner(
            _key(personnel.id), personnel.code, personnel.name, personnel.institution_id, personnel.id_index,
            tuple(self.roster.get(key, ())),
        )  # fmt: skip


def scene_of(session: Session, batch: Batch) -> Scene:
    """What the conflicts of a batch are found from, read once."""
    firm = batch.institution_id
    query = (
        select(Candidate, Person)
        .join(Person, col(Person.id) == col(Candidate.person_id))
        .where(col(Candidate.institution_id) == firm, col(Candidate.batch_id) == batch.id)
    )
    found = session.exec(query.order_by(col(Candidate.admission_number), col(Candidate.id))).all()
    parts = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == firm, col(SpecificationPart.specification_id) == batch.specification_id
    )
    return Scene(
        batch, [one for one, _person in found if one.state in _SITTING],
        {_key(person.id): _subject(person) for _one, person in found},
        session.exec(parts.order_by(col(SpecificationPart.serial), col(SpecificationPart.id))).all(),
        _ties(session, firm), _decisions(session, firm), earlier_batches(session, batch), _roster(session, firm),
    )  # fmt: skip


def acting(session: Session, batch: Batch, scene: Scene) -> list[tuple[Personnel, list[Candidate]]]:
    """Everybody who acts in a batch, by code, with the candidates whom they examine: a supervisor all of them."""
    examines: dict[int, dict[int, Candidate]] = {}
    for personnel_id, candidates in _duties(session, batch, scene):
        examines.setdefault(personnel_id, {}).update({_key(one.id): one for one in candidates})
    people = session.exec(select(Personnel).where(col(Personnel.id).in_(list(examines))).order_by(col(Personnel.code)))
    return [(one, list(examines[_key(one.id)].values())) for one in people]


def conflicts_of_batch(session: Session, batch: Batch) -> list[Conflict]:
    """The conflicts of everybody who acts in a batch with those whom they examine, as they stand."""
    scene = scene_of(session, batch)
    return [one for person, candidates in acting(session, batch, scene) for one in scene.conflicts(person, candidates)]


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
            for one in scene.conflicts(personnel, [candidate]):
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


def _duties(session: Session, batch: Batch, scene: Scene) -> list[tuple[int, list[Candidate]]]:
    """(personnel id, whom it examines) for every assignment and every seat on a panel."""
    assigned = sa.select(
        col(Assignment.personnel_id), col(Assignment.role), col(Assignment.method), col(Assignment.grade)
    ).where(col(Assignment.institution_id) == batch.institution_id, col(Assignment.batch_id) == batch.id)
    seated = sa.select(col(PanelMember.personnel_id), sa.literal("assessor"), col(Panel.method), sa.literal("")).where(
        col(PanelMember.institution_id) == batch.institution_id, col(PanelMember.panel_id) == col(Panel.id),
        col(Panel.batch_id) == batch.id,
    )  # fmt: skip
    return [
        (personnel_id, list(scene.candidates) if role == "supervisor" else scene.examined(method, grade))
        for personnel_id, role, method, grade in session.execute(sa.union(assigned, seated))
    ]


def _subject(person: Person) -> Subject:
    return Subject(_key(person.id), person.institution_id, person.name, person.id_index, person.department)


def _roster(session: Session, firm: int) -> dict[str, list[Subject]]:
    """The records of the firm's own roster that its personnel have: by index of the document number, else by name."""
    numbers = sa.select(col(Personnel.id_index)).where(col(Personnel.institution_id) == firm, col(Personnel.id_index).is_not(None))
    names = sa.select(col(Personnel.name)).where(col(Personnel.institution_id) == firm, col(Personnel.id_index).is_(None))
    query = select(Person).where(
        col(Person.institution_id) == firm, sa.or_(col(Person.id_index).in_(numbers), col(Person.name).in_(names))
    )
    records: dict[str, list[Subject]] = {}
    for person in session.exec(query.order_by(col(Person.id))):
        # Whoever is looked for by name has no number on record, and finds everybody of that name here.
        for key in (person.id_index, person.name):
            records.setdefault(key, []).append(_subject(person))
    return records


def _ties(session: Session, firm: int) -> list[Tie]:
    query = select(Relation).where(col(Relation.institution_id) == firm).order_by(col(Relation.id))
    return [
        Tie(one.kind, one.person_id, one.source, one.personnel_id, one.first_person_id, one.valid_from, one.valid_to)
        for one in session.exec(query)
    ]


def _decisions(session: Session, firm: int) -> dict[tuple[int, int], dict[str, Decision]]:
    query = select(DecidedConflict).where(
        col(DecidedConflict.institution_id) == firm, col(DecidedConflict.state) != "suspected"
    )
    decided: dict[tuple[int, int], dict[str, Decision]] = {}
    for one in session.exec(query):
        told = Decision(one.state, one.fact, one.reason or "", one.decided_by or "")
        decided.setdefault((one.personnel_id, one.person_id), {})[one.kind] = told
    return decided


def _key(value: int | None) -> int:
    assert value is not None
    return value
