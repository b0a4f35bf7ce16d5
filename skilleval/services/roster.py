"""The columns of the roster (花名册) and the checks of its rows that need no database."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from skilleval import standards
from skilleval.domain.backgrounds import DIPLOMA_KINDS, TITLE_LEVELS
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import ID_ERRORS, ID_TYPES, birth_date_of, id_error, sex_of
from skilleval.idcheck import CODES, resident_id_errors
from skilleval.services.credentials import CREDENTIAL_KEYS
from skilleval.sheets.columns import Column
from skilleval.sheets.intake import Source
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

#: kind of credential → its columns → those of the roster; a row states one where there is a level
_CREDENTIALS: dict[str, dict[str, str]] = {
    "certificate": {"level": "held_grade", "obtained_on": "held_on", "occupation_code": "held_occupation", "number": "held_number"},
    "title": {"level": "title_level", "obtained_on": "title_on", "matching": "title_matching"},
    "diploma": {
        "level": "diploma_kind", "obtained_on": "diploma_on", "matching": "diploma_matching",
        "assessed": "diploma_assessed",
    },
}  # fmt: skip


@dataclass(slots=True)
class Entry:
    """One good row: the person's own columns, the document number, and what the person holds."""

    row: int
    id_number: str
    person: dict[str, Any]
    credentials: list[dict[str, Any]]


