"""The print set of a session (考场用表) in one PDF, in the order in which the room needs it: door sheet (门贴), sign-in sheet
(签到表), then the score sheets (评分表) of each assessor. The forms are the software's own; no text prescribes them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from skilleval.reports.fonts import Fonts
from skilleval.reports.listing import Column, Listing, render_set

_DOOR = (Column("序号", 1), Column("准考证号", 4), Column("姓名", 3), Column("等级", 3))
_SIGN_IN = (
    Column("序号", 1), Column("准考证号", 4), Column("姓名", 2.5), Column("等级", 2.5), Column("本人签到", 3), Column("备注", 2),
)  # fmt: skip
_MARKS = (Column("序号", 1), Column("准考证号", 4), Column("姓名", 3), Column("评分", 2), Column("缺考", 1.2), Column("备注", 3))
_CRITERIA = (Column("评分项", 5, "left"), Column("范围", 5, "left"), Column("评分", 2), Column("备注", 3))


@dataclass(frozen=True, slots=True)
class Sitter:
    """Somebody who sits: 准考证号, name, printed grade."""

    number: str
    name: str
    grade: str


@dataclass(frozen=True, slots=True)
class ScoreForm:
    """What one assessor fills in for one part: a list of candidates, or with ``criteria`` (label, range) a sheet for each."""

    part: str
    assessor: str
    maximum: str
    sitters: Sequence[Sitter]
    criteria: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class RoomSet:
    """Everything that is printed for a session."""

    institution: str
    batch: str
    batch_name: str
    days: str
    venues: str
    sitters: Sequence[Sitter]
    forms: Sequence[ScoreForm]
    demo: bool = False


def render_room_set(told: RoomSet, fonts: Fonts) -> bytes:
    """The set as PDF. Refused with ``RuleBroken``: characters that no font has, all of them named."""
    return render_set(list(_listings(told)), f"{told.batch} 考场用表", fonts)


def _listings(told: RoomSet) -> Iterator[Listing]:
    opening = (f"评价机构：{told.institution}", f"认定批次：{told.batch_name}（{told.batch}）    时间：{told.days}", f"场地：{told.venues}")
    people = [(str(serial), one.number, one.name, one.grade) for serial, one in enumerate(told.sitters, start=1)]
    count = f"共 {len(people)} 人"
    yield Listing("考场门贴", _DOOR, people, opening, closing=(count,), note=told.batch, demo=told.demo)
    yield Listing(
        "考生签到表", _SIGN_IN, [(*one, "", "") for one in people], opening, signature=("考务人员签名：　　　　　　", "　　　年　　月　　日"),
        closing=(f"应到 {len(people)} 人，实到　　　人，缺考　　　人",), note=told.batch, demo=told.demo,
    )  # fmt: skip
    for form in told.forms:
        yield from _sheets(told, form)


def _sheets(told: RoomSet, form: ScoreForm) -> Iterator[Listing]:
    title, signature = f"{form.part}评分表", ("考评员签名：　　　　　　", "　　　年　　月　　日")
    head = f"认定批次：{told.batch}    考评员：{form.assessor}    满分：{form.maximum}"
    if not form.criteria:
        rows = [(str(serial), one.number, one.name, "", "", "") for serial, one in enumerate(form.sitters, start=1)]
        yield Listing(title, _MARKS, rows, (head,), signature, note=told.batch, demo=told.demo)
        return
    blank = [(label, limits, "", "") for label, limits in form.criteria]
    for one in form.sitters:
        opening = (head, f"准考证号：{one.number}    姓名：{one.name}    合计：　　　　分    缺考：□")
        yield Listing(title, _CRITERIA, blank, opening, signature, note=f"{told.batch} {one.number}", demo=told.demo)
