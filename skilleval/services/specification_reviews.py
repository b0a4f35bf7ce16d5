"""Review rounds (评审) of drafts: experts, opinions, what became of each, and the conclusion.

Who may review and how many must are rules of packs (``specification_review.*``); most of them nobody has established, so
that a round is passed with a written reason. A co-drafter hands in opinions of its own, which are answered like an expert's.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.tables import (
    DraftOpinion,
    DraftRevision,
    Institution,
    OpinionAnswer,
    Reviewer,
    ReviewRound,
    Specification,
    SpecificationDraft,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Proof
from skilleval.domain.specifications import (
    AFTER,
    REVIEW_RULES,
    VERDICTS,
    Drafter,
    Expert,
    Opinion,
    against_conclusion,
    against_reviewers,
    against_text,
    prove_round,
)
from skilleval.packs import Library
from skilleval.services import journal, rules
from skilleval.services.institutions import approve_specification
from skilleval.services.journal import Actor
from skilleval.services.specification_drafters import KIND, drafters_of, drafting_firm, must_be_open
from skilleval.services.specifications import last_revision, parse, revisions_of
from skilleval.services.toml_form import form_problems, table_problems

_KEYS: dict[str, type] = {"draft": str, "held_on": date, "expert": list, "opinion": list}
_EXPERT_KEYS: dict[str, type] = {"name": str, "firm": str, "qualification": str}
_OPINION_KEYS: dict[str, type] = {"expert": str, "part": str, "text": str}


def open_round(
    session: Session, actor: Actor, draft: SpecificationDraft, content: dict[str, Any], library: Library, *, on: date
) -> ReviewRound:
    """Open a round on the last revision, with the experts who were there and their opinions, from its file.

    Refused with every reason: a draft without a revision since the last round, an expert who drafted or whom a rule of the
    packs keeps out, one named twice, an opinion of nobody, a day before the revision or after today.
    """
    problems = form_problems(content, _KEYS, ("draft", "held_on", "expert"))
    problems += table_problems(content, "expert", _EXPERT_KEYS, ("name", "firm"))
    problems += table_problems(content, "opinion", _OPINION_KEYS, tuple(_OPINION_KEYS))
    if problems:
        raise RuleBroken("评审文件有错误，未作任何改动", problems)
    if draft.state == "reviewing":
        serial = standing_round(session, draft).serial
        raise RuleBroken(f"第 {serial} 次评审还没有结论，请先用 skilleval specifications conclude 作出结论；要再评审的，之后先提交一稿")
    following = lifecycle.step(KIND, draft.state, "reviewing")
    revision, held_on = last_revision(session, draft), content["held_on"]
    if held_on < revision.handed_on:
        problems.append(f"评审日期 {held_on} 早于第 {revision.serial} 稿的 {revision.handed_on}")
    if held_on > on:
        problems.append(f"评审日期 {held_on} 晚于今天 {on}，请在评审之后登记")
    experts = [Expert(one["name"].strip(), one["firm"].strip(), one.get("qualification", "").strip()) for one in content["expert"]]
    names = [one.name for one in experts]
    problems += [f"专家 {name} 写了两次" for name in dict.fromkeys(names) if names.count(name) > 1]
    problems += [f"意见中的专家 {one['expert']} 不在到会专家之列" for one in content.get("opinion", []) if one["expert"].strip() not in names]
    problems += against_reviewers(_prove(session, draft, experts, library, held_on))
    if problems:
        raise RuleBroken("不能登记评审，未作任何改动", problems)
    row = ReviewRound(
        institution_id=draft.institution_id, draft_id=id_of(draft), revision_id=id_of(revision),
        serial=len(rounds_of(session, draft)) + 1, held_on=held_on,
    )  # fmt: skip
    draft.state = following
    session.add_all([draft, row])
    session.flush()
    reviewers = [
        Reviewer(institution_id=draft.institution_id, round_id=id_of(row), name=one.name, firm=one.firm,
                 qualification=one.qualification)
        for one in experts
    ]  # fmt: skip
    session.add_all(reviewers)
    session.flush()
    journal.record(session, actor, draft.institution_id, "specification.review", objects=[draft, row, *reviewers])
    for one in content.get("opinion", []):
        opine_as_expert(
            session, actor, draft, expert=one["expert"], part=one["part"], text=one["text"], on=held_on
        )
    return row


def opine_as_expert(
    session: Session, actor: Actor, draft: SpecificationDraft, *, expert: str, part: str, text: str, on: date
) -> DraftOpinion:
    """Record an opinion of an expert of the open round. Refused: no open round, nobody of this name there, no text."""
    row = standing_round(session, draft)
    for one in reviewers_of(session, row):
        if one.name == expert.strip():
            revision = _revision(session, row)
            return _opine(session, actor, draft, revision, one.name, one.firm, part, text, on, row, one)
    raise RuleBroken(f"专家 {expert} 不在第 {row.serial} 次评审的到会专家之列")


def opine_as_drafter(
    session: Session,
    actor: Actor,
    draft: SpecificationDraft,
    *,
    part: str,
    text: str,
    on: date,
    credit_code: str | None = None,
) -> DraftOpinion:
    """Record an opinion of a drafting firm on the last revision. Refused: another's, one that doesn't draft, no text."""
    must_be_open(draft)
    firm = drafting_firm(session, draft, credit_code, on)
    return _opine(session, actor, draft, last_revision(session, draft), actor.name, firm.name, part, text, on)


def answer_opinion(
    session: Session, actor: Actor, draft: SpecificationDraft, serial: int, *, verdict: str, reason: str, on: date
) -> OpinionAnswer:
    """Say what becomes of an opinion, once. Refused: no reason, no such opinion, one that is answered, a closed draft."""
    must_be_open(draft)
    if verdict not in VERDICTS:
        raise RuleBroken(f"处理“{verdict}”应为：{'、'.join(VERDICTS.values())}")
    if not reason.strip():
        raise RuleBroken("处理意见须写明理由")
    answers = answers_of(session, draft)
    found = next((one for one in opinions_of(session, draft) if one.serial == serial), None)
    if found is None:
        raise RuleBroken(f"起草项目 {draft.number} 没有第 {serial} 条意见")
    if id_of(found) in answers:
        raise RuleBroken(f"第 {serial} 条意见已处理：{VERDICTS[answers[id_of(found)].verdict]}")
    row = OpinionAnswer(
        institution_id=draft.institution_id, opinion_id=id_of(found), verdict=verdict, reason=reason.strip(),
        answered_by=actor.name, answered_on=on,
    )  # fmt: skip
    session.add(row)
    journal.record(session, actor, draft.institution_id, "specification.answer", objects=[row], reason=reason.strip())
    return row


def conclude(
    session: Session,
    actor: Actor,
    draft: SpecificationDraft,
    library: Library,
    *,
    conclusion: str,
    reason: str,
    on: date,
    unknown_reason: str = "",
) -> ReviewRound:
    """Conclude the open round: pass, revise or fail. The proof of the experts and the packs behind it are kept.

    Refused with every reason: no open round, no reason, a day before it; a pass while an opinion is unanswered, an adopted one
    is not in the text, a rule keeps an expert out, or one leaves it open and nobody wrote why it is passed all the same.
    """
    row = standing_round(session, draft)
    if not reason.strip():
        raise RuleBroken("评审结论须写明理由")
    if on < row.held_on:
        raise RuleBroken(f"结论日期 {on} 早于评审日期 {row.held_on}")
    experts = [Expert(one.name, one.firm, one.qualification) for one in reviewers_of(session, row)]
    proof = _prove(session, draft, experts, library, row.held_on)
    problems = against_conclusion(
        conclusion, _revision(session, row).serial, _opinions(session, draft), proof, unknown_reason
    )
    if problems:
        raise RuleBroken("不能作出“通过”的结论", problems)
    packs = rules.packs_of(session, draft.institution_id, library, row.held_on)
    row.state, row.reason, row.unknown_reason = conclusion, reason.strip(), unknown_reason.strip() or None
    row.concluded_by, row.concluded_on, row.proof = actor.name, on, proof.as_dict()
    row.versions = {"packs": rules.pin_packs(session, packs), "switches": packs.switches(row.held_on)}
    draft.state = lifecycle.step(KIND, draft.state, AFTER[conclusion])
    session.add_all([row, draft])
    journal.record(session, actor, draft.institution_id, "specification.conclude", objects=[row, draft], reason=reason.strip())
    return row


def approve(
    session: Session,
    actor: Actor,
    draft: SpecificationDraft,
    *,
    reason: str,
    on: date,
    own_standards: Path | None = None,
) -> Specification:
    """Make the revision that the last round passed an approved specification of the lead, which names the draft.

    Refused with every reason: no reason, a draft that no round passed, a day before that, an opinion that came in since and
    is unanswered or adopted, a code and version that the lead has already.
    """
    if not reason.strip():
        raise RuleBroken("批准须写明理由或批准文号（--reason）")
    following = lifecycle.step(KIND, draft.state, "approved")
    last = rounds_of(session, draft)[-1]
    assert last.concluded_on is not None, "a passed draft has a concluded round"
    if on < last.concluded_on:
        raise RuleBroken(f"批准日期 {on} 早于评审结论日期 {last.concluded_on}")
    revision = _revision(session, last)
    if problems := against_text(revision.serial, _opinions(session, draft)):
        raise RuleBroken("不能批准，未作任何改动", problems)
    lead = session.get(Institution, draft.institution_id)
    assert lead is not None
    values = parse(revision.content, own_standards)
    specification = approve_specification(session, actor, lead, values, draft_number=draft.number, on=on)
    draft.state, draft.specification_id = following, id_of(specification)
    draft.closed_on, draft.closed_reason = on, reason.strip()
    session.add(draft)
    journal.record(session, actor, draft.institution_id, "specification.approve", objects=[draft], reason=reason.strip())
    return specification


def rounds_of(session: Session, draft: SpecificationDraft) -> Sequence[ReviewRound]:
    """All rounds, the first first."""
    query = select(ReviewRound).where(
        col(ReviewRound.institution_id) == draft.institution_id, col(ReviewRound.draft_id) == draft.id
    )
    return session.exec(query.order_by(col(ReviewRound.serial))).all()


def standing_round(session: Session, draft: SpecificationDraft) -> ReviewRound:
    """The round that is open. Refused: none is."""
    for one in rounds_of(session, draft):
        if one.state == "open":
            return one
    raise RuleBroken(f"起草项目 {draft.number} 没有正在进行的评审，请先用 skilleval specifications review 登记")


def reviewers_of(session: Session, row: ReviewRound) -> Sequence[Reviewer]:
    """The experts of a round, in the order of its file."""
    query = select(Reviewer).where(
        col(Reviewer.institution_id) == row.institution_id, col(Reviewer.round_id) == row.id
    )
    return session.exec(query.order_by(col(Reviewer.id))).all()


def reviewers_by_round(session: Session, draft: SpecificationDraft) -> Mapping[int, Sequence[Reviewer]]:
    """The experts of every round of a draft, by the round's id, each in the order of its file."""
    rounds = sa.select(col(ReviewRound.id)).where(
        col(ReviewRound.institution_id) == draft.institution_id, col(ReviewRound.draft_id) == draft.id
    )
    found: dict[int, list[Reviewer]] = {}
    for one in session.exec(select(Reviewer).where(col(Reviewer.round_id).in_(rounds)).order_by(col(Reviewer.id))):
        found.setdefault(one.round_id, []).append(one)
    return found


