"""Relations between people that no roster shows, as somebody declared them: what conflicts of interest (回避) are found from."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from skilleval.db.tables.base import Table, of_tenant, one_of, tenant_key

RELATION_KINDS = ("supervisor", "mentor", "trainer", "kin", "declared")


class Relation(Table, table=True):
    """One declared relation. One end is somebody of the personnel or a person, the other end is a person.

    A person belongs to an employer (``…employer_id``), which may be a member firm. Never changed: what is not so is
    dismissed as a conflict, with a reason.
    """

    __tablename__ = "relation"
    __table_args__ = (
        tenant_key(),
        of_tenant("personnel_id", of="personnel"),
        of_tenant("first_person_id", of="person", own="first_employer_id"),
        of_tenant("person_id", of="person", own="employer_id"),
        one_of("kind", RELATION_KINDS),
        sa.CheckConstraint("(personnel_id IS NULL) <> (first_person_id IS NULL)", name="one_first_end"),
        sa.CheckConstraint("(first_person_id IS NULL) = (first_employer_id IS NULL)", name="person_with_employer"),
        sa.CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name="dates_in_order"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int
    kind: str
    personnel_id: int | None = None
    first_employer_id: int | None = None
    first_person_id: int | None = None
    employer_id: int
    person_id: int
    valid_from: date | None = None
    valid_to: date | None = None
    #: what shows it, in Chinese: 2024年师带徒协议
    source: str
    declared_by: str
    declared_on: date
