"""Results (成绩): settled from agreed marks or decided cases; corrected by a new entry with a reason and never edited."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    Result,
    SpecificationPart,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import PartMark, Settlement, check_mark, settle, show
from skilleval.packs import Library
from skilleval.services import authority, journal
from skilleval.services.batches import candidates_of, parts_of_batch
from skilleval.services.case_decisions import settle_cases
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.marks import (
    domain_part,
    domain_parts,
    latest_marks,
    names_of,
    part_marks,
    recused_against,
    unlocks_of,
)

#: what is told of a candidate with a mark that was opened again
OPENED = "有评分已解锁，等考评员重新提交"


def settle_results(session: Session, actor: Actor, batch: Batch, library: Library) -> list[Result]:
    """Settle the results of all candidates and take the batch to 成绩已核定; for direct recognition from its decided cases.

    Refused with every reason: a batch that is not being marked, marks in dispute, marks that are missing, marks of
    somebody who has to be recused (回避) that nobody else decided over, what is beyond the institution's authority.
    """
    take_duty(session, actor, batch, "results.settle_results")
    if batch.route == "direct":
        return settle_cases(session, actor, batch, library)
    lifecycle.step("batch", batch.state, "settled")
    agreed, unlocks = part_marks(session, batch), unlocks_of(session, batch)
    candidates = [one for one in candidates_of(session, batch) if one.state == "eligible"]
    names = names_of(session, candidates)
    against = recused_against(session, batch, candidates)
    for key, mark in latest_marks(session, batch).items():
        if mark.id in unlocks:
            against.setdefault(key[0], []).append(OPENED)
    told = [(one, names[one.person_id]) for one in candidates]
    settled, problems = settlements(parts_of_batch(session, batch), told, agreed, against)
    if problems:
        raise RuleBroken(f"还不能核定成绩：{len(problems)} 处未完成或须裁定（未完成不是不合格）", problems)
    authority.require(session, batch, library, candidates=candidates)
    results = [_result(candidate, settlement) for candidate, settlement in settled]
    batch.state = "settled"
    session.add_all([*results, batch])
    journal.record(session, actor, batch.institution_id, "results.settle", objects=[*results, batch])
    return results


def settlements(
    parts: Sequence[SpecificationPart], candidates: Sequence[tuple[Candidate, str]],
    agreed: Mapping[int, Mapping[str, PartMark]], against: Mapping[int, Sequence[str]],
) -> tuple[list[tuple[Candidate, Settlement]], list[str]]:  # fmt: skip
    """What each candidate's agreed marks come to; and who lacks what: disputes, missing marks, what else is against it.

    ``candidates`` come with their names; ``against`` tells by candidate what stands in the way besides their marks.
    """
    problems: list[str] = []
    settled: list[tuple[Candidate, Settlement]] = []
    for candidate, name in candidates:
        marks = agreed[id_of(candidate)]
        who = f"{candidate.admission_number} {name}"
        disputes = [mark.dispute for mark in marks.values() if mark.dispute]
        # Who is absent from one part needs no mark of the others.
        absent = any(mark.absent for mark in marks.values())
        missing = [] if absent else [mark.text for mark in marks.values() if mark.value is None and not mark.dispute]
        problems += [f"{who} {told}" for told in (*disputes, *against.get(id_of(candidate), []), *missing)]
        if disputes:
            continue
        defined = {part.method: domain_part(part) for part in parts if part.grade == candidate.grade}
        settled.append((candidate, settle(defined, marks)))
    return settled, problems


def correct_result(
    session: Session, actor: Actor, batch: Batch, candidate: Candidate, *, parts: Mapping[str, int | None], reason: str
) -> Result:
    """Enter a corrected result as a new revision with a reason; what was settled before stays on record.

    ``parts`` gives the new marks of the parts that change, in hundredths; None is absent. Refused: no reason, a batch
    that is not settled or already certified, a mark out of range, nothing that changes.
    """
    take_duty(session, actor, batch, "results.correct_result")
    if not reason.strip():
        raise RuleBroken("更正成绩须写明理由")
    standing = latest_results(session, batch).get(id_of(candidate))
    result = next_result(session, batch, candidate, parts, reason.strip())
    if standing is not None and result.parts == standing.parts:
        raise RuleBroken("更正后的成绩与核定成绩相同")
    session.add(result)
    journal.record(session, actor, batch.institution_id, "results.correct", objects=[result], reason=reason.strip())
    return result


def next_result(
    session: Session, batch: Batch, candidate: Candidate, parts: Mapping[str, int | None], reason: str
) -> Result:
    """The next version of a settled result with these marks in the place of the standing ones; not yet added.

    Refused: a batch that is not settled or already certified, a route that has no marks, a part that there is not, a mark
    out of range.
    """
    if batch.state not in ("settled", "noticed"):
        raise RuleBroken(f"批次现在是“{lifecycle.label('batch', batch.state)}”，只有核定后、公示结束前可以更正成绩")
    if candidate.route == "contest":
        raise RuleBroken("竞赛晋级没有分数，不能按成绩更正；请用 skilleval contests disallow 取消晋级")
    if batch.route == "direct":
        raise RuleBroken("直接认定的结果随案卷的决定更正（skilleval recognitions decide）")
    standing = latest_results(session, batch).get(id_of(candidate))
    if standing is None:
        raise RuleBroken("该考生没有核定成绩")
    defined = domain_parts(session, batch, candidate.grade)
    unknown = sorted(parts.keys() - defined.keys())
    if unknown:
        raise RuleBroken(f"{Grade(candidate.grade).printed}没有这些部分：{'、'.join(unknown)}")
    for method, value in parts.items():
        if value is not None:
            check_mark(value, defined[method].maximum)
    values = {method: standing.parts.get(method) for method in defined} | dict(parts)
    marks = {
        method: PartMark(value, absent=value is None, text=f"{METHODS[method].name_zh}：{show(value) if value is not None else '缺考'}"
                         + ("（更正）" if method in parts else ""))
        for method, value in values.items()
    }  # fmt: skip
    return _result(candidate, settle(defined, marks), standing.revision + 1, reason)


def latest_results(session: Session, batch: Batch) -> dict[int, Result]:
    """The standing result of each candidate of a batch."""
    query = (
        select(Result)
        .join(Candidate, col(Candidate.id) == col(Result.candidate_id))
        .where(col(Result.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .order_by(col(Result.revision))
    )
    return {result.candidate_id: result for result in session.exec(query)}


def _result(candidate: Candidate, settlement: Settlement, revision: int = 1, reason: str | None = None) -> Result:
    return Result(
        institution_id=candidate.institution_id, candidate_id=id_of(candidate), revision=revision,
        outcome=settlement.outcome.value, parts=dict(settlement.parts), total=settlement.total,
        proof=list(settlement.reasons), reason=reason,
    )  # fmt: skip
