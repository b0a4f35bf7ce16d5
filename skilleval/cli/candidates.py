"""``skilleval candidates``: template, import, list, explain, check, accept, refuse, withdraw."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from sqlmodel import Session, col, select

from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.people import report_import
from skilleval.db.tables import Batch, Candidate, Institution, Person
from skilleval.domain import lifecycle
from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Proof
from skilleval.services import advice, candidate_sheets
from skilleval.services import candidates as service
from skilleval.services.enrolment_form import write_enrolment_form
from skilleval.services.tenancy import batch_of, seen_batch_of, viewer_of

batch_option = click.option("--batch", "number", required=True, help=_("批次编号"))


@click.group(help=_("考生：报名、资格审核、理由。"))
def candidates() -> None:
    """The commands of candidates."""


@candidates.command(help=_("生成考生报名表，预填花名册中从事本职业的人员。"))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@batch_option
@json_option
@pass_workplace
def template(workplace: Workplace, out: Path, number: str, as_json: bool) -> None:
    """Write the enrolment workbook, with the people of the occupation filled in; delete those who do not apply."""
    with workplace.database.reading() as session:
        people = write_enrolment_form(session, batch_of(session, number), out, workplace.library, vault=workplace.vault)
    emit({"file": out, "people": people}, as_json, [_("报名表已生成：{out}（{count} 人）").format(out=out, count=people)])


@candidates.command(name="import", help=_("导入考生报名表：全部正确才写入，并逐人判断申报条件。"))
@click.argument("file", type=click.Path(path_type=Path))
@batch_option
@click.option("--check", "check_only", is_flag=True, help=_("只检查，不写入"))
@click.option("--good-rows", is_flag=True, help=_("写入正确的行，错误的行除外"))
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help=_("有错误时，把原表加“错误原因”列写到这里"))
@json_option
@pass_workplace
def import_(
    workplace: Workplace,
    file: Path,
    number: str,
    check_only: bool,
    good_rows: bool,
    errors: Path | None,
    as_json: bool,
) -> None:
    """Import the enrolment workbook."""
    with workplace.database.writing() as session:
        staged = candidate_sheets.stage_candidates(
            session, batch_of(session, number), file, vault=workplace.vault, library=workplace.library, on=workplace.on
        )
        written = not check_only and (good_rows or not staged.report.failed)
        if written:
            candidate_sheets.write_candidates(
                session, workplace.actor, staged, workplace.library, vault=workplace.vault, on=workplace.on
            )
            session.commit()
    report_import(staged.report, file, errors, as_json, written=written)


@candidates.command(name="list", help=_("列出考生与资格判断。"))
@batch_option
@json_option
@pass_workplace
def list_(workplace: Workplace, number: str, as_json: bool) -> None:
    """List the candidates of a batch."""
    with workplace.database.reading() as session:
        rows = [_row(session, workplace, *pair) for pair in _pairs(session, seen_batch_of(session, number))]
    lines = [
        f"{row['admission_number'] or '-'}  {row['name']}  {row['id_number']}  {row['employer']}  {row['grade']}  "
        f"{_verdict(row['verdict'])}  {lifecycle.label('candidate', row['state'])}  {row['decision_reason'] or ''}"
        for row in rows
    ]
    counts = {answer.value: sum(row["verdict"] == answer.value for row in rows) for answer in Answer}
    summary = _("共 {count} 人：符合 {met}，不符合 {not_met}，无法判断 {unknown}").format(count=len(rows), **counts)
    emit(rows, as_json, [*lines, summary])


@candidates.command(help=_("说明一名考生可否参加、依据哪一条、还缺什么、最早何时符合。"))
@batch_option
@click.argument("person")
@click.option("--letter", is_flag=True, help=_("附上可发给考生的说明"))
@json_option
@pass_workplace
def explain(workplace: Workplace, number: str, person: str, letter: bool, as_json: bool) -> None:
    """Show the proof behind a candidate's verdict with every clause, the ways to yes, and the letter about it."""
    with workplace.database.reading() as session:
        batch = seen_batch_of(session, number)
        candidate, found = service.find_candidate(session, batch, person, vault=workplace.vault)
        advised = advice.advise(session, batch, candidate, workplace.library)
        ways = advised.ways
        told = advice.candidate_letter(batch, found, candidate, ways)
        answer = {
            **_row(session, workplace, candidate, found), "checked_on": candidate.checked_on, "proof": candidate.proof,
            "ways": [way.as_dict() for way in ways], "letter": told,
            "outdated": advised.outdated,
        }  # fmt: skip
    assert candidate.proof is not None
    proof = Proof.from_dict(candidate.proof)
    head = f"{found.name}  {Grade(candidate.grade).printed}：{_verdict(candidate.verdict)}（{candidate.checked_on} 判断）"
    others = [
        _("另须解决：{text}（{fact}）").format(text=one.text, fact=one.fact) for one in advice.other_obstacles(proof)
    ]
    if answer["outdated"]:
        others.append(_("注意：判断之后资料有更正，结论会不同，请运行 skilleval candidates check 重新判断"))
    lines = [head, *proof.lines(), *(way.line for way in ways), *others]
    emit(answer, as_json, [*lines, "", told] if letter else lines)


