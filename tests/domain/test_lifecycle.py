import itertools
from dataclasses import replace
from datetime import date

import pytest

from skilleval import packs
from skilleval.domain.errors import RuleBroken
from skilleval.domain.lifecycle import (
    NEXT,
    OWN_COMMAND,
    READINESS_RULES,
    STATES,
    BatchFacts,
    PartStaff,
    direction,
    label,
    missing_for,
    missing_in,
    next_states,
    own_command,
    readiness,
    step,
)
from skilleval.domain.rules import Answer, Clause, Proof, Rule

ROAD = ["draft", "enrolling", "reviewed", "scheduled", "marking", "settled", "noticed", "cleared", "certified",
        "filed", "archived"]  # fmt: skip
READY = BatchFacts(on=date(2026, 6, 8), starts_on=date(2026, 6, 8), candidates=2, eligible=2, supervisors=1, venues=1)
CONTRARY = Clause("own.contrary", "本市另有说法", "本市通知", "high")
OUT_OF_SCOPE = Proof(Answer.NOT_MET, CONTRARY.text, CONTRARY, "备案已过期")


def test_a_batch_walks_the_whole_road_in_order() -> None:
    for state, following in itertools.pairwise(ROAD):
        assert step("batch", state, following) == following


def test_every_state_named_in_the_table_has_a_label() -> None:
    for (kind, state), following in NEXT.items():
        assert all(label(kind, one) for one in (state, *following))
    assert set(OWN_COMMAND) <= set(STATES["batch"])


@pytest.mark.parametrize("kind", STATES)
def test_every_pair_that_is_not_in_the_table_is_refused(kind: str) -> None:
    for state in STATES[kind]:
        for to in STATES[kind]:
            if to not in next_states(kind, state):
                with pytest.raises(RuleBroken):
                    step(kind, state, to)


def test_a_refused_step_says_what_is_possible_instead() -> None:
    with pytest.raises(RuleBroken, match="报名（enrolling）"):
        step("batch", "draft", "settled")
    with pytest.raises(RuleBroken, match="已是最终状态"):
        step("batch", "archived", "draft")
    with pytest.raises(RuleBroken, match="没有“done”这个状态"):
        step("batch", "draft", "done")


@pytest.mark.parametrize(
    ("to", "change", "words"),
    [
        ("reviewed", {"candidates": 0}, "还没有考生"),
        ("reviewed", {"undecided": ("陈大文",)}, "1 名考生的资格尚未审定：陈大文"),
        ("reviewed", {"eligible": 0}, "没有一名考生通过"),
        ("scheduled", {"parts": (PartStaff("高级工技能操作考核", "skill", 3, 2),)}, "至少需 3 名考评员，现指派 2 名"),
        ("scheduled", {"supervisors": 0}, "督导员"),
        ("scheduled", {"venues": 0}, "场地"),
        ("scheduled", {"double_roles": ("李四",)}, "李四 同时被指派"),
        ("marking", {"on": date(2026, 6, 7)}, "评价自 2026-06-08 开始"),
        ("marking", {"scope_problems": (OUT_OF_SCOPE,)}, "备案已过期"),
        ("enrolling", {"scope_problems": (OUT_OF_SCOPE,)}, "备案已过期"),
        ("marking", {"supervisors": 0}, "督导员"),
        ("marking", {"unregistered": ("备案已注销",)}, "备案已注销"),
        ("marking", {"panel": 0}, "尚未组成直接认定评审组"),
    ],
)
def test_what_is_missing_is_said(to: str, change: dict[str, object], words: str) -> None:
    assert missing_for(to, READY) == []

    missing = missing_for(to, replace(READY, **change))  # type: ignore[arg-type]

    assert len(missing) == 1 and words in missing[0]


@pytest.mark.parametrize(("to", "panel"), [("marking", 1), ("scheduled", 0), ("marking", None)])
def test_a_panel_is_asked_for_when_marking_begins_and_of_direct_recognition_only(to: str, panel: int | None) -> None:
    assert missing_for(to, replace(READY, panel=panel)) == []


def test_everything_that_is_missing_is_said_at_once() -> None:
    bare = replace(READY, supervisors=0, venues=0, parts=(PartStaff("甲", "theory", 1, 0), PartStaff("乙", "skill", 1, 0)))

    assert len(missing_for("scheduled", bare)) == 4


# --- readiness as a proof --------------------------------------------------------------------------

PACKS = packs.load()
RULES = {one: rule for one in READINESS_RULES if (rule := PACKS.find(one, date(2026, 6, 8))) is not None}
STAFFED = replace(READY, parts=(PartStaff("三级/高级工理论知识考试", "theory", 1, 1), PartStaff("三级/高级工技能操作考核", "skill", 3, 3)))


