"""The record of a batch as the lines of its filing package. Questions only: nothing is changed here."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from skilleval import standards
from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    Credential,
    Notice,
    Person,
    WorkPeriod,
    id_of,
)
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.reports.filing import Filer, PartRule, Withheld
from skilleval.reports.filing_lines import (
    CandidateLine,
    CertificateLine,
    NoticeLine,
    PlanLine,
    ResultLine,
)
from skilleval.services.filing_direct import basis_told, methods_of, set_aside_told
from skilleval.services.filing_record import BatchRecord

#: ids of entry conditions: generation, grade, number
_CONDITION = re.compile(r"\d{4}/\w+/\w+")


def filer_of(record: BatchRecord) -> Filer:
    """The institution as the package names it."""
    firm, registration = record.institution, record.registration
    return Filer(
        name=firm.name,
        credit_code=firm.credit_code,
        registration_number=registration.number,
        authority=registration.authority,
        authority_level=registration.authority_level,
        valid_from=registration.valid_from,
        valid_to=registration.valid_to,
        responsible=firm.responsible or "",
        contact=firm.contact or "",
        phone=firm.phone or "",
        city=firm.city or "",
        district=firm.district or "",
    )


def plan_lines(record: BatchRecord, versions: str) -> tuple[PlanLine, ...]:
    """One line for each grade of the batch, the lowest first."""
    batch = record.batch
    return tuple(
        PlanLine(
            serial=serial,
            batch_number=batch.number,
            batch_name=batch.name,
            occupation_code=batch.occupation_code,
            occupation_name=batch.occupation_name,
            trade=batch.trade,
            grade=grade,
            methods="、".join(METHODS[key].name_zh for key in methods_of(record, grade)),
            route=batch.route,
            planned=batch.planned,
            candidates=sum(1 for candidate in record.candidates if candidate.grade == grade.value),
            enrol_until=batch.enrol_until,
            starts_on=batch.starts_on,
            ends_on=batch.ends_on,
            venues="、".join(batch.venues),
            assessors=_names(record, "assessor"),
            supervisors=_names(record, "supervisor"),
            versions=versions,
        )
        for serial, grade in enumerate(sorted(Grade(word) for word in batch.grades), start=1)
    )


def _names(record: BatchRecord, role: str) -> str:
    return "、".join(dict.fromkeys(person.name for assignment, person in record.staff if assignment.role == role))


def candidate_lines(record: BatchRecord, vault: Vault) -> tuple[CandidateLine, ...]:
    """One line for each candidate who was found eligible."""
    return tuple(
        _candidate_line(record, serial, candidate, vault) for serial, candidate in enumerate(record.candidates, start=1)
    )


def _candidate_line(record: BatchRecord, serial: int, candidate: Candidate, vault: Vault) -> CandidateLine:
    person, batch = record.people[candidate.person_id], record.batch
    employer = record.employers[person.institution_id]
    held = _held(record, person)
    return CandidateLine(
        serial=serial,
        admission_number=candidate.admission_number or "",
        name=person.name,
        sex=person.sex,
        id_type=person.id_type,
        id_number=vault.open(person.institution_id, person.id_sealed),
        employer=employer.name,
        employer_credit_code=employer.credit_code,
        occupation_code=batch.occupation_code,
        occupation_name=batch.occupation_name,
        trade=batch.trade,
        grade=Grade(candidate.grade),
        route=candidate.route,
        skips_grade=candidate.skips_grade,
        condition=_condition(candidate) if candidate.route != "direct" else "",
        basis=basis_told(record, candidate),
        set_aside=set_aside_told(record, candidate),
        birth_date=person.birth_date,
        education=person.education or "",
        phone=person.phone or "",
        employment=person.employment or "",
        post=person.post or "",
        work_years=_work_years(person, batch),
        held_occupation=_occupation_name(held),
        held_grade=Grade(held.level) if held else None,
        held_number=(held.number or "") if held else "",
        held_on=held.obtained_on if held else None,
        study=_study(record.credentials.get(candidate.person_id, ())),
        work=_work(record.periods.get(candidate.person_id, ())),
    )


def _held(record: BatchRecord, person: Person) -> Credential | None:
    held = _entries(record.credentials.get(id_of(person), ()), "certificate")
    return max(held, key=lambda entry: (Grade(entry.level).rank, entry.obtained_on or date.min), default=None)


def _condition(candidate: Candidate) -> str:
    """The entry condition claimed, in words; where none was claimed, the first that the check found met."""
    waiting = [candidate.proof] if candidate.proof else []
    while waiting:
        node = waiting.pop(0)
        key = node["clause"]["id"]
        if key == candidate.claimed or (not candidate.claimed and _CONDITION.match(key) and node["answer"] == "met"):
            return f"{node['clause']['text']}（{key}）"
        waiting += [child for child in node["children"] if not _CONDITION.match(key)]
    return candidate.claimed or ""


def _occupation_name(held: Credential | None) -> str:
    """The name of a certificate's occupation, its code where the list doesn't have it."""
    code = (held.occupation_code if held else None) or ""
    known = standards.occupations().get((code, "2022"))
    return known.name if known else code


def _work_years(person: Person, batch: Batch) -> int | None:
    """Full years in the batch's occupation on its first day; None when that work is not on record."""
    since = person.occupation_since
    if since is None or person.occupation_code != batch.occupation_code or since > batch.starts_on:
        return None
    before_day = (batch.starts_on.month, batch.starts_on.day) < (since.month, since.day)
    return batch.starts_on.year - since.year - before_day


