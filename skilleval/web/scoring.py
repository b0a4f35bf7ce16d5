"""Scoring on a tablet: an assessor's own sheets, candidate by candidate, saved as drafts until they are handed in."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import Batch, Personnel, SpecificationPart
from skilleval.domain import marking as domain
from skilleval.domain.errors import RuleBroken
from skilleval.services import entries, mark_drafts, marking_scene
from skilleval.services import marking as service
from skilleval.services.duties import duty_problem
from skilleval.services.mark_drafts import Line
from skilleval.services.marking_scene import Scene
from skilleval.services.records import RecordLine
from skilleval.web import gate, show
from skilleval.web.batches import own_batch
from skilleval.web.language import _, lazy

pages = Blueprint("scoring", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/scoring")

#: one candidate on a sheet that is scored by criterion, or on one that is computed from records
Seated = TypeVar("Seated", Line, RecordLine)
#: state of a candidate on a sheet → its word and its look
STATES = {"open": (lazy("未评"), "wait"), "draft": (lazy("草稿"), "warn"), "locked": (lazy("已锁定"), "good")}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that is open before its assessor."""

    batch: Batch
    scene: Scene
    part: SpecificationPart
    assessor: Personnel


@dataclass(frozen=True, slots=True)
class Own:
    """One of an assessor's sheets in their list: how many candidates it has, and of how many they have locked it."""

    part: SpecificationPart
    candidates: int
    locked: int
    is_computed: bool


@pages.get("")
def index(batch_id: int) -> str:
    """My sheets in this batch."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    scene = marking_scene.scene_of(session, batch)
    me = gate.who().personnel_id
    own = [
        Own(part, len(scene.sitting(part)), scene.locked_by(part, one), scene.is_computed(part))
        for part in scene.parts
        for one in scene.assessors.get(part.id or 0, ())
        if one.id == me and scene.sitting(part)
    ]
    return render_template(
        "marks/own.html", batch=batch, sheets=own, linked=me is not None, title=marking_scene.title,
        barred=duty_problem(session, gate.actor(), batch, "marking.lock_sheet"),
    )  # fmt: skip


@pages.get("/<row(kind='part'):part_id>")
def begin(batch_id: int, part_id: int) -> BaseResponse:
    """The first candidate of a sheet who is not locked, else the first."""
    session = gate.reading()
    sheet = _sheet(session, batch_id, part_id)
    lines = mark_drafts.lines_of(session, sheet.scene, sheet.part, sheet.assessor)
    if not lines:
        abort(404)
    first = next((line for line in lines if line.state != "locked"), lines[0])
    return redirect(_address(sheet, first), 303)


@pages.route("/<row(kind='part'):part_id>/<row(kind='candidate'):candidate_id>", methods=["GET", "POST"])
def sheet(batch_id: int, part_id: int, candidate_id: int) -> BaseResponse | str | tuple[BaseResponse | str, int]:
    """One candidate's sheet. A POST keeps it as a draft; the page's own script sends one after each change."""
    typed, refusal = None, None
    if request.method == "POST":
        try:
            return _save(batch_id, part_id, candidate_id)
        except RuleBroken as error:
            refusal, typed = error, request.form
            if is_script():
                return jsonify(problems=list(error.reasons or (error.message,))), 422
    session = gate.reading()
    own = _sheet(session, batch_id, part_id)
    lines = mark_drafts.lines_of(session, own.scene, own.part, own.assessor)
    line = line_of(lines, candidate_id)
    plan = own.scene.plan(own.part)
    page = render_template(
        "marks/sheet.html", batch=own.batch, part=own.part, title=marking_scene.title(own.part), plan=plan, lines=lines,
        line=line, place=lines.index(line), states=STATES, typed=typed, refusal=refusal, shown_cell=domain.shown,
        addresses=[_address(own, one) for one in lines],
    )  # fmt: skip
    return page if refusal is None else (page, 422)


@pages.route("/<row(kind='part'):part_id>/submit", methods=["GET", "POST"])
def submit(batch_id: int, part_id: int) -> BaseResponse | str:
    """What is whole and what is missing; handing in makes marks of what is whole, and locks them."""
    if request.method == "POST":
        with gate.writing() as session:
            own = _sheet(session, batch_id, part_id)
            marks = service.lock_sheet(session, gate.actor(), own.scene, own.part, own.assessor)
            session.commit()
            flash(_("已提交并锁定 {count} 人的评分。").format(count=len(marks)))
        return redirect(url_for("scoring.submit", batch_id=batch_id, part_id=part_id), 303)
    session = gate.reading()
    own = _sheet(session, batch_id, part_id)
    lines = mark_drafts.lines_of(session, own.scene, own.part, own.assessor)
    return render_template(
        "marks/submit.html", batch=own.batch, part=own.part, title=marking_scene.title(own.part), lines=lines, states=STATES,
        whole=[line for line in lines if line.is_whole and line.version],
        unfinished=[line for line in lines if line.state != "locked" and not (line.is_whole and line.version)],
        addresses={line.candidate.id: _address(own, line) for line in lines},
    )  # fmt: skip


def _save(batch_id: int, part_id: int, candidate_id: int) -> BaseResponse:
    with gate.writing() as session:
        own = _sheet(session, batch_id, part_id)
        lines = mark_drafts.lines_of(session, own.scene, own.part, own.assessor)
        line = line_of(lines, candidate_id)
        plan = own.scene.plan(own.part)
        typed = {key: request.form.get(f"cell:{key}", "") for key, _label in domain.cells(plan)}
        entered = entries.read_entered(typed, request.form.getlist("veto"), plan, absent="absent" in request.form)
        draft = mark_drafts.save_draft(
            session, own.scene, own.part, line.candidate, own.assessor, entered,
            version=request.form.get("version", 0, type=int),
        )  # fmt: skip
        session.commit()
        missing, total = domain.missing(entered, plan), domain.running(entered, plan)
        kept = {
            "version": draft.version, "saved_at": f"{draft.saved_at.astimezone(gate.CHINA):%H:%M:%S}",
            "missing": missing, "total": show.mark(total), "state": str(STATES["open" if entered.is_empty else "draft"][0]),
        }  # fmt: skip
        address = _address(own, line_after(lines, line) if request.form.get("go") == "next" else line)
    return jsonify(**kept) if is_script() else redirect(address, 303)


def is_script() -> bool:
    """Whether the page's own script asks, and not the browser."""
    return request.accept_mimetypes.best == "application/json"


