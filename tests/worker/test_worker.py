"""The worker: what was asked for is done whole or not at all, and a real process does it while nobody looks."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from skilleval import companions
from skilleval.db import engine
from skilleval.db.engine import Database
from skilleval.db.secrets import KEY_NAME, Vault
from skilleval.db.tables import ImportReceipt, Job, JournalEntry, Person, StagedImport
from skilleval.domain.errors import RuleBroken
from skilleval.installation import Installation
from skilleval.services import account_roles, accounts, imports, jobs
from skilleval.services.accounts import account_of
from skilleval.services.jobs import KINDS, LOST, Asked
from skilleval.services.tenancy import acting_for
from skilleval.services.verification import Finding, verify_all
from skilleval.settings import CONFIG_NAME, CONFIG_TEMPLATE
from skilleval.worker import kinds, loop
from tests.accounts import OPERATOR, make_account
from tests.factories import CREDIT_CODE, id_number, make_firm

TODAY = date(2026, 6, 1)
HEADINGS = "工号,姓名,证件号码,部门\n"


def roster(*serials: int) -> bytes:
    """A roster of these people as a text file."""
    return (HEADINGS + "".join(f"E{one},甲{one},{id_number(one)},一车间\n" for one in serials)).encode()


@pytest.fixture
def installation(sqlite_database: Database, vault: Vault, tmp_path: Path) -> Installation:
    """An installation with one firm and its HR."""
    folder = tmp_path
    (folder / "keys").mkdir()
    (folder / CONFIG_NAME).write_text(CONFIG_TEMPLATE, encoding="utf-8")
    (folder / "keys" / KEY_NAME).write_text(bytes(range(32)).hex())
    found = Installation(folder)
    found.database, found.vault = sqlite_database, vault
    with sqlite_database.writing() as session:
        make_firm(session)
        make_account(session, "wang", (CREDIT_CODE, "hr"))
        session.commit()
    return found


Ask = Callable[..., str]


@pytest.fixture
def ask(installation: Installation) -> Iterator[Ask]:
    """Ask for work on behalf of the firm's HR: ``ask("imports.check", content)``, ``ask("imports.write", of=…, seen=…)``."""

    def asked(kind: str, content: bytes = b"", *, of: StagedImport | None = None, **words: object) -> str:
        public_id = jobs.new_id()
        with installation.database.writing() as session:
            account = accounts.find_account(session, "wang")
            session.info.update(acting_for(CREDIT_CODE))
            target = f"import/{of.public_id}" if of else public_id
            wanted = Asked(kind, target, "people", import_id=of.id if of else None, words={"file_name": "花名册.csv", "sha256": "", "reason": "", **words})
            jobs.enqueue(session, wanted, account.id or 0, vault=installation.vault, on=TODAY, now=datetime.now(UTC), public_id=public_id)
            if content:
                imports.store_of(installation).keep(public_id, content)
            session.commit()
        return public_id

    yield asked


def work(installation: Installation) -> None:
    """Let a worker do what waits."""
    while loop.run_next(installation, threading.Event()):
        pass


def job_of(installation: Installation, public_id: str) -> Job:
    with installation.database.reading() as session:
        return session.exec(select(Job).where(col(Job.public_id) == public_id)).one()


def staged_of(installation: Installation) -> StagedImport:
    with installation.database.reading() as session:
        return session.exec(select(StagedImport)).one()


def names(installation: Installation) -> list[str]:
    with installation.database.reading() as session:
        return list(session.exec(select(Person.name).order_by(col(Person.id))))


def files(installation: Installation) -> list[str]:
    """What lies sealed."""
    return sorted(one.stem for folder in ("uploads", "results") for one in (installation.folder / folder).glob("*.*"))


def test_every_kind_of_work_has_its_function() -> None:
    assert kinds.RUNS.keys() == KINDS.keys()


