"""The public notice (公示) of a batch: planned, published, objected to, closed."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField, TextAreaField
from wtforms.validators import Length, Optional

from skilleval import holidays
from skilleval.db.tables import Batch, Candidate, Notice, Objection
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Rule
from skilleval.domain.workdays import working_days_between
from skilleval.reports.fonts import load_fonts
from skilleval.reports.notice import NoticeSheet, render_notice
from skilleval.reports.pdf import refuse_missing_glyphs
from skilleval.services import notice_closing, notice_list, objections, reopening
from skilleval.services import notices as service
from skilleval.services.recused_results import counted_recusals
from skilleval.services.tenancy import viewer_of
from skilleval.services.timelines import notice_timeline
from skilleval.web import files, gate
from skilleval.web.batches import own_batch, seen_batch
from skilleval.web.forms import DayField, Form, Required
from skilleval.web.language import _, lazy

pages = Blueprint("notices", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/notices")

#: lines of a list that a page shows; the printed sheet has all
SHOWN = 300


class DayForm(Form):
    """The first day of a notice, to see its last one before it is published. It is asked for by GET and changes nothing."""

    class Meta(Form.Meta):
        """A question needs no token."""

        csrf = False

    first_day = DayField(lazy("公示第一天"), [Required()])


class ObjectionForm(Form):
    """An objection that came on paper or by telephone."""

    raised_by = StringField(lazy("异议人"), [Required(), Length(max=60)])
    text = TextAreaField(lazy("异议内容"), [Required(), Length(max=2000)])
    admission = StringField(lazy("针对的考生（准考证号）"), [Optional(), Length(max=40)], description=lazy("不填则针对整个公示"))


@pages.get("")
def index(batch_id: int) -> str:
    """What will be published or was, until when, what was objected, and what keeps the notice from being closed."""
    session = gate.reading()
    return _page(session, seen_batch(session, batch_id), ObjectionForm(formdata=None))


@pages.post("/publish")
def publish(batch_id: int) -> BaseResponse:
    """Publish everybody who passed, for as many working days as the batch's packs ask."""
    form = DayForm()
    installation = gate.site().installation
    if not form.validate() or form.first_day.data is None:
        raise RuleBroken(_("请先选定公示第一天"))
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        length = service.notice_length(session, batch, form.first_day.data)
        notice = service.publish_notice(
            session, gate.actor(), batch, installation.library, vault=installation.vault, first_day=form.first_day.data,
            working_days=int(length.value), calendar=holidays.load_calendar(installation.folder), on=gate.today(),
        )  # fmt: skip
        _must_print(notice)
        session.commit()
    return _back(batch_id, _("已公示，至 {day} 止。请打印公示表张贴。").format(day=notice.last_day))


@pages.post("/<row(kind='notice'):notice_id>/close")
def close(batch_id: int, notice_id: int) -> BaseResponse:
    """End the notice, so that certificates may be issued."""
    with gate.writing() as session:
        notice = _notice(session, own_batch(session, batch_id), notice_id)
        notice_closing.close_notice(session, gate.actor(), notice, vault=gate.site().installation.vault, on=gate.today())
        session.commit()
    return _back(batch_id, _("公示已结束，可以颁发证书。"))


@pages.post("/<row(kind='notice'):notice_id>/correct")
def correct(batch_id: int, notice_id: int) -> BaseResponse:
    """Publish what is right now in the place of the notice, with the reason; its days begin anew today."""
    installation = gate.site().installation
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        length = service.notice_length(session, batch, gate.today())
        notice = reopening.correct_notice(
            session, gate.actor(), _notice(session, batch, notice_id), installation.library,
            reason=request.form.get("reason", ""), vault=installation.vault, first_day=gate.today(),
            working_days=int(length.value), calendar=holidays.load_calendar(installation.folder), on=gate.today(),
        )  # fmt: skip
        _must_print(notice)
        session.commit()
    return _back(batch_id, _("更正公示已发布，至 {day} 止。").format(day=notice.last_day))


