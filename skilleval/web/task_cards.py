"""The task card (操作任务书) of a practical item: recorded by form, a changed one as the next revision, and printed."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import FieldList, FormField, IntegerField, StringField, TextAreaField
from wtforms import Form as PlainForm
from wtforms.validators import Length, NumberRange, Optional

from skilleval.db.tables import Item, Specification, TaskCard
from skilleval.domain.errors import RuleBroken
from skilleval.services import task_cards as service
from skilleval.web import files, gate
from skilleval.web.firm_edits import own_firm, own_row
from skilleval.web.forms import Form, Required, page
from skilleval.web.language import _, lazy
from skilleval.web.rows import extended, filled, spared

pages = Blueprint("task_cards", __name__, url_prefix="/specifications/items/<row(kind='item'):item_id>/card")

_LINES = ("steps", "criteria", "safety")
_TABLES = ("equipment", "materials", "tools")
_MOST = 60


class DeviceRow(PlainForm):
    """A piece of equipment of each station."""

    name = StringField(lazy("名称"), [Optional(), Length(max=200)])
    model = StringField(lazy("型号"), [Optional(), Length(max=200)])
    count = IntegerField(lazy("数量"), [Optional(), NumberRange(min=1, max=999)])


class ThingRow(PlainForm):
    """Material or a tool of each candidate."""

    name = StringField(lazy("名称"), [Optional(), Length(max=200)])
    model = StringField(lazy("规格"), [Optional(), Length(max=200)])
    amount = StringField(lazy("数量"), [Optional(), Length(max=200)])


class CardForm(Form):
    """What a candidate is to do, with what, where and in what time."""

    minutes = IntegerField(lazy("考核时限（分钟）"), [Required(), NumberRange(min=1, max=10_000)])
    stations = IntegerField(lazy("同时考核的工位数"), [Required(), NumberRange(min=1, max=1000)])
    place = StringField(lazy("考核地点"), [Required(), Length(max=200)])
    criteria_reference = StringField(lazy("评分标准的出处"), [Optional(), Length(max=200)], description=lazy("如 本评价规范附录B"))
    steps = TextAreaField(lazy("操作步骤与要求"), [Required(), Length(max=20_000)], description=lazy("一行一步"), render_kw={"rows": 7})
    criteria = TextAreaField(lazy("评分标准"), [Optional(), Length(max=20_000)], description=lazy("一行一条；另有评分表的可不填"), render_kw={"rows": 5})
    safety = TextAreaField(lazy("安全注意事项"), [Required(), Length(max=20_000)], description=lazy("一行一条"), render_kw={"rows": 5})
    equipment = FieldList(FormField(DeviceRow), lazy("设备（每工位）"), max_entries=_MOST)
    materials = FieldList(FormField(ThingRow), lazy("材料（每名考生）"), max_entries=_MOST)
    tools = FieldList(FormField(ThingRow), lazy("工具、量具（每名考生）"), max_entries=_MOST)


@pages.route("", methods=["GET", "POST"])
def edit(item_id: int) -> Response | BaseResponse | str:
    """Record the card, begun from the one that stands."""
    session = gate.reading()
    item = own_row(session, Item, item_id)
    standing = service.latest_card(session, item)
    form = CardForm(data=_begun(standing))
    told = {"one": own_row(session, Specification, item.specification_id), "item": item, "standing": standing, "tables": _TABLES}
    if form.is_submitted() and extended(*(form[name] for name in _TABLES)):
        response = page("items/card.html", form, **told)
        response.status_code = 200
        return response
    if form.validate_on_submit():
        try:
            with gate.writing() as write:
                written = service.add_cards(write, gate.actor(), own_firm(write), _content(write, form, item_id))
                write.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("任务书已登记为第 {revision} 次。").format(revision=written[0].revision) if written else _("与已登记的任务书相同，没有改动。"))
            return redirect(url_for("items.show", item_id=item_id), 303)
    return page("items/card.html", form, **told)


@pages.get("/print.pdf")
def print_(item_id: int) -> Response:
    """The card as PDF, with room for a name."""
    # reportlab is heavy, and most pages print nothing.
    from skilleval.reports.fonts import load_fonts
    from skilleval.reports.task_card import CardContent, render_card

    session = gate.reading()
    item = own_row(session, Item, item_id)
    content = CardContent(
        own_firm(session).name, own_row(session, Specification, item.specification_id), item, service.card_of(session, item)
    )
    settings = gate.site().installation.settings
    made = render_card(content, load_fonts(settings.fonts), demo=settings.certificate.demo)
    return files.download(made, f"任务书_{item.code}.pdf", files.PDF)


def _begun(card: TaskCard | None) -> dict[str, Any]:
    """What the form begins with."""
    if card is None:
        return {"stations": 1, **{name: spared([]) for name in _TABLES}}
    return card.model_dump() | {
        **{name: "\n".join(getattr(card, name)) for name in _LINES},
        **{name: spared(getattr(card, name)) for name in _TABLES},
    }  # fmt: skip


def _content(session: Session, form: CardForm, item_id: int) -> dict[str, Any]:
    """The form as a file of cards with one of them."""
    item = own_row(session, Item, item_id)
    one = own_row(session, Specification, item.specification_id)
    card: dict[str, Any] = {
        "item": item.code, "minutes": form.minutes.data, "stations": form.stations.data, "place": form.place.data,
        "criteria_reference": form.criteria_reference.data,
        **{name: [line.strip() for line in (form[name].data or "").splitlines() if line.strip()] for name in _LINES},
        **{name: [row for _number, row in filled(form[name])] for name in _TABLES},
    }  # fmt: skip
    return {
        "institution": own_firm(session).credit_code, "specification": f"{one.code}@{one.version}",
        "card": [{key: value for key, value in card.items() if value not in (None, "")}],
    }  # fmt: skip
