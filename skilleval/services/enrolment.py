"""Enrolment (报名): until when it is open, and what a row is refused for that lies beyond the institution's authority.

Sources: guangdong-rules 2.1 (DR-1: the narrow power goes step by step); 7.2, T6 (报名截止 of a batch).
"""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlmodel import Session

from skilleval.db.tables import Batch
from skilleval.domain import lifecycle
from skilleval.domain.backgrounds import Background, HeldCertificate
from skilleval.domain.candidacy import skips_grade
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.packs import Library
from skilleval.services import authority, journal
from skilleval.services.authority import Sitter
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor

#: states of a batch in which people may still, or may yet, enrol
EXTENDABLE = ("draft", "enrolling")


def must_be_in_time(batch: Batch, on: date) -> None:
    """Refused: a day after the batch's last day of enrolment. A batch without one is open until its review."""
    if batch.enrol_until is not None and on > batch.enrol_until:
        raise RuleBroken(
            f"批次 {batch.number} 的报名已于 {batch.enrol_until} 截止（今天是 {on}，评价 {batch.starts_on} 至 {batch.ends_on}）；"
            f"确需补报的，由本评价机构写明理由后延长报名（skilleval batches extend）"
        )


def extend_enrolment(session: Session, actor: Actor, batch: Batch, until: date, *, reason: str) -> Batch:
    """Let people enrol longer. The former day stays in the journal with the reason.

    Refused: no reason, a batch that is past enrolment or has no last day, a day that is no later, one after the first day
    of the evaluation.
    """
    take_duty(session, actor, batch, "enrolment.extend_enrolment")
    if not reason.strip():
        raise RuleBroken("延长报名须写明理由")
    if batch.state not in EXTENDABLE:
        raise RuleBroken(f"批次 {batch.number} 现在是“{lifecycle.label('batch', batch.state)}”，报名已结束，不能再延长")
    former = batch.enrol_until
    if former is None:
        raise RuleBroken(f"批次 {batch.number} 没有登记报名截止日期，资格审核前都可以报名，不需要延长")
    if not former < until <= batch.starts_on:
        raise RuleBroken(f"新的报名截止日期 {until} 应在原截止日期 {former} 之后，且不晚于评价开始日 {batch.starts_on}")
    batch.enrol_until = until
    session.add(batch)
    told = f"报名截止由 {former} 延长至 {until}：{reason.strip()}"
    journal.record(session, actor, batch.institution_id, "batch.extend", objects=[batch], reason=told)
    return batch


def sitter_of(
    grade: Grade, employer_id: int, background: Background, held: Sequence[HeldCertificate]
) -> Sitter:
    """The kind of person who applies; whether a grade is skipped stays unsaid where nobody entered certificates."""
    unsaid = not held and background.certificates is None
    return Sitter(grade, employer_id, None if unsaid else skips_grade(held, grade))


def beyond_authority(
    session: Session, batch: Batch, library: Library, sitters: Sequence[Sitter]
) -> Mapping[Sitter, Sequence[str]]:
    """Why the institution may not recognise these kinds of people, each reason with its clause.

    What stands against the batch itself is left out: that is no fault of a row, and refuses the whole file when written.
    """
    against_batch = set(authority.reasons_against(session, batch, library))
    return {
        one: [told for told in authority.sitter_reasons(session, batch, library, [one]) if told not in against_batch]
        for one in dict.fromkeys(sitters)
    }
