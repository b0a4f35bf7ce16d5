"""The marked world with many more rows: each person of the lead thirty times, with all that hangs on them, and its lists too."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from skilleval.db.engine import Database
from skilleval.db.tables import Table
from skilleval.db.tables.base import GRADES, METHODS

TIMES = 150
#: lists that do not hang on people: their rows come again without what hangs on them
LISTS = ("batch", "personnel", "post", "venue", "account")
#: so far from the numbers that there are that no copy meets them
STEP = 1_000_000
Rows = dict[str, list[dict[str, Any]]]


def multiply(database: Database, institution_id: int, times: int = TIMES) -> dict[str, int]:
    """Copy the rows; how many there are of each table afterwards, where copies were made."""
    with database.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = 1")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = 1")
        people = connection.execute(
            sa.select(Table.metadata.tables["person"]).where(Table.metadata.tables["person"].c.institution_id == institution_id)
        )
        whole = _with_dependents(connection, {"person": [dict(row) for row in people.mappings()]})
        for serial in range(1, times + 1):
            _insert(connection, whole, serial)
            for name in LISTS:
                table = Table.metadata.tables[name]
                rows = connection.execute(sa.select(table).where(table.c.id < STEP).limit(2)).mappings()
                _insert(connection, {name: [dict(row) for row in rows]}, serial)
        counts = {
            name: connection.execute(sa.select(sa.func.count()).select_from(Table.metadata.tables[name])).scalar_one()
            for name in (*whole, *LISTS)
        }
        session.commit()
    return counts


def more_firms(database: Database, firm_id: int, batch_id: int, times: int) -> int:
    """Copy a firm whose people sit in a batch, with its memberships, its mandates and those people; how many sit there then."""
    tables = Table.metadata.tables
    with database.writing() as session:
        connection = session.connection()
        firm, person, candidate = tables["institution"], tables["person"], tables["candidate"]
        sitting = sa.and_(candidate.c.employer_id == firm_id, candidate.c.batch_id == batch_id)
        code = sa.select(firm.c.credit_code).where(firm.c.id == firm_id).scalar_subquery()
        chosen = {
            "institution": firm.c.id == firm_id,
            "person": person.c.id.in_(sa.select(candidate.c.person_id).where(sitting)),
            "candidate": sitting,
            "mandate": tables["mandate"].c.employer_id == firm_id,
            "chain_member": tables["chain_member"].c.credit_code == code,
        }
        rows = {name: [dict(row) for row in connection.execute(sa.select(tables[name]).where(where)).mappings()]
                for name, where in chosen.items()}  # fmt: skip
        assert all(rows.values()), {name: len(those) for name, those in rows.items()}
        for serial in range(1, times + 1):
            _insert(connection, rows, serial)
        inside = sa.select(sa.func.count()).where(candidate.c.batch_id == batch_id)
        count: int = connection.execute(inside).scalar_one()
        session.commit()
    return count


def more_parts(database: Database, batch_id: int) -> int:
    """Let a batch have every grade and its specification every part; how many parts there are then."""
    batch, part = Table.metadata.tables["batch"], Table.metadata.tables["specification_part"]
    with database.writing() as session:
        connection = session.connection()
        specification = sa.select(batch.c.specification_id).where(batch.c.id == batch_id).scalar_subquery()
        known = [dict(row) for row in connection.execute(sa.select(part).where(part.c.specification_id == specification)).mappings()]
        held = {(one["grade"], one["method"]) for one in known}
        wanted = [(grade, method) for grade in GRADES for method in METHODS if (grade, method) not in held]
        connection.execute(sa.insert(part), [
            {**known[0], "id": STEP + serial, "grade": grade, "method": method, "serial": serial}
            for serial, (grade, method) in enumerate(wanted, start=10)
        ])  # fmt: skip
        connection.execute(sa.update(batch).where(batch.c.id == batch_id).values(grades=list(GRADES)))
        session.commit()
    return len(known) + len(wanted)


def _with_dependents(connection: sa.Connection, found: Rows) -> Rows:
    """The rows, and all rows that point at them, and so on."""
    for table in Table.metadata.sorted_tables:
        for key in table.foreign_keys:
            parent = key.column.table.name
            if parent == table.name or parent not in found or key.column.key != "id" or "id" not in table.c:
                continue
            numbers = [row["id"] for row in found[parent]]
            rows = connection.execute(sa.select(table).where(key.parent.in_(numbers))).mappings()
            known = found.setdefault(table.name, [])
            known += [dict(row) for row in rows if row["id"] not in {one["id"] for one in known}]
    return {name: rows for name, rows in found.items() if rows}


def _insert(connection: sa.Connection, rows: Rows, serial: int) -> None:
    """One more copy: new numbers, and the same bonds within the copy."""
    numbers = {name: {row["id"] for row in those} for name, those in rows.items()}
    for name, those in rows.items():
        table = Table.metadata.tables[name]
        bonds = {key.parent.key: key.column.table.name for key in table.foreign_keys if key.column.key == "id"}
        unique = _unique(table)
        copies = []
        for row in those:
            copy = {**row, "id": row["id"] + serial * STEP}
            for column, parent in bonds.items():
                if row[column] in numbers.get(parent, set()):
                    copy[column] = row[column] + serial * STEP
            for column in unique - set(bonds) - {"id"}:
                copy[column] = _other(row[column], serial)
            copies.append(copy)
        if copies:
            connection.execute(sa.insert(table), copies)


def _unique(table: sa.Table) -> set[str]:
    groups: dict[Any, list[str]] = defaultdict(list)
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            groups[constraint] = [one.key for one in constraint.columns]
    for index in table.indexes:
        if index.unique:
            groups[index] = [one.key for one in index.columns]
    kept = {"institution_id", "employer_id", "year", "grade", "method", "role", "kind"}
    return {name for names in groups.values() for name in names} - kept


def _other(value: Any, serial: int) -> Any:
    match value:
        case str():
            return f"{value}·{serial}"
        case int() if not isinstance(value, bool):
            return value + serial * STEP
        case bytes():
            return value
    return value
