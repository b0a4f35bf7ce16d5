"""Posts mapped to the ladder (岗位与等级): the eight rungs drawn, with their posts, people and gaps; posts edited by form."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import DecimalField, FieldList, FormField, StringField
from wtforms import Form as PlainForm
from wtforms.validators import Length, NumberRange, Optional

from skilleval import standards
from skilleval.db.tables import Institution, Post, PostGrade, Registration, ScopeLine
from skilleval.domain.complete_grade_set import GradeSet, prove_complete
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import firm_content, institutions
from skilleval.services.authority_ground import records_of
from skilleval.services.statistics import heads_in
from skilleval.services.tenancy import viewer_of
from skilleval.services.timelines import timeline_of
from skilleval.web import gate
from skilleval.web.firm_edits import RowForm, chosen, entry, hand_in, own_firm, own_row
from skilleval.web.forms import OccupationField, Required, optional_day, page
from skilleval.web.language import _, lazy

pages = Blueprint("posts", __name__, url_prefix="/posts")

#: empty lines for more grades at the end of a post's form
_SPARE = 3


class GradeRow(PlainForm):
    """One of the firm's own grades of a post, mapped onto the ladder."""

    name = StringField(lazy("岗位等级名称"), [Optional(), Length(max=60)])
    grade = chosen(lazy("对应等级"), {one.value: one.printed for one in Grade})
    post_specification = StringField(lazy("岗位规范"), [Optional(), Length(max=120)])
    skill_pay = DecimalField(lazy("技能津贴（元/月）"), [Optional(), NumberRange(min=0, max=1_000_000)], places=2)
    valid_from = optional_day(lazy("自"))


