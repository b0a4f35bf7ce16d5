"""Batches: the list, the plan of a new one, and the workspace with its pipeline and live checklist."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from skilleval import holidays
from skilleval.db.tables import Batch, Candidate, Institution, Personnel, Specification, SpecificationPart, Venue
from skilleval.domain import lifecycle
from skilleval.domain.authority import ROUTES
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.rules import Proof
from skilleval.services import batch_plans, batch_steps, deadlines, enrolment
from skilleval.services import batches as service
from skilleval.services.rules import packs_of_batch
from skilleval.services.tenancy import viewer_of
from skilleval.services.timelines import timeline_of
from skilleval.web import firm_words, gate, lists
from skilleval.web.forms import DayField, Form, Required, optional_day, page, row_choice
from skilleval.web.language import _, lazy
from skilleval.web.show import label

#: acts of the journal on the overview
LAST_ACTS = 20

pages = Blueprint("batches", __name__, url_prefix="/batches")


class CheckboxesField(SelectMultipleField):
    """Several of a few choices, each a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class BatchForm(Form):
    """The plan of a batch. Choices are the institution's own specifications, venues and personnel."""

    specification = SelectField(lazy("评价规范"), [Required()], description=lazy("决定职业、工种和各部分的权重"))
    route = SelectField(lazy("认定方式"), [Required()], choices=[SelectChoice(key, lazy(ROUTES[key])) for key in batch_plans.BATCH_ROUTES])
    grades = CheckboxesField(lazy("等级"), [Required()])
    number = StringField(
        lazy("批次编号"), [Required(), Length(max=30)], description=lazy("本机构内不重复；准考证号以它开头")
    )
    name = StringField(lazy("批次名称"), [Required(), Length(max=80)])
    planned = IntegerField(lazy("计划人数"), [Optional(), NumberRange(min=1, max=100_000)])
    enrol_until = optional_day(lazy("报名截止"))
    starts_on = DayField(lazy("评价开始"), [Required()])
    ends_on = DayField(lazy("评价结束"), [Required()])
    venues = CheckboxesField(lazy("场地"))
    supervisors = CheckboxesField(lazy("内部质量督导员"))
    staff = CheckboxesField(lazy("考评员及所评部分"))
    authority_reason = StringField(
        lazy("条款不一致仍要认定的理由"),
        [Optional(), Length(max=500)],
        description=lazy("只在系统提示条款不一致时填写"),
    )


