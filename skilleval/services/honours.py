"""Honours and awards of people: kept once, and what entry conditions may count of them."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import Honour, Person
from skilleval.db.tables.appointment import HONOUR_KINDS
from skilleval.domain.backgrounds import EVIDENCE_KINDS, EVIDENCE_LEVELS, Evidence
from skilleval.services.toml_form import table_problems

_KEYS: dict[str, type] = {
    "kind": str, "name": str, "issuer": str, "level": str, "obtained_on": date, "document": str,
}  # fmt: skip


def honours_of(session: Session, person_ids: Iterable[int]) -> dict[int, list[Honour]]:
    """The honours of each person, oldest entry first."""
    found: dict[int, list[Honour]] = {}
    query = select(Honour).where(col(Honour.person_id).in_(list(person_ids))).order_by(col(Honour.id))
    for one in session.exec(query):
        found.setdefault(one.person_id, []).append(one)
    return found


def as_evidence(honours: Sequence[Honour]) -> tuple[Evidence, ...]:
    """Honours as the evidence that entry conditions ask for (``Background.evidence``)."""
    return tuple(Evidence(one.kind, one.level, one.obtained_on) for one in honours)


def honour_problems(content: dict[str, Any]) -> list[str]:
    """Everything wrong with the [[honour]] tables of a file; kinds and levels are brought into stored words."""
    problems = table_problems(content, "honour", _KEYS, ("kind", "name", "issuer"))
    if problems:
        return problems
    kinds = {EVIDENCE_KINDS[word]: word for word in HONOUR_KINDS}
    levels = {told: word for word, told in EVIDENCE_LEVELS.items()}
    for place, one in enumerate(content.get("honour", []), start=1):
        for key, words in (("kind", kinds), ("level", levels)):
            if key in one and (stored := words.get(one[key], one[key])) in words.values():
                one[key] = stored
            elif key in one:
                problems.append(f"honour[{place}] {key} “{one[key]}”应为：{'、'.join(words)}")
    return problems


def new_honours(session: Session, person: Person, written: Sequence[dict[str, Any]]) -> list[Honour]:
    """Those of the written honours that are not on record for the person, as rows that are not yet added."""
    assert person.id is not None
    known = {(one.kind, one.name, one.issuer) for one in honours_of(session, [person.id]).get(person.id, [])}
    return [
        Honour(institution_id=person.institution_id, person_id=person.id, **one)
        for one in written
        if (one["kind"], one["name"], one["issuer"]) not in known
    ]
