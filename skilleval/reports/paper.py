"""Official paper: A4 letters and forms that are laid out by hand, in the fonts of the installation.

Text is always taken literally; a character that no font has refuses the whole document before a page is drawn.
"""

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Table, TableStyle

from skilleval.reports.fonts import BOLD, Fonts
from skilleval.reports.pdf import FAINT, INK, SheetCanvas, refuse_missing_glyphs

Span = tuple[tuple[int, int], tuple[int, int]]

#: 三号, 小四, 五号 and 小六, the usual sizes of official paper, in points.
TITLE_SIZE, TEXT_SIZE, CELL_SIZE, SMALL_SIZE = 16, 12, 10.5, 7.5
_MARGIN = 20 * mm
#: Paragraphs fold every blank, the ideographic one too; four of these are about as wide.
_KEPT_BLANK = "&nbsp;" * 4
_ALIGNMENTS = {"left": TA_LEFT, "center": TA_CENTER, "right": TA_RIGHT}


class Paper:
    """Makes the parts of one document, then the document."""

    def __init__(self, fonts: Fonts, *, demo: bool = False) -> None:
        self._fonts = fonts
        self._demo = demo
        self._written: dict[str, list[str]] = {}
        self._running = ""

    def title(self, text: str) -> Paragraph:
        """The heading of the document."""
        return self._paragraph(text, BOLD, TITLE_SIZE, "center", spaceAfter=4 * mm)

    def text(self, text: str, *, align: str = "left") -> Paragraph:
        """A line or a block without indent."""
        return self._paragraph(text, "fangsong", TEXT_SIZE, align)

    def paragraph(self, text: str) -> Paragraph:
        """A paragraph whose first line is indented by two characters."""
        return self._paragraph(text, "fangsong", TEXT_SIZE, "left", firstLineIndent=2 * TEXT_SIZE, spaceAfter=2 * mm)

    def small(self, text: str) -> Paragraph:
        """Small print, such as a hash."""
        return self._paragraph(text, "hei", SMALL_SIZE, "left", leftIndent=2 * TEXT_SIZE, textColor=FAINT)

    def cell(self, text: str, *, bold: bool = False, align: str = "center") -> Paragraph:
        """The text of a table cell."""
        return self._paragraph(text, BOLD if bold else "hei", CELL_SIZE, align)

    def grid(
        self, rows: Sequence[Sequence[Any]], widths: Sequence[float], *, spans: Sequence[Span] = (), low: float = 9 * mm,
        headings: int = 0,
    ) -> Table:  # fmt: skip
        """A ruled table whose rows are at least ``low`` high and may go on over pages, on each of which the first
        ``headings`` rows are repeated."""
        table = Table(
            [list(row) for row in rows], colWidths=list(widths), minRowHeights=[low] * len(rows), repeatRows=headings
        )
        style: list[Any] = [("GRID", (0, 0), (-1, -1), 0.6, INK), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]
        # An empty cell would else ask for Helvetica, which is not embedded.
        style += [("FONT", (0, 0), (-1, -1), self._fonts.name(), CELL_SIZE), *(("SPAN", *span) for span in spans)]
        table.setStyle(TableStyle(style))
        return table

    def next_part(self, running: str) -> list[Flowable]:
        """A new page, from which on ``running`` stands at the head of every page."""
        self._written.setdefault("hei", []).append(running)
        return [_Head(self, running), PageBreak()]

    def build(self, story: Sequence[Flowable], title: str, *, running: str = "") -> bytes:
        """The document as PDF bytes; the same story gives the same bytes. ``running`` stands at the head of every page.

        Refused: characters that no font has.
        """
        self._running = running
        self._written.setdefault("hei", []).append(running)
        for role, texts in self._written.items():
            refuse_missing_glyphs(self._fonts, texts, role)
        file = io.BytesIO()
        document = SimpleDocTemplate(
            file, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=25 * mm, bottomMargin=20 * mm,
            title=title,
        )  # fmt: skip

        def canvas(target: Any, **_: object) -> SheetCanvas:
            return SheetCanvas(target, fonts=self._fonts, title=title)

        document.build(list(story), onFirstPage=self._frame, onLaterPages=self._frame, canvasmaker=canvas)
        return file.getvalue()

    def _frame(self, canvas: SheetCanvas, _document: object) -> None:
        if self._demo:
            canvas.demo_banner()
        if self._running:
            canvas.running_head(self._running, margin=_MARGIN)
        canvas.footer(A4[0])

    def _paragraph(self, text: str, role: str, size: float, align: str, **style: Any) -> Paragraph:
        self._written.setdefault(role, []).extend(text.split("\n"))
        shown = ParagraphStyle(
            role, fontName=self._fonts.name(role), fontSize=size, leading=size * 1.6, alignment=_ALIGNMENTS[align],
            wordWrap="CJK", **{"textColor": INK, **style},
        )  # fmt: skip
        return Paragraph(escape(text).replace("\n", "<br/>").replace("\u3000", _KEPT_BLANK), shown)


class _Head(Flowable):  # type: ignore[misc] # reportlab publishes no types
    """Nothing to see: what stands at the head of the pages behind it."""

    def __init__(self, paper: Paper, running: str) -> None:
        super().__init__()
        self._paper, self._running = paper, running

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """It needs no room, so that it fits on a page that is full."""
        return 0, 0

    def draw(self) -> None:
        """The next page begins behind it, and with it its head."""
        self._paper._running = self._running
