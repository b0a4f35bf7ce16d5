"""What differs between two sets of rules: added, removed, changed, each changed key with its old and new words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from skilleval.domain.rules import Rule
from skilleval.domain.wording import rule_in_words

WORDS: Mapping[str, str] = {"added": "新增", "removed": "删去", "changed": "改变"}


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One version of a rule that one side has and the other hasn't, or has otherwise."""

    what: str
    old: Rule | None
    new: Rule | None
    #: key → (old words, new words); empty where the rule was added or removed
    keys: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        """The rule as it will be, or as it was where it is gone."""
        found = self.new or self.old
        assert found is not None
        return found


def rule_changes(old: Sequence[Rule], new: Sequence[Rule]) -> list[RuleChange]:
    """What differs, in the order in which the rules stand in ``new``, then those that are gone.

    Versions of one rule are compared by the day from which they hold; those without a partner in their order, so that a
    moved day shows as a change of that day.
    """
    before, after = _by_id(old), _by_id(new)
    return [
        change
        for rule_id in dict.fromkeys([*after, *before])
        for change in _versions(before.get(rule_id, []), after.get(rule_id, []))
    ]


def _by_id(rules: Sequence[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.clause.id, []).append(rule)
    return found


def _versions(old: Sequence[Rule], new: Sequence[Rule]) -> Iterator[RuleChange]:
    days = {rule.valid_from for rule in old} & {rule.valid_from for rule in new}
    pairs: list[tuple[Rule | None, Rule | None]] = [
        (one, other) for one in old for other in new if one.valid_from == other.valid_from
    ]
    pairs += zip_longest(
        [rule for rule in old if rule.valid_from not in days], [rule for rule in new if rule.valid_from not in days]
    )
    for one, other in pairs:
        if one is None or other is None:
            yield RuleChange("added" if one is None else "removed", one, other)
        elif keys := _changed_keys(one, other):
            yield RuleChange("changed", one, other, keys)


def _changed_keys(old: Rule, new: Rule) -> dict[str, tuple[str, str]]:
    before, after = rule_in_words(old), rule_in_words(new)
    return {
        key: (before.get(key, ""), after.get(key, ""))
        for key in dict.fromkeys([*before, *after])
        if before.get(key, "") != after.get(key, "")
    }
