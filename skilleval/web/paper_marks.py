"""Double entry of paper sheets: two people type the same sheet apart, see where they differ, and write what agrees."""

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import Candidate, Personnel, SpecificationPart
from skilleval.domain import marking as domain
from skilleval.domain.errors import RuleBroken
from skilleval.domain.marking import Entered
from skilleval.services import double_entry as service
from skilleval.services import entries, mark_drafts, marking_scene
from skilleval.services.mark_drafts import Line
from skilleval.services.marking_scene import Scene
from skilleval.web import gate
from skilleval.web.batches import own_batch
from skilleval.web.language import _

_SHEET = "/<row(kind='part'):part_id>/<row(kind='personnel'):personnel_id>"
pages = Blueprint("paper_marks", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/paper")


@pages.route(_SHEET, methods=["GET", "POST"])
def sheet(batch_id: int, part_id: int, personnel_id: int) -> BaseResponse | str | tuple[str, int]:
    """Type the paper sheet of an assessor: one's own typing only, never what the other typed."""
    refusal = None
    if request.method == "POST":
        try:
            count = _save(batch_id, part_id, personnel_id)
        except RuleBroken as error:
            refusal = error
        else:
            flash(_("已保存您录入的 {count} 人。另一人也录完之后，到“核对”中比较。").format(count=count))
            return redirect(
                url_for("paper_marks.compare", batch_id=batch_id, part_id=part_id, personnel_id=personnel_id), 303
            )
    session = gate.reading()
    scene, part, assessor = _found(session, batch_id, part_id, personnel_id)
    plan = scene.plan(part)
    page = render_template(
        "marks/paper.html", batch=scene.batch, part=part, assessor=assessor, title=marking_scene.title(part), plan=plan,
        lines=mark_drafts.lines_of(session, scene, part, assessor, gate.actor().account), cells=list(domain.cells(plan)),
        ticked={one.code for one in plan.vetoes} | {domain.ABSENT} if plan else {domain.ABSENT},
        shown_cell=domain.shown, refusal=refusal, typed=request.form if refusal else None,
    )  # fmt: skip
    return page if refusal is None else (page, 422)


@pages.get(_SHEET + "/compare")
def compare(batch_id: int, part_id: int, personnel_id: int) -> str:
    """Where the two typings differ, cell by cell; nothing of the other's before both have typed."""
    session = gate.reading()
    scene, part, assessor = _found(session, batch_id, part_id, personnel_id)
    typists = mark_drafts.typists_of(session, scene.batch, part, assessor)
    return render_template(
        "marks/compare.html", batch=scene.batch, part=part, assessor=assessor, title=marking_scene.title(part),
        pairs=service.compare(session, scene, part, assessor), typists=len(typists), needed=service.TYPISTS,
        mine=gate.actor().account in typists,
    )  # fmt: skip


@pages.post(_SHEET + "/write")
def write(batch_id: int, part_id: int, personnel_id: int) -> BaseResponse:
    """Make marks of what both typed alike."""
    with gate.writing() as session:
        scene, part, assessor = _found(session, batch_id, part_id, personnel_id)
        marks = service.write_agreed(session, gate.actor(), scene, part, assessor)
        session.commit()
    flash(_("两人录入一致，已写入 {count} 人的评分。").format(count=len(marks)))
    return redirect(url_for("marks.index", batch_id=batch_id), 303)


def _save(batch_id: int, part_id: int, personnel_id: int) -> int:
    with gate.writing() as session:
        scene, part, assessor = _found(session, batch_id, part_id, personnel_id)
        lines = mark_drafts.lines_of(session, scene, part, assessor, gate.actor().account)
        typed = _typed(scene, part, lines)
        count = service.type_sheet(
            session, gate.actor(), scene, part, assessor, typed, by=gate.who().personnel_id
        )
        session.commit()
    return count


def _typed(scene: Scene, part: SpecificationPart, lines: Sequence[Line]) -> list[tuple[Candidate, Entered, int]]:
    """The rows of the form that hold something or did. Refused with every wrong cell and whose it is."""
    plan = scene.plan(part)
    found, problems = [], []
    for line in lines:
        if line.state == "locked":
            continue
        row = gate.hidden_row("candidate", line.candidate.id or 0)
        typed = {key: request.form.get(f"{row}:{key}", "") for key, _label in domain.cells(plan)}
        try:
            entered = entries.read_entered(
                typed, [key for key, value in typed.items() if value == "yes"], plan, absent=typed[domain.ABSENT] == "yes"
            )
        except RuleBroken as refusal:
            problems += [f"{line.name}：{one}" for one in refusal.reasons]
            continue
        problems += [f"{line.name}：{one}" for one in domain.problems(entered, part.maximum, plan)]
        if not entered.is_empty or line.version:
            found.append((line.candidate, entered, request.form.get(f"{row}:version", 0, type=int)))
    if problems:
        raise RuleBroken(_("没有保存，请先改正"), problems)
    if not found:
        raise RuleBroken(_("没有填任何内容，没有保存"))
    return found


def _found(
    session: Session, batch_id: int, part_id: int, personnel_id: int
) -> tuple[Scene, SpecificationPart, Personnel]:
    scene = marking_scene.scene_of(session, own_batch(session, batch_id))
    part = next((one for one in scene.parts if one.id == part_id), None)
    if part is None or scene.is_computed(part):
        abort(404)
    assessor = next((one for one in scene.assessors.get(part_id, ()) if one.id == personnel_id), None)
    return scene, part, assessor or abort(404)
