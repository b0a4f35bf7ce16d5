"""``skilleval recognitions``: add, list, show, score, vote, decide, minutes."""

from pathlib import Path
from typing import Any

import click
from sqlmodel import Session

from skilleval.cli.institutions import read_toml
from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Candidate, Person, RecognitionCase
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.recognition import EVIDENCE_STATES, STATES, VOTES, score_of
from skilleval.domain.rules import Proof
from skilleval.domain.scoring import show as shown
from skilleval.services import case_decisions
from skilleval.services import recognitions as service
from skilleval.services.case_file import hundredths
from skilleval.services.tenancy import batch_of

#: a vote by its flag
vote_flags = (
    click.option("--agree", "word", flag_value="agree", help=_("同意")),
    click.option("--against", "word", flag_value="against", help=_("不同意")),
    click.option("--abstain", "word", flag_value="abstain", help=_("弃权")),
)


@click.group(help=_("直接认定：案卷、评分、表决、决定、评审纪要。"))
def recognitions() -> None:
    """The commands of direct recognition."""


@recognitions.command(help=_("按案卷文件（TOML）为直接认定批次的考生建立案卷。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def add(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Lay cases."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        batch = batch_of(session, str(content.get("batch", "")))
        cases = service.add_cases(session, workplace.actor, batch, content.get("cases", []), vault=workplace.vault)
        session.commit()
        answer = [_summary(session, case) for case in cases]
    emit(answer, as_json, [_("已建立 {count} 个案卷").format(count=len(answer)), *map(_summary_line, answer)])


@recognitions.command(name="list", help=_("列出一个批次的案卷。"))
@click.option("--batch", "number", required=True, help=_("批次编号"))
@json_option
@pass_workplace
def list_(workplace: Workplace, number: str, as_json: bool) -> None:
    """List the cases of a batch."""
    with workplace.database.reading() as session:
        answer = [_summary(session, case) for case in service.cases_of(session, batch_of(session, number))]
    emit(answer, as_json, [*map(_summary_line, answer), _("共 {count} 个案卷").format(count=len(answer))])


@recognitions.command(help=_("显示案卷：综合评价表、佐证材料、表决、打破的限制，以及予以认定还缺什么、须核实什么。"))
@click.argument("number", metavar="CASE")
@json_option
@pass_workplace
def show(workplace: Workplace, number: str, as_json: bool) -> None:
    """Show a case and what stands against recognising it."""
    with workplace.database.reading() as session:
        answer = _answer(session, workplace, service.find_case(session, number))
    emit(answer, as_json, _lines(answer))


@recognitions.command(help=_("登记评分：--line 1=27.5 为综合评价表第 1 项，--method performance=88 为所用方式的成绩。"))
@click.argument("number", metavar="CASE")
@click.option("--line", "lines", multiple=True, help=_("如 1=27.5，可多次"))
@click.option("--method", "methods", multiple=True, help=_("如 performance=88，可多次"))
@json_option
@pass_workplace
def score(workplace: Workplace, number: str, lines: tuple[str, ...], methods: tuple[str, ...], as_json: bool) -> None:
    """Set scores."""
    by_line = {int(key): value for key, value in map(_pair, lines) if key.isdecimal()}
    if len(by_line) != len(lines) or not (lines or methods):
        raise click.UsageError(_("--line 应写作 1=27.5，--method 应写作 performance=88，至少一项，不能重复"))
    with workplace.database.writing() as session:
        case = service.find_case(session, number)
        service.score_case(session, workplace.actor, case, lines=by_line, methods=dict(map(_pair, methods)))
        session.commit()
        answer = _summary(session, case)
    emit(answer, as_json, [_summary_line(answer)])


@recognitions.command(help=_("登记评审组成员的表决；评审组长的 --comment 为评审结论。"))
@click.argument("number", metavar="CASE")
@click.option("--member", required=True, help=_("评审组成员编号"))
@vote_flags[0]
@vote_flags[1]
@vote_flags[2]
@click.option("--comment", default="", help=_("意见；评审组长写评审结论"))
@json_option
@pass_workplace
def vote(workplace: Workplace, number: str, member: str, word: str | None, comment: str, as_json: bool) -> None:
    """Record a vote."""
    if word is None:
        raise click.UsageError(_("须写明 --agree、--against 或 --abstain"))
    with workplace.database.writing() as session:
        case = service.find_case(session, number)
        row = service.vote(session, workplace.actor, case, member_code=member, word=word, comment=comment)
        session.commit()
        answer = {"case": case.number, "member": member, "vote": row.vote, "revision": row.revision}
    emit(answer, as_json, [_("已登记 {member} 的表决：{vote}").format(member=member, vote=VOTES[row.vote])])


@recognitions.command(help=_("作出认定决定；不能认定时列出全部理由。考评员和评审组成员不能决定。"))
@click.argument("number", metavar="CASE")
@click.option("--recognise/--refuse", "recognise", default=None, help=_("予以认定 / 不予认定"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def decide(workplace: Workplace, number: str, recognise: bool | None, reason: str, as_json: bool) -> None:
    """Decide a case."""
    if recognise is None:
        raise click.UsageError(_("须写明 --recognise 或 --refuse"))
    with workplace.database.writing() as session:
        case = service.find_case(session, number)
        row = case_decisions.decide_case(
            session, workplace.actor, case, workplace.library, recognise=recognise, reason=reason, on=workplace.on
        )
        session.commit()
        answer = _summary(session, case) | {"revision": row.revision, "warnings": row.warnings}
    emit(answer, as_json, [_summary_line(answer), *(_("！{told}").format(told=one) for one in answer["warnings"])])


@recognitions.command(help=_("生成评审纪要 PDF：每句话都注明出自哪条记录。"))
@click.argument("number", metavar="CASE")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=_("写入的 PDF 文件"))
@json_option
@pass_workplace
def minutes(workplace: Workplace, number: str, out: Path, as_json: bool) -> None:
    """Write the minutes of a decided case."""
    from skilleval.reports.files import write_whole
    from skilleval.reports.fonts import load_fonts
    from skilleval.reports.minutes import render_minutes
    from skilleval.services import recognition_minutes

    with workplace.database.reading() as session:
        told = recognition_minutes.minutes_of(session, service.find_case(session, number))
    fonts = load_fonts(workplace.settings.fonts)
    write_whole(out, render_minutes(told, fonts, demo=workplace.settings.certificate.demo))
    answer = {
        "file": out,
        "title": told.title,
        "sentences": [
            {"section": section.heading, "text": one.text, "sources": [f"{table}#{key}" for table, key in one.sources]}
            for section in told.sections
            for one in section.sentences
        ],
    }
    emit(answer, as_json, [_("评审纪要：{file}").format(file=out)])


def _pair(text: str) -> tuple[str, int]:
    key, _equals, number = text.partition("=")
    try:
        value = hundredths(float(number))
    except ValueError:
        value = None
    if value is None:
        raise click.UsageError(_("“{text}”应写作 1=27.5，至多两位小数").format(text=text))
    return key.strip(), value


def _summary(session: Session, case: RecognitionCase) -> dict[str, Any]:
    candidate = session.get(Candidate, case.candidate_id)
    assert candidate is not None
    person = session.get(Person, candidate.person_id)
    assert person is not None
    decision = case_decisions.standing_decision(session, case)
    return {
        "number": case.number,
        "name": person.name,
        "grade": Grade(candidate.grade).printed,
        "methods": {key: shown(mark) for key, mark in case.methods.items()},
        "state": case.state,
        "composite": shown(decision.composite) if decision else None,
    }


def _summary_line(row: dict[str, Any]) -> str:
    used = "、".join(f"{METHODS[key].short_zh} {mark}" for key, mark in row["methods"].items())
    return f"{row['number']}  {row['name']}  {row['grade']}  {used}  {STATES[row['state']]}  {row['composite'] or ''}".rstrip()


def _answer(session: Session, workplace: Workplace, case: RecognitionCase) -> dict[str, Any]:
    found = case_decisions.outlook(session, case, workplace.library, actor=workplace.actor, on=workplace.on)
    score = score_of(found.inputs.facts.lines)
    return _summary(session, case) | {
        "clauses": case.clauses,
        "limits": case.limits,
        "composite": shown(score.composite),
        "groups": {name: shown(value) for name, value in score.groups.items()},
        "lines": [
            {
                "serial": line.serial, "group": line.group, "text": line.text, "maximum": shown(line.maximum),
                "must": line.must, "score": shown(line.score),
                "evidence": {one.code: one.state for one in line.evidence},
            }
            for line in found.inputs.facts.lines
        ],
        "panel": [
            {"member": one.code, "chair": one.chair, "present": one.present, "vote": one.vote}
            for one in found.inputs.facts.panel
        ],
        "decisions": [
            {"revision": one.revision, "decision": one.decision, "reason": one.reason, "by": one.decided_by,
             "on": one.decided_on}
            for one in case_decisions.decisions_of(session, case)
        ],
        "missing": found.missing,
        "warnings": found.warnings,
        "proof": found.proof.as_dict(),
    }  # fmt: skip


def _lines(answer: dict[str, Any]) -> list[str]:
    lines = [_summary_line(answer), _("  依据：{clauses}").format(clauses="；".join(answer["clauses"]))]
    lines += [f"  {_('限制')} {one['name']}：{one['fact']}" for one in answer["limits"]]
    for line in answer["lines"]:
        told = "、".join(f"{code}（{EVIDENCE_STATES[state]}）" for code, state in line["evidence"].items())
        must = _("（必备）") if line["must"] else ""
        lines.append(f"  {line['serial']}. {line['group']}  {line['text']}{must}  {line['score']}/{line['maximum']}  {told}")
    for one in answer["panel"]:
        role = _("组长") if one["chair"] else _("成员")
        word = VOTES[one["vote"]] if one["vote"] else _("未表决") if one["present"] else _("缺席")
        lines.append(f"  {role} {one['member']}  {word}")
    lines += [f"  {one['on']} {STATES[one['decision']]}：{one['reason']}" for one in answer["decisions"]]
    lines += [_("  缺：{told}").format(told=one) for one in answer["missing"]]
    lines += [_("  ！{told}").format(told=one) for one in answer["warnings"]]
    return [*lines, *(f"  {line}" for line in Proof.from_dict(answer["proof"]).lines())]
