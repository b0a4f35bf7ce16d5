"""The frame of every PDF: embedded fonts only, the same bytes for the same content, text that is never markup.

Forms and letters are laid out by ``reports/paper.py``, long lists by ``reports/listing.py``.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from skilleval.domain.errors import RuleBroken
from skilleval.reports.fonts import BOLD, Fonts

# ASCII wrapping makes each stream a quarter larger, and no reader needs it.
rl_config.useA85 = 0

INK = HexColor(0x1A1A1A)
FAINT = HexColor(0x666666)
RULE = HexColor(0x8C8C8C)
SHADE = HexColor(0xEEF1F5)
WARNING = HexColor(0xC0182B)
PALE_WARNING = HexColor(0xF9E3E5)

DEMO_BANNER = "演示数据 · 不具任何效力"
REHEARSAL_BANNER = "演练 · 不公示、不发证、不上报，不具任何效力"
_DEMO_FORM, _REHEARSAL_FORM = "demo-banner", "rehearsal-banner"
_TOTAL_FORM = "page-total"
_FOOTER_SIZE, _FOOTER_HEIGHT, _TOTAL_WIDTH = 8, 10 * mm, 36.0
#: below the banner of a demonstration, above the text
_HEAD_DEPTH = 16 * mm


class SheetCanvas(Canvas):  # type: ignore[misc]  # reportlab publishes no types
    """A canvas that lists no font of its own, writes no time stamp, and knows the number of its pages in the end."""

    def __init__(self, file: Any, *, fonts: Fonts, title: str, pagesize: tuple[float, float] = A4, **_: object) -> None:
        super().__init__(file, pagesize=pagesize, invariant=1, pageCompression=1, initialFontName=fonts.name())
        self.fonts = fonts
        self.setTitle(title)
        self.setAuthor("skilleval")
        self.setCreator("skilleval")
        self.setSubject(title)
        self._counts_pages = False

    def footer(self, width: float, note: str = "", margin: float = 20 * mm) -> None:
        """The page's number of how many, at the foot on the right; ``note`` on the left."""
        self._counts_pages = True
        name = self.fonts.name()
        self.saveState()
        self.setFont(name, _FOOTER_SIZE)
        self.setFillColor(FAINT)
        if note:
            self.drawString(margin, _FOOTER_HEIGHT, note)
        self.drawRightString(width - margin - _TOTAL_WIDTH, _FOOTER_HEIGHT, f"第 {self.getPageNumber()} 页，")
        self.translate(width - margin - _TOTAL_WIDTH, _FOOTER_HEIGHT)
        self.doForm(_TOTAL_FORM)
        self.restoreState()

    def running_head(self, text: str, margin: float = 20 * mm) -> None:
        """A ruled line of small print at the head of the page, cut where the page ends."""
        name, (width, height) = self.fonts.name(), self._pagesize
        shown = text
        while shown and stringWidth(shown, name, _FOOTER_SIZE) > width - 2 * margin:
            shown = f"{shown.removesuffix('…')[:-1]}…"
        self.saveState()
        self.setFont(name, _FOOTER_SIZE)
        self.setFillColor(FAINT)
        self.drawString(margin, height - _HEAD_DEPTH, shown)
        self.setStrokeColor(RULE)
        self.setLineWidth(0.4)
        self.line(margin, height - _HEAD_DEPTH - 1.5 * mm, width - margin, height - _HEAD_DEPTH - 1.5 * mm)
        self.restoreState()

    def demo_banner(self) -> None:
        """Words under the page's content that keep a demonstration from being taken for the real thing."""
        if not self.hasForm(_DEMO_FORM):
            self._make_form(_DEMO_FORM, DEMO_BANNER, "演示")
        self.doForm(_DEMO_FORM)

    def rehearsal_banner(self) -> None:
        """The same for what a rehearsal (演练) shows and nobody may put up."""
        if not self.hasForm(_REHEARSAL_FORM):
            self._make_form(_REHEARSAL_FORM, REHEARSAL_BANNER, "演练")
        self.doForm(_REHEARSAL_FORM)

    def place_jpeg(self, jpeg: bytes, size: tuple[int, int], box: tuple[float, float, float, float]) -> None:
        """Show a JPEG of ``size`` pixels in ``box`` (x, y, width, height); the same picture is stored once."""
        name = f"jpeg-{hashlib.sha256(jpeg).hexdigest()[:16]}"
        if not self.hasForm(name):
            picture = pdfdoc.PDFStream(content=jpeg, filters=[])
            entries = {"Type": "/XObject", "Subtype": "/Image", "Filter": "/DCTDecode", "ColorSpace": "/DeviceRGB"}
            for key, value in {**entries, "Width": size[0], "Height": size[1], "BitsPerComponent": 8}.items():
                picture.dictionary[key] = value
            self._doc.addForm(name, picture)
        x, y, width, height = box
        self.saveState()
        self.transform(width, 0, 0, height, x, y)
        self.doForm(name)
        self.restoreState()

    def save(self) -> None:
        """Write the file."""
        if self._counts_pages:
            # Every page refers to this form, which can be drawn only now that their number is known.
            self.beginForm(_TOTAL_FORM, 0, -2, _TOTAL_WIDTH, _FOOTER_SIZE)
            self.setFont(self.fonts.name(), _FOOTER_SIZE)
            self.setFillColor(FAINT)
            self.drawString(0, 0, f"共 {self.getPageNumber() - 1} 页")
            self.endForm()
        super().save()

    def _make_form(self, name: str, banner: str, word: str) -> None:
        width, height = self._pagesize
        self.beginForm(name)
        self.setFillColor(WARNING)
        self.rect(0, height - 7 * mm, width, 7 * mm, stroke=0, fill=1)
        self.setFillColor(HexColor(0xFFFFFF))
        self.setFont(self.fonts.name(BOLD), 11)
        self.drawCentredString(width / 2, height - 5 * mm, banner)
        self.setFillColor(PALE_WARNING)
        self.setFont(self.fonts.name(BOLD), 64)
        for across in (0.25, 0.75):
            for up in (0.2, 0.5, 0.8):
                self.saveState()
                self.translate(width * across, height * up)
                self.rotate(30)
                self.drawCentredString(0, -20, word)
                self.restoreState()
        self.endForm()


def refuse_missing_glyphs(fonts: Fonts, texts: Iterable[str], role: str = "hei") -> None:
    """Refuse with ``RuleBroken``, naming text and code point, when a character of ``texts`` can't be printed."""
    reasons = [
        f"“{text}”中的“{char}”（{code}）没有字体能印出"
        for text in dict.fromkeys(texts)
        for char, code in fonts.missing_glyphs(text, role)
    ]
    if reasons:
        raise RuleBroken("有字印不出：写错、夹有符号的先更正；确是生僻字的，在 config.toml 的 [fonts] 中指定含这些字的字体", reasons)
