"""``skilleval chains``: add, list, show, member-add, member-leave, member-correct, mandate-add, mandate-revoke, stats."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import click
from sqlmodel import Session, col, select

from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Chain, ChainMember, Institution, Mandate, MembershipCorrection
from skilleval.domain.chains import MEMBER_KINDS
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.suppression import Count
from skilleval.services import chains as service
from skilleval.services.chain_statistics import DIVISIONS, chain_statistics
from skilleval.services.membership_corrections import correct_leave, corrections_of
from skilleval.services.tenancy import institution_of, partner_of, viewer_of


@click.group(help=_("产教评技能生态链：链主、链员、服务关系。"))
def chains() -> None:
    """The commands of chains."""


@chains.command(help=_("登记一条链及其链主企业。"))
@click.argument("name")
@click.option("--lead", required=True, help=_("链主企业的统一社会信用代码"))
@click.option("--cluster", help=_("产业集群"))
@click.option("--city", help=_("地市代码"))
@json_option
@pass_workplace
def add(workplace: Workplace, name: str, lead: str, cluster: str | None, city: str | None, as_json: bool) -> None:
    """Record a chain."""
    with workplace.database.writing() as session:
        chain = service.add_chain(
            session, workplace.actor, institution_of(session, lead), name=name, cluster=cluster, city=city
        )
        session.commit()
        answer = _chain(session, chain)
    emit(answer, as_json, [_("已登记：{name}（链主 {lead}）").format(**answer)])


@chains.command(name="list", help=_("列出各条链。"))
@json_option
@pass_workplace
def list_(workplace: Workplace, as_json: bool) -> None:
    """List the chains."""
    with workplace.database.reading() as session:
        rows = [_chain(session, chain) for chain in session.exec(select(Chain).where(viewer_of(session).chains()).order_by(col(Chain.id)))]
    lines = [
        _("{name}  链主 {lead}  {cluster}  {city}  链员 {members} 家").format(
            **{**row, "cluster": row["cluster"] or "—", "city": row["city"] or "—"}
        )
        for row in rows
    ]
    emit(rows, as_json, lines or [_("还没有登记任何链")])


@chains.command(help=_("显示一条链的链员与服务关系，各自在当日是否有效。"))
@click.argument("name")
@json_option
@pass_workplace
def show(workplace: Workplace, name: str, as_json: bool) -> None:
    """Show a chain with its members and mandates, and which of them hold today."""
    with workplace.database.reading() as session:
        chain = service.seen_chain(session, name)
        members = [
            _member(one, workplace.on) | {"corrections": [_correction(row) for row in corrections_of(session, one)]}
            for one in service.members_of(session, chain)
        ]
        query = select(Mandate).where(col(Mandate.chain_id) == chain.id, viewer_of(session).mandates()).order_by(col(Mandate.id))
        mandates = [_mandate(session, one, workplace.on) for one in session.exec(query)]
        answer = {**_chain(session, chain), "member_list": members, "mandates": mandates}
    emit(answer, as_json, [_("{name}（链主 {lead}）").format(**answer), *_lines(members, mandates)])


@chains.command(name="member-add", help=_("增加链员，自某日起。"))
@click.argument("name")
@click.option("--credit-code", required=True, help=_("成员的统一社会信用代码"))
@click.option("--member", "member_name", required=True, help=_("成员单位名称"))
@click.option("--kind", default="企业", show_default=True, help=_("成员类型：{kinds}").format(kinds="、".join(MEMBER_KINDS.values())))
@click.option("--joined", type=DATE, required=True, help=_("加入日期"))
@click.option("--relation", help=_("与链主的关系：供应商、客户、子公司、合作院校"))
@click.option("--posts", type=click.IntRange(min=0), help=_("提供岗位数"))
@click.option("--agreement", help=_("协议编号"))
@json_option
@pass_workplace
def member_add(
    workplace: Workplace,
    name: str,
    credit_code: str,
    member_name: str,
    kind: str,
    joined: date,
    relation: str | None,
    posts: int | None,
    agreement: str | None,
    as_json: bool,
) -> None:
    """Take a member into a chain."""
    word = next((key for key, told in MEMBER_KINDS.items() if kind in (key, told)), kind)
    with workplace.database.writing() as session:
        chain = service.find_chain(session, name)
        member = service.add_member(
            session, workplace.actor, chain, credit_code=credit_code, name=member_name, kind=word, joined_on=joined,
            relation=relation, posts=posts, agreement=agreement,
        )  # fmt: skip
        session.commit()
        answer = _member(member, workplace.on)
    emit(answer, as_json, [_("链员已增加：{name}，{joined_on}起").format(**answer)])


@chains.command(name="member-leave", help=_("登记链员退出；退出日期是最后一日。"))
@click.argument("name")
@click.option("--credit-code", required=True, help=_("成员的统一社会信用代码"))
@click.option("--left", type=DATE, required=True, help=_("退出日期（最后一日）"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def member_leave(
    workplace: Workplace, name: str, credit_code: str, left: date, reason: str, as_json: bool
) -> None:
    """Note the last day of a membership."""
    with workplace.database.writing() as session:
        chain = service.find_chain(session, name)
        member = service.end_membership(
            session, workplace.actor, chain, credit_code=credit_code, left_on=left, reason=reason
        )
        session.commit()
        answer = _member(member, workplace.on)
    emit(answer, as_json, [_("{name} 于 {left_on} 退出").format(**answer)])


@chains.command(name="member-correct", help=_("更正登记有误的退出日期：原日期保留；列出受影响的考生，合格结果失去依据的不予更正。"))
@click.argument("name")
@click.option("--credit-code", required=True, help=_("成员的统一社会信用代码"))
@click.option("--left", type=DATE, help=_("正确的退出日期（最后一日）"))
@click.option("--not-left", is_flag=True, help=_("其实没有退出"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def member_correct(
    workplace: Workplace, name: str, credit_code: str, left: date | None, not_left: bool, reason: str, as_json: bool
) -> None:
    """Correct the last day of a membership."""
    if (left is None) is not not_left:
        raise RuleBroken(_("须写明正确的退出日期（--left），或其实没有退出（--not-left），只写其一"))
    with workplace.database.writing() as session:
        chain = service.find_chain(session, name)
        row = correct_leave(session, workplace.actor, chain, credit_code=credit_code, left_on=left, reason=reason)
        session.commit()
        answer = _correction(row) | {"touched": row.touched}
    lines = [_("以下考生评价期间该企业是否在链，更正前后不同；已有的判断和审核不变，须逐一核对：")] if answer["touched"] else []
    emit(answer, as_json, [_corrected(answer), *lines, *(f"  · {one}" for one in answer["touched"])])


@chains.command(name="mandate-add", help=_("登记服务关系：评价机构可为哪家链员的员工认定哪些职业和等级。"))
@click.argument("name")
@click.option("--evaluator", required=True, help=_("技能生态链评价机构的统一社会信用代码"))
@click.option("--member", required=True, help=_("链员企业的统一社会信用代码"))
@click.option("--document", required=True, help=_("协议编号"))
@click.option("--from", "valid_from", type=DATE, required=True, help=_("起始日期"))
@click.option("--to", "valid_to", type=DATE, required=True, help=_("到期日期"))
@click.option("--occupation", "occupations", multiple=True, help=_("职业编码，可写多次；不写为全部"))
@click.option("--grade", "grades", multiple=True, help=_("等级，可写多次；不写为全部"))
@json_option
@pass_workplace
def mandate_add(
    workplace: Workplace,
    name: str,
    evaluator: str,
    member: str,
    document: str,
    valid_from: date,
    valid_to: date,
    occupations: Sequence[str],
    grades: Sequence[str],
    as_json: bool,
) -> None:
    """Let an evaluator assess the people of a member firm."""
    with workplace.database.writing() as session:
        mandate = service.add_mandate(
            session, workplace.actor, service.find_chain(session, name), evaluator=partner_of(session, evaluator),
            employer=partner_of(session, member), document=document, valid_from=valid_from, valid_to=valid_to,
            occupations=occupations, grades=[Grade.parse(grade) for grade in grades],
        )  # fmt: skip
        session.commit()
        answer = _mandate(session, mandate, workplace.on)
    emit(answer, as_json, [_("服务关系已登记：{evaluator} 为 {member}，{valid_from} 至 {valid_to}").format(**answer)])


@chains.command(name="mandate-revoke", help=_("撤销服务关系；自当日起不再有效。"))
@click.option("--evaluator", required=True, help=_("技能生态链评价机构的统一社会信用代码"))
@click.option("--document", required=True, help=_("协议编号"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def mandate_revoke(workplace: Workplace, evaluator: str, document: str, reason: str, as_json: bool) -> None:
    """Revoke a mandate."""
    with workplace.database.writing() as session:
        mandate = service.find_mandate(session, institution_of(session, evaluator), document)
        service.revoke_mandate(session, workplace.actor, mandate, reason=reason, on=workplace.on)
        session.commit()
        answer = _mandate(session, mandate, workplace.on)
    emit(answer, as_json, [_("服务关系 {document} 自 {revoked_on} 起撤销").format(**answer)])


@chains.command(help=_("按单位、职业、等级、认定方式统计考生、合格、证书；人数过少的项不显示。"))
@click.argument("name")
@click.option("--on", "day", type=DATE, help=_("截至哪一天（默认今天）"))
@click.option("--year", type=int, help=_("只计这一年开始的批次"))
@json_option
@pass_workplace
def stats(workplace: Workplace, name: str, day: date | None, year: int | None, as_json: bool) -> None:
    """Count what a chain did, small numbers hidden."""
    with workplace.database.reading() as session:
        found = chain_statistics(
            session, service.find_chain(session, name), workplace.library, on=day or workplace.on, year=year
        )
    answer = {
        "on": found.on, "year": found.year, "smallest": found.smallest, "total": _count(found.shown.total),
        **{division: {key: _count(one) for key, one in lines.items()} for division, lines in found.shown.tables.items()},
    }  # fmt: skip
    lines = [_("合计  {told}").format(told=_told(found.shown.total))]
    for division, told in DIVISIONS.items():
        lines.append(_("按{division}").format(division=told))
        lines += [f"  {key}  {_told(one)}" for key, one in sorted(found.shown.tables[division].items())]
    emit(answer, as_json, [*lines, _("人数少于 {smallest} 的项及可推出它的项不显示（{clause}）").format(
        smallest=found.smallest, clause=found.clause)])  # fmt: skip


def _count(one: Count | None) -> dict[str, int] | None:
    return None if one is None else asdict(one)


def _told(one: Count | None) -> str:
    return _("＊") if one is None else _("考生 {candidates}  合格 {passed}  证书 {certificates}").format(**asdict(one))


def _lines(members: Sequence[dict[str, Any]], mandates: Sequence[dict[str, Any]]) -> list[str]:
    lines = []
    for one in members:
        lines.append(
            _("  链员 {name}（{credit_code}）  {kind}  {joined_on} 至 {left}  {state}").format(
                **one, left=one["left_on"] or _("今"), state=_("在链") if one["holds"] else _("不在链")
            )
        )
        lines += [f"    {_corrected(row)}" for row in one["corrections"]]
    lines += [
        _("  服务 {evaluator} → {member}  {document}  {valid_from} 至 {valid_to}  {scope}  {state}").format(
            **one, scope="、".join([*one["occupations"], *one["grades"]]) or _("全部职业和等级"),
            state=_stands(one),
        )
        for one in mandates
    ]  # fmt: skip
    return lines or [_("  还没有链员")]


def _stands(mandate: dict[str, Any]) -> str:
    """Whether a mandate holds today, and when and why it was revoked."""
    if mandate["revoked_on"] is None:
        return _("有效") if mandate["holds"] else _("无效")
    revoked = _("自 {revoked_on} 起撤销：{revoked_reason}").format(**mandate)
    return revoked if not mandate["holds"] else _("有效，{revoked}").format(revoked=revoked)


def _chain(session: Session, chain: Chain) -> dict[str, Any]:
    lead = session.get(Institution, chain.institution_id)
    if lead is None:
        raise RuleBroken(f"“{chain.name}”的链主企业没有档案")
    members = {one.credit_code for one in service.members_of(session, chain)}
    return {"name": chain.name, "lead": lead.name, "cluster": chain.cluster, "city": chain.city, "members": len(members)}


def _member(member: ChainMember, on: date) -> dict[str, Any]:
    return {
        "name": member.name,
        "credit_code": member.credit_code,
        "kind": MEMBER_KINDS[member.kind],
        "relation": member.relation,
        "joined_on": member.joined_on,
        "left_on": member.left_on,
        "posts": member.posts,
        "agreement": member.agreement,
        "holds": member.joined_on <= on and (member.left_on is None or on <= member.left_on),
    }


def _correction(row: MembershipCorrection) -> dict[str, Any]:
    """Without the reason and those whom it touches: a member is told its own dates only."""
    return {"left_before": row.left_before, "left_after": row.left_after, "corrected_at": row.recorded_at.date()}


def _corrected(answer: dict[str, Any]) -> str:
    after = answer["left_after"] or _("没有退出")
    return _("退出日期由 {before} 更正为：{after}").format(before=answer["left_before"], after=after)


def _mandate(session: Session, mandate: Mandate, on: date) -> dict[str, Any]:
    evaluator, member = (session.get(Institution, key) for key in (mandate.institution_id, mandate.employer_id))
    assert evaluator is not None and member is not None
    stands = (mandate.revoked_on is None or on < mandate.revoked_on) and service.belongs(session, mandate, on)
    return {
        "evaluator": evaluator.name,
        "member": member.name,
        "document": mandate.document,
        "occupations": mandate.occupations,
        "grades": [Grade(one).printed for one in mandate.grades],
        "valid_from": mandate.valid_from,
        "valid_to": mandate.valid_to,
        "revoked_on": mandate.revoked_on,
        "revoked_reason": mandate.revoked_reason,
        "holds": stands and mandate.valid_from <= on <= mandate.valid_to,
    }
