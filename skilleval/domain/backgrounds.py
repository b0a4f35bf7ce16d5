"""A background as plain values, and back: what a verdict rested on, kept with it so that it can be judged again.

Nothing here names a person: no name and no document number is part of a ``Background``.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from skilleval.domain.eligibility import Background, Diploma, Evidence, HeldCertificate, Title, Work
from skilleval.domain.errors import RuleBroken
from skilleval.domain.facts import FACTS
from skilleval.domain.ladder import Grade

#: the lists of a background and what each holds
LISTS: Mapping[str, type[Any]] = {
    "work": Work,
    "certificates": HeldCertificate,
    "issued": HeldCertificate,
    "titles": Title,
    "diplomas": Diploma,
    "evidence": Evidence,
}
_DATES = {"started_on", "ended_on", "obtained_on", "graduated_on"}


def background_as_plain(background: Background) -> dict[str, Any]:
    """The background as JSON values. What nobody entered (None) stays apart from what there is none of (an empty list)."""
    plain: dict[str, Any] = {"birth_date": _plain(background.birth_date)}
    for name in LISTS:
        held = getattr(background, name)
        plain[name] = None if held is None else [entry_as_plain(one) for one in held]
    plain["facts"] = {name: _plain(value) for name, value in sorted(background.facts.items()) if name in FACTS}
    return plain


def background_from_plain(plain: Mapping[str, Any]) -> Background:
    """The background that ``background_as_plain`` gave. Refused: values that are none."""
    try:
        lists: dict[str, Any] = {
            name: None if plain[name] is None else tuple(entry_from_plain(made, one) for one in plain[name])
            for name, made in LISTS.items()
        }
        facts = {name: _fact_from_plain(name, value) for name, value in plain["facts"].items()}
        return Background(birth_date=_day(plain["birth_date"]), facts=facts, **lists)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RuleBroken(f"保存的个人情况无法读取：{error}") from error


def entry_as_plain(entry: Any) -> dict[str, Any]:
    """One certificate, diploma and the like as JSON values."""
    return {one.name: _plain(getattr(entry, one.name)) for one in fields(entry)}


def entry_from_plain(made: type[Any], plain: Mapping[str, Any]) -> Any:
    """The certificate, diploma and the like that ``entry_as_plain`` gave."""
    return made(**{name: _field_from_plain(name, value) for name, value in plain.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, Grade):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _field_from_plain(name: str, value: Any) -> Any:
    if name == "grade":
        return Grade(value)
    return _day(value) if name in _DATES else value


def _fact_from_plain(name: str, value: Any) -> Any:
    if value is None:
        return None
    kind = FACTS[name].kind
    if kind == "grade":
        return Grade(value)
    return _day(value) if kind == "date" else value


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
