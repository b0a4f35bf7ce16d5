"""How the benchmarks measure: every side in a fresh process, sides taking turns, medians compared."""

import contextlib
import gc
import json
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: runs one side; what it counts itself (a rate, a delay) it gives back by name
Side = Callable[[Path, int], Any]
#: the environment's name for the seconds that a side works whose work is measured by time
SECONDS = "SKILLEVAL_BENCH_SECONDS"


@dataclass(frozen=True)
class Limit:
    """A promise: our CPU time (or memory) against one other side, or against a fixed number when ``against`` is "".

    With ``reading`` it is about that reading of the sides instead, where more is more: "at least" is ours / other. Then
    "beside" promises nothing, both are only told.
    """

    against: str
    kind: str  # "at most", "at least" (other / ours), "MB at most", "MB ratio at most", "ms at most", "beside"
    bound: float
    reading: str = ""

    def told(self) -> str:
        if self.reading:
            if self.kind == "beside":
                return f"{self.reading} beside {self.against}"
            sign = {"at most": "≤", "at least": "≥"}[self.kind]
            return f"{self.reading} {sign} {self.bound:g}" + (f"× {self.against}" if self.against else "")
        return {
            "at most": f"≤ {self.bound}× {self.against}",
            "at least": f"≥ {self.bound}× faster than {self.against}",
            "MB at most": f"+MB ≤ {self.bound:g}",
            "MB ratio at most": f"+MB ≤ {self.bound}× {self.against}",
            "ms at most": f"< {self.bound:g} ms each",
        }[self.kind]


@dataclass(frozen=True)
class Goal:
    """One line of the goals: what is measured, our side first, what it is held against."""

    key: str
    what: str
    sides: Mapping[str, Side]
    limits: tuple[Limit, ...]
    #: makes what all sides read, once
    prepare: Callable[[Path, int], None] = lambda _folder, _rows: None
    #: makes in each process what the clock should not count
    warm: Callable[[int], object] = lambda _rows: None
    #: a side that is far slower runs on this many rows at most, and is scaled up
    cap: Mapping[str, int] = field(default_factory=dict)
    #: what takes long enough to even out by itself is not repeated more often than this
    most_rounds: int = 99

    @property
    def reads(self) -> bool:
        """Whether its sides give readings."""
        return any(limit.reading for limit in self.limits)


@dataclass(frozen=True)
class Measured:
    cpu: float
    wall: float
    megabytes: float
    readings: Mapping[str, float] = field(default_factory=dict)


def measure_here(goal: Goal, name: str, folder: Path, rows: int) -> Measured:
    """Run one side in this process. CPU counts its children too; memory is the peak above what was held before.

    It runs on ten rows first, so that imports are not counted. Memory is that of this process and its children together.
    """
    side = goal.sides[name]
    goal.warm(rows)
    side(folder, min(rows, 10))
    before = _forget_peak()
    cpu, wall = _cpu(), time.perf_counter()
    with _Family() as family:
        answer = side(folder, rows)
    spent, passed = _cpu() - cpu, time.perf_counter() - wall
    return Measured(spent, passed, max(_peak() - before, family.peak - before) / 1024, answer if goal.reads else {})


class _Family:
    """Watches the memory of this process and its children together; kilobytes.

    What the system says of a child that has ended is no use: its peak begins with the size of the parent that it was
    split from, before it became another program.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> "_Family":
        self._watcher.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            held = _resident("self")
            for children in Path("/proc/self/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    held += sum(_resident(child) for child in children.read_text().split())
            self.peak = max(self.peak, held)


def _resident(process: str) -> int:
    """What a process holds now; 0 where it has ended, or the system doesn't tell."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize() // 1024


def _forget_peak() -> int:
    """Start the peak anew from what is held now, where the system can; kilobytes."""
    gc.collect()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def _cpu() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def measure_goal(goal: Goal, folder: Path, rows: int, rounds: int) -> dict[str, Measured]:
    """The median of each side over ``rounds`` rounds; in each round every side runs once, in its own process."""
    goal.prepare(folder, rows)
    runs: dict[str, list[Measured]] = {name: [] for name in goal.sides}
    for turn in range(min(rounds, goal.most_rounds)):
        names = list(goal.sides) if turn % 2 == 0 else list(reversed(goal.sides))
        for name in names:
            count = min(rows, goal.cap.get(name, rows))
            found = _in_child(goal.key, name, folder, count)
            factor = rows / count
            if found:
                runs[name].append(Measured(found.cpu * factor, found.wall * factor, found.megabytes, found.readings))
    return {name: _median(found) for name, found in runs.items() if found}


def _median(found: list[Measured]) -> Measured:
    cpu, wall, megabytes = (
        statistics.median(getattr(run, part) for run in found) for part in ("cpu", "wall", "megabytes")
    )
    readings = {name: statistics.median(run.readings[name] for run in found) for name in found[0].readings}
    return Measured(cpu, wall, megabytes, readings)


def _in_child(key: str, name: str, folder: Path, rows: int) -> Measured | None:
    """What one run took; None when the peer is not installed (pip install -e '.[bench]')."""
    command = [sys.executable, "-m", "tests.harness.bench", "--side", key, name, str(folder), "--rows", str(rows)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode and "ModuleNotFoundError" in answer.stderr:
        return None
    if answer.returncode:
        raise SystemExit(f"{key} {name} failed:\n{answer.stderr}")
    return Measured(**json.loads(answer.stdout.splitlines()[-1]))


def verdicts(goal: Goal, found: Mapping[str, Measured], rows: int) -> list[tuple[str, str, bool | None]]:
    """For each limit: the goal, what was measured, whether it holds (None: not measured).

    Our side is the first.
    """
    ours = found[next(iter(goal.sides))]
    told: list[tuple[str, str, bool | None]] = []
    for limit in goal.limits:
        other = found.get(limit.against)
        if limit.against and other is None:
            told.append((limit.told(), "not measured: peer not installed", None))
            continue
        if limit.reading:
            told.append((limit.told(), *_read(limit, ours, other)))
            continue
        if limit.kind == "MB at most":
            value, shown = ours.megabytes, f"{ours.megabytes:.0f} MB"
        elif limit.kind == "ms at most":
            value = ours.cpu / rows * 1000
            shown = f"{value:.3f} ms"
        else:
            assert other is not None
            value = _ratio(limit, ours, other)
            shown = f"{value:.2f}×"
        holds = value >= limit.bound if limit.kind == "at least" else value <= limit.bound
        told.append((limit.told(), shown, holds))
    return told


def _read(limit: Limit, ours: Measured, other: Measured | None) -> tuple[str, bool | None]:
    """What the reading of a limit says, and whether it holds; None where nothing is promised."""
    value = ours.readings[limit.reading]
    shown = f"{value:.4g}"
    if other is not None:
        theirs = other.readings[limit.reading]
        shown = f"{value / theirs:.2f}× ({value:.4g} : {theirs:.4g})"
        value /= theirs
    if limit.kind == "beside":
        return shown, None
    return shown, value >= limit.bound if limit.kind == "at least" else value <= limit.bound


def _ratio(limit: Limit, ours: Measured, other: Measured) -> float:
    if limit.kind == "at least":
        return other.cpu / max(ours.cpu, 1e-9)
    if limit.kind == "MB ratio at most":
        return ours.megabytes / max(other.megabytes, 0.1)
    return ours.cpu / max(other.cpu, 1e-9)
