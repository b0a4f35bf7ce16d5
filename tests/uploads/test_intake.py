"""Files that people hand in: what is kept of the good ones, and what is refused."""

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from skilleval.domain.errors import RuleBroken
from skilleval.uploads.intake import MAX_BYTES, clean
from tests.uploaded import TOLD, giant, pdf, photo


def test_a_pdf_is_kept_byte_for_byte() -> None:
    sent = pdf(2)

    kept = clean(sent)

    assert (kept.kind, kept.content) == ("pdf", sent)


@pytest.mark.parametrize(("form", "kind"), [("JPEG", "jpg"), ("PNG", "png")])
def test_a_picture_keeps_its_pixels_the_right_way_up_and_nothing_else(form: str, kind: str) -> None:
    sent = photo(form) + b"<script>alert(1)</script>"
    assert Image.open(io.BytesIO(sent)).getexif()[0x010E] == TOLD

    kept = clean(sent)

    image = Image.open(io.BytesIO(kept.content))
    assert kept.kind == kind and image.size == (20, 40)
    assert image.convert("RGB").getpixel((5, 5))[0] > 240  # type: ignore[index] # three bands
    assert dict(image.getexif()) == {} and not {"exif", "comment", "icc_profile"} & set(image.info)
    assert b"script" not in kept.content and TOLD.encode() not in kept.content


def test_texts_and_profiles_of_a_png_go() -> None:
    told, out = PngInfo(), io.BytesIO()
    told.add_text("Author", TOLD)
    Image.new("L", (9, 9)).save(out, "PNG", pnginfo=told, icc_profile=b"x" * 200)

    kept = clean(out.getvalue())

    assert TOLD.encode() not in kept.content and Image.open(io.BytesIO(kept.content)).info == {}


def test_the_same_picture_gives_the_same_hash() -> None:
    assert clean(photo()).sha256 == clean(photo()).sha256


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html><script>alert(1)</script></html>", "不是其中任何一种"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", "不是其中任何一种"),
        (b"GIF89a/*" + b"x" * 40, "不是其中任何一种"),
        (b"<!-- " + pdf() + b" -->", "不是其中任何一种"),
        (pdf() + b"PK\x03\x04" + b"z" * 5000, "结尾之后还有别的内容"),
        (b"%PDF-1.7 <html><script>alert(1)</script>", "没有结尾"),
        (pdf(script="app.alert(1);"), "含有脚本"),
        (pdf(password="1234"), "设有密码"),
        (b"%PDF-1.7\n%%EOF", "不能打开"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "不能打开"),
        (giant(), "像素"),
        (b"%PDF-" + b"0" * MAX_BYTES, "超过 10 MB"),
        (b"", "文件是空的"),
    ],
    ids=["html", "svg", "gif", "pdf in html", "pdf and zip", "no end", "script", "locked", "hollow", "broken", "giant", "large", "empty"],
)  # fmt: skip
def test_what_is_no_plain_pdf_or_picture_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(RuleBroken) as refusal:
        clean(content)

    assert told in refusal.value.message


@pytest.mark.parametrize(("size", "told"), [(MAX_BYTES, "没有结尾"), (MAX_BYTES + 1, "超过 10 MB")])
def test_the_largest_file_is_opened_and_one_byte_more_is_not(size: int, told: str) -> None:
    with pytest.raises(RuleBroken, match=told):
        clean(b"%PDF-".ljust(size, b"0"))
