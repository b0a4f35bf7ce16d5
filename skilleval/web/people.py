"""People: the roster of the institution as a list, sorted and found by 拼音. One person's page stands in ``person``."""

import re
from datetime import date
from functools import cache, partial
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, redirect, request, url_for
from sqlmodel import Session, col
from werkzeug.wrappers import Response as BaseResponse

from skilleval import standards
from skilleval.db.tables import Person
from skilleval.domain.ladder import Grade
from skilleval.services import imports
from skilleval.services.holdings import highest_held, holders
from skilleval.services.people_changes import CHANGEABLE
from skilleval.services.roster import EMPLOYMENT
from skilleval.services.rules import packs_of
from skilleval.services.statistics import NONE, PARAMETER, UNKNOWN, highly_skilled_on, standing_as
from skilleval.services.tenancy import viewer_of
from skilleval.web import gate, lists
from skilleval.web.language import _
from skilleval.web.show import label

pages = Blueprint("people", __name__, url_prefix="/people")

#: the value of a filter that stands for nothing entered
BLANK = "-"
#: ends of past years that the workforce's line shows
PAST_YEARS = 3
EMPLOYMENT_LABELS = {word: label for label, word in EMPLOYMENT.items()}
#: the last six characters of a document number, by which a desk asks for people
_TAIL = re.compile(r"\d{5}[\dXx]")
#: a whole number is personal data, which may not stay in an address
_WHOLE_NUMBER = re.compile(r"\d{14}(\d|\d{3}[\dXx])")


@pages.get("")
def index() -> BaseResponse | str:
    """The people of the institution, in the order of their 拼音."""
    typed = re.sub(r"\s", "", request.args.get("q", ""))
    if _WHOLE_NUMBER.fullmatch(typed):
        return redirect(url_for("people.index", q=typed[-6:]), 303)
    session = gate.reading()
    held: dict[int, Grade] = {}
    page = lists.Page(listing(session, held), session)
    shown = _every_id(session) if request.args.get("format") == "xlsx" else [row.id for row in page.rows]
    held |= highest_held(session, shown, gate.today())
    waiting = imports.imports_of(session, ["people"], ["open"]) if gate.may("imports.index") else []
    return lists.answer(page, "people/index.html", waiting=waiting, changeable=CHANGEABLE)


def listing(session: Session, held: dict[int, Grade]) -> lists.Listing:
    """The list; ``held`` is filled with the highest grades of the rows that are shown before they are drawn."""
    own = viewer_of(session).own(col(Person.institution_id))
    departments, codes = gate.kept(session, "choices of people", partial(_known, session))
    return lists.Listing(
        name="people", title=_("花名册"), query=_ROWS.where(own), id=col(Person.id), kind="person", sort="name",
        columns=(
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.pinyin), kind="link", width=12),
            lists.Column("employee_no", _("工号"), lambda row: row.employee_no, order=_BY_TEXT["employee_no"]),
            lists.Column("department", _("部门"), lambda row: row.department, order=_BY_TEXT["department"]),
            lists.Column("post", _("岗位"), lambda row: row.post, order=_BY_TEXT["post"]),
            lists.Column("occupation", _("现从事职业"), lambda row: occupation(row.occupation_code), width=24),
            lists.Column("held", _("持有的最高等级"), lambda row: held.get(row.id), kind="climb", width=16,
                         word=lambda row: held[row.id].value if row.id in held else None),
            lists.Column("employment", _("用工形式"), lambda row: label(EMPLOYMENT_LABELS.get(row.employment))),
            lists.Column("hired_on", _("入职日期"), lambda row: row.hired_on, kind="nowrap"),
        ),
        filters=(
            lists.Filter("department", _("部门"), {**{one: one for one in departments}, BLANK: _("未填")},
                         lambda value: _is(Person.department, value)),
            lists.Filter("occupation", _("现从事职业"), {**{one: occupation(one) for one in codes}, BLANK: _("未填")},
                         lambda value: _is(Person.occupation_code, value)),
            lists.Filter("grade", _("持有证书"), {one.value: one.printed for one in Grade},
                         lambda value: col(Person.id).in_(holders(Grade(value), gate.today()))),
            lists.Filter("holds", _("最高等级"), workforce_columns(),
                         lambda value: standing_as(value, gate.who().institution_id or 0, gate.today())),
            lists.Filter("employment", _("用工形式"), EMPLOYMENT_LABELS, lambda value: col(Person.employment) == value),
            lists.Filter("skilled", _("高技能人才"), {str(year): _("{year} 年末").format(year=year) for year in past_years()},
                         partial(_skilled_at_the_end_of, session), linked=True),
        ),
        selectable=gate.may("people_changes.propose", "POST"), search=partial(_search, session), search_hint=_("姓名、拼音、工号、证件号码后六位"),
        link=lists.linked("people.show", "person", "person_id"), kept=True,
    )  # fmt: skip


