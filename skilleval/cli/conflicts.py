"""``skilleval conflicts``: list, declare, confirm, dismiss."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import click

from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import RELATION_KINDS, Batch
from skilleval.domain.conflicts import KINDS, STATES, Conflict
from skilleval.services import conflicts as service
from skilleval.services.recused_results import touched_by
from skilleval.services.relations import Declared, declare_relation
from skilleval.services.tenancy import batch_of, institution_of


@click.group(help=_("回避：考评员、督导员与考生的利害关系。"))
def conflicts() -> None:
    """The commands of conflicts of interest."""


@conflicts.command(name="list", help=_("列出批次考评员、督导员与考生的回避情形、状态与事实。"))
@click.option("--batch", "number", required=True, help=_("批次编号"))
@json_option
@pass_workplace
def list_(workplace: Workplace, number: str, as_json: bool) -> None:
    """List the conflicts of those who act in a batch."""
    with workplace.database.reading() as session:
        batch = batch_of(session, number)
        found = service.conflicts_of_batch(session, batch)
    emit([conflict_answer(batch, one) for one in found], as_json, conflict_lines(batch, found) or [_("没有回避情形")])


@conflicts.command(help=_("声明一种关系：考评人员（或花名册人员）与一名职工；由此产生的回避情形待认定。"))
@click.option("--institution", "credit_code", required=True, help=_("评价机构的统一社会信用代码"))
@click.option(
    "--kind", required=True, type=click.Choice(RELATION_KINDS), help="；".join(f"{one} {KINDS[one]}" for one in RELATION_KINDS)
)
@click.option("--assessor", "code", help=_("考评人员编号"))
@click.option("--person", help=_("花名册人员：工号、姓名或证件号码"))
@click.option("--with", "other", required=True, help=_("另一方：工号、姓名或证件号码"))
@click.option("--employer", help=_("另一方所在单位的统一社会信用代码（默认为本机构）"))
@click.option("--from", "valid_from", type=DATE, help=_("起始日期"))
@click.option("--to", "valid_to", type=DATE, help=_("截止日期"))
@click.option("--source", required=True, help=_("依据，如“2024年师带徒协议”"))
@json_option
@pass_workplace
def declare(
    workplace: Workplace, credit_code: str, kind: str, code: str | None, person: str | None, other: str,
    employer: str | None, valid_from: date | None, valid_to: date | None, source: str, as_json: bool,
) -> None:  # fmt: skip
    """Declare a relation."""
    with workplace.database.writing() as session:
        institution = institution_of(session, credit_code)
        firm = None if employer is None else institution_of(session, employer)
        told = Declared(kind, other, source, code, person, firm, valid_from, valid_to)
        row = declare_relation(session, workplace.actor, institution, told, vault=workplace.vault, on=workplace.on)
        session.commit()
        answer = {"kind": row.kind, "source": row.source, "from": row.valid_from, "to": row.valid_to, "by": row.declared_by}
    emit(answer, as_json, [_("已声明：{kind}（{source}）").format(kind=KINDS[kind], source=answer["source"])])


@conflicts.command(help=_("认定一项回避情形（编号见 conflicts list），须写明理由；列出受影响的结果。"))
@click.argument("named", metavar="ID")
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def confirm(workplace: Workplace, named: str, reason: str, as_json: bool) -> None:
    """Confirm a conflict."""
    _decide(workplace, named, "confirmed", reason, as_json)


@conflicts.command(help=_("排除一项回避情形（编号见 conflicts list），须写明理由；事实变化后重新待认定。"))
@click.argument("named", metavar="ID")
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def dismiss(workplace: Workplace, named: str, reason: str, as_json: bool) -> None:
    """Dismiss a conflict."""
    _decide(workplace, named, "dismissed", reason, as_json)


def _decide(workplace: Workplace, named: str, state: str, reason: str, as_json: bool) -> None:
    with workplace.database.writing() as session:
        batch = batch_of(session, service.batch_number_of(named))
        row = service.decide_conflict(session, workplace.actor, batch, named, state=state, reason=reason, on=workplace.on)
        touched = touched_by(session, row)
        session.commit()
        answer: dict[str, Any] = {"id": named, "kind": row.kind, "state": row.state, "fact": row.fact, "reason": row.reason,
                  "decided_by": row.decided_by, "decided_on": row.decided_on,
                  "touches": [{"batch": one.number, "candidate": counted.candidate.admission_number, "what": counted.what,
                               "way": counted.way} for one, counted in touched]}  # fmt: skip
        lines = [f"  · {one.number} {counted.told}" for one, counted in touched]
    told = _("{kind}：{state}（{fact}）").format(kind=KINDS[row.kind], state=STATES[row.state], fact=row.fact)
    head = [_("以下结果受此影响，处理之前不能公示、发证、上报：")] if lines else []
    emit(answer, as_json, [told, *head, *lines])


def conflict_answer(batch: Batch, one: Conflict) -> dict[str, Any]:
    """A conflict as JSON values; it names people and no document number."""
    return {
        "id": service.conflict_id(batch, one), "person": one.examiner.code, "candidate": one.subject.name,
        "kind": one.kind, "state": one.state, "fact": one.fact, "reason": one.reason, "by": one.by,
    }  # fmt: skip


def conflict_lines(batch: Batch, found: Sequence[Conflict]) -> list[str]:
    """Each conflict on a line, after its id."""
    return [f"{service.conflict_id(batch, one)}  {one.told}" for one in found]
