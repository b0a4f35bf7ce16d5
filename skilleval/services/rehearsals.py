"""Rehearsal (演练) of a batch: the road ahead as it would go today, step by step. Nothing is written.

There is no rehearsed batch, notice, number or package that could be taken for a real one: each question is asked of the
services that will refuse or do the step, and the answer is shown and forgotten.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from skilleval.db.tables import Batch, Candidate, Institution, Person, Registration
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import ID_TYPES, grade_code, mask_number
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.rules import Answer, Proof, own_clause
from skilleval.reports.certificate import CertificateSheet
from skilleval.reports.filing import filing_templates
from skilleval.services import (
    authority,
    certificates,
    filings,
    marking_scene,
    marks,
    notice_closing,
    notice_list,
    notices,
)
from skilleval.services.case_decisions import standing_decisions
from skilleval.services.recognitions import cases_of
from skilleval.services.rehearsal_ground import STILL_IN, Ground, Means
from skilleval.services.results import OPENED, settlements
from skilleval.settings import Settings

#: the steps of the road, in order
ROAD = ("enrolling", "reviewed", "scheduled", "marking", "settled", "noticed", "cleared", "certified", "filed")


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


def rehearse(session: Session, batch: Batch, means: Means) -> list[Stage]:
    """Every step that is still ahead of a batch, with what would refuse it today; none for one that is over."""
    ahead = ROAD[ROAD.index(batch.state) + 1 :] if batch.state in ROAD else ROAD if batch.state == "draft" else ()
    known = Ground(session, batch, means)
    return [Stage(to, *_STEPS[to](known)) for to in ahead]


def rehearsed_notice(session: Session, batch: Batch, means: Means) -> tuple[dict[str, Any], str]:
    """The content that a notice would have if it were published today, and who stands on it.

    Before results are settled everybody who may still pass. Refused: nobody, no pack that says how long a notice lasts.
    """
    return _notice(Ground(session, batch, means))


def rehearsed_certificates(session: Session, batch: Batch, means: Means, settings: Settings) -> list[CertificateSheet]:
    """The certificate that the first candidate of each grade would get today, without a number and with a masked one of the
    document: whole ones are printed with an entry in the journal only. Whom as ``rehearsed_notice``. Refused: nobody.
    """
    known, own = Ground(session, batch, means), settings.certificate
    listed, _basis = _listed(known)
    first: dict[str, tuple[Candidate, Person]] = {}
    for candidate, person, _employer in known.people:
        if candidate.id in listed:
            first.setdefault(candidate.grade, (candidate, person))
    if not first:
        raise RuleBroken(f"批次 {batch.number} 没有可以印在证书样张上的考生")
    firm = session.get_one(Institution, batch.institution_id)
    return [
        CertificateSheet(
            name=person.name, id_type=ID_TYPES[person.id_type],
            id_number=mask_number(means.vault.open(person.institution_id, person.id_sealed)),
            occupation=batch.occupation_name, trade=batch.trade, grade=Grade(grade), number="演练，没有编号",
            institution=firm.name, issued_on=means.on, query_url=own.query_url, institution_url=own.institution_url,
            mark="rehearsal", demo=own.demo,
        )
        for grade, (_candidate, person) in sorted(first.items(), key=lambda one: Grade(one[0]).rank)
    ]  # fmt: skip


def _listed(known: Ground) -> tuple[Collection[int], str]:
    """Who passed, or who still may, and in words which of the two."""
    batch = known.batch
    if batch.state in ROAD[ROAD.index("settled") :] or batch.state == "archived":
        return known.passed, "名单：成绩已核定为合格的考生"
    listed = {one.id or 0 for one in known.candidates if one.state in STILL_IN}
    return listed, "名单：成绩还没有核定，假定已申报和审核通过的考生全部合格"


def _notice(known: Ground) -> tuple[dict[str, Any], str]:
    batch, means = known.batch, known.means
    listed, basis = _listed(known)
    entries = notice_list.entries_from(known.people, batch, means.vault, listed)
    if not entries:
        raise RuleBroken(f"批次 {batch.number} 没有可以列入公示样张的考生")
    first_day = max(means.on, batch.ends_on)
    length = int(notices.length_in(known.packs, first_day).value)
    firm = known.session.get_one(Institution, batch.institution_id)
    content = {
        "institution": firm.name, "credit_code": firm.credit_code, "contact": firm.contact or firm.responsible or "",
        "phone": firm.phone or "", "batch": batch.number, "batch_name": batch.name, "first_day": first_day.isoformat(),
        "last_day": notices.last_day_of(means.calendar, first_day, length).isoformat(), "working_days": length,
        "entries": entries,
    }  # fmt: skip
    return content, basis


Found = tuple[tuple[Proof, ...], tuple[str, ...]]


def _by_lifecycle(to: str) -> Callable[[Ground], Found]:
    def found(known: Ground) -> Found:
        proof = lifecycle.readiness(to, known.facts, known.rules)
        return tuple(proof.children), ()

    return found


def _reviewed(known: Ground) -> Found:
    leaves, _told = _by_lifecycle("reviewed")(known)
    words = {"met": "符合申报条件", "not_met": "不符合", "unknown": "无法判断", None: "尚未判断"}
    waiting = [one.verdict for one in known.candidates if one.state == "applied"]
    counts = [f"{name} {waiting.count(verdict)} 人" for verdict, name in words.items() if verdict in waiting]
    return leaves, (f"待审定的考生：{'，'.join(counts)}",) if counts else ()


def _marking(known: Ground) -> Found:
    leaves, _told = _by_lifecycle("marking")(known)
    methods = [""] if known.batch.route == "direct" else list(dict.fromkeys(part.method for part in known.scene.planned_parts))
    found, told = list(leaves), []
    for method in methods:
        try:
            proposal = known.bench.propose(method)
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


def _settled(known: Ground) -> Found:
    refusals = authority.refusals_in(known.records, known.batch, known.means.library, known.eligible)
    if known.batch.route == "direct":
        cases, decided = cases_of(known.session, known.batch), standing_decisions(known.session, known.batch)
        undecided = [one.number for one in cases if one.id not in decided]
        fact = f"{len(undecided)} 份案卷还没有决定：{'、'.join(undecided)}" if undecided else f"{len(cases)} 份案卷都有决定"
        return (*refusals, _leaf("cases", "案卷全部有决定", bool(cases) and not undecided, fact if cases else "还没有案卷", "直接认定档案")), ()
    if not known.eligible:
        return (*refusals, _unknown("settlement", "成绩可以核定", "还没有审核通过的考生", "评分")), ()
    scene = known.marking
    taken = [part for part in scene.parts if scene.sitting(part)]
    leaves = [
        _leaf("locked", f"{marking_scene.title(part)}全部锁定", scene.is_open_to_all(part), f"{marking_scene.title(part)}：{_locked(scene, part)}", "评分")
        for part in taken
    ]
    if taken and all(scene.is_open_to_all(part) for part in taken):
        leaves += [_not_met("settlement", "成绩可以核定", problem, "评分") for problem in _unsettled(known, scene)]
    return (*refusals, *leaves), ()


def _locked(scene: marking_scene.Scene, part: Any) -> str:
    people = scene.assessors.get(part.id, ())
    sitting = len(scene.sitting(part))
    return "、".join(f"{one.code} 已锁定 {scene.locked_by(part, one)} / {sitting}" for one in people) or "还没有指派考评员"


def _unsettled(known: Ground, scene: marking_scene.Scene) -> list[str]:
    """What settling would be refused for, once nobody's marks are hidden any more."""
    agreed = marks.agreed_marks(known.batch, scene.parts, known.eligible, scene.marks, known.adjudications, known.vetoes)
    against = known.recused()
    for key, mark in scene.marks.items():
        if mark.id in scene.unlocks:
            against.setdefault(key[0], []).append(OPENED)
    return settlements(scene.parts, scene.candidates, agreed, against)[1]


