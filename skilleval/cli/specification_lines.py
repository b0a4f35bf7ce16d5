"""Drafts of specifications as answers and as lines: summary, drafters, revisions, rounds, opinions."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from skilleval.cli.output import _
from skilleval.db.tables import Chain, Institution, Specification, SpecificationDraft
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import label
from skilleval.domain.specifications import CONCLUSIONS, VERDICTS
from skilleval.services import specification_reviews as reviews
from skilleval.services.specification_drafters import KIND, drafters_of
from skilleval.services.specifications import revisions_of

STATES = {**CONCLUSIONS, "open": "评审中"}


def summary(session: Session, draft: SpecificationDraft) -> dict[str, Any]:
    """What a list says of a draft."""
    chain, lead = session.get(Chain, draft.chain_id), session.get(Institution, draft.institution_id)
    assert chain is not None and lead is not None
    approved = session.get(Specification, draft.specification_id) if draft.specification_id is not None else None
    return {
        "number": draft.number,
        "title": draft.title,
        "chain": chain.name,
        "lead": lead.name,
        "occupation_code": draft.occupation_code,
        "trade": draft.trade,
        "grades": [Grade(one).printed for one in draft.grades],
        "opened_on": draft.opened_on,
        "state": draft.state,
        "revisions": len(revisions_of(session, draft)),
        "rounds": len(reviews.rounds_of(session, draft)),
        "specification": {"code": approved.code, "version": approved.version} if approved is not None else None,
        "closed_on": draft.closed_on,
        "closed_reason": draft.closed_reason,
    }


def summary_line(row: dict[str, Any]) -> str:
    """A draft in one line."""
    approved = row["specification"]
    return _("{number}  {title}  {chain}  {grades}  第 {revisions} 稿  {state}").format(
        **{**row, "grades": "、".join(row["grades"]), "state": label(KIND, row["state"])}
    ) + (_("：评价规范 {code} 第 {version} 版").format(**approved) if approved else "")


def details(session: Session, draft: SpecificationDraft) -> dict[str, Any]:
    """Everything about a draft but the texts of its revisions."""
    revisions = revisions_of(session, draft)
    serials = {one.id: one.serial for one in revisions}
    rounds = reviews.rounds_of(session, draft)
    return summary(session, draft) | {
        "drafters": [
            {"name": one.name, "credit_code": one.credit_code, "role": one.role, "people": one.people,
             "joined_on": one.joined_on, "left_on": one.left_on}
            for one in drafters_of(session, draft)
        ],
        "revision_list": [
            {"serial": one.serial, "sha256": one.sha256, "reason": one.reason, "credit_code": one.credit_code,
             "by": one.by, "handed_on": one.handed_on}
            for one in revisions
        ],
        "round_list": [
            {"serial": one.serial, "revision": serials[one.revision_id], "held_on": one.held_on, "state": one.state,
             "reason": one.reason, "unknown_reason": one.unknown_reason, "concluded_on": one.concluded_on,
             "concluded_by": one.concluded_by, "proof": one.proof,
             "experts": [expert.model_dump(include={"name", "firm", "qualification"}) for expert in reviews.reviewers_of(session, one)]}
            for one in rounds
        ],
        "opinions": opinions(session, draft),
    }  # fmt: skip


def opinions(session: Session, draft: SpecificationDraft) -> list[dict[str, Any]]:
    """The opinions on a draft with what became of them."""
    answers = reviews.answers_of(session, draft)
    serials = {one.id: one.serial for one in revisions_of(session, draft)}
    rounds = {one.id: one.serial for one in reviews.rounds_of(session, draft)}
    return [
        {
            "serial": one.serial, "revision": serials[one.revision_id],
            "round": rounds[one.round_id] if one.round_id is not None else None,
            "by": one.by, "firm": one.firm, "part": one.part, "text": one.text, "given_on": one.given_on,
            "answer": answer.model_dump(include={"verdict", "reason", "answered_by", "answered_on"})
            if (answer := answers.get(one.id or 0)) is not None else None,
        }
        for one in reviews.opinions_of(session, draft)
    ]  # fmt: skip


def detail_lines(answer: dict[str, Any]) -> list[str]:
    """A draft for a person to read."""
    lines = [summary_line(answer), _("  牵头 {lead}，{opened_on} 立项").format(**answer)]
    for one in answer["drafters"]:
        lines.append(_("  {role} {name}（{credit_code}）  起草人 {people}  {joined_on} 至 {left}").format(
            **{**one, "people": "、".join(one["people"])}, left=one["left_on"] or _("今")))  # fmt: skip
    for one in answer["revision_list"]:
        lines.append(_("  第 {serial} 稿  {handed_on}  {credit_code} {by}  {reason}").format(**one))
    for one in answer["round_list"]:
        lines.append(_("  第 {serial} 次评审  {held_on}  第 {revision} 稿  {told}  {why}").format(
            **one, told=STATES[one["state"]], why=one["reason"] or "").rstrip())  # fmt: skip
        lines += [_("    专家 {name}（{firm}，{told}）").format(**expert, told=expert["qualification"] or _("资格未填"))
                  for expert in one["experts"]]  # fmt: skip
        if one["unknown_reason"]:
            lines.append(_("    尚无依据仍予通过的理由：{unknown_reason}").format(**one))
    lines += opinion_lines(answer["opinions"])
    if answer["closed_reason"]:
        lines.append(_("  {closed_on}  {closed_reason}").format(**answer))
    return lines


def opinion_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The opinions, a line each."""
    return [
        _("  意见 {serial}  第 {revision} 稿  {by}（{firm}）  {part}：{text}  {told}").format(**one, told=_answer(one["answer"]))
        for one in rows
    ]


def _answer(answer: dict[str, Any] | None) -> str:
    return _("未处理") if answer is None else _("{told}：{reason}").format(told=VERDICTS[answer["verdict"]], reason=answer["reason"])


