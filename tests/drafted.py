"""A draft of a specification in a chain: its files as a lead writes them, and the steps of its road."""

from datetime import date
from typing import Any

from sqlmodel import Session

from skilleval.db.tables import Chain, ReviewRound, SpecificationDraft
from skilleval.services import specification_reviews as reviews
from skilleval.services import specifications
from tests.chained import MEMBERS
from tests.factories import ACTOR, LIBRARY

OPENED, HANDED, HELD = date(2026, 3, 2), date(2026, 3, 10), date(2026, 4, 10)
NUMBER = "GF-1"


def draft_file(chain: str = "精工链", number: str = NUMBER, member: str = MEMBERS[0], **own: object) -> dict[str, Any]:
    """A draft of the chain with one co-drafter."""
    drafter = {"credit_code": member, "role": "参编单位", "people": ["起草人丙"], "joined_on": OPENED}
    return {
        "number": number, "chain": chain, "title": "装配电工评价规范", "occupation_code": "6-31-01-03",
        "grades": ["高级工"], "opened_on": OPENED, "people": ["起草人甲"], "drafter": [drafter], **own,
    }  # fmt: skip


def revision(theory: int = 40, code: str = "ZP", grade: str = "高级工", extra: str = "") -> str:
    """The text of a revision with two parts."""
    part = '[[specification.part]]\ngrades = ["{}"]\nmethod = "{}"\nweight = {}\nassessors = {}\nagreement = {{ rule = "mean" }}\n'
    head = f'[[specification]]\ncode = "{code}"\ntitle = "装配电工评价规范"\noccupation_code = "6-31-01-03"\nconditions = "2018"\n{extra}\n'
    return head + part.format(grade, "theory", theory, 1) + part.format(grade, "skill", 100 - theory, 3)


def review_file(*opinions: dict[str, str], held_on: date = HELD, **first: str) -> dict[str, Any]:
    """A round of two experts from outside."""
    experts = [
        {"name": "专家甲", "firm": "示例学院", "qualification": "正高级工程师", **first},
        {"name": "专家乙", "firm": "示例协会", "qualification": "高级技师"},
    ]
    return {"draft": NUMBER, "held_on": held_on, "expert": experts, "opinion": list(opinions)}


OPINION = {"expert": "专家甲", "part": "技能操作考核", "text": "权重宜提高"}


def make_draft(session: Session, chain: Chain, **own: Any) -> SpecificationDraft:
    """A draft of the chain with its first revision."""
    draft = specifications.add_draft(session, ACTOR, draft_file(chain.name, **own))
    specifications.revise(session, ACTOR, draft, revision(), reason="首稿", on=HANDED)
    return draft


def hold(session: Session, draft: SpecificationDraft, *opinions: dict[str, str], held_on: date = HELD) -> ReviewRound:
    """Hold a round on the last revision."""
    content = {**review_file(*opinions, held_on=held_on), "draft": draft.number}
    return reviews.open_round(session, ACTOR, draft, content, LIBRARY, on=held_on)


def conclude(session: Session, draft: SpecificationDraft, conclusion: str, on: date = HELD, why: str = "按2人执行") -> ReviewRound:
    """Conclude the open round."""
    return reviews.conclude(
        session, ACTOR, draft, LIBRARY, conclusion=conclusion, reason="合议", on=on, unknown_reason=why
    )
