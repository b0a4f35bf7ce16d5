"""``skilleval journal`` and ``skilleval verify``: read the journal, and check that nothing was changed behind it."""

import json
import re

import click
from sqlmodel import col, select

from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Institution, JournalDetail, JournalEntry
from skilleval.domain.errors import RuleBroken
from skilleval.services import verification
from skilleval.services.tenancy import institution_of, own_or_all, viewer_of
from skilleval.services.verification import Finding

_DIGEST = re.compile(r"[0-9a-f]{64}")


@click.group(help=_("操作日志：每一项改动都有记载，并可校验是否被篡改。"))
def journal() -> None:
    """The journal's commands."""


@journal.command(help=_("显示机构的操作日志。"))
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@click.option("--last", type=click.IntRange(min=1), default=50, show_default=True, help=_("只显示最后多少条"))
@json_option
@pass_workplace
def show(workplace: Workplace, credit_code: str, last: int, as_json: bool) -> None:
    """The last entries of an institution's journal, oldest first."""
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        query = select(JournalEntry).where(col(JournalEntry.institution_id) == institution.id)
        entries = list(session.exec(query.order_by(col(JournalEntry.seq).desc()).limit(last)))[::-1]
        details = {
            detail.seq: json.loads(detail.content)
            for detail in session.exec(select(JournalDetail).where(col(JournalDetail.institution_id) == institution.id))
        }
    bodies = [{**json.loads(entry.body), "hash": entry.hash} for entry in entries]
    for body in bodies:
        body["values"] = details.get(body["seq"])
    emit(
        bodies,
        as_json,
        (
            _("{seq:>5}  {at}  {actor}（{role}）  {action}  {rows} 行  {reason}").format(
                **{**body, "at": body["at"][:19].replace("T", " "), "reason": body["reason"] or ""}
            )
            for body in bodies
        ),
    )


@journal.command(name="verify", help=_("校验机构的日志链，以及每一行数据是否与日志一致。"))
@click.option("--institution", "credit_code", help=_("统一社会信用代码（默认校验全部机构）"))
@click.option("--anchor", help=_("公示表或上报材料包上印的日志摘要，用来发现日志末尾被截断"))
@json_option
@pass_workplace
def verify_journals(workplace: Workplace, credit_code: str | None, anchor: str | None, as_json: bool) -> None:
    """Check one institution's journal, or all of them."""
    if anchor and not credit_code:
        raise click.UsageError(_("使用 --anchor 时请同时给出 --institution"))
    if anchor:
        anchor = "".join(anchor.split()).lower()
        if not _DIGEST.fullmatch(anchor):
            raise click.UsageError(_("--anchor 应为完整的64位日志链头（0-9、a-f），现为 {count} 位").format(count=len(anchor)))
    findings: list[Finding] = []
    with workplace.database.reading() as session:
        one = own_or_all(session, credit_code)
        chosen = [one] if one is not None else list(session.exec(select(Institution).order_by(col(Institution.id))))
        for institution in chosen:
            assert institution.id is not None
            findings += verification.verify_journal(session, institution.id, anchor)
    _report(findings, as_json, _("日志链完整，{count} 个机构的数据与日志一致").format(count=len(chosen)))


@click.command(help=_("校验整个安装：日志链、数据、证书编号系列。"))
@click.option("--all", "everything", is_flag=True, required=True, help=_("全部校验"))
@json_option
@pass_workplace
def verify(workplace: Workplace, everything: bool, as_json: bool) -> None:
    """Run every check that exists."""
    with workplace.database.reading() as session:
        if viewer_of(session).institution is not None:
            raise RuleBroken("校验整个安装由管理者进行；本机构的日志请用 skilleval journal verify 校验")
        findings = verification.verify_all(session)
        count = len(session.exec(select(Institution.id)).all())
    success = _("校验通过（{count} 个机构）：日志链完整，数据与日志一致，证书编号连续").format(count=count)
    _report(findings, as_json, success)


def _report(findings: list[Finding], as_json: bool, success: str) -> None:
    lines = [f"{finding.where}：{finding.message}" for finding in findings]
    lines.append(_("共发现 {count} 个问题").format(count=len(findings)) if findings else success)
    answer = {
        "ok": not findings,
        "findings": [
            {"code": finding.code, "where": finding.where, "message": finding.message} for finding in findings
        ],
    }
    emit(answer, as_json, lines)
    if findings:
        click.get_current_context().exit(1)
