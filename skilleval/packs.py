"""Rule packs: the rules of ministry, province, city and firm as dated, sourced data, and which of them apply on a day.

A parameter that nobody has established has no value; asking for it is refused, so that nothing is decided by a guess.
A pack of a later layer overrides an earlier one by id, naming the pack and the reason. What an entry looks like stands in
``rule_forms``.
"""

import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from skilleval import paths
from skilleval.domain.eligibility import Condition
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Cited, Expression, Group, Refer, Rule
from skilleval.pack_contradictions import LAYERS, Pack, ambiguities, contradictions, overlaps
from skilleval.rule_forms import AUTHORITY_KINDS, HEAD_DEFAULTS, entry_problems, read_entry

SCHEMA = "rule-pack/2"
SECTIONS = ("parameter", "switch", "condition", "authority")
_HEAD = {"schema", "name", "layer", "default", *HEAD_DEFAULTS}
_NOT_PACKS = {"holidays.toml"}


@dataclass(frozen=True, slots=True)
class Packs:
    """The packs that apply to a firm, in order, and the readings it chose. A later pack overrides an earlier by id."""

    packs: tuple[Pack, ...]
    chosen_switches: Mapping[str, bool] = field(default_factory=dict)

    def find(self, rule_id: str, on: date) -> Rule | None:
        """The version of a rule that holds on a day; None where there is none."""
        standing = [
            rule for pack in self.packs for rule in pack.rules if rule.clause.id == rule_id and rule.holds_on(on)
        ]
        return standing[-1] if standing else None

    def parameter(self, rule_id: str, on: date) -> Rule:
        """The parameter on a day. Refused: no version in force on that day, or one whose value is not established."""
        found = self.find(rule_id, on)
        if found is None and not any(rule.clause.id == rule_id for pack in self.packs for rule in pack.rules):
            raise RuleBroken(f"规则包中没有参数 {rule_id}")
        if found is None:
            raise RuleBroken(f"规则参数 {rule_id} 在 {on} 没有有效版本")
        if found.value is None:
            raise RuleBroken(
                f"规则参数 {rule_id}（{found.clause.text}）没有可靠依据，请核实后写入 instance/rulepacks/ 中的规则包"
            )
        return found

    def standing(self, on: date) -> list[Rule]:
        """All rules that hold on a day, each id once, references put in place."""
        return list(_standing(self.packs, bisect_right(_turning_days(self.packs), on)))

    def authority(self, on: date) -> list[Rule]:
        """The rules of authority that hold on a day."""
        return [rule for rule in self.standing(on) if rule.kind in AUTHORITY_KINDS]

    def every_rule(self) -> list[Rule]:
        """The rules of all days, in the order of the packs."""
        return [rule for pack in self.packs for rule in pack.rules]

    def switches(self, on: date) -> dict[str, bool]:
        """The reading in use for every switch: the firm's choice, else the cautious default of the pack."""
        return {
            rule.clause.id: self.chosen_switches.get(rule.clause.id, rule.value)
            for rule in self.standing(on)
            if rule.kind == "switch"
        }

    def editions(self) -> list[str]:
        """The generations of entry conditions that these packs hold."""
        return sorted({rule.edition for pack in self.packs for rule in pack.rules if rule.kind == "condition"})

    def conditions(self, edition: str, on: date) -> tuple[Condition, ...]:
        """The entry conditions of one edition that hold on a day; none before its first version.

        Refused: an edition that no pack has.
        """
        if edition not in self.editions():
            raise RuleBroken(f"没有“{edition}”这一版申报条件，可用的有：{'、'.join(self.editions())}")
        return tuple(
            Condition(Grade(rule.grades[0]), rule.clause, rule.when.parts)
            for rule in self.standing(on)
            if rule.kind == "condition" and rule.edition == edition and isinstance(rule.when, Group)
        )

    def versions(self) -> dict[str, str]:
        """Each pack with the hash of its text: what a decision pins."""
        return {pack.key: pack.sha256 for pack in self.packs}


@lru_cache(maxsize=64)
def _turning_days(packs: tuple[Pack, ...]) -> tuple[date, ...]:
    """The days on which a rule begins to hold or holds no longer, in order: from one to the next nothing changes."""
    rules = [rule for pack in packs for rule in pack.rules]
    ends = {rule.valid_to + timedelta(1) for rule in rules if rule.valid_to is not None and rule.valid_to < date.max}
    return tuple(sorted(ends | {rule.valid_from for rule in rules}))


@lru_cache(maxsize=512)
def _standing(packs: tuple[Pack, ...], turned: int) -> tuple[Rule, ...]:
    """What holds after so many turning days; every question of authority asks it, mostly of the same packs and days."""
    on = _turning_days(packs)[turned - 1] if turned else date.min
    latest: dict[str, Rule] = {}
    for pack in packs:
        for rule in pack.rules:
            if rule.holds_on(on):
                latest[rule.clause.id] = rule
    return tuple(
        replace(rule, when=_resolve(rule.when, latest)) if rule.when is not None else rule for rule in latest.values()
    )


