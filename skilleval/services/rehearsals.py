"""Rehearsal (演练) of a batch: the road ahead as it would go today, step by step. Nothing is written.

There is no rehearsed batch, notice, number or package that could be taken for a real one: each question is asked of the
services that will refuse or do the step, and the answer is shown and forgotten.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Institution, Person
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import grade_code
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import BatchFacts
from skilleval.domain.methods import METHODS
from skilleval.domain.rules import Answer, Proof, Rule, own_clause
from skilleval.domain.workdays import Calendar
from skilleval.packs import Library
from skilleval.reports.filing import filing_templates
from skilleval.services import authority, certificates, conflicts, filings, marking, marks, notices, panels
from skilleval.services.batches import (
    candidates_of,
    facts_for,
    part_staff,
    parts_of_batch,
    readiness_rules,
)
from skilleval.services.case_decisions import standing_decisions
from skilleval.services.certificates import MissingGlyphs
from skilleval.services.filing_record import read_batch
from skilleval.services.recognitions import cases_of
from skilleval.services.rules import packs_of_batch
from skilleval.services.schemes import veto_notes

#: the steps of the road, in order
ROAD = ("enrolling", "reviewed", "scheduled", "marking", "settled", "noticed", "cleared", "certified", "filed")

#: candidates who may still pass
STILL_IN = ("applied", "eligible")


@dataclass(frozen=True, slots=True)
class Stage:
    """A step that is still ahead: what it rests on, each with its answer today, and in words what it would come to."""

    to: str
    leaves: tuple[Proof, ...]
    told: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """Everything that would refuse the step today."""
        return self._having(Answer.NOT_MET)

    @property
    def unknown(self) -> list[str]:
        """Everything that nobody can say today."""
        return self._having(Answer.UNKNOWN)

    def _having(self, answer: Answer) -> list[str]:
        return list(dict.fromkeys(leaf.fact or leaf.text for leaf in self.leaves if leaf.answer is answer))


@dataclass(frozen=True, slots=True)
class Means:
    """What the questions need besides the batch: rules, holidays, keys, today, and which characters can't be printed."""

    library: Library
    calendar: Calendar
    vault: Vault
    on: date
    missing_glyphs: MissingGlyphs


@dataclass(frozen=True, slots=True)
class _Batch:
    """The batch, read once for all steps."""

    session: Session
    batch: Batch
    means: Means
    facts: BatchFacts
    rules: Mapping[str, Rule]
    candidates: Sequence[Candidate]
    people: Mapping[int, Person]

    @property
    def eligible(self) -> list[Candidate]:
        """Those who were accepted."""
        return [one for one in self.candidates if one.state == "eligible"]

    @property
    def still_in(self) -> list[Candidate]:
        """Those who may still pass."""
        return [one for one in self.candidates if one.state in STILL_IN]


def rehearse(session: Session, batch: Batch, means: Means) -> list[Stage]:
    """Every step that is still ahead of a batch, with what would refuse it today; none for one that is over."""
    ahead = ROAD[ROAD.index(batch.state) + 1 :] if batch.state in ROAD else ROAD if batch.state == "draft" else ()
    candidates = candidates_of(session, batch)
    # Whoever may still be accepted will have to be assessed; before anybody has applied, every grade may come.
    grades = {one.grade for one in candidates if one.state in STILL_IN} or set(batch.grades)
    facts = facts_for(session, batch, means.library, means.on, frozenset(ROAD))
    if batch.route != "direct":
        duties = [one for one in conflicts.duties_of(session, batch) if not one.seated]
        facts = replace(facts, parts=part_staff(parts_of_batch(session, batch), grades, duties))
    known = _Batch(
        session, batch, means, facts, readiness_rules(packs_of_batch(session, batch), batch), candidates, _people(session, candidates)
    )
    return [Stage(to, *_STEPS[to](known)) for to in ahead]


def rehearsed_notice(session: Session, batch: Batch, means: Means) -> tuple[dict[str, Any], str]:
    """The content that a notice would have if it were published today, and who stands on it.

    Before results are settled everybody who may still pass. Refused: nobody, no pack that says how long a notice lasts.
    """
    settled = batch.state in ROAD[ROAD.index("settled") :] or batch.state == "archived"
    if settled:
        entries, basis = notices.passed_entries(session, batch, means.vault), "名单：成绩已核定为合格的考生"
    else:
        open_to = {one.id or 0 for one in candidates_of(session, batch) if one.state in STILL_IN}
        entries = notices.entries_of(session, batch, means.vault, open_to)
        basis = "名单：成绩还没有核定，假定已申报和审核通过的考生全部合格"
    if not entries:
        raise RuleBroken(f"批次 {batch.number} 没有可以列入公示样张的考生")
    first_day = max(means.on, batch.ends_on)
    length = int(notices.notice_length(session, batch, first_day).value)
    firm = session.get_one(Institution, batch.institution_id)
    content = {
        "institution": firm.name, "credit_code": firm.credit_code, "contact": firm.contact or firm.responsible or "",
        "phone": firm.phone or "", "batch": batch.number, "batch_name": batch.name, "first_day": first_day.isoformat(),
        "last_day": notices.last_day_of(means.calendar, first_day, length).isoformat(), "working_days": length,
        "entries": entries,
    }  # fmt: skip
    return content, basis


