"""``skilleval marks``: template, import, list, revise, adjudicate, settle, remark, correct."""

from pathlib import Path
from typing import Any

import click
from sqlmodel import Session, col, select

from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.people import report_import
from skilleval.db.tables import Batch, Candidate, Institution
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import Outcome, show
from skilleval.services import mark_sheets as sheets
from skilleval.services import marks as service
from skilleval.services import reopening
from skilleval.services.batches import candidates_of
from skilleval.services.candidates import find_candidate
from skilleval.services.results import correct_result, latest_results, settle_results
from skilleval.services.tenancy import batch_of, seen_batch_of, viewer_of
from skilleval.sheets.columns import CellRefused, Column, read_cell

batch_option = click.option("--batch", "number", required=True, help=_("批次编号"))
method_option = click.option("--method", type=click.Choice(list(METHODS)), required=True, help=_("评价部分"))


@click.group(help=_("成绩：录入、裁定、核定、更正。"))
def marks() -> None:
    """The commands of marks."""


@marks.command(help=_("生成成绩表：每部分一张工作表，每名考评员一列。"))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@batch_option
@json_option
@pass_workplace
def template(workplace: Workplace, out: Path, number: str, as_json: bool) -> None:
    """Write the marks workbook."""
    with workplace.database.reading() as session:
        count = sheets.marks_workbook(session, batch_of(session, number), out)
    emit({"file": out, "candidates": count}, as_json, [_("成绩表已生成：{out}（{count} 人）").format(out=out, count=count)])


@marks.command(name="import", help=_("导入成绩表：全部正确才写入；更正已有的评分须加 --reason。"))
@click.argument("file", type=click.Path(path_type=Path))
@batch_option
@click.option("--reason", default="", help=_("更正已有评分的理由（原评分保留）"))
@click.option("--check", "check_only", is_flag=True, help=_("只检查，不写入"))
@click.option("--good-rows", is_flag=True, help=_("写入正确的行，错误的行除外"))
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help=_("有错误时，把原表加“错误原因”列写到这里"))
@json_option
@pass_workplace
def import_(
    workplace: Workplace,
    file: Path,
    number: str,
    reason: str,
    check_only: bool,
    good_rows: bool,
    errors: Path | None,
    as_json: bool,
) -> None:
    """Import the marks workbook."""
    with workplace.database.writing() as session:
        staged = sheets.stage_marks(session, batch_of(session, number), file, reason=reason)
        written = not check_only and (good_rows or not staged.report.failed)
        if written:
            sheets.write_marks(session, workplace.actor, staged)
            session.commit()
    report_import(staged.report, file, errors, as_json, written=written)


@marks.command(name="list", help=_("列出成绩与结果。"))
@batch_option
@json_option
@pass_workplace
def list_(workplace: Workplace, number: str, as_json: bool) -> None:
    """List marks as they stand, and results where they are settled."""
    with workplace.database.reading() as session:
        rows = _rows(session, seen_batch_of(session, number))
    lines = []
    for row in rows:
        parts = "  ".join(f"{METHODS[method].short_zh} {mark}" for method, mark in row["parts"].items())
        lines.append(f"{row['admission_number']}  {row['employer']}  {row['grade']}  {parts}  {row['total']}  {row['outcome'] or '未核定'}")
        lines += [f"    ！{dispute}" for dispute in row["disputes"]]
    emit(rows, as_json, [*lines, _("共 {count} 人").format(count=len(rows))])


