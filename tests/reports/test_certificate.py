import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.reports.certificate import (
    CertificateSheet,
    prepared_photo,
    render_certificates,
    unprintable,
    write_certificates,
    write_single_certificates,
)
from skilleval.reports.fonts import load_fonts
from tests.factories import id_number
from tests.reports.reading import codes_of, fonts_not_embedded, is_sound, run, text_of

NAMES = ("郑䶮", "𠮷明远", "买买提·艾合买提江", "上官云帆", "=1+1", "王 小 明")
FIRM = "广东省深圳市南山区岭南精密机械制造与自动化装备有限责任公司（龙岗分公司）"


def sheet(serial: int = 1, **fields: object) -> CertificateSheet:
    given: dict[str, object] = {
        "name": NAMES[serial % len(NAMES)],
        "id_type": "居民身份证",
        "id_number": id_number(serial % 1000),
        "occupation": "工业机器人系统操作员",
        "trade": "",
        "grade": Grade.SENIOR,
        "number": f"Y000044000123263{serial:06d}",
        "institution": "岭南精工制造有限公司",
        "issued_on": date(2026, 6, 23),
        "query_url": "http://jndj.osta.org.cn",
        "institution_url": "http://pjjg.osta.org.cn",
        **fields,
    }
    return CertificateSheet(**given)  # type: ignore[arg-type]


def picture(width: int = 600, height: int = 840, kind: str = "JPEG") -> bytes:
    """A shaded ground with a camera's noise and metadata."""
    shades = Image.linear_gradient("L").resize((width, height))
    image = Image.blend(shades, Image.effect_noise((width, height), 40), 0.4).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "taken at a secret place"
    file = io.BytesIO()
    image.save(file, kind, exif=exif)
    return file.getvalue()


def written(folder: Path, *sheets: CertificateSheet) -> Path:
    return write_certificates(folder / "certificates.pdf", sheets, load_fonts({}))


@pytest.mark.slow
def test_a_certificate_prints_every_field_and_embeds_every_font(tmp_path: Path) -> None:
    given = sheet(2, trade="焊接机器人", print_serial="LN000017")
    file = written(tmp_path, given)

    text = text_of(file)

    assert fonts_not_embedded(file) == []
    assert is_sound(file)
    fields = ("职业技能等级证书", given.name, given.id_type, given.id_number, given.occupation, "焊接机器人")
    for field in (*fields, "三级/高级工", given.number, given.institution, "2026年6月23日", "LN000017"):
        assert field in text
    assert "http://jndj.osta.org.cn" in text and "http://pjjg.osta.org.cn" in text


@pytest.mark.slow
def test_the_page_is_a4(tmp_path: Path) -> None:
    assert re.search(r"Page size: +841\.89 x 595\.27\d* pts \(A4\)", run("pdfinfo", written(tmp_path, sheet())))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_kind_can_be_copied_from_the_certificate(name: str, tmp_path: Path) -> None:
    text = text_of(written(tmp_path, sheet(name=name)))

    # Whether a blank between two Chinese characters is told depends on the reader.
    assert name.replace(" ", "") in text.replace(" ", "")


@pytest.mark.slow
def test_an_empty_trade_prints_two_hyphens(tmp_path: Path) -> None:
    assert re.search(r"工种/职业方向 +--\s", text_of(written(tmp_path, sheet())))


@pytest.mark.slow
@pytest.mark.parametrize(("grade", "printed"), [(Grade.SENIOR_TECHNICIAN, "一级/高级技师"), (Grade.CHIEF_TECHNICIAN, "首席技师")])
def test_the_grade_is_printed_as_number_and_name_or_name_alone(grade: Grade, printed: str, tmp_path: Path) -> None:
    assert re.search(rf"职业技能等级 +{printed}\s", text_of(written(tmp_path, sheet(grade=grade))))


