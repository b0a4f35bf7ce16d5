"""What is recorded between an evaluator and the firms whose people it would assess: memberships and mandates, gathered once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col

from skilleval.db.tables import Chain, ChainMember, Institution, Mandate, id_of
from skilleval.db.together import Lists, Queries, together
from skilleval.domain import chains as rules
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Proof


@dataclass(frozen=True, slots=True)
class Served:
    """What is recorded between an evaluator and a firm whose people it would assess."""

    name: str
    #: whether anybody recorded the firm as a member of a chain, or a mandate of the two; else nobody can say of it
    is_recorded: bool
    memberships: tuple[rules.Membership, ...]
    mandates: tuple[rules.Mandate, ...]

    def proof(self, occupation_code: str, grade: Grade, on: date) -> Proof:
        """Whether the evaluator may assess the firm's people in this occupation and grade on a day, with the reasons."""
        return rules.mandate_proof(self.memberships, self.mandates, occupation_code, grade, on)


@dataclass(frozen=True, slots=True)
class _Firm:
    id: int
    name: str
    credit_code: str


@dataclass(frozen=True, slots=True)
class _Joined:
    id: int
    lead_id: int
    chain_id: int
    credit_code: str
    chain: str
    joined_on: date
    left_on: date | None


@dataclass(frozen=True, slots=True)
class _Mandated:
    id: int
    employer_id: int
    chain_id: int
    chain: str
    document: str
    valid_from: date
    valid_to: date
    occupations: Sequence[str]
    grades: Sequence[str]
    revoked_on: date | None


def obstacles(
    session: Session,
    evaluator: Institution,
    employer: Institution,
    occupation_code: str,
    grade: Grade,
    days: Sequence[date],
) -> list[str]:
    """Why the evaluator may not assess this firm's people on all of these days; nothing where it may."""
    served = served_firm(session, evaluator, employer)
    proofs = [served.proof(occupation_code, grade, day) for day in days]
    return list(
        dict.fromkeys(f"{leaf.text}：{leaf.fact}" for proof in proofs for leaf in proof.leaves() if leaf.answer is not Answer.MET)
    )


def serves(
    session: Session, evaluator: Institution, employer: Institution, occupation_code: str, grade: Grade, on: date
) -> Proof:
    """Whether the evaluator may assess this firm's people in this occupation and grade on a day, with the reasons."""
    return served_firm(session, evaluator, employer).proof(occupation_code, grade, on)


def served_firm(session: Session, evaluator: Institution, employer: Institution) -> Served:
    """What is recorded between an evaluator and one firm."""
    firm, key = id_of(evaluator), id_of(employer)
    return served_by(firm, together(session, recorded_between(firm, {key})))[key]


def recorded_between(evaluator_id: int, firms: Collection[int]) -> Queries:
    """The queries for what is recorded between an evaluator and firms, to be asked ``together``; ``served_by`` reads it."""
    codes = sa.select(col(Institution.credit_code)).where(col(Institution.id).in_(firms))
    return {
        _Firm: sa.select(col(Institution.id), col(Institution.name), col(Institution.credit_code)).where(
            col(Institution.id).in_(firms)
        ),
        _Joined: sa.select(
            col(ChainMember.id), col(ChainMember.institution_id), col(ChainMember.chain_id), col(ChainMember.credit_code),
            col(Chain.name), col(ChainMember.joined_on), col(ChainMember.left_on),
        )
        .join(Chain, col(Chain.id) == col(ChainMember.chain_id))
        .where(col(ChainMember.credit_code).in_(codes)),
        _Mandated: sa.select(
            col(Mandate.id), col(Mandate.employer_id), col(Mandate.chain_id), col(Chain.name), col(Mandate.document),
            col(Mandate.valid_from), col(Mandate.valid_to), col(Mandate.occupations), col(Mandate.grades),
            col(Mandate.revoked_on),
        )
        .join(Chain, col(Chain.id) == col(Mandate.chain_id))
        .where(col(Mandate.institution_id) == evaluator_id, col(Mandate.employer_id).in_(firms)),
    }  # fmt: skip


def served_by(evaluator_id: int, found: Lists) -> dict[int, Served]:
    """By the firm's id: what ``recorded_between`` found of each."""
    mandated: dict[int, list[_Mandated]] = {}
    for mandate in sorted(found[_Mandated], key=lambda one: (one.valid_from, one.id)):
        mandated.setdefault(mandate.employer_id, []).append(mandate)
    joined: dict[str, list[_Joined]] = {}
    for member in sorted(found[_Joined], key=lambda one: (one.joined_on, one.id)):
        joined.setdefault(member.credit_code, []).append(member)
    return {
        firm.id: _served(firm, evaluator_id, joined.get(firm.credit_code, []), mandated.get(firm.id, []))
        for firm in found[_Firm]
    }


def _served(firm: _Firm, evaluator_id: int, joined: Sequence[_Joined], mandated: Sequence[_Mandated]) -> Served:
    # Of the firm's other chains the evaluator learns nothing: only a mandate's own chain can decide.
    chains = {one.chain_id for one in mandated}
    return Served(
        firm.name, bool(joined or mandated),
        tuple(
            rules.Membership(one.chain, one.joined_on, one.left_on)
            for one in joined if one.lead_id == evaluator_id or one.chain_id in chains
        ),
        tuple(
            rules.Mandate(
                one.chain, one.document, one.valid_from, one.valid_to, tuple(one.occupations),
                tuple(Grade(grade) for grade in one.grades), one.revoked_on,
            )
            for one in mandated
        ),
    )  # fmt: skip
