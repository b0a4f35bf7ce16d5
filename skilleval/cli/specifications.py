"""``skilleval specifications``: drafts of specifications in a chain, from the first revision to the approved specification."""

from datetime import date
from pathlib import Path

import click

from skilleval.cli.institutions import read_toml
from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.specification_lines import detail_lines, details, opinion_lines, opinions, summary, summary_line
from skilleval.domain.errors import RuleBroken
from skilleval.domain.lifecycle import label
from skilleval.domain.specifications import CONCLUSIONS, VERDICTS
from skilleval.services import specification_drafters as drafters
from skilleval.services import specification_reviews as reviews
from skilleval.services import specifications as service
from skilleval.services.specification_drafters import KIND

firm_option = click.option("--firm", help=_("起草单位的统一社会信用代码（默认为本机构；管理者默认为牵头单位）"))


@click.group(help=_("评价规范的起草与评审：链主企业牵头，链员参编，评审通过后成为链主企业的评价规范。"))
def specifications() -> None:
    """The commands of drafts."""


@specifications.command(help=_("按起草文件（TOML）立项；样例见 templates/draft.example.toml。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def draft(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Open a draft."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        row = service.add_draft(session, workplace.actor, content)
        session.commit()
        answer = details(session, row)
    emit(answer, as_json, detail_lines(answer))


@specifications.command(name="list", help=_("列出本机构牵头或参编的起草项目。"))
@json_option
@pass_workplace
def list_(workplace: Workplace, as_json: bool) -> None:
    """List the drafts."""
    with workplace.database.reading() as session:
        rows = [summary(session, one) for one in service.drafts_seen(session, workplace.on)]
    emit(rows, as_json, [summary_line(row) for row in rows] or [_("还没有起草项目")])


@specifications.command(help=_("显示起草项目：起草单位、各稿、各次评审、意见及处理。"))
@click.argument("number")
@json_option
@pass_workplace
def show(workplace: Workplace, number: str, as_json: bool) -> None:
    """Show a draft."""
    with workplace.database.reading() as session:
        answer = details(session, service.seen_draft(session, number, workplace.on))
    emit(answer, as_json, detail_lines(answer))


@specifications.command(name="drafter-add", help=_("增加起草单位，自某日起；该日须是链员。"))
@click.argument("number")
@click.option("--credit-code", required=True, help=_("起草单位的统一社会信用代码"))
@click.option("--role", default="参编单位", show_default=True, help=_("分工"))
@click.option("--person", "people", multiple=True, required=True, help=_("起草人，可写多次"))
@click.option("--joined", type=DATE, required=True, help=_("参加日期"))
@json_option
@pass_workplace
def drafter_add(
    workplace: Workplace, number: str, credit_code: str, role: str, people: tuple[str, ...], joined: date, as_json: bool
) -> None:
    """Let a member draft too."""
    with workplace.database.writing() as session:
        found = service.find_draft(session, number, workplace.on)
        row = drafters.add_drafter(
            session, workplace.actor, found, credit_code=credit_code, role=role, people=people, joined_on=joined
        )
        session.commit()
        answer = {"number": found.number, "name": row.name, "role": row.role, "people": row.people, "joined_on": row.joined_on}
    emit(answer, as_json, [_("起草单位已增加：{name}，{joined_on} 起").format(**answer)])


@specifications.command(name="drafter-leave", help=_("登记起草单位的最后一日；此后不能再查看和提交。"))
@click.argument("number")
@click.option("--credit-code", required=True, help=_("起草单位的统一社会信用代码"))
@click.option("--left", type=DATE, required=True, help=_("最后一日"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def drafter_leave(workplace: Workplace, number: str, credit_code: str, left: date, reason: str, as_json: bool) -> None:
    """Note the last day of a co-drafter."""
    with workplace.database.writing() as session:
        found = service.find_draft(session, number, workplace.on)
        row = drafters.end_drafting(
            session, workplace.actor, found, credit_code=credit_code, left_on=left, reason=reason
        )
        session.commit()
        answer = {"number": found.number, "name": row.name, "left_on": row.left_on}
    emit(answer, as_json, [_("{name} 参编至 {left_on}").format(**answer)])


@specifications.command(help=_("提交一稿（TOML，写法同机构文件的 [[specification]]）；旧稿保留。样例见 templates/revision.example.toml。"))
@click.argument("number")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--reason", required=True, help=_("理由，如首稿、按意见 3 修改"))
@firm_option
@json_option
@pass_workplace
def revise(workplace: Workplace, number: str, file: Path, reason: str, firm: str | None, as_json: bool) -> None:
    """Hand in a revision."""
    content = _text(file)
    own_standards = workplace.folder / "standards"
    with workplace.database.writing() as session:
        found = service.seen_draft(session, number, workplace.on)
        row = service.revise(
            session, workplace.actor, found, content, reason=reason, on=workplace.on, credit_code=firm,
            own_standards=own_standards,
        )  # fmt: skip
        session.commit()
        told = [] if row.serial == 1 else service.differences(session, found, row.serial - 1, row.serial, own_standards=own_standards)
        answer = {"number": found.number, "revision": row.serial, "sha256": row.sha256, "state": found.state,
                  "changes": [one.text for one in told]}  # fmt: skip
    lines = [_("{number} 第 {revision} 稿已提交（{told}）").format(**answer, told=label(KIND, str(answer["state"])))]
    emit(answer, as_json, [*lines, *(f"  {one.text}" for one in told)])


@specifications.command(help=_("比较两稿：逐项旧值 → 新值；不写稿次则比较最后两稿。"))
@click.argument("number")
@click.argument("old", type=int, required=False)
@click.argument("new", type=int, required=False)
@json_option
@pass_workplace
def diff(workplace: Workplace, number: str, old: int | None, new: int | None, as_json: bool) -> None:
    """Compare two revisions."""
    with workplace.database.reading() as session:
        found = service.seen_draft(session, number, workplace.on)
        later = new or service.last_revision(session, found).serial
        earlier = old or later - 1
        told = service.differences(session, found, earlier, later, own_standards=workplace.folder / "standards")
    answer = [{"what": one.what, "where": one.where, "old": one.old, "new": one.new} for one in told]
    heading = _("{number} 第 {earlier} 稿 → 第 {later} 稿").format(number=number, earlier=earlier, later=later)
    emit(answer, as_json, [heading, *(f"  {one.text}" for one in told)] if told else [heading, _("  内容没有差异")])


@specifications.command(help=_("按评审文件（TOML）登记一次评审的到会专家和意见；样例见 templates/review.example.toml。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def review(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Open a review round."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        found = service.find_draft(session, str(content.get("draft", "")), workplace.on)
        row = reviews.open_round(session, workplace.actor, found, content, workplace.library, on=workplace.on)
        session.commit()
        given = [one for one in opinions(session, found) if one["round"] == row.serial]
        told = {"number": found.number, "round": row.serial, "held_on": row.held_on, "opinions": given}
    emit(told, as_json, [_("{number} 第 {round} 次评审已登记（{held_on}）").format(**told), *opinion_lines(given)])


@specifications.command(help=_("登记意见：--expert 为评审专家在本次评审中的意见，不写则为起草单位的意见。"))
@click.argument("number")
@click.option("--part", required=True, help=_("所指的条款或部分"))
@click.option("--text", required=True, help=_("意见内容"))
@click.option("--expert", help=_("到会评审专家姓名（由牵头单位登记）"))
@firm_option
@json_option
@pass_workplace
def opine(
    workplace: Workplace, number: str, part: str, text: str, expert: str | None, firm: str | None, as_json: bool
) -> None:
    """Record an opinion."""
    with workplace.database.writing() as session:
        if expert is not None:
            found = service.find_draft(session, number, workplace.on)
            row = reviews.opine_as_expert(
                session, workplace.actor, found, expert=expert, part=part, text=text, on=workplace.on
            )
        else:
            found = service.seen_draft(session, number, workplace.on)
            row = reviews.opine_as_drafter(
                session, workplace.actor, found, part=part, text=text, on=workplace.on, credit_code=firm
            )
        session.commit()
        answer = next(one for one in opinions(session, found) if one["serial"] == row.serial)
    emit(answer, as_json, opinion_lines([answer]))


@specifications.command(help=_("处理一条意见：采纳、部分采纳或不采纳，须写明理由。"))
@click.argument("number")
@click.argument("serial", type=int)
@click.option("--adopt", "verdict", flag_value="adopt", help=_("采纳"))
@click.option("--partly", "verdict", flag_value="partly", help=_("部分采纳"))
@click.option("--reject", "verdict", flag_value="reject", help=_("不采纳"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def answer(workplace: Workplace, number: str, serial: int, verdict: str | None, reason: str, as_json: bool) -> None:
    """Say what becomes of an opinion."""
    if verdict is None:
        raise click.UsageError(_("须写明 --adopt、--partly 或 --reject"))
    with workplace.database.writing() as session:
        found = service.find_draft(session, number, workplace.on)
        row = reviews.answer_opinion(
            session, workplace.actor, found, serial, verdict=verdict, reason=reason, on=workplace.on
        )
        session.commit()
        told = {"number": found.number, "opinion": serial, "verdict": row.verdict, "reason": row.reason}
    emit(told, as_json, [_("意见 {opinion} {word}：{reason}").format(**told, word=VERDICTS[verdict])])


@specifications.command(help=_("作出评审结论；不能通过时列出全部理由。"))
@click.argument("number")
@click.option("--pass", "conclusion", flag_value="pass", help=_("通过"))
@click.option("--revise", "conclusion", flag_value="revise", help=_("修改后再审"))
@click.option("--fail", "conclusion", flag_value="fail", help=_("不通过"))
@click.option("--reason", required=True, help=_("结论的理由"))
@click.option("--unknown-reason", default="", help=_("评审人数、专家资格等尚无依据时，仍予通过的理由"))
@json_option
@pass_workplace
def conclude(
    workplace: Workplace, number: str, conclusion: str | None, reason: str, unknown_reason: str, as_json: bool
) -> None:
    """Conclude a round."""
    if conclusion is None:
        raise click.UsageError(_("须写明 --pass、--revise 或 --fail"))
    with workplace.database.writing() as session:
        found = service.find_draft(session, number, workplace.on)
        row = reviews.conclude(
            session, workplace.actor, found, workplace.library, conclusion=conclusion, reason=reason,
            unknown_reason=unknown_reason, on=workplace.on,
        )  # fmt: skip
        session.commit()
        told = {"number": found.number, "round": row.serial, "conclusion": row.state, "state": found.state}
    emit(told, as_json, [_("{number} 第 {round} 次评审：{word}").format(**told, word=CONCLUSIONS[conclusion])])


@specifications.command(help=_("批准评审通过的一稿，成为链主企业的评价规范。"))
@click.argument("number")
@click.option("--reason", required=True, help=_("理由或批准文号"))
@json_option
@pass_workplace
def approve(workplace: Workplace, number: str, reason: str, as_json: bool) -> None:
    """Approve what the last round passed."""
    with workplace.database.writing() as session:
        found = service.find_draft(session, number, workplace.on)
        row = reviews.approve(
            session, workplace.actor, found, reason=reason, on=workplace.on, own_standards=workplace.folder / "standards"
        )
        session.commit()
        told = {"number": found.number, "code": row.code, "version": row.version, "title": row.title}
    emit(told, as_json, [_("{number} 已批准为评价规范 {code} 第 {version} 版《{title}》").format(**told)])


@specifications.command(help=_("终止起草，须写明理由；各稿、评审和意见保留。"))
@click.argument("number")
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def abandon(workplace: Workplace, number: str, reason: str, as_json: bool) -> None:
    """End a draft."""
    with workplace.database.writing() as session:
        found = service.find_draft(session, number, workplace.on)
        service.abandon(session, workplace.actor, found, reason=reason, on=workplace.on)
        session.commit()
        told = summary(session, found)
    emit(told, as_json, [summary_line(told)])


@specifications.command(help=_("生成评审记录 PDF：起草单位、各稿、专家、意见及处理、结论，每句话都注明出自哪条记录。"))
@click.argument("number")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=_("写入的 PDF 文件"))
@json_option
@pass_workplace
def record(workplace: Workplace, number: str, out: Path, as_json: bool) -> None:
    """Write the record of the reviews."""
    from skilleval.reports.files import write_whole
    from skilleval.reports.fonts import load_fonts
    from skilleval.reports.minutes import render_minutes
    from skilleval.services.review_record import record_of

    with workplace.database.reading() as session:
        told = record_of(session, service.seen_draft(session, number, workplace.on))
    write_whole(out, render_minutes(told, load_fonts(workplace.settings.fonts), demo=workplace.settings.certificate.demo))
    rows = [
        {"section": section.heading, "text": one.text, "sources": [f"{table}#{key}" for table, key in one.sources]}
        for section in told.sections
        for one in section.sentences
    ]
    emit({"file": out, "title": told.title, "sentences": rows}, as_json, [_("评审记录：{file}").format(file=out)])


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise RuleBroken(f"找不到文件 {file}") from error
    except UnicodeDecodeError as error:
        raise RuleBroken(f"{file.name} 不是 UTF-8 文字") from error
