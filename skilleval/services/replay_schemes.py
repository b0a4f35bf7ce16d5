"""Marks computed again from the lines of their sheets, by the version of the scheme that was in force (评分办法)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, Mark, Personnel, Scheme, SpecificationPart, id_of
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.scheme_plans import first_difference, plan_of, rescore
from skilleval.domain.schemes import Scored
from skilleval.domain.scoring import show
from skilleval.services.batches import parts_of_batch
from skilleval.services.schemes import Filled, filled_sheets, latest_schemes


@dataclass(frozen=True, slots=True)
class _Schemes:
    """The schemes of a batch's parts: every version by id, and the one in force by part."""

    every: Mapping[int, Scheme]
    standing: Mapping[int, Scheme]
    window: tuple[date, date]


def sheet_differences(session: Session, batch: Batch) -> dict[int, list[str]]:
    """By candidate whose marks rest on schemes: in what a mark is not what its sheet gives; empty where nothing is.

    A part takes no other scheme once it has marks, so the last version of its scheme is the one that was in force.
    """
    parts = {id_of(one): one for one in parts_of_batch(session, batch)} if batch.route != "direct" else {}
    schemes = _schemes(session, batch, list(parts.values()))
    told: dict[int, list[str]] = {}
    behind: set[int] = set()
    for filled in filled_sheets(session, batch):
        behind.add(filled.sheet.mark_id)
        own = told.setdefault(filled.sheet.candidate_id, [])
        own += [f"{_where(filled.part, filled.assessor, filled.mark)}：{one}" for one in _differences(filled, schemes)]
    for mark, assessor in _marks(session, batch, list(schemes.standing)):
        if mark.id not in behind and not mark.absent:
            message = f"{_where(parts[mark.part_id], assessor, mark)}：没有评分记录，评分无从复算"
            told.setdefault(mark.candidate_id, []).append(message)
    return told


def _differences(filled: Filled, schemes: _Schemes) -> list[str]:
    sheet, mark, part = filled.sheet, filled.mark, filled.part
    scheme, standing = schemes.every.get(sheet.scheme_id), schemes.standing.get(id_of(part))
    if scheme is None or standing is None or scheme.part_id != part.id:
        return ["评分记录所依据的评分办法不是这一部分的"]
    told = [] if scheme is standing else [f"依据评分办法第 {scheme.version} 版，评分时现行的是第 {standing.version} 版"]
    if sheet.candidate_id != mark.candidate_id:
        told.append("评分记录与评分不是同一名考生的")
    try:
        scored = rescore(plan_of(scheme.kind, scheme.content), filled.lines, schemes.window, part.maximum)
    except RuleBroken as refusal:
        return [*told, "；".join(("评分记录不能复算", refusal.message, *refusal.reasons))]
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        # What was stored may have been changed into anything.
        return [*told, f"评分办法第 {scheme.version} 版或评分记录无法读取，被改动或已损坏"]
    return told + _against(filled, scored)


def _against(filled: Filled, scored: Scored) -> list[str]:
    """What the mark, its sheet and its lines say, against what was computed again."""
    told = []
    if filled.mark.value != scored.value:
        told.append(f"评分为 {show(filled.mark.value)}，按评分记录复算为 {show(scored.value)}")
    if filled.sheet.value != scored.value:
        told.append(f"评分记录的合计为 {show(filled.sheet.value)}，复算为 {show(scored.value)}")
    if filled.sheet.veto != scored.veto:
        told.append(f"评分记录的安全否决项为“{filled.sheet.veto or '无'}”，复算为“{scored.veto or '无'}”")
    place = first_difference(filled.lines, scored.lines)
    if place is not None:
        stored = filled.lines[place].text if place < len(filled.lines) else "没有"
        wanted = scored.lines[place].text if place < len(scored.lines) else "没有"
        told.append(f"评分记录第 {place + 1} 行“{stored}”与复算的“{wanted}”不同")
    return told


def _schemes(session: Session, batch: Batch, parts: Sequence[SpecificationPart]) -> _Schemes:
    query = select(Scheme).where(col(Scheme.institution_id) == batch.institution_id)
    every = {id_of(one): one for one in session.exec(query.order_by(col(Scheme.id)))}
    return _Schemes(every, latest_schemes(session, batch, parts), (batch.starts_on, batch.ends_on))


def _marks(session: Session, batch: Batch, parts: Sequence[int]) -> Sequence[tuple[Mark, Personnel]]:
    """Every mark of these parts with its assessor, also those that were corrected later."""
    query = select(Mark, Personnel).where(
        col(Mark.institution_id) == batch.institution_id, col(Mark.part_id).in_(parts),
        col(Personnel.id) == col(Mark.personnel_id), col(Candidate.id) == col(Mark.candidate_id),
        col(Candidate.batch_id) == batch.id,
    )  # fmt: skip
    return session.exec(query.order_by(col(Mark.candidate_id), col(Mark.id))).all() if parts else []


def _where(part: SpecificationPart, assessor: Personnel, mark: Mark) -> str:
    time = "" if mark.revision == 1 else f"第 {mark.revision} 次"
    return f"{METHODS[part.method].name_zh}、考评员 {assessor.code} 的{time}评分"