@pages.post("/<row(kind='notice'):notice_id>/withdraw")
def withdraw(batch_id: int, notice_id: int) -> BaseResponse:
    """Take the notice back, with the reason, so that the batch can be published anew."""
    with gate.writing() as session:
        notice = _notice(session, own_batch(session, batch_id), notice_id)
        service.withdraw_notice(session, gate.actor(), notice, reason=request.form.get("reason", ""))
        session.commit()
    return _back(batch_id, _("公示已撤回，批次回到“成绩已核定”，可以更正后重新公示。"))


@pages.post("/<row(kind='notice'):notice_id>/objections")
def record(batch_id: int, notice_id: int) -> BaseResponse | str:
    """Record an objection that did not come by the public page."""
    form = ObjectionForm()
    if form.validate_on_submit():
        try:
            with gate.writing() as session:
                batch = own_batch(session, batch_id)
                objection = objections.raise_objection(
                    session, gate.actor(), _notice(session, batch, notice_id), raised_by=form.raised_by.data or "",
                    text=form.text.data or "", on=gate.today(), candidate=_candidate(session, batch, form.admission.data),
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            return _back(batch_id, _("已登记为第 {serial} 号异议。").format(serial=objection.serial))
    session = gate.reading()
    page = _page(session, own_batch(session, batch_id), form)
    return Response(page, 422, content_type="text/html; charset=utf-8")


@pages.post("/<row(kind='notice'):notice_id>/objections/<row(kind='objection'):objection_id>")
def decide(batch_id: int, notice_id: int, objection_id: int) -> BaseResponse:
    """Uphold or reject an objection, with the reason, by another person than who recorded it."""
    decision = {"upheld": objections.uphold_objection, "rejected": objections.reject_objection}.get(request.form.get("to", ""))
    if decision is None:
        abort(400)
    with gate.writing() as session:
        notice = _notice(session, own_batch(session, batch_id), notice_id)
        objection = next((one for one in objections.objections_of(session, notice) if one.id == objection_id), None) or abort(404)
        decision(session, gate.actor(), objection, reason=request.form.get("reason", ""), on=gate.today())
        session.commit()
    return _back(batch_id, _("第 {serial} 号异议已处理。").format(serial=objection.serial))


@pages.get("/<row(kind='notice'):notice_id>/sheet")
def sheet(batch_id: int, notice_id: int) -> Response:
    """The notice as PDF, as it hangs on the wall."""
    session = gate.reading()
    notice = _notice(session, seen_batch(session, batch_id), notice_id)
    settings = gate.site().installation.settings
    printed = NoticeSheet.from_content(
        notice.content, content_hash=notice.content_hash, journal_head=notice.journal_head,
        demo=settings.certificate.demo,
    )  # fmt: skip
    name = f"公示_{notice.content['batch']}_{notice.serial}.pdf"
    return files.download(render_notice(printed, load_fonts(settings.fonts)), name, files.PDF)


def _must_print(notice: Notice) -> None:
    """Refuse a list with a sign that no font has before it hangs: neither sheet, certificate nor package could print it."""
    fonts = load_fonts(gate.site().installation.settings.fonts)
    refuse_missing_glyphs(fonts, (entry["name"] for entry in notice.content["entries"]))


def _page(session: Session, batch: Batch, form: ObjectionForm) -> str:
    own = viewer_of(session).owns(batch.institution_id)
    vault = gate.site().installation.vault
    published = service.notices_of(session, batch)
    current = next((one for one in reversed(published) if one.state != "withdrawn"), None)
    plan = _plan(session, batch) if own and batch.state == "settled" else None
    hanging = current if own and current is not None and current.state == "published" else None
    closing = notice_closing.closing_of(session, hanging, vault=vault) if hanging is not None else None
    gone, new = (closing.gone, closing.new) if closing is not None else ([], [])
    correctable = own and current is not None and reopening.may_be_corrected(current, batch)
    if closing is None and correctable and current is not None:
        gone, new = notice_closing.changed_entries(session, current, vault=vault)
    if closing is not None:
        raised, uncorrected = closing.objections, closing.uncorrected
    elif current is not None:
        raised, uncorrected = _objections(session, batch, current, own), objections.uncorrected_objections(session, current)
    else:
        raised, uncorrected = [], set()
    handles = own and gate.may("notices.decide", "POST")
    return render_template(
        "notices/index.html", batch=batch, own=own, notices=published, current=current, plan=plan, form=form,
        objections=raised, uncorrected=uncorrected,
        contacts={one.id: vault.open(one.institution_id, one.contact_sealed) for one in raised if handles and one.contact_sealed},
        waiting=closing.reasons(gate.today()) if closing is not None else [],
        correctable=correctable, gone=gone, new=new, changed=bool(gone or new),
        void=own and current is not None and service.is_void(session, current, batch),
        left=_left(current), SHOWN=SHOWN, public_address=_public_address(current) if current is not None else "",
        timeline=notice_timeline(session, batch),
    )  # fmt: skip


def _plan(session: Session, batch: Batch) -> dict[str, Any]:
    """What publishing would do: who, from when to when, by which clause; or why the days can't be told."""
    asked = DayForm(request.args) if "first_day" in request.args else None
    first_day = asked.first_day.data if asked is not None and asked.validate() else max(gate.today(), batch.ends_on)
    assert isinstance(first_day, date)
    form = asked or DayForm(formdata=None, data={"first_day": first_day})
    plan: dict[str, Any] = {"form": form, "first_day": first_day, "rule": None, "last_day": None, "why": ""}
    plan["entries"] = notice_list.passed_entries(session, batch, gate.site().installation.vault)
    calendar = holidays.load_calendar(gate.site().installation.folder)
    plan["years"] = sorted(calendar.years)
    try:
        rule: Rule = service.notice_length(session, batch, first_day)
        plan["rule"] = rule
        plan["last_day"] = service.last_day_of(calendar, first_day, int(rule.value))
    except RuleBroken as refusal:
        plan["why"] = refusal.message
    if recused := counted_recusals(session, batch):
        plan["why"] = "；".join(one.told for one in recused)
    return plan


def _objections(session: Session, batch: Batch, notice: Notice, own: bool) -> list[Objection]:
    """What was objected: all of it to the institution, to another firm what concerns its own people."""
    found = objections.objections_of(session, notice)
    if own:
        return list(found)
    seen = set(session.exec(select(Candidate.id).where(col(Candidate.batch_id) == batch.id, viewer_of(session).candidates())))
    return [one for one in found if one.candidate_id in seen]


def _left(notice: Notice | None) -> int | None:
    """Working days until the notice is over, today not counted; None where the holiday table does not tell."""
    if notice is None or notice.state != "published":
        return None
    try:
        calendar = holidays.load_calendar(gate.site().installation.folder)
        return working_days_between(calendar, max(gate.today(), notice.first_day), notice.last_day)
    except RuleBroken:
        return None


def _public_address(notice: Notice) -> str:
    path = url_for("public.notice", notice_id=notice.id)
    public = gate.site().installation.settings.web.public_url
    return f"{public}{path}" if public else url_for("public.notice", notice_id=notice.id, _external=True)


def _notice(session: Session, batch: Batch, notice_id: int) -> Notice:
    query = select(Notice).where(
        col(Notice.id) == notice_id, col(Notice.institution_id) == batch.institution_id, col(Notice.batch_id) == batch.id
    )
    return session.exec(query).first() or abort(404)


def _candidate(session: Session, batch: Batch, admission: str | None) -> Candidate | None:
    if not admission:
        return None
    query = select(Candidate).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id,
        col(Candidate.admission_number) == admission,
    )  # fmt: skip
    found = session.exec(query).first()
    if found is None:
        raise RuleBroken(_("本批次没有准考证号为 {number} 的考生").format(number=admission))
    return found


def _back(batch_id: int, told: str) -> BaseResponse:
    flash(told)
    return redirect(url_for("notices.index", batch_id=batch_id), 303)
