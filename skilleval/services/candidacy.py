"""Who may sit: the verdict on every candidate of a batch with its proof, and what it was made from.

Sources: 4.4 of guangdong-rules (一人多证, 重复考证); the entry conditions of the specification.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    Person,
    Specification,
    id_of,
)
from skilleval.domain.candidacy import Application, Terms, judge_candidate
from skilleval.domain.eligibility import Condition
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.packs import Library
from skilleval.services import authority, people, rules
from skilleval.services.authority_ground import Ground
from skilleval.services.holdings import held_certificates


def conditions_of(session: Session, batch: Batch, library: Library) -> tuple[tuple[Condition, ...], Sequence[str]]:
    """The entry conditions that decide a batch, and the related occupations that its specification names."""
    edition, related = _edition(session, batch)
    packs = rules.packs_of(session, batch.institution_id, library, batch.starts_on)
    return packs.conditions(edition, batch.starts_on), related


def _edition(session: Session, batch: Batch) -> tuple[str, Sequence[str]]:
    """The generation of entry conditions and the related occupations that the batch's specification names."""
    specification = session.get(Specification, batch.specification_id)
    assert specification is not None
    if specification.conditions is None:
        raise RuleBroken(f"评价规范 {specification.code} 没有写明申报条件采用哪一版")
    return specification.conditions, specification.related_occupations


def judge_all(session: Session, batch: Batch, candidates: Sequence[Candidate], library: Library, on: date) -> None:
    """Judge candidates, and keep with each what its verdict was made from, so that it can be judged again."""
    edition, related = _edition(session, batch)
    packs = rules.packs_of(session, batch.institution_id, library, batch.starts_on)
    terms = Terms(
        packs.conditions(edition, batch.starts_on),
        packs.parameter("certificate.window", on=batch.starts_on),
        packs.parameter("certificate.duplicate", on=batch.starts_on),
        packs.authority(batch.starts_on),
        packs.every_rule(),
    )
    pinned = {"packs": rules.pin_packs(session, packs), "switches": packs.switches(batch.starts_on)}
    people_by_id = people_of(session, candidates)
    backgrounds = people.backgrounds(session, people_by_id.values(), batch.starts_on)
    held = held_certificates(session, list(people_by_id))
    direct = batch.route == "direct"
    ground = authority.records_for(session, batch, candidates).ground(library, batch.starts_on) if direct else None
    for candidate in candidates:
        application = Application(
            backgrounds[candidate.person_id], batch.occupation_code, Grade(candidate.grade), batch.starts_on, edition,
            tuple(related), candidate.claimed, tuple(held.get(candidate.person_id, ())),
        )  # fmt: skip
        if ground is not None:
            application = _direct(ground, batch, candidate, application)
        judgement = judge_candidate(application, terms)
        candidate.verdict, candidate.proof = judgement.answer.value, judgement.proof.as_dict()
        candidate.inputs = {**application.as_plain(), **pinned}
        candidate.checked_on = on
        candidate.skips_grade = judgement.skips_grade
        session.add(candidate)


def _direct(ground: Ground, batch: Batch, candidate: Candidate, application: Application) -> Application:
    """The application with the question of authority for this person; a step that nobody entered stays unsaid."""
    held: authority.Holds = max((one.grade for one in application.held), default=None)
    if held is None and application.background.certificates is None:
        held = authority.UNSAID
    asked = authority.question_for(ground, batch, candidate, held=held)
    return replace(application, asked=asked, written_reason=batch.authority_reason)


def people_of(session: Session, candidates: Sequence[Candidate]) -> dict[int, Person]:
    """The people whom candidates are, by their ids."""
    keys = [one.person_id for one in candidates]
    return {id_of(one): one for one in session.exec(select(Person).where(col(Person.id).in_(keys)))}