def test_a_roster_is_checked_corrected_and_written_once(installation: Installation, ask: Ask) -> None:
    content = roster(1, 2) + "E3,,440999199001010011,一车间\n".encode()
    checked = ask("imports.check", content)
    work(installation)
    staged = staged_of(installation)
    assert staged.public_id == checked and staged.counts["failed"] == 1 and names(installation) == []
    assert job_of(installation, checked).import_id == staged.id and files(installation) == [checked]

    cells = {str(place): text for place, text in enumerate(("丙三", id_number(3)))}
    corrected = ask("imports.correct", of=staged, cells=cells, seen=staged.check_id)
    work(installation)
    staged = staged_of(installation)
    assert job_of(installation, corrected).state == "done" and (staged.corrected, staged.counts["new"]) == (2, 3)

    written = ask("imports.write", of=staged, rows="all", seen=staged.check_id)
    work(installation)

    assert job_of(installation, written).state == "done" and names(installation) == ["甲1", "甲2", "丙三"]
    assert staged_of(installation).state == "written" and files(installation) == []
    with installation.database.reading() as session:
        account = accounts.find_account(session, "wang")
        [entry] = [one for one in session.exec(select(JournalEntry.body)) if '"people.import"' in one]
        assert session.exec(select(ImportReceipt.counts)).one()["new"] == 3
    assert account.public_id in entry


def test_a_file_that_can_not_be_read_is_told_and_gone(installation: Installation, ask: Ask) -> None:
    public_id = ask("imports.check", "随便,写写\n1,2\n".encode())

    work(installation)

    job = job_of(installation, public_id)
    assert job.state == "failed" and "姓名" in " ".join([job.message, *job.reasons]) and job.error_id == ""
    assert files(installation) == []


