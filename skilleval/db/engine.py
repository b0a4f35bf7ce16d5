"""Connections and transactions: SQLite by default, PostgreSQL by one setting.

The default SQLite engine of SQLAlchemy is never used: its driver begins transactions late, so that two processes
that read a counter, add one and insert give out the same number without an error. Here the driver is in
autocommit and ``BEGIN IMMEDIATE`` opens every unit of work that may write.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlcipher3.dbapi2 as sqlite
from sqlmodel import Session

from skilleval.db import guards
from skilleval.db.tables import Table
from skilleval.domain.errors import RuleBroken

#: 3.7.0–3.51.2 can lose commits in WAL when two connections checkpoint at once.
SAFE_SQLITE = (3, 51, 3)

#: Each is set on connect and asserted. FULL: NORMAL lost acknowledged commits in simulated power cuts.
#: recursive_triggers: without it INSERT OR REPLACE walks past the append-only triggers.
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "busy_timeout": 15000,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "secure_delete": 1,
    "trusted_schema": 0,
    "mmap_size": 0,
    "temp_store": 2,
}

#: Without an adapter of its own the driver searches for one at every NULL and every blob, in vain: half of an insert.
sqlite.register_adapter(type(None), lambda value: value)
sqlite.register_adapter(bytes, bytes)


class Database:
    """The database of one installation. ``writing()`` and ``reading()`` give sessions; the caller commits."""

    def __init__(self, url: str, info: Mapping[str, object] | None = None) -> None:
        self.url = sa.make_url(url)
        #: what every session carries along: on whose behalf it asks
        self._info = dict(info or {})
        self._writer: sa.Engine | None = None
        self._reader: sa.Engine | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that may write, alone among writers on SQLite. What is not committed is rolled back."""
        if self._writer is None:
            self._writer = _sqlite_engine(self.url, "BEGIN IMMEDIATE") if self.is_sqlite else _postgres(self.url)
        with Session(self._writer, expire_on_commit=False, info=self._info) as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that can't write: the database itself refuses."""
        if self._reader is None:
            self._reader = (
                _sqlite_engine(self.url, "BEGIN DEFERRED", read_only=True)
                if self.is_sqlite
                else _postgres(self.url, "-c default_transaction_read_only=on")
            )
        with Session(self._reader, expire_on_commit=False, info=self._info) as session:
            yield session

    def create(self) -> None:
        """Make the tables and their guards in an empty database. Refused: a database that has them already."""
        if self.is_sqlite:
            _give_birth(Path(str(self.url.database)))
        with self.writing() as session:
            if sa.inspect(session.connection()).has_table("institution"):
                raise RuleBroken("数据库中已有数据表，不能重复初始化")
            Table.metadata.create_all(session.connection())
            guards.install(session.connection())
            session.commit()
        if self.is_sqlite:
            self.close()
            _sync_folder(Path(str(self.url.database)).parent)

    def close(self) -> None:
        """Let go of all connections."""
        for engine in (self._writer, self._reader):
            if engine is not None:
                engine.dispose()
        self._writer = self._reader = None


def sqlite_url(file: Path) -> str:
    """The address of an embedded database file."""
    return f"sqlite:///{file}"


def _postgres(url: sa.URL, options: str = "") -> sa.Engine:
    # Errors go to the log, and what is written are names of people: the statement is told without its values.
    return sa.create_engine(url, hide_parameters=True, connect_args={"options": options} if options else {})


def _sqlite_engine(url: sa.URL, begin: str, *, read_only: bool = False) -> sa.Engine:
    if not Path(str(url.database)).is_file():
        raise RuleBroken(f"找不到数据库 {url.database}，请先运行 skilleval init")
    engine = sa.create_engine(url, module=sqlite, json_deserializer=_read_json, hide_parameters=True)
    sa.event.listen(engine, "connect", _prepare(read_only))
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _read_json(text: str) -> Any:
    """The value of a JSON column. What somebody wrote there behind the software's back and is no JSON is given as it
    stands, so that the checks can name the row instead of breaking on it."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _prepare(read_only: bool) -> Callable[[Any, Any], None]:
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        if sqlite.sqlite_version_info < SAFE_SQLITE:
            raise RuleBroken(f"SQLite {sqlite.sqlite_version} 在 WAL 模式下可能丢失已提交的数据，请升级 sqlcipher3")
        for name, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {name} = {value}")
            found = connection.execute(f"PRAGMA {name}").fetchone()
            if found is None or found[0] != value:
                raise RuleBroken(f"数据库未能设置 {name} = {value}（现为 {found}），为保证数据安全已停止")
        if read_only:
            connection.execute("PRAGMA query_only = 1")

    return on_connect


def _give_birth(file: Path) -> None:
    """Create the file so that even a power cut right after leaves it whole: EXTRA, WAL, then fsync file and folder."""
    if file.exists():
        raise RuleBroken(f"{file} 已存在，不会覆盖")
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite.connect(str(file), isolation_level=None)
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("CREATE TABLE birth (id INTEGER)")
    connection.execute("DROP TABLE birth")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    descriptor = os.open(file, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows can't open a folder to sync it, and needs no such sync
        return
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
