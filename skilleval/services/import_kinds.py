"""What can be imported from a workbook: one line a kind in ``IMPORTS``, each by the service that the command line uses."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Contest, Institution, Person, Personnel, StagedImport
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import label
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import show
from skilleval.installation import Installation
from skilleval.packs import Library
from skilleval.services import (
    allotted_numbers,
    candidate_sheets,
    contests,
    item_sheets,
    mark_sheets,
    people,
    roster,
    scheme_sheets,
)
from skilleval.services.batches import candidates_of, parts_of_batch
from skilleval.services.enrolment_form import write_enrolment_form
from skilleval.services.journal import Actor
from skilleval.services.marks import names_of, unlocks_of
from skilleval.services.number_list import NUMBER_COLUMNS
from skilleval.sheets.columns import Report
from skilleval.sheets.intake import Source
from skilleval.sheets.writing import FormSheet, write_form

#: a pre-filled roster of more people than this takes too long to write while somebody waits
MOST_FILLED = 20_000


@dataclass(frozen=True, slots=True)
class Means:
    """What the services of the imports need besides the session: keys, rules, today, characters that can't be printed, and own standards."""

    vault: Vault
    library: Library
    on: date
    missing_glyphs: Callable[[str], list[str]]
    #: the folder of the installation's own standard files
    own_standards: Path
    #: told how many rows were read, where that takes long
    progress: Callable[[int], None] | None = None


def means_of(installation: Installation, on: date, progress: Callable[[int], None] | None = None) -> Means:
    """The means of an installation on a day."""

    def missing_glyphs(text: str) -> list[str]:
        # reportlab is slow to import, and only certificates need it.
        from skilleval.reports.fonts import load_fonts

        fonts = load_fonts(installation.settings.fonts)
        return [f"{character}（{code}）" for character, code in fonts.missing_glyphs(text, "fangsong")]

    return Means(installation.vault, installation.library, on, missing_glyphs, installation.folder / "standards", progress)


