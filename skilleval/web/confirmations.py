"""学徒工转正定级: who is past probation, the form of a confirmation, its proof and printed record."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from skilleval.db.tables import Confirmation, Credential, Institution, Person, Post
from skilleval.domain.confirmation import LONGEST_PROBATION, hired_before
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Proof
from skilleval.reports.fonts import load_fonts
from skilleval.reports.record import confirmation_record, render_record
from skilleval.services import confirmations as service
from skilleval.services.rules import packs_of
from skilleval.services.timelines import timeline_of
from skilleval.web import gate, lists
from skilleval.web.forms import DayField, Form, Required, page, row_choice
from skilleval.web.language import _, lazy

pages = Blueprint("confirmations", __name__, url_prefix="/confirmations")

#: people who are told as past probation on the page; the roster has the others
_MOST_DUE = 50


class ConfirmationForm(Form):
    """One confirmation: person, post, mentor, periods, the firm's own rule."""

    person = StringField(lazy("员工"), [Required(), Length(max=40)], description=lazy("工号或姓名，须在花名册中"))
    post = SelectField(lazy("岗位"), [Required()])
    mentor = StringField(lazy("师傅"), [Required(), Length(max=40)], description=lazy("工号或姓名，须在花名册中"))
    agreement = StringField(lazy("师徒协议编号"), [Required(), Length(max=60)])
    probation_to = DayField(lazy("试用期最后一日"), [Required()])
    mentoring_to = DayField(lazy("师带徒期最后一日"), [Required()])
    result = SelectField(lazy("结果"), [Required()], choices=[SelectChoice(key, name) for key, name in service.RESULTS.items()])
    confirmed_on = DayField(lazy("定级日期"), [Required()])
    by = StringField(lazy("由谁决定"), [Required(), Length(max=60)])
    rule_name = StringField(lazy("办法名称"), [Required(), Length(max=80)])
    rule_version = StringField(lazy("办法版本"), [Required(), Length(max=40)])
    rule_document = StringField(lazy("发布文件"), [Optional(), Length(max=80)])


@pages.get("")
def index() -> Response | str:
    """The confirmations of the firm, and who is past probation without one."""
    session = gate.reading()
    return lists.answer(lists.Page(_listing(), session), "confirmations/index.html", due=_due(session), most=_MOST_DUE)


@pages.route("/new", methods=["GET", "POST"])
def new() -> BaseResponse | str:
    """Record a confirmation. With ``person`` in the address the form begins with them."""
    session = gate.reading()
    form = ConfirmationForm(data=_begun(session))
    posts = list(session.exec(select(Post).where(col(Post.institution_id) == _firm_id()).order_by(col(Post.name))))
    form.post.choices = row_choice("post", [(one.id, f"{one.name}（{one.occupation_code} {one.trade}".rstrip() + "）") for one in posts])
    if form.validate_on_submit():
        try:
            with gate.writing() as write:
                firm = write.get(Institution, _firm_id()) or abort(404)
                installation = gate.site().installation
                row = service.add_confirmation(
                    write, gate.actor(), firm, _content(firm, posts, form), installation.library, vault=installation.vault
                )
                write.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("转正定级已登记（不发证书）。"))
            return redirect(url_for("confirmations.show", confirmation_id=row.id), 303)
    return page("confirmations/new.html", form, posts=posts)


@pages.get("/<row(kind='confirmation'):confirmation_id>")
def show(confirmation_id: int) -> str:
    """One confirmation with what it rests on."""
    session = gate.reading()
    row, person, post = _found(session, confirmation_id)
    proofs = [Proof.from_dict(row.proof["confirmation"]), Proof.from_dict(row.proof["authority"]["proof"])]
    return render_template(
        "confirmations/show.html", row=row, person=person, post=post, proofs=proofs, results=service.RESULTS,
        mentor=session.get(Person, row.mentor_id), timeline=timeline_of(session, row),
    )  # fmt: skip


@pages.get("/<row(kind='confirmation'):confirmation_id>/record.pdf")
def record(confirmation_id: int) -> Response:
    """The form of a confirmation, printed for signatures."""
    session = gate.reading()
    row, person, post = _found(session, confirmation_id)
    mentor = session.get(Person, row.mentor_id)
    told = confirmation_record(
        gate.who().institution_name or "", row, person, post, mentor.name if mentor else "", service.RESULTS[row.result]
    )
    settings = gate.site().installation.settings
    content = render_record(told, load_fonts(settings.fonts), demo=settings.certificate.demo)
    return lists.pdf_response(content, "confirmation.pdf")


