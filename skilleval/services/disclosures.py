"""Showing a whole document number: an act that needs a reason and stands in the journal with the person it is of."""

from datetime import datetime

from sqlmodel import Session

from skilleval.db.tables import Person
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal, web_sessions
from skilleval.services.journal import Actor
from skilleval.services.web_sessions import Who

#: what the journal calls it
ACT = "people.reveal"


def disclose_number(session: Session, actor: Actor, who: Who, person: Person, *, reason: str, now: datetime) -> None:
    """Let this browser's session show the person's whole number for a few minutes. Refused: no reason."""
    if not reason.strip():
        raise RuleBroken("查看完整证件号码须写明理由")
    web_sessions.reveal_numbers(session, who, now=now)
    # The person is named, not listed as written: a row that somebody altered would pass for recorded from then on.
    journal.record(session, actor, person.institution_id, ACT, reason=reason.strip(), detail={str(person.id): {}})
