"""Versions of specifications (评价规范) that a firm writes by itself: the next one from a form, and what differs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Institution, Specification, SpecificationPart
from skilleval.domain.errors import RuleBroken
from skilleval.domain.specification_changes import SpecificationChange, specification_changes
from skilleval.services import firm_content
from skilleval.services.firm_file import check_specification
from skilleval.services.institutions import Applied, add_institution
from skilleval.services.journal import Actor


def add_version(
    session: Session,
    actor: Actor,
    institution: Institution,
    entry: dict[str, Any],
    *,
    vault: Vault,
    own_standards: Path | None = None,
) -> Specification:
    """Add the next version of the specification with this code (the first one where there is none), as a firm file does.

    ``entry`` is a ``[[specification]]`` without its version. Refused with every reason: what the file's check refuses, and
    an entry in which nothing differs from the latest version, so that sending it twice makes one version.
    """
    versions = versions_of(session, institution, entry.get("code", ""))
    told = {**entry, "version": (versions[-1].version + 1) if versions else 1}
    if versions:
        _refuse_same(session, versions[-1], told, own_standards)
    applied: Applied = add_institution(
        session, actor, {**firm_content.head(institution), "specification": [told]}, vault=vault, own_standards=own_standards
    )
    return next(one for one in applied.added if isinstance(one, Specification))


def versions_of(session: Session, institution: Institution, code: str) -> Sequence[Specification]:
    """All versions of one specification of an institution, the first one first."""
    query = select(Specification).where(
        col(Specification.institution_id) == institution.id, col(Specification.code) == code
    )
    return session.exec(query.order_by(col(Specification.version))).all()


def differences(session: Session, old: Specification, new: Specification) -> list[SpecificationChange]:
    """What differs between two stored versions, in words."""
    return specification_changes(_stored(session, old), _stored(session, new))


def _refuse_same(session: Session, latest: Specification, told: dict[str, Any], own_standards: Path | None) -> None:
    # The check brings an entry into stored words; it does so in place, so it gets one of its own.
    wanted = {key: value for key, value in told.items() if key not in ("state", "approved_on")}
    checked = check_specification({"specification": [_copy(wanted)]}, own_standards)
    changes = specification_changes(_stored(session, latest), checked)
    if all(one.where == "版本" for one in changes):
        raise RuleBroken(f"与 {latest.code} 第 {latest.version} 版没有不同，不必另立新版")


def _copy(entry: dict[str, Any]) -> dict[str, Any]:
    parts = [{**part, "grades": list(part["grades"]), "agreement": dict(part["agreement"])} for part in entry["part"]]
    return {**entry, "part": parts}


def _stored(session: Session, specification: Specification) -> dict[str, Any]:
    query = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == specification.institution_id,
        col(SpecificationPart.specification_id) == specification.id,
    )
    return firm_content.stored_words(specification, session.exec(query.order_by(col(SpecificationPart.id))))
