"""Items in and out: a workbook, a TOML file or one entry is checked whole, every error of every row at once, then written.

What was written out comes in again without a change. Only a draft changes what it says; see ``domain/items.py``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import ImportReceipt, Institution, Item, Personnel, Specification, SpecificationPart, id_of
from skilleval.domain.errors import RuleBroken
from skilleval.domain.items import Problem, change_problems, form_problems, requirement_problems, review_problems
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import STATES
from skilleval.domain.methods import METHODS
from skilleval.domain.occupations import Standard
from skilleval.services import journal, toml_form
from skilleval.services.items import items_of, people_of, standard_of
from skilleval.services.journal import Actor
from skilleval.sheets.columns import CellRefused, Column, Report, read_cell
from skilleval.sheets.intake import Source, incoming
from skilleval.sheets.reading import Table, file_hash, read_table
from skilleval.sheets.writing import FormSheet, write_form

TEMPLATE_ID = "items/1"
SHEET = "考核项目"
COLUMNS = (
    Column("code", "项目编号", required=True, width=14, example="SK-301", note="本单位自编；同一评价规范版本内不重复"),
    Column("specification", "评价规范", required=True, width=12, synonyms=("评价规范编号",), example="DG"),
    Column("version", "规范版本", "integer", required=True, width=10, example="1"),
    Column("grade", "等级", "grade", required=True, width=16, synonyms=("职业技能等级",), example="三级/高级工"),
    Column("method", "评价部分", "choice", required=True, width=16, synonyms=("考核方式",), example="技能操作考核",
           choices={one.name_zh: one.key for one in METHODS.values()}),
    Column("title", "项目名称", "prose", required=True, width=30, example="三相异步电动机正反转控制电路装调"),
    Column("function", "职业功能", required=True, width=26, example="继电控制电路装调维修",
           note="所依据标准的职业功能；理论项目也可填“职业道德”“基础知识”"),
    Column("task", "工作内容", width=20, note="标准的工作内容"),
    Column("requirement", "技能要求或相关知识", "prose", width=36, note="标准条目的序号，或用自己的话写明"),
    Column("points", "分值", "mark", required=True, width=8, example="30"),
    Column("state", "状态", "choice", required=True, width=8, example="草稿",
           choices={label: state for state, label in STATES["item"].items()}),
    Column("author", "命题人编号", required=True, width=12, example="K01", note="评价人员编号"),
    Column("reviewer", "审核人编号", width=12, example="K02", note="评价人员编号；启用前必填，不能是命题人本人"),
    Column("reason", "停用理由", "prose", width=24),
    Column("retired_on", "停用日期", "date", width=12),
    Column("sha256", "文件摘要", width=66, note="试题文件的 SHA-256，可不填"),
)  # fmt: skip
INSTRUCTIONS = (
    "一行一个考核项目：理论为一组试题，技能等为一个操作任务。本表只登记项目，不存放试题内容。",
    "项目须写明所考的要求：职业功能必填；工作内容、技能要求或相关知识写到哪一级就填到哪一级。",
    "草稿可以改动；启用后内容不再改动，停用后用新编号登记。停用的项目保留。",
)
_TYPES: Mapping[str, type] = {
    **{column.key: str for column in COLUMNS}, "version": int, "points": float, "retired_on": date,
}  # fmt: skip


@dataclass(slots=True)
class Staged:
    """A file of items that was checked and not yet written."""

    institution_id: int
    file_name: str
    sha256: str
    report: Report
    new: list[Item] = field(default_factory=list)
    #: a standing item, and what it shall say
    changed: list[tuple[Item, dict[str, Any]]] = field(default_factory=list)


def stage_workbook(
    session: Session, institution: Institution, file: Source, *, on: date, own_standards: Path | None = None
) -> Staged:
    """Read and check a workbook of items. Nothing is written; wrong rows stand in the report.

    Refused with ``RuleBroken``: a file that is none, wrong headings.
    """
    table = read_table(file, COLUMNS, template_id=TEMPLATE_ID)
    staged = Staged(id_of(institution), incoming(file).name, file_hash(file), table.report())
    _judge(staged, table, _Register(session, institution, own_standards), on)
    return staged


def stage_file(
    session: Session, institution: Institution, file: Path, content: Mapping[str, Any], *, on: date,
    own_standards: Path | None = None,
) -> Staged:  # fmt: skip
    """Check a parsed TOML file of items, ``[[item]]``; its ``specification`` and ``version`` hold for entries without.

    Refused with ``RuleBroken`` and every reason by entry and key.
    """
    table, problems = _table(file.name, content)
    staged = Staged(id_of(institution), file.name, file_hash(file), table.report())
    _judge(staged, table, _Register(session, institution, own_standards), on)
    problems += [f"item[{error.row}] {error.header}：{error.message}" for error in staged.report.errors]
    if problems:
        raise RuleBroken("考核项目文件有错误，未作任何改动", problems)
    return staged


def write_items(session: Session, actor: Actor, staged: Staged) -> Report:
    """Write what was staged, with one journal entry and one receipt; nothing where nothing is new or changed."""
    if staged.new or staged.changed:
        for item, values in staged.changed:
            for key, value in values.items():
                setattr(item, key, value)
        receipt = ImportReceipt(
            institution_id=staged.institution_id, kind="items", file_name=staged.file_name, sha256=staged.sha256,
            counts=staged.report.counts(), actor=actor.name,
        )  # fmt: skip
        written = [*staged.new, *(item for item, _values in staged.changed), receipt]
        session.add_all(written)
        journal.record(session, actor, staged.institution_id, "items.import", objects=written)
    return staged.report


def add_item(
    session: Session, actor: Actor, institution: Institution, entry: Mapping[str, Any], *, on: date,
    own_standards: Path | None = None,
) -> Item:  # fmt: skip
    """Register one item, said as an ``[[item]]`` of a file says it.

    Refused with every reason, led by its key: what a file of items is refused for, a code in use.
    """
    staged, code = _one(session, institution, entry, on, own_standards), entry.get("code")
    if not staged.new:
        raise RuleBroken("考核项目没有登记", [f"code：这一评价规范版本已有编号 {code}，请用别的编号"])
    return _keep(session, actor, staged, staged.new[0], "items.add")


def change_item(
    session: Session, actor: Actor, institution: Institution, entry: Mapping[str, Any], *, on: date,
    own_standards: Path | None = None,
) -> Item:  # fmt: skip
    """Change a draft, or put it in use: the entry says all of it. Refused as above, and what is the same as before."""
    staged = _one(session, institution, entry, on, own_standards)
    if not staged.changed:
        raise RuleBroken("与登记的内容相同，没有改动" if not staged.new else f"没有编号为 {entry.get('code')} 的考核项目")
    [(item, values)] = staged.changed
    for key, value in values.items():
        setattr(item, key, value)
    return _keep(session, actor, staged, item, "items.change")


def _one(
    session: Session, institution: Institution, entry: Mapping[str, Any], on: date, own_standards: Path | None
) -> Staged:
    """One checked entry that is of no file."""
    table, problems = _table("", {"institution": institution.credit_code, "item": [entry]})
    staged = Staged(id_of(institution), "", "", table.report())
    _judge(staged, table, _Register(session, institution, own_standards), on)
    problems += [f"{error.header}：{error.message}" for error in staged.report.errors]
    if problems:
        raise RuleBroken("考核项目有错误，未作任何改动", problems)
    return staged


def _keep(session: Session, actor: Actor, staged: Staged, item: Item, act: str) -> Item:
    session.add(item)
    journal.record(session, actor, staged.institution_id, act, objects=[item])
    return item


def write_template(out: Path) -> Path:
    """Write the empty workbook of items."""
    return write_form(out, [FormSheet(SHEET, COLUMNS)], TEMPLATE_ID, INSTRUCTIONS)


def write_workbook(
    session: Session, institution: Institution, out: Path, specification: Specification | None = None
) -> int:
    """Write the items as a workbook that comes in again, and return how many there are."""
    people = people_of(session, id_of(institution))
    rows = [_values(item, one, people) for item, one in items_of(session, institution, specification)]
    write_form(out, [FormSheet(SHEET, COLUMNS, rows, example=False)], TEMPLATE_ID, INSTRUCTIONS)
    return len(rows)


def _table(file_name: str, content: Mapping[str, Any]) -> tuple[Table, list[str]]:
    """The entries of a TOML file as a sheet would give them, with what is wrong in their form."""
    problems = toml_form.form_problems(
        {key: value for key, value in content.items() if key != "item"},
        {"institution": str, "specification": str, "version": int}, ("institution",),
    )  # fmt: skip
    entries = content.get("item", [])
    if not entries or not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise RuleBroken("考核项目文件有错误，未作任何改动", [*problems, "没有 [[item]] 一项"])
    table = Table(file_name, "item", COLUMNS, {}, {column.key: column.key for column in COLUMNS}, read=len(entries))
    table.numbers = list(range(1, len(entries) + 1))
    table.values = {column.key: [None] * len(entries) for column in COLUMNS}
    general = {key: content[key] for key in ("specification", "version") if key in content}
    for place, entry in enumerate(entries, start=1):
        problems += _read_entry(table, place, {**general, **entry})
    return table, problems


def _read_entry(table: Table, place: int, entry: Mapping[str, Any]) -> list[str]:
    problems = toml_form.form_problems(entry, _TYPES, (), f"item[{place}]")
    for column in COLUMNS:
        value = entry.get(column.key)
        if toml_form.form_problems({column.key: value} if column.key in entry else {}, _TYPES, ()):
            table.failed.add(place)
            table.failed_cells.add((place, column.key))
            continue
        try:
            table.values[column.key][place - 1] = read_cell(value, column)
        except CellRefused as refusal:
            table.fail(place, column.key, value, refusal.code, refusal.message)
    return problems


class _Register:
    """What the checks of a file need from the database, loaded once."""

    def __init__(self, session: Session, institution: Institution, own_standards: Path | None) -> None:
        firm = id_of(institution)
        self.people = people_of(session, firm)
        self.by_code = {one.code: one for one in self.people.values()}
        query = select(Specification).where(col(Specification.institution_id) == firm)
        found = session.exec(query.order_by(col(Specification.code), col(Specification.version))).all()
        self.specifications = {(one.code, one.version): one for one in found}
        parts = session.exec(select(SpecificationPart).where(col(SpecificationPart.institution_id) == firm))
        self.parts = {(one.specification_id, one.grade, one.method): one for one in parts}
        standing = items_of(session, institution)
        self.items = {(id_of(one), item.code): item for item, one in standing}
        self.said = {(id_of(one), item.code): _values(item, one, self.people) for item, one in standing}
        self._standard = cache(lambda key: standard_of(self.specifications[key], own_standards))

    def specification_problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        """What is wrong with specification, version, grade and part together."""
        code, version, grade, method = (values.get(key) for key in ("specification", "version", "grade", "method"))
        if code is None or version is None:
            return
        specification = self.specifications.get((code, version))
        if specification is None:
            listed = "、".join(f"{one} 第 {number} 版" for one, number in self.specifications) or "无"
            yield Problem("specification", "specification_unknown", f"没有 {code} 第 {version} 版评价规范，已登记的有：{listed}")
        elif grade and method and (specification.id, grade, method) not in self.parts:
            yield Problem("method", "part_missing", f"{code} 第 {version} 版的{Grade(grade).printed}没有“{METHODS[method].name_zh}”部分")

    def problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        """Everything wrong with a row."""
        yield from self.specification_problems(values)
        part = self.part(values)
        yield from form_problems(values, part.maximum if part else None)
        yield from requirement_problems(values, self.standard(values))
        for key in ("author", "reviewer"):
            if values.get(key) is not None and values[key] not in self.by_code:
                yield Problem(key, "person_unknown", "没有这一编号的评价人员，请先在机构文件中登记")
        author, reviewer = (self.by_code.get(values.get(key) or "") for key in ("author", "reviewer"))
        yield from review_problems(values, same_person=_is_same(author, reviewer))
        before = self.said.get(self.key(values))
        if before is not None:
            yield from change_problems(before, values)

    def key(self, values: Mapping[str, Any]) -> tuple[int, str]:
        """What names an item; a specification that there is not has no items."""
        specification = self.specifications.get((values.get("specification") or "", values.get("version") or 0))
        return (id_of(specification) if specification else 0, values.get("code") or "")

    def part(self, values: Mapping[str, Any]) -> SpecificationPart | None:
        """The part that an item belongs to."""
        return self.parts.get((self.key(values)[0], values.get("grade") or "", values.get("method") or ""))

    def standard(self, values: Mapping[str, Any]) -> Standard | None:
        """The standard that the item's specification rests on."""
        key = (values.get("specification"), values.get("version"))
        return self._standard(key) if key in self.specifications else None


