"""Answers kept from one page to the next until an institution's journal moves on."""

from collections.abc import Callable, Hashable
from typing import TypeVar

#: answers kept for one institution; with more, all are found anew
MOST = 500

Kept = TypeVar("Kept")


class KeptAnswers:
    """Institution → the head of its journal and the answers found under it. One in each process; threads may share it."""

    def __init__(self) -> None:
        self._answers: dict[int, tuple[str, dict[Hashable, object]]] = {}

    def get(self, institution_id: int, head: str, key: Hashable, find: Callable[[], Kept]) -> Kept:
        """The answer kept under this head of the journal, else what ``find`` gives."""
        under, answers = self._answers.get(institution_id, ("", {}))
        if under != head or len(answers) >= MOST:
            # A new dictionary, never an emptied one: another thread may just be filling the old one.
            answers = {}
            self._answers[institution_id] = (head, answers)
        if key not in answers:
            answers[key] = find()
        return answers[key]  # type: ignore[return-value] # what ``find`` of the same key gave