def own_part(session: Session, batch_id: int, part_id: int) -> tuple[Scene, SpecificationPart, Personnel]:
    """A part that whoever asks assesses, and whom they are among the personnel. Not there: anything else."""
    scene = marking_scene.scene_of(session, own_batch(session, batch_id))
    part = next((one for one in scene.parts if one.id == part_id), None) or abort(404)
    me = gate.who().personnel_id
    assessor = next((one for one in scene.assessors.get(part_id, ()) if one.id == me), None)
    return scene, part, assessor or abort(404)


def line_of(lines: list[Seated], candidate_id: int) -> Seated:
    """The line of a candidate. Not there: somebody who does not sit on this sheet."""
    return next((line for line in lines if line.candidate.id == candidate_id), None) or abort(404)


def line_after(lines: list[Seated], line: Seated) -> Seated:
    """The next candidate's line; of the last one its own."""
    return next((after for one, after in pairwise(lines) if one is line), line)


def _sheet(session: Session, batch_id: int, part_id: int) -> Sheet:
    """The sheet of whoever asks. Not there: a part that is computed from records."""
    scene, part, assessor = own_part(session, batch_id, part_id)
    if scene.is_computed(part):
        abort(404)
    return Sheet(scene.batch, scene, part, assessor)


def _address(sheet: Sheet, line: Line) -> str:
    return url_for("scoring.sheet", batch_id=sheet.batch.id, part_id=sheet.part.id, candidate_id=line.candidate.id)
