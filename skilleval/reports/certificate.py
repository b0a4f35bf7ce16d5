"""The certificate (职业技能等级证书) as PDF: A4, the fields of 人社鉴发〔2021〕1号 (national-rules 4), embedded fonts.

One file for a whole batch, or one file each. Everything that may differ stands in :class:`CertificateSheet`; what is
the same on all of them is the blank (``certificate_blank``).
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from PIL import Image, ImageOps, UnidentifiedImageError

from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.reports import certificate_blank as blank
from skilleval.reports import qr
from skilleval.reports.files import write_whole
from skilleval.reports.fonts import Fonts
from skilleval.reports.listing import opened, operators, wrapped
from skilleval.reports.pdf import FAINT, INK, SheetCanvas
from skilleval.reports.typeface import ChainFont

#: a rehearsal has neither number nor QR code, and says across the page that it is none
Mark = Literal["", "reissued", "void", "rehearsal"]

#: A trade is never left blank (national-rules 4).
NO_TRADE = "--"
#: Signs of an address that are no letters; anything else that is not ASCII is written as %XX in the QR code.
_ADDRESS_SIGNS = ":/?&=%~.-_+,;@!"
#: 小四.
_SIZE, _LEADING = 12.0, 23.0
_SMALL, _SMALLEST = 8.5, 9.5
_CACHED_VALUES = 20_000
#: One inch at 300 dots per inch, and the sizes at which a picture is refused before it is read.
_PHOTO_PIXELS = (295, 413)
_PHOTO_BYTES, _PHOTO_MAXIMUM = 10_000_000, 40_000_000
#: Tried in turn until the photo is small enough for a certificate of 40 KB.
_PHOTO_QUALITIES, _PHOTO_GOAL = (85, 78, 70, 60, 50), 10_000


@dataclass(frozen=True, slots=True)
class CertificateSheet:
    """Everything printed on one certificate. ``institution`` is the registered name, ``id_type`` the printed word."""

    name: str
    id_type: str
    id_number: str
    occupation: str
    trade: str
    grade: Grade
    number: str
    institution: str
    issued_on: date
    query_url: str
    institution_url: str
    #: the page of this very certificate at the issuer, for the QR code; empty where the issuer has none
    check_url: str = ""
    photo: bytes | None = field(default=None)
    print_serial: str = ""
    mark: Mark = ""
    demo: bool = False

    def __repr__(self) -> str:
        """Without name and document number."""
        return f"CertificateSheet({self.number})"

    @property
    def values(self) -> tuple[str, ...]:
        """The seven fields, in the order of the blank."""
        return (
            self.name,
            self.id_type,
            self.id_number,
            self.occupation,
            self.trade or NO_TRADE,
            self.grade.printed,
            self.number,
        )

    @property
    def printed_date(self) -> str:
        """2026年6月23日."""
        return f"{self.issued_on.year}年{self.issued_on.month}月{self.issued_on.day}日"

    @property
    def body(self) -> str:
        """The certificate's text (证书正文)."""
        return (
            f"本证书由{self.institution}颁发，表明持证人通过本机构组织的职业技能等级认定，"
            "具备该职业（工种）相应技能等级水平。"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """The addresses for queries, and the serial of the print if there is one."""
        lines = (f"证书信息查询网址：{self.query_url}", f"机构信息查询网址：{self.institution_url}")
        return (*lines, f"印制流水码：{self.print_serial}") if self.print_serial else lines

    @property
    def qr_text(self) -> str:
        """What the QR code holds: the certificate's own page, else the query address and the number. No rule says more."""
        if self.check_url:
            return self.check_url
        return f"{'DEMO ' if self.demo else ''}{quote(self.query_url, safe=_ADDRESS_SIGNS)}#{self.number}"


def unprintable(sheets: Iterable[CertificateSheet], fonts: Fonts) -> list[str]:
    """Every character of the certificates that no font has, in Chinese; empty when all can be printed.

    To be asked before a number is used up.
    """
    seen: set[str] = set()
    reasons = []
    for sheet in sheets:
        for text in (*sheet.values, sheet.body, *sheet.notes):
            if text in seen:
                continue
            missing = fonts.missing_glyphs(text, "fangsong")
            if not missing:
                seen.add(text)
            reasons += [f"{sheet.name}：“{char}”（{code}）没有字体能印出" for char, code in missing]
    return list(dict.fromkeys(reasons))


def render_certificates(
    sheets: Sequence[CertificateSheet], fonts: Fonts, progress: Callable[[int], None] | None = None
) -> bytes:
    """One PDF, one page a certificate; ``progress`` is told how many are drawn.

    Refused with ``RuleBroken``: nothing to print, or an unprintable character.
    """
    return _render(sheets, fonts, blank.TITLE, progress)


def render_rehearsal(sheets: Sequence[CertificateSheet], fonts: Fonts) -> bytes:
    """What certificates would look like, each sheet of the mark ``rehearsal``. Refused as ``render_certificates``."""
    return _render(sheets, fonts, f"{blank.REHEARSAL} {blank.TITLE}样张")


def _render(
    sheets: Sequence[CertificateSheet], fonts: Fonts, title: str, progress: Callable[[int], None] | None = None
) -> bytes:
    if not sheets:
        raise RuleBroken("没有证书可以打印")
    reasons = unprintable(sheets, fonts)
    if reasons:
        raise RuleBroken("有字印不出，证书未生成；请在 config.toml 的 [fonts] 中指定含这些字的字体", reasons)
    file = io.BytesIO()
    press = _Press(SheetCanvas(file, fonts=fonts, title=title, pagesize=blank.SIZE))
    for drawn, sheet in enumerate(sheets, 1):
        press.page(sheet)
        if progress is not None:
            progress(drawn)
    press.canvas.save()
    return file.getvalue()


def write_certificates(path: Path, sheets: Sequence[CertificateSheet], fonts: Fonts) -> Path:
    """Write all certificates into one file, whole or not at all."""
    return write_whole(path, render_certificates(sheets, fonts))


def write_single_certificates(folder: Path, sheets: Iterable[CertificateSheet], fonts: Fonts) -> Iterator[Path]:
    """Write one file a certificate, named by its number, and yield each path as it is done."""
    for sheet in sheets:
        yield write_whole(folder / f"{sheet.number}.pdf", render_certificates([sheet], fonts))


class _Press:
    """Prints certificates onto one canvas. A text that returns on every page is measured and encoded once."""

    def __init__(self, canvas: SheetCanvas) -> None:
        self.canvas = canvas
        self.text_font = canvas.fonts.font("fangsong")
        self.small_font = canvas.fonts.font()
        self.fitted: dict[tuple[str, float], str] = {}
        self.bodies: dict[str, str] = {}
        self.notes: dict[tuple[str, ...], str] = {}

    def page(self, sheet: CertificateSheet) -> None:
        canvas = self.canvas
        if sheet.mark == "rehearsal":
            canvas.rehearsal_banner()
        elif sheet.demo:
            canvas.demo_banner()
        blank.place_blank(canvas)
        canvas.setFillColor(INK)
        canvas.addLiteral("\n".join(self._texts(sheet)))
        self._photo(sheet)
        if sheet.mark == "rehearsal":
            blank.no_code(canvas)
            blank.rehearsal_stamp(canvas)
        else:
            self._code(sheet)
        if sheet.mark == "reissued":
            blank.reissue_mark(canvas)
        elif sheet.mark == "void":
            blank.void_stamp(canvas)
        canvas.showPage()

    def _texts(self, sheet: CertificateSheet) -> Iterator[str]:
        yield "BT"
        if sheet.body not in self.bodies:
            indented = [f"　　{sheet.body}"]
            self.bodies[sheet.body] = self._lines(self.text_font, indented, blank.BODY_TOP, _SIZE, _LEADING)
        yield self.bodies[sheet.body]
        for value, at in zip(sheet.values, blank.BASELINES, strict=True):
            yield self._fitted(value, at)
        yield self._fitted(sheet.institution, blank.ISSUER_BASELINE)
        yield self._fitted(sheet.printed_date, blank.DATE_BASELINE)
        if sheet.notes not in self.notes:
            red, green, blue = FAINT.rgb()
            lines = self._lines(self.small_font, sheet.notes, blank.NOTES_TOP, _SMALL, 14.0)
            self.notes[sheet.notes] = f"{red:.3f} {green:.3f} {blue:.3f} rg {lines}"
        yield self.notes[sheet.notes]
        yield "ET"

    def _lines(self, font: ChainFont, texts: Sequence[str], top: float, size: float, leading: float) -> str:
        parts, at = [opened(self.canvas, font, size)], top
        for text in texts:
            for line, _width in wrapped(font, text, size, blank.BODY_WIDTH):
                parts.append(f"1 0 0 1 {blank.BODY_LEFT:.2f} {at:.2f} Tm {operators(self.canvas, font, line, size)}")
                at -= leading
        return "\n".join(parts)

    def _fitted(self, value: str, at: float) -> str:
        """A value in the middle of its rule; smaller where it would else be too long, then on two lines."""
        known = self.fitted.get((value, at))
        if known is None:
            if len(self.fitted) > _CACHED_VALUES:
                self.fitted.clear()
            known = self.fitted[value, at] = self._fit(value, at)
        return known

    def _fit(self, value: str, at: float) -> str:
        font, room = self.text_font, blank.VALUE_WIDTH - 6
        width = font.stringWidth(value, _SIZE)
        size = _SIZE if width <= room else _SIZE * room / width
        lines = [value]
        if size < _SMALLEST:
            # Each line may be a little longer than half, as words are not cut.
            size = min(_SMALLEST, _SIZE * room / (width * 0.56))
            lines = [line for line, _width in wrapped(font, value, size, room)]
        parts = [opened(self.canvas, font, size)]
        for number, line in enumerate(reversed(lines)):
            x = blank.VALUE_LEFT + (blank.VALUE_WIDTH - font.stringWidth(line, size)) / 2
            y = at + number * (size + 2)
            parts.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm {operators(self.canvas, font, line, size)}")
        return " ".join(parts)

    def _photo(self, sheet: CertificateSheet) -> None:
        if sheet.photo is None:
            blank.photo_frame(self.canvas)
            return
        self.canvas.place_jpeg(prepared_photo(sheet.photo), _PHOTO_PIXELS, blank.PHOTO_BOX)
        blank.photo_edge(self.canvas)

    def _code(self, sheet: CertificateSheet) -> None:
        rows, side = qr.code_hex(sheet.qr_text)
        x, y, width, _height = blank.QR_BOX
        module = width / (side + 2 * qr.QUIET_ZONE)
        inner, start = module * side, module * qr.QUIET_ZONE
        self.canvas.addLiteral(
            f"q 1 1 1 rg {x:.2f} {y:.2f} {width:.2f} {width:.2f} re f 0 0 0 rg\n"
            f"{inner:.3f} 0 0 {inner:.3f} {x + start:.3f} {y + start:.3f} cm\n"
            f"BI /W {side} /H {side} /BPC 1 /IM true /D [1 0] /F /AHx ID {rows}>\nEI Q"
        )


@lru_cache(maxsize=64)
def prepared_photo(picture: bytes) -> bytes:
    """A one-inch JPEG of a picture, cut to 25:35 and without its metadata.

    Refused with ``RuleBroken``: what is no picture, or far larger than a photo is.
    """
    try:
        with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG", "BMP", "WEBP")) as opened_picture:
            if len(picture) > _PHOTO_BYTES or opened_picture.width * opened_picture.height > _PHOTO_MAXIMUM:
                raise RuleBroken("照片过大，请换用 10 MB 以内的一寸照片")
            upright = ImageOps.exif_transpose(opened_picture).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise RuleBroken("照片无法读取，请使用 JPEG 或 PNG 图片") from error
    fitted = ImageOps.fit(upright, _PHOTO_PIXELS)
    for quality in _PHOTO_QUALITIES:
        file = io.BytesIO()
        fitted.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= _PHOTO_GOAL:
            break
    return file.getvalue()
