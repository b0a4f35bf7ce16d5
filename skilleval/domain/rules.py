"""Three-valued answers that carry their proof: met, not met, unknown, with a clause on every leaf."""

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True, slots=True)
class Proof:
    """An answer and what it rests on. A leaf has the fact used; an inner node has children."""

    answer: Answer
    text: str
    clause: Clause
    fact: str = ""
    children: tuple["Proof", ...] = ()

    def leaves(self) -> Iterator["Proof"]:
        """All leaves, left to right."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def lines(self, depth: int = 0) -> Iterator[str]:
        """The tree as indented lines of Chinese."""
        fact = f"（{self.fact}）" if self.fact else ""
        yield f"{'  ' * depth}[{self.answer.name_zh}] {self.text}{fact}"
        for child in self.children:
            yield from child.lines(depth + 1)

    def as_dict(self) -> dict[str, Any]:
        """The tree as JSON values, each node with its clause."""
        return {
            "answer": self.answer.value,
            "text": self.text,
            "fact": self.fact,
            "clause": {
                "id": self.clause.id,
                "text": self.clause.text,
                "source": self.clause.source,
                "confidence": self.clause.confidence,
            },
            "children": [child.as_dict() for child in self.children],
        }


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


def all_of(text: str, clause: Clause, children: Iterable[Proof]) -> Proof:
    """A node that is met when all its children are."""
    kept = tuple(children)
    return Proof(all_answers(child.answer for child in kept), text, clause, children=kept)


def any_of(text: str, clause: Clause, children: Iterable[Proof]) -> Proof:
    """A node that is met when one of its children is."""
    kept = tuple(children)
    return Proof(any_answer(child.answer for child in kept), text, clause, children=kept)
