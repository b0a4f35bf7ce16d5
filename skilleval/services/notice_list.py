"""Who stands on a public notice (公示名单): everybody who passed, with the document number masked."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Institution, Notice, Person
from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade
from skilleval.services.results import latest_results

ROUTE_NAMES = {
    "assessment": "考核",
    "direct": "直接认定",
    "contest": "竞赛晋级",
    "appointment": "评聘",
    "confirmation": "转正定级",
}


#: what a notice says of somebody and a certificate bears too
BORNE = {"name": "姓名", "masked_number": "证件号码", "occupation": "职业", "trade": "工种", "grade": "等级"}


def differing(notice: Notice, entries: Iterable[dict[str, Any]]) -> list[str]:
    """What certificates for these ``entries_from`` would bear otherwise than the notice says, in Chinese."""
    published = {entry["admission_number"]: entry for entry in notice.content["entries"]}
    return [
        f"准考证号 {entry['admission_number']}：{label}公示为“{was[key]}”，现为“{entry[key]}”"
        for entry in entries
        if (was := published.get(entry["admission_number"])) is not None
        for key, label in BORNE.items()
        if was[key] != entry[key]
    ]


def changes(notice: Notice, entries: Sequence[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """``notice_closing.changed_entries`` from ``passed_entries`` that were read already."""
    published = {_entry_key(entry): str(entry["name"]) for entry in notice.content["entries"]}
    now = {_entry_key(entry): str(entry["name"]) for entry in entries}
    gone = [name for key, name in published.items() if key not in now]
    return gone, [name for key, name in now.items() if key not in published]


def passed_entries(session: Session, batch: Batch, vault: Vault) -> list[dict[str, Any]]:
    """Everybody who passed, as a notice lists them: numbered, with the document number masked."""
    return entries_from(people_of(session, batch), batch, vault, passed_of(session, batch))


def passed_of(session: Session, batch: Batch) -> set[int]:
    """The ids of the candidates who passed."""
    return {key for key, result in latest_results(session, batch).items() if result.outcome == "passed"}


def people_of(session: Session, batch: Batch) -> Sequence[tuple[Candidate, Person, str]]:
    """All candidates of a batch in the order of their admission numbers, with the person and the name of their firm."""
    query = (
        select(Candidate, Person, Institution.name)
        .where(
            col(Candidate.institution_id) == batch.institution_id,
            col(Candidate.batch_id) == batch.id,
            col(Person.id) == col(Candidate.person_id),
            col(Institution.id) == col(Candidate.employer_id),
        )
        .order_by(col(Candidate.admission_number), col(Candidate.id))
    )
    return session.exec(query).all()


def entries_from(
    people: Iterable[tuple[Candidate, Person, str]], batch: Batch, vault: Vault, listed: Collection[int]
) -> list[dict[str, Any]]:
    """Those of ``people_of`` with these ids, as a notice lists them."""
    entries: list[dict[str, Any]] = []
    for candidate, person, employer in people:
        if candidate.id not in listed:
            continue
        entries.append(
            {
                "serial": len(entries) + 1,
                "admission_number": candidate.admission_number or "",
                "name": person.name,
                "masked_number": mask_number(vault.open(person.institution_id, person.id_sealed)),
                "employer": employer,
                "occupation": batch.occupation_name,
                "trade": batch.trade,
                "grade": Grade(candidate.grade).printed,
                "route": ROUTE_NAMES[candidate.route],
            }
        )
    return entries


def passed_candidates(session: Session, batch: Batch) -> list[Candidate]:
    """The candidates who passed, in the order in which they came."""
    query = select(Candidate).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.id).in_(passed_of(session, batch))
    )
    return list(session.exec(query.order_by(col(Candidate.id))))


def _entry_key(entry: dict[str, Any]) -> tuple[object, ...]:
    return tuple(entry[key] for key in ("name", "masked_number", "employer", "occupation", "trade", "grade", "route"))
