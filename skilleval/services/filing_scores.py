"""Filled sheets of schemes (评分表、业绩、过程) as the filing package tells them. Questions only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Adjudication,
    Batch,
    Candidate,
    Mark,
    Person,
    Personnel,
    Result,
    Scheme,
    SpecificationPart,
    id_of,
)
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import agree
from skilleval.reports.scores import FilledSheet, PartDecision, PartScheme, PartScores
from skilleval.services.marks import adjudications_of, domain_part, latest_marks, standing_decisions
from skilleval.services.schemes import Filled, filled_sheets, latest_schemes


@dataclass(frozen=True, slots=True)
class _Standing:
    """What stands behind the results of a batch: by (candidate id, part id) its marks, their sheets, a decision."""

    marks: Mapping[tuple[int, int], Sequence[Mark]]
    sheets: Mapping[int, Filled]
    decisions: Mapping[tuple[int, int], Adjudication]


def tell_scores(
    session: Session, batch: Batch, parts: Sequence[SpecificationPart], candidates: Sequence[Candidate],
    people: Mapping[int, Person], results: Mapping[int, Result],
) -> list[PartScores]:  # fmt: skip
    """The sheets behind each settled mark of a part with a scheme, in the order of ``candidates``.

    Only marks that stand are told; what was corrected before stays with the installation. Nothing for direct recognition.
    """
    schemes = latest_schemes(session, batch, parts) if batch.route != "direct" else {}
    if not schemes:
        return []
    standing = _standing(session, batch)
    told = {id_of(part): _scheme(part, schemes[id_of(part)]) for part in parts if id_of(part) in schemes}
    found = []
    for candidate in candidates:
        result, name = results.get(id_of(candidate)), people[candidate.person_id].name
        for part in (one for one in parts if one.grade == candidate.grade and one.id in told):
            scores = _scores(candidate, name, part, told[id_of(part)], result, standing) if result is not None else None
            found += [scores] if scores is not None else []
    return found


def schemes_in(scores: Sequence[PartScores]) -> tuple[PartScheme, ...]:
    """The schemes that these rest on, each once, by grade and part."""
    found = {(one.scheme.grade, one.scheme.method): one.scheme for one in scores}
    return tuple(found[key] for key in sorted(found, key=lambda key: (key[0].rank, list(METHODS).index(key[1]))))


def decisions_in(scores: Sequence[PartScores]) -> tuple[PartDecision, ...]:
    """What people decided of these marks, in their order."""
    return tuple(one.decision for one in scores if one.decision is not None)


def staff_in(session: Session, batch: Batch, scores: Sequence[PartScores]) -> tuple[tuple[str, str], ...]:
    """Code and name of everybody on record who marked or observed in these, by code."""
    sheets = [sheet for one in scores for sheet in one.sheets]
    codes = {sheet.assessor_code for sheet in sheets} | {line.observer for sheet in sheets for line in sheet.lines if line.observer}
    if not codes:
        return ()
    query = select(Personnel.code, Personnel.name).where(
        col(Personnel.institution_id) == batch.institution_id, col(Personnel.code).in_(codes)
    )
    return tuple((code, name) for code, name in session.exec(query.order_by(col(Personnel.code))))


def _standing(session: Session, batch: Batch) -> _Standing:
    latest = latest_marks(session, batch)
    marks: dict[tuple[int, int], list[Mark]] = {}
    for (candidate, part, _assessor), mark in latest.items():
        marks.setdefault((candidate, part), []).append(mark)
    sheets = {one.sheet.mark_id: one for one in filled_sheets(session, batch)}
    return _Standing(marks, sheets, standing_decisions(latest, adjudications_of(session, batch)))


def _scheme(part: SpecificationPart, scheme: Scheme) -> PartScheme:
    rule = domain_part(part)
    return PartScheme(
        Grade(part.grade), part.method, scheme.title, scheme.version, scheme.kind, scheme.content, part.assessors, rule.rule,
        rule.tolerance,
    )  # fmt: skip


def _scores(
    candidate: Candidate, name: str, part: SpecificationPart, scheme: PartScheme, result: Result, standing: _Standing
) -> PartScores | None:
    """The sheets of a part; None for who was absent from it and has neither sheet nor mark."""
    own = (id_of(candidate), id_of(part))
    marks = standing.marks.get(own, ())
    filled = sorted(
        (standing.sheets[id_of(one)] for one in marks if one.id in standing.sheets), key=lambda one: one.assessor.code
    )
    value = result.parts.get(part.method)
    if value is None and not filled:
        return None
    sheets = [FilledSheet(one.assessor.code, one.assessor.name, one.lines, one.sheet.value) for one in filled]
    number = candidate.admission_number or ""
    agreed = agree(domain_part(part), [one.value for one in sheets], absent=sum(one.absent for one in marks))
    decision = _decision(number, part, agreed.value, value, result, standing.decisions.get(own))
    if decision is not None:
        return PartScores(number, name, scheme, sheets, value, decision.how, decision.text, decision)
    # A settled mark that its sheets do not give is not explained away: the check of the package finds it.
    return PartScores(number, name, scheme, sheets, value, domain_part(part).rule, agreed.text)


def _decision(
    number: str, part: SpecificationPart, agreed: int | None, value: int | None, result: Result, decision: Adjudication | None
) -> PartDecision | None:
    """What a person decided: over the marks, or by correcting the result later; None where the rule gave the mark."""
    if decision is not None and decision.value == value:
        return PartDecision(number, part.method, "adjudicated", value, decision.reason, decision.decided_by)
    if result.revision > 1 and (decision is not None or agreed != value):
        return PartDecision(number, part.method, "corrected", value, result.reason or "")
    return None
