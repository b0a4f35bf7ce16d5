"""``skilleval confirmations``: add, list, show."""

from pathlib import Path
from typing import Any

import click

from skilleval.cli.institutions import read_toml
from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Confirmation, Person, Post
from skilleval.domain.rules import Proof
from skilleval.services import confirmations as service
from skilleval.services.tenancy import institution_of


@click.group(help=_("学徒工转正定级：按企业自己的办法，不发证书。"))
def confirmations() -> None:
    """The commands of confirmations."""


@confirmations.command(help=_("按文件（TOML）登记一次转正定级；样例见 templates/confirmation.example.toml。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def add(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Record a confirmation."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        institution = institution_of(session, str(content.get("institution", "")))
        row = service.add_confirmation(
            session, workplace.actor, institution, content, workplace.library, vault=workplace.vault
        )
        session.commit()
        assert row.id is not None
        answer = _answer(*service.find_confirmation(session, institution, row.id))
    emit(answer, as_json, [_("转正定级已登记（不发证书）。"), _line(answer)])


@confirmations.command(name="list", help=_("列出一个机构的转正定级记录。"))
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@json_option
@pass_workplace
def list_(workplace: Workplace, credit_code: str, as_json: bool) -> None:
    """List a firm's confirmations."""
    with workplace.database.reading() as session:
        rows = [_answer(*row) for row in service.confirmations_of(session, institution_of(session, credit_code))]
    emit(rows, as_json, [_line(row) for row in rows] or [_("还没有转正定级记录")])


@confirmations.command(help=_("显示一次转正定级的记录与依据。"))
@click.argument("number", type=int)
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@json_option
@pass_workplace
def show(workplace: Workplace, number: int, credit_code: str, as_json: bool) -> None:
    """Show one confirmation with what it rests on."""
    with workplace.database.reading() as session:
        row, person, post = service.find_confirmation(session, institution_of(session, credit_code), number)
        answer = {**_answer(row, person, post), "proof": row.proof}
    told = _("试用期至 {probation_to}，师带徒期至 {mentoring_to}，师徒协议 {agreement}，依据《{rule}》{rule_version}（{rule_document}）")
    proofs = [Proof.from_dict(row.proof["confirmation"]), Proof.from_dict(row.proof["authority"]["proof"])]
    emit(answer, as_json, [_line(answer), told.format(**answer), *(line for one in proofs for line in one.lines())])


def _answer(row: Confirmation, person: Person, post: Post) -> dict[str, Any]:
    return {
        "number": row.id,
        "name": person.name,
        "post": post.name,
        "occupation_code": post.occupation_code,
        "grade": "apprentice",
        "result": row.result,
        "confirmed_on": row.confirmed_on,
        "by": row.decided_by,
        "agreement": row.agreement,
        "probation_to": row.probation_to,
        "mentoring_to": row.mentoring_to,
        "rule": row.rule_name,
        "rule_version": row.rule_version,
        "rule_document": row.rule_document,
    }


def _line(answer: dict[str, Any]) -> str:
    told = {**answer, "result": service.RESULTS[answer["result"]]}
    return _("{number}  {name}  {post}  学徒工  {result}  {confirmed_on}  {by}").format(**told)
