"""Imports of files that take long: handed over to the worker, step by step as the wizard goes. The views are in ``imports``."""

from skilleval.db.tables import Job, StagedImport
from skilleval.services import imports, jobs
from skilleval.sheets.intake import Incoming, examine
from skilleval.sheets.reading import file_hash
from skilleval.web import gate
from skilleval.web import jobs as job_pages


def check(asked: StagedImport, file: Incoming) -> Job | StagedImport:
    """Hand a file that was sent over, to be checked: the job, or the import where the same file waits already.

    Refused here and now: what is no file of this sort at all.
    """
    examine(file)
    asked.sha256 = file_hash(file)
    wanted = jobs.Asked(
        "imports.check", f"{asked.kind}/{asked.batch_id or 0}/{asked.contest_id or 0}/{asked.sha256}", import_kind=asked.kind,
        batch_id=asked.batch_id, contest_id=asked.contest_id,
        words={"file_name": file.name, "sha256": asked.sha256, "reason": asked.reason},
    )  # fmt: skip
    public_id = jobs.new_id()
    with gate.writing() as session:
        waiting = imports.waiting_import(session, asked)
        if waiting is not None:
            return waiting
        job = job_pages.hand_over(session, wanted, public_id)
        if job.public_id == public_id:
            imports.store_of(gate.site().installation).keep(public_id, file.path.read_bytes())
        session.commit()
    return job


def hand_over(kind: str, staged: StagedImport, words: dict[str, object]) -> Job:
    """Hand over what is to be done with a file that was checked. Refused: other work on it is under way."""
    wanted = jobs.Asked(
        kind, target(staged), import_kind=staged.kind, import_id=staged.id, batch_id=staged.batch_id,
        contest_id=staged.contest_id, words=words,
    )  # fmt: skip
    with gate.writing() as session:
        job = job_pages.hand_over(session, wanted)
        session.commit()
    return job


def target(staged: StagedImport) -> str:
    """What jobs call this import, so that only one of them has it at a time."""
    return f"import/{staged.public_id}"
