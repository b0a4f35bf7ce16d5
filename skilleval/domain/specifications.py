"""Drafts of specifications (评价规范) in a chain: who may review one, and what stands against a conclusion.

Sources: the founding plan 二（四）2 has the lead of a chain organise the specification (confidence high, draft); how it is
reviewed no text that we read says. So quorum and whether a drafting firm may review have no value in the shipped packs and
answer unknown, and that nobody reviews what they drafted is inferred (medium).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from skilleval.domain.errors import RuleBroken
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

CONCLUSIONS: Mapping[str, str] = {"pass": "通过", "revise": "修改后再审", "fail": "不通过"}
#: conclusion → the state of the draft that follows
AFTER: Mapping[str, str] = {"pass": "passed", "revise": "revising", "fail": "failed"}
VERDICTS: Mapping[str, str] = {"adopt": "采纳", "partly": "部分采纳", "reject": "不采纳"}

#: the parameters of the packs that a round rests on, each with what it asks
REVIEW_RULES: Mapping[str, str] = {
    "specification_review.quorum": "到会评审专家人数",
    "specification_review.drafter_reviews": "起草人不评审自己起草的规范",
    "specification_review.drafting_firm_reviews": "起草单位的人员可否评审",
}
_QUALIFIED = own_clause("review_qualification", "评审专家须写明职称、职业技能等级或评审资格")
_WHOLE = Clause("specification_review", "评审须同时符合以下各项", "", "high")
_RECORD = "评审记录"


@dataclass(frozen=True, slots=True)
class Drafter:
    """A firm that drafts or drafted, and the names of those who did for it."""

    firm: str
    credit_code: str
    people: frozenset[str]

    def is_firm(self, told: str) -> bool:
        """Whether a text names this firm, by name or credit code."""
        return told.strip() in (self.firm, self.credit_code)


@dataclass(frozen=True, slots=True)
class Expert:
    """An expert as the record of a round names them."""

    name: str
    firm: str
    qualification: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """An opinion by its number, the revision that it is about, and its answer; None while nobody answered it."""

    serial: int
    revision: int
    verdict: str | None = None


def prove_round(
    experts: Sequence[Expert], drafters: Sequence[Drafter], rules: Mapping[str, Rule | None], on: date
) -> Proof:
    """Whether these experts may review what these drafters wrote. ``rules`` are those of ``REVIEW_RULES`` on the day.

    Unknown: a rule that nobody established, somebody of a drafter's name from another firm, a missing qualification.
    """
    quorum, drafted, firms = REVIEW_RULES
    leaves = [_leaf(quorum, rules.get(quorum), on, len(experts), f"{len(experts)} 名")]
    for one in experts:
        leaves.append(_leaf(drafted, rules.get(drafted), on, *_drafted(one, drafters)))
        own = any(drafter.is_firm(one.firm) for drafter in drafters)
        if own:
            leaves.append(_leaf(firms, rules.get(firms), on, True, f"{one.name}是起草单位{one.firm}的人员"))
        answer = Answer.MET if one.qualification.strip() else Answer.UNKNOWN
        told = f"{one.name}：{one.qualification.strip() or '未填'}"
        leaves.append(Proof(answer, _QUALIFIED.text, _QUALIFIED, told, (), _RECORD))
    return all_of("评审专家可否评审", _WHOLE, leaves)


def _drafted(one: Expert, drafters: Sequence[Drafter]) -> tuple[bool | None, str]:
    """Whether the expert drafted; None where only the name is that of a drafter."""
    named = [drafter for drafter in drafters if one.name in drafter.people]
    for drafter in named:
        if drafter.is_firm(one.firm):
            return True, f"{one.name}（{one.firm}）是起草人"
    if named:
        return None, f"{one.name}（{one.firm}）与{named[0].firm}的起草人同名，须核实是否为同一人"
    return False, f"{one.name}（{one.firm}）不是起草人"


def _leaf(rule_id: str, rule: Rule | None, on: date, given: object, fact: str) -> Proof:
    if rule is None:
        return no_version(rule_id, on, REVIEW_RULES[rule_id])
    if rule.value is None:
        fact = f"{fact}，但没有读到规定"
    return unless_warning(prove_value(rule, given, REVIEW_RULES[rule_id], fact, _RECORD), rule)


def against_reviewers(proof: Proof) -> list[str]:
    """Why these experts may not review: what is not met, each with its clause. What is unknown is none yet."""
    return [_told(leaf) for leaf in proof.leaves() if leaf.answer is Answer.NOT_MET]


def open_questions(proof: Proof) -> list[str]:
    """What about the experts can't be known, each with its clause."""
    return [_told(leaf) for leaf in proof.leaves() if leaf.answer is Answer.UNKNOWN]


def _told(leaf: Proof) -> str:
    return f"{leaf.text}：{leaf.answer.name_zh}，{leaf.fact}（{leaf.clause.id}）"


def against_conclusion(
    conclusion: str, revision: int, opinions: Sequence[Opinion], proof: Proof, unknown_reason: str
) -> list[str]:
    """Everything that stands against concluding a round on this revision; nothing stands against 修改后再审 or 不通过.

    A pass needs an answer to every opinion, experts who may review, a reason for what is unknown about them, and a revision
    that needs no change any more, since just this revision becomes the specification.
    Refused: a word that is no conclusion.
    """
    if conclusion not in CONCLUSIONS:
        raise RuleBroken(f"结论“{conclusion}”应为：{'、'.join(CONCLUSIONS.values())}")
    return list(_against_pass(revision, opinions, proof, unknown_reason)) if conclusion == "pass" else []


def _against_pass(revision: int, opinions: Sequence[Opinion], proof: Proof, unknown_reason: str) -> Iterator[str]:
    yield from against_text(revision, opinions)
    yield from against_reviewers(proof)
    if not unknown_reason.strip():
        yield from (f"{one}；须写明仍予通过的理由" for one in open_questions(proof))


def against_text(revision: int, opinions: Sequence[Opinion]) -> list[str]:
    """Why a revision can't stand as it is: an opinion that nobody answered, or one on it that was adopted."""
    problems = []
    unanswered = [str(one.serial) for one in opinions if one.verdict is None]
    if unanswered:
        problems.append(f"第 {'、'.join(unanswered)} 条意见还没有处理（skilleval specifications answer）")
    due = [str(one.serial) for one in opinions if one.verdict in ("adopt", "partly") and one.revision == revision]
    if due:
        problems.append(f"第 {'、'.join(due)} 条对第 {revision} 稿的意见已采纳，须改入新的一稿再审（结论“修改后再审”）")
    return problems
