"""What questions of authority stand on: everything on record of an institution, gathered once, and how it stood on a day.

``Records`` are read from the database in one statement, however many days, grades and firms are asked about; what follows
from them needs no database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col

from skilleval import standards
from skilleval.db.tables import Institution, Post, PostGrade, Registration, ScopeLine, Specification, SpecificationPart
from skilleval.db.together import Queries, together
from skilleval.domain.complete_grade_set import GradeSet, without_gaps
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Rule
from skilleval.packs import Library, Packs
from skilleval.services import institutions, rules, served
from skilleval.services.rules import Choice
from skilleval.services.served import Served
from skilleval.services.specification_standing import is_in_force


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration on record, in force or not."""

    id: int
    number: str
    authority: str
    authority_level: str
    state: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the scope of a registration, for the occupation that is asked about."""

    id: int
    registration_id: int
    serial: int
    trade: str
    grades: Sequence[str]
    ceiling: str | None
    routes: Sequence[str]
    complete_grade_set: bool | None = None


@dataclass(frozen=True, slots=True)
class OfPost:
    """A grade of one of the firm's own posts."""

    grade: str
    valid_from: date | None
    post_specification: str | None


@dataclass(frozen=True, slots=True)
class Approved:
    """A specification that is approved, or was until a newer version came."""

    id: int
    code: str
    version: int
    occupation_code: str
    trade: str
    standard: str | None
    state: str
    approved_on: date | None
    superseded_on: date | None


