"""The home page: what waits for whoever asks, and the batches in their pipeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, render_template, url_for
from sqlmodel import Session, col, select

from skilleval import holidays
from skilleval.db.tables import Account, Batch, Candidate, Institution, Registration
from skilleval.services import inbox, jobs
from skilleval.services.tenancy import viewer_of
from skilleval.web import batches, gate, workforce
from skilleval.web import jobs as job_pages
from skilleval.web.language import _, lazy, marked

pages = Blueprint("home", __name__)

#: what each task is called; the number it counts in words
TASKS = {
    "check": (lazy("判断申报条件"), lazy("人未判断")),
    "review": (lazy("审核资格"), lazy("人待审核")),
    "advance": (lazy("推进批次"), lazy("项下一步")),
    "score": (lazy("评分"), lazy("份待评")),
    "adjudicate": (lazy("裁定分歧"), lazy("份有分歧")),
    "decide": (lazy("直接认定：作出决定"), lazy("件案卷")),
    "settle": (lazy("核定成绩"), lazy("人可核定")),
    "publish": (lazy("公示"), lazy("人待公示")),
    "objections": (lazy("处理异议"), lazy("件异议")),
    "close": (lazy("结束公示"), lazy("项公示期满")),
    "issue": (lazy("编号发证"), lazy("人待发证")),
    "file": (lazy("上报材料"), lazy("批待上报")),
    "refile": (lazy("补正上报材料"), lazy("批被窗口退回，待重新导出")),
}
#: where a task is done; what is not here is done on the page of the step that it leads to, else in the batch's overview
PAGES: dict[str, str] = {
    "check": "candidates.index", "review": "candidates.index", "score": "scoring.index", "adjudicate": "marks.index",
    "objections": "notices.index", "decide": "recognitions.index", "refile": "filings.index",
}  # fmt: skip
#: the step that a task leads to
_STEPS = {"settle": "settled", "publish": "noticed", "close": "cleared", "issue": "certified", "file": "filed"}

#: who answers for the workforce and is told of it; all of them may open its pages
MANAGING = frozenset({"hr", "member_hr", "approver", "supervisor"})

#: the columns of the board, each with the states of batches that stand in it
PHASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (marked("计划"), ("draft",)),
    (marked("报名与编排"), ("enrolling", "reviewed", "scheduled")),
    (marked("评分"), ("marking", "settled")),
    (marked("公示"), ("noticed", "cleared")),
    (marked("发证与上报"), ("certified", "filed")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what waits: the task in words, the page where it is done."""

    title: Any
    unit: Any
    waiting: inbox.Waiting
    link: str


@pages.get("/")
def show() -> str:
    """What waits for me, the deadlines, and the batches in their pipeline; for a system administrator the accounts."""
    who = gate.who()
    if who.institution_id is None:
        return _administration()
    session = gate.reading()
    calendar = holidays.load_calendar(gate.site().installation.folder)
    waiting = inbox.waiting_for(
        session, who.roles, personnel_id=who.personnel_id, calendar=calendar, on=gate.today()
    )
    board = _board(session) if gate.may("batches.index") else None
    strip = None if MANAGING.isdisjoint(who.roles) else workforce.strip(session)
    ended = jobs.untaken(session, who.account_id) if gate.may("jobs.index") else []
    unlinked = "assessor" in who.roles and who.personnel_id is None
    return render_template(
        "home/show.html", lines=list(_lines(waiting)), board=board, unlinked=unlinked, unregistered=_is_unregistered(session),
        strip=strip, ended=ended, job_kinds=jobs.KINDS, job_states=job_pages.STATES, job_tones=job_pages.TONES,
    )  # fmt: skip


@pages.get("/health")
def health() -> Response:
    """Whether the application answers and its database can be read; no business data."""
    gate.reading().exec(select(Account.id).limit(1)).first()
    return Response("ok\n", mimetype="text/plain")


@pages.get("/favicon.ico")
def icon() -> Response:
    """The mark of the tab, for what names none itself: browsers ask here beside a text, a PDF or a download."""
    return current_app.send_static_file("mark.svg")


def _is_unregistered(session: Session) -> bool:
    """Whether whoever asks is HR of an institution that has neither registration nor batch: their first thing is its file."""
    if not gate.may("institution_files.upload"):
        return False
    own = viewer_of(session).own
    either = sa.exists().where(own(col(Registration.institution_id))) | sa.exists().where(own(col(Batch.institution_id)))
    return not session.execute(sa.select(either)).scalar_one()


def _administration() -> str:
    """Accounts and the state of the installation: no query of the business is made."""
    session = gate.reading()
    counted = session.execute(sa.select(col(Account.state), sa.func.count()).group_by(col(Account.state))).all()
    database = session.get_bind().dialect.name
    institutions = session.execute(sa.select(sa.func.count()).select_from(Institution)).scalar_one()
    return render_template("home/administration.html", counts=dict(counted), database=database, institutions=institutions)


def _lines(waiting: list[inbox.Waiting]) -> Iterator[Line]:
    for one in waiting:
        wanted = PAGES.get(one.task) or batches.OWN_PAGE.get(_STEPS.get(one.task, ""), "batches.show")
        page = wanted if gate.may(wanted) else "batches.show"
        words: dict[str, Any] = {"state": "applied"} if page == "candidates.index" and one.task in ("check", "review") else {}
        yield Line(*TASKS[one.task], one, url_for(page, batch_id=one.batch.id, **words))


def _board(session: Session) -> list[tuple[str, list[Any]]]:
    """The batches that the viewer may see, by phase; those that are filed away or cancelled are left out."""
    sitting = (
        sa.select(sa.func.count())
        .where(col(Candidate.batch_id) == col(Batch.id), viewer_of(session).candidates())
        .scalar_subquery()
    )
    query = sa.select(
        col(Batch.id), col(Batch.number), col(Batch.name), col(Batch.state), col(Batch.starts_on), col(Batch.ends_on),
        sitting.label("candidates"),
    ).where(viewer_of(session).batches(), col(Batch.state).not_in(("archived", "cancelled")))  # fmt: skip
    rows = session.execute(query.order_by(col(Batch.ends_on), col(Batch.id))).all()
    return [(_(phase), [row for row in rows if row.state in states]) for phase, states in PHASES]
