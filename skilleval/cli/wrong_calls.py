"""A wrong call (exit code 2) said in Chinese: click words its own errors in English."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
from click.exceptions import NoArgsIsHelpError

from skilleval.cli.output import _

#: click's messages and ours; what stands in the groups is what the person typed or has to type
_WORDS = (
    (r"No such option:? '?(.+?)'?\.?", "没有选项 {0}"),
    (r"No such command '(.*)'\.", "没有命令 {0}"),
    (r"Option '(.+)' requires an argument\.", "选项 {0} 后须写一个值"),
    (r"Option '(.+)' does not take a value\.", "选项 {0} 后不写值"),
    (r"Got unexpected extra arguments? \((.*)\)\.?", "多写了 {0}"),
    (r"'?(.*?)'? is not one of (.+)\.", "“{0}”应为 {1} 之一"),
    (r"'?(.*?)'? is not a valid integer( range)?\.", "“{0}”不是整数"),
    (r"'?(.*?)'? is not in the range (.+)\.", "{0} 不在范围 {1} 内"),
    (r".* '(.*)' does not exist\.", "找不到 {0}"),
    (r".* '(.*)' is a (directory|file)\.", "{0} 的种类不对"),
)


class WrongCall(click.UsageError):
    """A usage error whose every word is Chinese."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Say what is wrong and where to look it up."""
        click.echo(_("命令写法有误：{message}").format(message=self.message), file=file, err=file is None)
        # click does not say which command it was where an option lacks its value
        where = f"{self.ctx.command_path} --help" if self.ctx else _("该命令的 --help")
        click.echo(_("写法见 {where}").format(where=where), file=file, err=file is None)


@contextmanager
def in_chinese() -> Iterator[None]:
    """Word the usage errors raised inside in Chinese; asking for nothing still shows the help."""
    try:
        yield
    except (NoArgsIsHelpError, WrongCall):
        raise
    except click.UsageError as error:
        raise WrongCall(_told(error), error.ctx) from error


def _told(error: click.UsageError) -> str:
    if isinstance(error, click.MissingParameter):
        kind = error.param.type if error.param else None
        choices = _("（应为 {words}）").format(words="、".join(map(str, kind.choices))) if isinstance(kind, click.Choice) else ""
        return _("缺少 {hint}").format(hint=_hint(error)) + choices
    if isinstance(error, click.BadParameter):
        return _("{hint}：{message}").format(hint=_hint(error), message=_worded(error.message))
    return _worded(error.message)


def _hint(error: click.BadParameter) -> str:
    hint = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param and error.ctx else "")
    return (hint if isinstance(hint, str) else " / ".join(hint)).replace("'", "")


def _worded(message: str) -> str:
    for pattern, words in _WORDS:
        if found := re.fullmatch(pattern + r"(?: Did you mean .*)?", message, re.DOTALL):
            return words.format(*found.groups())
    return message
