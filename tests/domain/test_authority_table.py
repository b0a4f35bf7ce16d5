"""The resolver against a table that was decided by hand from the texts: ``authority_table.csv`` tells how to read it.

Every cell of every block is matched by exactly one row, and the resolver gives its verdict and its clauses. That the table
would notice a wrong resolver is shown by taking each rule out of the packs.
"""

import csv
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from skilleval import packs
from skilleval.domain.authority import Authority, Question, Verdict, resolve
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Rule
from skilleval.packs import Packs
from skilleval.rule_forms import AUTHORITY_KINDS

FILE = Path(__file__).with_name("authority_table.csv")
GRADES = dict(zip(("app", "jun", "int", "sen", "tec", "stec", "spe", "chi"), Grade, strict=True))
ROUTES = {"ass": "assessment", "dir": "direct", "con": "contest", "apt": "appointment", "cnf": "confirmation"}
FLAGS = {
    "mfg": "manufacturing", "large": "large", "listed": "listed", "lead": "chain_lead", "flag": "flagship",
    "scale": "above_scale", "prov": "provincial", "complete": "complete", "topset": "top_grades_set", "skips": "skips",
}  # fmt: skip
PERSONS = {
    "own": {"of_member": False},
    "member": {"of_member": True},
    "served": {"of_member": True, "mandate": True},
    "unserved": {"of_member": True, "mandate": False},
}
WITHIN = {"registered": True, "in_scope": True, "grade_in_scope": True, "above_ceiling": False, "route_in_scope": True}
STANDINGS = {
    "ok": WITHIN,
    "expired": WITHIN | {"registered": False},
    "off": {"registered": True, "in_scope": False, "grade_in_scope": False, "route_in_scope": False},
    "grade": WITHIN | {"grade_in_scope": False},
    "ceiling": WITHIN | {"above_ceiling": True},
    "route": WITHIN | {"route_in_scope": False},
}
DEFAULT = ("guangdong", "guangdong-plan")
CHOICES: Mapping[str, tuple[tuple[str, ...], dict[str, bool]]] = {
    "default": (DEFAULT, {}),
    "listed_too": (DEFAULT, {"reading.manufacturing_binds_all": False}),
    "ce_lead": (DEFAULT, {"reading.chain_evaluator_counts_as_lead": True}),
    "sz41": ((*DEFAULT, "shenzhen-41"), {}),
    "n104": ((*DEFAULT, "national-104"), {}),
    "national": ((), {}),
}
#: 1 for every cell; `make mutants` takes every so many, as it asks more than a thousand times
STEP = int(os.environ.get("SKILLEVAL_TABLE_STEP", "1"))
VERDICTS = {"yes": Verdict.YES, "no": Verdict.NO, "unknown": Verdict.UNKNOWN, "disagree": Verdict.CLAUSES_DISAGREE}
Cell = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One decision, and where it stands in the file."""

    line: int
    verdict: Verdict
    clauses: frozenset[str]
    #: just these clauses, or at least these
    exact: bool

    def agrees(self, answer: Authority) -> bool:
        found = frozenset(answer.clauses)
        return answer.verdict is self.verdict and (found == self.clauses if self.exact else found >= self.clauses)


@dataclass(frozen=True)
class Table:
    """The columns, all cells of all blocks, and the rows that match each."""

    columns: tuple[str, ...]
    cells: tuple[Cell, ...]
    rows: Mapping[Cell, list[Row]]


def lines() -> Iterator[tuple[int, list[str]]]:
    text = FILE.read_text(encoding="utf-8").splitlines()
    numbered = [(number, line) for number, line in enumerate(text, start=1) if line.strip() and line[0] != "#"]
    for (number, _line), values in zip(numbered, csv.reader(line for _number, line in numbered), strict=True):
        yield number, [value.strip() for value in values]


@cache
def table() -> Table:
    (_number, head), *rest = lines()
    columns = tuple(head[:-2])
    domains: dict[str, list[list[str]]] = {}
    cells: list[Cell] = []
    rows: dict[Cell, list[Row]] = {}
    for number, (*patterns, verdict, clauses) in rest:
        block = patterns[0]
        if verdict == "cells":
            domains[block] = [pattern.split("|") for pattern in patterns]
            cells += product(*domains[block])
            continue
        row = Row(number, VERDICTS[verdict], frozenset(clauses.strip("+- ").split()), not clauses.startswith("+"))
        matched = [list(matching(*pair, number)) for pair in zip(patterns, domains[block], strict=True)]
        for cell in product(*matched):
            rows.setdefault(cell, []).append(row)
    return Table(columns, tuple(cells), rows)


def matching(pattern: str, domain: list[str], number: int) -> Iterator[str]:
    named = pattern.removeprefix("!").split("|")
    if pattern != "*":
        assert set(named) <= set(domain), f"line {number}: {pattern} names what the block has not ({domain})"
    for value in domain:
        if pattern == "*" or (value in named) is not pattern.startswith("!"):
            yield value


@cache
def chosen(choice: str, without: str = "") -> Packs:
    names, switches = CHOICES[choice]
    found = packs.library().choose(names, switches)
    fewer = (replace(one, rules=tuple(rule for rule in one.rules if rule.clause.id != without)) for one in found.packs)
    return Packs(tuple(fewer), switches)


@cache
def rules_of(choice: str, day: date, without: str) -> tuple[list[Rule], list[Rule], dict[str, bool]]:
    found = chosen(choice, without)
    return found.authority(day), [rule for pack in found.packs for rule in pack.rules], found.switches(day)


def resolved(cell: Cell, without: str = "") -> Authority:
    asked = dict(zip(table().columns, cell, strict=True))
    grade, day = GRADES[asked["grade"]], date.fromisoformat(asked["day"])
    facts = {"target": grade, "chain_evaluator": asked["kind"] == "ce"}
    facts |= {name: asked[column] == "y" for column, name in FLAGS.items() if asked[column] != "?"}
    facts |= {**PERSONS[asked["person"]], **STANDINGS[asked["standing"]]}
    rules, known, switches = rules_of(asked["packs"], day, without)
    return resolve(Question(grade, ROUTES[asked["route"]], day, facts, switches), rules, known)


def test_every_cell_is_decided_by_exactly_one_row() -> None:
    found = table()
    cells = Counter(found.cells)

    assert len(cells) == len(found.cells) > 15_000
    assert {cell: [row.line for row in rows] for cell, rows in found.rows.items() if len(rows) > 1} == {}
    assert [cell for cell in cells if cell not in found.rows][:5] == []
    assert found.rows.keys() <= cells.keys()


def test_every_row_decides_some_cell() -> None:
    used = {row.line for rows in table().rows.values() for row in rows}
    stated = {number for number, values in lines() if values[-2] in VERDICTS}

    assert stated - used == set()


def test_the_resolver_answers_every_cell_as_the_table_does() -> None:
    found = table()
    wrong = [
        f"line {row.line}: {dict(zip(found.columns, cell, strict=True))} → {answer.verdict.value} {answer.clauses}"
        for cell in found.cells[::STEP]
        if not (row := found.rows[cell][0]).agrees(answer := resolved(cell))
    ]

    assert wrong[:10] == [], f"{len(wrong)} cells differ"


def authority_ids(choice: str) -> list[str]:
    found = {rule.clause.id for pack in chosen(choice).packs for rule in pack.rules if rule.kind in AUTHORITY_KINDS}
    return sorted(found)


@pytest.mark.parametrize(
    ("choice", "rule_id"),
    [
        *(("default", rule_id) for rule_id in authority_ids("default")),
        ("sz41", "direct.practice_41"),
        ("n104", "direct.outstanding"),
    ],
)
def test_the_table_notices_when_a_rule_is_taken_out_of_the_packs(choice: str, rule_id: str) -> None:
    found = table()
    place = found.columns.index("packs")
    own = [cell for cell in found.cells if cell[place] == choice]
    # The cells that the rule decides come first: one of them will do.
    own.sort(key=lambda cell: rule_id not in found.rows[cell][0].clauses)

    assert any(not found.rows[cell][0].agrees(resolved(cell, rule_id)) for cell in own), f"no cell rests on {rule_id}"
