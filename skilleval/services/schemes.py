"""Schemes (评分办法) of the parts of a specification: defined, found, and the filled sheets behind marks.

A scheme belongs to a part of one version of a specification. Once that part has a mark, another scheme needs another
version of the specification. How filled sheets come in stands in ``scheme_sheets``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    Institution,
    Mark,
    Personnel,
    Scheme,
    ScoreLine,
    ScoreSheet,
    Specification,
    SpecificationPart,
    id_of,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scheme_plans import plan_of, problems_of
from skilleval.domain.schemes import KINDS
from skilleval.services import journal
from skilleval.services.batches import parts_of_batch
from skilleval.services.journal import Actor
from skilleval.services.scheme_file import file_problems, stored


@dataclass(frozen=True, slots=True)
class Vetoed:
    """A mark that safety vetoes made 0: the items, and the code of who marked them."""

    mark_id: int
    items: str
    assessor: str


@dataclass(frozen=True, slots=True)
class Filled:
    """One filled sheet: the mark that it gave, whose it is, its part, and its lines in order."""

    sheet: ScoreSheet
    mark: Mark
    assessor: Personnel
    part: SpecificationPart
    lines: Sequence[ScoreLine]


def define_scheme(session: Session, actor: Actor, institution: Institution, content: dict[str, Any]) -> list[Scheme]:
    """Record the scheme of a part, from its parsed file, for each grade that the file names.

    Refused with every reason: keys and types, a method that has no scheme, a part that the specification has not or that
    has marks already, a maximum that is not the part's, the scheme that stands.
    """
    kind = _kind(content)
    if problems := file_problems(content, kind):
        raise RuleBroken("评分办法文件有错误，未作任何改动", problems)
    own = stored(content, kind)
    plan = plan_of(kind, own)
    problems, written = [], []
    for part in _parts(session, institution, content):
        where = f"{Grade(part.grade).printed}{METHODS[part.method].name_zh}"
        found = problems_of(plan, part.maximum)
        standing = latest_schemes(session, institution, [part]).get(id_of(part))
        if kind != "criteria" and part.assessors != 1:
            found.append(f"评分由记录计算，评价规范这一部分的 assessors 应为 1，现为 {part.assessors}")
        if is_marked(session, part):
            found.append("已有评分，不能再改评分办法；请把评价规范的 version 加一作为新版本")
        if standing is not None and (standing.content, standing.title) == (own, content["title"]):
            found.append(f"与现行的第 {standing.version} 版相同，没有改动")
        problems += [f"{where}：{problem}" for problem in found]
        written.append(
            Scheme(institution_id=id_of(institution), part_id=id_of(part), kind=kind, title=content["title"], content=own,
                   version=1 if standing is None else standing.version + 1, defined_by=actor.name)
        )  # fmt: skip
    if problems:
        raise RuleBroken("评分办法没有登记，未作任何改动", problems)
    session.add_all(written)
    journal.record(session, actor, id_of(institution), "schemes.define", objects=written)
    return written


def latest_schemes(
    session: Session, institution: Institution | Batch, parts: Sequence[SpecificationPart]
) -> dict[int, Scheme]:
    """The scheme that stands for each of these parts, by part id; a part without one is not there."""
    owner = institution.institution_id if isinstance(institution, Batch) else institution.id
    keys = [one.id for one in parts]
    query = select(Scheme).where(col(Scheme.institution_id) == owner, col(Scheme.part_id).in_(keys))
    return {one.part_id: one for one in session.exec(query.order_by(col(Scheme.version)))}


def schemes_of(session: Session, institution: Institution) -> Sequence[tuple[Specification, SpecificationPart, Scheme]]:
    """All schemes that an institution ever defined, by specification, part and version."""
    query = (
        select(Specification, SpecificationPart, Scheme)
        .where(
            col(Scheme.institution_id) == institution.id,
            col(SpecificationPart.id) == col(Scheme.part_id),
            col(Specification.id) == col(SpecificationPart.specification_id),
        )
        .order_by(
            col(Specification.code), col(Specification.version), col(SpecificationPart.id), col(Scheme.version)
        )
    )
    return session.exec(query).all()


def versions_of(session: Session, part: SpecificationPart) -> Sequence[Scheme]:
    """Every version of the scheme of a part, the first one first."""
    query = select(Scheme).where(col(Scheme.institution_id) == part.institution_id, col(Scheme.part_id) == part.id)
    return session.exec(query.order_by(col(Scheme.version))).all()


def is_marked(session: Session, part: SpecificationPart) -> bool:
    """Whether a part has a mark, so that its scheme can't be changed any more."""
    query = select(Mark.id).where(col(Mark.institution_id) == part.institution_id, col(Mark.part_id) == part.id)
    return session.exec(query.limit(1)).first() is not None


