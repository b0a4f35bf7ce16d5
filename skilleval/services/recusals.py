"""Conflicts of interest (回避) asked again where marks and votes are about to count: facts may have come to light since.

Source: national-rules 2.4. Which kinds stand in the way is a rule of the packs, as when the batch went to marking.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, Mark, Personnel, id_of
from skilleval.domain.conflicts import CONFLICT_RULES, Conflict, stands_in_the_way
from skilleval.domain.rules import Rule
from skilleval.packs import Packs
from skilleval.services.conflicts import Known, known_of
from skilleval.services.rules import packs_of_batch

#: personnel id and candidate id
Pair = tuple[int, int]
#: candidate id and part id
Own = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Recusal:
    """Somebody whose mark may not count for a candidate, and by which clause."""

    conflict: Conflict
    clause: str

    @property
    def told(self) -> str:
        """The reason and the way out."""
        way = (
            "由其他人裁定（skilleval marks adjudicate）"
            if self.conflict.state == "confirmed"
            else "先认定或排除（skilleval conflicts confirm / dismiss）；认定后由其他人裁定"
        )
        return f"{self.conflict.told}，其评分不能计入；{way}（{self.clause}）"

    def is_about(self, name: str) -> bool:
        """Whether this is the one who has to be recused, by name or code."""
        return name.strip() in (self.conflict.examiner.name, self.conflict.examiner.code)


def standing_conflicts(known: Known, pairs: Iterable[tuple[Personnel, Candidate]]) -> dict[Pair, list[Conflict]]:
    """The conflicts between people who acted and those whom they examined that nobody dismissed, whatever the rules say."""
    asked = {(id_of(personnel), id_of(one)): (personnel, one) for personnel, one in pairs}
    found: dict[Pair, list[Conflict]] = {}
    for pair, (personnel, candidate) in sorted(asked.items(), key=lambda one: one[0]):
        standing = [one for one in known.conflicts(personnel, [candidate]) if one.state != "dismissed"]
        if standing:
            found[pair] = standing
    return found


def recusals_of_marks(
    session: Session, batch: Batch, candidates: Sequence[Candidate], entered: Mapping[Own, Sequence[Mark]]
) -> dict[Own, list[Recusal]]:
    """By candidate and part: whose standing mark may not count, each with the clause."""
    by_id = {id_of(one): one for one in candidates}
    chosen = select(Personnel).where(
        col(Personnel.institution_id) == batch.institution_id,
        col(Personnel.id).in_({mark.personnel_id for marks in entered.values() for mark in marks}),
    )
    people = {id_of(one): one for one in session.exec(chosen)}
    pairs = [
        (people[mark.personnel_id], by_id[own[0]]) for own, marks in entered.items() if own[0] in by_id for mark in marks
    ]
    return by_mark(_recusals(session, batch, pairs), entered)


def by_mark(
    recusals: Mapping[Pair, Sequence[Recusal]], entered: Mapping[Own, Sequence[Mark]]
) -> dict[Own, list[Recusal]]:
    """By candidate and part: whose standing mark may not count, of the recusals by personnel and candidate."""
    found = {
        own: [one for mark in marks for one in recusals.get((mark.personnel_id, own[0]), [])]
        for own, marks in entered.items()
    }
    return {own: in_the_way for own, in_the_way in found.items() if in_the_way}


def recusals_between(
    batch: Batch, packs: Packs, known: Known, pairs: Iterable[tuple[Personnel, Candidate]]
) -> dict[Pair, list[Recusal]]:
    """By personnel and candidate: what keeps the one from judging the other by the packs of the batch, each with the clause."""
    rules = _rules(packs, batch)
    return {
        pair: in_the_way
        for pair, standing in standing_conflicts(known, pairs).items()
        if (in_the_way := [Recusal(one, _clause(one, rules)) for one in standing if stands_in_the_way(one, rules)])
    }


def must_be_recused(session: Session, batch: Batch, candidate: Candidate, name: str) -> list[str]:
    """Why somebody of the institution's personnel, by name or code, may not judge a candidate; nothing for anybody else."""
    query = select(Personnel).where(
        col(Personnel.institution_id) == batch.institution_id,
        (col(Personnel.name) == name.strip()) | (col(Personnel.code) == name.strip()),
    )
    pairs = [(one, candidate) for one in session.exec(query.order_by(col(Personnel.code)))]
    return [
        f"{one.conflict.told}（{one.clause}）"
        for in_the_way in _recusals(session, batch, pairs).values()
        for one in in_the_way
    ]


def _recusals(session: Session, batch: Batch, pairs: Sequence[tuple[Personnel, Candidate]]) -> dict[Pair, list[Recusal]]:
    """``recusals_between``, for whoever has asked for neither packs nor conflicts; nothing is asked where nobody is."""
    return recusals_between(batch, packs_of_batch(session, batch), known_of(session, batch), pairs) if pairs else {}


def _rules(packs: Packs, batch: Batch) -> dict[str, Rule]:
    found = {rule_id: packs.find(rule_id, batch.starts_on) for rule_id in CONFLICT_RULES}
    return {rule_id: rule for rule_id, rule in found.items() if rule is not None}


def _clause(conflict: Conflict, rules: Mapping[str, Rule]) -> str:
    rule = rules.get(f"conflict.{conflict.kind}")
    return rule.clause.id if rule is not None else f"conflict.{conflict.kind}"
