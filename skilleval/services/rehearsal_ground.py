"""What a rehearsal stands on: everything that its steps ask about, each read when it is first asked for, and then kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Adjudication,
    Batch,
    Candidate,
    Mark,
    MarkUnlock,
    Notice,
    Objection,
    Person,
    Personnel,
    Scheme,
    SpecificationPart,
)
from skilleval.db.together import Lists, together
from skilleval.domain.lifecycle import BatchFacts
from skilleval.domain.rules import Rule
from skilleval.domain.workdays import Calendar
from skilleval.packs import Library, Packs
from skilleval.services import (
    authority,
    conflicts,
    marking_scene,
    marks,
    notice_list,
    notices,
    panels,
    recusals,
    rules,
    schemes,
)
from skilleval.services.authority_ground import Records
from skilleval.services.batch_steps import counts, readiness_rules, with_staff
from skilleval.services.certificates import MissingGlyphs
from skilleval.services.conflicts import Duty, Known, Scene
from skilleval.services.filing_record import BatchOutline, read_outline
from skilleval.services.numbering import Reached, counters_query
from skilleval.services.objections import is_uncorrected
from skilleval.services.panels import Act, Bench
from skilleval.services.recusals import Recusal
from skilleval.services.recused_results import Counted, counted_recusals
from skilleval.services.schemes import Vetoed

#: candidates who may still pass
STILL_IN = ("applied", "eligible")


@dataclass(frozen=True, slots=True)
class Means:
    """What the questions need besides the batch: rules, holidays, keys, today, and which characters can't be printed."""

    library: Library
    calendar: Calendar
    vault: Vault
    on: date
    missing_glyphs: MissingGlyphs


