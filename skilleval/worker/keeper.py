"""Keeps a worker process beside the web application: started with it, started again when it dies, ended with it."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger("skilleval.worker")

#: seconds before a worker that died is started again, and those it has to stop by itself
AGAIN, GRACE = 2.0, 10.0


@contextmanager
def kept_worker(folder: Path) -> Iterator[None]:
    """A worker for the installation in ``folder`` for as long as the block lasts."""
    over = threading.Event()
    thread = threading.Thread(target=_keep, args=(folder, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(GRACE + AGAIN)


def _keep(folder: Path, over: threading.Event) -> None:
    # -P: what lies in the folder where somebody happens to stand is not taken for ours.
    command = [sys.executable, "-P", "-m", "skilleval.worker", str(folder)]
    while not over.is_set():
        with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
            while not over.wait(0.2) and child.poll() is None:
                pass
            _end(child)
        if not over.is_set():
            log.warning("the worker ended with %s and is started again", child.returncode)
            over.wait(AGAIN)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Let it finish what it is writing; what takes longer is ended, and begun anew by the next worker."""
    assert child.stdin is not None
    child.stdin.close()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
