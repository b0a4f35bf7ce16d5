"""What an answer says besides its verdict: what is needed, what disagrees, and where every leaf stands."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from skilleval import packs
from skilleval.domain.authority import Authority, Question, Verdict, parse_route, reasons, resolve
from skilleval.domain.complete_grade_set import GradeSet, prove_complete
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade

PACKS = packs.load()
DAY = date(2026, 6, 8)
FIRM: Mapping[str, Any] = {
    "registered": True, "in_scope": True, "grade_in_scope": True, "above_ceiling": False, "route_in_scope": True,
    "of_member": False, "manufacturing": True, "large": False, "listed": False, "chain_evaluator": False,
    "chain_lead": False, "flagship": False, "above_scale": False, "provincial": False, "complete": True,
    "top_grades_set": False, "skips": False,
}  # fmt: skip


def ask(grade: Grade = Grade.TECHNICIAN, route: str = "direct", on: date = DAY, **facts: Any) -> Authority:
    """The answer for a plain manufacturer with a complete set; None takes a fact away."""
    known = {name: value for name, value in {**FIRM, "target": grade, **facts}.items() if value is not None}
    complete = known.get("complete")
    told = GradeSet(None, "没有评价规范") if complete is None else GradeSet((grade,), "标准", scope=frozenset((grade,)))
    evidence = {} if complete else {"complete": prove_complete(told)}
    question = Question(grade, route, on, known, PACKS.switches(on), evidence=evidence)
    return resolve(question, PACKS.authority(on), [rule for pack in PACKS.packs for rule in pack.rules])


def test_a_yes_tells_what_is_lifted_and_what_papers_it_takes() -> None:
    answer = ask()

    assert (answer.verdict, answer.clauses) == (Verdict.YES, ("direct.narrow",))
    assert answer.lifted == ("学历", "资历", "年龄", "比例")
    assert answer.needs == ("岗位职责、工作表现、工作业绩三组综合评价表",)
    assert reasons(answer) == []
    assert "逐级" in ask(large=True).lifted


def test_disagreeing_clauses_are_both_cited_and_ask_for_a_written_reason() -> None:
    answer = ask(complete=False)

    assert answer.verdict is Verdict.CLAUSES_DISAGREE
    assert "二（四）1" in answer.proof.fact and "二（一）1" in answer.proof.fact
    assert answer.needs[-1] == "等级设置不完整仍直接认定的书面理由"


@pytest.mark.parametrize(
    ("facts", "needs"),
    [
        # A premise asks for what its rule says, and the permit that only repeats it asks for nothing.
        ({"registered": False}, ("有效的备案",)),
        ({"in_scope": False}, ("将该职业（工种）增加到备案范围",)),
        ({"above_ceiling": True}, ("备案到该等级",)),
        ({"of_member": True}, ("以技能生态链评价机构备案，并与该企业有当日有效的服务关系",)),
        # The next certificate asks for less than another firm would.
        ({"skips": True}, ("先取得下一等级的证书，或具备二（四）2的条件",)),
        # An entry that is missing asks for less than either.
        ({"skips": True, "large": None}, ("补充：是否大型企业（未填是否大型企业）",)),
        ({"manufacturing": False}, ("须属于制造业",)),
    ],
)
def test_a_no_names_the_least_that_leads_to_a_yes(facts: dict[str, Any], needs: tuple[str, ...]) -> None:
    assert ask(**facts).needs == needs


def test_an_incomplete_set_is_told_by_its_gaps() -> None:
    answer = ask(Grade.SENIOR, large=True, complete=False)

    assert answer.verdict is Verdict.NO
    assert len(answer.needs) == 2 and "没有岗位等级的：三级/高级工" in answer.needs[0]
    assert ask(Grade.SENIOR, large=True, complete=None).needs == ("补充：没有评价规范",)


def test_nobody_is_told_to_read_the_text_otherwise() -> None:
    answers = [ask(listed=True, manufacturing=False), ask(Grade.CHIEF_TECHNICIAN, chain_evaluator=True)]

    assert all(answer.verdict is Verdict.NO and answer.needs for answer in answers)
    assert not [need for answer in answers for need in answer.needs if "读法" in need or "reading" in need]


def test_a_grade_that_no_rule_gives_by_the_route_is_shown_the_routes_that_do() -> None:
    assert ask(Grade.JUNIOR, "contest").needs == ("改用考核、直接认定方式",)
    assert ask(Grade.CHIEF_TECHNICIAN, "contest").needs == ("改用评聘方式",)
    assert ask(Grade.APPRENTICE, "assessment").needs == ("改用转正定级方式",)


def test_before_the_first_version_nobody_can_say() -> None:
    answer = ask(on=date(2024, 3, 24))

    assert answer.verdict is Verdict.UNKNOWN
    assert any("2024-03-24 没有有效版本" in reason for reason in reasons(answer))
    assert answer.needs == ("许可自2024-03-25起才有版本，此前的认定须另找依据",)


def test_a_chain_evaluator_without_a_record_of_its_mandate_cannot_say() -> None:
    answer = ask(chain_evaluator=True, of_member=True)

    assert answer.verdict is Verdict.UNKNOWN and answer.clauses == ("authority.own_people",)
    assert answer.needs == ("补充：服务关系是否有效（未填服务关系是否有效）",)


def test_every_leaf_has_a_clause_with_text_and_the_tree_survives_json() -> None:
    answer = ask(complete=False)

    assert all(leaf.clause.text and leaf.clause.source for leaf in answer.proof.leaves())
    assert type(answer.proof).from_dict(answer.as_dict()["proof"]) == answer.proof
    assert set(answer.as_dict()) == {"verdict", "proof", "clauses", "lifted", "needs"}


def test_a_route_is_named_as_people_write_it() -> None:
    assert [parse_route(text) for text in ("考核", "考核评价", "直接认定", "contest")] == [
        "assessment", "assessment", "direct", "contest",
    ]  # fmt: skip
    with pytest.raises(RuleBroken, match="转正定级"):
        parse_route("抽签")