def scheme_for(session: Session, batch: Batch, method: str, grade: str | None) -> tuple[SpecificationPart, Scheme]:
    """The scheme of a batch's part; without a grade, of the only grade that has one.

    Refused: no part of that method and grade, none that has a scheme, several grades that have.
    """
    if batch.route == "direct":
        raise RuleBroken("直接认定不用评分办法，评分登记在案卷中（skilleval recognitions score）")
    parts = [one for one in parts_of_batch(session, batch) if one.method == method and grade in (None, one.grade)]
    named = f"{Grade(grade).printed if grade else ''}{METHODS[method].name_zh}"
    if not parts:
        raise RuleBroken(f"批次 {batch.number} 没有{named}这一部分")
    schemes = latest_schemes(session, batch, parts)
    found = [one for one in parts if id_of(one) in schemes]
    if not found:
        raise RuleBroken(f"{named}没有评分办法，请先用 skilleval schemes define 登记，或直接录入评分（skilleval marks import）")
    if len(found) > 1:
        listed = "、".join(Grade(one.grade).printed for one in found)
        raise RuleBroken(f"{named}有 {len(found)} 个等级有评分办法（{listed}），请指明等级（--grade）")
    return found[0], schemes[id_of(found[0])]


def filled_sheets(session: Session, batch: Batch, candidate: Candidate | None = None) -> list[Filled]:
    """Every filled sheet of a batch, or of one of its candidates, by candidate, part, assessor and time."""
    query = (
        select(ScoreSheet, Mark, Personnel, SpecificationPart)
        .where(
            col(ScoreSheet.institution_id) == batch.institution_id,
            col(Mark.id) == col(ScoreSheet.mark_id),
            col(Personnel.id) == col(Mark.personnel_id),
            col(SpecificationPart.id) == col(Mark.part_id),
            col(Candidate.id) == col(ScoreSheet.candidate_id),
            col(Candidate.batch_id) == batch.id,
            *(() if candidate is None else (col(Candidate.id) == candidate.id,)),
        )
        .order_by(
            col(Candidate.id), col(SpecificationPart.serial), col(Personnel.code), col(Mark.revision)
        )
    )
    rows = session.exec(query).all()
    lines = _lines_by_sheet(session, batch, [id_of(sheet) for sheet, *_rest in rows])
    return [
        Filled(sheet, mark, assessor, part, lines.get(id_of(sheet), []))
        for sheet, mark, assessor, part in rows
    ]


def veto_notes(session: Session, batch: Batch) -> dict[int, str]:
    """By the id of a mark that safety vetoes made 0: the items, and who marked them."""
    return veto_told(Vetoed(*row) for row in session.execute(vetoes_query(batch)))


def vetoes_query(batch: Batch) -> sa.Select[int, str, str]:
    """The query for the marks of a batch that safety vetoes made 0, as ``Vetoed``."""
    return sa.select(col(ScoreSheet.mark_id), col(ScoreSheet.veto), col(Personnel.code)).where(
        col(ScoreSheet.institution_id) == batch.institution_id,
        col(ScoreSheet.veto) != "",
        col(Mark.id) == col(ScoreSheet.mark_id),
        col(Personnel.id) == col(Mark.personnel_id),
        col(Candidate.id) == col(ScoreSheet.candidate_id),
        col(Candidate.batch_id) == batch.id,
    )


def veto_told(vetoed: Iterable[Vetoed]) -> dict[int, str]:
    """``veto_notes`` of what ``vetoes_query`` found."""
    return {one.mark_id: f"安全否决项 {one.items}（{one.assessor}）" for one in vetoed}


def _kind(content: Mapping[str, Any]) -> str:
    """The kind of scheme by the file's method. Refused: a method that has none."""
    method = METHODS.get(content.get("method", "")) if isinstance(content.get("method"), str) else None
    if method is None or method.scheme not in KINDS:
        able = "、".join(f"{one.key}（{KINDS[one.scheme]}）" for one in METHODS.values() if one.scheme)
        raise RuleBroken(f"method 应为有评分办法的评价部分：{able}")
    return method.scheme


def _parts(session: Session, institution: Institution, content: Mapping[str, Any]) -> list[SpecificationPart]:
    """The parts that a file names. Refused: a specification, grade or part that is not there."""
    code, version = content["specification"], content.get("version", 1)
    specification = session.exec(
        select(Specification).where(
            col(Specification.institution_id) == institution.id, col(Specification.code) == code,
            col(Specification.version) == version,
        )
    ).first()
    if specification is None:
        raise RuleBroken(f"{institution.name} 没有编号为 {code} 的第 {version} 版评价规范，可用 skilleval institutions show 查看")
    grades = sorted({Grade.parse(str(one)) for one in content["grades"]})
    query = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == institution.id,
        col(SpecificationPart.specification_id) == specification.id,
        col(SpecificationPart.method) == content["method"],
    )
    found = {one.grade: one for one in session.exec(query)}
    missing = [grade.printed for grade in grades if grade.value not in found]
    if missing:
        raise RuleBroken(f"评价规范 {code} 在{'、'.join(missing)}没有{METHODS[content['method']].name_zh}这一部分")
    return [found[grade.value] for grade in grades]


def _lines_by_sheet(session: Session, batch: Batch, sheets: Sequence[int]) -> dict[int, list[ScoreLine]]:
    lines: dict[int, list[ScoreLine]] = {}
    for start in range(0, len(sheets), 500):
        query = select(ScoreLine).where(
            col(ScoreLine.institution_id) == batch.institution_id, col(ScoreLine.sheet_id).in_(sheets[start : start + 500])
        )
        for line in session.exec(query.order_by(col(ScoreLine.sheet_id), col(ScoreLine.serial))):
            lines.setdefault(line.sheet_id, []).append(line)
    return lines
