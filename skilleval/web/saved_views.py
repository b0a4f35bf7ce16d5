"""How an account keeps its lists: filters saved under a name, and the columns that are shown.

A page of a list seals what may be kept of it, so that nothing else comes back: its own filters and sorting, its own columns.
What was typed into the quick search is personal data and is no part of a view.
"""

from dataclasses import astuple, dataclass
from typing import Any

from flask import Blueprint, Flask, abort, current_app, flash, redirect, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from skilleval.services import saved_views as service
from skilleval.web import gate
from skilleval.web.language import _
from skilleval.web.lists import Page

pages = Blueprint("saved_views", __name__, url_prefix="/views")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a page of a list lets its reader keep: the list, its filters and sorting, its columns, and where it stands."""

    listing: str
    words: str
    columns: tuple[str, ...]
    path: str
    address: str


@pages.post("/save")
def save() -> BaseResponse:
    """Save the filters and the sorting of a page under a name."""
    offer, name = _offered(), request.form.get("name", "")
    with gate.writing() as session:
        service.save_view(session, gate.who(), offer.listing, name, offer.words)
        if "default" in request.form:
            service.choose_default(session, gate.who(), offer.listing, name)
        session.commit()
    flash(_("视图“{name}”已保存。").format(name=name.strip()))
    return redirect(f"{offer.path}?{offer.words}" if offer.words else offer.address, 303)


@pages.post("/default")
def default() -> BaseResponse:
    """Let the list open with a view, or, without a name, as it is."""
    offer, name = _offered(), request.form.get("name", "")
    with gate.writing() as session:
        if name:
            service.choose_default(session, gate.who(), offer.listing, name)
        else:
            service.drop_default(session, gate.who(), offer.listing)
        session.commit()
    flash(_("打开这个列表时先用视图“{name}”。").format(name=name) if name else _("打开这个列表时显示全部。"))
    return redirect(offer.address, 303)


@pages.post("/remove")
def remove() -> BaseResponse:
    """Remove a view; the list and what stands in it stay as they are."""
    offer, name = _offered(), request.form.get("name", "")
    with gate.writing() as session:
        service.remove_view(session, gate.who(), offer.listing, name)
        session.commit()
    flash(_("视图“{name}”已删除。").format(name=name))
    return redirect(offer.address, 303)


@pages.post("/columns")
def columns() -> BaseResponse:
    """Show the columns that were ticked, and leave the others out."""
    offer, wanted = _offered(), request.form.getlist("column")
    with gate.writing() as session:
        service.hide_columns(session, gate.who(), offer.listing, [one for one in offer.columns if one not in wanted])
        session.commit()
    return redirect(offer.address, 303)


def offer_of(page: Page) -> str:
    """What a page offers to keep, sealed for its forms."""
    optional = tuple(one.key for one in page.optional_columns)
    offer = Offer(page.listing.name, page.words, optional, request.path, page.address())
    return str(_seal().dumps(astuple(offer)))


def _offered() -> Offer:
    """What the page offered; a word that no page of ours sealed is no form of this site."""
    try:
        sent: Any = _seal().loads(request.form.get("offer", ""))
    except BadSignature:
        abort(400)
    return Offer(*sent)


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="view of a list")


def install(app: Flask) -> None:
    """Let the templates of lists seal what they offer."""
    app.jinja_env.globals.update(offer_of=offer_of)
