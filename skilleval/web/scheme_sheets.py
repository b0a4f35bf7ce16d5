"""The schemes of a batch: which part is scored how, and the workbook of each; it comes back by the import wizard."""

from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, Response, abort, render_template, request

from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.schemes import KINDS
from skilleval.services import marking_scene
from skilleval.services import scheme_sheets as service
from skilleval.web import gate, lists
from skilleval.web.batches import own_batch
from skilleval.web.language import _

pages = Blueprint("scheme_sheets", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/schemes")


@pages.get("")
def index(batch_id: int) -> str:
    """Each part with its scheme, its assessors, and its workbook."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    scene = marking_scene.scene_of(session, batch)
    return render_template(
        "schemes/batch.html", batch=batch, scene=scene, methods=METHODS, kinds=KINDS, title=marking_scene.title,
        withheld={part.id for part in scene.parts if _is_withheld(scene, part.id)},
    )  # fmt: skip


@pages.get("/<row(kind='part'):part_id>.xlsx")
def workbook(batch_id: int, part_id: int) -> Response:
    """The workbook of a part's scheme, with what stands filled in; ``assessor`` is the code of who answers for it.

    Refused: a criterion sheet while it would show marks that nobody may see yet.
    """
    session = gate.reading()
    batch = own_batch(session, batch_id)
    scene = marking_scene.scene_of(session, batch)
    part = next((one for one in scene.parts if one.id == part_id), None)
    scheme = scene.schemes.get(part_id)
    if part is None or scheme is None:
        abort(404)
    if _is_withheld(scene, part_id):
        raise RuleBroken(_("已有考评员提交评分；全部锁定之前，带有评分的工作簿不能下载"))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "scores.xlsx"
        service.scores_workbook(session, batch, part, scheme, file, request.args.get("assessor") or None)
        return lists.workbook_response(file.read_bytes(), f"scores-{part.method}-{part.grade}.xlsx")


def _is_withheld(scene: marking_scene.Scene, part_id: int | None) -> bool:
    """Whether the workbook of a part would show marks before all assessors have given theirs."""
    part = next(one for one in scene.parts if one.id == part_id)
    begun = any(seat[1] == part_id for seat in scene.marks)
    return begun and not scene.is_computed(part) and scene.batch.state == "marking" and not scene.is_open_to_all(part)
