"""The long work of printing for a session of a batch."""

from sqlmodel import col, select

from skilleval.db.tables import Item
from skilleval.reports.fonts import load_fonts
from skilleval.reports.room_set import render_room_set
from skilleval.reports.task_card import render_cards
from skilleval.services import task_cards
from skilleval.services.card_prints import contents_of
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


def cards(work: Work) -> None:
    """The task cards of an item for every candidate of the batch who takes it, as one PDF."""
    settings = work.installation.settings
    with work.reading() as session:
        batch = work.batch(session)
        own = col(Item.institution_id) == batch.institution_id
        item = session.exec(select(Item).where(own, col(Item.id) == work.words["item"])).one()
        contents = contents_of(session, item, task_cards.sitting(session, item, batch))
    work.tell("drawing")
    printed = render_cards(contents, load_fonts(settings.fonts), demo=settings.certificate.demo)
    with work.finishing() as act:
        work.results.keep(work.job.public_id, printed)
        act.file_name = f"任务书_{batch.number}_{item.code}.pdf"