def _noticed(known: Ground) -> Found:
    try:
        content, basis = _notice(known)
    except RuleBroken as refusal:
        return (_not_met("notice", "可以公示", refusal.message, "公示"),), ()
    told = (
        f"如 {content['first_day']} 公示，{content['working_days']} 个工作日，至 {content['last_day']} 止",
        f"{basis}，{len(content['entries'])} 人",
    )
    if known.batch.state in ROAD[ROAD.index("settled") :]:
        return (), told
    return (_unknown("passed", "有合格的考生", "成绩还没有核定，谁合格现在看不出", "成绩"),), told


def _cleared(known: Ground) -> Found:
    if known.batch.state != "noticed":
        return (_unknown("closing", "公示可以结束", "还没有公示，有没有异议现在看不出", "公示"),), ()
    entries = notice_list.entries_from(known.people, known.batch, known.means.vault, known.passed)
    objections = [one for one, _uncorrected in known.objections]
    uncorrected = {one.id for one, uncorrected in known.objections if uncorrected}
    recused = [one.told for one in known.counted]
    closing = notice_closing.Closing(known.notice.last_day, objections, uncorrected, *notice_list.changes(known.notice, entries), recused)
    against = closing.reasons(known.means.on)
    return tuple(_not_met("closing", "公示可以结束", reason, "公示") for reason in against), ()


