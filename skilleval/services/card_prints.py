"""Task cards as they are printed: one for each candidate of a batch, with name and admission number."""

from collections.abc import Sequence

from sqlmodel import Session

from skilleval.db.tables import Candidate, Institution, Item, Specification
from skilleval.reports.task_card import CardContent
from skilleval.services.marks import names_of
from skilleval.services.task_cards import card_of


def contents_of(session: Session, item: Item, candidates: Sequence[Candidate]) -> list[CardContent]:
    """The newest card of an item for each of these candidates, as ``task_cards.sitting`` gives them. Refused: it has none."""
    card = card_of(session, item)
    firm, one = session.get_one(Institution, item.institution_id), session.get_one(Specification, item.specification_id)
    names = names_of(session, candidates)
    return [
        CardContent(firm.name, one, item, card, candidate.admission_number or "", names[candidate.person_id])
        for candidate in candidates
    ]