@dataclass(frozen=True, slots=True)
class Library:
    """All packs of an installation, shipped and own, checked against each other, in the order in which they override."""

    packs: tuple[Pack, ...]
    #: where the installation keeps its own packs and standards
    instance_folder: Path | None = None

    def choose(self, names: Iterable[str] | None = None, switches: Mapping[str, bool] | None = None) -> Packs:
        """The packs that a firm chose, with the national layer; without a choice, those that apply by default.

        Refused: a name that no pack has, a switch that no chosen pack has, two chosen packs with one rule of which neither
        overrides the other.
        """
        known = {pack.key: pack for pack in self.packs}
        wanted = None if names is None else list(names)
        if unknown := [name for name in wanted or () if name not in known]:
            raise RuleBroken(f"没有规则包 {'、'.join(unknown)}，可用的有：{'、'.join(known)}")
        chosen = tuple(
            pack
            for pack in self.packs
            if pack.layer == "national" or (pack.default if wanted is None else pack.key in wanted)
        )
        problems = list(ambiguities(chosen))
        readings = {rule.clause.id for pack in chosen for rule in pack.rules if rule.kind == "switch"}
        problems += [
            f"没有读法开关 {name}，可用的有：{'、'.join(sorted(readings)) or '（无）'}"
            for name in switches or {}
            if name not in readings
        ]
        if problems:
            raise RuleBroken("所选规则包不能一起使用", problems)
        return Packs(chosen, dict(switches or {}))


def library(instance_folder: Path | None = None) -> Library:
    """The shipped packs and the installation's own.

    Refused with every reason: a malformed pack, a rule that refers to one that is not there or in a circle, an override of
    nothing, two packs that override each other; the message names file, rule and key.
    """
    own: list[Pack] = []
    if instance_folder is not None and (instance_folder / "rulepacks").is_dir():
        own = [_read_file(file) for file in pack_files(instance_folder / "rulepacks")]
    return replace(assemble([*_shipped(), *own]), instance_folder=instance_folder)


def load(instance_folder: Path | None = None) -> Packs:
    """The packs that apply to a firm that has chosen nothing."""
    return library(instance_folder).choose()


def pack_files(folder: Path) -> list[Path]:
    """The pack files in a folder, in order of name; the holiday table is none."""
    return [file for file in sorted(folder.glob("*.toml")) if file.name not in _NOT_PACKS]


def assemble(packs: Sequence[Pack]) -> Library:
    """A library of packs in the order in which they override. Refused with every reason: see ``library``."""
    order = list(LAYERS)
    arranged = sorted(packs, key=lambda pack: order.index(pack.layer))
    if problems := contradictions(arranged):
        raise RuleBroken("规则包之间有矛盾，不能使用", problems)
    return Library(tuple(arranged))


@lru_cache(maxsize=64)
def read_pack(key: str, text: str) -> Pack:
    """A pack from its text. Refused with every reason: the message names pack, rule and key.

    The same text is read once: every decision pins the texts of its packs, and most pin the same.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleBroken(f"规则包 {key}.toml 无法读取：{error}") from error
    except RecursionError as error:
        raise RuleBroken(f"规则包 {key}.toml 无法读取：条件套条件的层数太多，请拆成几条规则，用 rule 引用") from error
    problems = list(_head_problems(content))
    head = {name: content[name] for name in HEAD_DEFAULTS if name in content}
    rules: list[Rule] = []
    overrides: dict[str, tuple[str, str]] = {}
    for section in SECTIONS:
        for index, entry in enumerate(_entries(content, section), start=1):
            whole = {**head, **entry}
            name = whole.get("id", f"{section}[{index}]")
            if found := [f"{name}：{problem}" for problem in entry_problems(section, whole)]:
                problems += found
                continue
            rules.append(read_entry(section, whole, key))
            if "overrides" in whole:
                overrides[whole["id"]] = (whole["overrides"], whole["overrides_because"])
    problems += overlaps(rules)
    if problems:
        raise RuleBroken(f"规则包 {key}.toml 不能使用", problems)
    return Pack(
        key, content["name"], content["layer"], content.get("default", content["layer"] == "firm"), tuple(rules),
        overrides, text,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _shipped() -> tuple[Pack, ...]:
    return tuple(_read_file(file) for file in pack_files(paths.shipped("rulepacks")))


def _read_file(file: Path) -> Pack:
    try:
        return read_pack(file.stem, file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise RuleBroken(f"规则包 {file.name} 无法读取：不是 UTF-8 文字") from error


def _head_problems(content: Mapping[str, Any]) -> Iterator[str]:
    if content.get("schema") != SCHEMA:
        yield f"schema 应为 {SCHEMA}"
    if not isinstance(content.get("name"), str):
        yield "缺少 name"
    if content.get("layer") not in list(LAYERS):
        yield f"layer 应为 {'、'.join(LAYERS)}"
    if not isinstance(content.get("default", True), bool):
        yield "default 应为 true 或 false"
    yield from (f"不认识的项 {key}" for key in sorted(content.keys() - _HEAD - set(SECTIONS)))
    for section in SECTIONS:
        if section in content and not _are_entries(content[section]):
            yield f"{section} 的每一条应以 [[{section}]] 开头，另起一节"


def _entries(content: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    found = content.get(section, [])
    return found if _are_entries(found) else []


def _are_entries(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(entry, dict) for entry in found)


def _resolve(expression: Expression, rules: Mapping[str, Rule]) -> Expression:
    """The expression with every reference replaced by the rule it names; one without a version stays a reference."""
    if isinstance(expression, Refer):
        target = rules.get(expression.rule)
        if target is None or target.when is None:
            return expression
        return Cited(target.clause, _resolve(target.when, rules))
    if isinstance(expression, Group):
        return replace(expression, parts=tuple(_resolve(part, rules) for part in expression.parts))
    return expression
