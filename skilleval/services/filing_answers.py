"""What the desk (受理窗口) answers to a package: received, returned with reasons, accepted. Noted, never edited.

That a package is received, sent back to be completed, or passed is the practice of the desks (no rule that we could read
says more), so nothing is derived from an answer.
"""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Filing, FilingAnswer
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.services import journal
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor


def record_answer(
    session: Session,
    actor: Actor,
    filing: Filing,
    *,
    kind: str,
    on_day: date,
    today: date,
    reference: str = "",
    reason: str = "",
) -> FilingAnswer:
    """Note an answer: received, returned or accepted.

    Refused: a day before the export or still to come, a return without reasons, an answer that can't follow the last.
    """
    batch = session.get(Batch, filing.batch_id)
    assert batch is not None
    take_duty(session, actor, batch, "filing_answers.record_answer")
    earlier = answers_of(session, filing)
    lifecycle.step("filing", earlier[-1].kind if earlier else "exported", kind)
    first = earlier[-1].on_day if earlier else filing.exported_on
    if not first <= on_day <= today:
        raise RuleBroken(f"答复日期应在 {first} 至今天 {today} 之间，现为 {on_day}")
    if kind == "returned" and not reason.strip():
        raise RuleBroken("退回须写明窗口给出的原因")
    answer = FilingAnswer(
        institution_id=filing.institution_id, filing_id=filing.id or 0, serial=len(earlier) + 1, kind=kind, on_day=on_day,
        reference=reference.strip(), reason=reason.strip() or None, recorded_by=actor.name,
    )  # fmt: skip
    session.add(answer)
    journal.record(session, actor, filing.institution_id, "filing.answer", objects=[answer])
    return answer


def answers_of(session: Session, filing: Filing) -> Sequence[FilingAnswer]:
    """The answers to one package, first to last."""
    return answers_to(session, [filing]).get(filing.id or 0, [])


def answers_to(session: Session, filings: Sequence[Filing]) -> dict[int, list[FilingAnswer]]:
    """The answers to each of these packages, by its id, first to last, in one query."""
    query = select(FilingAnswer).where(col(FilingAnswer.filing_id).in_([one.id for one in filings]))
    found: dict[int, list[FilingAnswer]] = {}
    for answer in session.exec(query.order_by(col(FilingAnswer.filing_id), col(FilingAnswer.serial))):
        found.setdefault(answer.filing_id, []).append(answer)
    return found


def state_of(answers: Sequence[FilingAnswer]) -> str:
    """The state of a package after these answers."""
    return answers[-1].kind if answers else "exported"
