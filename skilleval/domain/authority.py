"""May this institution, on this day, recognise this occupation at this grade by this route, for a person of that firm?

The rules are data of four kinds (``rules.Rule``). A *require* must hold; of the *permits* one must hold; a *limit* takes a
permit away where it holds; an *opposing* clause, where it holds, says the contrary of a permit that is met. When every
permit that is met is opposed, the clauses disagree, and that is the answer: both are cited and nobody guesses.

Sources: decision table 2.1 of guangdong-rules (DR-0 … DR-5, SK-1), whose clauses stand in the packs.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import (
    Answer,
    Case,
    Clause,
    Proof,
    Rule,
    all_answers,
    any_answer,
    no_version,
    opposite,
    prove,
)

#: how a grade is recognised, as the plan names it
ROUTES: Mapping[str, str] = {
    "assessment": "考核",
    "direct": "直接认定",
    "contest": "竞赛晋级",
    "appointment": "评聘",
    "confirmation": "转正定级",
}


def parse_route(text: str) -> str:
    """The route that a person wrote, by its Chinese name or its word. Refused: anything else; the message lists them."""
    for word, name in ROUTES.items():
        if text.strip() in (word, name, f"{name}评价"):
            return word
    raise RuleBroken(f"无法识别的认定方式“{text}”，可用的有：{'、'.join(ROUTES.values())}")


class Verdict(enum.Enum):
    """The answer to a question of authority."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    CLAUSES_DISAGREE = "clauses_disagree"

    @property
    def name_zh(self) -> str:
        """The Chinese word."""
        return {"yes": "可以", "no": "不可以", "unknown": "无法判断", "clauses_disagree": "条款不一致"}[self.value]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, on which day; the facts of institution, scope and person by name (``facts.FACTS``)."""

    grade: Grade
    route: str
    on: date
    facts: Mapping[str, Any]
    switches: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Authority:
    """The verdict, the proof behind it, the ids of the clauses that decide, what is lifted, and what is still needed."""

    verdict: Verdict
    proof: Proof
    clauses: tuple[str, ...]
    lifted: tuple[str, ...]
    needs: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON values."""
        return {
            "verdict": self.verdict.value,
            "proof": self.proof.as_dict(),
            "clauses": list(self.clauses),
            "lifted": list(self.lifted),
            "needs": list(self.needs),
        }


@dataclass(frozen=True, slots=True)
class _Permit:
    rule: Rule
    proof: Proof
    #: the limits and opposing clauses against it, each proved as "holds"
    limits: tuple[tuple[Rule, Proof], ...]
    opposed: tuple[tuple[Rule, Proof], ...]

    @property
    def granted(self) -> Answer:
        """Whether the permit holds and no limit takes it away."""
        limits = (opposite(proof.answer) for _rule, proof in self.limits)
        return all_answers([self.proof.answer, *limits])

    @property
    def disputed(self) -> Answer:
        return any_answer(proof.answer for _rule, proof in self.opposed)

    @property
    def undisputed(self) -> Answer:
        """Whether it is granted and nothing says the contrary."""
        return all_answers([self.granted, opposite(self.disputed)])


def resolve(question: Question, rules: Sequence[Rule], known: Iterable[Rule] = ()) -> Authority:
    """The answer to a question by the rules that stand on its day.

    ``known`` are the rules of all days: where permits for the question exist but none has begun by its day, the answer is
    unknown, "no version in force", and not no.
    """
    case = Case(question.on, question.facts, question.switches)
    applying = [rule for rule in rules if _applies(rule, question)]
    requires = [(rule, _whole(rule, case)) for rule in applying if rule.kind == "require"]
    permits = [_permit(rule, applying, case) for rule in applying if rule.kind == "permit"]
    children = [proof for _rule, proof in requires]
    children.append(_permission(question, permits, known))
    verdict = _verdict(requires, permits, children[-1].answer)
    text = f"可否以{ROUTES[question.route]}方式认定{question.grade.printed}"
    answer = {Verdict.YES: Answer.MET, Verdict.NO: Answer.NOT_MET}.get(verdict, Answer.UNKNOWN)
    whole = Clause("authority", "须符合各项前提，并有一条许可", "", "high")
    fact = _disagreement(permits) if verdict is Verdict.CLAUSES_DISAGREE else ""
    proof = Proof(answer, text, whole, fact, tuple(children))
    return Authority(
        verdict,
        proof,
        tuple(dict.fromkeys(_deciding(verdict, requires, permits))),
        _lifted(verdict, permits),
        tuple(dict.fromkeys(_needs(verdict, requires, permits))),
    )


def _applies(rule: Rule, question: Question) -> bool:
    return (not rule.routes or question.route in rule.routes) and (
        not rule.grades or question.grade.value in rule.grades
    )


def _whole(rule: Rule, case: Case) -> Proof:
    """A rule as one node with its own clause, whatever its condition looks like."""
    assert rule.when is not None
    inner = prove(rule.when, rule.clause, case)
    return Proof(inner.answer, rule.clause.text, rule.clause, children=(inner,))


def _permit(rule: Rule, applying: Sequence[Rule], case: Case) -> _Permit:
    def against(kind: str) -> tuple[tuple[Rule, Proof], ...]:
        return tuple(
            (one, _whole(one, case)) for one in applying if one.kind == kind and rule.clause.id in one.against
        )

    return _Permit(rule, _whole(rule, case), against("limit"), against("oppose"))


