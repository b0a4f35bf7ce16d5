"""Rules about the code itself: what may be loaded, and what the README must tell."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from skilleval.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parent.parent
DOMAIN = sorted(
    f"skilleval.domain.{path.stem}"
    for path in (ROOT / "skilleval" / "domain").glob("*.py")
    if path.stem != "__init__"
)


@pytest.mark.slow
def test_the_domain_loads_nothing_but_the_standard_library_and_stdnum() -> None:
    program = (
        f"import sys; before = set(sys.modules); import {', '.join(DOMAIN)}\n"
        "roots = {name.partition('.')[0] for name in set(sys.modules) - before if not name.startswith('_sysconfigdata')}\n"
        "print(sorted(roots - set(sys.stdlib_module_names) - {'skilleval', 'stdnum'}))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)

    assert answer.stdout.strip() == "[]"


@pytest.mark.slow
def test_help_loads_neither_pandas_nor_reportlab() -> None:
    program = (
        "import sys\nfrom skilleval.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print('heavy:', sorted({'pandas', 'reportlab'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)

    assert answer.stdout.strip().endswith("heavy: []")


def every_command() -> list[tuple[str, ...]]:
    context = click.Context(main)
    found: list[tuple[str, ...]] = []
    for noun in COMMANDS:
        command = main.get_command(context, noun)
        if isinstance(command, click.Group):
            found += [(noun, name) for name in command.list_commands(context)]
        else:
            found.append((noun,))
    return found


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_every_command_stands_in_the_readme(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")

    missing = [" ".join(command) for command in every_command() if " ".join(command) not in text]

    assert missing == []


def test_every_command_says_what_it_does() -> None:
    context = click.Context(main)
    for path in every_command():
        command: click.Command | None = main.get_command(context, path[0])
        if len(path) == 2:
            assert isinstance(command, click.Group)
            command = command.get_command(context, path[1])
        assert command is not None and (command.help or "").strip(), path


def test_the_two_readmes_have_the_same_headings_in_the_same_order() -> None:
    def levels(name: str) -> list[int]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        return [len(line) - len(line.lstrip("#")) for line in lines if line.startswith("#")]

    assert levels("README.md") == levels("README.zh-CN.md")
