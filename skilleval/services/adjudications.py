"""Deciding a mark that two people may have before them at once: what one has seen, and what another changed since."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import Adjudication, Batch, Candidate, Mark, SpecificationPart, id_of
from skilleval.domain.errors import RuleBroken
from skilleval.domain.scoring import show
from skilleval.services.results import latest_results


@dataclass(frozen=True, slots=True)
class Seen:
    """How a part of a candidate stood when somebody looked: its latest mark's id and its latest decision's revision."""

    mark: int = 0
    decision: int = 0

    @property
    def word(self) -> str:
        """As a page keeps it."""
        return f"{self.mark}-{self.decision}"


def seen(marks: Iterable[Mark], decisions: Iterable[Adjudication]) -> Seen:
    """How a part stands by all its marks and decisions."""
    return Seen(max((one.id or 0 for one in marks), default=0), max((one.revision for one in decisions), default=0))


def must_be_as_seen(session: Session, candidate: Candidate, part: SpecificationPart, word: str) -> None:
    """Refuse to decide a part that has changed since the page was opened; says what changed, by whom and why."""
    decisions = session.exec(
        select(Adjudication).where(*_of(Adjudication, candidate, part)).order_by(col(Adjudication.revision))
    ).all()
    now = seen(session.exec(select(Mark).where(*_of(Mark, candidate, part))), decisions)
    if word == now.word:
        return
    told = "考评员的评分有了新的记录"
    if decisions and not word.endswith(f"-{now.decision}"):
        last = decisions[-1]
        told = f"{last.decided_by} 已裁定为 {show(last.value)}（理由：{last.reason}）"
    raise RuleBroken(f"没有保存：您打开本页之后，{told}。请刷新后再看")


def must_be_latest(session: Session, batch: Batch, candidate: Candidate, revision: int) -> None:
    """Refuse to correct a result that somebody corrected since the page was opened; says to what and why."""
    standing = latest_results(session, batch).get(id_of(candidate))
    if standing is not None and standing.revision != revision:
        raise RuleBroken(
            f"没有保存：您打开本页之后，成绩已更正为总分 {show(standing.total)}"
            f"（第 {standing.revision} 次记录，理由：{standing.reason or '无'}）。请刷新后再看"
        )


def _of(
    table: type[Mark] | type[Adjudication], candidate: Candidate, part: SpecificationPart
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(table.institution_id) == candidate.institution_id, col(table.candidate_id) == candidate.id,
        col(table.part_id) == part.id,
    )  # fmt: skip
