"""What would make a condition met: the least that is sensible to ask of a firm, out of the tree that proved it not met.

A reading that a firm chose, and what was asked itself, are never offered as a way: nobody is told to read the text
otherwise, or to ask something else.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from skilleval.domain.facts import FACTS
from skilleval.domain.permits import Permit, Required
from skilleval.domain.rules import Answer, Cited, Compare, Expression, Group, Proof, Rule

#: facts of the question itself
_ASKED = frozenset({"target", "holds", "skips", "of_member"})
#: what a firm is; asked for only where nothing else would do
_NATURE = frozenset({
    "manufacturing", "large", "listed", "above_scale", "chain_lead", "flagship", "chain_evaluator", "state_owned",
    "employees", "provincial",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to enter or to do, in Chinese, and how much it asks: an entry 1, a piece of work 2, another firm 10."""

    text: str
    cost: int


Way = tuple[Change, ...]


def way_to(
    expression: Expression, proof: Proof, wanted: Answer = Answer.MET, granted: Collection[str] = ()
) -> Way | None:
    """The cheapest changes that give the wanted answer; () where it is given already, None where there is no way.

    ``granted`` are facts that something else asks for already.
    """
    if proof.answer is wanted:
        return ()
    if isinstance(expression, Compare):
        return _change(expression, proof, wanted, granted)
    if isinstance(expression, Cited):
        return way_to(expression.expression, proof.children[0], wanted, granted)
    if isinstance(expression, Group):
        return _group_way(expression, proof, wanted, granted)
    return None


def facts_of(expression: Expression) -> Iterable[str]:
    """The facts that an expression asks about."""
    if isinstance(expression, Compare):
        yield expression.fact
    elif isinstance(expression, Cited):
        yield from facts_of(expression.expression)
    elif isinstance(expression, Group):
        for part in expression.parts:
            yield from facts_of(part)


def cost(way: Way) -> int:
    """What a way asks in all."""
    return sum(change.cost for change in way)


def _group_way(group: Group, proof: Proof, wanted: Answer, granted: Collection[str]) -> Way | None:
    size = len(group.parts)
    # So many parts must have the answer ``each``; the opposite of a group asks for the opposite of its parts.
    need, each = {
        "all": (size, Answer.MET), "any": (1, Answer.MET), "none": (size, Answer.NOT_MET),
    }.get(group.kind, (group.least, Answer.MET))  # fmt: skip
    if wanted is Answer.NOT_MET:
        need, each = size - need + 1, Answer.NOT_MET if each is Answer.MET else Answer.MET
    ways = [
        way
        for part, child in zip(group.parts, proof.children, strict=True)
        if (way := way_to(part, child, each, granted)) is not None
    ]
    if len(ways) < need:
        return None
    return tuple(change for way in sorted(ways, key=cost)[:need] for change in way)


def _change(leaf: Compare, proof: Proof, wanted: Answer, granted: Collection[str]) -> Way | None:
    if leaf.fact in granted:
        return ()
    if leaf.fact.startswith("switch:") or leaf.fact in _ASKED:
        return None
    fact = FACTS[leaf.fact]
    if proof.answer is Answer.UNKNOWN:
        told = _gaps(proof) or [f"{fact.name_zh}（{proof.fact}）"]
        return tuple(Change(f"补充：{one}", 1) for one in told)
    if wanted is Answer.NOT_MET and fact.kind != "yes_no":
        return None
    if gaps := _gaps(proof):
        return tuple(Change(f"补齐：{one}", 2) for one in gaps)
    value = leaf.value if wanted is Answer.MET else not leaf.value
    return (Change(f"须{fact.wording(leaf.operator, value)}", 10 if leaf.fact in _NATURE else 2),)


def _gaps(proof: Proof) -> list[str]:
    """What the proof behind a fact lacks; what nobody knows is told once, however much of the proof hangs on it."""
    leaves = [leaf for child in proof.children for leaf in child.leaves() if leaf.answer is not Answer.MET]
    told = (leaf.fact if leaf.answer is Answer.UNKNOWN else f"{leaf.text}（{leaf.fact}）" for leaf in leaves)
    return list(dict.fromkeys(told))


def missing(requires: Sequence[Required], permits: Sequence[Permit]) -> Iterator[str]:
    """The least that leads to a yes: what each premise lacks, and what the cheapest permit lacks."""
    covered: set[str] = set()
    for rule, proof in requires:
        if proof.answer is not Answer.MET:
            yield from (change.text for change in _required_way(rule, proof))
            covered.update(facts_of(rule.when))
    ways = [way for permit in permits if (way := _permit_way(permit, covered)) is not None]
    if ways and all(permit.undisputed is not Answer.MET for permit in permits):
        yield from (change.text for change in min(ways, key=cost))


def _required_way(rule: Rule, proof: Proof) -> Way:
    """What a premise lacks: entries that are missing if those decide, else what the pack says is needed."""
    way = way_to(rule.when, proof.children[0])
    if way is not None and (proof.answer is Answer.UNKNOWN or not rule.needs):
        return way
    return tuple(Change(text, 2) for text in rule.needs)


def _permit_way(permit: Permit, covered: Collection[str]) -> Way | None:
    """The least that makes a permit stand undisputed; None where nothing does."""
    way = way_to(permit.rule.when, permit.proof.children[0], granted=covered)
    if way is None:
        return None
    for rule, proof in (*permit.limits, *permit.opposed):
        if proof.answer is not Answer.NOT_MET:
            against = way_to(rule.when, proof.children[0], Answer.NOT_MET, covered)
            way += tuple(Change(text, 2) for text in rule.needs) if against is None else against
    return way