class ExtensionForm(Form):
    """A later last day of enrolment."""

    until = DayField(lazy("新的报名截止"), [Required()])
    reason = StringField(lazy("理由"), [Required(), Length(min=2, max=500)], description=lazy("原来的截止日期和理由都留在日志中"))


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the checklist: what the next step still lacks, or has, and where to see to it."""

    proof: Proof
    fix: str | None


@pages.get("")
def index() -> Response | str:
    """The batches of the institution, and those in which its people sit."""
    session = gate.reading()
    return lists.answer(lists.Page(_listing(session), session), "batches/index.html")


@pages.get("/<row(kind='batch'):batch_id>")
def show(batch_id: int) -> str:
    """The workspace: pipeline, what the next step asks, deadline, numbers."""
    return _workspace(batch_id, ExtensionForm(formdata=None))


def _workspace(batch_id: int, extension: ExtensionForm) -> str:
    session = gate.reading()
    batch = seen_batch(session, batch_id)
    library, today = gate.site().installation.library, gate.today()
    own = viewer_of(session).owns(batch.institution_id)
    packs = packs_of_batch(session, batch) if own else None
    ready = batch_steps.readiness(session, batch, packs, library, today) if packs is not None else {}
    calendar = holidays.load_calendar(gate.site().installation.folder)
    return render_template(
        "batches/show.html", batch=batch, own=own, firm=session.get(Institution, batch.institution_id),
        steps={to: [Step(leaf, _fix(batch, leaf)) for leaf in proof.children or (proof,)] for to, proof in ready.items()},
        missing={to: lifecycle.missing_in(proof) for to, proof in ready.items()},
        pages=OWN_PAGE, counts=_counts(session, batch),
        deadline=deadlines.results_deadline(session, packs, batch, calendar, today) if packs is not None else None,
        timeline=timeline_of(session, batch, LAST_ACTS), extension=extension, extendable=enrolment.EXTENDABLE,
    )  # fmt: skip


@pages.route("/new", methods=["GET", "POST"])
def new() -> BaseResponse | str:
    """Plan a batch. With ``like`` in the address the form begins as a copy of an earlier one."""
    session = gate.reading()
    form = BatchForm(data=_like(session) if request.method == "GET" else None)
    _offer(session, form)
    if form.validate_on_submit():
        try:
            with gate.writing() as write:
                firm = write.get(Institution, gate.who().institution_id) or abort(404)
                library = gate.site().installation.library
                batch = batch_plans.add_batch(write, gate.actor(), firm, _content(write, firm, form), library)
                write.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("批次已建立。下一步：核对右侧清单，然后开始报名。"))
            return redirect(url_for("batches.show", batch_id=batch.id), 303)
    session = gate.reading()
    parts = sorted({part.method for part in session.exec(select(SpecificationPart).where(_of_firm(SpecificationPart)))})
    people = session.exec(
        select(Personnel).where(_of_firm(Personnel), col(Personnel.kind) != "supervisor").order_by(col(Personnel.code))
    ).all()
    return page("batches/new.html", form, people=people, methods=[key for key in METHODS if key in parts], names=METHODS)


@pages.post("/<row(kind='batch'):batch_id>/advance")
def advance(batch_id: int) -> BaseResponse:
    """Take the next step, if everything that it asks is there."""
    to = request.form.get("to", "")
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        batch_steps.advance_batch(
            session, gate.actor(), batch, to, library=gate.site().installation.library, on=gate.today()
        )
        session.commit()
    flash(_("批次已进入“{state}”。").format(state=lifecycle.label("batch", to)))
    return redirect(url_for("batches.show", batch_id=batch_id), 303)


@pages.post("/<row(kind='batch'):batch_id>/reason")
def reason(batch_id: int) -> BaseResponse:
    """Write down why the batch goes on although clauses disagree."""
    with gate.writing() as session:
        service.record_authority_reason(
            session, gate.actor(), own_batch(session, batch_id), request.form.get("reason", "")
        )
        session.commit()
    flash(_("理由已记入日志。"))
    return redirect(url_for("batches.show", batch_id=batch_id), 303)


@pages.post("/<row(kind='batch'):batch_id>/extend")
def extend(batch_id: int) -> BaseResponse | tuple[str, int]:
    """Let people enrol longer."""
    own_batch(gate.reading(), batch_id)
    form = ExtensionForm()
    if form.validate():
        try:
            with gate.writing() as session:
                enrolment.extend_enrolment(
                    session, gate.actor(), own_batch(session, batch_id), form.until.data, reason=form.reason.data or ""
                )
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("报名截止已延长至 {day}。").format(day=form.until.data))
            return redirect(url_for("batches.show", batch_id=batch_id), 303)
    return _workspace(batch_id, form), 422


def own_batch(session: Session, batch_id: int) -> Batch:
    """The batch, if it is of the institution that asks; else the page is not there."""
    query = select(Batch).where(col(Batch.id) == batch_id, viewer_of(session).own(col(Batch.institution_id)))
    return session.exec(query).first() or abort(404)


def seen_batch(session: Session, batch_id: int) -> Batch:
    """The batch, if it is the institution's own or its people sit in it; else the page is not there."""
    query = select(Batch).where(col(Batch.id) == batch_id, viewer_of(session).batches())
    return session.exec(query).first() or abort(404)


#: where the steps are taken that have an act of their own
OWN_PAGE: dict[str, str] = {
    "settled": "marks.index",
    "noticed": "notices.index",
    "cleared": "notices.index",
    "certified": "certificates.index",
    "filed": "filings.index",
}
#: where a fact of the checklist comes from → the page on which it is seen to
_FIXES: dict[str, str] = {
    "考生": "candidates.index",
    "资格审核": "candidates.index",
    "批次的指派": "panels.index",
    "评审组": "panels.index",
    "回避记录": "panels.conflicts",
}


def _fix(batch: Batch, leaf: Proof) -> str | None:
    if leaf.origin == "备案" and gate.may("institutions.show"):
        return url_for("institutions.show")
    endpoint = _FIXES.get(leaf.origin)
    return url_for(endpoint, batch_id=batch.id) if endpoint and gate.may(endpoint) else None


def _counts(session: Session, batch: Batch) -> dict[str, int]:
    """Candidates by state, those whom the viewer may see."""
    query = (
        sa.select(col(Candidate.state), sa.func.count())
        .where(col(Candidate.batch_id) == batch.id, viewer_of(session).candidates())
        .group_by(col(Candidate.state))
    )
    return dict(session.execute(query).all())


def _of_firm(table: Any) -> sa.ColumnElement[bool]:
    return col(table.institution_id) == gate.who().institution_id


def _offer(session: Session, form: BatchForm) -> None:
    """The institution's own specifications, venues and people; what is chosen is looked up among these only."""
    approved = session.exec(
        select(Specification)
        .where(
            _of_firm(Specification),
            (col(Specification.state) == "approved") | (col(Specification.superseded_on) > gate.today()),
        )
        .order_by(col(Specification.code), col(Specification.version))
    ).all()
    form.specification.choices = row_choice("specification", [(one.id, firm_words.name_of(one)) for one in approved])
    form.grades.choices = [SelectChoice(grade.value, label(grade.printed)) for grade in Grade if grade.digit]
    venues = session.exec(select(Venue).where(_of_firm(Venue)).order_by(col(Venue.name)))
    form.venues.choices = [SelectChoice(one.name, f"{one.name}（{one.seats} {_('个工位')}）") for one in venues]
    people = session.exec(select(Personnel).where(_of_firm(Personnel)).order_by(col(Personnel.code))).all()
    form.supervisors.choices = [SelectChoice(one.code, f"{one.name}（{one.code}）") for one in people if one.kind == "supervisor"]
    form.staff.choices = [
        SelectChoice(f"{one.code}:{method}", label(METHODS[method].name_zh))
        for one in people if one.kind != "supervisor" for method in METHODS
    ]  # fmt: skip


