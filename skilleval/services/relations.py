"""Relations declared between those who examine and those who are examined: what only people can tell of conflicts (回避)."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import RELATION_KINDS, Institution, Person, Personnel, Relation, id_of
from skilleval.domain.conflicts import KINDS
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.journal import Actor
from skilleval.services.people import find_person
from skilleval.services.served import served_firm


@dataclass(frozen=True, slots=True)
class Declared:
    """A relation as it is declared: one end by code or as a person, the other as a person of ``employer``."""

    kind: str
    other: str
    source: str
    code: str | None = None
    person: str | None = None
    employer: Institution | None = None
    valid_from: date | None = None
    valid_to: date | None = None


def declare_relation(
    session: Session, actor: Actor, institution: Institution, told: Declared, *, vault: Vault, on: date
) -> Relation:
    """Record a relation; the conflicts that follow from it are suspected until somebody decides them.

    People are named by 工号, name or document number. Refused with every reason: an unknown kind, no source, dates out of
    order or to come, not just one first end, a firm that is no member, one person with itself, what is declared already.
    """
    if problems := _problems(told, on):
        raise RuleBroken("声明有错误，未作任何改动", problems)
    firm = id_of(institution)
    employer = told.employer or institution
    if employer.id != firm and not served_firm(session, institution, employer).is_recorded:
        raise RuleBroken(f"{employer.name} 不是链员，也没有与 {institution.name} 的服务关系，不能登记其职工")
    other = find_person(session, id_of(employer), told.other, vault=vault)
    personnel = None if told.code is None else _personnel(session, firm, told.code)
    person = None if told.person is None else find_person(session, firm, told.person, vault=vault)
    if person is not None and person.id == other.id:
        raise RuleBroken("两端是同一个人")
    row = _row(firm, told, personnel, person, other)
    row.declared_by, row.declared_on = actor.name, on
    if _is_declared(session, row):
        raise RuleBroken(f"这一{KINDS[told.kind]}已经声明过")
    session.add(row)
    journal.record(session, actor, firm, "conflicts.declare", objects=[row])
    return row


def _problems(told: Declared, on: date) -> list[str]:
    problems = []
    if told.kind not in RELATION_KINDS:
        problems.append(f"关系“{told.kind}”应为：{'、'.join(f'{one}（{KINDS[one]}）' for one in RELATION_KINDS)}")
    if not told.source.strip():
        problems.append("须写明依据")
    if (told.code is None) == (told.person is None):
        problems.append("考评人员编号与花名册人员须写明其一，且只写其一")
    if told.valid_from is not None and told.valid_to is not None and told.valid_to < told.valid_from:
        problems.append(f"截止日期 {told.valid_to} 早于起始日期 {told.valid_from}")
    if told.valid_from is not None and told.valid_from > on:
        problems.append(f"起始日期 {told.valid_from} 还没有到，今天是 {on}")
    return problems


def _personnel(session: Session, firm: int, code: str) -> Personnel:
    query = select(Personnel).where(col(Personnel.institution_id) == firm, col(Personnel.code) == code.strip())
    found = session.exec(query).first()
    if found is None:
        raise RuleBroken(f"没有编号为 {code} 的考评人员，可用 skilleval institutions show 查看")
    return found


def _row(firm: int, told: Declared, personnel: Personnel | None, person: Person | None, other: Person) -> Relation:
    return Relation(
        institution_id=firm, kind=told.kind, source=told.source.strip(),
        personnel_id=None if personnel is None else personnel.id,
        first_employer_id=None if person is None else person.institution_id,
        first_person_id=None if person is None else person.id,
        employer_id=other.institution_id, person_id=id_of(other),
        valid_from=told.valid_from, valid_to=told.valid_to, declared_by="", declared_on=date.min,
    )  # fmt: skip


def _is_declared(session: Session, row: Relation) -> bool:
    same = ("institution_id", "kind", "personnel_id", "first_person_id", "person_id", "source", "valid_from", "valid_to")
    query = select(Relation).where(col(Relation.institution_id) == row.institution_id, col(Relation.person_id) == row.person_id)
    return any(all(getattr(one, name) == getattr(row, name) for name in same) for one in session.exec(query))
