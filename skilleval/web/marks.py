"""The marks of a batch: how far each part is, what must be adjudicated, settling, unlocking, correcting.

Marks of a part are shown to nobody before all its assessors have locked it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import (
    Adjudication,
    Batch,
    Candidate,
    Mark,
    Person,
    Personnel,
    Result,
    SpecificationPart,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import Outcome, PartMark
from skilleval.services import adjudications, marking, marking_scene, reopening
from skilleval.services import marks as service
from skilleval.services.marking_scene import Scene
from skilleval.services.results import OPENED, correct_result, latest_results, settle_results, settlements
from skilleval.services.schemes import filled_sheets, veto_notes
from skilleval.services.tenancy import viewer_of
from skilleval.sheets.columns import CellRefused, Column, read_cell
from skilleval.web import gate
from skilleval.web.batches import own_batch, seen_batch
from skilleval.web.language import _
from skilleval.web.show import label

pages = Blueprint("marks", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/marks")


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate in the list: each part's mark as it may be shown, and the result."""

    candidate: Candidate
    name: str
    parts: Mapping[str, PartMark | None]
    result: Result | None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of one candidate: who gave which mark when, what was decided, what is in dispute, how it now stands."""

    part: SpecificationPart
    title: str
    is_open: bool
    marks: Sequence[tuple[Personnel, Sequence[Mark]]]
    decisions: Sequence[Adjudication]
    agreed: PartMark | None
    seen: str


@pages.get("")
def index(batch_id: int) -> str:
    """How far each part is, the adjudication queue, what settling still lacks, and the marks."""
    session = gate.reading()
    batch = seen_batch(session, batch_id)
    if not viewer_of(session).owns(batch.institution_id):
        return render_template("marks/results.html", batch=batch, rows=_own_people(session, batch), outcomes=Outcome)
    scene = marking_scene.scene_of(session, batch)
    agreed, problems = _agreed(session, scene)
    results = {} if batch.state == "marking" else latest_results(session, batch)
    open_parts = {part.id for part in scene.parts if scene.is_open_to_all(part)}
    rows = [_row(scene, one, name, agreed, results, open_parts) for one, name in scene.candidates]
    queue = [
        (row, part, mark.dispute)
        for row in rows
        for part in scene.parts
        if part.grade == row.candidate.grade and (mark := row.parts.get(part.method)) is not None and mark.dispute
    ]
    return render_template(
        "marks/index.html", batch=batch, scene=scene, rows=rows, queue=queue, problems=problems, title=marking_scene.title,
        methods=[key for key in METHODS if any(part.method == key for part in scene.parts)], names=METHODS,
        open_parts=open_parts, outcomes=Outcome, results=results,
    )  # fmt: skip


@pages.get("/<row(kind='candidate'):candidate_id>")
def show_(batch_id: int, candidate_id: int) -> str:
    """The marks of one candidate with every revision and decision, and the acts on them."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    scene = marking_scene.scene_of(session, batch)
    candidate, name = _sitter(scene, candidate_id)
    query = select(Result).where(
        col(Result.institution_id) == batch.institution_id, col(Result.candidate_id) == candidate_id
    )
    results = [] if batch.state == "marking" else session.exec(query.order_by(col(Result.revision))).all()
    return render_template(
        "marks/show.html", batch=batch, candidate=candidate, name=name, parts=_parts(session, scene, candidate),
        results=results, outcomes=Outcome, names=METHODS, unlocks=scene.unlocks, schemes=scene.schemes,
    )  # fmt: skip