def _certified(known: Ground) -> Found:
    session, batch, means = known.session, known.batch, known.means
    candidates = [one for one, _person in known.still_in]
    leaves = [*_without_code(known), *authority.refusals_in(known.records, batch, means.library, candidates, means.on)]
    glyphs = certificates.unprintable(session, batch, known.still_in, means.vault, means.missing_glyphs)
    leaves += [_not_met("glyphs", "姓名、号码都能印制", problem, "证书") for problem in glyphs]
    registration, lapsed = known.records.registration(means.on)
    if registration is None:
        return (*leaves, _not_met("numbers", "有有效的备案", lapsed, "备案")), ()
    numbers = certificates.preview_in(session, batch, registration.number, means.on, known.reached)
    if known.batch.state not in ("cleared", "certified"):
        leaves.append(_unknown("cleared", "公示已结束", "公示还没有结束，给谁发证现在看不出", "公示"))
    told = (f"{grade}：下一个自编编号为 {number}（演练不占用）" for grade, number in numbers.items())
    return tuple(leaves), tuple(told)


def _without_code(known: Ground) -> Iterator[Proof]:
    """Grades of candidates that have no confirmed code in certificate numbers."""
    for word in sorted({one.grade for one, _person in known.still_in}, key=lambda one: Grade(one).rank):
        try:
            grade_code(Grade(word))
        except RuleBroken as refusal:
            yield _not_met("code", "等级有已确认的编号代码", refusal.message, "证书")


def _filed(known: Ground) -> Found:
    session, batch = known.session, known.batch
    if batch.state == "certified":
        objections = [one for one, _uncorrected in known.objections]
        level = session.get_one(Registration, batch.registration_id).authority_level
        against = filings.export_reasons(known.outline, known.notice, objections, known.counted, level)
        return tuple(_not_met("export", "可以导出上报材料", reason, "上报") for reason in against), ()
    uploaded = filing_templates()["certificates"].codes["id_types"]
    leaves = [
        _not_met("id_type", "证件类型有已确认的上报代码", f"{person.name}的证件类型在证书数据上报表中没有已确认的代码", "上报")
        for _one, person in known.still_in
        if person.id_type not in uploaded
    ]
    leaves.append(_unknown("export", "可以导出上报材料", "还没有发证；材料由届时的数据生成，不由演练生成", "上报"))
    return tuple(leaves), ()


def _leaf(name: str, text: str, held: bool, fact: str, origin: str) -> Proof:
    return Proof(Answer.MET if held else Answer.NOT_MET, text, own_clause(name, text), fact, (), origin)


def _unknown(name: str, text: str, fact: str, origin: str) -> Proof:
    return Proof(Answer.UNKNOWN, text, own_clause(name, text), fact, (), origin)


def _not_met(name: str, text: str, fact: str, origin: str) -> Proof:
    return _leaf(name, text, False, fact, origin)


_STEPS: Mapping[str, Callable[[Ground], Found]] = {
    "enrolling": _by_lifecycle("enrolling"), "reviewed": _reviewed, "scheduled": _by_lifecycle("scheduled"),
    "marking": _marking, "settled": _settled, "noticed": _noticed, "cleared": _cleared, "certified": _certified, "filed": _filed,
}  # fmt: skip
