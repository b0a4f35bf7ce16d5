"""Long work: asked for in a request, done by a worker process, told of on its page, and safe to leave meanwhile.

A job goes waiting → running → done, failed or cancelled. A worker takes it by one UPDATE, so that one of several gets it,
under a random word of this claim (``job_claims``). The act of a job commits in one transaction with the step to done, so
that a job that was cancelled, failed or lost its worker leaves nothing.
"""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.sealed_files import SealedFiles
from skilleval.db.secrets import Vault
from skilleval.db.tables import Institution, Job
from skilleval.domain.errors import RuleBroken
from skilleval.installation import Installation
from skilleval.services.import_kinds import IMPORTS
from skilleval.services.tenancy import viewer_of

UNDER_WAY = ("waiting", "running")
#: how often a worker tells that it lives, and when one that was not heard of is taken for dead
BEAT, LOST = timedelta(seconds=5), timedelta(seconds=30)
#: one account's jobs under way, so that nobody's queue holds up everybody
MOST_UNDER_WAY = 5
#: how long a file that a job made is kept
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of long work: what it is called, who may ask for it, and what is true after it ended without a result."""

    title: str
    roles: frozenset[str]
    nothing: str


_IMPORTERS = frozenset({"hr", "member_hr", "issuer"})
#: what is printed for a session stores nothing of the business, so that a supervisor may ask for it too
_PRINTERS = frozenset({"hr", "reviewer", "supervisor"})
KINDS = {
    "imports.check": Kind("检查导入的文件", _IMPORTERS, "没有写入任何数据；上传的文件已删除，需要时请重新上传。"),
    "imports.correct": Kind("更正并重新检查", _IMPORTERS, "更正没有保存，没有写入任何数据；文件和上一次的检查结果还在。"),
    "imports.write": Kind("写入导入的文件", _IMPORTERS, "没有写入任何数据；文件和检查结果还在，可以再次写入。"),
    "prints.room": Kind("打印考场用表", _PRINTERS, "没有生成文件。"),
    "prints.cards": Kind("打印操作任务书", _PRINTERS, "没有生成文件。"),
    "certificates.print": Kind("打印证书", frozenset({"issuer"}), "没有生成文件，操作日志中没有打印记录。"),
    "filings.export": Kind("导出上报材料", frozenset({"hr", "issuer"}), "没有导出，批次和版本号没有变动。"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for. ``target`` names it in one word: what is under way already is not begun a second time.

    ``words`` are kept sealed; the ids are rows of the institution that asks.
    """

    kind: str
    target: str
    import_kind: str = ""
    batch_id: int | None = None
    contest_id: int | None = None
    import_id: int | None = None
    words: Mapping[str, Any] = field(default_factory=dict)


def results_of(installation: Installation) -> SealedFiles:
    """Where an installation keeps the files that jobs made, each under its job's public id."""
    return SealedFiles(installation.folder / "results", installation.vault)


def new_id() -> str:
    """An id for a job that is about to be, under which its file can be kept before."""
    return secrets.token_hex(16)


def enqueue(session: Session, asked: Asked, account_id: int, *, vault: Vault, on: date, now: datetime, public_id: str = "") -> Job:
    """Ask for long work on behalf of the institution that the session acts for; the same, where it is under way already.

    Refused: other work about the same thing is under way; the account has too much under way.
    """
    firm = viewer_of(session).key
    assert firm is not None
    # Two browsers of one firm ask one after the other, so that what is counted here still holds.
    session.exec(select(Institution.id).where(col(Institution.id) == firm).with_for_update(key_share=True)).one()
    same = active_on(session, asked.target)
    if same is not None and same.kind == asked.kind:
        return same
    must_be_free(session, asked.target)
    mine = sa.select(sa.func.count()).where(
        col(Job.institution_id) == firm, col(Job.account_id) == account_id, col(Job.state).in_(UNDER_WAY)
    )
    if session.execute(mine).scalar_one() >= MOST_UNDER_WAY:
        raise RuleBroken(f"您已有 {MOST_UNDER_WAY} 项后台任务没有完成，请等其中一项完成或取消一项")
    public_id = public_id or new_id()
    job = Job(
        public_id=public_id, institution_id=firm, account_id=account_id, kind=asked.kind, import_kind=asked.import_kind,
        target=asked.target, batch_id=asked.batch_id, contest_id=asked.contest_id, import_id=asked.import_id,
        words_sealed=vault.seal_file(public_id, json.dumps(asked.words, ensure_ascii=False).encode()), on_day=on, asked_at=now,
    )  # fmt: skip
    session.add(job)
    session.flush()
    return job


