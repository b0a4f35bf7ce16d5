"""``skilleval replay``: compute a closed case again from what was stored, and compare."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import click
from sqlmodel import Session, col, select

from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Batch, Candidate
from skilleval.services import candidates, replay_posts
from skilleval.services import replay as service
from skilleval.services.tenancy import batch_of, institution_of, viewer_of


@click.command(help=_("复算：凭保存的依据与当时的规则文本重新计算资格、成绩、结果、编号，与保存的逐项比较；全部一致时退出码为 0。"))
@click.argument("target", metavar="批次编号或准考证号", required=False)
@click.option("--batch", "number", help=_("批次编号；给出时，前面的参数是该批次的一名考生（准考证号、工号、证件号码或姓名）"))
@click.option("--institution", "credit_code", help=_("统一社会信用代码；不写批次时，复算该机构的转正定级与评聘推荐"))
@click.option("--as-of", "as_of", type=DATE, help=_("另按这一天有效的规则版本判断资格，供参考"))
@json_option
@pass_workplace
def replay(
    workplace: Workplace, target: str | None, number: str | None, credit_code: str | None, as_of: date | None, as_json: bool
) -> None:
    """Replay a batch, one candidate of a batch, or the confirmations and nominations of an institution.

    Exit code 1 unless everything comes out as it is stored.
    """
    if credit_code is not None and target is None:
        _replay_posts(workplace, credit_code, as_json)
        return
    if target is None or credit_code is not None:
        raise click.UsageError(_("请写批次编号或准考证号，或只写 --institution 统一社会信用代码"))
    with workplace.database.reading() as session:
        chosen = None if number is not None else _admitted(session, target)
        batch = batch_of(session, number or target) if chosen is None else session.get_one(Batch, chosen[0].batch_id)
        if number is not None:
            chosen = [candidates.find_candidate(session, batch, target, vault=workplace.vault)[0]]
        replayed = service.replay_batch(session, batch, candidates=chosen, as_of=as_of)
    emit(_answer(replayed), as_json, _lines(replayed))
    if not replayed.equal:
        click.get_current_context().exit(1)


def _replay_posts(workplace: Workplace, credit_code: str, as_json: bool) -> None:
    with workplace.database.reading() as session:
        found = replay_posts.replay_posts(session, institution_of(session, credit_code))
    states = [one.state for one in found.records]
    counts = {state: states.count(state) for state in service.STATES}
    lines = [_("※ {named}").format(named=named) for named in found.tampered]
    lines += [
        _("{kind}第 {number} 号 {person}：{state}：{reasons}").format(
            kind=replay_posts.KINDS[one.kind], number=one.number, person=one.person, state=service.STATES[one.state],
            reasons="；".join(one.reasons),
        )
        for one in found.records
        if one.state != "equal"
    ]  # fmt: skip
    lines.append(
        _("{institution} 复算 {total} 项转正定级与评聘推荐：一致 {equal}，不一致 {differs}，不能复算 {cannot}").format(
            institution=found.institution, total=len(states), **counts
        )
    )
    records = [
        {"kind": one.kind, "number": one.number, "person": one.person, "state": one.state, "reasons": one.reasons}
        for one in found.records
    ]
    answer = {"institution": found.institution, "equal": found.equal, "counts": counts, "tampered": found.tampered, "records": records}
    emit(answer, as_json, lines)
    if not found.equal:
        click.get_current_context().exit(1)


def _admitted(session: Session, target: str) -> list[Candidate] | None:
    """The candidate with this 准考证号; None where a batch has the number, or not just one candidate."""
    viewer, number = viewer_of(session), target.strip()
    candidate = select(Candidate).where(col(Candidate.admission_number) == number)
    found = session.exec(candidate.where(viewer.own(col(Candidate.institution_id)))).all()
    batch = select(Batch.id).where(col(Batch.number) == number)
    batches = session.exec(batch.where(viewer.own(col(Batch.institution_id)))).all()
    return list(found) if len(found) == 1 and not batches else None


def _answer(replayed: service.Replay) -> dict[str, Any]:
    return {
        "batch": replayed.batch,
        "equal": replayed.equal,
        "counts": _counts(replayed),
        "tampered": replayed.tampered,
        "cases": [
            {
                "candidate": case.who,
                "equal": case.equal,
                "steps": {step.name: {"state": step.state, "reasons": step.reasons} for step in case.steps},
                "as_of": _another_day(case.another_day),
            }
            for case in replayed.cases
        ],
    }


def _another_day(found: service.OnAnotherDay | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "on": found.on,
        "stored": found.then.value,
        "answer": found.now.value,
        "differences": found.differences,
    }


def _counts(replayed: service.Replay) -> dict[str, int]:
    states = [
        "equal" if case.equal else "differs" if any(step.state == "differs" for step in case.steps) else "cannot"
        for case in replayed.cases
    ]
    return {state: states.count(state) for state in service.STATES}


def _lines(replayed: service.Replay) -> Iterator[str]:
    yield from (_("※ {named}").format(named=named) for named in replayed.tampered)
    for case in replayed.cases:
        told = [step for step in case.steps if step.state != "equal"]
        if told:
            yield case.who
        for step in told:
            reasons = "；".join(step.reasons)
            yield f"  {service.STEPS[step.name]}  {service.STATES[step.state]}：{reasons}"
        yield from _day_lines(case)
    yield _("批次 {batch} 复算 {total} 人：一致 {equal}，不一致 {differs}，不能复算 {cannot}").format(
        batch=replayed.batch, total=len(replayed.cases), **_counts(replayed)
    )


def _day_lines(case: service.Replayed) -> Iterator[str]:
    found = case.another_day
    if found is None:
        return
    yield _("{who}：按 {on} 的规则与情况为“{now}”，原为“{then}”（仅供参考）").format(
        who=case.who, on=found.on, now=found.now.name_zh, then=found.then.name_zh
    )
    yield from (f"    · {difference}" for difference in found.differences)
