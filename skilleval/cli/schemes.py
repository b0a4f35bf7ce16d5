"""``skilleval schemes``: define, list, template, import, show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from skilleval.cli.institutions import read_toml
from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.people import report_import
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.schemes import KINDS
from skilleval.domain.scoring import show as show_mark
from skilleval.services import scheme_sheets as sheets
from skilleval.services import schemes as service
from skilleval.services.candidates import find_candidate
from skilleval.services.schemes import Filled
from skilleval.services.tenancy import batch_of, institution_of

batch_option = click.option("--batch", "number", required=True, help=_("批次编号"))
method_option = click.option(
    "--method", type=click.Choice([one.key for one in METHODS.values() if one.scheme]), required=True, help=_("评价部分")
)
grade_option = click.option("--grade", help=_("等级，如 高级工；只有一个等级有评分办法时可不填"))
assessor_option = click.option("--assessor", help=_("工作业绩评审、过程考核：由哪名考评员（编号）名下计分；只指派一名时可不填"))


@click.group(help=_("评分办法：评分表、业绩指标、过程考核，以及分数的由来。"))
def schemes() -> None:
    """The commands of schemes."""


@schemes.command(help=_("按文件（TOML）登记评价规范一个部分的评分办法；样例见 templates/scheme-*.example.toml。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def define(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Define the scheme of a part."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        institution = institution_of(session, str(content.get("institution", "")))
        written = service.define_scheme(session, workplace.actor, institution, content)
        session.commit()
    answer: list[dict[str, Any]] = [{"kind": one.kind, "title": one.title, "version": one.version} for one in written]
    lines = [_("已登记 {title}：{kind}，第 {version} 版").format(**{**one, "kind": KINDS[one["kind"]]}) for one in answer]
    emit(answer, as_json, lines)


@schemes.command(name="list", help=_("列出一个机构登记过的评分办法。"))
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@json_option
@pass_workplace
def list_(workplace: Workplace, credit_code: str, as_json: bool) -> None:
    """List schemes, every version."""
    with workplace.database.reading() as session:
        rows: list[dict[str, Any]] = [
            {
                "specification": specification.code, "specification_version": specification.version,
                "grade": Grade(part.grade).printed, "method": part.method, "kind": scheme.kind, "title": scheme.title,
                "version": scheme.version, "defined_by": scheme.defined_by, "content": scheme.content,
            }
            for specification, part, scheme in service.schemes_of(session, institution_of(session, credit_code))
        ]  # fmt: skip
    lines = [
        f"{row['specification']} v{row['specification_version']}  {row['grade']}  {METHODS[row['method']].name_zh}  "
        f"{KINDS[row['kind']]}“{row['title']}”第 {row['version']} 版"
        for row in rows
    ]
    emit(rows, as_json, [*lines, _("共 {count} 份").format(count=len(rows))])


@schemes.command(help=_("生成填写用的工作簿：评分表每名考评员一张，业绩数据一人一时段一行，过程考核一次观察一行。"))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@batch_option
@method_option
@grade_option
@assessor_option
@json_option
@pass_workplace
def template(
    workplace: Workplace, out: Path, number: str, method: str, grade: str | None, assessor: str | None, as_json: bool
) -> None:
    """Write the workbook of a scheme."""
    with workplace.database.reading() as session:
        batch = batch_of(session, number)
        part, scheme = service.scheme_for(session, batch, method, _grade(grade))
        count = sheets.scores_workbook(session, batch, part, scheme, out, assessor)
    emit({"file": out, "candidates": count}, as_json, [_("已生成：{out}（{count} 人）").format(out=out, count=count)])


@schemes.command(name="import", help=_("导入填好的工作簿并算出分数：全部正确才写入；更正已有的评分须加 --reason。"))
@click.argument("file", type=click.Path(path_type=Path))
@batch_option
@method_option
@grade_option
@assessor_option
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
    method: str,
    grade: str | None,
    assessor: str | None,
    reason: str,
    check_only: bool,
    good_rows: bool,
    errors: Path | None,
    as_json: bool,
) -> None:
    """Import the workbook of a scheme."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        part, scheme = service.scheme_for(session, batch, method, _grade(grade))
        staged = sheets.stage_scores(session, batch, part, scheme, file, reason=reason, assessor=assessor)
        written = not check_only and (good_rows or not staged.report.failed)
        if written:
            sheets.write_scores(session, workplace.actor, staged)
            session.commit()
    report_import(staged.report, file, errors, as_json, written=written)


@schemes.command(help=_("一名考生的分数由来：每份评分记录逐行列出，更正前的也在内。"))
@click.argument("person")
@batch_option
@json_option
@pass_workplace
def show(workplace: Workplace, person: str, number: str, as_json: bool) -> None:
    """Show the filled sheets behind a candidate's marks."""
    with workplace.database.reading() as session:
        batch = batch_of(session, number)
        candidate, _person = find_candidate(session, batch, person, vault=workplace.vault)
        filled = service.filled_sheets(session, batch, candidate)
    rows = [_row(one) for one in filled]
    emit(rows, as_json, [line for row in rows for line in _lines(row)] or [_("没有按评分办法计的分数")])


def _grade(written: str | None) -> str | None:
    return Grade.parse(written).value if written else None


def _row(one: Filled) -> dict[str, Any]:
    return {
        "method": one.part.method,
        "assessor": one.assessor.code,
        "revision": one.mark.revision,
        "mark": show_mark(one.sheet.value),
        "veto": one.sheet.veto or None,
        "reason": one.sheet.reason,
        "lines": [
            {
                "item": line.item, "period": line.period, "day": line.day, "observer": line.observer,
                "entered": line.entered, "points": line.points / 100, "text": line.text,
            }
            for line in one.lines
        ],
    }  # fmt: skip


def _lines(row: dict[str, Any]) -> Iterator[str]:
    again = _("，第 {revision} 次记录：{reason}").format(**row) if row["revision"] > 1 else ""
    yield f"{METHODS[row['method']].name_zh}  {row['assessor']}  {row['mark']}{again}"
    yield from (f"    {line['text']}" for line in row["lines"])
