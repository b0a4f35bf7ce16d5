"""Evidence (佐证材料): the register, one piece with its file, and the verifier's word."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import Candidate, CaseEvidence, CaseLine, Evidence, Institution, Person, RecognitionCase
from skilleval.domain.recognition import EVIDENCE_KINDS, EVIDENCE_STATES
from skilleval.services import evidence as service
from skilleval.services.timelines import timeline_of
from skilleval.uploads.intake import MEDIA_TYPES
from skilleval.web import gate, lists
from skilleval.web.language import _
from skilleval.web.recognitions import WHOLE, seats
from skilleval.web.show import label

pages = Blueprint("evidence", __name__, url_prefix="/evidence")

#: the folder of kept files in the installation
FOLDER = "evidence"


@pages.get("")
def index() -> Response | str:
    """The evidence that the institution keeps, and that of its people at another institution."""
    session = gate.reading()
    return lists.answer(lists.Page(_listing(), session), "evidence/index.html")


@pages.get("/<row(kind='evidence'):evidence_id>")
def show(evidence_id: int) -> str:
    """One piece of evidence: what it shows, the verifier's word, in whose cases it is used."""
    session = gate.reading()
    row, person = seen_evidence(session, evidence_id)
    cases = (
        select(RecognitionCase, CaseLine)
        .join(CaseLine, col(CaseLine.case_id) == col(RecognitionCase.id))
        .join(CaseEvidence, col(CaseEvidence.line_id) == col(CaseLine.id))
        .join(Candidate, col(Candidate.id) == col(RecognitionCase.candidate_id))
        .where(col(CaseEvidence.evidence_id) == row.id, _same_side(col(Candidate.employer_id)))
        .order_by(col(RecognitionCase.number), col(CaseLine.serial))
    )
    return render_template(
        "evidence/show.html", row=row, person=person, cases=session.exec(cases).all(),
        employer=session.get(Institution, row.employer_id), kinds=EVIDENCE_KINDS, states=EVIDENCE_STATES,
        own=row.institution_id == gate.who().institution_id, mine=_handed_in_by_me(row),
        timeline=timeline_of(session, row),
    )  # fmt: skip


@pages.get("/<row(kind='evidence'):evidence_id>/file")
def file(evidence_id: int) -> Response:
    """The file, to be saved: a browser never shows it as a page of this site."""
    row, _person = seen_evidence(gate.reading(), evidence_id)
    if row.stored_as is None:
        abort(404)
    kind = row.stored_as.rpartition(".")[2]
    answer = Response(service.content_of(row, gate.site().installation.folder / FOLDER), mimetype=MEDIA_TYPES[kind])
    answer.headers.set("Content-Disposition", "attachment", filename=f"{row.code}.{kind}")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@pages.post("/<row(kind='evidence'):evidence_id>/accept")
def accept(evidence_id: int) -> BaseResponse:
    """Accept a piece of evidence after it was verified."""
    with gate.writing() as session:
        row = _own(session, evidence_id)
        service.accept_evidence(session, gate.actor(), [row], on=gate.today())
        session.commit()
        told = _("已采信 {code}。").format(code=row.code)
    flash(told)
    return redirect(gate.page_of_form(), 303)


@pages.post("/<row(kind='evidence'):evidence_id>/reject")
def reject(evidence_id: int) -> BaseResponse:
    """Reject a piece of evidence with a reason."""
    with gate.writing() as session:
        row = _own(session, evidence_id)
        service.reject_evidence(session, gate.actor(), [row], reason=request.form.get("reason", ""), on=gate.today())
        session.commit()
        told = _("不采信 {code}，理由已记录。").format(code=row.code)
    flash(told)
    return redirect(gate.page_of_form(), 303)


def seen_evidence(session: Session, evidence_id: int) -> tuple[Evidence, Person]:
    """A piece of evidence that whoever asks may see, with its person; else the page is not there."""
    query = select(Evidence, Person).where(
        col(Evidence.id) == evidence_id, col(Person.id) == col(Evidence.person_id), seen()
    )
    return session.exec(query).first() or abort(404)


