"""The last day of a membership that was entered wrongly: whom a correction would touch, the correction, and those before."""

from datetime import date

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField
from wtforms.validators import ValidationError

from skilleval.db.tables import Chain, ChainMember
from skilleval.domain.errors import RuleBroken
from skilleval.services import membership_corrections as service
from skilleval.services.membership_corrections import Prospect
from skilleval.web import gate
from skilleval.web.chains import own_chain
from skilleval.web.forms import Form, optional_day
from skilleval.web.language import _, lazy

pages = Blueprint(
    "membership_corrections", __name__,
    url_prefix="/chains/<row(kind='chain'):chain_id>/members/<row(kind='chain_member'):member_id>/correct",
)  # fmt: skip


class LeaveForm(Form):
    """What the last day should be. It is asked for by GET, to see whom that touches, and changes nothing."""

    class Meta(Form.Meta):
        """A question needs no token."""

        csrf = False

    left_on = optional_day(lazy("正确的退出日期（在链最后一日）"))
    not_left = BooleanField(lazy("其实没有退出"))

    def validate_not_left(self, field: BooleanField) -> None:
        """Exactly one of the two is said."""
        if not self.left_on.errors and field.data is (self.left_on.data is not None):
            raise ValidationError(_("填写正确的退出日期，或选“其实没有退出”，只选其一"))

    @property
    def day(self) -> date | None:
        """The corrected day; None says that the member has not left."""
        day: date | None = self.left_on.data
        return day


@pages.get("")
def show(chain_id: int, member_id: int) -> str:
    """What was corrected before, and with a day in the address whom this correction would touch."""
    session = gate.reading()
    chain = own_chain(session, chain_id)
    member = _member(session, chain, member_id)
    form, found = LeaveForm(request.args if "ask" in request.args else None), None
    if "ask" in request.args and form.validate():
        try:
            found = service.prospect_of(session, chain, credit_code=member.credit_code, left_on=form.day)
        except RuleBroken as refusal:
            form.refuse(refusal)
    return _page(session, chain, member, form, found)


@pages.post("")
def correct(chain_id: int, member_id: int) -> BaseResponse:
    """Correct the day, with the reason; the one before stays on record."""
    form = LeaveForm()
    if form.validate():
        try:
            with gate.writing() as session:
                chain = own_chain(session, chain_id)
                member = _member(session, chain, member_id)
                _must_be_last(session, chain, member)
                row = service.correct_leave(
                    session, gate.actor(), chain, credit_code=member.credit_code, left_on=form.day,
                    reason=request.form.get("reason", ""),
                )  # fmt: skip
                session.commit()
                touched = len(row.touched)
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("退出日期已更正，原日期保留。涉及 {count} 项，见下面的记录，须逐一核对。").format(count=touched) if touched
                  else _("退出日期已更正，原日期保留；没有涉及已判断的考生。"))  # fmt: skip
            return redirect(url_for("membership_corrections.show", chain_id=chain_id, member_id=member_id), 303)
    session = gate.reading()
    chain = own_chain(session, chain_id)
    page = _page(session, chain, _member(session, chain, member_id), form, None)
    return Response(page, 422, content_type="text/html; charset=utf-8")


def _member(session: Session, chain: Chain, member_id: int) -> ChainMember:
    query = select(ChainMember).where(
        col(ChainMember.id) == member_id, col(ChainMember.institution_id) == chain.institution_id,
        col(ChainMember.chain_id) == chain.id,
    )  # fmt: skip
    return session.exec(query).first() or abort(404)


def _must_be_last(session: Session, chain: Chain, member: ChainMember) -> None:
    """Refuse an earlier membership of a firm that joined and left again: the service corrects the last one."""
    if service.left_member(session, chain, member.credit_code).id != member.id:
        raise RuleBroken(_("{name}后来再次加入并退出，只能更正最后一次退出的日期").format(name=member.name))


def _why_not(session: Session, chain: Chain, member: ChainMember) -> str:
    """Why there is nothing to correct here; empty where there is."""
    try:
        _must_be_last(session, chain, member)
    except RuleBroken as refusal:
        return refusal.message
    return ""


def _page(session: Session, chain: Chain, member: ChainMember, form: LeaveForm, found: Prospect | None) -> str:
    return render_template(
        "chains/correct.html", chain=chain, member=member, form=form, found=found,
        corrections=service.corrections_of(session, member), why_not=_why_not(session, chain, member),
    )  # fmt: skip
