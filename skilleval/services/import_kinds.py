"""What can be imported from a workbook: one line a kind in ``IMPORTS``, each by the service that the command line uses."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.db.tables import Institution, StagedImport
from skilleval.domain.ladder import Grade
from skilleval.packs import Library
from skilleval.services import people, roster
from skilleval.services.journal import Actor
from skilleval.sheets.columns import Report
from skilleval.sheets.intake import Source
from skilleval.sheets.writing import FormSheet, write_form


@dataclass(frozen=True, slots=True)
class Means:
    """What the services of the imports need besides the session: keys, rules, today, and which characters can't be printed."""

    vault: Vault
    library: Library
    on: date
    missing_glyphs: Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What would become of one row: whose it is, and each value that is new, as (heading, old, new)."""

    row: int
    who: str
    values: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of import.

    ``stage`` reads and checks (what it gives has a ``report``), ``write`` writes what was staged, ``new`` and ``changed``
    tell what it would do, ``template`` writes the workbook to fill in. ``target`` is batch, contest or nothing.
    """

    key: str
    title: str
    roles: frozenset[str]
    stage: Callable[[Session, StagedImport, Source, Means], Any]
    write: Callable[[Session, Actor, Any, Means], Report]
    new: Callable[[Session, Any], Iterable[Difference]]
    changed: Callable[[Session, Any], Iterable[Difference]]
    template: Callable[[Session, StagedImport, Path, Means], object]
    target: str = ""


def _stage_people(session: Session, asked: StagedImport, file: Source, means: Means) -> people.Staged:
    return people.stage_people(session, _firm(session, asked), file, vault=means.vault, on=means.on)


def _write_people(session: Session, actor: Actor, staged: people.Staged, means: Means) -> Report:
    return people.write_people(session, actor, staged, vault=means.vault)


def _new_people(session: Session, staged: people.Staged) -> Iterable[Difference]:
    for place in staged.new:
        entry = staged.roster.entry(place)
        stated = {key: value for key, value in entry.person.items() if key not in ("name", "id_type")}
        held = [(header, "", value) for header, _old, value in _credentials(entry)]
        yield Difference(entry.row, entry.person["name"], (*_told(stated, dict.fromkeys(stated)), *held))


def _changed_people(session: Session, staged: people.Staged) -> Iterable[Difference]:
    holders = {entry.row: (entry, person_id) for entry, person_id in staged.recredentialed}
    for entry, person, different in staged.changed:
        old = {key: getattr(person, key) for key in different}
        held = _credentials(entry) if holders.pop(entry.row, None) else ()
        yield Difference(entry.row, person.name, (*_told(different, old), *held))
    for entry, _person_id in holders.values():
        yield Difference(entry.row, entry.person["name"], tuple(_credentials(entry)))


_HEADINGS = {column.key: column for column in roster.ROSTER} | {
    "occupation_code": next(column for column in roster.ROSTER if column.key == "occupation")
}


def _told(new: dict[str, Any], old: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    for key, value in new.items():
        if value is not None:
            yield _HEADINGS[key].header, _spelled(key, old[key]), _spelled(key, value)


def _spelled(key: str, value: Any) -> str:
    labels = {stored: label for label, stored in _HEADINGS[key].choices.items()}
    return "" if value is None else str(labels.get(value, value))


_CREDENTIALS = {"certificate": "现持证书", "title": "职称", "diploma": "学历"}


def _credentials(entry: roster.Entry) -> Iterable[tuple[str, str, str]]:
    """What the row states that the person holds; what is on record of it is corrected or added to."""
    levels = {
        "certificate": lambda level: "无" if level == "none" else Grade(level).printed,
        "title": lambda level: _spelled("title_level", level),
        "diploma": lambda level: _spelled("diploma_kind", level),
    }
    for one in entry.credentials:
        parts = [levels[one["kind"]](one["level"]), one["occupation_code"], one["number"], one["obtained_on"]]
        yield _CREDENTIALS[one["kind"]], "（以本文件为准更新）", "　".join(str(part) for part in parts if part)


def _people_template(session: Session, asked: StagedImport, out: Path, means: Means) -> None:
    write_form(out, [FormSheet("花名册", roster.ROSTER)], roster.TEMPLATE_ID, roster.INSTRUCTIONS)


def _firm(session: Session, asked: StagedImport) -> Institution:
    found = session.get(Institution, asked.institution_id)
    assert found is not None
    return found


IMPORTS = {
    kind.key: kind
    for kind in (
        Kind(
            "people", "花名册", frozenset({"hr", "member_hr"}), _stage_people, _write_people, _new_people,
            _changed_people, _people_template,
        ),
    )
}  # fmt: skip
