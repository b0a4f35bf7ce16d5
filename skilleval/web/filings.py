"""The filing packages (上报材料) of a batch and of the institution: exported, checked, taken away, answered by the desk."""

from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from skilleval import holidays
from skilleval.db.tables import Batch, Filing, FilingAnswer, Registration
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.reports.cover_letter import LEVELS
from skilleval.reports.findings import FIXES, WARNINGS
from skilleval.reports.fonts import load_fonts
from skilleval.services import deadlines, filing_answers, filing_check, filing_store, jobs, notices
from skilleval.services import filings as service
from skilleval.services.filing_record import read_outline
from skilleval.services.rules import packs_of_batch
from skilleval.services.tenancy import viewer_of
from skilleval.services.timelines import filing_timeline
from skilleval.web import files, gate, lists
from skilleval.web import jobs as job_pages
from skilleval.web.batches import own_batch, seen_batch
from skilleval.web.forms import DayField, Form, Required, page
from skilleval.web.language import _, lazy
from skilleval.web.show import label

pages = Blueprint("filings", __name__)
_BATCH = "/batches/<row(kind='batch'):batch_id>/filings"
_ONE = f"{_BATCH}/<row(kind='filing'):filing_id>"


class ExportForm(Form):
    """To whom a package goes."""

    addressed_to = SelectField(lazy("报送对象"), [Required()], choices=[SelectChoice(key, lazy(name)) for key, name in LEVELS.items()])


class AnswerForm(Form):
    """What the desk said, when, under which number of its own."""

    kind = SelectField(
        lazy("窗口答复"),
        [Required()],
        choices=[SelectChoice(key, lazy(name)) for key, name in lifecycle.STATES["filing"].items() if key != "exported"],
    )
    on_day = DayField(lazy("答复日期"), [Required()])
    reference = StringField(lazy("受理编号"), [Optional(), Length(max=60)])
    reason = TextAreaField(lazy("原因或说明"), [Optional(), Length(max=2000)], description=lazy("退回时必填：窗口要求补正什么"))


@pages.get("/filings")
def everywhere() -> Response | str:
    """Every package of the institution, the last ones first."""
    session = gate.reading()
    return lists.answer(lists.Page(_listing(session), session), "filings/everywhere.html")


@pages.get(_BATCH)
def index(batch_id: int) -> str:
    """The packages of a batch with their versions and answers, and how many days are left."""
    session = gate.reading()
    batch = seen_batch(session, batch_id)
    own = viewer_of(session).owns(batch.institution_id)
    found = service.filings_of(session, batch) if own else []
    answers = filing_answers.answers_to(session, found)
    calendar = holidays.load_calendar(gate.site().installation.folder)
    return render_template(
        "filings/index.html", batch=batch, own=own, filings=found, levels=LEVELS,
        states={one.id: filing_answers.state_of(answers.get(one.id or 0, [])) for one in found},
        deadline=deadlines.results_deadline(session, packs_of_batch(session, batch), batch, calendar, gate.today()) if own else None,
    )  # fmt: skip


@pages.route(f"{_BATCH}/export", methods=["GET", "POST"])
def export(batch_id: int) -> BaseResponse | str:
    """What a package would still lack, all of it; and the export of a new version."""
    form = ExportForm()
    installation = gate.site().installation
    if form.validate_on_submit() and job_pages.many_candidates(gate.reading(), own_batch(gate.reading(), batch_id)):
        return _export_later(batch_id, form)
    if form.validate_on_submit():
        try:
            with TemporaryDirectory() as folder, gate.writing() as session:
                exported = service.export_filing(
                    session, gate.actor(), own_batch(session, batch_id), vault=installation.vault,
                    fonts=load_fonts(installation.settings.fonts), folder=Path(folder),
                    instance_folder=installation.folder, on=gate.today(), addressed_to=form.addressed_to.data,
                    demo=installation.settings.certificate.demo,
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("已导出第 {version} 版，自检通过。").format(version=exported.filing.version))
            return redirect(url_for("filings.show", batch_id=batch_id, filing_id=exported.filing.id), 303)
    session = gate.reading()
    batch = own_batch(session, batch_id)
    level = _level(session, batch)
    if not form.is_submitted():
        form.addressed_to.data = level
    return page("filings/export.html", form, batch=batch, missing=_missing(session, batch, level))


def _export_later(batch_id: int, form: ExportForm) -> BaseResponse:
    """Hand the export over to the worker. What is missing stands on this page before, and on that of the job after."""
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        words = {"addressed_to": form.addressed_to.data}
        job = job_pages.hand_over(session, jobs.Asked("filings.export", f"filing/{batch.id}", batch_id=batch.id, words=words))
        session.commit()
    return redirect(url_for("jobs.show", public_id=job.public_id), 303)


@pages.get(_ONE)
def show(batch_id: int, filing_id: int) -> str:
    """One package: what is in it, what was left empty and why, and what the desk answered."""
    session = gate.reading()
    return _page(session, batch_id, filing_id, AnswerForm(formdata=None, data={"on_day": gate.today()}))


