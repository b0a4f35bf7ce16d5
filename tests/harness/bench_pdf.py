"""G6 to G9: long lists, certificates in one file and in single files, QR codes, against what a team would write first."""

import base64
import io
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import segno
from PIL import Image
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table

from skilleval.domain.ladder import Grade
from skilleval.reports import qr
from skilleval.reports.certificate import CertificateSheet, render_certificates
from skilleval.reports.certificate_blank import LABELS, TITLE
from skilleval.reports.fonts import load_fonts
from skilleval.reports.listing import Column, Listing, render_listing
from tests.harness.measure import Goal, Limit

FIRM = "岭南精工制造有限公司"
SURNAMES, GIVEN = "陈李王张刘黄林吴周郑", "大文明志强伟芳敏静丽云海波建国华平军勇超"
SIZES, HEADINGS = (30, 60, 110, 110, 60, 60, 80, 50, 50, 50), (
    "序号", "姓名", "证件号码", "所在单位", "职业名称", "工种", "职业技能等级", "理论", "技能", "总分",
)  # fmt: skip
ROWS_A_PAGE, ROW_HEIGHT = 24, 20
SINGLE_MAXIMUM = 40_000


def name_of(index: int) -> str:
    given = GIVEN[index // 10 % 20] + (GIVEN[index // 200 % 20] if index % 3 else "")
    return SURNAMES[index % 10] + given


@cache
def list_rows(rows: int) -> list[tuple[str, ...]]:
    return [
        (
            str(index + 1), name_of(index), f"440999********{index % 10_000:04d}", FIRM, "电工", "变配电运维", "三级/高级工",
            f"{60 + index % 40}.50", "81.50", f"{70 + index % 20}.10",
        )
        for index in range(rows)
    ]  # fmt: skip


@cache
def plain_font() -> str:
    """The same font by reportlab's own means."""
    pdfmetrics.registerFont(TTFont("Plain", str(load_fonts().files["hei"].path)))
    return "Plain"


def list_ours(_folder: Path, rows: int) -> Any:
    columns = tuple(Column(heading, size) for heading, size in zip(HEADINGS, SIZES, strict=True))
    return render_listing(Listing("成绩一览", columns, list_rows(rows), upright=False), load_fonts())


def list_in_halves(_folder: Path, rows: int) -> Any:
    for _half in range(2):
        list_ours(_folder, rows // 2)


def list_table(_folder: Path, rows: int) -> Any:
    """reportlab's Table, a page at a time and with fixed heights: its quickest use."""
    canvas = Canvas(io.BytesIO(), pagesize=landscape(A4), pageCompression=1)
    style = [("FONT", (0, 0), (-1, -1), plain_font(), 9), ("GRID", (0, 0), (-1, -1), 0.4, (0, 0, 0))]
    content = list_rows(rows)
    for start in range(0, rows, ROWS_A_PAGE):
        part = [HEADINGS, *content[start : start + ROWS_A_PAGE]]
        table = Table(part, colWidths=SIZES, rowHeights=[ROW_HEIGHT] * len(part), style=style)
        table.wrapOn(canvas, 800, 560)
        table.drawOn(canvas, 40, 560 - ROW_HEIGHT * len(part))
        canvas.setFont(plain_font(), 8)
        canvas.drawString(400, 20, f"第 {canvas.getPageNumber()} 页")
        canvas.showPage()
    canvas.save()


@cache
def photo() -> bytes:
    shades = Image.linear_gradient("L").resize((590, 826))
    file = io.BytesIO()
    Image.blend(shades, Image.effect_noise((590, 826), 40), 0.3).convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()


@cache
def sheets(rows: int) -> list[CertificateSheet]:
    return [
        CertificateSheet(
            name=name_of(index), id_type="居民身份证", id_number=f"44099919900101{index % 10_000:04d}", occupation="电工",
            trade="变配电运维", grade=Grade.SENIOR, number=f"Y000044000123263{index:06d}", institution=FIRM,
            issued_on=date(2026, 6, 23), query_url="http://jndj.osta.org.cn",
            institution_url="http://pjjg.osta.org.cn", photo=photo(),
        )
        for index in range(rows)
    ]  # fmt: skip


def warm(rows: int) -> object:
    return list_rows(rows), list_rows(rows // 2), sheets(rows), photo(), plain_font()


def merged_ours(_folder: Path, rows: int) -> Any:
    return render_certificates(sheets(rows), load_fonts())


def merged_canvas(_folder: Path, rows: int) -> Any:
    """reportlab's canvas with the ground as a form, and segno for each code."""
    font, canvas, picture = plain_font(), Canvas(io.BytesIO(), pagesize=landscape(A4), pageCompression=1), ImageReader(
        io.BytesIO(photo())
    )
    canvas.setFont(font, 12)
    canvas.beginForm("ground")
    canvas.rect(9 * mm, 9 * mm, 279 * mm, 192 * mm)
    for number in range(48):
        canvas.ellipse(300 - number, 200 - number, 500 + number, 400 + number)
    canvas.setFont(font, 36)
    canvas.drawCentredString(421, 480, TITLE)
    canvas.endForm()
    for sheet in sheets(rows):
        canvas.doForm("ground")
        canvas.setFont(font, 12)
        for place, ((label, english), value) in enumerate(zip(LABELS, sheet.values, strict=True)):
            canvas.drawString(400, 420 - 36 * place, f"{label} {english}")
            canvas.drawCentredString(640, 420 - 36 * place, value)
        for place, text in enumerate((sheet.body[:24], sheet.body[24:], *sheet.notes, FIRM, sheet.printed_date)):
            canvas.drawString(80, 420 - 24 * place, text)
        canvas.drawImage(picture, 110, 170, 71, 99)
        _draw_code(canvas, sheet.qr_text)
        canvas.showPage()
    canvas.save()


def _draw_code(canvas: Canvas, text: str) -> None:
    path = canvas.beginPath()
    for row, modules in enumerate(segno.make(text, error="m", micro=False).matrix):
        for column, dark in enumerate(modules):
            if dark:
                path.rect(240 + 2.4 * column, 260 - 2.4 * row, 2.4, 2.4)
    canvas.drawPath(path, stroke=0, fill=1)


def singles_ours(_folder: Path, rows: int) -> Any:
    for sheet in sheets(rows):
        size = len(render_certificates([sheet], load_fonts()))
        assert size <= SINGLE_MAXIMUM, f"{size} bytes"


@cache
def _weasy_style() -> tuple[Any, Any]:
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    config = FontConfiguration()
    source = load_fonts().files["hei"].path.as_uri()
    rules = (
        f"@font-face {{ font-family: Plain; src: url({source}) }} body {{ font: 12pt Plain }}"
        "@page { size: A4 landscape; margin: 15mm } h1 { text-align: center; font-size: 36pt }"
    )
    return weasyprint.CSS(string=rules, font_config=config), config


def singles_weasyprint(_folder: Path, rows: int) -> Any:
    import weasyprint

    style, config = _weasy_style()
    picture = base64.b64encode(photo()).decode()
    for sheet in sheets(rows):
        lines = "".join(
            f"<tr><td>{label} {english}</td><td>{value}</td></tr>"
            for (label, english), value in zip(LABELS, sheet.values, strict=True)
        )
        code = segno.make(sheet.qr_text, error="m", micro=False).svg_inline(scale=3)
        page = (
            f"<h1>{TITLE}</h1><p>{sheet.body}</p><table>{lines}</table>{code}"
            f"<img width=95 src='data:image/jpeg;base64,{picture}'><p>{'<br>'.join(sheet.notes)}</p>"
            f"<p>{FIRM}<br>{sheet.printed_date}</p>"
        )
        weasyprint.HTML(string=page).write_pdf(stylesheets=[style], font_config=config)


def codes_ours(_folder: Path, rows: int) -> Any:
    for sheet in sheets(rows):
        qr.code_hex(sheet.qr_text)


def codes_segno(_folder: Path, rows: int) -> Any:
    for sheet in sheets(rows):
        segno.make(sheet.qr_text, error="m", micro=False)


def codes_qrcode(_folder: Path, rows: int) -> Any:
    import qrcode

    for sheet in sheets(rows):
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
        code.add_data(sheet.qr_text)
        code.make(fit=True)


GOALS = (
    Goal(
        "G6",
        "PDF list, 10 columns, embedded Chinese font",
        {"ours": list_ours, "Table a page": list_table, "two halves": list_in_halves},
        (Limit("Table a page", "at least", 3), Limit("two halves", "at most", 1.15), Limit("", "MB at most", 150)),
        warm=warm,
    ),
    Goal(
        "G7",
        "certificates in one file, QR and photo",
        {"ours": merged_ours, "reportlab canvas + segno": merged_canvas},
        (Limit("reportlab canvas + segno", "at least", 6),),
        warm=warm,
        cap={"ours": 10_000, "reportlab canvas + segno": 500},
    ),
    Goal(
        "G8",
        "certificates as single files of at most 40 KB",
        {"ours": singles_ours, "weasyprint": singles_weasyprint},
        (Limit("weasyprint", "at least", 5),),
        warm=warm,
        cap={"ours": 500, "weasyprint": 25},
    ),
    Goal(
        "G9",
        "QR codes",
        {"ours": codes_ours, "segno": codes_segno, "qrcode": codes_qrcode},
        (Limit("segno", "at least", 20), Limit("qrcode", "at least", 20)),
        warm=warm,
        cap={"segno": 500, "qrcode": 200},
    ),
)
