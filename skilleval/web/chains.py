"""Skills ecosystem chains: the lead's map, members and mandates; and the corner of a member firm."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import sqlalchemy.orm
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional

from skilleval.db.tables import Chain, ChainMember, Institution, Mandate
from skilleval.domain import chains as rules
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import chain_statistics
from skilleval.services import chains as service
from skilleval.services.rules import packs_of
from skilleval.services.tenancy import partner_of, viewer_of
from skilleval.services.timelines import chain_timeline
from skilleval.web import gate
from skilleval.web.batches import CheckboxesField
from skilleval.web.firm_edits import own_firm
from skilleval.web.forms import DayField, Form, Required, page
from skilleval.web.language import _, lazy
from skilleval.web.people import occupation

pages = Blueprint("chains", __name__, url_prefix="/chains")

NOTICE_DAYS = "mandate.expiry_notice_days"
TONES = {"coming": "wait", "valid": "good", "expiring": "warn", "over": "bad"}


class ChainForm(Form):
    """A new chain, led by the institution that asks."""

    name = StringField(lazy("链名称"), [Required(), Length(max=80)])
    cluster = StringField(lazy("产业集群"), [Optional(), Length(max=40)])
    city = StringField(lazy("地市代码"), [Optional(), Length(max=6)], description=lazy("深圳为 4403"))


class MemberForm(Form):
    """A new member of a chain."""

    credit_code = StringField(lazy("统一社会信用代码"), [Required(), Length(max=18)])
    name = StringField(lazy("单位名称"), [Required(), Length(max=80)])
    kind = SelectField(lazy("类型"), [Required()], choices=[SelectChoice(key, lazy(name)) for key, name in rules.MEMBER_KINDS.items()])
    joined_on = DayField(lazy("加入日期"), [Required()])
    relation = StringField(lazy("与链主的关系"), [Optional(), Length(max=40)], description=lazy("如供应商、客户、子公司、合作院校"))
    posts = IntegerField(lazy("提供岗位数"), [Optional(), NumberRange(min=0, max=1_000_000)])
    agreement = StringField(lazy("协议编号"), [Optional(), Length(max=60)])


class MandateForm(Form):
    """A new mandate. Evaluator and employer are chosen among those with whom the lead has to do."""

    evaluator = SelectField(lazy("评价机构"), [Required()])
    employer = SelectField(lazy("链员企业"), [Required()])
    document = StringField(lazy("协议编号"), [Required(), Length(max=60)])
    valid_from = DayField(lazy("起始日期"), [Required()])
    valid_to = DayField(lazy("到期日期"), [Required()])
    occupations = StringField(
        lazy("职业编码"), [Optional(), Length(max=500)], description=lazy("多个用空格分开；不填为备案的全部职业")
    )
    grades = CheckboxesField(
        lazy("等级"), choices=[SelectChoice(one.value, lazy(one.printed)) for one in Grade], description=lazy("不选为全部等级")
    )


@dataclass(frozen=True, slots=True)
class MandateLine:
    """One mandate as the page shows it."""

    row: Mandate
    evaluator: Institution
    employer: Institution
    state: str


@pages.get("")
def index() -> Response:
    """The chains that the institution leads, or belongs to."""
    return _index(ChainForm(formdata=None))


@pages.post("")
def add() -> BaseResponse:
    """Record a chain that the institution leads."""
    form = ChainForm()
    if form.validate():
        try:
            with gate.writing() as session:
                chain = service.add_chain(
                    session, gate.actor(), own_firm(session), name=form.name.data or "",
                    cluster=form.cluster.data or None, city=form.city.data or None,
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            return _back(chain.id or 0, _("技能生态链已登记。下一步：增加链员。"))
    return _index(form)


@pages.get("/<row(kind='chain'):chain_id>")
def show(chain_id: int) -> str:
    """The lead sees the map, the members and the mandates; a member its own membership and mandates."""
    return _page(chain_id, MemberForm(formdata=None), MandateForm(formdata=None))


@pages.post("/<row(kind='chain'):chain_id>/members")
def add_member(chain_id: int) -> BaseResponse:
    """Take a member into the chain."""
    form = MemberForm()
    if form.validate():
        try:
            with gate.writing() as session:
                service.add_member(
                    session, gate.actor(), own_chain(session, chain_id), credit_code=form.credit_code.data or "",
                    name=form.name.data or "", kind=form.kind.data, joined_on=form.joined_on.data,
                    relation=form.relation.data or None, posts=form.posts.data, agreement=form.agreement.data or None,
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            return _back(chain_id, _("链员已增加。"))
    return _again(chain_id, form, MandateForm(formdata=None))


@pages.post("/<row(kind='chain'):chain_id>/members/<row(kind='chain_member'):member_id>/leave")
def end_membership(chain_id: int, member_id: int) -> BaseResponse:
    """Note that today is the last day of a membership, with the reason."""
    with gate.writing() as session:
        chain = own_chain(session, chain_id)
        member = session.exec(
            select(ChainMember).where(
                col(ChainMember.id) == member_id, col(ChainMember.institution_id) == chain.institution_id,
                col(ChainMember.chain_id) == chain.id,
            )
        ).first() or abort(404)  # fmt: skip
        service.end_membership(
            session, gate.actor(), chain, credit_code=member.credit_code, left_on=gate.today(),
            reason=request.form.get("reason", ""),
        )  # fmt: skip
        session.commit()
    return _back(chain_id, _("已登记退出，今天为最后一日。"))


@pages.post("/<row(kind='chain'):chain_id>/mandates")
def add_mandate(chain_id: int) -> BaseResponse:
    """Let an evaluator assess the people of a member firm."""
    form = MandateForm()
    _offer(gate.reading(), service.members_of(gate.reading(), own_chain(gate.reading(), chain_id)), form)
    if form.validate():
        try:
            with gate.writing() as session:
                service.add_mandate(
                    session, gate.actor(), own_chain(session, chain_id), evaluator=partner_of(session, form.evaluator.data),
                    employer=partner_of(session, form.employer.data), document=form.document.data or "",
                    valid_from=form.valid_from.data, valid_to=form.valid_to.data,
                    occupations=(form.occupations.data or "").replace("、", " ").split(),
                    grades=[Grade(one) for one in form.grades.data or []],
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            return _back(chain_id, _("服务关系已登记。"))
    return _again(chain_id, MemberForm(formdata=None), form)


@pages.post("/<row(kind='chain'):chain_id>/mandates/<row(kind='mandate'):mandate_id>/revoke")
def revoke_mandate(chain_id: int, mandate_id: int) -> BaseResponse:
    """Revoke a mandate of the own institution, with the reason; it does not hold from today on."""
    with gate.writing() as session:
        own = viewer_of(session).own(col(Mandate.institution_id))
        query = select(Mandate).where(col(Mandate.id) == mandate_id, col(Mandate.chain_id) == chain_id, own)
        mandate = session.exec(query).first() or abort(404)
        service.revoke_mandate(session, gate.actor(), mandate, reason=request.form.get("reason", ""), on=gate.today())
        session.commit()
    return _back(chain_id, _("服务关系已撤销，自今天起不再有效。"))


def _index(form: ChainForm) -> Response:
    session = gate.reading()
    lead = sa.orm.aliased(Institution)
    query = select(Chain, lead.name).where(viewer_of(session).chains(), col(lead.id) == col(Chain.institution_id))
    rows = session.exec(query.order_by(col(Chain.name))).all()
    return page("chains/index.html", form, rows=rows, firm=own_firm(session))


def own_chain(session: Session, chain_id: int) -> Chain:
    """The chain, if the institution that asks leads it; else the page is not there."""
    query = select(Chain).where(col(Chain.id) == chain_id, viewer_of(session).own(col(Chain.institution_id)))
    return session.exec(query).first() or abort(404)


def _back(chain_id: int, told: str) -> BaseResponse:
    flash(told)
    return redirect(url_for("chains.show", chain_id=chain_id), 303)


def _again(chain_id: int, member: MemberForm, mandate: MandateForm) -> Response:
    own_chain(gate.reading(), chain_id)
    return Response(_page(chain_id, member, mandate), 422, content_type="text/html; charset=utf-8")


def _page(chain_id: int, member: MemberForm, mandate: MandateForm) -> str:
    session, today = gate.reading(), gate.today()
    chain = session.exec(select(Chain).where(col(Chain.id) == chain_id, viewer_of(session).chains())).first() or abort(404)
    leads = viewer_of(session).owns(chain.institution_id)
    library = gate.site().installation.library
    days = packs_of(session, gate.who().institution_id or 0, library, today).find(NOTICE_DAYS, today)
    lines = [
        MandateLine(row, evaluator, employer, service.state_of(row, chain, today, days.value if days else None))
        for row, evaluator, employer in service.mandates_in(session, chain)
    ]
    members = service.members_of(session, chain)
    if leads and gate.may("chains.add_mandate", "POST"):
        _offer(session, members, mandate)
    return render_template(
        "chains/show.html", chain=chain, leads=leads, lead=session.get(Institution, chain.institution_id), lines=lines,
        members=members, kinds=rules.MEMBER_KINDS, states=rules.MANDATE_STATES, tones=TONES,
        map=_map(lines), occupation=occupation, member=member, mandate=mandate,
        found=chain_statistics.chain_statistics(session, chain, library, on=today) if leads else None,
        divisions=chain_statistics.DIVISIONS, own=gate.who().institution_id, days=days,
        timeline=chain_timeline(session, chain),
    )  # fmt: skip


def _map(lines: list[MandateLine]) -> dict[str, dict[str, list[str]]]:
    """Member → grade word → the occupations in which its people may be assessed today ("" for all of them)."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in lines:
        if line.state in ("valid", "expiring"):
            row = found.setdefault(line.employer.name, {})
            for grade in line.row.grades or [one.value for one in Grade]:
                row.setdefault(grade, []).extend(line.row.occupations or [""])
    return found


def _offer(session: Session, members: Sequence[ChainMember], form: MandateForm) -> None:
    """Evaluators and member firms to choose from: only those that the lead has to do with."""
    partners = session.exec(select(Institution).where(viewer_of(session).partners()).order_by(col(Institution.name))).all()
    codes = {one.credit_code for one in members}
    evaluators = [one for one in partners if one.kind == "chain_evaluator"]
    form.evaluator.choices = [SelectChoice(one.credit_code, one.name) for one in evaluators]
    form.employer.choices = [SelectChoice(one.credit_code, one.name) for one in partners if one.credit_code in codes]
