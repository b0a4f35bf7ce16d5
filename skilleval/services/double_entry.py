"""Double entry (双人录入) of a paper sheet: two accounts type it apart, and only what both typed alike becomes marks."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from skilleval.db.tables import Candidate, Mark, Personnel, SpecificationPart
from skilleval.domain import marking
from skilleval.domain.errors import RuleBroken
from skilleval.domain.marking import Difference, Entered
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.mark_drafts import Line, lines_of, save_draft, typists_of
from skilleval.services.marking import write_lines
from skilleval.services.marking_scene import Scene, title

#: how many type one sheet
TYPISTS = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """One candidate of a sheet as both typed it; ``agreed`` when both typed all of it and the same."""

    first: Line
    second: Line
    differences: tuple[Difference, ...]

    @property
    def is_begun(self) -> bool:
        """At least one of them has typed something."""
        return not (self.first.entered.is_empty and self.second.entered.is_empty)

    @property
    def is_typed_twice(self) -> bool:
        """Both have typed something."""
        return bool(self.first.version and self.second.version)

    @property
    def agreed(self) -> bool:
        """Both typed everything, and the same."""
        return self.is_typed_twice and not self.differences and self.first.is_whole

    @property
    def is_locked(self) -> bool:
        """A mark stands already."""
        return self.first.state == "locked"


def type_sheet(
    session: Session, actor: Actor, scene: Scene, part: SpecificationPart, assessor: Personnel,
    typed: Sequence[tuple[Candidate, Entered, int]], *, by: int | None,
) -> int:  # fmt: skip
    """Keep what an account typed of the paper sheet of an assessor, and return of how many candidates.

    ``typed`` gives candidate, cells and the version that the page showed; ``by`` is who the typist is among the personnel.
    Refused: nobody's account, a third typist, the assessor (who has a screen of their own), and what ``save_draft`` refuses.
    """
    take_duty(session, actor, scene.batch, "double_entry.type_sheet")
    if not actor.account:
        raise RuleBroken("双人录入须用两个账号")
    if by == assessor.id:
        raise RuleBroken("考评员本人请在“评分”中直接评分；纸质评分表由另外两人录入")
    typists = typists_of(session, scene.batch, part, assessor)
    if actor.account not in typists and len(typists) >= TYPISTS:
        raise RuleBroken(f"{title(part)} {assessor.code} 的评分表已有两人录入，不能由第三人录入")
    for candidate, entered, version in typed:
        save_draft(session, scene, part, candidate, assessor, entered, version=version, typist=actor.account)
    return len(typed)


def compare(session: Session, scene: Scene, part: SpecificationPart, assessor: Personnel) -> list[Pair]:
    """The sheet as both typed it, candidate by candidate; empty until two have begun."""
    typists = typists_of(session, scene.batch, part, assessor)
    if len(typists) < TYPISTS:
        return []
    plan = scene.plan(part)
    first, second = (lines_of(session, scene, part, assessor, typist) for typist in typists)
    return [
        Pair(one, other, tuple(marking.differences(one.entered, other.entered, plan)))
        for one, other in zip(first, second, strict=True)
    ]


def write_agreed(
    session: Session, actor: Actor, scene: Scene, part: SpecificationPart, assessor: Personnel
) -> list[Mark]:
    """Make marks of what both typed alike, in one act.

    Refused with every one of them: candidates whom the two typed differently, or only one of them, or not wholly; a sheet
    with nothing to write.
    """
    take_duty(session, actor, scene.batch, "double_entry.write_agreed")
    pairs = [pair for pair in compare(session, scene, part, assessor) if not pair.is_locked]
    typists = typists_of(session, scene.batch, part, assessor)
    if actor.account not in typists:
        raise RuleBroken("只有录入这份评分表的两人可以写入")
    problems = [f"{pair.first.name}：{told}" for pair in pairs if (told := _in_the_way(pair))]
    if problems:
        raise RuleBroken(f"还不能写入：{len(problems)} 名考生两人录入不一致或没有录完", problems)
    agreed = [pair.first for pair in pairs if pair.agreed]
    if not agreed:
        raise RuleBroken("没有两人都已录入的考生")
    marks = write_lines(session, actor, scene, part, assessor, agreed)
    journal.record(
        session, actor, scene.batch.institution_id, "marks.double_entry", objects=marks, detail={"typists": typists}
    )
    return marks


def _in_the_way(pair: Pair) -> str:
    if not pair.is_begun:
        return ""
    if not pair.is_typed_twice:
        return "只有一人录入"
    if pair.differences:
        return "、".join(f"{one.label} {one.first or '空'} / {one.second or '空'}" for one in pair.differences)
    return "" if pair.first.is_whole else f"没有录完：{'、'.join(pair.first.missing)}"
