"""One case of direct recognition as a package tells it: the manifest holds the record, the results its columns (T9).

Both are made from the same value, so a reader can work the columns out again from the manifest.
Source: guangdong-rules 2.2 and 7.2 T9 (composite; no official form is public).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skilleval.domain.recognition import FIXED_GROUPS, VOTES, Line, Score, score_of

_LINE = {"group": str, "text": str, "maximum": int, "score": int | None, "evidence": list}
_EVIDENCE = {"code": str, "kind": str, "title": str, "issuer": str, "sha256": str}
_CASE = {
    "admission_number": str, "number": str, "lines": list, "evidence": list, "votes": dict, "chair": str, "comment": str,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of the composite sheet; maximum and score in hundredths, accepted evidence by code."""

    group: str
    text: str
    maximum: int
    score: int | None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseEvidence:
    """An accepted piece of evidence; ``kind`` as printed, ``sha256`` of its file, empty where there is none."""

    code: str
    kind: str
    title: str
    issuer: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class DirectCase:
    """A decided case: the composite sheet, the evidence, and what the panel said."""

    admission_number: str
    number: str
    lines: tuple[CaseLine, ...]
    evidence: tuple[CaseEvidence, ...]
    #: how many voted each word of ``domain.recognition.VOTES``
    votes: Mapping[str, int]
    chair: str = ""
    #: the chair's conclusion
    comment: str = ""

    @property
    def score(self) -> Score:
        """The composite percent and that of each group, in hundredths."""
        return score_of([Line(0, one.group, one.text, one.maximum, False, one.score) for one in self.lines])

    def columns(self) -> dict[str, int | str | None]:
        """The values of the T9 columns by the key of their column; None where there is nothing to write."""
        groups = self.score.groups
        duties, conduct, achievement = (groups.get(name) for name in FIXED_GROUPS)
        return {
            "duties_score": duties, "conduct_score": conduct, "achievement_score": achievement,
            "achievements": self._achievements() or None, "evidence": self._evidence() or None,
            "chair": self.chair or None, "conclusion": self._conclusion() or None,
        }  # fmt: skip

    def _achievements(self) -> str:
        """What stands in the group 工作业绩, each line with the titles of its evidence."""
        titles = {one.code: one.title for one in self.evidence}
        told = []
        for line in self.lines:
            shown = "、".join(titles[code] for code in line.evidence if code in titles)
            if line.group == FIXED_GROUPS[2]:
                told.append(f"{line.text}（{shown}）" if shown else line.text)
        return "；".join(told)

    def _evidence(self) -> str:
        return "；".join(f"{one.code} {one.kind}“{one.title}”（{one.issuer}）" for one in self.evidence)

    def _conclusion(self) -> str:
        counts = "，".join(f"{told} {self.votes[word]} 票" for word, told in VOTES.items() if self.votes.get(word))
        return "。".join(one for one in (counts, self.comment.rstrip("。")) if one)

    def as_json(self) -> dict[str, Any]:
        """As the manifest writes it."""
        return {
            "admission_number": self.admission_number, "number": self.number,
            "lines": [{**{key: getattr(one, key) for key in _LINE}, "evidence": list(one.evidence)} for one in self.lines],
            "evidence": [{key: getattr(one, key) for key in _EVIDENCE} for one in self.evidence],
            "votes": dict(self.votes), "chair": self.chair, "comment": self.comment,
        }  # fmt: skip


#: The columns of the results that only direct recognition fills, in their order.
DIRECT_COLUMNS = tuple(DirectCase("", "", (), (), {}).columns())


def read_case(entry: Any) -> DirectCase:
    """The case that a manifest tells. Raises ``ValueError`` where something lacks or is of another type."""
    _check(entry, _CASE)
    for one in entry["lines"]:
        _check(one, _LINE)
    for one in entry["evidence"]:
        _check(one, _EVIDENCE)
    if any(line["maximum"] <= 0 for line in entry["lines"]) or not all(isinstance(one, int) for one in entry["votes"].values()):
        raise ValueError("清单“cases”中有一项的数目不对")
    lines = tuple(CaseLine(**{**one, "evidence": tuple(map(str, one["evidence"]))}) for one in entry["lines"])
    evidence = tuple(CaseEvidence(**one) for one in entry["evidence"])
    return DirectCase(**{**entry, "lines": lines, "evidence": evidence})


def _check(entry: Any, shape: Mapping[str, Any]) -> None:
    if not isinstance(entry, dict) or entry.keys() != shape.keys() or not all(isinstance(entry[key], kind) for key, kind in shape.items()):
        raise ValueError("清单“cases”中有一项缺少内容或类型不对")
