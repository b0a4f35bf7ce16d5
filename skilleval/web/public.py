"""The pages that need no account: a notice with its objection form, and the check of a certificate.

They show what hangs on the wall and what stands on the paper, and nothing else. How often they are used from one
network is counted in the database.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional

from skilleval.db.tables import Notice
from skilleval.domain.errors import RuleBroken
from skilleval.reports.notice import NoticeSheet
from skilleval.services import certificate_check, counters, public_notices
from skilleval.services.certificate_check import check_by_number, check_by_row
from skilleval.web import gate
from skilleval.web.forms import Form, Required
from skilleval.web.language import _, lazy

pages = Blueprint("public", __name__)


class PublicObjectionForm(Form):
    """What somebody objects, under their name."""

    name = StringField(lazy("您的姓名"), [Required(), Length(max=public_notices.LONGEST["姓名"])], render_kw={"autocomplete": "name"})
    contact = StringField(
        lazy("联系方式"),
        [Required(), Length(max=public_notices.LONGEST["联系方式"])],
        description=lazy("电话或邮箱，只有处理异议的人看得到，不会公开"),
    )
    listed = IntegerField(
        lazy("针对的序号"), [Optional(), NumberRange(min=1)], description=lazy("公示名单中的序号；对整个公示有异议的不填")
    )
    text = TextAreaField(
        lazy("异议内容"),
        [Required(), Length(max=public_notices.LONGEST["异议内容"])],
        description=lazy("写明事实和依据，1000 字以内"),
        render_kw={"rows": "6"},
    )


class CheckForm(Form):
    """A certificate's number and the name on it."""

    number = StringField(
        lazy("证书编号"), [Required(), Length(max=40)], render_kw={"autocomplete": "off", "spellcheck": "false"}
    )
    name = StringField(lazy("证书上的姓名"), [Required(), Length(max=60)], render_kw={"autocomplete": "off"})


@pages.route("/public/notices/<row(kind='public_notice'):notice_id>", methods=["GET", "POST"])
def notice(notice_id: int) -> BaseResponse:
    """A notice while it hangs, for everybody who has its address, and the form to object to it."""
    found = gate.reading().get(Notice, notice_id) or abort(404)
    form = PublicObjectionForm()
    if form.validate_on_submit():
        if (again_at := _counted("objection", public_notices.OBJECTIONS_LIMIT)) is not None:
            return _too_often(again_at)
        try:
            with gate.writing() as session:
                objection = public_notices.object_publicly(
                    session, session.get(Notice, notice_id) or abort(404), name=form.name.data or "",
                    contact=form.contact.data or "", text=form.text.data or "", listed=form.listed.data,
                    vault=gate.site().installation.vault, on=gate.today(),
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("已收到，登记为第 {serial} 号异议，评价机构将按您留下的联系方式答复。").format(serial=objection.serial))
            return redirect(url_for("public.notice", notice_id=notice_id), 303)
        found = gate.reading().get(Notice, notice_id) or abort(404)
    phase = public_notices.phase_of(found, gate.today())
    status = 422 if form.is_submitted() else 200
    return _answer("public/notice.html", status, notice=found, phase=phase, form=form, sheet=_sheet(found))


@pages.route("/check", methods=["GET", "POST"])
def check() -> BaseResponse:
    """Whether a certificate is genuine and holds, by its number and name."""
    form = CheckForm()
    if not form.validate_on_submit():
        return _answer("public/check.html", 422 if form.is_submitted() else 200, form=form)
    if (again_at := _counted("check", certificate_check.LIMIT)) is not None:
        return _too_often(again_at)
    vault = gate.site().installation.vault
    found = check_by_number(gate.reading(), form.number.data or "", form.name.data or "", vault=vault)
    return _answer("public/certificate.html", 200, found=found)


@pages.get("/check/<row(kind='certificate_check'):certificate_id>")
def certificate(certificate_id: int) -> BaseResponse:
    """The certificate behind the QR code of a printed sheet. Its address can't be guessed, so no count is kept."""
    found = check_by_row(gate.reading(), certificate_id, vault=gate.site().installation.vault) or abort(404)
    return _answer("public/certificate.html", 200, found=found)


def _sheet(found: Notice) -> NoticeSheet:
    return NoticeSheet.from_content(found.content, content_hash=found.content_hash, journal_head=found.journal_head)


def _counted(kind: str, limit: int) -> datetime | None:
    """Count this use of a page, whatever comes of it; when the next is taken if there were too many."""
    with gate.writing() as session:
        again_at = counters.use(session, kind, request.remote_addr or "", limit=limit, now=gate.now())
        session.commit()
    return again_at


def _too_often(again_at: datetime) -> BaseResponse:
    return _answer("public/too_often.html", 429, minutes=counters.minutes_until(again_at, gate.now()))


def _answer(template: str, status: int, **context: Any) -> BaseResponse:
    """A page that no search engine keeps: names are told to who has the address or the paper, not to the world."""
    response = Response(render_template(template, **context), status, content_type="text/html; charset=utf-8")
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