def test_a_fault_of_ours_leaves_nothing_and_an_id_in_the_log(
    installation: Installation, ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    staged = _waiting(installation, ask)
    public_id = ask("imports.write", of=staged, rows="all", seen=staged.check_id)

    def written_and_broken(session: Session, *told: object, **more: object) -> bool:
        _write(session, *told, **more)  # type: ignore[arg-type] # handed through
        raise ZeroDivisionError("half way")

    _write = imports.write
    monkeypatch.setattr(imports, "write", written_and_broken)
    work(installation)

    job = job_of(installation, public_id)
    assert job.state == "failed" and job.message == "" and len(job.error_id) == 8
    assert f"error {job.error_id} in imports.write" in caplog.text
    assert names(installation) == [] and staged_of(installation).state == "open" and files(installation) == [staged.public_id]


def test_a_job_cancelled_while_it_is_checked_leaves_nothing(
    installation: Installation, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = ask("imports.check", roster(1, 2))

    def check_and_be_cancelled(*told: object, **more: object) -> object:
        with installation.database.writing() as session:
            job = session.exec(select(Job).where(col(Job.public_id) == public_id)).one()
            jobs.cancel(session, job, "姓名wang", now=datetime.now(UTC))
            session.commit()
        return _check(*told, **more)  # type: ignore[arg-type] # handed through

    _check = imports.check_file
    monkeypatch.setattr(imports, "check_file", check_and_be_cancelled)
    work(installation)

    assert job_of(installation, public_id).state == "cancelled" and files(installation) == []
    with installation.database.reading() as session:
        assert session.exec(select(StagedImport)).all() == []


def test_a_worker_taken_for_dead_commits_nothing(
    installation: Installation, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positive control of the claim: the act is done whole, and only the word of the claim keeps it from being committed."""
    staged = _waiting(installation, ask)
    public_id = ask("imports.write", of=staged, rows="all", seen=staged.check_id)

    def write_and_lose_the_job(session: Session, *told: object, **more: object) -> bool:
        done = _write(session, *told, **more)  # type: ignore[arg-type] # handed through
        assert len(session.exec(select(Person.id)).all()) == 2
        job = session.exec(select(Job).where(col(Job.public_id) == public_id)).one()
        job.worker = "another"
        session.add(job)
        session.flush()
        return done

    _write = imports.write
    monkeypatch.setattr(imports, "write", write_and_lose_the_job)
    loop.run_next(installation, threading.Event())

    assert names(installation) == [] and staged_of(installation).state == "open"


def test_what_changed_since_the_check_is_told_and_not_written(installation: Installation, ask: Ask) -> None:
    staged = _waiting(installation, ask)
    again = ask("imports.write", of=staged, rows="all", seen="of another check")
    work(installation)

    job = job_of(installation, again)
    assert job.state == "failed" and "刚刚在别处重新检查过" in job.message and names(installation) == []


DAYS = timedelta(days=14)


@pytest.mark.parametrize(
    ("age", "expired"),
    [(timedelta(days=13), False), (DAYS - timedelta(minutes=1), False), (DAYS, True), (timedelta(days=15), True)],
)
def test_a_file_with_which_nobody_went_on_goes_on_the_day_that_its_time_is_over(
    installation: Installation, ask: Ask, age: timedelta, expired: bool
) -> None:
    staged = _checked_before(installation, ask, age)
    faults = _faults(installation)

    loop.sweep(installation)

    left = staged_of(installation)
    assert (left.state, files(installation)) == (("expired", []) if expired else ("open", [staged.public_id]))
    assert (left.found == {"notes": [], "left_out": []}, left.corrections_sealed) == (expired, None)
    assert names(installation) == []
    told = _told(installation, "imports.expire")
    assert len(told) == expired and not any("花名册.csv" in one or "甲1" in one for one in told)
    assert _faults(installation) == faults


def test_how_long_files_wait_is_the_installations_to_say(installation: Installation, ask: Ask) -> None:
    _checked_before(installation, ask, timedelta(days=15))
    config = installation.folder / CONFIG_NAME
    config.write_text(CONFIG_TEMPLATE.replace("keep_days = 14", "keep_days = 16"), encoding="utf-8")

    loop.sweep(installation)

    assert staged_of(installation).state == "open"


def test_what_a_job_is_under_way_about_does_not_go(installation: Installation, ask: Ask) -> None:
    staged = _checked_before(installation, ask, timedelta(days=15))
    ask("imports.write", of=staged, rows="all", seen=staged.check_id)

    loop.sweep(installation)
    work(installation)

    assert staged_of(installation).state == "written" and names(installation) == ["甲1", "甲2"]


def test_what_expired_is_neither_written_nor_given_up(installation: Installation, ask: Ask) -> None:
    staged = _checked_before(installation, ask, DAYS)
    loop.sweep(installation)
    again = ask("imports.write", of=staged, rows="all", seen=staged.check_id)

    work(installation)

    # The file is not there any more, whatever the row says.
    assert job_of(installation, again).state == "failed" and "请重新上传" in job_of(installation, again).message
    with installation.database.writing() as session, pytest.raises(RuleBroken, match="过了保存期"):
        imports.discard(session, OPERATOR, session.exec(select(StagedImport)).one(), now=datetime.now(UTC))
    assert names(installation) == []


def test_a_file_that_nothing_waits_for_goes_unless_it_came_just_now(installation: Installation, ask: Ask) -> None:
    kept = _waiting(installation, ask).public_id
    waiting = ask("imports.check", roster(3))
    store = imports.store_of(installation)
    for public_id in ("a" * 32, "b" * 32):
        store.keep(public_id, b"of a process that died")
    for public_id in ("a" * 32, kept, waiting):
        old = time.time() - 7200
        os.utime(installation.folder / "uploads" / f"{public_id}.sealed", (old, old))

    loop.sweep(installation)

    assert files(installation) == sorted(["b" * 32, kept, waiting])


def test_a_fault_in_clearing_away_is_told_and_work_goes_on(
    installation: Installation, ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_told: object, **_more: object) -> None:
        raise ZeroDivisionError("in the sweep")

    public_id = ask("imports.check", roster(1))
    stopping = threading.Event()
    monkeypatch.setattr(loop.import_expiry, "expire_imports", broken)
    monkeypatch.setattr(stopping, "wait", lambda _seconds: stopping.set())
    loop.run(installation, stopping)

    assert job_of(installation, public_id).state == "done" and "could not be taken away" in caplog.text


def _checked_before(installation: Installation, ask: Ask, age: timedelta) -> StagedImport:
    """A roster that waits and was checked last so long ago."""
    staged = _waiting(installation, ask)
    with installation.database.writing() as session:
        session.exec(select(StagedImport)).one().checked_at = datetime.now(UTC) - age
        session.commit()
    return staged


def _faults(installation: Installation) -> list[Finding]:
    """What the journal does not agree with: the fixture's rows, which came without an entry."""
    with installation.database.reading() as session:
        return verify_all(session)


def _told(installation: Installation, act: str) -> list[str]:
    with installation.database.reading() as session:
        return [one for one in session.exec(select(JournalEntry.body)) if f'"{act}"' in one]


def test_an_account_that_lost_its_role_meanwhile_writes_nothing(installation: Installation, ask: Ask) -> None:
    staged = _waiting(installation, ask)
    public_id = ask("imports.write", of=staged, rows="all", seen=staged.check_id)
    with installation.database.writing() as session:
        account = accounts.find_account(session, "wang")
        account_roles.revoke_role(session, OPERATOR, account_of(session, account.public_id), CREDIT_CODE, "hr", now=datetime.now(UTC))
        session.commit()

    work(installation)

    job = job_of(installation, public_id)
    assert job.state == "failed" and "没有办理它的角色" in job.message and names(installation) == []


def test_a_worker_waits_for_whoever_writes_longer_than_an_act_may_wait(
    installation: Installation, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = ask("imports.check", roster(1))
    monkeypatch.setitem(engine.PRAGMAS, "busy_timeout", 50)
    installation.database.close()
    other = Database(str(installation.database.url))
    with other.writing() as session:
        session.connection()
        worker = threading.Thread(target=loop.run_next, args=(installation, threading.Event()))
        worker.start()
        time.sleep(0.5)
        assert worker.is_alive()
    worker.join(30)
    other.close()

    assert job_of(installation, public_id).state == "done"


def test_a_worker_that_is_stopped_gives_back_what_it_began(installation: Installation, ask: Ask) -> None:
    public_id = ask("imports.check", roster(1))
    stopping = threading.Event()
    stopping.set()

    loop.run_next(installation, stopping)

    assert (job_of(installation, public_id).state, files(installation)) == ("waiting", [public_id])


def test_the_same_file_waiting_twice_stays_one_import(installation: Installation, ask: Ask) -> None:
    staged = _waiting(installation, ask)

    second = ask("imports.check", roster(1, 2), sha256=staged.sha256)
    work(installation)

    job = job_of(installation, second)
    assert job.import_id == staged.id and "已经上传过" in job.message and files(installation) == [staged.public_id]


@pytest.mark.slow
def test_a_real_process_imports_is_killed_and_imports_all_the_same(installation: Installation, ask: Ask) -> None:
    """The whole way with a worker process as ``serve`` keeps it; the first one dies with the job in its hands."""
    staged = _waiting(installation, ask)
    public_id = ask("imports.write", of=staged, rows="all", seen=staged.check_id)
    with installation.database.writing() as session:
        # As a worker leaves it that was killed: running, and not heard of for long.
        job = session.exec(select(Job).where(col(Job.public_id) == public_id)).one()
        job.state, job.worker, job.attempts = "running", "dead", 1
        job.heartbeat_at = datetime.now(UTC) - LOST - timedelta(seconds=1)
        session.add(job)
        session.commit()
    installation.database.close()

    with companions.kept("skilleval.worker", str(installation.folder)):
        _wait_until(lambda: job_of(installation, public_id).state == "done")

    assert names(installation) == ["甲1", "甲2"] and job_of(installation, public_id).attempts == 2


@pytest.mark.slow
def test_a_worker_ends_with_whoever_started_it(installation: Installation) -> None:
    command = [sys.executable, "-P", "-m", "skilleval.worker", str(installation.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


def _waiting(installation: Installation, ask: Ask) -> StagedImport:
    """Two people's roster that waits to be written."""
    ask("imports.check", roster(1, 2))
    work(installation)
    return staged_of(installation)


def _wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "the worker did not finish in time"
        time.sleep(0.2)
