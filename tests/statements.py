"""Which statements a database is asked."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that any database of the process is asked meanwhile."""
    asked: list[str] = []

    def hear(*told: object) -> None:
        if not str(told[2]).startswith("BEGIN"):
            asked.append(str(told[2]))

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)
