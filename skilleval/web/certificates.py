"""The certificates of a batch: what issuing would do, issuing, the province's numbers, the batch's print."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlmodel import col
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField
from wtforms.validators import Length

from skilleval.db.tables import Candidate
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.reports.fonts import load_fonts
from skilleval.services import allotted_numbers, certificate_prints, jobs
from skilleval.services import certificates as service
from skilleval.services.tenancy import viewer_of
from skilleval.sheets.columns import Report
from skilleval.sheets.intake import Incoming, parsed
from skilleval.sheets.writing import write_errors
from skilleval.web import files, gate, issued, lists
from skilleval.web import jobs as job_pages
from skilleval.web.batches import own_batch, seen_batch
from skilleval.web.forms import Form, Required, page
from skilleval.web.language import _, lazy

pages = Blueprint("certificates", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/certificates")

#: of so many certificates that are not printed it is told why, so that the message fits into a cookie
_TOLD = 5

#: errors that a page shows; the marked workbook has all
SHOWN = 50


class IssueForm(Form):
    """Issuing is confirmed by typing the batch's number: numbers that were used are never given back."""

    confirmed = StringField(lazy("批次编号"), [Required(), Length(max=30)], render_kw={"autocomplete": "off"})


class NumbersForm(Form):
    """The province's list of allotted numbers."""

    file = FileField(
        lazy("编号表"),
        description=lazy(".xlsx 或 .csv，列：准考证号或证件号码、姓名、证书编号"),
        render_kw={"accept": ".xlsx,.csv"},
    )


@pages.get("")
def index(batch_id: int) -> Response | str:
    """The certificates of a batch: all of one's own batch, one's own people's in another's."""
    session = gate.reading()
    batch = seen_batch(session, batch_id)
    own = viewer_of(session).owns(batch.institution_id)
    listing = issued.listing(session, col(Candidate.batch_id) == batch.id)
    return lists.answer(lists.Page(listing, session), "certificates/index.html", batch=batch, own=own)


@pages.route("/issue", methods=["GET", "POST"])
def issue(batch_id: int) -> BaseResponse | str:
    """The next numbers, who gets one, what can't be printed; and issuing, once the batch's number is typed."""
    form = IssueForm()
    installation = gate.site().installation
    fonts = load_fonts(installation.settings.fonts)
    if form.validate_on_submit():
        try:
            with gate.writing() as session:
                batch = own_batch(session, batch_id)
                if form.confirmed.data != batch.number:
                    raise RuleBroken(_("输入的批次编号与本批次 {number} 不同，没有发证").format(number=batch.number))
                done = service.issue_certificates(
                    session, gate.actor(), batch, installation.library, vault=installation.vault, on=gate.today(),
                    missing_glyphs=certificate_prints.glyphs_missing_in(fonts),
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("已发证 {count} 份。").format(count=len(done)))
            return redirect(url_for("certificates.index", batch_id=batch_id), 303)
    session = gate.reading()
    batch = own_batch(session, batch_id)
    context: dict[str, Any] = {"prospect": None, "numbers": {}, "why": ""}
    try:
        context["prospect"] = certificate_prints.prospect_of(
            session, batch, vault=installation.vault, missing_glyphs=certificate_prints.glyphs_missing_in(fonts)
        )
        context["numbers"] = service.preview(session, batch, gate.today())
    except RuleBroken as refusal:
        context["why"] = refusal.message
    waiting = context["prospect"].waiting if context["prospect"] else ()
    return page(
        "certificates/issue.html", form, batch=batch, fonts=fonts, chain=[one.stem for one in fonts.chains["fangsong"]],
        counts=Counter(Grade(candidate.grade).printed for candidate, _person in waiting), **context,
    )  # fmt: skip


@pages.route("/numbers", methods=["GET", "POST"])
def numbers(batch_id: int) -> BaseResponse | str:
    """Issue with the numbers that the province allotted: all rows or none, and the workbook with its errors marked."""
    form = NumbersForm()
    report = None
    if form.validate_on_submit():
        try:
            with _uploaded() as file:
                report = _import(batch_id, file, check_only=request.form.get("act") == "mark")
                if report.errors and request.form.get("act") == "mark":
                    marked = write_errors(file.path.with_name("marked.xlsx"), file, report.errors)
                    return files.download(marked.read_bytes(), "编号表_标注错误.xlsx", files.XLSX)
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            if not report.failed and request.form.get("act") != "mark":
                flash(_("已按编号表发证 {new} 份，未变 {unchanged} 份。").format(**report.counts()))
                return redirect(url_for("certificates.index", batch_id=batch_id), 303)
    batch = own_batch(gate.reading(), batch_id)
    page = render_template("certificates/numbers.html", batch=batch, form=form, report=report, SHOWN=SHOWN)
    return Response(page, 422 if form.is_submitted() and (report is None or report.failed) else 200, content_type="text/html; charset=utf-8")


@pages.post("/print")
def print_(batch_id: int) -> BaseResponse:
    """All printable certificates of the batch in one PDF; of the others the next page tells why. It bears full document numbers, so
    the journal tells who printed it.

    Those of a large batch are drawn by the worker: then this leads to the page of the job.
    """
    installation = gate.site().installation
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        printable = certificate_prints.printable(session, service.certificates_of(session, batch))
        chosen = printable.chosen
        if printable.withheld:
            told = _("{count} 份证书没有打印：{why}")
            flash(told.format(count=len(printable.withheld), why="；".join(printable.withheld[:_TOLD])), "warn")
        if len(chosen) > certificate_prints.MANY:
            job = job_pages.hand_over(session, jobs.Asked("certificates.print", f"certificates/{batch.id}", batch_id=batch.id))
            session.commit()
            return redirect(url_for("jobs.show", public_id=job.public_id), 303)
        printed = certificate_prints.print_certificates(
            session, gate.actor(), chosen, vault=installation.vault,
            settings=installation.settings, fonts=load_fonts(installation.settings.fonts),
        )  # fmt: skip
        session.commit()
    return files.download(printed, f"证书_{batch.number}.pdf", files.PDF)


@contextmanager
def _uploaded() -> Iterator[Incoming]:
    """What was sent, parsed before the database is locked, in a file of our own name that is gone afterwards."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise RuleBroken(_("请先选择编号表文件"))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "numbers"
        sent.save(file)
        yield parsed(Incoming(file, _("编号表")))


def _import(batch_id: int, file: Incoming, *, check_only: bool) -> Report:
    """Check the list, and write only if every row is right."""
    installation = gate.site().installation
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        staged = allotted_numbers.stage_numbers(session, batch, file, vault=installation.vault, on=gate.today())
        if not check_only and not staged.report.failed:
            allotted_numbers.write_numbers(
                session, gate.actor(), staged, installation.library, vault=installation.vault, on=gate.today(),
                missing_glyphs=certificate_prints.glyphs_missing_in(load_fonts(installation.settings.fonts)),
            )  # fmt: skip
            session.commit()
    return staged.report
