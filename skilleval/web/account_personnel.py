"""Which of the personnel an account is: the administrator's to say, seeing of them code and name only."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response

from skilleval.db.tables import Account, Institution, Personnel
from skilleval.domain.errors import RuleBroken
from skilleval.services import account_roles, accounts
from skilleval.services.account_events import live_roles
from skilleval.web import gate
from skilleval.web.language import _

pages = Blueprint("account_personnel", __name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """An institution where the account has a role: its personnel as (id, code, name), and which of them the account is."""

    firm: Institution
    people: list[tuple[int, str, str]]
    chosen: int | None


@pages.post("/accounts/<public_id>/personnel")
def link(public_id: str) -> Response:
    """Say who of an institution's personnel the account is, or that it is nobody."""
    code, address = request.form.get("institution", ""), request.form.get("personnel", "")
    personnel_id = gate.row_number("personnel", address) if address else None
    if address and personnel_id is None:
        abort(404)
    with gate.writing() as session:
        try:
            account = accounts.account_of(session, public_id)
        except RuleBroken:
            abort(404)
        account_roles.link_personnel(session, gate.actor(), account, code, personnel_id, now=gate.now())
        session.commit()
    flash(_("已保存，该账号须重新登录。"))
    return redirect(url_for("accounts.show", public_id=public_id), 303)


def choices_of(session: Session, account: Account) -> list[Choice]:
    """What the page of an account offers, an institution each."""
    held = {one.institution_id: one.personnel_id for one in live_roles(session, account) if one.institution_id is not None}
    firms = session.exec(select(Institution).where(col(Institution.id).in_(list(held))).order_by(col(Institution.name))).all()
    query = sa.select(col(Personnel.institution_id), col(Personnel.id), col(Personnel.code), col(Personnel.name))
    people: dict[int, list[tuple[int, str, str]]] = {}
    for firm, row, code, name in session.execute(
        query.where(col(Personnel.institution_id).in_(list(held))).order_by(col(Personnel.code))
    ):
        people.setdefault(firm, []).append((row, code, name))
    return [Choice(one, people.get(one.id or 0, []), held.get(one.id or 0)) for one in firms]
