"""Cases of direct recognition: the list of a batch, and laying them by a common sheet or by a file."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import (
    Batch,
    Candidate,
    CaseEvidence,
    CaseLine,
    Evidence,
    Institution,
    Panel,
    PanelMember,
    Person,
    RecognitionCase,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.recognition import DIRECT_METHODS, FIXED_GROUPS, STATES
from skilleval.services import recognitions as service
from skilleval.services.tenancy import viewer_of
from skilleval.web import gate, lists, show
from skilleval.web.batches import own_batch, seen_batch
from skilleval.web.forms import Form, number_in, toml_of
from skilleval.web.language import _, lazy

pages = Blueprint("recognitions", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/cases")

#: lines that the sheet of a new case offers
ROWS = 10
#: who sees all cases of the institution's own batches
WHOLE = {"hr", "reviewer", "approver", "supervisor", "auditor"}


class SheetForm(Form):
    """A common composite sheet; its lines and the candidates are read from the rows of the page."""


class FileForm(Form):
    """A file of cases."""

    file = FileField(lazy("案卷文件（TOML）"))


@pages.get("")
def index(batch_id: int) -> Response | str:
    """The cases of a batch with their state and how far the must-lines are covered."""
    session = gate.reading()
    batch = direct_batch(session, batch_id)
    waiting = _waiting(session, batch) if viewer_of(session).owns(batch.institution_id) else []
    return lists.answer(
        lists.Page(_listing(batch), session), "recognitions/index.html", batch=batch, waiting=waiting,
        own=viewer_of(session).owns(batch.institution_id), undecided=_undecided(session, batch),
    )  # fmt: skip


@pages.route("/new", methods=["GET", "POST"])
def new(batch_id: int) -> BaseResponse | str:
    """Lay cases for the candidates that were chosen, by one sheet for all of them."""
    form = SheetForm()
    if form.validate_on_submit():
        try:
            count = _lay(batch_id, None)
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            return _laid(batch_id, count)
    return _new_page(batch_id, form, FileForm(formdata=None))


@pages.post("/file")
def by_file(batch_id: int) -> BaseResponse | str:
    """Lay the cases of a file, all of them or none."""
    form = FileForm()
    try:
        count = _lay(batch_id, toml_of(form.file.data))
    except RuleBroken as refusal:
        form.refuse(refusal)
        return _new_page(batch_id, SheetForm(formdata=None), form)
    return _laid(batch_id, count)


def direct_batch(session: Session, batch_id: int) -> Batch:
    """The batch, if whoever asks sees it and it is one of direct recognition; else the page is not there."""
    batch = seen_batch(session, batch_id)
    return batch if batch.route == "direct" else abort(404)


def seen_candidates() -> sa.ColumnElement[bool]:
    """Candidates whose cases whoever asks may see: of the own batches, of the own people, or of the own panel."""
    who = gate.who()
    own = col(Candidate.employer_id) == who.institution_id
    shown: list[sa.ColumnElement[bool]] = [own] if "member_hr" in who.roles or WHOLE & who.roles else []
    if WHOLE & who.roles:
        shown.append(col(Candidate.institution_id) == who.institution_id)
    if "assessor" in who.roles and who.personnel_id is not None:
        shown.append(col(Candidate.batch_id).in_(seats(who.personnel_id)))
    return sa.or_(sa.false(), *shown)


def seats(personnel_id: int) -> sa.Select[Any]:
    """The batches of the institution on whose panel for direct recognition one of its personnel sits."""
    return (
        sa.select(col(Panel.batch_id))
        .join(PanelMember, col(PanelMember.panel_id) == col(Panel.id))
        .where(
            col(Panel.institution_id) == gate.who().institution_id, col(Panel.method) == "",
            col(PanelMember.personnel_id) == personnel_id,
        )
    )  # fmt: skip


def _lay(batch_id: int, content: dict[str, Any] | None) -> int:
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        if content is not None and content.get("batch") not in (None, batch.number):
            raise RuleBroken(_("文件是批次 {other} 的，这里是 {own}").format(other=content["batch"], own=batch.number))
        entries = _entries(session, batch) if content is None else content.get("cases", [])
        cases = service.add_cases(
            session, gate.actor(), batch, entries, vault=gate.site().installation.vault
        )
        session.commit()
        return len(cases)


def _laid(batch_id: int, count: int) -> BaseResponse:
    flash(_("已建立 {count} 个案卷。下一步：上传佐证材料。").format(count=count))
    return redirect(url_for("recognitions.index", batch_id=batch_id), 303)


def _entries(session: Session, batch: Batch) -> list[dict[str, Any]]:
    """What the page says, in the form of a file of cases."""
    chosen = [gate.row_number("candidate", one) for one in request.form.getlist("candidate")]
    waiting = {row.id: row for row in _waiting(session, batch)}
    if not chosen:
        raise RuleBroken(_("请先选中要建立案卷的考生"))
    if any(one not in waiting for one in chosen):
        abort(404)
    methods = [one for one in request.form.getlist("method") if one in DIRECT_METHODS]
    lines = [line for place in range(ROWS) if (line := _line(place))]
    return [
        {"candidate": _named(waiting[one]), "methods": methods, "lines": lines}
        for one in chosen
    ]


def _named(row: sa.Row[Any]) -> str:
    return str(row.admission_number or row.employee_no or row.name)


def _line(place: int) -> dict[str, Any] | None:
    typed = {key: request.form.get(f"{key}-{place}", "").strip() for key in ("group", "text", "maximum")}
    if not typed["text"] and not typed["maximum"]:
        return None
    maximum = number_in(typed["maximum"])
    return {
        "group": typed["group"], "text": typed["text"], "must": f"must-{place}" in request.form,
        **({} if maximum is None else {"maximum": maximum}),
    }  # fmt: skip


def _new_page(batch_id: int, form: SheetForm, file_form: FileForm) -> BaseResponse:
    session = gate.reading()
    batch = own_batch(session, batch_id)
    if batch.route != "direct":
        abort(404)
    page = render_template(
        "recognitions/new.html", batch=batch, form=form, file_form=file_form, waiting=_waiting(session, batch),
        lines=_typed() if request.method == "POST" else _like(session, batch), groups=FIXED_GROUPS, rows=ROWS,
        methods={key: METHODS[key].name_zh for key in DIRECT_METHODS},
        chosen=request.form.getlist("candidate"), used=request.form.getlist("method"),
    )  # fmt: skip
    return Response(page, 422 if request.method == "POST" else 200, content_type="text/html; charset=utf-8")


def _typed() -> list[dict[str, Any]]:
    return [
        {**{key: request.form.get(f"{key}-{place}", "") for key in ("group", "text", "maximum")},
         "must": f"must-{place}" in request.form}
        for place in range(ROWS)
    ]  # fmt: skip


def _like(session: Session, batch: Batch) -> list[dict[str, Any]]:
    """The sheet of the batch's last case, for most people of a batch are held against the same one; else the fixed groups."""
    last = sa.select(sa.func.max(col(RecognitionCase.id))).where(
        col(RecognitionCase.institution_id) == batch.institution_id, col(RecognitionCase.batch_id) == batch.id
    )
    query = select(CaseLine).where(
        col(CaseLine.institution_id) == batch.institution_id, col(CaseLine.case_id) == last.scalar_subquery()
    )
    found = [
        {"group": one.category, "text": one.text, "maximum": show.mark(one.maximum), "must": one.must}
        for one in session.exec(query.order_by(col(CaseLine.serial)))
    ]
    return found[:ROWS] or [{"group": group, "text": "", "maximum": "", "must": False} for group in FIXED_GROUPS]


