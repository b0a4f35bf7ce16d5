"""What may follow what, for batch, candidate, notice, objection, filing, item and the draft of a specification: one table.

The steps of a batch follow the procedure of 人社职司便函〔2020〕17号 as practised (national-rules 2.2, confidence high as
practice): plan → enrolment → review → scheduling → assessment → results → notice → certificates → filing → archive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from skilleval.domain.conflicts import CONFLICT_RULES, Conflict, prove_conflict
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Answer, Clause, Proof, Rule, all_of, own_clause, prove_value, unless_warning

#: states by kind, with the Chinese label of each
STATES: Mapping[str, Mapping[str, str]] = {
    "batch": {
        "draft": "计划",
        "enrolling": "报名",
        "reviewed": "资格审核完成",
        "scheduled": "考务编排完成",
        "marking": "评分",
        "settled": "成绩已核定",
        "noticed": "公示中",
        "cleared": "公示结束",
        "certified": "已发证",
        "filed": "已上报",
        "archived": "已归档",
        "cancelled": "已取消",
    },
    "candidate": {
        "applied": "已申报",
        "eligible": "资格审核通过",
        "refused": "资格审核不通过",
        "withdrawn": "已退出",
    },
    "notice": {"published": "公示中", "closed": "已结束", "withdrawn": "已撤回"},
    "filing": {"exported": "已导出", "received": "已收件", "returned": "已退回", "accepted": "已通过"},
    "objection": {"open": "待处理", "upheld": "成立", "rejected": "不成立"},
    "specification_draft": {
        "drafting": "起草中",
        "reviewing": "评审中",
        "revising": "待修改",
        "revised": "已修改待复审",
        "passed": "评审通过",
        "failed": "评审不通过",
        "approved": "已批准",
        "abandoned": "已终止",
    },
    "item": {"draft": "草稿", "in_use": "启用", "retired": "停用"},
}

#: (kind, state) → the states that may follow
NEXT: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("batch", "draft"): ("enrolling", "cancelled"),
    ("batch", "enrolling"): ("reviewed", "cancelled"),
    ("batch", "reviewed"): ("scheduled", "enrolling", "cancelled"),
    ("batch", "scheduled"): ("marking", "cancelled"),
    ("batch", "marking"): ("settled", "cancelled"),
    ("batch", "settled"): ("noticed",),
    ("batch", "noticed"): ("cleared", "settled"),
    ("batch", "cleared"): ("certified",),
    ("batch", "certified"): ("filed",),
    ("batch", "filed"): ("archived",),
    ("candidate", "applied"): ("eligible", "refused", "withdrawn"),
    ("candidate", "eligible"): ("refused", "withdrawn"),
    ("candidate", "refused"): ("eligible", "withdrawn"),
    ("notice", "published"): ("closed", "withdrawn"),
    ("objection", "open"): ("upheld", "rejected"),
    # A package that was returned is answered by a new version of it.
    ("filing", "exported"): ("received", "returned", "accepted"),
    ("filing", "received"): ("returned", "accepted"),
    # Only a new revision leads from one round to the next, and one that comes after a pass has to be reviewed again.
    ("specification_draft", "drafting"): ("reviewing", "abandoned"),
    ("specification_draft", "reviewing"): ("passed", "revising", "failed"),
    ("specification_draft", "revising"): ("revised", "abandoned"),
    ("specification_draft", "revised"): ("reviewing", "abandoned"),
    ("specification_draft", "passed"): ("approved", "revised", "abandoned"),
    ("item", "draft"): ("in_use", "retired"),
    ("item", "in_use"): ("retired",),
}

#: steps of a batch that an act of its own takes, and which command does it
OWN_COMMAND: Mapping[str, str] = {
    "settled": "skilleval marks settle",
    "noticed": "skilleval notices publish",
    "cleared": "skilleval notices close",
    "certified": "skilleval certificates issue",
    "filed": "skilleval filings export",
}
#: the same for steps back
_WAYS_BACK: Mapping[tuple[str, str], str] = {("noticed", "settled"): "skilleval notices withdraw"}


#: what a step of a batch that leads on, back, or to its end without a result is called
DIRECTIONS: Mapping[str, str] = {"on": "下一步", "back": "退回", "off": "取消批次"}


def direction(state: str, to: str) -> str:
    """Where a step takes a batch: a key of ``DIRECTIONS``."""
    order = list(STATES["batch"])
    return "off" if to == "cancelled" else "on" if order.index(to) > order.index(state) else "back"


def own_command(state: str, to: str) -> str | None:
    """The command whose act takes a batch from ``state`` to ``to``; None where ``batches advance`` does."""
    return _WAYS_BACK.get((state, to)) or OWN_COMMAND.get(to)


def label(kind: str, state: str) -> str:
    """The Chinese name of a state."""
    return STATES[kind][state]


def next_states(kind: str, state: str) -> tuple[str, ...]:
    """The states that may follow ``state``; none for a final one."""
    return NEXT.get((kind, state), ())


def step(kind: str, state: str, to: str) -> str:
    """``to``, if it may follow ``state``. Refused: any other step; the message lists the ones that are allowed."""
    if to not in STATES[kind]:
        raise RuleBroken(f"没有“{to}”这个状态，可用的有：{'、'.join(f'{key}（{name}）' for key, name in STATES[kind].items())}")
    if to in next_states(kind, state):
        return to
    allowed = "、".join(f"{label(kind, key)}（{key}）" for key in next_states(kind, state))
    raise RuleBroken(
        f"现在是“{label(kind, state)}”，不能变为“{label(kind, to)}”；"
        + (f"下一步可以是：{allowed}" if allowed else "已是最终状态")
    )


@dataclass(frozen=True, slots=True)
class PartStaff:
    """One assessed part at one grade that somebody takes: how many assessors the specification asks for, and has."""

    name: str
    method: str
    needed: int
    assigned: int


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What the next step of a batch depends on, on the day it is asked for."""

    on: date
    starts_on: date
    candidates: int = 0
    undecided: tuple[str, ...] = ()
    eligible: int = 0
    parts: tuple[PartStaff, ...] = ()
    supervisors: int = 0
    venues: int = 0
    #: assessors who also supervise, by name
    double_roles: tuple[str, ...] = ()
    #: conflicts of interest between those who act and those whom they examine
    conflicts: tuple[Conflict, ...] = ()
    #: marks and votes that count although whoever gave them has to be recused, each with the way out
    recused: tuple[str, ...] = ()
    #: how many are on the panel of a direct recognition; None where the route has none
    panel: int | None = None
    #: why no registration is in force
    unregistered: tuple[str, ...] = ()
    #: why the institution may not hold the batch any more: leaves, each with its clause
    scope_problems: tuple[Proof, ...] = ()


