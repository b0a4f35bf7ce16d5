"""Who asks, and what that institution may see: the one place where tenants are kept apart.

A session carries the institution on whose behalf it was opened; without one the operator of the installation asks, who
sees everything. What an institution may not see is refused in the words for what is not there. Composite keys stand
behind this (architecture, idea 6). Source: point 8 of the plan's chain: each firm sees only its own people.
"""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    Certificate,
    Chain,
    ChainMember,
    Institution,
    Mandate,
    SpecificationDraft,
    SpecificationDrafter,
)
from skilleval.domain.errors import RuleBroken

_ACTING = "skilleval.acting"
_VIEWER = "skilleval.viewer"


@dataclass(frozen=True, slots=True)
class Viewer:
    """The institution that asks. Without one it is the operator. Each method gives a condition for a query."""

    institution: Institution | None = None

    @property
    def key(self) -> int | None:
        """The institution's id, None for the operator."""
        return self.institution.id if self.institution is not None else None

    def owns(self, institution_id: int) -> bool:
        """Whether a row of this institution is the viewer's own."""
        return self.key is None or self.key == institution_id

    def own(self, column: sa.ColumnElement[int] | object) -> sa.ColumnElement[bool]:
        """Rows that belong to the viewer, by the column that names the owner."""
        return sa.true() if self.key is None else column == self.key  # type: ignore[return-value] # a comparison of columns

    def candidates(self) -> sa.ColumnElement[bool]:
        """Candidates of the viewer's batches, and its own people in anybody's."""
        return sa.true() if self.key is None else sa.or_(
            col(Candidate.institution_id) == self.key, col(Candidate.employer_id) == self.key
        )  # fmt: skip

    def batches(self) -> sa.ColumnElement[bool]:
        """The viewer's batches, and those in which its people sit."""
        if self.key is None:
            return sa.true()
        sitting = sa.select(col(Candidate.batch_id)).where(col(Candidate.employer_id) == self.key)
        return sa.or_(col(Batch.institution_id) == self.key, col(Batch.id).in_(sitting))

    def certificates(self) -> sa.ColumnElement[bool]:
        """Certificates that the viewer issued, and those of its own people."""
        if self.key is None:
            return sa.true()
        own = sa.select(col(Candidate.id)).where(col(Candidate.employer_id) == self.key)
        return sa.or_(col(Certificate.institution_id) == self.key, col(Certificate.candidate_id).in_(own))

    def members(self) -> sa.ColumnElement[bool]:
        """Memberships of the chains that the viewer leads, and its own."""
        if self.institution is None:
            return sa.true()
        return sa.or_(
            col(ChainMember.institution_id) == self.key, col(ChainMember.credit_code) == self.institution.credit_code
        )

    def mandates(self) -> sa.ColumnElement[bool]:
        """Mandates of the chains that the viewer leads, and those between it and another."""
        if self.key is None:
            return sa.true()
        led = sa.select(col(Chain.id)).where(col(Chain.institution_id) == self.key)
        return sa.or_(
            col(Mandate.institution_id) == self.key, col(Mandate.employer_id) == self.key, col(Mandate.chain_id).in_(led)
        )

    def chains(self) -> sa.ColumnElement[bool]:
        """Chains that the viewer leads, is or was a member of, or has a mandate in."""
        if self.key is None:
            return sa.true()
        joined = sa.select(col(ChainMember.chain_id)).where(self.members())
        mandated = sa.select(col(Mandate.chain_id)).where(self.mandates())
        return sa.or_(col(Chain.institution_id) == self.key, col(Chain.id).in_(joined), col(Chain.id).in_(mandated))

    def drafts(self, on: date) -> sa.ColumnElement[bool]:
        """Drafts of specifications that the viewer leads, or takes part in on a day while it is a member of the chain."""
        if self.institution is None:
            return sa.true()
        code = self.institution.credit_code
        taking = sa.exists().where(
            col(SpecificationDrafter.institution_id) == col(SpecificationDraft.institution_id),
            col(SpecificationDrafter.draft_id) == col(SpecificationDraft.id),
            col(SpecificationDrafter.credit_code) == code, _on(SpecificationDrafter, on),
            col(ChainMember.institution_id) == col(SpecificationDraft.institution_id),
            col(ChainMember.chain_id) == col(SpecificationDraft.chain_id),
            col(ChainMember.credit_code) == code, _on(ChainMember, on),
        )  # fmt: skip
        return sa.or_(col(SpecificationDraft.institution_id) == self.key, taking)

    def partners(self) -> sa.ColumnElement[bool]:
        """Institutions that the viewer has to do with: itself, members of its chains, both sides of its mandates."""
        if self.key is None:
            return sa.true()
        members = sa.select(col(ChainMember.credit_code)).where(col(ChainMember.institution_id) == self.key)
        served = sa.select(col(Mandate.employer_id)).where(self.mandates())
        serving = sa.select(col(Mandate.institution_id)).where(self.mandates())
        return sa.or_(
            col(Institution.id) == self.key, col(Institution.credit_code).in_(members),
            col(Institution.id).in_(served), col(Institution.id).in_(serving),
        )  # fmt: skip