def changed(rule_id: str, **fields: object) -> dict[str, Rule]:
    return {**RULES, rule_id: replace(RULES[rule_id], **fields)}  # type: ignore[arg-type]


def test_every_leaf_of_a_ready_step_has_a_clause_with_text() -> None:
    for to in STATES["batch"]:
        proof = readiness(to, STAFFED, RULES)

        assert proof.answer is Answer.MET and missing_in(proof) == []
        assert all(leaf.clause.text and leaf.clause.source and leaf.text for leaf in proof.leaves())


def test_the_leaves_carry_the_clauses_of_the_packs() -> None:
    leaves = {leaf.text: leaf.clause for leaf in readiness("scheduled", STAFFED, RULES).leaves()}

    assert {text: clause.id for text, clause in leaves.items()} == {
        "三级/高级工理论知识考试的考评员人数": "specification.assessors",
        "三级/高级工技能操作考核的考评员人数": "skill.assessors_minimum",
        "至少指派 1 名内部质量督导员": "supervisor.minimum",
        "至少指定 1 处考核场地": "venue.minimum",
        "考评员与督导员不由同一人担任": "duties.assessor_supervises",
    }
    assert leaves["至少指派 1 名内部质量督导员"] == RULES["supervisor.minimum"].clause


def test_what_no_pack_says_is_told_to_be_the_softwares_own_rule() -> None:
    leaves = list(readiness("scheduled", READY, {}).leaves())

    assert {leaf.clause.source for leaf in leaves} == {"本软件自定的规则，没有文件依据"}


def test_each_reason_against_the_authority_keeps_its_own_clause() -> None:
    other = replace(OUT_OF_SCOPE, clause=replace(CONTRARY, id="own.other"))
    proof = readiness("marking", replace(STAFFED, scope_problems=(OUT_OF_SCOPE, other)), RULES)

    assert [leaf.clause.id for leaf in proof.leaves() if leaf.answer is Answer.NOT_MET] == ["own.contrary", "own.other"]
    assert missing_in(proof) == ["备案已过期"], "one thing is missing, whatever number of clauses ask for it"
    assert "authority.in_scope" not in [leaf.clause.id for leaf in proof.leaves()]


@pytest.mark.parametrize(
    ("rule_id", "fields", "change", "missing"),
    [
        ("supervisor.minimum", {"value": 2}, {"supervisors": 1}, ["至少需 2 名内部质量督导员，现指派 1 名"]),
        ("supervisor.minimum", {"value": 2}, {"supervisors": 2}, []),
        ("supervisor.minimum", {"value": None}, {"supervisors": 1}, ["规则包没有写明须指派多少名内部质量督导员"]),
        ("supervisor.minimum", {"severity": "warn"}, {"supervisors": 0}, []),
        ("venue.minimum", {"value": 3}, {"venues": 2}, ["至少需 3 处考核场地，现指定 2 处"]),
        ("skill.assessors_minimum", {"value": 5}, {}, ["三级/高级工技能操作考核至少需 5 名考评员，现指派 3 名"]),
        ("skill.assessors_minimum", {"value": 5, "severity": "warn"}, {}, []),
        ("skill.assessors_minimum", {"value": 1}, {"parts": (PartStaff("甲", "skill", 3, 2),)}, ["甲至少需 3 名考评员，现指派 2 名"]),
        ("duties.assessor_supervises", {"value": True}, {"double_roles": ("李四",)}, []),
        ("duties.assessor_supervises", {"severity": "warn"}, {"double_roles": ("李四",)}, []),
    ],
)
def test_the_packs_decide_how_many_are_needed(
    rule_id: str, fields: dict[str, object], change: dict[str, object], missing: list[str]
) -> None:
    facts = replace(STAFFED, **change)  # type: ignore[arg-type]

    assert missing_for("scheduled", facts, changed(rule_id, **fields)) == missing


def test_a_minimum_that_nobody_has_established_makes_readiness_unknown() -> None:
    proof = readiness("scheduled", STAFFED, changed("venue.minimum", value=None))

    assert proof.answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("state", "to", "way", "command"),
    [
        ("draft", "enrolling", "on", None), ("reviewed", "enrolling", "back", None), ("marking", "cancelled", "off", None),
        ("marking", "settled", "on", "skilleval marks settle"), ("noticed", "settled", "back", "skilleval notices withdraw"),
    ],
)  # fmt: skip
def test_a_step_leads_on_back_or_off_and_has_its_command(state: str, to: str, way: str, command: str | None) -> None:
    assert (direction(state, to), own_command(state, to)) == (way, command)
