"""The imports of a batch: enrolment, marks, workbooks of schemes, and certificate numbers that the province allotted."""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Personnel, StagedImport
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import show
from skilleval.services import allotted_numbers, candidate_sheets, mark_sheets, scheme_sheets
from skilleval.services.batches import candidates_of, parts_of_batch
from skilleval.services.enrolment_form import write_enrolment_form
from skilleval.services.import_means import Difference, Kind, Means, nothing
from skilleval.services.journal import Actor
from skilleval.services.marks import names_of, unlocks_of
from skilleval.services.number_list import NUMBER_COLUMNS
from skilleval.sheets.columns import Report
from skilleval.sheets.intake import Source
from skilleval.sheets.writing import FormSheet, write_form


def _batch(session: Session, asked: StagedImport) -> Batch:
    query = select(Batch).where(col(Batch.id) == asked.batch_id, col(Batch.institution_id) == asked.institution_id)
    return session.exec(query).one()


# — enrolment —


def _stage_candidates(session: Session, asked: StagedImport, file: Source, means: Means) -> candidate_sheets.Staged:
    batch = _batch(session, asked)
    return candidate_sheets.stage_candidates(session, batch, file, vault=means.vault, library=means.library, on=means.on)


def _write_candidates(session: Session, actor: Actor, staged: candidate_sheets.Staged, means: Means) -> Report:
    return candidate_sheets.write_candidates(session, actor, staged, means.library, vault=means.vault, on=means.on)


def _new_candidates(_session: Session, staged: candidate_sheets.Staged) -> Iterable[Difference]:
    for person, values in staged.new:
        claimed = (("申报条件", "", values["claimed"]),) if values.get("claimed") else ()
        yield Difference(None, person.name, (("申报等级", "", Grade(values["grade"]).printed), *claimed))


def _changed_candidates(session: Session, staged: candidate_sheets.Staged) -> Iterable[Difference]:
    names = names_of(session, [candidate for candidate, _different in staged.changed])
    for candidate, different in staged.changed:
        told = []
        if "grade" in different:
            told.append(("申报等级", Grade(candidate.grade).printed, Grade(different["grade"]).printed))
        if "claimed" in different:
            told.append(("申报条件", candidate.claimed or "", different["claimed"]))
        yield Difference(None, names[candidate.person_id], tuple(told))


def _candidates_template(session: Session, asked: StagedImport, out: Path, means: Means) -> None:
    write_enrolment_form(session, _batch(session, asked), out, means.library)


def _filled_candidates(session: Session, asked: StagedImport, out: Path, means: Means) -> None:
    write_enrolment_form(session, _batch(session, asked), out, means.library, vault=means.vault)


CANDIDATES = Kind(
    "candidates", "报名表", frozenset({"hr"}), _stage_candidates, _write_candidates, _new_candidates, _changed_candidates,
    _candidates_template, _filled_candidates, target="batch", states=("enrolling",),
)  # fmt: skip


# — marks —


def _stage_marks(session: Session, asked: StagedImport, file: Source, means: Means) -> mark_sheets.Staged:
    batch = _batch(session, asked)
    return mark_sheets.stage_marks(session, batch, file, reason=asked.reason, opened=_opened(session, batch))


def _opened(session: Session, batch: Batch) -> Collection[int]:
    """The marks that a workbook may correct: those that a second person has unlocked with a reason."""
    return set(unlocks_of(session, batch))


def _write_marks(session: Session, actor: Actor, staged: mark_sheets.Staged, means: Means) -> Report:
    return mark_sheets.write_marks(session, actor, staged)


def _new_marks(session: Session, staged: mark_sheets.Staged) -> Iterable[Difference]:
    seats = _seats(session, staged.batch)
    for candidate, part, assessor, value in staged.new:
        who, heading = seats(candidate, part, assessor)
        yield Difference(None, who, ((heading, "", mark_sheets.shown(value)),))


def _changed_marks(session: Session, staged: mark_sheets.Staged) -> Iterable[Difference]:
    seats = _seats(session, staged.batch)
    for one in staged.corrected:
        mark = one.standing
        who, heading = seats(mark.candidate_id, mark.part_id, mark.personnel_id)
        yield Difference(None, who, ((heading, mark_sheets.shown(mark.value), mark_sheets.shown(one.value)),))


