"""How long cards, leases and registrations last: in words, as a filter of a list, due as many days ahead as the packs say."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from skilleval.domain.expiry import LEAD, Expiry, Term
from skilleval.services.rules import packs_of
from skilleval.web import gate, lists
from skilleval.web.language import _

TONES = {Expiry.VALID: "met", Expiry.DUE: "unknown", Expiry.EXPIRED: "not_met", Expiry.UNKNOWN: "draft"}


def lead_days(session: Session) -> int | None:
    """How many days ahead something is due for renewal, by the packs of the institution that asks; None where none says."""
    today = gate.today()
    rule = packs_of(session, gate.who().institution_id or 0, gate.site().installation.library, today).find(LEAD, today)
    return None if rule is None else rule.value


def card_words(found: Term) -> str:
    """How a card stands, in words."""
    match found.expiry:
        case Expiry.VALID:
            return _("有效")
        case Expiry.DUE:
            return _("即将到期，还有 {days} 天").format(days=found.days)
        case Expiry.EXPIRED:
            return _("已过期 {days} 天").format(days=-(found.days or 0))
        case Expiry.UNKNOWN:
            return _("未填有效期")


def expiry_filter(column: Any, title: str, lead: int | None) -> lists.Filter:
    """A filter of a list by how a day in ``column`` stands today, due ``lead`` days ahead."""
    today = gate.today()
    # Where nothing is due ahead, what is not over is valid.
    last_due = today + timedelta(days=-1 if lead is None else lead)
    conditions = {
        "valid": col(column) > last_due,
        "due": sa.and_(col(column) >= today, col(column) <= last_due),
        "expired": col(column) < today,
        "unknown": col(column).is_(None),
    }
    due = {} if lead is None else {"due": _("{days} 天内到期").format(days=lead)}
    names = {"valid": _("有效"), **due, "expired": _("已过期"), "unknown": _("未填有效期")}
    return lists.Filter("term", title, names, lambda value: conditions[value])
