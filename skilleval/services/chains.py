"""Skills ecosystem chains: their lead and members with dates, and the mandates by which an evaluator serves members.

Columns of a member: guangdong-rules 7.2, T11. Nothing is deleted: a member leaves on a day, a mandate is revoked on one.
"""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
import sqlalchemy.orm
from sqlmodel import Session, col, select

from skilleval import standards
from skilleval.db.tables import Chain, ChainMember, Institution, Mandate, id_of
from skilleval.domain import chains as rules
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import credit_code_error
from skilleval.domain.ladder import Grade
from skilleval.services import journal
from skilleval.services.journal import Actor
from skilleval.services.tenancy import viewer_of


def add_chain(
    session: Session, actor: Actor, lead: Institution, *, name: str, cluster: str | None = None, city: str | None = None
) -> Chain:
    """Record a chain with its lead. Refused: no name, a name in use, a lead that is not recorded as 链主企业."""
    if not name.strip():
        raise RuleBroken("链名称不能为空")
    if session.exec(select(Chain).where(col(Chain.name) == name.strip())).first() is not None:
        raise RuleBroken(f"已有名为“{name.strip()}”的链")
    if not lead.chain_lead:
        raise RuleBroken(f"{lead.name} 的档案没有写明是链主企业（机构文件 [institution] chain_lead = true）")
    chain = Chain(institution_id=id_of(lead), name=name.strip(), cluster=cluster, city=city)
    session.add(chain)
    journal.record(session, actor, chain.institution_id, "chains.add", objects=[chain])
    return chain


def find_chain(session: Session, name: str) -> Chain:
    """The chain of this name, if the viewer leads it. Refused: none has it."""
    return _chain(session, name, viewer_of(session).own(col(Chain.institution_id)))


def seen_chain(session: Session, name: str) -> Chain:
    """The chain of this name, if the viewer leads it or belongs to it. Refused: none has it."""
    return _chain(session, name, viewer_of(session).chains())


def _chain(session: Session, name: str, seen: sa.ColumnElement[bool]) -> Chain:
    found = session.exec(select(Chain).where(col(Chain.name) == name.strip(), seen)).first()
    if found is None:
        raise RuleBroken(f"没有名为“{name}”的链，可用 skilleval chains list 查看")
    return found


def add_member(
    session: Session,
    actor: Actor,
    chain: Chain,
    *,
    credit_code: str,
    name: str,
    kind: str,
    joined_on: date,
    relation: str | None = None,
    posts: int | None = None,
    agreement: str | None = None,
) -> ChainMember:
    """Take a member into a chain from a day on.

    Refused: a wrong credit code or kind, a name that is not the one recorded for the code, one that is a member already.
    """
    code = credit_code.strip().upper()
    if problem := credit_code_error(code):
        raise RuleBroken(f"统一社会信用代码 {code} 有误：{problem}")
    if kind not in rules.MEMBER_KINDS:
        raise RuleBroken(f"成员类型“{kind}”应为：{'、'.join(f'{key}（{told}）' for key, told in rules.MEMBER_KINDS.items())}")
    own = _institution(session, code)
    if own is not None and own.name != name.strip():
        raise RuleBroken(f"{code} 登记的单位名称是“{own.name}”，与“{name.strip()}”不一致")
    for earlier in _memberships(session, chain, code):
        if earlier.left_on is None or earlier.left_on >= joined_on:
            until = f"至 {earlier.left_on}" if earlier.left_on else "至今"
            raise RuleBroken(f"{name.strip()} 已是链员（{earlier.joined_on} {until}）")
    member = ChainMember(
        institution_id=chain.institution_id, chain_id=id_of(chain), credit_code=code, name=name.strip(), kind=kind,
        relation=relation, joined_on=joined_on, posts=posts, agreement=agreement,
    )  # fmt: skip
    session.add(member)
    journal.record(session, actor, chain.institution_id, "chains.member_add", objects=[member])
    return member


