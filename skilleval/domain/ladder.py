"""The eight-grade ladder (新八级工): its order and its printed labels.

Source: 人社部发〔2022〕14号; labels as printed on certificates by 人社鉴发〔2021〕1号 (confidence high).
The printed number runs downwards (五级 lowest, 一级 highest) and stops at 高级技师, so grades are
compared by :attr:`Grade.rank` only, never by what is printed.
"""

import enum
import unicodedata
from functools import total_ordering

from skilleval.domain.errors import RuleBroken


@total_ordering
class Grade(enum.Enum):
    """One rung of the ladder. ``value`` is the word stored in the database."""

    APPRENTICE = "apprentice"
    JUNIOR = "junior"
    INTERMEDIATE = "intermediate"
    SENIOR = "senior"
    TECHNICIAN = "technician"
    SENIOR_TECHNICIAN = "senior_technician"
    SPECIAL_TECHNICIAN = "special_technician"
    CHIEF_TECHNICIAN = "chief_technician"

    @property
    def rank(self) -> int:
        """1 for 学徒工 up to 8 for 首席技师."""
        return _RANKS[self]

    @property
    def name_zh(self) -> str:
        """The Chinese name, 高级工."""
        return _NAMES[self]

    @property
    def digit(self) -> str | None:
        """The printed number of the five national grades, ``"3"`` for 高级工; None for the other three."""
        return _DIGITS.get(self)

    @property
    def printed(self) -> str:
        """The label of a certificate, 三级/高级工; the bare name where no number exists."""
        digit = self.digit
        return f"{_ORDINALS[digit]}级/{self.name_zh}" if digit else self.name_zh

    @property
    def is_highly_skilled(self) -> bool:
        """高技能人才 begins at 高级工 (广东省技能人才发展条例, confidence high)."""
        return self >= Grade.SENIOR

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Grade):
            return NotImplemented
        return self.rank < other.rank

    @classmethod
    def parse(cls, text: str) -> "Grade":
        """The grade that a person wrote: 高级工, 高级, 三级, 3, 三级/高级工, 三级(高级工), full-width or not.

        Refused with ``RuleBroken``: anything else, and a label whose two halves disagree (三级/技师).
        """
        folded = unicodedata.normalize("NFKC", text).replace(" ", "").lower()
        if folded in _SPELLINGS:
            return _SPELLINGS[folded]
        halves = [half for half in folded.replace("(", "/").replace(")", "").split("/") if half]
        found = {_SPELLINGS[half] for half in halves if half in _SPELLINGS}
        if len(halves) == 2 and len(found) == 1 and all(half in _SPELLINGS for half in halves):
            return found.pop()
        raise RuleBroken(f"无法识别的职业技能等级“{text}”，请填写如“三级/高级工”或“高级工”")


_NAMES = {
    Grade.APPRENTICE: "学徒工",
    Grade.JUNIOR: "初级工",
    Grade.INTERMEDIATE: "中级工",
    Grade.SENIOR: "高级工",
    Grade.TECHNICIAN: "技师",
    Grade.SENIOR_TECHNICIAN: "高级技师",
    Grade.SPECIAL_TECHNICIAN: "特级技师",
    Grade.CHIEF_TECHNICIAN: "首席技师",
}
_RANKS = {grade: rank for rank, grade in enumerate(_NAMES, start=1)}
_DIGITS = {
    Grade.JUNIOR: "5",
    Grade.INTERMEDIATE: "4",
    Grade.SENIOR: "3",
    Grade.TECHNICIAN: "2",
    Grade.SENIOR_TECHNICIAN: "1",
}
_ORDINALS = {"1": "一", "2": "二", "3": "三", "4": "四", "5": "五"}
_SPELLINGS = {
    **{name: grade for grade, name in _NAMES.items()},
    **{grade.value: grade for grade in _NAMES},
    **{digit: grade for grade, digit in _DIGITS.items()},
    **{f"{digit}级": grade for grade, digit in _DIGITS.items()},
    **{f"{_ORDINALS[digit]}级": grade for grade, digit in _DIGITS.items()},
    "初级": Grade.JUNIOR,
    "中级": Grade.INTERMEDIATE,
    "高级": Grade.SENIOR,
}

#: The grades for which national standards and the certificate number have a code.
NATIONAL_GRADES = tuple(_DIGITS)


def grade_of_digit(digit: str) -> Grade:
    """The grade of a printed number 1–5. Refused with ``RuleBroken``: any other character."""
    for grade, own in _DIGITS.items():
        if own == digit:
            return grade
    raise RuleBroken(f"等级代码“{digit}”不是 1 至 5")
