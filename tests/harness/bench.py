"""``make bench``: the goals of speed, both sides in one run, ratios printed with goal and verdict.

    python -m tests.harness.bench [--rows 20000] [--rounds 3] [--seconds 120] [--only G2,G3]
"""

import argparse
import importlib
import json
import os
import platform
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.harness.measure import SECONDS, Goal, measure_goal, measure_here, verdicts

#: modules that each hold a tuple GOALS
MODULES = ("bench_tables", "bench_people", "bench_pdf", "bench_eligibility", "bench_web")


def all_goals() -> dict[str, Goal]:
    """Every goal by its key, in the order of the list of goals."""
    found: dict[str, Goal] = {}
    for name in MODULES:
        module = importlib.import_module(f"tests.harness.{name}")
        found |= {goal.key: goal for goal in module.GOALS}
    return dict(sorted(found.items(), key=lambda item: int(item[0][1:])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="size of the tables; the goals are stated for 100000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=120, help="how long the fifty people of G13 work")
    parser.add_argument("--only", default="", help="keys of goals, separated by commas")
    parser.add_argument("--side", nargs=3, metavar=("GOAL", "SIDE", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    # The sides run in processes of their own, which inherit it.
    os.environ.setdefault(SECONDS, str(arguments.seconds))
    if arguments.side:
        key, name, folder = arguments.side
        print(json.dumps(asdict(measure_here(all_goals()[key], name, Path(folder), arguments.rows))))
        return
    chosen = arguments.only.split(",") if arguments.only else list(all_goals())
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {arguments.rows} rows, "
          f"median of {arguments.rounds}, CPU seconds\n")  # fmt: skip
    print("| | what | CPU s, ours | others | goal | measured | |\n|---|---|---|---|---|---|---|")
    missed = 0
    for key in chosen:
        missed += _print_goal(all_goals()[key], arguments.rows, arguments.rounds)
    print(f"\n{missed} goals missed" if missed else "\nall goals met")


def _print_goal(goal: Goal, rows: int, rounds: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        found = measure_goal(goal, Path(folder), rows, rounds)
    ours, *others = goal.sides
    rest = ", ".join(f"{name} {found[name].cpu:.2f}" if name in found else f"{name} –" for name in others)
    missed = 0
    for told, shown, holds in verdicts(goal, found, rows):
        missed += holds is False
        word = {True: "met", False: "MISSED", None: ""}[holds]
        print(f"| {goal.key} | {goal.what} | {found[ours].cpu:.2f} | {rest} | {told} | {shown} | {word} |", flush=True)
    return missed


if __name__ == "__main__":
    main()