@pages.get("/<row(kind='candidate'):candidate_id>/sheets")
def sheets(batch_id: int, candidate_id: int) -> str:
    """The filled sheets of one candidate, line by line; those of a part that is still being marked are left out."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    scene = marking_scene.scene_of(session, batch)
    candidate, name = _sitter(scene, candidate_id)
    seen = {part.id for part in scene.parts if _is_open(scene, part)}
    found = [one for one in filled_sheets(session, batch, candidate) if one.part.id in seen]
    return render_template("marks/sheets.html", batch=batch, candidate=candidate, name=name, sheets=found, names=METHODS)


@pages.post("/settle")
def settle(batch_id: int) -> BaseResponse:
    """Settle the results of the batch."""
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        # Said before the service says it with the marks of parts that nobody may see yet.
        if problems := _agreed(session, marking_scene.scene_of(session, batch))[1]:
            raise RuleBroken(_("还不能核定成绩：未完成不是不合格"), problems)
        results = settle_results(session, gate.actor(), batch, gate.site().installation.library)
        session.commit()
        flash(_("已核定 {count} 人的成绩。").format(count=len(results)))
    return redirect(url_for("marks.index", batch_id=batch_id), 303)


@pages.post("/<row(kind='candidate'):candidate_id>/adjudicate")
def adjudicate(batch_id: int, candidate_id: int) -> BaseResponse:
    """Decide a part in dispute, if it still stands as the page showed it."""
    value = _typed_mark(request.form.get("mark", ""))
    if value is None:
        raise RuleBroken(_("裁定须给出分数"))
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        candidate = _candidate(session, batch, candidate_id)
        part = _part(session, batch, candidate)
        adjudications.must_be_as_seen(session, candidate, part, request.form.get("seen", ""))
        service.adjudicate(
            session, gate.actor(), batch, candidate, method=part.method, value=value, reason=request.form.get("reason", "")
        )
        session.commit()
    flash(_("已裁定。"))
    return redirect(url_for("marks.show_", batch_id=batch_id, candidate_id=candidate_id), 303)


@pages.post("/<row(kind='candidate'):candidate_id>/unlock")
def unlock(batch_id: int, candidate_id: int) -> BaseResponse:
    """Open a locked mark for its assessor to enter again."""
    mark_id = gate.row_number("mark", request.form.get("mark", ""))
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        candidate = _candidate(session, batch, candidate_id)
        scene = marking_scene.scene_of(session, batch)
        mark = session.exec(
            select(Mark).where(
                col(Mark.id) == mark_id, col(Mark.institution_id) == batch.institution_id,
                col(Mark.candidate_id) == candidate.id,
            )
        ).first() or abort(404)  # fmt: skip
        reason = request.form.get("reason", "")
        marking.unlock_mark(session, gate.actor(), scene, mark, reason=reason, by=gate.who().personnel_id)
        session.commit()
    flash(_("已解锁，等考评员改好后重新提交；原评分保留，在重新提交之前仍然有效。"))
    return redirect(url_for("marks.show_", batch_id=batch_id, candidate_id=candidate_id), 303)


@pages.post("/<row(kind='candidate'):candidate_id>/correct")
def correct(batch_id: int, candidate_id: int) -> BaseResponse:
    """Correct the settled result, if it is still the one that the page showed."""
    typed = {method: request.form.get(f"part:{method}", "").strip() for method in METHODS}
    parts = {method: _typed_mark(text) for method, text in typed.items() if text}
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        candidate = _candidate(session, batch, candidate_id)
        adjudications.must_be_latest(session, batch, candidate, request.form.get("revision", 0, type=int))
        correct_result(
            session, gate.actor(), batch, candidate, parts=parts, reason=request.form.get("reason", "")
        )
        session.commit()
    flash(_("已更正；原成绩保留。"))
    return redirect(url_for("marks.show_", batch_id=batch_id, candidate_id=candidate_id), 303)


@pages.post("/<row(kind='candidate'):candidate_id>/remark")
def remark(batch_id: int, candidate_id: int) -> BaseResponse:
    """Mark a part anew after an upheld objection or a confirmed conflict of interest, by another person."""
    with gate.writing() as session:
        batch = own_batch(session, batch_id)
        candidate = _candidate(session, batch, candidate_id)
        adjudications.must_be_latest(session, batch, candidate, request.form.get("revision", 0, type=int))
        value = _typed_mark(request.form.get("mark", ""))
        if value is None:
            raise RuleBroken(_("重评须给出分数"))
        reopening.remark(
            session, gate.actor(), batch, candidate, method=request.form.get("method", ""), value=value,
            reason=request.form.get("reason", ""),
        )  # fmt: skip
        session.commit()
    flash(_("已重评；原评分和原成绩保留。"))
    return redirect(url_for("marks.show_", batch_id=batch_id, candidate_id=candidate_id), 303)


def _agreed(session: Session, scene: Scene) -> tuple[dict[int, dict[str, PartMark]], list[str]]:
    """The agreed marks, and what settling lacks; nothing once the batch is settled, when the results speak.

    A dispute tells the marks, so it is not told of a part that is still being marked.
    """
    if scene.batch.state != "marking" or scene.batch.route == "direct":
        return {}, []
    decided, vetoes = service.adjudications_of(session, scene.batch), veto_notes(session, scene.batch)
    candidates = [one for one, _name in scene.candidates]
    agreed = service.agreed_marks(scene.batch, scene.parts, candidates, scene.marks, decided, vetoes)
    hidden = {(part.grade, part.method) for part in scene.parts if not _is_open(scene, part)}
    for candidate in candidates:
        for method, mark in agreed[candidate.id or 0].items():
            if mark.dispute and (candidate.grade, method) in hidden:
                agreed[candidate.id or 0][method] = PartMark(None, text=f"{label(METHODS[method].name_zh)}：{_('考评员还没有全部锁定')}")
    opened = {key[0]: [OPENED] for key, mark in scene.marks.items() if mark.id in scene.unlocks}
    return agreed, settlements(scene.parts, scene.candidates, agreed, opened)[1]


def _is_open(scene: Scene, part: SpecificationPart) -> bool:
    """Whether the marks of a part may be shown."""
    return scene.batch.state != "marking" or scene.is_open_to_all(part)


def _row(
    scene: Scene, candidate: Candidate, name: str, agreed: Mapping[int, Mapping[str, PartMark]],
    results: Mapping[int, Result], open_parts: set[int | None],
) -> Row:  # fmt: skip
    key = candidate.id or 0
    shown = {
        part.method: agreed.get(key, {}).get(part.method) if part.id in open_parts else None
        for part in scene.parts
        if part.grade == candidate.grade
    }
    return Row(candidate, name, shown, results.get(key))


def _own_people(session: Session, batch: Batch) -> list[tuple[Candidate, str, Result | None]]:
    """The viewer's own people in another's batch, with their results."""
    query = select(Candidate, Person.name).where(
        col(Candidate.batch_id) == batch.id, viewer_of(session).candidates(), col(Candidate.state) == "eligible",
        col(Person.id) == col(Candidate.person_id),
    )  # fmt: skip
    results = latest_results(session, batch)
    return [(one, name, results.get(one.id or 0)) for one, name in session.exec(query.order_by(col(Candidate.admission_number)))]


def _parts(session: Session, scene: Scene, candidate: Candidate) -> list[Part]:
    """The parts of a candidate. What a part that is still being marked comes to is left out for everybody."""
    batch = scene.batch
    query = select(Mark, Personnel).where(
        col(Mark.institution_id) == batch.institution_id, col(Mark.candidate_id) == candidate.id,
        col(Personnel.id) == col(Mark.personnel_id),
    )  # fmt: skip
    found: dict[int, dict[int, tuple[Personnel, list[Mark]]]] = {}
    for mark, person in session.exec(query.order_by(col(Personnel.code), col(Mark.revision))):
        found.setdefault(mark.part_id, {}).setdefault(mark.personnel_id, (person, []))[1].append(mark)
    decisions = [one for one in service.adjudications_of(session, batch) if one.candidate_id == candidate.id]
    agreed: Mapping[str, PartMark] = {}
    if batch.state == "marking":
        vetoes = veto_notes(session, batch)
        agreed = service.agreed_marks(batch, scene.parts, [candidate], scene.marks, decisions, vetoes)[candidate.id or 0]
    parts = []
    for part in (one for one in scene.parts if one.grade == candidate.grade):
        marks = list(found.get(part.id or 0, {}).values())
        decided = [one for one in decisions if one.part_id == part.id]
        seen = adjudications.seen([one for _person, own in marks for one in own], decided)
        is_open = _is_open(scene, part)
        parts.append(
            Part(part, marking_scene.title(part), is_open, marks, decided, agreed.get(part.method) if is_open else None, seen.word)
        )
    return parts


def _sitter(scene: Scene, candidate_id: int) -> tuple[Candidate, str]:
    return next((one for one in scene.candidates if one[0].id == candidate_id), None) or abort(404)


def _candidate(session: Session, batch: Batch, candidate_id: int) -> Candidate:
    query = select(Candidate).where(
        col(Candidate.id) == candidate_id, col(Candidate.batch_id) == batch.id,
        col(Candidate.institution_id) == batch.institution_id,
    )  # fmt: skip
    return session.exec(query).first() or abort(404)


def _part(session: Session, batch: Batch, candidate: Candidate) -> SpecificationPart:
    """The part that a form names, if it is one of the candidate's."""
    wanted = gate.row_number("part", request.form.get("part", ""))
    query = select(SpecificationPart).where(
        col(SpecificationPart.id) == wanted, col(SpecificationPart.institution_id) == batch.institution_id,
        col(SpecificationPart.specification_id) == batch.specification_id,
        col(SpecificationPart.grade) == candidate.grade,
    )  # fmt: skip
    return session.exec(query).first() or abort(404)


def _typed_mark(text: str) -> Any:
    """A mark as typed, in hundredths; None for 缺考. Refused: anything else."""
    if text.strip() == "缺考":
        return None
    try:
        return read_cell(text, Column("mark", "分数", "mark", required=True))
    except CellRefused as refusal:
        raise RuleBroken(_("分数“{typed}”{told}").format(typed=text[:20], told=refusal.message)) from refusal
