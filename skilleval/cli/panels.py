"""``skilleval panels``: propose, assign, absent, attend, substitute, check, show."""

from collections.abc import Iterator
from typing import Any

import click

from skilleval.cli.conflicts import conflict_answer, conflict_lines
from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Batch
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import missing_in
from skilleval.domain.methods import METHODS
from skilleval.domain.panel_choice import Choice, Proposal
from skilleval.services import attendance
from skilleval.services import panels as service
from skilleval.services.tenancy import batch_of

_METHOD = click.option(
    "--method", "named", default="review", show_default=True, type=click.Choice([*METHODS, service.DIRECT]),
    help=_("评价方式；direct 为直接认定"),
)  # fmt: skip
_BATCH = click.option("--batch", "number", required=True, help=_("批次编号"))


@click.group(help=_("评审组：建议、组成、核对。"))
def panels() -> None:
    """The commands of panels."""


@panels.command(help=_("建议一个评审组，逐人说明理由与后果（不写入）；组不成时给出最小的原因。"))
@_BATCH
@_METHOD
@click.option("--size", type=int, help=_("人数（默认为规则允许的最少人数）"))
@json_option
@click.pass_context
@pass_workplace
def propose(workplace: Workplace, ctx: click.Context, number: str, named: str, size: int | None, as_json: bool) -> None:
    """Propose a panel."""
    with workplace.database.reading() as session:
        found = service.propose_panel(session, batch_of(session, number), service.method_of(named), size)
    emit(_proposal(found), as_json, _proposal_lines(found))
    if not found.feasible:
        ctx.exit(1)