class Roster:
    """A roster whose rows were all checked, column by column; the rows are named by their place from 0.

    Going through it gives the good rows as entries. Every error of the other rows stands in ``table``.
    """

    def __init__(self, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
        self.table = table
        self._columns = columns

    @property
    def id_numbers(self) -> Sequence[str]:
        """The document number of every row; a good row has one."""
        return self._columns["id_number"]

    @property
    def employee_numbers(self) -> Sequence[str | None]:
        """The 工号 of every row."""
        return self._columns["employee_no"]

    def good(self) -> list[int]:
        """The places of the rows that have no error so far."""
        failed = self.table.failed
        return [place for place, row in enumerate(self.table.numbers) if row not in failed]

    def __iter__(self) -> Iterator[Entry]:
        return map(self.entry, self.good())

    def entry(self, place: int) -> Entry:
        """One good row by itself."""
        person = {key: self._columns[key][place] for key in PERSON_KEYS}
        credentials = [
            {**dict.fromkeys(CREDENTIAL_KEYS), **{key: values[0] for key, values in columns.items()}}
            for _holders, columns in self.credentials([place])
        ]
        return Entry(self.table.numbers[place], self.id_numbers[place], person, credentials)

    def people(self, places: Sequence[int]) -> dict[str, list[Any]]:
        """The persons' own columns of these good rows."""
        return {key: _at(self._columns[key], places) for key in PERSON_KEYS}

    def credentials(self, places: Sequence[int]) -> Iterator[tuple[list[int], dict[str, list[Any]]]]:
        """For each kind of credential that these good rows state: the places of those who hold one, and its columns."""
        for kind, fields in _CREDENTIALS.items():
            levels = self._columns[fields["level"]]
            holders = [place for place in places if levels[place] is not None]
            if holders:
                stated = {field: _at(self._columns[key], holders) for field, key in fields.items()}
                yield holders, {"kind": [kind] * len(holders), **stated}


def _at(column: Sequence[Any], places: Iterable[int]) -> list[Any]:
    return list(map(column.__getitem__, places))


def read_roster(path: Source, on: date, progress: Callable[[int], None] | None = None) -> tuple[Table, Roster]:
    """The sheet and its good rows; every error of the other rows, such as a date after ``on``, stands in the table.

    Refused with ``RuleBroken``: a file that is none, and wrong headings.
    """
    table = read_table(path, ROSTER, template_id=TEMPLATE_ID, progress=progress)
    columns = {column.key: table.column(column.key) for column in ROSTER}
    columns["id_type"] = [one or "resident_id" for one in columns["id_type"]]
    _check_numbers(table, columns)
    misread = _misread(table)
    _check_twice(table, columns)
    columns["sex"], columns["birth_date"] = _identities(table, columns, misread)
    columns["occupation_code"] = _occupations(table, "occupation", columns["occupation"])
    columns["held_occupation"] = _occupations(table, "held_occupation", columns["held_occupation"])
    _check_days(table, columns, on)
    return table, Roster(table, columns)


def _check_numbers(table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """All resident ID numbers at once; the few other documents one by one."""
    misread = _misread(table)
    read = [
        (row, number, id_type)
        for row, number, id_type in zip(table.numbers, columns["id_number"], columns["id_type"], strict=True)
        if row not in misread
    ]
    residents = [(row, number) for row, number, id_type in read if id_type == "resident_id"]
    codes = resident_id_errors([number for _row, number in residents])
    for index in codes.nonzero()[0]:
        row, number = residents[index]
        error = CODES[codes[index]]
        table.fail(row, "id_number", number, f"id_{error}", ID_ERRORS[error])
    for row, number, id_type in read:
        if id_type != "resident_id" and (other := id_error(id_type, number)):
            table.fail(row, "id_number", number, f"id_{other}", ID_ERRORS[other])


def _misread(table: Table) -> set[int]:
    """Rows whose document number says nothing: it, or its kind, is blank or wrong."""
    return {row for row, key in table.failed_cells if key in ("id_number", "id_type")}


def _check_twice(table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """A person who stands on two rows is an error on the later one that names the earlier."""
    first: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for row, number, own in zip(table.numbers, columns["id_number"], columns["employee_no"], strict=True):
        if number is None:
            continue
        if (seen := first.setdefault(number, row)) != row:
            table.fail(row, "id_number", number, "person_twice", f"与第{seen}行是同一个人（证件号码相同）")
        elif own and (seen := numbers.setdefault(own, row)) != row:
            table.fail(row, "employee_no", own, "employee_no_twice", f"工号与第{seen}行相同")


def _identities(
    table: Table, columns: Mapping[str, Sequence[Any]], misread: Collection[int]
) -> tuple[list[str | None], list[date | None]]:
    """Sex and birth date, from the number where it tells them; a row that says otherwise is wrong."""
    sexes, births = list(columns["sex"]), list(columns["birth_date"])
    for place, (row, number, id_type) in enumerate(
        zip(table.numbers, columns["id_number"], columns["id_type"], strict=True)
    ):
        if row in misread:
            continue
        sex, birth = sex_of(id_type, number), birth_date_of(number) if len(number) == 18 else None
        sexes[place] = _agreed(table, row, "sex", sex, sexes[place])
        births[place] = _agreed(table, row, "birth_date", birth, births[place])
    return sexes, births


_SEX_LABELS = {key: label for label, key in SEXES.items()}
_DIFFERS = {
    "sex": ("sex_differs", "与证件号码中的性别不一致，请核对"),
    "birth_date": ("birth_differs", "与证件号码中的出生日期不一致，请核对"),
}


def _agreed(table: Table, row: int, key: str, known: Any, written: Any) -> Any:
    """What the number tells, else what is written; they may not differ, and one of them must be there."""
    if known is None:
        if written is None and (row, key) not in table.failed_cells:
            table.fail(row, key, "", "required", "该证件类型不能得出此项，须填写")
        return written
    if written is not None and written != known:
        table.fail(row, key, _SEX_LABELS.get(written) or written.isoformat(), *_DIFFERS[key])
    return known


def _occupations(table: Table, key: str, column: Sequence[str | None]) -> list[str | None]:
    """The codes of occupations written as code, as name, or as both; each spelling is looked up once."""
    codes: dict[str | None, str | None] = {None: None}
    refusals: dict[str | None, RuleBroken] = {}
    for written in set(column) - codes.keys():
        assert written is not None
        try:
            codes[written] = _find_occupation(written)
        except RuleBroken as refusal:
            codes[written], refusals[written] = None, refusal
    if refusals:
        for row, written in zip(table.numbers, column, strict=True):
            if written in refusals:
                table.fail(row, key, written, "occupation", refusals[written].message)
    return [codes[written] for written in column]


def _find_occupation(written: str) -> str:
    code, _blank, name = written.partition(" ")
    if code[:1].isdigit():
        if name and (error := standards.pair_error(code, name)):
            raise RuleBroken(error)
        return standards.occupation(code).code
    found = [one.code for one in standards.occupations().values() if one.name == written]
    if not found:
        raise RuleBroken(f"没有名为“{written}”的职业，请填职业编码或大典中的名称")
    return found[0]


#: the columns that say what has happened already
_PAST = ("hired_on", "occupation_since", "held_on", "title_on", "diploma_on")


def _check_days(table: Table, columns: Mapping[str, Sequence[Any]], on: date) -> None:
    """Work before the age of ten, or a day that has not come, is a slip of the pen."""
    for key in _PAST:
        for row, birth, day in zip(table.numbers, columns["birth_date"], columns[key], strict=True):
            if day is not None and birth is not None and day.year < birth.year + 10:
                table.fail(row, key, day.isoformat(), "too_early", f"早于常理（{birth.year}年出生），请核对")
    for key in ("birth_date", *_PAST):
        for row, day in zip(table.numbers, columns[key], strict=True):
            if day is not None and day > on:
                table.fail(row, key, day.isoformat(), "in_future", f"晚于今天（{on}）；尚未发生的事请留空，发生后再导入")
