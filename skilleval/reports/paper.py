"""Official paper: A4 letters and forms that are laid out by hand, in the fonts of the installation.

Text is always escaped; a character that no font has refuses the whole document before a page is drawn.
"""

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

from skilleval.domain.errors import RuleBroken
from skilleval.reports.fonts import BOLD, Fonts

Span = tuple[tuple[int, int], tuple[int, int]]

#: 三号, 小四 and 小五, the usual sizes of official paper, in points.
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 16, 12, 9
DEMO_NOTE = "演示数据，不得用于正式上报"
_ALIGNMENTS = {"left": TA_LEFT, "center": TA_CENTER, "right": TA_RIGHT}


class Paper:
    """Makes the pieces of one document, then the document."""

    def __init__(self, fonts: Fonts, *, demo: bool = False) -> None:
        self._fonts = fonts
        self._demo = demo
        self._written: dict[str, list[str]] = {}

    def title(self, text: str) -> Paragraph:
        """The heading of the document."""
        return self._paragraph(text, "song", TITLE_SIZE, "center", after=4 * mm)

    def text(self, text: str, *, align: str = "left", size: int = TEXT_SIZE) -> Paragraph:
        """One line or block without indent."""
        return self._paragraph(text, "fangsong", size, align)

    def paragraph(self, text: str) -> Paragraph:
        """A paragraph whose first line is indented by two characters."""
        return self._paragraph(text, "fangsong", TEXT_SIZE, "left", indent=2 * TEXT_SIZE, after=2 * mm)

    def small(self, text: str) -> Paragraph:
        """Small print, such as a hash."""
        return self._paragraph(text, "hei", SMALL_SIZE, "left", left=2 * TEXT_SIZE)

    def cell(self, text: str, *, bold: bool = False, align: str = "center") -> Paragraph:
        """The text of a table cell."""
        return self._paragraph(text, BOLD if bold else "song", 11, align)

    def grid(
        self, rows: Sequence[Sequence[Any]], widths: Sequence[float], *, spans: Sequence[Span] = (), low: float = 9 * mm
    ) -> Table:
        """A ruled table whose rows are at least ``low`` high and may go on over pages."""
        table = Table([list(row) for row in rows], colWidths=list(widths), minRowHeights=[low] * len(rows))
        style: list[Any] = [("GRID", (0, 0), (-1, -1), 0.6, colors.black), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]
        style += [("SPAN", *span) for span in spans]
        table.setStyle(TableStyle(style))
        return table

    def build(self, story: Sequence[Flowable], title: str) -> bytes:
        """The document as PDF bytes; the same story gives the same bytes. Refused: characters that no font has."""
        self._refuse_missing()
        file = io.BytesIO()
        document = SimpleDocTemplate(
            file, pagesize=A4, leftMargin=20 * mm, rightMargin=20 * mm, topMargin=25 * mm, bottomMargin=20 * mm,
            title=title, author="skilleval", invariant=1, initialFontName=self._fonts.name("song"),
        )  # fmt: skip
        document.build(list(story), onFirstPage=self._frame, onLaterPages=self._frame)
        return file.getvalue()

    def _frame(self, canvas: Any, _document: Any) -> None:
        canvas.setFont(self._fonts.name("song"), SMALL_SIZE)
        canvas.drawCentredString(A4[0] / 2, 12 * mm, f"第 {canvas.getPageNumber()} 页")
        if self._demo:
            canvas.drawCentredString(A4[0] / 2, A4[1] - 14 * mm, DEMO_NOTE)

    def _paragraph(
        self, text: str, role: str, size: int, align: str, *, indent: float = 0, left: float = 0, after: float = 0
    ) -> Paragraph:
        self._written.setdefault(role, []).append(text.replace("\n", ""))
        style = ParagraphStyle(
            role, fontName=self._fonts.name(role), fontSize=size, leading=size * 1.6, alignment=_ALIGNMENTS[align],
            firstLineIndent=indent, leftIndent=left, spaceAfter=after, wordWrap="CJK",
        )  # fmt: skip
        return Paragraph(escape(text).replace("\n", "<br/>"), style)

    def _refuse_missing(self) -> None:
        missing = [
            f"“{character}”（{code}）"
            for role, texts in self._written.items()
            for character, code in self._fonts.missing_glyphs("".join(texts), role)
        ]
        if missing:
            raise RuleBroken("有字体中没有的字，文件未生成；请在 config.toml 的 [fonts] 中指定含有这些字的字体", missing)
