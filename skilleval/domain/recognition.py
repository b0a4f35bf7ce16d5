"""Direct recognition (直接认定): what a case must hold before anybody is recognised. All reasons at once.

Sources: guangdong-rules 2.2 (what a file holds), decision table 2.1 (who may); quorum, odd number and majority are
parameters of the rule packs. Where no text says anything, the clause says that the rule is the software's own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from types import MappingProxyType

from skilleval.domain import backgrounds
from skilleval.domain.authority import reasons_in
from skilleval.domain.conflicts import CONFLICT_RULES, KINDS
from skilleval.domain.conflicts import STATES as CONFLICT_STATES
from skilleval.domain.methods import METHODS
from skilleval.domain.rules import (
    Answer,
    Clause,
    Proof,
    Rule,
    all_of,
    no_version,
    own_clause,
    prove_value,
    unless_warning,
)
from skilleval.domain.scoring import Outcome, Settlement, round_hundredths, show

#: what a person can show: the kinds that entry conditions know, and those of direct recognition (seed 二（一）1、二（三）1)
EVIDENCE_KINDS: Mapping[str, str] = {
    **backgrounds.EVIDENCE_KINDS,
    "training": "岗位培训",
    "key_post": "关键岗位实践",
    "work_method": "工作法",
    "quality": "质量业绩记录",
}
EVIDENCE_STATES = {"submitted": "待核验", "accepted": "已采信", "rejected": "不采信"}
#: the three groups that every composite sheet has (seed 二（四）1); a firm may add its own
FIXED_GROUPS = ("岗位职责", "工作表现", "工作业绩")
#: at least one of them is used (seed 二（四）2)
DIRECT_METHODS = ("skill", "performance", "process")
VOTES = {"agree": "同意", "against": "不同意", "abstain": "弃权"}
STATES = {"draft": "起草", "reviewing": "评审中", "recognised": "予以认定", "not_recognised": "不予认定"}
#: full marks of a method, in hundredths
METHOD_MAXIMUM = 10000
PANEL_RULES = ("panel.quorum", "panel.odd", "panel.agree_percent", *CONFLICT_RULES)

_SHEET = Clause("direct.sheet", "根据岗位职责、工作表现、工作业绩等综合指标直接认定", "征求意见稿", "high", "二（四）1", "draft")
_METHODS = Clause("direct.methods", "技能操作考核、工作业绩评审、过程考核至少一种", "征求意见稿", "high", "二（四）2", "draft")


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of evidence as a line uses it: its code, its last day, and whether it was accepted."""

    code: str
    last_day: date
    state: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the composite sheet; maximum and score in hundredths."""

    serial: int
    group: str
    text: str
    maximum: int
    must: bool
    score: int | None
    evidence: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Voter:
    """A member of the panel, by code: chair or member, there or not, the vote, and whether they wrote a comment."""

    code: str
    chair: bool
    present: bool
    vote: str | None = None
    concluded: bool = False
    #: conflicts of interest with the person of the case that nobody dismissed: (kind, suspected or confirmed)
    recusals: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a decision rests on. ``decider_acts`` tells as what the one who decides took part in the assessment."""

    decided_on: date
    methods: Mapping[str, int | None]
    lines: tuple[Line, ...]
    panel: tuple[Voter, ...]
    decider_acts: tuple[str, ...] = ()
    #: the resolver's answer for this person, on each day that it is asked for
    authority: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """The composite percent and that of each group, in hundredths; None while a line has no score."""

    composite: int | None
    groups: Mapping[str, int | None]


def score_of(lines: Sequence[Line]) -> Score:
    """Scores as a share of the maxima, rounded once."""
    groups = dict.fromkeys(line.group for line in lines)
    return Score(_percent(lines), {name: _percent([one for one in lines if one.group == name]) for name in groups})


def judge_recognition(facts: CaseFacts, rules: Mapping[str, Rule] = MappingProxyType({})) -> Proof:
    """Whether the person of the case may be recognised: a tree whose leaves tell everything that is missing.

    ``rules`` are those of ``PANEL_RULES`` that hold; without one the answer is unknown, which is no yes.
    """
    leaves = [
        *_sheet(facts.lines),
        *_evidence(facts),
        *_methods(facts.methods),
        *_panel(facts.panel, rules, facts.decided_on),
        decided_apart(facts),
        *facts.authority,
    ]
    whole = own_clause("recognition", "案卷须齐全，评审组须有结论，机构须有权认定")
    return all_of("可否予以认定", whole, leaves)


