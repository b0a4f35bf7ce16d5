"""May this institution recognise this occupation, grade and route on a day, for a person of that firm: asked and enforced.

The facts come from the database, the rules from the packs that the institution chose, the answer from
``domain.authority``. Whatever creates something official asks here first, so that nothing is created outside the rules.
Sources: decision table 2.1 of guangdong-rules; S55 (nothing official without an active registration).
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlmodel import Session

from skilleval.db.tables import Batch, Candidate, Institution
from skilleval.domain.authority import Authority, Question, Verdict, refusals, resolve
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Proof
from skilleval.packs import Library
from skilleval.services.authority_facts import facts_of
from skilleval.services.authority_ground import Ground, Records, records_of

#: said in the needs where the answer hangs on a grade that nobody named
STEP_UNSAID = "须逐级：未说明现持等级，按不跨级判断"


class _Unsaid(enum.Enum):
    UNSAID = "unsaid"


UNSAID: Final = _Unsaid.UNSAID
#: the grade that the person holds: said, said to be none, or not said
Holds = Grade | None | _Unsaid


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be recognised, on which days, and the written reason for going on where the clauses disagree."""

    occupation_code: str
    trade: str
    route: str
    days: tuple[date, ...]
    written_reason: str | None = None
    #: the last day on which firms must be served: who left the chain after the batch takes nothing back (rules 3.5)
    served_until: date | None = None
    #: the specification of a batch, which it keeps when a newer version comes
    planned_by: int | None = None


@dataclass(frozen=True, slots=True)
class Sitter:
    """A kind of person in a batch: the grade, the firm (None: the institution's own), whether a grade is skipped."""

    grade: Grade
    employer_id: int | None = None
    skips: bool | None = None

    @property
    def holds(self) -> Holds:
        """A grade held by which this person skips a grade or not, as was recorded; unsaid where nobody was asked."""
        if self.skips is None:
            return UNSAID
        return None if self.skips else max((one for one in Grade if one < self.grade), default=None)


def authority_for(
    session: Session,
    institution: Institution,
    library: Library,
    *,
    occupation_code: str,
    trade: str,
    grade: Grade,
    route: str,
    on: date,
    holds: Holds = UNSAID,
    member: Institution | None = None,
) -> Authority:
    """The answer, with its proof, by the packs that the institution uses on the day.

    ``member`` is the firm of the person, where that is another one. Refused: an occupation that there is not.
    """
    records = records_of(session, institution, occupation_code, trade, [] if member is None else [member.id])
    return _ask(records.ground(library, on), grade, route, holds, None if member is None else member.id)


def question_of(
    session: Session,
    institution: Institution,
    library: Library,
    *,
    occupation_code: str,
    trade: str,
    grade: Grade,
    route: str,
    on: date,
) -> Question:
    """What ``authority_for`` asks of the rules, with its facts, to be kept with a decision so that it can be asked again."""
    ground = records_of(session, institution, occupation_code, trade).ground(library, on)
    return _question(ground, grade, route, UNSAID, None)


def require(
    session: Session,
    batch: Batch,
    library: Library,
    *,
    candidates: Iterable[Candidate] | None = None,
    also_on: date | None = None,
) -> None:
    """Refuse, with every reason, what the institution may not do in a batch: see ``reasons_against``."""
    found = reasons_against(session, batch, library, candidates=candidates, also_on=also_on)
    if found:
        raise RuleBroken(f"批次 {batch.number}：依所选规则不能开展认定", found)


def reasons_against(
    session: Session,
    batch: Batch,
    library: Library,
    *,
    candidates: Iterable[Candidate] | None = None,
    also_on: date | None = None,
) -> list[str]:
    """Why the institution may not hold this batch, a line a reason: see ``refusals_of``."""
    return _told(refusals_of(session, batch, library, candidates=candidates, also_on=also_on))


def refusals_of(
    session: Session,
    batch: Batch,
    library: Library,
    *,
    candidates: Iterable[Candidate] | None = None,
    also_on: date | None = None,
) -> list[Proof]:
    """Why the institution may not hold this batch, for each distinct grade, firm and step of its candidates: a leaf a
    reason, with its clause.

    Without candidates, for each of the batch's own grades and its own people. It is judged on the first and the last day
    of the batch, so that a registration which ends later takes nothing back, and ``also_on`` a day when a number is used;
    whether a member firm is served, on the batch's days alone.
    Where the clauses disagree it passes if the batch has a written reason.
    """
    people = _planned(batch) if candidates is None else [_sitter(one) for one in candidates]
    return _batch_refusals(session, batch, library, people, also_on)


