from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from skilleval.domain.errors import RuleBroken
from skilleval.reports import fonts as library
from skilleval.reports.fonts import BOLD, ROLES, load_fonts, why_unusable
from skilleval.reports.typeface import UnprintableText
from tests.conftest import Cli

RARE = "䶮𠮷㐂㛃𬀩買·※"
NOWHERE = "\U0002fffe"


@pytest.fixture
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(library, "_system_folders", list)
    library.system_fonts.cache_clear()
    library._load.cache_clear()
    yield
    library.system_fonts.cache_clear()
    library._load.cache_clear()


def shipped() -> Path:
    return load_fonts().files["hei"].path


@pytest.mark.usefixtures("no_system_fonts")
def test_without_system_fonts_every_role_falls_back_to_the_shipped_one_and_says_so() -> None:
    fonts = load_fonts({})

    assert {fonts.files[role].path.name for role in ROLES} == {"KurintoSansSC-Rg.ttf"}
    assert len(fonts.notes) == 3
    assert "宋体" in fonts.notes[0] and "黑体代替" in fonts.notes[0]


@pytest.mark.usefixtures("no_system_fonts")
def test_a_configured_font_wins_and_leaves_no_note() -> None:
    fonts = load_fonts({"kai": str(shipped())})

    assert fonts.files["kai"].origin == "config"
    assert not any("楷体" in note for note in fonts.notes)


def test_rare_name_characters_are_printed_by_a_chain_of_shipped_fonts() -> None:
    assert load_fonts({}).missing_glyphs(RARE) == []
    assert load_fonts({}).missing_glyphs("䶮𠮷㐂㛃𬀩", BOLD) == []


def test_a_missing_character_is_listed_once_with_its_code_point() -> None:
    assert load_fonts({}).missing_glyphs(f"王{NOWHERE}五{NOWHERE}\n") == [(NOWHERE, "U+2FFFE"), ("\n", "U+000A")]


def test_an_unchecked_missing_character_stops_the_drawing_instead_of_leaving_a_blank() -> None:
    with pytest.raises(UnprintableText, match=r"U\+2FFFE"):
        load_fonts({}).font().stringWidth(NOWHERE, 12)


def test_a_font_file_that_is_missing_or_no_font_is_refused_by_role_and_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")

    with pytest.raises(RuleBroken, match=r"song（宋体）.*missing\.ttf 不存在"):
        load_fonts({"song": str(tmp_path / "missing.ttf")})
    with pytest.raises(RuleBroken, match="不是可用的字体文件"):
        load_fonts({"song": str(broken)})


@pytest.mark.parametrize(
    ("bits", "usable"), [(0x0000, True), (0x0004, True), (0x0008, True), (0x0002, False), (0x0100, False), (0x0200, False)]
)
def test_embedding_bits_decide_whether_a_font_may_be_used(bits: int, usable: bool, tmp_path: Path) -> None:
    path = tmp_path / "font.ttf"
    with TTFont(shipped().with_name("KurintoSans-Rg.ttf")) as font:
        font["OS/2"].fsType = bits
        font.save(path, reorderTables=None)

    assert (why_unusable(path) is None) is usable


def test_a_variable_font_and_one_without_truetype_outlines_are_refused(tmp_path: Path) -> None:
    variable, outlines = tmp_path / "variable.ttf", tmp_path / "outlines.ttf"
    with TTFont(shipped().with_name("KurintoSans-Rg.ttf")) as font:
        del font["GSUB"], font["GPOS"]
        font["fvar"] = font["gasp"]
        font["fvar"].tableTag = "fvar"
        font.save(variable, reorderTables=None)
        del font["fvar"], font["glyf"], font["loca"]
        font.save(outlines, reorderTables=None)

    assert "可变字体" in (why_unusable(variable) or "")
    assert "TrueType 轮廓" in (why_unusable(outlines) or "")


def test_the_command_tells_role_file_coverage_and_embedding(cli: Cli) -> None:
    answer = cli("fonts", "--json").json()

    hei = next(row for row in answer["roles"] if row["role"] == "hei")
    assert hei["coverage"]["GB2312"] == 100
    assert hei["embedding"] == "可嵌入"
    assert Path(hei["file"]).is_file()


def test_the_command_fails_for_a_text_that_can_not_be_printed(cli: Cli) -> None:
    printable, unprintable = cli("fonts", "--text", "郑䶮𠮷"), cli("fonts", "--text", f"郑{NOWHERE}")

    assert printable.exit_code == 0 and "都能印出" in printable.output
    assert unprintable.exit_code == 1 and "U+2FFFE" in unprintable.output
