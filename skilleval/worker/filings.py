"""The long work of filing: exporting the package of a large batch."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from skilleval.reports.fonts import load_fonts
from skilleval.reports.package import files_in
from skilleval.services import filings
from skilleval.worker.work import Work


def export(work: Work) -> None:
    """A new version of the package, checked by itself; a sealed copy stays with the installation.

    It is drafted file by file before the act, which takes it as it is unless something has changed meanwhile.
    """
    installation, fonts = work.installation, load_fonts(work.installation.settings.fonts)
    asked: dict[str, Any] = {
        "vault": installation.vault, "instance_folder": installation.folder, "on": work.job.on_day,
        "addressed_to": work.words["addressed_to"], "demo": installation.settings.certificate.demo,
    }  # fmt: skip
    with TemporaryDirectory() as folder:
        work.tell("drawing")
        with work.reading() as session:
            content = filings.collect_content(session, work.batch(session), **asked)
        count = files_in(content)
        drafted = filings.draft_filing(content, fonts=fonts, folder=Path(folder), progress=work.progress("drawing", count))
        with work.finishing(count) as act:
            exported = filings.export_filing(
                act.session, act.actor, work.batch(act.session), fonts=fonts, folder=Path(folder), drafted=drafted, **asked
            )
            act.session.flush()
            act.filing_id = exported.filing.id
