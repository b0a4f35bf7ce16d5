"""What a roster says of the things a person holds, against what is on record: new, the same, or a correction.

A roster has one place for a certificate, one for a title and one for a diploma. A person may hold several, so a roster
that names another one adds to the record; one that says otherwise of the same one corrects it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from skilleval.domain.backgrounds import TITLE_LEVELS
from skilleval.domain.ladder import Grade

CREDENTIAL_KEYS = ("kind", "level", "occupation_code", "number", "obtained_on", "matching", "assessed")
_NONE = "none"
#: how high a certificate or a title is; diplomas have no order
_RANKS: Mapping[tuple[str, str], int] = {("certificate", grade.value): grade.rank for grade in Grade} | {
    ("title", level): rank for rank, level in enumerate(TITLE_LEVELS)
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A credential on record."""

    id: int
    kind: str
    level: str
    occupation_code: str | None
    number: str | None
    obtained_on: date | None
    matching: bool | None
    assessed: bool | None


@dataclass(frozen=True, slots=True)
class CredentialChanges:
    """What is to be written: new credentials, corrected ones by the id of the record, and the ids of those denied."""

    new: list[Mapping[str, Any]] = field(default_factory=list)
    corrected: dict[int, dict[str, Any]] = field(default_factory=dict)
    denied: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.new or self.corrected or self.denied)


def credential_changes(stated: Iterable[Mapping[str, Any]], held: Sequence[Standing]) -> CredentialChanges:
    """What makes the record say what a row of the roster states; nothing when it does already.

    A blank erases nothing: it takes what is on record of the same credential.
    """
    changes = CredentialChanges()
    for one in stated:
        standing = [other for other in held if other.kind == one["kind"]]
        same = _same(one, standing)
        wrong = [other for other in standing if other is not same and _denies(one, other)]
        target = same or (wrong.pop(0) if wrong else None)
        changes.denied.extend(other.id for other in wrong)
        if target is None:
            changes.new.append(one)
            continue
        blank_keeps = one["level"] == target.level
        different = {
            key: one[key]
            for key in CREDENTIAL_KEYS
            if one[key] != getattr(target, key) and not (blank_keeps and one[key] is None)
        }
        if different:
            changes.corrected[target.id] = different
    return changes


def _same(one: Mapping[str, Any], standing: Sequence[Standing]) -> Standing | None:
    """The credential on record that a statement speaks of: of its level and occupation, or its number, or its day."""
    alike = [other for other in standing if _NONE not in (one["level"], other.level) or one["level"] == other.level]
    tiers: tuple[Callable[[Standing], bool], ...] = (
        lambda other: other.level == one["level"] and other.occupation_code == one["occupation_code"],
        lambda other: other.level == one["level"] and _may_be_one(other.occupation_code, one["occupation_code"]),
        lambda other: other.number is not None and other.number == one["number"],
        lambda other: other.obtained_on == one["obtained_on"] and (
            other.obtained_on is not None or _may_be_one(other.occupation_code, one["occupation_code"])
        ),
    )  # fmt: skip
    return next((other for fits in tiers for other in alike if fits(other)), None)


def _denies(one: Mapping[str, Any], other: Standing) -> bool:
    """Whether a statement and a record can't both be true: none against some, or a lower grade held now than before."""
    if _NONE in (one["level"], other.level):
        return bool(one["level"] != other.level)
    rank, known = _RANKS.get((one["kind"], one["level"])), _RANKS.get((other.kind, other.level))
    if rank is None or known is None or rank >= known:
        return False
    return _may_be_one(other.occupation_code, one["occupation_code"])


def _may_be_one(left: str | None, right: str | None) -> bool:
    return left is None or right is None or left == right
