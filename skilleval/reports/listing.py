"""Long lists as PDF: a ruled table with a repeating heading row, page x of y, cells that wrap.

Each value is measured and encoded once a column, however often it occurs, and a row is written as one string; so a
list of 20,000 rows takes a fraction of reportlab's Table, and its time grows with the rows and no faster.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm

from skilleval.reports.fonts import BOLD, Fonts
from skilleval.reports.pdf import FAINT, INK, SHADE, SheetCanvas, refuse_missing_glyphs
from skilleval.reports.typeface import ChainFont

_MARGIN, _TOP, _BOTTOM = 14 * mm, 16 * mm, 17 * mm
_SIZE, _LEADING, _PADDING, _SIDE = 9.0, 12.0, 4.0, 3.0
_TITLE_SIZE, _TITLE_LEADING = 17.0, 25.0
_LINE_SIZE, _LINE_LEADING = 10.5, 17.0
_CLOSING_SIZE, _CLOSING_LEADING = 8.0, 12.0
_TABLE_GAP, _CLOSING_GAP = 12.0, 17.0
#: between the table and who signs: a seal reaches above its line
_SIGNATURE_GAP = 34.0
#: how many rows go over to a last page that would hold nothing but the closing lines
_KEPT_ROWS = 3
#: A list whose values never repeat would fill the memory with them.
_CACHED_VALUES = 50_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, its share of the page's width, and on which side its values stand."""

    heading: str
    share: float
    align: str = "center"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list to print. ``opening`` stands above the table, ``signature`` below it on the right, with room for a seal,
    ``closing`` in small print after that, ``note`` at the foot of each page."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[str]] = field(repr=False)
    opening: tuple[str, ...] = ()
    signature: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    note: str = ""
    upright: bool = True
    demo: bool = False
    #: a sheet of a rehearsal (演练), stamped so on each page
    rehearsal: bool = False


def render_listing(listing: Listing, fonts: Fonts) -> bytes:
    """The PDF of a list. Refused with ``RuleBroken``: characters that no font has, all of them named."""
    return render_set([listing], listing.title, fonts)


def render_set(listings: Sequence[Listing], title: str, fonts: Fonts) -> bytes:
    """Lists one after the other in one PDF, each beginning on a page of its own, all upright or none. Refused as above."""
    for one in listings:
        headings = [column.heading for column in one.columns]
        refuse_missing_glyphs(fonts, [one.title, *headings], BOLD)
        refuse_missing_glyphs(fonts, [*one.opening, *one.signature, *one.closing, one.note])
        refuse_missing_glyphs(fonts, (value for row in one.rows for value in row))
    file = io.BytesIO()
    size = A4 if all(one.upright for one in listings) else landscape(A4)
    canvas = SheetCanvas(file, fonts=fonts, title=title, pagesize=size)
    for one in listings:
        _Press(canvas, one, size).print()
    canvas.save()
    return file.getvalue()


@dataclass(slots=True)
class _Cell:
    """A value in its column: each line as operators that follow the line's height on the page."""

    lines: list[tuple[str, str]]


