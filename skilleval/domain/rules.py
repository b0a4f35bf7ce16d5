"""Rules as data: expressions with three-valued answers that carry their proof, a clause on every leaf.

A fact that nobody has entered makes an answer unknown, never not met. An expression is a tree of groups (all, any, none,
at least n) over comparisons of facts; what a person holds and has done are comparisons of their own (``eligibility``).
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from skilleval.domain.facts import FACTS, compare, show_value
from skilleval.domain.ladder import Grade


class Answer(enum.Enum):
    """The answer to a condition. A fact that nobody has entered makes it unknown, never not met."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"

    @property
    def name_zh(self) -> str:
        """The Chinese word."""
        return {"met": "符合", "not_met": "不符合", "unknown": "无法判断"}[self.value]


@dataclass(frozen=True, slots=True)
class Clause:
    """The rule that a condition comes from: its id, its text in plain Chinese, and where it stands."""

    id: str
    text: str
    source: str
    confidence: str
    article: str = ""
    status: str = "in_force"

    @property
    def reference(self) -> str:
        """Where the clause stands, as a letter names it: document, article, and whether it is a draft."""
        draft = "（草案，尚未施行）" if self.status == "draft" else ""
        return f"{self.source}{self.article}{draft}"


@dataclass(frozen=True, slots=True)
class Proof:
    """An answer and what it rests on. A leaf has the fact used and where it came from; an inner node has children."""

    answer: Answer
    text: str
    clause: Clause
    fact: str = ""
    children: tuple["Proof", ...] = ()
    origin: str = ""

    def leaves(self) -> Iterator["Proof"]:
        """All leaves, left to right."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def lines(self, depth: int = 0) -> Iterator[str]:
        """The tree as indented lines of Chinese, each leaf with the fact, where it came from, and its clause."""
        origin = f"；来源：{self.origin}" if self.origin else ""
        fact = f"（{self.fact}{origin}）" if self.fact else ""
        leaf = not self.children and self.clause.source
        source = f"  ——{self.clause.id}：{self.clause.reference}" if leaf else ""
        yield f"{'  ' * depth}[{self.answer.name_zh}] {self.text}{fact}{source}"
        for child in self.children:
            yield from child.lines(depth + 1)

    def as_dict(self) -> dict[str, Any]:
        """The tree as JSON values, each node with its clause."""
        return {
            "answer": self.answer.value,
            "text": self.text,
            "fact": self.fact,
            "origin": self.origin,
            "clause": {
                "id": self.clause.id,
                "text": self.clause.text,
                "source": self.clause.source,
                "article": self.clause.article,
                "confidence": self.clause.confidence,
                "status": self.clause.status,
            },
            "children": [child.as_dict() for child in self.children],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Proof":
        """The tree that ``as_dict`` gave."""
        return cls(
            Answer(stored["answer"]),
            stored["text"],
            Clause(**stored["clause"]),
            stored["fact"],
            tuple(cls.from_dict(child) for child in stored["children"]),
            stored.get("origin", ""),
        )


def all_answers(answers: Iterable[Answer]) -> Answer:
    """Not met if any is not met, else unknown if any is unknown, else met."""
    found = set(answers)
    if Answer.NOT_MET in found:
        return Answer.NOT_MET
    return Answer.UNKNOWN if Answer.UNKNOWN in found else Answer.MET


def any_answer(answers: Iterable[Answer]) -> Answer:
    """Met if any is met, else unknown if any is unknown, else not met."""
    found = set(answers)
    if Answer.MET in found:
        return Answer.MET
    return Answer.UNKNOWN if Answer.UNKNOWN in found else Answer.NOT_MET


def opposite(answer: Answer) -> Answer:
    """Met for not met and the other way round; what is unknown stays so."""
    return {Answer.MET: Answer.NOT_MET, Answer.NOT_MET: Answer.MET}.get(answer, Answer.UNKNOWN)


def least_answer(answers: Iterable[Answer], least: int) -> Answer:
    """Whether at least so many are met; unknown where the unknown ones could make up for it."""
    found = list(answers)
    met = found.count(Answer.MET)
    if met >= least:
        return Answer.MET
    return Answer.UNKNOWN if met + found.count(Answer.UNKNOWN) >= least else Answer.NOT_MET


def all_of(text: str, clause: Clause, children: Iterable[Proof]) -> Proof:
    """A node that is met when all its children are."""
    kept = tuple(children)
    return Proof(all_answers(child.answer for child in kept), text, clause, children=kept)


def any_of(text: str, clause: Clause, children: Iterable[Proof]) -> Proof:
    """A node that is met when one of its children is."""
    kept = tuple(children)
    return Proof(any_answer(child.answer for child in kept), text, clause, children=kept)


# --- expressions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compare:
    """One fact against a value. ``operator`` is one that the fact's kind has (``facts.OPERATORS``)."""

    fact: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Group:
    """``kind`` all, any, none, or least (then ``least`` of the parts must be met)."""

    kind: str
    parts: tuple["Expression", ...]
    least: int = 0


