"""``skilleval rules whatif``: who would gain, who would lose, if a rule pack were another one."""

import io
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import click

from skilleval import pack_trials
from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.progress import progress_bar
from skilleval.cli.rule_lines import change_lines, change_row
from skilleval.domain.rules import Proof
from skilleval.services import whatif as service
from skilleval.services.tenancy import own_or_all
from skilleval.services.whatif import KINDS, Change, Subject, WhatIf

MAX_SHOWN = 200
#: how wide two proofs stand side by side where no terminal says how wide it is
_WIDE = 160
#: what the frame around two columns takes
_FRAME = 7
_LEFT_OUT = {"no_occupation": _("未填从事职业"), "no_specification": _("机构没有该职业的评价规范")}


@click.command(help=_("试算：规则包改动后（文件，或尚未选用的规则包），谁变为符合、谁不再符合；不写入任何数据。"))
@click.argument("named", metavar="PACK")
@click.option("--institution", "credit_code", help=_("统一社会信用代码；不写则试算全部机构"))
@click.option("--on", "day", type=DATE, help=_("按哪一天判断（默认今天）"))
@click.option("--conditions", "edition", help=_("申报条件的版次（默认按各机构评价规范）"))
@click.option("--person", "person_named", help=_("工号或姓名：并排显示此人改动前后的两份理由"))
@json_option
@pass_workplace
def whatif(
    workplace: Workplace,
    named: str,
    credit_code: str | None,
    day: date | None,
    edition: str | None,
    person_named: str | None,
    as_json: bool,
) -> None:
    """Compare the standing packs with a changed one over everybody."""
    pack = pack_trials.find_pack(workplace.library, named)
    with workplace.database.reading() as session:
        institution = own_or_all(session, credit_code)
        with progress_bar(_("试算")) as progress:
            found = service.what_if(
                session, workplace.library, pack, on=day or workplace.on, institution=institution, edition=edition,
                progress=progress,
            )  # fmt: skip
        if person_named is not None:
            _show_person(found, service.find_subject(found, person_named), as_json)
            return
        rows = []
        if as_json:
            with progress_bar(_("写出理由"), total=len(found.changes), unit=_("项")) as progress:
                for done, change in enumerate(found.changes, start=1):
                    rows.append({**_row(change), "proofs": _both(*change.proofs())})
                    if progress is not None:
                        progress(done)
        emit({**_summary(found, pack.key), "changes": rows}, as_json, [] if as_json else _lines(found))


def _summary(found: WhatIf, pack: str) -> dict[str, Any]:
    changed = [change_row(one) for one in found.rules]
    return {
        "pack": pack,
        "on": found.on,
        "people": len(found.subjects) + found.left_out.total(),
        "judged": len(found.subjects),
        "left_out": dict(found.left_out),
        "people_changed": len({change.subject.person.id for change in found.changes}),
        "totals": _counts(found.totals),
        "by_grade": {name: _counts(one) for name, one in found.counted_by(_grade).items()},
        "by_post": {name: _counts(one) for name, one in found.counted_by(_post).items()},
        "by_institution": {name: _counts(one) for name, one in found.counted_by(_firm).items()},
        "parameters": [row for row in changed if row["kind"] == "parameter"],
        "rules": [row for row in changed if row["kind"] != "parameter"],
    }


def _lines(found: WhatIf) -> Iterator[str]:
    yield _("规则的改动（{day} 适用的版本）：{count} 条").format(day=found.on, count=len(found.rules))
    for one in found.rules:
        yield from (f"  {line}" for line in change_lines(one))
    yield _("判断了 {judged} 人").format(judged=len(found.subjects)) + "".join(
        _("；{reason} {count} 人，未判断").format(reason=_LEFT_OUT[reason], count=count)
        for reason, count in found.left_out.items()
    )
    yield _("合计：{counts}").format(counts=_told(found.totals))
    for title, name in ((_("按等级"), _grade), (_("按岗位"), _post), (_("按机构"), _firm)):
        for key, counts in found.counted_by(name).items():
            yield f"  {title}  {key}：{_told(counts)}"
    for change in found.changes[:MAX_SHOWN]:
        person = change.subject.person
        yield (
            f"{person.employee_no or '-'}  {person.name}  {_post(change)}  {_grade(change)}  "
            f"{change.before.name_zh} → {change.after.name_zh}"
        )
    if len(found.changes) > MAX_SHOWN:
        yield _("……共 {count} 项，其余用 --json 查看").format(count=len(found.changes))
    if found.changes:
        yield _("用 --person 工号或姓名 并排查看改动前后的理由")


def _show_person(found: WhatIf, subject: Subject, as_json: bool) -> None:
    changed = {change.grade for change in found.changes if change.subject is subject}
    proofs = {grade: subject.setting.prove(subject.background, grade) for grade in subject.setting.grades}
    answer = {
        "employee_no": subject.person.employee_no,
        "name": subject.person.name,
        "institution": subject.institution.name,
        "grades": {grade.printed: {"changed": grade in changed, **_both(*both)} for grade, both in proofs.items()},
    }
    lines = [f"{subject.person.name}（{subject.person.employee_no or '-'}，{subject.institution.name}，{found.on}）"]
    for grade, (before, after) in proofs.items():
        lines.append(f"{grade.printed}：{before.answer.name_zh} → {after.answer.name_zh}")
        if grade in changed:
            lines += _side_by_side(before, after)
    emit(answer, as_json, lines)


def _side_by_side(before: Proof, after: Proof) -> list[str]:
    """Two proofs as two columns, nothing cut off. Chinese has no blanks to break lines at, so any place will do."""
    from rich.cells import chop_cells
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = Console()
    width = terminal.width if terminal.is_terminal else _WIDE
    half = (width - _FRAME) // 2
    table = Table()
    for title, proof in ((_("改动前"), before), (_("改动后"), after)):
        table.add_column(f"{title}：{proof.answer.name_zh}", width=half)
    proofs = ([piece for line in proof.lines() for piece in chop_cells(line, half)] for proof in (before, after))
    table.add_row(*(Text("\n".join(lines)) for lines in proofs))
    out = io.StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue().splitlines()


def _both(before: Proof, after: Proof) -> dict[str, Any]:
    return {"before": before.as_dict(), "after": after.as_dict()}


def _row(change: Change) -> dict[str, Any]:
    person = change.subject.person
    return {
        "employee_no": person.employee_no,
        "name": person.name,
        "post": person.post,
        "institution": change.subject.institution.name,
        "occupation_code": change.subject.setting.occupation,
        "grade": change.grade.printed,
        "kind": change.kind,
        "before": change.before.value,
        "after": change.after.value,
    }


def _grade(change: Change) -> str:
    return change.grade.printed


def _post(change: Change) -> str:
    return change.subject.person.post or _("（未填岗位）")


def _firm(change: Change) -> str:
    return change.subject.institution.name


def _counts(counts: Counter[str]) -> dict[str, int]:
    return {kind: counts[kind] for kind in KINDS}


def _told(counts: Counter[str]) -> str:
    return "，".join(f"{name} {counts[kind]}" for kind, name in KINDS.items())
