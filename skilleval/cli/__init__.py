"""The command line: one module a noun. Parse, call one service or report, print."""

import importlib
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from skilleval import paths
from skilleval.cli.output import DATE, Workplace, _, print_refusal
from skilleval.cli.wrong_calls import in_chinese
from skilleval.domain.errors import RuleBroken

#: command name → module; imported only when called, so that --help stays quick
COMMANDS = {
    "init": "instance",
    "demo": "demo",
    "serve": "serve",
    "worker": "worker",
    "fonts": "fonts",
    "accounts": "accounts",
    "verify": "journal",
    "replay": "replay",
    "standards": "standards",
    "rules": "rules",
    "institutions": "institutions",
    "authority": "authority",
    "chains": "chains",
    "specifications": "specifications",
    "people": "people",
    "items": "items",
    "batches": "batches",
    "panels": "panels",
    "conflicts": "conflicts",
    "candidates": "candidates",
    "evidence": "evidence",
    "recognitions": "recognitions",
    "schemes": "schemes",
    "marks": "marks",
    "notices": "notices",
    "certificates": "certificates",
    "filings": "filings",
    "contests": "contests",
    "appointments": "appointments",
    "confirmations": "confirmations",
    "journal": "journal",
}


class NounGroup(click.Group):
    """Loads the module of a noun when it is called, and words refusals for the person who sees them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"skilleval.cli.{COMMANDS[cmd_name]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with in_chinese():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        try:
            with in_chinese():
                return super().invoke(ctx)
        except RuleBroken as refusal:
            print_refusal(refusal)
            ctx.exit(1)


@click.group(cls=NounGroup, help=_("职业技能等级自主认定：从花名册到可校验的上报材料包。"))
@click.option(
    "--instance",
    type=click.Path(file_okay=False, path_type=Path),
    help=_("安装文件夹（默认取环境变量 SKILLEVAL_INSTANCE，否则为 instance/）"),
)
@click.option("--on", type=DATE, help=_("以这一天为“今天”（默认为系统日期）"))
@click.option(
    "--acting", envvar="SKILLEVAL_ACTING", metavar="CREDIT_CODE",
    help=_("以这家机构的身份：只看、只办本机构的批次、人员、证书（默认为安装的管理者，可看全部；环境变量 SKILLEVAL_ACTING）"),
)
@click.option("--actor", default="hr", show_default=True, help=_("经办人，写入操作日志"))
@click.version_option(package_name="skilleval")
@click.pass_context
def main(ctx: click.Context, instance: Path | None, on: date | None, acting: str | None, actor: str) -> None:
    """The root of all commands."""
    for stream in (sys.stdout, sys.stderr):
        # A Chinese Windows console, or a pipe on it, may not be UTF-8: rare name characters must not end a command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    ctx.obj = Workplace(folder=paths.instance(instance), actor_name=actor, on=on or date.today(), acting=acting or None)
