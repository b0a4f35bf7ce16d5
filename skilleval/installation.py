"""One installation on disk, opened: what the command line and the web application both stand on."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import Vault, load_vault
from skilleval.packs import Library, library
from skilleval.settings import Settings, load_settings

#: under this key a session carries the duties of a batch that one person may have together
MERGED_DUTIES = "skilleval.merged_duties"


@dataclass
class Installation:
    """The installation in ``folder``; each part is opened at first use."""

    folder: Path

    @cached_property
    def settings(self) -> Settings:
        """The installation's settings. Refused: a folder that is none."""
        return load_settings(self.folder)

    @cached_property
    def database(self) -> Database:
        """The installation's database."""
        return Database(self.settings.database_url or sqlite_url(self.settings.database_file), self.session_info)

    @property
    def session_info(self) -> dict[str, object]:
        """What every session carries along (``Session.info``) of the installation's settings."""
        return {MERGED_DUTIES: self.settings.merged_duties}

    @cached_property
    def library(self) -> Library:
        """The rule packs, shipped and own. Refused: packs that are malformed or contradict each other."""
        return library(self.folder)

    @cached_property
    def vault(self) -> Vault:
        """The keys of the installation."""
        return load_vault(self.settings.keys_folder)
