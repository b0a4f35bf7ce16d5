"""Who did what in a batch: the separation of duties rests on it."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, now, of_tenant, one_of, tenant_key
from skilleval.domain.duties import DUTIES


class BatchDuty(Table, table=True):
    """One duty that an account has taken on in a batch by its first act of that kind. Append-only."""

    __tablename__ = "batch_duty"
    __table_args__ = (
        tenant_key(),
        of_tenant("batch_id", of="batch"),
        sa.UniqueConstraint("institution_id", "batch_id", "account_id", "duty"),
        one_of("duty", tuple(DUTIES)),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    batch_id: int
    account_id: int = Field(foreign_key="account.id")
    duty: str
    taken_at: datetime = Field(default_factory=now)
