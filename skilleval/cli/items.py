"""``skilleval items``: add, import, template, list, retire, coverage, card-add, card-check, card-print."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from skilleval.cli.institutions import read_toml
from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.people import report_import
from skilleval.cli.task_cards import add_card, check_card, print_card
from skilleval.db.tables import Item, Specification
from skilleval.domain.coverage import Cell, Cover
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import label
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import show as shown
from skilleval.reports.coverage import percent, planned, write_coverage
from skilleval.services import item_sheets
from skilleval.services import items as service
from skilleval.services.coverage import Coverage, coverage_of
from skilleval.services.tenancy import institution_of

institution_option = click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
specification_option = click.option("--specification", required=True, help=_("评价规范编号，如 DG（最新一版）或 DG@1"))


@click.group(help=_("考核项目：登记、停用、覆盖矩阵、操作任务书。"))
def items() -> None:
    """The commands of items."""


items.add_command(add_card)
items.add_command(check_card)
items.add_command(print_card)


@items.command(help=_("按文件（TOML）登记考核项目：全部正确才写入；样例见 templates/items.example.toml。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def add(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Register items from a TOML file."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        institution = institution_of(session, str(content.get("institution", "")))
        staged = item_sheets.stage_file(
            session, institution, file, content, on=workplace.on, own_standards=workplace.folder / "standards"
        )
        item_sheets.write_items(session, workplace.actor, staged)
        session.commit()
    report_import(staged.report, file, None, as_json, written=True)


@items.command(name="import", help=_("导入考核项目登记表（.xlsx 或 .csv）：全部正确才写入。"))
@click.argument("file", type=click.Path(path_type=Path))
@institution_option
@click.option("--check", "check_only", is_flag=True, help=_("只检查，不写入"))
@click.option("--good-rows", is_flag=True, help=_("写入正确的行，错误的行除外"))
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help=_("有错误时，把原表加“错误原因”列写到这里"))
@json_option
@pass_workplace
def import_(
    workplace: Workplace,
    file: Path,
    credit_code: str,
    check_only: bool,
    good_rows: bool,
    errors: Path | None,
    as_json: bool,
) -> None:
    """Import a workbook of items."""
    with workplace.database.writing() as session:
        institution = institution_of(session, credit_code)
        staged = item_sheets.stage_workbook(
            session, institution, file, on=workplace.on, own_standards=workplace.folder / "standards"
        )
        written = not check_only and (good_rows or not staged.report.failed)
        if written:
            item_sheets.write_items(session, workplace.actor, staged)
            session.commit()
    report_import(staged.report, file, errors, as_json, written=written)


@items.command(help=_("生成考核项目登记表。"))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def template(workplace: Workplace, out: Path, as_json: bool) -> None:
    """Write the empty workbook."""
    item_sheets.write_template(out)
    emit({"file": out}, as_json, [_("考核项目登记表已生成：{out}").format(out=out)])


@items.command(name="list", help=_("列出考核项目（含停用的）；--out 写成可再导入的登记表。"))
@institution_option
@click.option("--specification", help=_("评价规范编号，如 DG（最新一版）或 DG@1；默认全部"))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=_("写成登记表（.xlsx）"))
@json_option
@pass_workplace
def list_(workplace: Workplace, credit_code: str, specification: str | None, out: Path | None, as_json: bool) -> None:
    """List items."""
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        assert institution.id is not None
        found = service.find_specification(session, institution, specification) if specification else None
        codes = {key: one.code for key, one in service.people_of(session, institution.id).items()}
        rows = [_answer(item, one, codes) for item, one in service.items_of(session, institution, found)]
        if out:
            item_sheets.write_workbook(session, institution, out, found)
    lines = [*map(_line, rows), _("共 {count} 个考核项目").format(count=len(rows))]
    emit(rows, as_json, [*lines, *([_("登记表：{out}").format(out=out)] if out else [])])


@items.command(help=_("停用一个考核项目，须写明理由；项目保留在登记中。"))
@click.argument("code")
@institution_option
@specification_option
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def retire(
    workplace: Workplace, code: str, credit_code: str, specification: str, reason: str, as_json: bool
) -> None:
    """Retire an item."""
    with workplace.database.writing() as session:
        institution = institution_of(session, credit_code)
        assert institution.id is not None
        one = service.find_specification(session, institution, specification)
        item = service.retire_item(
            session, workplace.actor, service.find_item(session, one, code), reason=reason, on=workplace.on
        )
        session.commit()
        codes = {key: person.code for key, person in service.people_of(session, institution.id).items()}
        answer = _answer(item, one, codes)
    emit(answer, as_json, [_line(answer)])


@items.command(help=_("覆盖矩阵：各等级各项要求有几个启用的项目、多少分，标准的计划权重与实际权重，未覆盖和偏重的列明。"))
@institution_option
@specification_option
@click.option(
    "--tolerance", type=click.IntRange(0, 100), default=0, show_default=True,
    help=_("实际权重与计划权重可以相差几个百分点（没有文件规定，由本单位自定）"),
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=_("写成工作簿（.xlsx）"))
@json_option
@pass_workplace
def coverage(
    workplace: Workplace, credit_code: str, specification: str, tolerance: int, out: Path | None, as_json: bool
) -> None:
    """Show the coverage matrix of a specification."""
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        one = service.find_specification(session, institution, specification)
        found = coverage_of(session, one, tolerance=tolerance, own_standards=workplace.folder / "standards")
        lines = list(_coverage_lines(found))
        answer = _coverage_answer(found)
        if out:
            notes = [(_("机构"), institution.name), (_("评价规范"), f"{one.code} 第{one.version}版 {one.title}"),
                     (_("依据标准"), found.standard or _("未知")), (_("允许相差"), f"{tolerance} 个百分点"),
                     (_("截至"), str(workplace.on)), *((_("说明"), note) for note in found.notes)]  # fmt: skip
            write_coverage(out, found.matrix, notes)
    emit(answer, as_json, [*lines, *([_("覆盖矩阵：{out}").format(out=out)] if out else [])])


def _answer(item: Item, specification: Specification, codes: dict[int, str]) -> dict[str, Any]:
    own = item.model_dump(exclude={"id", "institution_id", "specification_id", "author_id", "reviewer_id"})
    return own | {
        "specification": specification.code,
        "version": specification.version,
        "author": codes[item.author_id],
        "reviewer": codes[item.reviewer_id] if item.reviewer_id else None,
    }


def _line(row: dict[str, Any]) -> str:
    told = [f"{row['specification']}@{row['version']}", row["code"], Grade(row["grade"]).printed]
    told += [METHODS[row["method"]].short_zh, row["title"], row["function"], row["task"] or "", row["requirement"] or ""]
    told += [_("{points}分").format(points=shown(row["points"])), label("item", row["state"]), row["reason"] or ""]
    return "  ".join(filter(None, told))


def _coverage_answer(found: Coverage) -> dict[str, Any]:
    return {
        "specification": found.specification.code,
        "version": found.specification.version,
        "standard": found.standard,
        "tolerance": found.tolerance,
        "cells": [_cell(cell) for cell in found.matrix.cells],
        "untested_tasks": [{"function": function, "task": task} for function, task in found.matrix.untested_tasks],
        "notes": list(found.notes),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "grade": cell.grade.value,
        "method": cell.method,
        "function": cell.function,
        "listed": cell.listed,
        "items": cell.items,
        "points": cell.points,
        "planned_percent": cell.planned,
        "actual_percent": None if cell.actual is None else percent(cell.actual).rstrip("%"),
        "cover": cell.cover.value,
    }


def _coverage_lines(found: Coverage) -> Iterator[str]:
    one = found.specification
    yield _("{code} 第{version}版 {title}  依据标准：{standard}").format(
        code=one.code, version=one.version, title=one.title, standard=found.standard or _("未知")
    )
    part = None
    for cell in found.matrix.cells:
        if part != (cell.grade, cell.method):
            part = (cell.grade, cell.method)
            yield f"{cell.grade.printed}  {METHODS[cell.method].name_zh}"
        yield _("  [{cover}] {function}{outside}  {items}项  {points}分  计划 {planned}  实际 {actual}").format(
            cover=cell.cover.name_zh, function=cell.function, outside="" if cell.listed else _("（标准未列）"),
            items=cell.items, points=shown(cell.points), planned=planned(cell), actual=percent(cell.actual),
        )  # fmt: skip
    yield _("合计：{counts}").format(
        counts="，".join(f"{cover.name_zh} {len(list(found.matrix.having(cover)))}" for cover in Cover)
    )
    yield from (
        _("没有技能项目考到的工作内容：{function} — {task}").format(function=function, task=task)
        for function, task in found.matrix.untested_tasks
    )
    yield from (_("注意：{note}").format(note=note) for note in found.notes)
