"""What is known of an account at any time: its live roles, and the record of what was done to it and by it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from skilleval.db.tables import Account, AccountEvent, AccountRole, Table
from skilleval.services import journal
from skilleval.services.journal import Actor


def live_roles(session: Session, account: Account) -> Sequence[AccountRole]:
    """The roles that the account has now, oldest first."""
    query = select(AccountRole).where(col(AccountRole.account_id) == account.id, col(AccountRole.revoked_at).is_(None))
    return session.exec(query.order_by(col(AccountRole.id))).all()


def every_live_role(session: Session) -> dict[int, list[AccountRole]]:
    """The live roles of all accounts by account, oldest first."""
    query = select(AccountRole).where(col(AccountRole.revoked_at).is_(None)).order_by(col(AccountRole.id))
    found: dict[int, list[AccountRole]] = {}
    for one in session.exec(query):
        found.setdefault(one.account_id, []).append(one)
    return found


def events_of(session: Session, account: Account) -> Sequence[AccountEvent]:
    """What was done to and by the account, newest first."""
    query = select(AccountEvent).where(col(AccountEvent.account_id) == account.id)
    return session.exec(query.order_by(col(AccountEvent.id).desc())).all()


def themselves(account: Account) -> Actor:
    """The account as the one who acts, in a matter of its own."""
    return Actor(account.name, "self", account.public_id)


def tell(
    session: Session,
    actor: Actor,
    account: Account,
    action: str,
    now: datetime,
    *,
    note: str = "",
    at: Iterable[int | None] = (),
    objects: Sequence[Table] = (),
) -> None:
    """Write down one event of the account, and an entry in the journal of every institution that it concerns."""
    assert account.id is not None
    session.add(account)
    event = AccountEvent(
        at=now, account_id=account.id, action=action, actor=actor.name, actor_role=actor.role,
        actor_account=actor.account, note=note,
    )  # fmt: skip
    session.add(event)
    session.flush()
    detail = {"login": account.login, "name": account.name, "note": note}
    for institution_id in sorted({one for one in at if one is not None}):
        journal.record(session, actor, institution_id, action, objects=objects, detail=detail)


def tell_everywhere(session: Session, actor: Actor, account: Account, action: str, now: datetime, note: str = "") -> None:
    """The same, in the journal of every institution where the account has a role."""
    places = [one.institution_id for one in live_roles(session, account)]
    tell(session, actor, account, action, now, note=note, at=places)