#: the rows of the list, and what sorts it by a text in which nothing comes first: put together once, for every page asks it
_ROWS = sa.select(
    *(col(one) for one in (
        Person.id, Person.name, Person.employee_no, Person.department, Person.post, Person.occupation_code,
        Person.employment, Person.hired_on,
    ))
)  # fmt: skip
_BY_TEXT = {one: sa.func.coalesce(col(getattr(Person, one)), "") for one in ("employee_no", "department", "post")}


def past_years() -> list[int]:
    """The years before this one of which the share of 高技能人才 is told."""
    return [gate.today().year - back for back in range(PAST_YEARS, 0, -1)]


def _skilled_at_the_end_of(session: Session, year: str) -> sa.ColumnElement[bool]:
    """Who counted as 高技能人才 on the last day of a year, by the rule of today, as the line of the workforce counts."""
    firm, today = gate.who().institution_id or 0, gate.today()
    rule = packs_of(session, firm, gate.site().installation.library, today).parameter(PARAMETER, today)
    return highly_skilled_on(Grade(rule.value), firm, date(int(year), 12, 31))


def workforce_columns() -> dict[str, str]:
    """The columns of the workforce's structure, lowest grade first, as they are shown."""
    return {NONE: _("无等级"), **{grade.value: grade.printed for grade in Grade}, UNKNOWN: _("未填")}


def _known(session: Session) -> tuple[list[str], list[str]]:
    """The departments and the occupations that stand in the roster, to choose from."""
    query = sa.select(col(Person.department), col(Person.occupation_code))
    found = session.execute(query.where(viewer_of(session).own(col(Person.institution_id))).distinct()).all()
    departments = {row.department for row in found if row.department is not None}
    return sorted(departments), sorted({row.occupation_code for row in found if row.occupation_code is not None})


def _is(column: Any, value: str) -> sa.ColumnElement[bool]:
    return col(column).is_(None) if value == BLANK else col(column) == value


def _every_id(session: Session) -> Any:
    return sa.select(col(Person.id)).where(viewer_of(session).own(col(Person.institution_id)))


def occupation(code: str | None) -> str:
    """An occupation as it is shown: code and name; blank for none."""
    return " ".join(filter(None, (code, _occupation_names().get(code or ""))))


@cache
def _occupation_names() -> dict[str, str]:
    return {code: one.name for (code, _edition), one in sorted(standards.occupations().items())}


def _search(session: Session, typed: str) -> sa.ColumnElement[bool]:
    """People by 工号, by 拼音 or its initials, by the end of the document number, else by a part of the name.

    Each way is a query by an index of its own: one condition with OR between them would read every row.
    """
    ways = [col(Person.employee_no) == typed]
    if _TAIL.fullmatch(typed):
        vault, firm = gate.site().installation.vault, gate.who().institution_id
        ways.append(col(Person.tail_index) == vault.tail_index(firm or 0, typed))
    if typed.isascii():
        ways += [_begins(column, typed.lower()) for column in (Person.pinyin, Person.initials) if typed.isalpha()]
    else:
        ways.append(col(Person.name).contains(typed, autoescape=True))
    own = viewer_of(session).own(col(Person.institution_id))
    return col(Person.id).in_(sa.union_all(*(sa.select(col(Person.id)).where(own, way) for way in ways)))


def _begins(column: Any, letters: str) -> sa.ColumnElement[bool]:
    """Whether a column of small letters begins so, asked as a range, which an index answers (LIKE takes none)."""
    return col(column).between(letters, letters + "z" * 20)
