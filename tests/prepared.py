"""Scenes that are made once for the tests of a module, kept in an SQLite file, and given to each test as a copy."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlmodel import Session

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.tables import Table

Scene = TypeVar("Scene")


@dataclass(frozen=True)
class Prepared(Generic[Scene]):
    """A scene, the file that holds its rows, and the folder of its other files."""

    scene: Scene
    file: Path
    folder: Path

    def copy_to(self, database: Database) -> None:
        """Put the rows into a database to which nobody has connected yet."""
        shutil.copy(self.file, str(database.url.database))

    def again(self, session: Session, folder: Path) -> Scene:
        """The scene as a session of the copy sees it, with ``folder`` in place of its own."""
        return self._again(self.scene, session, folder)

    def _again(self, value: Any, session: Session, folder: Path) -> Any:
        if isinstance(value, Session):
            return session
        if isinstance(value, Table):
            return session.get(type(value), value.id)  # type: ignore[attr-defined] # Table itself has no id
        if isinstance(value, list | tuple):
            return type(value)(self._again(one, session, folder) for one in value)
        if is_dataclass(value):
            own = {one.name: self._again(getattr(value, one.name), session, folder) for one in fields(value)}
            return replace(value, **own)  # type: ignore[type-var] # a dataclass, and no class of one
        return folder if value == self.folder else value


def prepare(empty: Path, folder: Path, make: Callable[[Session, Path], Scene]) -> Prepared[Scene]:
    """Make a scene in a copy of an empty database."""
    file = folder / "skilleval.db"
    shutil.copy(empty, file)
    database = Database(sqlite_url(file))
    with database.writing() as session:
        scene = make(session, folder)
        session.commit()
    database.close()
    return Prepared(scene, file, folder)
