"""The long work of filing: exporting the package of a large batch."""

from pathlib import Path
from tempfile import TemporaryDirectory

from skilleval.reports.fonts import load_fonts
from skilleval.services import filings
from skilleval.worker.work import Work


def export(work: Work) -> None:
    """A new version of the package, checked by itself; a sealed copy stays with the installation."""
    installation = work.installation
    with TemporaryDirectory() as folder, work.finishing() as act:
        exported = filings.export_filing(
            act.session, act.actor, work.batch(act.session), vault=installation.vault, fonts=load_fonts(installation.settings.fonts),
            folder=Path(folder), instance_folder=installation.folder, on=work.job.on_day, addressed_to=work.words["addressed_to"],
            demo=installation.settings.certificate.demo,
        )  # fmt: skip
        act.session.flush()
        act.filing_id = exported.filing.id