@dataclass(frozen=True, slots=True)
class Difference:
    """What would become of one row: whose it is, and each value that is new, as (heading, old, new).

    ``row`` is None where the service names people and not rows.
    """

    row: int | None
    who: str
    values: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of import.

    ``stage`` reads and checks (what it gives has a ``report``), ``write`` writes what was staged, ``new`` and ``changed``
    tell what it would do. ``template`` writes the workbook to fill in, without document numbers (none where another page
    hands it out); ``filled`` the one that has people with their whole numbers in it, where there is one. ``target`` is batch, contest or nothing; a batch must
    stand in one of ``states``.
    """

    key: str
    title: str
    roles: frozenset[str]
    stage: Callable[[Session, StagedImport, Source, Means], Any]
    write: Callable[[Session, Actor, Any, Means], Report]
    new: Callable[[Session, Any], Iterable[Difference]]
    changed: Callable[[Session, Any], Iterable[Difference]]
    template: Callable[[Session, StagedImport, Path, Means], object] | None = None
    filled: Callable[[Session, StagedImport, Path, Means], object] | None = None
    target: str = ""
    states: tuple[str, ...] = ()
    #: what stands is corrected where a reason is given with the file
    corrects: bool = False


def _nothing(_session: Session, _staged: Any) -> Iterable[Difference]:
    return ()


# — the roster —


def _stage_people(session: Session, asked: StagedImport, file: Source, means: Means) -> people.Staged:
    return people.stage_people(session, _firm(session, asked), file, vault=means.vault, on=means.on, progress=means.progress)


def _write_people(session: Session, actor: Actor, staged: people.Staged, means: Means) -> Report:
    return people.write_people(session, actor, staged, vault=means.vault)


def _new_people(session: Session, staged: people.Staged) -> Iterable[Difference]:
    for place in staged.new:
        entry = staged.roster.entry(place)
        stated = {key: value for key, value in entry.person.items() if key not in ("name", "id_type")}
        held = [(header, "", value) for header, _old, value in _credentials(entry)]
        yield Difference(entry.row, entry.person["name"], (*_told(stated, dict.fromkeys(stated)), *held))


def _changed_people(session: Session, staged: people.Staged) -> Iterable[Difference]:
    holders = {entry.row: (entry, person_id) for entry, person_id in staged.recredentialed}
    for entry, person, different in staged.changed:
        old = {key: getattr(person, key) for key in different}
        held = _credentials(entry) if holders.pop(entry.row, None) else ()
        yield Difference(entry.row, person.name, (*_told(different, old), *held))
    for entry, _person_id in holders.values():
        yield Difference(entry.row, entry.person["name"], tuple(_credentials(entry)))


_HEADINGS = {column.key: column for column in roster.ROSTER} | {
    "occupation_code": next(column for column in roster.ROSTER if column.key == "occupation")
}


def _told(new: dict[str, Any], old: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    for key, value in new.items():
        if value is not None:
            yield _HEADINGS[key].header, _spelled(key, old[key]), _spelled(key, value)


def _spelled(key: str, value: Any) -> str:
    labels = {stored: label for label, stored in _HEADINGS[key].choices.items()}
    return "" if value is None else str(labels.get(value, value))


_CREDENTIALS = {"certificate": "现持证书", "title": "职称", "diploma": "学历"}


def _credentials(entry: roster.Entry) -> Iterable[tuple[str, str, str]]:
    """What the row states that the person holds; what is on record of it is corrected or added to."""
    levels = {
        "certificate": lambda level: "无" if level == "none" else Grade(level).printed,
        "title": lambda level: _spelled("title_level", level),
        "diploma": lambda level: _spelled("diploma_kind", level),
    }
    for one in entry.credentials:
        parts = [levels[one["kind"]](one["level"]), one["occupation_code"], one["number"], one["obtained_on"]]
        yield _CREDENTIALS[one["kind"]], "（以本文件为准更新）", "　".join(str(part) for part in parts if part)


def _people_template(session: Session, asked: StagedImport, out: Path, means: Means) -> None:
    write_form(out, [FormSheet("花名册", roster.ROSTER)], roster.TEMPLATE_ID, roster.INSTRUCTIONS)


def _filled_people(session: Session, asked: StagedImport, out: Path, means: Means) -> None:
    query = select(Person).where(col(Person.institution_id) == asked.institution_id).order_by(col(Person.pinyin), col(Person.id))
    found = session.exec(query.limit(MOST_FILLED + 1)).all()
    if len(found) > MOST_FILLED:
        raise RuleBroken(f"花名册超过 {MOST_FILLED} 人，不能预填；请下载空白模板，只填要新增或变更的人")
    rows = [
        {**one.model_dump(), "id_number": means.vault.open(one.institution_id, one.id_sealed), "occupation": one.occupation_code}
        for one in found
    ]
    write_form(out, [FormSheet("花名册", roster.ROSTER, rows, example=False)], roster.TEMPLATE_ID, roster.INSTRUCTIONS)


def _firm(session: Session, asked: StagedImport) -> Institution:
    found = session.get(Institution, asked.institution_id)
    assert found is not None
    return found


# — the register of items —


def _stage_items(session: Session, asked: StagedImport, file: Source, means: Means) -> item_sheets.Staged:
    return item_sheets.stage_workbook(
        session, _firm(session, asked), file, on=means.on, own_standards=means.own_standards
    )


def _write_items(session: Session, actor: Actor, staged: item_sheets.Staged, means: Means) -> Report:
    return item_sheets.write_items(session, actor, staged)


_ITEM_TEXTS = ("title", "function", "task", "requirement", "reason")


def _new_items(_session: Session, staged: item_sheets.Staged) -> Iterable[Difference]:
    for item in staged.new:
        told = [("等级", "", Grade(item.grade).printed), ("评价部分", "", METHODS[item.method].name_zh), ("分值", "", show(item.points))]
        told += [(_ITEM_HEADERS[key], "", getattr(item, key)) for key in _ITEM_TEXTS if getattr(item, key)]
        yield Difference(None, item.code, tuple(told))


def _changed_items(_session: Session, staged: item_sheets.Staged) -> Iterable[Difference]:
    for item, values in staged.changed:
        told = [
            (_ITEM_HEADERS[key], getattr(item, key) or "", values[key] or "")
            for key in _ITEM_TEXTS if getattr(item, key) != values[key]
        ]  # fmt: skip
        told += [("分值", show(item.points), show(values["points"]))] if item.points != values["points"] else []
        if item.state != values["state"]:
            told.append(("状态", label("item", item.state), label("item", values["state"])))
        yield Difference(None, item.code, tuple(told))


_ITEM_HEADERS = {column.key: column.header for column in item_sheets.COLUMNS}


def _items_template(session: Session, asked: StagedImport, out: Path, means: Means) -> None:
    item_sheets.write_template(out)


# — candidates of a batch —


def _batch(session: Session, asked: StagedImport) -> Batch:
    query = select(Batch).where(col(Batch.id) == asked.batch_id, col(Batch.institution_id) == asked.institution_id)
    return session.exec(query).one()


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


# — marks of a batch —


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


# — results of a contest —


def _contest(session: Session, asked: StagedImport) -> Contest:
    query = select(Contest).where(col(Contest.id) == asked.contest_id, col(Contest.institution_id) == asked.institution_id)
    return session.exec(query).one()


def _stage_results(session: Session, asked: StagedImport, file: Source, means: Means) -> contests.Staged:
    return contests.stage_results(session, _contest(session, asked), file, vault=means.vault)


def _write_results(session: Session, actor: Actor, staged: contests.Staged, means: Means) -> Report:
    return contests.write_results(session, actor, staged)


def _new_results(session: Session, staged: contests.Staged) -> Iterable[Difference]:
    query = select(Person.id, Person.name).where(col(Person.id).in_([one.person_id for one in staged.new]))
    names = dict(session.exec(query).all())
    for one in staged.new:
        told = (("组别", one.group_name), ("名次", one.rank), ("参赛人数", one.participants), ("奖项", one.award))
        yield Difference(None, names[one.person_id], tuple((header, "", str(value)) for header, value in told if value is not None))


def _contest_template(session: Session, asked: StagedImport, out: Path, means: Means) -> None:
    notes = ["一行一人；名次与奖项至少填一项，没有获奖请在“奖项”填“无”。本表含完整证件号码，请妥善保管。"]
    write_form(out, [FormSheet("竞赛成绩", contests.COLUMNS)], contests.TEMPLATE_ID, notes)


IMPORTS = {
    kind.key: kind
    for kind in (
        Kind("people", "花名册", frozenset({"hr", "member_hr"}), _stage_people, _write_people, _new_people, _changed_people,
             _people_template, _filled_people),
        Kind("items", "考核项目登记表", frozenset({"hr"}), _stage_items, _write_items, _new_items, _changed_items, _items_template),
        Kind("candidates", "报名表", frozenset({"hr"}), _stage_candidates, _write_candidates, _new_candidates,
             _changed_candidates, _candidates_template, _filled_candidates, target="batch", states=("enrolling",)),
        # Not for assessors: the workbook has everybody's marks, and theirs are blind until all have given them.
        Kind("marks", "成绩表", frozenset({"hr"}), _stage_marks, _write_marks, _new_marks, _changed_marks, _marks_template,
             target="batch", states=("marking",), corrects=True),
        Kind("scores", "评分工作簿", frozenset({"hr"}), _stage_scores, _write_scores, _new_scores, _changed_scores, target="batch",
             states=("marking",), corrects=True),
        Kind("numbers", "证书编号", frozenset({"issuer"}), _stage_numbers, _write_numbers, _new_numbers, _nothing,
             _numbers_template, target="batch", states=("cleared", "certified")),
        Kind("contest", "竞赛成绩", frozenset({"hr"}), _stage_results, _write_results, _new_results, _nothing,
             _contest_template, target="contest"),
    )
}  # fmt: skip