def _on(table: type[SpecificationDrafter] | type[ChainMember], day: date) -> sa.ColumnElement[bool]:
    lasts = sa.or_(col(table.left_on).is_(None), col(table.left_on) >= day)
    return sa.and_(col(table.joined_on) <= day, lasts)


def acting_for(credit_code: str | None) -> dict[str, str]:
    """What a session must carry (``Session.info``) to ask on behalf of an institution; nothing for the operator."""
    return {} if credit_code is None else {_ACTING: credit_code.strip().upper()}


def viewer_of(session: Session) -> Viewer:
    """Who asks in this session. Refused: an institution that is not there, which sees nothing."""
    code = session.info.get(_ACTING)
    if code is None:
        return Viewer()
    known: Viewer | None = session.info.get(_VIEWER)
    if known is not None and known.institution is not None and known.institution.credit_code == code:
        return known
    found = session.exec(select(Institution).where(col(Institution.credit_code) == code)).first()
    if found is None:
        raise unknown_institution(code)
    # Asked many times in one piece of work; nobody changes a firm's code meanwhile.
    viewer = session.info[_VIEWER] = Viewer(found)
    return viewer


def institution_of(session: Session, credit_code: str) -> Institution:
    """The institution with this 统一社会信用代码, if it is the viewer's own. Refused: none, or another one."""
    return _institution(session, credit_code, viewer_of(session).own(col(Institution.id)))


def partner_of(session: Session, credit_code: str) -> Institution:
    """The institution of this code, if the viewer has to do with it. Refused: none, or another one."""
    return _institution(session, credit_code, viewer_of(session).partners())


def own_or_all(session: Session, credit_code: str | None) -> Institution | None:
    """The institution of this code; without a code the viewer's own, and None for the operator, who means all."""
    return institution_of(session, credit_code) if credit_code is not None else viewer_of(session).institution


def batch_of(session: Session, number: str) -> Batch:
    """The viewer's own batch with this 批次编号. Refused: none has it, or batches of several institutions do."""
    return _batch(session, number, viewer_of(session).own(col(Batch.institution_id)))


def seen_batch_of(session: Session, number: str) -> Batch:
    """The viewer's own batch with this 批次编号, else the one in which its people sit. Refused as above."""
    viewer = viewer_of(session)
    own = select(Batch.id).where(col(Batch.number) == number.strip(), viewer.own(col(Batch.institution_id)))
    return _batch(session, number, viewer.own(col(Batch.institution_id)) if session.exec(own).first() else viewer.batches())


def must_be_own(session: Session, credit_code: str) -> None:
    """Refuse to write for another institution than the one that the session acts for."""
    viewer = viewer_of(session)
    if viewer.institution is not None and viewer.institution.credit_code != credit_code.strip().upper():
        raise unknown_institution(credit_code)


def unknown_institution(credit_code: str) -> RuleBroken:
    """What is said of an institution that is not there, or that the viewer may not see."""
    return RuleBroken(f"没有统一社会信用代码为 {credit_code} 的评价机构，可用 skilleval institutions list 查看")


def _institution(session: Session, credit_code: str, seen: sa.ColumnElement[bool]) -> Institution:
    code = credit_code.strip().upper()
    found = session.exec(select(Institution).where(col(Institution.credit_code) == code, seen)).first()
    if found is None:
        raise unknown_institution(credit_code)
    return found


def _batch(session: Session, number: str, seen: sa.ColumnElement[bool]) -> Batch:
    found = session.exec(select(Batch).where(col(Batch.number) == number.strip(), seen)).all()
    if not found:
        raise RuleBroken(f"没有编号为 {number} 的批次，可用 skilleval batches list 查看")
    if len(found) > 1:
        raise RuleBroken(f"有 {len(found)} 个机构使用批次编号 {number}，请改用机构专用的编号")
    return found[0]
