"""``python -m skilleval.worker FOLDER``: the worker as ``skilleval serve`` starts it, until its standard input ends.

Whoever started it holds the other end, so that it stops also when that process was killed, on Windows too.
"""

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from skilleval.installation import Installation
from skilleval.worker import loop


def main(folder: str) -> None:
    """Work for the installation in ``folder``."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # Ctrl+C reaches every process of the console; the one that started this says when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stopping = threading.Event()
    threading.Thread(target=_listen, args=(stopping,), daemon=True).start()
    loop.run(Installation(Path(folder)), stopping)


def _listen(stopping: threading.Event) -> None:
    while os.read(0, 1):
        pass
    stopping.set()


if __name__ == "__main__":
    main(sys.argv[1])
