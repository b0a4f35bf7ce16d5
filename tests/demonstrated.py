"""The demo's installation, made once for all tests of a run: the first worker that needs it makes it, the others wait."""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from skilleval.cli import main


@dataclass(frozen=True)
class Demonstrated:
    """Where the demo wrote, and what it answered. Read it only; whoever changes something takes ``copy``."""

    out: Path
    answer: dict[str, Any]

    @property
    def instance(self) -> Path:
        return self.out / "instance"

    def copy(self, folder: Path) -> Path:
        """A copy of the installation, which a test may change."""
        return Path(shutil.copytree(self.instance, folder / "instance"))


def demonstrated(shared: Path) -> Demonstrated:
    """The demo in a folder that all workers share. The folder ``shared/demo.lock`` says that somebody makes it."""
    done = shared / "demo.json"
    try:
        (shared / "demo.lock").mkdir()
    except FileExistsError:
        _wait_for(done)
    else:
        _make(shared / "demo", done)
    answer = json.loads(done.read_text(encoding="utf-8"))
    if "failed" in answer:
        pytest.fail(f"the demo did not run through: {answer['failed']}")
    return Demonstrated(shared / "demo", answer)


def _make(out: Path, done: Path) -> None:
    result = CliRunner().invoke(main, ["demo", "--out", str(out), "--people", "24", "--json"])
    told = result.stdout if result.exit_code == 0 else json.dumps({"failed": f"{result.output} {result.exception!r}"})
    part = done.with_suffix(".part")
    part.write_text(told, encoding="utf-8")
    part.rename(done)


def _wait_for(done: Path, seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while not done.exists():
        if time.monotonic() > end:
            pytest.fail(f"another worker did not finish the demo within {seconds:.0f} s")
        time.sleep(0.2)
