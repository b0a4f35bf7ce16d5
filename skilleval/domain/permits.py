"""Rules of authority applied to one case: premises, and permits with what limits and what opposes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from skilleval.domain.rules import Answer, Case, Proof, Rule, all_answers, any_answer, opposite, prove

#: a rule that must hold, with its proof
Required = tuple[Rule, Proof]


@dataclass(frozen=True, slots=True)
class Permit:
    """A permit of the case, what limits it and what says the contrary."""

    rule: Rule
    proof: Proof
    #: each proved as "holds"
    limits: tuple[tuple[Rule, Proof], ...]
    opposed: tuple[tuple[Rule, Proof], ...]

    @property
    def granted(self) -> Answer:
        """Whether the permit holds and no limit takes it away."""
        limits = (opposite(proof.answer) for _rule, proof in self.limits)
        return all_answers([self.proof.answer, *limits])

    @property
    def disputed(self) -> Answer:
        """Whether an opposing clause holds."""
        return any_answer(proof.answer for _rule, proof in self.opposed)

    @property
    def undisputed(self) -> Answer:
        """Whether it is granted and nothing says the contrary."""
        return all_answers([self.granted, opposite(self.disputed)])


def prove_rule(rule: Rule, case: Case) -> Proof:
    """A rule as one node with its own clause, whatever its condition looks like."""
    assert rule.when is not None
    inner = prove(rule.when, rule.clause, case)
    return Proof(inner.answer, rule.clause.text, rule.clause, children=(inner,))


def permit_of(rule: Rule, applying: Sequence[Rule], case: Case) -> Permit:
    """A permit with the limits and opposing clauses that are written against it."""

    def against(kind: str) -> tuple[tuple[Rule, Proof], ...]:
        return tuple(
            (one, prove_rule(one, case)) for one in applying if one.kind == kind and rule.clause.id in one.against
        )

    return Permit(rule, prove_rule(rule, case), against("limit"), against("oppose"))


def shown(permit: Permit) -> Proof:
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
