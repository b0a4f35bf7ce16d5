"""Rows to test with: a registered firm, its people, a batch and its candidates. ID numbers lie in area 440999,
which is not assigned to anybody."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlmodel import Session

from skilleval import packs
from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Assignment,
    Batch,
    Candidate,
    Institution,
    Person,
    Personnel,
    Registration,
    ScopeLine,
    Specification,
    SpecificationPart,
    Venue,
)
from skilleval.domain.eligibility import Condition
from skilleval.pinyin import initials, pinyin
from skilleval.services import journal, rules
from skilleval.services.journal import Actor

CREDIT_CODE = "91440999MA0000015E"
REGISTRATION_NUMBER = "Y000044000123"
ACTOR = Actor("测试经办", "hr")
GRADES = ("junior", "intermediate", "senior")
LIBRARY = packs.library()


@cache
def entry_conditions(edition: str, on: date = date(2026, 6, 8)) -> tuple[Condition, ...]:
    """The shipped entry conditions of one edition that hold on a day."""
    return packs.load().conditions(edition, on)


@dataclass
class Firm:
    """A registered firm, ready to run batches for 电工."""

    institution: Institution
    registration: Registration
    scope: ScopeLine
    specification: Specification
    parts: list[SpecificationPart]
    assessors: list[Personnel]
    supervisor: Personnel
    venue: Venue

    @property
    def id(self) -> int:
        assert self.institution.id is not None
        return self.institution.id

    def part(self, grade: str, method: str) -> SpecificationPart:
        return next(part for part in self.parts if part.grade == grade and part.method == method)


def id_number(serial: int, birth: date = date(1990, 1, 1)) -> str:
    """A resident ID number of area 440999; an odd ``serial`` is a man's, an even one a woman's."""
    body = f"440999{birth:%Y%m%d}{serial % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def make_firm(
    session: Session, credit_code: str = CREDIT_CODE, number: str = REGISTRATION_NUMBER, **own: object
) -> Firm:
    """A firm registered from 2025 to 2027 for 电工 五级 to 三级, with two parts a grade and three assessors."""
    told = {"name": "岭南精工制造有限公司", "manufacturing": True, "province": "44", "city": "4403", "responsible": "演示负责人", **own}
    institution = Institution.model_validate({"credit_code": credit_code, **told})
    session.add(institution)
    session.flush()
    assert institution.id is not None
    firm_id = institution.id
    registration = Registration(
        institution_id=firm_id,
        number=number,
        authority="深圳市人力资源和社会保障局",
        authority_level="city",
        registered_on=date(2025, 1, 1),
        valid_from=date(2025, 1, 1),
        valid_to=date(2027, 12, 31),
    )
    session.add(registration)
    session.flush()
    assert registration.id is not None
    scope = ScopeLine(
        institution_id=firm_id,
        registration_id=registration.id,
        serial=1,
        occupation_code="6-31-01-03",
        occupation_name="电工",
        grades=list(GRADES),
        basis="specification",
        basis_name="电工评价规范",
        basis_year="2025",
        routes=["assessment"],
        ceiling="senior",
    )
    specification = Specification(
        institution_id=firm_id,
        code="DG",
        title="电工评价规范",
        occupation_code="6-31-01-03",
        standard="6-31-01-03",
        conditions="2018",
        approved_on=date(2025, 1, 1),
    )
    session.add_all([scope, specification])
    session.flush()
    assert specification.id is not None
    parts = [
        SpecificationPart(
            institution_id=firm_id,
            specification_id=specification.id,
            grade=grade,
            method=method,
            serial=serial,
            weight=weight,
            assessors=assessors,
            agreement={"rule": "mean", "tolerance": 1000},
        )
        for grade in GRADES
        for serial, (method, weight, assessors) in enumerate((("theory", 40, 1), ("skill", 60, 3)), start=1)
    ]
    assessors = [
        Personnel(institution_id=firm_id, code=f"K{number}", name=f"考评员{name}", kind="assessor",
                  occupations=["6-31-01-03"], grades=list(GRADES))
        for number, name in enumerate("甲乙丙", start=1)
    ]  # fmt: skip
    supervisor = Personnel(institution_id=firm_id, code="D1", name="督导员丁", kind="supervisor")
    venue = Venue(institution_id=firm_id, name="一号实训车间", address="厂区一号楼", kind="practical", seats=20)
    session.add_all([*parts, *assessors, supervisor, venue])
    journal.record(
        session,
        ACTOR,
        firm_id,
        "institution.add",
        objects=[institution, registration, scope, specification, *parts, *assessors, supervisor, venue],
    )
    return Firm(institution, registration, scope, specification, parts, assessors, supervisor, venue)


def make_person(
    session: Session,
    vault: Vault,
    firm: Firm,
    name: str = "陈大文",
    serial: int = 1,
    birth: date = date(1990, 1, 1),
    **fields: object,
) -> Person:
    """An employee of ``firm`` who has worked as 电工 since 2010, unless ``fields`` say otherwise."""
    number = id_number(serial, birth)
    values: dict[str, object] = {
        "employee_no": f"E{serial:04d}",
        "phone": f"1990000{serial:04d}",
        "occupation_code": "6-31-01-03",
        "occupation_since": date(2010, 1, 4),
        "employment": "contract",
        **fields,
    }
    person = Person(
        institution_id=firm.id,
        name=name,
        id_type="resident_id",
        id_sealed=vault.seal(firm.id, number),
        id_index=vault.index(firm.id, number),
        tail_index=vault.tail_index(firm.id, number),
        pinyin=pinyin(name),
        initials=initials(name),
        sex="male" if serial % 2 else "female",
        birth_date=birth,
        **values,
    )
    session.add(person)
    journal.record(session, ACTOR, firm.id, "people.add", objects=[person])
    return person


def make_batch(session: Session, firm: Firm, number: str = "2026-DG-01", state: str = "draft") -> Batch:
    """A batch for 电工 in June 2026 with one assessor for theory, three for skill, and a supervisor."""
    assert firm.specification.id is not None and firm.registration.id is not None
    batch = Batch(
        institution_id=firm.id,
        number=number,
        name="2026年第一批电工认定",
        occupation_code="6-31-01-03",
        occupation_name="电工",
        grades=list(GRADES),
        specification_id=firm.specification.id,
        registration_id=firm.registration.id,
        planned=20,
        enrol_until=date(2026, 5, 20),
        starts_on=date(2026, 6, 8),
        ends_on=date(2026, 6, 12),
        venues=[firm.venue.name],
        versions={"packs": rules.pin_packs(session, packs.load())},
        state=state,
    )
    session.add(batch)
    session.flush()
    assert batch.id is not None
    roles = [("assessor", firm.assessors[0], "theory")]
    roles += [("assessor", assessor, "skill") for assessor in firm.assessors]
    roles += [("supervisor", firm.supervisor, "")]
    assignments = [
        Assignment(institution_id=firm.id, batch_id=batch.id, personnel_id=person.id or 0, role=role, method=method)
        for role, person, method in roles
    ]
    session.add_all(assignments)
    journal.record(session, ACTOR, firm.id, "batch.add", objects=[batch, *assignments])
    return batch


def make_candidate(
    session: Session, batch: Batch, person: Person, grade: str = "senior", state: str = "eligible", **fields: object
) -> Candidate:
    """``person`` in ``batch``, with an admission number made of the person's id."""
    assert batch.id is not None and person.id is not None
    values: dict[str, object] = {"claimed": "2018/senior/1", "admission_number": f"{batch.number}-{person.id:04d}", **fields}
    candidate = Candidate(
        institution_id=batch.institution_id,
        batch_id=batch.id,
        employer_id=person.institution_id,
        person_id=person.id,
        grade=grade,
        state=state,
        **values,
    )
    session.add(candidate)
    journal.record(session, ACTOR, batch.institution_id, "candidate.add", objects=[candidate])
    return candidate