def sitter_reasons(session: Session, batch: Batch, library: Library, people: Iterable[Sitter]) -> list[str]:
    """Why the institution may not recognise people of these kinds in a batch, a line a reason."""
    return _told(_batch_refusals(session, batch, library, people, None))


def candidate_reasons(
    session: Session, batch: Batch, library: Library, candidates: Sequence[Candidate]
) -> dict[int, list[str]]:
    """By candidate whom the institution may not recognise in a batch: why, a line a reason. Each kind of them is asked once."""
    if not candidates:
        return {}
    records, plan = records_for(session, batch, candidates), _plan(batch, None)
    grounds = {day: records.ground(library, day) for day in plan.days}
    kinds = {one.id or 0: _sitter(one) for one in candidates}
    reasons = {kind: _told(_refused(grounds, plan, [kind])) for kind in set(kinds.values())}
    return {key: reasons[kind] for key, kind in kinds.items() if reasons[kind]}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a batch may go on: why no registration is in force on its first day, or what else the institution may not do."""

    unregistered: tuple[str, ...] = ()
    refusals: tuple[Proof, ...] = ()


def standing_of(session: Session, batch: Batch, library: Library, candidates: Sequence[Candidate]) -> Standing:
    """How the institution stands to a batch as it was planned, and then to these candidates, each reason once."""
    return standing_in(records_for(session, batch, candidates), batch, library, candidates)


def standing_in(records: Records, batch: Batch, library: Library, candidates: Sequence[Candidate]) -> Standing:
    """``standing_of`` by ``records_for`` these candidates, or more of them."""
    lapsed = records.registration(batch.starts_on)[1]
    if lapsed:
        return Standing(unregistered=(lapsed,))
    plan = _plan(batch, None)
    grounds = {day: records.ground(library, day) for day in plan.days}
    people = (_planned(batch), [_sitter(one) for one in candidates])
    return Standing(refusals=tuple(dict.fromkeys(told for kinds in people for told in _refused(grounds, plan, kinds))))


def refusals_in(
    records: Records, batch: Batch, library: Library, candidates: Iterable[Candidate], also_on: date | None = None
) -> list[Proof]:
    """``refusals_of`` by ``records_for`` these candidates, or more of them."""
    plan, people = _plan(batch, also_on), [_sitter(one) for one in candidates]
    return _refused({day: records.ground(library, day) for day in plan.days}, plan, people) if people else []


def records_for(session: Session, batch: Batch, candidates: Iterable[Candidate]) -> Records:
    """What is on record for questions about these candidates of a batch, on whatever day."""
    firms = {one.employer_id for one in candidates}
    institution = _institution(session, batch)
    return records_of(session, institution, batch.occupation_code, batch.trade, firms, batch.specification_id)


def _institution(session: Session, batch: Batch) -> Institution:
    institution = session.get(Institution, batch.institution_id)
    assert institution is not None
    return institution


def _planned(batch: Batch) -> list[Sitter]:
    return [Sitter(Grade(grade)) for grade in batch.grades]


def _plan(batch: Batch, also_on: date | None) -> Plan:
    days = (batch.starts_on, batch.ends_on, *([also_on] if also_on else []))
    return Plan(
        batch.occupation_code, batch.trade, batch.route, days, batch.authority_reason, batch.ends_on, batch.specification_id
    )


def _batch_refusals(
    session: Session, batch: Batch, library: Library, people: Iterable[Sitter], also_on: date | None
) -> list[Proof]:
    return _plan_refusals(session, _institution(session, batch), library, _plan(batch, also_on), people)


def _sitter(one: Candidate) -> Sitter:
    """The kind of a candidate. Where the verdict is unknown and nobody entered what is held, the step is not asked about:
    such a verdict names the clause itself, and nobody is accepted by it."""
    asked = (one.inputs or {}).get("asked")
    unsaid = one.verdict == "unknown" and asked is not None and "skips" not in asked["facts"]
    return Sitter(Grade(one.grade), one.employer_id, None if unsaid else one.skips_grade)


def plan_reasons(
    session: Session, institution: Institution, library: Library, plan: Plan, people: Iterable[Sitter]
) -> list[str]:
    """Why the institution may not do what is planned, a line a reason."""
    return _told(_plan_refusals(session, institution, library, plan, people))


def _told(found: Iterable[Proof]) -> list[str]:
    """The reasons: what fails before what nobody knows."""
    return list(dict.fromkeys(leaf.fact for leaf in sorted(found, key=lambda one: one.answer is Answer.UNKNOWN)))


def _plan_refusals(
    session: Session, institution: Institution, library: Library, plan: Plan, people: Iterable[Sitter]
) -> list[Proof]:
    kinds = list(people)
    if not kinds:
        return []
    firms = (one.employer_id for one in kinds)
    records = records_of(session, institution, plan.occupation_code, plan.trade, firms, plan.planned_by)
    return _refused({day: records.ground(library, day) for day in plan.days}, plan, kinds)


def _refused(grounds: Mapping[date, Ground], plan: Plan, people: Iterable[Sitter]) -> list[Proof]:
    """Each day, and each distinct kind of person, is asked once."""
    distinct = sorted(set(people), key=lambda one: (one.grade.rank, one.employer_id or 0, bool(one.skips)))
    found: list[Proof] = []
    for day, ground in sorted(grounds.items()):
        for one in distinct:
            served_on = day if plan.served_until is None else min(day, plan.served_until)
            answer = _ask(ground, one.grade, plan.route, one.holds, one.employer_id, served_on)
            found += _refusals(answer, one.grade, plan.written_reason)
    return list(dict.fromkeys(found))


def question_for(ground: Ground, batch: Batch, candidate: Candidate, *, held: Holds) -> Question:
    """What is asked of the rules about one candidate, with its facts, on ``records_for`` of a day; ``held`` unsaid leaves
    the step unknown."""
    question = _question(ground, Grade(candidate.grade), batch.route, held, candidate.employer_id)
    if not isinstance(held, _Unsaid):
        return question
    told = {**question.told, "skips": "未填现持证书，不知是否跨级"}
    return replace(question, facts={name: value for name, value in question.facts.items() if name != "skips"}, told=told)


def _refusals(answer: Authority, grade: Grade, written_reason: str | None) -> Sequence[Proof]:
    if answer.verdict is Verdict.YES:
        return ()
    if answer.verdict is Verdict.CLAUSES_DISAGREE:
        if (written_reason or "").strip():
            return ()
        told = (
            f"{grade.printed}：条款不一致，{answer.proof.fact}；仍要认定的，须写明书面理由：新批次写在批次文件的 "
            "authority_reason，已建立的批次用 skilleval batches reason"
        )
        return [Proof(Answer.NOT_MET, clause.text, clause, told, (), "所选规则包") for clause in answer.contrary]
    return refusals(answer)


def _ask(
    ground: Ground,
    grade: Grade,
    route: str,
    holds: Holds,
    member_id: int | None,
    served_on: date | None = None,
) -> Authority:
    question = _question(ground, grade, route, holds, member_id, served_on)
    answer = resolve(question, ground.rules, ground.known)
    if not isinstance(holds, _Unsaid):
        return answer
    skipping = replace(question, facts={**question.facts, "skips": True})
    if resolve(skipping, ground.rules, ground.known).verdict is answer.verdict:
        return answer
    return replace(answer, needs=(*answer.needs, STEP_UNSAID))


def _question(
    ground: Ground,
    grade: Grade,
    route: str,
    holds: Holds,
    member_id: int | None,
    served_on: date | None = None,
) -> Question:
    said = not isinstance(holds, _Unsaid)
    held = None if isinstance(holds, _Unsaid) else holds
    facts = facts_of(
        ground, grade, route, member_id, skips=said and _skips(grade, held), holds=held, said=said, served_on=served_on
    )  # fmt: skip
    return Question(grade, route, ground.on, facts.values, ground.switches, facts.told, facts.evidence)


def _skips(grade: Grade, holds: Grade | None) -> bool:
    """Whether a grade lies between; who holds nothing stands where a 学徒工 does."""
    return grade.rank > (holds or Grade.APPRENTICE).rank + 1