def words_of(job: Job, vault: Vault) -> dict[str, Any]:
    """The words of whoever asked."""
    words: dict[str, Any] = json.loads(vault.open_file(job.public_id, job.words_sealed))
    return words


def roles_for(job: Job) -> frozenset[str]:
    """The roles of which an account must have one for this job."""
    return IMPORTS[job.import_kind].roles if job.import_kind else KINDS[job.kind].roles


def find_job(session: Session, public_id: str, roles: Collection[str]) -> Job | None:
    """The job, if it is the viewer's own and of a kind that these roles may ask for."""
    own = viewer_of(session).own(col(Job.institution_id))
    found: Job | None = session.exec(select(Job).where(col(Job.public_id) == public_id, own)).first()
    return found if found is not None and not roles_for(found).isdisjoint(roles) else None


def active_on(session: Session, target: str) -> Job | None:
    """The job that is under way about this at the institution that asks."""
    own = viewer_of(session).own(col(Job.institution_id))
    query = select(Job).where(own, col(Job.target) == target, col(Job.state).in_(UNDER_WAY))
    found: Job | None = session.exec(query).first()
    return found


def must_be_free(session: Session, target: str) -> None:
    """Refuse to touch what a job under way is about."""
    job = active_on(session, target)
    if job is not None:
        raise RuleBroken(f"后台任务“{KINDS[job.kind].title}”还没有完成，完成或取消之后才能继续")


def under_way(session: Session, kind: str, import_kinds: Collection[str]) -> Sequence[Job]:
    """The jobs of one kind that are under way at the institution that asks, about these kinds of imports."""
    own = viewer_of(session).own(col(Job.institution_id))
    query = select(Job).where(own, col(Job.kind) == kind, col(Job.import_kind).in_(import_kinds), col(Job.state).in_(UNDER_WAY))
    return session.exec(query.order_by(col(Job.id))).all()


def jobs_of(session: Session, account_id: int, *, most: int = 50) -> Sequence[Job]:
    """The last jobs of an account at the institution that asks, those under way first."""
    own = viewer_of(session).own(col(Job.institution_id))
    query = select(Job).where(own, col(Job.account_id) == account_id)
    return session.exec(query.order_by(col(Job.state).not_in(UNDER_WAY), col(Job.id).desc()).limit(most)).all()


def untaken(session: Session, account_id: int) -> Sequence[Job]:
    """What an account asked for and has not looked at since it ended, the last first."""
    own = viewer_of(session).own(col(Job.institution_id))
    query = select(Job).where(
        own, col(Job.account_id) == account_id, col(Job.ended_at).is_not(None), col(Job.taken_at).is_(None),
        col(Job.state) != "cancelled",
    )  # fmt: skip
    return session.exec(query.order_by(col(Job.id).desc()).limit(10)).all()


def has_a_worker(session: Session, job: Job, *, now: datetime) -> bool:
    """Whether a job that waits may be thought to be begun: it was asked for just now, or some other job is being done."""
    if job.state != "waiting" or now < job.asked_at + LOST:
        return True
    alive = sa.select(sa.func.count()).where(col(Job.state) == "running", col(Job.heartbeat_at) >= now - LOST)
    return bool(session.execute(alive).scalar_one())


def cancel(session: Session, job: Job, by: str, *, now: datetime) -> None:
    """Cancel a job that waits, or ask its worker to stop. Refused: it is over, or its act is being written just now."""
    this = sa.update(Job).where(col(Job.id) == job.id).execution_options(synchronize_session=False)
    # One UPDATE each: whichever state the job is in when it is reached, one of them fits or none does.
    waiting = this.where(col(Job.state) == "waiting").values(state="cancelled", ended_at=now, cancelled_by=by)
    running = this.where(col(Job.state) == "running", col(Job.stage) != "writing").values(cancelled_by=by)
    done = any(session.execute(one).rowcount for one in (waiting, running))  # type: ignore[attr-defined] # of an UPDATE
    session.refresh(job)
    if not done and job.state == "running":
        raise RuleBroken("正在一次写入，几秒钟内完成，已不能取消；完成后请看结果")
    if not done:
        told = {"done": "完成", "failed": "结束（没有办成）", "cancelled": "取消"}[job.state]
        raise RuleBroken(f"这项任务已经{told}，不能再取消")


def take(session: Session, job: Job, *, now: datetime) -> None:
    """Note that somebody looked at what became of it. Refused: it is not over."""
    if job.state in UNDER_WAY:
        raise RuleBroken("这项任务还没有完成")
    if job.taken_at is None:
        job.taken_at = now
        session.add(job)
        session.flush()


