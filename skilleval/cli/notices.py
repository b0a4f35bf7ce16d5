"""``skilleval notices``: publish, show, object, decide, close, correct, withdraw."""

from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlmodel import Session, col, select

from skilleval import holidays
from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Batch, Candidate, Notice, Objection
from skilleval.domain.errors import RuleBroken
from skilleval.services import notice_closing, objections, reopening
from skilleval.services import notices as service
from skilleval.services.tenancy import batch_of, seen_batch_of, viewer_of

STATES = {
    "published": "公示中",
    "closed": "已结束",
    "withdrawn": "已撤回",
    "open": "待处理",
    "upheld": "成立",
    "rejected": "不成立",
}
batch_option = click.option("--batch", "number", required=True, help=_("批次编号"))


@click.group(help=_("公示：发布、异议、结束。"))
def notices() -> None:
    """The commands of the public notice."""


@notices.command(help=_("发布合格人员公示，冻结内容并生成 PDF。"))
@batch_option
@click.option("--from", "first_day", type=DATE, help=_("公示第一天（默认为今天）"))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=_("把公示表 PDF 写入此文件夹"))
@json_option
@pass_workplace
def publish(workplace: Workplace, number: str, first_day: date | None, out: Path | None, as_json: bool) -> None:
    """Publish everybody of a batch who passed."""
    start = first_day or workplace.on
    calendar = holidays.load_calendar(workplace.folder)
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        length = service.notice_length(session, batch, start)
        notice = service.publish_notice(
            session,
            workplace.actor,
            batch,
            workplace.library,
            vault=workplace.vault,
            first_day=start,
            working_days=int(length.value),
            calendar=calendar,
            on=workplace.on,
        )
        file = _write_pdf(workplace, notice, out) if out else None
        session.commit()
    answer = {**_notice_answer(notice), "file": file}
    lines = [*_notice_lines(notice), _("公示期依据：{clause}").format(clause=length.clause.text)]
    emit(answer, as_json, [*lines, *([_("公示表：{file}").format(file=file)] if file else [])])


@notices.command(help=_("在屏幕上显示公示与异议。"))
@batch_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=_("把公示表 PDF 写入此文件夹"))
@json_option
@pass_workplace
def show(workplace: Workplace, number: str, out: Path | None, as_json: bool) -> None:
    """Show the current notice, its objections, and what keeps it from being closed."""
    with workplace.database.reading() as session:
        batch = seen_batch_of(session, number)
        notice = service.current_notice(session, batch)
        # The list is public; what was objected and what is still open is the institution's, and of each its own people.
        is_own = viewer_of(session).owns(batch.institution_id)
        seen = set(session.exec(select(Candidate.id).where(viewer_of(session).candidates())))
        raised = [
            _objection_answer(objection)
            for objection in objections.objections_of(session, notice)
            if is_own or objection.candidate_id in seen
        ]
        waiting = (
            notice_closing.closing_of(session, notice, vault=workplace.vault).reasons(workplace.on)
            if notice.state == "published" and is_own
            else []
        )
        file = _write_pdf(workplace, notice, out) if out else None
    lines = [*_notice_lines(notice), *(_objection_line(objection) for objection in raised)]
    lines += [_("未能结束：{reason}").format(reason=reason) for reason in waiting]
    emit({**_notice_answer(notice), "objections": raised, "waiting_for": waiting, "file": file}, as_json, lines)


