"""Long work: one worker gets it, cancelling leaves nothing, a dead worker loses it, and whoever asked may look."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Account, Job
from skilleval.db.tables import job as job_table
from skilleval.domain.errors import RuleBroken
from skilleval.services import account_roles, accounts, job_claims, jobs
from skilleval.services.import_kinds import IMPORTS
from skilleval.services.job_claims import Claim, JobCancelled, JobLost
from skilleval.services.jobs import LOST, MOST_UNDER_WAY, Asked
from skilleval.services.tenancy import acting_for
from tests.accounts import NOW, OPERATOR, make_account
from tests.chained import MEMBERS
from tests.factories import CREDIT_CODE, Firm, make_firm

TODAY = date(2026, 6, 1)
LATE = NOW + LOST + timedelta(seconds=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        yield session


@contextmanager
def asking(session: Session, code: str = CREDIT_CODE) -> Iterator[None]:
    """What is asked on behalf of a firm; a worker and the operator ask on behalf of nobody."""
    session.info.update(acting_for(code))
    yield
    session.info.clear()


@pytest.fixture
def firm(session: Session) -> Firm:
    return make_firm(session)


@pytest.fixture
def account(session: Session, firm: Firm) -> Account:
    return make_account(session, "wang", (CREDIT_CODE, "hr"))


def ask(session: Session, account: Account, vault: Vault, target: str = "import/1", kind: str = "imports.write", at: datetime = NOW) -> Job:
    """Ask for the writing of a roster."""
    assert account.id is not None
    words = {"seen": "abc"}
    session.info.update(acting_for(CREDIT_CODE))
    try:
        return jobs.enqueue(session, Asked(kind, target, "people", words=words), account.id, vault=vault, on=TODAY, now=at)
    finally:
        session.info.clear()


def begun(session: Session, at: datetime = NOW) -> Claim:
    """The next job in the hands of a worker."""
    claim = job_claims.claim(session, now=at)
    assert claim is not None
    return claim


def state(session: Session, job: Job) -> str:
    session.refresh(job)
    return job.state


def test_what_was_asked_for_first_is_begun_first(session: Session, account: Account, vault: Vault) -> None:
    first, second = ask(session, account, vault, "a"), ask(session, account, vault, "b")

    claims = [begun(session), begun(session)]

    assert [one.job_id for one in claims] == [first.id, second.id] and claims[0].worker != claims[1].worker
    assert job_claims.claim(session, now=NOW) is None and state(session, first) == "running"


def test_of_two_workers_one_gets_the_job(database: Database, session: Session, account: Account, vault: Vault) -> None:
    ask(session, account, vault)
    session.commit()
    both, got = threading.Barrier(2), []

    def work() -> None:
        both.wait(10)
        with database.writing() as own:
            got.append(job_claims.claim(own, now=NOW))
            # The other one meets a claim that is not committed yet.
            time.sleep(0.2)
            own.commit()

    threads = [threading.Thread(target=work) for _one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one is None for one in got) == [False, True]
    session.rollback()
    assert session.exec(select(Job.attempts)).all() == [1]


def test_the_same_is_not_asked_for_twice(session: Session, account: Account, vault: Vault) -> None:
    first = ask(session, account, vault)

    again = ask(session, account, vault)
    with pytest.raises(RuleBroken, match="“写入导入的文件”还没有完成"):
        ask(session, account, vault, kind="imports.correct")
    jobs.cancel(session, first, "王", now=NOW)
    anew = ask(session, account, vault, kind="imports.correct")

    assert again.id == first.id and anew.id != first.id


def test_one_account_does_not_fill_the_queue(session: Session, account: Account, vault: Vault) -> None:
    for place in range(MOST_UNDER_WAY):
        ask(session, account, vault, str(place))

    with pytest.raises(RuleBroken, match=f"已有 {MOST_UNDER_WAY} 项后台任务"):
        ask(session, account, vault, "one more")

    other = make_account(session, "li", (CREDIT_CODE, "hr"))
    assert ask(session, other, vault, "one more").state == "waiting"


def test_what_somebody_said_lies_sealed(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)

    assert b"abc" not in job.words_sealed and jobs.words_of(job, vault) == {"seen": "abc"}


def test_progress_is_told_until_the_end(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)
    claim = begun(session)

    job_claims.report(session, claim, "checking", 5_000, 20_000, now=NOW + SECOND)
    session.refresh(job)
    assert (job.stage, job.done, job.total, job.heartbeat_at) == ("checking", 5_000, 20_000, NOW + SECOND)
    job_claims.finish(session, claim, now=NOW, message="已写入")

    assert state(session, job) == "done" and (job.message, job.ended_at) == ("已写入", NOW)
    with pytest.raises(JobLost):
        job_claims.report(session, claim, "checking", 6_000, 20_000, now=NOW)


def test_a_job_that_waits_is_cancelled_at_once(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)

    jobs.cancel(session, job, "李", now=NOW)

    assert (job.state, job.cancelled_by, job.ended_at) == ("cancelled", "李", NOW)
    assert job_claims.claim(session, now=NOW) is None


def test_a_job_under_way_stops_at_the_next_report(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)
    claim = begun(session)
    job_claims.report(session, claim, "checking", 1, 2, now=NOW)

    jobs.cancel(session, job, "李", now=NOW)

    assert job.state == "running"
    for stage in ("checking", "writing"):
        with pytest.raises(JobCancelled):
            job_claims.report(session, claim, stage, 2, 2, now=NOW)
    job_claims.end_cancelled(session, claim, now=NOW)
    assert state(session, job) == "cancelled"


def test_what_is_being_written_or_over_is_not_cancelled(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)
    claim = begun(session)
    job_claims.report(session, claim, "writing", 2, 2, now=NOW)

    with pytest.raises(RuleBroken, match="正在一次写入"):
        jobs.cancel(session, job, "李", now=NOW)
    job_claims.finish(session, claim, now=NOW)
    with pytest.raises(RuleBroken, match="已经完成"):
        jobs.cancel(session, job, "李", now=NOW)
    failed = ask(session, account, vault, "b")
    job_claims.fail(session, begun(session), error_id="1234", now=NOW)
    with pytest.raises(RuleBroken, match="已经结束"):
        jobs.cancel(session, failed, "李", now=NOW)
    gone = ask(session, account, vault, "c")
    jobs.cancel(session, gone, "李", now=NOW)
    with pytest.raises(RuleBroken, match="已经取消"):
        jobs.cancel(session, gone, "李", now=NOW)

    assert (state(session, job), job.cancelled_by, state(session, failed)) == ("done", None, "failed")


def test_a_dead_worker_loses_its_job_once_and_then_the_job_fails(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)
    first = begun(session)

    assert not job_claims.due(session, now=NOW + LOST).lost and job_claims.recover(session, now=NOW + LOST) == []
    assert state(session, job) == "running"
    assert job_claims.due(session, now=LATE).lost and job_claims.recover(session, now=LATE) == []
    assert (state(session, job), job.worker) == ("waiting", None)
    begun(session, at=LATE)
    over = job_claims.recover(session, now=LATE + LOST + SECOND)

    assert over == [job.public_id] and state(session, job) == "failed" and "两次" in job.message
    # The first worker was only slow: nothing of it counts any more.
    with pytest.raises(JobLost):
        job_claims.finish(session, first, now=LATE)
    job_claims.fail(session, first, message="又来", now=LATE)
    job_claims.beat(session, first, now=LATE)
    assert (state(session, job), "两次" in job.message) == ("failed", True)


def test_a_beating_heart_keeps_the_job(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)
    claim = begun(session)

    job_claims.beat(session, claim, now=LATE)

    assert job_claims.recover(session, now=LATE + LOST) == [] and state(session, job) == "running"


def test_a_job_whose_worker_died_after_it_was_cancelled_is_cancelled(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)
    begun(session)
    jobs.cancel(session, job, "李", now=NOW)

    assert job_claims.recover(session, now=LATE) == [job.public_id]

    assert state(session, job) == "cancelled"


def test_a_worker_that_is_stopped_gives_its_job_back_without_counting(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)

    job_claims.release(session, begun(session))

    assert (state(session, job), job.attempts, job.worker) == ("waiting", 0, None)
    assert begun(session).job_id == job.id


def test_whoever_asked_acts_with_the_roles_of_now(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)
    account_roles.grant_role(session, OPERATOR, account, CREDIT_CODE, "reviewer", now=NOW)

    actor = job_claims.actor_of(session, job)

    assert (actor.name, actor.role, actor.account) == ("姓名wang", "hr+reviewer", account.public_id)
    account_roles.revoke_role(session, OPERATOR, account, CREDIT_CODE, "hr", now=NOW)
    with pytest.raises(RuleBroken, match="没有办理它的角色"):
        job_claims.actor_of(session, job)


def test_a_disabled_account_acts_no_more(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)

    accounts.disable_account(session, OPERATOR, account, now=NOW, reason="离职")

    with pytest.raises(RuleBroken, match="已停用"):
        job_claims.actor_of(session, job)


def test_a_job_is_found_by_its_own_firm_and_by_who_may_ask_for_it(session: Session, account: Account, vault: Vault) -> None:
    make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
    job = ask(session, account, vault)

    with asking(session):
        assert jobs.find_job(session, job.public_id, {"hr"}) is not None
        assert jobs.find_job(session, job.public_id, {"issuer"}) is None
    with asking(session, MEMBERS[0]):
        assert jobs.find_job(session, job.public_id, {"hr"}) is None
        assert jobs.active_on(session, job.target) is None and jobs.jobs_of(session, account.id or 0) == []


def test_the_inbox_keeps_what_ended_until_somebody_looks(session: Session, account: Account, vault: Vault) -> None:
    done, failed, cancelled, waiting = (ask(session, account, vault, one) for one in "abcd")
    job_claims.finish(session, begun(session), now=NOW)
    job_claims.fail(session, begun(session), message="不行", reasons=["因为"], now=NOW)
    jobs.cancel(session, cancelled, "李", now=NOW)
    session.expire_all()

    with asking(session):
        before = [one.id for one in jobs.untaken(session, account.id or 0)]
        jobs.take(session, done, now=NOW)
        with pytest.raises(RuleBroken, match="还没有完成"):
            jobs.take(session, waiting, now=NOW)
        after = [one.id for one in jobs.untaken(session, account.id or 0)]
        listed = [one.id for one in jobs.jobs_of(session, account.id or 0)]

    assert (before, after) == ([failed.id, done.id], [failed.id])
    assert listed == [waiting.id, cancelled.id, failed.id, done.id]


def test_a_queue_without_a_worker_is_noticed(session: Session, account: Account, vault: Vault) -> None:
    job = ask(session, account, vault)

    assert jobs.has_a_worker(session, job, now=NOW + LOST - SECOND)
    assert not jobs.has_a_worker(session, job, now=LATE)
    ask(session, account, vault, "b", at=NOW)
    claim = begun(session, at=LATE)
    waiting = session.exec(select(Job).where(col(Job.state) == "waiting")).one()
    assert claim.job_id != waiting.id and jobs.has_a_worker(session, waiting, now=LATE)


def test_the_table_knows_every_kind_of_work_and_of_import() -> None:
    assert set(job_table.KINDS) == set(jobs.KINDS) and set(job_table.IMPORT_KINDS) == {"", *IMPORTS}