#: the rules of packs that a step of a batch rests on
READINESS_RULES = (
    "authority.registered", "authority.in_scope", "skill.assessors_minimum", "supervisor.minimum", "venue.minimum",
    "duties.assessor_supervises", *CONFLICT_RULES,
)  # fmt: skip
Rules = Mapping[str, Rule]
#: the steps of a batch for which the institution must be within its authority, and those for which people must be assigned
ASKING_AUTHORITY = frozenset({"enrolling", "marking"})
ASKING_STAFF = frozenset({"scheduled", "marking"})


def readiness(to: str, facts: BatchFacts, rules: Rules = MappingProxyType({})) -> Proof:
    """Whether a batch is ready for the step to ``to``, as a tree whose leaves say what was found and by which clause.

    ``rules`` are the ones of ``READINESS_RULES`` that hold for the batch; where there is none, the clause says that the
    rule is the software's own. A rule that only warns never stands in the way.
    """
    leaves: list[Proof] = []
    if to in ASKING_AUTHORITY:
        leaves += _scope_leaves(facts, rules)
    if to == "reviewed":
        leaves += _review_leaves(facts)
    if to in ASKING_STAFF:  # staff may change in between
        leaves += [_assessors(part, rules.get("skill.assessors_minimum")) for part in facts.parts]
        leaves.append(_at_least_one("supervisor.minimum", facts.supervisors, "指派", "名内部质量督导员", rules))
        leaves.append(_at_least_one("venue.minimum", facts.venues, "指定", "处考核场地", rules))
        leaves += _duties(facts, rules.get("duties.assessor_supervises"))
    if to == "marking":
        leaves += _conflicts(facts, rules)
        leaves += _panel(facts.panel)
        told = f"评价自 {facts.starts_on} 开始，今天是 {facts.on}"
        leaves.append(_own("dates", "评价开始之日起方可评分", facts.on >= facts.starts_on, told, "批次"))
    if to in ("noticed", "cleared", "certified", "filed"):
        text = "须回避的人的评分、表决不计入结果"
        leaves += [_own("recused", text, False, told, "回避记录") for told in facts.recused]
    text = f"进入“{label('batch', to)}”的条件"
    return all_of(text, own_clause(to, text), leaves)


def missing_in(proof: Proof) -> list[str]:
    """Everything that is not met or not known, in Chinese; empty when the step may be taken."""
    # Two clauses may stand against one thing, which is then missing once.
    return list(dict.fromkeys(leaf.fact or leaf.text for leaf in proof.leaves() if leaf.answer is not Answer.MET))


def missing_for(to: str, facts: BatchFacts, rules: Rules = MappingProxyType({})) -> list[str]:
    """Everything that a batch lacks for the step to ``to``, in Chinese; empty when nothing does."""
    return missing_in(readiness(to, facts, rules))


def _own(name: str, text: str, held: bool, fact: str, origin: str) -> Proof:
    return Proof(Answer.MET if held else Answer.NOT_MET, text, own_clause(name, text), fact, (), origin)


_SCOPE = {"authority.registered": "备案在有效期内", "authority.in_scope": "职业、工种、等级在备案范围内"}


