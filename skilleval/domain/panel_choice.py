"""A proposal for a panel: whom, why, what follows, and, where no panel is possible, the smallest reason why.

Deterministic: fewest conflicts that nobody dismissed, then the lowest workload, then the code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from skilleval.domain.conflicts import stands_in_the_way
from skilleval.domain.panels import Member, Need, Rules, prove_fitness, prove_member, smallest_size
from skilleval.domain.rules import Answer


@dataclass(frozen=True, slots=True, order=True)
class Obstacle:
    """Something to be removed so that somebody may sit on a panel.

    A conflict belongs to the candidate (``candidate``, by key) and may stand in the way of several; everything else belongs to
    one member.
    """

    text: str
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the pool: picked or not, why, and what follows."""

    member: Member
    picked: bool
    reasons: tuple[str, ...]
    consequences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A panel, or nobody and the smallest set of obstacles whose removal would make one possible."""

    size: int
    chair: str
    picked: tuple[str, ...]
    choices: tuple[Choice, ...]
    #: how many more people are needed than there are
    short_of: int = 0
    blocking: tuple[Obstacle, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether there is a panel."""
        return bool(self.picked)


def propose(pool: Sequence[Member], need: Need, rules: Rules, size: int | None = None) -> Proposal:
    """The panel of ``size`` (else the smallest that the rules allow) out of the pool, with reasons for everybody."""
    wanted = size if size is not None else smallest_size(need, rules)
    ordered = sorted(pool, key=lambda one: (len(one.open_conflicts), one.workload, one.code))
    against = {one.code: obstacles(one, need, rules) for one in ordered}
    picked = [one for one in ordered if not against[one.code]][:wanted]
    if len(picked) < wanted:
        choices = tuple(_left_out(one, against[one.code], need, rules, feasible=False) for one in ordered)
        sets = [against[one.code] for one in ordered]
        short = max(0, wanted - len(ordered))
        return Proposal(wanted, "", (), choices, short, smallest_blocking(sets, wanted - short))
    chair = next((one for one in picked if one.kind == "senior_assessor"), picked[0])
    taken = {one.code for one in picked}
    choices = tuple(
        _picked(one, need, rules, chair=one is chair)
        if one.code in taken
        else _left_out(one, against[one.code], need, rules, feasible=True)
        for one in ordered
    )
    return Proposal(wanted, chair.code, tuple(one.code for one in picked), choices)


def obstacles(member: Member, need: Need, rules: Rules) -> frozenset[Obstacle]:
    """Everything that keeps somebody from the panel."""
    own = [Obstacle(leaf.fact) for leaf in prove_fitness(member, need, rules) if leaf.answer is not Answer.MET]
    people = [one.subject for one in member.conflicts if stands_in_the_way(one, rules)]
    return frozenset([*own, *(Obstacle(f"考生{one.name}与考评人员有须回避的情形", one.key) for one in people)])


def smallest_blocking(sets: Sequence[frozenset[Obstacle]], wanted: int) -> tuple[Obstacle, ...]:
    """The fewest obstacles whose removal frees ``wanted`` of the pool; of several such sets, always the same one.

    Exact: members with the same candidates in the way form a group, of which those with the fewest obstacles of their own go
    first, so that only how many of each group are taken is searched.
    """
    groups: dict[frozenset[Obstacle], list[frozenset[Obstacle]]] = {}
    for one in sets:
        shared = frozenset(obstacle for obstacle in one if obstacle.candidate)
        groups.setdefault(shared, []).append(one - shared)
    rows = [
        (shared, sorted(own, key=lambda each: (len(each), sorted(each))))
        for shared, own in sorted(groups.items(), key=lambda item: (len(item[0]), sorted(item[0])))
    ]
    best: tuple[Obstacle, ...] | None = None
    for found in _removals(rows, 0, wanted, frozenset(), len(frozenset().union(*sets)) if sets else 0):
        if best is None or (len(found), sorted(found)) < (len(best), sorted(best)):
            best = tuple(sorted(found))
    return best or ()


_Rows = Sequence[tuple[frozenset[Obstacle], Sequence[frozenset[Obstacle]]]]


def _removals(rows: _Rows, place: int, wanted: int, removed: frozenset[Obstacle], limit: int) -> Iterator[frozenset[Obstacle]]:
    """Every set of removals that is worth a look; none with more than ``limit`` obstacles."""
    if len(removed) > limit:
        return
    if wanted == 0:
        yield removed
        return
    if sum(len(own) for _shared, own in rows[place:]) < wanted:
        return
    shared, own = rows[place]
    for count in range(min(wanted, len(own)), -1, -1):
        gone = removed.union(shared, *own[:count]) if count else removed
        for found in _removals(rows, place + 1, wanted - count, gone, limit):
            limit = min(limit, len(found))
            yield found


def _picked(member: Member, need: Need, rules: Rules, *, chair: bool) -> Choice:
    leaves = dict.fromkeys(leaf.fact for leaf in prove_member(member, need, rules).leaves() if leaf.fact)
    reasons = (*leaves, f"没有须回避的情形，未排除的提醒 {len(member.open_conflicts)} 项；今年另有 {member.workload} 个批次")
    role = "组长" if chair else "组员"
    return Choice(
        member, True, reasons,
        (f"任{need.name}评审组{role}，今年参与的批次增至 {member.workload + 1} 个", "不能再任本批次的督导员"),
    )  # fmt: skip


def _left_out(member: Member, against: frozenset[Obstacle], need: Need, rules: Rules, *, feasible: bool) -> Choice:
    if not against:
        reason = f"可以担任；未排除的回避情形 {len(member.open_conflicts)} 项，今年另有 {member.workload} 个批次"
        told = ("排在所选人员之后，可作候补",) if feasible else ("可以担任，但人数不足，不能组成评审组",)
        return Choice(member, False, (reason,), told)
    reasons = tuple(leaf.fact for leaf in prove_member(member, need, rules).leaves() if leaf.answer is not Answer.MET)
    suspected = [one for one in member.conflicts if one.state == "suspected" and stands_in_the_way(one, rules)]
    follows = ["指派将被拒绝"]
    if suspected:
        follows.append("经核实不属实的，排除后（skilleval conflicts dismiss）可以担任：" + "、".join(dict.fromkeys(one.text for one in suspected)))
    return Choice(member, False, reasons, tuple(follows))