def _content(session: Session, firm: Institution, form: BatchForm) -> dict[str, Any]:
    """The plan in the form of a batch file, which the service checks whole."""
    specification = session.get(Specification, gate.row_number("specification", form.specification.data)) or abort(404)
    methods: dict[str, list[str]] = {}
    for one in form.staff.data or []:
        code, _colon, method = one.rpartition(":")
        methods.setdefault(code, []).append(method)
    content = {
        "institution": firm.credit_code, "number": form.number.data, "name": form.name.data,
        "occupation_code": specification.occupation_code, "trade": specification.trade, "route": form.route.data,
        "grades": [Grade(grade).printed for grade in form.grades.data or []], "specification": specification.code,
        "specification_version": specification.version, "planned": form.planned.data,
        "enrol_until": form.enrol_until.data, "starts_on": form.starts_on.data, "ends_on": form.ends_on.data,
        "venues": form.venues.data or [], "supervisors": form.supervisors.data or [],
        "assessors": [{"code": code, "methods": kinds} for code, kinds in methods.items()],
        "authority_reason": form.authority_reason.data or None,
    }  # fmt: skip
    return {key: value for key, value in content.items() if value is not None}


def _like(session: Session) -> dict[str, Any] | None:
    """What the form begins with when an earlier batch is copied: everything but its number, name and days."""
    address = request.args.get("like", "")
    number = gate.row_number("batch", address)
    if number is None:
        return None
    batch = own_batch(session, number)
    staff = service.staff_of(session, batch)
    return {
        "specification": gate.hidden_row("specification", batch.specification_id), "route": batch.route, "grades": batch.grades,
        "venues": batch.venues, "planned": batch.planned,
        "supervisors": [person.code for one, person in staff if one.role == "supervisor"],
        "staff": [f"{person.code}:{one.method}" for one, person in staff if one.role == "assessor"],
    }  # fmt: skip


def _listing(session: Session) -> lists.Listing:
    sitting = (
        sa.select(sa.func.count())
        .where(col(Candidate.batch_id) == col(Batch.id), viewer_of(session).candidates())
        .scalar_subquery()
    )
    query = sa.select(
        *(col(one) for one in (
            Batch.id, Batch.number, Batch.name, Batch.occupation_name, Batch.trade, Batch.route, Batch.starts_on,
            Batch.ends_on, Batch.state,
        )),
        sitting.label("candidates"),
    ).where(viewer_of(session).batches())  # fmt: skip
    return lists.Listing(
        name="batches", title=_("批次"), query=query, id=col(Batch.id), kind="batch", sort="starts_on", descending=True,
        columns=(
            lists.Column("number", _("编号"), lambda row: row.number, order=col(Batch.number), kind="link"),
            lists.Column("name", _("名称"), lambda row: row.name, order=col(Batch.name), width=36),
            lists.Column("occupation", _("职业"), lambda row: f"{row.occupation_name} {row.trade}".strip(), order=col(Batch.occupation_name)),
            lists.Column("route", _("方式"), lambda row: label(ROUTES[row.route])),
            lists.Column("candidates", _("考生"), lambda row: row.candidates, kind="number"),
            lists.Column("starts_on", _("评价开始"), lambda row: row.starts_on, order=col(Batch.starts_on)),
            lists.Column("ends_on", _("评价结束"), lambda row: row.ends_on, order=col(Batch.ends_on)),
            lists.Column(
                "state", _("状态"), lambda row: lifecycle.label("batch", row.state), order=col(Batch.state),
                kind="state", word=lambda row: row.state,
            ),
        ),
        filters=(
            lists.Filter("state", _("状态"), lifecycle.STATES["batch"], lambda value: col(Batch.state) == value),
            lists.Filter("route", _("方式"), {key: ROUTES[key] for key in batch_plans.BATCH_ROUTES}, lambda value: col(Batch.route) == value),
        ),
        search=lambda typed: sa.or_(
            col(Batch.number).contains(typed, autoescape=True), col(Batch.name).contains(typed, autoescape=True),
            col(Batch.occupation_name).contains(typed, autoescape=True),
        ),
        search_hint=_("编号、名称、职业"),
        link=lambda row: url_for("batches.show", batch_id=row.id),
    )  # fmt: skip
