"""The application on a socket, in one process or in several that take connections from the same one."""

import logging
import os
import signal
import sys
from socket import socket

import waitress
from flask import Flask

#: more threads make one process slower, for each waits for the others' turn (measured); a second process is the way up
THREADS = 4
#: processes for the pages where nobody says how many; with more, the database would wait for itself
USUAL = 2


def can_share() -> bool:
    """Whether several processes can take connections from one socket: not on Windows."""
    return os.name == "posix"


def usual_processes() -> int:
    """How many processes fit this machine."""
    return min(USUAL, os.cpu_count() or 1) if can_share() else 1


def serve_on(app: Flask, listener: socket) -> None:
    """Answer whoever connects, until this process is told to stop; what is being answered then is finished."""
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit())
    # It warns of every request that waits for a thread, which is what the queue is for.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    waitress.serve(app, sockets=[listener], threads=THREADS, ident="")
