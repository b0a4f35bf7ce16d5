"""Cases of direct recognition (直接认定案卷): laid by file, scored, voted on. How they are decided: ``case_decisions``.

Source of what a case holds: guangdong-rules 2.2 (groups and methods from the founding plan 二（四）1、2).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    CaseEvidence,
    CaseLine,
    CaseVote,
    Evidence,
    Panel,
    PanelMember,
    Personnel,
    RecognitionCase,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.authority import resolve
from skilleval.domain.candidacy import Application
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.recognition import METHOD_MAXIMUM, STATES, VOTES
from skilleval.domain.scoring import check_mark, show
from skilleval.domain.set_aside import limits_of
from skilleval.services import journal, rules
from skilleval.services.candidates import find_candidate
from skilleval.services.case_file import CaseEntry, read_cases
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.recused_results import votes_anew
from skilleval.services.tenancy import viewer_of

#: states of a batch in which cases may be laid
OPEN = ("enrolling", "reviewed", "scheduled", "marking")


def add_cases(
    session: Session, actor: Actor, batch: Batch, entries: Sequence[Any], *, vault: Vault
) -> list[RecognitionCase]:
    """Lay the cases of a file for eligible candidates of a direct batch.

    Refused with every reason, and nothing is written: a batch of another route, or one that is settled; keys and numbers
    that are wrong; a candidate who is not eligible or has a case; evidence that there is not, or of another firm's person.
    """
    take_duty(session, actor, batch, "recognitions.add_cases")
    if batch.route != "direct":
        raise RuleBroken(f"批次 {batch.number} 的认定方式不是直接认定")
    if batch.state not in OPEN:
        raise RuleBroken(f"批次现在是“{lifecycle.label('batch', batch.state)}”，不能再建立案卷")
    parsed, problems = read_cases(entries)
    planned: list[tuple[CaseEntry, Candidate]] = []
    for entry in parsed:
        candidate, wrong = _candidate(session, batch, entry, vault)
        taken = {one.id for _entry, one in planned}
        if candidate is not None and candidate.id in taken:
            wrong.append("文件中写了两次")
        problems += [f"{entry.candidate}：{one}" for one in wrong]
        if candidate is not None and not wrong:
            planned.append((entry, candidate))
    if problems:
        raise RuleBroken("案卷文件有错误，未作任何改动", problems)
    given = len(cases_of(session, batch))
    cases = [
        _lay(session, actor, batch, entry, candidate, serial)
        for serial, (entry, candidate) in enumerate(planned, start=given + 1)
    ]
    return cases


def score_case(
    session: Session,
    actor: Actor,
    case: RecognitionCase,
    *,
    lines: Mapping[int, int],
    methods: Mapping[str, int],
) -> RecognitionCase:
    """Set scores of lines (by serial) and marks of methods, in hundredths. What stood before is in the journal.

    Refused: a case that is recognised or a batch that is settled; a line or method that the case has not; out of range.
    """
    take_duty(session, actor, batch_of_case(session, case), "recognitions.score_case")
    must_be_open(session, case)
    own = {one.serial: one for one in lines_of(session, case)}
    problems = [f"案卷没有第 {serial} 项" for serial in lines if serial not in own]
    problems += [f"案卷没有使用 {method}" for method in methods if method not in case.methods]
    for serial, score in lines.items():
        if serial in own and not 0 <= score <= own[serial].maximum:
            problems.append(f"第 {serial} 项的评分超出 0 至 {own[serial].maximum / 100:.2f} 的范围")
    if problems:
        raise RuleBroken("评分有错误，未作任何改动", problems)
    for mark in methods.values():
        check_mark(mark, METHOD_MAXIMUM)
    changed = [own[serial] for serial in lines]
    for serial, score in lines.items():
        own[serial].score = score
    case.methods = {**case.methods, **methods}
    case.state = "reviewing"
    session.add_all([case, *changed])
    journal.record(session, actor, case.institution_id, "recognition.score", objects=[case, *changed])
    return case


def must_be_as_seen(
    session: Session, case: RecognitionCase, *, lines: Mapping[int, tuple[int | None, int]],
    methods: Mapping[str, tuple[int | None, int]],
) -> None:
    """Refuse to set a score that somebody changed since the page was opened: each with what was seen and what is set."""
    own = {one.serial: one.score for one in lines_of(session, case)}
    told = [
        f"第 {serial} 项现为 {show(now)}"
        for serial, (seen, wanted) in lines.items()
        if (now := own.get(serial)) is not None and now not in (seen, wanted)
    ]
    told += [
        f"{METHODS[method].name_zh}现为 {show(now)}"
        for method, (seen, wanted) in methods.items()
        if method in METHODS and (now := case.methods.get(method)) is not None and now not in (seen, wanted)
    ]
    if told:
        raise RuleBroken("没有保存：您打开本页之后，有人改动了您要改的评分，请刷新后再看", told)


def vote(
    session: Session, actor: Actor, case: RecognitionCase, *, member_code: str, word: str, comment: str = ""
) -> CaseVote:
    """Record the vote of a panel member; the chair's comment is the conclusion. A later vote supersedes, both stay.

    Refused: a case that is recognised, a batch that is not being marked, unless somebody's vote counts for the case who has to
    be recused (回避); somebody who is not on the panel or was absent, a word that is no vote.
    """
    batch = batch_of_case(session, case)
    take_duty(session, actor, batch, "recognitions.vote")
    if not votes_anew(session, batch, candidate_of(session, case)):
        must_be_open(session, case)
        if batch.state != "marking":  # until then the panel may still change, and nobody who voted may vanish
            raise RuleBroken(f"批次现在是“{lifecycle.label('batch', batch.state)}”，只有“评分”阶段可以表决")
    if word not in VOTES:
        raise RuleBroken(f"表决应为：{'、'.join(VOTES)}")
    found = {personnel.code: member for member, personnel in panel_of(session, batch)}
    member = found.get(member_code)
    if member is None:
        raise RuleBroken(f"评审组中没有编号为 {member_code} 的成员，现有：{'、'.join(found) or '无'}")
    if member.absent_reason is not None:
        raise RuleBroken(f"成员 {member_code} 登记为缺席（{member.absent_reason}），不能表决")
    earlier = [one for one in votes_of(session, case) if one.member_id == member.id]
    row = CaseVote(
        institution_id=case.institution_id, case_id=id_of(case), member_id=id_of(member),
        revision=len(earlier) + 1, vote=word, comment=comment.strip(),
    )  # fmt: skip
    case.state = "reviewing"
    session.add_all([row, case])
    journal.record(session, actor, case.institution_id, "recognition.vote", objects=[row, case])
    return row


def panel_of(session: Session, batch: Batch) -> Sequence[tuple[PanelMember, Personnel]]:
    """The panel for direct recognition as a whole, the chair first. Refused: a batch that has several."""
    query = (
        select(Panel.id, PanelMember, Personnel)
        .outerjoin(PanelMember, col(PanelMember.panel_id) == col(Panel.id))
        .outerjoin(Personnel, col(Personnel.id) == col(PanelMember.personnel_id))
        .where(col(Panel.institution_id) == batch.institution_id, col(Panel.batch_id) == batch.id, col(Panel.method) == "")
    )
    found = session.exec(query.order_by(col(PanelMember.role), col(Personnel.code))).all()
    if (panels := len({panel for panel, _member, _personnel in found})) > 1:
        raise RuleBroken(f"批次 {batch.number} 有 {panels} 个直接认定评审组，只能有一个")
    return [(member, personnel) for _panel, member, personnel in found if member is not None]


def seat_of(session: Session, batch: Batch, personnel_id: int | None) -> tuple[PanelMember, Personnel]:
    """The seat that one of the institution's personnel has on the panel. Refused: nobody, no seat, entered as absent."""
    for member, personnel in panel_of(session, batch):
        if personnel_id is not None and personnel.id == personnel_id:
            if member.absent_reason is not None:
                raise RuleBroken(f"您登记为缺席（{member.absent_reason}），不能评分和表决")
            return member, personnel
    raise RuleBroken(f"您不是批次 {batch.number} 评审组的成员，不能评分和表决")


