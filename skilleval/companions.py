"""Processes beside the one that a person started: begun with it, begun again when they die, ended with it.

The one that was started holds the other end of each companion's standard input, so that companions stop also when it was
killed, on Windows too.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger("skilleval.companions")

#: seconds before a companion that died is started again, and those it has to stop by itself
AGAIN, GRACE = 2.0, 10.0


@contextmanager
def kept(module: str, *words: str, descriptors: tuple[int, ...] = ()) -> Iterator[None]:
    """``python -m module words`` for as long as the block lasts. It inherits the open files ``descriptors`` (not on Windows)."""
    over = threading.Event()
    # -P: what lies in the folder where somebody happens to stand is not taken for ours.
    command = [sys.executable, "-P", "-m", module, *words]
    thread = threading.Thread(target=_keep, args=(command, descriptors, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(GRACE + AGAIN)


def become(let_go: Callable[[], None]) -> None:
    """Be a companion: call ``let_go``, in a thread of its own, when the process that started this one ends it or is gone."""
    # Ctrl+C reaches every process of the console; the one that started this says when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_listen, args=(let_go,), daemon=True).start()


def _keep(command: list[str], descriptors: tuple[int, ...], over: threading.Event) -> None:
    while not over.is_set():
        with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=descriptors) as child:
            while not over.wait(0.2) and child.poll() is None:
                pass
            _end(child)
        if not over.is_set():
            log.warning("%s ended with %s and is started again", command[3], child.returncode)
            over.wait(AGAIN)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Let it finish what it is writing; what takes longer is ended."""
    assert child.stdin is not None
    child.stdin.close()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()


def _listen(let_go: Callable[[], None]) -> None:
    while os.read(0, 1):
        pass
    let_go()
