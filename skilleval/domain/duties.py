"""The five duties of a batch, which nobody has two of: who registers doesn't score, who reviews doesn't approve, and so on.

Source: security.md, "Accounts and sessions": register, score, review, approve, issue are exclusive per batch.
"""

from collections.abc import Collection, Iterable

from skilleval.domain.errors import RuleBroken

DUTIES = {"register": "组织报名", "score": "评分", "review": "审核", "approve": "审批", "issue": "发证"}

#: duties that one person may have together in a small firm, as its installation is set
Merged = Collection[frozenset[str]]


def exclude(one: str, other: str, merged: Merged) -> bool:
    """Whether one person can't have both duties of a batch."""
    return one != other and not any({one, other} <= group for group in merged)


def clashes(held: Iterable[str], wanted: str, merged: Merged) -> list[str]:
    """Which of the duties that somebody has in a batch exclude another one, in the order of the five."""
    against = {one for one in held if exclude(one, wanted, merged)}
    return [one for one in DUTIES if one in against]


def merged_duties(written: Iterable[Iterable[str]]) -> tuple[frozenset[str], ...]:
    """The groups of duties that a setting lets one person have. Refused: an unknown duty, a group of fewer than two."""
    groups = tuple(frozenset(group) for group in written)
    for group in groups:
        if unknown := sorted(group - DUTIES.keys()):
            raise RuleBroken(f"没有职责 {'、'.join(unknown)}，可用 {'、'.join(DUTIES)}")
        if len(group) < 2:
            raise RuleBroken("合并的职责至少写两项")
    return groups