@dataclass(frozen=True, slots=True)
class Assessed:
    """A grade for which a specification says how it is assessed."""

    specification_id: int
    grade: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What all questions about one institution, occupation, trade and day have in common."""

    institution: Institution
    on: date
    code: str
    packs: Packs
    #: the rules that stand on the day, those of all days, and the readings in use
    rules: Sequence[Rule]
    known: Sequence[Rule]
    switches: Mapping[str, bool]
    #: the registration in force; where none is, ``lapsed`` says why and ``lines`` are those of the last one
    registration: Registered | None
    lapsed: str
    lines: Sequence[Line]
    uncovered: str
    grade_set: GradeSet
    #: by id of the firms that were asked about: what is recorded between the institution and them
    served: Mapping[int, Served]


@dataclass(frozen=True, slots=True)
class Records:
    """All that is on record of an institution for an occupation and trade, and between it and the firms of its candidates."""

    institution: Institution
    code: str
    trade: str
    #: the latest first
    registrations: Sequence[Registered]
    lines: Sequence[Line]
    choices: Sequence[Choice]
    graded: Sequence[OfPost]
    specifications: Sequence[Approved]
    assessed: Mapping[int, frozenset[Grade]]
    served: Mapping[int, Served]
    #: the specification of a batch, which it keeps whatever came in its place since
    planned_by: int | None

    def ground(self, library: Library, on: date) -> Ground:
        """The common ground of questions on a day. Refused: an occupation that there is not."""
        standards.occupation(self.code)
        registration, lapsed = self.registration(on)
        lines, uncovered = self.scope(on)
        packs = rules.packs_on(self.choices, library, on)
        return Ground(
            self.institution, on, self.code, packs, packs.authority(on), packs.every_rule(), packs.switches(on),
            registration, lapsed, lines, uncovered, self.grade_set(library, on), self.served,
        )  # fmt: skip

    def registration(self, on: date) -> tuple[Registered | None, str]:
        """The registration in force on a day; where none is, why."""
        try:
            return institutions.registration_on(self.registrations, on), ""
        except RuleBroken as refusal:
            return None, refusal.message

    def scope(self, on: date) -> tuple[Sequence[Line], str]:
        """The lines that cover the occupation and trade, of the registration in force or else of the last; without any, why."""
        registration = self.registration(on)[0] or next(iter(self.registrations), None)
        if registration is None:
            return (), f"没有备案，职业 {self.code} 不在备案范围内"
        lines = [one for one in self.lines if one.registration_id == registration.id]
        # A line without a trade was registered for the whole occupation.
        fitting = [line for line in lines if line.trade in ("", self.trade)]
        if lines and not fitting:
            listed = "、".join(line.trade for line in lines)
            return (), f"职业 {self.code} 只备案了工种：{listed}，不含“{self.trade or '（不分工种）'}”"
        return fitting, "" if fitting else f"职业 {self.code} 不在备案范围内（备案号 {registration.number}）"

    def grade_set(self, library: Library, on: date) -> GradeSet:
        """What the firm has set up for the occupation and trade on a day."""
        posts = [one for one in self.graded if one.valid_from is None or one.valid_from <= on]
        specifications = [one for one in self.specifications if one.id == self.planned_by or is_in_force(one, on)]
        defined, defined_by = self._defined(library, specifications)
        lines, _uncovered = self.scope(on)
        return GradeSet(
            defined,
            defined_by,
            posts=frozenset(Grade(one.grade) for one in posts),
            scope=frozenset(
                Grade(word)
                for line in lines
                for word in line.grades
                if line.ceiling is None or Grade(word) <= Grade(line.ceiling)
            ),
            post_specifications=frozenset(Grade(one.grade) for one in posts if (one.post_specification or "").strip()),
            assessed=frozenset(grade for one in specifications for grade in self.assessed.get(one.id, ())),
            declared_incomplete=any(line.complete_grade_set is False for line in lines),
        )

    def _defined(self, library: Library, specifications: Sequence[Approved]) -> tuple[tuple[Grade, ...] | None, str]:
        """The grades that there should be, and which text says so; the texts of several specifications add up."""
        if not specifications:
            return None, "没有已批准的评价规范，无从知道该职业（工种）有哪些等级"
        grades: set[Grade] = set()
        told: list[str] = []
        own = library.instance_folder / "standards" if library.instance_folder is not None else None
        for one in specifications:
            if not one.standard:
                grades |= self.assessed.get(one.id, frozenset())
                told.append(f"评价规范 {one.code}")
                continue
            known = standards.find_standards(one.occupation_code, one.trade, own)
            standard = next((found for found in known if found.key == one.standard), None)
            if standard is None:
                return None, f"没有评价规范 {one.code} 所依据的标准 {one.standard}，无从知道该职业（工种）有哪些等级"
            grades |= set(standard.grades)
            told.append(f"标准 {standard.key}")
        if not grades:
            return None, f"{'、'.join(told)}没有规定任何等级"
        return without_gaps(grades), "、".join(dict.fromkeys(told))


def records_of(
    session: Session,
    institution: Institution,
    occupation_code: str,
    trade: str,
    firms: Iterable[int | None] = (),
    planned_by: int | None = None,
) -> Records:
    """What is on record of the institution, and between it and these firms, for a batch with the specification that it was
    planned by: one statement."""
    assert institution.id is not None
    found = together(
        session,
        {
            **_queries(institution.id, occupation_code, trade),
            Choice: rules.choices_of(institution.id),
            **served.recorded_between(institution.id, {one for one in firms if one is not None}),
        },
    )
    assessed: dict[int, set[Grade]] = {}
    for one in found[Assessed]:
        assessed.setdefault(one.specification_id, set()).add(Grade(one.grade))
    return Records(
        institution, occupation_code, trade,
        sorted(found[Registered], key=lambda one: (-one.valid_from.toordinal(), one.id)),
        sorted(found[Line], key=lambda one: (one.serial, one.id)),
        found[Choice], found[OfPost], sorted(found[Approved], key=lambda one: (one.code, one.version)),
        {key: frozenset(grades) for key, grades in assessed.items()}, served.served_by(institution.id, found), planned_by,
    )  # fmt: skip


def _queries(firm: int, occupation_code: str, trade: str) -> Queries:
    # A post or specification without a trade belongs to the whole occupation.
    trades = ["", trade]
    approved = (
        col(Specification.institution_id) == firm, col(Specification.occupation_code) == occupation_code,
        col(Specification.trade).in_(trades), col(Specification.state) != "draft",
    )  # fmt: skip
    return {
        Registered: sa.select(*(col(one) for one in (
            Registration.id, Registration.number, Registration.authority, Registration.authority_level, Registration.state,
            Registration.valid_from, Registration.valid_to,
        ))).where(col(Registration.institution_id) == firm),
        Line: sa.select(*(col(one) for one in (
            ScopeLine.id, ScopeLine.registration_id, ScopeLine.serial, ScopeLine.trade, ScopeLine.grades, ScopeLine.ceiling,
            ScopeLine.routes, ScopeLine.complete_grade_set,
        ))).where(col(ScopeLine.institution_id) == firm, col(ScopeLine.occupation_code) == occupation_code),
        OfPost: sa.select(col(PostGrade.grade), col(PostGrade.valid_from), col(PostGrade.post_specification))
        .join(Post, col(Post.id) == col(PostGrade.post_id))
        .where(col(PostGrade.institution_id) == firm, col(Post.occupation_code) == occupation_code, col(Post.trade).in_(trades)),
        Approved: sa.select(*(col(one) for one in (
            Specification.id, Specification.code, Specification.version, Specification.occupation_code, Specification.trade,
            Specification.standard, Specification.state, Specification.approved_on, Specification.superseded_on,
        ))).where(*approved),
        Assessed: sa.select(col(SpecificationPart.specification_id), col(SpecificationPart.grade))
        .join(Specification, col(Specification.id) == col(SpecificationPart.specification_id))
        .where(*approved),
    }  # fmt: skip
