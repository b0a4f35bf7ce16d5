"""The columns of the roster (花名册) and the checks of its rows that need no database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from skilleval import standards
from skilleval.domain.eligibility import DIPLOMA_KINDS, TITLE_LEVELS
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import ID_ERRORS, ID_TYPES, birth_date_of, id_error, sex_of
from skilleval.idcheck import CODES, resident_id_errors
from skilleval.sheets.columns import Column
from skilleval.sheets.reading import Table, read_table

TEMPLATE_ID = "people/1"
SEXES = {"男": "male", "女": "female"}
EMPLOYMENT = {"合同": "contract", "派遣": "dispatched", "外包": "outsourced", "实习": "intern"}
EDUCATION = ("博士", "研究生", "大学本科", "大学专科和专科学校", "中等专业学校", "技校", "高级技校", "技师学院", "高中", "职高", "初中", "小学")
_TITLES = {"无": "none"} | {label: level for level, label in TITLE_LEVELS.items()} | {"初级": "junior", "中级": "intermediate", "高级": "senior"}  # fmt: skip
_DIPLOMAS = {"无": "none"} | {label: kind for kind, label in DIPLOMA_KINDS.items()}

ROSTER = (
    Column("employee_no", "工号", synonyms=("员工编号", "员工号", "职工号"), width=12, example="E0001"),
    Column("name", "姓名", required=True, synonyms=("员工姓名", "职工姓名"), width=12, example="张三"),
    Column("sex", "性别", "choice", choices=SEXES, width=6, example="男",
           note="居民身份证可不填，由证件号码得出；填了则须一致"),
    Column("id_type", "证件类型", "choice", choices={name: key for key, name in ID_TYPES.items()}, width=18,
           example="居民身份证", note="不填则为居民身份证"),
    Column("id_number", "证件号码", "digits", required=True, width=22, personal=True, example="440999199001010010",
           synonyms=("身份证号", "身份证号码", "居民身份证号码", "公民身份号码", "证件号", "身份证"),
           note="本列已设为文本格式，请勿改为数值"),
    Column("birth_date", "出生日期", "date", synonyms=("出生年月日", "出生年月"), example="1990-01-01",
           note="居民身份证可不填，由证件号码得出；填了则须一致"),
    Column("education", "文化程度", "text", synonyms=("学历",), example="高中"),
    Column("phone", "联系电话", "digits", synonyms=("手机号码", "手机", "手机号", "电话"), personal=True,
           example="15400000000"),
    Column("department", "部门", synonyms=("所在部门", "车间"), example="一车间"),
    Column("post", "岗位", synonyms=("岗位名称", "工作岗位"), example="维修电工"),
    Column("employment", "用工形式", "choice", choices=EMPLOYMENT, example="合同"),
    Column("hired_on", "入职日期", "date", synonyms=("入职时间", "进厂日期"), example="2015-07-01"),
    Column("occupation", "从事职业编码", synonyms=("从事职业", "职业编码", "职业"), width=16, example="6-31-01-03",
           note="职业编码或名称，如 6-31-01-03 或 电工"),
    Column("occupation_since", "从事本职业起始日期", "date", synonyms=("从事本职业起始时间", "本职业起始日期"), width=18,
           example="2015-07-01", note="现在所从事职业从哪一天开始；不填则工作年限“无法判断”"),
    Column("held_grade", "现持证书等级", "grade", choices={"无": "none"}, synonyms=("证书等级", "现持等级"),
           example="四级/中级工", note="没有证书请填“无”；不填则“无法判断”"),
    Column("held_occupation", "现持证书职业", synonyms=("证书职业", "现持证书职业编码"), width=16, example="6-31-01-03"),
    Column("held_number", "现持证书编号", "digits", synonyms=("证书编号",), width=26, example="Y000044000001204000001"),
    Column("held_on", "现持证书发证日期", "date", synonyms=("发证日期", "证书发证日期"), width=18, example="2020-06-01"),
    Column("title_level", "职称", "choice", choices=_TITLES, synonyms=("职称级别",), example="无",
           note="没有职称请填“无”；不填则“无法判断”"),
    Column("title_on", "职称取得日期", "date", example=""),
    Column("title_matching", "职称专业对口", "yes_no", example=""),
    Column("diploma_kind", "学历类别", "choice", choices=_DIPLOMAS, width=18, example="无",
           note="与申报有关的院校学历；没有请填“无”；不填则“无法判断”"),
    Column("diploma_matching", "学历专业对口", "yes_no", example=""),
    Column("diploma_on", "毕业日期", "date", synonyms=("毕业时间",), example=""),
    Column("diploma_assessed", "经评估论证", "yes_no", example=""),
)  # fmt: skip

INSTRUCTIONS = (
    "1. 每人一行，从示例行的下一行开始填写；标“*”的列必填。示例行导入时自动跳过，可以保留。",
    "2. 证件号码、联系电话、证书编号各列是文本格式，请勿改为数值，否则末尾数字会丢失，导入时将被拒绝。",
    "3. 日期可写作 2026-06-01、2026/6/1、2026.6.1、2026年6月1日或 20260601。",
    "4. 不知道的事请留空，不要猜：留空表示“无法判断”，与“没有”不同；确实没有请填“无”。",
    "5. 未列出的列可以删去，列的顺序可以调换，表头请勿改动。",
    "6. 导入：skilleval people import 本文件 --institution 统一社会信用代码",
)

PERSON_KEYS = (
    "name", "id_type", "sex", "birth_date", "employee_no", "education", "phone", "department", "post", "employment",
    "hired_on", "occupation_code", "occupation_since",
)  # fmt: skip


@dataclass(slots=True)
class Entry:
    """One good row: the person's own columns, the document number, and what the person holds."""

    row: int
    id_number: str
    person: dict[str, Any]
    credentials: list[dict[str, Any]] = field(default_factory=list)