Found = tuple[tuple[Proof, ...], tuple[str, ...]]


def _people(session: Session, candidates: Sequence[Candidate]) -> dict[int, Person]:
    """Who the candidates are, by person."""
    query = select(Person).where(col(Person.id).in_([one.person_id for one in candidates]))
    return {one.id: one for one in session.exec(query.order_by(col(Person.id))) if one.id is not None}


def _by_lifecycle(to: str) -> Callable[[_Batch], Found]:
    def found(known: _Batch) -> Found:
        proof = lifecycle.readiness(to, known.facts, known.rules)
        return tuple(proof.children), ()

    return found


def _reviewed(known: _Batch) -> Found:
    leaves, _told = _by_lifecycle("reviewed")(known)
    words = {"met": "符合申报条件", "not_met": "不符合", "unknown": "无法判断", None: "尚未判断"}
    waiting = [one.verdict for one in known.candidates if one.state == "applied"]
    counts = [f"{name} {waiting.count(verdict)} 人" for verdict, name in words.items() if verdict in waiting]
    return leaves, (f"待审定的考生：{'，'.join(counts)}",) if counts else ()


def _marking(known: _Batch) -> Found:
    leaves, _told = _by_lifecycle("marking")(known)
    methods = [""] if known.batch.route == "direct" else list(dict.fromkeys(part.method for part in parts_of_batch(known.session, known.batch)))
    found, told = list(leaves), []
    for method in methods:
        try:
            proposal = panels.propose_panel(known.session, known.batch, method)
        except RuleBroken as refusal:
            found.append(_not_met("panel", "能否组成评审组", refusal.message, "评审组"))
            continue
        name = METHODS[method].name_zh if method else "直接认定"
        if proposal.feasible:
            told.append(f"{name}：可以组成 {proposal.size} 人评审组，如 {'、'.join(proposal.picked)}")
            continue
        short = [f"还缺 {proposal.short_of} 人"] if proposal.short_of else []
        why = "；".join([*short, *(one.text for one in proposal.blocking)])
        found.append(_not_met("panel", f"{name}能否组成评审组", f"{name}现在组不成评审组：{why}", "评审组"))
    return tuple(found), tuple(told)


def _settled(known: _Batch) -> Found:
    refusals = authority.refusals_of(known.session, known.batch, known.means.library, candidates=known.eligible)
    if known.batch.route == "direct":
        cases, decided = cases_of(known.session, known.batch), standing_decisions(known.session, known.batch)
        undecided = [one.number for one in cases if one.id not in decided]
        fact = f"{len(undecided)} 份案卷还没有决定：{'、'.join(undecided)}" if undecided else f"{len(cases)} 份案卷都有决定"
        return (*refusals, _leaf("cases", "案卷全部有决定", bool(cases) and not undecided, fact if cases else "还没有案卷", "直接认定档案")), ()
    if not known.eligible:
        return (*refusals, _unknown("settlement", "成绩可以核定", "还没有审核通过的考生", "评分")), ()
    scene = marking.scene_of(known.session, known.batch)
    taken = [part for part in scene.parts if scene.sitting(part)]
    leaves = [
        _leaf("locked", f"{marking.title(part)}全部锁定", scene.is_open_to_all(part), f"{marking.title(part)}：{_locked(scene, part)}", "评分")
        for part in taken
    ]
    if taken and all(scene.is_open_to_all(part) for part in taken):
        leaves += [_not_met("settlement", "成绩可以核定", problem, "评分") for problem in _unsettled(known, scene)]
    return (*refusals, *leaves), ()


def _locked(scene: marking.Scene, part: Any) -> str:
    people = scene.assessors.get(part.id, ())
    sitting = len(scene.sitting(part))
    return "、".join(f"{one.code} 已锁定 {scene.locked_by(part, one)} / {sitting}" for one in people) or "还没有指派考评员"


