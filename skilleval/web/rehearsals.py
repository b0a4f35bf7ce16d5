"""The rehearsal (演练) of a batch: what would refuse each later step today, and stamped samples of notice and certificate.

All are read only. Nothing of a rehearsal is kept, so nothing of it can be published, numbered, exported or counted.
"""

from flask import Blueprint, Response, render_template
from sqlmodel import Session

from skilleval import holidays
from skilleval.db.tables import Batch
from skilleval.services import rehearsals as service
from skilleval.services.rehearsal_ground import Means
from skilleval.web import files, gate
from skilleval.web.batches import OWN_PAGE, own_batch

pages = Blueprint("rehearsals", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/rehearsal")


@pages.get("")
def show(batch_id: int) -> str:
    """The road ahead, step by step."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    stages = service.rehearse(session, batch, _means())
    return render_template("rehearsals/show.html", batch=batch, stages=stages, pages=OWN_PAGE, on=gate.today())


@pages.get("/notice.pdf")
def sheet(batch_id: int) -> Response:
    """What the notice would look like, stamped 演练 on each page."""
    session = gate.reading()
    return _sheet(session, own_batch(session, batch_id))


def _sheet(session: Session, batch: Batch) -> Response:
    # reportlab is heavy, and most pages print nothing.
    from skilleval.reports.fonts import load_fonts
    from skilleval.reports.notice import NoticeSheet, render_rehearsal

    content, basis = service.rehearsed_notice(session, batch, _means())
    settings = gate.site().installation.settings
    sample = NoticeSheet.from_content(content, content_hash="", journal_head="", demo=settings.certificate.demo)
    return files.download(render_rehearsal(sample, basis, load_fonts(settings.fonts)), f"演练_{batch.number}_公示样张.pdf", files.PDF)


@pages.get("/certificate.pdf")
def certificate(batch_id: int) -> Response:
    """What a certificate of each grade would look like, stamped 演练 · 无效, without number and QR code."""
    from skilleval.reports.certificate import render_rehearsal
    from skilleval.reports.fonts import load_fonts

    session, settings = gate.reading(), gate.site().installation.settings
    batch = own_batch(session, batch_id)
    sheets = service.rehearsed_certificates(session, batch, _means(), settings)
    return files.download(render_rehearsal(sheets, load_fonts(settings.fonts)), f"演练_无效_{batch.number}_证书样张.pdf", files.PDF)


def _means() -> Means:
    installation = gate.site().installation
    return Means(
        installation.library, holidays.load_calendar(installation.folder), installation.vault, gate.today(), _missing_glyphs
    )


def _missing_glyphs(text: str) -> list[str]:
    from skilleval.reports.fonts import load_fonts

    fonts = load_fonts(gate.site().installation.settings.fonts)
    return [f"{character}（{code}）" for character, code in fonts.missing_glyphs(text, "fangsong")]