def missing_in(proof: Proof) -> list[str]:
    """Everything that keeps the person from being recognised, in Chinese, each reason once."""
    told: list[str] = []
    for node in proof.children:
        if node.answer is not Answer.MET:
            told += reasons_in(node) if node.children else [node.fact or node.text]
    return list(dict.fromkeys(told))


def settlement_of(number: str, recognised: bool, facts: CaseFacts, reason: str) -> Settlement:
    """The result of a decided case: passed or failed, the mark of each method used, the composite percent as total."""
    score = score_of(facts.lines)
    reasons = [f"案卷 {number}：{STATES['recognised' if recognised else 'not_recognised']}（{facts.decided_on}），{reason}"]
    reasons += [f"{name}：{show(value)}" for name, value in score.groups.items()]
    reasons += [f"{METHODS[key].name_zh}：{show(mark)}" for key, mark in facts.methods.items()]
    return Settlement(
        Outcome.PASSED if recognised else Outcome.FAILED, dict(facts.methods), score.composite, tuple(reasons)
    )


def decided_apart(facts: CaseFacts) -> Proof:
    """Whoever decides did not assess (评审与决定分离)."""
    text = "由考评员和评审组成员以外的人作出决定"
    told = f"作出决定的人是{'、'.join(facts.decider_acts)}，须由另一人决定" if facts.decider_acts else "是"
    return _own("decided_apart", text, not facts.decider_acts, told, "批次的指派与评审组")


def shared_evidence(uses: Iterable[tuple[str, str, str]]) -> list[str]:
    """Evidence of this case that another person's case or file uses too: (code, other code, other person) → warnings."""
    return [
        f"佐证材料 {code} 与{person}的材料{'' if code == other else f' {other} '}是同一份，须核实各人的贡献"
        for code, other, person in sorted(set(uses))
    ]


def _percent(lines: Sequence[Line]) -> int | None:
    if not lines or any(line.score is None for line in lines):
        return None
    return round_hundredths(Fraction(sum(line.score or 0 for line in lines) * 10000, sum(line.maximum for line in lines)))


def _own(name: str, text: str, held: bool, fact: str, origin: str) -> Proof:
    return Proof(_answer(held), text, own_clause(name, text), fact, (), origin)


def _answer(held: bool) -> Answer:
    return Answer.MET if held else Answer.NOT_MET


def _sheet(lines: Sequence[Line]) -> Iterator[Proof]:
    groups = {line.group for line in lines}
    for name in FIXED_GROUPS:
        told = "有" if name in groups else f"综合评价表没有“{name}”一组"
        yield Proof(_answer(name in groups), f"综合评价表有“{name}”一组", _SHEET, told, (), "案卷")
    waiting = [line for line in lines if line.score is None]
    for line in waiting:
        yield _own("line_scored", "每一项都有评分", False, f"第 {line.serial} 项“{line.text}”没有评分", "案卷")
    if not waiting:
        yield _own("line_scored", "每一项都有评分", True, f"{len(lines)} 项均有评分", "案卷")


def _evidence(facts: CaseFacts) -> Iterator[Proof]:
    for line in facts.lines:
        if not line.must:
            continue
        accepted = [one.code for one in line.evidence if one.state == "accepted"]
        told = "、".join(accepted) or f"必备项第 {line.serial} 项“{line.text}”没有已采信的佐证材料"
        yield _own("must_line", "必备项有已采信的佐证材料", bool(accepted), told, "佐证材料")
    late = {one.code: one.last_day for line in facts.lines for one in line.evidence if one.last_day > facts.decided_on}
    for code, day in late.items():
        told = f"佐证材料 {code} 的日期 {day} 晚于决定日期 {facts.decided_on}"
        yield _own("evidence_dated", "佐证材料不晚于决定日期", False, told, "佐证材料")
    if not late:
        yield _own("evidence_dated", "佐证材料不晚于决定日期", True, "是", "佐证材料")


