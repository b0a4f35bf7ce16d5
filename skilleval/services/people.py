"""People of an institution: the roster imported in one transaction, found, listed, and their background for the rules."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.bulk import insert_columns, reserve_ids
from skilleval.db.secrets import Vault
from skilleval.db.tables import Credential, Honour, ImportReceipt, Institution, Person, WorkPeriod, id_of
from skilleval.domain.backgrounds import Background, Diploma, HeldCertificate, Title, Work
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import clean_number
from skilleval.domain.ladder import Grade
from skilleval.pinyin import initials, pinyin
from skilleval.services import honours, journal
from skilleval.services.credentials import CREDENTIAL_KEYS, Standing, credential_changes
from skilleval.services.holdings import issued_here
from skilleval.services.journal import Actor
from skilleval.services.roster import PERSON_KEYS, Entry, Roster, read_roster
from skilleval.sheets.columns import Report
from skilleval.sheets.intake import Source
from skilleval.sheets.reading import file_hash

#: the facts of the condition language that stand on a person's own row
_FACTS = ("employment", "post", "department", "hired_on")
#: schooling that opens no entry condition by diploma
_PLAIN_SCHOOLING = ("高中", "初中", "小学")
#: people that are inserted at once, so that no roster needs more memory than its cells
_BLOCK = 5_000
#: people who are asked for by their ids in one statement
_AT_ONCE = 500


@dataclass(slots=True)
class Staged:
    """An import that was checked and not yet written: what it would do, and its report."""

    institution_id: int
    file: Source
    sha256: str
    report: Report
    roster: Roster
    #: the blind index of every good row's document number, by its place in the roster
    indexes: dict[int, str] = field(default_factory=dict)
    #: the places of people who are not there yet
    new: list[int] = field(default_factory=list)
    changed: list[tuple[Entry, Person, dict[str, Any]]] = field(default_factory=list)
    #: entries whose credentials differ from what is held: (entry, person id)
    recredentialed: list[tuple[Entry, int]] = field(default_factory=list)


def stage_people(
    session: Session,
    institution: Institution,
    file: Source,
    *,
    vault: Vault,
    on: date,
    progress: Callable[[int], None] | None = None,
) -> Staged:
    """Read and check a roster against what is there. Nothing is written.

    Refused with ``RuleBroken``: a file that is none, and wrong headings. Wrong rows, such as one with a date after ``on``,
    stand in the report.
    """
    firm = id_of(institution)
    table, roster = read_roster(file, on, progress)
    report = table.report()
    indexes = {place: vault.index(firm, roster.id_numbers[place]) for place in roster.good()}
    staged = Staged(firm, file, file_hash(file), report, roster, indexes)
    known, held = _known(session, firm), _held(session, firm)
    _check_employee_numbers(roster, indexes, known)
    for place in roster.good():
        person = known.get(indexes[place])
        if person is None:
            staged.new.append(place)
            report.new += 1
            continue
        entry = roster.entry(place)
        different = {
            key: entry.person[key]
            for key in PERSON_KEYS
            if entry.person[key] is not None and entry.person[key] != getattr(person, key)
        }
        assert person.id is not None
        recredentialed = bool(credential_changes(entry.credentials, held.get(person.id, [])))
        if different or recredentialed:
            report.changed += 1
            if different:
                staged.changed.append((entry, person, different))
            if recredentialed:
                staged.recredentialed.append((entry, person.id))
        else:
            report.unchanged += 1
    report.failed = len(table.failed)
    report.errors = sorted(table.errors, key=lambda error: (error.row, len(error.column), error.column))
    return staged


def _check_employee_numbers(roster: Roster, indexes: Mapping[int, str], known: Mapping[str, Person]) -> None:
    """A 工号 that another person has is an error, unless this roster gives that person another one."""
    owners = {person.employee_no: index for index, person in known.items() if person.employee_no}
    if not owners:
        return
    numbers = roster.employee_numbers
    given = {index: numbers[place] for place, index in indexes.items() if numbers[place]}
    for place, index in indexes.items():
        own = numbers[place]
        owner = owners.get(own) if own else None
        if owner is not None and owner != index and given.get(owner, own) == own:
            message = f"工号已是花名册中“{known[owner].name}”的，请核对；此人若已改号，请在同一文件中一并更正"
            roster.table.fail(roster.table.numbers[place], "employee_no", own, "employee_no_taken", message)


def write_people(session: Session, actor: Actor, staged: Staged, *, vault: Vault) -> Report:
    """Write what was staged: people, what they hold, one journal entry and one receipt.

    Refused: the same people cannot be written when the report has failed rows, unless the caller dropped them on purpose
    (see ``report.failed``); the caller decides and commits.
    """
    firm = staged.institution_id
    written: list[tuple[str, int, str | None]] = []
    for places in _chunks(staged.new, _BLOCK):
        written += _insert(session, staged, places, vault)
    for _entry, person, different in staged.changed:
        for key, value in different.items():
            setattr(person, key, value)
        person.pinyin, person.initials = pinyin(person.name), initials(person.name)
        session.add(person)
    session.flush()
    people = Person.__table__  # type: ignore[attr-defined]
    for _entry, person, _different in staged.changed:
        written.append(("person", id_of(person), journal.row_hash(people, person.model_dump())))
    held = _held(session, firm) if staged.recredentialed else {}
    changes = {
        person_id: credential_changes(entry.credentials, held.get(person_id, []))
        for entry, person_id in staged.recredentialed
    }
    added = [{"person_id": person_id, **new} for person_id, one in changes.items() for new in one.new]
    if added:
        written += _insert_credentials(session, firm, {key: [one[key] for one in added] for key in added[0]})
    corrections = {key: values for one in changes.values() for key, values in one.corrected.items()}
    denied = [key for one in changes.values() for key in one.denied]
    written += _correct_credentials(session, corrections, denied)
    if written:
        detail = {
            str(person.id): {key: [_plain(value)] for key, value in different.items()}
            for _entry, person, different in staged.changed
        } | {
            f"credential {key}": {name: [_plain(value)] for name, value in values.items()}
            for key, values in corrections.items()
        }
        receipt = ImportReceipt(
            institution_id=firm, kind="people", file_name=staged.file.name, sha256=staged.sha256,
            counts=staged.report.counts(), actor=actor.name,
        )  # fmt: skip
        session.add(receipt)
        session.flush()
        written.append(journal.written_row(receipt))
        journal.record_bulk(session, actor, firm, "people.import", written=written, detail=detail or None)
    return staged.report


def find_person(session: Session, institution_id: int, named: str, *, vault: Vault) -> Person:
    """The person with this document number, 工号 or name. Refused: nobody, or several of one name."""
    text = named.strip()
    index = vault.index(institution_id, clean_number(text))
    query = select(Person).where(
        col(Person.institution_id) == institution_id,
        sa.or_(col(Person.id_index) == index, col(Person.employee_no) == text, col(Person.name) == text),
    )
    found = session.exec(query.order_by(col(Person.id))).all()
    if not found:
        raise RuleBroken("没有这个人，请用姓名、工号或证件号码查找")
    if len(found) > 1:
        numbers = "、".join(one.employee_no or f"第{one.id}行" for one in found)
        raise RuleBroken(f"有 {len(found)} 个人叫“{text}”，请改用工号（{numbers}）或证件号码")
    return found[0]


@dataclass(frozen=True, slots=True)
class Records:
    """What is on record of people, by person: what they hold, and work besides the present one."""

    credentials: Mapping[int, list[Credential]]
    periods: Mapping[int, list[WorkPeriod]]


def records_of(session: Session, people: Sequence[int]) -> Records:
    """What is on record of these people."""
    credentials: dict[int, list[Credential]] = {}
    periods: dict[int, list[WorkPeriod]] = {}
    for part in _chunks(people, _AT_ONCE):
        for credential in session.exec(select(Credential).where(col(Credential.person_id).in_(part)).order_by(col(Credential.id))):
            credentials.setdefault(credential.person_id, []).append(credential)
        for period in session.exec(select(WorkPeriod).where(col(WorkPeriod.person_id).in_(part)).order_by(col(WorkPeriod.id))):
            periods.setdefault(period.person_id, []).append(period)
    return Records(credentials, periods)


def backgrounds(
    session: Session, people: Iterable[Person], on: date, records: Records | None = None
) -> dict[int, Background]:
    """What the rules need to know of each person on a day, by id; what nobody entered stays unknown.

    Certificates that were issued here by that day and stand on it are known, whatever the roster says. Honours on record are
    the evidence that a rule may ask for; where nobody entered any, what there is stays unknown. ``records`` are those of
    these people where the caller has them already.
    """
    chosen = {id_of(person): person for person in people}
    known = records or records_of(session, list(chosen))
    honoured: dict[int, list[Honour]] = {}
    for part in _chunks(list(chosen), _AT_ONCE):
        honoured |= honours.honours_of(session, part)
    few = list(chosen) if len(chosen) <= _AT_ONCE else None
    issued: dict[int, list[HeldCertificate]] = {}
    for firm in sorted({person.institution_id for person in chosen.values()}):
        issued |= issued_here(session, firm, on, few)
    return {
        key: replace(
            _background(person, known.credentials.get(key, []), known.periods.get(key, [])),
            issued=tuple(issued.get(key, ())),
            evidence=honours.as_evidence(honoured[key]) if key in honoured else None,
        )
        for key, person in chosen.items()
    }


def _background(person: Person, held: Sequence[Credential], periods: Sequence[WorkPeriod]) -> Background:
    kinds = {kind: [one for one in held if one.kind == kind] for kind in ("certificate", "title", "diploma")}
    work = [Work(one.occupation_code, one.started_on, one.ended_on) for one in periods]
    if person.occupation_code is not None or person.occupation_since is not None:
        work.append(Work(person.occupation_code, person.occupation_since))
    diplomas = None if not kinds["diploma"] and person.education not in _PLAIN_SCHOOLING else kinds["diploma"]
    return Background(
        birth_date=person.birth_date,
        work=tuple(work) if work else None,
        certificates=_present(
            kinds["certificate"], lambda one: HeldCertificate(Grade(one.level), one.occupation_code, one.obtained_on)
        ),
        titles=_present(kinds["title"], lambda one: Title(one.level, one.matching, one.obtained_on)),
        diplomas=None
        if diplomas is None
        else tuple(
            Diploma(one.level, one.matching, one.obtained_on, one.assessed) for one in diplomas if one.level != "none"
        ),
        facts={name: value for name in _FACTS if (value := getattr(person, name)) is not None},
    )


def _present(held: Sequence[Credential], make: Callable[[Credential], Any]) -> tuple[Any, ...] | None:
    """None where nobody entered anything; a level of ``none`` says that there is none."""
    return tuple(make(one) for one in held if one.level != "none") if held else None


def _known(session: Session, institution_id: int) -> dict[str, Person]:
    query = select(Person).where(col(Person.institution_id) == institution_id)
    return {person.id_index: person for person in session.exec(query)}


def _held(session: Session, institution_id: int) -> dict[int, list[Standing]]:
    columns = [getattr(Credential, key) for key in CREDENTIAL_KEYS]
    held: dict[int, list[Standing]] = {}
    query = (
        sa.select(col(Credential.person_id), col(Credential.id), *columns)
        .where(col(Credential.institution_id) == institution_id)
        .order_by(col(Credential.id))
    )
    for person_id, *values in session.connection().execute(query):
        held.setdefault(person_id, []).append(Standing(*values))
    return held


def _insert(
    session: Session, staged: Staged, places: Sequence[int], vault: Vault
) -> list[tuple[str, int, str | None]]:
    """Insert one block of new people and what they hold."""
    firm, numbers = staged.institution_id, staged.roster.id_numbers
    table = Person.__table__  # type: ignore[attr-defined]
    ids = reserve_ids(session, table, len(places))
    people = {
        "id": ids,
        "institution_id": [firm] * len(ids),
        "id_sealed": [vault.seal(firm, numbers[place]) for place in places],
        "id_index": [staged.indexes[place] for place in places],
        "tail_index": [vault.tail_index(firm, numbers[place]) for place in places],
        **staged.roster.people(places),
    }
    people["pinyin"] = [pinyin(name) for name in people["name"]]
    people["initials"] = [initials(name) for name in people["name"]]
    written = _insert_columns(session, table, people)
    person_ids = dict(zip(places, ids, strict=True))
    for holders, columns in staged.roster.credentials(places):
        owners = [person_ids[place] for place in holders]
        written += _insert_credentials(session, firm, {"person_id": owners, **columns})
    return written


def _insert_credentials(
    session: Session, firm: int, columns: Mapping[str, Sequence[Any]]
) -> list[tuple[str, int, str | None]]:
    table = Credential.__table__  # type: ignore[attr-defined]
    ids = reserve_ids(session, table, len(columns["person_id"]))
    return _insert_columns(session, table, {"id": ids, "institution_id": [firm] * len(ids), **columns})


def _insert_columns(
    session: Session, table: sa.Table, columns: Mapping[str, Sequence[Any]]
) -> list[tuple[str, int, str | None]]:
    insert_columns(session, table, columns)
    name = str(table.name)  # the driver takes plain text faster than the name that a table has
    return [(name, key, found) for key, found in zip(columns["id"], journal.row_hashes(table, columns), strict=True)]


def _correct_credentials(
    session: Session, corrections: Mapping[int, Mapping[str, Any]], denied: Sequence[int]
) -> list[tuple[str, int, str | None]]:
    """Write what the roster states otherwise now; the journal keeps that it was changed or taken away."""
    table = Credential.__table__  # type: ignore[attr-defined]
    corrected = []
    for part in _chunks([*corrections, *denied], 500):
        for credential in session.exec(select(Credential).where(col(Credential.id).in_(part)).order_by(col(Credential.id))):
            values = corrections.get(id_of(credential))
            if values is None:
                session.delete(credential)
                continue
            for key, value in values.items():
                setattr(credential, key, value)
            session.add(credential)
            corrected.append(credential)
    session.flush()
    written: list[tuple[str, int, str | None]] = [
        ("credential", id_of(one), journal.row_hash(table, one.model_dump())) for one in corrected
    ]
    return written + [("credential", key, None) for key in denied]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int) else str(value)


def _chunks(keys: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
