"""``skilleval authority``: may this institution recognise this, on this day, and by which clauses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import click

from skilleval import standards
from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.domain.authority import ROUTES, Authority, Verdict, parse_route
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Proof
from skilleval.services import authority as service
from skilleval.services.tenancy import institution_of, partner_of

#: how HR writes that a person holds no grade
_NOTHING = "无"


@click.command(help=_("某机构某日可否认定某职业、等级、方式：结论、依据条款、所打破的限制，以及还缺什么。"))
@click.option("--institution", "credit_code", required=True, help=_("评价机构的统一社会信用代码"))
@click.option("--occupation", "occupation_written", required=True, help=_("职业编码或名称，如 6-31-01-03"))
@click.option("--trade", default="", help=_("工种（不分工种则不填）"))
@click.option("--grade", "grade_text", required=True, help=_("等级，如 技师、二级 或 二级/技师"))
@click.option("--route", "route_text", required=True, help=_("认定方式：{names}").format(names="、".join(ROUTES.values())))
@click.option("--holds", "held_text", help=_("本人现持等级；没有则写“无”；不写则按不跨级判断"))
@click.option("--member", "member_code", help=_("本人所在单位的统一社会信用代码（链上其他企业的员工）"))
@click.option("--on", "day", type=DATE, help=_("问哪一天（默认为今天）"))
@json_option
@pass_workplace
def authority(
    workplace: Workplace,
    credit_code: str,
    occupation_written: str,
    trade: str,
    grade_text: str,
    route_text: str,
    held_text: str | None,
    member_code: str | None,
    day: date | None,
    as_json: bool,
) -> None:
    """Answer one question of authority. Any answer is a success: only a question that can't be asked is refused."""
    on, occupation = day or workplace.on, standards.occupation_named(occupation_written)
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        answer = service.authority_for(
            session,
            institution,
            workplace.library,
            occupation_code=occupation.code,
            trade=trade.strip(),
            grade=Grade.parse(grade_text),
            route=parse_route(route_text),
            on=on,
            holds=_held(held_text),
            member=partner_of(session, member_code) if member_code else None,
        )
        head = _("{name}  {on}  {occupation}").format(
            name=institution.name, on=on, occupation=f"{occupation.code} {occupation.name}"
        )
    emit(answer.as_dict(), as_json, [head, *_lines(answer)])


def _held(text: str | None) -> service.Holds:
    if text is None:
        return service.UNSAID
    return None if text.strip() == _NOTHING else Grade.parse(text)


def _lines(answer: Authority) -> Iterator[str]:
    yield _("{question}：{verdict}").format(question=answer.proof.text, verdict=answer.verdict.name_zh)
    if answer.verdict is Verdict.CLAUSES_DISAGREE:
        yield _("  条款不一致：{told}").format(told=answer.proof.fact)
    yield _("理由：")
    for child in answer.proof.children:
        yield from (f"  {line}" for line in _deciding(child).lines())
    yield _("（以上只列起决定作用的各项；全部各项见 --json）")
    if answer.clauses:
        yield _("决定的条款：{clauses}").format(clauses="、".join(answer.clauses))
    if answer.lifted:
        yield _("所打破的限制：{lifted}").format(lifted="、".join(answer.lifted))
    if answer.needs:
        yield {
            Verdict.YES: _("须备齐："),
            Verdict.CLAUSES_DISAGREE: _("须备齐，并写明仍要认定的书面理由："),
        }.get(answer.verdict, _("要得到“可以”，至少须："))
        yield from (f"  · {need}" for need in answer.needs)


def _deciding(proof: Proof) -> Proof:
    """The tree without what did not decide: below a node only the children that share its answer, where some do."""
    same = [child for child in proof.children if child.answer is proof.answer]
    return replace(proof, children=tuple(_deciding(child) for child in same or proof.children))
