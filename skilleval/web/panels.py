"""Who assesses a batch: panels proposed and put together, staff changed, people held against it, absences, conflicts."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import Batch, Candidate, Panel, Personnel, Venue
from skilleval.domain.conflicts import KINDS, STATES
from skilleval.domain.errors import RuleBroken
from skilleval.domain.lifecycle import missing_in
from skilleval.domain.methods import METHODS
from skilleval.domain.panels import ASSESSING
from skilleval.services import attendance, batches, staffing
from skilleval.services import conflicts as conflict_service
from skilleval.services import panels as service
from skilleval.services.recused_results import touched_by, votes_anew
from skilleval.web import gate
from skilleval.web import jobs as job_pages
from skilleval.web.batches import own_batch
from skilleval.web.language import _
from skilleval.web.show import label

pages = Blueprint("panels", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/panels")

#: states of a batch in which somebody of a panel may be entered as absent
HELD = ("scheduled", "marking")


@pages.get("")
def index(batch_id: int) -> str:
    """The panels, who assesses what, and the ways to change it."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    staff = batches.staff_of(session, batch)
    again = votes_anew(session, batch)
    return render_template(
        "panels/index.html", batch=batch, panels=service.panels_of(session, batch), people=_people(session, batch),
        venues=_venues(session, batch), methods=_methods(session, batch), names=METHODS, direct=service.DIRECT, is_open=batch.state in staffing.OPEN,
        may_miss=batch.state in HELD or again, again=again, assessing=ASSESSING,
        many=job_pages.many_candidates(session, batch),
        assigned={f"{person.code}:{one.method}" for one, person in staff if one.role == "assessor"},
        supervising={person.code for one, person in staff if one.role == "supervisor"},
    )  # fmt: skip


@pages.get("/propose")
def propose(batch_id: int) -> str | tuple[str, int]:
    """A proposal with the reasons for everybody and what follows; it is applied, or changed first, by its form."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    named, size = request.args.get("method", ""), request.args.get("size", None, type=int)
    if named not in (*METHODS, service.DIRECT):
        abort(404)
    refusal, found = None, None
    try:
        found = service.propose_panel(session, batch, service.method_of(named), size)
    except RuleBroken as error:
        refusal = error
    page = render_template(
        "panels/propose.html", batch=batch, named=named, title=_title(named), size=size, found=found, refusal=refusal,
        is_open=batch.state in staffing.OPEN, people={one.code: one.id for one in _people(session, batch)},
    )  # fmt: skip
    return (page, 422) if refusal else page


@pages.get("/check")
def check(batch_id: int) -> str:
    """One person held against the batch: fit for which part, and every conflict. Nothing is assigned."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    found = service.check_person(session, batch, _named_person(session, batch, request.args.get("person", "")).code)
    return render_template(
        "panels/check.html", batch=batch, found=found, kinds=KINDS, states=STATES,
        proofs=[(_title(method), proof, missing_in(proof)) for method, proof in found.proofs.items()],
    )  # fmt: skip