def read_roster(path: Path, progress: Callable[[int], None] | None = None) -> tuple[Table, list[Entry]]:
    """The sheet and its good rows; every error of the other rows stands in the table.

    Refused with ``RuleBroken``: a file that is none, and wrong headings.
    """
    table = read_table(path, ROSTER, template_id=TEMPLATE_ID, progress=progress)
    _check_numbers(table)
    misread = _misread(table)
    _check_twice(table)
    names: dict[str, str | RuleBroken] = {}
    entries = []
    for row, values in table.every_row:
        entry = _entry(table, row, values, names, identified=row not in misread)
        if row not in table.failed:
            entries.append(entry)
    return table, entries


def _check_numbers(table: Table) -> None:
    """All resident ID numbers at once; the few other documents one by one."""
    misread = _misread(table)
    read = [(row, values) for row, values in table.every_row if row not in misread]
    residents = [(row, values) for row, values in read if values.get("id_type") in (None, "resident_id")]
    codes = resident_id_errors([values["id_number"] for _row, values in residents])
    for index in codes.nonzero()[0]:
        row, values = residents[index]
        error = CODES[codes[index]]
        table.fail(row, "id_number", values["id_number"], f"id_{error}", ID_ERRORS[error])
    for row, values in read:
        id_type = values.get("id_type") or "resident_id"
        if id_type != "resident_id" and (other := id_error(id_type, values["id_number"])):
            table.fail(row, "id_number", values["id_number"], f"id_{other}", ID_ERRORS[other])


def _misread(table: Table) -> set[int]:
    """Rows whose document number says nothing: it, or its kind, is blank or wrong."""
    return {row for row, key in table.failed_cells if key in ("id_number", "id_type")}


def _check_twice(table: Table) -> None:
    """A person who stands on two rows is an error on the later one that names the earlier."""
    first: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for row, values in table.every_row:
        if values["id_number"] is None:
            continue
        seen = first.setdefault(values["id_number"], row)
        if seen != row:
            table.fail(row, "id_number", values["id_number"], "person_twice", f"与第{seen}行是同一个人（证件号码相同）")
        own = values.get("employee_no")
        is_first = first[values["id_number"]] == row
        if own and is_first and (seen := numbers.setdefault(own, row)) != row:
            table.fail(row, "employee_no", own, "employee_no_twice", f"工号与第{seen}行相同")