def opinions_of(session: Session, draft: SpecificationDraft) -> Sequence[DraftOpinion]:
    """All opinions on a draft, by their numbers."""
    query = select(DraftOpinion).where(
        col(DraftOpinion.institution_id) == draft.institution_id, col(DraftOpinion.draft_id) == draft.id
    )
    return session.exec(query.order_by(col(DraftOpinion.serial))).all()


def answers_of(session: Session, draft: SpecificationDraft) -> Mapping[int, OpinionAnswer]:
    """The answers to a draft's opinions, by the opinion's id."""
    query = select(OpinionAnswer).where(
        col(OpinionAnswer.institution_id) == draft.institution_id,
        col(OpinionAnswer.opinion_id) == col(DraftOpinion.id), col(DraftOpinion.draft_id) == draft.id,
    )  # fmt: skip
    return {one.opinion_id: one for one in session.exec(query.order_by(col(OpinionAnswer.id)))}


def _opine(
    session: Session,
    actor: Actor,
    draft: SpecificationDraft,
    revision: DraftRevision,
    by: str,
    firm: str,
    part: str,
    text: str,
    on: date,
    row: ReviewRound | None = None,
    reviewer: Reviewer | None = None,
) -> DraftOpinion:
    if not part.strip() or not text.strip():
        raise RuleBroken("意见须写明所指的条款或部分（part）和内容（text）")
    opinion = DraftOpinion(
        institution_id=draft.institution_id, draft_id=id_of(draft), revision_id=id_of(revision),
        serial=len(opinions_of(session, draft)) + 1, round_id=row.id if row else None,
        reviewer_id=reviewer.id if reviewer else None, by=by, firm=firm, part=part.strip(), text=text.strip(), given_on=on,
    )  # fmt: skip
    session.add(opinion)
    journal.record(session, actor, draft.institution_id, "specification.opinion", objects=[opinion])
    return opinion


def _prove(
    session: Session, draft: SpecificationDraft, experts: Sequence[Expert], library: Library, on: date
) -> Proof:
    """Whether the experts may review, against all who drafted or handed in a revision, also those who left since."""
    handed: dict[str, set[str]] = {}
    for one in revisions_of(session, draft):
        handed.setdefault(one.credit_code, set()).add(one.by)
    drafters = [
        Drafter(one.name, one.credit_code, frozenset(one.people) | frozenset(handed.get(one.credit_code, ())))
        for one in drafters_of(session, draft)
    ]
    packs = rules.packs_of(session, draft.institution_id, library, on)
    return prove_round(experts, drafters, {key: packs.find(key, on) for key in REVIEW_RULES}, on)


def _opinions(session: Session, draft: SpecificationDraft) -> list[Opinion]:
    serials = {one.id: one.serial for one in revisions_of(session, draft)}
    verdicts = {key: one.verdict for key, one in answers_of(session, draft).items()}
    return [
        Opinion(one.serial, serials[one.revision_id], verdicts.get(id_of(one))) for one in opinions_of(session, draft)
    ]


def _revision(session: Session, row: ReviewRound) -> DraftRevision:
    revision = session.get(DraftRevision, row.revision_id)
    assert revision is not None
    return revision
