"""One rule pack as it was read, and where several of them contradict each other, in words."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Rule
from skilleval.domain.wording import KINDS
from skilleval.rule_forms import references

#: a pack of a later layer overrides one of an earlier
LAYERS = {"national": "国家", "province": "省", "city": "市", "firm": "本机构"}


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """One rule pack as it was read: its rules, what it overrides, and its text with the hash that pins it."""

    key: str
    name: str
    layer: str
    #: whether it applies to a firm that has chosen nothing
    default: bool
    rules: tuple[Rule, ...]
    #: rule id → (the pack whose rule it overrides, the reason)
    overrides: Mapping[str, tuple[str, str]]
    text: str = field(repr=False)

    @property
    def sha256(self) -> str:
        """The hash of the file's text, by which a decision pins the pack."""
        return _sha256(self.text)


@lru_cache(maxsize=64)
def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def contradictions(packs: Sequence[Pack]) -> list[str]:
    """What keeps packs, in the order in which they override, from being used at all: names, overrides, kinds, references."""
    problems = [
        f"有两个规则包都叫 {key}：自有规则包请另起文件名；要改动其中的规则，用 overrides 写明覆盖 {key} 及理由"
        for key in _twice(pack.key for pack in packs)
    ]
    return [*problems, *_override_problems(packs), *_sameness_problems(packs), *_reference_problems(packs)]


def overlaps(rules: Sequence[Rule]) -> Iterator[str]:
    """Versions of one rule of a pack that hold on the same day."""
    by_id: dict[str, list[Rule]] = {}
    for rule in rules:
        by_id.setdefault(rule.clause.id, []).append(rule)
    for rule_id, versions in by_id.items():
        versions.sort(key=lambda rule: rule.valid_from)
        for earlier, later in pairwise(versions):
            if earlier.valid_to is None or later.valid_from <= earlier.valid_to:
                yield f"{rule_id}：{later.valid_from} 起的版本与 {earlier.valid_from} 起的版本日期重叠"


def _twice(keys: Iterable[str]) -> list[str]:
    return sorted(key for key, count in Counter(keys).items() if count > 1)


def _override_problems(packs: Sequence[Pack]) -> Iterator[str]:
    place = {pack.key: position for position, pack in enumerate(packs)}
    by_key = {pack.key: pack for pack in packs}
    for pack in packs:
        for rule_id, (other, _reason) in pack.overrides.items():
            where = f"{pack.key}.toml 的 {rule_id}"
            if other not in by_key or rule_id not in {rule.clause.id for rule in by_key[other].rules}:
                yield f"{where}：overrides 写的规则包 {other} 没有这条规则"
            elif by_key[other].overrides.get(rule_id, ("", ""))[0] == pack.key:
                if pack.key < other:
                    yield f"{where}：与 {other}.toml 互相覆盖"
            elif place[other] >= place[pack.key]:
                yield f"{where}：只能覆盖层级在前的规则包，{other} 排在 {pack.key} 之后"


def _sameness_problems(packs: Sequence[Pack]) -> Iterator[str]:
    """Rules of one id that are not of one kind, or parameters of one id whose values are not: nothing could override."""
    first: dict[str, tuple[Rule, str]] = {}
    for rule in (rule for pack in packs for rule in pack.rules):
        earlier, value = first.setdefault(rule.clause.id, (rule, _value_kind(rule)))
        where = f"{rule.pack}.toml 的 {rule.clause.id}"
        if rule.kind != earlier.kind:
            yield f"{where}：{earlier.pack}.toml 的同号规则是{KINDS[earlier.kind]}，这里写成了{KINDS[rule.kind]}；请另取编号"
        elif value and _value_kind(rule) not in ("", value):
            yield f"{where}：value 应为{value}，与 {earlier.pack}.toml 的同号规则一致"
        elif not value:
            first[rule.clause.id] = (rule, _value_kind(rule))


def _value_kind(rule: Rule) -> str:
    """What a parameter's value is, in Chinese; nothing where it has none."""
    if rule.kind != "parameter" or rule.value is None:
        return ""
    if isinstance(rule.value, bool):
        return " true 或 false"
    if isinstance(rule.value, str):
        return "等级" if rule.value in {grade.value for grade in Grade} else "文字"
    return "整数" if isinstance(rule.value, int) else "列表、日期或小数"


@lru_cache(maxsize=64)
def ambiguities(packs: tuple[Pack, ...]) -> tuple[str, ...]:
    """Rules that two of the packs have although neither overrides another's. Every choice of packs is asked of it."""
    return tuple(_doubles(packs))


def _doubles(packs: Sequence[Pack]) -> Iterator[str]:
    holders: dict[str, list[Pack]] = {}
    for pack in packs:
        for rule_id in dict.fromkeys(rule.clause.id for rule in pack.rules):
            holders.setdefault(rule_id, []).append(pack)
    for rule_id, held_by in holders.items():
        plain = [pack.key for pack in held_by if rule_id not in pack.overrides]
        if len(plain) > 1:
            yield f"{rule_id}：{'、'.join(plain)} 都有这条规则而没有写明谁覆盖谁（overrides）"
        targets = _twice(pack.overrides[rule_id][0] for pack in held_by if rule_id in pack.overrides)
        yield from (f"{rule_id}：有两个规则包都覆盖 {target} 的这条规则，只能选一个" for target in targets)


def _reference_problems(packs: Sequence[Pack]) -> Iterator[str]:
    rules = [rule for pack in packs for rule in pack.rules]
    ids = {rule.clause.id for rule in rules}
    conditions = {rule.clause.id for rule in rules if rule.when is not None}
    switches = {rule.clause.id for rule in rules if rule.kind == "switch"}
    permits = {rule.clause.id for rule in rules if rule.kind == "permit"}
    edges: dict[str, set[str]] = {}
    for rule in rules:
        where = f"{rule.pack}.toml 的 {rule.clause.id}"
        for kind, target in references(rule.when) if rule.when is not None else ():
            if kind == "switch" and target not in switches:
                yield f"{where}：没有读法开关 {target}"
            elif kind == "rule" and target not in conditions:
                yield f"{where}：rule 所指的 {target} {'不是条件' if target in ids else '不存在'}"
            elif kind == "rule":
                edges.setdefault(rule.clause.id, set()).add(target)
        yield from (f"{where}：against 所指的 {one} 不是一条授权规则" for one in rule.against if one not in permits)
    files = {rule.clause.id: f"{rule.pack}.toml" for rule in rules}
    yield from (f"{files[one]} 的 {one}：{told}" for one, told in _circles(edges))


def _circles(edges: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    done: set[str] = set()

    def walk(node: str, road: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        if node in road:
            yield node, f"规则循环引用：{' → '.join([*road[road.index(node):], node])}"
        elif node not in done:
            for target in sorted(edges.get(node, ())):
                yield from walk(target, (*road, node))
            done.add(node)

    for start in sorted(edges):
        yield from walk(start, ())