def _waiting(session: Session, batch: Batch) -> Sequence[sa.Row[Any]]:
    """The eligible candidates of one's own batch that have no case."""
    cases = sa.select(col(RecognitionCase.candidate_id)).where(col(RecognitionCase.batch_id) == batch.id)
    query = (
        sa.select(col(Candidate.id), col(Candidate.admission_number), col(Candidate.grade), col(Person.name), col(Person.employee_no))
        .join(Person, col(Person.id) == col(Candidate.person_id))
        .where(
            col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id,
            col(Candidate.state) == "eligible", col(Candidate.id).not_in(cases),
        )
    )  # fmt: skip
    return session.execute(query.order_by(col(Candidate.admission_number), col(Candidate.id))).all()


def _undecided(session: Session, batch: Batch) -> int:
    query = sa.select(sa.func.count()).where(
        col(RecognitionCase.institution_id) == batch.institution_id, col(RecognitionCase.batch_id) == batch.id,
        col(RecognitionCase.state).in_(("draft", "reviewing")),
    )  # fmt: skip
    return int(session.execute(query).scalar_one())


def _count(*wanted: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    query = sa.select(sa.func.count()).where(col(CaseLine.case_id) == col(RecognitionCase.id), col(CaseLine.must))
    return query.where(*wanted).correlate(RecognitionCase).scalar_subquery()


def _listing(batch: Batch) -> lists.Listing:
    accepted = (
        sa.exists()
        .where(col(CaseEvidence.line_id) == col(CaseLine.id), col(Evidence.id) == col(CaseEvidence.evidence_id))
        .where(col(Evidence.state) == "accepted")
        .correlate(CaseLine)
    )
    query = (
        sa.select(
            *(col(one) for one in (
                RecognitionCase.id, RecognitionCase.number, RecognitionCase.state, RecognitionCase.methods,
                Candidate.grade, Person.name,
            )),
            col(Institution.name).label("employer"), _count().label("musts"), _count(accepted).label("covered"),
        )
        .join(Candidate, col(Candidate.id) == col(RecognitionCase.candidate_id))
        .join(Person, col(Person.id) == col(Candidate.person_id))
        .join(Institution, col(Institution.id) == col(Candidate.employer_id))
        .where(col(RecognitionCase.batch_id) == batch.id, seen_candidates())
    )  # fmt: skip
    return lists.Listing(
        name="cases", title=_("直接认定档案"), query=query, id=col(RecognitionCase.id), kind="case", sort="number",
        columns=(
            lists.Column("number", _("案卷编号"), lambda row: row.number, order=col(RecognitionCase.number), kind="link", width=20),
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.name), width=12),
            lists.Column("employer", _("单位"), lambda row: row.employer, order=col(Institution.name), width=24),
            lists.Column("grade", _("申报等级"), lambda row: show.grade(row.grade), order=col(Candidate.grade)),
            lists.Column("methods", _("认定方式"), lambda row: [show.label(METHODS[key].short_zh) for key in row.methods]),
            lists.Column("covered", _("必备项有佐证"), lambda row: f"{row.covered} / {row.musts}", kind="number"),
            lists.Column(
                "state", _("状态"), lambda row: STATES[row.state], order=col(RecognitionCase.state), kind="state",
                word=lambda row: row.state,
            ),
        ),
        filters=(lists.Filter("state", _("状态"), STATES, lambda value: col(RecognitionCase.state) == value),),
        search=lambda typed: sa.or_(
            col(Person.name).contains(typed, autoescape=True), col(RecognitionCase.number).contains(typed, autoescape=True)
        ),
        search_hint=_("姓名、案卷编号"),
        link=lambda row: url_for("cases.show", batch_id=batch.id, case_id=row.id),
    )  # fmt: skip
