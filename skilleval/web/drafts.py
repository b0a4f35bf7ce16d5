"""Drafts of specifications in a chain (起草与评审): revisions and what differs, review rounds, opinions, conclusion, approval.

Texts come as files, as from the command line; the services refuse what a review does not allow.
"""

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from skilleval.db.tables import ChainMember, SpecificationDraft, SpecificationDrafter
from skilleval.domain.errors import RuleBroken
from skilleval.domain.specification_changes import SpecificationChange
from skilleval.domain.specifications import CONCLUSIONS, VERDICTS
from skilleval.reports.fonts import load_fonts
from skilleval.reports.minutes import render_minutes
from skilleval.services import specification_drafters
from skilleval.services import specification_reviews as reviews
from skilleval.services import specifications as service
from skilleval.services.review_record import record_of
from skilleval.services.tenancy import viewer_of
from skilleval.services.timelines import timeline_of
from skilleval.web import gate, lists
from skilleval.web.firm_edits import codes, own_row
from skilleval.web.forms import DayField, Form, Required, page, toml_of, uploaded_text
from skilleval.web.language import _, lazy

pages = Blueprint("drafts", __name__, url_prefix="/specifications/drafts")


class TextForm(Form):
    """A file that opens a draft or a round."""

    file = FileField(lazy("文件"), [Required()], description=lazy("TOML 文件，UTF-8 编码"), render_kw={"accept": ".toml"})


class RevisionForm(TextForm):
    """A revision: the text, and why."""

    reason = StringField(lazy("修改说明"), [Required()])


class DrafterForm(Form):
    """A member of the chain that drafts too."""

    credit_code = SelectField(lazy("链员单位"), [Required()])
    role = StringField(lazy("分工"), [Required(), Length(max=30)], default="参编单位")
    people = StringField(lazy("起草人"), [Required(), Length(max=200)], description=lazy("几个人用顿号分开"))
    joined_on = DayField(lazy("参加日期"), [Required()])


@pages.get("")
def index() -> Response:
    """The drafts that the institution leads or takes part in."""
    return _index(TextForm())


@pages.post("")
def new() -> Response | BaseResponse:
    """Open a draft from its file."""
    form = TextForm()
    if form.validate_on_submit():
        with gate.writing() as session:
            draft = service.add_draft(session, gate.actor(), toml_of(form.file.data))
            session.commit()
        flash(_("起草项目已建立。下一步：提交第一稿。"))
        return redirect(url_for("drafts.show", draft_id=draft.id), 303)
    return _index(form)


@pages.get("/<row(kind='specification_draft'):draft_id>")
def show(draft_id: int) -> str:
    """One draft: who drafts, each revision and what it changed, rounds with experts, opinions and what became of them."""
    session = gate.reading()
    draft = _seen(session, draft_id)
    revisions = service.revisions_of(session, draft)
    rounds = reviews.rounds_of(session, draft)
    return render_template(
        "drafts/show.html", draft=draft, leads=viewer_of(session).owns(draft.institution_id),
        lead_code=gate.who().credit_code,
        drafters=specification_drafters.drafters_of(session, draft), revisions=revisions, changes=_changes(session, draft, len(revisions)),
        rounds=rounds, reviewers=reviews.reviewers_by_round(session, draft),
        opinions=reviews.opinions_of(session, draft), answers=reviews.answers_of(session, draft), verdicts=VERDICTS,
        conclusions=CONCLUSIONS, revision=RevisionForm(formdata=None), round_form=TextForm(formdata=None),
        is_open=draft.closed_on is None, timeline=timeline_of(session, draft),
    )  # fmt: skip


