"""The records that cases of direct recognition rest on, and what they are called where one was tampered with."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from skilleval.db.tables import Batch, Candidate, RecognitionCase, id_of
from skilleval.services.case_decisions import decisions_of
from skilleval.services.recognitions import cases_of, evidence_of, lines_of, panel_of, votes_of

#: what is said of a record that was deleted
GONE = {
    "recognition_case": "直接认定：一个案卷（recognition_case 第 {key} 行）被删除",
    "case_line": "直接认定：综合评价表的一项（case_line 第 {key} 行）被删除",
    "case_evidence": "直接认定：一处佐证材料的引用（case_evidence 第 {key} 行）被删除",
    "case_vote": "直接认定：一项表决（case_vote 第 {key} 行）被删除",
    "case_decision": "直接认定：一项决定（case_decision 第 {key} 行）被删除",
    "evidence": "直接认定：一件佐证材料（evidence 第 {key} 行）被删除",
    "panel_member": "直接认定：一名评审组成员（panel_member 第 {key} 行）被删除",
}
Named = dict[tuple[str, int], tuple[int, str]]


def panel_rows(session: Session, batch: Batch) -> dict[tuple[str, int], str]:
    """The members of the panel, which all cases of a batch share."""
    if batch.route != "direct":
        return {}
    return {
        ("panel_member", id_of(member)): f"直接认定：评审组成员 {one.code} 的记录"
        for member, one in panel_of(session, batch)
    }


def rows_of(session: Session, batch: Batch, candidates: Sequence[Candidate], who: Mapping[int, str]) -> Named:
    """The records of the candidates' cases: (table, id) → (candidate, what it is called)."""
    chosen = {id_of(one) for one in candidates}
    named: Named = {}
    for case in cases_of(session, batch) if batch.route == "direct" else ():
        if case.candidate_id in chosen:
            named |= _rows(session, case, f"直接认定：考生 {who[case.candidate_id]} 的")
    return named


def _rows(session: Session, case: RecognitionCase, of: str) -> Named:
    owner = case.candidate_id
    named: Named = {("recognition_case", id_of(case)): (owner, f"{of}案卷 {case.number} ")}
    for line in lines_of(session, case):
        named["case_line", id_of(line)] = (owner, f"{of}综合评价表第 {line.serial} 项")
    for link, evidence in evidence_of(session, case):
        named["case_evidence", id_of(link)] = (owner, f"{of}佐证材料 {evidence.code} 的引用")
        named["evidence", id_of(evidence)] = (owner, f"{of}佐证材料 {evidence.code} ")
    for vote in votes_of(session, case):
        named["case_vote", id_of(vote)] = (owner, f"{of}一项表决")
    for decision in decisions_of(session, case):
        named["case_decision", id_of(decision)] = (owner, f"{of}第 {decision.revision} 次决定")
    return named
