"""Marks: agreed and adjudicated; corrected by a new entry with a reason and never edited.

How marks come in stands in ``mark_sheets``, what they come to in ``results``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Adjudication,
    Batch,
    Candidate,
    Mark,
    MarkUnlock,
    Person,
    SpecificationPart,
    id_of,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import Part, PartMark, agree, check_mark, show
from skilleval.services import journal
from skilleval.services.batches import assessors_for, candidates_of, parts_of_batch
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.recusals import Recusal, recusals_of_marks
from skilleval.services.schemes import latest_schemes, veto_notes


def correct_mark(
    session: Session,
    actor: Actor,
    batch: Batch,
    candidate: Candidate,
    *,
    method: str,
    assessor_code: str,
    value: int | None,
    reason: str,
) -> Mark:
    """Enter a new revision of one assessor's mark, with a reason; the old one stays on record.

    A decision over the old mark lapses. Refused: no reason, a batch whose results are settled (correct the result then), a
    mark out of range, no such mark, the mark that stands.
    """
    take_duty(session, actor, batch, "marks.correct_mark")
    if batch.state != "marking":
        raise RuleBroken("成绩已核定，不能再改评分；请用 skilleval marks correct 更正核定成绩")
    if not reason.strip():
        raise RuleBroken("更正评分须写明理由")
    part = part_of(session, batch, candidate, method)
    assessor = next((one for one in assessors_for(session, batch, part) if one.code == assessor_code), None)
    if assessor is None:
        raise RuleBroken(f"{METHODS[method].name_zh}没有指派编号为 {assessor_code} 的考评员")
    if value is not None and latest_schemes(session, batch, [part]):
        raise RuleBroken(f"{METHODS[method].name_zh}按评分办法计分；请改正评分表后写明理由重新导入（skilleval schemes import）")
    if value is not None:
        check_mark(value, part.maximum)
    standing = latest_marks(session, batch).get((id_of(candidate), id_of(part), id_of(assessor)))
    if standing is None:
        raise RuleBroken("还没有这名考评员的评分，请用成绩表录入")
    if standing.value == value:
        raise RuleBroken(f"现有评分就是 {show(value) if value is not None else '缺考'}，没有更正")
    mark = Mark(
        institution_id=batch.institution_id, candidate_id=id_of(candidate), part_id=id_of(part),
        personnel_id=id_of(assessor), revision=standing.revision + 1, value=value, absent=value is None,
        reason=reason.strip(),
    )  # fmt: skip
    session.add(mark)
    journal.record(session, actor, batch.institution_id, "marks.correct", objects=[mark], reason=reason.strip())
    return mark


def adjudicate(
    session: Session, actor: Actor, batch: Batch, candidate: Candidate, *, method: str, value: int, reason: str
) -> Adjudication:
    """Set the mark of a part that assessors' marks may not decide by machine.

    Refused: a part that is neither in dispute nor marked by somebody who has to be recused, that person's own decision, a
    mark out of range, no reason, a batch that is not being marked.
    """
    take_duty(session, actor, batch, "marks.adjudicate")
    if batch.state != "marking":
        raise RuleBroken("只有“评分”阶段可以裁定")
    if not reason.strip():
        raise RuleBroken("裁定须写明理由")
    part = part_of(session, batch, candidate, method)
    check_mark(value, part.maximum)
    own = (id_of(candidate), id_of(part))
    entered = by_part(latest_marks(session, batch))
    recused = recusals_of_marks(session, batch, [candidate], {own: entered.get(own, [])}).get(own, [])
    if any(one.is_about(actor.name) for one in recused):
        raise RuleBroken(f"{actor.name} 对这名考生须回避，不能裁定；请由另一人裁定，命令行以 --actor 写明其姓名")
    if not recused and not part_marks(session, batch)[own[0]][method].dispute:
        raise RuleBroken(f"{METHODS[method].name_zh}的评分没有分歧，也没有考评员须回避，不需要裁定")
    earlier = [one for one in adjudications_of(session, batch) if (one.candidate_id, one.part_id) == own]
    row = Adjudication(
        institution_id=batch.institution_id, candidate_id=own[0], part_id=own[1], revision=len(earlier) + 1,
        mark_ids=_mark_ids(entered.get(own, [])), value=value, reason=reason.strip(),
        decided_by=actor.name,
    )  # fmt: skip
    session.add(row)
    journal.record(session, actor, batch.institution_id, "marks.adjudicate", objects=[row], reason=reason.strip())
    return row


def part_marks(session: Session, batch: Batch) -> dict[int, dict[str, PartMark]]:
    """The agreed mark, or what stands against one, of every part of every candidate."""
    return agreed_marks(
        batch, parts_of_batch(session, batch), candidates_of(session, batch), latest_marks(session, batch),
        adjudications_of(session, batch), veto_notes(session, batch),
    )  # fmt: skip


def agreed_marks(
    batch: Batch, parts: Sequence[SpecificationPart], candidates: Sequence[Candidate],
    marks: Mapping[tuple[int, int, int], Mark], adjudications: Sequence[Adjudication], vetoes: Mapping[int, str],
) -> dict[int, dict[str, PartMark]]:  # fmt: skip
    """What ``part_marks`` gives, from rows that were read already."""
    entered = by_part(marks)
    decided = {own: one.value for own, one in standing_decisions(marks, adjudications).items()}
    by_grade: dict[str, list[SpecificationPart]] = {}
    # Direct recognition has no marks of assessors: its results come from decided cases.
    for part in parts if batch.route != "direct" else ():
        by_grade.setdefault(part.grade, []).append(part)
    agreed: dict[int, dict[str, PartMark]] = {}
    for candidate in candidates:
        if candidate.state != "eligible":
            continue
        agreed[id_of(candidate)] = {
            part.method: _agree(part, entered.get(key, []), decided.get(key), vetoes)
            for part in by_grade.get(candidate.grade, [])
            if (key := (id_of(candidate), id_of(part)))
        }
    return agreed


def latest_marks(session: Session, batch: Batch) -> dict[tuple[int, int, int], Mark]:
    """The standing mark by candidate, part and assessor (their ids)."""
    query = (
        select(Mark)
        .join(Candidate, col(Candidate.id) == col(Mark.candidate_id))
        .where(col(Mark.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .order_by(col(Mark.revision), col(Mark.id))
    )
    return {(mark.candidate_id, mark.part_id, mark.personnel_id): mark for mark in session.exec(query)}


def unlocks_of(session: Session, batch: Batch) -> dict[int, MarkUnlock]:
    """Every unlocking of a mark of a batch by the id of the mark; it is open while that mark is the standing one."""
    query = select(MarkUnlock).where(
        col(MarkUnlock.institution_id) == batch.institution_id, col(Mark.id) == col(MarkUnlock.mark_id),
        col(Candidate.id) == col(Mark.candidate_id), col(Candidate.batch_id) == batch.id,
    )  # fmt: skip
    return {one.mark_id: one for one in session.exec(query)}


def by_part(marks: Mapping[tuple[int, int, int], Mark]) -> dict[tuple[int, int], list[Mark]]:
    """The standing marks by candidate and part, assessors in order of their ids."""
    found: dict[tuple[int, int], list[Mark]] = {}
    for (candidate, part, _assessor), mark in sorted(marks.items(), key=lambda item: item[0]):
        found.setdefault((candidate, part), []).append(mark)
    return found


def recused_against(session: Session, batch: Batch, candidates: Sequence[Candidate]) -> dict[int, list[str]]:
    """By candidate: whose marks may not count (回避), unless somebody else decided over the part."""
    standing = latest_marks(session, batch)
    found = recusals_of_marks(session, batch, candidates, by_part(standing))
    return recused_in(found, standing, adjudications_of(session, batch), parts_of_batch(session, batch))


def recused_in(
    found: Mapping[tuple[int, int], Sequence[Recusal]], standing: Mapping[tuple[int, int, int], Mark],
    adjudications: Sequence[Adjudication], parts: Sequence[SpecificationPart],
) -> dict[int, list[str]]:  # fmt: skip
    """``recused_against`` from recusals by candidate and part, and rows that were read already."""
    decided = {own: one.decided_by for own, one in standing_decisions(standing, adjudications).items()}
    names = {id_of(part): METHODS[part.method].name_zh for part in parts}
    told: dict[int, list[str]] = {}
    for own, recusals in found.items():
        if own not in decided or any(one.is_about(decided[own]) for one in recusals):
            told.setdefault(own[0], []).extend(f"{names[own[1]]}：{one.told}" for one in recusals)
    return told


def _mark_ids(marks: Sequence[Mark]) -> list[int]:
    return sorted(id_of(mark) for mark in marks)


def adjudications_of(session: Session, batch: Batch) -> Sequence[Adjudication]:
    """The decisions before the results were settled; one that marks anew is part of a later version."""
    query = (
        select(Adjudication)
        .join(Candidate, col(Candidate.id) == col(Adjudication.candidate_id))
        .where(col(Adjudication.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .where(col(Adjudication.objection_id).is_(None), col(Adjudication.conflict_id).is_(None))
        .order_by(col(Adjudication.revision))
    )
    return session.exec(query).all()


def standing_decisions(
    marks: Mapping[tuple[int, int, int], Mark], adjudications: Sequence[Adjudication]
) -> dict[tuple[int, int], Adjudication]:
    """By candidate and part: the decision that stands, which is one over the marks that stand."""
    entered = by_part(marks)
    return {
        own: one
        for one in adjudications
        if one.mark_ids == _mark_ids(entered.get(own := (one.candidate_id, one.part_id), []))
    }


def remarks_of(session: Session, batch: Batch) -> dict[int, list[tuple[str, int]]]:
    """By candidate: the parts that were marked anew after the results were settled, with the mark, first to last."""
    query = (
        select(Adjudication, SpecificationPart.method)
        .join(Candidate, col(Candidate.id) == col(Adjudication.candidate_id))
        .where(col(Adjudication.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .where(col(Adjudication.objection_id).is_not(None) | col(Adjudication.conflict_id).is_not(None))
        .where(col(SpecificationPart.id) == col(Adjudication.part_id))
        .order_by(col(Adjudication.id))
    )
    found: dict[int, list[tuple[str, int]]] = {}
    for row, method in session.exec(query):
        found.setdefault(row.candidate_id, []).append((method, row.value))
    return found


def _agree(
    part: SpecificationPart, marks: Sequence[Mark], decided: int | None, vetoes: Mapping[int, str]
) -> PartMark:
    values = [mark.value for mark in marks if mark.value is not None]
    agreed = agree(domain_part(part), values, absent=sum(mark.absent for mark in marks), adjudicated=decided)
    notes = "".join(f"；{vetoes[id_of(mark)]}" for mark in marks if id_of(mark) in vetoes)
    dispute, text = (told and told + notes for told in (agreed.dispute, agreed.text))
    return replace(agreed, dispute=dispute, text=text) if notes else agreed


def domain_part(part: SpecificationPart) -> Part:
    """What a part of a specification asks of marks."""
    return Part(
        method=part.method, weight=part.weight, maximum=part.maximum, pass_mark=part.pass_mark,
        assessors=part.assessors, rule=part.agreement["rule"], tolerance=part.agreement.get("tolerance"),
    )  # fmt: skip


def domain_parts(session: Session, batch: Batch, grade: str) -> dict[str, Part]:
    """What the specification of a batch asks for at a grade, by method."""
    return {part.method: domain_part(part) for part in parts_of_batch(session, batch) if part.grade == grade}


def part_of(session: Session, batch: Batch, candidate: Candidate, method: str) -> SpecificationPart:
    """The part of the batch's specification that a candidate takes by a method. Refused: there is none."""
    for part in parts_of_batch(session, batch):
        if part.grade == candidate.grade and part.method == method:
            return part
    raise RuleBroken(f"{Grade(candidate.grade).printed}没有“{METHODS[method].name_zh if method in METHODS else method}”这一部分")


def names_of(session: Session, candidates: Sequence[Candidate]) -> dict[int, str]:
    """The name of each candidate by person id."""
    keys = [one.person_id for one in candidates]
    return {id_of(one): one.name for one in session.exec(select(Person).where(col(Person.id).in_(keys)))}