@pages.post("/<row(kind='specification_draft'):draft_id>/revisions")
def revise(draft_id: int) -> BaseResponse:
    """Hand in a revision, as the lead or as a firm that drafts too."""
    form = RevisionForm()
    if not form.validate_on_submit():
        abort(400)
    text = uploaded_text(form.file.data)
    with gate.writing() as session:
        draft = _seen(session, draft_id)
        service.revise(
            session, gate.actor(), draft, text, reason=form.reason.data or "", on=gate.today(),
            own_standards=gate.site().installation.folder / "standards",
        )  # fmt: skip
        session.commit()
    return _back(draft_id, _("文稿已提交。"))


@pages.route("/<row(kind='specification_draft'):draft_id>/drafters", methods=["GET", "POST"])
def add_drafter(draft_id: int) -> Response | BaseResponse:
    """Let a member of the chain draft too."""
    session = gate.reading()
    draft, form = own_row(session, SpecificationDraft, draft_id), DrafterForm()
    _offer(session, draft, form)
    if form.validate_on_submit():
        try:
            with gate.writing() as write:
                specification_drafters.add_drafter(
                    write, gate.actor(), own_row(write, SpecificationDraft, draft_id), credit_code=form.credit_code.data,
                    role=form.role.data or "", people=codes(form.people.data), joined_on=form.joined_on.data,
                )  # fmt: skip
                write.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            return _back(draft_id, _("起草单位已增加。"))
    return page("drafts/drafter.html", form, draft=draft)


@pages.post("/<row(kind='specification_draft'):draft_id>/drafters/<row(kind='specification_drafter'):drafter_id>/leave")
def end_drafting(draft_id: int, drafter_id: int) -> BaseResponse:
    """Note that today is the last day of a drafting firm, with the reason."""
    reason = request.form.get("reason", "")

    def leave(session: Session, draft: SpecificationDraft) -> None:
        row = own_row(session, SpecificationDrafter, drafter_id)
        if row.draft_id != draft.id:
            abort(404)
        specification_drafters.end_drafting(
            session, gate.actor(), draft, credit_code=row.credit_code, left_on=gate.today(), reason=reason
        )

    return _led(draft_id, _("已登记退出，今天为最后一日。"), leave)


@pages.get("/<row(kind='specification_draft'):draft_id>/record.pdf")
def record(draft_id: int) -> Response:
    """The record of the reviews, each sentence with the record behind it."""
    session, settings = gate.reading(), gate.site().installation.settings
    told = record_of(session, _seen(session, draft_id))
    return lists.pdf_response(
        render_minutes(told, load_fonts(settings.fonts), demo=settings.certificate.demo), "review-record.pdf"
    )


@pages.post("/<row(kind='specification_draft'):draft_id>/opinions")
def opine(draft_id: int) -> BaseResponse:
    """Hand in an opinion: a drafting firm's own, or one of an expert of the open round, which the lead writes down."""
    part, text, expert = (request.form.get(name, "") for name in ("part", "text", "expert"))
    with gate.writing() as session:
        if expert:
            draft = own_row(session, SpecificationDraft, draft_id)
            reviews.opine_as_expert(session, gate.actor(), draft, expert=expert, part=part, text=text, on=gate.today())
        else:
            draft = _seen(session, draft_id)
            reviews.opine_as_drafter(session, gate.actor(), draft, part=part, text=text, on=gate.today())
        session.commit()
    return _back(draft_id, _("意见已记录。"))


@pages.post("/<row(kind='specification_draft'):draft_id>/rounds")
def open_round(draft_id: int) -> BaseResponse:
    """Open a review round from its file."""
    form = TextForm()
    if not form.validate_on_submit():
        abort(400)
    content = toml_of(form.file.data)
    library = gate.site().installation.library
    return _led(
        draft_id, _("评审已建立。"),
        lambda session, draft: reviews.open_round(session, gate.actor(), draft, content, library, on=gate.today()),
    )  # fmt: skip