class Ground:
    """A batch and what is on record of it. Each property is one statement at most, however many steps ask."""

    def __init__(self, session: Session, batch: Batch, means: Means) -> None:
        self.session = session
        self.batch = batch
        self.means = means

    @cached_property
    def people(self) -> Sequence[tuple[Candidate, Person, str]]:
        """Everybody who ever applied, as ``notice_list.people_of``."""
        return notice_list.people_of(self.session, self.batch)

    @property
    def candidates(self) -> list[Candidate]:
        """Everybody who ever applied."""
        return [one for one, _person, _firm in self.people]

    @property
    def eligible(self) -> list[Candidate]:
        """Those who were accepted."""
        return [one for one in self.candidates if one.state == "eligible"]

    @property
    def still_in(self) -> list[tuple[Candidate, Person]]:
        """Those who may still pass."""
        return [(one, person) for one, person, _firm in self.people if one.state in STILL_IN]

    @cached_property
    def records(self) -> Records:
        """What questions of authority stand on."""
        return authority.records_for(self.session, self.batch, self.candidates)

    @cached_property
    def packs(self) -> Packs:
        """The packs that the batch was planned by."""
        return rules.packs_of_batch(self.session, self.batch)

    @property
    def rules(self) -> dict[str, Rule]:
        """The rules that the steps rest on."""
        return readiness_rules(self.packs, self.batch)

    @cached_property
    def personnel(self) -> Sequence[Personnel]:
        """Everybody who may act for the institution, by code."""
        query = select(Personnel).where(col(Personnel.institution_id) == self.batch.institution_id)
        return self.session.exec(query.order_by(col(Personnel.code))).all()

    @cached_property
    def _lists(self) -> Lists:
        return together(self.session, {
            **conflicts.recorded_about(self.batch), **conflicts.duty_queries(self.batch), Act: panels.acts_query(self.batch),
            Reached: counters_query(self.batch.institution_id, self.means.on), Vetoed: schemes.vetoes_query(self.batch),
        })  # fmt: skip

    @cached_property
    def _parts(self) -> Sequence[tuple[SpecificationPart, Scheme | None]]:
        """The parts of the specification at every grade, with each version of their schemes."""
        firm = self.batch.institution_id
        own = sa.and_(col(Scheme.institution_id) == firm, col(Scheme.part_id) == col(SpecificationPart.id))
        query = select(SpecificationPart, Scheme).outerjoin(Scheme, own).where(
            col(SpecificationPart.institution_id) == firm,
            col(SpecificationPart.specification_id) == self.batch.specification_id,
        )  # fmt: skip
        order = (col(SpecificationPart.serial), col(SpecificationPart.id), col(Scheme.version))
        return self.session.exec(query.order_by(*order)).all()

    @cached_property
    def _known(self) -> Known:
        return conflicts.known_by(self.batch, self._lists)

    @cached_property
    def scene(self) -> Scene:
        """What the conflicts of the batch are found from."""
        parts = list({part.id: part for part, _scheme in self._parts}.values())
        return Scene(self.batch, self.candidates, parts, self._known)

    @cached_property
    def duties(self) -> list[Duty]:
        """Who does what in the batch."""
        return conflicts.duties_by(self.personnel, self._lists)

    @cached_property
    def bench(self) -> Bench:
        """The people out of whom panels are made up."""
        return panels.bench_in(self.scene, self.packs, self._lists[Act], self.personnel)

    @property
    def reached(self) -> Sequence[Reached]:
        """How far the series of numbers have come."""
        return self._lists[Reached]

    @cached_property
    def facts(self) -> BatchFacts:
        """What the steps before marking, and the one to it, depend on."""
        batch, eligible = self.batch, self.eligible
        names = {one.person_id: person.name for one, person in self.still_in if one.state == "applied"}
        # Whoever may still be accepted will have to be assessed; before anybody has applied, every grade may come.
        grades = {one.grade for one, _person in self.still_in} or set(batch.grades)
        facts = counts(batch, self.means.on, self.candidates, names)
        standing = authority.standing_in(self.records, batch, self.means.library, eligible)
        return replace(
            with_staff(batch, facts, self.duties, self.scene.planned_parts, grades),
            conflicts=tuple(conflicts.conflicts_in(self.duties, self.scene)),
            unregistered=standing.unregistered, scope_problems=standing.refusals,
        )  # fmt: skip

    @cached_property
    def passed(self) -> set[int]:
        """The ids of the candidates who passed."""
        return notice_list.passed_of(self.session, self.batch)

    @cached_property
    def _notices(self) -> Sequence[tuple[Notice, Objection | None, bool]]:
        """Every notice with each of its objections, and whether that is uncorrected."""
        firm = self.batch.institution_id
        own = sa.and_(col(Objection.institution_id) == firm, col(Objection.notice_id) == col(Notice.id))
        query = select(Notice, Objection, is_uncorrected()).outerjoin(Objection, own)
        query = query.where(col(Notice.institution_id) == firm, col(Notice.batch_id) == self.batch.id)
        return self.session.exec(query.order_by(col(Notice.serial), col(Objection.serial), col(Objection.id))).all()

    @property
    def notice(self) -> Notice:
        """As ``notices.current_notice``."""
        return notices.last_standing(self.batch, [one for one, _objection, _open in self._notices])

    @property
    def objections(self) -> list[tuple[Objection, bool]]:
        """The objections against the current notice and those whose place it took, and whether they are uncorrected."""
        last = self.notice.serial
        found = [(one, bool(told)) for notice, one, told in self._notices if one is not None and notice.serial <= last]
        return sorted(found, key=lambda pair: (pair[0].serial, pair[0].id or 0))

    @cached_property
    def outline(self) -> BatchOutline:
        """Who sat, with what result and certificate."""
        return read_outline(self.session, self.batch)

    @cached_property
    def counted(self) -> list[Counted]:
        """As ``recused_results.counted_recusals``."""
        return counted_recusals(self.session, self.batch)

    def _between(self, pairs: Sequence[tuple[Personnel, Candidate]]) -> dict[recusals.Pair, list[Recusal]]:
        return recusals.recusals_between(self.batch, self.packs, self._known, pairs)

    @cached_property
    def _marks(self) -> tuple[dict[marking_scene.Seat, Mark], dict[int, MarkUnlock]]:
        return marking_scene.marks_of(self.session, self.batch)

    @cached_property
    def marking(self) -> marking_scene.Scene:
        """The batch as one that is being marked."""
        parts = self.scene.planned_parts
        latest = {part.id or 0: scheme for part, scheme in self._parts if scheme is not None and part in parts}
        sitting = [(one, person.name) for one, person in self.still_in if one.state == "eligible"]
        return marking_scene.Scene(self.batch, parts, marking_scene.assessors_in(parts, self.duties), latest, sitting, *self._marks)

    @property
    def vetoes(self) -> Mapping[int, str]:
        """As ``schemes.veto_notes``."""
        return schemes.veto_told(self._lists[Vetoed])

    @cached_property
    def adjudications(self) -> Sequence[Adjudication]:
        """The decisions before the results were settled."""
        return marks.adjudications_of(self.session, self.batch)

    def recused(self) -> dict[int, list[str]]:
        """By candidate: whose marks may not count, as ``marks.recused_against``."""
        standing, candidates = self.marking.marks, {one.id: one for one in self.eligible}
        people = {one.id: one for one in self.personnel}
        pairs = [
            (people[assessor], candidates[candidate]) for candidate, _part, assessor in standing if candidate in candidates
        ]
        found = recusals.by_mark(self._between(pairs), marks.by_part(standing))
        return marks.recused_in(found, standing, self.adjudications, self.marking.parts)
