"""The nomination sheet of 特级技师 and 首席技师 (推荐表): one row a nomination.

Columns: guangdong-rules 2.3 and 7.2 T10, a composite list and not an official form.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from skilleval.db.tables import Appointment, Honour, Nomination, Person
from skilleval.domain.appointment import ROUTES
from skilleval.domain.backgrounds import EVIDENCE_LEVELS
from skilleval.domain.ladder import Grade
from skilleval.sheets.flat import Cell, FlatColumn, FlatSheet, write_tables

COLUMNS = tuple(
    FlatColumn(heading, width, kind)
    for heading, width, kind in (
        ("年度", 8, "integer"), ("期次", 6, "integer"), ("姓名", 10, "text"), ("证件号码", 22, "text"),
        ("职业编码", 14, "text"), ("职业名称", 18, "text"), ("工种", 14, "text"), ("申报等级", 12, "text"),
        ("现持等级", 16, "text"), ("现持等级取得日期", 16, "text"), ("推荐途径", 22, "text"), ("荣誉（授予单位，级别）", 40, "text"),
        ("主要业绩", 40, "text"), ("委员会表决（同意/投票）", 18, "text"), ("本企业公示", 24, "text"), ("聘任岗位", 18, "text"),
        ("聘期", 24, "text"), ("薪酬安排", 30, "text"), ("结果文件", 20, "text"), ("编号", 26, "text"),
    )
)  # fmt: skip
Row = tuple[Nomination, Person, Appointment | None, Sequence[Honour], str]


def write_nominations(path: Path, firm: str, rows: Iterable[Row], notes: Sequence[tuple[str, str]] = ()) -> None:
    """Write the sheet. Each row is a nomination, its person, appointment and honours, and the document number to print."""
    write_tables(path, [("申报单位", firm), *notes], [FlatSheet("推荐表", COLUMNS, _cells(rows))])


def _cells(rows: Iterable[Row]) -> Iterator[Sequence[Cell]]:
    for one, person, appointment, honours, id_number in rows:
        term = appointment or one
        yield (
            one.year, one.period, person.name, id_number, one.occupation_code, one.occupation_name, one.trade,
            Grade(one.grade).name_zh, Grade(one.current_grade).printed if one.current_grade else "无",
            str(one.current_on or ""), f"{one.route} {ROUTES[one.route]}", "；".join(map(_honour, honours)),
            one.achievements, f"{one.votes_for}/{one.votes_cast}", f"{one.notice_from} 至 {one.notice_to}", one.post,
            f"{term.term_from} 至 {term.term_to}", one.pay, appointment.list_number if appointment else "",
            (appointment.number or "") if appointment else "",
        )  # fmt: skip


def _honour(one: Honour) -> str:
    return f"{one.name}（{one.issuer}，{EVIDENCE_LEVELS[one.level] if one.level else '级别未填'}）"
