"""May an evaluator assess the people of this member firm on this day? Membership and mandate, with dates.

Sources: the founding plan 二(四)2 (an evaluator of the chain serves the firms of the chain, confidence high, draft);
guangdong-rules 3.5: eligibility is judged on the day of the evaluation, so membership needs dates (a proposal, medium).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Clause, Proof, all_of

#: kinds of members (T11; 粤人社规〔2025〕25号 names the parties, confidence high)
MEMBER_KINDS = {
    "firm": "企业",
    "technician_school": "技工院校",
    "vocational_school": "职业院校",
    "university": "普通高校",
    "training_body": "培训机构",
    "evaluation_body": "评价机构",
    "employment_service": "就业和人力资源服务机构",
    "association": "行业协会",
}

CLAUSE = Clause(
    "chain.mandate",
    "为产业链用工企业员工认定，须该企业当日是链员，且服务关系当日有效并包括该职业和等级",
    "关于加快培养高素质技能人才助力制造强省建设的实施方案（征求意见稿）",
    "medium",
    "二（四）2",
    "draft",
)
_ORIGIN = "链上服务关系"


@dataclass(frozen=True, slots=True)
class Membership:
    """A firm's membership of a chain; ``left_on`` is its last day, None while it lasts."""

    chain: str
    joined_on: date
    left_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the firm is a member on a day, first and last day included."""
        return self.joined_on <= day and (self.left_on is None or day <= self.left_on)


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate of one chain; empty occupations or grades are all. From ``revoked_on`` on it does not hold."""

    chain: str
    document: str
    valid_from: date
    valid_to: date
    occupations: tuple[str, ...] = ()
    grades: tuple[Grade, ...] = ()
    revoked_on: date | None = None


#: how a mandate stands on a day
MANDATE_STATES = {"coming": "尚未生效", "valid": "有效", "expiring": "即将到期", "over": "已失效"}


def mandate_state(mandate: Mandate, on: date, notice_days: int | None) -> str:
    """A key of ``MANDATE_STATES``: expiring from so many days before the last one; never, where nobody says how many."""
    if on > mandate.valid_to or (mandate.revoked_on is not None and on >= mandate.revoked_on):
        return "over"
    if on < mandate.valid_from:
        return "coming"
    return "expiring" if notice_days is not None and (mandate.valid_to - on).days <= notice_days else "valid"


def mandate_proof(
    memberships: Sequence[Membership], mandates: Sequence[Mandate], occupation_code: str, grade: Grade, on: date
) -> Proof:
    """Whether one mandate holds on the day, of a chain whose member the firm is, for this occupation and grade."""
    chains = {one.chain for one in memberships if one.holds_on(on)}
    member = Proof(
        Answer.MET if chains else Answer.NOT_MET, "该企业当日是链员", CLAUSE, _told_membership(memberships, on), (), _ORIGIN
    )
    problems = {one.document: _problem(one, chains, occupation_code, grade, on) for one in mandates}
    holding = [document for document, problem in problems.items() if problem is None]
    fact = holding[0] if holding else "；".join(f"{document}：{problem}" for document, problem in problems.items())
    mandate = Proof(
        Answer.MET if holding else Answer.NOT_MET, "服务关系当日有效，且包括该职业和等级", CLAUSE,
        fact or "没有服务关系", (), _ORIGIN,
    )  # fmt: skip
    return all_of("对该企业的服务关系当日有效", CLAUSE, (member, mandate))


def _told_membership(memberships: Iterable[Membership], on: date) -> str:
    told = []
    for one in memberships:
        until = f"{one.left_on}退出" if one.left_on else "至今"
        told.append(f"“{one.chain}”{one.joined_on}加入，{until}")
    return "；".join(told) or f"{on}不是任何链的链员"


def _problem(mandate: Mandate, chains: set[str], occupation_code: str, grade: Grade, on: date) -> str | None:
    if mandate.chain not in chains:
        return f"该企业当日不是“{mandate.chain}”的链员"
    if on < mandate.valid_from:
        return f"{mandate.valid_from}起才有效"
    if on > mandate.valid_to:
        return f"{mandate.valid_to}已到期"
    if mandate.revoked_on is not None and on >= mandate.revoked_on:
        return f"{mandate.revoked_on}已撤销"
    if mandate.occupations and occupation_code not in mandate.occupations:
        return f"不包括职业 {occupation_code}"
    if mandate.grades and grade not in mandate.grades:
        return f"不包括{grade.printed}"
    return None