@marks.command(help=_("更正一名考评员的评分（核定前；原评分保留）。"))
@batch_option
@click.argument("person")
@method_option
@click.option("--assessor", required=True, help=_("考评员编号"))
@click.option("--mark", required=True, help=_("新的分数，或“缺考”"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def revise(
    workplace: Workplace, number: str, person: str, method: str, assessor: str, mark: str, reason: str, as_json: bool
) -> None:
    """Revise one assessor's mark."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        candidate, _person = find_candidate(session, batch, person, vault=workplace.vault)
        row = service.correct_mark(
            session, workplace.actor, batch, candidate, method=method, assessor_code=assessor,
            value=_mark(mark), reason=reason,
        )  # fmt: skip
        session.commit()
    emit({"revision": row.revision}, as_json, [_("已更正（第 {revision} 次记录）").format(revision=row.revision)])


@marks.command(help=_("裁定有分歧的评分。"))
@batch_option
@click.argument("person")
@method_option
@click.option("--mark", required=True, help=_("裁定的分数"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def adjudicate(workplace: Workplace, number: str, person: str, method: str, mark: str, reason: str, as_json: bool) -> None:
    """Decide a disputed mark."""
    value = _mark(mark)
    if value is None:
        raise RuleBroken("裁定须给出分数")
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        candidate, _person = find_candidate(session, batch, person, vault=workplace.vault)
        service.adjudicate(session, workplace.actor, batch, candidate, method=method, value=value, reason=reason)
        session.commit()
    emit({"mark": show(value)}, as_json, [_("已裁定为 {mark}").format(mark=show(value))])


@marks.command(help=_("核定成绩：有缺分或分歧时拒绝并逐条列出。"))
@batch_option
@json_option
@pass_workplace
def settle(workplace: Workplace, number: str, as_json: bool) -> None:
    """Settle the results of a batch."""
    with workplace.database.writing() as session:
        results = settle_results(session, workplace.actor, batch_of(session, number), workplace.library)
        session.commit()
    counts = {outcome.value: sum(one.outcome == outcome.value for one in results) for outcome in Outcome}
    emit(
        {"settled": len(results), **counts},
        as_json,
        [_("已核定 {count} 人：合格 {passed}，不合格 {failed}，缺考 {absent}").format(count=len(results), **counts)],
    )


@marks.command(help=_("异议成立或回避认定后，由另一人重评一名考生的一个部分：结果作为新版，原评分和原结果保留。"))
@batch_option
@click.argument("person")
@method_option
@click.option("--mark", required=True, help=_("重评的分数"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def remark(workplace: Workplace, number: str, person: str, method: str, mark: str, reason: str, as_json: bool) -> None:
    """Mark a part anew after an upheld objection or a confirmed conflict of interest."""
    value = _mark(mark)
    if value is None:
        raise RuleBroken("重评须给出分数")
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        candidate, _person = find_candidate(session, batch, person, vault=workplace.vault)
        result = reopening.remark(session, workplace.actor, batch, candidate, method=method, value=value, reason=reason)
        session.commit()
    answer = {"revision": result.revision, "outcome": result.outcome, "total": show(result.total)}
    emit(answer, as_json, [_("已重评（第 {revision} 版结果）：{label}").format(
        revision=result.revision, label=Outcome(result.outcome).name_zh)])  # fmt: skip


@marks.command(help=_("更正核定成绩：作为新记录，原成绩保留。"))
@batch_option
@click.argument("person")
@click.option("--part", "parts", multiple=True, required=True, help=_("如 skill=86.5 或 theory=缺考，可多次"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def correct(
    workplace: Workplace, number: str, person: str, parts: tuple[str, ...], reason: str, as_json: bool
) -> None:
    """Correct a settled result by a new entry."""
    values = {}
    for part in parts:
        method, _equals, mark = part.partition("=")
        if method not in METHODS:
            raise click.UsageError(_("--part 应写作 skill=86.5，可用的部分：{methods}").format(methods="、".join(METHODS)))
        values[method] = _mark(mark)
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        candidate, _person = find_candidate(session, batch, person, vault=workplace.vault)
        result = correct_result(session, workplace.actor, batch, candidate, parts=values, reason=reason)
        session.commit()
    answer = {"revision": result.revision, "outcome": result.outcome, "total": show(result.total)}
    emit(answer, as_json, [_("已更正（第 {revision} 次记录）：{label}").format(
        revision=result.revision, label=Outcome(result.outcome).name_zh)])  # fmt: skip


def _mark(text: str) -> int | None:
    if text.strip() == "缺考":
        return None
    try:
        value = read_cell(text, Column("mark", "分数", "mark", required=True))
    except CellRefused as refusal:
        raise RuleBroken(f"“{text}”{refusal.message}") from refusal
    assert isinstance(value, int)
    return value


def _rows(session: Session, batch: Batch) -> list[dict[str, Any]]:
    agreed = service.part_marks(session, batch)
    results = latest_results(session, batch)
    employers = {one.id: one.name for one in session.exec(select(Institution).order_by(col(Institution.id)))}
    seen = set(session.exec(select(Candidate.id).where(viewer_of(session).candidates())))
    rows = []
    for candidate in candidates_of(session, batch):
        if candidate.id not in agreed or candidate.id not in seen:
            continue
        result = results.get(candidate.id)
        parts = result.parts if result else {method: mark.value for method, mark in agreed[candidate.id].items()}
        rows.append(
            {
                "admission_number": candidate.admission_number,
                "employer": employers[candidate.employer_id],
                "grade": Grade(candidate.grade).printed,
                "parts": {method: show(value) for method, value in parts.items()},
                "total": show(result.total) if result else "—",
                "outcome": Outcome(result.outcome).name_zh if result else None,
                "revision": result.revision if result else None,
                "reasons": result.proof if result else [mark.text for mark in agreed[candidate.id].values() if mark.text],
                "disputes": [] if result else [mark.dispute for mark in agreed[candidate.id].values() if mark.dispute],
            }
        )
    return rows