def _judge(staged: Staged, table: Table, register: _Register, on: date) -> None:
    """Hold every row against the register: what is new, what is changed, and every error of the others."""
    first: dict[tuple[int, str], int] = {}
    for row, values in table.every_row:
        key = register.key(values)
        if all(key) and first.setdefault(key, row) != row:
            table.fail(row, "code", key[1], "code_twice", f"与第 {first[key]} 行的编号相同")
        said = _said(values, register.said.get(key), on)
        if row not in table.failed and said == register.said.get(key):
            # What stands is not judged anew: a later standard may no longer have the requirement.
            staged.report.unchanged += 1
            continue
        for problem in register.problems(values):
            if (row, problem.key) not in table.failed_cells:
                table.fail(row, problem.key, values.get(problem.key), problem.code, problem.message)
        if row not in table.failed:
            _put(staged, register, key, said)
    staged.report.failed = len(table.failed)
    staged.report.errors = sorted(table.errors, key=lambda error: (error.row, len(error.column), error.column))


def _said(values: Mapping[str, Any], before: Mapping[str, Any] | None, on: date) -> dict[str, Any]:
    """What a row says of an item; one retired without a day was retired when it stands so, else on ``on``."""
    said = {column.key: values.get(column.key) for column in COLUMNS}
    if said["state"] == "retired" and said["retired_on"] is None:
        said["retired_on"] = (before and before["retired_on"]) or on
    return said


