"""Real parts for all tests: an SQLite file for each test, and PostgreSQL where the machine has it."""

import gc
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlmodel import Session

from skilleval.cli import main
from skilleval.db import engine
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import Vault
from skilleval.db.tables import Table
from skilleval.services.journal import Actor
from tests.demonstrated import Demonstrated, demonstrated

#: the databases in which a transaction was committed
COMMITTED: set[str] = set()

REQUIRE_TOOLS = os.environ.get("SKILLEVAL_REQUIRE_TOOLS") == "1"


def skip_without(program: str) -> None:
    """Skip a test that needs a program this machine lacks; fail where all of them are required."""
    if shutil.which(program) is None:
        if REQUIRE_TOOLS:
            pytest.fail(f"{program} is required here and not installed")
        pytest.skip(f"{program} is not installed")


def pytest_configure() -> None:
    """Look for cycles of dead objects less often: at Python's pace it took a tenth of the tests' time."""
    gc.set_threshold(20_000, 20, 50)


def pytest_collection_finish() -> None:
    """What is loaded by now stays for the whole run, and is not looked through again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First the proofs over every page: they take longest, and begun last they would keep one worker busy alone."""
    items.sort(key=lambda one: not one.path.name.startswith("test_proof_"))


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault(bytes(range(32)))


@pytest.fixture
def actor() -> Actor:
    return Actor("测试经办", "hr")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demonstrated:
    """The demo's installation, made once a run; read only."""
    own = tmp_path_factory.getbasetemp()
    # A worker's own folder lies in the one of the whole run.
    return demonstrated(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("empty") / "empty.db"
    Database(sqlite_url(file)).create()
    return file


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once(empty_sqlite: Path) -> Iterator[None]:
    """SQLAlchemy compiles each statement anew for every engine, a large part of the time of tests that have a database
    of their own. Here the engines of one system share what was compiled; nothing else is shared."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_sqlite_engine", "_postgres"):
            patch.setattr(engine, name, _sharing(getattr(engine, name)))
        yield


def _sharing(make: Callable[..., sa.Engine]) -> Callable[..., sa.Engine]:
    first: list[sa.Engine] = []
    compiled: dict[Any, Any] = {}

    def make_sharing(*arguments: Any, **options: Any) -> sa.Engine:
        made = make(*arguments, **options)
        if not first:
            # A dialect learns of its system at the first connection.
            made.connect().close()
            first.append(made)
        made.dialect, made._compiled_cache = first[0].dialect, compiled
        sa.event.listen(made, "commit", lambda connection: COMMITTED.add(str(connection.engine.url.database)))
        return made

    return make_sharing


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _as_owner(command: list[str]) -> list[str]:
    """initdb refuses root, so root hands over to another user."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return ["runuser", "-u", "postgres", "--", *command]
    return command


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """The address of a private cluster on a socket in a temporary folder."""
    programs = _postgres_programs()
    if programs is None:
        if REQUIRE_TOOLS:
            pytest.fail("PostgreSQL is required here and not installed")
        pytest.skip("PostgreSQL is not installed")
    # A socket's path may have about 100 characters at most, so pytest's own folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="sk-pg-"))
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    run = {"check": True, "capture_output": True, "cwd": folder}
    subprocess.run(
        _as_owner([f"{programs}/initdb", "-D", str(data), "-A", "trust", "-U", "skilleval", "-E", "UTF8",
                   "--locale=C", "--no-sync"]), **run)  # fmt: skip
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off"
    subprocess.run(
        _as_owner([f"{programs}/pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"]),
        **run,
    )
    yield f"postgresql+psycopg://skilleval@/{{name}}?host={folder}"
    subprocess.run(_as_owner([f"{programs}/pg_ctl", "-D", str(data), "-m", "immediate", "stop"]), **run)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: str) -> str:
    """The name of a database with all tables, from which each test's own is copied."""
    _admin(postgres_cluster, "CREATE DATABASE template_skilleval")
    database = Database(postgres_cluster.format(name="template_skilleval"))
    database.create()
    database.close()
    return "template_skilleval"


def _admin(cluster: str, statement: str) -> None:
    engine = sa.create_engine(cluster.format(name="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)


class SpareDatabases:
    """Empty databases on PostgreSQL, with their open connections. Services never commit, so that after most tests a
    database is as empty as before and serves the next one; making one costs ten times as much as such a test."""

    def __init__(self, cluster: str, template: str) -> None:
        self._cluster, self._template = cluster, template
        self._made = 0
        self._spare: list[Database] = []

    def take(self) -> Database:
        if self._spare:
            return self._spare.pop()
        self._made += 1
        name = f"t_{os.getpid()}_{self._made}"
        # The default strategy writes every page to the log, half as much work again.
        _admin(self._cluster, f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY FILE_COPY")
        return Database(self._cluster.format(name=name))

    def give_back(self, database: Database) -> None:
        name = str(database.url.database)
        if name not in COMMITTED and _is_empty(database):
            self._spare.append(database)
            return
        database.close()
        _admin(self._cluster, f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Let go of all connections."""
        for database in self._spare:
            database.close()


def _is_empty(database: Database) -> bool:
    """Whether no table holds a row (another process may have written); serial numbers then start at 1 again."""
    holds_a_row = " OR ".join(f"EXISTS (SELECT FROM {table.name})" for table in Table.metadata.tables.values())
    restarted = "SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL"
    with database.writing() as session:
        if session.connection().exec_driver_sql(f"SELECT {holds_a_row}").scalar():
            return False
        session.connection().exec_driver_sql(restarted)
    return True


@pytest.fixture(scope="session")
def spare_databases(postgres_cluster: str, postgres_template: str) -> Iterator[SpareDatabases]:
    spare = SpareDatabases(postgres_cluster, postgres_template)
    yield spare
    spare.close()


@pytest.fixture
def sqlite_database(empty_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    file = tmp_path / "skilleval.db"
    shutil.copy(empty_sqlite, file)
    database = Database(sqlite_url(file))
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The test's own empty database, once on each of the two systems."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_database")
        return
    spare: SpareDatabases = request.getfixturevalue("spare_databases")
    database = spare.take()
    yield database
    spare.give_back(database)


#: for a table of refusals that fall before anything is written, of an operation that another test asks of both systems
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        yield session


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    exit_code: int
    output: str
    stdout: str
    stderr: str

    def json(self) -> Any:
        return json.loads(self.stdout)


Cli = Callable[..., Answer]


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """A fresh installation on SQLite."""
    folder = tmp_path / "instance"
    result = CliRunner().invoke(main, ["--instance", str(folder), "init"])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def cli(instance: Path) -> Cli:
    """Run a command on the installation: ``cli("people", "list", "--json", on=date(2026, 6, 1))``."""

    def run(*arguments: object, on: date = date(2026, 6, 1), actor: str = "hr") -> Answer:
        command = ["--instance", str(instance), "--on", on.isoformat(), "--actor", actor, *map(str, arguments)]
        result = CliRunner().invoke(main, command)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.output, result.stdout, result.stderr)

    return run