@pages.get(f"{_ONE}/check")
def check(batch_id: int, filing_id: int) -> str:
    """The package checked anew, each finding with a link to the record that it is about."""
    session = gate.reading()
    batch, filing = _found(session, batch_id, filing_id)
    installation = gate.site().installation
    try:
        packed = filing_store.package_of(installation.folder, installation.vault, filing)
    except RuleBroken as refusal:
        return render_template("filings/check.html", batch=batch, filing=filing, why=refusal.message)
    verdict, placed = filing_check.check_package(session, batch, packed, filing.file_name)
    return render_template(
        "filings/check.html", batch=batch, filing=filing, why="", verdict=verdict, placed=placed, fixes=FIXES, warnings=WARNINGS
    )


@pages.post(f"{_ONE}/download")
def download(batch_id: int, filing_id: int) -> BaseResponse:
    """The package as it was exported. It is full of document numbers, so the journal tells who took it."""
    installation = gate.site().installation
    with gate.writing() as session:
        _batch, filing = _found(session, batch_id, filing_id)
        packed = filing_store.hand_out(
            session, gate.actor(), filing, instance_folder=installation.folder, vault=installation.vault
        )
        session.commit()
    return files.download(packed, filing.file_name, files.ZIP)


@pages.post(f"{_ONE}/answer")
def answer(batch_id: int, filing_id: int) -> BaseResponse | str:
    """Note what the desk answered."""
    form = AnswerForm()
    if form.validate_on_submit() and form.on_day.data is not None:
        try:
            with gate.writing() as session:
                _batch, filing = _found(session, batch_id, filing_id)
                filing_answers.record_answer(
                    session, gate.actor(), filing, kind=form.kind.data, on_day=form.on_day.data, today=gate.today(),
                    reference=form.reference.data or "", reason=form.reason.data or "",
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("已记下窗口答复。"))
            return redirect(url_for("filings.show", batch_id=batch_id, filing_id=filing_id), 303)
    page = _page(gate.reading(), batch_id, filing_id, form)
    return Response(page, 422, content_type="text/html; charset=utf-8")


def _page(session: Session, batch_id: int, filing_id: int, form: AnswerForm) -> str:
    batch, filing = _found(session, batch_id, filing_id)
    answers = filing_answers.answers_of(session, filing)
    state = filing_answers.state_of(answers)
    return render_template(
        "filings/show.html", batch=batch, filing=filing, form=form, answers=answers, stands=state, levels=LEVELS,
        open=bool(lifecycle.next_states("filing", state)), kept=filing_store.is_kept(gate.site().installation.folder, filing),
        timeline=filing_timeline(session, filing),
    )  # fmt: skip


def _found(session: Session, batch_id: int, filing_id: int) -> tuple[Batch, Filing]:
    batch = own_batch(session, batch_id)
    query = select(Filing).where(
        col(Filing.id) == filing_id, col(Filing.institution_id) == batch.institution_id, col(Filing.batch_id) == batch.id
    )
    return batch, session.exec(query).first() or abort(404)


def _level(session: Session, batch: Batch) -> str:
    registration = session.get(Registration, batch.registration_id)
    assert registration is not None
    return registration.authority_level


def _missing(session: Session, batch: Batch, level: str) -> list[str]:
    if batch.state not in ("certified", "filed"):
        return [_("批次现在是“{state}”，发证完成后才能导出").format(state=lifecycle.label("batch", batch.state))]
    notice = notices.current_notice(session, batch)
    return service.reasons_against_export(session, read_outline(session, batch), notice, level)


def _listing(session: Session) -> lists.Listing:
    last = (
        sa.select(col(FilingAnswer.kind))
        .where(col(FilingAnswer.filing_id) == col(Filing.id))
        .order_by(col(FilingAnswer.serial).desc())
        .limit(1)
        .correlate(Filing)
        .scalar_subquery()
    )
    state = sa.func.coalesce(last, "exported")
    query = (
        sa.select(
            *(col(one) for one in (Filing.id, Filing.version, Filing.addressed_to, Filing.exported_on, Filing.file_name, Filing.batch_id)),
            col(Batch.number).label("batch"), col(Batch.name).label("batch_name"), state.label("state"),
        )
        .join(Batch, col(Batch.id) == col(Filing.batch_id))
        .where(viewer_of(session).own(col(Filing.institution_id)))
    )  # fmt: skip
    return lists.Listing(
        name="filings", title=_("上报材料"), query=query, id=col(Filing.id), kind="filing", sort="exported_on", descending=True,
        columns=(
            lists.Column("batch", _("批次"), lambda row: row.batch, order=col(Batch.number), kind="link"),
            lists.Column("name", _("批次名称"), lambda row: row.batch_name, width=36),
            lists.Column("version", _("版本"), lambda row: row.version, kind="number"),
            lists.Column("addressed_to", _("报送对象"), lambda row: label(LEVELS.get(row.addressed_to, row.addressed_to))),
            lists.Column("exported_on", _("导出日期"), lambda row: row.exported_on, order=col(Filing.exported_on)),
            lists.Column("state", _("窗口答复"), lambda row: lifecycle.label("filing", row.state), order=state, kind="state", word=lambda row: row.state),
        ),
        filters=(
            lists.Filter("state", _("窗口答复"), lifecycle.STATES["filing"], lambda value: state == value),
            lists.Filter("level", _("报送对象"), LEVELS, lambda value: col(Filing.addressed_to) == value),
        ),
        search=lambda typed: sa.or_(col(Batch.number).contains(typed, autoescape=True), col(Batch.name).contains(typed, autoescape=True)),
        search_hint=_("批次编号、名称"), link=lambda row: url_for("filings.show", batch_id=row.batch_id, filing_id=row.id),
    )  # fmt: skip
