"""The task card (操作技能考核任务书) of a practical item: what a candidate is to do, with what, where and in what time.

A practice document, not an official form: guangdong-rules M10 names operation tasks among what a registration describes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Spacer

from skilleval.db.tables import Item, Specification, TaskCard
from skilleval.domain import lifecycle
from skilleval.domain.ladder import Grade
from skilleval.domain.scoring import show
from skilleval.reports.fonts import Fonts
from skilleval.reports.paper import Paper

TITLE = "操作技能考核任务书"
_PAIRS = (26 * mm, 59 * mm, 26 * mm, 59 * mm)
_THINGS = (12 * mm, 68 * mm, 60 * mm, 30 * mm)


@dataclass(frozen=True, slots=True)
class CardContent:
    """A card with what it belongs to; ``admission`` and ``name`` are of the candidate whose card it is, else to fill in."""

    institution: str
    specification: Specification
    item: Item
    card: TaskCard
    admission: str = ""
    name: str = ""


def render_card(content: CardContent, fonts: Fonts, *, demo: bool = False) -> bytes:
    """The card as PDF on A4. Refused: a character that no font has."""
    return render_cards([content], fonts, demo=demo)


def render_cards(contents: Sequence[CardContent], fonts: Fonts, *, demo: bool = False) -> bytes:
    """Cards of one item (one at least), each beginning on a page of its own. Refused as ``render_card``."""
    page, first = Paper(fonts, demo=demo), contents[0]
    story = _story(first, page)
    for one in contents[1:]:
        story += [*page.next_part(_running(one)), *_story(one, page)]
    return page.build(story, title=f"{TITLE} {first.item.code}", running=_running(first))


def _story(content: CardContent, page: Paper) -> list[Flowable]:
    card = content.card
    story: list[Flowable] = [page.title(TITLE), _basics(content, page)]
    story += _table("一、设备（每工位）", ("设备名称", "型号", "数量"), card.equipment, ("name", "model", "count"), page)
    story += _table("二、材料（每名考生）", ("材料名称", "规格", "数量"), card.materials, ("name", "model", "amount"), page)
    story += _table("三、工具、量具（每名考生）", ("名称", "规格", "数量"), card.tools, ("name", "model", "amount"), page)
    story += _lines("四、操作步骤与要求", card.steps, page)
    reference = [f"见：{card.criteria_reference}"] if card.criteria_reference else []
    story += _lines("五、评分标准", card.criteria, page, before=reference)
    story += _lines("六、安全注意事项", card.safety, page)
    story.append(KeepTogether([Spacer(1, 8 * mm), page.text("考生签名：____________　　监考（考评）人员签名：____________")]))
    return story


def _running(content: CardContent) -> str:
    one, item = content.specification, content.item
    told = f"{content.institution}　{one.code} 第{one.version}版　{item.code} {item.title}"
    return f"{told}　任务书第{content.card.revision}次登记" + (f"　{content.admission} {content.name}" if content.admission else "")


def _basics(content: CardContent, page: Paper) -> Flowable:
    card, item = content.card, content.item
    pairs = (
        ("项目编号", item.code, "状态", lifecycle.label("item", item.state)),
        ("评价规范", content.specification.title, "等级", Grade(item.grade).printed),
        ("职业功能", item.function, "工作内容", item.task or "—"),
        ("考核时限", f"{card.minutes} 分钟", "分值", show(item.points)),
        ("考核地点", card.place, "同时工位", f"{card.stations} 个"),
        ("准考证号", content.admission, "考生姓名", content.name),
    )
    rows: list[list[Any]] = [[page.cell("项目名称", bold=True), page.cell(item.title, align="left"), "", ""]]
    rows.append([page.cell("所考要求", bold=True), page.cell(item.requirement or "—", align="left"), "", ""])
    rows += [
        [page.cell(left, bold=True), page.cell(one), page.cell(right, bold=True), page.cell(other)]
        for left, one, right, other in pairs
    ]
    return page.grid(rows, _PAIRS, spans=[((1, 0), (3, 0)), ((1, 1), (3, 1))])


def _table(
    title: str, headings: Sequence[str], things: Sequence[Mapping[str, Any]], keys: Sequence[str], page: Paper
) -> list[Flowable]:
    """A heading and a table whose own headings are repeated on each page; 无 where nothing is asked for."""
    heading = [Spacer(1, 4 * mm), page.text(title)]
    if not things:
        return [KeepTogether([*heading, page.paragraph("无")])]
    rows = [[page.cell(text, bold=True) for text in ("序号", *headings)]]
    for serial, thing in enumerate(things, start=1):
        rows.append([page.cell(str(serial)), *(page.cell(str(thing.get(key) or "—")) for key in keys)])
    # A heading must not stand alone at the foot of a page.
    return [CondPageBreak(35 * mm), *heading, page.grid(rows, _THINGS, headings=1)]


def _lines(title: str, lines: Sequence[str], page: Paper, before: Sequence[str] = ()) -> list[Flowable]:
    told = [*before, *(f"{serial}. {line}" for serial, line in enumerate(lines, start=1))] or ["无"]
    first, *rest = [page.paragraph(text) for text in told]
    return [KeepTogether([Spacer(1, 4 * mm), page.text(title), first]), *rest]
