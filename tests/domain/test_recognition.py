"""The rules of a case of direct recognition as a truth table, boundaries on both sides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from skilleval import packs
from skilleval.domain.recognition import (
    PANEL_RULES,
    CaseFacts,
    Line,
    Shown,
    Voter,
    judge_recognition,
    missing_in,
    score_of,
    settlement_of,
    shared_evidence,
)
from skilleval.domain.recognition_inputs import CaseInputs, inputs_as_plain, inputs_from_plain
from skilleval.domain.rules import Answer, Clause, Proof, Rule
from skilleval.domain.scoring import Outcome

ON = date(2026, 6, 10)
YES = Proof(Answer.MET, "可以", Clause("authority", "x", "x", "high"))


def rules() -> dict[str, Rule]:
    return {key: packs.load().parameter(key, ON) for key in PANEL_RULES}


def shown(day: date = ON, state: str = "accepted") -> Shown:
    return Shown("ZM-1", day, state)


def lines(*evidence: Shown) -> tuple[Line, ...]:
    return (
        Line(1, "岗位职责", "检修", 3000, True, 2700, evidence),
        Line(2, "工作表现", "纪律", 3000, False, 2650),
        Line(3, "工作业绩", "革新", 4000, False, 3600),
    )


def panel(words: Sequence[str | None], *, concluded: bool = True, absent: int = 0) -> tuple[Voter, ...]:
    there = [Voter(f"P{n}", n == 1, True, word, concluded and n == 1) for n, word in enumerate(words, start=1)]
    return (*there, *(Voter(f"A{n}", False, False) for n in range(absent)))


WHOLE = CaseFacts(ON, {"performance": 8850}, lines(shown()), panel(["agree"] * 3), (), (YES,))


def missing(facts: CaseFacts) -> list[str]:
    proof = judge_recognition(facts, rules())
    found = missing_in(proof)
    assert (proof.answer is Answer.MET) is (found == [])
    assert all(leaf.clause.text for leaf in proof.leaves())
    return found


def test_a_whole_case_lacks_nothing() -> None:
    assert missing(WHOLE) == []


@pytest.mark.parametrize(
    ("evidence", "lacks"),
    [
        ((), "没有已采信的佐证材料"),
        ((shown(state="submitted"),), "没有已采信的佐证材料"),
        ((shown(state="rejected"),), "没有已采信的佐证材料"),
        ((shown(state="rejected"), shown()), ""),
        ((shown(date(2026, 6, 9)),), ""),
        ((shown(date(2026, 6, 10)),), ""),
        ((shown(date(2026, 6, 11)),), "佐证材料 ZM-1 的日期 2026-06-11 晚于决定日期 2026-06-10"),
    ],
)
def test_a_must_line_has_accepted_evidence_not_dated_after_the_decision(evidence: tuple[Shown, ...], lacks: str) -> None:
    found = missing(replace(WHOLE, lines=lines(*evidence)))

    assert len(found) == bool(lacks) and all(lacks in one for one in found)


@pytest.mark.parametrize(
    ("votes", "lacks"),
    [
        (2, ["评审组至少需 3 人表决，现有 2 人", "表决 2 人，不是单数"]),
        (3, []),
        (4, ["表决 4 人，不是单数"]),
        (5, []),
        (1, ["评审组至少需 3 人表决，现有 1 人"]),
    ],
)
def test_the_panel_has_a_quorum_and_is_odd(votes: int, lacks: list[str]) -> None:
    assert missing(replace(WHOLE, panel=panel(["agree"] * votes))) == lacks
    way = "；缺席 1 人，可为其增补成员（skilleval panels substitute）"
    told = [one + way if "至少需" in one else one for one in lacks]
    assert missing(replace(WHOLE, panel=panel(["agree"] * votes, absent=1))) == told


def test_no_panel_at_all_lacks_quorum_chair_and_majority() -> None:
    assert missing(replace(WHOLE, panel=())) == [
        "评审组至少需 3 人表决，现有 0 人", "表决 0 人，不是单数", "评审组没有到会的组长", "表决 0 人，同意 0 人，未超过一半",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "lacks"),
    [
        (["agree", "agree", "against"], []),
        (["agree", "against", "abstain"], ["表决 3 人，同意 1 人，未超过一半"]),
        (["agree", "agree", "agree", None], ["评审组成员 P4 没有表决，也没有登记缺席"]),
    ],
)
def test_more_than_half_agree_and_everybody_there_votes(words: list[str | None], lacks: list[str]) -> None:
    assert missing(replace(WHOLE, panel=panel(words))) == lacks


@pytest.mark.parametrize(
    ("percent", "agree", "lacks"),
    [
        (66, 2, []),
        (67, 2, ["表决 3 人，同意 2 人，未超过 67%"]),
        (None, 3, ["规则包没有写明比例"]),
    ],
)
def test_a_firms_pack_may_ask_for_another_share_of_the_votes(percent: int | None, agree: int, lacks: list[str]) -> None:
    votes = panel(["agree"] * agree + ["against"] * (3 - agree))
    asked = {**rules(), "panel.agree_percent": replace(rules()["panel.agree_percent"], value=percent)}

    assert missing_in(judge_recognition(replace(WHOLE, panel=votes), asked)) == lacks


def test_the_chair_has_a_conclusion() -> None:
    assert missing(replace(WHOLE, panel=panel(["agree"] * 3, concluded=False))) == ["评审组长没有写明评审结论"]
    chair, *rest = WHOLE.panel
    gone = (replace(chair, present=False), *rest, Voter("P4", False, True, "agree"))
    assert missing(replace(WHOLE, panel=gone)) == ["评审组没有到会的组长"]


@pytest.mark.parametrize(
    ("methods", "lacks"),
    [
        ({}, ["没有使用技能操作考核、工作业绩评审、过程考核中的任何一种"]),
        ({"skill": 0}, []),
        ({"skill": None}, ["技能操作考核没有成绩"]),
        ({"skill": 6000, "process": None}, ["过程考核没有成绩"]),
    ],
)
def test_at_least_one_method_is_used_and_each_has_a_mark(methods: dict[str, int | None], lacks: list[str]) -> None:
    assert missing(replace(WHOLE, methods=methods)) == lacks


def test_every_line_is_scored_and_the_three_groups_are_there() -> None:
    first, second, third = lines(shown())

    assert missing(replace(WHOLE, lines=(first, replace(second, score=None), third))) == ["第 2 项“纪律”没有评分"]
    assert missing(replace(WHOLE, lines=(first, replace(second, score=0), third))) == []
    assert missing(replace(WHOLE, lines=(first, second))) == ["综合评价表没有“工作业绩”一组"]


@pytest.mark.parametrize("answer", [Answer.NOT_MET, Answer.UNKNOWN])
def test_a_no_and_an_unknown_of_the_resolver_stop_it(answer: Answer) -> None:
    assert missing(replace(WHOLE, authority=(YES, replace(YES, answer=answer, fact="无授权")))) == ["无授权"]


def test_who_assessed_does_not_decide() -> None:
    assert missing(replace(WHOLE, decider_acts=("评审组成员 P1",))) == ["作出决定的人是评审组成员 P1，须由另一人决定"]


def test_without_the_rules_of_panels_nobody_can_tell() -> None:
    assert judge_recognition(WHOLE).answer is Answer.UNKNOWN


def test_the_composite_is_rounded_once() -> None:
    thirds = tuple(Line(n, "岗位职责", "x", 300, False, score) for n, score in enumerate((100, 200, 101), start=1))

    assert score_of(WHOLE.lines).composite == 8950
    assert score_of(WHOLE.lines).groups == {"岗位职责": 9000, "工作表现": 8833, "工作业绩": 9000}
    assert score_of(thirds).composite == 4456  # 401/900 = 44.555…
    assert score_of(()).composite is None


def test_a_decided_case_gives_a_result_of_the_methods_used() -> None:
    passed, failed = (settlement_of("A1", word, WHOLE, "一致同意") for word in (True, False))

    assert (passed.outcome, failed.outcome) == (Outcome.PASSED, Outcome.FAILED)
    assert (passed.parts, passed.total) == ({"performance": 8850}, 8950)
    assert passed.reasons[0] == "案卷 A1：予以认定（2026-06-10），一致同意"


def test_inputs_come_back_as_they_were() -> None:
    inputs = CaseInputs(replace(WHOLE, authority=()), (), "理由", {"national": "x"}, {})

    assert inputs_from_plain(inputs_as_plain(inputs)) == inputs


def test_each_use_of_evidence_by_another_is_warned_of_once() -> None:
    uses = [("ZM-1", "ZM-2", "李二"), ("ZM-1", "ZM-2", "李二"), ("ZM-1", "ZM-1", "王三")]

    assert shared_evidence(uses) == [
        "佐证材料 ZM-1 与王三的材料是同一份，须核实各人的贡献", "佐证材料 ZM-1 与李二的材料 ZM-2 是同一份，须核实各人的贡献",
    ]  # fmt: skip
