"""The workforce for management: its structure by grade, the way to 2028, 学徒工 on their way, and who may sit when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from sqlmodel import Session, col, select

from skilleval.db.tables import Confirmation, Institution, JournalHead, Person, Specification
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import statistics
from skilleval.services.eligible import Coming, coming_people, eligible_people
from skilleval.services.rules import packs_of
from skilleval.services.statistics import Line, Statistics, Target, known_standings
from skilleval.services.tenancy import viewer_of
from skilleval.web import gate, lists
from skilleval.web.language import _
from skilleval.web.people import BLANK, occupation, past_years, workforce_columns

pages = Blueprint("workforce", __name__, url_prefix="/workforce")

#: how far ahead the coming list looks, in days, and at most: every day is judged by the rules of that day
AHEAD, FARTHEST = 90, 366


@dataclass(frozen=True, slots=True)
class Structure:
    """What the page tells, kept until a journal of the installation says that something has changed."""

    heads: str
    counted: Statistics
    target: Target | None
    past: list[tuple[date, float | None]]


@dataclass(frozen=True, slots=True)
class Strip:
    """What the home page tells of the workforce, kept like ``Structure``; ``years`` end with today."""

    heads: str
    highly_skilled_from: Grade
    years: list[tuple[date, Line]]
    target: Target | None

    @property
    def now(self) -> Line:
        """The whole firm today."""
        return self.years[-1][1]


@pages.get("")
def index() -> str:
    """The structure by grade, department and occupation, the share of 高技能人才 with the line to 2028, and 学徒工."""
    session = gate.reading()
    firm = _firm(session)
    found = _structure(session, firm)
    skilled_link = _skilled_link(found.counted.highly_skilled_from, found.counted.whole)
    points = [(day.year, share, _past_link(day)) for day, share in found.past]
    points.append((gate.today().year, found.counted.whole.share, skilled_link))
    return render_template(
        "workforce/index.html", found=found.counted, target=found.target, points=points, labels=workforce_columns(),
        target_year=statistics.TARGET_YEAR, link=_link, skilled_link=skilled_link,
        name_of=occupation, apprentices=_apprentices(session, firm), stages=_stages(),
    )  # fmt: skip


@pages.get("/apprentices")
def apprentices() -> Response | str:
    """学徒工 with how far each has come."""
    session = gate.reading()
    return lists.answer(lists.Page(_apprentice_listing(_firm(session)), session), "workforce/apprentices.html")


@pages.get("/coming")
def coming() -> Response | str:
    """Who is not eligible for a grade of an occupation yet and will be by a day, each with the first such day."""
    session = gate.reading()
    firm = _firm(session)
    codes = _occupations(session, firm)
    asked = {key: request.args.get(key, "") for key in ("occupation", "grade", "by")}
    rows: list[Coming] | None = None
    told = ""
    if asked["occupation"] in codes:
        try:
            rows = _coming(session, firm, asked)
        except RuleBroken as refusal:
            told = refusal.message
    page = render_template(
        "workforce/coming.html", codes={code: occupation(code) for code in codes}, asked=asked, rows=rows, told=told,
        grades=[grade for grade in Grade if grade.digit], default=gate.today() + timedelta(AHEAD),
    )  # fmt: skip
    return Response(page, 422 if told else 200, content_type="text/html; charset=utf-8")


def _firm(session: Session) -> Institution:
    return viewer_of(session).institution or abort(404)


def _structure(session: Session, firm: Institution) -> Structure:
    """The firm's structure as it is today; counted anew only after something was journaled, by whatever institution."""
    kept: dict[tuple[int | None, date], Structure] = current_app.extensions.setdefault("skilleval.structures", {})
    heads = _heads(session)
    key = (firm.id, gate.today())
    found = kept.get(key)
    if found is None or found.heads != heads:
        library, today = gate.site().installation.library, gate.today()
        counted = statistics.statistics(session, library, firm, on=today)
        ends = _ends()
        past = statistics.lines_on(session, firm, counted.highly_skilled_from, ends)
        aim = statistics.target(packs_of(session, firm.id or 0, library, today), today)
        found = kept[key] = Structure(heads, counted, aim, [(day, line.share) for day, line in zip(ends, past, strict=True)])
    return found


def _heads(session: Session) -> str:
    """The heads of all journals: people of the firm are assessed by others too."""
    return "".join(session.exec(select(JournalHead.hash).order_by(col(JournalHead.institution_id))))


def _ends() -> list[date]:
    """The last days of the years before this one, as far back as the line shows."""
    return [date(year, 12, 31) for year in past_years()]


def strip(session: Session) -> dict[str, Any]:
    """What ``workforce/strip.html`` tells on the home page: four statements, two where nothing was journaled since."""
    firm = _firm(session)
    found = _strip(session, firm)
    skilled_link = _skilled_link(found.highly_skilled_from, found.now)
    points = [(day.year, line.share, _past_link(day)) for day, line in found.years[:-1]]
    points.append((gate.today().year, found.now.share, skilled_link))
    return {
        "whole": found.now, "points": points, "target": found.target, "target_year": statistics.TARGET_YEAR,
        "labels": workforce_columns(), "link": _link, "skilled_link": skilled_link,
        "apprentices": _apprentices(session, firm), "stages": _stages(),
    }  # fmt: skip


def _strip(session: Session, firm: Institution) -> Strip:
    kept: dict[tuple[int | None, date], Strip] = current_app.extensions.setdefault("skilleval.strips", {})
    heads, today = _heads(session), gate.today()
    found = kept.get((firm.id, today))
    if found is None or found.heads != heads:
        packs = packs_of(session, firm.id or 0, gate.site().installation.library, today)
        line = Grade(packs.parameter(statistics.PARAMETER, today).value)
        days = [*_ends(), today]
        years = list(zip(days, statistics.lines_on(session, firm, line, days), strict=True))
        found = kept[firm.id, today] = Strip(heads, line, years, statistics.target(packs, today))
    return found