def end_membership(
    session: Session, actor: Actor, chain: Chain, *, credit_code: str, left_on: date, reason: str
) -> ChainMember:
    """Note the last day of a membership. Refused: no reason, nobody with this code now, a day before it began."""
    if not reason.strip():
        raise RuleBroken("退出须写明理由")
    found = _memberships(session, chain, credit_code.strip().upper())
    standing = [one for one in found if one.left_on is None]
    if not standing:
        left = f"，已登记于 {found[-1].left_on} 退出；日期有误的用 skilleval chains member-correct 更正" if found else ""
        raise RuleBroken(f"{credit_code} 现在不是“{chain.name}”的链员{left}")
    member = standing[-1]
    if left_on < member.joined_on:
        raise RuleBroken(f"退出日期 {left_on} 早于加入日期 {member.joined_on}")
    member.left_on = left_on
    session.add(member)
    journal.record(session, actor, chain.institution_id, "chains.member_leave", objects=[member], reason=reason.strip())
    return member


def add_mandate(
    session: Session,
    actor: Actor,
    chain: Chain,
    *,
    evaluator: Institution,
    employer: Institution,
    document: str,
    valid_from: date,
    valid_to: date,
    occupations: Sequence[str] = (),
    grades: Sequence[Grade] = (),
) -> Mandate:
    """Let an evaluator assess the people of a member firm, in some occupations and grades, from a day to a day.

    Refused: an evaluator that is not a 技能生态链评价机构, an employer that is no member on the first day, no document, an
    unknown occupation, dates the wrong way round, a document number in use.
    """
    problems = []
    if evaluator.kind != "chain_evaluator":
        problems.append(f"{evaluator.name} 不是技能生态链评价机构（机构文件 kind = \"chain_evaluator\"）")
    if not document.strip():
        problems.append("须写明协议编号")
    elif any(one.document == document.strip() for one in mandates_of(session, evaluator)):
        problems.append(f"协议编号 {document.strip()} 已使用")
    if valid_to < valid_from:
        problems.append(f"到期日期 {valid_to} 早于起始日期 {valid_from}")
    memberships = [_value(one, chain) for one in _memberships(session, chain, employer.credit_code)]
    if not any(one.holds_on(valid_from) for one in memberships):
        problems.append(f"{employer.name} 在 {valid_from} 不是“{chain.name}”的链员")
    for code in occupations:
        try:
            standards.occupation(code)
        except RuleBroken as refusal:
            problems.append(refusal.message)
    if problems:
        raise RuleBroken("服务关系没有登记", problems)
    mandate = Mandate(
        institution_id=id_of(evaluator), chain_id=id_of(chain), employer_id=id_of(employer),
        occupations=list(occupations), grades=[grade.value for grade in grades], document=document.strip(),
        valid_from=valid_from, valid_to=valid_to,
    )  # fmt: skip
    session.add(mandate)
    journal.record(session, actor, mandate.institution_id, "chains.mandate_add", objects=[mandate])
    return mandate


def revoke_mandate(session: Session, actor: Actor, mandate: Mandate, *, reason: str, on: date) -> Mandate:
    """Revoke a mandate: it does not hold from ``on`` on, that day included. Refused: no reason, one revoked already."""
    session.refresh(mandate, with_for_update=True)
    if not reason.strip():
        raise RuleBroken("撤销服务关系须写明理由")
    if mandate.revoked_on is not None:
        raise RuleBroken(f"服务关系 {mandate.document} 已于 {mandate.revoked_on} 撤销")
    mandate.revoked_on, mandate.revoked_reason = on, reason.strip()
    session.add(mandate)
    journal.record(
        session, actor, mandate.institution_id, "chains.mandate_revoke", objects=[mandate], reason=reason.strip()
    )
    return mandate


