import re
from pathlib import Path

import pytest

from skilleval.domain.errors import RuleBroken
from skilleval.reports.fonts import load_fonts
from skilleval.reports.listing import Column, Listing, render_listing, wrapped
from tests.reports.reading import fonts_not_embedded, is_sound, run, text_of

COLUMNS = (Column("序号", 10), Column("姓名", 40), Column("单位", 60, "left"), Column("成绩", 20, "right"))
NAMES = ("郑䶮", "𠮷明远", "买买提·艾合买提江", "=1+1", "<b>张</b>&amp;")


def listing(rows: int, *, demo: bool = False) -> Listing:
    return Listing(
        "成绩一览",
        COLUMNS,
        [(str(row + 1), NAMES[row % len(NAMES)], "岭南精工制造有限公司", "81.50") for row in range(rows)],
        opening=("开头",),
        closing=("结尾一", "结尾二"),
        note="脚注",
        demo=demo,
    )


def written(folder: Path, given: Listing) -> Path:
    file = folder / "list.pdf"
    file.write_bytes(render_listing(given, load_fonts({})))
    return file


@pytest.mark.slow
def test_a_list_embeds_all_its_fonts_and_gives_its_text_back(tmp_path: Path) -> None:
    file = written(tmp_path, listing(10))

    text = text_of(file)

    assert fonts_not_embedded(file) == []
    assert is_sound(file)
    for name in NAMES:
        assert name in text


@pytest.mark.slow
def test_each_page_repeats_the_heading_row_and_counts_the_pages(tmp_path: Path) -> None:
    file = written(tmp_path, listing(100))

    pages = text_of(file).split("\f")[:-1]

    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert re.search("序号 +姓名 +单位 +成绩", page)
        assert re.search(rf"第 {number} 页， *共 *{len(pages)} *页", page)
    serials = [int(found) for page in pages for found in re.findall(r"(?m)^ *(\d+) ", page)]
    assert serials == list(range(1, 101))


@pytest.mark.slow
@pytest.mark.parametrize("rows", [0, 1, 29, 30, 31, 32, 33, 34, 35, 36])
def test_the_closing_lines_stand_below_rows_and_never_run_off_the_page(rows: int, tmp_path: Path) -> None:
    pages = text_of(written(tmp_path, listing(rows))).split("\f")[:-1]

    assert "结尾一" in pages[-1] and "结尾二" in pages[-1]
    assert rows == 0 or "岭南精工" in pages[-1]


@pytest.mark.slow
def test_a_list_holds_no_action_and_no_link(tmp_path: Path) -> None:
    hostile = Listing("表", COLUMNS, [("1", "<a href='javascript:x'>郑</a>", "javascript:app.alert(1)", "http://x.cn")])

    content = run("qpdf", "--qdf", "--object-streams=disable", written(tmp_path, hostile), "-")

    assert not re.search(r"/(JS|JavaScript|OpenAction|AA|URI|Launch|Annots)\b", content)


def test_the_same_list_gives_the_same_bytes_whatever_was_printed_before() -> None:
    first = render_listing(listing(20), load_fonts({}))
    render_listing(Listing("别的", COLUMNS, [("1", "𬀩𠮷㐂", "别的单位", "1")]), load_fonts({}))

    assert render_listing(listing(20), load_fonts({})) == first


def test_a_character_that_no_font_has_refuses_the_list_and_is_named() -> None:
    rows = [("1", "王\U0002fffe", "单位", "1")]

    with pytest.raises(RuleBroken) as refusal:
        render_listing(Listing("表", COLUMNS, rows), load_fonts({}))

    assert "王\U0002fffe" in refusal.value.reasons[0] and "U+2FFFE" in refusal.value.reasons[0]


@pytest.mark.slow
def test_a_demonstration_list_says_so_on_every_page(tmp_path: Path) -> None:
    pages = text_of(written(tmp_path, listing(60, demo=True))).split("\f")[:-1]

    assert len(pages) > 1
    assert all("演示数据" in page for page in pages)


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("电工", 100, ["电工"]),
        ("工业机器人系统操作员", 50, ["工业机器人", "系统操作员"]),
        ("三级，四级", 20, ["三", "级，", "四级"]),
        ("ABCDEFGH", 30, ["ABCD", "EFGH"]),
        ("版本 2026", 35, ["版本 ", "2026"]),
    ],
)
def test_text_is_cut_between_characters_but_not_within_words_or_before_punctuation(
    text: str, room: float, lines: list[str]
) -> None:
    found = wrapped(load_fonts({}).font(), text, 10, room)

    assert [line for line, _width in found] == lines
    assert all(width <= room for _line, width in found)
