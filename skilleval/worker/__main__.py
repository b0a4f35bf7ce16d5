"""``python -m skilleval.worker FOLDER``: the worker as ``skilleval serve`` starts it, a companion of the pages."""

import logging
import sys
import threading
from pathlib import Path

from skilleval import companions
from skilleval.installation import Installation
from skilleval.worker import loop


def main(folder: str) -> None:
    """Work for the installation in ``folder``."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    stopping = threading.Event()
    companions.become(stopping.set)
    loop.run(Installation(Path(folder)), stopping)


if __name__ == "__main__":
    main(sys.argv[1])
