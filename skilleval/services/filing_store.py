"""Exported packages as the installation keeps them: sealed, for they are full of document numbers, and by their hash."""

import hashlib
import os
from pathlib import Path

from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.db.tables import Filing
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.journal import Actor

FOLDER = "filings"


def keep_package(instance_folder: Path, vault: Vault, packed: bytes) -> None:
    """Keep a package, whole even after a power cut. One that is kept already stays as it is."""
    digest = hashlib.sha256(packed).hexdigest()
    place = _place(instance_folder, digest)
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(".part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(vault.seal_file(digest, packed))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)


def package_of(instance_folder: Path, vault: Vault, filing: Filing) -> bytes:
    """The package as it was exported. Refused: it is not kept here, or is not what was recorded any more."""
    try:
        packed = vault.open_file(filing.sha256, _place(instance_folder, filing.sha256).read_bytes())
    except FileNotFoundError as error:
        raise RuleBroken(f"第 {filing.version} 版上报材料不在本安装中，请用导出时的文件，或重新导出新的一版") from error
    if hashlib.sha256(packed).hexdigest() != filing.sha256:
        raise RuleBroken(f"第 {filing.version} 版上报材料与登记的 SHA-256 不符，请用导出时的文件")
    return packed


def is_kept(instance_folder: Path, filing: Filing) -> bool:
    """Whether the package is kept here."""
    return _place(instance_folder, filing.sha256).is_file()


def hand_out(session: Session, actor: Actor, filing: Filing, *, instance_folder: Path, vault: Vault) -> bytes:
    """The package for somebody who takes it away; the journal tells who did. Refused as by ``package_of``."""
    packed = package_of(instance_folder, vault, filing)
    told = {"file": filing.file_name, "version": filing.version}
    journal.record(session, actor, filing.institution_id, "filing.download", detail=told)
    return packed


def _place(instance_folder: Path, digest: str) -> Path:
    return instance_folder / FOLDER / f"{digest}.sealed"