def _scope_leaves(facts: BatchFacts, rules: Rules) -> list[Proof]:
    registered, in_scope = (
        rules[rule_id].clause if rule_id in rules else own_clause(rule_id, text) for rule_id, text in _SCOPE.items()
    )
    if facts.unregistered:
        text = _SCOPE["authority.registered"]
        lapsed = [Proof(Answer.NOT_MET, text, registered, problem, (), "备案") for problem in facts.unregistered]
        return [*lapsed, *facts.scope_problems]
    leaves = [Proof(Answer.MET, _SCOPE["authority.registered"], registered, "是", (), "备案"), *facts.scope_problems]
    if not facts.scope_problems:
        leaves.append(Proof(Answer.MET, _SCOPE["authority.in_scope"], in_scope, "是", (), "备案"))
    return leaves


def _review_leaves(facts: BatchFacts) -> list[Proof]:
    told = f"{facts.candidates} 名考生" if facts.candidates else "还没有考生"
    leaves = [_own("candidates", "批次有考生", facts.candidates > 0, told, "考生")]
    names = "、".join(facts.undecided[:10]) + ("等" if len(facts.undecided) > 10 else "")
    waiting = f"{len(facts.undecided)} 名考生的资格尚未审定：{names}" if facts.undecided else "没有未审定的考生"
    leaves.append(_own("decided", "考生的资格全部审定", not facts.undecided, waiting, "资格审核"))
    if facts.candidates and not facts.undecided:
        passed = f"{facts.eligible} 名考生通过资格审核" if facts.eligible else "没有一名考生通过资格审核"
        leaves.append(_own("eligible", "至少一名考生通过资格审核", facts.eligible > 0, passed, "资格审核"))
    return leaves


def _assessors(part: PartStaff, rule: Rule | None) -> Proof:
    """The specification's number of assessors, or the pack's for a skill test where that is higher."""
    binds = rule is not None and part.method == "skill" and rule.value is not None and rule.severity == "block"
    needed = max(part.needed, rule.value) if binds and rule is not None else part.needed
    told = f"{part.name}至少需 {needed} 名考评员，现指派 {part.assigned} 名"
    text = f"{part.name}的考评员人数"
    if binds and rule is not None and rule.value >= part.needed:
        return prove_value(rule, part.assigned, text, told, "批次的指派")
    clause = Clause("specification.assessors", f"评价规范规定{part.name}须有 {part.needed} 名考评员", "本机构评价规范", "high")
    return Proof(Answer.MET if part.assigned >= needed else Answer.NOT_MET, text, clause, told, (), "批次的指派")


def _panel(members: int | None) -> list[Proof]:
    """Direct recognition is voted on by a panel, which can't be assigned or changed any more once marking has begun."""
    if members is None:
        return []
    told = f"评审组 {members} 人" if members else "尚未组成直接认定评审组（skilleval panels assign），开始评分后不能再组成"
    return [_own("panel", "直接认定评审组已组成", members > 0, told, "评审组")]


def _at_least_one(rule_id: str, given: int, act: str, what: str, rules: Rules) -> Proof:
    """As many as the pack asks for; at least one where no pack says how many."""
    noun, rule = what[1:], rules.get(rule_id)
    if rule is None:
        told = f"已{act} {given} {what}" if given else f"尚未{act}{noun}"
        return _own(rule_id, f"至少{act} 1 {what}", given >= 1, told, "批次的指派")
    if rule.value is None:
        return Proof(Answer.UNKNOWN, f"{act}{noun}", rule.clause, f"规则包没有写明须{act}多少{what}", (), "批次的指派")
    short = f"至少需 {rule.value} {what}，现{act} {given} {what[0]}" if given else f"尚未{act}{noun}"
    proof = prove_value(rule, given, f"至少{act} {rule.value} {what}", "", "批次的指派")
    return unless_warning(replace(proof, fact=f"已{act} {given} {what}" if proof.answer is Answer.MET else short), rule)


def _conflicts(facts: BatchFacts, rules: Rules) -> list[Proof]:
    """A leaf for every conflict in the way; where there is none, one that counts what was only told or dismissed."""
    leaves = [prove_conflict(one, rules.get(f"conflict.{one.kind}")) for one in facts.conflicts]
    if in_the_way := [leaf for leaf in leaves if leaf.answer is not Answer.MET]:
        return in_the_way
    dismissed = sum(one.state == "dismissed" for one in facts.conflicts)
    told = f"没有待处理的回避情形（已排除 {dismissed} 项，提醒 {len(leaves) - dismissed} 项）"
    return [_own("conflicts", "考评员、督导员与考生没有须回避的情形", True, told, "回避记录")]


def _duties(facts: BatchFacts, rule: Rule | None) -> list[Proof]:
    """Nobody assesses and supervises in one batch (考评与督导分离), unless the pack in use allows it."""
    text = "考评员与督导员不由同一人担任"
    clause = rule.clause if rule is not None else own_clause("duties", text)
    if rule is not None and rule.value is True:
        return [Proof(Answer.MET, text, clause, "所用规则包允许兼任", (), "批次的指派")]
    if not facts.double_roles:
        return [Proof(Answer.MET, text, clause, "没有人兼任", (), "批次的指派")]
    return [
        unless_warning(
            Proof(Answer.NOT_MET, text, clause, f"{name} 同时被指派为考评员和督导员，两者不能兼任", (), "批次的指派"), rule
        )
        for name in facts.double_roles
    ]