@notices.command(name="object", help=_("登记异议。"))
@batch_option
@click.option("--by", "raised_by", required=True, help=_("异议人"))
@click.option("--text", required=True, help=_("异议内容"))
@click.option("--candidate", help=_("针对的考生：准考证号（不填则针对整个公示）"))
@json_option
@pass_workplace
def object_(
    workplace: Workplace, number: str, raised_by: str, text: str, candidate: str | None, as_json: bool
) -> None:
    """Record an objection."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        objection = objections.raise_objection(
            session,
            workplace.actor,
            service.current_notice(session, batch),
            raised_by=raised_by,
            text=text,
            on=workplace.on,
            candidate=_candidate(session, batch, candidate) if candidate else None,
        )
        session.commit()
    answer = _objection_answer(objection)
    emit(answer, as_json, [_("已登记。"), _objection_line(answer)])


@notices.command(help=_("处理异议（须由登记人以外的人，用 --actor 指明）。"))
@batch_option
@click.option("--serial", type=click.IntRange(min=1), required=True, help=_("异议编号"))
@click.option("--uphold/--reject", "upheld", required=True, help=_("成立 / 不成立"))
@click.option("--reason", required=True, help=_("处理理由"))
@json_option
@pass_workplace
def decide(workplace: Workplace, number: str, serial: int, upheld: bool, reason: str, as_json: bool) -> None:
    """Uphold or reject an objection."""
    with workplace.database.writing() as session:
        notice = service.current_notice(session, batch_of(session, number))
        found = [one for one in objections.objections_of(session, notice) if one.serial == serial]
        if not found:
            raise RuleBroken(f"该公示没有第 {serial} 号异议")
        decision = objections.uphold_objection if upheld else objections.reject_objection
        objection = decision(session, workplace.actor, found[0], reason=reason, on=workplace.on)
        session.commit()
    answer = _objection_answer(objection)
    emit(answer, as_json, [_objection_line(answer)])


@notices.command(help=_("结束公示：公示期满且异议都已处理。"))
@batch_option
@json_option
@pass_workplace
def close(workplace: Workplace, number: str, as_json: bool) -> None:
    """Close the current notice."""
    with workplace.database.writing() as session:
        notice = service.current_notice(session, batch_of(session, number))
        notice_closing.close_notice(session, workplace.actor, notice, vault=workplace.vault, on=workplace.on)
        session.commit()
    emit(_notice_answer(notice), as_json, [_("公示已结束，可以颁发证书。"), *_notice_lines(notice)[:1]])


@notices.command(help=_("发布更正公示：写明更正了哪一次公示、删去和列入了谁；原公示保留备查，公示期重新计算。"))
@batch_option
@click.option("--from", "first_day", type=DATE, help=_("公示第一天（默认为今天）"))
@click.option("--reason", required=True, help=_("更正原因"))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=_("把公示表 PDF 写入此文件夹"))
@json_option
@pass_workplace
def correct(
    workplace: Workplace, number: str, first_day: date | None, reason: str, out: Path | None, as_json: bool
) -> None:
    """Publish a corrected notice in the place of the current one."""
    start = first_day or workplace.on
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        length = service.notice_length(session, batch, start)
        notice = reopening.correct_notice(
            session, workplace.actor, service.current_notice(session, batch), workplace.library, reason=reason,
            vault=workplace.vault, first_day=start, working_days=int(length.value),
            calendar=holidays.load_calendar(workplace.folder), on=workplace.on,
        )  # fmt: skip
        file = _write_pdf(workplace, notice, out) if out else None
        session.commit()
    answer = {**_notice_answer(notice), "file": file}
    lines = [_("更正公示已发布。"), *_notice_lines(notice)]
    emit(answer, as_json, [*lines, *([_("公示表：{file}").format(file=file)] if file else [])])


@notices.command(help=_("撤回公示，以便更正后重新公示；已结束的，只有发证前认定回避、须重评时可以撤回。"))
@batch_option
@click.option("--reason", required=True, help=_("撤回原因"))
@json_option
@pass_workplace
def withdraw(workplace: Workplace, number: str, reason: str, as_json: bool) -> None:
    """Withdraw the current notice."""
    with workplace.database.writing() as session:
        notice = service.current_notice(session, batch_of(session, number))
        service.withdraw_notice(session, workplace.actor, notice, reason=reason)
        session.commit()
    emit(_notice_answer(notice), as_json, [_("公示已撤回，批次回到“成绩已核定”。")])


def _write_pdf(workplace: Workplace, notice: Notice, out: Path) -> Path:
    from skilleval.reports import fonts
    from skilleval.reports import notice as report

    return report.write_notice(
        out / f"公示_{notice.content['batch']}_{notice.serial}.pdf",
        report.NoticeSheet.from_content(
            notice.content,
            content_hash=notice.content_hash,
            journal_head=notice.journal_head,
            demo=workplace.settings.certificate.demo,
        ),
        fonts.load_fonts(workplace.settings.fonts),
    )


def _candidate(session: Session, batch: Batch, admission_number: str) -> Candidate:
    query = select(Candidate).where(
        col(Candidate.institution_id) == batch.institution_id,
        col(Candidate.batch_id) == batch.id,
        col(Candidate.admission_number) == admission_number.strip(),
    )
    found = session.exec(query).first()
    if found is None:
        raise RuleBroken(f"批次 {batch.number} 没有准考证号为 {admission_number} 的考生")
    return found


def _notice_answer(notice: Notice) -> dict[str, Any]:
    return {
        "serial": notice.serial,
        "state": notice.state,
        "first_day": notice.first_day,
        "last_day": notice.last_day,
        "working_days": notice.working_days,
        "content_hash": notice.content_hash,
        "journal_head": notice.journal_head,
        "entries": notice.content["entries"],
    }


def _notice_lines(notice: Notice) -> list[str]:
    lines = [
        _("{batch} 第 {serial} 次公示（{state}）：{first} 至 {last}，共 {days} 个工作日，{count} 人").format(
            batch=notice.content["batch"],
            serial=notice.serial,
            state=STATES[notice.state],
            first=notice.first_day,
            last=notice.last_day,
            days=notice.working_days,
            count=len(notice.content["entries"]),
        )
    ]
    lines += [
        f"{entry['serial']:>4}  {entry['name']}  {entry['masked_number']}  {entry['employer']}  "
        f"{entry['occupation']}  {entry['trade'] or '--'}  {entry['grade']}  {entry['route']}"
        for entry in notice.content["entries"]
    ]
    return [*lines, _("内容摘要 {digest}").format(digest=notice.content_hash)]


def _objection_answer(objection: Objection) -> dict[str, Any]:
    keys = ("serial", "state", "raised_on", "raised_by", "text", "recorded_by", "decided_on", "decided_by", "decision")
    return {key: getattr(objection, key) for key in keys}


def _objection_line(answer: dict[str, Any]) -> str:
    line = _("第 {serial} 号异议（{label}）：{raised_by} 于 {raised_on} 提出：{text}").format(
        label=STATES[answer["state"]], **answer
    )
    return line + (_("；{decided_by} 处理：{decision}").format(**answer) if answer["decision"] else "")