class _Press:
    """Draws one list onto one canvas."""

    def __init__(self, canvas: SheetCanvas, listing: Listing, size: tuple[float, float]) -> None:
        self.canvas, self.listing = canvas, listing
        self.width, self.height = size
        self.font = canvas.fonts.font()
        self.bold = canvas.fonts.font(BOLD)
        unit = (self.width - 2 * _MARGIN) / sum(column.share for column in listing.columns)
        self.widths = [column.share * unit for column in listing.columns]
        self.edges = list(accumulate(self.widths, initial=_MARGIN))
        self.cells: list[dict[str, _Cell]] = [{} for _column in listing.columns]
        self.headings = [
            self._cell(number, column.heading, self.bold, "center") for number, column in enumerate(listing.columns)
        ]
        self.heading_height = _height(self.headings)

    def print(self) -> None:
        """All pages."""
        self._begin()
        top = self._open()
        for number, rows in enumerate(self._arranged(top)):
            if number:
                self._turn()
                top = self.height - _TOP
            bottom = self._table(top, rows)
        self._close(bottom)
        self.canvas.showPage()

    def _arranged(self, top: float) -> list[list[tuple[float, list[_Cell]]]]:
        """All pages; the last takes some rows of the one before when the closing lines would else stand alone."""
        pages = list(self._pages(top - self.heading_height))
        last = pages[-1]
        begun = top if len(pages) == 1 else self.height - _TOP
        free = begun - self.heading_height - sum(height for height, _cells in last) - _BOTTOM
        if free < self._closing_height() and len(last) > 2 * _KEPT_ROWS:
            pages[-1:] = [last[:-_KEPT_ROWS], last[-_KEPT_ROWS:]]
        return pages

    def _closing_height(self) -> float:
        room = self.width - 2 * _MARGIN
        lines = sum(len(wrapped(self.font, text, _CLOSING_SIZE, room)) for text in self.listing.closing)
        return lines * _CLOSING_LEADING + _CLOSING_GAP + self._signature_height()

    def _signature_height(self) -> float:
        return _SIGNATURE_GAP + len(self.listing.signature) * _LINE_LEADING if self.listing.signature else 0.0

    def _pages(self, first: float) -> Iterator[list[tuple[float, list[_Cell]]]]:
        """The rows that fit on each page, each with its height; ``first`` is where they begin on the first page."""
        page: list[tuple[float, list[_Cell]]] = []
        at = first
        for row in self.listing.rows:
            cells = [self._known(number, value) for number, value in enumerate(row)]
            height = _height(cells)
            if at - height < _BOTTOM and page:
                yield page
                page, at = [], self.height - _TOP - self.heading_height
            page.append((height, cells))
            at -= height
        yield page

    def _known(self, number: int, value: str) -> _Cell:
        known = self.cells[number]
        cell = known.get(value)
        if cell is None:
            if len(known) > _CACHED_VALUES:
                known.clear()
            cell = known[value] = self._cell(number, value, self.font, self.listing.columns[number].align)
        return cell

    def _cell(self, number: int, value: str, font: ChainFont, align: str) -> _Cell:
        room = self.widths[number] - 2 * _SIDE
        lines = []
        for text, width in wrapped(font, value, _SIZE, room):
            gap = 0.0 if align == "left" else room - width if align == "right" else (room - width) / 2
            x = self.edges[number] + _SIDE + gap
            lines.append((f"1 0 0 1 {x:.2f} ", operators(self.canvas, font, text, _SIZE)))
        return _Cell(lines)

    def _open(self) -> float:
        """Title and opening lines on the first page; answers where the table begins."""
        canvas, at = self.canvas, float(self.height - _TOP - _TITLE_SIZE)
        canvas.setFillColor(INK)
        canvas.setFont(self.bold.fontName, _TITLE_SIZE)
        for text, _width in wrapped(self.bold, self.listing.title, _TITLE_SIZE, self.width - 2 * _MARGIN):
            canvas.drawCentredString(self.width / 2, at, text)
            at -= _TITLE_LEADING
        at -= 2 * mm
        below = self._paragraphs(self.listing.opening, at, _LINE_SIZE, _LINE_LEADING)
        return below + _LINE_LEADING - _TABLE_GAP

    def _close(self, bottom: float) -> None:
        """The signature and the closing lines, on a page of their own when they don't fit below the table."""
        at = bottom - _CLOSING_GAP
        if bottom - self._closing_height() < _BOTTOM:
            self._turn()
            at = self.height - _TOP - _CLOSING_SIZE
        self._sign(at - _SIGNATURE_GAP + _CLOSING_GAP)
        at -= self._signature_height()
        self.canvas.setFillColor(FAINT)
        self._paragraphs(self.listing.closing, at, _CLOSING_SIZE, _CLOSING_LEADING)
        self._finish()

    def _sign(self, at: float) -> None:
        """Who signs and when, each line in the middle of the longest one."""
        widest = max((self.font.stringWidth(text, _LINE_SIZE) for text in self.listing.signature), default=0.0)
        self.canvas.setFillColor(INK)
        self.canvas.setFont(self.font.fontName, _LINE_SIZE)
        for text in self.listing.signature:
            self.canvas.drawCentredString(self.width - _MARGIN - widest / 2, at, text)
            at -= _LINE_LEADING

    def _paragraphs(self, texts: Sequence[str], at: float, size: float, leading: float) -> float:
        self.canvas.setFont(self.font.fontName, size)
        for text in texts:
            for line, _width in wrapped(self.font, text, size, self.width - 2 * _MARGIN):
                self.canvas.drawString(_MARGIN, at, line)
                at -= leading
        return at

    def _turn(self) -> None:
        self._finish()
        self.canvas.showPage()
        self._begin()

    def _begin(self) -> None:
        if self.listing.rehearsal:
            self.canvas.rehearsal_banner()
        elif self.listing.demo:
            self.canvas.demo_banner()

    def _finish(self) -> None:
        self.canvas.footer(self.width, self.listing.note, margin=_MARGIN)

    def _table(self, top: float, rows: list[tuple[float, list[_Cell]]]) -> float:
        """Heading row, rows and rules from ``top`` downwards; answers where they end."""
        canvas, left, right = self.canvas, self.edges[0], self.edges[-1]
        canvas.setFillColor(SHADE)
        canvas.rect(left, top - self.heading_height, right - left, self.heading_height, stroke=0, fill=1)
        canvas.setFillColor(INK)
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(0.4)
        rules, at = [f"{left:.2f} {top:.2f} m {right:.2f} {top:.2f} l"], top
        for font, lot in ((self.bold, [(self.heading_height, self.headings)]), (self.font, rows)):
            written = ["BT", opened(canvas, font, _SIZE)]
            for height, cells in lot:
                _write_row(written, at - _PADDING - _SIZE + 1.0, height, cells)
                at -= height
                rules.append(f"{left:.2f} {at:.2f} m {right:.2f} {at:.2f} l")
            written.append("ET")
            canvas.addLiteral("\n".join(written))
        rules += [f"{edge:.2f} {top:.2f} m {edge:.2f} {at:.2f} l" for edge in self.edges]
        canvas.addLiteral("\n".join(rules) + " S")
        return at