@pytest.mark.slow
def test_the_qr_code_of_each_page_can_be_read_from_the_rendered_page(tmp_path: Path) -> None:
    sheets = [sheet(1), sheet(999_999, mark="reissued", photo=picture()), sheet(3, institution=FIRM)]

    assert codes_of(written(tmp_path, *sheets), tmp_path) == [one.qr_text for one in sheets]


@pytest.mark.slow
def test_a_long_institution_name_is_printed_whole(tmp_path: Path) -> None:
    text = text_of(written(tmp_path, sheet(institution=FIRM)))

    assert "有限责任公司（龙岗分公司）" in text
    assert "广东省深圳市南山区岭南精密机械制造与自动化装备" in text


@pytest.mark.slow
@pytest.mark.parametrize(("mark", "char"), [("void", "废"), ("reissued", "补")])
def test_a_void_or_reissued_certificate_says_so_and_no_other_does(mark: str, char: str, tmp_path: Path) -> None:
    marked, plain = text_of(written(tmp_path, sheet(mark=mark))), text_of(written(tmp_path, sheet()))

    assert char in marked
    assert char not in plain


@pytest.mark.slow
def test_a_demonstration_certificate_can_not_be_taken_for_a_real_one(tmp_path: Path) -> None:
    file = written(tmp_path, sheet(demo=True))

    assert "不具任何效力" in text_of(file)
    assert codes_of(file, tmp_path)[0].startswith("DEMO ")


def test_the_same_certificates_give_the_same_bytes() -> None:
    sheets = [sheet(number) for number in range(5)]

    assert render_certificates(sheets, load_fonts({})) == render_certificates(sheets, load_fonts({}))


def test_every_unprintable_character_is_named_before_a_certificate_is_made() -> None:
    sheets = [sheet(1, name="王\U0002fffe"), sheet(2), sheet(3, name="李\U0002ffff")]

    reasons = unprintable(sheets, load_fonts({}))

    assert [re.findall("U\\+[0-9A-F]+", reason) for reason in reasons] == [["U+2FFFE"], ["U+2FFFF"]]
    with pytest.raises(RuleBroken, match="证书未生成"):
        render_certificates(sheets, load_fonts({}))


def test_single_files_are_named_by_number_and_at_most_40_kb_with_a_photo(tmp_path: Path) -> None:
    sheets = [sheet(serial, photo=picture()) for serial in range(1, 4)]

    paths = list(write_single_certificates(tmp_path, sheets, load_fonts({})))

    assert [path.name for path in paths] == [f"{one.number}.pdf" for one in sheets]
    assert sorted(path.name for path in tmp_path.iterdir()) == [path.name for path in paths]
    assert all(path.stat().st_size <= 40_000 for path in paths)


def test_a_photo_loses_its_metadata_and_is_cut_to_one_inch() -> None:
    for original in (picture(), picture(1200, 400), picture(kind="PNG")):
        prepared = prepared_photo(original)

        assert b"secret" not in prepared
        with Image.open(io.BytesIO(prepared)) as photo:
            assert photo.size == (295, 413)
            assert not photo.getexif()


@pytest.mark.parametrize("content", [b"", b"no picture", b"%PDF-1.4", b"\xff\xd8\xff\xe0 cut off"])
def test_a_photo_that_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(RuleBroken, match="照片无法读取"):
        prepared_photo(content)


def test_a_sheet_does_not_tell_name_or_document_number_in_its_repr() -> None:
    told = repr(replace(sheet(1), name="郑䶮"))

    assert "郑" not in told and id_number(1) not in told


def test_nothing_to_print_is_refused() -> None:
    with pytest.raises(RuleBroken, match="没有证书"):
        render_certificates([], load_fonts({}))


def test_an_address_with_chinese_letters_does_not_stop_the_code() -> None:
    assert sheet(query_url="http://查询.cn/q?x=1").qr_text.startswith("http://%E6%9F%A5%E8%AF%A2.cn/q?x=1#Y0000")
    assert render_certificates([sheet(query_url="http://查询.cn")], load_fonts({}))