@pages.get("/conflicts")
def conflicts(batch_id: int) -> str:
    """The conflicts of everybody who acts with those whom they examine."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    found = conflict_service.conflicts_of_batch(session, batch)
    return render_template("panels/conflicts.html", batch=batch, found=found, kinds=KINDS, states=STATES)


@pages.post("/assign")
def assign(batch_id: int) -> BaseResponse:
    """Put a panel together."""
    named = request.form.get("method", "")
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        codes = [_named_person(session, batch, one).code for one in request.form.getlist("member")]
        chair = _named_person(session, batch, request.form.get("chair", "")).code
        service.assign_panel(
            session, gate.actor(), batch, service.method_of(named), chair=chair, members=codes,
            reason=request.form.get("reason", ""),
        )  # fmt: skip
        session.commit()
    flash(_("评审组已组成。"))
    return redirect(url_for("panels.index", batch_id=batch_id), 303)


@pages.post("/attendance")
def attend(batch_id: int) -> BaseResponse:
    """Enter a member as absent, take that back, or call somebody in for one."""
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        panel = session.exec(
            select(Panel).where(
                col(Panel.id) == gate.row_number("panel", request.form.get("panel", "")),
                col(Panel.institution_id) == batch.institution_id, col(Panel.batch_id) == batch.id,
            )
        ).first() or abort(404)  # fmt: skip
        code = _named_person(session, batch, request.form.get("person", "")).code
        reason = request.form.get("reason", "")
        match request.form.get("act"):
            case "absent":
                attendance.record_absence(
                    session, gate.actor(), batch, panel.method, member_code=code, reason=reason
                )
                told = _("已登记缺席；缺席的成员不评分、不表决。")
            case "attend":
                attendance.cancel_absence(
                    session, gate.actor(), batch, panel.method, member_code=code, reason=reason
                )
                told = _("已取消缺席登记。")
            case "substitute":
                attendance.substitute_member(
                    session, gate.actor(), batch, panel.method, absent_code=code, reason=reason,
                    substitute_code=_named_person(session, batch, request.form.get("substitute", "")).code,
                )  # fmt: skip
                told = _("已增补成员。")
            case _:
                abort(400)
        session.commit()
    flash(told)
    return redirect(url_for("panels.index", batch_id=batch_id), 303)


@pages.post("/staff")
def staff(batch_id: int) -> BaseResponse:
    """Change assessors, supervisors and venues to what the form says."""
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        methods: dict[str, list[str]] = {}
        for one in request.form.getlist("staff"):
            code, _colon, method = one.rpartition(":")
            methods.setdefault(code, []).append(method)
        content: dict[str, Any] = {
            "assessors": [{"code": code, "methods": kinds} for code, kinds in methods.items()],
            "supervisors": request.form.getlist("supervisor"), "venues": request.form.getlist("venue"),
        }  # fmt: skip
        staffing.restaff_batch(session, gate.actor(), batch, content, reason=request.form.get("reason", ""))
        session.commit()
    flash(_("人员和场地已调整。"))
    return redirect(url_for("panels.index", batch_id=batch_id), 303)


@pages.post("/conflicts")
def decide(batch_id: int) -> BaseResponse:
    """Confirm or dismiss a conflict."""
    state = request.form.get("state", "")
    kind = request.form.get("kind", "")
    if state not in ("confirmed", "dismissed") or kind not in KINDS:
        abort(400)
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        person_id = gate.row_number("person", request.form.get("subject", ""))
        query = select(Candidate.id).where(
            col(Candidate.batch_id) == batch.id, col(Candidate.institution_id) == batch.institution_id,
            col(Candidate.person_id) == person_id,
        )  # fmt: skip
        if session.exec(query).first() is None:
            abort(404)
        code = _named_person(session, batch, request.form.get("examiner", "")).code
        row = conflict_service.decide_conflict(
            session, gate.actor(), batch, f"{batch.number}:{code}:{person_id}:{kind}", state=state,
            reason=request.form.get("reason", ""), on=gate.today(),
        )  # fmt: skip
        touched = [f"{one.number} {counted.told}" for one, counted in touched_by(session, row)]
        session.commit()
    for told in touched:
        flash(_("须处理后才能公示、发证、上报：{told}").format(told=told))
    flash(_("回避情形{state}，理由已记入日志。").format(state=label(STATES[state])))
    return redirect(url_for("panels.conflicts", batch_id=batch_id), 303)


def _people(session: Session, batch: Batch) -> Sequence[Personnel]:
    query = select(Personnel).where(col(Personnel.institution_id) == batch.institution_id)
    return session.exec(query.order_by(col(Personnel.code))).all()


def _venues(session: Session, batch: Batch) -> Sequence[Venue]:
    query = select(Venue).where(col(Venue.institution_id) == batch.institution_id)
    return session.exec(query.order_by(col(Venue.name))).all()


def _named_person(session: Session, batch: Batch, address: str) -> Personnel:
    """Somebody of the batch's institution by the hidden number that a form or address sent."""
    query = select(Personnel).where(
        col(Personnel.institution_id) == batch.institution_id, col(Personnel.id) == gate.row_number("personnel", address)
    )
    return session.exec(query).first() or abort(404)


def _methods(session: Session, batch: Batch) -> list[str]:
    own = {part.method for part in batches.parts_of_batch(session, batch)}
    return [key for key in METHODS if key in own]


def _title(named: str) -> str:
    return label(METHODS[named].name_zh) if named in METHODS else _("直接认定")
