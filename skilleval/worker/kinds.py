"""Which function does which kind of work: a line for every key of ``services.jobs.KINDS``."""

from collections.abc import Callable

from skilleval.worker import certificates, filings, imports, prints
from skilleval.worker.work import Work

RUNS: dict[str, Callable[[Work], None]] = {
    "imports.check": imports.check,
    "imports.correct": imports.correct,
    "imports.write": imports.write,
    "prints.room": prints.room,
    "prints.cards": prints.cards,
    "certificates.print": certificates.print_,
    "filings.export": filings.export,
}
