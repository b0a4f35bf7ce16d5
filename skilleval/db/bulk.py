"""Many rows at once: objects cost sixteen times a plain insert, so imports write columns."""

from collections.abc import Iterable, Mapping, Sequence
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


def insert_columns(session: Session, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows given column by column, all of the same length; a column left out is null or its default."""
    if not next(iter(columns.values())):
        return
    connection = session.connection()
    statement = sa.insert(table).compile(dialect=connection.dialect, column_keys=list(columns))
    names: Sequence[str] = statement.positiontup or ()
    if connection.dialect.name != "sqlite" or set(names) != columns.keys():
        rows = zip(*columns.values(), strict=True)
        connection.execute(sa.insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
        return
    # Straight into the driver: Core makes two dictionaries a row on the way, which costs as much as the insert.
    adapted = [_adapted(columns[name], table.c[name].type, connection.dialect) for name in names]
    connection.exec_driver_sql(str(statement), list(zip(*adapted, strict=True)))


def _adapted(values: Sequence[Any], kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Iterable[Any]:
    """What the driver takes for ``values``; days are few, so each is spelled once."""
    adapt = kind.dialect_impl(dialect).bind_processor(dialect)
    if adapt is None or isinstance(kind, sa.LargeBinary):  # the driver takes bytes as they are
        return values
    if isinstance(kind, sa.Date):
        spelled = {value: adapt(value) for value in set(values)}
        return map(spelled.__getitem__, values)
    return map(adapt, values)
