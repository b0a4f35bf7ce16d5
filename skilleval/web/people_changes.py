"""One column of the roster changed for many people: chosen in the list, shown old and new, then applied."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import Person
from skilleval.domain.errors import RuleBroken
from skilleval.services import people_changes as service
from skilleval.services.tenancy import viewer_of
from skilleval.web import gate, lists
from skilleval.web.language import _
from skilleval.web.people import EMPLOYMENT_LABELS, listing
from skilleval.web.show import label

pages = Blueprint("people_changes", __name__, url_prefix="/people/change")

#: rows of a preview that are shown
MOST_SHOWN = 200


@pages.post("")
def propose() -> str:
    """What the change would do, old and new. Nothing is written."""
    return _preview(_proposed(gate.reading()))


@pages.post("/apply")
def apply() -> BaseResponse | tuple[str, int]:
    """Make the change that was shown. If the roster has changed since, it is shown again instead."""
    with gate.writing() as session:
        proposed = _proposed(session)
        if str(len(proposed.people)) != request.form.get("counted"):
            return _preview(proposed, moved=True), 422
        firm = gate.who().institution_id
        assert firm is not None
        service.change_people(session, gate.actor(), firm, proposed)
        session.commit()
    words: dict[str, Any] = _asked().to_dict(flat=False)
    flash(_("已修改 {count} 人的“{column}”。").format(count=len(proposed.people), column=label(service.CHANGEABLE[proposed.key])))
    return redirect(url_for("people.index", **words), 303)


def _proposed(session: Session) -> service.Proposed:
    return service.propose(_chosen(session), request.form.get("key", ""), request.form.get("value", ""))


def _chosen(session: Session) -> Sequence[Person]:
    """The people whose boxes were ticked, or all that the list's filters match. A box that is another firm's is not there."""
    query = select(Person).where(viewer_of(session).own(col(Person.institution_id)))
    if request.form.get("which") == "all":
        matching = lists.Page(listing(session, {}), session, asked=_asked()).narrowed
        query = query.where(col(Person.id).in_(matching.order_by(None).with_only_columns(col(Person.id))))
        return session.exec(query.order_by(col(Person.pinyin), col(Person.id)).limit(service.MOST + 1)).all()
    numbers = {gate.row_number("person", one) for one in request.form.getlist("row")}
    if not numbers:
        raise RuleBroken(_("请先在列表中选中要修改的人"))
    query = query.where(col(Person.id).in_([one for one in numbers if one is not None]))
    found = session.exec(query.order_by(col(Person.pinyin), col(Person.id))).all()
    return found if len(found) == len(numbers) else abort(404)


def _asked() -> MultiDict[str, str]:
    """The filters of the list that the choice was made in, as its address had them."""
    words = parse_qs(request.form.get("list", "")[:2000])
    known = ("q", "sort", "department", "occupation", "grade", "holds", "employment", "skilled")
    return MultiDict([(key, value) for key in known for value in words.get(key, [])])


def _preview(proposed: service.Proposed, *, moved: bool = False) -> str:
    return render_template(
        "people/change.html", proposed=proposed, heading=label(service.CHANGEABLE[proposed.key]), shown=_shown, moved=moved,
        rows=proposed.people[:MOST_SHOWN], form=request.form,
    )  # fmt: skip


def _shown(key: str, value: Any) -> Any:
    return label(EMPLOYMENT_LABELS.get(value or "")) if key == "employment" else value
