"""The records that marks by schemes (评分办法) rest on, and what they are called where one was tampered with."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, Scheme, id_of
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.services.batches import parts_of_batch
from skilleval.services.schemes import filled_sheets

#: what is said of a record that was deleted
GONE = {
    "scheme": "评分办法：一个版本（scheme 第 {key} 行）被删除",
    "score_sheet": "成绩：一份评分记录（score_sheet 第 {key} 行）被删除",
    "score_line": "成绩：评分记录的一行（score_line 第 {key} 行）被删除",
}
Named = dict[tuple[str, int], tuple[int, str]]


def scheme_rows(session: Session, batch: Batch) -> dict[tuple[str, int], str]:
    """Every version of the schemes of a batch's parts, which all its candidates share."""
    parts = {id_of(one): one for one in parts_of_batch(session, batch)}
    query = select(Scheme).where(
        col(Scheme.institution_id) == batch.institution_id, col(Scheme.part_id).in_(list(parts))
    )
    named = {}
    for scheme in session.exec(query.order_by(col(Scheme.id))):
        part = parts[scheme.part_id]
        name = f"{Grade(part.grade).printed}{METHODS[part.method].name_zh}"
        named["scheme", id_of(scheme)] = f"评分办法：{name}的评分办法第 {scheme.version} 版"
    return named


def sheet_rows(session: Session, batch: Batch, candidates: Sequence[Candidate], who: Mapping[int, str]) -> Named:
    """The filled sheets of the candidates and their lines: (table, id) → (candidate, what it is called)."""
    chosen = {id_of(one) for one in candidates}
    named: Named = {}
    for filled in filled_sheets(session, batch):
        sheet, owner = filled.sheet, filled.sheet.candidate_id
        if owner not in chosen:
            continue
        called = f"成绩：考生 {who[owner]} 的评分记录 {sheet.id}"
        named["score_sheet", id_of(sheet)] = (owner, called)
        for line in filled.lines:
            named["score_line", id_of(line)] = (owner, f"{called} 第 {line.serial} 行")
    return named
