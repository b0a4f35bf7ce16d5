"""Candidates (考生) of a batch: accepted, refused or withdrawn by a person, and found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    Institution,
    Mandate,
    Person,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import clean_number
from skilleval.domain.rules import Answer
from skilleval.packs import Library
from skilleval.services import authority, journal
from skilleval.services.candidacy import judge_all, people_of
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.tenancy import viewer_of


def may_apply(session: Session, batch: Batch) -> Sequence[tuple[Person, Institution]]:
    """Who works in the batch's occupation, with the firm: the institution's own people and those of firms that it serves.

    An institution that asks for itself is given its own alone.
    """
    served = sa.select(col(Mandate.employer_id)).where(
        col(Mandate.institution_id) == batch.institution_id, col(Mandate.valid_from) <= batch.starts_on,
        col(Mandate.valid_to) >= batch.ends_on, col(Mandate.revoked_on).is_(None),
    )  # fmt: skip
    query = select(Person, Institution).where(
        col(Institution.id) == col(Person.institution_id), col(Person.occupation_code) == batch.occupation_code,
        sa.or_(col(Person.institution_id) == batch.institution_id, col(Person.institution_id).in_(served)),
        viewer_of(session).own(col(Person.institution_id)),
    )  # fmt: skip
    return session.exec(query.order_by(col(Person.id))).all()


def check_eligibility(session: Session, actor: Actor, batch: Batch, library: Library, *, on: date) -> list[Candidate]:
    """Judge all undecided candidates of a batch again, after facts were corrected."""
    take_duty(session, actor, batch, "candidates.check_eligibility")
    must_enrol(batch)
    waiting = [one for one in enrolled(session, batch) if one.state in ("applied", "refused")]
    if waiting:
        judge_all(session, batch, waiting, library, on)
        journal.record(session, actor, batch.institution_id, "candidates.check", objects=waiting)
    return waiting


def accept_candidates(
    session: Session, actor: Actor, batch: Batch, candidates: Sequence[Candidate], library: Library
) -> list[Candidate]:
    """Accept candidates whose eligibility is met.

    Refused with every name: one that is not met or unknown; with every name and reason: whom the institution may not
    recognise.
    """
    take_duty(session, actor, batch, "candidates.accept_candidates")
    must_enrol(batch)
    names = _names(session, candidates)
    problems = [
        f"{names[one.person_id]}：{Answer(one.verdict).name_zh if one.verdict else '尚未判断'}，不能审核通过"
        "（补充或更正花名册后用 skilleval candidates check 重新判断）"
        for one in candidates
        if one.verdict != "met"
    ]
    if problems:
        raise RuleBroken(f"{len(problems)} 名考生不能审核通过", problems)
    _must_recognise(session, batch, library, candidates, authority.candidate_reasons(session, batch, library, candidates))
    return _accept(session, actor, batch, candidates)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who was accepted, and who is left although met: by name, why, and the way out."""

    candidates: Sequence[Candidate]
    left: Sequence[str]


def accept_met(session: Session, actor: Actor, batch: Batch, library: Library) -> Accepted:
    """Accept everybody undecided whose eligibility is met; whom the institution may not recognise stays undecided and is told.

    Refused with every name and reason: it may recognise nobody of them.
    """
    take_duty(session, actor, batch, "candidates.accept_met")
    must_enrol(batch)
    met = [one for one in enrolled(session, batch) if one.state == "applied" and one.verdict == "met"]
    beyond = authority.candidate_reasons(session, batch, library, met)
    inside = [one for one in met if one.id not in beyond]
    if not inside:
        _must_recognise(session, batch, library, met, beyond)
    return Accepted(_accept(session, actor, batch, inside), _left(session, met, beyond))


def _must_recognise(
    session: Session, batch: Batch, library: Library, candidates: Sequence[Candidate], beyond: Mapping[int, Sequence[str]]
) -> None:
    """Refuse people whom the institution may not recognise. What stands against the whole batch is told as such."""
    if not beyond:
        return
    against_batch = set(authority.reasons_against(session, batch, library))
    if all(against_batch.issuperset(reasons) for reasons in beyond.values()):
        authority.require(session, batch, library, candidates=candidates)
    raise RuleBroken(f"{len(beyond)} 名考生不能审核通过：依所选规则，本机构不能认定", _left(session, candidates, beyond))


