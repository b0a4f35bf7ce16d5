"""Coverage of a specification by its items in use: requirement × grade, planned weight of the standard against the share
that the items have.

The planned weight of the skill test is the standard's 技能要求权重表. Theory weights were found for no standard
(standards.md chapter 1), and where a grade has elective functions a candidate takes only some of them: both are unknown.
"""

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from skilleval.domain.items import BASIC_REQUIREMENTS, BY_FUNCTION
from skilleval.domain.ladder import Grade
from skilleval.domain.occupations import Standard


class Cover(enum.Enum):
    """How a requirement is covered. Without a planned weight, items that there are can't be too many or too few."""

    AS_PLANNED = "as_planned"
    UNCOVERED = "uncovered"
    OVER = "over"
    UNDER = "under"
    UNKNOWN = "unknown"

    @property
    def name_zh(self) -> str:
        """The Chinese word."""
        return _NAMES[self]


_NAMES = {
    Cover.AS_PLANNED: "相符",
    Cover.UNCOVERED: "未覆盖",
    Cover.OVER: "偏重",
    Cover.UNDER: "偏轻",
    Cover.UNKNOWN: "权重未知",
}


@dataclass(frozen=True, slots=True)
class ItemPoints:
    """What one item in use tests, and for how many hundredths of a point."""

    grade: Grade
    method: str
    function: str
    task: str
    points: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One requirement at one grade in one part. ``planned`` is in percent, ``actual`` a share of 1; None is unknown.

    ``listed`` tells whether the standard lists the requirement; what only items name is tested outside it.
    """

    grade: Grade
    method: str
    function: str
    listed: bool
    items: int
    points: int
    planned: int | None
    actual: Fraction | None
    cover: Cover


@dataclass(frozen=True, slots=True)
class Matrix:
    """The cells by grade and part in order, and the tasks (工作内容) of the standard that no skill item names at any grade.

    Which task belongs to which grade is in no standard file, so tasks are held against all grades together.
    """

    cells: tuple[Cell, ...]
    untested_tasks: tuple[tuple[str, str], ...]

    def having(self, cover: Cover) -> Iterator[Cell]:
        """The cells of one answer."""
        return (cell for cell in self.cells if cell.cover is cover)


def matrix(
    standard: Standard | None, parts: Sequence[tuple[Grade, str]], tested: Sequence[ItemPoints], tolerance: int = 0
) -> Matrix:
    """The coverage of ``parts`` (grade, method) by items in use. A share may differ from the plan by ``tolerance``
    percentage points, that one included."""
    cells = [cell for part in parts for cell in _cells(standard, *part, tested, tolerance)]
    return Matrix(tuple(cells), tuple(_untested_tasks(standard, parts, tested)))


def _cells(
    standard: Standard | None, grade: Grade, method: str, tested: Iterable[ItemPoints], tolerance: int
) -> Iterator[Cell]:
    own = [one for one in tested if (one.grade, one.method) == (grade, method)]
    total = sum(one.points for one in own)
    listed = _listed(standard, grade, method)
    for function in dict.fromkeys([*listed, *sorted(one.function for one in own)]):
        about = [one for one in own if one.function == function]
        points = sum(one.points for one in about)
        planned = _planned(standard, grade, method, function)
        actual = Fraction(points, total) if total else None
        cover = judge(len(about), planned, actual, tolerance)
        yield Cell(grade, method, function, function in listed, len(about), points, planned, actual, cover)


def judge(items: int, planned: int | None, actual: Fraction | None, tolerance: int) -> Cover:
    """The answer about one requirement from its items, planned percent, actual share and allowed difference."""
    if not items:
        return Cover.UNCOVERED
    if planned is None or actual is None:
        return Cover.UNKNOWN
    beyond = actual * 100 - planned
    if abs(beyond) <= tolerance:
        return Cover.AS_PLANNED
    return Cover.OVER if beyond > 0 else Cover.UNDER


def _listed(standard: Standard | None, grade: Grade, method: str) -> list[str]:
    """The requirements that the standard lists for a part of a grade, in its order."""
    if standard is None or method not in BY_FUNCTION:
        return []
    functions = list(standard.weights(grade))
    return [*BASIC_REQUIREMENTS, *functions] if method == "theory" and functions else functions


def _planned(standard: Standard | None, grade: Grade, method: str, function: str) -> int | None:
    if standard is None or method != "skill":
        return None
    if any(one.elective and grade in one.skill_weights for one in standard.functions):
        return None
    return standard.weights(grade).get(function)


def _untested_tasks(
    standard: Standard | None, parts: Sequence[tuple[Grade, str]], tested: Iterable[ItemPoints]
) -> Iterator[tuple[str, str]]:
    if standard is None:
        return
    assessed = {grade for grade, method in parts if method == "skill"}
    named = {(one.function, one.task) for one in tested if one.method == "skill"}
    for function in standard.functions:
        # A task of a function that is examined at other grades too may belong to those.
        if function.skill_weights and function.skill_weights.keys() <= assessed:
            yield from ((function.name, task) for task in function.tasks if (function.name, task) not in named)