def _permission(question: Question, permits: Sequence[_Permit], known: Iterable[Rule]) -> Proof:
    text = f"有一条规则许可以{ROUTES[question.route]}方式认定{question.grade.printed}"
    clause = Clause("authority.permission", text, "", "high")
    if permits:
        return Proof(any_answer(one.undisputed for one in permits), text, clause, children=tuple(map(_shown, permits)))
    later = [
        rule for rule in known if rule.kind == "permit" and _applies(rule, question) and rule.valid_from > question.on
    ]
    if later:
        return no_version(later[0].clause.id, question.on, text)
    silent = Clause("authority.silent", "所选规则包没有许可这种认定", "所选规则包", "high")
    return Proof(Answer.NOT_MET, text, silent, f"{question.on}没有这样的规则", (), "所选规则包")


def _shown(permit: _Permit) -> Proof:
    """A permit with what limits and what opposes it, as one node."""
    if not permit.limits and not permit.opposed:
        return permit.proof
    children = [permit.proof]
    for rule, proof in (*permit.limits, *permit.opposed):
        lead = "不受此限" if rule.kind == "limit" else "没有相反的条款"
        children.append(
            Proof(opposite(proof.answer), f"{lead}：{rule.clause.text}", rule.clause, children=proof.children)
        )
    return Proof(permit.undisputed, permit.rule.clause.text, permit.rule.clause, children=tuple(children))


def _verdict(requires: Sequence[tuple[Rule, Proof]], permits: Sequence[_Permit], permission: Answer) -> Verdict:
    required = all_answers(proof.answer for _rule, proof in requires)
    if required is Answer.NOT_MET:
        return Verdict.NO
    if permission is Answer.MET:
        return Verdict.YES if required is Answer.MET else Verdict.UNKNOWN
    contested = [one for one in permits if one.granted is Answer.MET and one.disputed is Answer.MET]
    # A permit whose facts are not all known might still stand undisputed; then nobody can say yet.
    if permission is Answer.UNKNOWN or (contested and required is Answer.UNKNOWN):
        return Verdict.UNKNOWN
    return Verdict.CLAUSES_DISAGREE if contested else Verdict.NO


def _disagreement(permits: Sequence[_Permit]) -> str:
    told = []
    for permit in permits:
        if permit.granted is Answer.MET and permit.disputed is Answer.MET:
            contrary = "；".join(
                f"“{rule.clause.text}”（{rule.clause.reference}）"
                for rule, proof in permit.opposed
                if proof.answer is Answer.MET
            )
            told.append(f"“{permit.rule.clause.text}”（{permit.rule.clause.reference}）许可，而{contrary}")
    return "；".join(told)


def _deciding(
    verdict: Verdict, requires: Sequence[tuple[Rule, Proof]], permits: Sequence[_Permit]
) -> Iterable[str]:
    """The ids of the clauses that decide: what fails, or what permits, limits and opposes."""
    wanted = {Verdict.NO: Answer.NOT_MET, Verdict.UNKNOWN: Answer.UNKNOWN}.get(verdict, Answer.MET)
    yield from (rule.clause.id for rule, proof in requires if proof.answer is wanted)
    for permit in permits:
        if verdict in (Verdict.YES, Verdict.CLAUSES_DISAGREE):
            if permit.granted is Answer.MET and (verdict is Verdict.CLAUSES_DISAGREE or permit.undisputed is Answer.MET):
                yield permit.rule.clause.id
                yield from (rule.clause.id for rule, proof in permit.opposed if proof.answer is Answer.MET)
            continue
        yield permit.rule.clause.id
        yield from (rule.clause.id for rule, proof in permit.limits if proof.answer is not Answer.NOT_MET)


def _lifted(verdict: Verdict, permits: Sequence[_Permit]) -> tuple[str, ...]:
    """What the permits that carry a yes (or a disputed yes) lift; nothing where there is none."""
    if verdict not in (Verdict.YES, Verdict.CLAUSES_DISAGREE):
        return ()
    carried = [one for one in permits if (one.undisputed if verdict is Verdict.YES else one.granted) is Answer.MET]
    return tuple(dict.fromkeys(limit for one in carried for limit in one.rule.lifts))


def _needs(verdict: Verdict, requires: Sequence[tuple[Rule, Proof]], permits: Sequence[_Permit]) -> Iterable[str]:
    """What must still be there: for a yes the papers of the permit, for the rest what is missing."""
    for rule, proof in requires:
        if proof.answer is not Answer.MET:
            yield from rule.needs
            yield from _unknown_facts(proof)
    if verdict is Verdict.YES:
        for permit in permits:
            if permit.undisputed is Answer.MET:
                yield from permit.rule.needs
        return
    for permit in permits:
        if verdict is Verdict.CLAUSES_DISAGREE and permit.granted is Answer.MET:
            yield from permit.rule.needs
            for rule, proof in permit.opposed:
                if proof.answer is Answer.MET:
                    yield from rule.needs
        elif verdict in (Verdict.NO, Verdict.UNKNOWN):
            yield from _unknown_facts(permit.proof)
            yield from (f"{leaf.text}" for leaf in permit.proof.leaves() if leaf.answer is Answer.NOT_MET)
            for rule, proof in permit.limits:
                if proof.answer is not Answer.NOT_MET:
                    yield from rule.needs


def _unknown_facts(proof: Proof) -> Iterable[str]:
    yield from (f"补充：{leaf.text}（{leaf.fact}）" for leaf in proof.leaves() if leaf.answer is Answer.UNKNOWN)
