"""What the public sees of a notice (公示), and the objections that come by its public page.

Nothing but what the sheet on the wall shows, and only while it hangs there: names of a notice that is over are told to
nobody (least disclosure, 个人信息保护法 articles 6 and 19). Who objects is asked for a name and a way to be reached,
which only those who handle the objection see.
"""

from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Candidate, Notice, Objection
from skilleval.domain.errors import RuleBroken
from skilleval.services import objections
from skilleval.services.journal import Actor

#: who records what comes by the public page
PUBLIC = Actor("公示网页", "public")
#: objections from one network within the window of ``counters``: a family's, not a flood
OBJECTIONS_LIMIT = 5
#: characters; what is longer is a letter, and comes on paper
LONGEST = {"姓名": 40, "联系方式": 100, "异议内容": 1000}


def phase_of(notice: Notice, on: date) -> str:
    """``waiting`` before its first day, ``open`` while it may be objected to, ``over``, or ``withdrawn``."""
    if notice.state == "withdrawn":
        return "withdrawn"
    if on < notice.first_day:
        return "waiting"
    return "open" if notice.state == "published" and on <= notice.last_day else "over"


def object_publicly(
    session: Session,
    notice: Notice,
    *,
    name: str,
    contact: str,
    text: str,
    listed: int | None,
    vault: Vault,
    on: date,
) -> Objection:
    """Record what somebody objects on the public page; ``listed`` is the serial on the list, None for the whole notice.

    Refused: what is missing or too long, a serial that is not on the list, a notice that is not open.
    """
    for title, given in zip(LONGEST, (name, contact, text), strict=True):
        if not given.strip():
            raise RuleBroken(f"请填写“{title}”")
        if len(given.strip()) > LONGEST[title]:
            raise RuleBroken(f"“{title}”最多 {LONGEST[title]} 字，现有 {len(given.strip())} 字；更长的请以书面形式提交")
    return objections.raise_objection(
        session, PUBLIC, notice, raised_by=name, text=text, on=on,
        candidate=None if listed is None else _listed(session, notice, listed),
        contact_sealed=vault.seal(notice.institution_id, contact.strip()),
    )  # fmt: skip


def _listed(session: Session, notice: Notice, serial: int) -> Candidate:
    """The candidate behind a line of the published list."""
    numbers = [one["admission_number"] for one in notice.content["entries"] if one["serial"] == serial]
    query = select(Candidate).where(
        col(Candidate.institution_id) == notice.institution_id, col(Candidate.batch_id) == notice.batch_id,
        col(Candidate.admission_number).in_(numbers),
    )  # fmt: skip
    found = session.exec(query).first()
    if found is None:
        raise RuleBroken(f"公示名单中没有序号 {serial}，请核对；对整个公示有异议的不填序号")
    return found
