"""What follows an upheld objection (异议成立): a part marked anew by another person, and a corrected notice (更正公示).

A part is marked anew too where a conflict of interest (回避) of whoever marked it was confirmed after the result was settled.

Nothing is overwritten: marks and earlier results stay, the new mark is a decision of its own that names the objection, the
outcome is a new version, and the corrected notice names the one whose place it takes.
Source: guangdong-rules 4.3 (objections are answered before certificates are issued; how, is the firm's own procedure).
"""

from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Adjudication,
    Batch,
    Candidate,
    Conflict,
    Mark,
    Notice,
    Objection,
    Personnel,
    Result,
    SpecificationPart,
    id_of,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import check_mark
from skilleval.domain.workdays import Calendar
from skilleval.packs import Library
from skilleval.services import journal, marks, notice_closing, notices, objections
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.recusals import must_be_recused
from skilleval.services.recused_results import Counted, counted_recusals
from skilleval.services.results import next_result


def remark(
    session: Session, actor: Actor, batch: Batch, candidate: Candidate, *, method: str, value: int, reason: str
) -> Result:
    """Mark a part anew because an objection about the candidate was upheld, or a conflict of interest of whoever marked it
    was confirmed; the outcome is a new version of the result.

    Refused: no reason, neither an upheld objection that waits for an answer nor such a conflict, somebody who marked or adjudicated the part before or
    has to be recused, a mark out of range, a batch that is past its notice, a route without marks.
    """
    take_duty(session, actor, batch, "reopening.remark")
    if not reason.strip():
        raise RuleBroken("重评须写明理由")
    part = marks.part_of(session, batch, candidate, method)
    waiting = unanswered(session, batch, candidate)
    recused = [one for one in counted_recusals(session, batch, [candidate]) if one.part_id == part.id]
    if not waiting and not recused:
        raise RuleBroken(
            "这名考生没有成立而未答复的异议，这一部分也没有须回避的人的评分；异议成立或回避认定后方可重评，其他更正请用 skilleval marks correct"
        )
    check_mark(value, part.maximum)
    earlier = _earlier_people(session, candidate, part)
    if actor.name.strip() in earlier:
        raise RuleBroken(f"{actor.name} 已评过或裁定过这名考生的{METHODS[method].name_zh}，重评须由另一人进行，命令行以 --actor 写明其姓名")
    if against := must_be_recused(session, batch, candidate, actor.name):
        raise RuleBroken(f"{actor.name} 对这名考生须回避，不能重评", against)
    objection = waiting[0] if waiting else None
    conflict = _decided_conflict(session, recused[0]) if recused else None
    decided = _decided(session, candidate, part)
    row = Adjudication(
        institution_id=batch.institution_id, candidate_id=id_of(candidate), part_id=id_of(part),
        revision=len(decided) + 1, mark_ids=sorted(id_of(one) for one in _marks(session, candidate, part)), value=value,
        reason=reason.strip(), decided_by=actor.name, objection_id=objection.id if objection else None,
        conflict_id=conflict.id if conflict else None,
    )  # fmt: skip
    why = f"第 {objection.serial} 号异议成立" if objection else f"{recused[0].recusal.conflict.text}，已认定回避"
    told = f"{why}，由{actor.name}重评：{reason.strip()}"
    result = next_result(session, batch, candidate, {method: value}, told)
    session.add_all([row, result])
    journal.record(session, actor, batch.institution_id, "results.remark", objects=[row, result], reason=told)
    return result


def unanswered(session: Session, batch: Batch, candidate: Candidate) -> list[Objection]:
    """The upheld objections about a candidate since which the result was not corrected, oldest first."""
    return [
        one
        for notice in notices.notices_of(session, batch)[-1:]
        for one in objections.objections_of(session, notice)
        if one.candidate_id == candidate.id and one.state == "upheld" and not objections.corrected_since(session, one)
    ]


