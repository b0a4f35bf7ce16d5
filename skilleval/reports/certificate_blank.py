"""The blank of the certificate: frame, ornament, name, labels and rules, drawn once a file and used by every page.

A4 landscape. The boxes of the fields stand where one national body overprints them (national-rules 4), so that a
certificate may also be laid over a pre-printed sheet.
"""

from collections.abc import Iterable
from functools import cache
from math import cos, pi, sin, sqrt

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm

from skilleval.reports.fonts import BOLD
from skilleval.reports.pdf import FAINT, INK, PALE_WARNING, WARNING, SheetCanvas

SIZE = landscape(A4)
WIDTH, HEIGHT = SIZE
TITLE = "职业技能等级证书"
REHEARSAL = "演练 · 无效"
#: One-inch photo (一寸) and QR code: x, y, width, height.
PHOTO_BOX = (40 * mm, 61 * mm, 25 * mm, 35 * mm)
QR_BOX = (82 * mm, 64 * mm, 32 * mm, 32 * mm)
BODY_LEFT, BODY_TOP, BODY_WIDTH = 28 * mm, 135.7 * mm, 100 * mm
NOTES_TOP = 45 * mm
VALUE_LEFT, VALUE_WIDTH = 187 * mm, 82 * mm
LABEL_LEFT = 143 * mm
#: Baselines of the seven fields, downwards: name, document kind, document number, occupation, trade, grade, number.
BASELINES = tuple((210 - down) * mm for down in (74.8, 87.6, 101.2, 113.8, 126.8, 140.2, 153.6))
ISSUER_BASELINE, DATE_BASELINE = 42 * mm, 30.5 * mm
LABELS = (
    ("姓名", "Name"),
    ("证件类型", "ID Type"),
    ("证件号码", "ID No."),
    ("职业名称", "Occupation"),
    ("工种/职业方向", "Trade"),
    ("职业技能等级", "Skill Level"),
    ("证书编号", "Certificate No."),
)
ISSUER_LABEL, DATE_LABEL = ("评价机构（盖章）", "Issued by"), ("发证日期", "Date of Issue")
WORDS = (
    TITLE,
    "Certificate of Vocational Skill Level",
    *(word for pair in (*LABELS, ISSUER_LABEL, DATE_LABEL) for word in pair),
    "一寸免冠",
    "彩色照片",
    "扫码查询",
)

_DEEP, _GOLD, _PALE = HexColor(0x17375E), HexColor(0xB8975A), HexColor(0xE9EEF4)
_FORM = "certificate-blank"


def place_blank(canvas: SheetCanvas) -> None:
    """Put the blank onto the current page."""
    if not canvas.hasForm(_FORM):
        canvas.beginForm(_FORM)
        _ornament(canvas)
        _frame(canvas)
        _heading(canvas)
        _labels(canvas)
        canvas.endForm()
    canvas.doForm(_FORM)


def _ornament(canvas: SheetCanvas) -> None:
    """Two pale rosettes of turned ellipses in the middle, as a ground that copies badly."""
    canvas.setStrokeColor(_PALE)
    canvas.setLineWidth(0.45)
    canvas.saveState()
    canvas.translate(WIDTH / 2, HEIGHT / 2 - 8 * mm)
    canvas.addLiteral(_rosette(30, 66 * mm, 25 * mm) + _rosette(18, 24 * mm, 8 * mm))
    canvas.restoreState()


@cache
def _rosette(turns: int, long: float, short: float) -> str:
    """Operators that draw an ellipse, turn the page a little, draw it again, all the way round."""
    # How far the handles of the four arcs stand out so that they make an ellipse.
    reach = 4 * (sqrt(2) - 1) / 3
    arcs = [f"{long:.1f} 0 m"]
    for x1, y1, x2, y2 in ((1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)):
        points = ((x1 + reach * x2, y1 + reach * y2), (x2 + reach * x1, y2 + reach * y1), (x2, y2))
        arcs.append(" ".join(f"{long * x:.1f} {short * y:.1f}" for x, y in points) + " c")
    turned, flat = sin(pi / turns), cos(pi / turns)
    step = " ".join([*arcs, "S", f"{flat:.5f} {turned:.5f} {-turned:.5f} {flat:.5f} 0 0 cm"])
    return "\n".join([step] * turns) + "\n"


def _frame(canvas: SheetCanvas) -> None:
    canvas.setStrokeColor(_DEEP)
    canvas.setLineWidth(2.2)
    canvas.rect(9 * mm, 9 * mm, WIDTH - 18 * mm, HEIGHT - 18 * mm)
    canvas.setStrokeColor(_GOLD)
    canvas.setLineWidth(0.7)
    canvas.rect(11.2 * mm, 11.2 * mm, WIDTH - 22.4 * mm, HEIGHT - 22.4 * mm)
    for x, across in ((11.2 * mm, 1), (WIDTH - 11.2 * mm, -1)):
        for y, up in ((11.2 * mm, 1), (HEIGHT - 11.2 * mm, -1)):
            for reach in (6 * mm, 9 * mm):
                canvas.line(x + across * reach, y, x + across * reach, y + up * reach)
                canvas.line(x, y + up * reach, x + across * reach, y + up * reach)


