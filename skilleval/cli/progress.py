"""Progress of long work: a bar on a terminal, nothing in a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from skilleval.cli.output import _


@contextmanager
def progress_bar(title: str, total: int | None = None, unit: str = "人") -> Iterator[Callable[[int], None] | None]:
    """A progress line on a terminal, with a bar where the total is known; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description} {task.completed:,} " + _(unit))]
    if total is not None:
        columns.append(BarColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, completed=done)
