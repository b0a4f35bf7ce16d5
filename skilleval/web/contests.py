"""Contests: the events, their rank rules and results, and the promotion that they give."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from skilleval.db.tables import Batch, Candidate, Contest, ContestResult, Institution, Person, Result, Specification
from skilleval.domain.contests import CLASSES, Standing, earned_row
from skilleval.domain.contests import Contest as Event
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import contests as service
from skilleval.services import promotions
from skilleval.services.timelines import contest_timeline
from skilleval.web import firm_words, gate, lists
from skilleval.web.batches import CheckboxesField
from skilleval.web.forms import DayField, Form, Required, row_choice, toml_of
from skilleval.web.language import _, lazy
from skilleval.web.show import label

pages = Blueprint("contests", __name__, url_prefix="/contests")

class FileForm(Form):
    """A file of a contest."""

    file = FileField(lazy("文件"))


class PromotionForm(Form):
    """The batch of the promotions of one contest."""

    specification = SelectField(lazy("评价规范"), [Required()])
    number = StringField(lazy("批次编号"), [Required(), Length(max=30)])
    name = StringField(lazy("批次名称"), [Required(), Length(max=80)])
    grades = CheckboxesField(lazy("等级"), [Required()])
    starts_on = DayField(lazy("评价开始"), [Required()], description=lazy("不早于竞赛结束之日"))
    ends_on = DayField(lazy("评价结束"), [Required()])
    authority_reason = StringField(lazy("条款不一致仍要认定的理由"), [Optional(), Length(max=500)])


@pages.get("")
def index() -> Response | str:
    """The contests that the firm recorded."""
    session = gate.reading()
    return lists.answer(lists.Page(_listing(), session), "contests/index.html", form=FileForm(formdata=None))


@pages.post("")
def add() -> BaseResponse | str:
    """Record a contest and the rows of its notice from its file."""
    form = FileForm()
    try:
        content = toml_of(form.file.data)
        with gate.writing() as session:
            firm = _firm(session)
            if content.get("institution", firm.credit_code) != firm.credit_code:
                raise RuleBroken(_("文件中的 institution 不是本机构"))
            content = {"institution": firm.credit_code, **content}
            contest = service.add_contest(session, gate.actor(), firm, content, gate.site().installation.library)
            session.commit()
    except RuleBroken as refusal:
        form.refuse(refusal)
    else:
        flash(_("竞赛已登记。下一步：导入成绩。"))
        return redirect(url_for("contests.show", contest_id=contest.id), 303)
    session = gate.reading()
    page = lists.answer(lists.Page(_listing(), session), "contests/index.html", form=form)
    return Response(page, 422, content_type="text/html; charset=utf-8") if isinstance(page, str) else page


@pages.get("/<row(kind='contest'):contest_id>")
def show(contest_id: int) -> str:
    """One contest: rank rules, results, who was promoted by which rule, who was not and why."""
    return _page(gate.reading(), contest_id)


@pages.post("/<row(kind='contest'):contest_id>/promote")
def promote(contest_id: int) -> BaseResponse | str:
    """Make the batch of the promotions; it goes on to notice, certificates and filing like any other."""
    session = gate.reading()
    form = _promotion_form(session, _found(session, contest_id), blank=False)
    if form.validate_on_submit():
        try:
            with gate.writing() as write:
                contest, firm = _found(write, contest_id), _firm(write)
                done = promotions.promote(
                    write, gate.actor(), firm, contest, _content(write, firm, contest, form),
                    gate.site().installation.library, on=gate.today(),
                )  # fmt: skip
                write.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("竞赛晋级 {count} 人，未晋级 {others} 人。下一步：公示。").format(count=len(done.candidates), others=len(done.refused)))
            return redirect(url_for("contests.show", contest_id=contest_id), 303)
    return Response(_page(gate.reading(), contest_id, form), 422, content_type="text/html; charset=utf-8")


@pages.post("/<row(kind='contest'):contest_id>/candidates/<row(kind='candidate'):candidate_id>/disallow")
def disallow(contest_id: int, candidate_id: int) -> BaseResponse:
    """Take one promotion of this contest back before it is certified, with the reason; what was settled stays on record."""
    with gate.writing() as session:
        query = select(Candidate, Batch).where(
            col(Candidate.id) == candidate_id, col(Batch.id) == col(Candidate.batch_id), *_of_contest(_found(session, contest_id))
        )
        candidate, batch = session.exec(query).first() or abort(404)
        promotions.disallow(session, gate.actor(), batch, candidate, reason=request.form.get("reason", ""))
        session.commit()
    flash(_("晋级已取消，原结果和理由保留。"))
    return redirect(url_for("contests.show", contest_id=contest_id), 303)


def _firm(session: Session) -> Institution:
    return session.get(Institution, gate.who().institution_id) or abort(404)


def _found(session: Session, contest_id: int) -> Contest:
    query = select(Contest).where(col(Contest.id) == contest_id, col(Contest.institution_id) == gate.who().institution_id)
    return session.exec(query).first() or abort(404)


def _page(session: Session, contest_id: int, promotion: PromotionForm | None = None) -> str:
    contest = _found(session, contest_id)
    rows = service.rows_of(session, contest)
    results = session.execute(
        sa.select(ContestResult, Person)
        .join(Person, col(Person.id) == col(ContestResult.person_id))
        .where(col(ContestResult.institution_id) == contest.institution_id, col(ContestResult.contest_id) == contest.id)
        .order_by(col(ContestResult.group_name), col(ContestResult.rank), col(ContestResult.id))
    ).all()
    earned = {}
    for one, _person in results:
        standing = Standing(one.group_name, one.rank, one.participants, one.award)
        earned[one.id] = earned_row(Event(contest.code, contest.name, contest.document, rows, standing))
    return render_template(
        "contests/show.html", contest=contest, classes=CLASSES, rows=rows, results=results, earned=earned, revocable=promotions.REVOCABLE,
        outcomes=_outcomes(session, contest),
        timeline=contest_timeline(session, contest, sa.select(col(Candidate.id)).where(*_of_contest(contest))),
        promotion=promotion or _promotion_form(session, contest, blank=True),
    )  # fmt: skip


def _outcomes(session: Session, contest: Contest) -> dict[int, tuple[Candidate, Batch, Result | None]]:
    """What became of each person who was judged by this contest, the last time: with the result that stands."""
    later = sa.orm.aliased(Result)
    superseded = sa.exists().where(col(later.candidate_id) == col(Result.candidate_id), col(later.revision) > col(Result.revision))
    query = (
        sa.select(Candidate, Batch, Result)
        .join(Batch, col(Batch.id) == col(Candidate.batch_id))
        .outerjoin(Result, sa.and_(col(Result.candidate_id) == col(Candidate.id), ~superseded))
        .where(*_of_contest(contest))
        .order_by(col(Candidate.id))
    )
    return {candidate.person_id: (candidate, batch, result) for candidate, batch, result in session.execute(query)}


def _of_contest(contest: Contest) -> tuple[sa.ColumnElement[bool], ...]:
    """Candidates who were judged by this contest."""
    return (
        col(Candidate.institution_id) == contest.institution_id, col(Candidate.route) == promotions.ROUTE,
        col(Candidate.claimed).startswith(f"contest/{contest.code}/", autoescape=True),
    )  # fmt: skip


def _specifications(session: Session, contest: Contest) -> Sequence[Specification]:
    query = select(Specification).where(
        col(Specification.institution_id) == contest.institution_id, col(Specification.state) == "approved",
        col(Specification.occupation_code) == contest.occupation_code,
    )  # fmt: skip
    return session.exec(query.order_by(col(Specification.code), col(Specification.version))).all()


def _promotion_form(session: Session, contest: Contest, *, blank: bool) -> PromotionForm:
    form = PromotionForm(formdata=None) if blank else PromotionForm()
    form.specification.choices = row_choice(
        "specification", [(one.id, firm_words.name_of(one)) for one in _specifications(session, contest)]
    )
    form.grades.choices = [SelectChoice(one.value, lazy(one.printed)) for one in Grade if one.digit]
    return form


def _content(session: Session, firm: Institution, contest: Contest, form: PromotionForm) -> dict[str, Any]:
    """The form in the form of a batch file."""
    chosen = gate.row_number("specification", form.specification.data)
    specification = next((one for one in _specifications(session, contest) if one.id == chosen), None) or abort(404)
    content = {
        "institution": firm.credit_code, "number": form.number.data, "name": form.name.data,
        "occupation_code": contest.occupation_code, "trade": contest.trade,
        "grades": [Grade(one).printed for one in form.grades.data or []], "specification": specification.code,
        "specification_version": specification.version, "starts_on": form.starts_on.data, "ends_on": form.ends_on.data,
        "authority_reason": form.authority_reason.data or None,
    }  # fmt: skip
    return {key: value for key, value in content.items() if value is not None}


def _listing() -> lists.Listing:
    count = (
        sa.select(sa.func.count()).where(col(ContestResult.contest_id) == col(Contest.id)).correlate(Contest).scalar_subquery()
    )
    query = sa.select(
        *(col(one) for one in (Contest.id, Contest.code, Contest.name, Contest.kind, Contest.document, Contest.held_from, Contest.held_to)),
        count.label("results"),
    ).where(col(Contest.institution_id) == gate.who().institution_id)
    return lists.Listing(
        name="contests", title=_("竞赛"), query=query, id=col(Contest.id), kind="contest", sort="held_from", descending=True,
        columns=(
            lists.Column("code", _("编号"), lambda row: row.code, order=col(Contest.code), kind="link", width=20),
            lists.Column("name", _("名称"), lambda row: row.name, order=col(Contest.name), width=36),
            lists.Column("kind", _("类别"), lambda row: label(CLASSES[row.kind])),
            lists.Column("held_from", _("举办日期"), lambda row: f"{row.held_from} — {row.held_to}", order=col(Contest.held_from), width=26),
            lists.Column("document", _("文件"), lambda row: row.document, width=24),
            lists.Column("results", _("有成绩"), lambda row: row.results, kind="number"),
        ),
        filters=(lists.Filter("kind", _("类别"), CLASSES, lambda value: col(Contest.kind) == value),),
        search=lambda typed: sa.or_(col(Contest.name).contains(typed, autoescape=True), col(Contest.code).contains(typed, autoescape=True)),
        search_hint=_("名称、编号"), link=lambda row: url_for("contests.show", contest_id=row.id),
    )  # fmt: skip
