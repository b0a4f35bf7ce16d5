"""Conflicts of interest (回避) between somebody who examines and somebody who is examined: found, decided, and what follows.

Whether a kind stands in the way is a rule of the packs, ``conflict.<kind>`` (national-rules 2.4, confidence medium): a
conflict that must be avoided stops an assignment until it is dismissed with a reason. What no pack in use speaks of is
treated as one that must be avoided, since nobody decided otherwise.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from skilleval.domain.rules import Answer, Proof, Rule, own_clause, unless_warning

#: kind → its Chinese name, strongest first
KINDS: Mapping[str, str] = {
    "self": "考评本人",
    "kin": "近亲属",
    "supervisor": "上下级管理关系",
    "mentor": "师徒关系",
    "trainer": "本班培训教师",
    "team": "同一部门或班组",
    "declared": "自行声明回避",
    "past_panel": "曾考评同一人",
}
#: kinds that nothing shows but a declaration
DECLARED = ("supervisor", "mentor", "trainer", "kin", "declared")
STATES: Mapping[str, str] = {"suspected": "待认定", "confirmed": "已认定", "dismissed": "已排除"}
#: the rules of packs that say which kinds must be avoided
CONFLICT_RULES = tuple(f"conflict.{kind}" for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody on a roster: ``key`` names the person, ``firm`` whose roster it is."""

    key: int
    firm: int
    name: str
    id_index: str
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Examiner:
    """Somebody who acts in an evaluation. ``records`` are the people of the firm's own roster who are or may be the same."""

    key: int
    code: str
    name: str
    firm: int
    id_index: str | None = None
    records: tuple[Subject, ...] = ()

    def is_known_as(self, subject: Subject) -> bool:
        """Whether the document number says that this is the person; an index means nothing in another firm."""
        return self.id_index is not None and self.firm == subject.firm and self.id_index == subject.id_index


@dataclass(frozen=True, slots=True)
class Tie:
    """A declared relation. One end is an examiner (``examiner``) or a person (``person``), the other is ``other``."""

    kind: str
    other: int
    source: str
    examiner: int | None = None
    person: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def joins(self, examiner: Examiner, subject: Subject) -> bool:
        """Whether it is between these two, whichever end each of them is."""
        if self.examiner is not None:
            return self.examiner == examiner.key and self.other == subject.key
        own = {record.key for record in examiner.records}
        return (self.person in own and self.other == subject.key) or (self.other in own and self.person == subject.key)


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a conflict, and the fact as it stood then."""

    state: str
    fact: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A conflict as it stands: suspected, confirmed or dismissed, and what it was found from."""

    examiner: Examiner
    subject: Subject
    kind: str
    fact: str
    state: str = "suspected"
    reason: str = ""
    by: str = ""

    @property
    def text(self) -> str:
        """考评员甲（K1）与考生陈大文：师徒关系."""
        return f"{self.examiner.name}（{self.examiner.code}）与考生{self.subject.name}：{KINDS[self.kind]}"

    @property
    def told(self) -> str:
        """The state, the fact, and who decided why."""
        decided = f"；{self.by}：{self.reason}" if self.by else ""
        return f"{self.text}，{STATES[self.state]}（{self.fact}{decided}）"


def found(
    examiner: Examiner, subject: Subject, ties: Iterable[Tie], earlier: Sequence[str], on: date
) -> dict[str, str]:
    """Kind → fact of every conflict between two that data shows on a day.

    ``earlier`` are the earlier batches in which the examiner examined the person. A tie that has ended is still found, since
    no text says how soon it is past; its end stands in the fact, for whoever decides.
    """
    facts = {"self": _same_person(examiner, subject)}
    if examiner.is_known_as(subject):
        return facts  # one is in one's own team: it says nothing more
    facts["team"] = _same_team(examiner, subject)
    between = [one for one in ties if _began(one, on) and one.joins(examiner, subject)]
    for kind in DECLARED if between else ():
        facts[kind] = "；".join(sorted({_tie_fact(one) for one in between if one.kind == kind}))
    facts["past_panel"] = f"曾在批次 {'、'.join(earlier)} 考评此人" if earlier else ""
    return {kind: facts[kind] for kind in KINDS if facts.get(kind)}


def stands(
    examiner: Examiner, subject: Subject, facts: Mapping[str, str], decisions: Mapping[str, Decision]
) -> tuple[Conflict, ...]:
    """The conflicts between two as they stand, strongest first.

    What was confirmed stands until it is dismissed, whatever data now shows. What was dismissed is suspected anew where the
    fact is another one than the one that was dismissed.
    """
    standing: list[Conflict] = []
    for kind in KINDS if facts or decisions else ():
        fact, decision = facts.get(kind), decisions.get(kind)
        if decision is None:
            if fact is not None:
                standing.append(Conflict(examiner, subject, kind, fact))
        elif decision.state == "confirmed" or fact == decision.fact:
            standing.append(
                Conflict(examiner, subject, kind, fact or decision.fact, decision.state, decision.reason, decision.by)
            )
        elif fact is not None:
            standing.append(Conflict(examiner, subject, kind, fact))
    return tuple(standing)


def prove_conflict(conflict: Conflict, rule: Rule | None) -> Proof:
    """Whether a conflict lets the examiner act: met where it was dismissed, where the pack allows it or only warns."""
    clause = rule.clause if rule is not None else own_clause(f"conflict.{conflict.kind}", f"{KINDS[conflict.kind]}的应当回避")
    if conflict.state == "dismissed" or (rule is not None and rule.value is False):
        return Proof(Answer.MET, conflict.text, clause, conflict.told, (), "回避记录")
    return unless_warning(Proof(Answer.NOT_MET, conflict.text, clause, conflict.told, (), "回避记录"), rule)


def stands_in_the_way(conflict: Conflict, rules: Mapping[str, Rule]) -> bool:
    """Whether the examiner may not examine the person while this stands."""
    return prove_conflict(conflict, rules.get(f"conflict.{conflict.kind}")).answer is not Answer.MET


def _same_person(examiner: Examiner, subject: Subject) -> str:
    if examiner.is_known_as(subject):
        return "证件号码相同"
    if _plain(examiner.name) != _plain(subject.name):
        return ""
    if examiner.id_index is None:
        return "姓名相同，考评人员未登记证件号码"
    # The index of a document number is made with each firm's own key, so two firms' can't be compared.
    return "姓名相同，考生属其他单位，证件号码须人工核对" if examiner.firm != subject.firm else ""


def _same_team(examiner: Examiner, subject: Subject) -> str:
    if not subject.department:
        return ""
    for record in examiner.records:
        if record.key != subject.key and record.firm == subject.firm and _plain(record.department or "") == _plain(subject.department):
            by_name = "" if examiner.is_known_as(record) else "（考评人员按姓名对应花名册）"
            return f"花名册中同在“{subject.department}”{by_name}"
    return ""


def _began(tie: Tie, on: date) -> bool:
    return tie.valid_from is None or tie.valid_from <= on


def _tie_fact(tie: Tie) -> str:
    since = f"，自 {tie.valid_from}" if tie.valid_from else ""
    until = f"，至 {tie.valid_to}" if tie.valid_to else ""
    return f"{tie.source}{since}{until}"


@lru_cache(maxsize=20_000)  # each name is compared with that of everybody who acts
def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()
