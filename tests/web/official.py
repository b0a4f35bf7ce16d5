"""A batch with its official papers: settled, noticed, cleared or certified, and the days on which that was."""

from datetime import date

from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Notice
from skilleval.services import notice_closing, notices
from tests.certified import CALENDAR, CLOSED_ON, FIRST_DAY, candidates_of, certify, settle
from tests.chained import MEMBERS
from tests.factories import (
    ACTOR,
    LIBRARY,
    REGISTRATION_NUMBER,
    Firm,
    make_batch,
    make_candidate,
    make_firm,
    make_person,
)

OTHER = MEMBERS[0]
NAMES = ("陈大文", "李小明", "<b>吴</b>")
NUMBER = f"{REGISTRATION_NUMBER}263000001"
LAST_DAY = date(2026, 6, 19)


def make_settled(session: Session, vault: Vault) -> tuple[Firm, Batch]:
    """A firm and its settled batch, in which the first two passed and the third did not."""
    firm = make_firm(session, contact="公示联系人", phone="0755-0000")
    batch = make_batch(session, firm, state="settled")
    for serial, name in enumerate(NAMES, start=1):
        candidate = make_candidate(session, batch, make_person(session, vault, firm, name, serial))
        settle(session, candidate, 8000 if serial < 3 else 5000)
    return firm, batch


def make_noticed(session: Session, vault: Vault) -> tuple[Batch, Notice]:
    """The batch with its notice, published for five working days."""
    _firm, batch = make_settled(session, vault)
    notice = notices.publish_notice(
        session, ACTOR, batch, LIBRARY, vault=vault, first_day=FIRST_DAY, working_days=5, calendar=CALENDAR, on=FIRST_DAY
    )
    return batch, notice


def make_cleared(session: Session, vault: Vault) -> Batch:
    """The batch after its notice was closed."""
    batch, notice = make_noticed(session, vault)
    notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=CLOSED_ON)
    return batch


def make_certified(session: Session, vault: Vault) -> Batch:
    """The batch with two certificates."""
    batch = make_cleared(session, vault)
    batch.state = "certified"
    for serial, candidate in enumerate(candidates_of(session, batch)[:2], start=1):
        certify(session, candidate, f"{REGISTRATION_NUMBER}263{serial:06d}", vault)
    return batch
