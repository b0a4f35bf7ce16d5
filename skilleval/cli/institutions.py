"""``skilleval institutions``: add a firm from its file, list, show."""

import tomllib
from pathlib import Path
from typing import Any

import click
from sqlmodel import Session, col, select

from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.db.tables import (
    Institution,
    Personnel,
    Post,
    PostGrade,
    Registration,
    ScopeLine,
    Specification,
    SpecificationPart,
    Venue,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import show as show_mark
from skilleval.services import institutions as service
from skilleval.services.tenancy import institution_of, must_be_own, viewer_of


@click.group(help=_("评价机构：备案、范围、评价规范、岗位、评价人员、场地。"))
def institutions() -> None:
    """The commands of institutions."""


@institutions.command(help=_("按机构文件（TOML）建立或更新一个机构；样例见 templates/institution.example.toml。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def add(workplace: Workplace, file: Path, as_json: bool) -> None:
    """Add an institution, or bring it up to its file."""
    content = read_toml(file)
    with workplace.database.writing() as session:
        told = content.get("institution")
        must_be_own(session, str(told.get("credit_code", "")) if isinstance(told, dict) else "")
        applied = service.add_institution(
            session, workplace.actor, content, vault=workplace.vault, own_standards=workplace.folder / "standards"
        )
        session.commit()
    answer = {
        "credit_code": applied.institution.credit_code,
        "name": applied.institution.name,
        "added": len(applied.added),
        "changed": len(applied.changed),
        "removed": len(applied.removed),
        "warnings": applied.warnings,
    }
    summary = (
        _("{name}（{credit_code}）：新增 {added} 项，更新 {changed} 项").format(**answer)
        + (_("，删去 {removed} 项").format(**answer) if applied.removed else "")
        if applied.added or applied.changed or applied.removed
        else _("{name}（{credit_code}）：与已有内容相同，未作任何改动").format(**answer)
    )
    emit(answer, as_json, [summary, *(_("提醒：{text}").format(text=text) for text in applied.warnings)])


@institutions.command(name="list", help=_("列出全部评价机构。"))
@json_option
@pass_workplace
def list_(workplace: Workplace, as_json: bool) -> None:
    """List the institutions."""
    with workplace.database.reading() as session:
        rows = [
            {"credit_code": one.credit_code, "name": one.name, "kind": one.kind, "city": one.city}
            for one in session.exec(select(Institution).where(viewer_of(session).own(col(Institution.id))).order_by(col(Institution.credit_code)))
        ]
    emit(rows, as_json, [f"{row['credit_code']}  {row['name']}" for row in rows] or [_("还没有评价机构")])


@institutions.command(help=_("显示一个机构的备案、范围、评价规范、岗位、人员、场地。"))
@click.argument("credit_code")
@json_option
@pass_workplace
def show(workplace: Workplace, credit_code: str, as_json: bool) -> None:
    """Show everything about an institution."""
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        answer = _answer(session, institution)
    emit(answer, as_json, _lines(answer))


def read_toml(file: Path) -> dict[str, Any]:
    """The content of a TOML file. Refused: a file that is not there, or is none."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise RuleBroken(f"找不到文件 {file}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleBroken(f"{file.name} 不是有效的 TOML 文件（UTF-8）：{error}") from error


def _answer(session: Session, institution: Institution) -> dict[str, Any]:
    def rows(table: Any) -> list[dict[str, Any]]:
        query = select(table).where(col(table.institution_id) == institution.id).order_by(col(table.id))
        return [row.model_dump(exclude={"institution_id", "id_sealed", "id_index"}) for row in session.exec(query)]

    answer: dict[str, Any] = {
        "institution": institution.model_dump(exclude={"id"}),
        "registrations": rows(Registration),
        "scope": rows(ScopeLine),
        "specifications": rows(Specification),
        "parts": rows(SpecificationPart),
        "posts": rows(Post),
        "post_grades": rows(PostGrade),
        "personnel": rows(Personnel),
        "venues": rows(Venue),
    }
    for person in answer["personnel"]:
        person["phone"] = mask_number(person["phone"]) if person["phone"] else None
    return answer


def _lines(answer: dict[str, Any]) -> list[str]:
    own = answer["institution"]
    lines = [f"{own['name']}  {own['credit_code']}"]
    for one in answer["registrations"]:
        lines.append(f"备案 {one['number']}  {one['authority']}  {one['valid_from']} 至 {one['valid_to']}")
    for one in answer["scope"]:
        grades = "、".join(Grade(grade).printed for grade in one["grades"])
        lines.append(f"  范围 {one['occupation_code']} {one['occupation_name']} {one['trade'] or '--'}：{grades}")
    for one in answer["specifications"]:
        lines.append(f"  规范 {one['code']} 第{one['version']}版 {one['title']}（申报条件 {one['conditions'] or '未定'}）{_origin(one)}")
        for part in answer["parts"]:
            if part["specification_id"] == one["id"]:
                lines.append(
                    f"    {Grade(part['grade']).printed} {METHODS[part['method']].name_zh} 权重{part['weight']}% "
                    f"合格线{show_mark(part['pass_mark'])} 考评员{part['assessors']}名"
                )
    lines += [f"  岗位 {one['name']}" for one in answer["posts"]]
    lines += [f"  人员 {one['code']} {one['name']}（{one['kind']}）" for one in answer["personnel"]]
    return lines + [f"  场地 {one['name']}（{one['seats']} 个工位）" for one in answer["venues"]]


def _origin(specification: dict[str, Any]) -> str:
    number = specification["draft_number"]
    return _("，由起草项目 {number} 评审批准").format(number=number) if number is not None else ""
