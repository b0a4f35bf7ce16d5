"""Candidates of a batch: the list with its verdicts, the proof behind each, and the decisions of the review."""

from collections.abc import Sequence

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import Batch, Candidate, Institution, Person
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Proof
from skilleval.services import advice
from skilleval.services import candidates as service
from skilleval.services.tenancy import viewer_of
from skilleval.services.timelines import timeline_of
from skilleval.web import gate, issued, lists, show
from skilleval.web.batches import own_batch, seen_batch
from skilleval.web.language import _

pages = Blueprint("candidates", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/candidates")

#: of so many people who are left undecided it is told why, so that the message fits into a cookie
_TOLD = 3


@pages.get("")
def index(batch_id: int) -> Response | str:
    """The candidates of a batch: all of one's own batch, one's own people in another's."""
    session = gate.reading()
    batch = seen_batch(session, batch_id)
    is_open = batch.state == "enrolling" and viewer_of(session).owns(batch.institution_id)
    listing = _listing(session, batch, selectable=is_open and gate.may("candidates.decide", "POST"))
    return lists.answer(lists.Page(listing, session), "candidates/index.html", batch=batch, open=is_open)


@pages.get("/<row(kind='candidate'):candidate_id>")
def show_(batch_id: int, candidate_id: int) -> str:
    """Why a candidate may sit or not: the proof with every clause, the ways to yes, and the letter about it."""
    session = gate.reading()
    batch = seen_batch(session, batch_id)
    candidate, person, employer = _candidate(session, batch, candidate_id)
    library = gate.site().installation.library
    tree = None if candidate.proof is None else Proof.from_dict(candidate.proof)
    advised = None if tree is None else advice.advise(session, batch, candidate, library)
    ways = () if advised is None else advised.ways
    number = gate.site().installation.vault.open(person.institution_id, person.id_sealed)
    return render_template(
        "candidates/show.html", batch=batch, candidate=candidate, person=person, tree=tree, ways=ways,
        certificates=issued.of_person(session, candidate.person_id),
        number=mask_number(number), employer=employer,
        others=() if tree is None else advice.other_obstacles(tree),
        letter="" if tree is None else advice.candidate_letter(batch, person, candidate, ways),
        outdated=advised is not None and advised.outdated, timeline=timeline_of(session, candidate),
    )  # fmt: skip


@pages.post("/check")
def check(batch_id: int) -> BaseResponse:
    """Judge the undecided candidates again."""
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        library = gate.site().installation.library
        checked = service.check_eligibility(session, gate.actor(), batch, library, on=gate.today())
        session.commit()
    counts = {answer.value: sum(one.verdict == answer.value for one in checked) for answer in Answer}
    flash(
        _("重新判断 {count} 人：符合 {met}，不符合 {not_met}，无法判断 {unknown}").format(count=len(checked), **counts)
    )
    return redirect(url_for("candidates.index", batch_id=batch_id), 303)


@pages.post("/decide")
def decide(batch_id: int) -> BaseResponse:
    """Accept, refuse or let go the candidates that were chosen, or accept all that are met."""
    act, reason = request.form.get("act", ""), request.form.get("reason", "").strip()
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        library = gate.site().installation.library
        left: Sequence[str] = ()
        chosen: Sequence[Candidate] = () if act == "accept_all_met" else _chosen(session, batch)
        match act:
            case "accept_all_met":
                accepted = service.accept_met(session, gate.actor(), batch, library)
                chosen, left = accepted.candidates, accepted.left
                told = _("审核通过 {count} 人。")
            case "accept":
                service.accept_candidates(session, gate.actor(), batch, chosen, library)
                told = _("审核通过 {count} 人。")
            case "refuse":
                service.refuse_candidates(session, gate.actor(), batch, chosen, reason=reason)
                told = _("审核不通过 {count} 人。")
            case "withdraw":
                service.withdraw_candidates(session, gate.actor(), batch, chosen, reason=reason)
                told = _("退出 {count} 人。")
            case _:
                abort(400)
        session.commit()
    flash(told.format(count=len(chosen)))
    if left:
        warning = _("另有 {count} 人符合申报条件，但本机构不能认定，未审核：{why}")
        flash(warning.format(count=len(left), why="；".join(left[:_TOLD])), "warn")
    return redirect(url_for("candidates.index", batch_id=batch_id), 303)


def _chosen(session: Session, batch: Batch) -> Sequence[Candidate]:
    """The candidates of this batch whose boxes were ticked. Refused: none, and a box that belongs elsewhere."""
    numbers = {gate.row_number("candidate", one) for one in request.form.getlist("row")}
    query = select(Candidate).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id,
        col(Candidate.id).in_([number for number in numbers if number is not None]),
    )  # fmt: skip
    found = session.exec(query.order_by(col(Candidate.id))).all()
    if not numbers:
        raise RuleBroken(_("请先在列表中选中考生"))
    if len(found) != len(numbers):
        abort(404)
    return found