def seen() -> sa.ColumnElement[bool]:
    """Evidence that whoever asks may see: of the own institution, of the own people, or of a case of the own panel."""
    who = gate.who()
    shown: list[sa.ColumnElement[bool]] = []
    if {"member_hr"} & who.roles or WHOLE & who.roles:
        shown.append(col(Evidence.employer_id) == who.institution_id)
    if WHOLE & who.roles:
        shown.append(col(Evidence.institution_id) == who.institution_id)
    if "assessor" in who.roles and who.personnel_id is not None:
        shown.append(col(Evidence.id).in_(_of_panel(who.personnel_id)))
    return sa.or_(sa.false(), *shown)


def _of_panel(personnel_id: int) -> sa.Select[Any]:
    return (
        sa.select(col(CaseEvidence.evidence_id))
        .join(CaseLine, col(CaseLine.id) == col(CaseEvidence.line_id))
        .join(RecognitionCase, col(RecognitionCase.id) == col(CaseLine.case_id))
        .where(col(RecognitionCase.batch_id).in_(seats(personnel_id)))
    )


def _same_side(employer: sa.ColumnElement[int] | Any) -> sa.ColumnElement[bool]:
    """Cases that may be named beside a piece of evidence: a member firm is told of its own people's only."""
    who = gate.who()
    own = col(RecognitionCase.institution_id) == who.institution_id
    return sa.or_(employer == who.institution_id, own if (WHOLE | {"assessor"}) & who.roles else sa.false())


def _own(session: Session, evidence_id: int) -> Evidence:
    """Evidence that the institution keeps: only its own side verifies, never the firm that applies."""
    query = select(Evidence).where(
        col(Evidence.id) == evidence_id, col(Evidence.institution_id) == gate.who().institution_id
    )
    return session.exec(query).first() or abort(404)


def _handed_in_by_me(row: Evidence) -> bool:
    return bool(row.submitted_by) and row.submitted_by == gate.actor().account


def _listing() -> lists.Listing:
    query = (
        sa.select(
            *(col(one) for one in (
                Evidence.id, Evidence.code, Evidence.kind, Evidence.title, Evidence.issuer, Evidence.started_on,
                Evidence.ended_on, Evidence.state, Evidence.stored_as, Evidence.verifier, Person.name,
            )),
            col(Institution.name).label("employer"),
        )
        .join(Person, col(Person.id) == col(Evidence.person_id))
        .join(Institution, col(Institution.id) == col(Evidence.employer_id))
        .where(seen())
    )  # fmt: skip
    return lists.Listing(
        name="evidence", title=_("佐证材料"), query=query, id=col(Evidence.id), kind="evidence", sort="code",
        columns=(
            lists.Column("code", _("编号"), lambda row: row.code, order=col(Evidence.code), kind="link", width=22),
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.name), width=12),
            lists.Column("employer", _("单位"), lambda row: row.employer, order=col(Institution.name), width=24),
            lists.Column("kind", _("类别"), lambda row: label(EVIDENCE_KINDS[row.kind]), order=col(Evidence.kind)),
            lists.Column("title", _("名称"), lambda row: row.title, width=30),
            lists.Column("period", _("起止"), lambda row: f"{row.started_on} — {row.ended_on or ''}".rstrip(" —"), order=col(Evidence.started_on), width=24),
            lists.Column("issuer", _("出具单位"), lambda row: row.issuer, width=20),
            lists.Column("file", _("文件"), lambda row: _("有") if row.stored_as else None),
            lists.Column(
                "state", _("核验"), lambda row: EVIDENCE_STATES[row.state], order=col(Evidence.state), kind="state",
                word=lambda row: row.state,
            ),
            lists.Column("verifier", _("核验人"), lambda row: row.verifier),
        ),
        filters=(
            lists.Filter("state", _("核验"), EVIDENCE_STATES, lambda value: col(Evidence.state) == value),
            lists.Filter("kind", _("类别"), EVIDENCE_KINDS, lambda value: col(Evidence.kind) == value),
        ),
        search=lambda typed: sa.or_(
            col(Person.name).contains(typed, autoescape=True), col(Evidence.code).contains(typed, autoescape=True),
            col(Evidence.title).contains(typed, autoescape=True),
        ),
        search_hint=_("姓名、编号、名称"),
        link=lambda row: url_for("evidence.show", evidence_id=row.id),
    )  # fmt: skip
