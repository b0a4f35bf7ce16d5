"""The home page: what waits for whoever asks."""

from flask import Blueprint, Response, render_template
from sqlmodel import select

from skilleval.db.tables import Account
from skilleval.web import gate

pages = Blueprint("home", __name__)


@pages.get("/")
def show() -> str:
    """What waits for me, the deadlines, and the batches in their pipeline."""
    return render_template("home/show.html")


@pages.get("/health")
def health() -> Response:
    """Whether the application answers and its database can be read; no business data."""
    gate.reading().exec(select(Account.id).limit(1)).first()
    return Response("ok\n", mimetype="text/plain")
