"""May this institution, on this day, recognise this occupation at this grade by this route, for a person of that firm?

The rules are data of four kinds (``rules.Rule``). A *require* must hold; of the *permits* one must hold; a *limit* takes a
permit away where it holds; an *opposing* clause, where it holds, says the contrary of a permit that is met. When every
permit that is met is opposed, the clauses disagree, and that is the answer: both are cited and nobody guesses.

Sources: decision table 2.1 of guangdong-rules (DR-0 … DR-5, SK-1), whose clauses stand in the packs.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from skilleval.domain.authority_way import facts_of, missing
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.permits import Permit, Required, permit_of, prove_rule, shown
from skilleval.domain.rules import Answer, Case, Clause, Proof, Rule, all_answers, any_answer, no_version

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
    #: what to say of a fact, and the proof that found it (``rules.Case``)
    told: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Proof] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Authority:
    """The verdict, the proof behind it, the ids of the clauses that decide, what is lifted, and what is still needed."""

    verdict: Verdict
    proof: Proof
    clauses: tuple[str, ...]
    lifted: tuple[str, ...]
    needs: tuple[str, ...]
    #: where the clauses disagree, those that say the contrary
    contrary: tuple[Clause, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON values."""
        return {
            "verdict": self.verdict.value,
            "proof": self.proof.as_dict(),
            "clauses": list(self.clauses),
            "lifted": list(self.lifted),
            "needs": list(self.needs),
        }


def resolve(question: Question, rules: Sequence[Rule], known: Iterable[Rule] = ()) -> Authority:
    """The answer to a question by the rules that stand on its day.

    ``known`` are the rules of all days: where permits for the question exist but none has begun by its day, the answer is
    unknown, "no version in force", and not no.
    """
    case = Case(question.on, question.facts, question.switches, told=question.told, evidence=question.evidence)
    applying = [rule for rule in rules if _applies(rule, question)]
    requires = [(rule, prove_rule(rule, case)) for rule in applying if rule.kind == "require"]
    permits = [permit_of(rule, applying, case) for rule in applying if rule.kind == "permit"]
    later = [] if permits else _later(question, known)
    permission = _permission(question, permits, later)
    verdict = _verdict(requires, permits, permission.answer)
    answer = {Verdict.YES: Answer.MET, Verdict.NO: Answer.NOT_MET}.get(verdict, Answer.UNKNOWN)
    proof = Proof(
        answer,
        f"可否以{ROUTES[question.route]}方式认定{question.grade.printed}",
        Clause("authority", "须符合各项前提，并有一条许可", "", "high"),
        _disagreement(permits) if verdict is Verdict.CLAUSES_DISAGREE else "",
        (*(one for _rule, one in requires), permission),
    )
    return Authority(
        verdict,
        proof,
        tuple(dict.fromkeys(_deciding(verdict, requires, permits, later))),
        _lifted(verdict, permits),
        tuple(dict.fromkeys(_needs(verdict, question, rules, requires, permits, later))),
        tuple(dict.fromkeys(_contrary(permits))) if verdict is Verdict.CLAUSES_DISAGREE else (),
    )


def reasons(answer: Authority) -> list[str]:
    """Why the answer is no yes, a line a reason, each with the id of its clause; nothing for a yes."""
    return reasons_in(answer.proof)


def reasons_in(proof: Proof) -> list[str]:
    """Why a tree is not met, a line a reason, each with the id of its clause; nothing for one that is."""
    return list(dict.fromkeys(leaf.fact for leaf in _refusals(proof)))


def refusals(answer: Authority) -> list[Proof]:
    """Why the answer is no yes, a leaf a reason, each with its own clause and the reason as its fact."""
    return list(dict.fromkeys(_refusals(answer.proof)))


def _refusals(proof: Proof) -> Iterator[Proof]:
    if proof.answer is Answer.MET:
        return
    deeper = [child for child in proof.children if child.answer is not Answer.MET]
    for child in deeper:
        yield from _refusals(child)
    if not deeper:
        told = f"，{proof.fact}" if proof.fact else ""
        line = f"{proof.text}：{proof.answer.name_zh}{told}（{proof.clause.id}）"
        yield Proof(proof.answer, proof.clause.text, proof.clause, line, (), proof.origin)


def _applies(rule: Rule, question: Question) -> bool:
    return (not rule.routes or question.route in rule.routes) and (
        not rule.grades or question.grade.value in rule.grades
    )


def _later(question: Question, known: Iterable[Rule]) -> list[Rule]:
    """The permits for the question that begin only after its day."""
    return [
        rule for rule in known if rule.kind == "permit" and _applies(rule, question) and rule.valid_from > question.on
    ]


def _permission(question: Question, permits: Sequence[Permit], later: Sequence[Rule]) -> Proof:
    text = f"有一条规则许可以{ROUTES[question.route]}方式认定{question.grade.printed}"
    clause = Clause("authority.permission", text, "", "high")
    if permits:
        return Proof(any_answer(one.undisputed for one in permits), text, clause, children=tuple(map(shown, permits)))
    if later:
        waiting = tuple(no_version(rule.clause.id, question.on, rule.clause.text) for rule in later)
        return Proof(Answer.UNKNOWN, text, clause, children=waiting)
    silent = Clause("authority.silent", "所选规则包没有许可这种认定", "所选规则包", "high")
    return Proof(Answer.NOT_MET, text, silent, f"{question.on}没有这样的规则", (), "所选规则包")