def cases_of(session: Session, batch: Batch) -> Sequence[RecognitionCase]:
    """All cases of a batch, in the order in which they were laid."""
    query = select(RecognitionCase).where(
        col(RecognitionCase.institution_id) == batch.institution_id, col(RecognitionCase.batch_id) == batch.id
    )
    return session.exec(query.order_by(col(RecognitionCase.number))).all()


def find_case(session: Session, number: str) -> RecognitionCase:
    """The viewer's case with this number. Refused: none has it, or cases of several institutions do."""
    own = viewer_of(session).own(col(RecognitionCase.institution_id))
    found = session.exec(select(RecognitionCase).where(col(RecognitionCase.number) == number.strip(), own)).all()
    if len(found) != 1:
        raise RuleBroken(f"没有编号为 {number} 的案卷" if not found else f"有 {len(found)} 个机构使用案卷编号 {number}")
    return found[0]


def batch_of_case(session: Session, case: RecognitionCase) -> Batch:
    """The batch that the case belongs to."""
    batch = session.get(Batch, case.batch_id)
    assert batch is not None
    return batch


def candidate_of(session: Session, case: RecognitionCase) -> Candidate:
    """The candidate whose case it is."""
    candidate = session.get(Candidate, case.candidate_id)
    assert candidate is not None
    return candidate


