"""``python -m skilleval.web FOLDER SOCKET DAY``: one more process for the pages, as ``skilleval serve`` starts it.

``SOCKET`` is the number of the open socket that it inherits; ``DAY`` the day that it takes for today, or ``-``.
"""

import os
import signal
import sys
from datetime import date
from pathlib import Path
from socket import socket

from skilleval import companions
from skilleval.installation import Installation
from skilleval.web.application import create_app
from skilleval.web.serving import serve_on


def main(folder: str, descriptor: str, day: str) -> None:
    """Serve the pages of the installation in ``folder``."""
    companions.become(lambda: os.kill(os.getpid(), signal.SIGTERM))
    today = None if day == "-" else date.fromisoformat(day)
    serve_on(create_app(Installation(Path(folder)), today=today), socket(fileno=int(descriptor)))


if __name__ == "__main__":
    main(*sys.argv[1:])
