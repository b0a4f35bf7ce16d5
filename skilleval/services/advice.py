"""What would make it yes, for a candidate of a batch and for a person who asks about the next grade.

The ways are found on what is known today by the rules of the day that is asked about (``domain.ways``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, Institution, Person, Specification
from skilleval.domain.backgrounds import Background
from skilleval.domain.eligibility import Condition, Verdict, judge
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.letters import letter
from skilleval.domain.rules import Answer, Proof
from skilleval.domain.ways import Way, advice, ways
from skilleval.packs import Library, Packs
from skilleval.services import candidacy, people, rules
from skilleval.services.specification_standing import in_force

#: where nobody holds a certificate, the first grade with one
_FIRST = Grade.JUNIOR


@dataclass(frozen=True, slots=True)
class NextGrade:
    """The next grade of a person: what is asked, the verdict with its proof, the ways to yes, and what else is open."""

    occupation_code: str
    edition: str
    #: the highest grade held; None where none is
    holds: Grade | None
    grade: Grade
    verdict: Verdict
    ways: tuple[Way, ...]
    #: higher grades whose conditions are met as well
    also: tuple[Grade, ...]
    #: False where nobody has entered certificates, so that the next grade is the first
    certificates_entered: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """What there is to tell a candidate today: the ways to yes for the entry conditions, none where they are met."""

    ways: tuple[Way, ...]
    #: the conditions are answered otherwise today than when the candidate was judged
    outdated: bool


def advise(session: Session, batch: Batch, candidate: Candidate, library: Library) -> Advice:
    """What is known of the candidate today, held against the entry conditions on the first day of the batch."""
    known, related = candidacy.conditions_of(session, batch, library)
    background = _candidates_background(session, candidate, batch.starts_on)
    grade = Grade(candidate.grade)
    found = ways(background, batch.occupation_code, grade, known, batch.starts_on, related)
    if candidate.proof is None:
        return Advice(found, outdated=False)
    verdict = judge(background, batch.occupation_code, grade, known, batch.starts_on, related=related)
    return Advice(found, Proof.from_dict(candidate.proof).children[0].answer is not verdict.answer)


def _candidates_background(session: Session, candidate: Candidate, on: date) -> Background:
    person = session.get(Person, candidate.person_id)
    assert person is not None
    return people.backgrounds(session, [person], on)[candidate.person_id]


def other_obstacles(proof: Proof) -> list[Proof]:
    """What besides the entry conditions keeps a candidate from yes: a certificate held already, one too recently."""
    return [part for part in proof.children if not part.children and part.answer is not Answer.MET]


def candidate_letter(batch: Batch, person: Person, candidate: Candidate, found: Sequence[Way]) -> str:
    """The letter that tells a candidate the verdict. Refused: a candidate who was not judged yet."""
    if candidate.proof is None:
        raise RuleBroken("该考生尚未判断，请运行 skilleval candidates check")
    proof = Proof.from_dict(candidate.proof)
    lead = "就申报条件而言，" if other_obstacles(proof) else ""
    helps = [f"{lead}{one}" for one in advice(found)] if proof.answer is not Answer.MET else []
    subject = f"申报{batch.name}（{batch.occupation_name}，{Grade(candidate.grade).printed}）"
    return letter(proof, f"{person.name}同志", batch.starts_on, subject=subject, advice=helps)


def next_grade(
    session: Session,
    institution: Institution,
    person: Person,
    library: Library,
    *,
    on: date,
    occupation_code: str | None = None,
    edition: str | None = None,
    records: people.Records | None = None,
) -> NextGrade:
    """The next grade of a person in an occupation (the present one where none is named), what is missing, and when.

    Refused: a person without an occupation, an occupation without an approved specification where no edition is named, an
    edition that no pack has, somebody who holds the highest grade. ``records`` are the person's, where they are known already.
    """
    assert institution.id is not None and person.id is not None
    code = occupation_code or person.occupation_code
    if code is None:
        raise RuleBroken(f"花名册没有填写{person.name}从事的职业，请指明职业编码（--occupation）")
    specification = _newest_specification(session, institution.id, code, on)
    chosen = edition or (specification.conditions if specification else None)
    if chosen is None:
        raise RuleBroken(f"没有职业 {code} 已批准并写明申报条件的评价规范，请指明采用哪一版（--conditions）")
    related = tuple(specification.related_occupations) if specification else ()
    background = people.backgrounds(session, [person], on, records)[person.id]
    occupations = {code, *related}
    fitting = [one for one in (*(background.certificates or ()), *background.issued) if one.occupation_code in occupations]
    holds = max((one.grade for one in fitting if one.obtained_on is None or one.obtained_on <= on), default=None)
    grade = _above(holds)
    packs = rules.packs_of(session, institution.id, library, on)
    known = _conditions(packs, chosen, grade, on)
    verdict = judge(background, code, grade, known, on, related=related)
    also = [one for one in Grade if one > grade and _met(background, code, one, known, on, related)]
    found = ways(background, code, grade, known, on, related)
    return NextGrade(code, chosen, holds, grade, verdict, found, tuple(also), background.certificates is not None)


def _met(
    background: Background, code: str, grade: Grade, known: Sequence[Condition], on: date, related: Sequence[str]
) -> bool:
    return judge(background, code, grade, known, on, related=related).answer is Answer.MET


def _above(holds: Grade | None) -> Grade:
    if holds is None:
        return _FIRST
    higher = [grade for grade in Grade if grade > holds]
    if not higher:
        raise RuleBroken(f"已持有最高等级（{holds.printed}）")
    return higher[0]


def _conditions(packs: Packs, edition: str, grade: Grade, on: date) -> tuple[Condition, ...]:
    """The edition's conditions, and for a grade on which it is silent (特级技师) those of the edition that is not."""
    known = packs.conditions(edition, on)
    if any(one.grade is grade for one in known):
        return known
    others = [one for name in packs.editions() for one in packs.conditions(name, on) if one.grade is grade]
    return (*known, *others)


def _newest_specification(session: Session, institution_id: int, code: str, on: date) -> Specification | None:
    query = select(Specification).where(
        col(Specification.institution_id) == institution_id,
        col(Specification.occupation_code) == code,
        col(Specification.approved_on).is_not(None),
        in_force(on),
    )
    newest = col(Specification.approved_on).desc(), col(Specification.version).desc(), col(Specification.id).desc()
    return session.exec(query.order_by(*newest)).first()
