"""The long work of certificates: printing all of a large batch."""

from skilleval.reports.certificate import render_certificates
from skilleval.reports.fonts import load_fonts
from skilleval.services import certificate_prints
from skilleval.services.certificates import certificates_of
from skilleval.worker.work import Work


def print_(work: Work) -> None:
    """All printable certificates of a batch in one PDF, which waits sealed until it is fetched; the journal tells who printed."""
    vault, settings = work.installation.vault, work.installation.settings
    with work.reading() as session:
        chosen = certificate_prints.printable(session, certificates_of(session, work.batch(session))).chosen
        sheets = certificate_prints.sheets_of(session, chosen, vault=vault, settings=settings)
    printed = render_certificates(sheets, load_fonts(settings.fonts), work.progress("drawing", len(sheets)))
    with work.finishing(len(sheets)) as act:
        batch = work.batch(act.session)
        chosen = certificate_prints.printable(act.session, certificates_of(act.session, batch)).chosen
        certificate_prints.note_print(act.session, act.actor, chosen, sheets, vault=vault, settings=settings)
        work.results.keep(work.job.public_id, printed)
        act.file_name = f"证书_{batch.number}.pdf"