@dataclass(frozen=True, slots=True)
class Refer:
    """Another rule's condition, by id; the pack loader refuses one that is not there, and circles."""

    rule: str


@dataclass(frozen=True, slots=True)
class Cited:
    """Another rule's condition put in its place, with that rule's clause."""

    clause: Clause
    expression: "Expression"


#: ``Leaf`` stands for the comparisons that other modules define, such as eligibility.Requirement
Leaf = Any
Expression = Compare | Group | Refer | Cited | Leaf


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a pack, in one version.

    ``kind``: ``parameter`` (a value, held against another by ``operator``), ``condition`` (an entry condition of one
    edition and grade), ``require``, ``permit``, ``limit`` or ``oppose`` (authority: see ``authority``), or ``switch``
    (a reading that the text leaves open).
    """

    clause: Clause
    kind: str
    valid_from: date
    valid_to: date | None = None
    pack: str = ""
    binds: str = ""
    #: block, or warn: a reading or practice that is told and does not stop
    severity: str = "block"
    value: Any = None
    operator: str = "is"
    when: Expression | None = None
    edition: str = ""
    grades: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    #: ids of the permits that a limit or an opposing clause stands against
    against: tuple[str, ...] = ()
    lifts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def holds_on(self, day: date) -> bool:
        """Whether this version is in force, or stands as a draft, on a day."""
        return (
            self.clause.status != "repealed"
            and self.valid_from <= day
            and (self.valid_to is None or day <= self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one case on one day: facts by name (absent or None: nobody entered it).

    ``prove_leaf`` proves the comparisons that other modules define; ``switches`` are the readings in use.
    """

    on: date
    facts: Mapping[str, Any] = field(default_factory=dict)
    switches: Mapping[str, Any] = field(default_factory=dict)
    prove_leaf: Callable[[Leaf, Clause], Proof] | None = None
    #: what to say of a fact instead of its bare value: 备案 Y0000… 的有效期为 … 至 …
    told: Mapping[str, str] = field(default_factory=dict)
    #: for a fact that was itself found by a proof, that proof
    evidence: Mapping[str, Proof] = field(default_factory=dict)


_GROUP_TEXT = {"all": "以下各项均须符合", "any": "以下各项符合其一即可", "none": "不得有以下任何一项"}


def prove(expression: Expression, clause: Clause, case: Case, text: str = "") -> Proof:
    """The answer of an expression for a case, as a tree whose leaves carry the clause and the fact used."""
    if isinstance(expression, Compare):
        return _prove_compare(expression, clause, case)
    if isinstance(expression, Group):
        children = tuple(prove(part, clause, case) for part in expression.parts)
        found = group_answer(expression.kind, [child.answer for child in children], expression.least)
        told = text or _GROUP_TEXT.get(expression.kind, f"以下各项至少须符合{expression.least}项")
        return Proof(found, told, clause, children=children)
    if isinstance(expression, Cited):
        inner = prove(expression.expression, expression.clause, case)
        return Proof(inner.answer, text or expression.clause.text, clause, children=(inner,))
    if isinstance(expression, Refer):
        # The loader puts the rule in its place; it leaves the name where no version is in force.
        return no_version(expression.rule, case.on, text or f"须符合规则 {expression.rule}")
    assert case.prove_leaf is not None, f"nothing proves {expression!r}"
    return case.prove_leaf(expression, clause)


