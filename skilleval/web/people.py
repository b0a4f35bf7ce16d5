"""People: the roster of the institution as a list, and one person's page."""

import sqlalchemy as sa
from flask import Blueprint, Response, abort, render_template, url_for
from sqlmodel import Session, col, select

from skilleval.db.tables import Person
from skilleval.domain.identifiers import mask_number
from skilleval.services.tenancy import viewer_of
from skilleval.web import gate, lists
from skilleval.web.language import _

pages = Blueprint("people", __name__, url_prefix="/people")


@pages.get("")
def index() -> Response | str:
    """The people of the institution."""
    session = gate.reading()
    return lists.answer(lists.Page(_listing(session), session), "people/index.html")


@pages.get("/<row(kind='person'):person_id>")
def show(person_id: int) -> str:
    """One person: what the roster says, with the document number masked."""
    session = gate.reading()
    person = _person(session, person_id)
    number = gate.site().installation.vault.open(person.institution_id, person.id_sealed)
    return render_template("people/show.html", person=person, number=mask_number(number))


def _person(session: Session, person_id: int) -> Person:
    """The person, if they are of the institution that asks; else the page is not there."""
    query = select(Person).where(col(Person.id) == person_id, viewer_of(session).own(col(Person.institution_id)))
    return session.exec(query).first() or abort(404)


def _listing(session: Session) -> lists.Listing:
    own = viewer_of(session).own(col(Person.institution_id))
    query = sa.select(
        *(col(one) for one in (
            Person.id, Person.name, Person.employee_no, Person.department, Person.post, Person.occupation_code, Person.hired_on,
        ))
    ).where(own)  # fmt: skip
    departments = session.execute(
        sa.select(col(Person.department))
        .where(own, col(Person.department).is_not(None))
        .distinct()
        .order_by(col(Person.department))
    ).scalars()
    return lists.Listing(
        name="people", title=_("花名册"), query=query, id=col(Person.id), kind="person", sort="name",
        columns=(
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.name), kind="link", width=12),
            lists.Column("employee_no", _("工号"), lambda row: row.employee_no, order=sa.func.coalesce(col(Person.employee_no), "")),
            lists.Column("department", _("部门"), lambda row: row.department, order=sa.func.coalesce(col(Person.department), "")),
            lists.Column("post", _("岗位"), lambda row: row.post, order=sa.func.coalesce(col(Person.post), "")),
            lists.Column("occupation", _("现从事职业"), lambda row: row.occupation_code),
            lists.Column("hired_on", _("入职日期"), lambda row: row.hired_on),
        ),
        filters=(
            lists.Filter("department", _("部门"), {one: one for one in departments}, lambda value: col(Person.department) == value),
        ),
        search=_search, search_hint=_("姓名、工号"),
        link=lambda row: url_for("people.show", person_id=row.id),
    )  # fmt: skip


def _search(typed: str) -> sa.ColumnElement[bool]:
    return sa.or_(col(Person.name).contains(typed, autoescape=True), col(Person.employee_no) == typed)
