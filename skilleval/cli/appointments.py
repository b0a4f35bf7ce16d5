"""``skilleval appointments``: nominate, appoint, list, show."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlmodel import Session

from skilleval.cli.institutions import read_toml
from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Appointment, Institution, Nomination, Person
from skilleval.domain.appointment import ROUTES
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Proof
from skilleval.reports.nomination import write_nominations
from skilleval.services import appointments as service
from skilleval.services.honours import honours_of
from skilleval.services.tenancy import institution_of

Row = tuple[Nomination, Person, Appointment | None]


@click.group(help=_("特级技师、首席技师评聘：推荐与聘任，与证书分开。"))
def appointments() -> None:
    """The commands of appointments."""


@appointments.command(help=_("按推荐文件（TOML）推荐一人；样例见 templates/nomination.example.toml。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=_("另写推荐表（.xlsx）"))
@json_option
@pass_workplace
def nominate(workplace: Workplace, file: Path, out: Path | None, as_json: bool) -> None:
    """Nominate a person for a post."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        institution = institution_of(session, str(content.get("institution", "")))
        row = service.nominate(
            session, workplace.actor, institution, content, workplace.library, vault=workplace.vault
        )
        session.commit()
        assert row.id is not None
        found = service.find_nomination(session, institution, row.id)
        answer = _answer(*found)
        if out is not None:
            _write(workplace, session, institution, [found], out)
            answer["file"] = out
    emit(answer, as_json, [_("推荐已登记。"), _line(answer)])


@appointments.command(help=_("省里公布名单后聘任；编号只在规则包有其字母时可导入。"))
@click.argument("nomination", type=int)
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@click.option("--list-number", required=True, help=_("省里公布名单的文号"))
@click.option("--from", "term_from", type=DATE, required=True, help=_("聘期起"))
@click.option("--to", "term_to", type=DATE, required=True, help=_("聘期止"))
@click.option("--on", "day", type=DATE, help=_("聘任日期（默认为今天）"))
@click.option("--number", help=_("省里下发的编号（2位字母加20位数字）"))
@json_option
@pass_workplace
def appoint(
    workplace: Workplace,
    nomination: int,
    credit_code: str,
    list_number: str,
    term_from: date,
    term_to: date,
    day: date | None,
    number: str | None,
    as_json: bool,
) -> None:
    """Appoint a nominee."""
    with workplace.database.writing() as session:
        institution = institution_of(session, credit_code)
        row, _person, _none = service.find_nomination(session, institution, nomination)
        service.appoint(
            session, workplace.actor, row, workplace.library, list_number=list_number, term_from=term_from,
            term_to=term_to, on=day or workplace.on, number=number,
        )  # fmt: skip
        session.commit()
        answer = _answer(*service.find_nomination(session, institution, nomination))
    emit(answer, as_json, [_("聘任已登记。"), _line(answer)])


@appointments.command(name="list", help=_("列出一个机构的推荐与聘任；--out 写成推荐表。"))
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=_("另写推荐表（.xlsx）"))
@json_option
@pass_workplace
def list_(workplace: Workplace, credit_code: str, out: Path | None, as_json: bool) -> None:
    """List a firm's nominations and appointments."""
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        rows = service.nominations_of(session, institution)
        answer = [_answer(*row) for row in rows]
        if out is not None:
            _write(workplace, session, institution, rows, out)
    emit(answer, as_json, [_line(row) for row in answer] or [_("还没有推荐")])


@appointments.command(help=_("显示一次推荐：时段、途径及其依据，聘任。"))
@click.argument("nomination", type=int)
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@json_option
@pass_workplace
def show(workplace: Workplace, nomination: int, credit_code: str, as_json: bool) -> None:
    """Show one nomination with what it rests on."""
    with workplace.database.reading() as session:
        found = service.find_nomination(session, institution_of(session, credit_code), nomination)
        answer = {**_answer(*found), "proof": found[0].proof}
    proofs = [Proof.from_dict(found[0].proof[key]) for key in ("window", "entry")]
    told = _("岗位 {post}；委员会同意 {votes_for}/{votes_cast}；本企业公示 {notice_from} 至 {notice_to}；{pay}")
    emit(answer, as_json, [_line(answer), told.format(**answer), *(line for one in proofs for line in one.lines())])


def _write(
    workplace: Workplace, session: Session, institution: Institution, rows: Sequence[Row], out: Path
) -> None:
    honours = honours_of(session, {one.person_id for one, _person, _appointment in rows})
    write_nominations(
        out,
        institution.name,
        [
            (one, person, appointment, honours.get(one.person_id, []),
             workplace.vault.open(person.institution_id, person.id_sealed))
            for one, person, appointment in rows
        ],
        [(_("导出日期"), workplace.on.isoformat()), (_("经办人"), workplace.actor_name)],
    )  # fmt: skip


def _answer(one: Nomination, person: Person, appointment: Appointment | None) -> dict[str, Any]:
    term = appointment or one
    return {
        "nomination": one.id,
        "year": one.year,
        "period": one.period,
        "name": person.name,
        "grade": one.grade,
        "occupation_code": one.occupation_code,
        "occupation": one.occupation_name,
        "route": one.route,
        "current_grade": one.current_grade,
        "current_on": one.current_on,
        "post": one.post,
        "pay": one.pay,
        "votes_for": one.votes_for,
        "votes_cast": one.votes_cast,
        "notice_from": one.notice_from,
        "notice_to": one.notice_to,
        "nominated_on": one.nominated_on,
        "term_from": term.term_from,
        "term_to": term.term_to,
        "list_number": appointment.list_number if appointment else None,
        "appointed_on": appointment.appointed_on if appointment else None,
        "number": appointment.number if appointment else None,
    }


def _line(answer: dict[str, Any]) -> str:
    told = {
        **answer,
        "grade": Grade(answer["grade"]).name_zh,
        "route": f"{answer['route']} {ROUTES[answer['route']]}",
        "state": _("已聘任（{list_number}）").format(**answer) if answer["list_number"] else _("已推荐"),
        "number": answer["number"] or "—",
    }
    return _("{nomination}  {year}年第{period}期  {name}  {occupation}  {grade}  途径{route}  {state}  {term_from} 至 {term_to}  编号 {number}").format(**told)
