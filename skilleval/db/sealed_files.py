"""Files that the installation keeps for a while, sealed, each under a random id: whole even after a power cut."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from skilleval.db.secrets import Vault


@dataclass(frozen=True, slots=True)
class SealedFiles:
    """The sealed files of one folder."""

    folder: Path
    vault: Vault

    def keep(self, public_id: str, content: bytes) -> None:
        """Keep a file under this id."""
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self._place(public_id)
        draft = place.with_suffix(".part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self.vault.seal_file(public_id, content))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)

    def read(self, public_id: str) -> bytes:
        """The file. Refused with ``FileNotFoundError``: it is not there any more; with ``RuleBroken``: it was changed."""
        return self.vault.open_file(public_id, self._place(public_id).read_bytes())

    def forget(self, public_id: str) -> None:
        """Take a file away, if it is there."""
        self._place(public_id).unlink(missing_ok=True)

    def holds(self, public_id: str) -> bool:
        """Whether the file is there."""
        return self._place(public_id).is_file()

    def forget_before(self, moment: datetime) -> None:
        """Take away what was kept before this moment."""
        for place in self.folder.glob("*.*"):
            if place.stat().st_mtime < moment.timestamp():
                place.unlink(missing_ok=True)

    def forget_others(self, ids: Collection[str], *, before: datetime) -> None:
        """Take away what was kept before this moment under any other id than these."""
        for place in self.folder.glob("*.*"):
            if place.stem not in ids and place.stat().st_mtime < before.timestamp():
                place.unlink(missing_ok=True)

    def _place(self, public_id: str) -> Path:
        return self.folder / f"{public_id}.sealed"
