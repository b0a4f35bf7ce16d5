"""Long work that somebody asked for: how far it is, cancelling it, and what has become of it. It goes on without them."""

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import Account, Batch, Candidate, Job, StagedImport
from skilleval.domain.errors import RuleBroken
from skilleval.services import imports
from skilleval.services import jobs as service
from skilleval.services.tenancy import viewer_of
from skilleval.web import files, gate
from skilleval.web.language import _, lazy

pages = Blueprint("jobs", __name__, url_prefix="/jobs")

#: candidates of a batch beyond which its prints and packages are made by the worker: some seconds of work
MANY = 200

#: what a state and a stage are called
STATES = {
    "waiting": lazy("等待处理"), "running": lazy("正在处理"), "done": lazy("已完成"), "failed": lazy("没有办成"),
    "cancelled": lazy("已取消"),
}  # fmt: skip
TONES = {"waiting": "wait", "running": "wait", "done": "good", "failed": "bad", "cancelled": "off"}
STAGES = {
    "": lazy("等待开始"), "reading": lazy("正在读取文件"), "checking": lazy("正在检查"), "drawing": lazy("正在排版"),
    "writing": lazy("正在一次写入"),
}  # fmt: skip
#: what is counted, where it is not rows
UNIT, UNITS = lazy("行"), {"certificates.print": lazy("份"), "filings.export": lazy("个文件")}
#: what leads to the result, by the kind of work
RESULTS = {
    "imports.check": lazy("查看检查结果"), "imports.correct": lazy("查看检查结果"), "imports.write": lazy("查看导入回执"),
    "certificates.print": lazy("下载 PDF"), "prints.room": lazy("下载 PDF"), "prints.cards": lazy("下载 PDF"),
    "filings.export": lazy("查看上报材料"),
}  # fmt: skip


@pages.get("")
def index() -> str:
    """The work that one has asked for, what is under way first."""
    rows = service.jobs_of(gate.reading(), gate.who().account_id)
    return render_template("jobs/index.html", rows=rows, kinds=service.KINDS, states=STATES, tones=TONES)


@pages.get("/<string(length=32):public_id>")
def show(public_id: str) -> str:
    """How far a job is; after its end what came of it, or what was and was not saved."""
    session = gate.reading()
    job = _found(session, public_id)
    installation = gate.site().installation
    return render_template(
        "jobs/show.html", job=job, kind=service.KINDS[job.kind], state=STATES[job.state], tone=TONES[job.state],
        stage=STAGES[job.stage], result=RESULTS[job.kind], under_way=job.state in service.UNDER_WAY,
        asker=session.get_one(Account, job.account_id).name, about=_about(session, job), file=_file(job),
        kept=not job.file_name or service.results_of(installation).holds(job.public_id), days=service.KEPT.days,
        unit=UNITS.get(job.kind, UNIT), has_a_worker=service.has_a_worker(session, job, now=gate.now()),
    )  # fmt: skip


@pages.post("/<string(length=32):public_id>/cancel")
def cancel(public_id: str) -> BaseResponse:
    """Stop a job before its act is written: nothing of it is left."""
    with gate.writing() as session:
        job = _found(session, public_id)
        service.cancel(session, job, gate.who().name, now=gate.now())
        session.commit()
    if job.state == "cancelled":
        imports.store_of(gate.site().installation).forget(public_id)
        flash(_("已取消。") + _(service.KINDS[job.kind].nothing))
    else:
        flash(_("已要求取消，处理程序马上停下。"), "warn")
    return redirect(url_for("jobs.show", public_id=public_id), 303)


@pages.post("/<string(length=32):public_id>/result")
def take(public_id: str) -> BaseResponse:
    """Look at what became of a job: it waits in the inbox no more. A file that it made is handed out."""
    with gate.writing() as session:
        job = _found(session, public_id)
        service.take(session, job, now=gate.now())
        session.commit()
    if job.state == "done" and job.file_name:
        try:
            content = service.results_of(gate.site().installation).read(public_id)
        except FileNotFoundError as error:
            raise RuleBroken(_("文件只保存 {days} 天，已经删除，请重新生成").format(days=service.KEPT.days)) from error
        return files.download(content, job.file_name, files.PDF)
    return redirect(_result(gate.reading(), job), 303)


def _found(session: Session, public_id: str) -> Job:
    """The job, if it is of the institution that asks and of a kind that the account may ask for; else not there."""
    return service.find_job(session, public_id, gate.who().roles) or abort(404)


def _result(session: Session, job: Job) -> str:
    """The page of what a job was about, which tells more than the job."""
    if job.import_id is not None:
        own = viewer_of(session).own(col(StagedImport.institution_id))
        staged = session.exec(select(StagedImport.public_id).where(col(StagedImport.id) == job.import_id, own)).one()
        return url_for("imports.show", public_id=staged)
    if job.filing_id is not None:
        return url_for("filings.show", batch_id=job.batch_id, filing_id=job.filing_id)
    return url_for("jobs.index")


def _about(session: Session, job: Job) -> Batch | None:
    """The batch that a job is about."""
    if job.batch_id is None:
        return None
    return session.exec(select(Batch).where(col(Batch.id) == job.batch_id, viewer_of(session).own(col(Batch.institution_id)))).one()


def _file(job: Job) -> str | None:
    """What the sender called the file that was sent with it."""
    name: str | None = service.words_of(job, gate.site().installation.vault).get("file_name")
    return name


def hand_over(session: Session, asked: service.Asked, public_id: str = "") -> Job:
    """Ask for long work on behalf of whoever asks. The view commits."""
    installation = gate.site().installation
    return service.enqueue(
        session, asked, gate.who().account_id, vault=installation.vault, on=gate.today(), now=gate.now(), public_id=public_id
    )


def many_candidates(session: Session, batch: Batch) -> bool:
    """Whether a batch has so many candidates that what is made of all of them is left to the worker."""
    of_batch = (col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
    return bool(session.execute(sa.select(sa.func.count()).select_from(Candidate).where(*of_batch)).scalar_one() > MANY)
