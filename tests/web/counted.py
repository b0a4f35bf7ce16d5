"""How many statements a page takes, counted by the databases themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Engine

#: the most that a page may ask, whatever the number of rows
MOST = 12


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that run meanwhile; transactions and settings are none."""
    seen: list[str] = []

    def note(*told: object) -> None:
        statement = str(told[2])
        if not statement.lstrip().upper().startswith(("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(Engine, "before_cursor_execute", note)