def correct_notice(
    session: Session,
    actor: Actor,
    notice: Notice,
    library: Library,
    *,
    reason: str,
    vault: Vault,
    first_day: date,
    working_days: int,
    calendar: Calendar,
    on: date,
) -> Notice:
    """Publish what is right now in the place of a notice; it says what it corrects, who is gone and who is new.

    A notice that is over is corrected too before certificates are issued by it: they must not bear what it did not say.

    Refused: no reason, a notice that was withdrawn or whose certificates were issued, an objection that waits for a
    decision or an answer, a list on which nothing has changed, and whatever ``publish_notice`` refuses.
    """
    batch = notices.batch_of_notice(session, notice)
    take_duty(session, actor, batch, "reopening.correct_notice")
    if not may_be_corrected(notice, batch):
        raise RuleBroken("只能更正公示中的公示，或已结束而尚未发证的公示")
    if not reason.strip():
        raise RuleBroken("更正公示须写明原因")
    gone, new = notice_closing.changed_entries(session, notice, vault=vault)
    problems = [
        f"第 {one.serial} 号异议尚未处理" if one.state == "open" else f"第 {one.serial} 号异议成立，但有关成绩尚未更正"
        for one in objections.objections_of(session, notice)
        if one.state == "open" or (one.state == "upheld" and not objections.corrected_since(session, one))
    ]
    if not gone and not new:
        problems.append("公示名单没有变化，不需要更正公示")
    if problems:
        raise RuleBroken("还不能发布更正公示", problems)
    correction: dict[str, Any] = {"serial": notice.serial, "reason": reason.strip(), "gone": gone, "new": new}
    notices.take_back(session, actor, notice, batch, reason=reason)
    return notices.publish_notice(
        session, actor, batch, library, vault=vault, first_day=first_day, working_days=working_days,
        calendar=calendar, on=on, correction=correction,
    )  # fmt: skip


def may_be_corrected(notice: Notice, batch: Batch) -> bool:
    """Whether another notice may take the place of this one: it hangs, or is over and its batch waits for certificates."""
    return notice.state == "published" or (notice.state, batch.state) == ("closed", "cleared")


def _decided_conflict(session: Session, counted: Counted) -> Conflict:
    """The confirmation by which a mark may not count."""
    found = counted.recusal.conflict
    query = select(Conflict).where(
        col(Conflict.institution_id) == counted.candidate.institution_id, col(Conflict.kind) == found.kind,
        col(Conflict.personnel_id) == found.examiner.key, col(Conflict.person_id) == counted.candidate.person_id,
        col(Conflict.employer_id) == counted.candidate.employer_id,
    )  # fmt: skip
    return session.exec(query).one()


def _earlier_people(session: Session, candidate: Candidate, part: SpecificationPart) -> set[str]:
    """Names and codes of those who marked the part, and the names of those who decided over it."""
    keys = {one.personnel_id for one in _marks(session, candidate, part)}
    people = session.exec(select(Personnel).where(col(Personnel.id).in_(keys))).all()
    decided = {one.decided_by for one in _decided(session, candidate, part)}
    return decided | {one.name for one in people} | {one.code for one in people}


def _marks(session: Session, candidate: Candidate, part: SpecificationPart) -> list[Mark]:
    query = select(Mark).where(col(Mark.institution_id) == candidate.institution_id,
                               col(Mark.candidate_id) == candidate.id, col(Mark.part_id) == part.id)  # fmt: skip
    return list(session.exec(query.order_by(col(Mark.id))))


def _decided(session: Session, candidate: Candidate, part: SpecificationPart) -> list[Adjudication]:
    query = select(Adjudication).where(
        col(Adjudication.institution_id) == candidate.institution_id,
        col(Adjudication.candidate_id) == candidate.id, col(Adjudication.part_id) == part.id,
    )  # fmt: skip
    return list(session.exec(query.order_by(col(Adjudication.revision))))