def _seats(session: Session, batch: Batch) -> Callable[[int, int, int], tuple[str, str]]:
    """Who a mark is of and what it is called, by the ids of candidate, part and assessor."""
    found = {one.id: one for one in candidates_of(session, batch)}
    names = names_of(session, list(found.values()))
    query = select(Personnel).where(col(Personnel.institution_id) == batch.institution_id)
    assessors = {one.id: one for one in session.exec(query)}
    parts = {one.id: METHODS[one.method].name_zh for one in parts_of_batch(session, batch)}

    def told(candidate: int, part: int, assessor: int) -> tuple[str, str]:
        one, person = found[candidate], assessors[assessor]
        return f"{one.admission_number} {names[one.person_id]}", f"{parts[part]} {person.code} {person.name}"

    return told


def _marks_template(session: Session, asked: StagedImport, out: Path, means: Means) -> None:
    mark_sheets.marks_workbook(session, _batch(session, asked), out)


# Not for assessors: the workbook has everybody's marks, and theirs are blind until all have given them.
MARKS = Kind(
    "marks", "成绩表", frozenset({"hr"}), _stage_marks, _write_marks, _new_marks, _changed_marks, _marks_template,
    target="batch", states=("marking",), corrects=True,
)  # fmt: skip


# — the workbook of a scheme: criterion sheets, values of indicators, observations —


def _stage_scores(session: Session, asked: StagedImport, file: Source, means: Means) -> scheme_sheets.Staged:
    batch = _batch(session, asked)
    part, scheme, assessor = scheme_sheets.made_for(session, batch, file)
    return scheme_sheets.stage_scores(
        session, batch, part, scheme, file, reason=asked.reason, assessor=assessor, opened=_opened(session, batch)
    )


def _write_scores(session: Session, actor: Actor, staged: scheme_sheets.Staged, means: Means) -> Report:
    return scheme_sheets.write_scores(session, actor, staged)


def _new_scores(session: Session, staged: scheme_sheets.Staged) -> Iterable[Difference]:
    return _told_scores(session, staged, [one for one in staged.new if one.before is None])


def _changed_scores(session: Session, staged: scheme_sheets.Staged) -> Iterable[Difference]:
    return _told_scores(session, staged, [one for one in staged.new if one.before is not None])


def _told_scores(session: Session, staged: scheme_sheets.Staged, entries: Sequence[scheme_sheets.Entry]) -> Iterable[Difference]:
    names = names_of(session, [one.candidate for one in entries])
    for one in entries:
        heading = f"{METHODS[staged.part.method].name_zh} {one.assessor.code} {one.assessor.name}"
        given = "" if one.scored.value is None else show(one.scored.value)
        old = "" if one.before is None else mark_sheets.shown(one.before.value)
        yield Difference(None, f"{one.candidate.admission_number} {names[one.candidate.person_id]}", ((heading, old, given),))


SCORES = Kind(
    "scores", "评分工作簿", frozenset({"hr"}), _stage_scores, _write_scores, _new_scores, _changed_scores, target="batch",
    states=("marking",), corrects=True,
)  # fmt: skip


# — certificate numbers that the province allotted —


def _stage_numbers(session: Session, asked: StagedImport, file: Source, means: Means) -> allotted_numbers.StagedNumbers:
    return allotted_numbers.stage_numbers(session, _batch(session, asked), file, vault=means.vault, on=means.on)


def _write_numbers(session: Session, actor: Actor, staged: allotted_numbers.StagedNumbers, means: Means) -> Report:
    return allotted_numbers.write_numbers(
        session, actor, staged, means.library, vault=means.vault, on=means.on, missing_glyphs=means.missing_glyphs
    )


def _new_numbers(session: Session, staged: allotted_numbers.StagedNumbers) -> Iterable[Difference]:
    names = names_of(session, [candidate for candidate, _number in staged.new])
    for candidate, number in staged.new:
        yield Difference(None, f"{candidate.admission_number} {names[candidate.person_id]}", (("证书编号", "", number),))


def _numbers_template(session: Session, asked: StagedImport, out: Path, means: Means) -> None:
    batch = _batch(session, asked)
    found = [one for one in candidates_of(session, batch) if one.admission_number]
    names = names_of(session, found)
    rows = [{"admission_number": one.admission_number, "name": names[one.person_id]} for one in found]
    notes = ["填入省里下发的证书编号；没有编号的人整行删去。准考证号与证件号码至少留一项，用来认人。"]
    write_form(out, [FormSheet("证书编号", NUMBER_COLUMNS, rows, example=False)], "numbers/1", notes)


NUMBERS = Kind(
    "numbers", "证书编号", frozenset({"issuer"}), _stage_numbers, _write_numbers, _new_numbers, nothing, _numbers_template,
    target="batch", states=("cleared", "certified"),
)  # fmt: skip
