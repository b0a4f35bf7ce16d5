"""What a kind of import consists of: what its services need, what it tells of a row, and its acts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.db.tables import StagedImport
from skilleval.installation import Installation
from skilleval.packs import Library
from skilleval.services.journal import Actor
from skilleval.sheets.columns import Report
from skilleval.sheets.intake import Source


@dataclass(frozen=True, slots=True)
class Means:
    """What the services of the imports need besides the session: keys, rules, today, characters that can't be printed, and own standards."""

    vault: Vault
    library: Library
    on: date
    missing_glyphs: Callable[[str], list[str]]
    #: the folder of the installation's own standard files
    own_standards: Path
    #: told how many rows were read, where that takes long
    progress: Callable[[int], None] | None = None


def means_of(installation: Installation, on: date, progress: Callable[[int], None] | None = None) -> Means:
    """The means of an installation on a day."""

    def missing_glyphs(text: str) -> list[str]:
        # reportlab is slow to import, and only certificates need it.
        from skilleval.reports.fonts import load_fonts

        fonts = load_fonts(installation.settings.fonts)
        return [f"{character}（{code}）" for character, code in fonts.missing_glyphs(text, "fangsong")]

    return Means(installation.vault, installation.library, on, missing_glyphs, installation.folder / "standards", progress)


@dataclass(frozen=True, slots=True)
class Difference:
    """What would become of one row: whose it is, and each value that is new, as (heading, old, new).

    ``row`` is None where the service names people and not rows.
    """

    row: int | None
    who: str
    values: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of import.

    ``stage`` reads and checks (what it gives has a ``report``), ``write`` writes what was staged, ``new`` and ``changed``
    tell what it would do. ``template`` writes the workbook to fill in, without document numbers (none where another page
    hands it out); ``filled`` the one that has people with their whole numbers in it, where there is one. ``target`` is batch, contest or nothing; a batch must
    stand in one of ``states``.
    """

    key: str
    title: str
    roles: frozenset[str]
    stage: Callable[[Session, StagedImport, Source, Means], Any]
    write: Callable[[Session, Actor, Any, Means], Report]
    new: Callable[[Session, Any], Iterable[Difference]]
    changed: Callable[[Session, Any], Iterable[Difference]]
    template: Callable[[Session, StagedImport, Path, Means], object] | None = None
    filled: Callable[[Session, StagedImport, Path, Means], object] | None = None
    target: str = ""
    states: tuple[str, ...] = ()
    #: what stands is corrected where a reason is given with the file
    corrects: bool = False


def nothing(_session: Session, _staged: Any) -> Iterable[Difference]:
    """The differences of a kind that has none of a sort: results of a contest are new and never changed."""
    return ()
