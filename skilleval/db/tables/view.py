"""How an account keeps the lists that it works in: the columns shown, and filters saved under a name.

Rows are one account's own convenience and say nothing of the business, so that no journal entry tells of them.
"""

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, of_tenant, tenant_key

_DEFAULT = sa.text("is_default")


class ListLayout(Table, table=True):
    """How one account keeps one list while it acts for one institution: the columns that it does not want to see."""

    __tablename__ = "list_layout"
    __table_args__ = (
        tenant_key(),
        sa.UniqueConstraint("account_id", "institution_id", "listing"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id")
    account_id: int = Field(foreign_key="account.id")
    #: the name of the list
    listing: str = Field(max_length=40)
    #: keys of columns; those of later versions are shown until they are left out too
    hidden: list[str] = Field(default_factory=list, sa_type=sa.JSON)


class SavedView(Table, table=True):
    """Filters and sorting of a list under a name, as the words of its address; what was typed to search is none of them."""

    __tablename__ = "saved_view"
    __table_args__ = (
        of_tenant("layout_id", of="list_layout"),
        sa.UniqueConstraint("layout_id", "name"),
        sa.Index("uq_saved_view_default", "layout_id", unique=True, sqlite_where=_DEFAULT, postgresql_where=_DEFAULT),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    layout_id: int
    name: str = Field(max_length=40)
    query: str = Field(max_length=1000)
    #: whether the list opens with it; one of a list at most
    is_default: bool = False
