"""The end of a public notice (公示结束): what it waits for, and closing it, so that certificates may be issued."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.db.tables import Notice, Objection
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.notice_list import changes, passed_entries
from skilleval.services.notices import batch_of_notice
from skilleval.services.objections import objections_of, uncorrected_objections
from skilleval.services.recused_results import counted_recusals


@dataclass(frozen=True, slots=True)
class Closing:
    """What has come in since a notice was published, on which it depends whether it may be closed."""

    last_day: date
    objections: Sequence[Objection]
    #: ids of upheld objections whose result was not corrected since
    uncorrected: Set[int | None]
    #: names on the notice that would not stand there so today, and those that would and do not
    gone: Sequence[str]
    new: Sequence[str]
    #: marks and votes that count although they may not
    recused: Sequence[str]

    def reasons(self, on: date) -> list[str]:
        """Everything that keeps the notice from being closed on this day, in Chinese; empty when nothing does."""
        reasons = []
        if on <= self.last_day:
            reasons.append(f"公示期至 {self.last_day} 止，{self.last_day} 之后方可结束（今天是 {on}）")
        for objection in self.objections:
            if objection.state == "open":
                reasons.append(f"第 {objection.serial} 号异议（{objection.raised_on} 提出）尚未处理")
            elif objection.id in self.uncorrected:
                reasons.append(f"第 {objection.serial} 号异议成立，但有关成绩尚未更正（skilleval marks remark 或 skilleval marks correct）")
        if self.new:
            reasons.append(f"{'、'.join(self.new)} 在公示后才合格或有变更，须发布更正公示（skilleval notices correct）")
        if gone := [name for name in self.gone if name not in self.new]:
            reasons.append(f"{'、'.join(gone)} 已不合格而仍在公示名单上，须发布更正公示（skilleval notices correct）")
        return [*reasons, *self.recused]


def close_notice(session: Session, actor: Actor, notice: Notice, *, vault: Vault, on: date) -> Notice:
    """End the notice, so that certificates may be issued.

    Refused with every reason: before the last day is over, with an open objection, with an upheld objection whose
    result is not corrected, when the list is no longer that of those who passed, or while a mark or vote of somebody counts
    who has to be recused.
    """
    take_duty(session, actor, batch_of_notice(session, notice), "notice_closing.close_notice")
    batch = batch_of_notice(session, notice)
    lifecycle.step("batch", batch.state, "cleared")
    if reasons := closing_of(session, notice, vault=vault).reasons(on):
        raise RuleBroken("公示还不能结束", reasons)
    notice.state, notice.closed_on, batch.state = "closed", on, "cleared"
    session.add_all([notice, batch])
    journal.record(session, actor, notice.institution_id, "notice.close", objects=[notice, batch])
    return notice


def closing_of(session: Session, notice: Notice, *, vault: Vault) -> Closing:
    """What a published notice waits for before it may be closed."""
    gone, new = changed_entries(session, notice, vault=vault)
    return Closing(
        notice.last_day, objections_of(session, notice), uncorrected_objections(session, notice), gone, new,
        [one.told for one in counted_recusals(session, batch_of_notice(session, notice))],
    )  # fmt: skip


def changed_entries(session: Session, notice: Notice, *, vault: Vault) -> tuple[list[str], list[str]]:
    """The names on the notice that would not stand there so today, and those that would and do not."""
    return changes(notice, passed_entries(session, batch_of_notice(session, notice), vault))
