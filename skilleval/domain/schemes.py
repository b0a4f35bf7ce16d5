"""Schemes (评分办法): how the mark of a part comes to be from what was entered, with every line shown.

Sources: guangdong-rules S74 (技能操作考核, 工作业绩评审, 过程考核, each with its own sheet), founding plan 二(四)2. No text
prescribes criteria, indicators or weights: they are the firm's own, part of its specification (评价规范).
"""

from dataclasses import dataclass
from datetime import date

#: kind of scheme → what the firm calls it
KINDS = {"criteria": "评分表", "review": "业绩指标", "observing": "过程考核办法"}


@dataclass(frozen=True, slots=True)
class ScoredLine:
    """One line behind a mark: the item by its code, what was entered as written, and what it gives in hundredths."""

    item: str
    entered: str
    points: int
    text: str
    period: str = ""
    day: date | None = None
    observer: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """A mark in hundredths with its lines; None while something is missing, which is unknown and never 0."""

    value: int | None
    lines: tuple[ScoredLine, ...] = ()
    missing: tuple[str, ...] = ()
    #: the safety veto items (安全否决项) that made the mark 0
    veto: str = ""
