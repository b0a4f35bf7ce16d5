"""Performance and process (业绩、过程) on screen: the values of indicators by period, or dated observations with their weights.

Drafts as on the criterion sheets; handing in computes the marks of those of whom nothing is missing.
"""

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from skilleval.domain.errors import RuleBroken
from skilleval.domain.performance import Review
from skilleval.domain.records import Recorded, so_far
from skilleval.services import entries, marking_scene
from skilleval.services import records as service
from skilleval.services.records import RecordLine, RecordSheet
from skilleval.web import gate, show
from skilleval.web.language import _
from skilleval.web.scoring import STATES, is_script, line_after, line_of, own_part

pages = Blueprint("records", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/records")

_CELLS = ("day", "occasion", "observer", "score")
#: empty rows for observations below those that there are, and the most that one candidate may have
SPARE, MOST = 2, 200


@pages.get("/<row(kind='part'):part_id>")
def begin(batch_id: int, part_id: int) -> BaseResponse:
    """The first candidate who is not locked, else the first."""
    session = gate.reading()
    own = _sheet(session, batch_id, part_id)
    lines = service.lines_of(session, own)
    if not lines:
        abort(404)
    return redirect(_address(own, next((line for line in lines if line.state != "locked"), lines[0])), 303)


@pages.route("/<row(kind='part'):part_id>/<row(kind='candidate'):candidate_id>", methods=["GET", "POST"])
def sheet(batch_id: int, part_id: int, candidate_id: int) -> BaseResponse | str | tuple[BaseResponse | str, int]:
    """One candidate's records. A POST keeps them as a draft; the page's own script sends one after each change."""
    refusal = None
    if request.method == "POST":
        try:
            return _save(batch_id, part_id, candidate_id)
        except RuleBroken as error:
            refusal = error
            if is_script():
                return jsonify(problems=list(error.reasons or (error.message,))), 422
    session = gate.reading()
    own = _sheet(session, batch_id, part_id)
    lines = service.lines_of(session, own)
    line = line_of(lines, candidate_id)
    page = render_template(
        "records/sheet.html", batch=own.scene.batch, part=own.part, title=marking_scene.title(own.part), plan=own.plan,
        is_review=isinstance(own.plan, Review), lines=lines, line=line, place=lines.index(line), states=STATES, refusal=refusal,
        values=_typed_values(own) if refusal else {key: f"{value:f}" for key, value in line.recorded.values.items()},
        rows=_typed_rows() if refusal else _rows(own, line), observers=own.observers, me=own.assessor,
        addresses=[_address(own, one) for one in lines],
    )  # fmt: skip
    return page if refusal is None else (page, 422)


@pages.route("/<row(kind='part'):part_id>/submit", methods=["GET", "POST"])
def submit(batch_id: int, part_id: int) -> BaseResponse | str:
    """Who is whole and what is missing; handing in computes the marks of those who are whole, and locks them."""
    if request.method == "POST":
        with gate.writing() as session:
            marks = service.lock_records(session, gate.actor(), _sheet(session, batch_id, part_id))
            session.commit()
            flash(_("已提交并锁定 {count} 人的评分。").format(count=len(marks)))
        return redirect(url_for("records.submit", batch_id=batch_id, part_id=part_id), 303)
    session = gate.reading()
    own = _sheet(session, batch_id, part_id)
    lines = service.lines_of(session, own)
    return render_template(
        "records/submit.html", batch=own.scene.batch, part=own.part, title=marking_scene.title(own.part), lines=lines, states=STATES,
        whole=[line for line in lines if line.is_whole and line.version],
        unfinished=[line for line in lines if line.state != "locked" and not (line.is_whole and line.version)],
        addresses={line.candidate.id: _address(own, line) for line in lines},
    )  # fmt: skip


def _save(batch_id: int, part_id: int, candidate_id: int) -> BaseResponse:
    with gate.writing() as session:
        own = _sheet(session, batch_id, part_id)
        lines = service.lines_of(session, own)
        line = line_of(lines, candidate_id)
        recorded = _recorded(own)
        draft = service.save_record(
            session, own, line.candidate, recorded, version=request.form.get("version", 0, type=int)
        )
        session.commit()
        found = so_far(recorded, own.plan, own.frame)
        kept = {
            "version": draft.version, "saved_at": f"{draft.saved_at.astimezone(gate.CHINA):%H:%M:%S}",
            "missing": [] if recorded.absent else list(found.missing), "total": show.mark(found.points),
            "weight": f"{float(found.weight):g}%" if found.weight is not None else "",
            "state": str(STATES["open" if recorded.is_empty else "draft"][0]),
        }  # fmt: skip
        address = _address(own, line_after(lines, line) if request.form.get("go") == "next" else line)
    return jsonify(**kept) if is_script() else redirect(address, 303)


def _recorded(own: RecordSheet) -> Recorded:
    """What was typed. Refused: what can't be read."""
    absent = "absent" in request.form
    if isinstance(own.plan, Review):
        return Recorded(absent, entries.read_values(_typed_values(own), own.plan))
    return Recorded(absent, {}, entries.read_observations(_typed_rows(), own.plan))


def _typed_values(own: RecordSheet) -> dict[tuple[str, str], str]:
    """The cells of indicators; they are called by their places, for periods and codes are anybody's text."""
    if not isinstance(own.plan, Review):
        return {}
    return {
        (period.name, one.code): request.form.get(f"value-{row}-{column}", "")
        for row, period in enumerate(own.plan.periods)
        for column, one in enumerate(own.plan.indicators)
    }


def _typed_rows() -> list[dict[str, str]]:
    """The rows of observations, to the last that the page had."""
    count = min(request.form.get("rows", 0, type=int), MOST)
    return [{cell: request.form.get(f"{cell}-{row}", "") for cell in _CELLS} for row in range(count)]


def _rows(own: RecordSheet, line: RecordLine) -> list[dict[str, str]]:
    """The observations that there are, and empty rows for more."""
    if isinstance(own.plan, Review):
        return []
    known = [
        {"day": one.day.isoformat(), "occasion": one.occasion, "observer": one.observer, "score": show.mark(one.score)}
        for one in line.recorded.observations
    ]
    spare = 0 if line.state == "locked" else max(SPARE, own.plan.at_least - len(known))
    return [*known, *(dict.fromkeys(_CELLS, "") for _row in range(spare))]


def _sheet(session: Session, batch_id: int, part_id: int) -> RecordSheet:
    """The sheet of whoever asks. Not there: a part that is scored by criterion, or by one number."""
    scene, part, assessor = own_part(session, batch_id, part_id)
    if not scene.is_computed(part):
        abort(404)
    return service.record_sheet(scene, part, assessor)


def _address(own: RecordSheet, line: RecordLine) -> str:
    return url_for("records.sheet", batch_id=own.scene.batch.id, part_id=own.part.id, candidate_id=line.candidate.id)
