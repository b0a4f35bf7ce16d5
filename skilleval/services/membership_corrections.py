"""A leave date of a chain member that was entered wrongly: corrected with its reason, the old one kept.

A correction changes on which days a firm is served, and no verdict: who was judged on such a day is told. Nobody's result
loses its ground by it: where it would, it is refused until the result itself is dealt with.
Source: guangdong-rules 3.5 (membership is judged on the day of the evaluation; medium).
"""

from collections.abc import Sequence
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
    MembershipCorrection,
    Person,
    Result,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.chains import Membership
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.chains import members_of
from skilleval.services.journal import Actor
from skilleval.services.tenancy import viewer_of


@dataclass(frozen=True, slots=True)
class _Touched:
    """A candidate of the member who was judged for a day on which the correction says otherwise."""

    batch: Batch
    candidate: Candidate
    person: Person
    #: whether a result that somebody passed, or a certificate, rests on it
    stands: bool

    @property
    def told(self) -> str:
        """The batch, the candidate by name and numbers, and how far both got."""
        where = f"批次 {self.batch.number}（{lifecycle.label('batch', self.batch.state)}）"
        numbers = {"准考证号": self.candidate.admission_number, "工号": self.person.employee_no}
        told = "，".join(f"{what} {number}" for what, number in numbers.items() if number)
        stage = lifecycle.label("candidate", self.candidate.state)
        return f"{where}考生 {self.person.name}{f'（{told}）' if told else ''}：{stage}"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a correction would do: to which membership, and whom it touches, in Chinese."""

    member: ChainMember
    #: candidates who were judged for a day that would be seen otherwise
    touched: list[str]
    #: those of them whose passed result or certificate would lose its ground; while there are any it is refused
    standing: list[str]


def prospect_of(session: Session, chain: Chain, *, credit_code: str, left_on: date | None) -> Prospect:
    """What ``correct_leave`` would do. Nothing is written.

    Refused: nobody with this code who left, the day that is recorded, one before the membership began or after the next one did.
    """
    member = left_member(session, chain, credit_code)
    _check_day(session, chain, member, left_on)
    touched = _touched(session, chain, member, left_on)
    shortened = left_on is not None and member.left_on is not None and left_on < member.left_on
    standing = [one for one in touched if one.stands] if shortened else []
    return Prospect(member, _told(session, touched), _told(session, standing))


def correct_leave(
    session: Session, actor: Actor, chain: Chain, *, credit_code: str, left_on: date | None, reason: str
) -> MembershipCorrection:
    """Correct the last day of a membership; None says that the member has not left.

    Candidates who were judged for a day that is seen otherwise now stand in the correction; their verdicts stay as they are.
    Refused with every reason: no reason, what ``prospect_of`` refuses, and a day that would take the ground from somebody's
    passed result or certificate.
    """
    if not reason.strip():
        raise RuleBroken("更正退出日期须写明理由")
    found = prospect_of(session, chain, credit_code=credit_code, left_on=left_on)
    member = found.member
    if found.standing:
        raise RuleBroken(
            f"更正后，以下考生评价当日{member.name}不再是链员，而其合格结果或证书仍有效；"
            "须先处理（更正成绩，或撤销证书 skilleval certificates revoke），未作任何改动", found.standing,
        )  # fmt: skip
    row = MembershipCorrection(
        institution_id=chain.institution_id, member_id=id_of(member), left_before=member.left_on, left_after=left_on,
        touched=found.touched, reason=reason.strip(), corrected_by=actor.name,
    )  # fmt: skip
    member.left_on = left_on
    session.add_all([member, row])
    journal.record(
        session, actor, chain.institution_id, "chains.member_correct", objects=[member, row], reason=reason.strip()
    )
    return row


def corrections_of(session: Session, member: ChainMember) -> Sequence[MembershipCorrection]:
    """What was corrected of a membership, first to last."""
    query = select(MembershipCorrection).where(
        col(MembershipCorrection.institution_id) == member.institution_id, col(MembershipCorrection.member_id) == member.id
    )
    return session.exec(query.order_by(col(MembershipCorrection.id))).all()


def left_member(session: Session, chain: Chain, credit_code: str) -> ChainMember:
    """The last membership of this code that has ended: the one whose last day can be corrected. Refused: there is none."""
    credit_code = credit_code.strip().upper()
    found = [one for one in members_of(session, chain) if one.credit_code == credit_code]
    left = [one for one in found if one.left_on is not None]
    if not left:
        told = "没有登记退出，退出用 skilleval chains member-leave 登记" if found else f"不是“{chain.name}”的链员"
        raise RuleBroken(f"{credit_code} {told}")
    return left[-1]


def _check_day(session: Session, chain: Chain, member: ChainMember, left_on: date | None) -> None:
    if left_on == member.left_on:
        raise RuleBroken(f"登记的退出日期就是 {left_on}，没有更正")
    if left_on is not None and left_on < member.joined_on:
        raise RuleBroken(f"退出日期 {left_on} 早于加入日期 {member.joined_on}")
    again = [
        one.joined_on for one in members_of(session, chain)
        if one.credit_code == member.credit_code and one.joined_on > member.joined_on
    ]  # fmt: skip
    if again and (left_on is None or left_on >= min(again)):
        raise RuleBroken(f"{member.name} 已于 {min(again)} 再次加入，此前的退出日期须早于这一天")


def _touched(session: Session, chain: Chain, member: ChainMember, left_on: date | None) -> list[_Touched]:
    """Judged candidates of the member, in batches of those who serve it in this chain, on a day that changes."""
    before, after = (Membership(chain.name, member.joined_on, day) for day in (member.left_on, left_on))
    employer = sa.select(col(Institution.id)).where(col(Institution.credit_code) == member.credit_code).scalar_subquery()
    serving = sa.select(col(Mandate.institution_id)).where(
        col(Mandate.chain_id) == chain.id, col(Mandate.employer_id) == employer
    )
    query = (
        select(Batch, Candidate, Person, _stands())
        .join(Candidate, col(Candidate.batch_id) == col(Batch.id))
        .join(Person, col(Person.id) == col(Candidate.person_id))
        .where(col(Candidate.employer_id) == employer, col(Batch.institution_id).in_(serving))
        .where(col(Batch.state) != "cancelled", col(Candidate.verdict).is_not(None))
        .order_by(col(Batch.number), col(Candidate.admission_number), col(Candidate.id))
    )
    return [
        _Touched(batch, one, person, bool(stands))
        for batch, one, person, stands in session.exec(query).all()
        if any(before.holds_on(day) != after.holds_on(day) for day in (batch.starts_on, batch.ends_on))
    ]


def _stands() -> sa.ColumnElement[bool]:
    """Whether the last result of a candidate is a pass whose certificate, if there is one, was not ended."""
    latest = (
        sa.select(col(Result.outcome))
        .where(col(Result.institution_id) == col(Candidate.institution_id), col(Result.candidate_id) == col(Candidate.id))
        .order_by(col(Result.revision).desc())
        .limit(1)
        .correlate(Candidate)
        .scalar_subquery()
    )
    ended = sa.exists().where(
        col(CertificateEvent.institution_id) == col(Certificate.institution_id),
        col(CertificateEvent.certificate_id) == col(Certificate.id), col(CertificateEvent.kind).in_(("voided", "revoked")),
    )  # fmt: skip
    issued = sa.exists().where(
        col(Certificate.institution_id) == col(Candidate.institution_id), col(Certificate.candidate_id) == col(Candidate.id)
    )
    return sa.and_(latest == "passed", sa.or_(~issued, issued.where(~ended)))


def _told(session: Session, touched: Sequence[_Touched]) -> list[str]:
    """Those whom the viewer may see by name and number; that there are others, without whose they are."""
    viewer = viewer_of(session)
    seen = [one for one in touched if viewer.owns(one.batch.institution_id)]
    others = ["其他评价机构的批次中也有该企业的考生"] if len(seen) < len(touched) else []
    return [*(one.told for one in seen), *others]
