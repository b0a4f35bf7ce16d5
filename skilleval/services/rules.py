"""Which rule packs apply to an institution on a day, chosen with a reason, and the texts that decisions pin."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Institution, PackChoice, PinnedText
from skilleval.domain.errors import RuleBroken
from skilleval.pack_contradictions import LAYERS
from skilleval.packs import Library, Packs, load, read_pack
from skilleval.services import journal
from skilleval.services.journal import Actor


@dataclass(frozen=True, slots=True)
class Choice:
    """Packs and readings that an institution chose from a day on."""

    id: int
    valid_from: date
    packs: Sequence[str]
    switches: Mapping[str, bool]


def packs_of(session: Session, institution_id: int, library: Library, on: date) -> Packs:
    """The packs that apply to an institution on a day: its latest choice from that day or before, else the default."""
    choice = standing_choice(session, institution_id, on)
    return packs_on([] if choice is None else [Choice(choice.id or 0, choice.valid_from, choice.packs, choice.switches)], library, on)


def packs_on(choices: Iterable[Choice], library: Library, on: date) -> Packs:
    """The packs that apply on a day, of all choices of an institution: the latest one from that day or before counts."""
    made = [one for one in choices if one.valid_from <= on]
    if not made:
        return library.choose()
    latest = max(made, key=lambda one: (one.valid_from, one.id))
    return library.choose(latest.packs, latest.switches)


def choices_of(institution_id: int) -> sa.Select[*tuple[Any, ...]]:
    """The query for all choices of an institution, as ``Choice``."""
    columns = (PackChoice.id, PackChoice.valid_from, PackChoice.packs, PackChoice.switches)
    return sa.select(*(col(one) for one in columns)).where(col(PackChoice.institution_id) == institution_id)


def standing_choice(session: Session, institution_id: int, on: date) -> PackChoice | None:
    """The choice that counts on a day; None where the institution has made none by then."""
    query = (
        select(PackChoice)
        .where(col(PackChoice.institution_id) == institution_id, col(PackChoice.valid_from) <= on)
        .order_by(col(PackChoice.valid_from).desc(), col(PackChoice.id).desc())
    )
    return session.exec(query).first()


def choose_packs(
    session: Session,
    actor: Actor,
    institution: Institution,
    library: Library,
    *,
    names: Sequence[str],
    switches: Mapping[str, bool],
    valid_from: date,
    reason: str,
) -> PackChoice:
    """Choose packs and readings from a day on. What was decided before keeps the packs that decided it.

    Refused: no reason, a pack or switch that is not there, packs that contradict each other.
    """
    if not reason.strip():
        raise RuleBroken("选用规则包须写明理由")
    library.choose(names, switches)
    assert institution.id is not None
    choice = PackChoice(
        institution_id=institution.id, valid_from=valid_from, packs=list(names), switches=dict(switches),
        reason=reason.strip(), by=actor.name,
    )  # fmt: skip
    session.add(choice)
    journal.record(session, actor, institution.id, "rules.choose", objects=[choice], reason=reason.strip())
    return choice


def pin_packs(session: Session, packs: Packs) -> dict[str, str]:
    """Keep the text of every pack by its hash, and give the hashes by pack: what a decision records."""
    for pack in packs.packs:
        if session.get(PinnedText, pack.sha256) is None:
            session.add(PinnedText(sha256=pack.sha256, name=f"{pack.key}.toml", content=pack.text))
    session.flush()
    return packs.versions()


def pinned_packs(session: Session, versions: Mapping[str, str], switches: Mapping[str, bool]) -> Packs:
    """The packs of a decision as they stood then. Refused: a text that was not kept, or does not match its hash."""
    return _packs_from(_texts(session, versions.values()), versions, switches)


def packs_of_batches(session: Session, batches: Sequence[Batch]) -> dict[int, Packs]:
    """``packs_of_batch`` of each by its id, in one statement."""
    texts = _texts(session, {sha256 for one in batches for sha256 in one.versions.get("packs", {}).values()})
    return {
        one.id or 0: _packs_from(texts, versions, one.versions.get("switches", {})) if versions else load()
        for one in batches
        for versions in [one.versions.get("packs")]
    }


def _texts(session: Session, hashes: Iterable[str]) -> dict[str, PinnedText]:
    query = select(PinnedText).where(col(PinnedText.sha256).in_(list(hashes)))
    return {one.sha256: one for one in session.exec(query)}


def _packs_from(texts: Mapping[str, PinnedText], versions: Mapping[str, str], switches: Mapping[str, bool]) -> Packs:
    packs = []
    for key, sha256 in versions.items():
        kept = texts.get(sha256)
        if kept is None:
            raise RuleBroken(f"没有保存规则包 {key} 当时的文本（摘要 {sha256[:16]}…）")
        pack = read_pack(key, kept.content)
        if pack.sha256 != sha256:
            raise RuleBroken(f"规则包 {key} 的存档文本与摘要不符，存档被改动")
        packs.append(pack)
    # They were checked against the whole library when they were chosen; a rule may name a pack that was not chosen.
    order = list(LAYERS)
    return Packs(tuple(sorted(packs, key=lambda pack: order.index(pack.layer))), dict(switches))


def packs_of_batch(session: Session, batch: Batch) -> Packs:
    """The packs that a batch was planned by, as they stood then; the shipped ones where it pinned none."""
    versions = batch.versions.get("packs")
    return pinned_packs(session, versions, batch.versions.get("switches", {})) if versions else load()
