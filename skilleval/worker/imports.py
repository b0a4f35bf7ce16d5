"""The long work of imports: checking a file that was sent, correcting it, writing it."""

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Contest, StagedImport
from skilleval.services import imports
from skilleval.services.import_means import Means, means_of
from skilleval.services.tenancy import viewer_of
from skilleval.sheets.intake import Incoming, parsed
from skilleval.worker.work import Work, now


def check(work: Work) -> None:
    """Check the file that was sent with the job, and keep what was found; the file waits from then on as the import's."""
    store = imports.store_of(work.installation)
    with store.opened(work.job.public_id, work.words["file_name"]) as kept:
        file = parsed(kept, work.progress("reading"))
        with work.reading() as session:
            checked = imports.check_file(session, _asked(session, work), file, _means(work, file))
        with work.finishing(_rows(file)) as act:
            asked = _asked(act.session, work)
            asked.sha256 = work.words["sha256"]
            waiting = imports.waiting_import(act.session, asked)
            staged = waiting or imports.stage_checked(act.session, asked, file, checked, now=now())
            act.import_id = staged.id
            act.message = "" if waiting is None else "这个文件已经上传过，还没有写入；打开的是它的检查结果。"
    if waiting is not None:
        store.forget(work.job.public_id)


def correct(work: Work) -> None:
    """Keep corrected cells of an import and check it again."""
    store = imports.store_of(work.installation)
    cells = {int(place): text for place, text in work.words["cells"].items()}
    with work.reading() as session:
        staged = _staged(session, work)
        with store.opened_again(staged) as kept:
            file = parsed(imports.corrected(staged, kept, cells), work.progress("reading"))
            checked = imports.check_file(session, staged, file, _means(work, file))
    with work.finishing(_rows(file)) as act:
        row = _staged(act.session, work)
        imports.keep_corrected(act.session, row, file, store, checked, seen=work.words["seen"], now=now())


def write(work: Work) -> None:
    """Write what was checked, once: all of it, or the good rows where that was chosen."""
    store = imports.store_of(work.installation)
    with work.reading() as session:
        staged = _staged(session, work)
    with store.opened_again(staged) as kept:
        file = parsed(kept, work.progress("reading"))
        with work.finishing(_rows(file)) as act:
            written = imports.write(
                act.session, act.actor, _staged(act.session, work), file, means_of(work.installation, work.job.on_day),
                seen=work.words["seen"], good_rows=work.words["rows"] == "good", now=now(),
            )  # fmt: skip
            act.message = "" if written else "检查之后数据有了变动，没有写入；请看重新检查的结果，核对后再写入。"
    if written:
        store.forget(staged.public_id)


def _means(work: Work, file: Incoming) -> Means:
    return means_of(work.installation, work.job.on_day, work.progress("checking", _rows(file)))


def _rows(file: Incoming) -> int:
    return sum(len(message[2]) for message in file.messages or () if message[0] == "rows")


def _asked(session: Session, work: Work) -> StagedImport:
    """The import that is about to be, under the id of the job, where its file lies."""
    job, own = work.job, viewer_of(session).own
    asked = StagedImport(
        public_id=job.public_id, institution_id=job.institution_id, account_id=job.account_id, kind=job.import_kind, file_name="",
        size=0, sha256="", check_id="", counts={}, found={}, checked_at=now(), batch_id=job.batch_id, contest_id=job.contest_id,
        reason=work.words["reason"],
    )  # fmt: skip
    if job.batch_id is not None:
        asked.scope = session.exec(select(Batch.number).where(col(Batch.id) == job.batch_id, own(col(Batch.institution_id)))).one()
    elif job.contest_id is not None:
        asked.scope = session.exec(select(Contest.code).where(col(Contest.id) == job.contest_id, own(col(Contest.institution_id)))).one()
    return asked


def _staged(session: Session, work: Work) -> StagedImport:
    own = viewer_of(session).own(col(StagedImport.institution_id))
    return session.exec(select(StagedImport).where(col(StagedImport.id) == work.job.import_id, own)).one()
