"""``skilleval filings``: export, verify, answer, list."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.domain.lifecycle import label
from skilleval.services.tenancy import batch_of

if TYPE_CHECKING:
    from skilleval.reports.findings import Findings

LEVELS = {"district": "区", "city": "市", "province": "省"}
#: more findings than this are counted, not listed, on the screen; JSON has them all
SHOWN = 50


@click.group(help=_("上报材料：导出、核对、查看。"))
def filings() -> None:
    """The commands of the filing package."""


@filings.command(help=_("把已发证批次导出为一个上报材料包（zip），并登记版本与 SHA-256。"))
@click.option("--batch", "number", required=True, help=_("批次编号"))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help=_("写入此文件夹"))
@click.option("--to", "addressed_to", type=click.Choice(list(LEVELS)), help=_("报送对象（默认为备案机关所在级别）"))
@json_option
@pass_workplace
def export(workplace: Workplace, number: str, out: Path, addressed_to: str | None, as_json: bool) -> None:
    """Write the package of a certified batch, verified, and record it."""
    from skilleval.reports.fonts import load_fonts
    from skilleval.reports.package import verify_package
    from skilleval.services.filings import export_filing

    with workplace.database.writing() as session:
        exported = export_filing(
            session,
            workplace.actor,
            batch_of(session, number),
            vault=workplace.vault,
            fonts=load_fonts(workplace.settings.fonts),
            folder=out,
            instance_folder=workplace.folder,
            on=workplace.on,
            addressed_to=addressed_to,
            demo=workplace.settings.certificate.demo,
        )
        session.commit()
    filing, written = exported.filing, exported.written
    verdict = verify_package(written.path)
    answer = {
        "file": written.path,
        "version": filing.version,
        "addressed_to": filing.addressed_to,
        "sha256": written.sha256,
        "counts": written.manifest["counts"],
        "files": [{"name": entry["name"], "rows": entry["rows"]} for entry in written.manifest["files"]],
        "left_empty": written.manifest["left_empty"],
        "ok": verdict.ok,
        "findings": [finding.as_json() for finding in verdict.findings],
    }
    emit(answer, as_json, [*_export_lines(answer), *_verdict_lines(verdict)])


def _export_lines(answer: dict[str, Any]) -> list[str]:
    counts = answer["counts"]
    lines = [
        _("已导出 {file}（第 {version} 版，报{level}）").format(
            file=answer["file"], version=answer["version"], level=LEVELS[answer["addressed_to"]]
        ),
        _("考生 {candidates} 人，合格 {passed} 人，证书 {certificates} 本").format(**counts),
        f"SHA-256 {answer['sha256']}",
    ]
    for entry in answer["files"]:
        rows = "PDF" if entry["rows"] is None else _("{rows} 行").format(rows=entry["rows"])
        lines.append(f"  {entry['name']}  {rows}")
    for entry in answer["left_empty"]:
        lines.append(
            _("  留空：{file}“{column}”{rows} 行，{why}").format(
                file=entry["file"], column=entry["column"], rows=entry["rows"], why=entry["why"]
            )
        )
    return lines


@filings.command(help=_("核对上报材料包：不需要数据库，也不需要安装文件夹。"))
@click.argument("package", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def verify(package: Path, as_json: bool) -> None:
    """Check a package by itself. Exit 1 when anything is found."""
    from skilleval.reports.package import verify_package

    verdict = verify_package(package)
    answer = {
        "package": verdict.package,
        "ok": verdict.ok,
        "sha256": verdict.sha256,
        "institution": verdict.institution,
        "batch": verdict.batch,
        "counts": dict(verdict.counts),
        "kinds": verdict.by_kind(),
        "findings": [finding.as_json() for finding in verdict.findings],
    }
    emit(answer, as_json, _verdict_lines(verdict))
    if not verdict.ok:
        click.get_current_context().exit(1)


def _verdict_lines(verdict: "Findings") -> list[str]:
    from skilleval.reports.findings import FIXES

    about = _("{package}  {institution}  批次 {batch}").format(
        package=verdict.package, institution=verdict.institution, batch=verdict.batch
    )
    if verdict.ok:
        counts = _("考生 {candidates} 人，合格 {passed} 人，证书 {certificates} 本").format(**dict(verdict.counts))
        lines = [about, counts, _("核对通过，但须留意：") if verdict.findings else _("核对通过：未发现问题")]
    else:
        lines = [about] if verdict.batch else [verdict.package]
        lines.append(_("核对未通过：发现 {count} 处问题").format(count=len(verdict.findings)))
    for finding in verdict.findings[:SHOWN]:
        value = f"（{finding.value}）" if finding.value else ""
        lines.append(f"  {finding.place}{value}：{finding.message}")
    if len(verdict.findings) > SHOWN:
        lines.append(_("  ……另有 {count} 处，可用 --json 查看全部").format(count=len(verdict.findings) - SHOWN))
    for code, count in verdict.by_kind().items():
        lines.append(_("  {count} 处 {code}：{fix}").format(count=count, code=code, fix=FIXES[code]))
    return lines


@filings.command(help=_("记下窗口对一版上报材料的答复：received 收件、returned 退回（须写原因）、accepted 通过。"))
@click.option("--batch", "number", required=True, help=_("批次编号"))
@click.option("--version", type=click.IntRange(min=1), help=_("版本（默认为最后一版）"))
@click.option("--answer", "kind", required=True, type=click.Choice(["received", "returned", "accepted"]), help=_("窗口答复"))
@click.option("--day", type=DATE, help=_("答复日期（默认为今天）"))
@click.option("--reference", default="", help=_("受理编号"))
@click.option("--reason", default="", help=_("原因或说明，退回时必填"))
@json_option
@pass_workplace
def answer(
    workplace: Workplace,
    number: str,
    version: int | None,
    kind: str,
    day: date | None,
    reference: str,
    reason: str,
    as_json: bool,
) -> None:
    """Note what the desk answered to a package."""
    from skilleval.services.filing_answers import record_answer
    from skilleval.services.filings import filing_of

    with workplace.database.writing() as session:
        filing = filing_of(session, batch_of(session, number), version)
        noted = record_answer(
            session, workplace.actor, filing, kind=kind, on_day=day or workplace.on, today=workplace.on,
            reference=reference, reason=reason,
        )  # fmt: skip
        session.commit()
    told = {
        "batch": number, "version": filing.version, "answer": noted.kind, "on": noted.on_day,
        "reference": noted.reference, "reason": noted.reason, "recorded_by": noted.recorded_by,
    }  # fmt: skip
    line = _("{batch} 第 {version} 版：{label}（{on}）").format(label=label("filing", noted.kind), **told)
    emit(told, as_json, [line])


@filings.command(name="list", help=_("列出已导出的上报材料包。"))
@json_option
@pass_workplace
def list_(workplace: Workplace, as_json: bool) -> None:
    """All exports with their version, file and hash; the last one of a batch is the one that counts."""
    from skilleval.services.filing_answers import answers_to, state_of
    from skilleval.services.filings import list_filings

    with workplace.database.reading() as session:
        found = list_filings(session)
        answers = answers_to(session, [filing for filing, _batch in found])
    last = {filing.batch_id: filing.version for filing, _batch in found}
    answer = [
        {
            "batch": batch.number,
            "version": filing.version,
            "addressed_to": filing.addressed_to,
            "file": filing.file_name,
            "sha256": filing.sha256,
            "exported_on": filing.exported_on,
            "current": filing.version == last[filing.batch_id],
            "answer": state_of(answers.get(filing.id or 0, [])),
        }
        for filing, batch in found
    ]
    lines = [
        _("{batch}  第 {version} 版  {exported_on}  {file}  {state}  {told}").format(
            **entry, told=label("filing", str(entry["answer"])), state=_("有效") if entry["current"] else _("已被新版取代")
        )
        for entry in answer
    ]
    emit(answer, as_json, lines or [_("还没有导出过上报材料")])
