"""What differs between two revisions of a specification, in Chinese: each item or part, old → new."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.rule_changes import WORDS
from skilleval.domain.scoring import AGREEMENT_RULES, show

#: items of a specification and of its parts, as one reads them
ITEMS: Mapping[str, str] = {
    "code": "编号", "version": "版本", "title": "名称", "standard": "所依据的国家职业标准", "conditions": "申报条件版本",
    "related_occupations": "相关职业",
}  # fmt: skip
PART_ITEMS: Mapping[str, str] = {
    "weight": "权重", "maximum": "满分", "pass_mark": "合格线", "assessors": "考评员人数", "agreement": "评分合成",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpecificationChange:
    """One difference. ``what`` is added, removed or changed; ``old`` or ``new`` is empty where there is none."""

    what: str
    where: str
    old: str = ""
    new: str = ""

    @property
    def text(self) -> str:
        """The difference in one line of Chinese."""
        told = f"{self.old or '（无）'} → {self.new or '（无）'}" if self.what == "changed" else self.old or self.new
        return f"{WORDS[self.what]}  {self.where}：{told}"


def specification_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[SpecificationChange]:
    """What differs between two checked contents (grades as words, marks in hundredths): items first, then parts.

    Parts are compared by grade and method, in the order of the ladder; how a file groups grades makes no difference.
    """
    found = [
        SpecificationChange("changed", name, before, after)
        for key, name in ITEMS.items()
        if (before := _told(old.get(key))) != (after := _told(new.get(key)))
    ]
    return [*found, *_part_changes(_parts(old), _parts(new))]


def _part_changes(before: Mapping[tuple[Grade, str], Any], after: Mapping[tuple[Grade, str], Any]) -> Iterator[SpecificationChange]:
    methods = list(METHODS)
    for grade, method in sorted({*before, *after}, key=lambda one: (one[0], methods.index(one[1]))):
        where = f"{grade.printed} {METHODS[method].name_zh}"
        one, other = before.get((grade, method)), after.get((grade, method))
        if one is None or other is None:
            told = _part_told(one or other or {})
            yield SpecificationChange("added", where, new=told) if one is None else SpecificationChange("removed", where, old=told)
            continue
        yield from (
            SpecificationChange("changed", f"{where} {name}", _item(key, one), _item(key, other))
            for key, name in PART_ITEMS.items()
            if _item(key, one) != _item(key, other)
        )


def _parts(content: Mapping[str, Any]) -> dict[tuple[Grade, str], Any]:
    return {(Grade(grade), part["method"]): part for part in content["part"] for grade in part["grades"]}


def _part_told(part: Mapping[str, Any]) -> str:
    return "，".join(f"{name} {_item(key, part)}" for key, name in PART_ITEMS.items())


def _item(key: str, part: Mapping[str, Any]) -> str:
    value = part[key]
    if key == "agreement":
        tolerance = value.get("tolerance")
        told = f"，最多相差 {show(tolerance)} 分" if tolerance is not None else ""
        return f"{AGREEMENT_RULES[value['rule']]}{told}"
    return {"weight": f"{value}%", "assessors": f"{value} 名"}.get(key) or show(value)


def _told(value: Any) -> str:
    if value is None:
        return ""
    return "、".join(value) if isinstance(value, list) else str(value)
