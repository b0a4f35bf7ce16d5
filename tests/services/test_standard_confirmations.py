"""Confirmations of standards: what counts, and from when on it does no more."""

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from skilleval import standards
from skilleval.db.tables import StandardConfirmation
from skilleval.domain.errors import RuleBroken
from skilleval.services.standard_confirmations import Trust, confirm_standard, confirmations_of, trust_of
from tests.conftest import on_sqlite
from tests.factories import ACTOR, make_firm

KEY = "6-31-01-03@2018"
ON = date(2026, 6, 1)


def test_a_comparison_counts_until_the_table_changes(session: Session) -> None:
    firm, standard = make_firm(session), standards.find_standard(KEY)
    before = trust_of(standard, confirmations_of(session, firm.id))

    row = confirm_standard(session, ACTOR, firm.institution, KEY, sha256="A" * 64, on=ON)

    held = confirmations_of(session, firm.id, KEY)
    changed = [StandardConfirmation(**{**row.model_dump(), "text_sha256": "0" * 64})]
    assert (before, trust_of(standard, held), trust_of(standard, changed)) == (Trust.UNCONFIRMED, Trust.CONFIRMED, Trust.STALE)
    assert trust_of(replace(standard, verified_against_original=True), ()) is Trust.ORIGINAL


@on_sqlite
@pytest.mark.parametrize(
    ("key", "sha256", "told"), [("9-99@2018", "a" * 64, "没有标准"), (KEY, "a" * 63, "64 位"), (KEY, "g" * 64, "64 位")]
)
def test_what_names_no_standard_or_no_file_is_refused(session: Session, key: str, sha256: str, told: str) -> None:
    firm = make_firm(session)

    with pytest.raises(RuleBroken, match=told):
        confirm_standard(session, ACTOR, firm.institution, key, sha256=sha256, on=ON)


def test_what_was_confirmed_is_never_changed(session: Session) -> None:
    firm = make_firm(session)
    confirm_standard(session, ACTOR, firm.institution, KEY, sha256="a" * 64, on=ON)

    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.execute(sa.text("UPDATE standard_confirmation SET note = 'x'"))
