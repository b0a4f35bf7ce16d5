"""Who drafts a specification: the lead and its co-drafters (参编单位), members of the chain, each from a day to a day.

Source: the founding plan 二（四）2. That a co-drafter must be a member on the day is the software's own rule: the chain is
what it drafts for, and membership has dates (guangdong-rules 3.5).
"""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.tables import Chain, Institution, SpecificationDraft, SpecificationDrafter
from skilleval.domain import lifecycle
from skilleval.domain.chains import Membership
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.chains import members_of
from skilleval.services.journal import Actor
from skilleval.services.tenancy import unknown_institution, viewer_of

KIND = "specification_draft"


def add_drafter(
    session: Session,
    actor: Actor,
    draft: SpecificationDraft,
    *,
    credit_code: str,
    role: str,
    people: Sequence[str],
    joined_on: date,
) -> SpecificationDrafter:
    """Let a member of the chain draft too, from a day on.

    Refused: a draft that is closed, one that is no member on that day or drafts already, no role or people.
    """
    must_be_open(draft)
    problems: list[str] = []
    code = credit_code.strip().upper()
    name = member_name(session, _chain(session, draft), code, joined_on, problems)
    for one in drafters_of(session, draft):
        if one.credit_code == code and (one.left_on is None or one.left_on >= joined_on):
            problems.append(f"{one.name} 已是起草单位（{one.joined_on} 起）")
    if joined_on < draft.opened_on:
        problems.append(f"参加日期 {joined_on} 早于立项日期 {draft.opened_on}")
    row = drafter_row(draft, code, name, role, people, joined_on, problems)
    if problems:
        raise RuleBroken("没有增加起草单位", problems)
    session.add(row)
    journal.record(session, actor, draft.institution_id, "specification.drafter_add", objects=[row])
    return row


def end_drafting(
    session: Session, actor: Actor, draft: SpecificationDraft, *, credit_code: str, left_on: date, reason: str
) -> SpecificationDrafter:
    """Note the last day on which a co-drafter takes part. Refused: no reason, none such now, the lead, a day too early."""
    if not reason.strip():
        raise RuleBroken("退出须写明理由")
    code = credit_code.strip().upper()
    standing = [one for one in drafters_of(session, draft) if one.credit_code == code and one.left_on is None]
    if not standing:
        raise RuleBroken(f"{credit_code} 现在不是 {draft.number} 的起草单位")
    row = standing[-1]
    if code == _institution(session, draft.institution_id).credit_code:
        raise RuleBroken("牵头单位不能退出；不再起草请用 skilleval specifications abandon")
    if left_on < row.joined_on:
        raise RuleBroken(f"退出日期 {left_on} 早于参加日期 {row.joined_on}")
    row.left_on = left_on
    session.add(row)
    journal.record(
        session, actor, draft.institution_id, "specification.drafter_leave", objects=[row], reason=reason.strip()
    )
    return row


def drafters_of(session: Session, draft: SpecificationDraft) -> Sequence[SpecificationDrafter]:
    """All who draft or drafted, the lead first."""
    query = select(SpecificationDrafter).where(
        col(SpecificationDrafter.institution_id) == draft.institution_id, col(SpecificationDrafter.draft_id) == draft.id
    )
    return session.exec(query.order_by(col(SpecificationDrafter.id))).all()


def drafting_firm(
    session: Session, draft: SpecificationDraft, credit_code: str | None, on: date
) -> SpecificationDrafter:
    """The drafting firm in whose name the viewer acts on a day. Refused: another's, or one that doesn't draft then."""
    viewer, lead = viewer_of(session).institution, _institution(session, draft.institution_id)
    own = viewer.credit_code if viewer is not None else lead.credit_code
    code = (credit_code or own).strip().upper()
    if viewer is not None and code != own:
        raise unknown_institution(code)
    for one in drafters_of(session, draft):
        if one.credit_code == code and Membership("", one.joined_on, one.left_on).holds_on(on):
            problems: list[str] = []
            if code != lead.credit_code:
                member_name(session, _chain(session, draft), code, on, problems)
            if problems:
                raise RuleBroken(problems[0])
            return one
    raise RuleBroken(f"{code} 在 {on} 不是 {draft.number} 的起草单位")


def must_be_open(draft: SpecificationDraft) -> None:
    """Refuse a draft that is approved, failed or abandoned."""
    if not lifecycle.next_states(KIND, draft.state):
        raise RuleBroken(f"起草项目 {draft.number} 现在是“{lifecycle.label(KIND, draft.state)}”，不能再改动")


def drafter_row(
    draft: SpecificationDraft, code: str, name: str, role: str, people: Sequence[str], joined_on: date, problems: list[str]
) -> SpecificationDrafter:
    """A row of a firm that drafts from a day on, not yet added; a problem where role or people are missing."""
    named = [str(one).strip() for one in people if str(one).strip()]
    if not role.strip():
        problems.append(f"{code} 须写明分工（role）")
    if not named:
        problems.append(f"{code} 须写明起草人（people）")
    return SpecificationDrafter(
        institution_id=draft.institution_id, draft_id=draft.id or 0, credit_code=code, name=name, role=role.strip(),
        people=named, joined_on=joined_on,
    )  # fmt: skip


def member_name(session: Session, chain: Chain, credit_code: str, on: date, problems: list[str]) -> str:
    """The name of the chain's member on a day; a problem where it is none then."""
    code = credit_code.strip().upper()
    known = [one for one in members_of(session, chain) if one.credit_code == code]
    for one in known:
        if Membership(chain.name, one.joined_on, one.left_on).holds_on(on):
            return one.name
    problems.append(f"{known[-1].name if known else code} 在 {on} 不是“{chain.name}”的链员")
    return code


def _chain(session: Session, draft: SpecificationDraft) -> Chain:
    chain = session.get(Chain, draft.chain_id)
    assert chain is not None
    return chain


def _institution(session: Session, institution_id: int) -> Institution:
    institution = session.get(Institution, institution_id)
    assert institution is not None
    return institution