def _firm_id() -> int:
    return gate.who().institution_id or abort(404)


def _found(session: Session, confirmation_id: int) -> tuple[Confirmation, Person, Post]:
    query = select(Confirmation, Person, Post).where(
        col(Confirmation.id) == confirmation_id, col(Confirmation.institution_id) == _firm_id(),
        col(Person.id) == col(Confirmation.person_id), col(Post.id) == col(Confirmation.post_id),
    )  # fmt: skip
    return session.exec(query).first() or abort(404)


def _begun(session: Session) -> dict[str, Any] | None:
    number = gate.row_number("person", gate.asked("person"))
    query = select(Person).where(col(Person.id) == number, col(Person.institution_id) == _firm_id())
    person = session.exec(query).first() if number is not None else None
    return {"confirmed_on": gate.today(), **({"person": person.employee_no or person.name} if person else {})}


def _content(firm: Institution, posts: list[Post], form: ConfirmationForm) -> dict[str, Any]:
    chosen = gate.row_number("post", form.post.data)
    post = next((one for one in posts if one.id == chosen), None) or abort(404)
    rule = {key: getattr(form, f"rule_{key}").data or "" for key in ("name", "version", "document")}
    words = {key: getattr(form, key).data for key in (
        "person", "mentor", "agreement", "probation_to", "mentoring_to", "result", "confirmed_on", "by",
    )}  # fmt: skip
    return {
        "institution": firm.credit_code, **words, "post": post.name, "occupation_code": post.occupation_code,
        "trade": post.trade, "rule": rule,
    }  # fmt: skip


def _due(session: Session) -> list[Any]:
    """Past the longest probation, without a certificate and without a confirmation that was passed; longest hired last.

    Nobody, where no pack says how long a probation may last.
    """
    today = gate.today()
    longest = packs_of(session, _firm_id(), gate.site().installation.library, today).find(LONGEST_PROBATION, today)
    if longest is None or longest.value is None:
        return []
    passed = sa.select(col(Confirmation.person_id)).where(
        col(Confirmation.institution_id) == _firm_id(), col(Confirmation.result) == "passed"
    )
    certified = sa.select(col(Credential.person_id)).where(
        col(Credential.institution_id) == _firm_id(), col(Credential.kind) == "certificate", col(Credential.level) != "none"
    )
    query = (
        sa.select(*(col(one) for one in (Person.id, Person.name, Person.employee_no, Person.post, Person.hired_on)))
        .where(
            col(Person.institution_id) == _firm_id(), col(Person.hired_on) <= hired_before(today, longest.value),
            col(Person.id).not_in(passed), col(Person.id).not_in(certified),
        )
        .order_by(col(Person.hired_on).desc(), col(Person.id))
    )  # fmt: skip
    return list(session.execute(query.limit(_MOST_DUE)))


def _listing() -> lists.Listing:
    query = (
        sa.select(
            *(col(one) for one in (
                Confirmation.id, Confirmation.confirmed_on, Confirmation.result, Confirmation.decided_by, Person.name,
                Person.employee_no,
            )),
            col(Post.name).label("post"),
        )
        .join(Person, col(Person.id) == col(Confirmation.person_id))
        .join(Post, col(Post.id) == col(Confirmation.post_id))
        .where(col(Confirmation.institution_id) == _firm_id())
    )  # fmt: skip
    return lists.Listing(
        name="confirmations", title=_("转正定级"), query=query, id=col(Confirmation.id), kind="confirmation",
        sort="confirmed_on", descending=True,
        columns=(
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.name), kind="link", width=12),
            lists.Column("employee_no", _("工号"), lambda row: row.employee_no),
            lists.Column("post", _("岗位"), lambda row: row.post, order=col(Post.name)),
            lists.Column("confirmed_on", _("定级日期"), lambda row: row.confirmed_on, order=col(Confirmation.confirmed_on)),
            lists.Column("by", _("决定"), lambda row: row.decided_by, width=24),
            lists.Column(
                "result", _("结果"), lambda row: service.RESULTS[row.result], order=col(Confirmation.result), kind="state",
                word=lambda row: row.result,
            ),
        ),
        filters=(lists.Filter("result", _("结果"), service.RESULTS, lambda value: col(Confirmation.result) == value),),
        search=lambda typed: sa.or_(col(Person.name).contains(typed, autoescape=True), col(Person.employee_no) == typed),
        search_hint=_("姓名、工号"), link=lambda row: url_for("confirmations.show", confirmation_id=row.id),
    )  # fmt: skip
