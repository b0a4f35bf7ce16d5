"""What is printed for a session of a batch: who sits, and what each assessor fills in."""

from collections.abc import Iterator

from sqlmodel import Session

from skilleval.db.tables import Batch, Institution, SpecificationPart
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.scoring import show
from skilleval.reports.room_set import RoomSet, ScoreForm, Sitter
from skilleval.services.marking_scene import Scene, scene_of, title


def room_set(session: Session, batch: Batch, *, demo: bool = False) -> RoomSet:
    """The print set of a batch. Refused: one without scheduled candidates, and direct recognition, which has no session."""
    scene = scene_of(session, batch)
    if batch.route == "direct":
        raise RuleBroken("直接认定没有考场，不需要考场用表")
    if not any(one.admission_number for one, _name in scene.candidates):
        raise RuleBroken(f"批次 {batch.number} 还没有编排考生：请先用 skilleval batches advance 推进到“考务编排完成”（scheduled），准考证号那时生成")
    firm = session.get_one(Institution, batch.institution_id)
    days = str(batch.starts_on) if batch.starts_on == batch.ends_on else f"{batch.starts_on} 至 {batch.ends_on}"
    sitters = [Sitter(one.admission_number or "", name, Grade(one.grade).printed) for one, name in scene.candidates]
    return RoomSet(
        firm.name, batch.number, batch.name, days, "、".join(batch.venues) or "—", sitters, list(_forms(scene)), demo
    )


def _forms(scene: Scene) -> Iterator[ScoreForm]:
    for part in scene.parts:
        sitters = [Sitter(one.admission_number or "", name, Grade(one.grade).printed) for one, name in scene.sitting(part)]
        if not sitters or scene.is_computed(part):
            continue
        criteria = _criteria(scene, part)
        for one in scene.assessors.get(part.id or 0, ()):
            yield ScoreForm(title(part), f"{one.name}（{one.code}）", show(part.maximum), sitters, criteria)


def _criteria(scene: Scene, part: SpecificationPart) -> list[tuple[str, str]]:
    plan = scene.plan(part)
    if plan is None:
        return []
    told = [
        (one.label, f"0 至 {show(one.maximum)} 分" if one.kind == "add" else f"次数，每次扣 {show(one.each)}，最多扣 {show(one.cap)}")
        for one in plan.criteria
    ]
    return told + [(one.label, "安全否决项，发生打√，该部分为 0 分") for one in plan.vetoes]
