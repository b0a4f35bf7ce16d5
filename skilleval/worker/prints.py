"""The long work of printing for a session of a batch."""

from skilleval.reports.fonts import load_fonts
from skilleval.reports.room_set import render_room_set
from skilleval.services.room_sets import room_set
from skilleval.worker.work import Work


def room(work: Work) -> None:
    """The print set of a session as one PDF, which waits sealed until it is fetched."""
    settings = work.installation.settings
    with work.reading() as session:
        batch = work.batch(session)
        told = room_set(session, batch, demo=settings.certificate.demo)
    work.tell("drawing")
    printed = render_room_set(told, load_fonts(settings.fonts))
    with work.finishing() as act:
        work.results.keep(work.job.public_id, printed)
        act.file_name = f"考场用表_{batch.number}.pdf"