def group_answer(kind: str, answers: Sequence[Answer], least: int = 0) -> Answer:
    """The answer of a group from those of its parts."""
    if kind == "all":
        return all_answers(answers)
    if kind == "any":
        return any_answer(answers)
    if kind == "none":
        return opposite(any_answer(answers))
    return least_answer(answers, least)


def _prove_compare(leaf: Compare, clause: Clause, case: Case) -> Proof:
    if leaf.fact.startswith("switch:"):
        value: Any = case.switches.get(leaf.fact.removeprefix("switch:"))
        origin, told = "所选读法", f"本机构采用的读法为“{'是' if value else '否'}”"
        if value is None:
            told = f"{case.on} 没有这一读法的有效版本"
        answer = Answer.UNKNOWN if value is None else _as_answer(value == leaf.value)
        return Proof(answer, f"对文件未写明之处的读法：{leaf.fact.removeprefix('switch:')}", clause, told, (), origin)
    kind = FACTS[leaf.fact]
    value = case.facts.get(leaf.fact)
    text = kind.wording(leaf.operator, leaf.value)
    told = case.told.get(leaf.fact, "")
    evidence = (case.evidence[leaf.fact],) if leaf.fact in case.evidence else ()
    if value is None:
        return Proof(Answer.UNKNOWN, text, clause, told or f"未填{kind.name_zh}", evidence, kind.origin)
    held = compare(kind, leaf.operator, value, leaf.value, case.on)
    told = told or f"{kind.name_zh}：{show_value(kind, value)}"
    return Proof(_as_answer(held), text, clause, told, evidence, kind.origin)


def _as_answer(held: bool) -> Answer:
    return Answer.MET if held else Answer.NOT_MET


def prove_value(rule: Rule, given: Any, text: str, fact: str, origin: str = "") -> Proof:
    """Whether a value keeps to a parameter: at least it, at most it, or just it; grades by rank. None is unknown."""
    if given is None or rule.value is None:
        return Proof(Answer.UNKNOWN, text, rule.clause, fact or "未填", (), origin)
    return Proof(_as_answer(_keeps_to(rule, given)), text, rule.clause, fact, (), origin)


def _keeps_to(rule: Rule, given: Any) -> bool:
    if rule.operator == "is":  # a list or a table has no order
        return bool(given == rule.value)
    # A word that is held against another is a grade: the loader lets no other be compared.
    value, bound = (Grade(given), Grade(rule.value)) if isinstance(rule.value, str) else (given, rule.value)
    return bool(value >= bound if rule.operator == "at_least" else value <= bound)


def no_version(rule_id: str, day: date, text: str) -> Proof:
    """The unknown that stands where no version of a rule is in force on the day."""
    clause = Clause(rule_id, text, "规则包", "high")
    return Proof(Answer.UNKNOWN, text, clause, f"{day} 没有有效版本", (), "规则包")


def own_clause(name: str, text: str) -> Clause:
    """A clause for what no text says: the software's own rule."""
    return Clause(f"skilleval.{name}", text, "本软件自定的规则，没有文件依据", "high")


def unless_warning(proof: Proof, rule: Rule | None) -> Proof:
    """The proof; where its rule only warns, what is not met is told as a reminder and doesn't stand in the way."""
    if rule is None or rule.severity == "block" or proof.answer is Answer.MET:
        return proof
    return replace(proof, answer=Answer.MET, fact=f"提醒：{proof.fact}")