@candidates.command(help=_("更正花名册后，重新判断未审定的考生。"))
@batch_option
@json_option
@pass_workplace
def check(workplace: Workplace, number: str, as_json: bool) -> None:
    """Judge the undecided candidates again."""
    with workplace.database.writing() as session:
        checked = service.check_eligibility(
            session, workplace.actor, batch_of(session, number), workplace.library, on=workplace.on
        )
        session.commit()
    counts = {answer.value: sum(one.verdict == answer.value for one in checked) for answer in Answer}
    emit(
        {"checked": len(checked), **counts},
        as_json,
        [_("重新判断 {count} 人：符合 {met}，不符合 {not_met}，无法判断 {unknown}").format(count=len(checked), **counts)],
    )


@candidates.command(help=_("资格审核通过：指定考生，或 --all-met 通过全部“符合”的考生。"))
@batch_option
@click.argument("persons", nargs=-1)
@click.option("--all-met", is_flag=True, help=_("全部“符合”的考生"))
@json_option
@pass_workplace
def accept(workplace: Workplace, number: str, persons: tuple[str, ...], all_met: bool, as_json: bool) -> None:
    """Accept candidates."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        if all_met:
            accepted = service.accept_met(session, workplace.actor, batch, workplace.library)
        else:
            chosen = _chosen(workplace, session, batch, persons)
            accepted = service.Accepted(
                service.accept_candidates(session, workplace.actor, batch, chosen, workplace.library), ()
            )
        session.commit()
        count, left = len(accepted.candidates), accepted.left
    lines = [_("以下 {count} 人符合申报条件，但本机构不能认定，未审核：").format(count=len(left))] if left else []
    told = [_("审核通过 {count} 人").format(count=count), *lines, *(f"  · {one}" for one in left)]
    emit({"accepted": count, "left": left}, as_json, told)


@candidates.command(help=_("资格审核不通过：指定考生，或 --all-others 全部其余未审定的考生。"))
@batch_option
@click.argument("persons", nargs=-1)
@click.option("--all-others", is_flag=True, help=_("全部其余未审定的考生"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def refuse(
    workplace: Workplace, number: str, persons: tuple[str, ...], all_others: bool, reason: str, as_json: bool
) -> None:
    """Refuse candidates."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        chosen = _waiting(session, batch) if all_others else _chosen(workplace, session, batch, persons)
        service.refuse_candidates(session, workplace.actor, batch, chosen, reason=reason)
        session.commit()
    emit({"refused": len(chosen)}, as_json, [_("审核不通过 {count} 人").format(count=len(chosen))])


@candidates.command(help=_("考生退出本批次：指定考生。"))
@batch_option
@click.argument("persons", nargs=-1, required=True)
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def withdraw(workplace: Workplace, number: str, persons: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Take candidates out of a batch at their own wish."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        chosen = _chosen(workplace, session, batch, persons)
        service.withdraw_candidates(session, workplace.actor, batch, chosen, reason=reason)
        session.commit()
    emit({"withdrawn": len(chosen)}, as_json, [_("退出 {count} 人").format(count=len(chosen))])


def _waiting(session: Session, batch: Batch) -> list[Candidate]:
    return [candidate for candidate, _person in _pairs(session, batch) if candidate.state == "applied"]


def _chosen(workplace: Workplace, session: Session, batch: Batch, persons: Sequence[str]) -> list[Candidate]:
    if not persons:
        raise click.UsageError(_("请指定考生（姓名、工号或证件号码），或使用 --all-met / --all-others"))
    return [service.find_candidate(session, batch, one, vault=workplace.vault)[0] for one in persons]


def _pairs(session: Session, batch: Batch) -> Iterator[tuple[Candidate, Person]]:
    query = select(Candidate, Person).where(
        col(Candidate.institution_id) == batch.institution_id,
        col(Candidate.batch_id) == batch.id,
        col(Person.id) == col(Candidate.person_id),
        viewer_of(session).candidates(),
    )
    yield from session.exec(query.order_by(col(Candidate.admission_number), col(Candidate.id)))


def _row(session: Session, workplace: Workplace, candidate: Candidate, person: Person) -> dict[str, Any]:
    employer = session.get(Institution, candidate.employer_id)
    assert employer is not None
    return {
        "admission_number": candidate.admission_number,
        "name": person.name,
        "employee_no": person.employee_no,
        "id_number": mask_number(workplace.vault.open(person.institution_id, person.id_sealed)),
        "employer": employer.name,
        "grade": Grade(candidate.grade).printed,
        "claimed": candidate.claimed,
        "verdict": candidate.verdict,
        "skips_grade": candidate.skips_grade,
        "state": candidate.state,
        "decision_reason": candidate.decision_reason,
    }


def _verdict(verdict: str | None) -> str:
    return Answer(verdict).name_zh if verdict else _("尚未判断")