class PostForm(RowForm):
    """A post with its grades."""

    name = StringField(lazy("岗位名称"), [Required(), Length(max=60)], description=lazy("以后不能改"))
    occupation_code = OccupationField(lazy("职业编码"), [Required(), Length(max=10)], description=lazy("如 6-31-01-03；也可输入名称后从列表中选"))
    trade = StringField(lazy("工种"), [Optional(), Length(max=40)], description=lazy("不分工种的不填"))
    grades = FieldList(FormField(GradeRow), lazy("岗位等级"), min_entries=1, max_entries=40)


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the ladder of an occupation: the posts on it, how many hold the grade, what the set lacks here."""

    grade: Grade
    posts: list[tuple[Post, PostGrade]]
    people: int
    #: whether the standard or specification has this grade; None where neither tells
    wanted: bool | None
    missing: list[str]


@dataclass(frozen=True, slots=True)
class Track:
    """One occupation and trade for which the firm has posts or a scope."""

    code: str
    trade: str
    name: str
    posts: frozenset[str]
    scope: frozenset[str]


@pages.get("")
def index() -> str:
    """The ladder of one occupation, and the others in small."""
    session = gate.reading()
    firm = own_firm(session)
    seats = _seats(session)
    lines = _scope(session)
    tracks = _tracks(seats, lines)
    track = next((one for one in tracks if f"{one.code}:{one.trade}" == request.args.get("of")), tracks[0] if tracks else None)
    if track is None:
        return render_template("posts/index.html", tracks=[], track=None)
    today = gate.today()
    own = [(post, grade) for post, grade in seats if _of(post, track)]
    graded = [(post, grade) for post, grade in own if grade is not None]
    found = records_of(session, firm, track.code, track.trade).grade_set(gate.site().installation.library, today)
    heads = heads_in(session, firm.id or 0, track.code, on=today)
    standing = [(post, grade) for post, grade in graded if (grade.valid_from or date.min) <= today]
    return render_template(
        "posts/index.html", tracks=tracks, track=track, rungs=_rungs(standing, found, heads), proof=prove_complete(found),
        heads=heads, counted=sum(heads.values()), listed=list(dict.fromkeys(post.id for post, _grade in own)),
        names={post.id: post.name for post, _grade in own}, empty=[post.id for post, grade in own if grade is None],
    )  # fmt: skip


@pages.route("/new", methods=["GET", "POST"])
def new() -> Response | BaseResponse:
    """Add a post with its grades."""
    form = PostForm(data={"occupation_code": request.args.get("occupation_code", ""), "grades": [{}] * (5 + _SPARE)})

    def content(session: Session, own: Institution) -> dict[str, Any]:
        told = {key: value for key, value in entry(form).items() if key != "grades"}
        taken = select(Post.id).where(
            col(Post.institution_id) == own.id, col(Post.name) == told["name"],
            col(Post.occupation_code) == told["occupation_code"], col(Post.trade) == told.get("trade", ""),
        )  # fmt: skip
        if session.exec(taken).first() is not None:
            raise RuleBroken(_("已有岗位“{name}”").format(name=told["name"]))
        return {**firm_content.head(own), "post": [{**told, "grade": _with_rows([], form)}]}

    if form.validate_on_submit() and (applied := hand_in(form, content)):
        post = next(one for one in applied.added if isinstance(one, Post))
        flash(_("岗位已保存。"))
        return redirect(_ladder_of(post), 303)
    return page("posts/edit.html", form, post=None, held=())


@pages.route("/<row(kind='post'):post_id>", methods=["GET", "POST"])
def edit(post_id: int) -> Response | BaseResponse:
    """Change the grades of a post, or add some; its name and occupation name it and stay."""
    session = gate.reading()
    post = own_row(session, Post, post_id)
    stored = firm_content.post_entry(session, post)["grade"]
    form = PostForm(data={"grades": [*map(_yuan, stored), *([{}] * _SPARE)]})
    del form.name, form.occupation_code, form.trade

    def content(write: Session, own: Institution) -> dict[str, Any]:
        told = firm_content.post_entry(write, own_row(write, Post, post_id))
        return {**firm_content.head(own), "post": [{**told, "grade": _with_rows(told["grade"], form)}]}

    if form.validate_on_submit() and hand_in(form, content):
        flash(_("岗位已保存。"))
        return redirect(_ladder_of(post), 303)
    return page("posts/edit.html", form, post=post, held={one["name"] for one in stored}, timeline=timeline_of(gate.reading(), post))


def _ladder_of(post: Post) -> str:
    return url_for("posts.index", of=f"{post.occupation_code}:{post.trade}")


def _of(post: Post, track: Track) -> bool:
    return post.occupation_code == track.code and post.trade in ("", track.trade)


def _yuan(stored: dict[str, Any]) -> dict[str, Any]:
    """A stored grade of a post for the form, which speaks in yuan."""
    return stored | ({"skill_pay": Decimal(stored["skill_pay"]) / 100} if "skill_pay" in stored else {})


def _with_rows(stored: list[dict[str, Any]], form: PostForm) -> list[dict[str, Any]]:
    """The stored grades with what the form says of them, and the new ones behind. Refused with every row that is half filled."""
    grades = {one["name"]: dict(one) for one in stored}
    problems, seen = [], set()
    for number, row in enumerate(form.grades.data, start=1):
        told = {key: value.strip() if isinstance(value, str) else value for key, value in row.items() if value not in (None, "")}
        if not told:
            continue
        name = told.get("name", "")
        if not name or "grade" not in told:
            problems.append(_("第 {number} 行须写明名称和对应等级").format(number=number))
        elif name in seen:
            problems.append(_("岗位等级“{name}”写了两次").format(name=name))
        else:
            seen.add(name)
            pay = {"skill_pay": int(told["skill_pay"] * 100)} if "skill_pay" in told else {}
            grades[name] = grades.get(name, {}) | told | pay
    if problems:
        raise RuleBroken(_("岗位等级没有写全"), problems)
    return list(grades.values())


def _seats(session: Session) -> list[tuple[Post, PostGrade | None]]:
    """Every post of the institution with each of its grades; one without grades stands there once."""
    query = (
        select(Post, PostGrade)
        .join(PostGrade, col(PostGrade.post_id) == col(Post.id), isouter=True)
        .where(viewer_of(session).own(col(Post.institution_id)))
        .order_by(col(Post.name), col(Post.id), col(PostGrade.serial))
    )
    return [(post, grade) for post, grade in session.exec(query)]


def _scope(session: Session) -> list[ScopeLine]:
    """The scope of the registration in force, else of the last one: the questions of authority take the same."""
    firm = viewer_of(session).key or abort(404)
    try:
        registration: Registration | None = institutions.active_registration(session, firm, gate.today())
    except RuleBroken:
        registration = institutions.last_registration(session, firm)
    if registration is None:
        return []
    query = select(ScopeLine).where(
        col(ScopeLine.institution_id) == firm, col(ScopeLine.registration_id) == registration.id
    )
    return list(session.exec(query.order_by(col(ScopeLine.serial), col(ScopeLine.id))))


def _tracks(seats: list[tuple[Post, PostGrade | None]], lines: list[ScopeLine]) -> list[Track]:
    """Every occupation and trade with posts or in the scope, by its code."""
    held: dict[tuple[str, str], set[str]] = {}
    for post, grade in seats:
        held.setdefault((post.occupation_code, post.trade), set()).update([grade.grade] if grade else [])
    scope: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        scope.setdefault((line.occupation_code, line.trade), set()).update(line.grades)
    return [
        Track(code, trade, _name(code), frozenset(held.get((code, trade), ())), frozenset(scope.get((code, trade), ())))
        for code, trade in sorted({*held, *scope})
    ]


def _name(code: str) -> str:
    try:
        return standards.occupation(code).name
    except RuleBroken:
        return code


def _rungs(standing: list[tuple[Post, PostGrade]], found: GradeSet, heads: dict[str, int]) -> list[Rung]:
    """The eight rungs, the highest first as a ladder stands."""
    lacks = (
        (_("缺岗位等级"), found.posts), (_("未备案"), found.scope), (_("缺岗位规范"), found.post_specifications),
        (_("评价规范未规定如何评价"), found.assessed),
    )  # fmt: skip
    rungs = []
    for grade in reversed(Grade):
        wanted = None if found.defined is None else grade in found.defined
        missing = [what for what, held in lacks if grade not in held] if wanted else []
        on_it = [(post, one) for post, one in standing if one.grade == grade.value]
        rungs.append(Rung(grade, on_it, heads[grade.value], wanted, missing))
    return rungs
