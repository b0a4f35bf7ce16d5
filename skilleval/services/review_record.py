"""The record of a draft (评审记录): who drafted, each revision, each round with its experts, opinions and conclusion.

Each sentence is made from rows, and names them. Questions only. A practice document, no official form: none was read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from skilleval import standards
from skilleval.db.tables import (
    Chain,
    DraftOpinion,
    DraftRevision,
    Institution,
    OpinionAnswer,
    Reviewer,
    ReviewRound,
    Specification,
    SpecificationDraft,
    SpecificationDrafter,
    id_of,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Proof
from skilleval.domain.specifications import CONCLUSIONS, VERDICTS, open_questions
from skilleval.reports.minutes import Minutes, Section, Sentence
from skilleval.services import journal
from skilleval.services.specification_drafters import drafters_of
from skilleval.services.specification_reviews import answers_of, opinions_of, reviewers_by_round, rounds_of
from skilleval.services.specifications import revisions_of


@dataclass(frozen=True, slots=True)
class _Road:
    """What a draft's record tells, read once."""

    draft: SpecificationDraft
    drafters: Sequence[SpecificationDrafter]
    revisions: Sequence[DraftRevision]
    #: round → its experts
    reviewers: Mapping[int, Sequence[Reviewer]]
    opinions: Sequence[DraftOpinion]
    #: opinion → what became of it
    answers: Mapping[int, OpinionAnswer]

    @property
    def serials(self) -> Mapping[int, int]:
        """The numbers of the revisions."""
        return {id_of(one): one.serial for one in self.revisions}


def record_of(session: Session, draft: SpecificationDraft) -> Minutes:
    """The record of a draft's reviews. Refused: a draft that no round was held on, or whose last one is still open."""
    rounds = rounds_of(session, draft)
    if not rounds or rounds[-1].state == "open":
        raise RuleBroken(f"起草项目 {draft.number} 还没有作出评审结论，不能生成评审记录")
    road = _Road(
        draft, drafters_of(session, draft), revisions_of(session, draft), reviewers_by_round(session, draft),
        opinions_of(session, draft), answers_of(session, draft),
    )  # fmt: skip
    lead = session.get(Institution, draft.institution_id)
    assert lead is not None
    sections = [Section("起草", tuple(_drafting(session, road)))]
    sections += [
        Section(f"第 {row.serial} 次评审（{row.held_on}）", tuple(_round(road, row))) for row in rounds
    ]
    if drafters := tuple(_opinions(road, None)):
        sections.append(Section("起草单位的意见", drafters))
    if closing := tuple(_closing(session, draft)):
        sections.append(Section("结果", closing))
    signers = tuple(f"评审专家 {one.name}" for one in road.reviewers.get(id_of(rounds[-1]), ()))
    head = journal.head_hash(session, draft.institution_id)
    return Minutes(f"评价规范评审记录（{draft.number}）", tuple(sections), lead.name, head, signers)


def _drafting(session: Session, road: _Road) -> Iterator[Sentence]:
    draft = road.draft
    chain = session.get(Chain, draft.chain_id)
    assert chain is not None
    own = ("specification_draft", id_of(draft))
    occupation = standards.occupation(draft.occupation_code, draft.occupation_edition)
    grades = "、".join(Grade(one).printed for one in draft.grades)
    yield Sentence(
        f"“{chain.name}”于 {draft.opened_on} 立项起草《{draft.title}》，职业 {draft.occupation_code} {occupation.name}"
        f"{f'（{draft.trade}）' if draft.trade else ''}，等级 {grades}。",
        (own,),
    )
    for one in road.drafters:
        left = f"至 {one.left_on}" if one.left_on else "起"
        told = f"{one.role}：{one.name}（{one.credit_code}），起草人 {'、'.join(one.people)}，{one.joined_on} {left}。"
        yield Sentence(told, (("specification_drafter", id_of(one)),))
    firms = {one.credit_code: one.name for one in road.drafters}
    for revision in road.revisions:
        yield Sentence(
            f"第 {revision.serial} 稿，{revision.handed_on} 由{firms[revision.credit_code]}提交，理由：{revision.reason}；"
            f"SHA-256 {revision.sha256}。",
            (("draft_revision", id_of(revision)),),
        )


def _round(road: _Road, row: ReviewRound) -> Iterator[Sentence]:
    own = ("review_round", id_of(row))
    yield Sentence(f"评审第 {road.serials[row.revision_id]} 稿。", (own, ("draft_revision", row.revision_id)))
    for one in road.reviewers.get(id_of(row), ()):
        told = f"评审专家 {one.name}（{one.firm}，{one.qualification or '资格未填'}）。"
        yield Sentence(told, (("reviewer", id_of(one)),))
    yield from _opinions(road, row.id)
    assert row.reason is not None
    yield Sentence(f"{row.concluded_on} 评审结论：{CONCLUSIONS[row.state]}。理由：{row.reason.rstrip('。')}。", (own,))
    unknown = open_questions(Proof.from_dict(row.proof)) if row.proof is not None else []
    if unknown and row.unknown_reason is not None:
        yield Sentence(f"尚无依据的事项：{'；'.join(unknown)}。仍予通过的理由：{row.unknown_reason.rstrip('。')}。", (own,))


def _opinions(road: _Road, round_id: int | None) -> Iterator[Sentence]:
    for one in road.opinions:
        if one.round_id != round_id:
            continue
        answer = road.answers.get(id_of(one))
        told = (
            f"处理：{VERDICTS[answer.verdict]}，{answer.reason.rstrip('。')}" if answer is not None else "尚未处理"
        )
        sources = [("draft_opinion", id_of(one))] + ([("opinion_answer", id_of(answer))] if answer else [])
        yield Sentence(
            f"意见 {one.serial}，{one.by}（{one.firm}）对第 {road.serials[one.revision_id]} 稿“{one.part}”："
            f"{one.text.rstrip('。')}。{told}。",
            tuple(sources),
        )


def _closing(session: Session, draft: SpecificationDraft) -> Iterator[Sentence]:
    own = ("specification_draft", id_of(draft))
    if draft.state == "abandoned":
        yield Sentence(f"{draft.closed_on} 终止起草，理由：{draft.closed_reason}。", (own,))
    if draft.specification_id is not None:
        found = session.get(Specification, draft.specification_id)
        assert found is not None
        yield Sentence(
            f"{draft.closed_on} 批准为评价规范 {found.code} 第 {found.version} 版《{found.title}》，{draft.closed_reason}。",
            (own, ("specification", id_of(found))),
        )