def _left(session: Session, candidates: Sequence[Candidate], beyond: Mapping[int, Sequence[str]]) -> list[str]:
    known = people_of(session, candidates)
    return [
        f"{person.name}{f'（{person.employee_no}）' if person.employee_no else ''}：{'；'.join(reasons)}。"
        "登记有误的先更正再审核；否则审核不通过（skilleval candidates refuse），或由本人退出（skilleval candidates withdraw）"
        for one in candidates
        if (reasons := beyond.get(id_of(one))) and (person := known[one.person_id])
    ]


def _accept(session: Session, actor: Actor, batch: Batch, candidates: Sequence[Candidate]) -> list[Candidate]:
    for one in candidates:
        one.state = lifecycle.step("candidate", one.state, "eligible")
        one.decision_reason = None
    session.add_all(candidates)
    journal.record(session, actor, batch.institution_id, "candidates.accept", objects=list(candidates))
    return list(candidates)


def refuse_candidates(
    session: Session, actor: Actor, batch: Batch, candidates: Sequence[Candidate], *, reason: str
) -> list[Candidate]:
    """Refuse candidates, with the reason that they will be told. Refused: no reason."""
    take_duty(session, actor, batch, "candidates.refuse_candidates")
    if not reason.strip():
        raise RuleBroken("审核不通过须写明理由")
    return _turn_away(session, actor, batch, candidates, "refused", "candidates.refuse", reason)


def withdraw_candidates(
    session: Session, actor: Actor, batch: Batch, candidates: Sequence[Candidate], *, reason: str
) -> list[Candidate]:
    """Take candidates out of a batch at their own wish. Refused: no reason, a batch that has been scheduled."""
    take_duty(session, actor, batch, "candidates.withdraw_candidates")
    if not reason.strip():
        raise RuleBroken("退出须写明理由")
    return _turn_away(session, actor, batch, candidates, "withdrawn", "candidates.withdraw", reason)


def _turn_away(
    session: Session, actor: Actor, batch: Batch, candidates: Sequence[Candidate], to: str, action: str, reason: str
) -> list[Candidate]:
    must_enrol(batch)
    for one in candidates:
        one.state = lifecycle.step("candidate", one.state, to)
        one.decision_reason = reason.strip()
    session.add_all(candidates)
    journal.record(session, actor, batch.institution_id, action, objects=list(candidates), reason=reason)
    return list(candidates)


def find_candidate(session: Session, batch: Batch, named: str, *, vault: Vault) -> tuple[Candidate, Person]:
    """The candidate of a batch by admission number, document number, 工号 or name. Refused: nobody, or several."""
    text = named.strip()
    query = (
        select(Candidate, Person)
        .where(
            col(Candidate.institution_id) == batch.institution_id,
            col(Candidate.batch_id) == batch.id,
            col(Person.id) == col(Candidate.person_id),
            viewer_of(session).candidates(),
        )
        .order_by(col(Candidate.id))
    )
    found = [
        (candidate, person)
        for candidate, person in session.exec(query)
        if text in (candidate.admission_number, person.employee_no, person.name)
        or person.id_index == vault.index(person.institution_id, clean_number(text))
    ]
    if not found:
        raise RuleBroken(f"批次 {batch.number} 中没有这名考生，请用姓名、工号、准考证号或证件号码查找")
    if len(found) > 1:
        raise RuleBroken(f"批次 {batch.number} 中有 {len(found)} 名考生符合，请改用工号或准考证号")
    return found[0]


def must_enrol(batch: Batch) -> None:
    """Refused: a batch that is not enrolling."""
    if batch.state != "enrolling":
        raise RuleBroken(
            f"批次 {batch.number} 现在是“{lifecycle.label('batch', batch.state)}”，只有“报名”阶段可以增改考生"
        )


def enrolled(session: Session, batch: Batch) -> Sequence[Candidate]:
    """All candidates of a batch, in the order in which they came."""
    query = select(Candidate).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id
    )
    return session.exec(query.order_by(col(Candidate.id))).all()


def _names(session: Session, candidates: Sequence[Candidate]) -> dict[int, str]:
    return {key: person.name for key, person in people_of(session, candidates).items()}
