"""``skilleval rules``: the packs and their rules, in words; checked, compared, chosen, copied, tried out."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click

from skilleval import pack_trials
from skilleval.cli.output import DATE, Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.rule_lines import change_lines, change_row, pack_line, pack_row, rule_line, rule_lines, rule_row
from skilleval.cli.whatif import whatif
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rule_changes import WORDS, rule_changes
from skilleval.domain.wording import KINDS, value_in_words
from skilleval.packs import Packs
from skilleval.services import rules as service
from skilleval.services.tenancy import institution_of


@click.group(help=_("规则包：条文、来源、日期、选用、比较、试算。"))
def rules() -> None:
    """The commands of rules."""


rules.add_command(whatif)


@rules.command(name="list", help=_("列出规则包和规则；--institution 只列某机构某日适用的规则及其选择。"))
@click.option("--pack", "pack_key", help=_("只列这个规则包"))
@click.option("--kind", type=click.Choice(list(KINDS)), help=_("只列这一种类的规则"))
@click.option("--institution", "credit_code", help=_("统一社会信用代码：只列适用于该机构的规则"))
@click.option("--on", "day", type=DATE, help=_("哪一天适用（默认今天）；不写机构时只列当日有效的版本"))
@json_option
@pass_workplace
def list_(
    workplace: Workplace, pack_key: str | None, kind: str | None, credit_code: str | None, day: date | None, as_json: bool
) -> None:
    """List the packs and their rules, or those that apply to a firm on a day."""
    library = workplace.library
    on = day or workplace.on
    answer: dict[str, Any] = {}
    lines: list[str] = []
    if credit_code is not None:
        packs, choice = _choice(workplace, credit_code, on)
        shown, rules_shown = packs.packs, packs.standing(on)
        answer["institution"] = {"credit_code": credit_code, "on": on, **choice, "readings": packs.switches(on)}
        lines += _choice_lines(choice, packs, on)
    else:
        shown = library.packs
        rules_shown = [rule for pack in shown for rule in pack.rules if day is None or rule.holds_on(day)]
    if pack_key is not None:
        if pack_key not in {pack.key for pack in library.packs}:
            raise RuleBroken(f"没有规则包 {pack_key}，可用的有：{'、'.join(pack.key for pack in library.packs)}")
        shown = tuple(pack for pack in shown if pack.key == pack_key)
    keys = {pack.key for pack in shown}
    rows = [
        rule_row(library, rule) for rule in rules_shown if rule.pack in keys and (kind is None or rule.kind == kind)
    ]
    answer |= {"packs": [pack_row(pack) for pack in shown], "rules": rows}
    lines += [pack_line(row) for row in answer["packs"]]
    lines += [rule_line(row) for row in rows]
    emit(answer, as_json, [*lines, _("共 {packs} 个规则包，{rules} 条规则").format(packs=len(shown), rules=len(rows))])


@rules.command(help=_("显示一条规则在各规则包中的全部版本：条文、来源、日期、条件、覆盖的理由。"))
@click.argument("rule_id", metavar="ID")
@json_option
@pass_workplace
def show(workplace: Workplace, rule_id: str, as_json: bool) -> None:
    """Show every version of a rule in every pack."""
    library = workplace.library
    found = [rule for pack in library.packs for rule in pack.rules if rule.clause.id == rule_id]
    if not found:
        near = sorted({rule.clause.id for pack in library.packs for rule in pack.rules if rule_id in rule.clause.id})
        raise RuleBroken(f"没有规则 {rule_id}" + (f"；相近的有：{'、'.join(near)}" if near else "，可用 rules list 查看"))
    rows = [rule_row(library, rule) for rule in found]
    emit(rows, as_json, [line for rule in found for line in rule_lines(library, rule)])


@rules.command(help=_("检查规则包文件（默认检查随软件提供的和自有的全部规则包），一次列出全部问题。"))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@json_option
@pass_workplace
def check(workplace: Workplace, files: tuple[Path, ...], as_json: bool) -> None:
    """Check pack files; exit code 1 when anything is wrong."""
    findings = pack_trials.check_files(files, workplace.folder)
    count = len(files) or len(pack_trials.standing_files(workplace.folder))
    lines = [f"{one.file or _('规则包之间')}：{one.message}" for one in findings]
    lines.append(_("检查了 {files} 个规则包：{findings} 处问题").format(files=count, findings=len(findings)))
    answer = {"files": count, "findings": [{"file": one.file, "message": one.message} for one in findings]}
    emit(answer, as_json, lines)
    if findings:
        click.get_current_context().exit(1)


@rules.command(help=_("比较两个规则包（名称或文件）：新增、删去、改变的规则，逐项旧值 → 新值。"))
@click.argument("old", metavar="PACK")
@click.argument("new", metavar="PACK")
@json_option
@pass_workplace
def diff(workplace: Workplace, old: str, new: str, as_json: bool) -> None:
    """Compare two packs."""
    library = workplace.library
    one, other = (pack_trials.find_pack(library, named) for named in (old, new))
    changes = rule_changes(one.rules, other.rules)
    overrides = {
        rule_id: (one.overrides.get(rule_id, ("", "")), other.overrides.get(rule_id, ("", "")))
        for rule_id in sorted({*one.overrides, *other.overrides})
        if one.overrides.get(rule_id) != other.overrides.get(rule_id)
    }
    counts = {what: sum(change.what == what for change in changes) for what in WORDS}
    lines = [line for change in changes for line in change_lines(change)]
    lines += [
        _("{id}：覆盖 {old} → {new}").format(id=rule_id, old="：".join(filter(None, before)) or "—", new="：".join(filter(None, after)) or "—")
        for rule_id, (before, after) in overrides.items()
    ]
    lines.append(_("新增 {added} 条，删去 {removed} 条，改变 {changed} 条").format(**counts))
    emit({**counts, "changes": [change_row(change) for change in changes], "overrides": overrides}, as_json, lines)


@rules.command(help=_("机构从某一天起选用规则包和读法，须写明理由；以前的决定不受影响。"))
@click.option("--institution", "credit_code", required=True, help=_("统一社会信用代码"))
@click.option("--packs", "names", required=True, help=_("规则包名称，以逗号分隔；全国层面的规则包总是适用"))
@click.option("--switch", "switches", multiple=True, metavar="ID=true|false", help=_("读法，可重复"))
@click.option("--from", "valid_from", type=DATE, required=True, help=_("从哪一天起"))
@click.option("--reason", required=True, help=_("理由"))
@json_option
@pass_workplace
def choose(
    workplace: Workplace,
    credit_code: str,
    names: str,
    switches: tuple[str, ...],
    valid_from: date,
    reason: str,
    as_json: bool,
) -> None:
    """Choose the packs and readings of a firm from a day on."""
    chosen = [name.strip() for name in names.replace("，", ",").split(",") if name.strip()]
    readings = dict(_reading(written) for written in switches)
    with workplace.database.writing() as session:
        choice = service.choose_packs(
            session, workplace.actor, institution_of(session, credit_code), workplace.library,
            names=chosen, switches=readings, valid_from=valid_from, reason=reason,
        )  # fmt: skip
        answer = {"packs": choice.packs, "switches": choice.switches, "from": choice.valid_from, "reason": choice.reason}
        session.commit()
    line = _("自 {day} 起选用：{packs}").format(day=valid_from, packs="、".join(chosen) or _("（只用全国层面的规则包）"))
    emit(answer, as_json, [line, *(_("读法 {id}：{value}").format(id=key, value=value_in_words(value)) for key, value in readings.items())])


@rules.command(help=_("把一个规则包的原文写到文件，供修改后用 rules check、diff、whatif 试用。"))
@click.argument("named", metavar="PACK")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_workplace
def copy(workplace: Workplace, named: str, out: Path, as_json: bool) -> None:
    """Write a pack's text to a file to edit. Refused: a file that is there already."""
    pack = pack_trials.find_pack(workplace.library, named)
    if out.exists():
        raise RuleBroken(f"{out} 已经存在，请另起文件名")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(pack.text, encoding="utf-8")
    emit({"pack": pack.key, "file": out}, as_json, [_("规则包 {key} 已写到 {out}").format(key=pack.key, out=out)])


