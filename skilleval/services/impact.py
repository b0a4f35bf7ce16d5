"""Which records of a firm a new edition touches, and why: a preview that changes nothing (M14)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Batch,
    Candidate,
    Certificate,
    CertificateEvent,
    Credential,
    Institution,
    Person,
    Personnel,
    Post,
    PostGrade,
    Registration,
    ScopeLine,
    Specification,
    SpecificationPart,
    Venue,
    WorkPeriod,
)
from skilleval.domain import lifecycle
from skilleval.domain.impact import RECORDS, SUBJECTS, Change, reasons
from skilleval.domain.ladder import Grade
from skilleval.domain.occupations import Standard

_Row = TypeVar(
    "_Row", Batch, Personnel, Post, PostGrade, Registration, ScopeLine, Specification, SpecificationPart, Venue
)
#: a batch is open until its certificates are issued: what was decided keeps the edition that decided it
OPEN = ("draft", "enrolling", "reviewed", "scheduled", "marking", "settled", "noticed", "cleared")
#: what touches a record that does not rest on the standard itself
_OUTSIDE = ("code", "name", "trade")


@dataclass(frozen=True, slots=True)
class Touched:
    """One record that the changes touch: what it is, whose, its name for a reader, and the changes."""

    record: str
    institution: str
    name: str
    changes: tuple[Change, ...]
    #: where a batch stands
    state: str = ""

    @property
    def why(self) -> tuple[str, ...]:
        """The changes in words, each once."""
        return tuple(dict.fromkeys(change.text for change in self.changes))


def touched_records(
    session: Session, changes: Sequence[Change], *, on: date, institution: Institution | None = None, old: Standard | None = None
) -> list[Touched]:
    """Every record of the institution, or of all, that the changes touch, by kind of record.

    ``old`` is the standard that is replaced: a specification or batch that rests on another one is touched only by the
    occupation's code and name. Batches are the open ones, registrations those that are not over on the day ``on``.
    """
    firms = [institution] if institution is not None else list(session.exec(select(Institution).order_by(col(Institution.id))))
    found: list[Touched] = []
    for firm in firms:
        look = _Firm(session, firm, changes, on, old)
        found += [*look.people(), *look.batches(), *look.specifications(), *look.posts(), *look.scope(), *look.staff()]
    order = list(RECORDS)
    return sorted(found, key=lambda one: order.index(one.record))


class _Firm:
    """One institution under the changes."""

    def __init__(
        self, session: Session, firm: Institution, changes: Sequence[Change], on: date, old: Standard | None
    ) -> None:
        assert firm.id is not None
        self.session, self.name, self.id, self.on, self.old = session, firm.name, firm.id, on, old
        self.by_code: dict[str, list[Change]] = {}
        for change in changes:
            self.by_code.setdefault(change.code, []).append(change)
        self.codes = list(self.by_code)

    def _touched(
        self,
        record: str,
        name: str,
        code: str,
        grades: Iterable[str] = (),
        trade: str = "",
        subjects: Iterable[str] = SUBJECTS,
        state: str = "",
    ) -> Iterator[Touched]:
        found = reasons(self.by_code[code], record, [Grade(one) for one in grades], trade, subjects)
        if found:
            yield Touched(record, self.name, name, found, state)

    def people(self) -> Iterator[Touched]:
        """Who works in a touched occupation, holds its certificate, or applies in an open batch."""
        for person, code in self._working():
            yield from self._touched("working", _person(person), code)
        held = select(Credential, Person).where(
            col(Credential.institution_id) == self.id, col(Credential.kind) == "certificate",
            col(Credential.level) != "none", col(Credential.occupation_code).in_(self.codes),
            col(Person.id) == col(Credential.person_id),
        )  # fmt: skip
        for one, person in self.session.exec(held.order_by(col(Credential.id))):
            name = f"{_person(person)} 持{Grade(one.level).printed}证书"
            yield from self._touched("holding", name, str(one.occupation_code), [one.level])
        for certificate, person in self._issued():
            name = f"{_person(person)} 持{Grade(certificate.grade).printed}证书 {certificate.number}"
            yield from self._touched("holding", name, certificate.occupation_code, [certificate.grade], certificate.trade)
        applying = (
            select(Candidate, Batch, Person)
            .where(
                col(Candidate.institution_id) == self.id, col(Batch.id) == col(Candidate.batch_id),
                col(Person.id) == col(Candidate.person_id), col(Batch.state).in_(OPEN),
                col(Batch.occupation_code).in_(self.codes), col(Candidate.state).in_(["applied", "eligible"]),
            )
            .order_by(col(Candidate.id))
        )  # fmt: skip
        for candidate, batch, person in self.session.exec(applying):
            name = f"{_person(person)} 在 {batch.number} 申报{Grade(candidate.grade).printed}"
            yield from self._touched(
                "applying", name, batch.occupation_code, [candidate.grade], batch.trade, self._subjects_of(batch)
            )

    def _working(self) -> list[tuple[Person, str]]:
        """Who works in a touched occupation or has worked in it, each person and code once."""
        now = select(Person).where(col(Person.institution_id) == self.id, col(Person.occupation_code).in_(self.codes))
        before = select(Person, WorkPeriod.occupation_code).where(
            col(WorkPeriod.institution_id) == self.id, col(WorkPeriod.occupation_code).in_(self.codes),
            col(Person.id) == col(WorkPeriod.person_id),
        )  # fmt: skip
        found = {(one.id or 0, str(one.occupation_code)): one for one in self.session.exec(now)}
        found |= {(one.id or 0, code): one for one, code in self.session.exec(before)}
        return [(person, code) for (_key, code), person in sorted(found.items(), key=lambda item: item[0])]

    def _issued(self) -> list[tuple[Certificate, Person]]:
        """The certificates that the institution issued and that stand, with the people who hold them."""
        ended = sa.select(col(CertificateEvent.certificate_id)).where(col(CertificateEvent.kind).in_(["voided", "revoked"]))
        query = (
            select(Certificate, Person)
            .where(
                col(Certificate.institution_id) == self.id, col(Certificate.occupation_code).in_(self.codes),
                col(Certificate.id).not_in(ended), col(Candidate.id) == col(Certificate.candidate_id),
                col(Person.id) == col(Candidate.person_id),
            )
            .order_by(col(Certificate.number))
        )  # fmt: skip
        return list(self.session.exec(query).all())

    def batches(self) -> Iterator[Touched]:
        """The open batches."""
        for one in self._rows(Batch):
            if one.state in OPEN and one.occupation_code in self.by_code:
                name = f"批次 {one.number}（{lifecycle.label('batch', one.state)}）"
                yield from self._touched(
                    "batch", name, one.occupation_code, one.grades, one.trade, self._subjects_of(one), one.state
                )

    def specifications(self) -> Iterator[Touched]:
        """Specifications that are not superseded, and those that name the occupation as a related one."""
        parts: dict[int, set[str]] = {}
        for part in self._rows(SpecificationPart):
            parts.setdefault(part.specification_id, set()).add(part.grade)
        for one in self._rows(Specification):
            if one.state == "superseded":
                continue
            name = f"评价规范 {one.code} 第 {one.version} 版"
            if one.occupation_code in self.by_code:
                yield from self._touched(
                    "specification", name, one.occupation_code, parts.get(one.id or 0, ()), one.trade, self._subjects(one)
                )
            for code in one.related_occupations:
                if code in self.by_code:
                    yield from self._touched("specification", f"{name}的相关职业", code, subjects=("code",))

    def posts(self) -> Iterator[Touched]:
        """Posts with their grades."""
        grades: dict[int, set[str]] = {}
        for grade in self._rows(PostGrade):
            grades.setdefault(grade.post_id, set()).add(grade.grade)
        for one in self._rows(Post):
            if one.occupation_code in self.by_code:
                yield from self._touched("post", f"岗位 {one.name}", one.occupation_code, grades.get(one.id or 0, ()), one.trade)

    def scope(self) -> Iterator[Touched]:
        """Scope lines of registrations that are not over."""
        standing = {
            one.id: one for one in self._rows(Registration) if one.state != "removed" and one.valid_to >= self.on
        }
        for one in self._rows(ScopeLine):
            if one.registration_id in standing and one.occupation_code in self.by_code:
                name = f"备案 {standing[one.registration_id].number} 第 {one.serial} 项 {one.occupation_name}"
                subjects = tuple(SUBJECTS) if one.basis == "standard" else (*_OUTSIDE, "grade")
                yield from self._touched("scope", name, one.occupation_code, one.grades, one.trade, subjects)

    def staff(self) -> Iterator[Touched]:
        """Assessors and venues that are bound to the occupation by its code."""
        for person in self._rows(Personnel):
            for code in (one for one in person.occupations if one in self.by_code):
                yield from self._touched("personnel", f"{person.code} {person.name}", code)
        for venue in self._rows(Venue):
            for code in (one for one in venue.occupations if one in self.by_code):
                yield from self._touched("venue", venue.name, code)

    def _rows(self, table: type[_Row]) -> list[_Row]:
        query = select(table).where(col(table.institution_id) == self.id)
        return list(self.session.exec(query.order_by(col(table.id))))

    def _subjects_of(self, batch: Batch) -> Iterable[str]:
        specification = self.session.get(Specification, batch.specification_id)
        assert specification is not None
        return self._subjects(specification)

    def _subjects(self, specification: Specification) -> Iterable[str]:
        """One that rests on another standard, or has the new entry conditions already, is touched by less."""
        if self.old is None:
            return SUBJECTS
        if specification.standard not in (self.old.key, self.old.code):
            return _OUTSIDE
        if specification.conditions == self.old.conditions:
            return SUBJECTS
        return tuple(subject for subject in SUBJECTS if subject != "conditions")


def migration(touched: Sequence[Touched]) -> list[str]:
    """What to do about it, in plain Chinese; one line a record, people summed up by change."""
    lines: list[str] = []
    for one in touched:
        why = "；".join(one.why)
        if one.record == "specification":
            lines.append(f"{one.institution}：{one.name}：{why}。请对照修订，版本加一，批准后用于新批次")
        elif one.record == "batch" and one.state in ("draft", "enrolling"):
            lines.append(f"{one.institution}：{one.name}：{why}。可取消后按新版重建，或按计划时的版本办完")
        elif one.record == "batch":
            lines.append(f"{one.institution}：{one.name}：{why}。按计划时的版本办完，不中途换标准")
        elif one.record == "scope":
            lines.append(f"{one.institution}：{one.name}：{why}。请与备案机关核对，需要时办理备案变更")
        elif one.record == "post":
            lines.append(f"{one.institution}：{one.name}：{why}。请更新岗位与等级的对应")
        elif one.record in ("personnel", "venue"):
            lines.append(f"{one.institution}：{RECORDS[one.record]} {one.name}：{why}。请更新机构文件中的职业编码")
    return [*lines, *_people_lines(touched)]


_PEOPLE = {
    "working": "请更新花名册后重新导入，并按新的申报条件重新测算",
    "holding": "请核对其证书在新版中对应的等级或编码",
    "applying": "按批次计划时的版本办完，如重建批次则重新申报",
}


def _people_lines(touched: Sequence[Touched]) -> Iterator[str]:
    for record, act in _PEOPLE.items():
        counted: dict[tuple[str, str], int] = {}
        for one in touched:
            if one.record == record:
                for why in one.why:
                    counted[one.institution, why] = counted.get((one.institution, why), 0) + 1
        yield from (f"{firm}：{RECORDS[record]} {count} 人：{why}。{act}" for (firm, why), count in counted.items())


def _person(person: Person) -> str:
    return f"{person.employee_no or ''} {person.name}".strip()
