"""表5 职业技能等级证书数据审核确认表, signed and stamped, sent with each batch of certificate data.

Its fields are those of one nationally registered institution's form (practice, not law); the words are template data.
"""

from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table

from skilleval.reports.filing import FilingContent
from skilleval.reports.fonts import Fonts
from skilleval.reports.paper import Paper
from skilleval.reports.templates import Template

_WIDTHS = (34 * mm, 56 * mm, 40 * mm, 40 * mm)


def render(content: FilingContent, template: Template, fonts: Fonts) -> bytes:
    """The form of ``content`` as PDF, one A4 page for as many lines as fit, more where they don't."""
    form = template.texts["form"]
    page = Paper(fonts, demo=content.demo)
    story: list[Flowable] = [
        page.text(str(form["number"])),
        page.title(str(form["title"])),
        Spacer(1, 4 * mm),
        _basic(content, form, page),
        _data(content, template, page),
        _opinions(form, page),
    ]
    return page.build(story, title=str(form["title"]))


def _basic(content: FilingContent, form: dict[str, Any], page: Paper) -> Table:
    filer = content.filer
    name, leader, manager, headline, uploaded, kind = (page.cell(label) for label in form["labels"])
    rows = [
        [page.cell(form["basic"], bold=True), "", "", ""],
        [name, page.cell(filer.name), leader, page.cell(filer.responsible)],
        [headline, page.cell(content.titled(form["headline"])), manager, page.cell(filer.data_manager)],
        [uploaded, page.cell(""), kind, page.cell(form["data_kind"])],
    ]
    return page.grid(rows, _WIDTHS, spans=[((0, 0), (3, 0))])


def _data(content: FilingContent, template: Template, page: Paper) -> Table:
    form, columns = template.texts["form"], template.columns
    rows = [
        [page.cell(form["data"], bold=True), "", "", ""],
        [page.cell(column.heading, bold=True) for column in columns],
    ]
    for line in content.confirmation:
        cells = [template.written(column, getattr(line, column.key)) for column in columns]
        rows.append([page.cell("--" if cell is None else str(cell)) for cell in cells])
    total = sum(line.count for line in content.confirmation)
    rows.append([page.cell(form["total"], bold=True), "", "", page.cell(str(total), bold=True)])
    last = len(rows) - 1
    return page.grid(rows, _WIDTHS, spans=[((0, 0), (3, 0)), ((0, last), (2, last))])


def _opinions(form: dict[str, Any], page: Paper) -> Table:
    rows = [
        [page.cell(heading), page.cell(f"\n\n{signature}\n\n{form['date_line']}", align="right")]
        for heading, signature in form["opinions"]
    ]
    return page.grid(rows, (_WIDTHS[0], sum(_WIDTHS[1:])))
