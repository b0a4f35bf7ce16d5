"""Confirm against the original (与原标准核对): who held our table of a standard against which file, and whether that still counts.

Our tables are drawn from public material (standards.md): before a firm rests a specification on one, somebody compares it
with the original, whose hash is kept. A table that changed afterwards counts as not compared.
"""

import enum
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlmodel import Session, col, select

from skilleval import standards
from skilleval.db.tables import Institution, StandardConfirmation
from skilleval.domain.errors import RuleBroken
from skilleval.domain.occupations import Standard
from skilleval.services import journal
from skilleval.services.journal import Actor

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Trust(enum.Enum):
    """How far the table of a standard may be relied on."""

    ORIGINAL = "original"
    CONFIRMED = "confirmed"
    STALE = "stale"
    UNCONFIRMED = "unconfirmed"

    @property
    def name_zh(self) -> str:
        """The Chinese words."""
        return {
            "original": "取自原标准", "confirmed": "本机构已与原标准核对", "stale": "核对后内容有变，须重新核对",
            "unconfirmed": "未与原标准核对",
        }[self.value]  # fmt: skip


def confirm_standard(
    session: Session,
    actor: Actor,
    institution: Institution,
    key: str,
    *,
    sha256: str,
    on: date,
    note: str = "",
    own_standards: Path | None = None,
) -> StandardConfirmation:
    """Note that the table of a standard agrees with the original whose file has this SHA-256.

    Refused: no standard of this key, no hash, the same comparison noted before.
    """
    text_sha256 = standards.text_hash(key, own_standards)
    digest = sha256.strip().lower()
    if not _SHA256.fullmatch(digest):
        raise RuleBroken("原标准文件的 SHA-256 应为 64 位十六进制数")
    assert institution.id is not None
    earlier = confirmations_of(session, institution.id, key)
    if any((one.sha256, one.text_sha256) == (digest, text_sha256) for one in earlier):
        raise RuleBroken(f"{key} 已与这一份原标准文件核对过")
    row = StandardConfirmation(
        institution_id=institution.id, standard=key, text_sha256=text_sha256, sha256=digest, on_day=on, by=actor.name,
        note=note.strip(),
    )  # fmt: skip
    session.add(row)
    journal.record(session, actor, institution.id, "standards.confirm", objects=[row])
    return row


def confirmations_of(session: Session, institution_id: int, key: str | None = None) -> Sequence[StandardConfirmation]:
    """The comparisons that an institution noted, of one standard or of all, the latest first."""
    query = select(StandardConfirmation).where(col(StandardConfirmation.institution_id) == institution_id)
    if key is not None:
        query = query.where(col(StandardConfirmation.standard) == key)
    return session.exec(query.order_by(col(StandardConfirmation.id).desc())).all()


def trust_of(
    standard: Standard, confirmations: Sequence[StandardConfirmation], own_standards: Path | None = None
) -> Trust:
    """How far an institution with these comparisons may rely on the table of a standard."""
    own = [one for one in confirmations if one.standard == standard.key]
    if standard.verified_against_original:
        return Trust.ORIGINAL
    if not own:
        return Trust.UNCONFIRMED
    current = standards.text_hash(standard.key, own_standards)
    return Trust.CONFIRMED if any(one.text_sha256 == current for one in own) else Trust.STALE
