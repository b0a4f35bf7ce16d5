"""Many rows at once: objects cost sixteen times a plain insert, so imports write dictionaries."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session


def reserve_ids(session: Session, table: sa.Table, count: int) -> range:
    """``count`` ids for rows of ``table``, which the caller inserts within this transaction.

    SQLite's writer is alone, so the next ids are free until it commits; PostgreSQL hands them out of the sequence.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        last: int = connection.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0))).scalar_one()
        return range(last + 1, last + 1 + count)
    # One call moves the sequence past the whole block; the advisory lock keeps two blocks apart.
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock(hashtext('{table.name}'))")
    first: int = connection.exec_driver_sql(f"SELECT nextval(pg_get_serial_sequence('{table.name}', 'id'))").scalar_one()
    connection.exec_driver_sql(
        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {first + count - 1})"
    )
    return range(first, first + count)


def insert_rows(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, which all have the same keys."""
    if not rows:
        return
    connection = session.connection()
    statement = sa.insert(table).compile(dialect=connection.dialect, column_keys=list(rows[0]))
    names: Sequence[str] = statement.positiontup or ()
    if connection.dialect.name != "sqlite" or set(names) != rows[0].keys():
        connection.execute(sa.insert(table), list(rows))
        return
    # Column by column into the driver: Core makes two dictionaries a row on the way, which costs as much as the insert.
    columns = []
    for name in names:
        adapt = table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        values = [row[name] for row in rows]
        columns.append(list(map(adapt, values)) if adapt else values)
    connection.exec_driver_sql(str(statement), list(zip(*columns, strict=True)))
