"""What is printed for a batch."""

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from skilleval.services import jobs
from skilleval.services.room_sets import room_set
from skilleval.web import gate
from skilleval.web import jobs as job_pages
from skilleval.web.batches import own_batch

pages = Blueprint("prints", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/prints")


@pages.get("/room.pdf")
def room(batch_id: int) -> Response:
    """The print set of a session: door sheet, sign-in sheet, score sheets of each assessor, as one PDF."""
    # reportlab is heavy, and most pages print nothing.
    from skilleval.reports.fonts import load_fonts
    from skilleval.reports.room_set import render_room_set

    session = gate.reading()
    batch = own_batch(session, batch_id)
    settings = gate.site().installation.settings
    content = render_room_set(room_set(session, batch, demo=settings.certificate.demo), load_fonts(settings.fonts))
    answer = Response(content, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename="room.pdf")
    return answer


@pages.post("/room")
def room_later(batch_id: int) -> BaseResponse:
    """The print set of a large session, drawn by the worker."""
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        job = job_pages.hand_over(session, jobs.Asked("prints.room", f"room/{batch.id}", batch_id=batch.id))
        session.commit()
    return redirect(url_for("jobs.show", public_id=job.public_id), 303)
