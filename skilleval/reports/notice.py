"""The public notice (公示) as PDF: who passed, with masked numbers, from when to when, and where to object.

It prints the hash of the frozen content and the journal's head: the sheet on the wall is what anchors both.
Columns and masking: guangdong-rules 4.3 (practice, no official form was found).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from skilleval.reports.files import write_whole
from skilleval.reports.fonts import Fonts
from skilleval.reports.listing import Column, Listing, render_listing

_COLUMNS = (
    Column("序号", 11.5),
    Column("姓名", 28.7),
    Column("证件号码", 35.2),
    Column("所在单位", 34.4, "left"),
    Column("职业名称", 18.4),
    Column("工种/职业方向", 15.7),
    Column("职业技能等级", 23),
    Column("申报途径", 15.1),
)
_NO_TRADE = "--"


@dataclass(frozen=True, slots=True)
class NoticeEntry:
    """One person on the list; the document number is masked already."""

    serial: int
    name: str
    masked_number: str
    employer: str
    occupation: str
    trade: str
    grade: str
    route: str


@dataclass(frozen=True, slots=True)
class NoticeSheet:
    """A notice as it was frozen, with its hash and the journal's head at that moment."""

    institution: str
    credit_code: str
    contact: str
    phone: str
    batch: str
    batch_name: str
    first_day: date
    last_day: date
    working_days: int
    entries: tuple[NoticeEntry, ...] = field(repr=False)
    content_hash: str
    journal_head: str
    demo: bool = False
    #: what a corrected notice says of the one before
    correction: str = ""

    @classmethod
    def from_content(
        cls, content: Mapping[str, Any], *, content_hash: str, journal_head: str, demo: bool = False
    ) -> "NoticeSheet":
        """The sheet of a notice's stored content."""
        names = NoticeEntry.__slots__
        return cls(
            **{key: content[key] for key in ("institution", "credit_code", "contact", "phone", "batch", "batch_name")},
            first_day=date.fromisoformat(content["first_day"]),
            last_day=date.fromisoformat(content["last_day"]),
            working_days=content["working_days"],
            entries=tuple(NoticeEntry(**{name: entry[name] for name in names}) for entry in content["entries"]),
            content_hash=content_hash,
            journal_head=journal_head,
            demo=demo,
            correction=_correction(content["correction"]) if "correction" in content else "",
        )


def render_notice(sheet: NoticeSheet, fonts: Fonts) -> bytes:
    """The notice as PDF. Refused with ``RuleBroken``: characters that no font has, all of them named."""
    return render_listing(
        Listing(
            title="职业技能等级认定结果更正公示" if sheet.correction else "职业技能等级认定结果公示",
            columns=_COLUMNS,
            rows=[_row(entry) for entry in sheet.entries],
            opening=_opening(sheet),
            signature=(f"{sheet.institution}（盖章）", _day(sheet.first_day)),
            closing=(
                f"本公示内容摘要（SHA-256）：{sheet.content_hash}",
                f"公示时操作日志链头：{sheet.journal_head}",
            ),
            note=f"{sheet.batch}  ·  摘要 {sheet.content_hash[:16]}",
            demo=sheet.demo,
        ),
        fonts,
    )


def render_rehearsal(sheet: NoticeSheet, basis: str, fonts: Fonts) -> bytes:
    """What the notice would look like, stamped 演练 on each page: no place for a seal, no hash, no journal's head.

    ``basis`` says why these people stand on it. Refused as above.
    """
    return render_listing(
        Listing(
            title="职业技能等级认定结果公示（演练样张）",
            columns=_COLUMNS,
            rows=[_row(entry) for entry in sheet.entries],
            opening=(basis, *_opening(sheet)),
            closing=("本页由演练生成，没有公示，也没有存档；没有内容摘要和日志链头，不能张贴或作为依据。",),
            note=f"{sheet.batch}  ·  演练",
            demo=sheet.demo,
            rehearsal=True,
        ),
        fonts,
    )


def write_notice(path: Path, sheet: NoticeSheet, fonts: Fonts) -> Path:
    """Write the notice to ``path``, whole or not at all."""
    return write_whole(path, render_notice(sheet, fonts))


def _opening(sheet: NoticeSheet) -> tuple[str, ...]:
    contact = "，".join(filter(None, (sheet.contact, sheet.phone and f"电话 {sheet.phone}"))) or sheet.institution
    return (
        *((sheet.correction,) if sheet.correction else ()),
        f"评价机构：{sheet.institution}（{sheet.credit_code}）",
        f"认定批次：{sheet.batch_name}（{sheet.batch}）    合格人数：{len(sheet.entries)} 人",
        f"公示时间：{_day(sheet.first_day)}至{_day(sheet.last_day)}，共 {sheet.working_days} 个工作日",
        f"对公示结果有异议的，请在公示期内以书面形式实名提出。联系人：{contact}",
    )


def _correction(told: Mapping[str, Any]) -> str:
    changes = [f"{word}{'、'.join(told[key])}" for key, word in (("gone", "删去"), ("new", "列入")) if told[key]]
    return f"本公示更正并取代第 {told['serial']} 次公示（{'；'.join(changes)}），更正原因：{told['reason']}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _row(entry: NoticeEntry) -> tuple[str, ...]:
    return (
        str(entry.serial),
        entry.name,
        entry.masked_number,
        entry.employer,
        entry.occupation,
        entry.trade or _NO_TRADE,
        entry.grade,
        entry.route,
    )