def _heading(canvas: SheetCanvas) -> None:
    bold, middle = canvas.fonts.name(BOLD), WIDTH / 2
    canvas.setFillColor(_DEEP)
    size, space = 36, 9.0
    wide = canvas.stringWidth(TITLE, bold, size) + space * (len(TITLE) - 1)
    text = canvas.beginText(middle - wide / 2, HEIGHT - 43 * mm)
    text.setFont(bold, size)
    text.setCharSpace(space)
    text.textOut(TITLE)
    text.setCharSpace(0)
    canvas.drawText(text)
    canvas.setFillColor(FAINT)
    canvas.setFont(canvas.fonts.name(), 11)
    canvas.drawCentredString(middle, HEIGHT - 51 * mm, WORDS[1])
    canvas.setStrokeColor(_GOLD)
    canvas.setLineWidth(0.9)
    for across in (-1, 1):
        canvas.line(middle + across * 44 * mm, HEIGHT - 49.7 * mm, middle + across * 74 * mm, HEIGHT - 49.7 * mm)


def _labels(canvas: SheetCanvas) -> None:
    rows = [*zip(LABELS, BASELINES, strict=True), (ISSUER_LABEL, ISSUER_BASELINE), (DATE_LABEL, DATE_BASELINE)]
    for (chinese, english), at in rows:
        canvas.setFillColor(INK)
        canvas.setFont(canvas.fonts.name("fangsong"), 12)
        canvas.drawString(LABEL_LEFT, at + 1, chinese)
        canvas.setFillColor(FAINT)
        canvas.setFont(canvas.fonts.name(), 6.5)
        canvas.drawString(LABEL_LEFT, at - 8, english)
        canvas.setStrokeColor(_GOLD)
        canvas.setLineWidth(0.5)
        canvas.line(VALUE_LEFT, at - 5, VALUE_LEFT + VALUE_WIDTH, at - 5)
    canvas.setFillColor(FAINT)
    canvas.setFont(canvas.fonts.name(), 7)
    canvas.drawCentredString(QR_BOX[0] + QR_BOX[2] / 2, QR_BOX[1] - 6, "扫码查询")


def photo_edge(canvas: SheetCanvas) -> None:
    """A fine line around the photo, whose ground is as white as the paper."""
    canvas.setStrokeColor(_GOLD)
    canvas.setLineWidth(0.5)
    canvas.rect(*PHOTO_BOX)


def photo_frame(canvas: SheetCanvas) -> None:
    """The frame for a photo that is glued in later."""
    _empty_box(canvas, PHOTO_BOX, (("一寸免冠", 3), ("彩色照片", -9)))


def void_stamp(canvas: SheetCanvas) -> None:
    """作废 across the page."""
    _stamp(canvas, "作废", 150)


def rehearsal_stamp(canvas: SheetCanvas) -> None:
    """演练 · 无效 across the page."""
    _stamp(canvas, REHEARSAL, 112)


def no_code(canvas: SheetCanvas) -> None:
    """An empty box where the QR code would be: there is nothing to look up."""
    _empty_box(canvas, QR_BOX, (("演练无二维码", -3),))


def _empty_box(canvas: SheetCanvas, box: tuple[float, float, float, float], lines: Iterable[tuple[str, float]]) -> None:
    """A dashed frame that says what would stand in it: words, and their height above its middle in points."""
    x, y, width, height = box
    canvas.setStrokeColor(FAINT)
    canvas.setLineWidth(0.5)
    canvas.setDash(3, 2)
    canvas.rect(x, y, width, height)
    canvas.setDash()
    canvas.setFillColor(FAINT)
    canvas.setFont(canvas.fonts.name(), 8)
    for words, up in lines:
        canvas.drawCentredString(x + width / 2, y + height / 2 + up, words)


def _stamp(canvas: SheetCanvas, words: str, size: float) -> None:
    """Words across the page: outlined, so that what stands below stays legible."""
    canvas.saveState()
    canvas.translate(WIDTH / 2, HEIGHT / 2)
    canvas.rotate(25)
    canvas.setStrokeColor(WARNING)
    canvas.setLineWidth(3)
    wide = canvas.stringWidth(words, canvas.fonts.name(BOLD), size)
    canvas.roundRect(-wide / 2 - 20, -0.6 * size, wide + 40, 1.2 * size, 14)
    text = canvas.beginText(-wide / 2, -53 * size / 150)
    text.setFont(canvas.fonts.name(BOLD), size)
    text.setTextRenderMode(1)
    text.textOut(words)
    text.setTextRenderMode(0)
    canvas.drawText(text)
    canvas.restoreState()


def reissue_mark(canvas: SheetCanvas) -> None:
    """补发 in a small box at the top right: the certificate is valid, and not the first."""
    x, y, width, height = WIDTH - 46 * mm, HEIGHT - 33 * mm, 22 * mm, 11 * mm
    canvas.setStrokeColor(WARNING)
    canvas.setFillColor(PALE_WARNING)
    canvas.setLineWidth(1.2)
    canvas.roundRect(x, y, width, height, 3, fill=1)
    canvas.setFillColor(WARNING)
    canvas.setFont(canvas.fonts.name(BOLD), 17)
    canvas.drawCentredString(x + width / 2, y + 9.5, "补发")