def _verdict(requires: Sequence[Required], permits: Sequence[Permit], permission: Answer) -> Verdict:
    required = all_answers(proof.answer for _rule, proof in requires)
    if required is Answer.NOT_MET:
        return Verdict.NO
    if permission is Answer.MET:
        return Verdict.YES if required is Answer.MET else Verdict.UNKNOWN
    granted = any_answer(one.granted for one in permits)
    if permission is Answer.NOT_MET and granted is Answer.NOT_MET:
        return Verdict.NO
    # A permit whose facts are not all known might stand, disputed or not; then nobody can say yet.
    unsettled = permission is Answer.UNKNOWN or granted is Answer.UNKNOWN or required is Answer.UNKNOWN
    return Verdict.UNKNOWN if unsettled else Verdict.CLAUSES_DISAGREE


def _contrary(permits: Iterable[Permit]) -> Iterator[Clause]:
    """The clauses that say the contrary of what is permitted."""
    for permit in permits:
        if permit.granted is Answer.MET:
            yield from (rule.clause for rule, proof in permit.opposed if proof.answer is Answer.MET)


def _disagreement(permits: Sequence[Permit]) -> str:
    told = []
    for permit in permits:
        if permit.granted is Answer.MET and permit.disputed is Answer.MET:
            contrary = "；".join(f"“{clause.text}”（{clause.reference}）" for clause in _contrary([permit]))
            told.append(f"“{permit.rule.clause.text}”（{permit.rule.clause.reference}）许可，而{contrary}")
    return "；".join(told)


def _deciding(
    verdict: Verdict, requires: Sequence[Required], permits: Sequence[Permit], later: Sequence[Rule]
) -> Iterator[str]:
    """The ids of the clauses that decide: what permits; or what fails; or what nobody can tell; or what disagrees."""
    if verdict is Verdict.YES:
        yield from (one.rule.clause.id for one in permits if one.undisputed is Answer.MET)
        return
    if verdict is Verdict.CLAUSES_DISAGREE:
        for permit in (one for one in permits if one.granted is Answer.MET):
            yield permit.rule.clause.id
            yield from (rule.clause.id for rule, proof in permit.opposed if proof.answer is Answer.MET)
        return
    if verdict is Verdict.NO:
        yield from (rule.clause.id for rule, proof in requires if proof.answer is Answer.NOT_MET)
        # While one permit may stand, the others are not why it is a no.
        for permit in permits if any_answer(one.granted for one in permits) is Answer.NOT_MET else ():
            yield permit.rule.clause.id
            if permit.proof.answer is not Answer.NOT_MET:
                yield from (rule.clause.id for rule, proof in permit.limits if proof.answer is Answer.MET)
        return
    yield from (rule.clause.id for rule, proof in requires if proof.answer is Answer.UNKNOWN)
    yield from (rule.clause.id for rule in later)
    if any(one.undisputed is Answer.MET for one in permits):
        return
    for permit in (one for one in permits if Answer.UNKNOWN in (one.granted, one.undisputed)):
        yield permit.rule.clause.id
        against = (*permit.limits, *permit.opposed)
        yield from (rule.clause.id for rule, proof in against if proof.answer is Answer.UNKNOWN)


def _lifted(verdict: Verdict, permits: Sequence[Permit]) -> tuple[str, ...]:
    """What the permits that carry a yes (or a disputed yes) lift; nothing where there is none."""
    if verdict not in (Verdict.YES, Verdict.CLAUSES_DISAGREE):
        return ()
    carried = [one for one in permits if (one.undisputed if verdict is Verdict.YES else one.granted) is Answer.MET]
    return tuple(dict.fromkeys(limit for one in carried for limit in one.rule.lifts))


def _needs(
    verdict: Verdict,
    question: Question,
    rules: Sequence[Rule],
    requires: Sequence[Required],
    permits: Sequence[Permit],
    later: Sequence[Rule],
) -> Iterator[str]:
    """What must still be there: the papers of the permits for a yes (disputed: and of what opposes), else the way to one."""
    if verdict in (Verdict.YES, Verdict.CLAUSES_DISAGREE):
        for permit in permits:
            if (permit.undisputed if verdict is Verdict.YES else permit.granted) is Answer.MET:
                yield from permit.rule.needs
                for rule, proof in permit.opposed:
                    yield from rule.needs if proof.answer is Answer.MET else ()
        return
    if permits:
        yield from missing(requires, permits)
        return
    if later:
        yield from missing(requires, ())
        yield f"许可自{min(rule.valid_from for rule in later)}起才有版本，此前的认定须另找依据"
        return
    # No rule permits this route for the grade, so registering the route would be of no use.
    yield from missing([one for one in requires if set(facts_of(one[0].when)) != {"route_in_scope"}], ())
    by_grade = any(rule.grades and proof.answer is Answer.NOT_MET for rule, proof in requires)
    routes = [route for route in ROUTES if any(_permits(rule, route, question.grade) for rule in rules)]
    if routes and not by_grade:
        yield f"改用{'、'.join(ROUTES[route] for route in routes)}方式"


def _permits(rule: Rule, route: str, grade: Grade) -> bool:
    return rule.kind == "permit" and route in rule.routes and grade.value in rule.grades
