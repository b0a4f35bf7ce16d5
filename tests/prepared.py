"""Scenes that are made once and given to each test as a copy: as a file that holds the rows and whatever was committed, or
as rows in the test's own empty database, whichever system it is."""

import copy
import shutil
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value
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
            return _seen_by(session, value)
        if isinstance(value, list | tuple):
            return type(value)(self._again(one, session, folder) for one in value)
        if is_dataclass(value):
            own = {one.name: self._again(getattr(value, one.name), session, folder) for one in fields(value)}
            return replace(value, **own)  # type: ignore[type-var] # a dataclass, and no class of one
        return folder if value == self.folder else value


def _seen_by(session: Session, row: Table) -> Table:
    """The row of another session as this one would have read it, without asking the database."""
    seen = session.merge(row, load=False)
    for name, value in list(vars(seen).items()):
        if isinstance(value, list | dict):
            set_committed_value(seen, name, copy.deepcopy(value))
    return seen


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


Rows = Sequence[tuple[sa.Table, Sequence[Mapping[str, Any]]]]


class Shelf:
    """Scenes that were made once in this process, by the function that makes them and what it is told."""

    def __init__(self, empty: Path, folders: Callable[[], Path]) -> None:
        self._empty, self._folders = empty, folders
        self._kept: dict[Hashable, tuple[Prepared[Any], Rows]] = {}

    def take(self, session: Session, make: Callable[..., Scene], *told: Hashable) -> Scene:
        """What ``make(session, *told)`` gives in an empty database, with the rows that it makes, uncommitted."""
        key = (make, *told)
        if key not in self._kept:
            made = prepare(self._empty, self._folders(), lambda own, _folder: make(own, *told))
            self._kept[key] = made, _rows_in(made.file)
        prepared, rows = self._kept[key]
        _write(session.connection(), rows)
        found: Scene = prepared.again(session, prepared.folder)
        return found


def _rows_in(file: Path) -> Rows:
    database = Database(sqlite_url(file))
    with database.reading() as session:
        every = [(table, session.connection().execute(sa.select(table)).mappings().all()) for table in Table.metadata.sorted_tables]
    database.close()
    return [(table, [dict(row) for row in rows]) for table, rows in every if rows]


def _write(connection: sa.Connection, rows: Rows) -> None:
    for table, own in rows:
        connection.execute(sa.insert(table), own)
    if connection.dialect.name == "postgresql":
        numbered = [(table.name, max(row["id"] for row in own)) for table, own in rows if "id" in table.c]
        moved = ", ".join(f"setval(pg_get_serial_sequence('{name}', 'id'), {last})" for name, last in numbered)
        connection.exec_driver_sql(f"SELECT {moved}")