def _methods(methods: Mapping[str, int | None]) -> Iterator[Proof]:
    names = "、".join(METHODS[key].name_zh for key in methods)
    told = names or "没有使用技能操作考核、工作业绩评审、过程考核中的任何一种"
    yield Proof(_answer(bool(methods)), _METHODS.text, _METHODS, told, (), "案卷")
    for key, mark in methods.items():
        if mark is None:
            yield _own("method_marked", "所用方式有成绩", False, f"{METHODS[key].name_zh}没有成绩", "案卷")


def _panel(panel: Sequence[Voter], rules: Mapping[str, Rule], on: date) -> Iterator[Proof]:
    there = [one for one in panel if one.present]
    voted = [one for one in there if one.vote is not None]
    yield _quorum(len(voted), rules.get("panel.quorum"), on, absent=len(panel) - len(there))
    yield _odd(len(voted), rules.get("panel.odd"), on)
    for one in there:
        if one.vote is None:
            yield _own("panel_voted", "到会成员均已表决", False, f"评审组成员 {one.code} 没有表决，也没有登记缺席", "表决")
        yield from (_recusal(one.code, kind, state, rules.get(f"conflict.{kind}")) for kind, state in one.recusals)
    chairs = [one for one in there if one.chair]
    concluded = any(one.concluded and one.vote is not None for one in chairs)
    told = "已写明" if concluded else "评审组长没有写明评审结论" if chairs else "评审组没有到会的组长"
    yield _own("chair_concluded", "评审组长写明评审结论", concluded, told, "表决")
    yield _majority(len(voted), sum(one.vote == "agree" for one in voted), rules.get("panel.agree_percent"), on)


def _recusal(code: str, kind: str, state: str, rule: Rule | None) -> Proof:
    """Met where the pack allows it or only warns."""
    text = f"评审组成员 {code} 与考生没有须回避的情形"
    clause = rule.clause if rule is not None else own_clause(f"conflict.{kind}", f"{KINDS[kind]}的应当回避")
    way = "" if state == "confirmed" else "先认定或排除（skilleval conflicts confirm / dismiss），认定的"
    told = f"评审组成员 {code} 与考生：{KINDS[kind]}，{CONFLICT_STATES[state]}；{way}由其回避（skilleval panels absent 登记，写明回避）"
    if rule is not None and rule.value is False:
        return Proof(Answer.MET, text, clause, "所用规则包不要求回避", (), "回避记录")
    return unless_warning(Proof(Answer.NOT_MET, text, clause, told, (), "回避记录"), rule)


def _quorum(voted: int, rule: Rule | None, on: date, absent: int) -> Proof:
    text = "到会表决的评审组成员人数"
    if rule is None:
        return no_version("panel.quorum", on, text)
    short = absent and rule.value is not None and voted < rule.value
    way = f"；缺席 {absent} 人，可为其增补成员（skilleval panels substitute）" if short else ""
    return prove_value(rule, voted, text, f"评审组至少需 {rule.value} 人表决，现有 {voted} 人{way}", "表决")


def _odd(voted: int, rule: Rule | None, on: date) -> Proof:
    text = "到会表决的评审组成员为单数"
    if rule is None:
        return no_version("panel.odd", on, text)
    if rule.value is not True:
        return Proof(Answer.MET, text, rule.clause, "所用规则包不要求单数", (), "规则包")
    told = f"表决 {voted} 人" + ("" if voted % 2 else "，不是单数")
    return Proof(_answer(voted % 2 == 1), text, rule.clause, told, (), "表决")


def _majority(voted: int, agree: int, rule: Rule | None, on: date) -> Proof:
    text = "同意的超过规定的比例"
    if rule is None:
        return no_version("panel.agree_percent", on, text)
    if rule.value is None:
        return Proof(Answer.UNKNOWN, text, rule.clause, "规则包没有写明比例", (), "规则包")
    share = "一半" if rule.value == 50 else f" {rule.value}%"
    held = 100 * agree > rule.value * voted
    told = f"表决 {voted} 人，同意 {agree} 人" + ("" if held else f"，未超过{share}")
    return Proof(_answer(held), f"同意的超过表决人数的{share}", rule.clause, told, (), "表决")