@pages.post("/<row(kind='specification_draft'):draft_id>/answers")
def answer(draft_id: int) -> BaseResponse:
    """Say what becomes of an opinion, once."""
    serial, verdict, reason = request.form.get("serial", 0, int), request.form.get("verdict", ""), request.form.get("reason", "")
    return _led(
        draft_id, _("意见处理已记录。"),
        lambda session, draft: reviews.answer_opinion(
            session, gate.actor(), draft, serial, verdict=verdict, reason=reason, on=gate.today()
        ),
    )  # fmt: skip


@pages.post("/<row(kind='specification_draft'):draft_id>/conclusion")
def conclude(draft_id: int) -> BaseResponse:
    """Conclude the open round."""
    conclusion, reason, unknown = (request.form.get(name, "") for name in ("conclusion", "reason", "unknown_reason"))
    if conclusion not in CONCLUSIONS:
        abort(400)
    library = gate.site().installation.library
    return _led(
        draft_id, _("评审结论已记录。"),
        lambda session, draft: reviews.conclude(
            session, gate.actor(), draft, library, conclusion=conclusion, reason=reason, on=gate.today(), unknown_reason=unknown
        ),
    )  # fmt: skip


@pages.post("/<row(kind='specification_draft'):draft_id>/approval")
def approve(draft_id: int) -> BaseResponse:
    """Make the passed revision an approved specification of the lead."""
    reason = request.form.get("reason", "")
    own = gate.site().installation.folder / "standards"
    return _led(
        draft_id, _("已批准为评价规范。"),
        lambda session, draft: reviews.approve(session, gate.actor(), draft, reason=reason, on=gate.today(), own_standards=own),
    )  # fmt: skip


@pages.post("/<row(kind='specification_draft'):draft_id>/end")
def abandon(draft_id: int) -> BaseResponse:
    """End a draft that becomes no specification."""
    reason = request.form.get("reason", "")
    return _led(
        draft_id, _("起草已终止，记录保留。"),
        lambda session, draft: service.abandon(session, gate.actor(), draft, reason=reason, on=gate.today()),
    )  # fmt: skip


def _offer(session: Session, draft: SpecificationDraft, form: DrafterForm) -> None:
    """The members of the draft's chain, each once; the service asks whether they are members on that day."""
    query = select(ChainMember).where(
        col(ChainMember.institution_id) == draft.institution_id, col(ChainMember.chain_id) == draft.chain_id
    )
    names = {one.credit_code: one.name for one in session.exec(query.order_by(col(ChainMember.joined_on), col(ChainMember.id)))}
    form.credit_code.choices = [SelectChoice(code, name) for code, name in names.items()]


def _led(draft_id: int, told: str, act: Callable[[Session, SpecificationDraft], object]) -> BaseResponse:
    """Do one act of the lead on its draft; for a firm that takes part only, the act is not there."""
    with gate.writing() as session:
        act(session, own_row(session, SpecificationDraft, draft_id))
        session.commit()
    return _back(draft_id, told)


def _back(draft_id: int, told: str) -> BaseResponse:
    flash(told)
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


def _index(form: TextForm) -> Response:
    session = gate.reading()
    drafts = service.drafts_seen(session, gate.today())
    return page("drafts/index.html", form, drafts=drafts, own={one.id for one in drafts if viewer_of(session).owns(one.institution_id)})


def _seen(session: Session, draft_id: int) -> SpecificationDraft:
    """The draft, if the institution leads it or takes part in it today; else the page is not there."""
    query = select(SpecificationDraft).where(
        col(SpecificationDraft.id) == draft_id, viewer_of(session).drafts(gate.today())
    )
    return session.exec(query).first() or abort(404)


def _changes(session: Session, draft: SpecificationDraft, count: int) -> list[SpecificationChange]:
    """What the chosen revision (the last one, unless the address names another) changed against the one before."""
    serial = request.args.get("revision", count, int)
    if not 2 <= serial <= count:
        return []
    own = gate.site().installation.folder / "standards"
    return service.differences(session, draft, serial - 1, serial, own_standards=own)
