"""What may follow what, for batch, candidate, notice, objection and filing: one table.

The steps of a batch follow the procedure of 人社职司便函〔2020〕17号 as practised (national-rules 2.2, confidence high as
practice): plan → enrolment → review → scheduling → assessment → results → notice → certificates → filing → archive.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from skilleval.domain.errors import RuleBroken

#: states by kind, with the Chinese label of each
STATES: Mapping[str, Mapping[str, str]] = {
    "batch": {
        "draft": "计划",
        "enrolling": "报名",
        "reviewed": "资格审核完成",
        "scheduled": "考务编排完成",
        "marking": "评分",
        "settled": "成绩已核定",
        "noticed": "公示中",
        "cleared": "公示结束",
        "certified": "已发证",
        "filed": "已上报",
        "archived": "已归档",
        "cancelled": "已取消",
    },
    "candidate": {
        "applied": "已申报",
        "eligible": "资格审核通过",
        "refused": "资格审核不通过",
        "withdrawn": "已退出",
    },
    "notice": {"published": "公示中", "closed": "已结束", "withdrawn": "已撤回"},
    "objection": {"open": "待处理", "upheld": "成立", "rejected": "不成立"},
}

#: (kind, state) → the states that may follow
NEXT: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("batch", "draft"): ("enrolling", "cancelled"),
    ("batch", "enrolling"): ("reviewed", "cancelled"),
    ("batch", "reviewed"): ("scheduled", "enrolling", "cancelled"),
    ("batch", "scheduled"): ("marking", "cancelled"),
    ("batch", "marking"): ("settled", "cancelled"),
    ("batch", "settled"): ("noticed",),
    ("batch", "noticed"): ("cleared", "settled"),
    ("batch", "cleared"): ("certified",),
    ("batch", "certified"): ("filed",),
    ("batch", "filed"): ("archived",),
    ("candidate", "applied"): ("eligible", "refused", "withdrawn"),
    ("candidate", "eligible"): ("refused", "withdrawn"),
    ("candidate", "refused"): ("eligible", "withdrawn"),
    ("notice", "published"): ("closed", "withdrawn"),
    ("objection", "open"): ("upheld", "rejected"),
}

#: steps of a batch that an act of its own takes, and which command does it
OWN_COMMAND: Mapping[str, str] = {
    "settled": "skilleval marks settle",
    "noticed": "skilleval notices publish",
    "cleared": "skilleval notices close",
    "certified": "skilleval certificates issue",
    "filed": "skilleval filings export",
}


def label(kind: str, state: str) -> str:
    """The Chinese name of a state."""
    return STATES[kind][state]


def next_states(kind: str, state: str) -> tuple[str, ...]:
    """The states that may follow ``state``; none for a final one."""
    return NEXT.get((kind, state), ())


def step(kind: str, state: str, to: str) -> str:
    """``to``, if it may follow ``state``. Refused: any other step; the message lists the ones that are allowed."""
    if to not in STATES[kind]:
        raise RuleBroken(f"没有“{to}”这个状态，可用的有：{'、'.join(f'{key}（{name}）' for key, name in STATES[kind].items())}")
    if to in next_states(kind, state):
        return to
    allowed = "、".join(f"{key}（{label(kind, key)}）" for key in next_states(kind, state))
    raise RuleBroken(
        f"现在是“{label(kind, state)}”，不能变为“{label(kind, to)}”；"
        + (f"下一步可以是：{allowed}" if allowed else "已是最终状态")
    )


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What the next step of a batch depends on, on the day it is asked for."""

    on: date
    starts_on: date
    candidates: int = 0
    undecided: tuple[str, ...] = ()
    eligible: int = 0
    #: parts that lack assessors, as (part, needed, assigned)
    short_parts: tuple[tuple[str, int, int], ...] = ()
    supervisors: int = 0
    venues: int = 0
    #: assessors who also supervise, by name
    double_roles: tuple[str, ...] = ()
    #: why the registration or its scope does not cover the batch any more
    scope_problems: tuple[str, ...] = ()


def missing_for(to: str, facts: BatchFacts) -> list[str]:
    """Everything that a batch lacks for the step to ``to``, in Chinese; empty when nothing does."""
    missing: list[str] = []
    if to in ("enrolling", "marking"):
        missing += facts.scope_problems
    if to == "reviewed":
        if facts.candidates == 0:
            missing.append("还没有考生")
        if facts.undecided:
            names = "、".join(facts.undecided[:10]) + ("等" if len(facts.undecided) > 10 else "")
            missing.append(f"{len(facts.undecided)} 名考生的资格尚未审定：{names}")
        if facts.candidates and not facts.undecided and facts.eligible == 0:
            missing.append("没有一名考生通过资格审核")
    if to == "scheduled":
        missing += [
            f"{part}至少需 {needed} 名考评员，现指派 {assigned} 名" for part, needed, assigned in facts.short_parts
        ]
        if facts.supervisors == 0:
            missing.append("尚未指派内部质量督导员")
        if facts.venues == 0:
            missing.append("尚未指定考核场地")
        missing += [f"{name} 同时被指派为考评员和督导员，两者不能兼任" for name in facts.double_roles]
    if to == "marking" and facts.on < facts.starts_on:
        missing.append(f"评价自 {facts.starts_on} 开始，今天是 {facts.on}")
    return missing