def _study(entries: Sequence[Credential]) -> str:
    diplomas = [(entry.issuer, entry.major, _day(entry.obtained_on)) for entry in _entries(entries, "diploma")]
    return "；".join(" ".join(filter(None, told)) for told in diplomas if any(told))


def _entries(credentials: Sequence[Credential], kind: str) -> list[Credential]:
    """What is held of a kind; the level ``none`` says that nothing is."""
    return [entry for entry in credentials if entry.kind == kind and entry.level != "none"]


def _work(entries: Sequence[WorkPeriod]) -> str:
    told = []
    for entry in entries:
        span = f"{entry.started_on}至{_day(entry.ended_on) or '今'}"
        told.append(" ".join(filter(None, (span, entry.occupation_code, entry.employer))))
    return "；".join(told)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def result_lines(record: BatchRecord, candidates: Sequence[CandidateLine]) -> tuple[ResultLine, ...]:
    """The latest result of each candidate, in the order of ``candidates``."""
    lines = []
    for candidate, line in zip(record.candidates, candidates, strict=True):
        result = record.results[id_of(candidate)]
        certificate = record.certificates.get(id_of(candidate))
        marks: dict[str, Any] = {method: result.parts.get(method) for method in METHODS}
        case = record.told_cases.get(id_of(candidate))
        direct: dict[str, Any] = case.columns() if case else {}
        lines.append(
            ResultLine(
                serial=line.serial,
                admission_number=line.admission_number,
                name=line.name,
                id_type=line.id_type,
                id_number=line.id_number,
                sex=line.sex,
                education=line.education,
                occupation_name=line.occupation_name,
                trade=line.trade,
                grade=line.grade,
                outcome=result.outcome,
                institution=record.institution.name,
                registration_number=record.registration.number,
                batch_number=record.batch.number,
                total=result.total,
                route=line.route,
                basis=line.basis,
                set_aside=line.set_aside,
                certificate_number=certificate.number if certificate else "",
                issued_on=certificate.issued_on if certificate else None,
                **marks,
                **direct,
            )
        )
    return tuple(lines)


def certificate_lines(
    record: BatchRecord, candidates: Sequence[CandidateLine], vault: Vault
) -> tuple[CertificateLine, ...]:
    """Every valid certificate, as printed, in the order of the candidates."""
    lines = []
    for candidate, line in zip(record.candidates, candidates, strict=True):
        certificate = record.certificates.get(id_of(candidate))
        if certificate is not None:
            lines.append(
                CertificateLine(
                    name=certificate.name,
                    id_type=certificate.id_type,
                    id_number=vault.open(certificate.institution_id, certificate.id_sealed),
                    employer=line.employer,
                    occupation_name=certificate.occupation_name,
                    trade=certificate.trade,
                    grade=Grade(certificate.grade),
                    number=certificate.number,
                    issued_on=certificate.issued_on,
                    institution=record.institution.name,
                    issuer=certificate.issuer,
                )
            )
    return tuple(lines)


def notice_lines(notice: Notice, routes: Mapping[str, str]) -> tuple[NoticeLine, ...]:
    """The published list as it was frozen. ``routes`` gives the printed word of each route."""
    words = {printed: word for word, printed in routes.items()}
    return tuple(
        NoticeLine(
            serial=entry["serial"],
            name=entry["name"],
            masked_id_number=entry["masked_number"],
            employer=entry["employer"],
            occupation_name=entry["occupation"],
            trade=entry["trade"],
            grade=Grade.parse(entry["grade"]),
            route=words[entry["route"]],
        )
        for entry in notice.content["entries"]
    )


def part_rules(record: BatchRecord) -> tuple[PartRule, ...]:
    """How each part of each grade counted; direct recognition weighs no parts."""
    if record.batch.route == "direct":
        return ()
    return tuple(
        PartRule(Grade(part.grade), part.method, part.weight, part.maximum, part.pass_mark) for part in record.parts
    )


def withheld(record: BatchRecord, noticed: Sequence[str]) -> tuple[Withheld, ...]:
    """Candidates without a valid certificate who passed or were published, each with the reason on record."""
    found = []
    for candidate in record.candidates:
        number, key = candidate.admission_number or "", id_of(candidate)
        if key in record.certificates:
            continue
        if key in record.ended:
            found.append(Withheld(number, record.ended[key]))
        elif number in noticed and record.results[key].outcome != "passed":
            found.append(Withheld(number, f"公示后成绩更正：{record.results[key].reason or ''}"))
    return tuple(found)
