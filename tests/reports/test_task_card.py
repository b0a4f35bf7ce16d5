"""The task card as PDF: a running head and page x of y on each page, headings repeated, text taken literally."""

import re
from pathlib import Path

import pytest

from skilleval.db.tables import Item, Specification, TaskCard
from skilleval.domain.errors import RuleBroken
from skilleval.reports.fonts import load_fonts
from skilleval.reports.task_card import CardContent, render_card
from tests.reports.reading import fonts_not_embedded, is_sound, text_of


def content(**own: object) -> CardContent:
    told = {"minutes": 90, "place": "车间", "steps": ["<b>装配</b> &amp;"], "safety": ["断电"], **own}
    card = TaskCard(institution_id=1, item_id=1, recorded_by="经办", **told)
    item = Item(institution_id=1, specification_id=1, code="SK-1", title="装调" * 40, grade="senior", method="skill",
                function="功能", points=1500, author_id=1, state="draft")  # fmt: skip
    specification = Specification(institution_id=1, code="DG", title="电工评价规范", occupation_code="6-31-01-03")
    return CardContent("岭南精工制造有限公司", specification, item, card, "2026-DG-01-0001", "郑䶮")


@pytest.mark.slow
def test_a_long_card_repeats_its_head_and_the_headings_of_its_tables(tmp_path: Path) -> None:
    tools = [{"name": f"工具{number}", "amount": "1 件"} for number in range(60)]
    file = tmp_path / "card.pdf"

    file.write_bytes(render_card(content(tools=tools, steps=["字" * 1000] * 3), load_fonts({})))

    pages = text_of(file).split("\f")[:-1]
    assert len(pages) > 2 and is_sound(file) and fonts_not_embedded(file) == []
    assert all(f"第 {number} 页，共 {len(pages)} 页" in page for number, page in enumerate(pages, start=1))
    assert all("岭南精工制造有限公司" in page and "…" in page for page in pages)
    with_tools = [page for page in pages if re.search(r"工具\d", page)]
    assert len(with_tools) > 1 and all("序号" in page for page in with_tools)


def test_the_same_card_gives_the_same_bytes_and_a_missing_glyph_refuses_it() -> None:
    fonts = load_fonts({})

    assert render_card(content(), fonts) == render_card(content(), fonts)
    with pytest.raises(RuleBroken, match="印不出"):
        render_card(content(place="\U0010fffd"), fonts)


@pytest.mark.slow
def test_text_is_taken_literally(tmp_path: Path) -> None:
    file = tmp_path / "card.pdf"

    file.write_bytes(render_card(content(), load_fonts({})))

    assert "<b>装配</b> &amp;" in text_of(file) and "草稿" in text_of(file)