def _put(staged: Staged, register: _Register, key: tuple[int, str], said: Mapping[str, Any]) -> None:
    author, reviewer = register.by_code[said["author"]], register.by_code.get(said["reviewer"] or "")
    columns = {name: said[name] for name in said if name not in ("specification", "version", "author", "reviewer")}
    columns |= {
        "author_id": author.id, "reviewer_id": reviewer.id if reviewer else None, "specification_id": key[0],
        "institution_id": staged.institution_id,
    }  # fmt: skip
    if key not in register.items:
        staged.new.append(Item(**columns))
        staged.report.new += 1
    else:
        staged.changed.append((register.items[key], columns))
        staged.report.changed += 1


def _values(item: Item, specification: Specification, people: Mapping[int, Personnel]) -> dict[str, Any]:
    """An item as its row says it."""
    own = {column.key: getattr(item, column.key, None) for column in COLUMNS}
    return own | {
        "specification": specification.code,
        "version": specification.version,
        "author": people[item.author_id].code,
        "reviewer": people[item.reviewer_id].code if item.reviewer_id else None,
    }


def _is_same(one: Personnel | None, other: Personnel | None) -> bool:
    """Whether two entries are one person: the same entry, or two codes with the same document number."""
    if one is None or other is None:
        return False
    return one.id == other.id or (one.id_index is not None and one.id_index == other.id_index)