@panels.command(help=_("组成或调整评审组；不能组成时列出全部理由。"))
@_BATCH
@_METHOD
@click.option("--chair", required=True, help=_("组长的编号"))
@click.option("--member", "members", multiple=True, help=_("组员的编号，可写多次"))
@click.option("--name", help=_("评审组名称（默认按评价方式）"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def assign(
    workplace: Workplace, number: str, named: str, chair: str, members: tuple[str, ...], name: str | None, reason: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Assign a panel."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        method = service.method_of(named)
        service.assign_panel(
            session, workplace.actor, batch, method, chair=chair, members=members, reason=reason, name=name
        )
        session.commit()
        rows = _panels(service.panels_of(session, batch))
    emit(rows, as_json, [_("评审组已组成。"), *_panel_lines(rows)])


@panels.command(help=_("登记评审组成员缺席或回避，写明原因：缺席的不评分、不表决，不计入到会人数。"))
@_BATCH
@_METHOD
@click.option("--member", "code", required=True, help=_("成员编号"))
@click.option("--reason", required=True, help=_("缺席或回避的原因"))
@json_option
@pass_workplace
def absent(workplace: Workplace, number: str, named: str, code: str, reason: str, as_json: bool) -> None:
    """Enter a member of a panel as absent."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        attendance.record_absence(
            session, workplace.actor, batch, service.method_of(named), member_code=code, reason=reason
        )
        session.commit()
        rows = _panels(service.panels_of(session, batch))
    emit(rows, as_json, [_("已登记 {code} 缺席。").format(code=code), *_panel_lines(rows)])


@panels.command(help=_("取消评审组成员的缺席登记，写明理由。"))
@_BATCH
@_METHOD
@click.option("--member", "code", required=True, help=_("成员编号"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def attend(workplace: Workplace, number: str, named: str, code: str, reason: str, as_json: bool) -> None:
    """Take back that a member of a panel was absent."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        attendance.cancel_absence(
            session, workplace.actor, batch, service.method_of(named), member_code=code, reason=reason
        )
        session.commit()
        rows = _panels(service.panels_of(session, batch))
    emit(rows, as_json, [_("已取消 {code} 的缺席登记。").format(code=code), *_panel_lines(rows)])


@panels.command(help=_("评分阶段为缺席或回避的成员增补一人：资格和回避与组成评审组时一样核对；接替组长的为组长。"))
@_BATCH
@_METHOD
@click.option("--for", "absent_code", required=True, help=_("缺席或回避的成员的编号"))
@click.option("--member", "code", required=True, help=_("增补的成员的编号"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def substitute(
    workplace: Workplace, number: str, named: str, absent_code: str, code: str, reason: str, as_json: bool
) -> None:
    """Call somebody in for an absent member of a panel."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        attendance.substitute_member(
            session, workplace.actor, batch, service.method_of(named), absent_code=absent_code, substitute_code=code,
            reason=reason,
        )  # fmt: skip
        session.commit()
        rows = _panels(service.panels_of(session, batch))
    emit(rows, as_json, [_("已增补 {code}，接替 {absent}。").format(code=code, absent=absent_code), *_panel_lines(rows)])


@panels.command(help=_("显示批次的评审组。"))
@_BATCH
@json_option
@pass_workplace
def show(workplace: Workplace, number: str, as_json: bool) -> None:
    """Show the panels of a batch."""
    with workplace.database.reading() as session:
        rows = _panels(service.panels_of(session, batch_of(session, number)))
    emit(rows, as_json, _panel_lines(rows) or [_("还没有评审组")])


@panels.command(help=_("核对一个人对一个批次：可否担任，与每名考生有无回避情形（不作指派）。"))
@_BATCH
@click.option("--person", "code", required=True, help=_("考评人员编号"))
@json_option
@pass_workplace
def check(workplace: Workplace, number: str, code: str, as_json: bool) -> None:
    """Check somebody against a batch."""
    with workplace.database.reading() as session:
        batch = batch_of(session, number)
        found = service.check_person(session, batch, code)
    emit(_check(batch, found), as_json, _check_lines(batch, found))


def _check(batch: Batch, found: service.Check) -> dict[str, Any]:
    return {
        "person": found.personnel.code,
        "name": found.personnel.name,
        "duties": list(found.duties),
        "methods": {
            method: {"may": not missing_in(proof), "against": missing_in(proof), "proof": proof.as_dict()}
            for method, proof in found.proofs.items()
        },
        "candidates": [
            {"admission_number": one.admission_number, "name": name, "grade": one.grade,
             "conflicts": [conflict_answer(batch, conflict) for conflict in conflicts]}
            for one, name, conflicts in found.candidates
        ],
    }  # fmt: skip


def _check_lines(batch: Batch, found: service.Check) -> Iterator[str]:
    duties = "、".join(found.duties) or _("没有任务")
    yield _("{name}（{code}）在本批次：{duties}").format(name=found.personnel.name, code=found.personnel.code, duties=duties)
    for method, proof in found.proofs.items():
        against = missing_in(proof)
        word = METHODS[method].name_zh if method in METHODS else _("直接认定")
        yield _("{method}：{verdict}").format(method=word, verdict=_("不能担任") if against else _("可以担任"))
        yield from (f"  · {reason}" for reason in against)
    yield _("与 {count} 名考生的回避情形：").format(count=len(found.candidates))
    for one, name, conflicts in found.candidates:
        head = f"  {one.admission_number or '--'} {name} {Grade(one.grade).printed}"
        yield head if conflicts else _("{head}  没有回避情形").format(head=head)
        yield from (f"    {line}" for line in conflict_lines(batch, conflicts))


def _proposal(found: Proposal) -> dict[str, Any]:
    return {
        "feasible": found.feasible,
        "size": found.size,
        "chair": found.chair or None,
        "members": list(found.picked),
        "people": [_choice(one) for one in found.choices],
        "short_of": found.short_of,
        "blocking": [one.text for one in found.blocking],
    }


def _choice(one: Choice) -> dict[str, Any]:
    return {"code": one.member.code, "name": one.member.name, "picked": one.picked, "workload": one.member.workload,
            "reasons": list(one.reasons), "consequences": list(one.consequences)}  # fmt: skip


def _proposal_lines(found: Proposal) -> Iterator[str]:
    if found.feasible:
        yield _("建议 {size} 人评审组，组长 {chair}，成员 {members}").format(
            size=found.size, chair=found.chair, members="、".join(found.picked)
        )
    else:
        yield _("组不成 {size} 人的评审组。最小的原因，除去以下各项即可组成：").format(size=found.size)
        yield from (f"  · {one.text}" for one in found.blocking)
        if found.short_of:
            yield _("  · 另缺 {count} 名考评人员").format(count=found.short_of)
    for one in found.choices:
        yield f"[{_('入选') if one.picked else _('未选')}] {one.member.label}"
        yield from (f"    {reason}" for reason in one.reasons)
        yield from (f"    → {told}" for told in one.consequences)


def _panels(found: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": panel.name,
            "method": panel.method or service.DIRECT,
            "reason": panel.reason,
            "members": [
                {"code": person.code, "name": person.name, "role": seat.role, "absent_reason": seat.absent_reason,
                 "replaces": next((one.code for other, one in seats if other.id == seat.replaces_id), None)}
                for seat, person in seats
            ],
        }
        for panel, seats in found
    ]


def _panel_lines(rows: list[dict[str, Any]]) -> list[str]:
    roles = {"chair": _("组长"), "member": _("组员")}
    lines = []
    for row in rows:
        lines.append(_("{name}（{reason}）").format(**row))
        for one in row["members"]:
            away = _("  缺席：{reason}").format(reason=one["absent_reason"]) if one["absent_reason"] else ""
            stands = _("  增补，接替 {code}").format(code=one["replaces"]) if one["replaces"] else ""
            lines.append(f"  {roles[one['role']]}  {one['code']} {one['name']}{stands}{away}")
    return lines
