"""What is known of a person who wants to sit, and the same as plain values, kept with a verdict to judge it again.

Nothing here names a person: no name and no document number is part of a ``Background``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from skilleval.domain.errors import RuleBroken
from skilleval.domain.facts import FACTS
from skilleval.domain.ladder import Grade

TITLE_LEVELS = {"junior": "初级职称", "intermediate": "中级职称", "senior": "高级职称"}
DIPLOMA_KINDS = {
    "technical": "技工院校中级工班",
    "technical_senior": "技工院校高级工班",
    "technical_preparatory": "技师学院预备技师班（技师班）",
    "secondary_vocational": "中等职业学校",
    "higher_vocational": "高等职业学校",
    "college": "大专及以上普通高校",
    "apprenticeship": "学徒期满",
    "preparatory_certificate": "预备技师证书",
}
#: what a person can show besides, and who gave it, lowest first
EVIDENCE_KINDS = {
    "honour": "技能荣誉称号",
    "contribution_award": "突出贡献奖励",
    "grand_skill_award": "中华技能大奖",
    "science_award": "国家科学技术奖（二等奖及以上）",
    "contest": "职业技能竞赛名次",
    "project": "重点项目",
    "patent": "专利",
    "improvement": "技术革新",
    "apprentices": "师带徒",
}
EVIDENCE_LEVELS = {"firm": "企业级", "city": "地市级（厅局级）", "province": "省级", "nation": "国家级"}


@dataclass(frozen=True, slots=True)
class Work:
    """A time of work in an occupation; ``ended_on`` None is to this day, ``started_on`` None is not known."""

    occupation_code: str | None
    started_on: date | None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class HeldCertificate:
    """A certificate held. A date or an occupation that nobody entered is None."""

    grade: Grade
    occupation_code: str | None
    obtained_on: date | None


@dataclass(frozen=True, slots=True)
class Title:
    """A professional title (职称): junior, intermediate or senior, and whether it matches the occupation."""

    level: str
    matching: bool | None
    obtained_on: date | None


@dataclass(frozen=True, slots=True)
class Diploma:
    """A diploma by kind. ``graduated_on`` in the future is a student in the final year."""

    kind: str
    matching: bool | None
    graduated_on: date | None
    assessed: bool | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """An honour, award, contest rank, project, patent and the like, with the level of who gave it."""

    kind: str
    level: str | None
    obtained_on: date | None


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of a person. None in place of a tuple: nobody has entered it; an empty tuple: there is none.

    ``issued`` are the certificates that this installation itself issued; they are known whatever the roster says.
    """

    birth_date: date | None = None
    work: tuple[Work, ...] | None = None
    certificates: tuple[HeldCertificate, ...] | None = None
    titles: tuple[Title, ...] | None = None
    diplomas: tuple[Diploma, ...] | None = None
    evidence: tuple[Evidence, ...] | None = None
    issued: tuple[HeldCertificate, ...] = ()
    #: single facts of the roster by name (``facts.FACTS``): employment, post, hired_on …
    facts: Mapping[str, Any] = field(default_factory=dict)


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
