"""Which data decided a batch, each with its hash: standard, entry conditions, rule packs, holiday table."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlmodel import Session

from skilleval import holidays, paths, standards
from skilleval.db.tables import Batch, Specification
from skilleval.reports.filing import Provenance
from skilleval.services import journal


def provenance_of(session: Session, batch: Batch, instance_folder: Path) -> Provenance:
    """The versions behind ``batch`` as they lie on this installation now, with the head of the firm's journal."""
    specification = session.get(Specification, batch.specification_id)
    assert specification is not None
    return Provenance(
        software=version("skilleval"),
        standard=_standard(specification.standard, batch.occupation_code, instance_folder),
        specification={
            "code": specification.code,
            "version": specification.version,
            "title": specification.title,
            "conditions": specification.conditions,
        },
        rule_data=(*_pinned_packs(batch), *map(_file, _holiday_files(instance_folder))),
        journal_head=journal.head_hash(session, batch.institution_id),
        batch_versions=batch.versions,
    )


def _pinned_packs(batch: Batch) -> list[dict[str, Any]]:
    """The rule packs that the batch was planned by, with the hashes of their texts then."""
    return [{"name": f"rulepacks/{key}.toml", "sha256": sha256} for key, sha256 in batch.versions.get("packs", {}).items()]


def _holiday_files(instance_folder: Path) -> list[Path]:
    """The shipped holiday table, then the installation's own where it has one."""
    own = instance_folder / "rulepacks" / holidays.FILE_NAME
    return [paths.shipped("rulepacks") / holidays.FILE_NAME, *([own] if own.is_file() else [])]


def _file(file: Path) -> dict[str, Any]:
    return {"name": f"{file.parent.name}/{file.name}", "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _standard(key: str | None, occupation_code: str, instance_folder: Path) -> dict[str, Any]:
    """The standard with this key and the hash of its file; empty where the specification rests on none."""
    if key is None:
        return {}
    for file in standards.standard_files(instance_folder / "standards"):
        if file.name[0].isdigit() and not file.name.startswith(occupation_code):
            continue
        standard = standards.load_standard(file)
        if standard.key == key:
            return {
                **_file(file),
                "key": key,
                "title": standard.title,
                "document": standard.document,
                "verified_against_original": standard.verified_against_original,
            }
    return {"key": key}
