"""What is printed for a batch."""

from flask import Blueprint, Response

from skilleval.services.room_sets import room_set
from skilleval.web import gate
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
