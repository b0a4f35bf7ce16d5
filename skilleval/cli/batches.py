"""``skilleval batches``: add, staff, reason, extend, list, show, advance."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlmodel import Session, col, select

from skilleval import holidays
from skilleval.cli.institutions import read_toml
from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Batch, Candidate
from skilleval.domain import lifecycle
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Proof
from skilleval.services import batch_plans, batch_steps, deadlines, enrolment
from skilleval.services import batches as service
from skilleval.services.rules import packs_of_batch
from skilleval.services.staffing import restaff_batch
from skilleval.services.tenancy import batch_of, institution_of, seen_batch_of, viewer_of


@click.group(help=_("认定批次：计划、进度。"))
def batches() -> None:
    """The commands of batches."""


@batches.command(help=_("按批次文件（TOML）建立批次；样例见 templates/batch.example.toml。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def add(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Plan a batch."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        institution = institution_of(session, str(content.get("institution", "")))
        batch = batch_plans.add_batch(session, workplace.actor, institution, content, workplace.library)
        session.commit()
        answer = _answer(session, workplace, batch)
    emit(answer, as_json, [_("批次已建立。"), *_lines(answer)])


@batches.command(help=_("按文件调整考评员、督导员和场地（开始评分之前）。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--batch", "number", required=True, help=_("批次编号"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def staff(workplace: Workplace, file: Path, number: str, reason: str, as_json: bool) -> None:
    """Change who assesses and supervises a batch, and where."""
    content = {key: value for key, value in read_toml(file).items() if key in ("assessors", "supervisors", "venues")}
    with workplace.database.writing() as session:
        batch = restaff_batch(session, workplace.actor, batch_of(session, number), content, reason=reason)
        session.commit()
        answer = _answer(session, workplace, batch)
    emit(answer, as_json, [_("人员和场地已调整。"), *_lines(answer)])


@batches.command(help=_("写明条款不一致而仍要认定的理由（记入日志；以前写明的理由保留）。"))
@click.argument("number")
@click.option("--authority-reason", "written", required=True, help=_("关于本机构可否这样认定的条款不一致时，仍要认定的书面理由"))
@json_option
@pass_workplace
def reason(workplace: Workplace, number: str, written: str, as_json: bool) -> None:
    """Record why a batch goes on although clauses disagree."""
    with workplace.database.writing() as session:
        batch = service.record_authority_reason(session, workplace.actor, batch_of(session, number), written)
        session.commit()
        answer = _answer(session, workplace, batch)
    emit(answer, as_json, [_("理由已记录。"), *_lines(answer)])


@batches.command(help=_("延长报名截止日期（不晚于评价开始日），写明理由，记入日志。"))
@click.argument("number")
@click.option("--until", type=DATE, required=True, help=_("新的报名截止日期"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def extend(workplace: Workplace, number: str, until: date, reason: str, as_json: bool) -> None:
    """Let people enrol longer."""
    with workplace.database.writing() as session:
        batch = enrolment.extend_enrolment(session, workplace.actor, batch_of(session, number), until, reason=reason)
        session.commit()
        answer = _answer(session, workplace, batch)
    emit(answer, as_json, [_("报名截止日期已延长至 {until}。").format(until=until), *_lines(answer)])


@batches.command(name="list", help=_("列出批次。"))
@json_option
@pass_workplace
def list_(workplace: Workplace, as_json: bool) -> None:
    """List the batches."""
    with workplace.database.reading() as session:
        rows = [
            {
                "number": one.number,
                "name": one.name,
                "occupation": one.occupation_name,
                "state": one.state,
                "starts_on": one.starts_on,
                "ends_on": one.ends_on,
            }
            for one in session.exec(select(Batch).where(viewer_of(session).batches()).order_by(col(Batch.starts_on), col(Batch.id)))
        ]
    lines = [
        f"{row['number']}  {row['name']}  {row['occupation']}  {row['starts_on']}—{row['ends_on']}  "
        f"{lifecycle.label('batch', str(row['state']))}"
        for row in rows
    ]
    emit(rows, as_json, lines or [_("还没有批次")])


@batches.command(help=_("显示批次的进度、人数、期限，以及下一步的各项条件与依据。"))
@click.argument("number")
@json_option
@pass_workplace
def show(workplace: Workplace, number: str, as_json: bool) -> None:
    """Show a batch and what its next step lacks."""
    with workplace.database.reading() as session:
        batch = seen_batch_of(session, number)
        own = viewer_of(session).owns(batch.institution_id)
        answer = _answer(session, workplace, batch) if own else _answer_to_employer(session, batch)
    emit(answer, as_json, _lines(answer))


@batches.command(help=_("把批次推进到下一状态；不能推进时列出缺少的全部事项。"))
@click.argument("number")
@click.argument("state")
@json_option
@pass_workplace
def advance(workplace: Workplace, number: str, state: str, as_json: bool) -> None:
    """Advance a batch to a state."""
    with workplace.database.writing() as session:
        batch = batch_steps.advance_batch(
            session, workplace.actor, batch_of(session, number), state, library=workplace.library, on=workplace.on
        )
        session.commit()
        answer = _answer(session, workplace, batch)
    emit(answer, as_json, _lines(answer))


def _answer_to_employer(session: Session, batch: Batch) -> dict[str, Any]:
    """What a firm may know of a batch that assesses its people: the plan, the state, and how many of them there are."""
    query = select(Candidate.state).where(col(Candidate.batch_id) == batch.id, viewer_of(session).candidates())
    states = session.exec(query).all()
    return {**_plan(batch), "candidates": len(states), "eligible": states.count("eligible"), "readiness": {}, "deadline": None}


def _answer(session: Session, workplace: Workplace, batch: Batch) -> dict[str, Any]:
    facts = batch_steps.batch_facts(session, batch, workplace.library, workplace.on)
    packs = packs_of_batch(session, batch)
    ready = batch_steps.readiness(session, batch, packs, workplace.library, workplace.on)
    deadline = deadlines.results_deadline(session, packs, batch, holidays.load_calendar(workplace.folder), workplace.on)
    return {
        **_plan(batch),
        "authority_reason": batch.authority_reason,
        "versions": batch.versions,
        "candidates": facts.candidates,
        "eligible": facts.eligible,
        "next": {to: lifecycle.missing_in(proof) for to, proof in ready.items()},
        "readiness": {to: proof.as_dict() for to, proof in ready.items()},
        "deadline": None
        if deadline is None
        else {"proof": deadline.proof.as_dict(), "last_day": deadline.last_day, "left": deadline.left},
    }


def _plan(batch: Batch) -> dict[str, Any]:
    return {
        "number": batch.number,
        "name": batch.name,
        "occupation_code": batch.occupation_code,
        "occupation": batch.occupation_name,
        "trade": batch.trade,
        "grades": [Grade(grade).printed for grade in batch.grades],
        "enrol_until": batch.enrol_until,
        "starts_on": batch.starts_on,
        "ends_on": batch.ends_on,
        "state": batch.state,
    }


def _lines(answer: dict[str, Any]) -> list[str]:
    lines = [
        _("{number}  {name}  {occupation}{trade}").format(**{**answer, "trade": f"（{answer['trade']}）" if answer["trade"] else ""}),
        _("  等级：{grades}  评价：{first} 至 {last}").format(
            grades="、".join(answer["grades"]), first=answer["starts_on"], last=answer["ends_on"]
        ),
        _("  状态：{state}  考生 {candidates} 人，资格审核通过 {eligible} 人").format(
            **{**answer, "state": lifecycle.label("batch", answer["state"])}
        ),
    ]
    if answer["enrol_until"]:
        lines.append(_("  报名截止：{until}").format(until=answer["enrol_until"]))
    if answer.get("authority_reason"):
        lines.append(_("  条款不一致仍认定的理由：{reason}").format(reason=answer["authority_reason"]))
    if answer["deadline"]:
        lines += [f"  {line}" for line in Proof.from_dict(answer["deadline"]["proof"]).lines()]
    return [*lines, *_steps(answer)]


def _steps(answer: dict[str, Any]) -> Iterator[str]:
    """What may follow, each with what it rests on: the step ahead first, then back and off."""
    state = answer["state"]
    for way, named in lifecycle.DIRECTIONS.items():
        for to, stored in answer["readiness"].items():
            if lifecycle.direction(state, to) != way:
                continue
            command = lifecycle.own_command(state, to) or f"skilleval batches advance {answer['number']} {to}"
            yield _("  {way}：{label}（{command}）").format(way=named, label=lifecycle.label("batch", to), command=command)
            yield from (f"    {line}" for leaf in Proof.from_dict(stored).children for line in leaf.lines())