def _entry(
    table: Table, row: int, values: dict[str, Any], names: dict[str, str | RuleBroken], *, identified: bool
) -> Entry:
    number, id_type = values["id_number"], values.get("id_type") or "resident_id"
    person: dict[str, Any] = {key: values.get(key) for key in PERSON_KEYS}
    person["id_type"] = id_type
    if identified:
        person["sex"], person["birth_date"] = _identity(table, row, values, number, id_type)
    person["occupation_code"] = _occupation(table, row, "occupation", values.get("occupation"), names)
    entry = Entry(row, number, person)
    held = _occupation(table, row, "held_occupation", values.get("held_occupation"), names)
    _check_days(table, row, values, person["birth_date"])
    if grade := values.get("held_grade"):
        entry.credentials.append(
            _credential("certificate", grade, values.get("held_on"), occupation_code=held, number=values.get("held_number"))
        )
    if level := values.get("title_level"):
        entry.credentials.append(
            _credential("title", level, values.get("title_on"), matching=values.get("title_matching"))
        )
    if kind := values.get("diploma_kind"):
        entry.credentials.append(
            _credential(
                "diploma", kind, values.get("diploma_on"), matching=values.get("diploma_matching"),
                assessed=values.get("diploma_assessed"),
            )
        )  # fmt: skip
    return entry


def _credential(kind: str, level: str, obtained_on: date | None, **fields: Any) -> dict[str, Any]:
    blank = {"occupation_code": None, "number": None, "issuer": None, "major": None, "matching": None, "assessed": None}
    return {"kind": kind, "level": level, "obtained_on": obtained_on, **blank, **fields}


def _identity(
    table: Table, row: int, values: dict[str, Any], number: str, id_type: str
) -> tuple[str | None, date | None]:
    """Sex and birth date, from the number where it tells them; a row that says otherwise is wrong."""
    sex, birth = sex_of(id_type, number), birth_date_of(number) if len(number) == 18 else None
    written_sex, written_birth = values.get("sex"), values.get("birth_date")
    if sex and written_sex and sex != written_sex:
        label = next(name for name, key in SEXES.items() if key == written_sex)
        table.fail(row, "sex", label, "sex_differs", "与证件号码中的性别不一致，请核对")
    if birth and written_birth and birth != written_birth:
        table.fail(row, "birth_date", written_birth.isoformat(), "birth_differs", "与证件号码中的出生日期不一致，请核对")
    for key, known, written in (("sex", sex, written_sex), ("birth_date", birth, written_birth)):
        if known is None and written is None and (row, key) not in table.failed_cells:
            table.fail(row, key, "", "required", "该证件类型不能得出此项，须填写")
    return sex or written_sex, birth or written_birth


def _occupation(
    table: Table, row: int, key: str, written: str | None, names: dict[str, str | RuleBroken]
) -> str | None:
    """The code of an occupation written as code, as name, or as both."""
    if written is None:
        return None
    if written not in names:
        names[written] = _find_occupation(written)
    found = names[written]
    if isinstance(found, RuleBroken):
        table.fail(row, key, written, "occupation", found.message)
        return None
    return found


def _find_occupation(written: str) -> str | RuleBroken:
    code, _blank, name = written.partition(" ")
    try:
        if code[:1].isdigit():
            if name and (error := standards.pair_error(code, name)):
                return RuleBroken(error)
            return standards.occupation(code).code
    except RuleBroken as refusal:
        return refusal
    found = [one.code for one in standards.occupations().values() if one.name == written]
    return found[0] if found else RuleBroken(f"没有名为“{written}”的职业，请填职业编码或大典中的名称")


def _check_days(table: Table, row: int, values: dict[str, Any], birth: date | None) -> None:
    """Work before the age of ten, or a day before birth, is a slip of the pen."""
    if birth is None:
        return
    for key in ("hired_on", "occupation_since", "held_on", "title_on", "diploma_on"):
        day = values.get(key)
        if day is not None and day.year < birth.year + 10:
            table.fail(row, key, day.isoformat(), "too_early", f"早于常理（{birth.year}年出生），请核对")