def _write_row(written: list[str], first: float, height: float, cells: list[_Cell]) -> None:
    one_line = f"{first - (height - 2 * _PADDING - _LEADING) / 2:.2f} Tm "
    for cell in cells:
        if len(cell.lines) == 1:
            place, text = cell.lines[0]
            written.append(place + one_line + text)
            continue
        at = first - (height - 2 * _PADDING - _LEADING * len(cell.lines)) / 2
        for place, text in cell.lines:
            written.append(f"{place}{at:.2f} Tm {text}")
            at -= _LEADING


def _height(cells: Sequence[_Cell]) -> float:
    return max(len(cell.lines) for cell in cells) * _LEADING + 2 * _PADDING


def wrapped(font: ChainFont, text: str, size: float, room: float) -> list[tuple[str, float]]:
    """``text`` cut into lines that fit into ``room``, each with its width. A word of Latin letters is kept whole."""
    width = font.stringWidth(text, size)
    if width <= room:
        return [(text, width)]
    lines, line, taken = [], "", 0.0
    for word in _words(text):
        wide = font.stringWidth(word, size)
        if line and taken + wide > room:
            lines.append((line, taken))
            line, taken = "", 0.0
        for part in [word] if wide <= room else word:
            step = font.stringWidth(part, size)
            if line and taken + step > room:
                lines.append((line, taken))
                line, taken = "", 0.0
            line, taken = line + part, taken + step
    return [*lines, (line, taken)]


def _words(text: str) -> Iterator[str]:
    """Chinese characters one by one, each with the punctuation that may not begin a line; other words whole."""
    word = ""
    for char in text:
        joins = char.isascii() and char not in " -/" and word[-1:].isascii() and word[-1:] not in ("", " ", "-", "/")
        if word and not joins and char not in _NOT_FIRST:
            yield word
            word = ""
        word += char
    if word:
        yield word


_NOT_FIRST = "，。、；：！？）】》”’%·…"


def opened(canvas: SheetCanvas, font: ChainFont, size: float) -> str:
    """The operator that selects the first typeface of a font."""
    return f"{font.getSubsetInternalName(0, canvas._doc)} {size:g} Tf"


def operators(canvas: SheetCanvas, font: ChainFont, text: str, size: float) -> str:
    """The operators that show ``text``, to be used after :func:`opened`, to which they return."""
    runs = font.splitString(text, canvas._doc)
    if len(runs) == 1 and runs[0][0] == 0:
        return f"<{runs[0][1].hex()}> Tj"
    shown = [f"{font.getSubsetInternalName(face, canvas._doc)} {size:g} Tf <{run.hex()}> Tj" for face, run in runs]
    return " ".join([*shown, opened(canvas, font, size)])
