"""What a changed rule pack would do: everybody judged by the standing packs and by the changed ones, and who differs.

The masks of ``workforce`` find who changes; the two proofs of a change are those of ``judge``. Nothing is written.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from sqlmodel import Session, col, select

from skilleval.db.tables import Institution, Person
from skilleval.domain.backgrounds import Background
from skilleval.domain.eligibility import Condition, judge
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rule_changes import RuleChange, rule_changes
from skilleval.domain.rules import Answer, Proof
from skilleval.pack_contradictions import Pack
from skilleval.pack_trials import chosen_with
from skilleval.packs import Library, Packs
from skilleval.services.entry_conditions import Basis, basis_of, conditions_on
from skilleval.services.people import backgrounds
from skilleval.services.rules import packs_of
from skilleval.services.workforce import ANSWERS, judge_all
from skilleval.services.workforce_columns import Workforce

#: what a change is, with its Chinese words; every change is just one of them
KINDS: Mapping[str, str] = {
    "gains": "变为符合",
    "loses": "由符合变为不符合",
    "becomes_unknown": "变为无法判断",
    "becomes_not_met": "由无法判断变为不符合",
}


@dataclass(frozen=True, slots=True)
class Side:
    """The conditions and the readings of one side of the comparison."""

    conditions: tuple[Condition, ...]
    switches: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """How the people of one firm and occupation are judged: on which day, by the standing and by the changed rules."""

    occupation: str
    related: tuple[str, ...]
    on: date
    before: Side
    after: Side

    @property
    def grades(self) -> list[Grade]:
        """All grades that either side's conditions name."""
        return sorted({one.grade for side in (self.before, self.after) for one in side.conditions})

    def prove(self, background: Background, grade: Grade) -> tuple[Proof, Proof]:
        """The two proofs for one person, before and after."""
        before, after = (
            judge(
                background, self.occupation, grade, side.conditions, self.on, related=self.related, switches=side.switches
            ).proof
            for side in (self.before, self.after)
        )
        return before, after


@dataclass(frozen=True, slots=True)
class Subject:
    """One person of the comparison and how the person is judged."""

    person: Person
    institution: Institution
    background: Background
    setting: Setting


@dataclass(frozen=True, slots=True)
class Change:
    """One person and grade whose answer is another one."""

    subject: Subject
    grade: Grade
    before: Answer
    after: Answer

    @property
    def kind(self) -> str:
        """Which of ``KINDS``."""
        if self.after is Answer.MET:
            return "gains"
        if self.after is Answer.UNKNOWN:
            return "becomes_unknown"
        return "loses" if self.before is Answer.MET else "becomes_not_met"

    def proofs(self) -> tuple[Proof, Proof]:
        """The proofs of the two answers, by ``judge``."""
        before, after = self.subject.setting.prove(self.subject.background, self.grade)
        assert (before.answer, after.answer) == (self.before, self.after), "the masks and judge differ"
        return before, after


@dataclass
class WhatIf:
    """What the changed pack does: who was judged, who changes, which rules are other ones on that day."""

    on: date
    subjects: list[Subject] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    rules: list[RuleChange] = field(default_factory=list)
    #: people who could not be judged, by reason
    left_out: Counter[str] = field(default_factory=Counter)

    @cached_property
    def unchanged(self) -> list[Subject]:
        """Those who were judged and whose answers all stay."""
        changed = {change.subject.person.id for change in self.changes}
        return [one for one in self.subjects if one.person.id not in changed]

    @cached_property
    def totals(self) -> Counter[str]:
        """How many changes there are of each kind."""
        return Counter(change.kind for change in self.changes)

    def counted_by(self, name: Callable[[Change], str]) -> dict[str, Counter[str]]:
        """The changes of each kind, by grade, post or firm: in each sum they are the totals."""
        counted: dict[str, Counter[str]] = {}
        for change in self.changes:
            counted.setdefault(name(change), Counter())[change.kind] += 1
        return dict(sorted(counted.items()))


def changed_answers(
    people: Sequence[Background], setting: Setting
) -> Iterator[tuple[int, Grade, Answer, Answer]]:
    """(place, grade, answer before, answer after) of everybody whose answer changes, grade by grade."""
    if setting.before == setting.after:
        return
    workforce = Workforce(people)
    sides = [
        judge_all(
            workforce, setting.occupation, setting.grades, side.conditions, setting.on,
            related=setting.related, switches=side.switches,
        )
        for side in (setting.before, setting.after)
    ]  # fmt: skip
    for grade in setting.grades:
        before, after = (side[grade] for side in sides)
        for place in (before != after).nonzero()[0]:
            yield int(place), grade, ANSWERS[before[place]], ANSWERS[after[place]]


