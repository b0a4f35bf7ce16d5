"""The imports of an institution: its roster, its register of assessment items, and results of contests."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import Contest, Institution, Person, StagedImport
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import label
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import show
from skilleval.services import contests, item_sheets, people, roster
from skilleval.services.import_means import Difference, Kind, Means, nothing
from skilleval.services.journal import Actor
from skilleval.sheets.columns import Report
from skilleval.sheets.intake import Source
from skilleval.sheets.writing import FormSheet, write_form

#: a pre-filled roster of more people than this takes too long to write while somebody waits
MOST_FILLED = 20_000


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


PEOPLE = Kind(
    "people", "花名册", frozenset({"hr", "member_hr"}), _stage_people, _write_people, _new_people, _changed_people,
    _people_template, _filled_people,
)  # fmt: skip


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


ITEMS = Kind(
    "items", "考核项目登记表", frozenset({"hr"}), _stage_items, _write_items, _new_items, _changed_items, _items_template
)


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


CONTEST = Kind(
    "contest", "竞赛成绩", frozenset({"hr"}), _stage_results, _write_results, _new_results, nothing, _contest_template,
    target="contest",
)  # fmt: skip
