"""Drafts of specifications in a chain (起草与评审): revisions and what differs, review rounds, opinions, conclusion, approval.

Texts come as files, as from the command line; the services refuse what a review does not allow.
"""

from collections.abc import Callable

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField

from skilleval.db.tables import Reviewer, ReviewRound, SpecificationDraft
from skilleval.domain.specification_changes import SpecificationChange
from skilleval.domain.specifications import CONCLUSIONS, VERDICTS
from skilleval.services import specification_reviews as reviews
from skilleval.services import specifications as service
from skilleval.services.specification_drafters import drafters_of
from skilleval.services.tenancy import viewer_of
from skilleval.web import gate
from skilleval.web.firm_edits import own_row, toml_of, uploaded_text
from skilleval.web.forms import Form, Required, page
from skilleval.web.language import _, lazy

pages = Blueprint("drafts", __name__, url_prefix="/specifications/drafts")


class TextForm(Form):
    """A file that opens a draft or a round."""

    file = FileField(lazy("文件"), [Required()], description=lazy("TOML 文件，UTF-8 编码"), render_kw={"accept": ".toml"})


class RevisionForm(TextForm):
    """A revision: the text, and why."""

    reason = StringField(lazy("修改说明"), [Required()])


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
            draft = service.add_draft(session, gate.actor(), toml_of(uploaded_text(form.file.data)))
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
        drafters=drafters_of(session, draft), revisions=revisions, changes=_changes(session, draft, len(revisions)),
        rounds=rounds, reviewers=_reviewers(session, draft),
        opinions=reviews.opinions_of(session, draft), answers=reviews.answers_of(session, draft), verdicts=VERDICTS,
        conclusions=CONCLUSIONS, revision=RevisionForm(formdata=None), round_form=TextForm(formdata=None),
        is_open=draft.closed_on is None,
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
    content = toml_of(uploaded_text(form.file.data))
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


def _reviewers(session: Session, draft: SpecificationDraft) -> dict[int, list[Reviewer]]:
    """Round → the experts who were there."""
    rounds = sa.select(col(ReviewRound.id)).where(
        col(ReviewRound.institution_id) == draft.institution_id, col(ReviewRound.draft_id) == draft.id
    )
    found: dict[int, list[Reviewer]] = {}
    for one in session.exec(select(Reviewer).where(col(Reviewer.round_id).in_(rounds)).order_by(col(Reviewer.id))):
        found.setdefault(one.round_id, []).append(one)
    return found


def _changes(session: Session, draft: SpecificationDraft, count: int) -> list[SpecificationChange]:
    """What the chosen revision (the last one, unless the address names another) changed against the one before."""
    serial = request.args.get("revision", count, int)
    if not 2 <= serial <= count:
        return []
    own = gate.site().installation.folder / "standards"
    return service.differences(session, draft, serial - 1, serial, own_standards=own)
