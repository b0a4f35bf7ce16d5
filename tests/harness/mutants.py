"""How many changes to the rules the tests notice: mutmut makes each, runs the tests, and here the score is counted.

A mutant that survives is looked at by a person: either a test is missing, or ``mutants.toml`` says why none can tell. The
reviewed file names mutants by their place and changed line, as mutmut numbers them anew whenever the code changes.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

REVIEWED = Path(__file__).with_name("mutants.toml")
MUTMUT = Path(sys.executable).with_name("mutmut")
#: of issue 3
LEAST_PERCENT = 90
#: one cell in so many of the table of authority: each mutant would need seconds for all of them
TABLE_STEP = "17"
#: a mutant that runs for ever is noticed too
NOTICED = ("killed", "timeout")
Change = tuple[str, str]


@dataclass(frozen=True)
class Mutant:
    """One change to the code: mutmut's name for it, and what came of it."""

    name: str
    status: str

    @property
    def module(self) -> str:
        """The module that was changed."""
        return self.name.rsplit(".", 1)[0]

    @property
    def place(self) -> str:
        """Module and function, without mutmut's marks: domain.rules.Proof.lines."""
        function = self.name.rsplit(".", 1)[1].rpartition("__mutmut_")[0]
        function = function.removeprefix("x_") if "ǁ" not in function else function.removeprefix("xǁ").replace("ǁ", ".")
        return f"{self.module.removeprefix('skilleval.')}.{function}"

    def change(self) -> Change:
        """Its place and the lines as they were changed."""
        shown = mutmut("show", self.name).splitlines()
        added = [line[1:].strip() for line in shown if line.startswith("+") and not line.startswith("+++")]
        return self.place, " ".join(added)


def mutmut(*arguments: str) -> str:
    """What mutmut prints. Refused: a failure of mutmut itself."""
    return subprocess.run([MUTMUT, *arguments], check=True, capture_output=True, text=True).stdout


def run_all() -> None:
    """Try every mutant anew. The pattern makes mutmut try the tests one by one first: none may be missing."""
    shutil.rmtree("mutants", ignore_errors=True)
    environment = {**os.environ, "SKILLEVAL_TABLE_STEP": TABLE_STEP}
    subprocess.run([MUTMUT, "run", "--max-children", "2", "skilleval.*"], check=True, env=environment)


def results() -> list[Mutant]:
    """Every mutant of the last run."""
    lines = (line.strip().partition(": ") for line in mutmut("results", "--all", "true").splitlines())
    return [Mutant(name, status) for name, _colon, status in lines if status]


def print_scores(mutants: Iterable[Mutant]) -> float:
    """A line for each module and one for all; the score of all in per cent."""
    found = list(mutants)
    made = Counter(one.module for one in found)
    noticed = Counter(one.module for one in found if one.status in NOTICED)
    for module in sorted(made):
        print(f"{module:42}{noticed[module]:6} of {made[module]:5}  {100 * noticed[module] / made[module]:6.1f} %")
    score = 100 * noticed.total() / made.total()
    print(f"{'all':42}{noticed.total():6} of {made.total():5}  {score:6.1f} %")
    return score


def reviewed() -> Mapping[Change, str]:
    """The reason for each survivor that a person has looked at."""
    listed = tomllib.loads(REVIEWED.read_text(encoding="utf-8")).get("survivor", [])
    return {(one["place"], one["change"]): one["reason"] for one in listed}


def print_survivors(mutants: Iterable[Mutant]) -> int:
    """Every survivor with its reason, then reasons that nothing needs any more; how many survivors have no reason."""
    reasons = dict(reviewed())
    survivors = [(one, one.change()) for one in mutants if one.status not in NOTICED]
    for mutant, change in survivors:
        print(f"\n{mutant.name} ({mutant.status})\n  {change[0]}: {change[1]}\n  {reasons.get(change, 'NOT REVIEWED')}")
    changes = {change for _mutant, change in survivors}
    for place, line in reasons.keys() - changes:
        print(f"\nno longer survives, take it out of {REVIEWED.name}: {place}: {line}")
    return sum(change not in reasons for _mutant, change in survivors)


def main() -> None:
    """Run, print, and fail below the least score or with a survivor that nobody has reviewed."""
    run_all()
    mutants = results()
    without_reason = print_survivors(mutants)
    print()
    score = print_scores(mutants)
    if score < LEAST_PERCENT or without_reason:
        sys.exit(f"at least {LEAST_PERCENT} % asked, {without_reason} survivors without a reason")


if __name__ == "__main__":
    main()