def _candidate(session: Session, batch: Batch, candidate_id: int) -> tuple[Candidate, Person, Institution]:
    query = select(Candidate, Person, Institution).where(
        col(Candidate.id) == candidate_id, col(Candidate.batch_id) == batch.id, viewer_of(session).candidates(),
        col(Person.id) == col(Candidate.person_id), col(Institution.id) == col(Candidate.employer_id),
    )  # fmt: skip
    return session.exec(query).first() or abort(404)


def _listing(session: Session, batch: Batch, *, selectable: bool) -> lists.Listing:
    query = (
        sa.select(
            *(col(one) for one in (
                Candidate.id, Candidate.admission_number, Candidate.grade, Candidate.verdict, Candidate.state,
                Candidate.decision_reason, Candidate.claimed, Person.name, Person.employee_no,
            )),
            col(Institution.name).label("employer"),
        )
        .join(Person, col(Person.id) == col(Candidate.person_id))
        .join(Institution, col(Institution.id) == col(Candidate.employer_id))
        .where(col(Candidate.batch_id) == batch.id, viewer_of(session).candidates())
    )  # fmt: skip
    columns: list[lists.Column] = [
        lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.name), kind="link", width=12),
        lists.Column("admission", _("准考证号"), lambda row: row.admission_number, order=sa.func.coalesce(col(Candidate.admission_number), ""), width=20),
        lists.Column("employee_no", _("工号"), lambda row: row.employee_no, order=sa.func.coalesce(col(Person.employee_no), "")),
        lists.Column("employer", _("单位"), lambda row: row.employer, order=col(Institution.name), width=24),
        lists.Column("grade", _("申报等级"), lambda row: show.grade(row.grade), order=col(Candidate.grade)),
        lists.Column("claimed", _("申报条件"), lambda row: row.claimed),
        lists.Column(
            "verdict", _("判断"), lambda row: show.verdict(row.verdict), order=sa.func.coalesce(col(Candidate.verdict), ""),
            kind="state", word=lambda row: row.verdict,
        ),
        lists.Column(
            "state", _("审核"), lambda row: lifecycle.label("candidate", row.state), order=col(Candidate.state),
            kind="state", word=lambda row: row.state,
        ),
        lists.Column("reason", _("审核意见"), lambda row: row.decision_reason, width=30),
    ]  # fmt: skip
    filters: tuple[lists.Filter, ...] = (
        lists.Filter(
            "verdict",
            _("判断"),
            {one.value: one.name_zh for one in Answer},
            lambda value: col(Candidate.verdict) == value,
        ),
        lists.Filter("state", _("审核"), lifecycle.STATES["candidate"], lambda value: col(Candidate.state) == value),
        lists.Filter(
            "grade",
            _("等级"),
            {one: Grade(one).printed for one in batch.grades},
            lambda value: col(Candidate.grade) == value,
        ),
    )
    may_open = gate.may("candidates.show_")
    return lists.Listing(
        name="candidates", title=_("考生"), query=query, id=col(Candidate.id), kind="candidate", sort="admission",
        columns=columns, filters=filters, search=_search, search_hint=_("姓名、准考证号、工号"), selectable=selectable,
        link=(lambda row: url_for("candidates.show_", batch_id=batch.id, candidate_id=row.id)) if may_open else None,
    )  # fmt: skip


def _search(typed: str) -> sa.ColumnElement[bool]:
    return sa.or_(
        col(Person.name).contains(typed, autoescape=True), col(Person.employee_no) == typed,
        col(Candidate.admission_number) == typed,
    )  # fmt: skip
