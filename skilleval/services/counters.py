"""How often something was tried from an address or with a name lately, counted in the database for all processes.

The caller commits whatever the answer, else the try isn't counted. Only the SHA-256 of what is counted is kept.
"""

import hashlib
import ipaddress
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from skilleval.db.tables import LoginCounter

#: after it a count starts anew
WINDOW = timedelta(minutes=15)


def use(session: Session, kind: str, address: str, *, limit: int, now: datetime) -> datetime | None:
    """Count one use from an address: None while there were fewer than ``limit`` in the window, else when the next is taken."""
    counter = counter_of(session, kind, network(address), now)
    if counter.count >= limit:
        return counter.window_start + WINDOW
    counter.count += 1
    session.add(counter)
    session.flush()
    return None


def counter_of(session: Session, kind: str, value: str, now: datetime) -> LoginCounter:
    """The counter of a name or an address, locked until the transaction ends; a window that is over starts anew."""
    key = hashlib.sha256(f"{kind}\x1f{value}".encode()).hexdigest()
    table = LoginCounter.__table__  # type: ignore[attr-defined] # SQLModel has it on every table
    insert = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
    session.connection().execute(
        insert(table).values(key=key, window_start=now, count=0).on_conflict_do_nothing(index_elements=["key"])
    )
    query = select(LoginCounter).where(col(LoginCounter.key) == key).with_for_update()
    counter = session.exec(query.execution_options(populate_existing=True)).one()
    if now >= counter.window_start + WINDOW:
        counter.window_start, counter.count = now, 0
    return counter


def network(address: str) -> str:
    """What one household has of the net: an IPv4 address, or the first 64 bits of an IPv6 one, whose rest is free."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def minutes_until(at: datetime, now: datetime) -> int:
    """The whole minutes until then, at least one."""
    return -(-int((at - now).total_seconds()) // 60) or 1


def forget_old_counters(session: Session, *, now: datetime) -> None:
    """Delete the counters whose window is over: they say nothing any more."""
    session.connection().execute(sa.delete(LoginCounter).where(col(LoginCounter.window_start) <= now.astimezone(UTC) - WINDOW))
