"""Who of a firm may sit for a grade on a day, by which conditions, what the others lack, and who will by a later day."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlmodel import Session, col, select

from skilleval.db.tables import Institution, Person
from skilleval.domain.backgrounds import Background, HeldCertificate
from skilleval.domain.eligibility import Condition, judge
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Proof
from skilleval.packs import Library, Packs
from skilleval.services.entry_conditions import Basis, basis_of, conditions_on
from skilleval.services.people import backgrounds
from skilleval.services.rules import Choice, choices_of, packs_on
from skilleval.services.workforce import ANSWERS, MET, judge_all
from skilleval.services.workforce_columns import Workforce

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's answer on the day, and why: the ids of the conditions met, or what is lacking, or what is missing."""

    person: Person
    background: Background
    answer: Answer
    reasons: tuple[str, ...]
    #: holds a certificate of this occupation of the same or a higher grade, brought along or issued here
    holds_already: bool


@dataclass(frozen=True, slots=True)
class Coming:
    """One person who is not eligible yet and will be, if nothing changes but the date, and the first such day."""

    person: Person
    first_day: date


@dataclass
class Eligible:
    """Everybody of a firm judged for one occupation and grade."""

    occupation: str
    grade: Grade
    edition: str
    on: date
    standings: list[Standing]

    def of(self, answer: Answer) -> list[Standing]:
        """The people with this answer."""
        return [one for one in self.standings if one.answer is answer]

    def reasons(self, answer: Answer) -> Counter[str]:
        """Why people have this answer: each reason with the number of people, the most frequent first."""
        counted = Counter(reason for one in self.of(answer) for reason in one.reasons)
        return Counter(dict(sorted(counted.items(), key=lambda one: (-one[1], one[0]))))


@dataclass(frozen=True, slots=True)
class _Question:
    """A firm, an occupation, a grade, and the packs and conditions of any day."""

    firm_id: int
    library: Library
    #: every choice of packs that the firm has made, read once: whoever looks ahead asks for the packs of each day
    choices: Sequence[Choice]
    occupation: str
    grade: Grade
    basis: Basis

    def packs(self, on: date) -> Packs:
        return packs_on(self.choices, self.library, on)


def eligible_people(
    session: Session,
    library: Library,
    institution: Institution,
    *,
    occupation: str,
    grade: Grade,
    on: date,
    edition: str | None = None,
    progress: Progress | None = None,
) -> Eligible:
    """Everybody's answer on the day with its reasons; the masks answer, the proofs of ``judge`` say what others lack.

    Refused: a firm without an approved specification for the occupation where ``edition`` isn't given; an edition that the
    firm's packs don't have.
    """
    question = _ask(session, library, institution, occupation, grade, edition)
    packs = question.packs(on)
    if question.basis.edition not in packs.editions():
        packs.conditions(question.basis.edition, on)  # says which there are
    people, held = _people(session, question.firm_id, on)
    conditions, switches = conditions_on(packs, question.basis.edition, on), packs.switches(on)
    workforce = Workforce(held)

    def answers(asked: Sequence[Condition]) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
        related = question.basis.related
        return judge_all(workforce, occupation, [grade], asked, on, related=related, switches=switches)[grade]

    whole = answers(conditions)
    of_grade = [one for one in conditions if one.grade is grade]
    met = {one.clause.id: answers([one]) == MET for one in of_grade}
    standings = []
    for place, (person, background) in enumerate(zip(people, held, strict=True)):
        if whole[place] == MET:
            why = tuple(key for key, mask in met.items() if mask[place])
        else:
            verdict = judge(background, occupation, grade, conditions, on, related=question.basis.related, switches=switches)
            why = tuple(reasons(verdict.proof))
        held_already = _holds([*(background.certificates or ()), *background.issued], occupation, grade, on)
        standings.append(Standing(person, background, ANSWERS[whole[place]], why, held_already))
        if progress is not None:
            progress(place + 1)
    return Eligible(occupation, grade, question.basis.edition, on, standings)


def coming_people(
    session: Session,
    library: Library,
    institution: Institution,
    found: Eligible,
    *,
    by: date,
    edition: str | None = None,
    progress: Progress | None = None,
) -> list[Coming]:
    """Who of those not eligible on the day of ``found`` will be by a later one, each with the first day.

    Every day is judged by the rules that will hold on it as far as they are known now: what is met need not stay so, so
    that no day may be left out. Refused: a day that is not later.
    """
    if by <= found.on:
        raise RuleBroken(f"推算到的日期（--by）应晚于 {found.on}")
    question = _ask(session, library, institution, found.occupation, found.grade, edition)
    waiting = [one for one in found.standings if one.answer is not Answer.MET]
    workforce = Workforce([one.background for one in waiting])
    first = np.zeros(len(waiting), dtype=np.int32)
    for ahead in range(1, (by - found.on).days + 1):
        day = found.on + timedelta(ahead)
        packs = question.packs(day)
        answers = judge_all(
            workforce, found.occupation, [found.grade], conditions_on(packs, question.basis.edition, day), day,
            related=question.basis.related, switches=packs.switches(day),
        )[found.grade]  # fmt: skip
        first[(first == 0) & (answers == MET)] = day.toordinal()
        if progress is not None:
            progress(ahead)
    order = [place for place in first.argsort(kind="stable") if first[place]]
    return [Coming(waiting[place].person, date.fromordinal(int(first[place]))) for place in order]


def reasons(proof: Proof) -> list[str]:
    """What decides a proof that is not met (what was asked and isn't there) or unknown (what nobody has entered), once each.

    Dates of the one person are left out, so that the reasons of many can be counted.
    """
    told = [
        # What is missing stands behind the person's own dates: “2020-05-06取得证书，未填从事本职业的起始日期”.
        leaf.text if proof.answer is Answer.NOT_MET else (leaf.fact.rpartition("，")[2] or leaf.text)
        for leaf in proof.leaves()
        if leaf.answer is proof.answer
    ]
    return list(dict.fromkeys(told))


def _ask(
    session: Session, library: Library, institution: Institution, occupation: str, grade: Grade, edition: str | None
) -> _Question:
    assert institution.id is not None
    basis = basis_of(session, institution.id, occupation, edition)
    choices = [Choice(*row) for row in session.execute(choices_of(institution.id))]
    return _Question(institution.id, library, choices, occupation, grade, basis)


def _people(session: Session, firm_id: int, on: date) -> tuple[list[Person], list[Background]]:
    people = list(session.exec(select(Person).where(col(Person.institution_id) == firm_id).order_by(col(Person.id))))
    known = backgrounds(session, people, on)
    return people, [known[one.id or 0] for one in people]


def _holds(certificates: Iterable[HeldCertificate], occupation: str, grade: Grade, on: date) -> bool:
    return any(
        one.grade >= grade and one.occupation_code == occupation and (one.obtained_on is None or one.obtained_on <= on)
        for one in certificates
    )
