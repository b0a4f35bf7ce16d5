"""People as reviewed files write them; the file ``tests/domain/golden_eligibility.toml`` explains the short forms."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from skilleval.domain.backgrounds import Background, Diploma, Evidence, HeldCertificate, Title, Work
from skilleval.domain.ladder import Grade

OWN, RELATED, OTHER = "6-31-01-03", "6-31-01-04", "6-18-01-01"
_CODES = {"own": OWN, "related": RELATED, "other": OTHER, "?": None}
_YES_NO = {"matching": True, "unmatched": False, "assessed": True, "unassessed": False, "?": None}
KEYS = {"born", "unknown", "work", "certificates", "titles", "diplomas", "evidence", "facts"}


def background(written: Mapping[str, Any]) -> Background:
    """The person that an entry describes; what it doesn't name is known not to be there."""
    missing = set(written.get("unknown", ()))
    read = {"work": _work, "certificates": _certificate, "titles": _title, "diplomas": _diploma, "evidence": _evidence}
    held: dict[str, Any] = {
        name: None if name in missing else tuple(one(entry) for entry in written.get(name, ()))
        for name, one in read.items()
    }
    return Background(birth_date=_day(written.get("born", "1985-01-01")), facts=written.get("facts", {}), **held)


def _day(text: str) -> date | None:
    return None if text == "?" else date.fromisoformat(text)


def _fields(text: str, *otherwise: str) -> list[str]:
    parts = text.split()
    return [*parts, *otherwise[len(parts) :]]


def _work(text: str) -> Work:
    span, code = _fields(text, "", "own")
    start, _, end = span.partition("..")
    return Work(_CODES[code], _day(start), _day(end) if end else None)


def _certificate(text: str) -> HeldCertificate:
    grade, day, code = _fields(text, "", "", "own")
    return HeldCertificate(Grade(grade), _CODES[code], _day(day))


def _title(text: str) -> Title:
    level, day, matching = _fields(text, "", "", "matching")
    return Title(level, _YES_NO[matching], _day(day))


def _diploma(text: str) -> Diploma:
    kind, day, matching, assessed = _fields(text, "", "", "matching", "?")
    return Diploma(kind, _YES_NO[matching], _day(day), _YES_NO[assessed])


def _evidence(text: str) -> Evidence:
    kind, level, day = _fields(text)
    return Evidence(kind, None if level == "?" else level, _day(day))
