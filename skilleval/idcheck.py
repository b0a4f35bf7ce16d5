"""The check of a whole column of 18-character ID numbers at once; the same rules as ``identifiers.id_error``."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skilleval.domain.identifiers import PROVINCES

#: index → key of ``identifiers.ID_ERRORS``; 0 is a good number
CODES = ("", "length", "characters", "area", "birth", "check")
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int32)
_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)
_PROVINCE = np.zeros(100, dtype=bool)
_PROVINCE[[int(province) for province in PROVINCES]] = True
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] + [0] * 87, dtype=np.int32)
_ZERO, _NINE, _X = ord("0"), ord("9"), ord("X")


def resident_id_errors(numbers: Sequence[str]) -> NDArray[np.uint8]:
    """For each cleaned resident ID number the index into ``CODES`` of the first thing that is wrong with it."""
    errors = np.zeros(len(numbers), dtype=np.uint8)
    joined = "".join(numbers)
    if len(joined) == 18 * len(numbers) and joined.isascii() and all(len(number) == 18 for number in numbers):
        cells = np.frombuffer(joined.encode(), dtype=np.uint8).reshape(-1, 18)
        errors[:] = _check(cells)
        return errors
    fits = np.array([len(number) == 18 for number in numbers], dtype=bool)
    plain = np.array([number.isascii() for number in numbers], dtype=bool)
    errors[fits & ~plain] = CODES.index("characters")
    errors[~fits] = CODES.index("length")
    checked = np.flatnonzero(fits & plain)
    if len(checked):
        text = "".join(numbers[int(index)] for index in checked)
        errors[checked] = _check(np.frombuffer(text.encode(), dtype=np.uint8).reshape(-1, 18))
    return errors


def _check(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    columns = np.ascontiguousarray(cells.T)
    body, last = columns[:17], columns[17]
    formed = ((body >= _ZERO) & (body <= _NINE)).all(axis=0) & (((last >= _ZERO) & (last <= _NINE)) | (last == _X))
    digits = body.astype(np.int32) - _ZERO
    digits *= formed  # a number with a stray letter is an error already; keep its indexes in range
    area = _PROVINCE[digits[0] * 10 + digits[1]]
    year = ((digits[6] * 10 + digits[7]) * 10 + digits[8]) * 10 + digits[9]
    month, day = digits[10] * 10 + digits[11], digits[12] * 10 + digits[13]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    length = _MONTH_DAYS[month] + (leap & (month == 2))
    born = (day >= 1) & (day <= length) & (year >= 1)
    checked = _CHECKS[(_WEIGHTS @ digits) % 11] == last
    return np.select(
        [~formed, ~area, ~born, ~checked],
        [CODES.index(code) for code in ("characters", "area", "birth", "check")],
        0,
    ).astype(np.uint8)
