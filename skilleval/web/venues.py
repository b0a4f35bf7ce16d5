"""Places of assessment (场地) and their equipment, with the term of a lease."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, url_for
from sqlmodel import Session, col
from werkzeug.wrappers import Response as BaseResponse
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional

from skilleval.db.tables import Institution, Venue
from skilleval.domain.errors import RuleBroken
from skilleval.domain.expiry import term
from skilleval.services import firm_content
from skilleval.services.tenancy import viewer_of
from skilleval.services.timelines import timeline_of
from skilleval.web import firm_words, gate, lists
from skilleval.web.expiry import TONES, card_words, expiry_filter, lead_days
from skilleval.web.firm_edits import RowForm, chosen, codes, entry, hand_in, own_row, prefilled, yes_no
from skilleval.web.forms import Required, optional_day, page
from skilleval.web.language import _, lazy

pages = Blueprint("venues", __name__, url_prefix="/venues")

_SOUND = {"是": True, "否": False}


class VenueForm(RowForm):
    """A place of assessment."""

    name = StringField(lazy("名称"), [Required(), Length(max=60)], description=lazy("以后不能改"))
    address = StringField(lazy("地址"), [Required(), Length(max=200)])
    kind = chosen(lazy("类别"), firm_words.VENUE_KINDS, required=True)
    ownership = StringField(lazy("权属"), [Optional(), Length(max=40)], description=lazy("自有、租用、共用"))
    lease_to = optional_day(lazy("租期至"))
    seats = IntegerField(lazy("工位"), [Required(), NumberRange(min=1, max=10_000)])
    monitored = yes_no(lazy("视频监控"))
    occupations = StringField(lazy("适用职业"), [Optional(), Length(max=400)], description=lazy("职业编码，多个以空格分开"))
    equipment = TextAreaField(
        lazy("设备"), [Optional(), Length(max=20_000)], render_kw={"rows": 6},
        description=lazy("一行一台（套）：名称｜型号｜数量｜是否完好，如 电工实训台｜DG-2｜20｜是"),
    )  # fmt: skip


@pages.get("")
def index() -> Response | str:
    """The venues of the institution."""
    session = gate.reading()
    return lists.answer(lists.Page(_listing(session), session), "venues/index.html")


@pages.get("/<row(kind='venue'):venue_id>")
def show(venue_id: int) -> str:
    """One venue with its equipment."""
    session = gate.reading()
    one = own_row(session, Venue, venue_id)
    return render_template(
        "venues/show.html", one=one, words=firm_words, lease=term(one.lease_to, gate.today(), lead_days(session)),
        timeline=timeline_of(session, one),
    )  # fmt: skip


@pages.route("/new", methods=["GET", "POST"])
def new() -> Response | BaseResponse:
    """Add a venue."""
    form = VenueForm()

    def content(session: Session, own: Institution) -> dict[str, Any]:
        told = _entry(form, None)
        taken = sa.select(col(Venue.id)).where(col(Venue.institution_id) == own.id, col(Venue.name) == told["name"])
        if session.execute(taken).first() is not None:
            raise RuleBroken(_("已有名为“{name}”的场地").format(name=told["name"]))
        return {**firm_content.head(own), "venue": [told]}

    if form.validate_on_submit() and (applied := hand_in(form, content)):
        flash(_("场地已保存。"))
        venue = next(one for one in applied.added if isinstance(one, Venue))
        return redirect(url_for("venues.show", venue_id=venue.id), 303)
    return page("venues/edit.html", form, one=None)


@pages.route("/<row(kind='venue'):venue_id>/edit", methods=["GET", "POST"])
def edit(venue_id: int) -> Response | BaseResponse:
    """Change a venue; its name names it and stays."""
    one = own_row(gate.reading(), Venue, venue_id)
    lines = "\n".join(map(_line, one.equipment))
    form = VenueForm(data=prefilled(one, occupations=" ".join(one.occupations), equipment=lines))
    del form.name

    def content(session: Session, own: Institution) -> dict[str, Any]:
        before = own_row(session, Venue, venue_id)
        return {**firm_content.head(own), "venue": [{"name": before.name, **_entry(form, before)}]}

    if form.validate_on_submit() and hand_in(form, content):
        flash(_("场地已保存。"))
        return redirect(url_for("venues.show", venue_id=venue_id), 303)
    return page("venues/edit.html", form, one=one)


def _entry(form: VenueForm, before: Venue | None) -> dict[str, Any]:
    told = entry(form, before)
    if "occupations" in told:
        told["occupations"] = codes(told["occupations"])
    if "equipment" in told:
        told["equipment"] = _devices(told["equipment"])
    return told


def _line(device: dict[str, Any]) -> str:
    sound = {True: "是", False: "否", None: ""}[device.get("sound")]
    return "｜".join(str(one) for one in (device.get("name", ""), device.get("model", ""), device.get("count", ""), sound))


def _devices(typed: str) -> list[dict[str, Any]]:
    """The equipment of a text, a line each. Refused with every line that is none."""
    devices, problems = [], []
    for number, line in enumerate(typed.splitlines(), start=1):
        if not line.strip():
            continue
        name, model, count, sound = [*(cell.strip() for cell in line.replace("|", "｜").split("｜")), "", "", ""][:4]
        if not name or (count and not count.isdecimal()) or (sound and sound not in _SOUND):
            problems.append(_("设备第 {number} 行“{line}”应写作：名称｜型号｜数量｜是否完好").format(number=number, line=line))
            continue
        device: dict[str, Any] = {"name": name, "model": model}
        if count:
            device["count"] = int(count)
        if sound:
            device["sound"] = _SOUND[sound]
        devices.append(device)
    if problems:
        raise RuleBroken(_("设备没有写对"), problems)
    return devices


def _listing(session: Session) -> lists.Listing:
    query = sa.select(
        *(col(one) for one in (
            Venue.id, Venue.name, Venue.address, Venue.kind, Venue.ownership, Venue.seats, Venue.monitored, Venue.lease_to,
        ))
    ).where(viewer_of(session).own(col(Venue.institution_id)))  # fmt: skip
    kinds = {key: _(name) for key, name in firm_words.VENUE_KINDS.items()}
    lead = lead_days(session)
    return lists.Listing(
        name="venues", title=_("场地"), query=query, id=col(Venue.id), kind="venue", sort="name",
        columns=(
            lists.Column("name", _("名称"), lambda row: row.name, order=col(Venue.name), kind="link", width=24),
            lists.Column("kind", _("类别"), lambda row: kinds.get(row.kind, row.kind), order=col(Venue.kind)),
            lists.Column("address", _("地址"), lambda row: row.address, width=30),
            lists.Column("seats", _("工位"), lambda row: row.seats, order=col(Venue.seats), kind="number", width=8),
            lists.Column("monitored", _("视频监控"), lambda row: row.monitored, width=10),
            lists.Column("ownership", _("权属"), lambda row: row.ownership, width=10),
            lists.Column("lease_to", _("租期至"), lambda row: row.lease_to, order=sa.func.coalesce(col(Venue.lease_to), date.max)),
            lists.Column(
                "term", _("租期"), lambda row: card_words(term(row.lease_to, gate.today(), lead)) if row.lease_to else None,
                kind="state", word=lambda row: TONES[term(row.lease_to, gate.today(), lead).expiry], width=20,
            ),
        ),
        filters=(
            lists.Filter("kind", _("类别"), kinds, lambda value: col(Venue.kind) == value),
            expiry_filter(Venue.lease_to, _("租期"), lead),
        ),
        search=lambda typed: sa.or_(
            col(Venue.name).contains(typed, autoescape=True), col(Venue.address).contains(typed, autoescape=True)
        ),
        search_hint=_("名称、地址"),
        link=lambda row: url_for("venues.show", venue_id=row.id),
    )  # fmt: skip
