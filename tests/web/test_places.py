"""A refusal names a command; whoever reads it in the browser is told the page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from markupsafe import Markup

import skilleval
from skilleval.web.places import PLACES, for_browser
from tests.test_guards import every_command

SOURCE = Path(skilleval.__file__).parent
HAN = re.compile("[\u4e00-\u9fff]")
#: what only the keeper of the installation or of a file does, at a command line
WITHOUT_PAGE = {"accounts setup-token", "init", "verify"}


COMMANDS = frozenset(" ".join(command) for command in every_command())


def _messages() -> Iterator[tuple[str, str]]:
    """File and text of every Chinese text that services, domain and reports say; docstrings are not said."""
    for layer in ("domain", "services", "reports", "db"):
        for file in (SOURCE / layer).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            silent = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
            for one in ast.walk(tree):
                if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in silent and HAN.search(one.value):
                    yield file.name, one.value


def _named(text: str) -> set[str]:
    """The commands that a text names behind the program's name; one that does not exist as it stands."""
    found = set()
    for first, second in re.findall(r"skilleval ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", text):
        pair = f"{first} {second}".strip()
        found.add(pair if pair in COMMANDS else first if first in COMMANDS else pair)
    return found


def _bare(text: str) -> set[str]:
    """Commands that a text names without the program's name: nobody would know them for commands."""
    return {pair for pair in re.findall(r"(?<!skilleval )\b([a-z][a-z-]+ [a-z][a-z-]+)", text) if pair in COMMANDS}


def test_every_command_that_a_refusal_names_exists_and_has_a_page_or_needs_none() -> None:
    named = {(file, command) for file, text in _messages() for command in _named(text)}

    assert len(named) > 40, "next to no command was found: the search is wrong"
    assert not [one for one in named if one[1] not in COMMANDS]
    assert not [one for one in named if one[1] not in PLACES and one[1] not in WITHOUT_PAGE]
    assert {command for _file, command in named} >= WITHOUT_PAGE


def test_a_command_is_named_as_it_is_typed() -> None:
    assert not [(file, text) for file, text in _messages() if _bare(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [("请用 marks correct 更正", {"marks correct"}), ("请用 skilleval marks correct 更正", set()), ("看 marks of a kind", set())],
)
def test_a_command_without_the_name_of_the_program_would_be_found(text: str, found: set[str]) -> None:
    assert _bare(text) == found


@pytest.mark.parametrize("command", PLACES)
def test_no_place_is_told_for_a_command_that_is_none(command: str) -> None:
    assert command.partition(" / ")[0] in COMMANDS


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("没有编号为 B1 的批次，可用 skilleval batches list 查看", "没有编号为 B1 的批次，可在“批次”页查看"),
        ("该考生尚未判断，请运行 skilleval candidates check", "该考生尚未判断，请在批次“考生”页的“重新判断”"),
        ("公示尚未结束（skilleval notices close）", "公示尚未结束（批次“公示”页的“公示结束”）"),
        (
            "成绩尚未更正（skilleval marks remark 或 skilleval marks correct）",
            "成绩尚未更正（考生成绩页的“重评”或考生成绩页的“更正成绩”）",
        ),
        (
            "先认定或排除（skilleval conflicts confirm / dismiss）；认定后由其他人裁定",
            "先认定或排除（批次“评审组”页的“回避情形”）；认定后由其他人裁定",
        ),
        ("请先运行 skilleval init", "请先运行 skilleval init"),
        ("用 skilleval certificates issued 查看", "用 skilleval certificates issued 查看"),
    ],
)
def test_the_page_stands_in_place_of_the_command(told: str, read: str) -> None:
    assert for_browser(told) == read


def test_whatever_a_page_shows_is_told_so_and_what_was_text_stays_text(app: Flask) -> None:
    told = "<b>可用 skilleval batches list 查看"
    with app.app_context():
        shown = render_template_string("{{ text }}|{{ markup }}", text=told, markup=Markup(told))

    assert shown == "&lt;b&gt;可在“批次”页查看|<b>可在“批次”页查看"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("报名截止（enrol_until）晚于评价开始（starts_on）", "报名截止晚于评价开始"),
        ("以上依据（certificate.duplicate）", "以上依据（certificate.duplicate）"),
    ],
)
def test_the_key_of_a_file_is_not_shown_on_a_page(app: Flask, said: str, shown: str) -> None:
    with app.test_request_context():
        assert render_template_string("{{ said }}", said=said) == shown
