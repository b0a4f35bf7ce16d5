"""Parameters of ministry, province and firm: dated, sourced values that the code asks for by name and day.

A parameter that nobody has established has no value; asking for it is refused, so that nothing is decided by a guess.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from skilleval import paths
from skilleval.domain.errors import RuleBroken

SCHEMA = "rule-pack/1"
_NOT_PACKS = {"holidays.toml"}
_KEYS = {"id", "value", "clause", "source", "confidence", "status", "from", "to", "overrides_because"}
_REQUIRED = {"id", "clause", "source", "confidence", "status", "from"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value with the clause it comes from. ``valid_to`` None: until further notice."""

    id: str
    value: Any
    clause: str
    source: str
    confidence: str
    status: str
    valid_from: date
    valid_to: date | None
    pack: str


@dataclass(frozen=True, slots=True)
class Packs:
    """All parameters in force for an installation. A later pack overrides an earlier one by id."""

    parameters: tuple[Parameter, ...]

    def parameter(self, parameter_id: str, on: date) -> Parameter:
        """The parameter on a day. Refused: no version in force on that day, or one whose value is not established."""
        versions = [one for one in self.parameters if one.id == parameter_id]
        if not versions:
            raise RuleBroken(f"规则包中没有参数 {parameter_id}")
        standing = [
            one for one in versions if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to)
        ]
        standing = [one for one in standing if one.status != "repealed"]
        if not standing:
            raise RuleBroken(f"规则参数 {parameter_id} 在 {on} 没有有效版本")
        chosen = standing[-1]
        if chosen.value is None:
            raise RuleBroken(
                f"规则参数 {parameter_id}（{chosen.clause}）没有可靠依据，请核实后写入 instance/rulepacks/ 中的规则包"
            )
        return chosen

    def versions(self) -> dict[str, str]:
        """Which packs these parameters come from, for the record of a batch."""
        return {one.pack: max(other.valid_from for other in self.parameters if other.pack == one.pack).isoformat()
                for one in self.parameters}  # fmt: skip


def load(instance_folder: Path | None = None) -> Packs:
    """The shipped packs, national first, then the installation's own, which override by id with a recorded reason.

    Refused with every reason: a malformed pack; the message names file, parameter and key.
    """
    shipped = paths.shipped("rulepacks")
    parameters = [*_read(shipped / "national.toml", own=False), *_read(shipped / "guangdong.toml", own=False)]
    if instance_folder is not None and (instance_folder / "rulepacks").is_dir():
        for file in sorted((instance_folder / "rulepacks").glob("*.toml")):
            if file.name not in _NOT_PACKS:
                parameters += _read(file, own=True)
    return Packs(tuple(parameters))


def _read(file: Path, *, own: bool) -> list[Parameter]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleBroken(f"规则包 {file.name} 无法读取：{error}") from error
    problems = [] if content.get("schema") == SCHEMA else [f"schema 应为 {SCHEMA}"]
    for index, entry in enumerate(content.get("parameter", []), start=1):
        name = entry.get("id", f"parameter[{index}]")
        problems += [f"{name}：{problem}" for problem in _problems(entry, own)]
    if problems:
        raise RuleBroken(f"规则包 {file.name} 不能使用", problems)
    return [
        Parameter(
            id=entry["id"],
            value=entry.get("value"),
            clause=entry["clause"],
            source=entry["source"],
            confidence=entry["confidence"],
            status=entry["status"],
            valid_from=entry["from"],
            valid_to=entry.get("to"),
            pack=file.stem,
        )
        for entry in content.get("parameter", [])
    ]


def _problems(entry: dict[str, Any], own: bool) -> list[str]:
    problems = [f"缺少 {key}" for key in sorted(_REQUIRED - entry.keys())]
    problems += [f"不认识的项 {key}" for key in sorted(entry.keys() - _KEYS)]
    problems += [f"{key} 应为日期" for key in ("from", "to") if key in entry and not isinstance(entry[key], date)]
    if entry.get("status") not in ("draft", "in_force", "repealed"):
        problems.append("status 应为 draft、in_force 或 repealed")
    if own and not entry.get("overrides_because"):
        problems.append("自有规则须写明 overrides_because（理由）")
    return problems
