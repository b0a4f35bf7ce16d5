"""``skilleval evidence``: add, list, accept, reject."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from skilleval.cli.institutions import read_toml
from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import Evidence
from skilleval.domain.recognition import EVIDENCE_KINDS, EVIDENCE_STATES
from skilleval.services import evidence as service
from skilleval.services.tenancy import institution_of, own_or_all


@click.group(help=_("佐证材料：登记、核验。"))
def evidence() -> None:
    """The commands of evidence."""


@evidence.command(help=_("按文件（TOML）登记佐证材料：人员、类别、起止、出具单位、文件及其摘要。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def add(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Hand in evidence."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        institution = institution_of(session, str(content.get("institution", "")))
        rows = service.add_evidence(
            session, workplace.actor, institution, content.get("evidence", []), folder=file.parent, vault=workplace.vault,
            on=workplace.on,
        )  # fmt: skip
        session.commit()
        answer = [_answer(row) for row in rows]
    emit(answer, as_json, [_("已登记 {count} 件佐证材料").format(count=len(answer)), *map(_line, answer)])


@evidence.command(name="list", help=_("列出佐证材料及其核验情况。"))
@click.option("--institution", "credit_code", help=_("统一社会信用代码（默认列出全部机构的）"))
@json_option
@pass_workplace
def list_(workplace: Workplace, credit_code: str | None, as_json: bool) -> None:
    """List evidence."""
    with workplace.database.reading() as session:
        institution = own_or_all(session, credit_code)
        answer = [
            _answer(row) | {"person": person.name} for row, person in service.list_evidence(session, institution)
        ]
    emit(answer, as_json, [*map(_line, answer), _("共 {count} 件").format(count=len(answer))])


@evidence.command(help=_("采信佐证材料：经办人为核验人。"))
@click.argument("codes", nargs=-1, required=True)
@json_option
@pass_workplace
def accept(workplace: Workplace, codes: Sequence[str], as_json: bool) -> None:
    """Accept evidence."""
    with workplace.database.writing() as session:
        found = [service.find_evidence(session, code) for code in dict.fromkeys(codes)]
        rows = service.accept_evidence(session, workplace.actor, found, on=workplace.on)
        session.commit()
        answer = [_answer(row) for row in rows]
    emit(answer, as_json, map(_line, answer))


@evidence.command(help=_("不采信佐证材料，须写明理由。"))
@click.argument("codes", nargs=-1, required=True)
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def reject(workplace: Workplace, codes: Sequence[str], reason: str, as_json: bool) -> None:
    """Reject evidence."""
    with workplace.database.writing() as session:
        found = [service.find_evidence(session, code) for code in dict.fromkeys(codes)]
        rows = service.reject_evidence(session, workplace.actor, found, reason=reason, on=workplace.on)
        session.commit()
        answer = [_answer(row) for row in rows]
    emit(answer, as_json, map(_line, answer))


def _answer(row: Evidence) -> dict[str, Any]:
    return row.model_dump(exclude={"id", "institution_id", "employer_id", "person_id"})


def _line(row: dict[str, Any]) -> str:
    period = f"{row['started_on']}" + (f" 至 {row['ended_on']}" if row["ended_on"] else "")
    told = [row["code"], row.get("person", ""), EVIDENCE_KINDS[row["kind"]], row["title"], period, row["issuer"]]
    told += [EVIDENCE_STATES[row["state"]], row["reason"] or ""]
    return "  ".join(filter(None, told))