def lines_of(session: Session, case: RecognitionCase) -> Sequence[CaseLine]:
    """The lines of a case, in order."""
    query = select(CaseLine).where(
        col(CaseLine.institution_id) == case.institution_id, col(CaseLine.case_id) == case.id
    )
    return session.exec(query.order_by(col(CaseLine.serial))).all()


def matrix_of(session: Session, case: RecognitionCase) -> list[tuple[CaseLine, list[Evidence]]]:
    """The lines of a case, in order, each with the evidence that it rests on, by code."""
    query = (
        select(CaseLine, Evidence)
        .outerjoin(CaseEvidence, col(CaseEvidence.line_id) == col(CaseLine.id))
        .outerjoin(Evidence, col(Evidence.id) == col(CaseEvidence.evidence_id))
        .where(col(CaseLine.institution_id) == case.institution_id, col(CaseLine.case_id) == case.id)
    )
    matrix: dict[int, tuple[CaseLine, list[Evidence]]] = {}
    for line, evidence in session.exec(query.order_by(col(CaseLine.serial), col(CaseLine.id), col(Evidence.code))):
        matrix.setdefault(id_of(line), (line, []))[1].extend([] if evidence is None else [evidence])
    return list(matrix.values())


def evidence_of(session: Session, case: RecognitionCase) -> Sequence[tuple[CaseEvidence, Evidence]]:
    """The evidence that the lines of a case rest on, by line and code."""
    query = (
        select(CaseEvidence, Evidence)
        .join(CaseLine, col(CaseLine.id) == col(CaseEvidence.line_id))
        .where(col(CaseLine.institution_id) == case.institution_id, col(CaseLine.case_id) == case.id)
        .where(col(Evidence.id) == col(CaseEvidence.evidence_id))
    )
    return session.exec(query.order_by(col(CaseLine.serial), col(Evidence.code))).all()


def votes_of(session: Session, case: RecognitionCase) -> Sequence[CaseVote]:
    """All votes on a case, first to last."""
    query = select(CaseVote).where(
        col(CaseVote.institution_id) == case.institution_id, col(CaseVote.case_id) == case.id
    )
    return session.exec(query.order_by(col(CaseVote.member_id), col(CaseVote.revision))).all()