def what_if(
    session: Session,
    library: Library,
    pack: Pack,
    *,
    on: date,
    institution: Institution | None = None,
    edition: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> WhatIf:
    """What changes if ``pack`` were used, in the place of the standing one of its key or besides.

    Everybody of one firm, or of all, is judged for the own occupation at all grades that either side's conditions name, by
    the edition of the firm's specification (or ``edition``). Refused: a pack that contradicts those in use.
    """
    found = WhatIf(on)
    for firm in [institution] if institution is not None else _institutions(session):
        assert firm.id is not None
        before = packs_of(session, firm.id, library, on)
        after = chosen_with(library, before, pack)
        found.rules += [one for one in _standing_changes(before, after, on) if one not in found.rules]
        for occupation, people in _by_occupation(session, firm.id).items():
            basis = _basis(session, firm.id, occupation, edition)
            if occupation is None or basis is None:
                found.left_out["no_occupation" if occupation is None else "no_specification"] += len(people)
            else:
                setting = Setting(
                    occupation, basis.related, on, _side(before, basis.edition, on), _side(after, basis.edition, on)
                )
                _compare(session, found, firm, people, setting)
            if progress is not None:
                progress(len(found.subjects) + found.left_out.total())
    return found


def what_if_edition(
    session: Session, packs: Packs, institution: Institution, occupation: str, basis: Basis, edition: str, *, on: date
) -> WhatIf:
    """What changes for the firm's people of an occupation if another edition of the conditions were used than ``basis`` says.

    Refused: an edition that no pack of the firm has.
    """
    if edition not in packs.editions():
        raise RuleBroken(f"没有“{edition}”这一版申报条件，可用的有：{'、'.join(packs.editions())}")
    found = WhatIf(on)
    query = select(Person).where(col(Person.institution_id) == institution.id, col(Person.occupation_code) == occupation)
    people = session.exec(query.order_by(col(Person.id))).all()
    setting = Setting(occupation, basis.related, on, _side(packs, basis.edition, on), _side(packs, edition, on))
    _compare(session, found, institution, people, setting)
    return found


def find_subject(found: WhatIf, named: str) -> Subject:
    """The person who was judged, by 工号 or name. Refused: nobody, or several."""
    text = named.strip()
    fitting = [one for one in found.subjects if text in (one.person.employee_no, one.person.name)]
    if not fitting:
        raise RuleBroken(f"所比较的人员中没有“{text}”，请用姓名或工号查找")
    if len(fitting) > 1:
        numbers = "、".join(f"{one.institution.name} {one.person.employee_no or '（无工号）'}" for one in fitting)
        raise RuleBroken(f"有 {len(fitting)} 个人符合“{text}”（{numbers}），请改用工号，并指明机构（--institution）")
    return fitting[0]


def _compare(session: Session, found: WhatIf, firm: Institution, people: Sequence[Person], setting: Setting) -> None:
    known = backgrounds(session, people, setting.on)
    subjects = [Subject(one, firm, known[one.id or 0], setting) for one in people]
    found.subjects += subjects
    found.changes += [
        Change(subjects[place], grade, before, after)
        for place, grade, before, after in changed_answers([one.background for one in subjects], setting)
    ]


def _side(packs: Packs, edition: str, on: date) -> Side:
    return Side(conditions_on(packs, edition, on), packs.switches(on))


def _standing_changes(before: Packs, after: Packs, on: date) -> list[RuleChange]:
    """The rules that are other ones on the day; which pack a rule is in makes no difference."""
    return rule_changes(before.standing(on), after.standing(on))


def _basis(session: Session, firm_id: int, occupation: str | None, edition: str | None) -> Basis | None:
    if occupation is None:
        return None
    try:
        return basis_of(session, firm_id, occupation, edition)
    except RuleBroken:
        return None


def _by_occupation(session: Session, firm_id: int) -> dict[str | None, list[Person]]:
    query = select(Person).where(col(Person.institution_id) == firm_id).order_by(col(Person.id))
    people: dict[str | None, list[Person]] = {}
    for person in session.exec(query):
        people.setdefault(person.occupation_code, []).append(person)
    return people


def _institutions(session: Session) -> Iterable[Institution]:
    return session.exec(select(Institution).order_by(col(Institution.credit_code))).all()
