"""Which versions of a specification (评价规范) are in force on a day: a newer one takes the place of those before it.

A version that was superseded stays what its batches were planned by, and answers for the days before the newer one came.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Protocol

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import Specification


class Version(Protocol):
    """What must be known of a version to say whether it is in force."""

    @property
    def state(self) -> str: ...
    @property
    def approved_on(self) -> date | None: ...
    @property
    def superseded_on(self) -> date | None: ...


def in_force(on: date) -> sa.ColumnElement[bool]:
    """Specifications that were approved by a day and that no newer version had superseded then."""
    began = col(Specification.approved_on).is_(None) | (col(Specification.approved_on) <= on)
    later = (col(Specification.state) == "superseded") & (col(Specification.superseded_on) > on)
    return began & ((col(Specification.state) == "approved") | later)


def is_in_force(one: Version, on: date) -> bool:
    """Whether one version is in force on a day; as ``in_force``."""
    began = one.approved_on is None or one.approved_on <= on
    later = one.state == "superseded" and one.superseded_on is not None and one.superseded_on > on
    return began and (one.state == "approved" or later)


def supersede_earlier(session: Session, institution_id: int, code: str) -> Sequence[Specification]:
    """Set every approved version that has a newer approved one superseded from the day on which the next one was approved
    (None where that day is not recorded: at once). Returns those that were changed.
    """
    query = select(Specification).where(
        col(Specification.institution_id) == institution_id, col(Specification.code) == code,
        col(Specification.state) != "draft",
    )  # fmt: skip
    changed = []
    for older, newer in pairwise(session.exec(query.order_by(col(Specification.version))).all()):
        if older.state == "approved":
            older.state, older.superseded_on = "superseded", newer.approved_on
            session.add(older)
            changed.append(older)
    return changed