def must_be_open(session: Session, case: RecognitionCase) -> None:
    """Refused: a case that is recognised, or whose batch is settled."""
    batch = batch_of_case(session, case)
    if batch.state not in OPEN or case.state == "recognised":
        label = lifecycle.label("batch", batch.state)
        raise RuleBroken(f"案卷 {case.number} 现在是“{STATES[case.state]}”，批次是“{label}”，不能再改动")


def _candidate(
    session: Session, batch: Batch, entry: CaseEntry, vault: Vault
) -> tuple[Candidate | None, list[str]]:
    try:
        candidate, _person = find_candidate(session, batch, entry.candidate, vault=vault)
    except RuleBroken as refusal:
        return None, [refusal.message]
    problems = []
    if candidate.state != "eligible":
        problems.append(f"考生现在是“{lifecycle.label('candidate', candidate.state)}”，资格审核通过后才能建立案卷")
    if session.exec(select(RecognitionCase.id).where(col(RecognitionCase.candidate_id) == candidate.id)).first():
        problems.append("已有案卷")
    codes = {code for line in entry.lines for code in line.evidence}
    for code in sorted(codes - _fitting(session, batch, candidate).keys()):
        problems.append(f"没有编号为 {code} 的佐证材料，或它属于另一单位的人员")
    return candidate, problems


def _fitting(session: Session, batch: Batch, candidate: Candidate) -> dict[str, int]:
    """Evidence of the candidate's own firm by code: work that two people share is allowed, and warned of."""
    query = select(Evidence).where(
        col(Evidence.institution_id) == batch.institution_id, col(Evidence.employer_id) == candidate.employer_id
    )
    return {one.code: id_of(one) for one in session.exec(query)}


def _lay(
    session: Session, actor: Actor, batch: Batch, entry: CaseEntry, candidate: Candidate, serial: int
) -> RecognitionCase:
    case = RecognitionCase(
        institution_id=batch.institution_id, batch_id=id_of(batch), candidate_id=id_of(candidate),
        number=f"{batch.number}-A{serial:03d}", methods=dict(entry.methods), clauses=_clauses(session, candidate),
        limits=[{"name": one.name, "applied": one.applied, "fact": one.fact} for one in limits_of(candidate.proof)],
    )  # fmt: skip
    session.add(case)
    session.flush()
    lines = [
        CaseLine(institution_id=batch.institution_id, case_id=id_of(case), serial=place, category=line.group,
                 text=line.text, maximum=line.maximum, must=line.must, score=line.score)
        for place, line in enumerate(entry.lines, start=1)
    ]  # fmt: skip
    session.add_all(lines)
    session.flush()
    known = _fitting(session, batch, candidate)
    links = [
        CaseEvidence(institution_id=batch.institution_id, line_id=id_of(row), evidence_id=known[code])
        for row, line in zip(lines, entry.lines, strict=True)
        for code in line.evidence
    ]
    session.add_all(links)
    journal.record(session, actor, batch.institution_id, "recognition.add", objects=[case, *lines, *links])
    return case


def _clauses(session: Session, candidate: Candidate) -> list[str]:
    """The clauses that permit it, by the packs that the candidate's verdict pinned: where they stand, and their ids."""
    inputs = candidate.inputs or {}
    application = Application.from_plain(inputs)
    packs = rules.pinned_packs(session, inputs["packs"], inputs["switches"])
    if application.asked is None:
        raise RuleBroken("考生的资格审核没有写明直接认定的条款，请用 skilleval candidates check 重新判断")
    answer = resolve(application.asked, packs.authority(application.on), packs.every_rule())
    found = [packs.find(key, application.on) for key in answer.clauses]
    return [f"{rule.clause.reference}（{rule.clause.id}）" for rule in found if rule is not None]
