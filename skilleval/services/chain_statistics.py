"""What a chain did, by member, occupation, grade and route, with small numbers hidden (guangdong-rules 3.5, S75)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    Certificate,
    CertificateEvent,
    Chain,
    ChainMember,
    Institution,
    Mandate,
    Result,
)
from skilleval.domain.authority import ROUTES
from skilleval.domain.ladder import Grade
from skilleval.domain.suppression import Count, Shown, suppress
from skilleval.packs import Library
from skilleval.services.rules import packs_of

PARAMETER = "statistics.smallest_cell"
#: the divisions, each a table
DIVISIONS = {"member": "单位", "occupation": "职业", "grade": "等级", "route": "认定方式"}


@dataclass(frozen=True, slots=True)
class ChainStatistics:
    """The shown tables, the smallest number of people that is shown, and the rule that says so."""

    on: date
    year: int | None
    smallest: int
    clause: str
    shown: Shown


def chain_statistics(
    session: Session, chain: Chain, library: Library, *, on: date, year: int | None = None
) -> ChainStatistics:
    """Those accepted to the batches that began by the day (in the year), with what they reached by the packs of the lead.

    Counted are the lead's and its evaluators' batches, and in them people of the lead and of firms that were members on
    the batch's first day. Refused: packs that do not say which number is small.
    """
    rule = packs_of(session, chain.institution_id, library, on).parameter(PARAMETER, on)
    tables: dict[str, dict[str, Count]] = {name: {} for name in DIVISIONS}
    passed, certified = _passed(session), _certified(session, on)
    for candidate, batch, employer in _candidates(session, chain, on, year):
        has_passed = candidate.id in passed
        one = Count(1, int(has_passed), int(has_passed and candidate.id in certified))
        for name, key in _keys(candidate, batch, employer).items():
            tables[name][key] = tables[name].get(key, Count()) + one
    smallest = int(rule.value)
    return ChainStatistics(on, year, smallest, rule.clause.text, suppress(tables, smallest))


def _keys(candidate: Candidate, batch: Batch, employer: Institution) -> Mapping[str, str]:
    return {
        "member": employer.name,
        "occupation": f"{batch.occupation_code} {batch.occupation_name}",
        "grade": Grade(candidate.grade).printed,
        "route": ROUTES[candidate.route],
    }


def _candidates(
    session: Session, chain: Chain, on: date, year: int | None
) -> list[tuple[Candidate, Batch, Institution]]:
    evaluators = sa.select(col(Mandate.institution_id)).where(col(Mandate.chain_id) == chain.id)
    member = (
        sa.select(col(ChainMember.id))
        .where(
            col(ChainMember.chain_id) == chain.id, col(ChainMember.credit_code) == col(Institution.credit_code),
            col(ChainMember.joined_on) <= col(Batch.starts_on),
            sa.or_(col(ChainMember.left_on).is_(None), col(ChainMember.left_on) >= col(Batch.starts_on)),
        )
        .exists()
    )  # fmt: skip
    query = select(Candidate, Batch, Institution).where(
        col(Batch.id) == col(Candidate.batch_id), col(Institution.id) == col(Candidate.employer_id),
        col(Candidate.state) == "eligible", col(Batch.starts_on) <= on,
        sa.or_(col(Batch.institution_id) == chain.institution_id, col(Batch.institution_id).in_(evaluators)),
        sa.or_(col(Institution.id) == chain.institution_id, member),
    )  # fmt: skip
    rows = session.exec(query.order_by(col(Candidate.id))).all()
    return [(one, batch, firm) for one, batch, firm in rows if year is None or batch.starts_on.year == year]


def _passed(session: Session) -> set[int]:
    latest = {one.candidate_id: one.outcome for one in session.exec(select(Result).order_by(col(Result.revision)))}
    return {key for key, outcome in latest.items() if outcome == "passed"}


def _certified(session: Session, on: date) -> set[int]:
    ended = sa.select(col(CertificateEvent.certificate_id)).where(
        col(CertificateEvent.kind).in_(("voided", "revoked")), col(CertificateEvent.on_day) <= on
    )
    query = select(Certificate.candidate_id).where(col(Certificate.issued_on) <= on, col(Certificate.id).not_in(ended))
    return set(session.exec(query))