def find_mandate(session: Session, evaluator: Institution, document: str) -> Mandate:
    """The evaluator's mandate with this document number. Refused: none has it."""
    for one in mandates_of(session, evaluator):
        if one.document == document.strip():
            return one
    raise RuleBroken(f"{evaluator.name} 没有协议编号为 {document} 的服务关系")


def mandates_of(session: Session, evaluator: Institution) -> Sequence[Mandate]:
    """All mandates of an evaluator, revoked ones included, oldest first."""
    query = select(Mandate).where(col(Mandate.institution_id) == evaluator.id)
    return session.exec(query.order_by(col(Mandate.valid_from), col(Mandate.id))).all()


def members_of(session: Session, chain: Chain) -> Sequence[ChainMember]:
    """The memberships of a chain that the viewer may see, ended ones included, in order of joining."""
    query = select(ChainMember).where(
        col(ChainMember.institution_id) == chain.institution_id, col(ChainMember.chain_id) == chain.id,
        viewer_of(session).members(),
    )  # fmt: skip
    return session.exec(query.order_by(col(ChainMember.joined_on), col(ChainMember.id))).all()


def belongs(session: Session, mandate: Mandate, on: date) -> bool:
    """Whether the firm of a mandate is a member of its chain on a day; without that no mandate holds."""
    code = select(Institution.credit_code).where(col(Institution.id) == mandate.employer_id).scalar_subquery()
    query = select(ChainMember.id).where(
        col(ChainMember.chain_id) == mandate.chain_id, col(ChainMember.credit_code) == code, col(ChainMember.joined_on) <= on,
        col(ChainMember.left_on).is_(None) | (col(ChainMember.left_on) >= on),
    )  # fmt: skip
    return session.exec(query).first() is not None


def knows(session: Session, evaluator: Institution, employer: Institution) -> bool:
    """Whether the two have to do with each other: a mandate between them, or the firm is in a chain that the other leads."""
    mandate = select(Mandate.id).where(
        col(Mandate.institution_id) == evaluator.id, col(Mandate.employer_id) == employer.id
    )
    member = select(ChainMember.id).where(
        col(ChainMember.institution_id) == evaluator.id, col(ChainMember.credit_code) == employer.credit_code
    )
    return session.exec(mandate).first() is not None or session.exec(member).first() is not None


def mandates_in(session: Session, chain: Chain) -> list[tuple[Mandate, Institution, Institution]]:
    """The mandates of a chain that the viewer may see, revoked ones included, each with its evaluator and employer."""
    evaluator, employer = sa.orm.aliased(Institution), sa.orm.aliased(Institution)
    query = select(Mandate, evaluator, employer).where(
        col(Mandate.chain_id) == chain.id, viewer_of(session).mandates(),
        col(evaluator.id) == col(Mandate.institution_id), col(employer.id) == col(Mandate.employer_id),
    )  # fmt: skip
    return list(session.exec(query.order_by(col(Mandate.valid_from), col(Mandate.id))).all())


def state_of(mandate: Mandate, chain: Chain, on: date, notice_days: int | None) -> str:
    """How a mandate stands on a day: a key of ``domain.chains.MANDATE_STATES``."""
    return rules.mandate_state(_mandate(mandate, chain), on, notice_days)


def _mandate(row: Mandate, chain: Chain) -> rules.Mandate:
    return rules.Mandate(
        chain.name, row.document, row.valid_from, row.valid_to, tuple(row.occupations),
        tuple(Grade(one) for one in row.grades), row.revoked_on,
    )  # fmt: skip


def _value(row: ChainMember, chain: Chain) -> rules.Membership:
    return rules.Membership(chain.name, row.joined_on, row.left_on)


def _memberships(session: Session, chain: Chain, credit_code: str) -> list[ChainMember]:
    return [one for one in members_of(session, chain) if one.credit_code == credit_code]


def _institution(session: Session, credit_code: str) -> Institution | None:
    return session.exec(select(Institution).where(col(Institution.credit_code) == credit_code)).first()
