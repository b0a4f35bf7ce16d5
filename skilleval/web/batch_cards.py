"""Task cards (操作任务书) in a batch: which it may ask for, whether its venues have what they need, one for each candidate."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from flask import Blueprint, Response, abort, redirect, render_template, url_for
from sqlmodel import Session, col
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import Batch, Candidate, Item, Person
from skilleval.domain.equipment import overall
from skilleval.domain.methods import METHODS
from skilleval.services import jobs
from skilleval.services import task_cards as service
from skilleval.web import files, gate, lists
from skilleval.web import jobs as job_pages
from skilleval.web.batches import own_batch
from skilleval.web.firm_edits import own_row
from skilleval.web.language import _

pages = Blueprint("batch_cards", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/cards")


@pages.get("")
def index(batch_id: int) -> str:
    """The practical items of the batch with their cards, and of each whether the venues have its equipment."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    return render_template(
        "task_cards/index.html", batch=batch, cards=service.cards_of_batch(session, batch), methods=METHODS
    )


@pages.get("/<row(kind='item'):item_id>")
def check(batch_id: int, item_id: int) -> Response | str:
    """A card held against the venues of the batch, and the candidates who get it."""
    session = gate.reading()
    batch, item = own_batch(session, batch_id), own_row(session, Item, item_id)
    card = service.card_of(session, item)
    found = service.readiness(session, item, card, batch)
    return lists.answer(
        lists.Page(_listing(session, batch, item), session), "task_cards/check.html", batch=batch, item=item, card=card,
        found=found, verdict=overall(found), many=job_pages.many_candidates(session, batch),
    )  # fmt: skip


@pages.get("/<row(kind='item'):item_id>/print.pdf")
def print_all(batch_id: int, item_id: int) -> Response:
    """The card of every candidate who takes the item, one behind the other."""
    return _drawn(batch_id, item_id, lambda found: found, "")


@pages.get("/<row(kind='item'):item_id>/<row(kind='candidate'):candidate_id>.pdf")
def print_(batch_id: int, item_id: int, candidate_id: int) -> Response:
    """The card of one candidate."""
    return _drawn(batch_id, item_id, lambda found: [one for one in found if one.id == candidate_id] or abort(404), "_一人")


@pages.post("/<row(kind='item'):item_id>/print")
def print_later(batch_id: int, item_id: int) -> BaseResponse:
    """The cards of a large batch, drawn by the worker."""
    with gate.writing() as session:
        batch, item = own_batch(session, batch_id), own_row(session, Item, item_id)
        service.check_batch(item, batch)
        asked = jobs.Asked("prints.cards", f"cards/{batch.id}/{item.id}", batch_id=batch.id, words={"item": item.id})
        job = job_pages.hand_over(session, asked)
        session.commit()
    return redirect(url_for("jobs.show", public_id=job.public_id), 303)


def _drawn(
    batch_id: int, item_id: int, choose: Callable[[Sequence[Candidate]], Sequence[Candidate]], whose: str
) -> Response:
    # reportlab is heavy, and most pages print nothing.
    from skilleval.reports.fonts import load_fonts
    from skilleval.reports.task_card import render_cards
    from skilleval.services.card_prints import contents_of

    session = gate.reading()
    batch, item = own_batch(session, batch_id), own_row(session, Item, item_id)
    contents = contents_of(session, item, choose(service.sitting(session, item, batch)))
    settings = gate.site().installation.settings
    made = render_cards(contents, load_fonts(settings.fonts), demo=settings.certificate.demo)
    return files.download(made, f"任务书_{batch.number}_{item.code}{whose}.pdf", files.PDF)


def _listing(session: Session, batch: Batch, item: Item) -> lists.Listing:
    """The candidates who take the item, as ``task_cards.sitting``."""
    number = sa.func.coalesce(col(Candidate.admission_number), "")
    query = (
        sa.select(col(Candidate.id), col(Candidate.admission_number), col(Person.name))
        .join(Person, col(Person.id) == col(Candidate.person_id))
        .where(
            col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id,
            col(Candidate.grade) == item.grade, col(Candidate.state) == "eligible", col(Candidate.admission_number).is_not(None),
        )
    )  # fmt: skip
    return lists.Listing(
        name="cards", title=_("考生的任务书"), query=query, id=col(Candidate.id), kind="candidate", sort="number",
        columns=(
            lists.Column("number", _("准考证号"), lambda row: row.admission_number, order=number, width=24),
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.name)),
            lists.Column("card", _("任务书"), lambda _row: _("下载 PDF"), kind="link"),
        ),
        search=lambda typed: sa.or_(
            col(Candidate.admission_number).contains(typed, autoescape=True), col(Person.name).contains(typed, autoescape=True)
        ),
        search_hint=_("准考证号、姓名"),
        link=lambda row: url_for("batch_cards.print_", batch_id=batch.id, item_id=item.id, candidate_id=row.id),
    )  # fmt: skip