def _unsettled(known: _Batch, scene: marking.Scene) -> list[str]:
    """What settling would be refused for, once nobody's marks are hidden any more."""
    session, batch = known.session, known.batch
    decided, vetoes = marks.adjudications_of(session, batch), veto_notes(session, batch)
    agreed = marks.agreed_marks(batch, scene.parts, known.eligible, scene.marks, decided, vetoes)
    against = marks.recused_against(session, batch, known.eligible)
    for key, mark in scene.marks.items():
        if mark.id in scene.unlocks:
            against.setdefault(key[0], []).append(marks.OPENED)
    return marks.settlements(scene.parts, scene.candidates, agreed, against)[1]


def _noticed(known: _Batch) -> Found:
    session, batch = known.session, known.batch
    try:
        content, basis = rehearsed_notice(session, batch, known.means)
    except RuleBroken as refusal:
        return (_not_met("notice", "可以公示", refusal.message, "公示"),), ()
    told = (
        f"如 {content['first_day']} 公示，{content['working_days']} 个工作日，至 {content['last_day']} 止",
        f"{basis}，{len(content['entries'])} 人",
    )
    if known.batch.state in ROAD[ROAD.index("settled") :]:
        return (), told
    return (_unknown("passed", "有合格的考生", "成绩还没有核定，谁合格现在看不出", "成绩"),), told


def _cleared(known: _Batch) -> Found:
    if known.batch.state != "noticed":
        return (_unknown("closing", "公示可以结束", "还没有公示，有没有异议现在看不出", "公示"),), ()
    notice = notices.current_notice(known.session, known.batch)
    against = notices.closing_of(known.session, notice, vault=known.means.vault).reasons(known.means.on)
    return tuple(_not_met("closing", "公示可以结束", reason, "公示") for reason in against), ()


def _certified(known: _Batch) -> Found:
    session, batch, means = known.session, known.batch, known.means
    leaves = [*_without_code(known), *authority.refusals_of(session, batch, means.library, candidates=known.still_in, also_on=means.on)]
    people = [(one, known.people[one.person_id]) for one in known.still_in]
    glyphs = certificates.unprintable(session, batch, people, means.vault, means.missing_glyphs)
    leaves += [_not_met("glyphs", "姓名、号码都能印制", problem, "证书") for problem in glyphs]
    try:
        numbers = certificates.preview(session, batch, means.on)
    except RuleBroken as refusal:
        return (*leaves, _not_met("numbers", "有有效的备案", refusal.message, "备案")), ()
    if known.batch.state not in ("cleared", "certified"):
        leaves.append(_unknown("cleared", "公示已结束", "公示还没有结束，给谁发证现在看不出", "公示"))
    told = (f"{grade}：下一个自编编号为 {number}（演练不占用）" for grade, number in numbers.items())
    return tuple(leaves), tuple(told)


def _without_code(known: _Batch) -> Iterator[Proof]:
    """Grades of candidates that have no confirmed code in certificate numbers."""
    for word in sorted({one.grade for one in known.still_in}, key=lambda one: Grade(one).rank):
        try:
            grade_code(Grade(word))
        except RuleBroken as refusal:
            yield _not_met("code", "等级有已确认的编号代码", refusal.message, "证书")


def _filed(known: _Batch) -> Found:
    session, batch = known.session, known.batch
    if batch.state == "certified":
        record, notice = read_batch(session, batch), notices.current_notice(session, batch)
        against = filings.reasons_against_export(session, record, notice, record.registration.authority_level)
        return tuple(_not_met("export", "可以导出上报材料", reason, "上报") for reason in against), ()
    uploaded = filing_templates()["certificates"].codes["id_types"]
    leaves = [
        _not_met("id_type", "证件类型有已确认的上报代码", f"{person.name}的证件类型在证书数据上报表中没有已确认的代码", "上报")
        for one in known.still_in
        if (person := known.people[one.person_id]).id_type not in uploaded
    ]
    leaves.append(_unknown("export", "可以导出上报材料", "还没有发证；材料由届时的数据生成，不由演练生成", "上报"))
    return tuple(leaves), ()


def _leaf(name: str, text: str, held: bool, fact: str, origin: str) -> Proof:
    return Proof(Answer.MET if held else Answer.NOT_MET, text, own_clause(name, text), fact, (), origin)


def _unknown(name: str, text: str, fact: str, origin: str) -> Proof:
    return Proof(Answer.UNKNOWN, text, own_clause(name, text), fact, (), origin)


def _not_met(name: str, text: str, fact: str, origin: str) -> Proof:
    return _leaf(name, text, False, fact, origin)


_STEPS: Mapping[str, Callable[[_Batch], Found]] = {
    "enrolling": _by_lifecycle("enrolling"), "reviewed": _reviewed, "scheduled": _by_lifecycle("scheduled"),
    "marking": _marking, "settled": _settled, "noticed": _noticed, "cleared": _cleared, "certified": _certified, "filed": _filed,
}  # fmt: skip
