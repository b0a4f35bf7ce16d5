"""What is entered before it is a mark: drafts, which count nowhere, and marks that were unlocked to be entered again."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, now, of_tenant, tenant_key


class MarkDraft(Table, table=True):
    """What somebody has entered of one candidate's sheet of one assessor. It is theirs alone and takes part in no total.

    ``typist`` is empty for the assessor's own draft, else the public id of the account that types the paper sheet in.
    """

    __tablename__ = "mark_draft"
    __table_args__ = (
        tenant_key(),
        of_tenant("batch_id", of="batch"),
        of_tenant("candidate_id", of="candidate"),
        of_tenant("part_id", of="specification_part"),
        of_tenant("personnel_id", of="personnel"),
        sa.UniqueConstraint("institution_id", "candidate_id", "part_id", "personnel_id", "typist"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    batch_id: int
    candidate_id: int
    part_id: int
    personnel_id: int
    typist: str = ""
    #: absent, value, items and vetoes (domain/marking.Entered)
    content: dict[str, Any] = Field(sa_type=sa.JSON)
    #: counts the savings, so that a second window does not overwrite unseen what the first one saved
    version: int = 1
    saved_at: datetime = Field(default_factory=now)


class MarkUnlock(Table, table=True):
    """A locked mark that somebody else than its assessor opened again, and why. Append-only.

    It holds until the assessor's next revision stands; the mark that it opened stays on record.
    """

    __tablename__ = "mark_unlock"
    __table_args__ = (
        tenant_key(),
        of_tenant("mark_id", of="mark"),
        sa.UniqueConstraint("institution_id", "mark_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    mark_id: int
    reason: str
    unlocked_by: str
    recorded_at: datetime = Field(default_factory=now)
