"""The deadlines of a batch, by the packs that it was planned by."""

from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Filing
from skilleval.domain.deadlines import Deadline, prove_deadline
from skilleval.domain.workdays import Calendar
from skilleval.packs import Packs

RESULTS = "results.working_days"
#: states of a batch in which it may have a filing package
_PACKAGED = ("certified", "filed", "archived")


def results_deadline(session: Session, packs: Packs, batch: Batch, calendar: Calendar, on: date) -> Deadline | None:
    """Whether marks, notice and filing are done in time after the evaluation ended, by the batch's packs; None until it has.

    Done is the day of the first filing package of the batch.
    """
    if on <= batch.ends_on or batch.state == "cancelled":
        return None
    filed = _filed(session, batch) if batch.state in _PACKAGED else None
    return _results_deadline(packs, batch, calendar, filed, on)


def _filed(session: Session, batch: Batch) -> date | None:
    """The day of the first filing package."""
    query = select(Filing).where(
        col(Filing.institution_id) == batch.institution_id, col(Filing.batch_id) == batch.id
    )
    filing = session.exec(query.order_by(col(Filing.version))).first()
    return None if filing is None else filing.exported_on


def unfiled_deadline(packs: Packs, batch: Batch, calendar: Calendar, on: date) -> Deadline:
    """The same of a batch with these packs that is known to have no filing package yet, without asking for either."""
    return _results_deadline(packs, batch, calendar, None, on)


def _results_deadline(packs: Packs, batch: Batch, calendar: Calendar, filed: date | None, on: date) -> Deadline:
    rule = packs.find(RESULTS, batch.ends_on)
    text = "评价结束后按期完成成绩统计、公示并上报"
    return prove_deadline(RESULTS, rule, text, calendar, after=batch.ends_on, done_on=filed, on=on)
