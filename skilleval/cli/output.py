"""What all commands share: the workplace they act on, and how they answer."""

import gettext
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from skilleval.db.engine import Database, sqlite_url
from skilleval.domain.errors import RuleBroken
from skilleval.installation import Installation
from skilleval.services.journal import Actor
from skilleval.services.tenancy import acting_for

_ = gettext.gettext

#: reasons of a refusal that a terminal shows; JSON has them all
_MAX_REASONS = 40


class _Day(click.ParamType[date]):
    """A day written 2026-06-01 or 20260601."""

    name = "日期"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        digits = re.fullmatch(r"(\d{4})-?(\d{2})-?(\d{2})", str(value))
        try:
            if digits:
                return date(*(int(part) for part in digits.groups()))
        except ValueError:
            pass
        self.fail(f"“{value}”不是日期，请写作 2026-06-01", param, ctx)


DATE = _Day()


@dataclass
class Workplace(Installation):
    """The installation that a command acts on, on which day, and in whose name."""

    actor_name: str
    on: date
    #: the credit code of the institution on whose behalf the command asks; None is the operator, who sees everything
    acting: str | None = None

    @cached_property
    def database(self) -> Database:
        """The installation's database, whose sessions ask on behalf of the acting institution."""
        url = self.settings.database_url or sqlite_url(self.settings.database_file)
        return Database(url, {**self.session_info, **acting_for(self.acting)})

    @property
    def actor(self) -> Actor:
        """Who acts. The command line is HR's: other roles come with accounts."""
        return Actor(self.actor_name, "hr")


pass_workplace: Callable[..., Any] = click.make_pass_decorator(Workplace)


def _note_json(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    ctx.meta[_JSON_ASKED] = value
    return value


_JSON_ASKED = "skilleval.json"
json_option: Callable[..., Any] = click.option(
    "--json", "as_json", is_flag=True, is_eager=True, callback=_note_json, help=_("以 JSON 输出")
)


def emit(answer: object, as_json: bool, lines: Iterable[str]) -> None:
    """Print ``answer`` as JSON, or ``lines`` for a person."""
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2, default=_plain))
        return
    for line in lines:
        click.echo(line)


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_refusal(refusal: RuleBroken) -> None:
    """Print why something was refused: as JSON where JSON was asked for, else on the error stream."""
    if click.get_current_context().meta.get(_JSON_ASKED):
        click.echo(json.dumps({"error": refusal.message, "reasons": list(refusal.reasons)}, ensure_ascii=False))
        return
    click.echo(refusal.message, err=True)
    for reason in refusal.reasons[:_MAX_REASONS]:
        click.echo(f"  · {reason}", err=True)
    if len(refusal.reasons) > _MAX_REASONS:
        click.echo(_("  ……共 {count} 条，加 --json 可看全部").format(count=len(refusal.reasons)), err=True)