def _link(line: Line, by: str, *columns: str) -> str | None:
    """The list of the people of a line, or of some of its columns; None for whoever may not open it."""
    words: dict[str, Any] = {by: line.name or BLANK} if by else {}
    if not words and not columns:
        # The number counts everybody, whatever view the reader's roster opens with.
        words = {lists.WHOLE: 1}
    return url_for("people.index", holds=list(columns), **words) if gate.may("people.index") else None


def _skilled_link(highly_skilled_from: Grade, whole: Line) -> str | None:
    return _link(whole, "", *(grade.value for grade in Grade if grade >= highly_skilled_from))


def _past_link(end: date) -> str | None:
    return url_for("people.index", skilled=end.year) if gate.may("people.index") else None


def _stages() -> dict[str, str]:
    return {"failed": _("转正定级未通过"), "confirmed": _("已定级为学徒工，尚无证书"), "advanced": _("已取得五级及以上证书")}


def _stage_conditions(firm: Institution, standing: sa.ColumnElement[str | None]) -> dict[str, sa.ColumnElement[bool]]:
    """What stands for each stage, over people joined with their ``known_standings``."""
    word = sa.func.coalesce(standing, "")

    def decided(result: str) -> sa.ColumnElement[bool]:
        return sa.exists().where(
            col(Confirmation.institution_id) == firm.id, col(Confirmation.person_id) == col(Person.id),
            col(Confirmation.result) == result,
        )  # fmt: skip

    apprentice = sa.or_(decided("passed"), word == Grade.APPRENTICE.value)
    holds = word.in_([grade.value for grade in Grade if grade > Grade.APPRENTICE])
    return {
        "failed": sa.and_(decided("failed"), ~apprentice),
        "confirmed": sa.and_(apprentice, ~holds),
        "advanced": sa.and_(decided("passed"), holds),
    }


def _with_standings(firm: Institution) -> tuple[sa.Join, dict[str, sa.ColumnElement[bool]]]:
    """People with their standings of today, and the condition of each stage on them."""
    known = known_standings(firm.id or 0, gate.today())
    people = sa.outerjoin(Person, known, known.c.person_id == col(Person.id))
    return people, _stage_conditions(firm, known.c.standing)


def _apprentices(session: Session, firm: Institution) -> dict[str, int]:
    people, stages = _with_standings(firm)
    query = sa.select(*(sa.func.count().filter(where) for where in stages.values())).select_from(people)
    row = session.execute(query.where(col(Person.institution_id) == firm.id)).one()
    return dict(zip(stages, row, strict=True))


def _apprentice_listing(firm: Institution) -> lists.Listing:
    people, stages = _with_standings(firm)
    labels = _stages()
    stage = sa.case(*((where, key) for key, where in stages.items()), else_="").label("stage")
    latest = (
        sa.select(sa.func.max(col(Confirmation.confirmed_on)))
        .where(col(Confirmation.institution_id) == firm.id, col(Confirmation.person_id) == col(Person.id))
        .scalar_subquery()
        .label("confirmed_on")
    )
    query = sa.select(
        col(Person.id), col(Person.name), col(Person.employee_no), col(Person.department), col(Person.post),
        col(Person.hired_on), stage, latest,
    ).select_from(people).where(col(Person.institution_id) == firm.id, sa.or_(*stages.values()))  # fmt: skip
    where: Callable[[str], sa.ColumnElement[bool]] = stages.__getitem__
    return lists.Listing(
        name="apprentices", title=_("学徒工"), query=query, id=col(Person.id), kind="person", sort="name",
        columns=(
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.name), kind="link"),
            lists.Column("employee_no", _("工号"), lambda row: row.employee_no, order=sa.func.coalesce(col(Person.employee_no), "")),
            lists.Column("department", _("部门"), lambda row: row.department, order=sa.func.coalesce(col(Person.department), "")),
            lists.Column("post", _("岗位"), lambda row: row.post),
            lists.Column("hired_on", _("入职日期"), lambda row: row.hired_on),
            lists.Column("stage", _("进展"), lambda row: labels.get(row.stage), width=26),
            lists.Column("confirmed_on", _("最近一次转正定级"), lambda row: row.confirmed_on),
        ),
        filters=(lists.Filter("stage", _("进展"), labels, where),),
        link=lambda row: url_for("people.show", person_id=row.id),
    )  # fmt: skip


def _occupations(session: Session, firm: Institution) -> Sequence[str]:
    """The occupations for which the firm has an approved specification: the conditions of others are not chosen."""
    query = (
        select(Specification.occupation_code)
        .where(col(Specification.institution_id) == firm.id, col(Specification.state) == "approved")
        .distinct()
    )
    return session.exec(query.order_by(col(Specification.occupation_code))).all()


def _coming(session: Session, firm: Institution, asked: dict[str, Any]) -> list[Coming]:
    today = gate.today()
    try:
        grade, by = Grade(asked["grade"]), date.fromisoformat(asked["by"])
    except ValueError as error:
        raise RuleBroken(_("请选择等级，并写明日期（如 2026-12-31）")) from error
    if not today < by <= today + timedelta(FARTHEST):
        raise RuleBroken(_("日期应在 {first} 至 {last} 之间").format(first=today + timedelta(1), last=today + timedelta(FARTHEST)))
    library, code = gate.site().installation.library, asked["occupation"]
    found = eligible_people(session, library, firm, occupation=code, grade=grade, on=today)
    return coming_people(session, library, firm, found, by=by)


