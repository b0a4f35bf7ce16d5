"""特级技师、首席技师评聘: nominations with route, proof and window, appointments with their terms."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlmodel import Session, col
from werkzeug.wrappers import Response as BaseResponse
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from skilleval.db.tables import Appointment, Institution, Nomination, Person
from skilleval.db.tables.appointment import HONOUR_KINDS
from skilleval.domain.appointment import ENDING_WITHIN, ROUTES, TERMS, TOP_GRADES, term_state
from skilleval.domain.backgrounds import EVIDENCE_KINDS, EVIDENCE_LEVELS
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Proof
from skilleval.reports.fonts import load_fonts
from skilleval.reports.record import nomination_record, render_record
from skilleval.services import appointments as service
from skilleval.services.honours import honours_of
from skilleval.services.timelines import timeline_of
from skilleval.web import gate, lists
from skilleval.web.forms import DayField, Form, OccupationField, Required, optional_day, page
from skilleval.web.language import _, lazy
from skilleval.web.show import label

pages = Blueprint("appointments", __name__, url_prefix="/appointments")


class NominationForm(Form):
    """One nomination, and an honour that comes with it."""

    person = StringField(lazy("员工"), [Required(), Length(max=40)], description=lazy("工号或姓名，须在花名册中"))
    grade = SelectField(lazy("申报等级"), [Required()], choices=[SelectChoice(one.name_zh, lazy(one.name_zh)) for one in TOP_GRADES])
    occupation_code = OccupationField(lazy("职业编码"), [Required(), Length(max=10)], description=lazy("如 6-31-01-03；也可输入名称后从列表中选"))
    trade = StringField(lazy("工种"), [Optional(), Length(max=40)])
    route = SelectField(lazy("推荐途径"), [Required()], choices=[SelectChoice(key, lazy(f"{key} {name}")) for key, name in ROUTES.items()])
    year = IntegerField(lazy("年度"), [InputRequired(), NumberRange(min=2000, max=2100)])
    period = IntegerField(lazy("期次"), [InputRequired(), NumberRange(min=1, max=12)])
    achievements = TextAreaField(lazy("主要业绩"), [Required(), Length(max=2000)])
    votes_for = IntegerField(lazy("委员会同意票"), [InputRequired(), NumberRange(min=0)])
    votes_cast = IntegerField(lazy("投票数"), [InputRequired(), NumberRange(min=0)])
    notice_from = DayField(lazy("本企业公示起"), [Required()])
    notice_to = DayField(lazy("本企业公示止"), [Required()])
    post = StringField(lazy("聘任岗位"), [Required(), Length(max=80)])
    term_from = DayField(lazy("拟聘期起"), [Required()])
    term_to = DayField(lazy("拟聘期止"), [Required()])
    pay = StringField(lazy("薪酬安排"), [Required(), Length(max=200)])
    nominated_on = DayField(lazy("报送日期"), [Required()], description=lazy("须在省定的申报时段内"))
    authority_reason = StringField(lazy("条款不一致仍要推荐的理由"), [Optional(), Length(max=500)])
    honour_kind = SelectField(
        lazy("荣誉类别"),
        choices=[SelectChoice("", lazy("没有")), *(SelectChoice(EVIDENCE_KINDS[key], lazy(EVIDENCE_KINDS[key])) for key in HONOUR_KINDS)],
    )
    honour_name = StringField(lazy("荣誉名称"), [Optional(), Length(max=120)])
    honour_issuer = StringField(lazy("授予单位"), [Optional(), Length(max=120)])
    honour_level = SelectField(
        lazy("荣誉级别"), choices=[SelectChoice("", lazy("不填")), *(SelectChoice(name, lazy(name)) for name in EVIDENCE_LEVELS.values())]
    )
    honour_obtained_on = optional_day(lazy("授予日期"))


class AppointForm(Form):
    """An appointment after the province published its list."""

    list_number = StringField(lazy("省里公布名单的文号"), [Required(), Length(max=80)])
    on = DayField(lazy("聘任日期"), [Required()])
    term_from = DayField(lazy("聘期起"), [Required()])
    term_to = DayField(lazy("聘期止"), [Required()])
    number = StringField(lazy("省里下发的编号"), [Optional(), Length(max=22)], description=lazy("没有下发则不填，本系统不编号"))


@pages.get("")
def index() -> Response | str:
    """The nominations of the firm and what became of them: posts, terms, and which of them end."""
    session = gate.reading()
    return lists.answer(lists.Page(_listing(), session), "appointments/index.html")


@pages.route("/new", methods=["GET", "POST"])
def new() -> BaseResponse | str:
    """Nominate somebody."""
    form = NominationForm()
    if form.validate_on_submit():
        try:
            with gate.writing() as session:
                firm = session.get(Institution, _firm_id()) or abort(404)
                installation = gate.site().installation
                row = service.nominate(
                    session, gate.actor(), firm, _content(firm, form), installation.library, vault=installation.vault
                )
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("推荐已登记。省里公布名单后，由审批人登记聘任。"))
            return redirect(url_for("appointments.show", nomination_id=row.id), 303)
    return page("appointments/new.html", form)


@pages.get("/<row(kind='nomination'):nomination_id>")
def show(nomination_id: int) -> str:
    """One nomination: window, route and their proofs, the appointment."""
    session = gate.reading()
    return _page(session, nomination_id, AppointForm(formdata=None, data={"on": gate.today()}))


@pages.post("/<row(kind='nomination'):nomination_id>/appoint")
def appoint(nomination_id: int) -> BaseResponse | str:
    """Appoint the nominee."""
    form = AppointForm()
    if form.validate_on_submit():
        try:
            with gate.writing() as session:
                row, _person, _appointment = _found(session, nomination_id)
                service.appoint(
                    session, gate.actor(), row, gate.site().installation.library, list_number=form.list_number.data or "",
                    term_from=form.term_from.data, term_to=form.term_to.data, on=form.on.data,
                    number=form.number.data or None,
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("聘任已登记。"))
            return redirect(url_for("appointments.show", nomination_id=nomination_id), 303)
    return Response(_page(gate.reading(), nomination_id, form), 422, content_type="text/html; charset=utf-8")


@pages.get("/<row(kind='nomination'):nomination_id>/record.pdf")
def record(nomination_id: int) -> Response:
    """The nomination file, printed for signatures; the document number is masked."""
    session = gate.reading()
    row, person, appointment = _found(session, nomination_id)
    installation = gate.site().installation
    number = mask_number(installation.vault.open(person.institution_id, person.id_sealed))
    told = nomination_record(gate.who().institution_name or "", row, person, appointment, _honours(session, person), number)
    content = render_record(told, load_fonts(installation.settings.fonts), demo=installation.settings.certificate.demo)
    return lists.pdf_response(content, "nomination.pdf")


def _firm_id() -> int:
    return gate.who().institution_id or abort(404)


def _found(session: Session, nomination_id: int) -> tuple[Nomination, Person, Appointment | None]:
    query = (
        sa.select(Nomination, Person, Appointment)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .outerjoin(Appointment, col(Appointment.nomination_id) == col(Nomination.id))
        .where(col(Nomination.id) == nomination_id, col(Nomination.institution_id) == _firm_id())
    )
    found = session.execute(query).first()
    return (found[0], found[1], found[2]) if found is not None else abort(404)


def _page(session: Session, nomination_id: int, form: AppointForm) -> str:
    row, person, appointment = _found(session, nomination_id)
    return render_template(
        "appointments/show.html", row=row, person=person, appointment=appointment, form=form, routes=ROUTES,
        proofs=[Proof.from_dict(row.proof[key]) for key in ("window", "entry")], honours=_honours(session, person),
        term=None if appointment is None else term_state(appointment.term_to, gate.today()), terms=TERMS,
        timeline=timeline_of(session, row),
    )  # fmt: skip


def _honours(session: Session, person: Person) -> list[str]:
    found = honours_of(session, [person.id or 0]).get(person.id or 0, [])
    return [f"{one.name}（{one.issuer}）" for one in found]


def _content(firm: Institution, form: NominationForm) -> dict[str, Any]:
    """The form in the form of a nomination file."""
    words = {name: field.data for name, field in form._fields.items() if name != "csrf_token"}
    honour = {key: words.pop(f"honour_{key}") for key in ("kind", "name", "issuer", "level", "obtained_on")}
    told = {key: value for key, value in words.items() if value not in (None, "")}
    if honour["kind"]:
        told["honour"] = [{key: value for key, value in honour.items() if value}]
    return {"institution": firm.credit_code, **told}


def _state(value: str) -> sa.ColumnElement[bool]:
    """Nominations whose term is in this state today."""
    today, end = gate.today(), col(Appointment.term_to)
    soon = today + ENDING_WITHIN
    return {"ended": end < today, "ending": sa.and_(end >= today, end <= soon), "running": end > soon}[value]


def _listing() -> lists.Listing:
    query = (
        sa.select(
            *(col(one) for one in (
                Nomination.id, Nomination.year, Nomination.period, Nomination.grade, Nomination.route, Nomination.post,
                Nomination.occupation_name, Nomination.nominated_on, Person.name, Appointment.term_from, Appointment.term_to,
                Appointment.list_number,
            )),
        )
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .outerjoin(Appointment, col(Appointment.nomination_id) == col(Nomination.id))
        .where(col(Nomination.institution_id) == _firm_id())
    )  # fmt: skip
    today = gate.today()

    def state(row: Any) -> str | None:
        return None if row.term_to is None else term_state(row.term_to, today)

    return lists.Listing(
        name="appointments", title=_("特级技师、首席技师"), query=query, id=col(Nomination.id), kind="nomination",
        sort="nominated_on", descending=True,
        columns=(
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.name), kind="link", width=12),
            lists.Column("grade", _("等级"), lambda row: label(Grade(row.grade).name_zh), order=col(Nomination.grade)),
            lists.Column("occupation", _("职业"), lambda row: row.occupation_name, width=18),
            lists.Column("period", _("年度、期次"), lambda row: f"{row.year}-{row.period}"),
            lists.Column("route", _("途径"), lambda row: label(f"{row.route} {ROUTES[row.route]}"), width=18),
            lists.Column("nominated_on", _("报送日期"), lambda row: row.nominated_on, order=col(Nomination.nominated_on)),
            lists.Column("post", _("聘任岗位"), lambda row: row.post, width=20),
            lists.Column("term", _("聘期"), lambda row: f"{row.term_from} — {row.term_to}" if row.term_to else None, width=24),
            lists.Column(
                "state", _("状态"), lambda row: TERMS[found] if (found := state(row)) else _("已推荐，待公布"), kind="state",
                word=lambda row: state(row) or "open",
            ),
        ),
        filters=(lists.Filter("state", _("聘期"), TERMS, _state),),
        search=lambda typed: sa.or_(col(Person.name).contains(typed, autoescape=True), col(Nomination.post).contains(typed, autoescape=True)),
        search_hint=_("姓名、岗位"), link=lambda row: url_for("appointments.show", nomination_id=row.id),
    )  # fmt: skip