def _reading(written: str) -> tuple[str, bool]:
    name, _equals, value = written.partition("=")
    if value not in ("true", "false"):
        raise RuleBroken(f"--switch “{written}”应写作 读法编号=true 或 读法编号=false")
    return name.strip(), value == "true"


def _choice(workplace: Workplace, credit_code: str, on: date) -> tuple[Packs, dict[str, Any]]:
    with workplace.database.reading() as session:
        institution = institution_of(session, credit_code)
        assert institution.id is not None
        packs = service.packs_of(session, institution.id, workplace.library, on)
        choice = service.standing_choice(session, institution.id, on)
        if choice is None:
            return packs, {"chosen": None}
        chosen = {"packs": choice.packs, "switches": choice.switches, "from": choice.valid_from, "reason": choice.reason, "by": choice.by}
    return packs, {"chosen": chosen}


def _choice_lines(choice: dict[str, Any], packs: Packs, on: date) -> Iterator[str]:
    chosen = choice["chosen"]
    if chosen is None:
        yield _("{day}：该机构没有另行选择，按默认采用").format(day=on)
    else:
        yield _("{day}：该机构自 {since} 起的选择（{by}）：{reason}").format(
            day=on, since=chosen["from"], by=chosen["by"], reason=chosen["reason"]
        )
    for rule_id, value in packs.switches(on).items():
        origin = _("本机构所选") if rule_id in packs.chosen_switches else _("规则包的谨慎默认")
        yield _("读法 {id}：{value}（{origin}）").format(id=rule_id, value=value_in_words(value), origin=origin)
