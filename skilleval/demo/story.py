"""The demo as it goes: where it writes, which commands were typed, and who is who in it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import Session

from skilleval.db.engine import Database, sqlite_url
from skilleval.demo.people import Employee
from skilleval.domain.errors import RuleBroken
from skilleval.settings import load_settings

#: the day on which the demo ends and its installation is looked at; the holiday tables know this year
TODAY = date(2026, 7, 8)
#: how a face does a command: the words typed → exit code and what was printed
Face = Callable[[Sequence[str]], tuple[int, str]]


@dataclass(slots=True)
class Story:
    """What the chapters share. ``face`` does the commands that they type, ``heard`` is told each of them."""

    out: Path
    people: int
    seed: int
    face: Face
    heard: Callable[[str], None]
    #: the roster of each firm by credit code, once it is imported
    rosters: dict[str, tuple[Employee, ...]] = field(default_factory=dict)
    #: the filing packages, in the order in which they were exported
    packages: list[Path] = field(default_factory=list)
    #: document numbers given so far, without check characters, so that nobody's is given twice
    taken: set[str] = field(default_factory=set)

    @property
    def instance(self) -> Path:
        """The demo's own installation."""
        return self.out / "instance"

    def run(self, *arguments: object, on: date, actor: str = "演示人事", expect: int = 0) -> Any:
        """Type a command with ``--json`` and return its answer. A command that ends otherwise ends the demo."""
        typed = [str(argument) for argument in arguments]
        shown = " ".join(f'"{word}"' if " " in word else word for word in typed).replace(f"{self.out}/", "")
        self.heard(shown)
        place = ["--instance", str(self.instance), "--on", on.isoformat(), "--actor", actor]
        code, printed = self.face([*place, *typed, "--json"])
        if code != expect:
            raise RuleBroken(f"演示中断：{shown} 的退出码是 {code}：{printed[:2000]}")
        return json.loads(printed)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that can't write, for what people look up on the screen and copy by hand."""
        database = Database(sqlite_url(load_settings(self.instance).database_file))
        try:
            with database.reading() as session:
                yield session
        finally:
            database.close()
